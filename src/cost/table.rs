//! Costs as a table for the terminal.

use std::fmt::Write;

use crate::program::model::EntryId;
use crate::report::source_map::SourceMap;
use crate::rules::limits::grouped;
use crate::summary::cost::{Resource, Unbounded};

use super::text::{Legend, formula};
use super::{Breaks, EntryLines, Line, Meter};

/// What of the costs is shown.
pub struct TableOptions {
    /// Only this resource.
    pub resource: Option<Resource>,
    /// With the places that each cost is made of.
    pub trace: bool,
    /// At most so many entry points; `None`: all.
    pub most: Option<usize>,
}

/// How wide the formula may be.
const FORMULA: usize = 31;
/// And the whole line.
const WIDTH: usize = 100;

/// The table of `entries`, which stand in the order in which they are shown.
pub fn table(
    meter: &Meter<'_>,
    entries: &[EntryLines],
    options: &TableOptions,
    sources: &SourceMap,
) -> String {
    let mut out = String::new();
    let shown = &entries[..entries.len().min(options.most.unwrap_or(usize::MAX))];
    for (index, entry) in shown.iter().enumerate() {
        if index > 0 {
            out.push('\n');
        }
        heading(&mut out, meter, entry, sources);
        let mut legend = Legend::default();
        for line in &entry.lines {
            row(&mut out, line, grows(entry), &mut legend);
            if options.trace {
                terms(&mut out, meter, entry.entry, line, &mut legend, sources);
            }
        }
        if options.trace {
            explained(&mut out, entry, &legend, sources);
        }
    }
    if entries.len() > shown.len() {
        let rest = entries.len() - shown.len();
        let _ = writeln!(out, "\n… and {rest} more entry points: `--all` shows them.");
    }
    out
}

/// Whether something of it depends on how many records or events the entry point gets.
fn grows(cost: &EntryLines) -> bool {
    cost.lines.iter().any(|line| line.most.has_batch())
}

fn heading(out: &mut String, meter: &Meter<'_>, cost: &EntryLines, sources: &SourceMap) {
    let entry = meter.program.entry(cost.entry);
    let grows = grows(cost);
    let batch = if grows { format!(", n ≤ {}", grouped(cost.batch)) } else { String::new() };
    let _ = writeln!(out, "{}{batch}", entry.name);
    let _ = writeln!(out, "  {}:{}", sources.path(entry.at.file), sources.position(entry.at).line);
    let at = if grows { format!("n = {}", grouped(cost.batch)) } else { "value".to_owned() };
    let one = if grows { "n = 1" } else { "" };
    let _ = writeln!(
        out,
        "  {:<17} {:<FORMULA$} {one:>8} {at:>14} {:>7} {:>6} {:>6}",
        "resource", "formula", "limit", "%", "n*"
    );
}

/// `grows`: whether something that the entry point takes depends on its batch.
fn row(out: &mut String, line: &Line, grows: bool, legend: &mut Legend) {
    let text = cut(&formula(&line.most, legend), FORMULA);
    let limit = line.limit.map_or(String::new(), |limit| amount(line.resource, limit));
    let percent = match line.percent() {
        Some(percent) if percent > 9_999 => ">9999".to_owned(),
        Some(percent) => percent.to_string(),
        None => String::new(),
    };
    let mark = if line.unbounded.is_some() { "+" } else { "" };
    let breaks = match line.breaks {
        Some(Breaks::AtBatch(size)) if size <= 99_999 => size.to_string(),
        _ => "–".to_owned(),
    };
    let one = if grows { short(line.resource, line.most_at_one) } else { String::new() };
    let row = format!(
        "  {:<17} {text:<FORMULA$} {one:>8} {:>14} {limit:>7} {:>6} {breaks:>6}",
        line.resource.to_string(),
        values(line),
        format!("{percent}{mark}"),
    );
    let _ = writeln!(out, "{}", row.trim_end());
}

/// "7", "0…600", "0…12+" where there is no end.
pub(super) fn values(line: &Line) -> String {
    let most = short(line.resource, line.most_value);
    let end = if line.unbounded.is_some() { "+" } else { "" };
    if line.least_value == line.most_value && line.unbounded.is_none() {
        return most;
    }
    format!("{}…{most}{end}", short(line.resource, line.least_value))
}

/// A number of the resource, with its unit.
pub fn amount(resource: Resource, value: u64) -> String {
    match resource {
        Resource::Timeout => format!("{} s", grouped(value / 1000)),
        _ => grouped(value),
    }
}

fn short(resource: Resource, value: u64) -> String {
    match value {
        0..=9_999_999 => amount(resource, value),
        _ if resource == Resource::Timeout && value < 9_999_999_000 => amount(resource, value),
        _ => ">10⁷".to_owned(),
    }
}

fn terms(
    out: &mut String,
    meter: &Meter<'_>,
    entry: EntryId,
    line: &Line,
    legend: &mut Legend,
    sources: &SourceMap,
) {
    let whole = formula(&line.most, legend);
    if whole.chars().count() > FORMULA {
        let _ = writeln!(out, "      in full: {whole}");
    }
    let all = meter.terms(&[entry], line.resource).pop().unwrap_or_default();
    for term in &all {
        let site = meter.program.site(term.site);
        let place = format!("{}:{}", sources.path(site.at.file), sources.position(site.at).line);
        let end = if term.unbounded.is_some() { "+" } else { "" };
        let text = format!("{}{end}", formula(&term.most, legend));
        let _ = writeln!(out, "      {text}  {} in {}", site.label, site.symbol);
        let _ = writeln!(out, "        {place}");
    }
    if let Some(why) = line.unbounded {
        let place = format!("{}:{}", sources.path(why.at().file), sources.position(why.at()).line);
        let _ = writeln!(out, "      without an upper bound: {} ({place})", reason(why));
    }
}

/// Why there is no upper bound.
pub(super) fn reason(why: Unbounded) -> &'static str {
    match why {
        Unbounded::Recursion(_) => "it comes back to itself",
        Unbounded::Paging(_) => "something outside says when the loop ends",
        Unbounded::Loop(_) => "how often the loop runs is not understood",
    }
}

fn explained(out: &mut String, entry: &EntryLines, legend: &Legend, sources: &SourceMap) {
    for size in legend.explained() {
        let place = format!("{}:{}", sources.path(size.at.file), sources.position(size.at).line);
        let _ = writeln!(out, "  {}: {}, {place}", size.name, size.words);
    }
    if !legend.explained().is_empty() {
        let _ = writeln!(out, "  A size that only the run knows is taken as {}.", entry.assumed.collection);
    }
}

/// The text, or its beginning and `…`.
fn cut(text: &str, width: usize) -> String {
    debug_assert!(width < WIDTH);
    if text.chars().count() <= width {
        return text.to_owned();
    }
    let kept: String = text.chars().take(width - 1).collect();
    format!("{kept}…")
}
