//! Completion scripts and manual pages, tried by the programs that read them.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

fn seamlint(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_seamlint")).args(args).output().unwrap()
}

fn text(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// What bash offers after `words`, the last of which is being typed.
#[cfg(unix)]
fn offered(script: &Path, words: &[&str]) -> Vec<String> {
    let program = r#"
        . "$1"; shift
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
        function=$(complete -p seamlint | sed 's/.*-F \([^ ]*\) .*/\1/')
        "$function" seamlint "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}" 2>/dev/null
        printf '%s\n' "${COMPREPLY[@]}"
    "#;
    let output = Command::new("bash")
        .args(["--norc", "-c", program, "bash"])
        .arg(script)
        .args(words)
        .output()
        .expect("bash is there");
    text(&output).lines().map(str::to_owned).collect()
}

#[cfg(unix)]
#[test]
fn bash_completes_commands_options_and_values() {
    let folder = tempfile::tempdir().unwrap();
    let script = folder.path().join("seamlint.bash");
    fs::write(&script, text(&seamlint(&["completions", "bash"]))).unwrap();
    assert_eq!(offered(&script, &["seamlint", "expl"]), ["explain"]);
    assert_eq!(offered(&script, &["seamlint", "scan", "--fail"]), ["--fail-on"]);
    assert_eq!(offered(&script, &["seamlint", "scan", "--fail-on", "w"]), ["warning"]);
    assert_eq!(offered(&script, &["seamlint", "completions", "z"]), ["zsh"]);
}

#[test]
fn every_shell_has_a_script() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = text(&seamlint(&["completions", shell]));
        assert!(script.contains("seamlint") && script.contains("--fail-on"), "{shell}");
    }
    assert_eq!(seamlint(&["completions", "cmd"]).status.code(), Some(2));
}

#[test]
fn the_manual_has_a_page_for_the_program_and_for_each_command() {
    let page = text(&seamlint(&["man"]));
    assert!(page.contains(".TH seamlint 1"), "{page}");
    assert!(page.contains("Exit codes"), "{page}");
    let folder = tempfile::tempdir().unwrap();
    let pages = folder.path().join("man1");
    text(&seamlint(&["man", "--dir", pages.to_str().unwrap()]));
    for page in ["seamlint.1", "seamlint-scan.1", "seamlint-lsp.1"] {
        assert!(fs::read_to_string(pages.join(page)).unwrap().contains(".SH"), "{page}");
    }
}
