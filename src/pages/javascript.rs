//! JavaScript: parsing, within bounds that hostile input cannot get around.

use oxc_allocator::Allocator;
use oxc_ast::AstKind;
use oxc_ast::ast::Program;
use oxc_ast_visit::Visit;
use oxc_parser::{ParseOptions, Parser};
use oxc_span::{GetSpan, SourceType};

use crate::deep::with_stack;
use crate::span::Span;

use super::Comment;

/// Larger scripts are libraries, not code of the project.
const MAX_BYTES: usize = 400 << 10;

/// The parser, and what walks its tree, recurse as deep as the source nests: some 2 kB for each byte of
/// `((((`.
const STACK_PER_BYTE: usize = 3 << 10;

/// For all else that parsing and its callers keep on the stack.
const STACK_BASE: usize = 512 << 10;

/// What a script is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// A module of a Lightning web component: always strict.
    Module,
    /// A file of an Aura component.
    Script,
    /// In a Visualforce page, which puts text in where `{!…}` stands.
    Merged,
}

/// A script whose tree can be looked at.
pub struct Parsed<'p, 'a> {
    /// Empty where the script is no JavaScript.
    pub program: &'p Program<'a>,
    /// The first place that is no JavaScript.
    pub broken: Option<usize>,
}

/// Parses a script and hands its tree to `look`. `None` for what is too large.
pub fn parse<T: Send>(
    text: &str,
    dialect: Dialect,
    look: impl FnOnce(&Parsed<'_, '_>) -> T + Send,
) -> Option<T> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let masked = (dialect == Dialect::Merged).then(|| without_merges(text));
    let text = masked.as_deref().unwrap_or(text);
    with_stack(STACK_BASE + text.len() * STACK_PER_BYTE, || {
        let allocator = Allocator::default();
        let source = match dialect {
            Dialect::Module => SourceType::mjs(),
            Dialect::Script | Dialect::Merged => SourceType::script(),
        };
        let options = ParseOptions {
            allow_return_outside_function: true,
            preserve_parens: false,
            ..ParseOptions::default()
        };
        let parsed = Parser::new(&allocator, text, source).with_options(options).parse();
        let label = parsed.diagnostics.first().and_then(|error| error.labels.first());
        let at = label.map_or(0, |label| label.offset() as usize).min(text.len());
        let broken = parsed.panicked.then_some(at);
        look(&Parsed { program: &parsed.program, broken })
    })
}

/// The text with a name of the same length in place of each `{!…}`.
fn without_merges(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, merge)) = rest.split_once("{!") {
        masked.push_str(before);
        let Some((inside, after)) = merge.split_once('}') else {
            masked.push_str("{!");
            rest = merge;
            continue;
        };
        masked.extend(std::iter::repeat_n('m', inside.len() + "{!}".len()));
        rest = after;
    }
    masked.push_str(rest);
    masked
}

/// The comments of a script that stands at `offset`.
pub fn comments(offset: usize, text: &str, dialect: Dialect) -> Vec<Comment> {
    let found = parse(text, dialect, |parsed| {
        let mut spans = Spans::default();
        spans.visit_program(parsed.program);
        let moved = |start: u32, end: u32| Span::new(offset + start as usize, offset + end as usize);
        parsed
            .program
            .comments
            .iter()
            .map(|comment| {
                let inside = comment.content_span();
                Comment {
                    at: moved(comment.span.start, comment.span.end),
                    inside: moved(inside.start, inside.end.max(inside.start)),
                    next: spans.next(comment.span).map(|next| moved(next.start, next.end)),
                }
            })
            .collect()
    });
    found.unwrap_or_default()
}

/// The places of all nodes of a tree, the outer ones before those in them.
#[derive(Default)]
struct Spans(Vec<oxc_span::Span>);

impl<'a> Visit<'a> for Spans {
    fn enter_node(&mut self, kind: AstKind<'a>) {
        self.0.push(kind.span());
    }
}

impl Spans {
    /// What follows a comment in the same block, object or list.
    fn next(&self, comment: oxc_span::Span) -> Option<oxc_span::Span> {
        let around = |span: &&oxc_span::Span| span.start <= comment.start && comment.end <= span.end;
        let around = self.0.iter().filter(around).min_by_key(|span| span.size())?;
        let follows = |span: &&oxc_span::Span| comment.end <= span.start && span.end <= around.end;
        // Of those that begin at the same place the first is the outermost.
        self.0.iter().filter(follows).min_by_key(|span| span.start).copied()
    }
}
