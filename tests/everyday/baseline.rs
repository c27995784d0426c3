//! The baseline: known findings pass, new ones do not.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::{TRIGGER, copy, json, project, seamlint, write};

const FILE: &str = ".seamlint-baseline";
const NEW: &str = "force-app/triggers/New.trigger";

fn text(folder: &Path) -> String {
    fs::read_to_string(folder.join(FILE)).unwrap()
}

/// The entries of a baseline file, without its head.
fn entries(text: &str) -> Vec<&str> {
    text.lines().filter(|line| !line.starts_with('#')).collect()
}

/// A copy of the example project, whose many findings are known.
fn adopted() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/orders"), folder.path());
    let run = seamlint(folder.path(), &["baseline", "write"]);
    assert_eq!(run.code, 0, "{}", run.err);
    folder
}

#[test]
fn an_old_project_is_adopted_by_one_command_and_new_findings_fail() {
    let folder = adopted();
    let path = folder.path();
    let known = json(path, &["--no-baseline"])["findings"].as_array().unwrap().len();
    assert!(known > 5, "the example has findings");
    let baseline = text(path);
    assert_eq!(entries(&baseline).len(), known);
    let run = seamlint(path, &["--fail-on", "note"]);
    assert_eq!(run.code, 0, "{}", run.out);
    assert!(run.out.contains(&format!("{known} known from the baseline")), "{}", run.out);
    // It holds for a scan of a part, too.
    assert_eq!(seamlint(path, &["--fail-on", "note", "force-app/main/default/triggers"]).code, 0);

    write(path, NEW, &TRIGGER.replace("Orders", "Fresh"));
    let found = json(path, &[]);
    let files: Vec<&Value> = found["findings"].as_array().unwrap().iter().map(|each| &each["file"]).collect();
    assert!(!files.is_empty() && files.iter().all(|file| **file == NEW), "{files:?}");
    assert_eq!(seamlint(path, &[]).code, 1);
    let check = seamlint(path, &["baseline", "check"]);
    assert_eq!(check.code, 1);
    assert!(check.out.contains(&format!("new   sync-callout-in-trigger  {NEW}  Fresh")), "{}", check.out);

    let again = seamlint(path, &["baseline", "write"]);
    assert_eq!(again.code, 2, "{}", again.out);
    assert!(again.err.contains("--force") && text(path) == baseline, "{}", again.err);
    assert_eq!(seamlint(path, &["baseline", "write", "--force"]).code, 0);
    assert_eq!(seamlint(path, &["baseline", "check"]).code, 0);
}

#[test]
fn what_is_fixed_leaves_the_baseline() {
    let folder = adopted();
    let path = folder.path();
    write(path, NEW, &TRIGGER.replace("Orders", "Fresh"));
    seamlint(path, &["baseline", "write", "--force"]);
    let with_new = text(path);
    fs::remove_file(path.join(NEW)).unwrap();
    let scan = seamlint(path, &[]);
    assert!(scan.err.contains("`seamlint baseline update` removes"), "{}", scan.err);
    let part = seamlint(path, &["force-app/main/default/classes"]);
    assert!(!part.err.contains("not found any more"), "what was not looked for is not gone: {}", part.err);
    let check = seamlint(path, &["baseline", "check"]);
    assert_eq!(check.code, 1);
    assert!(check.out.contains(&format!("gone  sync-callout-in-trigger  {NEW}  Fresh")), "{}", check.out);
    let report = json(path, &["--report-baseline"]);
    assert!(report["gone"].as_array().unwrap().iter().all(|entry| entry["file"] == NEW));
    assert_eq!(
        report["known"].as_array().unwrap().len() + report["gone"].as_array().unwrap().len(),
        entries(&with_new).len()
    );
    assert_eq!(seamlint(path, &["baseline", "update"]).code, 0);
    let kept: Vec<&str> = entries(&with_new).into_iter().filter(|line| !line.contains(NEW)).collect();
    assert_eq!(entries(&text(path)), kept, "all other lines are as they were");
    // What is new does not become known.
    write(path, NEW, &TRIGGER.replace("Orders", "Fresh"));
    let update = seamlint(path, &["baseline", "update"]);
    assert!(update.out.contains("not in it"), "{}", update.out);
    assert_eq!(entries(&text(path)), kept);
}

#[test]
fn a_baseline_is_of_a_whole_project() {
    let folder = adopted();
    let run = seamlint(folder.path(), &["baseline", "update", "force-app"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("only a part of its project"), "{}", run.err);
}

#[test]
fn the_baseline_has_a_place_of_its_own_choice() {
    let folder = project(&[
        ("force-app/triggers/Orders.trigger", TRIGGER),
        ("seamlint.yml", "baseline: lint/known.txt\n"),
    ]);
    fs::create_dir(folder.path().join("lint")).unwrap();
    let missing = seamlint(folder.path(), &[]);
    assert_eq!(missing.code, 2);
    assert!(missing.err.contains("known.txt") && missing.err.contains("`seamlint baseline write` makes one"));
    assert_eq!(seamlint(folder.path(), &["baseline", "write"]).code, 0);
    assert_eq!(seamlint(folder.path(), &[]).code, 0);
    assert_eq!(seamlint(folder.path(), &["--no-baseline"]).code, 1);
    assert_eq!(seamlint(folder.path(), &["--baseline", "nowhere"]).code, 2);
}

#[test]
fn a_merge_conflict_is_shown_and_is_solved_by_keeping_both_sides() {
    let folder = adopted();
    let path = folder.path();
    let text = text(path);
    let lines = entries(&text);
    let head: Vec<&str> = text.lines().filter(|line| line.starts_with('#')).collect();
    let (ours, theirs) = (&lines[..2], &lines[1..3]);
    let conflict =
        [&head[..], &["<<<<<<< ours"], ours, &["======="], theirs, &[">>>>>>> theirs"], &lines[3..]].concat();
    write(path, FILE, &(conflict.join("\n") + "\n"));
    for arguments in [&[][..], &["baseline", "check"], &["baseline", "update"]] {
        let run = seamlint(path, arguments);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{arguments:?}");
        let place = format!("{FILE}:{}:1", head.len() + 1);
        assert!(run.err.contains(&place) && run.err.contains("<<<<<<< ours"), "{}", run.err);
    }
    let kept: Vec<&str> = conflict
        .into_iter()
        .filter(|line| !["<<<<<<<", "=======", ">>>>>>>"].iter().any(|mark| line.starts_with(mark)))
        .collect();
    write(path, FILE, &(kept.join("\n") + "\n"));
    assert_eq!(seamlint(path, &["baseline", "update"]).code, 0);
    assert_eq!(self::text(path), text);
}

#[test]
fn sarif_tells_new_from_known_and_gone() {
    let folder = adopted();
    let path = folder.path();
    let gone = "force-app/triggers/Gone.trigger";
    write(path, gone, &TRIGGER.replace("Orders", "Gone"));
    seamlint(path, &["baseline", "write", "--force"]);
    fs::remove_file(path.join(gone)).unwrap();
    write(path, NEW, &TRIGGER.replace("Orders", "Fresh"));
    let states = |arguments: &[&str]| -> BTreeSet<(String, bool)> {
        let run = seamlint(path, &[&["--format", "sarif"], arguments].concat());
        let log: Value = serde_json::from_str(&run.out).unwrap();
        let uri = |result: &Value| {
            let uri = &result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"];
            uri.as_str().unwrap().ends_with("New.trigger")
        };
        let results = log["runs"][0]["results"].as_array().unwrap();
        results.iter().map(|each| (each["baselineState"].as_str().unwrap().to_owned(), uri(each))).collect()
    };
    let state = |word: &str, new: bool| (word.to_owned(), new);
    assert_eq!(states(&[]), BTreeSet::from([state("new", true)]));
    let all = [state("new", true), state("unchanged", false), state("absent", false)];
    assert_eq!(states(&["--report-baseline"]), BTreeSet::from(all));
}
