//! Flags that keep code from running again: static fields, and keys of static sets and maps, also where
//! other methods read and set them (`if (Guard.hasRun('Account')) return; Guard.setRun('Account');`).
//!
//! What a method does to a flag is read off its body alone: the usual helpers are a line or two long.

use crate::apex::unit::{BinaryOp, Expr, ExprId, ExprList, Stmt, StmtKind, Unit};
use crate::name::Name;

use super::super::model::Runs;
use super::super::symbols::{ClassId, FieldId, MethodId};
use super::super::types::Ty;
use super::sizes::{any_expr, last_name};
use super::{Frame, Linker};

/// A flag: a Boolean field, or this key of a collection in a field.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Flag {
    field: FieldId,
    key: Option<Key>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Key {
    /// A literal or a constant.
    Constant(Name),
    /// What the method is given here.
    Param(usize),
}

/// Where an expression stands: what names mean there.
#[derive(Clone, Copy)]
struct Scope<'a> {
    unit: &'a Unit,
    class: Option<ClassId>,
    params: &'a [(Name, Ty)],
}

/// How many helpers may stand between the test and the flag.
const MAX_HELPERS: usize = 3;

/// How many statements the helper may have that sets the flag.
const MAX_STATEMENTS: usize = 8;

impl<'u> Linker<'u> {
    /// How often the arm for this outcome of `cond` runs, where a flag says that; `filled` is what runs in
    /// the arm.
    pub(super) fn runs_by_flag(
        &self,
        frame: &Frame<'u>,
        cond: ExprId,
        outcome: bool,
        filled: [&[Stmt]; 2],
    ) -> Option<Runs> {
        let unit = self.symbols.unit(frame.unit);
        let scope = Scope { unit, class: frame.class, params: &[] };
        // What a variable says is no flag.
        if let Expr::Call { object: Some(object), .. } = unit.expr(cond)
            && matches!(unit.expr(*object), Expr::Name(name) if frame.local(*name).is_some())
        {
            return None;
        }
        if let Expr::Call { object, name, args } = unit.expr(cond)
            && let Some(method) = self.helper(scope, *object, *name, *args)
            && let Some(first) = self.tests_and_sets(method)
        {
            return (first == outcome).then_some(Runs::Once);
        }
        let (flag, when_set) = self.read(scope, cond, 0)?;
        let local = |name: Name| frame.local(name).is_some();
        if matches!(flag.key, Some(Key::Constant(name)) if local(name)) {
            return None;
        }
        // The value that the flag has in the arm, and those that the arm gives it.
        let value = when_set == outcome;
        let mut sets = Vec::new();
        for block in filled {
            self.sets(scope, block, flag, 0, &mut sets);
        }
        if !sets.contains(&!value) {
            return None;
        }
        Some(if sets.contains(&value) || self.is_set_to(flag, value) { Runs::NotWithin } else { Runs::Once })
    }

    /// The one static method of the project that a call without a variable means.
    fn helper(
        &self,
        scope: Scope<'_>,
        object: Option<ExprId>,
        name: Name,
        args: ExprList,
    ) -> Option<MethodId> {
        let class = match object.map(|object| scope.unit.expr(object)) {
            None => scope.class?,
            Some(Expr::This) => scope.class?,
            Some(Expr::Name(class)) => self.symbols.class_named(scope.class, *class)?,
            _ => return None,
        };
        let named = self.symbols.methods_named(class, name);
        let mut fitting =
            named.into_iter().filter(|&method| self.symbols.method(method).params.len() == args.len as usize);
        match (fitting.next(), fitting.next()) {
            (Some(method), None) => Some(method),
            _ => None,
        }
    }

    fn scope_of(&self, method: MethodId) -> Scope<'_> {
        let method = self.symbols.method(method);
        Scope { unit: self.symbols.unit(method.unit), class: method.class, params: &method.params }
    }

    /// The static field that an expression is.
    fn static_field(&self, scope: Scope<'_>, expr: ExprId) -> Option<FieldId> {
        let field = match scope.unit.expr(expr) {
            Expr::Name(name) if scope.params.iter().all(|(param, _)| param != name) => {
                let mut class = scope.class;
                loop {
                    let id = class?;
                    if let Some(field) = self.symbols.field_named(id, *name) {
                        break field;
                    }
                    class = self.symbols.class(id).outer;
                }
            }
            Expr::Field { object, name } => match scope.unit.expr(*object) {
                Expr::Name(class) => {
                    self.symbols.field_named(self.symbols.class_named(scope.class, *class)?, *name)?
                }
                _ => return None,
            },
            _ => return None,
        };
        self.symbols.field(field).is_static.then_some(field)
    }

    fn is_boolean(&self, field: FieldId) -> bool {
        let field = self.symbols.field(field);
        field.assigned && matches!(&field.ty, Ty::Platform(name) if name.is("boolean"))
    }

    /// What always means the same key: two elements of a collection are none.
    fn key(&self, scope: Scope<'_>, expr: ExprId) -> Option<Key> {
        match scope.unit.expr(expr) {
            Expr::Str(text) => Some(Key::Constant(Name::new(text))),
            Expr::Name(name) => match scope.params.iter().position(|(param, _)| param == name) {
                Some(param) => Some(Key::Param(param)),
                None => self.static_field(scope, expr).map(|_| Key::Constant(*name)),
            },
            // `Flags.ACCOUNT`, `Control.Flag.ACCOUNT`; not the field of a record.
            Expr::Field { object, name } => {
                let mut root = *object;
                while let Expr::Field { object, .. } = scope.unit.expr(root) {
                    root = *object;
                }
                let Expr::Name(root) = scope.unit.expr(root) else { return None };
                self.symbols.class_named(scope.class, *root).map(|_| Key::Constant(*name))
            }
            _ => None,
        }
    }

    /// The flag as the caller of a helper sees it.
    fn given(&self, scope: Scope<'_>, flag: Flag, args: ExprList) -> Option<Flag> {
        let key = match flag.key {
            Some(Key::Param(param)) => Some(self.key(scope, *scope.unit.list(args).get(param)?)?),
            key => key,
        };
        Some(Flag { key, ..flag })
    }

    /// The flag that `expr` reads, and what it gives where the flag is set.
    fn read(&self, scope: Scope<'_>, expr: ExprId, helpers: usize) -> Option<(Flag, bool)> {
        let unit = scope.unit;
        match unit.expr(expr) {
            Expr::Not(inner) => self.read(scope, *inner, helpers).map(|(flag, set)| (flag, !set)),
            Expr::Name(_) | Expr::Field { .. } => {
                let field = self.static_field(scope, expr).filter(|&field| self.is_boolean(field))?;
                Some((Flag { field, key: None }, true))
            }
            Expr::Binary { op: op @ (BinaryOp::Eq | BinaryOp::Ne), left, right } => {
                let Expr::Bool(value) = unit.expr(*right) else { return None };
                let (flag, set) = self.read(scope, *left, helpers)?;
                Some((flag, ((*op == BinaryOp::Eq) == *value) == set))
            }
            // A counter.
            Expr::Binary { op: BinaryOp::Gt, left, right } if matches!(unit.expr(*right), Expr::Int(0)) => {
                self.read(scope, *left, helpers)
            }
            // `map.containsKey(key) ? map.get(key) : …`.
            Expr::Ternary { cond, then, .. } => {
                let (tested, value) = (self.read(scope, *cond, helpers)?, self.read(scope, *then, helpers)?);
                (tested == value).then_some(value)
            }
            Expr::Call { object: Some(object), name, args }
                if args.len == 1 && matches!(name.folded(), "contains" | "containskey" | "get") =>
            {
                let field = self.static_field(scope, *object)?;
                let key = self.key(scope, unit.list(*args)[0])?;
                Some((Flag { field, key: Some(key) }, true))
            }
            Expr::Call { object, name, args } if helpers < MAX_HELPERS => {
                let method = self.helper(scope, *object, *name, *args)?;
                let [Stmt { kind: StmtKind::Return(Some(value)), .. }] =
                    self.symbols.block(method)?.as_slice()
                else {
                    return None;
                };
                let (flag, set) = self.read(self.scope_of(method), *value, helpers + 1)?;
                Some((self.given(scope, flag, *args)?, set))
            }
            _ => None,
        }
    }

    /// Whether a block sets `flag`, or takes it back, added to `found`.
    fn sets(&self, scope: Scope<'_>, block: &[Stmt], flag: Flag, helpers: usize, found: &mut Vec<bool>) {
        let unit = scope.unit;
        let is_key = |args: ExprList| {
            unit.list(args)
                .first()
                .and_then(|&key| self.key(scope, key))
                .is_some_and(|key| Some(key) == flag.key)
        };
        any_expr(unit, block, &mut |expr| {
            match expr {
                Expr::Assign { left, right, op: None } if flag.key.is_none() => {
                    if let Expr::Bool(value) = unit.expr(*right)
                        && self.static_field(scope, *left) == Some(flag.field)
                    {
                        found.push(*value);
                    }
                }
                Expr::Call { object: Some(object), name, args }
                    if matches!(name.folded(), "add" | "put" | "remove")
                        && self.static_field(scope, *object) == Some(flag.field)
                        && is_key(*args) =>
                {
                    let value = unit.list(*args).get(1).map(|&value| unit.expr(value));
                    found.push(!name.is("remove") && !matches!(value, Some(Expr::Bool(false))));
                }
                Expr::Call { object, name, args } if helpers < MAX_HELPERS => {
                    found.extend(self.set_by_helper(scope, *object, *name, *args, flag, helpers));
                }
                _ => {}
            }
            false
        });
    }

    /// What a helper sets `flag` to.
    fn set_by_helper(
        &self,
        scope: Scope<'_>,
        object: Option<ExprId>,
        name: Name,
        args: ExprList,
        flag: Flag,
        helpers: usize,
    ) -> Option<bool> {
        let method = self.helper(scope, object, name, args)?;
        let body = self.symbols.block(method)?;
        // Those that do more are no setters.
        let is_near = self.symbols.method(method).unit == self.symbols.field(flag.field).unit;
        if body.len() > if is_near { MAX_STATEMENTS } else { 1 } {
            return None;
        }
        let inner = self.scope_of(method);
        let given = scope.unit.list(args);
        let key = match flag.key {
            None => None,
            Some(key) => {
                let param = given.iter().position(|&arg| self.key(scope, arg) == Some(key));
                Some(param.map_or(key, Key::Param))
            }
        };
        let mut found = Vec::new();
        self.sets(inner, body, Flag { key, ..flag }, helpers + 1, &mut found);
        // What it sets it to may be given.
        let literal = given.iter().find_map(|&arg| match scope.unit.expr(arg) {
            Expr::Bool(value) => Some(*value),
            _ => None,
        });
        let assigns_param = any_expr(inner.unit, body, &mut |expr| match expr {
            Expr::Assign { left, right, op: None } => {
                self.static_field(inner, *left) == Some(flag.field)
                    && matches!(inner.unit.expr(*right), Expr::Name(name)
                        if inner.params.iter().any(|(param, _)| param == name))
            }
            _ => false,
        });
        match found.as_slice() {
            [] if assigns_param => literal,
            [] => None,
            [first, rest @ ..] if rest.iter().all(|value| value == first) => Some(literal.unwrap_or(*first)),
            _ => None,
        }
    }

    /// Whether some code next to the flag gives it this value.
    fn is_set_to(&self, flag: Flag, value: bool) -> bool {
        let field = self.symbols.field(flag.field);
        let unit = self.symbols.unit(field.unit);
        let is_flag = |expr: ExprId| last_name(unit, expr) == Some(field.name);
        unit.exprs.iter().any(|expr| match expr {
            Expr::Assign { left, right, .. } if flag.key.is_none() => {
                is_flag(*left) && !matches!(unit.expr(*right), Expr::Bool(known) if *known != value)
            }
            Expr::Call { object: Some(object), name, .. } if flag.key.is_some() => {
                !value && matches!(name.folded(), "remove" | "clear" | "removeall") && is_flag(*object)
            }
            _ => false,
        })
    }

    /// For a method that tests a flag and sets it, what it gives the first time and never again:
    /// `if (first) { first = false; return true; } return false;`.
    fn tests_and_sets(&self, method: MethodId) -> Option<bool> {
        let scope = self.scope_of(method);
        let body = self.symbols.block(method).filter(|body| body.len() <= MAX_STATEMENTS)?;
        let (at, cond, then, otherwise) =
            body.iter().enumerate().find_map(|(at, stmt)| match &stmt.kind {
                StmtKind::If { cond, then, otherwise } => Some((at, *cond, then, otherwise)),
                _ => None,
            })?;
        let (flag, when_set) = self.read(scope, cond, MAX_HELPERS)?;
        if flag.key.is_some() {
            return None;
        }
        let rest = &body[at + 1..];
        let returned = |blocks: [&[Stmt]; 2]| {
            blocks.into_iter().flatten().find_map(|stmt| match &stmt.kind {
                StmtKind::Return(Some(value)) => Some(*value),
                _ => None,
            })
        };
        let sides = [(true, [then.as_slice(), rest]), (false, [otherwise.as_slice(), rest])];
        for (outcome, blocks) in sides {
            let value = when_set == outcome;
            let mut sets = Vec::new();
            let ends_before =
                |block: &[Stmt]| block.iter().any(|stmt| matches!(stmt.kind, StmtKind::Return(_)));
            // What follows an arm that returns belongs to the other one.
            let own = if ends_before(blocks[0]) { [blocks[0], &[]] } else { blocks };
            own.iter().for_each(|block| self.sets(scope, block, flag, MAX_HELPERS, &mut sets));
            if sets != [!value] {
                continue;
            }
            let other = if outcome { otherwise.as_slice() } else { then.as_slice() };
            let other = if ends_before(other) { [other, &[]] } else { [other, rest] };
            // Afterwards the flag is what it was set to.
            let literal = |expr: ExprId| match scope.unit.expr(expr) {
                Expr::Bool(literal) => Some(*literal),
                _ => self
                    .read(scope, expr, MAX_HELPERS)
                    .filter(|(read, _)| *read == flag)
                    .map(|(_, set)| set != value),
            };
            let (first, again) = (literal(returned(own)?)?, literal(returned(other)?)?);
            return (first != again && !self.is_set_to(flag, value)).then_some(first);
        }
        None
    }
}
