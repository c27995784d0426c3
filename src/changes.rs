//! Which files were changed: asked of git, which is there wherever commits are made.
//!
//! git is run without the network and without what a repository's own settings could make it run.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// What counts as a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Range {
    /// What is staged for the next commit.
    Staged,
    /// What this branch changed since it left `revision`, committed or not.
    Since(String),
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Range::Staged => "--staged",
            Range::Since(_) => "--since",
        })
    }
}

/// The files that were changed and are still there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Absolute, with symbolic links resolved.
    pub files: Vec<PathBuf>,
    /// Of the staged files those that were changed further since: what is read is not what is committed.
    pub changed_since: Vec<PathBuf>,
}

/// The changes in the repository around `path`.
///
/// # Errors
/// A sentence for the user: no git, no repository, a revision that is not there.
pub fn changes(path: &Path, range: &Range) -> Result<Changes, String> {
    let folder = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let top = Git { folder: folder.to_path_buf() }.top(range)?;
    let git = Git { folder: top };
    match range {
        Range::Staged => {
            let files = git.files(&["diff", "--cached", LISTED, NO_RENAMES, PRESENT, "-z"])?;
            let later = git.files(&["diff", LISTED, NO_RENAMES, PRESENT, "-z"])?;
            let changed_since = later.into_iter().filter(|file| files.contains(file)).collect();
            Ok(Changes { files, changed_since })
        }
        Range::Since(revision) => {
            let base = git.base(revision)?;
            let mut files = git.files(&["diff", LISTED, NO_RENAMES, PRESENT, "-z", &base])?;
            files.extend(git.files(&["ls-files", "--others", "--exclude-standard", "--full-name", "-z"])?);
            files.sort();
            files.dedup();
            Ok(Changes { files, changed_since: Vec::new() })
        }
    }
}

const LISTED: &str = "--name-only";
/// A renamed file counts under its new name. To see that it is one, git would need the contents, which a
/// partial clone does not have.
const NO_RENAMES: &str = "--no-renames";
const PRESENT: &str = "--diff-filter=d";

struct Git {
    folder: PathBuf,
}

impl Git {
    fn run(&self, arguments: &[&str]) -> Result<Output, String> {
        Command::new("git")
            .current_dir(&self.folder)
            .args(["-c", "core.fsmonitor=false"])
            .args(arguments)
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C")
            .output()
            .map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => {
                    "`git` is not installed, or not on the PATH; --staged and --since ask it what was changed"
                        .to_owned()
                }
                _ => format!("cannot run `git`: {error}"),
            })
    }

    /// The text that a successful run prints; `None` for a failed one.
    fn answer(&self, arguments: &[&str]) -> Result<Option<String>, String> {
        let output = self.run(arguments)?;
        let text = String::from_utf8_lossy(&output.stdout).trim_end_matches(['\n', '\r']).to_owned();
        Ok(output.status.success().then_some(text))
    }

    /// The root of the working tree.
    fn top(&self, range: &Range) -> Result<PathBuf, String> {
        let output = self.run(&["rev-parse", "--show-toplevel"])?;
        if output.status.success() {
            let text = String::from_utf8_lossy(&output.stdout);
            return Ok(PathBuf::from(text.trim_end_matches(['\n', '\r'])));
        }
        let said = complaint(&output);
        if said.contains("not a git repository") {
            let folder = std::path::absolute(&self.folder).unwrap_or_else(|_| self.folder.clone());
            return Err(format!("`{}` is in no git repository, and {range} needs one", folder.display()));
        }
        Err(format!("git says: {said}"))
    }

    /// The commit in which this branch left `revision`.
    fn base(&self, revision: &str) -> Result<String, String> {
        if revision.starts_with('-') {
            return Err(format!("`{revision}` is no revision"));
        }
        let commit = format!("{revision}^{{commit}}");
        let Some(commit) = self.answer(&["rev-parse", "--verify", "--quiet", &commit])? else {
            return Err(format!("git knows no revision `{revision}` here. {}", self.how_to_get(revision)?));
        };
        if self.answer(&["rev-parse", "--verify", "--quiet", "HEAD"])?.is_none() {
            return Err("this branch has no commit yet; --staged is for its first".to_owned());
        }
        match self.answer(&["merge-base", &commit, "HEAD"])? {
            Some(base) => Ok(base),
            None if self.is_shallow()? => Err(format!(
                "this clone is shallow and does not reach back to where the branch left `{revision}`. {DEEPEN}"
            )),
            None => Err(format!("this branch and `{revision}` have no commit in common")),
        }
    }

    fn is_shallow(&self) -> Result<bool, String> {
        Ok(self.answer(&["rev-parse", "--is-shallow-repository"])?.as_deref() == Some("true"))
    }

    /// What to do about a revision that is not there.
    fn how_to_get(&self, revision: &str) -> Result<String, String> {
        if self.is_shallow()? {
            return Ok(format!("The clone is shallow. {DEEPEN}"));
        }
        Ok(match revision.split_once('/') {
            Some((remote, branch)) => format!("Is it fetched? `git fetch {remote} {branch}`"),
            None => format!("A branch of the server is `origin/{revision}`, once it is fetched."),
        })
    }

    /// The files that a command lists, as far as they are there.
    fn files(&self, arguments: &[&str]) -> Result<Vec<PathBuf>, String> {
        let output = self.run(arguments)?;
        if !output.status.success() {
            let said = complaint(&output);
            if self.is_partial()? {
                let command: Vec<&str> = arguments.iter().copied().filter(|part| *part != "-z").collect();
                return Err(format!(
                    "git says: {said}\nThis clone is partial, and seamlint does not use the network. Run \
                     `git {}` once yourself: git then loads what it misses.",
                    command.join(" ")
                ));
            }
            return Err(format!("git says: {said}"));
        }
        let names = output.stdout.split(|byte| *byte == 0).filter(|name| !name.is_empty());
        // What is not there any more has no findings.
        Ok(names.filter_map(|name| std::fs::canonicalize(self.folder.join(path(name))).ok()).collect())
    }

    fn is_partial(&self) -> Result<bool, String> {
        Ok(self.answer(&["config", "--get-regexp", r"^remote\..*\.promisor$"])?.is_some())
    }
}

const DEEPEN: &str = "Fetch more of the history: `git fetch --unshallow`, or `fetch-depth: 0` in \
                      actions/checkout, or `GIT_DEPTH: 0` in GitLab CI.";

/// The last thing that git complained of.
fn complaint(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let mut lines = text.lines().filter(|line| !line.trim().is_empty());
    let first = lines.find(|line| line.starts_with("fatal:") || line.starts_with("error:"));
    first.or_else(|| text.lines().next()).unwrap_or("nothing").to_owned()
}

#[cfg(unix)]
fn path(name: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(name))
}

#[cfg(not(unix))]
fn path(name: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(name).into_owned())
}
