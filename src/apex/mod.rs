//! One Apex file in, one [`unit::Unit`] out. Knows nothing of other files.
//!
//! [`parse_unit`] is the whole pipeline: [`prepare`] heals what the grammar cannot read, [`condense`]
//! leaves out comments and white space, [`parse`] makes the tree, [`lower`] turns it into the [`unit::Unit`] and [`errors`] says what
//! could not be read.

pub mod condense;
pub mod errors;
pub mod lower;
pub mod parse;
pub mod prepare;
pub mod print;
pub mod test_code;
pub mod unit;

use crate::span::{FileId, Span};
use parse::ParseFailure;
use unit::{SyntaxError, Unit};

/// Reads one `.cls` or `.trigger` file. Never fails: what cannot be read is in
/// [`Unit::syntax_errors`], and the rest of the file is in the unit.
///
/// `api_version` (in tenths) and `active` come from the companion `-meta.xml`.
pub fn parse_unit(file: FileId, text: &str, api_version: Option<u16>, active: bool) -> Unit {
    if test_code::is_hidden_stub(text) {
        return Unit { api_version, ..empty(file) };
    }
    let failed = |failure: ParseFailure| Unit {
        api_version,
        syntax_errors: vec![SyntaxError { span: Span::new(0, 0), message: failure.to_string() }],
        ..empty(file)
    };
    // Before anything is done with it: positions in larger files might not even fit a span.
    if text.len() > parse::MAX_BYTES {
        return failed(ParseFailure::TooLarge);
    }
    let prepared = prepare::prepare(text);
    let condensed = condense::condense(&prepared.healed, &prepared.gaps);
    match parse::parse(&condensed.buffer) {
        Ok(tree) => {
            let source = lower::Source { text, condensed: &condensed, tokens: prepared.tokens };
            let mut unit = lower::lower(file, source, &tree, active);
            unit.api_version = api_version;
            // A note about depth comes after the errors of the text itself.
            let notes = std::mem::take(&mut unit.syntax_errors);
            unit.syntax_errors = errors::syntax_errors(&tree, text, &prepared, &condensed);
            unit.syntax_errors.extend(notes);
            unit
        }
        Err(failure) => failed(failure),
    }
}

fn empty(file: FileId) -> Unit {
    Unit {
        file,
        api_version: None,
        types: Vec::new(),
        trigger: None,
        exprs: Vec::new(),
        expr_spans: Vec::new(),
        lists: Vec::new(),
        queries: Vec::new(),
        syntax_errors: Vec::new(),
    }
}
