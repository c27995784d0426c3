//! Lines of source code, safe and exact to print, with the places of the spans in them.

use std::ops::Range;

use crate::report::terminal::Style;
use crate::report::text;

/// One line of source, ready to print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excerpt {
    pub text: String,
    /// The spans asked for, as character ranges of `text`.
    pub spans: Vec<Range<usize>>,
}

const TAB: usize = 4;

/// A string that prints on one line: messages, labels, paths, names.
pub fn clean(text: &str, style: Style) -> String {
    text::clean(text, style.unicode)
}

/// Cuts a line to `budget` columns around its first span and makes it printable. `spans` are byte
/// ranges of `line`; what is left of a span outside the window is clipped to the window's edge.
pub fn excerpt(line: &str, spans: &[Range<usize>], budget: usize, style: Style) -> Excerpt {
    let window = window(line, spans.first().map_or(0, |span| span.start), budget);
    let mut out = String::new();
    if window.start > 0 {
        out.push_str(dots(style));
    }
    // Character index in the output of every span's start and end.
    let mut ends = vec![(None, None); spans.len()];
    let mut count = out.chars().count();
    for (at, char) in line[window.clone()].char_indices() {
        let at = window.start + at;
        for (span, (start, end)) in spans.iter().zip(&mut ends) {
            if start.is_none() && at >= span.start {
                *start = Some(count);
            }
            if end.is_none() && at >= span.end {
                *end = Some(count);
            }
        }
        let before = out.len();
        match char {
            '\t' => out.extend(std::iter::repeat_n(' ', TAB - count % TAB)),
            _ => text::push_visible(&mut out, char, style.unicode),
        }
        count += out[before..].chars().count();
    }
    let spans = ends
        .into_iter()
        .map(|(start, end)| {
            let start = start.unwrap_or(count);
            // An empty span still gets a mark of one column.
            start..end.unwrap_or(count).max(start + 1)
        })
        .collect();
    if window.end < line.len() {
        out.push_str(dots(style));
    }
    Excerpt { text: out, spans }
}

/// The byte range of `line` to show: all of it where it fits, else `budget` characters with the anchor
/// in the first quarter. Looks only at the window, so one megabyte on one line costs nothing.
pub fn window(line: &str, anchor: usize, budget: usize) -> Range<usize> {
    let Some((too_long, _)) = line.char_indices().nth(budget) else { return 0..line.len() };
    let context = budget / 4;
    let start = line[..anchor].char_indices().rev().take(context).last().map_or(0, |(at, _)| at);
    if start == 0 {
        return 0..too_long;
    }
    let end = line[start..].char_indices().nth(budget).map_or(line.len(), |(at, _)| start + at);
    start..end
}

/// Replaces the inside of string literals in a line that may hold a secret, character for character.
/// The first of several arguments stays readable: it names the header or key, not its value.
pub fn mask_literals(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut chars = line.char_indices().peekable();
    let mut previous = ' ';
    while let Some((at, char)) = chars.next() {
        out.push(char);
        if char == '\'' {
            let body_start = at + 1;
            let mut escaped = false;
            let mut body_end = line.len();
            for (at, char) in chars.by_ref() {
                match char {
                    '\\' if !escaped => escaped = true,
                    '\'' if !escaped => {
                        body_end = at;
                        break;
                    }
                    _ => escaped = false,
                }
            }
            let body = &line[body_start..body_end];
            let rest = line[body_end..].trim_start_matches('\'').trim_start();
            let names_a_key = previous == '(' && rest.starts_with(',');
            if names_a_key {
                out.push_str(body);
            } else {
                // As many bytes as before, so that byte spans into the line still hold.
                out.extend(std::iter::repeat_n('*', body.len()));
            }
            if body_end < line.len() {
                out.push('\'');
            }
            previous = '\'';
        } else if !char.is_whitespace() {
            previous = char;
        }
    }
    out
}

fn dots(style: Style) -> &'static str {
    if style.unicode { "…" } else { "..." }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STYLE: Style = Style { color: false, unicode: true, width: 100, summary: true };

    fn marked(line: &str, span: Range<usize>, budget: usize) -> (String, String) {
        let found = excerpt(line, &[span], budget, STYLE);
        let marked = found.text.chars().skip(found.spans[0].start).take(found.spans[0].len()).collect();
        (found.text, marked)
    }

    #[test]
    fn control_characters_are_shown_and_spans_hold() {
        let line = "a\u{1b}[31m\0\u{202e} send()";
        let at = line.find("send").unwrap();
        let (text, span) = marked(line, at..at + 4, 80);
        assert_eq!(text, "a␛[31m␀\\u{202e} send()");
        assert_eq!(span, "send");
        let ascii = excerpt("\u{1b}x", &[], 80, Style { unicode: false, ..STYLE });
        assert_eq!(ascii.text, "\\u{1b}x");
    }

    #[test]
    fn a_message_has_an_end() {
        assert_eq!(clean("a\tb\r\nc", STYLE), "a b  c");
        assert_eq!(clean(&"é".repeat(1_000_000), STYLE).chars().count(), text::LONGEST + 1);
    }

    #[test]
    fn tabs_reach_the_next_stop() {
        let (text, span) = marked("\ta\tsend", 3..7, 80);
        assert_eq!((text.as_str(), span.as_str()), ("    a   send", "send"));
    }

    #[test]
    fn a_long_line_is_cut_around_its_span() {
        let line = format!("{}send(){}", "é".repeat(500_000), "x".repeat(500_000));
        let at = line.find("send").unwrap();
        let (text, span) = marked(&line, at..at + 6, 40);
        assert_eq!(span, "send()");
        assert_eq!(text.chars().count(), 42);
        assert!(text.starts_with('…') && text.ends_with('…'), "{text}");
    }

    #[test]
    fn a_span_at_the_end_or_beyond_keeps_one_column() {
        for (line, at, expected) in [("ab", 2, 2..3), ("", 0, 0..1)] {
            assert_eq!(excerpt(line, &[at..at, at..at], 80, STYLE).spans, [expected.clone(), expected]);
        }
    }

    #[test]
    fn literals_are_masked_but_the_key() {
        let line = r"r.setHeader('Authorization', 'Bearer s3\'cr') + 'open";
        let masked = mask_literals(line);
        assert_eq!(masked, "r.setHeader('Authorization', '*************') + '****");
        assert_eq!(masked.len(), line.len());
    }
}
