//! The scan step of `action.yml`, run as a runner does: the script with its environment in bash.
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

const BAD: &str = "trigger Orders on Order (after insert) { new Http().send(new HttpRequest()); }\n";

fn action() -> Value {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("action.yml");
    serde_saphyr::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

struct Run {
    folder: TempDir,
    code: Option<i32>,
    /// What the step told the runner.
    outputs: String,
    said: String,
}

/// Runs the step with these inputs; the others have their defaults.
fn run(inputs: &[(&str, &str)], files: &[(&str, &str)]) -> Run {
    let action = action();
    let steps = action["runs"]["steps"].as_array().unwrap();
    let step = steps.iter().find(|step| step["id"] == "scan").unwrap();
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let outputs = folder.path().join("github-output");
    let built = Path::new(env!("CARGO_BIN_EXE_seamlint")).parent().unwrap().display().to_string();
    let mut command = Command::new("bash");
    command
        .args(["--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"].as_str().unwrap()])
        .current_dir(folder.path())
        .env("PATH", format!("{built}:{}", std::env::var("PATH").unwrap()))
        .env("GITHUB_OUTPUT", &outputs);
    for (variable, value) in step["env"].as_object().unwrap() {
        let expression = value.as_str().unwrap();
        let input = expression.strip_prefix("${{ inputs.").and_then(|rest| rest.strip_suffix(" }}")).unwrap();
        let default = action["inputs"][input]["default"].as_str().unwrap();
        let given = inputs.iter().find(|(name, _)| *name == input);
        command.env(variable, given.map_or(default, |(_, value)| value));
    }
    let output = command.output().unwrap();
    Run {
        outputs: fs::read_to_string(&outputs).unwrap_or_default(),
        code: output.status.code(),
        said: [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned()).concat(),
        folder,
    }
}

#[test]
fn findings_fail_the_step_and_the_report_is_there_to_upload() {
    let run = run(&[], &[("force-app/triggers/Orders.trigger", BAD)]);
    assert_eq!(run.code, Some(1), "{}", run.said);
    assert!(run.said.contains("sync-callout-in-trigger"), "{}", run.said);
    assert_eq!(run.outputs, "exit-code=1\nsarif-file=seamlint.sarif\n");
    let report = fs::read_to_string(run.folder.path().join("seamlint.sarif")).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["version"], "2.1.0");
    assert_ne!(report["runs"][0]["results"], serde_json::json!([]));
}

#[test]
fn inputs_reach_the_scan_as_they_are() {
    let files = [("my app/triggers/Orders.trigger", BAD), ("$(touch hacked)/Clean.cls", "class Clean {}")];
    let inputs = [
        ("paths", "my app\n$(touch hacked)\n"),
        ("fail-on", "never"),
        ("args", "--color never  --threads 1"),
        ("sarif-file", "a report.sarif"),
    ];
    let run = run(&inputs, &files);
    assert_eq!(run.code, Some(0), "{}", run.said);
    assert!(run.folder.path().join("a report.sarif").is_file());
    assert!(!run.folder.path().join("hacked").exists());
}

#[test]
fn a_mistake_fails_the_step_and_leaves_nothing_to_upload() {
    let run = run(&[("paths", "nowhere")], &[]);
    assert_eq!(run.code, Some(2), "{}", run.said);
    assert_eq!(run.outputs, "exit-code=2\n");
}

#[test]
fn no_script_of_the_action_holds_an_input() {
    for step in action()["runs"]["steps"].as_array().unwrap() {
        assert!(!step["run"].as_str().unwrap_or_default().contains("${{"), "{step}");
    }
}
