//! Projects on disk, and the program run over them: what the tests that run the program share.

#![allow(dead_code, reason = "each test program uses a part of it")]

use std::fs;
use std::path::{Path, PathBuf};

use assert_cmd::Command;
use serde_json::Value;
use tempfile::TempDir;

/// A trigger whose save waits for an outside system: one `sync-callout-in-trigger`.
pub const TRIGGER: &str =
    "trigger Orders on Order (after insert) {\n    new Http().send(new HttpRequest());\n}\n";

/// A path in the repository of the program.
pub fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A folder with these files.
pub fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        write(folder.path(), path, text);
    }
    folder
}

/// A project with these files.
pub fn project(files: &[(&str, &str)]) -> TempDir {
    let folder = folder(files);
    write(folder.path(), "sfdx-project.json", r#"{"packageDirectories": [{"path": "force-app"}]}"#);
    folder
}

pub fn write(folder: &Path, path: &str, text: &str) {
    let path = folder.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// What a run of the program gave.
pub struct Run {
    pub code: i32,
    pub out: String,
    pub err: String,
}

/// Runs the program in `folder`.
pub fn seamlint(folder: &Path, arguments: &[&str]) -> Run {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seamlint"));
    command.timeout(std::time::Duration::from_secs(60)).env_remove("NO_COLOR").current_dir(folder);
    let output = command.args(arguments).output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// The JSON report of a run with these arguments.
pub fn json(folder: &Path, arguments: &[&str]) -> Value {
    let run = seamlint(folder, &[&["--format", "json"], arguments].concat());
    serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{error}\n{}\n{}", run.out, run.err))
}

/// "rule severity file:line" of each finding.
pub fn findings(folder: &Path, arguments: &[&str]) -> Vec<String> {
    json(folder, arguments)["findings"].as_array().unwrap().iter().map(line).collect()
}

fn line(finding: &Value) -> String {
    let text = |key: &str| finding[key].as_str().unwrap();
    format!("{} {} {}:{}", text("rule"), text("severity"), text("file"), finding["line"])
}

/// Copies a folder with all that is in it.
pub fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
