//! A comment for a pull request (GitHub Flavored Markdown): what was found in a table, then the findings with
//! their paths, folded.
//!
//! Text from the scanned repository shows as it is written: it makes no markup, no links and mentions nobody.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, Write};

use crate::finding::Severity;
use crate::report::Report;
use crate::report::rows::{Row, SEVERITIES, also_from, most_severe_first, rows, steps, summary};
use crate::report::source_map::SourceMap;
use crate::report::terminal::prose::{count, first_sentence};
use crate::report::text::one_line;

/// GitHub refuses a comment of more than 65,536 characters; the note of what was left out needs some.
const MOST_BYTES: usize = 65_000;

/// Rules in the table; a project may have many.
const MOST_RULES: usize = 60;

/// Lets a bot find its own comment to write it anew.
const MARKER: &str = "<!-- seamlint -->";

/// Writes the comment, the most severe findings first.
pub fn write(report: &Report, map: &SourceMap, out: &mut dyn Write) -> io::Result<()> {
    let rows = most_severe_first(rows(report, map));
    let mut text = format!("{MARKER}\n## seamlint: {}\n\n", summary(&rows));
    if !rows.is_empty() {
        table(&mut text, &rows, report);
    }
    let footer = footer(report);
    let mut left_out = 0;
    for severity in SEVERITIES {
        let rows: Vec<&Row> = rows.iter().filter(|row| row.severity == severity).collect();
        for (index, row) in rows.iter().enumerate() {
            let heading = if index == 0 { format!("### {}\n\n", heading(severity)) } else { String::new() };
            let block = heading + &finding(row, report, map);
            if left_out > 0 || text.len() + block.len() + footer.len() + 200 > MOST_BYTES {
                left_out += 1;
            } else {
                text += &block;
            }
        }
    }
    if left_out > 0 {
        let _ = writeln!(
            text,
            "**{} not shown here: a comment has no room for more.** The other formats have all of them.\n",
            count(left_out, "finding is", "findings are")
        );
    }
    text += &footer;
    out.write_all(text.as_bytes())
}

fn heading(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "Errors",
        Severity::Warning => "Warnings",
        Severity::Note => "Notes",
    }
}

/// How many findings each rule has, the most severe first.
fn table(text: &mut String, rows: &[Row], report: &Report) {
    let mut counts: BTreeMap<(std::cmp::Reverse<Severity>, &str), usize> = BTreeMap::new();
    for row in rows {
        *counts.entry((std::cmp::Reverse(row.severity), row.rule)).or_default() += 1;
    }
    text.push_str("| severity | rule | | findings |\n|---|---|---|--:|\n");
    for ((severity, rule), findings) in counts.iter().take(MOST_RULES) {
        let title = report.rules.rule(rule).map_or_else(String::new, |rule| prose(&rule.title));
        let _ = writeln!(text, "| {} | {} | {} | {findings} |", severity.0, cell(&code(rule)), cell(&title));
    }
    if counts.len() > MOST_RULES {
        let _ = writeln!(text, "| | … | {} more rules | |", counts.len() - MOST_RULES);
    }
    text.push('\n');
}

fn finding(row: &Row, report: &Report, map: &SourceMap) -> String {
    let mut text = format!("{} at {}\n\n", code(row.rule), code(&row.place.to_string()));
    let _ = writeln!(text, "{}\n", prose(&row.message));
    let steps = steps(row, map);
    if !steps.shown.is_empty() {
        let all = count(steps.shown.len() + steps.left_out, "step", "steps");
        let _ = writeln!(text, "<details><summary>The path: {all}</summary>\n");
        for (index, step) in steps.shown.iter().enumerate() {
            if steps.left_out > 0 && index == steps.shown.len() / 2 {
                let _ = writeln!(text, "\n… {} not shown\n", count(steps.left_out, "step is", "steps are"));
            }
            let _ =
                writeln!(text, "{}. {} {}", step.number, code(&step.place.to_string()), prose(&step.label));
        }
        text.push_str("\n</details>\n\n");
    }
    if let Some(others) = also_from(row) {
        let _ = writeln!(text, "{}\n", prose(&others));
    }
    if let Some(rule) = report.rules.rule(row.rule) {
        let _ = writeln!(text, "**Fix:** {}\n", prose(&one_line(&first_sentence(&rule.fix))));
    }
    text
}

/// In how much it was found, and what could not be seen.
fn footer(report: &Report) -> String {
    let statistics = report.statistics;
    let mut parts = vec![
        count(statistics.files, "file", "files"),
        count(statistics.entry_points, "entry point", "entry points"),
    ];
    parts.extend(statistics.unseen());
    format!("<sub>{}</sub>\n", parts.join(" · "))
}

/// A text with the code spans that its backticks mark; all else in it is plain. A text whose backticks do
/// not pair has none.
fn prose(text: &str) -> String {
    let text = text.trim();
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return plain(text);
    }
    let parts = parts.iter().enumerate().map(|(index, part)| match (index % 2, part.trim().is_empty()) {
        (0, _) => plain(part),
        (_, true) => plain(&format!("`{part}`")),
        (_, false) => code(part),
    });
    parts.collect()
}

/// Escapes all that Markdown knows. An empty comment keeps GitHub from making a mention of `@name` or a
/// link of `#1`: it does so after the escapes are gone.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        match char {
            '@' | '#' => {
                out.push('\\');
                out.push(char);
                out.push_str("<!-- -->");
            }
            ',' | '\'' | '"' | '?' | ';' | '/' | '(' | '%' | '$' | '^' => out.push(char),
            // At the start of a line these make a list, and `www.` a link; elsewhere they read better plain.
            '.' | ')' | '-' | '+' | ':'
                if out.contains(|char: char| !char.is_ascii_digit()) && !out.ends_with(['w', 'W']) =>
            {
                out.push(char)
            }
            _ if char.is_ascii_punctuation() => {
                out.push('\\');
                out.push(char);
            }
            _ => out.push(char),
        }
    }
    out.replace("://", "\\://")
}

/// A code span that holds any text: its fence is longer than each run of backticks in it.
fn code(text: &str) -> String {
    let longest = text.split(|char| char != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    if text.starts_with('`') || text.ends_with('`') || text.starts_with(' ') && text.ends_with(' ') {
        format!("{fence} {text} {fence}")
    } else {
        format!("{fence}{text}{fence}")
    }
}

/// A table ends a cell at each pipe, in code spans too, if no backslash is before it.
fn cell(markdown: &str) -> String {
    let mut out = String::with_capacity(markdown.len());
    let mut previous = ' ';
    for char in markdown.chars() {
        if char == '|' && previous != '\\' {
            out.push('\\');
        }
        out.push(char);
        previous = char;
    }
    out
}
