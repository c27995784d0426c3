//! A [`Unit`] as indented text, for `seamlint debug unit` and for snapshot tests.
//!
//! Each statement begins with its line and column; calls, creations and queries inside it bear theirs
//! behind an `@`.

use std::fmt::{self, Write};

use super::unit::{
    Accessor, Annotation, BinaryOp, Catch, Expr, ExprId, ExprList, FieldDecl, LoopKind, MethodDecl,
    Modifiers, Query, QueryLanguage, QueryLimit, Stmt, StmtKind, SwitchLabels, TriggerDecl, TypeDecl,
    TypeKind, TypeRef, Unit,
};
use crate::span::Span;

/// Prints `unit`, which was made from `text`.
pub fn print(unit: &Unit, text: &str) -> String {
    let mut printer = Printer { unit, lines: line_starts(text), out: String::new(), depth: 0 };
    printer.unit();
    printer.out
}

/// The byte offsets at which lines begin; `\n`, `\r\n` and a lone `\r` end a line.
fn line_starts(text: &str) -> Vec<u32> {
    let bytes = text.as_bytes();
    let ends = (0..bytes.len()).filter(|&at| match bytes[at] {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    });
    std::iter::once(0).chain(ends.map(|end| end as u32 + 1)).collect()
}

struct Printer<'u> {
    unit: &'u Unit,
    lines: Vec<u32>,
    out: String,
    depth: usize,
}

impl Printer<'_> {
    fn unit(&mut self) {
        let unit = self.unit;
        if let Some(version) = unit.api_version {
            self.line(format_args!("api {}.{}", version / 10, version % 10));
        }
        for error in &unit.syntax_errors {
            let place = self.place(error.span);
            self.line(format_args!("syntax error {place}: {}", error.message));
        }
        for decl in &unit.types {
            self.type_decl(decl);
        }
        if let Some(trigger) = &unit.trigger {
            self.trigger(trigger);
        }
    }

    fn line(&mut self, content: fmt::Arguments<'_>) {
        for _ in 0..self.depth {
            self.out.push_str("  ");
        }
        // Writing to a `String` cannot fail.
        let _ = writeln!(self.out, "{content}");
    }

    fn indented(&mut self, print: impl FnOnce(&mut Self)) {
        self.depth += 1;
        print(self);
        self.depth -= 1;
    }

    fn place(&self, span: Span) -> String {
        let line = self.lines.partition_point(|start| *start <= span.start);
        format!("{line}:{}", span.start - self.lines[line - 1] + 1)
    }

    fn type_decl(&mut self, decl: &TypeDecl) {
        self.annotations(&decl.annotations);
        let kind = match decl.kind {
            TypeKind::Class => "class",
            TypeKind::Interface => "interface",
            TypeKind::Enum => "enum",
        };
        let outer =
            decl.outer.map_or(String::new(), |outer| format!("{}.", self.unit.types[outer as usize].name));
        let params = match &decl.type_params[..] {
            [] => String::new(),
            params => format!("<{}>", joined(params)),
        };
        let superclass = decl.superclass.as_ref().map_or(String::new(), |ty| format!(" extends {ty}"));
        let interfaces = match &decl.interfaces[..] {
            [] => String::new(),
            types => format!(" implements {}", joined(types)),
        };
        let place = self.place(decl.name_span);
        self.line(format_args!(
            "{place} {}{kind} {outer}{}{params}{superclass}{interfaces}",
            decl.modifiers, decl.name
        ));
        self.indented(|this| {
            if !decl.enum_constants.is_empty() {
                this.line(format_args!("constants {}", joined(&decl.enum_constants)));
            }
            for field in &decl.fields {
                this.field_decl(field);
            }
            for block in &decl.static_init {
                this.line(format_args!("static"));
                this.block(block);
            }
            for block in &decl.instance_init {
                this.line(format_args!("init"));
                this.block(block);
            }
            for method in &decl.methods {
                this.method(method);
            }
        });
    }

    fn annotations(&mut self, annotations: &[Annotation]) {
        for annotation in annotations {
            let args: Vec<String> =
                annotation.args.iter().map(|(key, value)| format!("{key}={value:?}")).collect();
            let args = if args.is_empty() { String::new() } else { format!("({})", args.join(" ")) };
            let place = self.place(annotation.span);
            self.line(format_args!("{place} @{}{args}", annotation.name));
        }
    }

    fn field_decl(&mut self, field: &FieldDecl) {
        self.annotations(&field.annotations);
        let place = self.place(field.span);
        let init = field.init.map_or(String::new(), |init| format!(" = {}", self.expr(init)));
        self.line(format_args!("{place} {}{} {}{init}", field.modifiers, field.ty, field.name));
        self.indented(|this| {
            this.accessor("get", field.getter.as_ref());
            this.accessor("set", field.setter.as_ref());
        });
    }

    fn accessor(&mut self, word: &str, accessor: Option<&Accessor>) {
        if let Some(accessor) = accessor {
            let place = self.place(accessor.span);
            let auto = if accessor.body.is_none() { ";" } else { "" };
            self.line(format_args!("{place} {}{word}{auto}", accessor.modifiers));
            self.block(accessor.body.as_deref().unwrap_or_default());
        }
    }

    fn method(&mut self, method: &MethodDecl) {
        self.annotations(&method.annotations);
        let returns = match (&method.returns, method.is_constructor) {
            (_, true) => "new".to_owned(),
            (Some(ty), _) => ty.to_string(),
            (None, _) => "void".to_owned(),
        };
        let params: Vec<String> = method.params.iter().map(|p| format!("{} {}", p.ty, p.name)).collect();
        let place = self.place(method.name_span);
        let bodyless = if method.body.is_none() { ";" } else { "" };
        self.line(format_args!(
            "{place} {}{returns} {}({}){bodyless}",
            method.modifiers,
            method.name,
            params.join(", ")
        ));
        self.block(method.body.as_deref().unwrap_or_default());
    }

    fn trigger(&mut self, trigger: &TriggerDecl) {
        let place = self.place(trigger.name_span);
        let inactive = if trigger.active { "" } else { "inactive " };
        let events = joined(&trigger.events);
        self.line(format_args!(
            "{place} {inactive}trigger {} on {} ({events})",
            trigger.name, trigger.object
        ));
        self.block(&trigger.body);
        self.indented(|this| {
            for method in &trigger.methods {
                this.method(method);
            }
        });
    }

    fn block(&mut self, block: &[Stmt]) {
        self.indented(|this| {
            for stmt in block {
                this.stmt(stmt);
            }
        });
    }

    fn stmt(&mut self, stmt: &Stmt) {
        let place = self.place(stmt.span);
        match &stmt.kind {
            StmtKind::Expr(expr) => self.line(format_args!("{place} {}", self.expr(*expr))),
            StmtKind::Local { name, ty, init } => {
                let init = self.optional(" = ", *init);
                self.line(format_args!("{place} let {ty} {name}{init}"));
            }
            StmtKind::Dml { op, target, upsert_key, merge_with, .. } => {
                let key = upsert_key.map_or(String::new(), |key| format!(" by {key}"));
                let with = self.optional(" with ", *merge_with);
                self.line(format_args!("{place} dml {op} {}{key}{with}", self.expr(*target)));
            }
            StmtKind::Return(value) => {
                let value = self.optional(" ", *value);
                self.line(format_args!("{place} return{value}"));
            }
            StmtKind::Throw(value) => self.line(format_args!("{place} throw {}", self.expr(*value))),
            StmtKind::Break => self.line(format_args!("{place} break")),
            StmtKind::Continue => self.line(format_args!("{place} continue")),
            StmtKind::If { cond, then, otherwise } => {
                self.line(format_args!("{place} if {}", self.expr(*cond)));
                self.block(then);
                if !otherwise.is_empty() {
                    self.line(format_args!("else"));
                    self.block(otherwise);
                }
            }
            StmtKind::Switch { on, arms } => {
                self.line(format_args!("{place} switch {}", self.expr(*on)));
                self.indented(|this| {
                    for arm in arms {
                        let place = this.place(arm.span);
                        match &arm.labels {
                            SwitchLabels::Values(values) => {
                                let values: Vec<String> =
                                    values.iter().map(|value| this.expr(*value)).collect();
                                this.line(format_args!("{place} when {}", values.join(", ")));
                            }
                            SwitchLabels::Type { ty, var } => {
                                this.line(format_args!("{place} when type {ty} {var}"))
                            }
                            SwitchLabels::Else => this.line(format_args!("{place} when else")),
                        }
                        this.block(&arm.body);
                    }
                });
            }
            StmtKind::Loop(looped) => {
                match &looped.kind {
                    LoopKind::Each { ty, var, iter } => {
                        self.line(format_args!("{place} for {ty} {var} in {}", self.expr(*iter)));
                    }
                    LoopKind::For { init, cond, update } => {
                        let cond = self.optional(" while ", *cond);
                        let update: Vec<String> = update.iter().map(|update| self.expr(*update)).collect();
                        self.line(format_args!("{place} for{cond} next ({})", update.join(", ")));
                        self.indented(|this| {
                            this.line(format_args!("first"));
                            this.block(init);
                        });
                    }
                    LoopKind::While { cond } => self.line(format_args!("{place} while {}", self.expr(*cond))),
                    LoopKind::DoWhile { cond } => {
                        self.line(format_args!("{place} do while {}", self.expr(*cond)))
                    }
                }
                self.block(&looped.body);
            }
            StmtKind::Try { body, catches, finally } => {
                self.line(format_args!("{place} try"));
                self.block(body);
                for Catch { span, ty, var, body } in catches {
                    let place = self.place(*span);
                    self.line(format_args!("{place} catch {ty} {var}"));
                    self.block(body);
                }
                if !finally.is_empty() {
                    self.line(format_args!("finally"));
                    self.block(finally);
                }
            }
            StmtKind::Block(block) => {
                self.line(format_args!("{place} block"));
                self.block(block);
            }
            StmtKind::RunAs { body } => {
                self.line(format_args!("{place} run as"));
                self.block(body);
            }
        }
    }

    fn optional(&self, before: &str, expr: Option<ExprId>) -> String {
        expr.map_or(String::new(), |expr| format!("{before}{}", self.expr(expr)))
    }

    fn expr(&self, id: ExprId) -> String {
        let mut out = String::new();
        self.write_expr(id, &mut out);
        out
    }

    fn list(&self, list: ExprList) -> String {
        let parts: Vec<String> = self.unit.list(list).iter().map(|id| self.expr(*id)).collect();
        parts.join(", ")
    }

    /// Appends an expression; binary ones in parentheses, so that their shape can be seen.
    fn write_expr(&self, id: ExprId, out: &mut String) {
        let _ = match self.unit.expr(id) {
            Expr::Name(name) => write!(out, "{name}"),
            Expr::This => write!(out, "this"),
            Expr::Super => write!(out, "super"),
            Expr::Field { object, name } => {
                self.write_expr(*object, out);
                write!(out, ".{name}")
            }
            Expr::Call { object, name, args } => {
                if let Some(object) = object {
                    self.write_expr(*object, out);
                    out.push('.');
                }
                write!(out, "{name}@{}({})", self.place(self.unit.span(id)), self.list(*args))
            }
            Expr::New { ty, args } => {
                write!(out, "new {ty}@{}({})", self.place(self.unit.span(id)), self.list(*args))
            }
            Expr::ListLiteral { ty, elements } => write!(out, "new {ty}{{{}}}", self.list(*elements)),
            Expr::MapLiteral { ty, entries } => {
                let entries: Vec<String> = self
                    .unit
                    .list(*entries)
                    .chunks(2)
                    .map(|pair| pair.iter().map(|id| self.expr(*id)).collect::<Vec<_>>().join(" => "))
                    .collect();
                write!(out, "new {ty}{{{}}}", entries.join(", "))
            }
            Expr::Index { object, index } => {
                self.write_expr(*object, out);
                write!(out, "[{}]", self.expr(*index))
            }
            Expr::Cast { ty, value } => write!(out, "({ty}){}", self.expr(*value)),
            Expr::InstanceOf { value, ty } => write!(out, "({} instanceof {ty})", self.expr(*value)),
            Expr::Ternary { cond, then, otherwise } => {
                write!(out, "({} ? {} : {})", self.expr(*cond), self.expr(*then), self.expr(*otherwise))
            }
            Expr::Binary { op, left, right } => {
                write!(out, "({} {} {})", self.expr(*left), symbol(*op), self.expr(*right))
            }
            Expr::Not(operand) => write!(out, "!{}", self.expr(*operand)),
            Expr::Negate(operand) => write!(out, "-{}", self.expr(*operand)),
            Expr::Assign { op, left, right } => {
                write!(out, "{} {}= {}", self.expr(*left), op.map_or("", symbol), self.expr(*right))
            }
            Expr::Update { operand } => write!(out, "{}±1", self.expr(*operand)),
            Expr::ClassLiteral(ty) => write!(out, "{ty}.class"),
            Expr::Str(value) => write!(out, "{value:?}"),
            Expr::Int(value) => write!(out, "{value}"),
            Expr::Bool(value) => write!(out, "{value}"),
            Expr::Null => write!(out, "null"),
            Expr::Query(query) => {
                write!(out, "{}@{}", self.query(self.unit.query(*query)), self.place(self.unit.span(id)))
            }
            Expr::Other { parts } => write!(out, "other({})", self.list(*parts)),
        };
    }

    fn query(&self, query: &Query) -> String {
        let mut out = String::from(match query.language {
            QueryLanguage::Soql => "[soql",
            QueryLanguage::Sosl => "[sosl",
        });
        let mut part = |label: &str, values: String| {
            if !values.is_empty() {
                let _ = write!(out, " {label} {values}");
            }
        };
        part("from", query.object.map_or(String::new(), |object| object.to_string()));
        part("also", joined(&query.others));
        part("select", joined(&query.fields));
        part("where", joined(&query.where_fields));
        let keys: Vec<_> = query.keys.iter().map(|(field, _)| *field).collect();
        part("equal", joined(&keys));
        part(
            "limit",
            match query.limit {
                QueryLimit::None => String::new(),
                QueryLimit::Rows(rows) => rows.to_string(),
                QueryLimit::Bound(bind) => format!(":{}", self.expr(bind)),
            },
        );
        let binds: Vec<String> = query.binds.iter().map(|bind| format!(":{}", self.expr(*bind))).collect();
        part("binds", binds.join(", "));
        for (is_set, flag) in [
            (query.is_count, " count"),
            (query.is_aggregate, " aggregate"),
            (query.for_update, " for update"),
        ] {
            if is_set {
                out.push_str(flag);
            }
        }
        out.push(']');
        out
    }
}

fn symbol(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::And => "&&",
        BinaryOp::Or => "||",
        BinaryOp::Eq => "==",
        BinaryOp::Ne => "!=",
        BinaryOp::Lt => "<",
        BinaryOp::Le => "<=",
        BinaryOp::Gt => ">",
        BinaryOp::Ge => ">=",
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::Coalesce => "??",
        BinaryOp::Other => "∘",
    }
}

fn joined<T: fmt::Display>(items: &[T]) -> String {
    let items: Vec<String> = items.iter().map(T::to_string).collect();
    items.join(", ")
}

/// As written, with arrays as lists.
impl fmt::Display for TypeRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.name)?;
        if !self.args.is_empty() {
            write!(f, "<{}>", joined(&self.args))?;
        }
        Ok(())
    }
}

/// The words of all modifiers, each with a blank behind it.
impl fmt::Display for Modifiers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const WORDS: [(Modifiers, &str); 15] = [
            (Modifiers::PUBLIC, "public"),
            (Modifiers::PRIVATE, "private"),
            (Modifiers::PROTECTED, "protected"),
            (Modifiers::GLOBAL, "global"),
            (Modifiers::STATIC, "static"),
            (Modifiers::FINAL, "final"),
            (Modifiers::ABSTRACT, "abstract"),
            (Modifiers::VIRTUAL, "virtual"),
            (Modifiers::OVERRIDE, "override"),
            (Modifiers::TRANSIENT, "transient"),
            (Modifiers::TEST_METHOD, "testMethod"),
            (Modifiers::WEBSERVICE, "webservice"),
            (Modifiers::WITH_SHARING, "with sharing"),
            (Modifiers::WITHOUT_SHARING, "without sharing"),
            (Modifiers::INHERITED_SHARING, "inherited sharing"),
        ];
        WORDS
            .iter()
            .filter(|(modifier, _)| self.has(*modifier))
            .try_for_each(|(_, word)| write!(f, "{word} "))
    }
}
