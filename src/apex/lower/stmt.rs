//! Statements.

use super::super::unit::{
    Block, Catch, DmlOp, Expr, ExprId, LoopKind, LoopStmt, Stmt, StmtKind, SwitchArm, SwitchLabels, TypeRef,
};
use super::Lowerer;
use super::kinds::{Field, Kind};
use super::types::{is_type, list_of, no_name, nothing};
use crate::name::Name;
use crate::span::Span;

impl Lowerer<'_> {
    /// The statements of a `block` or `constructor_body`.
    pub(super) fn block(&mut self) -> Block {
        let mut block = Block::new();
        self.children(|this, kind| this.stmt(kind, &mut block));
        block
    }

    /// What stands after `if (…)`: a block's statements, or one statement.
    fn body(&mut self) -> Block {
        match self.kind() {
            Kind::Block => self.block(),
            kind => {
                let mut body = Block::new();
                self.stmt(kind, &mut body);
                body
            }
        }
    }

    /// Lowers the statement at the cursor; what is none (punctuation, broken text) gives nothing.
    pub(super) fn stmt(&mut self, kind: Kind, out: &mut Block) {
        if kind == Kind::Unknown || kind == Kind::Error {
            return;
        }
        self.deeper(|this| this.stmt_within_depth(kind, out));
    }

    fn stmt_within_depth(&mut self, kind: Kind, out: &mut Block) {
        let span = self.span();
        let kind = match kind {
            Kind::ExpressionStatement => self.expression_statement(),
            Kind::LocalVariableDeclaration => return self.locals(span, out),
            Kind::IfStatement => self.if_statement(),
            Kind::ReturnStatement => {
                let value = self.first_expr();
                StmtKind::Return(value)
            }
            Kind::ThrowStatement => {
                let value = self.first_expr();
                StmtKind::Throw(value.unwrap_or_else(|| self.unknown(span)))
            }
            Kind::BreakStatement => StmtKind::Break,
            Kind::ContinueStatement => StmtKind::Continue,
            Kind::SwitchExpression => self.switch(),
            Kind::EnhancedForStatement => self.enhanced_for(),
            Kind::ForStatement => self.for_loop(),
            Kind::WhileStatement => self.while_loop(false),
            Kind::DoStatement => self.while_loop(true),
            Kind::TryStatement => self.try_statement(),
            Kind::Block => StmtKind::Block(self.block()),
            Kind::RunAsStatement => {
                let mut body = Block::new();
                self.children(|this, kind| {
                    if kind == Kind::Block {
                        body = this.block();
                    }
                });
                StmtKind::RunAs { body }
            }
            // A block without its end swallows the members that follow it.
            Kind::MethodDeclaration => {
                let method = self.method(kind);
                return match self.owner {
                    Some(owner) => self.type_at(owner).methods.push(method),
                    None => self.strays.push(method),
                };
            }
            Kind::ClassDeclaration | Kind::InterfaceDeclaration | Kind::EnumDeclaration => {
                return self.type_decl(kind, self.owner);
            }
            Kind::ExplicitConstructorInvocation => StmtKind::Expr(self.constructor_call(span)),
            _ => return,
        };
        out.push(Stmt { span, kind });
    }

    /// The first child that is an expression.
    pub(super) fn first_expr(&mut self) -> Option<ExprId> {
        self.enter(|_, kind| is_expr(kind)).then(|| {
            let id = self.expr();
            self.cursor.goto_parent();
            id
        })
    }

    fn expression_statement(&mut self) -> StmtKind {
        if !self.enter(|_, kind| is_expr(kind)) {
            let span = self.span();
            return StmtKind::Expr(self.unknown(span));
        }
        let lowered = if self.kind() == Kind::Dml { self.dml() } else { StmtKind::Expr(self.expr()) };
        self.cursor.goto_parent();
        lowered
    }

    fn dml(&mut self) -> StmtKind {
        let span = self.span();
        let mut op = DmlOp::Insert;
        let (mut target, mut upsert_key, mut merge_with) = (None, None, None);
        let mut as_user = false;
        self.children(|this, kind| {
            if kind == Kind::DmlType {
                op = dml_op(this.text());
                return;
            }
            if kind == Kind::DmlSecurityMode {
                as_user = this.text().eq_ignore_ascii_case("user");
                return;
            }
            match this.field() {
                Field::Target => target = Some(this.expr()),
                // `upsert x Account.Fields.Ext__c` names the field by a path too.
                Field::UpsertKey => upsert_key = Some(this.dotted_name()),
                Field::MergeWith if is_expr(kind) => merge_with = Some(this.expr()),
                _ => {}
            }
        });
        let mut target = target.unwrap_or_else(|| self.unknown(span));
        // `upsert (rows) Ext__c` looks like a cast to the grammar.
        if let (DmlOp::Upsert, None, Expr::Cast { ty, value }) = (op, upsert_key, self.unit.expr(target))
            && let Expr::Name(key) = *self.unit.expr(*value)
            && key.folded().ends_with("__c")
        {
            let rows = Expr::Name(ty.name);
            target = self.push(rows, self.unit.span(target));
            upsert_key = Some(key);
        }
        StmtKind::Dml { op, target, upsert_key, merge_with, as_user }
    }

    fn constructor_call(&mut self, span: Span) -> ExprId {
        let mut name = no_name();
        let mut args = Default::default();
        self.fields(|this, field| match field {
            Field::Constructor => name = this.name(),
            Field::Arguments => args = this.arguments(),
            _ => {}
        });
        self.push(Expr::Call { object: None, name, args }, span)
    }

    fn locals(&mut self, span: Span, out: &mut Block) {
        let mut declared = nothing();
        self.children(|this, kind| {
            if kind == Kind::VariableDeclarator {
                let (name, ty, init) = this.declarator(&declared);
                out.push(Stmt { span, kind: StmtKind::Local { name, ty, init } });
            } else if is_type(kind) {
                declared = this.type_ref();
            }
        });
    }

    /// `name[] = value`, of a declaration whose type is `declared`.
    pub(super) fn declarator(&mut self, declared: &TypeRef) -> (Name, TypeRef, Option<ExprId>) {
        let mut name = no_name();
        let mut ty = declared.clone();
        let mut init = None;
        self.fields_to(Field::Value, |this, field| match field {
            Field::Name => name = this.name(),
            Field::Dimensions => ty = list_of(std::mem::replace(&mut ty, nothing()), this.dimensions()),
            Field::Value => {
                init = Some(if this.kind() == Kind::ArrayInitializer {
                    // `Integer[] a = {1, 2}` writes its type once only.
                    this.list_literal(ty.clone())
                } else {
                    this.expr()
                });
            }
            _ => {}
        });
        (name, ty, init)
    }

    fn if_statement(&mut self) -> StmtKind {
        let span = self.span();
        let mut cond = None;
        let (mut then, mut otherwise) = (Block::new(), Block::new());
        self.fields_to(Field::Alternative, |this, field| match field {
            Field::Condition => cond = Some(this.expr()),
            Field::Consequence => then = this.body(),
            Field::Alternative => otherwise = this.body(),
            _ => {}
        });
        StmtKind::If { cond: cond.unwrap_or_else(|| self.unknown(span)), then, otherwise }
    }

    fn switch(&mut self) -> StmtKind {
        let span = self.span();
        let mut on = None;
        let mut arms = Vec::new();
        self.fields_to(Field::Body, |this, field| match field {
            Field::Condition => on = Some(this.expr()),
            Field::Body => this.children(|this, kind| {
                if kind == Kind::SwitchRule {
                    let arm = this.switch_arm();
                    arms.push(arm);
                }
            }),
            _ => {}
        });
        StmtKind::Switch { on: on.unwrap_or_else(|| self.unknown(span)), arms }
    }

    fn switch_arm(&mut self) -> SwitchArm {
        let mut arm = SwitchArm { span: self.span(), labels: SwitchLabels::Else, body: Block::new() };
        self.children(|this, kind| match kind {
            Kind::SwitchLabel => {
                let mut values = Vec::new();
                let mut by_type = None;
                this.children(|this, kind| {
                    if kind == Kind::WhenSobjectType {
                        by_type = Some(this.when_type());
                    } else if is_expr(kind) {
                        values.push(this.expr());
                    }
                });
                arm.labels = match by_type {
                    Some((ty, var)) => SwitchLabels::Type { ty, var },
                    None if values.is_empty() => SwitchLabels::Else,
                    None => SwitchLabels::Values(values),
                };
            }
            Kind::Block => arm.body = this.block(),
            _ => {}
        });
        arm
    }

    /// `Account acc` of `when Account acc`.
    fn when_type(&mut self) -> (TypeRef, Name) {
        let mut ty = nothing();
        let mut var = no_name();
        self.children(|this, kind| {
            if is_type(kind) {
                ty = this.type_ref();
            } else if kind == Kind::Identifier {
                var = this.name();
            }
        });
        (ty, var)
    }

    fn enhanced_for(&mut self) -> StmtKind {
        let span = self.span();
        let mut ty = nothing();
        let mut var = no_name();
        let mut iter = None;
        let mut body = Block::new();
        self.fields_to(Field::Body, |this, field| match field {
            Field::Type => ty = this.type_ref(),
            Field::Name => var = this.name(),
            Field::Dimensions => ty = list_of(std::mem::replace(&mut ty, nothing()), this.dimensions()),
            Field::Value => iter = Some(this.expr()),
            Field::Body => body = this.body(),
            _ => {}
        });
        let iter = iter.unwrap_or_else(|| self.unknown(span));
        StmtKind::Loop(Box::new(LoopStmt { kind: LoopKind::Each { ty, var, iter }, body }))
    }

    fn for_loop(&mut self) -> StmtKind {
        let mut init = Block::new();
        let mut cond = None;
        let mut update = Vec::new();
        let mut body = Block::new();
        self.fields_to(Field::Body, |this, field| {
            let kind = this.kind();
            match field {
                Field::Init if kind == Kind::LocalVariableDeclaration => this.stmt(kind, &mut init),
                Field::Init if is_expr(kind) => {
                    let span = this.span();
                    let kind = StmtKind::Expr(this.expr());
                    init.push(Stmt { span, kind });
                }
                Field::Condition if is_expr(kind) => cond = Some(this.expr()),
                Field::Update if is_expr(kind) => update.push(this.expr()),
                Field::Body => body = this.body(),
                _ => {}
            }
        });
        StmtKind::Loop(Box::new(LoopStmt { kind: LoopKind::For { init, cond, update }, body }))
    }

    fn while_loop(&mut self, body_first: bool) -> StmtKind {
        let span = self.span();
        let mut cond = None;
        let mut body = Block::new();
        self.fields(|this, field| match field {
            Field::Condition => cond = Some(this.expr()),
            Field::Body => body = this.body(),
            _ => {}
        });
        let cond = cond.unwrap_or_else(|| self.unknown(span));
        let kind = if body_first { LoopKind::DoWhile { cond } } else { LoopKind::While { cond } };
        StmtKind::Loop(Box::new(LoopStmt { kind, body }))
    }

    fn try_statement(&mut self) -> StmtKind {
        let mut body = Block::new();
        let mut catches = Vec::new();
        let mut finally = Block::new();
        self.children(|this, kind| match kind {
            Kind::Block => body = this.block(),
            Kind::CatchClause => {
                let mut catch =
                    Catch { span: this.span(), ty: nothing(), var: no_name(), body: Block::new() };
                this.children(|this, kind| match kind {
                    Kind::FormalParameter => (catch.ty, catch.var) = this.formal_parameter(),
                    Kind::Block => catch.body = this.block(),
                    _ => {}
                });
                catches.push(catch);
            }
            Kind::FinallyClause => this.children(|this, kind| {
                if kind == Kind::Block {
                    finally = this.block();
                }
            }),
            _ => {}
        });
        StmtKind::Try { body, catches, finally }
    }
}

fn dml_op(text: &str) -> DmlOp {
    match text.as_bytes().first().map(u8::to_ascii_lowercase) {
        Some(b'i') => DmlOp::Insert,
        Some(b'd') => DmlOp::Delete,
        Some(b'm') => DmlOp::Merge,
        // update, upsert, undelete
        _ => match text.as_bytes().get(1).map(u8::to_ascii_lowercase) {
            Some(b'n') => DmlOp::Undelete,
            _ if text.len() > 2 && text.as_bytes()[2].eq_ignore_ascii_case(&b's') => DmlOp::Upsert,
            _ => DmlOp::Update,
        },
    }
}

/// Whether a node of this kind is an expression.
pub(super) fn is_expr(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::ArrayAccess
            | Kind::ArrayCreation
            | Kind::Assignment
            | Kind::Binary
            | Kind::BooleanLiteral
            | Kind::Cast
            | Kind::ClassLiteral
            | Kind::DecimalLiteral
            | Kind::Dml
            | Kind::FieldAccess
            | Kind::Identifier
            | Kind::Instanceof
            | Kind::Int
            | Kind::JavaFieldAccess
            | Kind::MapCreation
            | Kind::MethodInvocation
            | Kind::MultiLineStringLiteral
            | Kind::NullLiteral
            | Kind::ObjectCreation
            | Kind::Parenthesized
            | Kind::QueryExpression
            | Kind::StringLiteral
            | Kind::Super
            | Kind::Ternary
            | Kind::This
            | Kind::Unary
            | Kind::Update
            | Kind::VersionExpression
    )
}
