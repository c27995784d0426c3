use std::collections::BTreeSet;

use insta::assert_snapshot;
use seamlint::report::Format;

use crate::consumers::code_quality;
use crate::world::{SHOWN, World, callout, hostile, many};

#[test]
fn a_path_across_files() {
    assert_snapshot!(callout().text(Format::GitLab));
    assert_eq!(code_quality(&callout().text(Format::GitLab)).unwrap().len(), 1);
    assert_eq!(code_quality(&World::new(&[]).text(Format::GitLab)).unwrap().len(), 0);
}

#[test]
fn the_schema_test_can_fail() {
    let good = callout().text(Format::GitLab);
    for (from, to) in [
        ("\"critical\"", "\"fatal\""),
        ("\"begin\": 6", "\"begin\": 0"),
        ("\"path\": \"", "\"path\": \"./"),
        ("\"fingerprint\"", "\"finger\""),
    ] {
        assert!(good.contains(from));
        assert!(code_quality(&good.replace(from, to)).is_err(), "{to}");
    }
}

#[test]
fn hostile_text_is_shown() {
    let text = hostile().text(Format::GitLab);
    assert!(!text.chars().any(|char| char.is_control() && char != '\n'), "{text:?}");
    let issues = code_quality(&text).unwrap();
    assert_eq!(issues[0]["description"], SHOWN);
    let severities: Vec<&str> = issues.iter().map(|issue| issue["severity"].as_str().unwrap()).collect();
    assert_eq!(severities, ["critical", "info", "major", "info"]);
}

/// GitLab keeps one issue for each fingerprint.
#[test]
fn fingerprints_differ() {
    let mut world = many(3);
    world.findings[2].fingerprint = world.findings[1].fingerprint.clone();
    world.problem("a.cls", "cannot be read");
    world.problem("b.cls", "cannot be read");
    let issues = code_quality(&world.text(Format::GitLab)).unwrap();
    let fingerprints: BTreeSet<&str> =
        issues.iter().map(|issue| issue["fingerprint"].as_str().unwrap()).collect();
    assert_eq!(fingerprints.len(), 5, "{issues:#?}");
    assert_eq!(issues[0]["fingerprint"], world.findings[0].fingerprint, "the finding's own, where it can be");
}
