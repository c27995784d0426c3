//! Output formats, one module each. Each reads a [`Report`] and writes text.

pub mod checkstyle;
pub mod csv;
pub mod github;
pub mod gitlab;
pub mod json;
pub mod junit;
pub mod markdown;
pub mod progress;
mod rows;
pub mod sarif;
pub mod source_map;
pub mod terminal;
mod text;

use std::io::{self, BufWriter, Write};
use std::time::Duration;

use crate::baseline;
use crate::discover::Project;
use crate::finding::{Finding, Severity};
use crate::rules::rule::RuleSet;
use crate::suppress::Suppressed;

use source_map::SourceMap;
use terminal::Style;

/// Id of the findings that say where a file does not parse. No rule file stands behind it; the formats
/// show it apart from what the rules found.
pub const SYNTAX_ERROR: &str = "syntax-error";

/// Id of the findings about suppressions that suppress nothing.
pub const UNUSED_SUPPRESSION: &str = "unused-suppression";

/// Ids of the findings that no rule file stands behind.
pub const OWN_IDS: [&str; 2] = [SYNTAX_ERROR, UNUSED_SUPPRESSION];

/// Id of the notes about files that could not be used.
pub const NOT_READ: &str = "file-not-read";

/// What could and could not be seen: printed in the summary line and in JSON.
#[derive(
    Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
pub struct Statistics {
    /// Files of the project: Apex, pages, events, custom metadata.
    pub files: usize,
    /// Classes without tests, inner ones too.
    pub classes: usize,
    pub triggers: usize,
    pub methods: usize,
    /// Where a transaction may start; each event of a trigger counts.
    pub entry_points: usize,
    /// Calls that the analysis followed or tried to.
    pub calls: usize,
    /// Calls with more than one possible target.
    pub calls_virtual: usize,
    /// Calls into code that the project does not hold (managed packages) or that no rule knows.
    pub calls_unresolved: usize,
    /// `Type.forName` on text that is not known.
    pub dynamic_dispatch: usize,
    pub syntax_errors: usize,
}

impl Statistics {
    /// What the analysis could not see, as phrases: "3 syntax errors". Nothing for what did not happen.
    fn unseen(&self) -> impl Iterator<Item = String> {
        let unseen = [
            (self.calls_unresolved, "call into code that is not here", "calls into code that is not here"),
            (self.dynamic_dispatch, "class named only at run time", "classes named only at run time"),
            (self.syntax_errors, "syntax error", "syntax errors"),
        ];
        let happened = unseen.into_iter().filter(|(number, ..)| *number > 0);
        happened.map(|(number, one, many)| terminal::prose::count(number, one, many))
    }
}

/// All that a format may print.
pub struct Report<'a> {
    pub project: &'a Project,
    pub rules: &'a RuleSet,
    /// Sorted by file, place and rule.
    pub findings: &'a [Finding],
    pub statistics: &'a Statistics,
    /// The least severity that fails the build; `None` where nothing does.
    pub fail_on: Option<Severity>,
    pub accepted: Accepted<'a>,
    /// Wall time of the scan; printed by the terminal format only, so that the others are the same
    /// bytes on every run.
    pub elapsed: Duration,
}

/// Findings that somebody accepted. They are counted for people, and reported only if asked for: code
/// scanning shows every result that it is given as an open alert, whatever is said beside it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Accepted<'a> {
    pub suppressed: &'a [Suppressed],
    /// Findings that the baseline holds.
    pub known: &'a [Finding],
    /// What the baseline holds and was not found any more.
    pub gone: &'a [baseline::Entry],
    /// Whether there is a baseline.
    pub has_baseline: bool,
    pub show_suppressed: bool,
    pub show_baseline: bool,
}

impl<'a> Accepted<'a> {
    /// The suppressed findings to report.
    pub fn suppressed(&self) -> &'a [Suppressed] {
        if self.show_suppressed { self.suppressed } else { &[] }
    }

    /// The known findings to report.
    pub fn known(&self) -> &'a [Finding] {
        if self.show_baseline { self.known } else { &[] }
    }

    /// The entries of the baseline to report as gone.
    pub fn gone(&self) -> &'a [baseline::Entry] {
        if self.show_baseline { self.gone } else { &[] }
    }
}

/// The output formats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, strum::Display, clap::ValueEnum)]
#[strum(serialize_all = "lowercase")]
pub enum Format {
    /// For a person, drawn.
    #[default]
    Terminal,
    /// For a program; `seamlint schema` describes it.
    Json,
    /// SARIF 2.1.0, for code review tools.
    Sarif,
    /// Annotations of a pull request, from the log of a GitHub action.
    #[value(name = "github")]
    GitHub,
    /// GitLab Code Quality, for its merge requests.
    #[value(name = "gitlab")]
    GitLab,
    /// JUnit XML, for the test reports of CI servers.
    #[value(name = "junit")]
    JUnit,
    /// Checkstyle XML, for Jenkins, reviewdog and others.
    Checkstyle,
    /// A comment for a pull request.
    Markdown,
    /// A table for a spreadsheet.
    Csv,
}

/// Writes a report; `style` matters to the terminal format only. Source files are read from disk where
/// findings point into them.
pub fn write(format: Format, report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    write_with(format, report, &SourceMap::new(report.project), style, out)
}

/// [`write()`] with texts from elsewhere than the disk.
pub fn write_with(
    format: Format,
    report: &Report,
    map: &SourceMap,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    // Standard output writes at every line end otherwise.
    let mut out = BufWriter::new(out);
    match format {
        Format::Terminal => terminal::write(report, map, style, &mut out),
        Format::Json => json::write(report, map, &mut out),
        Format::Sarif => sarif::write(report, map, &mut out),
        Format::GitHub => github::write(report, map, &mut out),
        Format::GitLab => gitlab::write(report, map, &mut out),
        Format::JUnit => junit::write(report, map, &mut out),
        Format::Checkstyle => checkstyle::write(report, map, &mut out),
        Format::Markdown => markdown::write(report, map, &mut out),
        Format::Csv => csv::write(report, map, &mut out),
    }?;
    out.flush()
}
