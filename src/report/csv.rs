//! A table for a spreadsheet: one row a finding, with a header.

use std::io::{self, Write};

use crate::finding::Finding;
use crate::report::Report;
use crate::report::rows::{Row, rows, trail};
use crate::report::source_map::SourceMap;
use crate::report::text::one_line;

/// The columns. New ones are added at the end.
pub const HEADER: [&str; 15] = [
    "severity",
    "rule",
    "title",
    "message",
    "file",
    "line",
    "column",
    "end_line",
    "end_column",
    "confidence",
    "pattern",
    "instead",
    "entry_points",
    "path",
    "fingerprint",
];

/// Writes the header and one record a row (RFC 4180, lines end with LF).
pub fn write(report: &Report, map: &SourceMap, out: &mut dyn Write) -> io::Result<()> {
    let mut csv = csv::Writer::from_writer(out);
    csv.write_record(HEADER)?;
    for row in rows(report, map) {
        csv.write_record(record(&row, report, map).map(|cell| guarded(&cell)))?;
    }
    csv.flush()
}

fn record(row: &Row, report: &Report, map: &SourceMap) -> [String; HEADER.len()] {
    let at = row.place.position;
    let of_finding = |value: fn(&Finding) -> String| row.finding.map_or_else(String::new, value);
    [
        row.severity.to_string(),
        row.rule.to_owned(),
        report.rules.rule(row.rule).map_or_else(String::new, |rule| one_line(&rule.title)),
        row.message.clone(),
        row.place.file.clone(),
        at.line.to_string(),
        at.column_chars.to_string(),
        at.end_line.to_string(),
        at.end_column_chars.to_string(),
        of_finding(|finding| finding.confidence.to_string()),
        of_finding(|finding| finding.pattern.clone()),
        of_finding(|finding| finding.instead.join("; ")),
        of_finding(|finding| {
            let names: Vec<String> = finding.origins.iter().map(|origin| one_line(&origin.name)).collect();
            names.join("; ")
        }),
        trail(row, map).join("; "),
        of_finding(|finding| finding.fingerprint.clone()),
    ]
}

/// Keeps a spreadsheet from running a cell as a formula (OWASP, "CSV Injection"): an apostrophe makes it a
/// text. The wide forms count too, as spreadsheets of some languages take them.
fn guarded(cell: &str) -> String {
    if cell.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}
