//! Walks the folders, level by level and in parallel, and keeps what may matter.
//!
//! Written for speed: one listing per folder and no call to the system per file. What a folder
//! holds besides its sources (ignore files, project files, companions) is read off the listing.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::gitignore::Gitignore;
use rayon::prelude::*;

use super::SourceKind;
use super::ignores::{GitRules, read_ignore_file};
use super::kind::{described_by, is_skipped_folder, kind_of};
use super::text::error_text;

/// A folder still to be listed, with what holds in it.
#[derive(Debug)]
pub(super) struct Folder {
    pub(super) absolute: PathBuf,
    /// Relative to the project root, `""` for the root itself.
    pub(super) relative: String,
    pub(super) git: Option<Arc<GitRules>>,
    /// The nearest `.forceignore`; the Salesforce tools read only that one.
    pub(super) force: Option<Arc<Gitignore>>,
    pub(super) forceignored: bool,
}

/// A file with a kind.
#[derive(Debug)]
pub(super) struct Candidate {
    pub(super) absolute: PathBuf,
    pub(super) relative: String,
    pub(super) kind: SourceKind,
    /// Its `-meta.xml`.
    pub(super) companion: Option<PathBuf>,
    pub(super) forceignored: bool,
}

/// All that a walk saw.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) files: Vec<Candidate>,
    /// Folders with an `sfdx-project.json`.
    pub(super) projects: Vec<PathBuf>,
    /// Folders with a `package.xml`.
    pub(super) manifests: Vec<PathBuf>,
    /// Absolute path and message.
    pub(super) problems: Vec<(PathBuf, String)>,
}

/// What is the same for all folders of a walk.
pub(super) struct Rules<'a> {
    pub(super) roots: &'a [PathBuf],
    pub(super) exclude: &'a Gitignore,
    pub(super) gitignore: bool,
    pub(super) skip_forceignored: bool,
}

/// Walks all folders below `start`. Symbolic links are not followed: one that stays inside the scan
/// leads to a file that is found at its own place, one that leaves it is reported.
///
/// Level by level rather than by recursion, so that no nesting of folders can exhaust the stack.
pub(super) fn walk(start: Vec<Folder>, rules: &Rules<'_>) -> Found {
    let mut all = Found::default();
    let mut level = start;
    while !level.is_empty() {
        let lists = level.into_par_iter().map(|folder| list(folder, rules)).collect::<Vec<_>>();
        level = Vec::new();
        for (found, folders) in lists {
            all.files.extend(found.files);
            all.projects.extend(found.projects);
            all.manifests.extend(found.manifests);
            all.problems.extend(found.problems);
            level.extend(folders);
        }
    }
    all
}

fn list(folder: Folder, rules: &Rules<'_>) -> (Found, Vec<Folder>) {
    let mut found = Found::default();
    let Folder { absolute, relative, mut git, mut force, forceignored } = folder;
    let mut folders = Vec::new();
    let mut links = Vec::new();
    let mut sources = Vec::new();
    let mut companions = HashMap::new();

    let entries = match fs::read_dir(&absolute) {
        Ok(entries) => entries,
        Err(error) => {
            let message = format!("folder cannot be listed: {}", error_text(&error));
            found.problems.push((absolute, message));
            return (found, Vec::new());
        }
    };
    let (mut git_file, mut force_file) = (false, false);
    for entry in entries {
        let (entry, file_type) = match entry.and_then(|entry| entry.file_type().map(|kind| (entry, kind))) {
            Ok(read) => read,
            Err(error) => {
                let message = format!("folder cannot be listed completely: {}", error_text(&error));
                found.problems.push((absolute.clone(), message));
                continue;
            }
        };
        let os_name = entry.file_name();
        let name = os_name.to_string_lossy();
        if file_type.is_dir() {
            if !is_skipped_folder(&name) {
                folders.push((entry.path(), name.into_owned()));
            }
        } else if file_type.is_symlink() {
            if !is_skipped_folder(&name) {
                links.push((entry.path(), kind_of(&name, &absolute)));
            }
        } else if file_type.is_file() {
            match &*name {
                ".gitignore" => git_file = rules.gitignore,
                ".forceignore" => force_file = true,
                "sfdx-project.json" => found.projects.push(absolute.clone()),
                "package.xml" => found.manifests.push(absolute.clone()),
                name => {
                    if let Some(content) = described_by(name) {
                        companions.insert(content.to_ascii_lowercase(), entry.path());
                    } else if let Some(kind) = kind_of(name, &absolute) {
                        sources.push((entry.path(), name.to_string(), kind));
                    }
                }
            }
        }
    }

    // Ignore files hold for their own folder too, so they come before the entries are judged.
    if git_file {
        let path = absolute.join(".gitignore");
        match read_ignore_file(&path) {
            Ok(matcher) => git = GitRules::new(matcher, git),
            Err(message) => found.problems.push((path, message)),
        }
    }
    if force_file {
        let path = absolute.join(".forceignore");
        match read_ignore_file(&path) {
            Ok(matcher) => force = Some(Arc::new(matcher)),
            Err(message) => found.problems.push((path, message)),
        }
    }
    let dropped = |path: &Path, is_folder: bool| {
        git.as_ref().is_some_and(|rules| rules.ignores(path, is_folder))
            || rules.exclude.matched(path, is_folder).is_ignore()
    };
    let in_forceignore = |path: &Path, is_folder: bool| {
        forceignored || force.as_ref().is_some_and(|rules| rules.matched(path, is_folder).is_ignore())
    };

    for (path, kind) in links {
        if !dropped(&path, false) {
            found.problems.extend(link_problem(path, kind, rules.roots));
        }
    }
    for (path, name, kind) in sources {
        if dropped(&path, false) {
            continue;
        }
        let companion = companions.remove(&name.to_ascii_lowercase());
        // The Salesforce tools leave a component out when either of its two files is listed.
        let forceignored = in_forceignore(&path, false)
            || companion.as_ref().is_some_and(|meta| in_forceignore(meta, false));
        if forceignored && rules.skip_forceignored {
            continue;
        }
        let relative = join(&relative, &name);
        found.files.push(Candidate { absolute: path, relative, kind, companion, forceignored });
    }
    let folders = folders.into_iter().filter_map(|(path, name)| {
        let forceignored = in_forceignore(&path, true);
        if dropped(&path, true) || (forceignored && rules.skip_forceignored) {
            return None;
        }
        let relative = join(&relative, &name);
        Some(Folder { absolute: path, relative, git: git.clone(), force: force.clone(), forceignored })
    });
    let folders = folders.collect();
    (found, folders)
}

/// What to say about a symbolic link that would have mattered, had it been followed.
fn link_problem(link: PathBuf, kind: Option<SourceKind>, roots: &[PathBuf]) -> Option<(PathBuf, String)> {
    match fs::canonicalize(&link) {
        Ok(target) if roots.iter().any(|root| target.starts_with(root)) => None,
        Ok(target) if kind.is_some() || target.is_dir() => {
            let message =
                format!("symbolic link to `{}` leaves the scanned folder; not followed", target.display());
            Some((link, message))
        }
        Ok(_) => None,
        Err(error) => kind.map(|_| (link, format!("symbolic link leads nowhere: {}", error_text(&error)))),
    }
}

fn join(folder: &str, name: &str) -> String {
    if folder.is_empty() { name.to_string() } else { format!("{folder}/{name}") }
}
