use seamlint::finding::Origin;
use seamlint::report::terminal::Style;
use seamlint::report::{Format, SYNTAX_ERROR};
use serde_json::{Value, json};

use crate::world::{World, callout};

/// Everything at once: a path, a note, a problem, a secret, a rule without a file, an empty span.
fn everything() -> World {
    let mut world = callout();
    let at = world.at(0, "rows");
    world.finding(SYNTAX_ERROR, "does not parse", at, Vec::new());
    world.finding("hardcoded-credential", "a [link](https://evil.example) in the text", at, Vec::new());
    let mut empty = at;
    empty.span.end = empty.span.start;
    world.finding("rule-of-a-user", "no file stands behind this rule", empty, Vec::new());
    world.problem("classes/Zoë & co.cls", "permission denied");
    world
}

fn schema() -> Value {
    let mut schema: Value = serde_json::from_str(include_str!("../schemas/sarif-2.1.0.json")).unwrap();
    // The published expression has a stray bracket that strict validators reject. What it means:
    for definition in ["run", "toolComponent"] {
        schema["definitions"][definition]["properties"]["language"]["pattern"] =
            json!("^[a-zA-Z]{2}(-[a-zA-Z]{2})?$");
    }
    schema
}

fn assert_valid(log: &Value) {
    let validator = jsonschema::options().should_validate_formats(true).build(&schema()).unwrap();
    let errors: Vec<_> =
        validator.iter_errors(log).map(|error| format!("{} at {}", error, error.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

fn run(world: &World) -> Value {
    let log = world.value(Format::Sarif);
    assert_valid(&log);
    log["runs"][0].clone()
}

#[test]
fn is_valid() {
    run(&everything());
    run(&World::new(&[]));
}

#[test]
fn the_schema_test_can_fail() {
    let mut log = everything().value(Format::Sarif);
    log["runs"][0]["results"][0]["level"] = json!("fatal");
    assert!(!jsonschema::is_valid(&schema(), &log));
}

#[test]
fn every_step_is_in_the_code_flow() {
    let run = run(&callout());
    let steps = run["results"][0]["codeFlows"][0]["threadFlows"][0]["locations"].as_array().unwrap();
    let seen: Vec<_> = steps
        .iter()
        .map(|step| {
            let location = &step["location"];
            let uri = location["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
            let line = &location["physicalLocation"]["region"]["startLine"];
            format!(
                "{}:{line} {}",
                uri.rsplit('/').next().unwrap(),
                location["message"]["text"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            "AccountTrigger.trigger:1 trigger AccountTrigger on Account (after update) starts here",
            "AccountTrigger.trigger:2 calls AccountHandler.afterUpdate",
            "AccountHandler.cls:4 calls ErpService.push for each record",
            "ErpService.cls:6 makes the callout",
        ]
    );
}

#[test]
fn columns_are_utf16_units() {
    let run = run(&callout());
    assert_eq!(run["columnKind"], "utf16CodeUnits");
    let region = &run["results"][0]["locations"][0]["physicalLocation"]["region"];
    // Two tabs and `/* 😀 */ `: the emoji is two units.
    assert_eq!(*region, json!({"startLine": 6, "startColumn": 12, "endLine": 6, "endColumn": 36}));
}

#[test]
fn utf16_files_have_the_same_places() {
    let text = "class A {\r\n  /* 😀 */ Http.send();\r\n}\r\n";
    let mut bytes = vec![0xFF, 0xFE];
    bytes.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    let mut world = World::from_bytes(&[("A.cls", bytes, text)]);
    let at = world.at(0, "Http.send()");
    world.finding("callout-no-timeout", "no timeout", at, Vec::new());
    let region = &run(&world)["results"][0]["locations"][0]["physicalLocation"]["region"];
    assert_eq!(*region, json!({"startLine": 2, "startColumn": 12, "endLine": 2, "endColumn": 23}));
}

#[test]
fn results_point_at_their_rule_and_patterns() {
    let run = run(&everything());
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in run["results"].as_array().unwrap() {
        assert_eq!(rules[result["ruleIndex"].as_u64().unwrap() as usize]["id"], result["ruleId"]);
        for taxon in result["taxa"].as_array().into_iter().flatten() {
            let taxonomy = &run["taxonomies"][taxon["toolComponent"]["index"].as_u64().unwrap() as usize];
            assert_eq!(taxonomy["name"], taxon["toolComponent"]["name"]);
            assert_eq!(taxonomy["taxa"][taxon["index"].as_u64().unwrap() as usize]["id"], taxon["id"]);
        }
    }
    let result = &run["results"][0];
    assert_eq!(result["taxa"][0]["id"], "request-response");
    assert_eq!(result["taxa"][1]["toolComponent"]["name"], "seamlint-antipatterns");
    assert_eq!(
        result["partialFingerprints"],
        json!({"seamlint/v1": "sync-callout-in-trigger-0123456789abcdef"})
    );
    let relationships = rules[2]["relationships"].as_array().unwrap();
    assert_eq!(relationships.len(), 4);
}

#[test]
fn only_credential_rules_carry_a_security_severity() {
    let run = run(&everything());
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let with: Vec<_> =
        rules.iter().filter(|rule| !rule["properties"]["security-severity"].is_null()).collect();
    assert_eq!(with.len(), 1);
    assert_eq!(with[0]["id"], "hardcoded-credential");
    assert!(with[0]["properties"]["tags"].as_array().unwrap().contains(&json!("security")));
    assert_eq!(with[0]["properties"]["precision"], "medium");
}

#[test]
fn help_comes_from_the_rule_file() {
    let run = run(&callout());
    insta::assert_snapshot!(run["tool"]["driver"]["rules"][2]["help"]["markdown"].as_str().unwrap());
}

#[test]
fn notices_stand_apart_from_results() {
    let run = run(&everything());
    assert!(run["results"].as_array().unwrap().iter().all(|result| result["ruleId"] != SYNTAX_ERROR));
    let notices = &run["invocations"][0]["toolExecutionNotifications"];
    assert_eq!(notices[0]["descriptor"]["id"], "syntax-error");
    assert_eq!(
        notices[1]["locations"][0]["physicalLocation"]["artifactLocation"],
        json!({
            "uri": "classes/Zo%C3%AB%20&%20co.cls", "uriBaseId": "%SRCROOT%"
        })
    );
}

#[test]
fn source_text_does_not_become_a_link() {
    let run = run(&everything());
    let message = run["results"][1]["message"]["text"].as_str().unwrap();
    assert!(!message.contains("]("), "{message}");
}

#[test]
fn related_places_and_other_origins_are_linked() {
    let mut world = callout();
    let at = world.findings[0].origins[0].at;
    for index in 0..150 {
        world.findings[0].origins.push(Origin { at, name: format!("trigger T{index}[]") });
    }
    let run = run(&world);
    let result = &run["results"][0];
    assert_eq!(
        result["message"]["text"],
        "`AccountTrigger` reaches a callout to callout:ERP in the save transaction \
         See [this DML leaves work uncommitted](1). Also reached from [trigger T0\\[\\]](2), \
         [trigger T1\\[\\]](3), [trigger T2\\[\\]](4) and 147 more."
    );
    assert_eq!(result["relatedLocations"].as_array().unwrap().len(), 99);
    assert!(notices(&run).contains("52 entry points were left out"), "{}", notices(&run));
}

#[test]
fn a_very_long_path_is_cut_and_said() {
    let mut world = callout();
    let step = world.findings[0].path[1].clone();
    world.findings[0].path.splice(1..1, std::iter::repeat_n(step, 1_200));
    let run = run(&world);
    let steps = &run["results"][0]["codeFlows"][0]["threadFlows"][0]["locations"];
    assert_eq!(steps.as_array().unwrap().len(), 1_000);
    assert!(notices(&run).contains("204 steps in the middle"), "{}", notices(&run));
}

#[test]
fn says_nothing_about_the_machine() {
    let world = callout();
    let first = world.write(Format::Sarif, Style::default());
    assert!(!first.contains(world.project.root.to_str().unwrap()));
    assert_eq!(callout().write(Format::Sarif, Style::default()), first);
}

fn notices(run: &Value) -> String {
    run["invocations"][0]["toolExecutionNotifications"].to_string()
}
