//! Conditions: their value where the context fixes it, and what is known in the arms where not.

use crate::apex::unit::{BinaryOp, Expr, ExprId};

use crate::name::Name;

use super::super::model::{Condition, Guards, Runs};
use super::super::symbols::FieldId;
use super::super::types::Ty;
use super::super::value::{Deps, Known, Value};
use super::frame::Var;
use super::{Frame, Linker};

/// A condition and what each outcome says.
pub struct Test {
    pub value: Value,
    pub when_true: Vec<Condition>,
    pub when_false: Vec<Condition>,
    pub guards_true: Guards,
    pub guards_false: Guards,
}

impl<'u> Linker<'u> {
    pub(super) fn condition(&mut self, frame: &mut Frame<'u>, expr: ExprId) -> Test {
        let value = self.eval(frame, expr);
        if matches!(value.known, Known::Bool(_)) {
            return Test {
                value,
                when_true: Vec::new(),
                when_false: Vec::new(),
                guards_true: Guards::NONE,
                guards_false: Guards::NONE,
            };
        }
        let when_true = self.outcome(frame, expr, true);
        let when_false = self.outcome(frame, expr, false);
        let decision = if value.decision { Guards::DECISION } else { Guards::NONE };
        let guards_true = self.guards(frame, expr, true).with(decision);
        let guards_false = self.guards(frame, expr, false).with(decision);
        Test { value, when_true, when_false, guards_true, guards_false }
    }

    /// What is known when `expr` comes out as `outcome`.
    fn outcome(&mut self, frame: &mut Frame<'u>, expr: ExprId, outcome: bool) -> Vec<Condition> {
        let unit = self.symbols.unit(frame.unit);
        match unit.expr(expr) {
            Expr::Not(inner) => self.outcome(frame, *inner, !outcome),
            Expr::Binary { op: BinaryOp::And, left, right } if outcome => {
                let mut all = self.outcome(frame, *left, true);
                all.extend(self.outcome(frame, *right, true));
                all
            }
            Expr::Binary { op: BinaryOp::Or, left, right } if !outcome => {
                let mut all = self.outcome(frame, *left, false);
                all.extend(self.outcome(frame, *right, false));
                all
            }
            Expr::Binary { op: op @ (BinaryOp::Eq | BinaryOp::Ne), left, right } => {
                let (left, right) =
                    if is_literal(unit.expr(*left)) { (*right, *left) } else { (*left, *right) };
                let Some(value) = self.constant(frame, right) else { return Vec::new() };
                let Some(subject) = self.subject(frame, left) else { return Vec::new() };
                let value = self.value_number(frame, &value);
                vec![Condition { subject, value, negated: (*op == BinaryOp::Eq) != outcome }]
            }
            Expr::Binary { op, left, right } => {
                // `x.size() > 0` says the same as `!x.isEmpty()`.
                let Some((list, empty)) = size_test(unit, *op, *left, *right) else { return Vec::new() };
                let Some(key) = self.subject_key(frame, list) else { return Vec::new() };
                let subject = number(frame, format!("{key}.isempty()"), Vec::new());
                let value = self.value_number(frame, &Known::Bool(true));
                vec![Condition { subject, value, negated: empty != outcome }]
            }
            _ => {
                let Some(subject) = self.subject(frame, expr) else { return Vec::new() };
                let value = self.value_number(frame, &Known::Bool(true));
                vec![Condition { subject, value, negated: !outcome }]
            }
        }
    }

    fn constant(&mut self, frame: &mut Frame<'u>, expr: ExprId) -> Option<Known> {
        let unit = self.symbols.unit(frame.unit);
        match unit.expr(expr) {
            Expr::Null => Some(Known::Null),
            Expr::Bool(value) => Some(Known::Bool(*value)),
            Expr::Int(value) => Some(Known::Int(*value)),
            Expr::Str(text) => Some(Known::str(text)),
            Expr::Name(_) | Expr::Field { .. } => {
                let known = self.eval(frame, expr).known;
                matches!(known, Known::Constant(_) | Known::Str(_) | Known::Int(_) | Known::Bool(_))
                    .then_some(known)
            }
            _ => None,
        }
    }

    pub(super) fn value_number(&mut self, frame: &mut Frame<'u>, known: &Known) -> u32 {
        number(frame, format!("={known:?}"), Vec::new())
    }

    /// The number of a tested expression, if testing it twice gives the same value twice.
    pub(super) fn subject(&mut self, frame: &mut Frame<'u>, expr: ExprId) -> Option<u32> {
        let key = self.subject_key(frame, expr)?;
        let mut variables = Vec::new();
        self.variables_in(frame, expr, &mut variables);
        Some(number(frame, key, variables))
    }

    fn subject_key(&self, frame: &Frame<'u>, expr: ExprId) -> Option<String> {
        let unit = self.symbols.unit(frame.unit);
        match unit.expr(expr) {
            Expr::Name(name) => Some(match frame.local(*name).or_else(|| frame.this_field(*name)) {
                Some(var) => format!("{}#{}", name.folded(), frame.variable(var).version),
                None => name.folded().to_owned(),
            }),
            Expr::This => Some("this".to_owned()),
            Expr::Field { object, name } => {
                if matches!(unit.expr(*object), Expr::This) {
                    return Some(match frame.this_field(*name) {
                        Some(var) => format!("{}#{}", name.folded(), frame.variable(var).version),
                        None => name.folded().to_owned(),
                    });
                }
                Some(format!("{}.{}", self.subject_key(frame, *object)?, name.folded()))
            }
            Expr::Call { object: Some(object), name, args }
                if args.len == 0 && (name.is("isempty") || name.is("size")) =>
            {
                Some(format!("{}.{}()", self.subject_key(frame, *object)?, name.folded()))
            }
            _ => None,
        }
    }

    fn variables_in(&self, frame: &Frame<'u>, expr: ExprId, found: &mut Vec<Var>) {
        let unit = self.symbols.unit(frame.unit);
        match unit.expr(expr) {
            Expr::Name(name) => found.extend(frame.local(*name).or_else(|| frame.this_field(*name))),
            Expr::Field { object, name } => {
                if matches!(unit.expr(*object), Expr::This) {
                    found.extend(frame.this_field(*name));
                } else {
                    self.variables_in(frame, *object, found);
                }
            }
            Expr::Call { object: Some(object), .. } => self.variables_in(frame, *object, found),
            _ => {}
        }
    }

    /// The guards that hold when `expr` comes out as `outcome`.
    pub(super) fn guards(&self, frame: &Frame<'u>, expr: ExprId, outcome: bool) -> Guards {
        let unit = self.symbols.unit(frame.unit);
        match unit.expr(expr) {
            Expr::Not(inner) => self.guards(frame, *inner, !outcome),
            Expr::Binary { op: BinaryOp::And | BinaryOp::Or, left, right } => {
                let is_and = matches!(unit.expr(expr), Expr::Binary { op: BinaryOp::And, .. });
                let (left, right) = (self.guards(frame, *left, outcome), self.guards(frame, *right, outcome));
                if is_and == outcome {
                    left.with(right)
                } else {
                    // One of the two holds: only what both say is sure, but a limit check in either
                    // still shows that the author bounds the effect.
                    Guards(left.0 & right.0).with(Guards((left.0 | right.0) & SHOWS_INTENT.0))
                }
            }
            Expr::Binary { op, left, right } => self.comparison_guards(frame, *op, *left, *right, outcome),
            Expr::Call { object, name, .. } => {
                if self.mentions_limits(frame, expr) {
                    return Guards::LIMITS;
                }
                if name.is("isempty") {
                    return if outcome { Guards::OTHER } else { Guards::NOT_EMPTY };
                }
                if (name.is("containskey") || name.is("contains")) && !outcome {
                    return Guards::MEMO;
                }
                if let Some(object) = object
                    && matches!(unit.expr(*object), Expr::Name(name) if name.is("system"))
                    && matches!(name.folded(), "isfuture" | "isbatch" | "isqueueable" | "isscheduled")
                {
                    return Guards::ASYNC_CONTEXT;
                }
                Guards::OTHER
            }
            Expr::Name(_) | Expr::Field { .. } => {
                let is_flag = self.is_static_flag(frame, expr);
                if is_flag { Guards::ONCE } else { Guards::OTHER }
            }
            _ => Guards::OTHER,
        }
    }

    fn comparison_guards(
        &self,
        frame: &Frame<'u>,
        op: BinaryOp,
        left: ExprId,
        right: ExprId,
        outcome: bool,
    ) -> Guards {
        let unit = self.symbols.unit(frame.unit);
        if self.mentions_limits(frame, left) || self.mentions_limits(frame, right) {
            return if no_dml_yet(unit, op, left, right) == Some(outcome) {
                Guards::LIMITS.with(Guards::CLEAN)
            } else {
                Guards::LIMITS
            };
        }
        if self.mentions(frame, left, "asyncinfo") || self.mentions(frame, right, "asyncinfo") {
            return Guards::STACK_DEPTH;
        }
        if let Some((_, empty)) = size_test(unit, op, left, right) {
            return if empty == outcome { Guards::OTHER } else { Guards::NOT_EMPTY };
        }
        let equality = matches!(op, BinaryOp::Eq | BinaryOp::Ne);
        let equal = (op == BinaryOp::Eq) == outcome;
        let (subject, other) = if is_literal(unit.expr(left)) { (right, left) } else { (left, right) };
        if equality {
            match unit.expr(other) {
                Expr::Null if equal && self.outlives_loop(frame, subject) => return Guards::MEMO,
                Expr::Bool(value) => return self.guards(frame, subject, *value == equal),
                Expr::Int(1) if is_size(unit, subject) && equal => return Guards::SINGLE,
                Expr::Int(_) if is_size(unit, subject) && equal => return Guards::CHUNK,
                // `if (counter == 9)`, where the loop counts: once, or once a chunk.
                Expr::Int(_) if equal && matches!(unit.expr(subject), Expr::Name(_)) => {
                    return Guards::CHUNK.with(Guards::COUNTER);
                }
                Expr::Int(0) if self.mentions(frame, subject, "math") && equal => return Guards::CHUNK,
                _ => {}
            }
            if is_size(unit, subject) && equal && !is_size(unit, other) {
                return Guards::CHUNK;
            }
            return Guards::OTHER;
        }
        if is_size(unit, left) || is_size(unit, right) {
            // `list.size() >= CHUNK` flushes a full chunk; `i < list.size()` continues the work.
            return Guards::CHUNK.with(Guards::NOT_EMPTY);
        }
        if matches!(op, BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge) {
            return Guards::COUNTER;
        }
        Guards::OTHER
    }

    /// Whether what is tested keeps its value from one turn of the innermost loop to the next: a field of
    /// the class, or a variable from before the loop; not a record's field.
    fn outlives_loop(&self, frame: &Frame<'u>, expr: ExprId) -> bool {
        let unit = self.symbols.unit(frame.unit);
        match unit.expr(expr) {
            Expr::Name(name) => match frame.local(*name) {
                Some(Var::Local(index)) => index < frame.loop_start,
                _ => true,
            },
            Expr::Field { object, .. } => match unit.expr(*object) {
                Expr::This => true,
                Expr::Name(name) => frame.local(*name).is_none(),
                _ => false,
            },
            // `cache.get(key)`.
            Expr::Call { .. } => true,
            _ => false,
        }
    }

    fn is_static_flag(&self, frame: &Frame<'u>, expr: ExprId) -> bool {
        self.field_of(frame, expr).is_some_and(|field| self.symbols.field(field).is_static)
            && self.is_flag(frame, expr)
    }

    /// Whether it is a Boolean field that some code sets.
    pub(super) fn is_flag(&self, frame: &Frame<'u>, expr: ExprId) -> bool {
        self.field_of(frame, expr).is_some_and(|field| {
            let field = self.symbols.field(field);
            field.assigned && matches!(&field.ty, Ty::Platform(name) if name.is("boolean"))
        })
    }

    /// The field that `name`, `this.name` or `Class.name` is.
    pub(super) fn field_of(&self, frame: &Frame<'u>, expr: ExprId) -> Option<FieldId> {
        let unit = self.symbols.unit(frame.unit);
        let in_scope = |name: Name| {
            let mut scope = frame.class;
            while let Some(class) = scope {
                if let Some(field) = self.symbols.field_named(class, name) {
                    return Some(field);
                }
                scope = self.symbols.class(class).outer;
            }
            None
        };
        match unit.expr(expr) {
            Expr::Name(name) if frame.local(*name).is_none() => in_scope(*name),
            Expr::Field { object, name } => match unit.expr(*object) {
                Expr::This => in_scope(*name),
                Expr::Name(class) if frame.local(*class).is_none() => self
                    .symbols
                    .class_named(frame.class, *class)
                    .and_then(|class| self.symbols.field_named(class, *name)),
                _ => None,
            },
            _ => None,
        }
    }

    fn mentions_limits(&self, frame: &Frame<'u>, expr: ExprId) -> bool {
        self.mentions(frame, expr, "limits")
    }

    /// Whether the expression calls a static method of the platform class `lower`.
    fn mentions(&self, frame: &Frame<'u>, expr: ExprId, lower: &str) -> bool {
        let unit = self.symbols.unit(frame.unit);
        match unit.expr(expr) {
            Expr::Call { object: Some(object), .. } => match unit.expr(*object) {
                Expr::Name(name) => name.is(lower),
                Expr::Field { name, .. } => name.is(lower),
                _ => self.mentions(frame, *object, lower),
            },
            Expr::Binary { left, right, .. } => {
                self.mentions(frame, *left, lower) || self.mentions(frame, *right, lower)
            }
            Expr::Negate(inner) => self.mentions(frame, *inner, lower),
            _ => false,
        }
    }

    /// The value of `left op right`.
    pub(super) fn binary(
        &mut self,
        frame: &mut Frame<'u>,
        expr: ExprId,
        op: BinaryOp,
        left: ExprId,
        right: ExprId,
    ) -> Value {
        let boolean = Ty::named("Boolean");
        match op {
            BinaryOp::And | BinaryOp::Or => {
                let decided_by = op == BinaryOp::Or;
                let first = self.eval(frame, left);
                if first.known == Known::Bool(decided_by) {
                    return first;
                }
                // The right side runs only sometimes, unless the left one is known.
                let sometimes = !matches!(first.known, Known::Bool(_));
                let second = if sometimes {
                    self.eval_sometimes(frame, right, Guards::OTHER, Runs::Each)
                } else {
                    self.eval(frame, right)
                };
                let deps = first.deps.with(second.deps);
                let known = match (&first.known, &second.known) {
                    (_, Known::Bool(value)) if *value == decided_by => Known::Bool(decided_by),
                    (Known::Bool(_), known @ Known::Bool(_)) => known.clone(),
                    _ => Known::Nothing,
                };
                // `false && unknown` was decided above; `unknown && false` depends on the right only.
                let decision = first.decision || second.decision;
                Value { deps, decision, ..Value::known(known, boolean) }
            }
            BinaryOp::Eq | BinaryOp::Ne => {
                let first = self.eval(frame, left);
                let second = self.eval(frame, right);
                self.compared(frame, expr, &first);
                self.compared(frame, expr, &second);
                let known = match equal(&first.known, &second.known) {
                    Some(same) => Known::Bool(same == (op == BinaryOp::Eq)),
                    None => Known::Nothing,
                };
                let decision = first.decision || second.decision;
                Value { deps: first.deps.with(second.deps), decision, ..Value::known(known, boolean) }
            }
            BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => {
                let first = self.eval(frame, left);
                let second = self.eval(frame, right);
                let known = match (&first.known, &second.known) {
                    (Known::Int(a), Known::Int(b)) => Known::Bool(match op {
                        BinaryOp::Lt => a < b,
                        BinaryOp::Le => a <= b,
                        BinaryOp::Gt => a > b,
                        _ => a >= b,
                    }),
                    _ => Known::Nothing,
                };
                Value { deps: first.deps.with(second.deps), ..Value::known(known, boolean) }
            }
            BinaryOp::Add => self.concatenation(frame, expr, left, right),
            BinaryOp::Coalesce => {
                let first = self.eval(frame, left);
                let second = self.eval_sometimes(frame, right, Guards::OTHER, Runs::Each);
                if first.known == Known::Null {
                    return second;
                }
                first.join(&second)
            }
            BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Other => {
                let first = self.eval(frame, left);
                self.eval(frame, right);
                Value { deps: Deps::NONE, ..Value::of(first.ty) }
            }
        }
    }
}

/// Guards that show that the author thought of the bound, even as one half of an `||`.
const SHOWS_INTENT: Guards = Guards(Guards::LIMITS.0 | Guards::STACK_DEPTH.0);

fn number(frame: &mut Frame, key: String, variables: Vec<Var>) -> u32 {
    if let Some(&id) = frame.subjects.get(&key) {
        return id;
    }
    let id = frame.subject_variables.len() as u32;
    frame.subjects.insert(key, id);
    frame.subject_variables.push(variables);
    id
}

/// `Limits.getDMLStatements() == 0` and its like: which outcome says that nothing was written yet.
fn no_dml_yet(unit: &crate::apex::unit::Unit, op: BinaryOp, left: ExprId, right: ExprId) -> Option<bool> {
    let Expr::Call { name, .. } = unit.expr(left) else { return None };
    if !matches!(name.folded(), "getdmlstatements" | "getdmlrows") {
        return None;
    }
    match (op, unit.expr(right)) {
        (BinaryOp::Gt | BinaryOp::Ne, Expr::Int(0)) | (BinaryOp::Ge, Expr::Int(1)) => Some(false),
        (BinaryOp::Eq | BinaryOp::Le, Expr::Int(0)) | (BinaryOp::Lt, Expr::Int(1)) => Some(true),
        _ => None,
    }
}

fn is_literal(expr: &Expr) -> bool {
    matches!(expr, Expr::Null | Expr::Bool(_) | Expr::Int(_) | Expr::Str(_))
}

fn is_size(unit: &crate::apex::unit::Unit, expr: ExprId) -> bool {
    matches!(unit.expr(expr), Expr::Call { object: Some(_), name, .. } if name.is("size"))
}

/// `x.size() > 0`, `x.size() == 0` and the like: the collection, and whether "true" means empty.
fn size_test(
    unit: &crate::apex::unit::Unit,
    op: BinaryOp,
    left: ExprId,
    right: ExprId,
) -> Option<(ExprId, bool)> {
    let Expr::Call { object: Some(list), name, .. } = unit.expr(left) else { return None };
    if !name.is("size") {
        return None;
    }
    match (op, unit.expr(right)) {
        (BinaryOp::Gt | BinaryOp::Ne, Expr::Int(0)) | (BinaryOp::Ge, Expr::Int(1)) => Some((*list, false)),
        (BinaryOp::Eq, Expr::Int(0)) | (BinaryOp::Lt, Expr::Int(1)) => Some((*list, true)),
        _ => None,
    }
}

/// Whether two values are equal, where that is known.
fn equal(a: &Known, b: &Known) -> Option<bool> {
    match (a, b) {
        (Known::Bool(a), Known::Bool(b)) => Some(a == b),
        (Known::Int(a), Known::Int(b)) => Some(a == b),
        // `==` on strings ignores case.
        (Known::Str(a), Known::Str(b)) => Some(a.to_lowercase() == b.to_lowercase()),
        (Known::Constant(a), Known::Constant(b)) => Some(a == b),
        (Known::SObjectType(a), Known::SObjectType(b)) => Some(a == b),
        (Known::Type(a), Known::Type(b)) => Some(a == b),
        (Known::Null, Known::Null) => Some(true),
        (
            Known::Null,
            Known::Bool(_)
            | Known::Int(_)
            | Known::Str(_)
            | Known::Constant(_)
            | Known::Object(_)
            | Known::Type(_)
            | Known::SObjectType(_),
        ) => Some(false),
        (other, Known::Null) if !matches!(other, Known::Null) => equal(b, a),
        _ => None,
    }
}
