//! Tests over all rule files, and of what is said about wrong ones.

use indexmap::IndexMap;

use super::explain::{explain, rules_table};
use super::registry::{RuleFile, built_in, built_in_files, load, parse};
use super::rule::{Default, Rule, RuleSet};
use crate::config::Settings;
use crate::finding::Finding;
use crate::report::progress::Progress;
use crate::scan::scan;

#[test]
fn the_built_in_rules_load() {
    let rules = match built_in() {
        Ok(rules) => rules,
        Err(errors) => panic!("{errors}"),
    };
    assert!(rules.rules.len() >= 45);
    assert!(rules.rules.is_sorted_by(|a, b| a.id < b.id));
    for rule in &rules.rules {
        assert!(rules.pattern(&rule.pattern).is_some(), "{}", rule.id);
        for text in [&rule.message, &rule.why, &rule.fix] {
            assert!(!text.contains("{limit:"), "{}: {text}", rule.id);
        }
        // The terminal shows the first sentence of it.
        assert!(rule.fix.starts_with(|c: char| c.is_uppercase()), "{}: {}", rule.id, rule.fix);
        let page = explain(&rules, &rule.id).expect("a page");
        assert!(page.starts_with(&format!("# {}\n", rule.title)));
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

/// Texts are filled from the limits table; a number of the platform in them would be a second copy.
#[test]
fn rule_texts_name_no_platform_number() {
    const NO_LIMITS: &[&str] = &["202", "400", "401", "409", "503", "5000"];
    for file in built_in_files() {
        // As written, before the limits are filled in.
        let Ok(rule) = serde_saphyr::from_str::<Rule>(&file.text) else { continue };
        for text in [&rule.message, &rule.why, &rule.fix] {
            let outside: String = text.split(['{', '}']).step_by(2).collect();
            let number = outside
                .split(|c: char| !c.is_ascii_digit() && c != ',')
                .map(|word| word.trim_matches(','))
                .find(|word| word.len() >= 3 && !NO_LIMITS.contains(word));
            assert_eq!(number, None, "{}: {text}", rule.id);
        }
    }
}

const GOOD: &str = "\
id: own-rule
title: Only the integration layer calls out
severity: warning
confidence: high
pattern: integration-layer
find:
  path:
    from: {entry: {not: [future, queueable]}, class: \"Order*\"}
    to: {effect: callout, api: http, in_class: {not: \"*Api\"}}
    unless: {guard: memo}
message: \"`{to.symbol}` calls {to.host|a system} itself ({limit:apex.callouts})\"
why: Because.
fix: Move it.
limits: [apex.callouts]
references: [https://example.com/decision-12]
examples:
  bad: {classes/A.cls: \"public class A {}\"}
  good: {classes/B.cls: \"public class B {}\"}
";

fn parsed(text: &str) -> Result<RuleSet, super::error::RuleErrors> {
    let mut files = built_in_files();
    files.push(RuleFile { name: "team/own-rule.yaml".to_owned(), text: text.to_owned() });
    parse(&files)
}

#[test]
fn a_rule_of_the_users_own_loads() {
    let rules = match parsed(GOOD) {
        Ok(rules) => rules,
        Err(errors) => panic!("{errors}"),
    };
    assert_eq!(
        rules.rule("own-rule").expect("the rule").message,
        "`{to.symbol}` calls {to.host|a system} itself (100)"
    );
}

/// What is said about the rule when `right` is replaced by `wrong`.
fn complaint(right: &str, wrong: &str) -> String {
    assert!(GOOD.contains(right), "{right}");
    match parsed(&GOOD.replacen(right, wrong, 1)) {
        Ok(_) => panic!("`{wrong}` loads"),
        Err(errors) => errors.to_string(),
    }
}

#[test]
fn mistakes_are_shown_at_their_place() {
    let mistakes = [
        ("severity: warning", "severty: warning"),
        ("severity: warning", "severity: bad"),
        ("title: Only", "titel: Only"),
        ("confidence: high\n", ""),
        ("id: own-rule", "id: Own Rule"),
        ("id: own-rule", "id: callout-in-loop"),
        ("pattern: integration-layer", "pattern: integration-layr"),
        ("path:", "paths:"),
        ("from:", "form:"),
        ("effect: callout", "effect: [callout, dmll]"),
        ("effect: callout, ", ""),
        ("effect: callout", "effect: {not: callout}"),
        ("effect: callout", "effect: dml"),
        ("api: http", "api: htpp"),
        ("api: http", "apis: http"),
        ("api: http", "api: []"),
        ("[future, queueable]", "[future, queuable]"),
        ("{not: [future, queueable]}", "{not: {not: future}}"),
        ("{not: [future, queueable]}", "{nto: future}"),
        ("guard: memo", "guard: anything"),
        ("class: \"Order*\"", "class: \"Order[\""),
        ("class: \"Order*\"", "event: after updat"),
        ("in_class: {not: \"*Api\"}", "class: [self, Other]"),
        ("{to.symbol}", "{to.symbl}"),
        ("{to.symbol}", "{site.symbol}"),
        ("{to.host|a system}", "{to.host}"),
        ("{limit:apex.callouts}", "{limit:apex.callout}"),
        ("{limit:apex.callouts})\"", "{limit:apex.callouts\""),
        ("limits: [apex.callouts]", "limits: [apex.calouts]"),
        ("https://example.com", "http://example.com"),
        ("classes/B.cls", "classes/B.cl"),
        ("  good: {classes/B.cls: \"public class B {}\"}\n", "  good: {}\n"),
        ("why: Because.", "why: Because.\nwhy: Again."),
        ("why: Because.", "why: [Because."),
        ("why: Because.", "why:"),
        ("find:\n", "find:\n  site: {effect: callout}\n"),
        (GOOD, ""),
        (GOOD, "just text"),
    ];
    let mut all = String::new();
    for (right, wrong) in mistakes {
        let short = |text: &str| text.lines().next().unwrap_or("").to_owned();
        all.push_str(&format!("# `{}` becomes `{}`\n\n", short(right), short(wrong)));
        all.push_str(&complaint(right, wrong));
        all.push_str("\n\n");
    }
    insta::assert_snapshot!(all);
}

#[test]
fn costs_and_severities_are_checked_too() {
    let path = GOOD.split("find:\n").nth(1).and_then(|rest| rest.split("message:").next()).expect("find");
    let with =
        |find: &str| GOOD.replace(path, find).replace("{to.symbol}", "x").replace("{to.host|a system}", "y");
    let mut all = String::new();
    for find in [
        "  cost: {of: {effect: callout}, above: apex.calouts}\n",
        "  cost: {of: {effect: callout}, above: 170% of apex.callouts}\n",
        "  cost: {of: {effect: callout}, above: 1, grows_with: entry-batch}\n",
        "  cost: {of: {effect: callout}, grows_with: [entrybatch]}\n",
        "  site: {effect: enqueue, class: self}\n",
        "  order: {first: {effect: dml}, then: {effect: callout}, across: loop}\n",
        "  []\n",
        "  cost: {of: {effect: callout}}\nseverity_when:\n  - {at_most: many, severity: note}\n",
        "  cost: {of: {effect: callout}}\nseverity_when:\n  - {certainty: maybe, severity: note}\n",
        "  cycle: {through: publsh}\n",
        "  cycle: {through: dml, unless: {guard: anything}}\n",
        "  cycle: {through: dml, length: 2}\n",
        "  component: {type: platform-evnt, subscribers: 0}\n",
        "  component: {subscribers: 0}\n",
        "  component: {type: {not: channel}}\n",
        "  component: {type: platform-event, subscriber: 0}\n",
        "  component: {type: platform-event, subscribers: none}\n",
        "  component: {type: platform-event, subscribers: {over: 3}}\n",
        "  component: {type: platform-event, subscribers: {above: cdc.entitis}}\n",
        "  component: {type: platform-event, publish-behavior: {above: 3}}\n",
        "  component: {type: platform-event, publish-behavior: later}\n",
        "  component: {type: channel, publish-behavior: immediately}\n",
        "  component: {type: platform-event, unless: {publisher: 0}}\n",
        "  cost: {of: {effect: callout}}\nseverity_when:\n  - {component: {publishers: 0}, severity: note}\n",
        "  cost: {of: {effect: callout}}\nseverity_when:\n  - {site: {effect: callot}, severity: note}\n",
    ] {
        match parsed(&with(find)) {
            Ok(_) => panic!("{find} loads"),
            Err(errors) => all.push_str(&format!("{errors}\n\n")),
        }
    }
    insta::assert_snapshot!(all);
    let fine = "  cost: {of: {effect: callout}, above: 70% of apex.soql_queries}\n";
    assert!(parsed(&with(fine)).is_ok());
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut bomb = String::from("a: &a [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let (this, last) = ((b'a' + level) as char, (b'a' + level - 1) as char);
        let list = vec![format!("*{last}"); 9].join(", ");
        bomb.push_str(&format!("{this}: &{this} [{list}]\n"));
    }
    for text in [bomb.clone(), format!("why: &w [{}]\n", "[".repeat(10_000)), format!("find: [{bomb}]")] {
        let started = std::time::Instant::now();
        assert!(parsed(&text).is_err());
        assert!(started.elapsed().as_secs() < 5);
    }
    let mut aliased = String::from("id: &a x\ninstead: [");
    aliased.push_str(&vec!["*a"; 5_000].join(", "));
    aliased.push_str("]\n");
    insta::assert_snapshot!(parsed(&aliased).expect_err("too many aliases").to_string());
}

#[test]
fn rule_files_are_read_from_a_folder() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("own.yml"), GOOD).expect("written");
    std::fs::write(folder.path().join("notes.txt"), "not a rule").expect("written");
    let rules = load(&[folder.path().to_path_buf()]).expect("rules");
    assert!(rules.rule("own-rule").is_some());
    std::fs::write(folder.path().join("same.yaml"), GOOD).expect("written");
    let errors = load(&[folder.path().to_path_buf()]).expect_err("twice the same id").to_string();
    assert!(errors.contains("there already is a rule `own-rule`"), "{errors}");
    assert!(errors.contains("own.yml"), "{errors}");
    let missing = load(&[folder.path().join("missing")]).expect_err("no folder").to_string();
    assert!(missing.contains("cannot read the rules"), "{missing}");
    std::fs::write(folder.path().join("same.yaml"), [0xff, 0xfe, 0x00]).expect("written");
    assert!(load(&[folder.path().to_path_buf()]).is_err());
}

#[test]
fn a_rule_is_explained() {
    let rules = built_in().expect("rules");
    insta::assert_snapshot!("explain_rule", explain(&rules, "enqueue-per-record").expect("a page"));
    insta::assert_snapshot!("explain_pattern", explain(&rules, "request-response").expect("a page"));
    insta::assert_snapshot!("rules_table", rules_table(&rules));
    assert_eq!(explain(&rules, "callout-in-lop"), Err(Some("callout-in-loop".to_owned())));
    assert_eq!(explain(&rules, "zzzzzz"), Err(None));
}

/// Scans the files of one example as a project of its own.
fn scan_files(files: &IndexMap<String, String>, rules: &RuleSet) -> Vec<Finding> {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }
    let file = folder.path().join("seamlint.yml");
    let settings = match file.exists() {
        true => crate::config::read(&file).expect("the configuration is right").settings(),
        false => Settings::default(),
    };
    let scan = scan(&[folder.path().to_owned()], rules, &settings, &Progress::new(false)).expect("a scan");
    assert_eq!(scan.statistics.syntax_errors, 0, "{files:#?}");
    scan.findings
}

/// Every bad example shows its rule, and in the good ones there is nothing to find at all.
#[test]
fn every_rule_example_is_told_apart() {
    let rules = built_in().expect("rules");
    let mut wrong = Vec::new();
    for rule in &rules.rules {
        let mut with_this = rules.clone();
        let own = with_this.rules.iter_mut().find(|own| own.id == rule.id).expect("it is there");
        own.default = Default::On;
        let scan_examples = |files: &IndexMap<String, String>| scan_files(files, &with_this);
        if !scan_examples(&rule.examples.bad).iter().any(|finding| finding.rule == rule.id) {
            wrong.push(format!("{}: the bad example is not found", rule.id));
        }
        for finding in scan_examples(&rule.examples.good) {
            wrong.push(format!("{}: the good example has {}: {}", rule.id, finding.rule, finding.message));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_rule_in_the_documentation_loads_and_works() {
    let page = include_str!("../../docs/writing-rules.md");
    let text = page.split("```yaml\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a rule");
    let rules = match parsed(text) {
        Ok(rules) => rules,
        Err(errors) => panic!("{errors}"),
    };
    let rule = rules.rule("only-integration-calls-out").expect("the rule");
    let found =
        |files| scan_files(files, &rules).into_iter().filter(|finding| finding.rule == rule.id).count();
    assert_eq!((found(&rule.examples.bad), found(&rule.examples.good)), (1, 0));

    let block =
        |n| page.split("```yaml\n").nth(n).and_then(|rest| rest.split("```").next()).expect("a block");
    let (head, rest) = GOOD.split_once("find:\n").expect("a query");
    let tail = &rest[rest.find("message:").expect("a message")..];
    let text = format!("{head}{}{}", block(2), tail.replace("{to.symbol}", "{item.subscribers|x}"));
    if let Err(errors) = parsed(&text.replace("{to.host|a system}", "{item.label}")) {
        panic!("{errors}");
    }

    let when = block(3);
    let text = GOOD.replace("severity: warning\n", when);
    if let Err(errors) = parsed(&text) {
        panic!("{errors}");
    }
}
