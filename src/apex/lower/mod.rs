//! From the syntax tree to the [`Unit`].
//!
//! One [`TreeCursor`] moves over the tree. Every method of [`Lowerer`] is entered with the cursor on
//! the node that it lowers and leaves it there, so that none has to know where it was called from.
//!
//! Depth is bounded everywhere, because later stages recurse over what comes out of here.

mod decl;
mod expr;
mod kinds;
mod query;
mod stmt;
mod types;

use tree_sitter::{Node, Tree, TreeCursor};

use super::condense::Condensed;
use super::prepare::without_tokens;
use super::unit::{Expr, ExprId, ExprList, MethodDecl, SyntaxError, TypeDecl, Unit};
use crate::name::Name;
use crate::span::{FileId, Span};
use kinds::{Field, Kind, TABLES, Tables};

/// How deep declarations, statements and expressions may be nested in one another, in each of the
/// file's bodies. The tree of the deepest real file has 240 levels, and several make one of these.
pub const MAX_DEPTH: u32 = 400;

/// What a tree was made from.
#[derive(Clone, Copy)]
pub struct Source<'t> {
    /// As it stands in the file; everything is read from here.
    pub text: &'t str,
    /// What was parsed.
    pub condensed: &'t Condensed,
    /// Whether names may hold CumulusCI tokens.
    pub tokens: bool,
}

/// Lowers `tree`, which was parsed from `source`. [`Unit::syntax_errors`] gets at most a note about
/// depth, [`Unit::api_version`] stays empty.
pub fn lower(file: FileId, source: Source<'_>, tree: &Tree, active: bool) -> Unit {
    let mut lowerer = Lowerer {
        cursor: tree.walk(),
        tables: &TABLES,
        source,
        depth: 0,
        active,
        owner: None,
        strays: Vec::new(),
        scratch: Vec::new(),
        unit: Unit { ..super::empty(file) },
    };
    // Real code has an expression every fifteen bytes or so.
    let guess = source.condensed.buffer.len() / 12;
    lowerer.unit.exprs.reserve(guess);
    lowerer.unit.expr_spans.reserve(guess);
    lowerer.file();
    lowerer.unit
}

impl Source<'_> {
    /// Where a node stands in the text. Braces that `prepare` made up stand behind its end.
    fn span(&self, node: Node<'_>) -> Span {
        let span = self.condensed.span(node.start_byte(), node.end_byte());
        let end = self.text.len() as u32;
        Span { start: span.start.min(end), end: span.end.min(end) }
    }
}

struct Lowerer<'t> {
    cursor: TreeCursor<'t>,
    tables: &'static Tables,
    source: Source<'t>,
    depth: u32,
    active: bool,
    /// The type whose members are being lowered.
    owner: Option<u32>,
    /// Methods found in the blocks of a trigger.
    strays: Vec<MethodDecl>,
    /// A stack on which lists are collected before they go to [`Unit::lists`] in one piece.
    scratch: Vec<ExprId>,
    unit: Unit,
}

impl<'t> Lowerer<'t> {
    fn kind(&self) -> Kind {
        self.tables.kind(self.cursor.node().kind_id())
    }

    fn field(&self) -> Field {
        self.tables.field(self.cursor.field_id())
    }

    fn span(&self) -> Span {
        let node = self.cursor.node();
        self.source.span(node)
    }

    /// The text of the current node as written.
    fn text(&self) -> &'t str {
        self.text_at(self.span())
    }

    fn text_at(&self, span: Span) -> &'t str {
        self.source.text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// The text of the current node as a name.
    fn name(&self) -> Name {
        self.name_at(self.span())
    }

    fn name_at(&self, span: Span) -> Name {
        let text = self.text_at(span);
        if self.source.tokens { Name::new(&without_tokens(text)) } else { Name::new(text) }
    }

    /// The text of the current node as a name, where blanks and comments may stand around the dots.
    fn dotted_name(&self) -> Name {
        let text = self.text();
        if text.bytes().all(|b| !b.is_ascii_whitespace() && b != b'/') {
            return self.name();
        }
        let mut joined = String::new();
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            if rest.starts_with("//") {
                rest = rest.find(['\r', '\n']).map_or("", |end| &rest[end..]);
            } else if rest.starts_with("/*") {
                rest = rest.find("*/").map_or("", |end| &rest[end + 2..]);
            } else {
                if !next.is_whitespace() {
                    joined.push(next);
                }
                rest = &rest[next.len_utf8()..];
            }
        }
        Name::new(&without_tokens(&joined))
    }

    /// Calls `visit` on each child of the current node that is no comment.
    fn children(&mut self, mut visit: impl FnMut(&mut Self, Kind)) {
        if self.cursor.goto_first_child() {
            loop {
                let kind = self.kind();
                if !kind.is_comment() {
                    visit(self, kind);
                }
                if !self.cursor.goto_next_sibling() {
                    break;
                }
            }
            self.cursor.goto_parent();
        }
    }

    /// Calls `visit` on each child of the current node that has a field name.
    fn fields(&mut self, visit: impl FnMut(&mut Self, Field)) {
        self.fields_to(Field::Unknown, visit);
    }

    /// Like [`Lowerer::fields`], but stops behind the field that the grammar has last. Moving the cursor
    /// is what lowering costs, so the most frequent nodes are left as early as can be.
    fn fields_to(&mut self, last: Field, mut visit: impl FnMut(&mut Self, Field)) {
        if self.cursor.goto_first_child() {
            loop {
                let field = self.field();
                if field != Field::Unknown {
                    visit(self, field);
                    if field == last {
                        break;
                    }
                }
                if !self.cursor.goto_next_sibling() {
                    break;
                }
            }
            self.cursor.goto_parent();
        }
    }

    /// Moves to the first child that `wanted` accepts, or stays.
    fn enter(&mut self, wanted: impl Fn(&Self, Kind) -> bool) -> bool {
        if !self.cursor.goto_first_child() {
            return false;
        }
        loop {
            if wanted(self, self.kind()) {
                return true;
            }
            if !self.cursor.goto_next_sibling() {
                self.cursor.goto_parent();
                return false;
            }
        }
    }

    /// Goes through all descendants of the current node, without recursion. `enter` says whether to
    /// go into the node's children.
    fn descendants(&mut self, mut enter: impl FnMut(&mut Self, Kind) -> bool) {
        let mut depth = 0u32;
        if !self.cursor.goto_first_child() {
            return;
        }
        loop {
            let kind = self.kind();
            if enter(self, kind) && self.cursor.goto_first_child() {
                depth += 1;
                continue;
            }
            while !self.cursor.goto_next_sibling() {
                self.cursor.goto_parent();
                if depth == 0 {
                    return;
                }
                depth -= 1;
            }
        }
    }

    /// Runs `lower` one level deeper, or gives `None` where that would be too deep.
    fn deeper<T>(&mut self, lower: impl FnOnce(&mut Self) -> T) -> Option<T> {
        if self.depth >= MAX_DEPTH {
            self.note_depth();
            return None;
        }
        self.depth += 1;
        let lowered = lower(self);
        self.depth -= 1;
        Some(lowered)
    }

    fn note_depth(&mut self) {
        // One note a file is enough; nothing else is noted before `errors` runs.
        if self.unit.syntax_errors.is_empty() {
            let span = self.span();
            self.unit.syntax_errors.push(SyntaxError {
                span: Span::new(span.start as usize, span.start as usize + 1),
                message: format!("nested deeper than {MAX_DEPTH} levels; not analysed here"),
            });
        }
    }

    fn push(&mut self, expr: Expr, span: Span) -> ExprId {
        let id = ExprId(self.unit.exprs.len() as u32);
        self.unit.exprs.push(expr);
        self.unit.expr_spans.push(span);
        id
    }

    /// Makes a list of what was put on `scratch` since it had `mark` elements.
    fn list_from(&mut self, mark: usize) -> ExprList {
        let start = self.unit.lists.len() as u32;
        let len = (self.scratch.len() - mark) as u32;
        self.unit.lists.extend(self.scratch.drain(mark..));
        ExprList { start, len }
    }

    /// An expression that could not be read and has no parts.
    fn unknown(&mut self, span: Span) -> ExprId {
        let parts = self.list_from(self.scratch.len());
        self.push(Expr::Other { parts }, span)
    }

    fn type_at(&mut self, index: u32) -> &mut TypeDecl {
        &mut self.unit.types[index as usize]
    }
}
