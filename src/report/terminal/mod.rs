//! Findings for a person: each with the path that proves it drawn across the files, then one line that
//! sums the scan up.

mod clean;
pub(super) mod prose;
mod snippet;
mod summary;
mod trail;

use std::io::{self, Write};

use ariadne::{Color, Fmt};
use rustc_hash::FxHashSet;

use crate::finding::{Confidence, Finding, Severity};
use crate::report::source_map::SourceMap;
use crate::report::{NOT_READ, OWN_IDS, Report};
use crate::span::Location;

pub use clean::clean;
use prose::{first_sentence, wrap};

/// How to draw. The caller decides by `IsTerminal`, `NO_COLOR`, the locale and the window's width.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    pub color: bool,
    /// Box-drawing characters and arrows; otherwise the frame is ASCII.
    pub unicode: bool,
    /// Columns to fill.
    pub width: usize,
    /// Whether the line that sums the scan up is wanted.
    pub summary: bool,
}

impl Default for Style {
    fn default() -> Style {
        Style { color: false, unicode: true, width: 100, summary: true }
    }
}

impl Style {
    fn paint(self, text: &str, color: Color) -> String {
        if self.color { text.fg(color).to_string() } else { text.to_owned() }
    }

    fn bold(self, text: &str, code: &str) -> String {
        if self.color { format!("\u{1b}[1;{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// Writes all findings in the order given, then notes and, where wanted, the summary line.
pub fn write(report: &Report, map: &SourceMap, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let (own, findings): (Vec<_>, Vec<_>) =
        report.findings.iter().partition(|finding| OWN_IDS.contains(&finding.rule.as_str()));
    let mut advised = FxHashSet::default();
    for finding in findings {
        // The advice of a rule is the same at each of its findings; it is given once.
        let advise = advised.insert(finding.rule.as_str());
        write_finding(finding, advise, report, map, style, out)?;
        writeln!(out)?;
    }
    for finding in &own {
        let head = style.bold(&format!("{}[{}]", finding.severity, finding.rule), ansi(finding));
        write_line(&head, &place(finding.primary, map), &finding.message, style, out)?;
    }
    for problem in &report.project.problems {
        let head = style.bold(&format!("note[{NOT_READ}]"), "34");
        write_line(&head, &problem.path, &problem.message, style, out)?;
    }
    write_accepted(report, map, style, out)?;
    let accepted = &report.accepted;
    let lists = [accepted.suppressed().len(), accepted.known().len(), accepted.gone().len()];
    if !own.is_empty() || !report.project.problems.is_empty() || lists.iter().any(|length| *length > 0) {
        writeln!(out)?;
    }
    if style.summary {
        writeln!(out, "{}", summary::line(report, style))?;
    }
    Ok(())
}

fn write_finding(
    finding: &Finding,
    advise: bool,
    report: &Report,
    map: &SourceMap,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let head = format!("{}[{}]", finding.severity, clean(&finding.rule, style));
    let message = clean(&finding.message, style);
    writeln!(out, "{}: {}", style.bold(&head, ansi(finding)), style.bold(&message, "39"))?;

    let title = report.rules.rule(&finding.rule).map_or("here", |rule| rule.title.as_str());
    let (marks, left_out) = trail::marks(finding, title);
    let groups = trail::groups(marks, map, holds_secret(&finding.rule), style);
    let drawing = snippet::draw(&groups, style);
    for line in &drawing.lines {
        writeln!(out, "{line}")?;
    }
    if drawing.lines.is_empty() {
        writeln!(
            out,
            "  in {}, which cannot be read any more",
            clean(map.path(finding.primary.file), style)
        )?;
    }

    let mut facts = Vec::new();
    if let Some(steps) = left_out {
        facts.push(("path", format!("steps {}-{} are not shown", steps.start + 1, steps.end)));
    }
    facts.extend(also_from(finding).map(|text| ("also from", text)));
    facts.extend(pattern(finding, report, style).map(|text| ("pattern", text)));
    if finding.confidence != Confidence::High {
        facts.push(("confidence", finding.confidence.to_string()));
    }
    if let Some(rule) = report.rules.rule(&finding.rule).filter(|_| advise) {
        facts.push(("fix", first_sentence(&rule.fix)));
    }
    if advise || facts.is_empty() {
        facts.push(("more", format!("seamlint explain {}", finding.rule)));
    }
    write_facts(&facts, drawing.frame, style, out)
}

/// The rows that close a drawing, on its frame.
fn write_facts(facts: &[(&str, String)], frame: usize, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let (tee, corner, bar) = if style.unicode { ("├", "╰", "│") } else { ("|", "`", "|") };
    let key_width = facts.iter().map(|(key, _)| key.len()).max().unwrap_or(0);
    let room = style.width.saturating_sub(frame + key_width + 4).max(30);
    for (index, (key, text)) in facts.iter().enumerate() {
        let last = index + 1 == facts.len();
        for (row, line) in wrap(&clean(text, style), room).iter().enumerate() {
            let edge = match (row, last) {
                (0, false) => tee,
                (0, true) => corner,
                (_, false) => bar,
                (_, true) => " ",
            };
            let edge = style.paint(edge, snippet::FRAME);
            let key = if row == 0 { *key } else { "" };
            let key = style.paint(&format!("{key:key_width$}"), snippet::FRAME);
            writeln!(out, "{:frame$}{edge} {key}  {line}", "")?;
        }
    }
    Ok(())
}

/// One line a finding that somebody accepted.
fn write_accepted(report: &Report, map: &SourceMap, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let head = |word: &str, rule: &str| style.bold(&format!("{word}[{}]", clean(rule, style)), "2");
    for each in report.accepted.suppressed() {
        let reason = each.reason.as_deref().unwrap_or("no reason given");
        let message = format!("{} (suppressed at {}: {reason})", each.finding.message, place(each.at, map));
        let at = place(each.finding.primary, map);
        write_line(&head("suppressed", &each.finding.rule), &at, &message, style, out)?;
    }
    for known in report.accepted.known() {
        write_line(&head("known", &known.rule), &place(known.primary, map), &known.message, style, out)?;
    }
    for entry in report.accepted.gone() {
        let message = match entry.symbol.as_str() {
            "" => "in the baseline, not found any more".to_owned(),
            symbol => format!("in the baseline, not found any more in {symbol}"),
        };
        write_line(&head("gone", &entry.rule), &entry.file, &message, style, out)?;
    }
    Ok(())
}

fn place(at: Location, map: &SourceMap) -> String {
    let position = map.position(at);
    format!("{}:{}:{}", map.path(at.file), position.line, position.column_chars)
}

/// `head` is drawn already.
fn write_line(head: &str, place: &str, message: &str, style: Style, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{head}: {}: {}", clean(place, style), clean(message, style))
}

/// "trigger B on Contact (after insert), trigger C … and 7 more": the path shows the first origin.
fn also_from(finding: &Finding) -> Option<String> {
    const SHOWN: usize = 2;
    let others = finding.origins.get(1..).filter(|others| !others.is_empty())?;
    let mut text =
        others.iter().take(SHOWN).map(|origin| origin.name.as_str()).collect::<Vec<_>>().join(", ");
    if others.len() > SHOWN {
        text.push_str(&format!(" and {} more", others.len() - SHOWN));
    }
    Some(text)
}

/// "Request-response → move to: Platform events, Change data capture", with the patterns' titles.
fn pattern(finding: &Finding, report: &Report, style: Style) -> Option<String> {
    let title = |id: &String| report.rules.pattern(id).map_or(id.clone(), |pattern| pattern.title.clone());
    if finding.pattern.is_empty() {
        return None;
    }
    let mut text = title(&finding.pattern);
    // Some anti-patterns have a rule of the same name: the head of the finding says it already.
    if let Some(anti) = finding.antipattern.as_ref().filter(|anti| **anti != finding.rule) {
        text.push_str(&format!(" (anti-pattern: {})", title(anti)));
    }
    if !finding.instead.is_empty() {
        let arrow = if style.unicode { "→" } else { "->" };
        let instead: Vec<_> = finding.instead.iter().map(title).collect();
        text.push_str(&format!(" {arrow} move to: {}", instead.join(", ")));
    }
    Some(text)
}

/// Findings about secrets never print the value: their report ends in CI logs that many can read.
fn holds_secret(rule: &str) -> bool {
    rule.contains("credential") || rule.contains("secret")
}

fn ansi(finding: &Finding) -> &'static str {
    match finding.severity {
        Severity::Error => "31",
        Severity::Warning => "33",
        Severity::Note => "34",
    }
}
