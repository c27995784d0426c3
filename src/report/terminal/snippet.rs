//! Draws groups of marked lines with ariadne and closes the drawing up.
//!
//! Ariadne spends about four lines on a label, counts lines and columns in the text that it was given
//! (ours is cut out and made printable first) and colours each character by itself. Its layout is kept,
//! these are mended here: one line of source, one line per label.

use std::collections::BTreeMap;
use std::fmt;

use ariadne::{
    Cache, CharSet, Color, Config, Fmt, IndexType, Label, LabelAttach, Report, ReportKind, Source,
};

use crate::report::terminal::Style;
use crate::report::terminal::clean::clean;
use crate::report::terminal::trail::Group;

/// The drawn lines, without line ends, and the column of the left frame.
pub struct Drawing {
    pub lines: Vec<String>,
    pub frame: usize,
}

/// Draws the groups in order. Empty when there is nothing to draw.
pub fn draw(groups: &[Group], style: Style) -> Drawing {
    let (sources, offsets): (Vec<_>, Vec<_>) = groups.iter().map(source).unzip();
    let mut sources = Sources(sources);
    // The report's own place is outside all groups: ariadne would show it in every header otherwise.
    let mut report = Report::build(ReportKind::Error, (usize::MAX, 0..0)).with_config(
        Config::new()
            .with_color(style.color)
            .with_char_set(if style.unicode { CharSet::Unicode } else { CharSet::Ascii })
            .with_label_attach(LabelAttach::Start)
            .with_index_type(IndexType::Char),
    );
    let mut order = 0;
    for (index, group) in groups.iter().enumerate() {
        for placed in &group.labels {
            let line = offsets[index].get(&placed.line).copied().unwrap_or(0);
            let span = (index, line + placed.span.start..line + placed.span.end);
            let text = clean(&placed.mark.label, style);
            let message = match placed.mark.number {
                Some(number) if style.color => format!("{} {text}", number.fg(placed.mark.color)),
                Some(number) => format!("{number} {text}"),
                None => text,
            };
            report.add_label(
                Label::new(span).with_message(message).with_color(placed.mark.color).with_order(order),
            );
            order += 1;
        }
    }
    let mut drawn = Vec::new();
    // Writing into memory cannot fail.
    let _ = report.finish().write(&mut sources, &mut drawn);
    tighten(&String::from_utf8_lossy(&drawn), groups)
}

/// The shown lines of a group, with an empty line where lines are left out. Ariadne numbers them from
/// one; giving it the whole file instead would cost time on every finding.
fn source(group: &Group) -> (Source, BTreeMap<usize, usize>) {
    let mut text = String::new();
    let mut offsets = BTreeMap::new();
    let mut chars = 0;
    let mut next = None;
    for (line, shown) in &group.lines {
        if next.is_some_and(|next| next != *line) {
            text.push('\n');
            chars += 1;
        }
        offsets.insert(*line, chars);
        text.push_str(shown);
        text.push('\n');
        chars += shown.chars().count() + 1;
        next = Some(line + 1);
    }
    (Source::from(text), offsets)
}

struct Sources(Vec<Source>);

impl Cache<usize> for Sources {
    type Storage = String;

    fn fetch(&mut self, id: &usize) -> Result<&Source, impl fmt::Debug> {
        self.0.get(*id).ok_or("no such group")
    }

    fn display<'a>(&self, _: &'a usize) -> Option<impl fmt::Display + 'a> {
        Some("")
    }
}

fn tighten(drawn: &str, groups: &[Group]) -> Drawing {
    let width = groups
        .iter()
        .filter_map(|group| group.lines.keys().last())
        .map(|line| (line + 1).to_string().len())
        .max()
        .unwrap_or(1);
    let mut lines = Vec::new();
    let mut groups = groups.iter();
    let mut numbers = Default::default();
    // Where ariadne put its frame.
    let mut frame = 0;
    // Rows under the current source line, and whether lines were skipped since the last one.
    let mut rows: Vec<Row> = Vec::new();
    let mut gap = None;
    for line in drawn.lines().skip(1) {
        let row = Row::parse(line);
        match row.kind() {
            Kind::Header(corner) => {
                flush(&mut rows, &mut lines, frame, width);
                gap = None;
                frame = corner;
                let Some(group) = groups.next() else { break };
                numbers = group.lines.keys();
                lines.push(format!(
                    "{}[ {} ]",
                    row.cut(corner + 2).reframe(frame, width, None),
                    group.header
                ));
            }
            Kind::Source => {
                flush(&mut rows, &mut lines, frame, width);
                lines.extend(gap.take());
                let number = numbers.next().map(|line| line + 1);
                lines.push(row.reframe(frame, width, number));
            }
            Kind::Margin if rows.is_empty() => {}
            Kind::Margin => gap = Some(row.gap().reframe(frame, width, None)),
            Kind::Annotation => rows.push(row),
            Kind::End => {}
        }
    }
    flush(&mut rows, &mut lines, frame, width);
    Drawing { lines, frame: width + 2 }
}

/// Writes the annotation rows of one source line. Ariadne gives each label a row of bars, the first of
/// which holds the underlines, then a row with its message. A single label's message row underlines its
/// span by itself; the further rows of bars only add height.
fn flush(rows: &mut Vec<Row>, lines: &mut Vec<String>, frame: usize, width: usize) {
    let single = rows.iter().filter(|row| !row.is_bars()).count() == 1;
    for (index, row) in rows.drain(..).enumerate() {
        if row.is_bars() && (single || index > 0) {
            continue;
        }
        let row = if single { row.without_overhang() } else { row };
        lines.push(row.reframe(frame, width, None));
    }
}

enum Kind {
    /// Column of the box corner.
    Header(usize),
    Source,
    /// Nothing but the frame.
    Margin,
    Annotation,
    End,
}

/// One line of ariadne's output: characters with the colour code that each was given.
struct Row<'a> {
    cells: Vec<(char, Option<&'a str>)>,
}

impl<'a> Row<'a> {
    fn parse(line: &'a str) -> Row<'a> {
        let mut cells = Vec::with_capacity(line.len());
        let mut color = None;
        let mut rest = line;
        while let Some(char) = rest.chars().next() {
            match rest.strip_prefix("\u{1b}[").and_then(|rest| rest.split_once('m')) {
                Some((code, after)) => {
                    color = (code != "0").then_some(code);
                    rest = after;
                }
                None => {
                    cells.push((char, color));
                    rest = &rest[char.len_utf8()..];
                }
            }
        }
        while cells.last().is_some_and(|(char, _)| *char == ' ') {
            cells.pop();
        }
        Row { cells }
    }

    fn kind(&self) -> Kind {
        let char = |at: usize| self.cells.get(at).map_or(' ', |(char, _)| *char);
        let Some(first) = self.cells.iter().position(|(char, _)| *char != ' ') else { return Kind::End };
        match char(first) {
            '0'..='9' => Kind::Source,
            '─' | '-' => Kind::End,
            '╭' | '├' | ',' => Kind::Header(first),
            '|' if char(first + 1) == '-' && char(first + 2) == '[' => Kind::Header(first),
            _ if self.cells.len() == first + 1 => Kind::Margin,
            _ => Kind::Annotation,
        }
    }

    /// Whether an annotation has no message.
    fn is_bars(&self) -> bool {
        self.cells.iter().all(|(char, _)| matches!(char, ' ' | '│' | '┬' | '─' | '|' | '^'))
    }

    /// The frame at a place where lines were skipped.
    fn gap(mut self) -> Row<'a> {
        if let Some((bar, _)) = self.cells.last_mut() {
            *bar = if *bar == '|' { ':' } else { '┆' };
        }
        self
    }

    fn cut(mut self, length: usize) -> Row<'a> {
        self.cells.truncate(length);
        self
    }

    /// Ends the horizontal bar of a message row where its span ends; ariadne draws it two columns on.
    fn without_overhang(mut self) -> Row<'a> {
        let is_bar = |(char, _): &(char, Option<&str>)| matches!(char, '─' | '-');
        if let Some(start) = self.cells.iter().position(is_bar) {
            let length = self.cells[start..].iter().take_while(|cell| is_bar(cell)).count();
            let surplus = 2.min(length - 1);
            self.cells.drain(start + length - surplus..start + length);
        }
        self
    }

    /// Moves the frame to the right of a line number of `width` digits and renders the row.
    fn reframe(mut self, frame: usize, width: usize, number: Option<usize>) -> String {
        let color = self.cells.get(frame).and_then(|(_, color)| *color);
        let margin = match number {
            Some(number) => format!(" {number:>width$} "),
            None => " ".repeat(width + 2),
        };
        self.cells.splice(..frame.min(self.cells.len()), margin.chars().map(|char| (char, color)));
        self.render()
    }

    /// The characters with one colour code per run.
    fn render(&self) -> String {
        let mut out = String::new();
        let mut current = None;
        for (char, color) in &self.cells {
            // A space has no colour of its own.
            if *color != current && *char != ' ' {
                if current.is_some() {
                    out.push_str("\u{1b}[0m");
                }
                if let Some(code) = color {
                    out.push_str("\u{1b}[");
                    out.push_str(code);
                    out.push('m');
                }
                current = *color;
            }
            out.push(*char);
        }
        if current.is_some() {
            out.push_str("\u{1b}[0m");
        }
        out
    }
}

/// The colour that draws ariadne's frame, for rows that continue it.
pub const FRAME: Color = Color::Fixed(246);
