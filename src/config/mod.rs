//! `seamlint.yml`: the settings of a project, found upwards from what is scanned.
//!
//! [`load`] reads the file, [`Config::check`] compares it with the rules that are there, and
//! [`Config::settings`] turns it into the plain data that governs a scan. [`init`] writes a first one, and
//! [`show`] prints the one in effect.

mod file;
pub mod init;
pub mod org;
mod settings;
pub mod show;
pub mod workload;

use std::collections::BTreeMap;
use std::num::NonZeroU64;
use std::path::{Path, PathBuf};

use indexmap::IndexMap;
use rustc_hash::FxHashMap;
use serde_json::Value;
use serde_saphyr::{Location, Spanned};

use crate::baseline;
use crate::discover;
use crate::program::TRIGGER_ACTIONS;
use crate::rules::error::{RuleError, RuleErrors, nearest};
use crate::rules::limits::Overrides;
use crate::rules::registry;
use crate::rules::rule::RuleSet;
use crate::rules::word::span_of;
use crate::span::Span;

pub use file::{ConfigFile, Edition, Level};
use workload::{Service, Volume, VolumeOf, Workload};

pub use settings::{
    FileLevels, Landscape, LevelOverride, Levels, Patterns, Settings, System, TriggerHandler,
};

/// Names that the file may have.
pub const NAMES: [&str; 2] = ["seamlint.yml", ".seamlint.yml"];

/// A file larger than this is no configuration.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// A configuration: what the file says, and which file it is.
#[derive(Debug, Default)]
pub struct Config {
    pub says: ConfigFile,
    /// `None` where there is no file and all is default.
    pub source: Option<Source>,
    /// What `limits_snapshot` holds: the org's limits, by their name in the limits resource.
    pub reported: BTreeMap<String, u64>,
    /// The profile that the command line asks for.
    pub profile: Option<org::Profile>,
}

/// Where a configuration stands.
#[derive(Debug)]
pub struct Source {
    /// As it is shown.
    pub name: String,
    /// The folder that paths in it are relative to, with symbolic links resolved.
    pub folder: PathBuf,
    pub text: String,
}

/// Reads the configuration that governs `path`: the nearest file upwards; the default where there is none.
///
/// # Errors
/// A file that cannot be read or understood, with the place of each mistake.
pub fn load(path: &Path) -> Result<Config, RuleErrors> {
    let start = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    for folder in start.ancestors() {
        for name in NAMES {
            let file = folder.join(name);
            if file.is_file() {
                return read(&file);
            }
        }
    }
    Ok(Config::default())
}

/// Reads one file.
///
/// # Errors
/// As [`load`].
pub fn read(file: &Path) -> Result<Config, RuleErrors> {
    let name = shown(file);
    let failed = |message: String| RuleErrors(vec![RuleError::whole(&name, message)]);
    let unreadable = |error: std::io::Error| failed(format!("cannot be read: {error}"));
    let length = std::fs::metadata(file).map_err(unreadable)?.len();
    if length > MAX_FILE_BYTES {
        return Err(failed(format!("too large for a configuration ({length} bytes)")));
    }
    let text = std::fs::read_to_string(file).map_err(unreadable)?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let folder = std::fs::canonicalize(folder).unwrap_or_else(|_| folder.to_path_buf());
    parse(Source { name, folder, text })
}

/// Reads the text of a configuration.
///
/// # Errors
/// As [`load`].
pub fn parse(source: Source) -> Result<Config, RuleErrors> {
    let only_comments = source.text.lines().all(|line| {
        let line = line.trim_start_matches('\u{feff}').trim();
        line.is_empty() || line.starts_with('#') || line == "---"
    });
    let says = if only_comments {
        ConfigFile::default()
    } else {
        registry::yaml(&source.name, &source.text).map_err(|error| RuleErrors(vec![error]))?
    };
    let mut config = Config { says, source: Some(source), reported: BTreeMap::new(), profile: None };
    let mut mistakes = config.mistakes();
    match config.snapshot() {
        Ok(reported) => config.reported = reported,
        Err(mistake) => mistakes.push(*mistake),
    }
    if mistakes.is_empty() { Ok(config) } else { Err(RuleErrors(mistakes)) }
}

/// The path from the current folder where the file lies below it, else the whole path.
fn shown(file: &Path) -> String {
    let here = std::env::current_dir().unwrap_or_default();
    file.strip_prefix(&here).unwrap_or(file).display().to_string()
}

impl Config {
    /// The folder that paths of the file are relative to.
    fn folder(&self) -> &Path {
        self.source.as_ref().map_or(Path::new("."), |source| &source.folder)
    }

    /// Folders with rule files of the project's own.
    pub fn rule_folders(&self) -> Vec<PathBuf> {
        self.says.rule_folders.iter().map(|path| self.folder().join(&path.value)).collect()
    }

    /// The baseline that the file names.
    pub fn baseline(&self) -> Option<PathBuf> {
        self.says.baseline.as_ref().map(|path| self.folder().join(&path.value))
    }

    /// The baseline that governs a scan of `path`: the one that the file names, else the one that is there.
    pub fn baseline_for(&self, path: &Path) -> Option<PathBuf> {
        let beside = || Some(self.source.as_ref()?.folder.join(baseline::NAME)).filter(|file| file.is_file());
        self.baseline().or_else(beside).or_else(|| baseline::find(path))
    }

    /// The limits of this org.
    pub fn limits(&self) -> Overrides {
        Overrides {
            edition: self.says.edition.as_ref().map_or(Edition::default(), |edition| edition.value),
            licenses: self.says.licenses.as_ref().map_or_else(Default::default, |value| value.value.clone()),
            addons: self.says.addons.as_ref().map_or_else(Default::default, |value| value.value.clone()),
            profile: self.profile.or(self.says.profile.as_ref().map(|value| value.value)).unwrap_or_default(),
            reported: self.reported.clone(),
            values: self.says.limits.iter().map(|(id, value)| (id.clone(), value.value)).collect(),
        }
    }

    /// Reads the saved answer of the limits resource that the file names.
    fn snapshot(&self) -> Result<BTreeMap<String, u64>, Box<RuleError>> {
        let (Some(path), Some(source)) = (&self.says.limits_snapshot, &self.source) else {
            return Ok(BTreeMap::new());
        };
        let file = self.folder().join(&path.value);
        let length = std::fs::metadata(&file).map(|file| file.len());
        let read = match length {
            Ok(length) if length > MAX_FILE_BYTES => Err(format!("is too large ({length} bytes)")),
            Ok(_) => std::fs::read_to_string(&file).map_err(|error| format!("cannot be read: {error}")),
            Err(error) => Err(format!("cannot be read: {error}")),
        };
        read.and_then(|text| org::snapshot(&text)).map_err(|message| {
            let message = format!("`{}` {message}", path.value.display());
            let help = "save the answer of `sf org list limits --json` there".to_owned();
            Box::new(
                RuleError::at(&source.name, &source.text, span_of(path.referenced), message)
                    .with_help(Some(help)),
            )
        })
    }

    /// The rules that this configuration is about: built in, those that it names and those in `folder`.
    ///
    /// # Errors
    /// Rule files that are not valid, and what [`Config::check`] finds.
    pub fn load_rules(&self, folder: Option<&Path>) -> Result<RuleSet, RuleErrors> {
        let mut folders = self.rule_folders();
        folders.extend(folder.map(Path::to_path_buf));
        let rules = registry::load_for(&folders, &self.limits())?;
        self.check(&rules)?;
        Ok(rules)
    }

    /// Keys that have no effect in this version, as sentences for a person.
    pub fn warnings(&self) -> Vec<String> {
        let Some(source) = &self.source else { return Vec::new() };
        let warn = |(key, at): (&str, Location)| {
            // A mapping's own place is where it begins, often on the line below its key.
            let line = match key_span(&source.text, key, span_of(at)) {
                Some(span) => line_of(&source.text, span),
                None => at.line() as usize,
            };
            format!("{}:{line}: `{key}` is checked, and nothing uses it yet", source.name)
        };
        self.says.without_effect().into_iter().map(warn).collect()
    }

    /// Compares the file with the rules that are there.
    ///
    /// # Errors
    /// Ids of rules and limits that do not exist.
    pub fn check(&self, rules: &RuleSet) -> Result<(), RuleErrors> {
        let Some(source) = &self.source else { return Ok(()) };
        let mut known: Vec<&str> = rules.rules.iter().map(|rule| rule.id.as_str()).collect();
        known.extend(crate::report::OWN_IDS);
        let mut errors = Vec::new();
        let levels = std::iter::once(&self.says.rules).chain(self.says.overrides.iter().map(|o| &o.rules));
        for (id, level) in levels.flatten() {
            if !known.contains(&id.as_str()) {
                errors.push(unknown(source, id, level.referenced, "rule", "seamlint rules list", &known));
            }
        }
        let limits: Vec<&str> = rules.limits.iter().map(|limit| limit.id.as_str()).collect();
        for (id, value) in &self.says.limits {
            if !limits.contains(&id.strip_suffix(".async").unwrap_or(id)) {
                errors.push(unknown(source, id, value.referenced, "limit", "seamlint rules limits", &limits));
            }
        }
        if errors.is_empty() { Ok(()) } else { Err(RuleErrors(errors)) }
    }

    /// What the file says, as the data that governs a scan.
    pub fn settings(&self) -> Settings {
        let says = &self.says;
        let levels = |rules: &IndexMap<String, Spanned<Level>>| -> FxHashMap<String, Level> {
            rules.iter().map(|(id, level)| (id.clone(), level.value)).collect()
        };
        let overrides = says.overrides.iter().filter_map(|each| {
            Some(LevelOverride { files: self.patterns(&each.paths).ok()?, rules: levels(&each.rules) })
        });
        let events = |map: &IndexMap<String, Spanned<Vec<String>>>| {
            let mut events: Vec<_> =
                map.iter().map(|(event, systems)| (event.clone(), systems.value.clone())).collect();
            events.sort();
            events
        };
        let mut systems: Vec<System> = says
            .systems
            .iter()
            .map(|(name, system)| System {
                name: name.clone(),
                hosts: system.value.hosts.clone(),
                named_credentials: system.value.named_credentials.clone(),
                max_calls_day: system.value.max_calls_day,
            })
            .collect();
        systems.sort_by(|a, b| a.name.cmp(&b.name));
        Settings {
            discovery: discover::Options {
                gitignore: says.gitignore.as_ref().is_none_or(|value| value.value),
                exclude: says.exclude.iter().map(|pattern| pattern.value.clone()).collect(),
                exclude_from: self.source.as_ref().map(|source| source.folder.clone()),
                ..discover::Options::default()
            },
            levels: Levels { everywhere: levels(&says.rules), overrides: overrides.collect() },
            landscape: Landscape {
                systems,
                external_subscribers: events(&says.external_subscribers),
                external_publishers: events(&says.external_publishers),
                integration_users: says
                    .integration_users
                    .as_ref()
                    .map_or(Vec::new(), |users| users.value.clone()),
                named_credentials_complete: says
                    .named_credentials_complete
                    .as_ref()
                    .is_some_and(|value| value.value),
                trigger_handlers: says
                    .tdtm_config
                    .iter()
                    .map(|row| TriggerHandler {
                        object: row.value.object.clone(),
                        class: row.value.class.clone(),
                        actions: row.value.action.value.clone(),
                        asynchronous: row.value.asynchronous,
                    })
                    .collect(),
                services: self.services(),
                bridges: sorted(says.bridges.iter().map(|service| service.value.clone())),
                systems_of_record: sorted(
                    says.systems_of_record.iter().map(|(what, system)| (what.clone(), system.value.clone())),
                ),
            },
            workload: Workload {
                // A key that is no volume was a mistake before this.
                volumes: says
                    .volumes
                    .iter()
                    .filter_map(|(key, rate)| {
                        let of = VolumeOf::parse(key).ok()?;
                        let text = self.source.as_ref().map_or("", |source| &source.text);
                        let at = key_span(text, key, span_of(rate.referenced));
                        Some(Volume { key: key.clone(), at, of, rate: rate.value })
                    })
                    .collect(),
                sessions: sorted(says.sessions.iter().map(|(name, count)| (name.clone(), count.value))),
                assume: says.assume.as_ref().map_or_else(Default::default, |value| value.value),
                thresholds: says.thresholds.as_ref().map_or_else(Default::default, |value| value.value),
            },
            file: self
                .source
                .as_ref()
                .and_then(|source| Some(source.folder.join(Path::new(&source.name).file_name()?))),
            focus: None,
        }
    }

    fn services(&self) -> Vec<Service> {
        let mut services: Vec<Service> = self
            .says
            .services
            .iter()
            .map(|(name, service)| Service {
                name: name.clone(),
                root: service.value.root.as_ref().map(|root| self.folder().join(root)),
                system: service.value.system.as_ref().map(|system| system.value.clone()),
                instances: service.value.instances.map_or(1, NonZeroU64::get),
                direct_stream_ok: service.value.direct_stream_ok,
            })
            .collect();
        services.sort_by(|a, b| a.name.cmp(&b.name));
        services
    }

    fn patterns(&self, patterns: &[Spanned<String>]) -> Result<Patterns, (Location, String)> {
        let texts: Vec<String> = patterns.iter().map(|pattern| pattern.value.clone()).collect();
        Patterns::new(self.folder(), &texts)
            .map_err(|(index, message)| (patterns[index.min(patterns.len() - 1)].referenced, message))
    }

    /// What the types of the file cannot express.
    fn mistakes(&self) -> Vec<RuleError> {
        let Some(source) = &self.source else { return Vec::new() };
        let at = |location: Location, message: String| {
            RuleError::at(&source.name, &source.text, span_of(location), message)
        };
        let mut errors = Vec::new();
        let lists = std::iter::once(&self.says.exclude).chain(self.says.overrides.iter().map(|o| &o.paths));
        for list in lists.filter(|list| !list.is_empty()) {
            if let Err((place, message)) = self.patterns(list) {
                errors.push(at(place, format!("this pattern is not valid: {message}")));
            }
        }
        for row in &self.says.tdtm_config {
            let action = &row.value.action;
            for word in action.value.split(';').filter(|word| !word.trim().is_empty()) {
                if !TRIGGER_ACTIONS.iter().any(|known| known.eq_ignore_ascii_case(word.trim())) {
                    let help = match nearest(word.trim(), &TRIGGER_ACTIONS) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => format!("expected some of {}", TRIGGER_ACTIONS.join(", ")),
                    };
                    errors.push(
                        at(action.referenced, format!("`{}` is no trigger action", word.trim()))
                            .with_help(Some(help)),
                    );
                }
            }
        }
        for (key, rate) in &self.says.volumes {
            if let Err((message, help)) = VolumeOf::parse(key) {
                let value = span_of(rate.referenced);
                let span = key_span(&source.text, key, value).unwrap_or(value);
                errors.push(RuleError::at(&source.name, &source.text, span, message).with_help(Some(help)));
            }
        }
        if let Some(limits) = &self.says.thresholds
            && limits.value.budget_note.0 > limits.value.budget_warning.0
        {
            let message = "`budget_note` is above `budget_warning`: no note would ever be given".to_owned();
            errors.push(at(limits.referenced, message));
        }
        errors.extend(self.unknown_systems(source));
        errors
    }

    /// Systems that are named and that `systems` does not have.
    fn unknown_systems(&self, source: &Source) -> Vec<RuleError> {
        let mut known: Vec<&str> = self.says.systems.keys().map(String::as_str).collect();
        let owners =
            self.says.systems_of_record.values().map(|owner| (owner.value.as_str(), owner.referenced));
        let named = self.says.services.values().filter_map(|service| service.value.system.as_ref());
        let of_services = named.map(|system| (system.value.as_str(), system.referenced));
        let mut unknown: Vec<(&str, Location)> = Vec::new();
        unknown.extend(of_services.filter(|(system, _)| !known.contains(system)));
        known.push(SALESFORCE);
        unknown.extend(owners.filter(|(system, _)| !known.contains(system)));
        let error = |(system, place): (&str, Location)| {
            let help = match nearest(system, &known) {
                Some(near) => format!("did you mean `{near}`?"),
                None => "declare it under `systems`".to_owned(),
            };
            let message = format!("there is no system `{system}`");
            RuleError::at(&source.name, &source.text, span_of(place), message).with_help(Some(help))
        };
        unknown.into_iter().map(error).collect()
    }
}

/// The name that the org itself has among the systems of record.
const SALESFORCE: &str = "salesforce";

fn sorted<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.collect();
    values.sort();
    values
}

/// An id that does not exist, with the caret at the key.
fn unknown(source: &Source, id: &str, value: Location, what: &str, list: &str, known: &[&str]) -> RuleError {
    let span = key_span(&source.text, id, span_of(value)).unwrap_or(span_of(value));
    let help = match nearest(id, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("`{list}` lists them"),
    };
    RuleError::at(&source.name, &source.text, span, format!("there is no {what} `{id}`"))
        .with_help(Some(help))
}

/// Where the key of the value at `value` stands: the last such word before it.
fn key_span(text: &str, key: &str, value: Span) -> Option<Span> {
    let before = text.get(..value.start as usize)?;
    let mut end = before.len();
    while let Some(start) = before[..end].rfind(key) {
        let after = before[start + key.len()..].trim_start_matches(['"', '\'', ' ']);
        let word = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.');
        if after.starts_with(':') && !before[..start].ends_with(word) {
            return Some(Span::new(start, start + key.len()));
        }
        end = start;
    }
    None
}

fn line_of(text: &str, span: Span) -> usize {
    text[..span.start as usize].matches('\n').count() + 1
}

/// The JSON Schema of the file, for editors: `seamlint config schema`.
pub fn schema() -> Value {
    let mut schema = schemars::schema_for!(ConfigFile);
    schema.insert("title".to_owned(), "seamlint.yml".into());
    schema.to_value()
}

#[cfg(test)]
mod tests;
