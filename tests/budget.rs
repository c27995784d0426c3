//! `seamlint budget` with volumes whose figures are known.

mod support;

use serde_json::Value;
use support::{folder, project, seamlint};

/// The lines of the budget, by resource.
fn budget(files: &[(&str, &str)], arguments: &[&str]) -> Value {
    let folder = project(files);
    let run = seamlint(folder.path(), &[&["budget", "-f", "json"], arguments].concat());
    assert_eq!(run.code, 0, "{}", run.err);
    serde_json::from_str(&run.out).unwrap()
}

fn line<'a>(budget: &'a Value, resource: &str) -> &'a Value {
    let lines = budget["budget"].as_array().unwrap();
    lines.iter().find(|line| line["resource"] == resource).unwrap_or_else(|| panic!("{resource}: {budget:#}"))
}

/// What is taken, surely and at most, and the percent of that.
fn figures(budget: &Value, resource: &str) -> (f64, f64, f64) {
    let line = line(budget, resource);
    let number = |value: &Value| value.as_f64().unwrap();
    (number(&line["used"]["least"]), number(&line["used"]["most"]), number(&line["percent"]["most"]))
}

fn after(budget: &Value, resource: &str) -> f64 {
    line(budget, resource)["after"]["most"].as_f64().unwrap()
}

#[track_caller]
fn about(actual: f64, expected: f64) {
    assert!((actual - expected).abs() <= expected.abs() * 0.001 + 0.001, "{actual} is not about {expected}");
}

const ENTERPRISE: &str = "edition: EE\nlicenses: {salesforce: 250}\n";

#[test]
fn api_requests_that_poll_write_one_by_one_and_read() {
    let volumes = "volumes:\n  api:inventory.POLL_stock: 5760/day\n  api:orders.POST_Order: 30000/day\n  \
                   api:orders.LOGIN: 30000/day\n  api:portal.GET_Account: 230000/day\n";
    let config = format!("{ENTERPRISE}{volumes}");
    let documented = budget(&[("seamlint.yml", &config)], &[]);
    let (least, most, percent) = figures(&documented, "API requests");
    assert_eq!((least, most), (295_760.0, 295_760.0));
    about(percent, 84.5);
    assert_eq!(line(&documented, "API requests")["allocation"], 350_000);
    // Change events, 200 orders in a request, one login, a replica.
    about(after(&documented, "API requests"), 151.0);
    let causes = line(&documented, "API requests")["contributors"].as_array().unwrap();
    assert_eq!(causes[0]["volume"], "api:portal.GET_Account");
    assert_eq!(causes[0]["remedy"]["pattern"], "heroku-connect");

    let seed = budget(&[("seamlint.yml", &config)], &["--profile", "seed"]);
    about(figures(&seed, "API requests").2, 1_971.7);
}

const CHANGE_EVENTS: (&str, &str) = (
    "force-app/main/default/platformEventChannelMembers/ChangeEvents_AccountChangeEvent.platformEventChannelMember-meta.xml",
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<PlatformEventChannelMember xmlns=\"http://soap.sforce.com/2006/04/metadata\">\n    \
     <eventChannel>ChangeEvents</eventChannel>\n    <selectedEntity>AccountChangeEvent</selectedEntity>\n</PlatformEventChannelMember>\n",
);

#[test]
fn change_events_are_delivered_to_each_service() {
    let config = |subscribers: &str| {
        format!(
            "{ENTERPRISE}volumes:\n  Account.update: 20000/day\nexternal_subscribers: {{AccountChangeEvent: {subscribers}}}\n"
        )
    };
    let three = budget(&[CHANGE_EVENTS, ("seamlint.yml", &config("[crm, wms, erp]"))], &[]);
    assert_eq!(figures(&three, "events delivered"), (60_000.0, 60_000.0, 240.0));
    assert_eq!(after(&three, "events delivered"), 20_000.0);
    let one = budget(&[CHANGE_EVENTS, ("seamlint.yml", &config("[bridge]"))], &[]);
    assert_eq!(figures(&one, "events delivered"), (20_000.0, 20_000.0, 80.0));
}

const EVENT: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<CustomObject xmlns=\"http://soap.sforce.com/2006/04/metadata\">\n    \
    <deploymentStatus>Deployed</deploymentStatus>\n    <eventType>HighVolume</eventType>\n    <label>E</label>\n    \
    <pluralLabel>Es</pluralLabel>\n    <publishBehavior>PublishAfterCommit</publishBehavior>\n</CustomObject>\n";

fn event(name: &str) -> String {
    format!("force-app/main/default/objects/{name}/{name}.object-meta.xml")
}

#[test]
fn a_page_receives_events_in_each_session() {
    let page = "import { LightningElement } from 'lwc';\nimport { subscribe } from 'lightning/empApi';\n\
                export default class CaseConsole extends LightningElement {\n    connectedCallback() {\n        \
                subscribe('/event/Case_Status__e', -1, () => {});\n    }\n}\n";
    let config =
        format!("{ENTERPRISE}volumes:\n  Case_Status__e.publish: 6000/day\nsessions: {{caseConsole: 40}}\n");
    let budget = budget(
        &[
            (&event("Case_Status__e"), EVENT),
            ("force-app/main/default/lwc/caseConsole/caseConsole.js", page),
            ("seamlint.yml", &config),
        ],
        &[],
    );
    assert_eq!(figures(&budget, "events delivered"), (240_000.0, 240_000.0, 960.0));
    assert_eq!(figures(&budget, "streaming clients").1, 40.0);
}

#[test]
fn events_of_the_busiest_hour() {
    let trigger = "trigger Lines on OrderItem (after insert) {\n    for (OrderItem line : Trigger.new) {\n        \
                   EventBus.publish(new List<Line__e>{ new Line__e(), new Line__e(), new Line__e() });\n    }\n}\n";
    // 8,000 orders of ten lines, all in one hour.
    let config =
        format!("{ENTERPRISE}volumes:\n  OrderItem.create: {{per_day: 80000, per_tx: 10, peak_hour: 1}}\n");
    let budget = budget(
        &[
            (&event("Line__e"), EVENT),
            ("force-app/main/default/triggers/Lines.trigger", trigger),
            ("seamlint.yml", &config),
        ],
        &[],
    );
    assert_eq!(figures(&budget, "events published"), (240_000.0, 240_000.0, 96.0));
    assert_eq!(after(&budget, "events published"), 8_000.0);
    let causes = line(&budget, "events published")["contributors"].as_array().unwrap();
    assert_eq!(causes[0]["at"]["line"], 3);
}

#[test]
fn jobs_with_the_parts_of_their_batches() {
    let job = |name: &str, body: &str| {
        (format!("force-app/main/default/classes/{name}.cls"), format!("public class {name} {body}"))
    };
    let batch = job(
        "NightlyBatch",
        "implements Database.Batchable<SObject> {\n    public Database.QueryLocator start(Database.BatchableContext c) {\n        \
         return Database.getQueryLocator('SELECT Id FROM Contact');\n    }\n    public void execute(Database.BatchableContext c, \
         List<Contact> scope) {\n    }\n    public void finish(Database.BatchableContext c) {\n    }\n}\n",
    );
    let queueable =
        job("Sync", "implements Queueable {\n    public void execute(QueueableContext c) {\n    }\n}\n");
    let poller = job(
        "MinutePoller",
        "implements Schedulable {\n    public void execute(SchedulableContext c) {\n    }\n}\n",
    );
    let trigger = "trigger Cases on Case (after update) {\n    System.enqueueJob(new Sync());\n}\n";
    let config = format!(
        "{ENTERPRISE}volumes:\n  job:NightlyBatch.rows: 2000000/day\n  Case.update: 20000/day\n  \
         job:MinutePoller.runs: 1440/day\n"
    );
    let budget = budget(
        &[
            (&batch.0, &batch.1),
            (&queueable.0, &queueable.1),
            (&poller.0, &poller.1),
            ("force-app/main/default/triggers/Cases.trigger", trigger),
            ("seamlint.yml", &config),
        ],
        &[],
    );
    let (least, most, percent) = figures(&budget, "async executions");
    assert_eq!((least, most), (31_442.0, 31_442.0));
    about(percent, 12.577);
}

#[test]
fn what_starts_itself_again_is_said_and_not_followed() {
    let publisher = "trigger Accounts on Account (after update) {\n    List<Changed__e> events = new List<Changed__e>();\n    \
                     for (Account a : Trigger.new) {\n        events.add(new Changed__e());\n    }\n    EventBus.publish(events);\n}\n";
    let subscriber = "trigger Changed on Changed__e (after insert) {\n    List<Account> accounts = new List<Account>();\n    \
                      for (Changed__e e : Trigger.new) {\n        accounts.add(new Account());\n    }\n    update accounts;\n}\n";
    let config = format!("{ENTERPRISE}volumes:\n  Account.update: 100/day\n");
    let budget = budget(
        &[
            (&event("Changed__e"), EVENT),
            ("force-app/main/default/triggers/Accounts.trigger", publisher),
            ("force-app/main/default/triggers/Changed.trigger", subscriber),
            ("seamlint.yml", &config),
        ],
        &[],
    );
    let loops = budget["loops"].as_array().unwrap();
    assert_eq!(loops.len(), 1, "{budget:#}");
    assert_eq!(loops[0]["gain"], 1.0);
    assert!(loops[0]["entry_point"].as_str().unwrap().contains("Changed"), "{budget:#}");
}

#[test]
fn calls_to_a_system_are_compared_with_what_it_stands() {
    let trigger = "trigger Orders on Order (after insert) {\n    for (Order o : Trigger.new) {\n        Push.one(o.Id);\n    }\n}\n";
    let class = "public class Push {\n    @future(callout=true)\n    public static void one(Id id) {\n        \
                 HttpRequest request = new HttpRequest();\n        request.setEndpoint('callout:ERP/orders');\n        \
                 request.setMethod('POST');\n        new Http().send(request);\n    }\n}\n";
    let config = format!(
        "{ENTERPRISE}systems: {{erp: {{named_credentials: [ERP], max_calls_day: 1000}}}}\nvolumes:\n  \
         Order.create: {{per_day: 2000, per_tx: 20}}\n"
    );
    let budget = budget(
        &[
            ("force-app/main/default/triggers/Orders.trigger", trigger),
            ("force-app/main/default/classes/Push.cls", class),
            ("seamlint.yml", &config),
        ],
        &[],
    );
    assert_eq!(figures(&budget, "calls to erp"), (2_000.0, 2_000.0, 200.0));
    // One `@future` for each of twenty orders; one for all would be a hundred.
    assert_eq!(figures(&budget, "async executions").1, 2_000.0);
    assert_eq!(after(&budget, "async executions"), 100.0);
}

#[test]
fn bulk_jobs_count_batches_and_a_few_requests() {
    let config = format!("{ENTERPRISE}volumes:\n  api:etl.BULK_Contact: {{per_day: 100000, per_tx: 500}}\n");
    let budget = budget(&[("seamlint.yml", &config)], &[]);
    assert_eq!(figures(&budget, "bulk batches").1, 200.0);
    assert_eq!(after(&budget, "bulk batches"), 10.0);
    assert_eq!(figures(&budget, "API requests").1, 1_000.0);
}

#[test]
fn conditions_leave_a_range_and_unknown_volumes_are_named() {
    let trigger = "trigger Cases on Case (after update) {\n    for (Case c : Trigger.new) {\n        \
                   if (c.IsEscalated) {\n            System.enqueueJob(new Sync());\n        }\n    }\n}\n";
    let config = format!("{ENTERPRISE}volumes:\n  Case.update: 500/day\n  Lead.update: 7/day\n");
    let budget = budget(
        &[
            (
                "force-app/main/default/classes/Sync.cls",
                "public class Sync implements Queueable {\n    public void execute(QueueableContext c) {\n    }\n}\n",
            ),
            ("force-app/main/default/triggers/Cases.trigger", trigger),
            ("seamlint.yml", &config),
        ],
        &[],
    );
    let (least, most, _) = figures(&budget, "async executions");
    assert_eq!((least, most), (0.0, 500.0));
    assert_eq!(budget["unmet_volumes"], serde_json::json!(["Lead.update"]));
}

#[test]
fn tables_show_causes_changes_and_what_is_missing() {
    let config = format!(
        "{ENTERPRISE}volumes:\n  Account.update: 20000/day\n  api:portal.GET_Account: 230000/day\n\
         external_subscribers: {{AccountChangeEvent: [crm, wms]}}\n"
    );
    let folder = project(&[CHANGE_EVENTS, ("seamlint.yml", &config)]);
    insta::assert_snapshot!("table", seamlint(folder.path(), &["budget"]).out);
    insta::assert_snapshot!("markdown", seamlint(folder.path(), &["budget", "-f", "markdown"]).out);
}

#[test]
fn without_volumes_it_says_what_to_declare() {
    let folder = folder(&[("sfdx-project.json", "{}")]);
    let run = seamlint(folder.path(), &["budget"]);
    assert_eq!(run.code, 0);
    assert!(run.out.contains("No volumes are declared"), "{}", run.out);
}
