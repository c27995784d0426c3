//! The folders that an editor has open, and how their files are called there.

use std::fs;
use std::path::{Path, PathBuf};

use gen_lsp_types::Uri;

/// A folder that is scanned as one project.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Folder {
    /// As the editor calls it.
    pub path: PathBuf,
    /// With symbolic links resolved, as the scan calls it.
    real: PathBuf,
}

impl Folder {
    pub fn new(path: PathBuf) -> Folder {
        let real = fs::canonicalize(&path).unwrap_or_else(|_| path.clone());
        Folder { path, real }
    }

    /// The path by which the editor knows a file of the scan.
    pub fn shown(&self, absolute: &Path) -> PathBuf {
        match absolute.strip_prefix(&self.real) {
            Ok(inside) => self.path.join(inside),
            Err(_) => absolute.to_path_buf(),
        }
    }
}

/// The file that a URI names; `None` for texts that are no files (`untitled:`, `git:`).
pub fn path_of(uri: &Uri) -> Option<PathBuf> {
    if uri.scheme() != "file" {
        return None;
    }
    uri.to_file_path().ok()
}

/// The URI of an absolute path.
pub fn uri_of(path: &Path) -> Option<Uri> {
    url::Url::from_file_path(path).ok()
}
