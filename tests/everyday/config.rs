//! `seamlint.yml`.

use crate::support::{TRIGGER, findings, project, seamlint, write};

const OTHER: &str =
    "trigger Refunds on Refund__c (after insert) {\n    new Http().send(new HttpRequest());\n}\n";
const RULE: &str = "sync-callout-in-trigger";

#[test]
fn rules_are_switched_off_and_get_other_severities() {
    let project = project(&[
        ("force-app/triggers/Orders.trigger", TRIGGER),
        ("force-app/legacy/Refunds.trigger", OTHER),
    ]);
    let of_rule = |config: &str| {
        write(project.path(), "seamlint.yml", config);
        let mut found = findings(project.path(), &[]);
        found.retain(|finding| finding.starts_with(RULE));
        found
    };
    let legacy = "force-app/legacy/Refunds.trigger:2";
    let orders = "force-app/triggers/Orders.trigger:2";
    assert_eq!(of_rule(""), [format!("{RULE} error {legacy}"), format!("{RULE} error {orders}")]);
    assert_eq!(of_rule(&format!("rules: {{{RULE}: off}}")), [""; 0]);
    assert_eq!(
        of_rule(&format!("rules: {{{RULE}: note}}")),
        [format!("{RULE} note {legacy}"), format!("{RULE} note {orders}")]
    );
    assert_eq!(
        of_rule(&format!("overrides: [{{paths: [legacy/], rules: {{{RULE}: warning}}}}]")),
        [format!("{RULE} warning {legacy}"), format!("{RULE} error {orders}")]
    );
    assert_eq!(
        of_rule(&format!(
            "rules: {{{RULE}: off}}\noverrides: [{{paths: [triggers], rules: {{{RULE}: on}}}}]"
        )),
        [format!("{RULE} error {orders}")]
    );
    assert_eq!(of_rule("exclude: [/force-app/legacy]"), [format!("{RULE} error {orders}")]);
}

#[test]
fn an_excluded_file_stays_out_even_if_it_is_named() {
    let project = project(&[
        ("force-app/triggers/Orders.trigger", TRIGGER),
        ("force-app/legacy/Refunds.trigger", OTHER),
        ("seamlint.yml", "exclude: [legacy]"),
    ]);
    let run = seamlint(project.path(), &["force-app/legacy/Refunds.trigger"]);
    assert_eq!(run.code, 0, "{}", run.out);
    assert!(run.out.contains("Refunds.trigger: is left out by `exclude`"), "{}", run.out);
}

#[test]
fn the_exit_code_follows_the_severity_that_the_team_chose() {
    let project = project(&[("force-app/triggers/Orders.trigger", TRIGGER)]);
    assert_eq!(seamlint(project.path(), &[]).code, 1);
    write(project.path(), ".seamlint.yml", "rules: {sync-callout-in-trigger: warning}");
    assert_eq!(seamlint(project.path(), &[]).code, 0);
}

#[test]
fn a_mistake_is_shown_and_nothing_is_scanned() {
    let project = project(&[("force-app/triggers/Orders.trigger", TRIGGER)]);
    write(project.path(), "seamlint.yml", "rules:\n  sync-callout-in-triger: off\n");
    let run = seamlint(project.path(), &["force-app"]);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    for part in ["seamlint.yml:2:3", "^^^^", "did you mean `sync-callout-in-trigger`?"] {
        assert!(run.err.contains(part), "{}", run.err);
    }
}

#[test]
fn a_key_without_effect_is_named() {
    let project = project(&[("seamlint.yml", "bridges: [kafka]\n")]);
    let run = seamlint(project.path(), &[]);
    assert!(
        run.err.contains("warning: seamlint.yml:1: `bridges` is checked, and nothing uses it yet"),
        "{}",
        run.err
    );
    assert_eq!(run.code, 0);
}

#[test]
fn handlers_that_only_the_org_names_are_followed() {
    let framework = "public class TDTM_Config_API { public static void run() {} }";
    let handler = "public class Push_TDTM { public void run() { new Http().send(new HttpRequest()); } }";
    let trigger = "trigger TDTM_Contact on Contact (after insert) { TDTM_Config_API.run(); }";
    let project = project(&[
        ("force-app/classes/TDTM_Config_API.cls", framework),
        ("force-app/classes/Push_TDTM.cls", handler),
        ("force-app/triggers/TDTM_Contact.trigger", trigger),
    ]);
    let reaches = || findings(project.path(), &[]).iter().any(|finding| finding.starts_with(RULE));
    assert!(!reaches());
    write(
        project.path(),
        "seamlint.yml",
        "tdtm_config:\n  - {object: Contact, class: Push_TDTM, action: AfterInsert;AfterUpdate}\n",
    );
    assert!(reaches());
}

#[test]
fn limits_of_the_org_are_the_ones_that_rules_use() {
    let project = project(&[("seamlint.yml", "edition: UE\nlimits: {apex.callouts: 7}\n")]);
    let run = seamlint(project.path(), &["rules", "limits"]);
    let line = |id: &str| run.out.lines().find(|line| line.starts_with(id)).unwrap().to_owned();
    assert!(line("apex.callouts").contains(" 7 "), "{}", line("apex.callouts"));
    assert!(line("pe.delivery_day").contains("50,000"), "{}", line("pe.delivery_day"));
}

#[test]
fn init_writes_what_it_saw_and_replaces_nothing() {
    let project = project(&[("force-app/triggers/Orders.trigger", TRIGGER)]);
    let folder = project.path();
    let run = seamlint(folder, &["init"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let text = std::fs::read_to_string(folder.join("seamlint.yml")).unwrap();
    for part in ["0 classes and 1 trigger", "Packages: force-app.", &format!("#  {RULE}:"), "# 1 error\n"] {
        assert!(text.contains(part), "lacks {part}:\n{text}");
    }
    // It is a configuration as it stands, and also with a line of it switched on.
    let before = findings(folder, &[]);
    assert!(before.iter().any(|finding| finding.starts_with(RULE)));
    write(
        folder,
        "seamlint.yml",
        &text.replace("rules: {}", "rules:").replace(&format!("#  {RULE}"), &format!("   {RULE}")),
    );
    assert!(!findings(folder, &[]).iter().any(|finding| finding.starts_with(RULE)));

    let again = seamlint(folder, &["init"]);
    assert_eq!(again.code, 2);
    assert!(
        again.err.contains("there already is a configuration") && again.err.contains("--force"),
        "{}",
        again.err
    );
    assert_eq!(seamlint(folder, &["init", "--force"]).code, 0);
    assert_eq!(std::fs::read_to_string(folder.join("seamlint.yml")).unwrap(), text);
}

#[test]
fn init_names_the_outside_and_the_frameworks() {
    let project = project(&[
        (
            "force-app/classes/Erp.cls",
            "public class Erp { @AuraEnabled public static void push() { HttpRequest r = new HttpRequest(); r.setEndpoint('callout:ERP/v1'); new Http().send(r); HttpRequest s = new HttpRequest(); s.setEndpoint('https://api.shop.example.com/v1'); new Http().send(s); } }",
        ),
        ("force-app/classes/fflib_SObjectDomain.cls", "public virtual class fflib_SObjectDomain { }"),
    ]);
    assert_eq!(seamlint(project.path(), &["init"]).code, 0);
    let text = std::fs::read_to_string(project.path().join("seamlint.yml")).unwrap();
    for part in ["named_credentials: [ERP]", "hosts: [api.shop.example.com]", "fflib"] {
        assert!(text.contains(part), "lacks {part}:\n{text}");
    }
    // The proposal is valid once its marks are gone.
    let at = text.find("# systems:").unwrap();
    let proposal: Vec<&str> =
        text[at..].lines().map(|line| line.strip_prefix("# ").unwrap_or(&line[1..])).collect();
    let proposal = proposal.join("\n");
    write(project.path(), "seamlint.yml", &proposal);
    let run = seamlint(project.path(), &["config", "show"]);
    assert!(run.code == 0 && run.out.contains("named_credentials: [ERP]"), "{proposal}\n{}", run.err);
}

#[test]
fn the_effective_configuration_says_where_it_comes_from() {
    let project = project(&[(
        "seamlint.yml",
        "edition: UE\nexclude:\n  - vendor/\nrules:\n  dml-in-loop: off\noverrides:\n  - paths: [legacy/]\n    rules: {soql-in-loop: note}\nlimits: {apex.callouts: 7}\n",
    )]);
    let run = seamlint(project.path(), &["config", "show", "--fail-on", "warning"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let from = |start: &str| {
        let line = run.out.lines().find(|line| line.trim_start().starts_with(start));
        line.unwrap_or_else(|| panic!("lacks {start}:\n{}", run.out)).split_once("  # ").unwrap().1.to_owned()
    };
    for (start, place) in [
        ("edition: UE", "seamlint.yml:1"),
        ("- vendor/", "seamlint.yml:3"),
        ("dml-in-loop: off", "seamlint.yml:5"),
        ("- paths: [legacy/]", "seamlint.yml:7"),
        ("soql-in-loop: note", "seamlint.yml:8"),
        ("apex.callouts: 7", "seamlint.yml:9"),
        ("fail_on: warning", "command line"),
        ("gitignore: true", "default"),
        ("baseline: none", "default"),
    ] {
        assert_eq!(from(start), place, "{start}");
    }
    let schema = seamlint(project.path(), &["config", "schema"]);
    let schema: serde_json::Value = serde_json::from_str(&schema.out).unwrap();
    for key in ["rules", "volumes", "licenses", "thresholds"] {
        assert!(schema["properties"][key]["description"].is_string(), "{key}");
    }
}
