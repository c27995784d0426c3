//! The baseline: findings that a team knows of and lets pass, so that only new ones count.
//!
//! A text file, sorted, one finding a line: its fingerprint, then for people the rule, the file and the
//! symbol. Only the fingerprint decides.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rustc_hash::FxHashSet;

use crate::discover::Project;
use crate::finding::Finding;
use crate::rules::error::{RuleError, RuleErrors};
use crate::span::Span;

/// The file's name where nobody chose another.
pub const NAME: &str = ".seamlint-baseline";

const VERSION: &str = "# seamlint baseline 1";
const HEAD: &str = "# seamlint baseline 1
# Findings that are known: fingerprint, rule, file, symbol. Only findings that are not here are reported.
# In a merge conflict keep the lines of both sides, then run `seamlint baseline update`.
";

/// Characters of a fingerprint: 16 bytes in hex.
const FINGERPRINT: usize = 32;

/// A finding that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub fingerprint: String,
    pub rule: String,
    /// Relative to the folder of the baseline, with `/`.
    pub file: String,
    /// The method or trigger; empty where none is known.
    pub symbol: String,
}

/// The findings that are known, by their fingerprints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    entries: BTreeMap<String, Entry>,
}

/// The findings of a scan beside a baseline.
#[derive(Clone, Debug, Default)]
pub struct Comparison {
    /// Not in the baseline, in the order of the scan.
    pub new: Vec<Finding>,
    /// In the baseline.
    pub known: Vec<Finding>,
    /// In the baseline, and not found any more.
    pub gone: Vec<Entry>,
}

impl Baseline {
    /// A baseline of all these findings, for a file in `folder`.
    pub fn of(findings: &[Finding], project: &Project, folder: &Path) -> Baseline {
        let entries = findings.iter().map(|finding| entry(finding, project, folder));
        Baseline { entries: entries.map(|entry| (entry.fingerprint.clone(), entry)).collect() }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// A file that cannot be read, and what [`Baseline::parse`] refuses.
    pub fn read(path: &Path) -> Result<Baseline, RuleErrors> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|error| {
            let message = match error.kind() {
                std::io::ErrorKind::NotFound => {
                    format!("there is no baseline `{name}`; `seamlint baseline write` makes one")
                }
                _ => format!("cannot read the baseline: {error}"),
            };
            RuleErrors(vec![RuleError::whole(&name, message)])
        })?;
        Baseline::parse(&name, &text)
    }

    /// Reads the text of a file; `name` is for messages. The order of the lines does not matter.
    ///
    /// # Errors
    /// A line that is no entry, above all the marks of a merge conflict.
    pub fn parse(name: &str, text: &str) -> Result<Baseline, RuleErrors> {
        let mut entries = BTreeMap::new();
        let mut offset = 0;
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let bare = line.trim_end_matches(['\n', '\r']);
            let at = Span::new(offset, offset + bare.len());
            offset += line.len();
            let failed = |message: &str, help: &str| {
                let error = RuleError::at(name, text, at, message).with_help(Some(help.to_owned()));
                Err(RuleErrors(vec![error]))
            };
            if ["<<<<<<<", "|||||||", "=======", ">>>>>>>"].iter().any(|mark| bare.starts_with(mark)) {
                return failed(
                    "the baseline has an unsolved merge conflict",
                    "keep the lines of both sides, delete the marks, then run `seamlint baseline update`",
                );
            }
            if index == 0 && bare.starts_with("# seamlint baseline ") && bare != VERSION {
                return failed(
                    "this baseline is of another version of seamlint",
                    "update seamlint, or write it again",
                );
            }
            if bare.trim().is_empty() || bare.starts_with('#') {
                continue;
            }
            let mut fields = bare.split('\t').map(str::to_owned);
            let fingerprint = fields.next().unwrap_or_default();
            if fingerprint.len() != FINGERPRINT || !fingerprint.bytes().all(|byte| byte.is_ascii_hexdigit()) {
                return failed(
                    "this line is no entry of a baseline",
                    "expected a fingerprint, a rule, a file and a symbol, with tabs between them",
                );
            }
            let mut next = || fields.next().unwrap_or_default();
            let entry =
                Entry { fingerprint: fingerprint.clone(), rule: next(), file: next(), symbol: next() };
            entries.insert(fingerprint, entry);
        }
        Ok(Baseline { entries })
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        let mut text = HEAD.to_owned();
        for entry in self.entries.values() {
            let line =
                [&entry.fingerprint, &entry.rule, &entry.file, &entry.symbol].map(|field| plain(field));
            text.push_str(line.join("\t").trim_end());
            text.push('\n');
        }
        text
    }

    /// Sorted by fingerprint.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.entries.values()
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What is new, known and gone in a scan that found `findings`.
    pub fn compare(&self, findings: Vec<Finding>) -> Comparison {
        let found: FxHashSet<&str> = findings.iter().map(|finding| finding.fingerprint.as_str()).collect();
        let gone = self
            .entries
            .values()
            .filter(|entry| !found.contains(entry.fingerprint.as_str()))
            .cloned()
            .collect();
        let (known, new) =
            findings.into_iter().partition(|finding| self.entries.contains_key(&finding.fingerprint));
        Comparison { new, known, gone }
    }
}

/// No field may look like two, or like a line of its own.
fn plain(field: &str) -> String {
    field.replace(|c: char| c.is_control(), " ")
}

fn entry(finding: &Finding, project: &Project, folder: &Path) -> Entry {
    let file = project.file(finding.primary.file);
    Entry {
        fingerprint: finding.fingerprint.clone(),
        rule: finding.rule.clone(),
        file: relative(&file.absolute, folder).unwrap_or_else(|| file.path.clone()),
        symbol: finding.path.last().map_or_else(String::new, |step| step.symbol.clone()),
    }
}

/// The path from `folder`, with `/`; `None` where the file lies outside of it.
fn relative(file: &Path, folder: &Path) -> Option<String> {
    let path = file.strip_prefix(folder).ok()?;
    Some(path.components().map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/"))
}

/// The baseline that governs `path`: the nearest upwards, within its repository.
pub fn find(path: &Path) -> Option<PathBuf> {
    let start = std::fs::canonicalize(path).ok()?;
    for folder in start.ancestors() {
        let file = folder.join(NAME);
        if file.is_file() {
            return Some(file);
        }
        if folder.join(".git").exists() {
            break;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "0123456789abcdef0123456789abcdef";
    const B: &str = "fedcba9876543210fedcba9876543210";

    fn parse(text: &str) -> Result<Baseline, String> {
        Baseline::parse("base", text).map_err(|errors| errors.to_string())
    }

    #[test]
    fn what_is_written_is_read() {
        let text = format!("{HEAD}{A}\tdml-in-loop\tmain/A b.cls\tA.run\n{B}\tx\ty.cls\n");
        let baseline = parse(&text).unwrap();
        assert_eq!((baseline.len(), baseline.text()), (2, text.clone()));
        // Lines in any order, twice, with other line ends.
        let mixed = format!("{B}\tx\ty.cls\r\n\r\n{A}\tdml-in-loop\tmain/A b.cls\tA.run\n{B}\tx\ty.cls");
        assert_eq!(parse(&mixed).unwrap().text(), text);
        assert!(parse("").unwrap().is_empty());
    }

    #[test]
    fn sorting_the_lines_of_both_sides_is_the_file() {
        let text = parse(&format!("{B}\tx\ty\n{A}\tx\ty\n")).unwrap().text();
        let mut lines: Vec<&str> = text.lines().skip(HEAD.lines().count()).collect();
        lines.sort_unstable();
        assert_eq!(lines.join("\n") + "\n", text[HEAD.len()..]);
    }

    #[test]
    fn mistakes_are_shown_at_their_line() {
        let conflict = format!("{HEAD}<<<<<<< ours\n{A}\tx\ty\n=======\n>>>>>>> theirs\n");
        for (text, says) in [
            (conflict.as_str(), ["merge conflict", "base:4:1", "keep the lines of both sides"]),
            ("garbage\n", ["no entry", "base:1:1", "^^^^^^^"]),
            ("# seamlint baseline 2\n", ["another version", "base:1:1", "update seamlint"]),
        ] {
            let error = parse(text).unwrap_err();
            assert!(says.iter().all(|part| error.contains(part)), "{error}");
        }
    }
}
