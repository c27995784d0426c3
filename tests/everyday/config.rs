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
    let project = project(&[("seamlint.yml", "volumes: {Account.update: 6000/day}\n")]);
    let run = seamlint(project.path(), &[]);
    assert!(run.err.contains("warning: seamlint.yml:1: `volumes` is not supported yet"), "{}", run.err);
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
