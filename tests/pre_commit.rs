//! The hooks in `.pre-commit-hooks.yaml`, run by the real pre-commit. Not part of a plain `cargo test`,
//! which needs nothing but Rust: `.ci/run` runs them, with PRE_COMMIT naming the program.
#![cfg(unix)]

use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

const BAD: &str = "trigger Orders on Order (after insert) { new Http().send(new HttpRequest()); }\n";
const GOOD: &str = "trigger Orders on Order (after insert) { Integer i = 0; }\n";
const RULE: &str = "sync-callout-in-trigger";

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn pre_commit() -> OsString {
    std::env::var_os("PRE_COMMIT").unwrap_or_else(|| "pre-commit".into())
}

/// A git repository with a home of its own for pre-commit, so that nothing of the machine is used or
/// left behind.
struct Repository {
    folder: TempDir,
    cache: TempDir,
}

impl Repository {
    fn new() -> Repository {
        let repository =
            Repository { folder: tempfile::tempdir().unwrap(), cache: tempfile::tempdir().unwrap() };
        repository.done("git", &["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Whether it succeeded, and all that it said.
    fn run(&self, program: impl AsRef<OsStr>, arguments: &[&str]) -> (bool, String) {
        let program = program.as_ref();
        // The hook of the installed program finds the one that was built here.
        let built = Path::new(env!("CARGO_BIN_EXE_seamlint")).parent().unwrap().to_owned();
        let known = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths([built].into_iter().chain(std::env::split_paths(&known))).unwrap();
        let output = Command::new(program)
            .args(arguments)
            .current_dir(self.path())
            .env("PATH", path)
            .env("PRE_COMMIT_HOME", self.cache.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .envs([("GIT_AUTHOR_NAME", "A"), ("GIT_AUTHOR_EMAIL", "a@example.com")])
            .envs([("GIT_COMMITTER_NAME", "A"), ("GIT_COMMITTER_EMAIL", "a@example.com")])
            // What the hook builds is thrown away: build it fast, and beside what is built already.
            .env("CARGO_TARGET_DIR", here("target/pre-commit"))
            .envs([("CARGO_PROFILE_RELEASE_OPT_LEVEL", "0"), ("CARGO_PROFILE_RELEASE_LTO", "off")])
            .envs([("CARGO_PROFILE_RELEASE_DEBUG", "false"), ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16")])
            .output()
            .unwrap_or_else(|error| panic!("cannot run {}: {error}", program.display()));
        let said = [output.stdout, output.stderr].map(|text| String::from_utf8_lossy(&text).into_owned());
        (output.status.success(), said.concat())
    }

    fn done(&self, program: impl AsRef<OsStr>, arguments: &[&str]) -> String {
        let (success, said) = self.run(program, arguments);
        assert!(success, "{arguments:?}: {said}");
        said
    }
}

#[test]
#[ignore = "needs pre-commit"]
fn a_commit_with_a_new_finding_is_stopped_and_any_other_goes_through() {
    let hooks = Repository::new();
    hooks.write(".pre-commit-hooks.yaml", &fs::read_to_string(here(".pre-commit-hooks.yaml")).unwrap());
    hooks.done("git", &["add", "."]);
    hooks.done("git", &["commit", "--quiet", "-m", "hooks"]);
    let revision = hooks.done("git", &["rev-parse", "HEAD"]);

    let project = Repository::new();
    project.write(
        ".pre-commit-config.yaml",
        &format!(
            "repos:\n  - repo: {}\n    rev: {}\n    hooks:\n      - id: seamlint-system\n",
            hooks.path().display(),
            revision.trim()
        ),
    );
    project.write("README.md", "# Orders\n");
    project.write("force-app/triggers/Old.trigger", &BAD.replace("Orders", "Old"));
    project.done("git", &["add", "."]);
    project.done("git", &["commit", "--quiet", "-m", "as it was"]);
    project.done(pre_commit(), &["install"]);

    // What is wrong elsewhere does not concern this commit.
    project.write("force-app/triggers/Orders.trigger", GOOD);
    project.done("git", &["add", "."]);
    let said = project.done("git", &["commit", "-m", "good"]);
    assert!(said.contains("Passed"), "{said}");

    project.write("force-app/triggers/Orders.trigger", BAD);
    project.done("git", &["add", "."]);
    let (success, said) = project.run("git", &["commit", "-m", "bad"]);
    assert!(!success && said.contains("Failed") && said.contains(RULE), "{said}");
    assert!(said.contains("Orders.trigger") && !said.contains("Old.trigger"), "{said}");

    // Another kind of file starts no scan.
    project.done("git", &["reset", "--quiet", "--hard"]);
    project.write("README.md", "# All orders\n");
    project.done("git", &["add", "."]);
    let said = project.done("git", &["commit", "-m", "read me"]);
    assert!(said.contains("Skipped"), "{said}");
}

#[test]
#[ignore = "needs pre-commit, builds seamlint"]
fn the_hook_that_builds_from_source_installs_and_finds() {
    let project = Repository::new();
    project.write("force-app/triggers/Orders.trigger", BAD);
    project.done("git", &["add", "."]);
    let source = here("");
    let arguments = ["try-repo", source.to_str().unwrap(), "seamlint", "--all-files"];
    let (success, said) = project.run(pre_commit(), &arguments);
    assert!(!success && said.contains(RULE), "{said}");
    project.write("force-app/triggers/Orders.trigger", GOOD);
    project.done(pre_commit(), &arguments);
}
