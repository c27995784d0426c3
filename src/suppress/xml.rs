//! Suppressions in metadata files: XML comments.

use quick_xml::Reader;
use quick_xml::events::Event;

use crate::span::{FileId, Location, Span};

use super::{Scope, Suppression, Trouble, comment};

/// Deeper than any metadata file; the rest of a deeper one is not looked at.
const MAX_DEPTH: usize = 256;

/// All suppressions of one file, and what is meant as one and is none.
pub fn find(text: &str, file: FileId) -> (Vec<Suppression>, Vec<Trouble>) {
    let (mut found, mut troubles): (Vec<Suppression>, Vec<Trouble>) = (Vec::new(), Vec::new());
    // Of each open element, the comments whose element has not begun, and those whose element is open.
    let mut waiting: Vec<Vec<usize>> = vec![Vec::new()];
    let mut open: Vec<Vec<(usize, usize)>> = Vec::new();
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_end_names = false;
    loop {
        let start = reader.buffer_position() as usize;
        let Ok(event) = reader.read_event() else { break };
        let end = reader.buffer_position() as usize;
        match event {
            Event::Comment(_) => {
                let span = Span::new(start, end);
                let inside = text.get(start + 4..end.saturating_sub(3)).unwrap_or_default();
                match comment::read(inside, start + 4) {
                    None => {}
                    Some(Err(trouble)) => troubles.push(trouble),
                    Some(Ok(words)) => {
                        let line_start = text[..start].rfind(['\n', '\r']).map_or(0, |at| at + 1);
                        let (scope, covers) = if words.file {
                            (Scope::File, Span::new(0, text.len()))
                        } else if !text[line_start..start].trim().is_empty() {
                            let line_end =
                                text[start..].find(['\n', '\r']).map_or(text.len(), |at| start + at);
                            (Scope::Line, Span::new(line_start, line_end))
                        } else {
                            if let Some(waiting) = waiting.last_mut() {
                                waiting.push(found.len());
                            }
                            (Scope::Member, Span::new(end, end))
                        };
                        let at = Location { file, span };
                        found.push(Suppression::new(at, words.rules, words.reason, scope, covers));
                    }
                }
            }
            Event::Start(_) => {
                if open.len() == MAX_DEPTH {
                    break;
                }
                let begins = waiting.last_mut().map(std::mem::take).unwrap_or_default();
                open.push(begins.into_iter().map(|index| (index, start)).collect());
                waiting.push(Vec::new());
            }
            Event::Empty(_) => {
                for index in waiting.last_mut().map(std::mem::take).unwrap_or_default() {
                    found[index].covers = Span::new(start, end);
                }
            }
            Event::End(_) => {
                if waiting.len() > 1 {
                    waiting.pop();
                }
                for (index, start) in open.pop().unwrap_or_default() {
                    found[index].covers = Span::new(start, end);
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    (found, troubles)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covered(text: &str) -> Vec<&str> {
        let (found, _) = find(text, FileId(0));
        found.iter().map(|each| &text[each.covers.start as usize..each.covers.end as usize]).collect()
    }

    #[test]
    fn a_comment_covers_the_element_that_follows() {
        let mark = "<!-- seamlint-ignore a: b -->";
        let element = "<actionCalls>\n <x/><y>1</y></actionCalls>";
        assert_eq!(covered(&format!("<Flow>\n {mark}\n {element}\n <z/></Flow>")), [element]);
        assert_eq!(covered(&format!("<Flow>\n{mark}\n<!-- other -->\n<z/>\n<z/></Flow>")), ["<z/>"]);
        let root = "<Flow><z/></Flow>";
        assert_eq!(covered(&format!("<?xml version=\"1.0\"?>\n{mark}\n{root}")), [root]);
        assert_eq!(covered(&format!("<Flow>\n<z/>\n{mark}\n</Flow>")), [""], "nothing follows");
    }

    #[test]
    fn a_comment_behind_an_element_covers_its_line() {
        let text = "<Flow>\n<a>1</a> <!-- seamlint-ignore a: b -->\n<b>2</b></Flow>";
        assert_eq!(covered(text), ["<a>1</a> <!-- seamlint-ignore a: b -->"]);
        let text = "<Flow>\n<!-- seamlint-ignore-file a: b -->\n</Flow>";
        assert_eq!(covered(text), [text]);
    }

    #[test]
    fn broken_text_does_no_harm() {
        for text in
            ["<!--", "<a", "</a></b><!-- seamlint-ignore a: b -->", "<!-- seamlint-ignore a", "<a><b></a>"]
        {
            find(text, FileId(0));
        }
        find(&"<a>".repeat(100_000), FileId(0));
    }
}
