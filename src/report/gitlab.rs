//! GitLab Code Quality: the subset of the Code Climate format that GitLab reads ("Code Quality report
//! format" in its documentation). GitLab tells new findings from old ones by the fingerprint.

use std::io::{self, Write};

use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::finding::Severity;
use crate::report::Report;
use crate::report::rows::{Row, rows};
use crate::report::source_map::SourceMap;
use crate::rules::check::findings::fingerprint;

#[derive(Serialize)]
struct Issue<'a> {
    description: &'a str,
    check_name: &'a str,
    fingerprint: String,
    severity: &'static str,
    location: Location<'a>,
}

#[derive(Serialize)]
struct Location<'a> {
    path: &'a str,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: u32,
    end: u32,
}

/// Writes an array of issues, indented, with a line end.
pub fn write(report: &Report, map: &SourceMap, out: &mut dyn Write) -> io::Result<()> {
    let rows = rows(report, map);
    let mut seen = FxHashMap::default();
    let issues: Vec<Issue> = rows
        .iter()
        .map(|row| Issue {
            description: &row.message,
            check_name: row.rule,
            fingerprint: unique(row, &mut seen),
            severity: severity(row.severity),
            location: Location {
                path: &row.place.file,
                lines: Lines { begin: row.place.position.line, end: row.place.position.end_line },
            },
        })
        .collect();
    serde_json::to_writer_pretty(&mut *out, &issues)?;
    writeln!(out)
}

/// GitLab keeps one issue for each fingerprint, so equal ones get a number.
fn unique(row: &Row, seen: &mut FxHashMap<String, usize>) -> String {
    let own = match row.finding {
        Some(finding) => finding.fingerprint.clone(),
        None => fingerprint(&format!("{}|{}|{}", row.rule, row.place.file, row.message), 0),
    };
    let count = seen.entry(own.clone()).or_default();
    *count += 1;
    if *count == 1 { own } else { fingerprint(&own, *count) }
}

/// GitLab has `info`, `minor`, `major`, `critical` and `blocker`.
fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "critical",
        Severity::Warning => "major",
        Severity::Note => "info",
    }
}
