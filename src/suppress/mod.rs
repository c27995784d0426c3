//! Suppressions: findings that the owner of the code has looked at and accepted, said next to the code.
//!
//! Reads the comments and annotations of a file; [`Suppressions::covering`] tells which of them cover a
//! place. What becomes of a finding is decided where findings are made, since one finding has several
//! ways to it and a suppression may cover only some.

mod apex;
mod comment;
mod page;
mod unused;
mod xml;

pub use unused::unused;

use memchr::memmem;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::apex::unit::Unit;
use crate::finding::Finding;
use crate::pages::{self, Comment, Dialect};
use crate::span::{FileId, Location, Span};

/// How much a suppression covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub enum Scope {
    /// A line, or the statement that follows.
    Line,
    /// A class, method, property or trigger; an element of a metadata file.
    Member,
    File,
}

/// One comment or annotation that suppresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// The comment or annotation.
    pub at: Location,
    /// The ids that it names, each with its place in the file; empty for all rules.
    pub rules: Vec<(String, Span)>,
    pub reason: Option<String>,
    pub scope: Scope,
    /// The part of its file that it holds for.
    pub covers: Span,
}

impl Suppression {
    fn new(
        at: Location,
        rules: Vec<(String, Span)>,
        reason: Option<String>,
        scope: Scope,
        covers: Span,
    ) -> Suppression {
        Suppression { at, rules, reason, scope, covers }
    }

    /// Whether a place begins or ends in what it covers.
    fn covers(&self, at: Location) -> bool {
        let (covers, span) = (self.covers, at.span);
        (covers.start <= span.start && span.start < covers.end)
            || (covers.start < span.end && span.end <= covers.end)
    }
}

/// Something that is meant as a suppression and is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub at: Span,
    pub message: String,
}

/// What one file says.
#[derive(Clone, Debug, Default)]
pub struct InFile {
    pub suppressions: Vec<Suppression>,
    pub troubles: Vec<(Location, String)>,
}

/// Whether a text may hold suppressions: a quick look that rules nearly all files out.
fn may_be_in(text: &str) -> bool {
    memmem::find(text.as_bytes(), comment::MARK.as_bytes()).is_some()
}

/// The suppressions of an Apex file, if it has some.
pub fn in_apex(text: &str, unit: &Unit) -> Option<InFile> {
    may_be_in(text).then(|| in_file(unit.file, apex::find(text, unit)))?
}

/// The suppressions of a metadata file, if it has some.
pub fn in_xml(text: &str, file: FileId) -> Option<InFile> {
    may_be_in(text).then(|| in_file(file, xml::find(text, file)))?
}

/// The suppressions of a script or template of a page, if it has some.
pub fn in_page(text: &str, file: FileId, script: Option<Dialect>) -> Option<InFile> {
    if !may_be_in(text) {
        return None;
    }
    let comments: Vec<Comment> = pages::comments(text, script);
    in_file(file, page::find(text, file, &comments))
}

fn in_file(file: FileId, (suppressions, troubles): (Vec<Suppression>, Vec<Trouble>)) -> Option<InFile> {
    if suppressions.is_empty() && troubles.is_empty() {
        return None;
    }
    let troubles = troubles.into_iter().map(|trouble| (Location { file, span: trouble.at }, trouble.message));
    Some(InFile { suppressions, troubles: troubles.collect() })
}

/// A suppression, and which of the ids that it names (0 where it names none).
pub type Use = (usize, usize);

/// All suppressions of a project, in the order of their places.
#[derive(Clone, Debug, Default)]
pub struct Suppressions {
    pub list: Vec<Suppression>,
    pub troubles: Vec<(Location, String)>,
    by_file: FxHashMap<FileId, Vec<usize>>,
}

impl Suppressions {
    pub fn new(files: impl IntoIterator<Item = InFile>) -> Suppressions {
        let mut all = Suppressions::default();
        for file in files {
            all.list.extend(file.suppressions);
            all.troubles.extend(file.troubles);
        }
        all.list.sort_by_key(|each| each.at);
        all.troubles.sort();
        for (index, each) in all.list.iter().enumerate() {
            all.by_file.entry(each.at.file).or_default().push(index);
        }
        all
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// A finding that one of them suppresses.
    pub fn suppressed(&self, finding: Finding, (index, _): Use) -> Suppressed {
        let by = &self.list[index];
        Suppressed { finding, at: by.at, reason: by.reason.clone() }
    }

    /// The suppressions of `rule` that cover a place.
    pub fn covering<'a>(&'a self, rule: &'a str, at: Location) -> impl Iterator<Item = Use> + 'a {
        let here = self.by_file.get(&at.file).map(Vec::as_slice).unwrap_or_default();
        here.iter().filter_map(move |&index| {
            let each = &self.list[index];
            let named =
                if each.rules.is_empty() { 0 } else { each.rules.iter().position(|(id, _)| id == rule)? };
            each.covers(at).then_some((index, named))
        })
    }
}

/// A finding all of whose ways are suppressed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppressed {
    pub finding: Finding,
    /// The suppression, or the first of several.
    pub at: Location,
    pub reason: Option<String>,
}

/// Which suppressions had an effect.
pub type Used = FxHashSet<Use>;
