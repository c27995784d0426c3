//! The findings as JSON for programs. The structs below are the format; [`schema`] is made from them.
//!
//! No absolute path and no time is in it: two scans of the same files give the same bytes.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::finding::{Confidence, Finding, Origin, Severity, Step};
use crate::report::source_map::SourceMap;
use crate::report::{Report, Statistics};
use crate::span::Location;

/// Raised when a field changes its meaning or goes; new fields do not raise it.
pub const VERSION: u32 = 1;

/// The result of one scan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// Version of this format.
    pub version: u32,
    pub tool: Tool,
    /// Sorted by file, place and rule.
    pub findings: Vec<FindingOutput>,
    /// With `--report-suppressed`: findings that the code itself says that it accepts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suppressed: Vec<SuppressedOutput>,
    /// With `--report-baseline`: findings that the baseline holds.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub known: Vec<FindingOutput>,
    /// With `--report-baseline`: what the baseline holds and was not found any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<GoneOutput>,
    pub statistics: Statistics,
    /// Files that could not be used; the rest was analysed.
    pub problems: Vec<ProblemOutput>,
}

/// The program that made the file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    pub name: String,
    pub version: String,
}

/// A proven problem at one place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct FindingOutput {
    /// Id of the rule, such as `sync-callout-in-trigger`.
    pub rule: String,
    /// Title of the rule; empty for `syntax-error`.
    pub title: String,
    pub severity: Severity,
    pub confidence: Confidence,
    /// One sentence about this place.
    pub message: String,
    #[serde(flatten)]
    pub place: Place,
    /// The steps from the entry point to this place; empty for findings that are local facts.
    pub path: Vec<StepOutput>,
    /// Other places that explain the finding.
    pub related: Vec<StepOutput>,
    /// All entry points that reach this place; the path shows the first.
    pub origins: Vec<OriginOutput>,
    /// The documented integration pattern that is misused; null for `syntax-error`.
    pub pattern: Option<PatternOutput>,
    /// The anti-pattern that the rule stands for, if it is one.
    pub antipattern: Option<PatternOutput>,
    /// The patterns to move to.
    pub instead: Vec<PatternOutput>,
    /// Stays the same when lines move; use it to recognise a finding.
    pub fingerprint: String,
}

/// A finding that a comment or an annotation suppresses.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SuppressedOutput {
    #[serde(flatten)]
    pub finding: FindingOutput,
    pub suppression: SuppressionOutput,
}

/// The comment or annotation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SuppressionOutput {
    #[serde(flatten)]
    pub place: Place,
    /// Null where none is given.
    pub reason: Option<String>,
}

/// An entry of the baseline that was not found any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GoneOutput {
    pub rule: String,
    /// Relative to the folder of the baseline, with `/`.
    pub file: String,
    pub symbol: String,
    pub fingerprint: String,
}

/// A range of source text. Lines and columns count from 1, columns in Unicode characters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Place {
    /// Relative to the scanned folder, with `/`.
    pub file: String,
    /// From 1.
    pub line: u32,
    /// From 1, in Unicode characters.
    pub column: u32,
    /// The place after the last character.
    pub end: End,
}

/// The place after the last character of a range.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct End {
    pub line: u32,
    pub column: u32,
}

/// A step of a path, or a related place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StepOutput {
    #[serde(flatten)]
    pub place: Place,
    /// What happens here.
    pub label: String,
    /// The symbol that the step is in or enters, such as `AccountService.push`.
    pub symbol: String,
}

/// An entry point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OriginOutput {
    #[serde(flatten)]
    pub place: Place,
    /// Such as `trigger AccountTrigger on Account (after update)`.
    pub name: String,
}

/// A documented integration pattern or anti-pattern.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PatternOutput {
    pub id: String,
    pub title: String,
}

/// Why a file could not be used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProblemOutput {
    /// Relative to the scanned folder, with `/`.
    pub file: String,
    pub message: String,
}

/// The JSON Schema of [`Output`].
pub fn schema() -> serde_json::Value {
    schemars::schema_for!(Output).to_value()
}

/// Writes the report, indented, with a line end.
pub fn write(report: &Report, map: &SourceMap, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &output(report, map))?;
    writeln!(out)
}

/// The report in the shape of the format.
pub fn output(report: &Report, map: &SourceMap) -> Output {
    Output {
        version: VERSION,
        tool: Tool { name: env!("CARGO_PKG_NAME").to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
        findings: report.findings.iter().map(|found| finding(found, report, map)).collect(),
        suppressed: report
            .accepted
            .suppressed()
            .iter()
            .map(|each| SuppressedOutput {
                finding: finding(&each.finding, report, map),
                suppression: SuppressionOutput { place: place(each.at, map), reason: each.reason.clone() },
            })
            .collect(),
        known: report.accepted.known().iter().map(|known| finding(known, report, map)).collect(),
        gone: report
            .accepted
            .gone()
            .iter()
            .map(|entry| GoneOutput {
                rule: entry.rule.clone(),
                file: entry.file.clone(),
                symbol: entry.symbol.clone(),
                fingerprint: entry.fingerprint.clone(),
            })
            .collect(),
        statistics: report.statistics.clone(),
        problems: report
            .project
            .problems
            .iter()
            .map(|problem| ProblemOutput { file: problem.path.clone(), message: problem.message.clone() })
            .collect(),
    }
}

fn finding(found: &Finding, report: &Report, map: &SourceMap) -> FindingOutput {
    let pattern = |id: &String| PatternOutput {
        id: id.clone(),
        title: report.rules.pattern(id).map_or(id.clone(), |pattern| pattern.title.clone()),
    };
    FindingOutput {
        rule: found.rule.clone(),
        title: report.rules.rule(&found.rule).map_or_else(String::new, |rule| rule.title.clone()),
        severity: found.severity,
        confidence: found.confidence,
        message: found.message.clone(),
        place: place(found.primary, map),
        path: found.path.iter().map(|each| step(each, map)).collect(),
        related: found.related.iter().map(|each| step(each, map)).collect(),
        origins: found.origins.iter().map(|each| origin(each, map)).collect(),
        pattern: (!found.pattern.is_empty()).then(|| pattern(&found.pattern)),
        antipattern: found.antipattern.as_ref().map(pattern),
        instead: found.instead.iter().map(pattern).collect(),
        fingerprint: found.fingerprint.clone(),
    }
}

fn step(step: &Step, map: &SourceMap) -> StepOutput {
    StepOutput { place: place(step.at, map), label: step.label.clone(), symbol: step.symbol.clone() }
}

fn origin(origin: &Origin, map: &SourceMap) -> OriginOutput {
    OriginOutput { place: place(origin.at, map), name: origin.name.clone() }
}

fn place(at: Location, map: &SourceMap) -> Place {
    let position = map.position(at);
    Place {
        file: map.path(at.file).to_owned(),
        line: position.line,
        column: position.column_chars,
        end: End { line: position.end_line, column: position.end_column_chars },
    }
}
