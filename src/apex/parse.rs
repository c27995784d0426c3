//! The tree-sitter parser, with limits that hostile input cannot get around.

use std::cell::RefCell;
use std::fmt;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use tree_sitter::{ParseOptions, ParseState, Parser, Tree};

use crate::deep::with_stack;

// What the limits do not bound: text made to be ambiguous and broken at once (100 kB of `a<b<?;`) takes
// the parser gigabytes, inside of steps that call nobody back. Whoever scans files of people who mean
// harm has to limit the memory of the process.

/// Larger files are generated data, not source that a person wrote.
pub const MAX_BYTES: usize = 4 << 20;

/// tree-sitter recurses over its own stack where it gives up an ambiguous reading (`a<?a<?a<?…`): 112
/// bytes on x86-64 each time, which needs two tokens or more.
const STACK_PER_BYTE: usize = 64;

/// For all else that parsing and its callers keep on the stack.
const STACK_BASE: usize = 512 << 10;

/// What a thread should have that parses and says so ([`declare_stack`](crate::deep::declare_stack)):
/// enough for a megabyte of source, the most that Salesforce takes. Stack that is not used costs nothing.
pub const STACK: usize = STACK_BASE + (1 << 20) * STACK_PER_BYTE;

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

/// Parses a buffer made by [`prepare`](super::prepare::prepare).
pub fn parse(buffer: &[u8]) -> Result<Tree, ParseFailure> {
    if buffer.len() > MAX_BYTES {
        return Err(ParseFailure::TooLarge);
    }
    let stack = STACK_BASE + buffer.len() * STACK_PER_BYTE;
    with_stack(stack, || parse_here(buffer)).unwrap_or(Err(ParseFailure::TooLarge))
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
