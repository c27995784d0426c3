//! The tree-sitter parser, with limits that hostile input cannot get around.

use std::cell::RefCell;
use std::fmt;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use tree_sitter::{ParseOptions, ParseState, Parser, Tree};

use super::prepare::Prepared;

/// Larger files are generated data, not source that a person wrote.
pub const MAX_BYTES: usize = 4 << 20;

/// So many pending tokens are parsed on the caller's thread. Few real files have more.
const ORDINARY: u32 = 5_000;

/// tree-sitter recurses over its stack of pending tokens where it gives up an ambiguous reading
/// (`a<?a<?a<?…`): 112 bytes a token on x86-64. Unused stack costs nothing.
const STACK_PER_BYTE: usize = 160;

/// How long one file may take. Real files need milliseconds; garbage of [`MAX_BYTES`] some seconds.
const BUDGET: Duration = Duration::from_secs(5);

/// Why there is no tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseFailure {
    TooLarge,
    TimedOut,
}

impl fmt::Display for ParseFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ParseFailure::TooLarge => {
                write!(f, "larger than {} MiB; this file is not analysed", MAX_BYTES >> 20)
            }
            ParseFailure::TimedOut => {
                write!(f, "reading took longer than {} s; this file is not analysed", BUDGET.as_secs())
            }
        }
    }
}

thread_local! {
    /// Parsers are costly to make and not `Sync`: each thread keeps one.
    static PARSER: RefCell<Parser> = RefCell::new(new_parser());
}

fn new_parser() -> Parser {
    let mut parser = Parser::new();
    parser
        .set_language(&tree_sitter_sfapex::apex::LANGUAGE.into())
        .expect("the pinned grammar has an ABI that the pinned core reads");
    parser
}

/// Parses what [`prepare`](super::prepare::prepare) made.
pub fn parse(prepared: &Prepared<'_>) -> Result<Tree, ParseFailure> {
    let buffer = &*prepared.buffer;
    if buffer.len() > MAX_BYTES {
        return Err(ParseFailure::TooLarge);
    }
    if prepared.pending <= ORDINARY {
        return parse_here(buffer);
    }
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("parse".to_owned())
            .stack_size((2 << 20) + buffer.len() * STACK_PER_BYTE)
            .spawn_scoped(scope, || parse_here(buffer))
            .map_err(|_| ParseFailure::TooLarge)?
            .join()
            .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    })
}

fn parse_here(buffer: &[u8]) -> Result<Tree, ParseFailure> {
    PARSER.with_borrow_mut(|parser| {
        let deadline = Instant::now() + BUDGET;
        let mut progress = |_: &ParseState| {
            if Instant::now() > deadline { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        };
        let options = ParseOptions::new().progress_callback(&mut progress);
        let tree = parser.parse_with_options(
            &mut |offset, _| buffer.get(offset..).unwrap_or_default(),
            None,
            Some(options),
        );
        // A cancelled parser would continue with the old text.
        parser.reset();
        tree.ok_or(ParseFailure::TimedOut)
    })
}
