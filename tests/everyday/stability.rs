//! A finding stays the same when its code only looks different.

use std::fs;
use std::path::{Path, PathBuf};

use seamlint::config::Settings;
use seamlint::report::progress::Progress;
use seamlint::rules::registry;
use seamlint::rules::rule::RuleSet;
use seamlint::scan::scan;

use crate::rewrite::REWRITES;
use crate::support::{copy, seamlint};

/// Every Apex file below a folder.
fn apex(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            files.extend(apex(&path));
        } else if path.extension().is_some_and(|suffix| suffix == "cls" || suffix == "trigger") {
            files.push(path);
        }
    }
    files
}

/// Rule and fingerprint of all findings of a project.
fn fingerprints(project: &Path, rules: &RuleSet) -> Vec<String> {
    let scan = scan(&[project.to_path_buf()], rules, &Settings::default(), &Progress::new(false)).unwrap();
    let of = scan.findings.iter().map(|finding| format!("{} {}", finding.rule, finding.fingerprint));
    let mut all: Vec<String> = of.collect();
    all.sort();
    all
}

/// The projects to change: the example, the fixtures, and one more where a variable names it.
fn projects() -> Vec<PathBuf> {
    if let Some(project) = std::env::var_os("SEAMLINT_REWRITE") {
        return vec![PathBuf::from(project)];
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut projects = vec![root.join("examples/orders")];
    for group in ["frameworks", "traps", "scenarios"] {
        let folders = fs::read_dir(root.join("fixtures").join(group)).unwrap();
        projects.extend(folders.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()));
    }
    projects.sort();
    projects
}

#[test]
fn fingerprints_survive_changes_that_change_nothing() {
    let rules = registry::built_in().unwrap();
    let (mut compared, mut changed) = (0, [0; REWRITES.len()]);
    let mut different = Vec::new();
    for project in projects() {
        let before = fingerprints(&project, &rules);
        if before.is_empty() {
            continue;
        }
        compared += before.len();
        for (index, (name, rewrite)) in REWRITES.iter().enumerate() {
            let folder = tempfile::tempdir().unwrap();
            copy(&project, folder.path());
            for file in apex(folder.path()) {
                let Ok(text) = fs::read_to_string(&file) else { continue };
                let other = rewrite(&text);
                changed[index] += usize::from(other != text);
                fs::write(&file, other).unwrap();
            }
            let after = fingerprints(folder.path(), &rules);
            let lost = before.iter().filter(|finding| !after.contains(finding));
            let new = after.iter().filter(|finding| !before.contains(finding));
            let line =
                |sign: &str, finding: &String| format!("{sign} {finding} {}: {name}", project.display());
            different
                .extend(lost.map(|finding| line("-", finding)).chain(new.map(|finding| line("+", finding))));
        }
    }
    assert!(different.is_empty(), "of {compared} findings:\n{}", different.join("\n"));
    assert!(compared > 30, "{compared} findings were compared");
    assert!(changed.iter().all(|files| *files > 10), "each rewrite rewrites: {changed:?}");
}

#[test]
fn a_baseline_holds_for_code_that_only_looks_different() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/orders");
    for (name, rewrite) in REWRITES {
        let folder = tempfile::tempdir().unwrap();
        copy(&example, folder.path());
        assert_eq!(seamlint(folder.path(), &["baseline", "write"]).code, 0);
        for file in apex(folder.path()) {
            fs::write(&file, rewrite(&fs::read_to_string(&file).unwrap())).unwrap();
        }
        let check = seamlint(folder.path(), &["baseline", "check"]);
        assert!(
            check.code == 0 && check.out.contains("0 new") && check.out.contains("0 gone"),
            "{name}: {}",
            check.out
        );
    }
}
