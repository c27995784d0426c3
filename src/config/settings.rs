//! What governs a scan, as plain data: made from the configuration and the command line, handed down
//! through the pipeline.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use ignore::gitignore::{Gitignore, GitignoreBuilder};
use rustc_hash::FxHashMap;

use crate::discover::{self, SourceFile};
use crate::span::FileId;

use super::file::Level;
use super::workload::{Service, Workload};

/// All that governs a scan beside the rules.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    pub discovery: discover::Options,
    pub levels: Levels,
    pub landscape: Landscape,
    pub workload: Workload,
    /// The configuration file; its absolute path.
    pub file: Option<PathBuf>,
    /// Report only what touches one of these files; their absolute paths. `None`: report all.
    pub focus: Option<Vec<PathBuf>>,
}

/// What surrounds the repository and cannot be read from it.
#[derive(Clone, Debug, Default)]
pub struct Landscape {
    /// The systems outside the org, sorted by name.
    pub systems: Vec<System>,
    /// Event to the systems that receive it.
    pub external_subscribers: Vec<(String, Vec<String>)>,
    /// Event to the systems that publish it.
    pub external_publishers: Vec<(String, Vec<String>)>,
    pub integration_users: Vec<String>,
    /// A named credential that the repository does not hold does not exist.
    pub named_credentials_complete: bool,
    /// Trigger handlers of NPSP and EDA that only the org's data names.
    pub trigger_handlers: Vec<TriggerHandler>,
    /// The programs outside the org, sorted by name.
    pub services: Vec<Service>,
    /// Services that carry events to a broker, sorted.
    pub bridges: Vec<String>,
    /// An object, or `Object.Field`, and the system that owns it; sorted.
    pub systems_of_record: Vec<(String, String)>,
}

/// A system outside the org.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct System {
    pub name: String,
    pub hosts: Vec<String>,
    pub named_credentials: Vec<String>,
    /// How many calls a day it stands, where somebody said so.
    pub max_calls_day: Option<u64>,
}

/// A `Trigger_Handler__c` record of the org.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriggerHandler {
    pub object: String,
    pub class: String,
    /// `AfterInsert;AfterUpdate`, as the record says it.
    pub actions: String,
    pub asynchronous: bool,
}

/// What becomes of each rule, by file.
#[derive(Clone, Debug, Default)]
pub struct Levels {
    /// By rule id.
    pub everywhere: FxHashMap<String, Level>,
    /// The later one counts.
    pub overrides: Vec<LevelOverride>,
}

/// What becomes of some rules in some files.
#[derive(Clone, Debug)]
pub struct LevelOverride {
    pub files: Patterns,
    pub rules: FxHashMap<String, Level>,
}

/// Files by patterns in `.gitignore` syntax.
#[derive(Clone, Debug)]
pub struct Patterns(Arc<Gitignore>);

impl Patterns {
    /// Patterns relative to `folder`. The error is the number of the pattern at fault, and why.
    pub fn new(folder: &Path, patterns: &[String]) -> Result<Patterns, (usize, String)> {
        let mut builder = GitignoreBuilder::new(folder);
        for (index, pattern) in patterns.iter().enumerate() {
            builder.add_line(None, pattern).map_err(|error| (index, reason(&error)))?;
        }
        let built = builder.build().map_err(|error| (0, reason(&error)))?;
        Ok(Patterns(Arc::new(built)))
    }

    /// Whether they name the file, or a folder that it is in.
    pub fn holds(&self, path: &Path) -> bool {
        // The matcher wants paths below its folder only.
        path.starts_with(self.0.path()) && self.0.matched_path_or_any_parents(path, false).is_ignore()
    }
}

/// The last part of the error; what stands before it repeats the pattern.
fn reason(error: &ignore::Error) -> String {
    let text = error.to_string();
    text.rsplit(": ").next().unwrap_or(&text).to_owned()
}

impl Levels {
    /// The levels for the files of a project, in the order of their ids.
    pub fn of(&self, files: &[SourceFile]) -> FileLevels {
        let overrides = self.overrides.iter().map(|each| {
            let files = files.iter().map(|file| each.files.holds(&file.absolute)).collect();
            (files, each.rules.clone())
        });
        FileLevels { everywhere: self.everywhere.clone(), overrides: overrides.collect() }
    }
}

/// What becomes of each rule in each file of a project.
#[derive(Clone, Debug, Default)]
pub struct FileLevels {
    everywhere: FxHashMap<String, Level>,
    /// For each override: whether it concerns a file, and what it says.
    overrides: Vec<(Vec<bool>, FxHashMap<String, Level>)>,
}

impl FileLevels {
    /// Whether a rule may find something somewhere.
    pub fn runs(&self, rule: &str) -> bool {
        let on = |rules: &FxHashMap<String, Level>| rules.get(rule).map(|level| *level != Level::Off);
        on(&self.everywhere).unwrap_or(true)
            || self.overrides.iter().any(|(_, rules)| on(rules) == Some(true))
    }

    /// Whether the configuration says something of a rule: then it runs also where it is off by default.
    pub fn names(&self, rule: &str) -> bool {
        self.everywhere.contains_key(rule) || self.overrides.iter().any(|(_, rules)| rules.contains_key(rule))
    }

    pub fn level(&self, rule: &str, file: FileId) -> Level {
        let special = self.overrides.iter().rev().find_map(|(files, rules)| {
            files.get(file.0 as usize).copied().unwrap_or(false).then(|| rules.get(rule))?
        });
        special.or_else(|| self.everywhere.get(rule)).copied().unwrap_or_default()
    }
}
