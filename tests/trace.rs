//! `--explain-analysis`: what a doubted finding rests on, as the program tells it.

mod support;

use std::path::Path;
use std::process::Command;

use support::{folder as project, repository};

/// Exit code, and all that was said.
fn explain(project: &Path, which: &str) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_seamlint"))
        .arg(project)
        .args(["--explain-analysis", which])
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
    (output.status.code().unwrap(), said)
}

fn told(project: &Path, which: &str) -> String {
    let (code, said) = explain(project, which);
    assert_eq!(code, 0, "{said}");
    said
}

#[test]
fn each_step_of_the_example_says_what_it_rests_on() {
    let said = told(&repository("examples/orders"), "sync-callout-in-trigger:CarrierClient.cls:22");
    for line in [
        "error[sync-callout-in-trigger] force-app/main/default/classes/CarrierClient.cls:22:33",
        "    entry    the platform starts a transaction here (trigger)",
        "    decided  line 3: `Trigger.isInsert` is never true here",
        " 3  calls ShippingService.bookPickup",
        "    call     the class that the object was created as is known, so there is one method → high confidence",
        "    guard    line 22: only where `!packed.isEmpty()` is true: read as a test that there is something to do",
        "confidence: high",
    ] {
        assert!(said.lines().any(|said| said == line), "{line}\n{said}");
    }
    assert!(!said.contains("callout-dml-interleaved-loop"), "{said}");
}

#[test]
fn a_finding_is_named_by_its_fingerprint_or_its_place() {
    let orders = repository("examples/orders");
    let by_rule = told(&orders, "sync-callout-in-trigger");
    let fingerprint = by_rule.lines().find_map(|line| line.trim().strip_prefix("fingerprint ")).unwrap();
    for which in [
        fingerprint,
        &fingerprint[..8],
        "sync-callout-in-trigger:force-app/main/default/classes/CarrierClient.cls",
    ] {
        assert_eq!(told(&orders, which), by_rule, "{which}");
    }
    for which in
        ["no-such-rule", "sync-callout-in-trigger:CarrierClient.cls:1", "sync-callout-in-trigger:Client.cls"]
    {
        let (code, said) = explain(&orders, which);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains(&format!("there is no finding `{which}`")), "{said}");
    }
}

#[test]
fn loops_are_told_with_their_bound() {
    let said = told(&repository("examples/orders"), "callout-dml-interleaved-loop");
    assert!(said.contains("in a loop over the batch scope, which grows with the data: `for ("), "{said}");
}

#[test]
fn doubtful_calls_and_decisions_are_named() {
    let folder = project(&[
        ("classes/Sender.cls", "public abstract class Sender { public abstract void send(); }"),
        (
            "classes/Fast.cls",
            "public class Fast extends Sender { public override void send() { new Http().send(new HttpRequest()); } }",
        ),
        (
            "classes/Slow.cls",
            "public class Slow extends Sender { public override void send() { Integer i = 0; } }",
        ),
        (
            "classes/Service.cls",
            "public class Service {\n\
             \x20   public static Sender pick(String name) {\n\
             \x20       if (name == 'a') { return new Fast(); }\n\
             \x20       return new Slow();\n\
             \x20   }\n\
             \x20   public static void run(String name) {\n\
             \x20       acme.Billing.post(name);\n\
             \x20       acme.Billing.post('x');\n\
             \x20       acme.Log.write(name);\n\
             \x20       pick(name).send();\n\
             \x20   }\n\
             }\n",
        ),
        (
            "triggers/Orders.trigger",
            "trigger Orders on Order (after insert) { Service.run(Trigger.new[0].Name); }",
        ),
    ]);
    let said = told(folder.path(), "sync-callout-in-trigger");
    assert!(
        said.contains(
            "the subclasses that the project creates have 2 methods that it can be, 2 receivers → medium confidence"
        ),
        "{said}"
    );
    assert!(said.contains("confidence: medium"), "{said}");
    assert!(said.contains("        3 go to code that is not here"), "{said}");
    let most = said.find("        2 acme.Billing.post").expect(&said);
    let least = said.find("        1 acme.Log.write").expect(&said);
    assert!(most < least, "{said}");
}

#[test]
fn a_framework_that_dispatches_is_named() {
    for (fixture, framework) in
        [("tdtm", "TDTM"), ("trigger-actions", "Trigger Actions Framework"), ("fflib-domain", "fflib")]
    {
        let said = told(&repository("fixtures/frameworks").join(fixture), "sync-callout-in-trigger");
        assert!(
            said.contains(&format!("{framework} calls it, as it is configured → high confidence")),
            "{said}"
        );
    }
}

#[test]
fn text_of_the_project_cannot_steer_the_terminal() {
    let folder = project(&[(
        "triggers/Orders.trigger",
        "trigger Orders on Order (after insert) { if (UserInfo.getName() != '\u{1b}[31m') { new Http().send(new HttpRequest()); } }",
    )]);
    let said = told(folder.path(), "sync-callout-in-trigger");
    assert!(said.contains("guard") && !said.contains('\u{1b}'), "{said:?}");
}
