//! From the paths on the command line to the folders that are walked.

use std::collections::HashMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::DiscoverError;
use super::text::error_text;

/// The folders to walk, all with symbolic links resolved.
#[derive(Debug)]
pub(super) struct Roots {
    pub(super) folders: Vec<PathBuf>,
    /// The files that were named; each lies in one of the folders.
    pub(super) named: Vec<PathBuf>,
    /// The deepest folder that holds them all.
    pub(super) common: PathBuf,
}

pub(super) fn resolve(paths: &[PathBuf]) -> Result<Roots, DiscoverError> {
    let here = [PathBuf::from(".")];
    let paths = if paths.is_empty() { &here } else { paths };
    let (mut folders, mut named) = (Vec::new(), Vec::new());
    // A commit hook hands over hundreds of files from few folders.
    let mut projects: HashMap<PathBuf, PathBuf> = HashMap::new();
    for path in paths {
        let real = fs::canonicalize(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => {
                DiscoverError::NotFound { path: path.clone(), nearest: nearest(path) }
            }
            _ => DiscoverError::Unreadable { path: path.clone(), message: error_text(&error) },
        })?;
        if real.is_dir() {
            // Otherwise an empty result would look like a clean project.
            fs::read_dir(&real).map_err(|error| DiscoverError::Unreadable {
                path: path.clone(),
                message: error_text(&error),
            })?;
            folders.push(real);
        } else if real.is_file() {
            let folder = real.parent().unwrap_or(&real).to_path_buf();
            let project = projects.entry(folder).or_insert_with_key(|folder| project_around(folder));
            folders.push(project.clone());
            named.push(real);
        } else {
            return Err(DiscoverError::NotAFile { path: path.clone() });
        }
    }
    folders.sort();
    folders.dedup();
    named.sort();
    named.dedup();
    let common = common(&folders).ok_or_else(|| DiscoverError::NoCommonFolder { paths: paths.to_vec() })?;
    Ok(Roots { folders, named, common })
}

/// The nearest folder upwards that is a project or a repository, else the folder itself.
pub fn project_around(folder: &Path) -> PathBuf {
    let marked = |folder: &&Path| {
        folder.join("sfdx-project.json").is_file()
            || folder.join("package.xml").is_file()
            || folder.join(".git").exists()
    };
    folder.ancestors().find(marked).unwrap_or(folder).to_path_buf()
}

fn common(folders: &[PathBuf]) -> Option<PathBuf> {
    let (first, rest) = folders.split_first()?;
    first
        .ancestors()
        .find(|ancestor| rest.iter().all(|folder| folder.starts_with(ancestor)))
        .map(Path::to_path_buf)
}

fn nearest(path: &Path) -> Option<PathBuf> {
    path.ancestors().skip(1).find(|ancestor| ancestor.exists()).map(Path::to_path_buf)
}
