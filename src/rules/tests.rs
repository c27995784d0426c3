//! Tests over all rule files, and of what is said about wrong ones.

use super::registry::{built_in, built_in_files};

#[test]
fn the_built_in_rules_load() {
    let rules = match built_in() {
        Ok(rules) => rules,
        Err(errors) => panic!("{errors}"),
    };
    assert_eq!(rules.rules.len(), 30);
    assert!(rules.rules.is_sorted_by(|a, b| a.id < b.id));
    for rule in &rules.rules {
        assert!(rules.pattern(&rule.pattern).is_some(), "{}", rule.id);
        for text in [&rule.message, &rule.why, &rule.fix] {
            assert!(!text.contains("{limit:"), "{}: {text}", rule.id);
        }
    }
}

#[test]
fn a_rule_file_is_named_after_its_rule() {
    let rules = built_in().expect("rules");
    let mut names: Vec<_> = built_in_files().into_iter().map(|file| file.name).collect();
    names.retain(|name| !name.ends_with("patterns.yaml") && !name.ends_with("limits.yaml"));
    let expected: Vec<_> = rules.rules.iter().map(|rule| format!("rules/{}.yaml", rule.id)).collect();
    assert_eq!(names, expected);
}
