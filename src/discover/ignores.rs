//! `.gitignore` and `.forceignore`: what a project says that it does not want looked at.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::text::read_text;

/// The `.gitignore` files that hold for a folder: its own and, behind it, those of its parents.
///
/// Only files of the project itself count. A user's global excludes and `.git/info/exclude` differ
/// between machines, and the result of a scan must not.
#[derive(Debug)]
pub(super) struct GitRules {
    matcher: Gitignore,
    outer: Option<Arc<GitRules>>,
}

impl GitRules {
    pub(super) fn new(matcher: Gitignore, outer: Option<Arc<GitRules>>) -> Option<Arc<GitRules>> {
        Some(Arc::new(GitRules { matcher, outer }))
    }

    /// Whether a path is ignored. The nearest file that has an opinion decides, as in git.
    /// Its parent folders are known not to be ignored, else the walk would not have come here.
    pub(super) fn ignores(&self, path: &Path, is_folder: bool) -> bool {
        let mut rules = Some(self);
        while let Some(level) = rules {
            let verdict = level.matcher.matched(path, is_folder);
            if !verdict.is_none() {
                return verdict.is_ignore();
            }
            rules = level.outer.as_deref();
        }
        false
    }
}

/// Reads a `.gitignore` or `.forceignore`. A line that is no pattern is passed over, as git does.
pub(super) fn read_ignore_file(path: &Path) -> Result<Gitignore, String> {
    let folder = path.parent().unwrap_or(path);
    // Through the text reader, since Windows shells write these files as UTF-16.
    let text = read_text(path).map_err(|problem| problem.to_string())?;
    let mut builder = GitignoreBuilder::new(folder);
    for line in text.lines() {
        let _ = builder.add_line(None, line);
    }
    builder.build().map_err(|error| format!("cannot be used: {error}"))
}

/// Patterns of the configuration, relative to `root`. The error is the pattern at fault and why.
pub(super) fn from_patterns(root: &Path, patterns: &[String]) -> Result<Gitignore, (String, String)> {
    let mut builder = GitignoreBuilder::new(root);
    for pattern in patterns {
        builder.add_line(None, pattern).map_err(|error| (pattern.clone(), error.to_string()))?;
    }
    builder.build().map_err(|error| (patterns.join(", "), error.to_string()))
}

/// What holds for a scanned folder because of the folders above it.
#[derive(Debug, Default)]
pub(super) struct Above {
    pub(super) git: Option<Arc<GitRules>>,
    pub(super) force: Option<Arc<Gitignore>>,
    /// The folder of the nearest `sfdx-project.json` above.
    pub(super) project: Option<PathBuf>,
    pub(super) problems: Vec<(PathBuf, String)>,
}

/// Looks upwards from a scanned folder, up to the root of its git repository, or, where there is
/// none, of its Salesforce project. What lies further up belongs to somebody else.
pub(super) fn above(folder: &Path, gitignore: bool) -> Above {
    let top = folder
        .ancestors()
        .find(|ancestor| ancestor.join(".git").exists())
        .or_else(|| folder.ancestors().find(|ancestor| ancestor.join("sfdx-project.json").is_file()));
    let mut above = Above::default();
    let Some(top) = top else { return above };
    let mut outer =
        folder.ancestors().skip(1).take_while(|ancestor| ancestor.starts_with(top)).collect::<Vec<_>>();
    outer.reverse();
    for ancestor in outer {
        if ancestor.join("sfdx-project.json").is_file() {
            above.project = Some(ancestor.to_path_buf());
        }
        let git_file = ancestor.join(".gitignore");
        if gitignore && git_file.is_file() {
            match read_ignore_file(&git_file) {
                Ok(matcher) => above.git = GitRules::new(matcher, above.git.take()),
                Err(message) => above.problems.push((git_file, message)),
            }
        }
        let force_file = ancestor.join(".forceignore");
        if force_file.is_file() {
            match read_ignore_file(&force_file) {
                Ok(matcher) => above.force = Some(Arc::new(matcher)),
                Err(message) => above.problems.push((force_file, message)),
            }
        }
    }
    above
}
