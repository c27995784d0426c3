use insta::assert_snapshot;
use seamlint::finding::Severity;
use seamlint::report::Format;

use crate::consumers::{Element, junit};
use crate::world::{SHOWN, World, callout, hostile, many};

fn read(world: &World) -> Element {
    junit(&world.text(Format::JUnit)).unwrap()
}

/// Tests, failures and tests that were skipped, as they stand in the report.
fn numbers(root: &Element) -> (usize, usize, usize) {
    (root.all("testcase").len(), root.all("failure").len(), root.all("skipped").len())
}

#[test]
fn a_path_across_files() {
    assert_snapshot!(callout().text(Format::JUnit));
}

#[test]
fn rules_without_findings_pass() {
    // Three rules, and that all files parse.
    assert_eq!(numbers(&read(&World::new(&[]))), (4, 0, 0));
    assert_eq!(numbers(&read(&callout())), (4, 1, 0));
}

#[test]
fn what_does_not_fail_the_build_is_skipped() {
    let mut world = callout();
    world.findings[0].severity = Severity::Warning;
    assert_eq!(numbers(&read(&world)), (4, 0, 1));
}

#[test]
fn the_counts_are_right() {
    let mut world = hostile();
    world.findings.extend(many(5).findings);
    let root = read(&world);
    let (tests, failures, _) = numbers(&root);
    assert_eq!((root.get("tests"), root.get("failures")), (&*tests.to_string(), &*failures.to_string()));
    for suite in root.all("testsuite") {
        let (tests, failures, skipped) = numbers(suite);
        assert_eq!(suite.get("tests"), tests.to_string());
        assert_eq!(suite.get("failures"), failures.to_string());
        assert_eq!(suite.get("skipped"), skipped.to_string());
    }
}

/// A server follows a test by its class and name.
#[test]
fn names_differ_and_hold_no_line() {
    let names = |world: &World| -> Vec<String> {
        read(world)
            .all("testcase")
            .iter()
            .map(|case| case.get("classname").to_owned() + case.get("name"))
            .collect()
    };
    let mut found = names(&many(4));
    assert!(found.iter().all(|name| !name.contains(":6")), "{found:?}");
    found.sort();
    let all = found.len();
    found.dedup();
    assert_eq!(found.len(), all);
}

#[test]
fn hostile_text_is_shown() {
    let root = read(&hostile());
    let failure = root.all("failure")[0];
    assert_eq!(failure.get("message"), SHOWN);
    let place = format!("=main/{SHOWN}.cls:6:11 error: {SHOWN}\n");
    assert!(failure.text.starts_with(&place), "{}", failure.text);
    assert!(
        root.all("testcase").iter().any(|case| case.get("name") == format!("=main/{SHOWN}.cls: {SHOWN}"))
    );
}

#[test]
fn the_schema_test_can_fail() {
    let good = callout().text(Format::JUnit);
    for (from, to) in [
        ("<testcase name=", "<testcase label="),
        (" failures=\"1\"", ""),
        ("<failure type=", "<failure file=\"a\" type="),
        ("</testsuites>", ""),
    ] {
        assert!(good.contains(from), "{from}");
        assert!(junit(&good.replace(from, to)).is_err(), "{to}");
    }
}
