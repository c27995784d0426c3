//! What could not be read, said for a person.

use tree_sitter::{Node, Tree};

use super::prepare::{Prepared, UnclosedKind};
use super::unit::SyntaxError;
use crate::span::Span;

/// Of one file: the first errors are the causes of the others.
const MAX_ERRORS: usize = 5;

const REST: &str = "the rest of the file is still analysed";

/// The syntax errors of a file, in the order of the text.
pub fn syntax_errors(tree: &Tree, text: &str, prepared: &Prepared<'_>) -> Vec<SyntaxError> {
    if !tree.root_node().has_error() {
        return Vec::new();
    }
    let mut found = broken_places(tree, text);
    if found.is_empty() {
        return Vec::new();
    }
    // What never ends turns everything after it into noise; and the parser may blame earlier text.
    if let Some(unclosed) = prepared.unclosed {
        let message = match unclosed.what {
            UnclosedKind::Comment => "this comment is never closed",
            UnclosedKind::String => "this string is never closed",
            UnclosedKind::Brace => "this `{` is never closed",
        };
        let error = SyntaxError { span: unclosed.span, message: message.to_owned() };
        if unclosed.what != UnclosedKind::Brace {
            return vec![error];
        }
        found.retain(|other| !other.whole_file);
        found.insert(0, Broken { error, whole_file: false });
    }
    let mut errors: Vec<SyntaxError> = found.into_iter().map(|broken| broken.error).collect();
    errors.sort_by_key(|error| (error.span.start, error.span.end));
    errors.dedup_by_key(|error| error.span.start);
    errors.truncate(MAX_ERRORS);
    errors
}

struct Broken {
    error: SyntaxError,
    /// The parser gave up on the whole file, and what it says about its place is worth nothing.
    whole_file: bool,
}

/// The outermost ERROR and MISSING nodes outside of queries.
fn broken_places(tree: &Tree, text: &str) -> Vec<Broken> {
    let mut found = Vec::new();
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        if node.is_error() || node.is_missing() {
            found.push(broken(node, text));
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

fn broken(node: Node<'_>, text: &str) -> Broken {
    let start = node.start_byte();
    if node.is_missing() {
        let what = node.kind();
        let named = if node.is_named() { what.replace('_', " ") } else { format!("`{what}`") };
        let message = format!("{named} is missing here; {REST}");
        return Broken { error: SyntaxError { span: Span::new(start, start), message }, whole_file: false };
    }
    let snippet = text.get(start..node.end_byte()).unwrap_or_default();
    let line = snippet.lines().next().unwrap_or_default().trim_end();
    let span = Span::new(start, start + line.len());
    let shown: String = line.chars().take(40).collect();
    let message = if ["<<<<<<<", "=======", ">>>>>>>"].iter().any(|mark| line.starts_with(mark)) {
        format!("this is the mark of a merge conflict; {REST}")
    } else if shown.is_empty() {
        format!("unexpected text; {REST}")
    } else {
        let more = if shown.len() < line.len() { "…" } else { "" };
        format!("unexpected `{shown}{more}`; {REST}")
    };
    let whole_file =
        node.parent().is_none_or(|parent| parent.parent().is_none()) && snippet.lines().count() > 1;
    Broken { error: SyntaxError { span, message }, whole_file }
}
