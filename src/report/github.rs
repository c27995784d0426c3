//! Annotations on GitHub: workflow commands that the Actions runner reads from a step's output and shows at
//! their lines in a pull request.
//!
//! Syntax: "Workflow commands for GitHub Actions"; escaping as in `@actions/core` (`command.ts`).

use std::io::{self, Write};

use crate::finding::Severity;
use crate::report::Report;
use crate::report::rows::{Row, SEVERITIES, also_from, most_severe_first, rows, summary, trail};
use crate::report::source_map::SourceMap;
use crate::report::terminal::prose::first_sentence;

/// Annotations of one kind that GitHub shows for a step ("Limitations" in the documentation of problem
/// matchers); the others stay in the log.
const SHOWN: usize = 10;

/// Writes one command a row, the most severe first, since GitHub shows only the first of each kind.
pub fn write(report: &Report, map: &SourceMap, out: &mut dyn Write) -> io::Result<()> {
    let rows = most_severe_first(rows(report, map));
    if let Some(message) = beyond(&rows) {
        // First, or it would be among those that are not shown.
        writeln!(out, "::notice title=seamlint::{}", data(&message))?;
    }
    for row in &rows {
        write_annotation(row, report, map, out)?;
    }
    Ok(())
}

/// What a reader of the pull request does not see.
fn beyond(rows: &[Row]) -> Option<String> {
    let over = |severity: &Severity| rows.iter().filter(|row| row.severity == *severity).count() > SHOWN;
    if !SEVERITIES.iter().any(over) {
        return None;
    }
    Some(format!(
        "seamlint found {}. GitHub shows at most {SHOWN} annotations of a kind for one step; all of them are in \
         the log of this step. SARIF (`-o sarif=FILE`, uploaded to code scanning) has no such limit.",
        summary(rows)
    ))
}

fn write_annotation(row: &Row, report: &Report, map: &SourceMap, out: &mut dyn Write) -> io::Result<()> {
    let command = match row.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let at = row.place.position;
    write!(out, "::{command} file={},line={},endLine={}", property(&row.place.file), at.line, at.end_line)?;
    // The runner drops the columns of an annotation over several lines.
    if at.line == at.end_line {
        write!(out, ",col={},endColumn={}", at.column_chars, at.end_column_chars)?;
    }
    let title = match report.rules.rule(row.rule) {
        Some(rule) => format!("{}: {}", row.rule, rule.title),
        None => row.rule.to_owned(),
    };
    writeln!(out, ",title={}::{}", property(&title), data(&body(row, report, map)))
}

/// The sentence, the path below it, and what to do.
fn body(row: &Row, report: &Report, map: &SourceMap) -> String {
    let mut lines = vec![row.message.clone()];
    lines.extend(trail(row, map));
    lines.extend(also_from(row));
    if let Some(rule) = report.rules.rule(row.rule) {
        lines.push(format!("Fix: {}", first_sentence(&rule.fix)));
        lines.push(format!("More: seamlint explain {}", rule.id));
    }
    lines.join("\n")
}

/// Escapes what ends a command's message.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes what ends a command's property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
