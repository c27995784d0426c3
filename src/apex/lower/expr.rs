//! Expressions.

use super::super::prepare::without_tokens;
use super::super::unit::{BinaryOp, Expr, ExprId, ExprList, TypeRef};
use super::kinds::{Field, Kind};
use super::stmt::is_expr;
use super::types::{is_type, list_of, no_name, nothing};
use super::{Lowerer, MAX_DEPTH};
use crate::span::Span;

/// Chains of binary operators up to this length keep their shape; longer ones are balanced.
const CHAIN: u32 = 16;

/// How often the operator may change in a long chain that is balanced.
const RUNS: usize = 8;

impl Lowerer<'_> {
    /// Lowers the expression at the cursor.
    pub(super) fn expr(&mut self) -> ExprId {
        // Parentheses are no level of their own, so that no number of them is too many.
        let mut opened = 0u32;
        let mut kind = self.kind();
        while kind == Kind::Parenthesized && self.enter(|_, kind| is_expr(kind)) {
            opened += 1;
            kind = self.kind();
        }
        let id = self.unparenthesized(kind);
        for _ in 0..opened {
            self.cursor.goto_parent();
        }
        id
    }

    fn unparenthesized(&mut self, kind: Kind) -> ExprId {
        let span = self.span();
        let leaf = match kind {
            // The parser makes up empty nodes where something is missing.
            _ if span.start == span.end => return self.unknown(span),
            Kind::Identifier => Expr::Name(self.name_at(span)),
            Kind::This => Expr::This,
            Kind::Super => Expr::Super,
            Kind::StringLiteral => Expr::Str(self.string(1)),
            Kind::MultiLineStringLiteral => Expr::Str(self.string(3)),
            Kind::BooleanLiteral => Expr::Bool(self.text().eq_ignore_ascii_case("true")),
            Kind::NullLiteral => Expr::Null,
            Kind::Int => match int(self.text()) {
                Some(value) => Expr::Int(value),
                None => return self.unknown(span),
            },
            Kind::Binary => return self.binary(span),
            _ => {
                return match self.deeper(|this| this.compound(kind, span)) {
                    Some(id) => id,
                    None => self.unknown(span),
                };
            }
        };
        self.push(leaf, span)
    }

    fn compound(&mut self, kind: Kind, span: Span) -> ExprId {
        let expr = match kind {
            Kind::FieldAccess => self.field_access(span),
            Kind::MethodInvocation => self.call(),
            Kind::ObjectCreation => {
                let (ty, args) = self.creation();
                Expr::New { ty, args }
            }
            Kind::ArrayCreation | Kind::MapCreation => self.literal_creation(),
            Kind::ArrayInitializer => return self.list_literal(nothing()),
            Kind::ArrayAccess => {
                let (object, index) = self.two(Field::Array, Field::Index);
                Expr::Index { object, index }
            }
            Kind::Cast => {
                let mut ty = nothing();
                let mut value = None;
                self.fields_to(Field::Value, |this, field| match field {
                    Field::Type => ty = this.type_ref(),
                    Field::Value => value = Some(this.expr()),
                    _ => {}
                });
                Expr::Cast { ty: Box::new(ty), value: value.unwrap_or_else(|| self.unknown(span)) }
            }
            Kind::Instanceof => {
                let mut ty = nothing();
                let mut value = None;
                self.fields_to(Field::Right, |this, field| match field {
                    Field::Left => value = Some(this.expr()),
                    Field::Right => ty = this.type_ref(),
                    _ => {}
                });
                Expr::InstanceOf { value: value.unwrap_or_else(|| self.unknown(span)), ty: Box::new(ty) }
            }
            Kind::Ternary => {
                let (mut cond, mut then, mut otherwise) = (None, None, None);
                self.fields_to(Field::Alternative, |this, field| match field {
                    Field::Condition => cond = Some(this.expr()),
                    Field::Consequence => then = Some(this.expr()),
                    Field::Alternative => otherwise = Some(this.expr()),
                    _ => {}
                });
                let mut or_unknown = |part: Option<ExprId>| part.unwrap_or_else(|| self.unknown(span));
                Expr::Ternary {
                    cond: or_unknown(cond),
                    then: or_unknown(then),
                    otherwise: or_unknown(otherwise),
                }
            }
            Kind::Unary => return self.unary(span),
            Kind::Update => {
                let operand = self.first_expr().unwrap_or_else(|| self.unknown(span));
                Expr::Update { operand }
            }
            Kind::Assignment => {
                let mut op = None;
                let (mut left, mut right) = (None, None);
                self.fields_to(Field::Right, |this, field| match field {
                    Field::Left => left = Some(this.expr()),
                    Field::Operator => op = assignment_op(this.text()),
                    Field::Right => right = Some(this.expr()),
                    _ => {}
                });
                let left = left.unwrap_or_else(|| self.unknown(span));
                let right = right.unwrap_or_else(|| self.unknown(span));
                Expr::Assign { op, left, right }
            }
            Kind::ClassLiteral => {
                let mut ty = nothing();
                self.children(|this, kind| {
                    if is_type(kind) {
                        ty = this.type_ref();
                    }
                });
                Expr::ClassLiteral(Box::new(ty))
            }
            Kind::QueryExpression => match self.query() {
                Some(query) => Expr::Query(query),
                None => return self.parts(span),
            },
            _ => return self.parts(span),
        };
        self.push(expr, span)
    }

    /// Anything else: what is inside it, if that is expressions.
    fn parts(&mut self, span: Span) -> ExprId {
        let parts = self.arguments();
        self.push(Expr::Other { parts }, span)
    }

    /// The expressions among the children of the current node.
    pub(super) fn arguments(&mut self) -> ExprList {
        let mark = self.scratch.len();
        if self.text().len() == "()".len() {
            return self.list_from(mark);
        }
        self.children(|this, kind| {
            if is_expr(kind) || kind == Kind::ArrayInitializer {
                let id = this.expr();
                this.scratch.push(id);
            }
        });
        self.list_from(mark)
    }

    /// The two expressions in the fields `first` and `second`.
    fn two(&mut self, first: Field, second: Field) -> (ExprId, ExprId) {
        let (mut one, mut two) = (None, None);
        self.fields_to(second, |this, field| {
            if field == first {
                one = Some(this.expr());
            } else if field == second {
                two = Some(this.expr());
            }
        });
        let span = self.span();
        (one.unwrap_or_else(|| self.unknown(span)), two.unwrap_or_else(|| self.unknown(span)))
    }

    fn field_access(&mut self, span: Span) -> Expr {
        let mut object = None;
        let mut name = None;
        self.fields_to(Field::Member, |this, field| match field {
            Field::Object => object = Some(this.expr()),
            Field::Member => name = Some(this.name()),
            _ => {}
        });
        let object = object.unwrap_or_else(|| self.unknown(span));
        let name = name.unwrap_or_else(no_name);
        // `Account.class`: the grammar keeps its class literals for generic types.
        if name.is("class")
            && let Some(named) = self.dotted(object)
        {
            return Expr::ClassLiteral(Box::new(TypeRef::simple(&named)));
        }
        Expr::Field { object, name }
    }

    /// `a.b.c` as a text, if the expression is nothing else.
    fn dotted(&self, expr: ExprId) -> Option<String> {
        match &self.unit.exprs[expr.0 as usize] {
            Expr::Name(name) => Some(name.as_str().to_owned()),
            Expr::Field { object, name } => Some(format!("{}.{name}", self.dotted(*object)?)),
            _ => None,
        }
    }

    fn call(&mut self) -> Expr {
        let mut object = None;
        let mut name = None;
        let mut args = ExprList::default();
        self.fields_to(Field::Arguments, |this, field| match field {
            Field::Object => object = Some(this.expr()),
            Field::Name => name = Some(this.name()),
            Field::Arguments => args = this.arguments(),
            _ => {}
        });
        Expr::Call { object, name: name.unwrap_or_else(no_name), args }
    }

    fn creation(&mut self) -> (Box<TypeRef>, ExprList) {
        let mut ty = nothing();
        let mut args = ExprList::default();
        self.fields_to(Field::Arguments, |this, field| match field {
            Field::Type => ty = this.type_ref(),
            Field::Arguments => args = this.arguments(),
            _ => {}
        });
        (Box::new(ty), args)
    }

    /// `new T{…}` and `new T[n]`. The grammar takes all empty braces for a map's, so the type decides.
    fn literal_creation(&mut self) -> Expr {
        let mut ty = nothing();
        let mut dimensions = 0;
        let mut elements = ExprList::default();
        let mut pairs = false;
        self.fields_to(Field::Value, |this, field| match field {
            Field::Type => ty = this.type_ref(),
            Field::Dimensions => {
                dimensions += match this.kind() {
                    Kind::DimensionsExpr => 1,
                    Kind::Dimensions => this.dimensions(),
                    _ => 0,
                };
            }
            Field::Value => {
                let mark = this.scratch.len();
                this.children(|this, kind| {
                    if kind == Kind::MapKeyInitializer {
                        pairs = true;
                        this.children(|this, kind| {
                            if is_expr(kind) {
                                let id = this.expr();
                                this.scratch.push(id);
                            }
                        });
                    } else if is_expr(kind) || kind == Kind::ArrayInitializer {
                        let id = this.expr();
                        this.scratch.push(id);
                    }
                });
                elements = this.list_from(mark);
            }
            _ => {}
        });
        let is_map = ty.name.is("map") || ty.name.is("system.map");
        let ty = Box::new(list_of(ty, dimensions));
        if pairs || (is_map && dimensions == 0) {
            Expr::MapLiteral { ty, entries: elements }
        } else {
            Expr::ListLiteral { ty, elements }
        }
    }

    /// `{a, b}` at the cursor, of a known type.
    pub(super) fn list_literal(&mut self, ty: TypeRef) -> ExprId {
        let span = self.span();
        let elements = self.deeper(Self::arguments).unwrap_or_default();
        self.push(Expr::ListLiteral { ty: Box::new(ty), elements }, span)
    }

    fn unary(&mut self, span: Span) -> ExprId {
        let mut operator = "";
        let mut operand = None;
        self.fields_to(Field::Operand, |this, field| match field {
            Field::Operator => operator = this.text(),
            Field::Operand => operand = Some(this.expr()),
            _ => {}
        });
        let operand = operand.unwrap_or_else(|| self.unknown(span));
        let expr = match operator {
            "!" => Expr::Not(operand),
            "-" => Expr::Negate(operand),
            "+" => return operand,
            _ => {
                let mark = self.scratch.len();
                self.scratch.push(operand);
                Expr::Other { parts: self.list_from(mark) }
            }
        };
        self.push(expr, span)
    }

    /// `a + b + c`: the grammar nests it on the left, as deep as it is long, so it is walked in a loop.
    fn binary(&mut self, span: Span) -> ExprId {
        let mut length = 0u32;
        while self.kind() == Kind::Binary && self.enter(|this, _| this.field() == Field::Left) {
            length += 1;
        }
        let levels = length.min(CHAIN);
        if self.depth + levels > MAX_DEPTH {
            self.note_depth();
            for _ in 0..length {
                self.cursor.goto_parent();
            }
            return self.unknown(span);
        }
        self.depth += levels;
        let first = if length == 0 { self.unknown(span) } else { self.expr() };
        let id =
            if length <= CHAIN { self.short_chain(first, length) } else { self.long_chain(first, length) };
        self.depth -= levels;
        id
    }

    /// Goes from the left operand over the operator to the right one and up to their node.
    fn rest_of_binary(&mut self) -> (BinaryOp, ExprId) {
        let mut op = BinaryOp::Other;
        let mut right = None;
        while self.cursor.goto_next_sibling() {
            match self.field() {
                Field::Operator => op = binary_op(self.text()),
                Field::Right => {
                    right = Some(self.expr());
                    break;
                }
                _ => {}
            }
        }
        self.cursor.goto_parent();
        let right = right.unwrap_or_else(|| {
            let span = self.span();
            self.unknown(span)
        });
        (op, right)
    }

    fn short_chain(&mut self, first: ExprId, length: u32) -> ExprId {
        let mut left = first;
        for _ in 0..length {
            let (op, right) = self.rest_of_binary();
            let span = self.span();
            left = self.push(Expr::Binary { op, left, right }, span);
        }
        left
    }

    /// A chain so long that its left-deep shape would be too deep for those who recurse over it. Runs
    /// of `+`, `&&`, `||` become balanced trees with the operands in their order.
    fn long_chain(&mut self, first: ExprId, length: u32) -> ExprId {
        let mut rest = Vec::with_capacity(length as usize);
        for _ in 0..length {
            rest.push(self.rest_of_binary());
        }
        let runs: Vec<&[(BinaryOp, ExprId)]> = rest.chunk_by(|a, b| a.0 == b.0).collect();
        let associative =
            |op| matches!(op, BinaryOp::Add | BinaryOp::And | BinaryOp::Or | BinaryOp::Coalesce);
        let can_balance =
            runs.len() <= RUNS && runs.iter().all(|run| associative(run[0].0) || run.len() <= CHAIN as usize);
        if !can_balance {
            let mark = self.scratch.len();
            self.scratch.push(first);
            self.scratch.extend(rest.iter().map(|(_, operand)| *operand));
            let parts = self.list_from(mark);
            let span = self.span();
            return self.push(Expr::Other { parts }, span);
        }
        runs.iter().fold(first, |left, run| {
            let op = run[0].0;
            if associative(op) {
                let operands: Vec<ExprId> =
                    std::iter::once(left).chain(run.iter().map(|(_, operand)| *operand)).collect();
                self.balanced(op, &operands)
            } else {
                run.iter().fold(left, |left, (_, right)| self.join(op, left, *right))
            }
        })
    }

    fn balanced(&mut self, op: BinaryOp, operands: &[ExprId]) -> ExprId {
        match operands {
            [one] => *one,
            _ => {
                let (left, right) = operands.split_at(operands.len().div_ceil(2));
                let (left, right) = (self.balanced(op, left), self.balanced(op, right));
                self.join(op, left, right)
            }
        }
    }

    fn join(&mut self, op: BinaryOp, left: ExprId, right: ExprId) -> ExprId {
        let span = Span { start: self.unit.span(left).start, end: self.unit.span(right).end };
        self.push(Expr::Binary { op, left, right }, span)
    }

    fn string(&self, quotes: usize) -> Box<str> {
        let value = unquoted(self.text(), quotes);
        if self.source.tokens { without_tokens(&value).into() } else { value }
    }
}

fn int(text: &str) -> Option<i64> {
    let digits = text.trim_end_matches(['l', 'L']);
    if digits.contains('_') { digits.replace('_', "").parse().ok() } else { digits.parse().ok() }
}

fn binary_op(text: &str) -> BinaryOp {
    match text {
        "&&" => BinaryOp::And,
        "||" => BinaryOp::Or,
        "==" | "===" => BinaryOp::Eq,
        "!=" | "!==" | "<>" => BinaryOp::Ne,
        "<" => BinaryOp::Lt,
        ">" => BinaryOp::Gt,
        "+" => BinaryOp::Add,
        "-" => BinaryOp::Sub,
        "*" => BinaryOp::Mul,
        "/" => BinaryOp::Div,
        "??" => BinaryOp::Coalesce,
        // Blanks may stand inside these two.
        _ if text.ends_with('=') && text.starts_with('<') => BinaryOp::Le,
        _ if text.ends_with('=') && text.starts_with('>') => BinaryOp::Ge,
        _ => BinaryOp::Other,
    }
}

fn assignment_op(text: &str) -> Option<BinaryOp> {
    match text {
        "=" => None,
        "+=" => Some(BinaryOp::Add),
        "-=" => Some(BinaryOp::Sub),
        "*=" => Some(BinaryOp::Mul),
        "/=" => Some(BinaryOp::Div),
        _ => Some(BinaryOp::Other),
    }
}

/// The value of a string literal with `quotes` quotes on each side.
pub(super) fn unquoted(text: &str, quotes: usize) -> Box<str> {
    let quote = &"'''"[..quotes];
    let inner = text.strip_prefix(quote).unwrap_or(text);
    let mut inner = inner.strip_suffix(quote).unwrap_or(inner);
    if quotes == 3 {
        // The text of a multi-line string begins on the line after the quotes.
        let line = inner.trim_start_matches([' ', '\t']);
        inner = line.strip_prefix("\r\n").or_else(|| line.strip_prefix(['\n', '\r'])).unwrap_or(inner);
    }
    if !inner.contains('\\') {
        return inner.into();
    }
    let mut out = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let escape = &rest[at + 1..];
        let Some(letter) = escape.chars().next() else {
            rest = "";
            out.push('\\');
            break;
        };
        rest = &escape[letter.len_utf8()..];
        match letter {
            'n' | 'N' => out.push('\n'),
            't' | 'T' => out.push('\t'),
            'r' | 'R' => out.push('\r'),
            'b' | 'B' => out.push('\u{8}'),
            'f' | 'F' => out.push('\u{c}'),
            'u' | 'U' => {
                match rest.get(..4).and_then(|hex| u32::from_str_radix(hex, 16).ok()).and_then(char::from_u32)
                {
                    Some(character) => {
                        out.push(character);
                        rest = &rest[4..];
                    }
                    None => out.push(letter),
                }
            }
            // `\_` and `\%` mean something to a LIKE that the string is bound to.
            '_' | '%' => out.extend(['\\', letter]),
            _ => out.push(letter),
        }
    }
    out.push_str(rest);
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_unescaped() {
        assert_eq!(&*unquoted("'plain'", 1), "plain");
        assert_eq!(&*unquoted(r"'a\nb\'c\\d\u0041\%'", 1), "a\nb'c\\dA\\%");
        assert_eq!(&*unquoted(r"'a\", 1), r"a\");
        assert_eq!(&*unquoted(r"'\u00'", 1), "u00");
        assert_eq!(&*unquoted("''", 1), "");
        assert_eq!(&*unquoted("'''\r\n a 'b'\n'''", 3), " a 'b'\n");
    }

    #[test]
    fn ints_may_be_long() {
        assert_eq!(int("12L"), Some(12));
        assert_eq!(int("99999999999999999999"), None);
    }
}
