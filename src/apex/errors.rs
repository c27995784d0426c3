//! What could not be read, said for a person.

use tree_sitter::{Node, Tree};

use super::condense::Condensed;
use super::prepare::{Prepared, TroubleKind};
use super::unit::SyntaxError;
use crate::span::Span;

/// Of one file: the first errors are the causes of the others.
const MAX_ERRORS: usize = 5;

const REST: &str = "the rest of the file is still analysed";

/// The syntax errors of a file, in the order of the text.
pub fn syntax_errors(
    tree: &Tree,
    text: &str,
    prepared: &Prepared<'_>,
    condensed: &Condensed,
) -> Vec<SyntaxError> {
    let trouble = prepared.trouble.map(|trouble| SyntaxError {
        span: trouble.span,
        message: match trouble.kind {
            TroubleKind::OpenComment => "this comment is never closed".to_owned(),
            TroubleKind::OpenString => "this string is never closed".to_owned(),
            TroubleKind::OpenBrace => "this `{` is never closed".to_owned(),
            TroubleKind::DeepType => "nested too deep; not analysed here".to_owned(),
            TroubleKind::Conflict => "this is the mark of a merge conflict".to_owned(),
        },
    });
    let mut errors: Vec<SyntaxError> = match prepared.trouble.map(|trouble| trouble.kind) {
        // What follows from these is noise.
        Some(TroubleKind::OpenComment | TroubleKind::Conflict) => Vec::new(),
        _ if tree.root_node().has_error() => broken_places(tree, text, condensed),
        _ => Vec::new(),
    };
    if let Some(trouble) = &trouble {
        // The same line has one cause; and what was made up at the end is not the reader's fault.
        errors.retain(|error| {
            let start = error.span.start;
            !(trouble.span.start..=trouble.span.end).contains(&start) && (start as usize) < text.len()
        });
        errors.insert(0, trouble.clone());
    }
    errors.sort_by_key(|error| (error.span.start, error.span.end));
    errors.dedup_by_key(|error| error.span.start);
    errors.truncate(MAX_ERRORS);
    errors
}

/// The outermost ERROR and MISSING nodes outside of queries.
fn broken_places(tree: &Tree, text: &str, condensed: &Condensed) -> Vec<SyntaxError> {
    let mut found = Vec::new();
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        if node.is_error() || node.is_missing() {
            found.push(broken(node, text, condensed));
        } else if node.has_error() && node.kind() != "query_expression" && cursor.goto_first_child() {
            // In queries the grammar has gaps, which are no errors of the file.
            continue;
        }
        if found.len() > MAX_ERRORS {
            return found;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return found;
            }
        }
    }
}

fn broken(node: Node<'_>, text: &str, condensed: &Condensed) -> SyntaxError {
    let span = condensed.span(node.start_byte(), node.end_byte());
    // Braces that were made up stand behind the end of the text.
    let start = (span.start as usize).min(text.len());
    if node.is_missing() {
        let what = node.kind();
        let named = if node.is_named() { what.replace('_', " ") } else { format!("`{what}`") };
        let message = format!("{named} is missing here; {REST}");
        return SyntaxError { span: Span::new(start, start), message };
    }
    let snippet = text.get(start..(span.end as usize).min(text.len())).unwrap_or_default();
    let line = snippet.lines().next().unwrap_or_default().trim_end();
    let shown: String = line.chars().take(40).collect();
    let message = if shown.is_empty() {
        format!("unexpected text; {REST}")
    } else {
        let more = if shown.len() < line.len() { "…" } else { "" };
        format!("unexpected `{shown}{more}`; {REST}")
    };
    SyntaxError { span: Span::new(start, start + line.len()), message }
}
