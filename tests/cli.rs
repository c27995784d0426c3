//! The program as its users meet it: arguments, exit codes, what goes where.

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command as Process, Stdio};

use assert_cmd::Command;
use serde_json::{Value, json};
use support::{folder, repository};

const WARNING: &str = "public class Cancel { @AuraEnabled public static void run() { \
                       EventBus.publish(new Cancelled__e()); } }";
const ERROR: &str = "trigger Orders on Order (after insert) { new Http().send(new HttpRequest()); }";

/// The rule that the documentation shows.
fn rule() -> &'static str {
    let page = include_str!("../docs/writing-rules.md");
    page.split("```yaml\n").nth(1).unwrap().split("```").next().unwrap()
}

fn seamlint() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seamlint"));
    command.timeout(std::time::Duration::from_secs(60)).env_remove("NO_COLOR");
    command
}

/// Exit code, standard output, standard error.
fn run(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    (
        output.status.code().expect("not killed"),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn json_of(path: &Path) -> Value {
    let (_, out, err) = run(seamlint().arg(path).args(["--format", "json"]));
    assert_eq!(err, "");
    serde_json::from_str(&out).unwrap()
}

fn valid(schema: &Value, value: &Value) {
    let validator = jsonschema::options().should_validate_formats(true).build(schema).unwrap();
    let errors: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{error} at {}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

// The bundled example

#[test]
fn the_example_shows_what_the_readme_promises() {
    let found = json_of(&repository("examples/orders"));
    let findings = found["findings"].as_array().unwrap();
    let rules: Vec<&str> = findings.iter().map(|finding| finding["rule"].as_str().unwrap()).collect();
    assert_eq!(
        rules.iter().copied().collect::<BTreeSet<_>>(),
        BTreeSet::from([
            "api-budget-exceeded",
            "callout-after-dml",
            "callout-dml-interleaved-loop",
            "callout-in-loop",
            "callout-timeout-budget",
            "callout-unhandled-exception",
            "enqueue-per-record",
            "event-delivery-budget-exceeded",
            "publish-result-ignored",
            "sync-callout-in-trigger",
        ])
    );
    assert_eq!(rules.len(), 12, "what is right stays silent: {rules:?}");
    let with_path =
        findings.iter().filter(|finding| finding["path"].as_array().is_some_and(|path| path.len() > 1));
    assert!(with_path.count() >= 5);
    let trigger = findings.iter().find(|finding| finding["rule"] == "sync-callout-in-trigger").unwrap();
    let symbols: Vec<&str> =
        trigger["path"].as_array().unwrap().iter().map(|step| step["symbol"].as_str().unwrap()).collect();
    assert_eq!(
        symbols,
        [
            "OrderTrigger",
            "OrderTriggerHandler.afterUpdate",
            "ShippingService.bookPickup",
            "CarrierClient.bookPickup",
            "CarrierClient.send",
            "CarrierClient.send",
        ]
    );
    let problems = found["problems"].as_array().unwrap();
    assert!(problems.is_empty(), "{problems:?}");
}

#[test]
fn the_readme_shows_real_output() {
    let (_, out, _) = run(seamlint().arg("examples/orders").current_dir(repository(".")));
    let readme = fs::read_to_string(repository("README.md")).unwrap();
    let shown = readme
        .split("```")
        .find(|block| block.contains("error[sync-callout-in-trigger]"))
        .expect("the README shows a finding")
        .trim_start_matches("text\n")
        .trim();
    let reported = out.split("\n\n").find(|block| block.contains("[sync-callout-in-trigger]")).unwrap();
    assert_eq!(shown, reported.trim(), "copy the finding from the tool's output");
}

// Exit codes

#[test]
fn findings_decide_the_exit_code() {
    let clean = folder(&[("A.cls", "public class A { }")]);
    let warning = folder(&[("Cancel.cls", WARNING)]);
    let error = folder(&[("Orders.trigger", ERROR)]);
    for (folder, fail_on, code) in [
        (&clean, "note", 0),
        (&warning, "error", 0),
        (&warning, "warning", 1),
        (&warning, "note", 1),
        (&warning, "never", 0),
        (&error, "error", 1),
        (&error, "warning", 1),
        (&error, "never", 0),
    ] {
        let (got, _, err) = run(seamlint().arg(folder.path()).args(["--fail-on", fail_on]));
        assert_eq!((got, err.as_str()), (code, ""), "--fail-on {fail_on}");
    }
    let (code, out, _) = run(seamlint().current_dir(error.path()));
    assert_eq!(code, 1, "the current folder, errors fail");
    assert!(out.contains("error[sync-callout-in-trigger]"));
}

#[test]
fn some_findings_may_pass() {
    let project = folder(&[("Orders.trigger", ERROR), ("Cancel.cls", WARNING)]);
    let outcome = |arguments: &[&str]| {
        let (code, _, err) = run(seamlint().arg(project.path()).args(arguments));
        (code, err)
    };
    assert_eq!(outcome(&["--fail-on", "warning"]).0, 1);
    let (code, err) = outcome(&["--fail-on", "warning", "--max-findings", "1"]);
    assert_eq!(code, 1);
    assert!(err.contains("at or above `warning`, and --max-findings lets 1 pass"), "{err}");
    assert_eq!(outcome(&["--fail-on", "warning", "--max-findings", "9"]).0, 0);
    // The warning does not count.
    let (code, err) = outcome(&["--max-findings", "1"]);
    assert_eq!(code, 0);
    assert!(err.starts_with("note: 1 finding is at or above `error`"), "{err}");
    assert_eq!(outcome(&["--max-findings", "1", "--quiet"]), (0, String::new()));
}

#[test]
fn a_mistake_in_the_arguments_is_2_and_prints_no_report() {
    let project = folder(&[("Orders.trigger", ERROR)]);
    let here = project.path().to_str().unwrap();
    for (arguments, says) in [
        (vec!["no/such/folder"], "no such file or folder: `no/such/folder`"),
        (vec![here, "--threads", "0"], "--threads must be at least 1"),
        (vec![here, "--format", "xml"], "invalid value 'xml'"),
        (vec![here, "--rules", "no/such/rules"], "no/such/rules"),
        (vec![here, "--output", "no/such/folder/out.json"], "cannot write to `no/such/folder/out.json`"),
        (vec![here, "--max-findings", "many"], "invalid value 'many'"),
        (vec![here, "--max-findings", "3", "--fail-on", "never"], "--max-findings has no meaning"),
        (vec![here, "--only", "callout-in-lop"], "did you mean `callout-in-loop`?"),
        (vec![here, "--only", "callout-in-loop,qqq"], "there is no rule `qqq`; `seamlint rules list`"),
        (vec![here, "--pattern", "request-respons"], "did you mean `request-response`?"),
        (
            vec![here, "--only", "callout-in-loop", "--pattern", "credentials"],
            "no rule of --only belongs to the pattern `credentials`",
        ),
        (vec![here, "--color", "always", "--no-color"], "cannot be used with"),
        (vec![here, "-o", "sarfi=a"], "did you mean `sarif`?"),
        (vec![here, "-f", "json", "-o", "sarif=-"], "would both go to standard output"),
        (vec!["debug", "unit", "no/such/file.cls"], "no/such/file.cls"),
        (vec!["debug", "program", "no/such/folder"], "no such file or folder"),
        (vec!["explain"], "<ID>"),
    ] {
        let (code, out, err) = run(seamlint().args(&arguments));
        assert_eq!((code, out.as_str()), (2, ""), "{arguments:?}\n{err}");
        assert!(err.contains(says), "{arguments:?}\n{err}");
    }
}

#[test]
fn an_empty_folder_is_clean_and_says_so() {
    let empty = folder(&[]);
    let (code, out, err) = run(seamlint().arg(empty.path()).args(["--format", "json"]));
    assert_eq!(code, 0);
    assert!(err.contains("note: no Apex classes or triggers in"), "{err}");
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap()["findings"], json!([]));
}

// Which findings are shown

#[test]
fn a_named_file_is_read_in_its_project_and_reported_alone() {
    let classes = repository("examples/orders/force-app/main/default/classes");
    let rules = |files: &[&str]| -> Vec<String> {
        let mut command = seamlint();
        command.args(["--format", "json"]).args(files.iter().map(|file| classes.join(file)));
        let (_, out, _) = run(&mut command);
        let found: Value = serde_json::from_str(&out).unwrap();
        let findings = found["findings"].as_array().unwrap();
        findings.iter().map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(rules(&["AddressController.cls"]), [""; 0]);
    // In the middle of a path from a trigger to a callout.
    assert_eq!(rules(&["ShippingService.cls"]), ["sync-callout-in-trigger"]);
    assert_eq!(
        rules(&["PaymentGateway.cls", "CancellationService.cls"]),
        ["publish-result-ignored", "callout-after-dml"]
    );
}

#[test]
fn rules_can_be_picked() {
    let broken =
        folder(&[("Orders.trigger", ERROR), ("Broken.cls", "public class Broken { void a() { if } }")]);
    let picked = |path: &Path, arguments: &[&str]| -> Vec<String> {
        let (_, out, err) = run(seamlint().arg(path).args(["--format", "json"]).args(arguments));
        assert!(err.is_empty() || path == broken.path(), "{err}");
        let found: Value = serde_json::from_str(&out).unwrap();
        let findings = found["findings"].as_array().unwrap();
        findings.iter().map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
    };
    let example = repository("examples/orders");
    assert_eq!(picked(&example, &["--only", "callout-in-loop"]), ["callout-in-loop"]);
    assert_eq!(
        picked(&example, &["--only", "callout-in-loop,callout-after-dml", "--only", "enqueue-per-record"]),
        ["enqueue-per-record", "callout-after-dml", "callout-in-loop"]
    );
    let of_pattern = picked(&example, &["--pattern", "platform-events"]);
    assert!(of_pattern.contains(&"publish-result-ignored".to_owned()), "{of_pattern:?}");
    assert!(!of_pattern.contains(&"callout-in-loop".to_owned()), "{of_pattern:?}");
    // An anti-pattern, by its name.
    assert_eq!(picked(&example, &["--pattern", "sync-callout-in-trigger"]), ["sync-callout-in-trigger"]);
    assert!(picked(broken.path(), &[]).contains(&"syntax-error".to_owned()));
    assert_eq!(
        picked(broken.path(), &["--only", "sync-callout-in-trigger"]),
        ["sync-callout-in-trigger"],
        "nothing that was not asked for"
    );
    // But what could not be read is never hidden: it is counted, whatever the format.
    for (arguments, told) in
        [(&["--format", "sarif"][..], true), (&["--format", "terminal"], true), (&["--quiet"], false)]
    {
        let mut command = seamlint();
        command.arg(broken.path()).args(["--only", "sync-callout-in-trigger"]).args(arguments);
        let (_, out, err) = run(&mut command);
        assert_eq!(err.contains("syntax error, and what stands there may not be seen"), told, "{err}");
        assert_eq!(out.contains("· 1 syntax error"), arguments.contains(&"terminal"), "{out}");
    }
}

#[test]
fn quiet_prints_the_findings_and_nothing_else() {
    let example = repository("examples/orders");
    let (code, loud, _) = run(seamlint().arg(&example));
    let (quiet_code, quiet, err) = run(seamlint().arg(&example).arg("-q"));
    assert_eq!((code, quiet_code, err.as_str()), (1, 1, ""));
    let (findings, summary) = loud.trim_end().rsplit_once('\n').unwrap();
    assert_eq!(quiet.trim_end(), findings.trim_end());
    assert!(summary.contains("entry points"), "{summary}");
    let clean = folder(&[("A.cls", "public class A { }")]);
    assert_eq!(run(seamlint().arg(clean.path()).arg("--quiet")), (0, String::new(), String::new()));
}

// Formats

#[test]
fn json_is_as_its_schema_says() {
    let (code, schema, _) = run(seamlint().arg("schema"));
    assert_eq!(code, 0);
    let schema: Value = serde_json::from_str(&schema).unwrap();
    for path in ["examples/orders", "fixtures"] {
        valid(&schema, &json_of(&repository(path)));
    }
}

/// The fields of all objects, as Markdown tables.
fn fields(schema: &Value) -> String {
    fn type_of(schema: &Value) -> String {
        if let Some(reference) = schema["$ref"].as_str() {
            let name = reference.rsplit('/').next().unwrap().trim_end_matches("Output");
            return format!("[{name}](#{})", name.to_lowercase());
        }
        if let Some(options) = schema["anyOf"].as_array() {
            return options.iter().map(type_of).collect::<Vec<_>>().join(" or ");
        }
        if let Some(types) = schema["type"].as_array() {
            return types.iter().map(|each| each.as_str().unwrap()).collect::<Vec<_>>().join(" or ");
        }
        match schema["type"].as_str().unwrap() {
            "array" => format!("list of {}", type_of(&schema["items"])),
            "integer" => "number".to_owned(),
            other => other.to_owned(),
        }
    }
    let mut text = String::new();
    let objects = schema["$defs"].as_object().unwrap().iter().map(|(name, object)| (name.as_str(), object));
    for (name, object) in std::iter::once(("Output", schema)).chain(objects) {
        let name = if name == "Output" { "The output" } else { name.trim_end_matches("Output") };
        let about = object["description"].as_str().unwrap_or_default();
        let about = about.split("\n\n").next().unwrap_or_default();
        text += &format!("## {name}\n\n{about}\n\n");
        if let Some(words) = object["enum"].as_array() {
            let words: Vec<String> =
                words.iter().map(|word| format!("`{}`", word.as_str().unwrap())).collect();
            text += &format!("One of {}.\n\n", words.join(", "));
            continue;
        }
        text += "| field | type | |\n|---|---|---|\n";
        for (field, schema) in object["properties"].as_object().unwrap() {
            let about = schema["description"].as_str().unwrap_or_default().replace('\n', " ");
            text += &format!("| `{field}` | {} | {about} |\n", type_of(schema));
        }
        text.push('\n');
    }
    text
}

#[test]
fn the_documentation_lists_all_fields() {
    const START: &str = "after a change -->\n\n";
    let path = repository("docs/json-output.md");
    let page = fs::read_to_string(&path).unwrap();
    let (before, rest) = page.split_once(START).unwrap();
    let (shown, after) = rest.split_once("<!-- end -->").unwrap();
    let (_, schema, _) = run(seamlint().arg("schema"));
    let fields = fields(&serde_json::from_str(&schema).unwrap());
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, format!("{before}{START}{fields}<!-- end -->{after}")).unwrap();
    } else {
        assert!(shown == fields, "run `UPDATE=1 cargo test --test cli fields`");
    }
}

#[test]
fn sarif_is_valid() {
    let mut schema: Value = serde_json::from_str(include_str!("schemas/sarif-2.1.0.json")).unwrap();
    // The published expression has a stray bracket that strict validators reject. What it means:
    for definition in ["run", "toolComponent"] {
        schema["definitions"][definition]["properties"]["language"]["pattern"] =
            json!("^[a-zA-Z]{2}(-[a-zA-Z]{2})?$");
    }
    for path in ["examples/orders", "fixtures"] {
        let (_, out, _) = run(seamlint().arg(repository(path)).args(["--format", "sarif"]));
        valid(&schema, &serde_json::from_str(&out).unwrap());
    }
}

#[test]
fn the_same_bytes_from_any_number_of_threads() {
    for path in ["fixtures", "examples/orders"] {
        for format in ["json", "sarif"] {
            let output = |threads: &str| {
                let (code, out, _) =
                    run(seamlint().arg(repository(path)).args(["--format", format, "--threads", threads]));
                assert_eq!(code, 1);
                out
            };
            let first = output("1");
            for threads in ["1", "2", "8", "8", "2", "8"] {
                assert!(output(threads) == first, "{path} as {format} with {threads} threads differs");
            }
        }
    }
}

#[test]
fn output_goes_to_a_file() {
    let target = folder(&[]);
    let file = target.path().join("out.sarif");
    let (code, out, err) =
        run(seamlint().arg(repository("examples/orders")).args(["--format", "sarif", "--output"]).arg(&file));
    assert_eq!((code, out.as_str(), err.as_str()), (1, "", ""));
    let (_, printed, _) = run(seamlint().arg(repository("examples/orders")).args(["--format", "sarif"]));
    assert_eq!(fs::read_to_string(file).unwrap(), printed);
}

#[test]
fn several_reports_of_one_scan() {
    let target = folder(&[]);
    let example = repository("examples/orders");
    let printed = |format: &str| run(seamlint().arg(&example).args(["--format", format])).1;
    let (code, out, err) = run(seamlint()
        .arg(&example)
        .args(["-o", "sarif=out.sarif", "-o", "json=out.json"])
        .current_dir(target.path()));
    assert_eq!((code, err.as_str()), (1, ""));
    assert!(out.contains("error[sync-callout-in-trigger]"), "a person still sees the report\n{out}");
    for (file, format) in [("out.sarif", "sarif"), ("out.json", "json")] {
        assert_eq!(fs::read_to_string(target.path().join(file)).unwrap(), printed(format));
    }
    let (code, out, err) = run(seamlint()
        .arg(&example)
        .args(["-o", "sarif=again.sarif", "-o", "json=-"])
        .current_dir(target.path()));
    assert_eq!((code, err.as_str()), (1, ""));
    assert_eq!(out, printed("json"), "nothing else goes to standard output");
    assert!(target.path().join("again.sarif").is_file());
}

#[test]
fn colour_only_where_it_is_wanted() {
    let example = repository("examples/orders");
    for (color, coloured) in [("auto", false), ("never", false), ("always", true)] {
        let (_, out, _) = run(seamlint().arg(&example).args(["--color", color]));
        assert_eq!(out.contains('\u{1b}'), coloured, "{color}");
    }
    assert!(!run(seamlint().arg(&example).arg("--no-color")).1.contains('\u{1b}'));
    assert!(!run(seamlint().arg(&example).env("NO_COLOR", "1")).1.contains('\u{1b}'));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    for arguments in [
        vec!["fixtures"],
        vec!["fixtures", "--format", "json"],
        vec!["debug", "program", "fixtures"],
        vec!["rules", "schema"],
    ] {
        let mut child = Process::new(env!("CARGO_BIN_EXE_seamlint"))
            .args(&arguments)
            .current_dir(repository("."))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert!(matches!(output.status.code(), Some(0 | 1)), "{arguments:?}: {:?}", output.status);
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "{arguments:?}");
    }
}

// Rules

#[test]
fn rules_are_listed() {
    let (code, out, err) = run(seamlint().args(["rules", "list"]));
    assert_eq!((code, err.as_str()), (0, ""));
    for entry in fs::read_dir(repository("rules")).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let id = name.trim_end_matches(".yaml");
        assert_eq!(out.contains(id), id != "patterns" && id != "limits", "{id}");
    }
}

#[test]
fn limits_are_listed() {
    let (code, out, err) = run(seamlint().args(["rules", "limits"]));
    assert_eq!((code, err.as_str()), (0, ""));
    let line = out.lines().find(|line| line.starts_with("apex.enqueue_jobs ")).unwrap();
    assert!(
        line.split_whitespace().collect::<Vec<_>>().starts_with(&["apex.enqueue_jobs", "50", "1"]),
        "{line}"
    );
}

#[test]
fn the_schema_of_rules_accepts_the_rules() {
    let (code, schema, _) = run(seamlint().args(["rules", "schema"]));
    assert_eq!(code, 0);
    let schema: Value = serde_json::from_str(&schema).unwrap();
    valid(&schema, &serde_saphyr::from_str(rule()).unwrap());
    let broken: Value = serde_saphyr::from_str(&rule().replace("severity:", "severety:")).unwrap();
    assert!(!jsonschema::is_valid(&schema, &broken));
}

#[test]
fn rules_and_patterns_are_explained() {
    for (id, says) in [
        ("callout-after-dml", "# Callout while uncommitted work is pending"),
        ("platform-events", "# Platform events"),
        // Both a rule and an anti-pattern.
        ("sync-callout-in-trigger", "anti-pattern"),
    ] {
        let (code, out, err) = run(seamlint().args(["explain", id]));
        assert_eq!((code, err.as_str()), (0, ""));
        assert!(out.contains(says), "{out}");
    }
    let (code, out, err) = run(seamlint().args(["explain", "sync-calout-in-triger"]));
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.contains("did you mean `sync-callout-in-trigger`?"), "{err}");
    let (code, _, err) = run(seamlint().args(["explain", "qqq"]));
    assert_eq!(code, 2);
    assert!(err.contains("`seamlint rules list` lists them all"), "{err}");
}

#[test]
fn a_rule_of_the_user_runs_beside_the_others() {
    let rules = folder(&[("only-integration-calls-out.yaml", rule())]);
    let project = folder(&[
        (
            "classes/OrderService.cls",
            "public class OrderService { @AuraEnabled public static void push() {
                HttpRequest request = new HttpRequest();
                request.setEndpoint('callout:ERP/orders');
                new Http().send(request); } }",
        ),
        ("triggers/Orders.trigger", ERROR),
    ]);
    let (code, out, _) = run(seamlint()
        .arg(project.path())
        .args(["--fail-on", "warning", "--format", "json", "--rules"])
        .arg(rules.path()));
    assert_eq!(code, 1);
    let found: Value = serde_json::from_str(&out).unwrap();
    let of_rule = |id: &str| {
        let findings = found["findings"].as_array().unwrap();
        findings.iter().filter(|finding| finding["rule"] == id).cloned().collect::<Vec<_>>()
    };
    let own: Vec<Value> = of_rule("only-integration-calls-out");
    assert!(own.iter().any(|finding| finding["file"] == "classes/OrderService.cls"), "{own:?}");
    assert_eq!(of_rule("sync-callout-in-trigger").len(), 1);
    for arguments in [vec!["rules", "list"], vec!["explain", "only-integration-calls-out"]] {
        let (code, out, _) = run(seamlint().args(&arguments).arg("--rules").arg(rules.path()));
        assert_eq!(code, 0);
        assert!(out.contains("Callout outside the integration layer"), "{out}");
    }
}

#[test]
fn a_project_names_its_rule_folders() {
    let files = [
        ("project/seamlint.yml", "rule-folders: [lint/rules]\n"),
        ("project/lint/rules/mine.yaml", rule()),
        ("project/main/Orders.trigger", ERROR),
    ];
    let project = folder(&files);
    // The file holds for what lies below it.
    for path in ["project", "project/main", "project/main/Orders.trigger"] {
        let found = json_of(&project.path().join(path));
        let findings = found["findings"].as_array().unwrap();
        assert!(findings.iter().any(|finding| finding["rule"] == "only-integration-calls-out"), "{path}");
    }
    for (config, says) in [
        ("rule-folder: [lint/rules]", "^^^"),
        ("rule-folders: [no/such]", "no/such"),
        ("rule-folders: 7", "^"),
        ("{", "seamlint.yml"),
    ] {
        fs::write(project.path().join("project/seamlint.yml"), config).unwrap();
        let (code, out, err) = run(seamlint().arg(project.path().join("project")));
        assert_eq!((code, out.as_str()), (2, ""), "{config}\n{err}");
        assert!(err.contains(says), "{config}\n{err}");
    }
}

#[test]
fn a_mistake_in_a_rule_is_shown_at_its_place() {
    let rules = folder(&[("mine.yaml", &rule().replace("effect: callout", "effect: calout"))]);
    let (code, out, err) =
        run(seamlint().arg(repository("examples/orders")).arg("--rules").arg(rules.path()));
    assert_eq!((code, out.as_str()), (2, ""), "nothing is scanned");
    assert!(err.contains("mine.yaml") && err.contains("^^^") && err.contains("callout"), "{err}");
}

// Debug

#[test]
fn every_stage_can_be_printed() {
    let example = repository("examples/orders");
    let class = example.join("force-app/main/default/classes/PaymentController.cls");
    let (code, out, _) = run(seamlint().args(["debug", "unit"]).arg(class));
    assert_eq!(code, 0);
    assert!(out.contains("insert"), "{out}");
    for (stage, key) in [("program", "entries"), ("summary", "effects")] {
        let (code, out, err) = run(seamlint().args(["debug", stage]).arg(&example));
        assert_eq!((code, err.as_str()), (0, ""));
        let value: Value = serde_json::from_str(&out).unwrap();
        assert!(value[key].as_array().is_some_and(|list| !list.is_empty()), "{stage}");
    }
}

#[test]
fn costs_are_a_table_and_json() {
    let example = repository("examples/orders");
    let (code, out, err) = run(seamlint().arg("cost").arg("-p").arg(&example).env("NO_COLOR", "1"));
    assert_eq!((code, err.as_str()), (0, ""));
    insta::assert_snapshot!("cost_of_the_example", out);
    for line in out.lines() {
        assert!(line.chars().count() <= 100, "too wide for a terminal: {line}");
    }
    let (_, out, _) =
        run(seamlint().args(["cost", "Returns", "--trace", "--resource", "timeout", "-p"]).arg(&example));
    assert!(out.contains("10,000n  `Http.send`"), "{out}");
    assert!(!out.contains("callouts"), "{out}");
    let (_, out, _) = run(seamlint().args(["cost", "-f", "json", "-p"]).arg(&example));
    let value: Value = serde_json::from_str(&out).unwrap();
    let batch = value["entry_points"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["entry"] == "batch ReturnsPollBatch.execute")
        .unwrap();
    let callouts =
        batch["costs"].as_array().unwrap().iter().find(|cost| cost["resource"] == "callouts").unwrap();
    assert_eq!(callouts["most"], "n");
    assert_eq!(callouts["breaks_at_batch"], 101);
    assert_eq!(callouts["most_value_at_one"], 1);
    let (code, _, err) = run(seamlint().args(["cost", "--resource", "gold"]));
    assert!(code == 2 && err.contains("callouts"), "{err}");
}
