//! The marked places of one finding in reading order, cut into groups of printable source lines.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use ariadne::Color;

use crate::finding::{Finding, Severity};
use crate::report::source_map::{FileText, SourceMap};
use crate::report::terminal::Style;
use crate::report::terminal::clean::{clean, excerpt, mask_literals, window};
use crate::span::{FileId, Location};

/// A longer path is cut in the middle; the other formats have all of it.
const MOST_STEPS: usize = 12;

/// A place to mark and what to write beside it.
#[derive(Clone, Debug)]
pub struct Mark {
    pub at: Location,
    pub label: String,
    /// Number of the step on the path, from 1.
    pub number: Option<usize>,
    pub color: Color,
}

/// Source lines of one file that are shown together under one header.
#[derive(Clone, Debug)]
pub struct Group {
    /// `path:line:column` of the first mark.
    pub header: String,
    /// Printable text of the shown lines by line index.
    pub lines: BTreeMap<usize, String>,
    pub labels: Vec<Placed>,
}

/// A mark with its place in the printable text of its line.
#[derive(Clone, Debug)]
pub struct Placed {
    pub line: usize,
    /// In characters of the printable line.
    pub span: Range<usize>,
    pub mark: Mark,
}

pub fn severity_color(severity: Severity) -> Color {
    match severity {
        Severity::Error => Color::Red,
        Severity::Warning => Color::Yellow,
        Severity::Note => Color::Blue,
    }
}

/// The marks of a finding: the steps of its path with the related places put before the step that they
/// precede in the same file. `title` labels a finding without a path. Also says which steps were left
/// out of a very long path.
pub fn marks(finding: &Finding, title: &str) -> (Vec<Mark>, Option<Range<usize>>) {
    let strong = severity_color(finding.severity);
    let steps = finding.path.len();
    let left_out = (steps > MOST_STEPS).then(|| MOST_STEPS / 2..steps - MOST_STEPS / 2);
    let mut marks: Vec<Mark> = finding
        .path
        .iter()
        .enumerate()
        .filter(|(index, _)| !left_out.as_ref().is_some_and(|range| range.contains(index)))
        .map(|(index, step)| Mark {
            at: step.at,
            label: step.label.clone(),
            number: Some(index + 1),
            color: match index {
                _ if index + 1 == steps => strong,
                0 => Color::Green,
                _ => Color::Cyan,
            },
        })
        .collect();
    // A path ends at the primary place; where a rule's does not, the place itself is still shown.
    if finding.path.last().is_none_or(|last| !touches(last.at, finding.primary)) {
        marks.push(Mark { at: finding.primary, label: title.to_owned(), number: None, color: strong });
    }
    for related in &finding.related {
        let mark = Mark { at: related.at, label: related.label.clone(), number: None, color: Color::Magenta };
        let place = marks.iter().position(|other| {
            other.at.file == related.at.file && other.at.span.start > related.at.span.start
        });
        marks.insert(place.unwrap_or(marks.len()), mark);
    }
    (marks, left_out)
}

fn touches(a: Location, b: Location) -> bool {
    a.file == b.file && a.span.start <= b.span.end && b.span.start <= a.span.end
}

/// A mark with its place in the file as it is: a line index and a byte range in that line.
struct Located {
    line: usize,
    span: Range<usize>,
    mark: Mark,
}

/// Cuts the marks into groups: a new one starts where the file changes, where the path goes back up in
/// the same file, and where a very long line needs another window. `mask` hides string literals.
pub fn groups(marks: Vec<Mark>, map: &SourceMap, mask: bool, style: Style) -> Vec<Group> {
    let mut groups: Vec<(FileId, Vec<Located>)> = Vec::new();
    // The frame, a line number and the dots of a cut line take the rest.
    let budget = style.width.saturating_sub(10).max(40);
    for mark in marks {
        let Some(text) = map.text(mark.at.file) else { continue };
        let (line, span) = first_line(&text, mark.at);
        let file = mark.at.file;
        let located = Located { line, span, mark };
        match groups.last_mut() {
            Some((last, group)) if *last == file && fits(&text, group, &located, budget) => {
                group.push(located);
            }
            _ => groups.push((file, vec![located])),
        }
    }
    groups
        .into_iter()
        .filter_map(|(file, located)| {
            let text = map.text(file)?;
            let position = text.position(located[0].mark.at);
            let path = clean(map.path(file), style);
            let header = format!("{path}:{}:{}", position.line, position.column_chars);
            let (lines, labels) = place(&text, &located, budget, mask, style);
            Some(Group { header, lines, labels })
        })
        .collect()
}

fn place(
    text: &FileText,
    located: &[Located],
    budget: usize,
    mask: bool,
    style: Style,
) -> (BTreeMap<usize, String>, Vec<Placed>) {
    let mut lines = BTreeMap::new();
    let mut labels = Vec::new();
    for same_line in located.chunk_by(|a, b| a.line == b.line) {
        let line = same_line[0].line;
        let spans: Vec<_> = same_line.iter().map(|located| located.span.clone()).collect();
        let source = text.line(line);
        let source = if mask { mask_literals(source).into() } else { Cow::Borrowed(source) };
        let shown = excerpt(&source, &spans, budget, style);
        lines.insert(line, shown.text);
        for (located, span) in same_line.iter().zip(shown.spans) {
            labels.push(Placed { line, span, mark: located.mark.clone() });
        }
    }
    (lines, labels)
}

/// Whether a mark can be shown below the marks of a group, or in the same window of a line.
fn fits(text: &FileText, group: &[Located], next: &Located, budget: usize) -> bool {
    let Some(last) = group.last() else { return true };
    if next.line != last.line {
        return next.line > last.line;
    }
    let anchor = group.iter().find(|located| located.line == next.line).map_or(0, |first| first.span.start);
    let line = text.line(next.line);
    let shown = window(line, anchor, budget);
    let start = next.span.start;
    shown.contains(&start) || (shown.end == line.len() && start >= shown.start)
}

/// The part of a location on its first line: line index and byte range in that line. A statement over
/// many lines is known by its first one.
fn first_line(text: &FileText, at: Location) -> (usize, Range<usize>) {
    let span = text.clamp(at);
    let line = text.line_of(span.start);
    let range = text.line_range(line);
    let start = span.start.min(range.end) - range.start;
    let end = (span.end.min(range.end) - range.start).max(start);
    // A declaration's brace says nothing; without it the underline ends where the eye does.
    let shown = &text.line(line)[start..end];
    let end = if span.end > range.end { start + shown.trim_end_matches(['{', ' ', '\t']).len() } else { end };
    (line, start..end)
}
