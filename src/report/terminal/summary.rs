//! The last line: what was found, in how much, how fast, and what could not be seen.

use std::time::Duration;

use crate::finding::Severity;
use crate::report::Report;
use crate::report::terminal::Style;
use crate::report::terminal::prose::count;
use crate::report::terminal::trail::severity_color;

pub fn line(report: &Report, style: Style) -> String {
    let statistics = report.statistics;
    let mut parts = vec![
        found(report, style) + " in " + &count(statistics.files, "file", "files"),
        count(statistics.entry_points, "entry point", "entry points"),
        time(report.elapsed),
    ];
    let accepted = [
        (report.accepted.known.len(), "known from the baseline"),
        (report.accepted.suppressed.len(), "suppressed"),
    ];
    let accepted: Vec<_> = accepted.iter().filter(|(number, _)| *number > 0).collect();
    parts.splice(1..1, accepted.iter().map(|(number, what)| format!("{number} {what}")));
    parts.extend(statistics.unseen());
    parts.join(if style.unicode { " · " } else { ", " })
}

fn found(report: &Report, style: Style) -> String {
    let kinds = [
        (Severity::Error, "error", "errors"),
        (Severity::Warning, "warning", "warnings"),
        (Severity::Note, "note", "notes"),
    ];
    let counts: Vec<_> = kinds
        .iter()
        .map(|(severity, one, many)| {
            let number = report.findings.iter().filter(|finding| finding.severity == *severity).count();
            (number, style.paint(&count(number, one, many), severity_color(*severity)))
        })
        .filter(|(number, _)| *number > 0)
        .map(|(_, text)| text)
        .collect();
    if counts.is_empty() { style.paint("no findings", ariadne::Color::Green) } else { counts.join(", ") }
}

fn time(elapsed: Duration) -> String {
    match elapsed.as_millis() {
        millis @ 0..1000 => format!("{millis} ms"),
        millis => format!("{}.{} s", millis / 1000, millis % 1000 / 100),
    }
}
