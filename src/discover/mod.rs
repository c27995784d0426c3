//! Finds the source files of a Salesforce project: a path in, [`SourceFile`]s with their kind out.

use std::path::PathBuf;

use serde::Serialize;

use crate::span::FileId;

/// What a file is, told by its suffix and place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum SourceKind {
    ApexClass,
    ApexTrigger,
    /// A custom metadata record (`Type.Record.md-meta.xml` or `Type.Record.md`).
    CustomMetadata,
    /// A Visualforce page or component: names its Apex controllers.
    Visualforce,
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
}

/// Something that discovery could not use, for a person: reported as a note, the rest goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Relative to the root.
    pub path: String,
    pub message: String,
}

/// The files of a scan, sorted by path (so ids and all that follows are the same on every run).
#[derive(Clone, Debug, Serialize)]
pub struct Project {
    #[serde(skip)]
    pub root: PathBuf,
    pub files: Vec<SourceFile>,
    pub problems: Vec<Problem>,
}
