//! Suppressions in scripts and templates of pages: comments of JavaScript and of HTML.

use crate::pages::Comment;
use crate::span::{FileId, Location, Span};

use super::{Scope, Suppression, Trouble, comment};

/// All suppressions among the comments of one file, and what is meant as one and is none.
pub fn find(text: &str, file: FileId, comments: &[Comment]) -> (Vec<Suppression>, Vec<Trouble>) {
    let (mut found, mut troubles) = (Vec::new(), Vec::new());
    for one in comments {
        let inside = text.get(one.inside.start as usize..one.inside.end as usize).unwrap_or_default();
        match comment::read(inside, one.inside.start as usize) {
            None => {}
            Some(Err(trouble)) => troubles.push(trouble),
            Some(Ok(words)) => {
                let start = one.at.start as usize;
                let line_start = text[..start].rfind(['\n', '\r']).map_or(0, |at| at + 1);
                let line_end = text[start..].find(['\n', '\r']).map_or(text.len(), |at| start + at);
                let (scope, covers) = match one.next {
                    _ if words.file => (Scope::File, Span::new(0, text.len())),
                    Some(next) if text[line_start..start].trim().is_empty() => (Scope::Member, next),
                    _ => (Scope::Line, Span::new(line_start, line_end)),
                };
                let at = Location { file, span: one.at };
                found.push(Suppression::new(at, words.rules, words.reason, scope, covers));
            }
        }
    }
    (found, troubles)
}
