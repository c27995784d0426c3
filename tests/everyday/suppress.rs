//! Suppressions: comments and annotations in the code.

use serde_json::Value;

use crate::support::{TRIGGER, findings, json, project, seamlint, write};

const RULE: &str = "sync-callout-in-trigger";
const MARK: &str = "// seamlint-ignore sync-callout-in-trigger: agreed";

/// Two triggers that come to one callout, over two classes.
const FILES: [(&str, &str); 4] = [
    (
        "force-app/classes/Api.cls",
        "public class Api {\n    public static void send() {\n        new Http().send(new HttpRequest());\n    }\n}\n",
    ),
    (
        "force-app/classes/Sync.cls",
        "public class Sync {\n    public static void push() {\n        Api.send();\n    }\n}\n",
    ),
    (
        "force-app/triggers/Accounts.trigger",
        "trigger Accounts on Account (after insert) {\n    Sync.push();\n}\n",
    ),
    (
        "force-app/triggers/Contacts.trigger",
        "trigger Contacts on Contact (after insert) {\n    Sync.push();\n}\n",
    ),
];

/// The findings of the rule.
fn of_rule(report: &Value, list: &str) -> Vec<Value> {
    let all = report[list].as_array().cloned().unwrap_or_default();
    all.into_iter().filter(|finding| finding["rule"] == RULE).collect()
}

fn origins(finding: &Value) -> Vec<&str> {
    finding["origins"].as_array().unwrap().iter().map(|origin| origin["file"].as_str().unwrap()).collect()
}

#[test]
fn a_suppression_works_at_every_step_of_the_path() {
    let (api, sync) = (FILES[0].1, FILES[1].1);
    for (file, text) in [
        (
            "force-app/classes/Api.cls",
            api.replace("        new Http", &format!("        {MARK}\n        new Http")),
        ),
        ("force-app/classes/Api.cls", api.replace("HttpRequest());", &format!("HttpRequest()); {MARK}"))),
        (
            "force-app/classes/Api.cls",
            api.replace("    public static", &format!("    {MARK}\n    public static")),
        ),
        ("force-app/classes/Api.cls", format!("{MARK}\n{api}")),
        ("force-app/classes/Api.cls", format!("{api}// seamlint-ignore-file {RULE}: agreed\n")),
        ("force-app/classes/Api.cls", format!("@SuppressWarnings('PMD, seamlint.{RULE}')\n{api}")),
        (
            "force-app/classes/Api.cls",
            api.replace("    public static", "    @SuppressWarnings('seamlint')\n    public static"),
        ),
        ("force-app/classes/Sync.cls", sync.replace("Api.send();", &format!("Api.send(); {MARK}"))),
        (
            "force-app/classes/Sync.cls",
            sync.replace("    public static", &format!("    {MARK}\n    public static")),
        ),
    ] {
        let project = project(&FILES);
        assert_eq!(of_rule(&json(project.path(), &[]), "findings").len(), 1);
        write(project.path(), file, &text);
        let report = json(project.path(), &["--report-suppressed"]);
        assert_eq!(of_rule(&report, "findings"), [Value::Null; 0], "{text}");
        let suppressed = of_rule(&report, "suppressed");
        assert_eq!(suppressed.len(), 1, "{text}");
        assert_eq!(suppressed[0]["suppression"]["file"], file);
        assert!(!report.to_string().contains("unused-suppression"), "{text}");
    }
}

#[test]
fn a_suppression_at_one_origin_leaves_the_others() {
    let project = project(&FILES);
    let before = of_rule(&json(project.path(), &[]), "findings");
    assert_eq!(origins(&before[0]).len(), 2);
    let trigger =
        format!("trigger Accounts on Account (after insert) {{\n    {MARK}\n    Sync.push();\n}}\n");
    write(project.path(), "force-app/triggers/Accounts.trigger", &trigger);
    let report = json(project.path(), &["--report-suppressed"]);
    let after = of_rule(&report, "findings");
    assert_eq!(after.len(), 1);
    assert_eq!(origins(&after[0]), ["force-app/triggers/Contacts.trigger"]);
    assert_eq!(after[0]["path"][0]["file"], "force-app/triggers/Contacts.trigger");
    assert_eq!(after[0]["fingerprint"], before[0]["fingerprint"]);
    assert!(report.get("suppressed").is_none(), "the finding is still there");
    assert!(!report.to_string().contains("unused-suppression"));
}

#[test]
fn another_way_around_a_suppressed_step_is_found() {
    let project = project(&FILES);
    let text = format!(
        "trigger Accounts on Account (after insert) {{\n    Api.send(); {MARK}\n    Sync.push();\n}}\n"
    );
    write(project.path(), "force-app/triggers/Accounts.trigger", &text);
    write(
        project.path(),
        "force-app/triggers/Contacts.trigger",
        "trigger Contacts on Contact (after insert) {}",
    );
    let found = of_rule(&json(project.path(), &[]), "findings");
    assert_eq!(found.len(), 1);
    let lines: Vec<&Value> = found[0]["path"].as_array().unwrap().iter().map(|step| &step["line"]).collect();
    assert_eq!(lines[1], &Value::from(3), "by the second call: {lines:?}");
}

#[test]
fn another_way_around_a_suppressed_order_or_repetition_is_found() {
    // By `log`, the callout comes after DML as well; by `again`, a third job is enqueued.
    let text = |order: &str, call: &str, job: &str| {
        format!(
            "public class Work implements Queueable {{\n    @AuraEnabled\n    public static void save() {{\n        insert new Account();{order}\n        log();{call}\n        new Http().send(new HttpRequest());\n    }}\n    static void log() {{\n        insert new Log__c();\n    }}\n    public void execute(QueueableContext context) {{\n        System.enqueueJob(new Work());\n        System.enqueueJob(new Work());{job}\n        again();\n    }}\n    static void again() {{\n        System.enqueueJob(new Work());\n    }}\n}}\n"
        )
    };
    let found = |rule: &str, text: &str| {
        let project = project(&[("force-app/classes/Work.cls", text)]);
        let found = findings(project.path(), &["--only", rule]);
        found.into_iter().map(|finding| finding.rsplit_once(':').unwrap().1.to_owned()).collect::<Vec<_>>()
    };
    let mark = |rule: &str| format!(" // seamlint-ignore {rule}: known");
    let rule = "callout-after-dml";
    assert_eq!(found(rule, &text("", "", "")), ["6"]);
    assert_eq!(found(rule, &text(&mark(rule), "", "")), ["6"], "the other DML is still before it");
    assert_eq!(found(rule, &text("", &mark(rule), "")), ["6"]);
    assert_eq!(found(rule, &text(&mark(rule), &mark(rule), "")), [""; 0], "both");
    let rule = "multi-enqueue-in-async";
    assert_eq!(found(rule, &text("", "", "")).len(), 1);
    assert_eq!(found(rule, &text("", "", &mark(rule))), ["17"], "the first and the third");
}

#[test]
fn comments_in_metadata_are_suppressions() {
    let comment = "<!-- seamlint-ignore undefined-rule: typo -->";
    let text = format!(
        "<?xml version=\"1.0\"?>\n{comment}\n<RemoteSiteSetting><isActive>true</isActive></RemoteSiteSetting>\n"
    );
    let project = project(&[("force-app/remoteSiteSettings/Erp.remoteSite-meta.xml", &text)]);
    let found = findings(project.path(), &[]);
    assert_eq!(found, ["unused-suppression note force-app/remoteSiteSettings/Erp.remoteSite-meta.xml:2"]);
}

#[test]
fn unused_and_unknown_suppressions_are_notes() {
    let project = project(&[
        (
            "force-app/classes/Calm.cls",
            "// seamlint-ignore dml-in-loop: gone since\npublic class Calm {\n    // seamlint-ignore sync-callot-in-trigger: typo\n    Integer a;\n    // seamlint-disable dml-in-loop\n}\n",
        ),
        ("force-app/triggers/Orders.trigger", &format!("{MARK}\n{TRIGGER}")),
    ]);
    let report = json(project.path(), &[]);
    let notes: Vec<String> = report["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["rule"] == "unused-suppression")
        .map(|finding| {
            format!("{}:{} {}", finding["line"], finding["column"], finding["message"].as_str().unwrap())
        })
        .collect();
    assert_eq!(
        notes,
        [
            "1:20 `dml-in-loop` reports nothing here; remove the suppression",
            "3:24 this suppression names a rule `sync-callot-in-trigger` that does not exist; did you mean `sync-callout-in-trigger`?",
            "5:8 `seamlint-disable` is no suppression; did you mean `seamlint-ignore`?",
        ]
    );
    let run = seamlint(project.path(), &[]);
    assert!(
        run.out.contains("note[unused-suppression]: force-app/classes/Calm.cls:1:20: `dml-in-loop`"),
        "{}",
        run.out
    );
    // A part of the project cannot tell what is unused; nor can a part of the rules.
    for arguments in [&["force-app/classes"][..], &["--only", "dml-in-loop"]] {
        let found = findings(project.path(), arguments);
        assert!(!found.iter().any(|each| each.ends_with("Calm.cls:1")), "{arguments:?}: {found:?}");
    }
    write(project.path(), "seamlint.yml", "rules: {unused-suppression: off}");
    assert!(!json(project.path(), &[]).to_string().contains("unused-suppression"));
}

#[test]
fn suppressed_findings_are_shown_on_demand() {
    let mark = "// seamlint-ignore sync-callout-in-trigger, cleartext-endpoint";
    let project = project(&[("force-app/triggers/Orders.trigger", &format!("{mark}\n{TRIGGER}"))]);
    let quiet = seamlint(project.path(), &[]);
    assert_eq!(quiet.code, 0, "{}", quiet.out);
    assert!(quiet.out.contains("1 suppressed") && !quiet.out.contains("suppressed["), "{}", quiet.out);
    let shown = seamlint(project.path(), &["--report-suppressed"]);
    assert_eq!(shown.code, 0);
    let line = "suppressed[sync-callout-in-trigger]: force-app/triggers/Orders.trigger:3:5: ";
    assert!(
        shown.out.contains(line) && shown.out.contains("Orders.trigger:1:1: no reason given)"),
        "{}",
        shown.out
    );
}

#[test]
fn sarif_carries_suppressions_on_demand() {
    let project = project(&[
        ("force-app/triggers/Orders.trigger", &format!("{MARK} with the owner\n{TRIGGER}")),
        ("force-app/triggers/Refunds.trigger", &TRIGGER.replace("Order", "Refund")),
    ]);
    let results = |arguments: &[&str]| -> Vec<Value> {
        let run = seamlint(project.path(), &[&["--format", "sarif"], arguments].concat());
        let log: Value = serde_json::from_str(&run.out).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap();
        results.iter().filter(|result| result["ruleId"] == RULE).cloned().collect()
    };
    let plain = results(&[]);
    assert_eq!((plain.len(), plain[0].get("suppressions")), (1, None));
    let all = results(&["--report-suppressed"]);
    assert_eq!(all.len(), 2);
    assert_eq!(all[0]["suppressions"], Value::Array(Vec::new()));
    let suppression = &all[1]["suppressions"][0];
    assert_eq!((&suppression["kind"], &suppression["status"]), (&"inSource".into(), &"accepted".into()));
    assert_eq!(suppression["justification"], "agreed with the owner");
    assert_eq!(suppression["location"]["physicalLocation"]["region"]["startLine"], 1);
}
