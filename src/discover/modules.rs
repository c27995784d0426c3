//! The units of deployment that a repository consists of: Salesforce DX projects, their package
//! directories, and folders in metadata format.

use std::collections::HashMap;
use std::fs;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::companion::tenths;
use super::manifest::Removed;
use super::text::read_text;
use super::{Module, ModuleId, ModuleKind};
use crate::xml;

/// The part of `sfdx-project.json` that says what is deployed. All else in it is let be.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProjectFile {
    #[serde(default)]
    package_directories: Vec<PackageDirectory>,
    #[serde(default)]
    namespace: Option<String>,
    #[serde(default)]
    source_api_version: Option<ApiVersion>,
}

#[derive(Debug, Deserialize)]
struct PackageDirectory {
    path: String,
    #[serde(default)]
    package: Option<String>,
}

/// `"60.0"`, as documented, or `60.0`, as some write it.
#[derive(Debug, Deserialize, Serialize)]
#[serde(untagged)]
enum ApiVersion {
    Text(String),
    Number(f64),
}

impl ApiVersion {
    fn tenths(&self) -> Option<u16> {
        match self {
            ApiVersion::Text(text) => tenths(text),
            ApiVersion::Number(number) => tenths(&number.to_string()),
        }
    }
}

/// All modules of a scan, and the way from a file to the innermost one that holds it.
#[derive(Debug, Default)]
pub(super) struct Modules {
    pub(super) list: Vec<Module>,
    packages: HashMap<PathBuf, u32>,
    folders: HashMap<PathBuf, u32>,
    pub(super) problems: Vec<(PathBuf, String)>,
    /// What the manifests of a folder in metadata format take out of the org.
    pub(super) removed: HashMap<ModuleId, Removed>,
}

impl Modules {
    /// `projects` and `manifests` are the folders with an `sfdx-project.json` and a `package.xml`
    /// below `root`; `above` those with an `sfdx-project.json` that the scanned folders are part of.
    pub(super) fn new(
        root: &Path,
        mut projects: Vec<PathBuf>,
        mut above: Vec<PathBuf>,
        mut manifests: Vec<PathBuf>,
    ) -> Modules {
        let mut modules = Modules::default();
        for folders in [&mut projects, &mut above, &mut manifests] {
            folders.sort();
            folders.dedup();
        }
        // Outer ones first, so that the parent of each is there before it.
        for folder in above.iter().chain(&projects) {
            modules.add_project(root, folder, projects.contains(folder));
        }
        for folder in manifests {
            // In a project, a manifest says what to deploy or retrieve; it starts no unit of its own.
            let known = modules.folders.contains_key(&folder);
            let packaged = folder.ancestors().any(|ancestor| modules.packages.contains_key(ancestor));
            if !known && !packaged {
                let parent = modules.innermost(&folder);
                let module = Module::new(relative_to(root, &folder), ModuleKind::Metadata, parent);
                let api_version = manifest_version(&folder.join("package.xml"));
                let (removed, problems) = Removed::by_manifests_in(&folder);
                modules.problems.extend(problems);
                modules.removed.insert(ModuleId(modules.list.len() as u32), removed);
                modules.add(folder, Module { api_version, ..module });
            }
        }
        modules
    }

    /// The innermost module around a file or folder.
    pub(super) fn innermost(&self, path: &Path) -> Option<ModuleId> {
        path.ancestors()
            .find_map(|ancestor| self.packages.get(ancestor).or_else(|| self.folders.get(ancestor)))
            .map(|&index| ModuleId(index))
    }

    fn add_project(&mut self, root: &Path, folder: &Path, inside: bool) {
        if self.folders.contains_key(folder) {
            return;
        }
        let file = folder.join("sfdx-project.json");
        let project = match read_project_file(&file) {
            Ok(project) => project,
            Err(message) => {
                let message =
                    format!("{message}; its package directories are not known, files count by their suffix");
                self.problems.push((file.clone(), message));
                ProjectFile::default()
            }
        };
        let parent = self.innermost(folder);
        let version = project.source_api_version.as_ref().and_then(ApiVersion::tenths);
        let namespace = project.namespace.filter(|namespace| !namespace.is_empty());
        let module = Module::new(relative_to(root, folder), ModuleKind::Project, parent);
        let module = Module { namespace: namespace.clone(), api_version: version, ..module };
        let id = self.add(folder.to_path_buf(), module);
        for package in project.package_directories {
            let Some(place) = find_package(root, folder, &package.path) else {
                // In a project that is scanned in part, a package elsewhere is nothing to mention.
                if inside {
                    let message = format!("package directory `{}` does not exist", package.path);
                    self.problems.push((file.clone(), message));
                }
                continue;
            };
            if !place.starts_with(root) && !root.starts_with(&place) {
                if inside {
                    let message = format!(
                        "package directory `{}` lies outside of the scanned folder; add it to the command to have it scanned",
                        package.path
                    );
                    self.problems.push((file.clone(), message));
                }
                continue;
            }
            // A package around the project leaves nothing of it outside.
            self.list[id.0 as usize].lists_packages |= !folder.starts_with(&place) || place == folder;
            if !self.packages.contains_key(&place) {
                let module = Module::new(relative_to(root, &place), ModuleKind::Package, Some(id));
                let (name, namespace) = (package.package, namespace.clone());
                self.add(place, Module { name, namespace, api_version: version, ..module });
            }
        }
    }

    fn add(&mut self, folder: PathBuf, module: Module) -> ModuleId {
        let id = self.list.len() as u32;
        let places = if module.kind == ModuleKind::Package { &mut self.packages } else { &mut self.folders };
        places.insert(folder, id);
        self.list.push(module);
        ModuleId(id)
    }
}

fn read_project_file(path: &Path) -> Result<ProjectFile, String> {
    let text = read_text(path).map_err(|problem| problem.to_string())?;
    serde_json::from_str(&text).map_err(|error| {
        let text = error.to_string();
        let reason = text.split(" at line").next().unwrap_or_default();
        format!("is not a valid project file (line {}, column {}: {reason})", error.line(), error.column())
    })
}

/// The API version of a `package.xml`. What is wrong with one says nothing of the sources beside it.
fn manifest_version(path: &Path) -> Option<u16> {
    let text = read_text(path).ok()?;
    let mut version = None;
    let _ = xml::each_child(&text, |name, value| {
        if name == "version" {
            version = tenths(value);
        }
    });
    version
}

/// The folder that a package directory means.
///
/// Normally it is relative to its project file. Some repositories keep a second project file in a
/// subfolder and copy it to the top before use; there the path holds from a folder further up.
fn find_package(root: &Path, project: &Path, path: &str) -> Option<PathBuf> {
    // Written on Windows, it may have backslashes.
    let path = path.replace('\\', "/");
    project
        .ancestors()
        .enumerate()
        .take_while(|(level, folder)| *level == 0 || folder.starts_with(root))
        .map(|(_, folder)| normalise(&folder.join(&path)))
        .find(|place| fs::metadata(place).is_ok_and(|metadata| metadata.is_dir()))
}

/// Takes out `.` and `..` without asking the disk, as the path is compared with walked ones.
fn normalise(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                normal.pop();
            }
            other => normal.push(other),
        }
    }
    normal
}

/// `path` as seen from `root`, with `/`; `.` for the root itself, `..` for what lies above it.
pub(super) fn relative_to(root: &Path, path: &Path) -> String {
    let mut base = root;
    let mut parts = Vec::new();
    loop {
        if let Ok(rest) = path.strip_prefix(base) {
            parts.extend(rest.components().map(|part| part.as_os_str().to_string_lossy().into_owned()));
            break;
        }
        let Some(up) = base.parent() else { return path.to_string_lossy().into_owned() };
        base = up;
        parts.push("..".to_string());
    }
    if parts.is_empty() { ".".to_string() } else { parts.join("/") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_paths() {
        let from = |path| relative_to(Path::new("/a/b"), Path::new(path));
        assert_eq!(from("/a/b"), ".");
        assert_eq!(from("/a/b/c/d"), "c/d");
        assert_eq!(from("/a"), "..");
        assert_eq!(from("/a/x/y"), "../x/y");
    }

    #[test]
    fn dots_are_taken_out() {
        assert_eq!(normalise(Path::new("/a/./b/../c/")), Path::new("/a/c"));
        assert_eq!(normalise(Path::new("/../../c")), Path::new("/c"));
    }
}
