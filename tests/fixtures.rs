//! Runs every fixture: a tiny project and, in `expected.yaml`, what must be said of it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use seamlint::config::Settings;
use seamlint::discover::{LineIndex, read_text};
use seamlint::finding::Severity;
use seamlint::report::progress::Progress;
use seamlint::rules::registry;
use seamlint::scan::scan;
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    #[allow(dead_code)]
    scenario: String,
    #[allow(dead_code)]
    why: String,
    rules: Rules,
    findings: Vec<Wanted>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Rules {
    Every(Every),
    Some(BTreeSet<String>),
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Every {
    All,
}

#[derive(Deserialize, Clone, Debug)]
#[serde(deny_unknown_fields)]
struct Wanted {
    rule: String,
    severity: Severity,
    file: String,
    line: usize,
    /// Symbols that the path passes, in this order; others may stand between them.
    #[serde(default)]
    path: Vec<String>,
}

fn fixtures() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let mut found = Vec::new();
    let mut todo = vec![root];
    while let Some(folder) = todo.pop() {
        if folder.join("expected.yaml").exists() {
            found.push(folder);
            continue;
        }
        let entries = fs::read_dir(&folder).expect("the folder of fixtures can be read");
        todo.extend(entries.flatten().map(|entry| entry.path()).filter(|path| path.is_dir()));
    }
    found.sort();
    assert!(found.len() > 150, "only {} fixtures were found", found.len());
    found
}

fn is_subsequence(wanted: &[String], symbols: &[String]) -> bool {
    let mut symbols = symbols.iter();
    wanted.iter().all(|name| symbols.any(|symbol| symbol.eq_ignore_ascii_case(name)))
}

/// What is wrong with one fixture; empty if nothing is.
fn failures(folder: &Path, rules: &seamlint::rules::rule::RuleSet) -> String {
    let text = fs::read_to_string(folder.join("expected.yaml")).expect("expected.yaml can be read");
    let expected: Expected = match serde_saphyr::from_str(&text) {
        Ok(expected) => expected,
        Err(error) => return format!("  expected.yaml: {error}\n"),
    };
    let settings = match folder.join("seamlint.yml") {
        file if file.exists() => {
            seamlint::config::read(&file).expect("the configuration is right").settings()
        }
        _ => Settings::default(),
    };
    let scan =
        scan(&[folder.to_path_buf()], rules, &settings, &Progress::new(false)).expect("the folder is there");
    let mut problems = String::new();
    let mut wanted = expected.findings.clone();
    for finding in &scan.findings {
        let under_test = match &expected.rules {
            Rules::Every(Every::All) => true,
            Rules::Some(ids) => ids.contains(&finding.rule),
        };
        if !under_test {
            continue;
        }
        let file = scan.project.file(finding.primary.file);
        let source = read_text(&file.absolute).expect("it was read before");
        let line = LineIndex::new(&source).line(finding.primary.span.start as usize);
        let symbols: Vec<String> = finding.path.iter().map(|step| step.symbol.clone()).collect();
        let position = wanted.iter().position(|want| {
            want.rule == finding.rule && file.path.ends_with(&want.file) && want.line == line
        });
        match position {
            Some(index) => {
                let want = wanted.remove(index);
                if want.severity != finding.severity {
                    let _ = writeln!(
                        problems,
                        "  {}:{line}: {} is {}, not {}",
                        file.path, finding.rule, finding.severity, want.severity
                    );
                }
                if !is_subsequence(&want.path, &symbols) {
                    let _ = writeln!(
                        problems,
                        "  {}:{line}: {} has the path {symbols:?}, not {:?}",
                        file.path, finding.rule, want.path
                    );
                }
            }
            None => {
                let _ = writeln!(
                    problems,
                    "  {}:{line}: unexpected {} {}: {} {symbols:?}",
                    file.path, finding.severity, finding.rule, finding.message
                );
            }
        }
    }
    for want in wanted {
        let _ = writeln!(problems, "  {}:{}: missing {} {}", want.file, want.line, want.severity, want.rule);
    }
    problems
}

#[test]
fn every_fixture_says_what_it_must() {
    let rules = registry::built_in().expect("the built-in rules are right");
    let only = std::env::var("FIXTURE").unwrap_or_default();
    let mut report = String::new();
    let mut failed = 0;
    for folder in fixtures() {
        if !folder.to_string_lossy().contains(&only) {
            continue;
        }
        let problems = failures(&folder, &rules);
        if !problems.is_empty() {
            failed += 1;
            let _ = writeln!(
                report,
                "{}\n{problems}",
                folder.strip_prefix(env!("CARGO_MANIFEST_DIR")).unwrap().display()
            );
        }
    }
    assert!(failed == 0, "{failed} fixtures fail:\n{report}");
}
