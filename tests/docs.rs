//! The pages that are made from the rules: one a rule, a table of them, the patterns, and the table of
//! the fixtures.
//!
//! `UPDATE_DOCS=1 cargo test --test docs` writes them anew.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use seamlint::rules::explain::{pattern_markdown, rule_markdown};
use seamlint::rules::registry;
use seamlint::rules::rule::RuleSet;
use serde::Deserialize;

const MADE: &str =
    "<!-- Made from the rule files: `UPDATE_DOCS=1 cargo test --test docs`. Do not edit. -->\n\n";

const FIXTURES: &str = "fixtures/README.md";

/// What stands above the table of the fixtures is written by hand.
const TABLE: &str = "<!-- The table is made: `UPDATE_DOCS=1 cargo test --test docs`. -->\n\n";

/// What is read of an `expected.yaml`.
#[derive(Deserialize)]
struct Expected {
    rules: serde_json::Value,
    findings: Vec<Wanted>,
}

#[derive(Deserialize)]
struct Wanted {
    rule: String,
}

/// The table of the fixtures: of each rule, those that have findings of it, and those that must stay
/// silent although the rule is under test there.
fn fixtures(rules: &RuleSet) -> String {
    let page = fs::read_to_string(FIXTURES).expect(FIXTURES);
    let (head, _) = page.split_once(TABLE).expect("the mark above the table");
    let mut folders: Vec<(String, Expected)> = Vec::new();
    let mut todo = vec![Path::new("fixtures").to_path_buf()];
    while let Some(folder) = todo.pop() {
        if let Ok(text) = fs::read_to_string(folder.join("expected.yaml")) {
            let name = folder.strip_prefix("fixtures").unwrap().display().to_string();
            folders.push((name, serde_saphyr::from_str(&text).expect("expected.yaml")));
            continue;
        }
        let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
        todo.extend(entries.filter(|path| path.is_dir()));
    }
    folders.sort_by(|(a, _), (b, _)| a.cmp(b));
    let links = |names: &[&String]| {
        let shown: Vec<String> = names.iter().take(2).map(|name| format!("[{name}]({name})")).collect();
        let more = names.len().saturating_sub(shown.len());
        format!("{}{}", shown.join(", "), if more > 0 { format!(" and {more} more") } else { String::new() })
    };
    let mut table = "| rule | findings | silent |\n| --- | --- | --- |\n".to_owned();
    for rule in &rules.rules {
        let (mut bad, mut good) = (Vec::new(), Vec::new());
        for (name, expected) in &folders {
            let tested = expected
                .rules
                .as_array()
                .is_some_and(|rules| rules.iter().any(|tested| tested.as_str() == Some(&rule.id)));
            if expected.findings.iter().any(|wanted| wanted.rule == rule.id) {
                bad.push(name);
            } else if tested {
                good.push(name);
            }
        }
        let _ = writeln!(table, "| `{}` | {} | {} |", rule.id, links(&bad), links(&good));
    }
    format!("{head}{TABLE}{table}")
}

/// All pages, by their path.
fn pages(rules: &RuleSet) -> BTreeMap<String, String> {
    let mut pages = BTreeMap::new();
    for rule in &rules.rules {
        pages.insert(format!("docs/rules/{}.md", rule.id), format!("{MADE}{}", rule_markdown(rules, rule)));
    }
    pages.insert("docs/rules/README.md".to_owned(), index(rules));
    let patterns: Vec<String> =
        rules.patterns.iter().map(|pattern| pattern_markdown(rules, pattern)).collect();
    pages.insert("docs/patterns.md".to_owned(), format!("{MADE}{}", patterns.join("\n---\n\n")));
    pages.insert(FIXTURES.to_owned(), fixtures(rules));
    pages
}

/// The table of all rules, by the pattern that they belong to.
fn index(rules: &RuleSet) -> String {
    let mut page = format!(
        "{MADE}# Rules\n\n{} rules, by the [integration pattern](../patterns.md) that each belongs to. \
         `seamlint explain RULE` prints the same pages.\n",
        rules.rules.len()
    );
    for pattern in &rules.patterns {
        let own: Vec<_> = rules.rules.iter().filter(|rule| rule.pattern == pattern.id).collect();
        if own.is_empty() {
            continue;
        }
        let _ =
            write!(page, "\n## {}\n\n| rule | severity | what it finds |\n|---|---|---|\n", pattern.title);
        for rule in own {
            let _ = writeln!(page, "| [{0}]({0}.md) | {1} | {2} |", rule.id, rule.severity, rule.title);
        }
    }
    page
}

#[test]
fn the_pages_are_fresh() {
    let rules = registry::built_in().expect("the built-in rules");
    let pages = pages(&rules);
    let update = std::env::var_os("UPDATE_DOCS").is_some();
    if update {
        fs::create_dir_all("docs/rules").unwrap();
    }
    let mut stale = Vec::new();
    for (path, page) in &pages {
        if fs::read_to_string(path).ok().as_ref() == Some(page) {
            continue;
        }
        if update {
            fs::write(path, page).unwrap();
        } else {
            stale.push(path.clone());
        }
    }
    for entry in fs::read_dir("docs/rules").expect("docs/rules") {
        let path = format!("docs/rules/{}", entry.unwrap().file_name().to_string_lossy());
        if !pages.contains_key(&path) {
            if update {
                fs::remove_file(&path).unwrap();
            } else {
                stale.push(path);
            }
        }
    }
    assert!(stale.is_empty(), "run `UPDATE_DOCS=1 cargo test --test docs`: {stale:#?}");
}

/// Links between the pages of docs/ and to files of the repository lead somewhere.
#[test]
fn links_lead_somewhere() {
    let mut broken = Vec::new();
    let mut todo = vec![Path::new("docs").to_path_buf(), Path::new("README.md").to_path_buf()];
    while let Some(path) = todo.pop() {
        if path.is_dir() {
            todo.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            continue;
        }
        if path.extension().is_none_or(|extension| extension != "md") {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        for rest in text.split("](").skip(1) {
            let target = rest.split([')', '#', ' ']).next().unwrap_or_default();
            let elsewhere = target.is_empty() || target.contains("://") || target.starts_with("mailto:");
            let from = path.parent().unwrap_or(Path::new("."));
            if !elsewhere && !from.join(target).exists() {
                broken.push(format!("{}: {target}", path.display()));
            }
        }
    }
    broken.sort();
    assert!(broken.is_empty(), "{broken:#?}");
}
