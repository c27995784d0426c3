//! Every format as the program writes it, read back by what its consumers use.

mod consumers;
mod support;

use std::fs;
use std::path::Path;

use assert_cmd::Command;
use insta::assert_snapshot;
use support::{copy, repository};
use tempfile::TempDir;

const FORMATS: [&str; 9] =
    ["terminal", "json", "sarif", "github", "gitlab", "junit", "checkstyle", "markdown", "csv"];

/// Writes all formats of one scan to a folder: `terminal`, `json`, …. Without the summary line of the
/// terminal, which says how long it took.
fn write_all(project: &Path, arguments: &[&str]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_seamlint"));
    command.arg(project).arg("--quiet").args(arguments).current_dir(folder.path());
    for format in FORMATS {
        command.args(["-o", &format!("{format}={format}")]);
    }
    let output = command.output().unwrap();
    assert!(matches!(output.status.code(), Some(0 | 1)), "{output:?}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    folder
}

fn read(folder: &TempDir, format: &str) -> String {
    fs::read_to_string(folder.path().join(format)).unwrap()
}

/// The example outside of any git repository, so that its paths do not depend on where it is.
fn orders() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(&repository("examples/orders"), folder.path());
    folder
}

#[test]
fn the_example_in_every_format() {
    let project = orders();
    let written = write_all(project.path(), &["--only", "sync-callout-in-trigger,publish-result-ignored"]);
    for format in ["github", "gitlab", "junit", "checkstyle", "markdown", "csv"] {
        let text = read(&written, format);
        // How much was seen is not the format's.
        let text = text.split("<sub>").next().unwrap();
        assert_snapshot!(format, text);
    }
}

#[test]
fn every_consumer_reads_every_finding() {
    for path in ["examples/orders", "fixtures"] {
        let written = write_all(&repository(path), &[]);
        let json: serde_json::Value = serde_json::from_str(&read(&written, "json")).unwrap();
        let all = json["findings"].as_array().unwrap().len() + json["problems"].as_array().unwrap().len();
        assert!(all > 0);

        let github = read(&written, "github");
        let commands = github.lines().map(|line| consumers::workflow_command(line).expect(line));
        assert_eq!(commands.filter(|command| command.properties.contains_key("file")).count(), all);

        let issues = consumers::code_quality(&read(&written, "gitlab")).unwrap();
        let mut fingerprints: Vec<_> = issues.iter().map(|issue| issue["fingerprint"].to_string()).collect();
        fingerprints.sort();
        fingerprints.dedup();
        assert_eq!(fingerprints.len(), all, "no two are the same to GitLab");

        let junit = consumers::junit(&read(&written, "junit")).unwrap();
        assert_eq!(junit.all("failure").len() + junit.all("skipped").len(), all);
        let checkstyle = consumers::checkstyle(&read(&written, "checkstyle")).unwrap();
        assert_eq!(checkstyle.all("error").len(), all);
        let csv = read(&written, "csv");
        assert_eq!(csv::Reader::from_reader(csv.as_bytes()).records().map(Result::unwrap).count(), all);
        assert!(read(&written, "markdown").len() < 65_536);
    }
}

#[test]
fn paths_are_those_of_the_git_repository() {
    let folder = tempfile::tempdir().unwrap();
    let project = folder.path().join("packages/crm");
    fs::create_dir_all(&project).unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    fs::write(
        project.join("Orders.trigger"),
        "trigger Orders on Order (after insert) { new Http().send(new HttpRequest()); }",
    )
    .unwrap();
    let written = write_all(&project, &[]);
    for format in ["sarif", "github", "gitlab", "junit", "checkstyle", "markdown", "csv"] {
        assert!(read(&written, format).contains("packages/crm/Orders.trigger"), "{format}");
    }
}

#[test]
fn the_same_bytes_on_every_run() {
    for path in ["fixtures", "examples/orders"] {
        let first = write_all(&repository(path), &["--threads", "1"]);
        for threads in ["1", "2", "8"] {
            let again = write_all(&repository(path), &["--threads", threads]);
            for format in FORMATS {
                assert!(
                    read(&first, format) == read(&again, format),
                    "{path} as {format}, {threads} threads"
                );
            }
        }
    }
}

/// Names and texts that a pull request of a stranger may hold.
#[cfg(unix)]
#[test]
fn a_hostile_project_in_every_format() {
    const NAME: &str = "@octocat ::error::`|\u{1b}[31m,%0A<b>\u{202e}\n=1";
    let folder = tempfile::tempdir().unwrap();
    let class = "public class Pay { @AuraEnabled public static void pay() { insert new Log__c();
        HttpRequest request = new HttpRequest();
        request.setEndpoint('http://x|y`<img src=x>\u{7f}%0A::error::z.example.com/@octocat');
        new Http().send(request); } }";
    fs::create_dir(folder.path().join(NAME)).unwrap();
    fs::write(folder.path().join(NAME).join("Pay.cls"), class).unwrap();
    fs::write(folder.path().join(NAME).join("Broken.cls"), "public class Broken { void a() { if \u{7} } }")
        .unwrap();
    let written = write_all(folder.path(), &[]);
    for format in FORMATS {
        let text = read(&written, format);
        assert!(!text.contains(|char: char| char.is_control() && char != '\n'), "{format}: {text:?}");
        assert!(text.contains("Pay.cls"), "{format}");
    }
    let all = serde_json::from_str::<serde_json::Value>(&read(&written, "json")).unwrap();
    let all = all["findings"].as_array().unwrap().len();
    assert!(all >= 3, "{all}");
    let github = read(&written, "github");
    for line in github.lines() {
        let command = consumers::workflow_command(line).expect(line);
        assert!(command.properties["file"].starts_with("@octocat ::error::`|␛[31m,%0A<b>"), "{line}");
    }
    assert_eq!(github.lines().count(), all);
    assert_eq!(consumers::code_quality(&read(&written, "gitlab")).unwrap().len(), all);
    let checkstyle = consumers::checkstyle(&read(&written, "checkstyle")).unwrap();
    assert_eq!(checkstyle.all("error").len(), all);
    for file in checkstyle.all("file") {
        assert!(file.get("name").starts_with("@octocat ::error::`|␛[31m,%0A<b>"), "{file:?}");
    }
    let junit = consumers::junit(&read(&written, "junit")).unwrap();
    assert!(junit.all("failure").iter().all(|failure| failure.text.starts_with("@octocat ::error::`|␛[31m")));
    assert!(!read(&written, "csv").contains("\n=1"), "a line break in a name starts no record");
}

/// The page that tells which format is for what knows all of them, and each command in it is one that runs.
#[test]
fn the_page_about_ci_is_true() {
    let page = fs::read_to_string(repository("docs/ci.md")).unwrap();
    for format in FORMATS {
        assert!(page.contains(&format!("| `{format}` |")), "{format}");
    }
    let commands: Vec<&str> = page
        .lines()
        .filter_map(|line| {
            line.split("seamlint ").nth(1).filter(|rest| rest.starts_with('-') && !rest.starts_with("-->"))
        })
        .map(|rest| rest.trim_end_matches(['\'', '`', '|', ' ']).split('`').next().unwrap())
        .collect();
    assert!(commands.len() >= 8, "{commands:?}");
    let folder = tempfile::tempdir().unwrap();
    for command in commands {
        let arguments =
            command.split_whitespace().map(|argument| argument.trim_matches('"').replace('$', ""));
        let output = Command::new(env!("CARGO_BIN_EXE_seamlint"))
            .arg(repository("examples/orders"))
            .args(arguments)
            .current_dir(folder.path())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(1), "seamlint {command}: {output:?}");
    }
}
