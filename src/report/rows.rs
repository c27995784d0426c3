//! What the formats for code review and CI services print: one row for each finding and for each file that
//! could not be used, with texts that are safe to print.

use crate::finding::{Finding, Severity};
use crate::report::source_map::{Position, SourceMap};
use crate::report::terminal::prose::count;
use crate::report::text::one_line;
use crate::report::{NOT_READ, Report};
use crate::span::Location;

/// A longer path is cut in the middle; JSON and SARIF have all of it.
const MOST_STEPS: usize = 20;

/// Something to report at a place.
pub struct Row<'a> {
    pub rule: &'a str,
    pub severity: Severity,
    pub message: String,
    pub place: Place,
    /// Where the row is about a finding.
    pub finding: Option<&'a Finding>,
}

/// A place in a file, with its path relative to the root of the repository.
pub struct Place {
    pub file: String,
    pub position: Position,
}

/// One step of a path, numbered from 1.
pub struct Step {
    pub number: usize,
    pub place: Place,
    pub label: String,
}

/// The steps to print, and how many are left out after the first half of them.
pub struct Steps {
    pub shown: Vec<Step>,
    pub left_out: usize,
}

/// The findings in their order, then the files that could not be used.
pub fn rows<'a>(report: &Report<'a>, map: &SourceMap) -> Vec<Row<'a>> {
    let findings = report.findings.iter().map(|finding| Row {
        rule: &finding.rule,
        severity: finding.severity,
        message: one_line(&finding.message),
        place: place(finding.primary, map),
        finding: Some(finding),
    });
    let problems = report.project.problems.iter().map(|problem| Row {
        rule: NOT_READ,
        severity: Severity::Note,
        message: one_line(&format!("not analysed: {}", problem.message)),
        place: Place { file: one_line(&map.in_repository(&problem.path)), position: Position::START },
        finding: None,
    });
    findings.chain(problems).collect()
}

/// The most severe rows first, otherwise in their order: for places where only the first are seen.
pub fn most_severe_first(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_by_key(|row| std::cmp::Reverse(row.severity));
    rows
}

/// The path that proves a finding; none where it is a fact about one place.
pub fn steps(row: &Row, map: &SourceMap) -> Steps {
    let path = row.finding.map_or(&[][..], |finding| &finding.path);
    let left_out = if path.len() > MOST_STEPS { path.len() - MOST_STEPS } else { 0 };
    let head = if left_out > 0 { MOST_STEPS / 2 } else { path.len() };
    let shown = path.iter().enumerate().filter(|(index, _)| *index < head || *index >= head + left_out);
    let shown = shown.map(|(index, step)| Step {
        number: index + 1,
        place: place(step.at, map),
        label: one_line(&step.label),
    });
    Steps { shown: shown.collect(), left_out }
}

/// The path as numbered lines of plain text.
pub fn trail(row: &Row, map: &SourceMap) -> Vec<String> {
    let steps = steps(row, map);
    let mut lines: Vec<String> =
        steps.shown.iter().map(|step| format!("{}. {} ({})", step.number, step.label, step.place)).collect();
    if steps.left_out > 0 {
        lines.insert(MOST_STEPS / 2, format!("… {} steps are not shown", steps.left_out));
    }
    lines
}

/// "Also from trigger B on Contact (after insert) and 7 more.": the path shows the first entry point.
pub fn also_from(row: &Row) -> Option<String> {
    const SHOWN: usize = 3;
    let others = row.finding?.origins.get(1..).filter(|others| !others.is_empty())?;
    let names: Vec<String> = others.iter().take(SHOWN).map(|origin| one_line(&origin.name)).collect();
    let more = match others.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    Some(format!("Also from {}{more}.", names.join(", ")))
}

/// "2 errors, 1 warning", or "no findings".
pub fn summary(rows: &[Row]) -> String {
    let kinds = [
        (Severity::Error, "error", "errors"),
        (Severity::Warning, "warning", "warnings"),
        (Severity::Note, "note", "notes"),
    ];
    let counts: Vec<String> = kinds
        .iter()
        .map(|(severity, one, many)| (rows.iter().filter(|row| row.severity == *severity).count(), one, many))
        .filter(|(number, ..)| *number > 0)
        .map(|(number, one, many)| count(number, one, many))
        .collect();
    if counts.is_empty() { "no findings".to_owned() } else { counts.join(", ") }
}

/// The worst first.
pub const SEVERITIES: [Severity; 3] = [Severity::Error, Severity::Warning, Severity::Note];

fn place(at: Location, map: &SourceMap) -> Place {
    Place { file: one_line(&map.in_repository(map.path(at.file))), position: map.position(at) }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.position.line)
    }
}
