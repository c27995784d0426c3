//! Where rules come from: the files in `rules/`, which are part of the binary, and the user's own.

use std::fs;
use std::path::{Path, PathBuf};

use include_dir::{Dir, include_dir};
use rayon::prelude::*;
use serde::de::DeserializeOwned;

use crate::discover;
use crate::span::Span;

use super::error::{RuleError, RuleErrors, nearest, nearest_or_all};
use super::limits::{Limit, Limits, Overrides};
use super::plan::plan;
use super::rule::{Pattern, Rule};

pub use super::rule::RuleSet;

static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/rules");

/// Files in `rules/` that are not rules.
const PATTERNS: &str = "patterns.yaml";
const LIMITS: &str = "limits.yaml";

/// Rule files are small; a larger file is not one.
const MAX_FILE_BYTES: u64 = 1 << 20;

/// A rule file's name, for messages, and its text.
#[derive(Clone, Debug)]
pub struct RuleFile {
    pub name: String,
    pub text: String,
}

/// The built-in files, sorted by name.
pub fn built_in_files() -> Vec<RuleFile> {
    let mut files: Vec<_> = BUILT_IN
        .files()
        .filter(|file| is_yaml(file.path()))
        .map(|file| RuleFile {
            name: format!("rules/{}", file.path().display()),
            text: file.contents_utf8().unwrap_or_default().to_owned(),
        })
        .collect();
    files.sort_by(|a, b| a.name.cmp(&b.name));
    files
}

/// Whether a rule is one of the built-in ones: their files are named by the id.
pub fn is_built_in(id: &str) -> bool {
    BUILT_IN.get_file(format!("{id}.yaml")).is_some()
}

/// The built-in rules.
pub fn built_in() -> Result<RuleSet, RuleErrors> {
    parse(&built_in_files())
}

/// The built-in rules, and those in the files of `folders` (`.yaml` and `.yml`, not deeper).
pub fn load(folders: &[PathBuf]) -> Result<RuleSet, RuleErrors> {
    load_for(folders, &Overrides::default())
}

/// As [`load`], for an org whose limits are others.
pub fn load_for(folders: &[PathBuf], limits: &Overrides) -> Result<RuleSet, RuleErrors> {
    let mut files = built_in_files();
    for folder in folders {
        files.extend(user_files(folder)?);
    }
    parse_for(&files, limits)
}

fn user_files(directory: &Path) -> Result<Vec<RuleFile>, RuleErrors> {
    let shown = directory.display().to_string();
    let failed = |name: &str, error: std::io::Error| {
        RuleErrors(vec![RuleError::whole(name, format!("cannot read the rules: {error}"))])
    };
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(directory).map_err(|error| failed(&shown, error))? {
        let path = entry.map_err(|error| failed(&shown, error))?.path();
        if is_yaml(&path) && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    let mut files = Vec::new();
    for path in paths {
        let name = path.display().to_string();
        let length = fs::metadata(&path).map_err(|error| failed(&name, error))?.len();
        if length > MAX_FILE_BYTES {
            let message = format!("too large for a rule file ({length} bytes)");
            return Err(RuleErrors(vec![RuleError::whole(&name, message)]));
        }
        let text = fs::read_to_string(&path).map_err(|error| failed(&name, error))?;
        files.push(RuleFile { name, text });
    }
    Ok(files)
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml" || extension == "yml")
}

/// What one file in `rules/` holds.
enum Parsed {
    Limits(Vec<Limit>),
    Patterns(Vec<Pattern>),
    Rule(Box<Rule>),
}

fn parse_file(file: &RuleFile) -> Result<Parsed, RuleError> {
    match Path::new(&file.name).file_name().and_then(|name| name.to_str()) {
        Some(LIMITS) => yaml(&file.name, &file.text).map(Parsed::Limits),
        Some(PATTERNS) => yaml(&file.name, &file.text).map(Parsed::Patterns),
        _ => yaml(&file.name, &file.text).map(Parsed::Rule),
    }
}

/// Parses and checks `files`. All mistakes are reported together.
pub fn parse(files: &[RuleFile]) -> Result<RuleSet, RuleErrors> {
    parse_for(files, &Overrides::default())
}

fn parse_for(files: &[RuleFile], overrides: &Overrides) -> Result<RuleSet, RuleErrors> {
    let mut errors = Vec::new();
    let mut limits: Vec<(Limit, &RuleFile)> = Vec::new();
    let mut patterns: Vec<(Pattern, &RuleFile)> = Vec::new();
    let mut rules: Vec<(Rule, &RuleFile)> = Vec::new();
    let parsed: Vec<Result<Parsed, RuleError>> = files.par_iter().map(parse_file).collect();
    for (file, parsed) in files.iter().zip(parsed) {
        match parsed {
            Ok(Parsed::Limits(list)) => limits.extend(list.into_iter().map(|limit| (limit, file))),
            Ok(Parsed::Patterns(list)) => patterns.extend(list.into_iter().map(|pattern| (pattern, file))),
            Ok(Parsed::Rule(rule)) => rules.push((*rule, file)),
            Err(error) => errors.push(error),
        }
    }

    limits.sort_by(|a, b| a.0.id.cmp(&b.0.id));
    patterns.sort_by(|a, b| a.0.id.cmp(&b.0.id));
    rules.sort_by(|a, b| a.0.id.cmp(&b.0.id));
    errors.extend(duplicates("limit", limits.iter().map(|(limit, file)| (limit.id.as_str(), *file))));
    errors.extend(duplicates("pattern", patterns.iter().map(|(pattern, file)| (pattern.id.as_str(), *file))));
    errors.extend(duplicates("rule", rules.iter().map(|(rule, file)| (rule.id.as_str(), *file))));

    let limits = Limits::new(limits.into_iter().map(|(limit, _)| overrides.apply(limit)).collect());
    let pattern_ids: Vec<String> = patterns.iter().map(|(pattern, _)| pattern.id.clone()).collect();
    for (pattern, file) in &mut patterns {
        for text in [&mut pattern.fits, &mut pattern.does_not_fit, &mut pattern.move_to] {
            fill_limits(text, "", file, &limits, &mut errors);
        }
        unknown_limits(&pattern.limits, file, &limits, &mut errors);
    }
    for (rule, file) in &mut rules {
        check_rule(rule, file, &limits, &pattern_ids, &mut errors);
    }
    if !errors.is_empty() {
        return Err(RuleErrors(errors));
    }
    Ok(RuleSet {
        rules: rules.into_iter().map(|(rule, _)| rule).collect(),
        patterns: patterns.into_iter().map(|(pattern, _)| pattern).collect(),
        limits,
        left_out: Vec::new(),
    })
}

/// Reads the text of one file. Aliases have no use in it beyond a few repeated words, so the budget for
/// them is small.
pub(crate) fn yaml<T: DeserializeOwned>(name: &str, text: &str) -> Result<T, RuleError> {
    let options = serde_saphyr::options! {
        with_snippet: false,
        strict_booleans: true,
        budget: serde_saphyr::budget! {
            max_events: 50_000,
            max_nodes: 20_000,
            max_aliases: 100,
            max_anchors: 100,
            max_depth: 32,
            max_documents: 1,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: 10_000,
            max_replay_stack_depth: 16,
            max_alias_expansions_per_anchor: 100,
        },
    };
    serde_saphyr::from_str_with_options(text, options)
        .map_err(|error| RuleError::from_yaml(name, text, &error))
}

/// An error for each id that is not the first of its name.
fn duplicates<'a>(what: &str, ids: impl Iterator<Item = (&'a str, &'a RuleFile)>) -> Vec<RuleError> {
    let mut errors = Vec::new();
    let mut last: Option<(&str, &RuleFile)> = None;
    for (id, file) in ids {
        match last {
            Some((known, first)) if known == id => {
                let at = locate(&file.text, "id", id);
                let help = format!("the other one is in {}", first.name);
                errors.push(
                    RuleError::at(&file.name, &file.text, at, format!("there already is a {what} `{id}`"))
                        .with_help(Some(help)),
                );
            }
            _ => last = Some((id, file)),
        }
    }
    errors
}

fn check_rule(
    rule: &mut Rule,
    file: &RuleFile,
    limits: &Limits,
    patterns: &[String],
    errors: &mut Vec<RuleError>,
) {
    let at = |key: &str, word: &str, message: String| {
        RuleError::at(&file.name, &file.text, locate(&file.text, key, word), message)
    };
    if !is_id(&rule.id) {
        errors.push(
            at("id", &rule.id, format!("`{}` is not an id", rule.id))
                .with_help(Some("lower case, words joined by `-`".to_owned())),
        );
    }
    let named = std::iter::once(("pattern", &rule.pattern))
        .chain(rule.antipattern.iter().map(|id| ("antipattern", id)))
        .chain(rule.instead.iter().map(|id| ("instead", id)));
    for (key, id) in named {
        if !patterns.contains(id) {
            errors.push(
                at(key, id, format!("unknown pattern `{id}`")).with_help(Some(nearest_or_all(id, patterns))),
            );
        }
    }
    unknown_limits(&rule.limits, file, limits, errors);
    for reference in &rule.references {
        if !reference.starts_with("https://") {
            errors.push(at("references", reference, "a reference is an https address".to_owned()));
        }
    }
    let examples = [("bad", &rule.examples.bad), ("good", &rule.examples.good)];
    for (kind, files) in examples {
        if files.is_empty() {
            errors.push(at("examples", kind, format!("there is no {kind} example")));
        }
        for name in files.keys() {
            if discover::kind_of(name).is_none() {
                let help = "expected a name like `classes/X.cls` or `objects/X__e/X__e.object-meta.xml`";
                errors.push(
                    at("examples", name, format!("`{name}` is not a file that a scan reads"))
                        .with_help(Some(help.to_owned())),
                );
            }
        }
    }
    for (key, text) in [("message", &mut rule.message), ("why", &mut rule.why), ("fix", &mut rule.fix)] {
        fill_limits(text, key, file, limits, errors);
    }
    // A message whose limits are unknown is already reported.
    if !rule.message.contains("{limit:") {
        errors.extend(plan(rule, limits, &[], &file.name, &file.text).err().into_iter().flatten());
    }
}

fn is_id(id: &str) -> bool {
    !id.is_empty()
        && id.split('-').all(|word| {
            !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        })
}

fn unknown_limits(ids: &[String], file: &RuleFile, limits: &Limits, errors: &mut Vec<RuleError>) {
    for id in ids {
        if limits.get(id).is_none() {
            let known: Vec<_> = limits.iter().map(|limit| limit.id.as_str()).collect();
            let near = nearest(id, &known).map(|near| format!("did you mean `{near}`?"));
            let at = locate(&file.text, "limits", id);
            errors.push(
                RuleError::at(&file.name, &file.text, at, format!("unknown limit `{id}`"))
                    .with_help(near.or_else(|| Some("`seamlint rules limits` lists them".to_owned()))),
            );
        }
    }
}

/// Replaces each `{limit:ID}` by its value.
fn fill_limits(text: &mut String, key: &str, file: &RuleFile, limits: &Limits, errors: &mut Vec<RuleError>) {
    const OPEN: &str = "{limit:";
    let mut filled = String::with_capacity(text.len());
    let mut rest = text.as_str();
    let mut failed = false;
    while let Some(open) = rest.find(OPEN) {
        let inner = &rest[open + OPEN.len()..];
        let end = inner.find('}');
        let id = &inner[..end.unwrap_or(inner.len())];
        match limits.text(id) {
            Some(value) if end.is_some() => {
                filled.push_str(&rest[..open]);
                filled.push_str(&value);
            }
            _ => {
                let known: Vec<_> = limits.iter().map(|limit| limit.id.as_str()).collect();
                let near = nearest(id, &known).map(|near| format!("did you mean `{near}`?"));
                let (message, help) = match end {
                    Some(_) => (format!("unknown limit `{id}`"), near),
                    None => ("the placeholder is never closed".to_owned(), None),
                };
                let at = locate(&file.text, key, &rest[open..open + OPEN.len() + id.len()]);
                errors.push(RuleError::at(&file.name, &file.text, at, message).with_help(help));
                failed = true;
            }
        }
        rest = end.map_or("", |end| &inner[end + 1..]);
    }
    filled.push_str(rest);
    if !failed {
        *text = filled;
    }
}

/// Where `word` stands below the top-level `key` of a YAML text; the key itself where it does not,
/// the start of the text where there is no such key.
pub(super) fn locate(source: &str, key: &str, word: &str) -> Span {
    let mut offset = 0;
    let mut key_at = None;
    for line in source.split_inclusive('\n') {
        let bare = line.strip_prefix("- ").unwrap_or(line);
        let starts = !key.is_empty() && bare.strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
        let top_level = !line.starts_with([' ', '\n', '#', '-']);
        if key_at.is_some() && top_level && !starts {
            break;
        }
        if starts && (key_at.is_none() || line != bare) {
            key_at = Some(offset + line.len() - bare.len());
        }
        if key_at.is_some() || key.is_empty() {
            let from = if starts { line.len() - bare.len() + key.len() + 1 } else { 0 };
            if let Some(at) = line[from..].find(word) {
                return Span::new(offset + from + at, offset + from + at + word.len());
            }
        }
        offset += line.len();
    }
    key_at.map_or(Span::new(0, 0), |at| Span::new(at, at + key.len()))
}
