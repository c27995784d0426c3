//! Finds the source files of a Salesforce project: a path in, [`SourceFile`]s with their kind out.
//!
//! Files are told by their suffix, not by the format of the project, so source format and metadata
//! format may stand side by side. Nothing outside of the scanned folders is opened, apart from the
//! ignore files and the `sfdx-project.json` of the repository around them.

mod companion;
mod ignores;
mod kind;
mod manifest;
mod modules;
mod roots;
mod source;
#[cfg(test)]
mod tests;
pub mod text;
pub mod visualforce;
mod walk;

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Serialize;

pub use kind::{full_name, record_name};
pub use roots::project_around;
pub use text::{LineIndex, Position, TextProblem, read_text};

use crate::span::FileId;
use ignores::Above;
use modules::Modules;
use walk::{Folder, Rules};

/// What a file is, told by its suffix and place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum SourceKind {
    ApexClass,
    ApexTrigger,
    /// A component in XML.
    Metadata(MetadataKind),
    /// A Visualforce page or component: names its Apex controllers.
    Visualforce,
    /// A script or the markup of a Lightning web component or an Aura component.
    Script,
    /// The configuration of seamlint: it declares volumes.
    Configuration,
}

/// What the file at `path` (with `/`) is, or `None` where seamlint has no use for it.
pub fn kind_of(path: &str) -> Option<SourceKind> {
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    kind::kind_of(name, Path::new(folder))
}

/// The metadata types that are read, in source format (`X.namedCredential-meta.xml`) and in metadata
/// format (`namedCredentials/X.namedCredential`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum MetadataKind {
    /// An object `__e`.
    PlatformEvent,
    /// An object `__x`.
    ExternalObject,
    /// A field of one of these objects, in source format.
    Field,
    /// A custom metadata record (`Type.Record.md`).
    Record,
    Channel,
    ChannelMember,
    SubscriberConfig,
    ManagedSubscription,
    EventRelay,
    NamedCredential,
    ExternalCredential,
    AuthProvider,
    IdentityProvider,
    RemoteSite,
    CspSite,
    CorsOrigin,
    ExternalService,
    DataSource,
    Flow,
    FlowDefinition,
    Workflow,
    ConnectedApp,
    ClientApp,
    ClientAppOauth,
    ClientAppGlobalOauth,
    ClientAppOauthPolicy,
    ClientAppPolicy,
    Labels,
    /// Large: opened only where somebody asks.
    Profile,
}

impl SourceKind {
    pub fn is_apex(self) -> bool {
        matches!(self, SourceKind::ApexClass | SourceKind::ApexTrigger)
    }
}

/// One discovered file.
#[derive(Clone, Debug, Serialize)]
pub struct SourceFile {
    pub id: FileId,
    /// Relative to [`Project::root`], with `/`.
    pub path: String,
    #[serde(skip)]
    pub absolute: PathBuf,
    pub kind: SourceKind,
    /// Bytes on disk.
    pub size: u64,
    /// From the companion `-meta.xml`, in tenths (`600` = API 60.0).
    pub api_version: Option<u16>,
    /// `false` where the companion `-meta.xml` says `Inactive` or `Deleted`.
    pub active: bool,
    /// Listed in a `.forceignore`; still part of the model, since it documents the org.
    pub forceignored: bool,
    /// The innermost unit of deployment around the file. One repository may hold two classes of the
    /// same name; the one in the same module, or the nearest one up its parents, is meant.
    pub module: Option<ModuleId>,
}

impl SourceFile {
    /// The name of the file without its folder.
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }
}

/// A unit of deployment, by its index in [`Project::modules`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct ModuleId(pub u32);

/// What makes a folder a unit of deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum ModuleKind {
    /// It has an `sfdx-project.json`.
    Project,
    /// An `sfdx-project.json` lists it in `packageDirectories`.
    Package,
    /// It has a `package.xml` and is no part of a package: metadata format.
    Metadata,
}

/// A folder whose sources are deployed together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Module {
    /// Relative to [`Project::root`]: `.` for the root itself, `..` where only a part is scanned.
    pub path: String,
    pub kind: ModuleKind,
    pub parent: Option<ModuleId>,
    /// The name of the package, where one is given.
    pub name: Option<String>,
    /// The namespace of the project.
    pub namespace: Option<String>,
    /// `sourceApiVersion` of the project, in tenths.
    pub api_version: Option<u16>,
    /// A project that lists package directories which exist. A file whose innermost module is such
    /// a project lies outside of all its packages (`unpackaged/`).
    pub lists_packages: bool,
}

impl Module {
    fn new(path: String, kind: ModuleKind, parent: Option<ModuleId>) -> Module {
        Module { path, kind, parent, name: None, namespace: None, api_version: None, lists_packages: false }
    }
}

/// Something that discovery could not use, for a person: reported as a note, the rest goes on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Problem {
    /// Relative to the root.
    pub path: String,
    /// Continues the path: "`x.cls` cannot be read: …".
    pub message: String,
}

impl Problem {
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Problem {
        Problem { path: path.into(), message: message.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "`{}` {}", self.path, self.message)
    }
}

/// The files of a scan, sorted by path (so ids and all that follows are the same on every run).
#[derive(Clone, Debug, Serialize)]
pub struct Project {
    #[serde(skip)]
    pub root: PathBuf,
    pub files: Vec<SourceFile>,
    pub problems: Vec<Problem>,
    pub modules: Vec<Module>,
    /// The files that were named one by one; empty where only folders were.
    pub named: Vec<FileId>,
    /// Apex files that no org holds: scripts for anonymous execution and stray copies.
    pub anonymous: Vec<String>,
}

impl Project {
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// The paths of the files, by their ids.
    pub fn paths(&self) -> Vec<&str> {
        self.files.iter().map(|file| file.path.as_str()).collect()
    }

    pub fn module(&self, id: ModuleId) -> &Module {
        &self.modules[id.0 as usize]
    }

    /// Where the root lies in its git repository: `packages/crm/`, with a slash at the end; empty where it
    /// is the root of the repository or where there is none.
    pub fn folder_in_repository(&self) -> String {
        let repository = self.root.ancestors().find(|folder| folder.join(".git").exists());
        let below = repository.and_then(|repository| self.root.strip_prefix(repository).ok());
        let parts = below.into_iter().flat_map(|path| path.iter());
        parts.fold(String::new(), |path, part| path + &part.to_string_lossy() + "/")
    }

    pub fn of_kind(&self, kind: SourceKind) -> impl Iterator<Item = &SourceFile> {
        self.files.iter().filter(move |file| file.kind == kind)
    }
}

/// What a user may set about discovery.
#[derive(Clone, Debug)]
pub struct Options {
    /// Leave out what a `.gitignore` lists.
    pub gitignore: bool,
    /// Leave out what a `.forceignore` lists, instead of only tagging it.
    pub skip_forceignored: bool,
    /// Further files and folders to leave out, in `.gitignore` syntax, relative to `exclude_from`.
    pub exclude: Vec<String>,
    /// A folder, with symbolic links resolved; `None`: the root.
    pub exclude_from: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Options {
        Options { gitignore: true, skip_forceignored: false, exclude: Vec::new(), exclude_from: None }
    }
}

/// Why there is nothing to scan: a usage error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DiscoverError {
    /// The path does not exist; `nearest` is the part of it that does.
    NotFound {
        path: PathBuf,
        nearest: Option<PathBuf>,
    },
    Unreadable {
        path: PathBuf,
        message: String,
    },
    /// Neither a folder nor a regular file.
    NotAFile {
        path: PathBuf,
    },
    BadExclude {
        pattern: String,
        message: String,
    },
    /// Paths on different drives.
    NoCommonFolder {
        paths: Vec<PathBuf>,
    },
}

impl fmt::Display for DiscoverError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DiscoverError::NotFound { path, nearest } => {
                write!(out, "no such file or folder: `{}`", path.display())?;
                match nearest {
                    Some(nearest) => write!(out, " (`{}` exists)", nearest.display()),
                    None => Ok(()),
                }
            }
            DiscoverError::Unreadable { path, message } => {
                write!(out, "`{}` cannot be scanned: {message}", path.display())
            }
            DiscoverError::NotAFile { path } => {
                write!(out, "`{}` is neither a folder nor a regular file", path.display())
            }
            DiscoverError::BadExclude { pattern, message } => {
                write!(out, "the exclude pattern `{pattern}` is not valid: {message}")
            }
            DiscoverError::NoCommonFolder { paths } => {
                let paths = paths.iter().map(|path| format!("`{}`", path.display())).collect::<Vec<_>>();
                write!(
                    out,
                    "these paths have no folder in common, scan them one by one: {}",
                    paths.join(", ")
                )
            }
        }
    }
}

impl std::error::Error for DiscoverError {}

/// Finds the source files below the given folders; the current folder where none is given.
///
/// A path to a file stands for the project around it ([`Project::named`] tells which files were
/// meant). Several paths are scanned as one project whose root is their common folder.
pub fn discover(root_paths: &[PathBuf], options: &Options) -> Result<Project, DiscoverError> {
    let roots = roots::resolve(root_paths)?;
    let exclude_from = options.exclude_from.as_ref().unwrap_or(&roots.common);
    let exclude = ignores::from_patterns(exclude_from, &options.exclude)
        .map_err(|(pattern, message)| DiscoverError::BadExclude { pattern, message })?;

    let mut problems = Vec::new();
    let mut projects_above = Vec::new();
    let start = roots.folders.iter().map(|folder| {
        let Above { git, force, project, problems: more } = ignores::above(folder, options.gitignore);
        projects_above.extend(project);
        problems.extend(more);
        let relative = match modules::relative_to(&roots.common, folder) {
            same if same == "." => String::new(),
            below => below,
        };
        Folder { absolute: folder.clone(), relative, git, force, forceignored: false }
    });
    let start = start.collect();
    let rules = Rules {
        roots: &roots.folders,
        exclude: &exclude,
        gitignore: options.gitignore,
        skip_forceignored: options.skip_forceignored,
    };
    let found = walk::walk(start, &rules);
    problems.extend(found.problems);

    let mut modules = Modules::new(&roots.common, found.projects, projects_above, found.manifests);
    problems.append(&mut modules.problems);
    let sources = source::assemble(found.files, &modules, &roots, &exclude, &mut problems);
    let (modules, files) = source::drop_empty_modules(modules.list, sources.files);

    let mut problems = problems
        .into_iter()
        .map(|(path, message)| Problem { path: modules::relative_to(&roots.common, &path), message })
        .collect::<Vec<_>>();
    problems.sort();
    problems.dedup();
    Ok(Project {
        root: roots.common,
        files,
        problems,
        modules,
        named: sources.named,
        anonymous: sources.anonymous,
    })
}
