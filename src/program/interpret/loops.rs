//! Loops: what they range over and how often their bodies run.

use crate::apex::unit::{BinaryOp, Block, Expr, ExprId, LoopKind, LoopStmt, Stmt, StmtKind, Unit};
use crate::name::Name;
use crate::span::{Location, Span};

use super::super::model::{Bound, Loop, Step};
use super::super::size::Size;
use super::super::types::Ty;
use super::super::value::{Known, Value};
use super::frame::Var;
use super::sizes::leaves_loop;
use super::{Frame, Linker, is_pure};

impl<'u> Linker<'u> {
    pub(super) fn loop_statement(&mut self, frame: &mut Frame<'u>, span: Span, stmt: &'u LoopStmt) {
        let unit = self.symbols.unit(frame.unit);
        let at = self.location(frame, head(unit, span, stmt));
        let outer = frame.mark();
        let mut variable = None;
        let mut at_least_once = false;
        let (bound, turns) = match &stmt.kind {
            LoopKind::Each { ty, var, iter } => {
                let over = self.eval(frame, *iter);
                let declared = self.symbols.resolve(frame.class, ty);
                let bound = self.each_bound(frame, *iter, &over, &declared);
                let turns = self.each_turns(frame, *iter, &over, &declared, bound, at);
                self.goes_through(at, bound, &over);
                variable = Some((*var, Value { slots: over.slots.clone(), ..Value::of(declared) }));
                (bound, turns)
            }
            LoopKind::For { init, cond, update } => {
                self.block_in_scope(frame, init);
                match cond {
                    Some(cond) => {
                        let bound = self.for_bound(frame, init, *cond, update);
                        if let Expr::Binary { right, .. } = unit.expr(*cond)
                            && let Expr::Call { object: Some(list), name, .. } = unit.expr(*right)
                            && name.is("size")
                        {
                            let list = self.eval(frame, *list);
                            self.goes_through(at, bound, &list);
                        }
                        (bound, self.for_turns(frame, init, *cond, update, bound))
                    }
                    None => (Bound::Unknown, Size::Unknown),
                }
            }
            LoopKind::While { cond } => {
                let bound = self.while_bound(frame, *cond, &stmt.body);
                (bound, self.while_turns(frame, *cond, &stmt.body, bound, at))
            }
            LoopKind::DoWhile { cond } => {
                at_least_once = true;
                let bound = self.while_bound(frame, *cond, &stmt.body);
                (bound, self.while_turns(frame, *cond, &stmt.body, bound, at))
            }
        };
        // From the second iteration on, what the body assigns is not known.
        let mut names = Vec::new();
        assigned_in(unit, &stmt.body, &mut names);
        if let LoopKind::For { update, cond, .. } = &stmt.kind {
            update.iter().chain(cond).for_each(|&expr| assigned_in_expr(unit, expr, &mut names));
        }
        let assigned: Vec<Var> =
            names.iter().filter_map(|&name| frame.local(name).or_else(|| frame.this_field(name))).collect();
        let assigned = self.really_assigned(frame, stmt, &variable, assigned);
        self.forget(frame, &assigned);
        let opened = self.open_sizes(frame);
        let checkpoint = frame.checkpoint();
        let here = frame.mark();
        let outer_start = std::mem::replace(&mut frame.loop_start, here);
        frame.open();
        if let LoopKind::While { cond } = &stmt.kind {
            self.eval(frame, *cond);
        }
        if let LoopKind::For { cond: Some(cond), .. } = &stmt.kind {
            self.eval(frame, *cond);
        }
        if let Some((name, value)) = variable {
            frame.declare(name, value);
        }
        self.block(frame, &stmt.body);
        match &stmt.kind {
            LoopKind::For { update, .. } => update.iter().for_each(|&expr| {
                self.eval(frame, expr);
            }),
            LoopKind::DoWhile { cond } => {
                self.eval(frame, *cond);
            }
            _ => {}
        }
        let steps = frame.close();
        frame.loop_start = outer_start;
        let sizes = self.sizes_after_body(frame, &opened);
        let reached = frame.roll_back(checkpoint);
        frame.merge(vec![reached, Vec::new()]);
        self.close_sizes(frame, opened, sizes, &turns, leaves_loop(&steps));
        frame.leave_scope(outer);
        if !is_pure(&steps) {
            let resets = frame
                .subject_variables
                .iter()
                .enumerate()
                .filter(|(_, variables)| {
                    variables.iter().any(|var| match var {
                        // Declared inside the loop, or assigned by its body.
                        Var::Local(index) => *index >= outer || assigned.contains(var),
                        Var::Field(_) => assigned.contains(var),
                    })
                })
                .map(|(subject, _)| subject as u32)
                .collect();
            frame.emit(Step::Loop(Loop { at, bound, size: turns, at_least_once, resets, steps }));
        }
    }

    /// Notes what a loop with a turn for each element goes through.
    fn goes_through(&mut self, at: Location, bound: Bound, over: &Value) {
        if bound == Bound::Collection {
            self.loop_values.entry(at).or_default().extend(over.slots.iter());
        }
    }

    /// Leaves out empty collections that the body fills only in branches that are dead in this context.
    fn really_assigned(
        &mut self,
        frame: &mut Frame<'u>,
        stmt: &'u LoopStmt,
        variable: &Option<(Name, Value)>,
        mut assigned: Vec<Var>,
    ) -> Vec<Var> {
        let is_empty = |frame: &Frame<'u>, var: Var| super::calls::is_empty(&frame.variable(var).value.known);
        let empty: Vec<Var> = assigned.iter().copied().filter(|&var| is_empty(frame, var)).collect();
        // One probe at a time: nested ones would double the work with each level.
        if empty.is_empty() || frame.probing {
            return assigned;
        }
        frame.probing = true;
        let (mark, checkpoint) = (frame.mark(), frame.checkpoint());
        let others: Vec<Var> = assigned.iter().copied().filter(|var| !empty.contains(var)).collect();
        self.forget(frame, &others);
        if let Some((name, value)) = variable {
            frame.declare(*name, value.clone());
        }
        frame.probed.clear();
        frame.open();
        self.block(frame, &stmt.body);
        frame.close();
        frame.roll_back(checkpoint);
        frame.leave_scope(mark);
        frame.probing = false;
        assigned.retain(|var| !empty.contains(var) || frame.probed.contains(var));
        assigned
    }

    /// The declarations of a `for` header live on in the loop.
    fn block_in_scope(&mut self, frame: &mut Frame<'u>, init: &'u Block) {
        for stmt in init {
            match &stmt.kind {
                StmtKind::Local { name, ty, init } => {
                    let declared = self.symbols.resolve(frame.class, ty);
                    let value = match init {
                        Some(init) => super::typed(self.eval(frame, *init), &declared),
                        None => Value::of(declared),
                    };
                    frame.declare(*name, value);
                }
                StmtKind::Expr(expr) => {
                    self.eval(frame, *expr);
                }
                _ => {}
            }
        }
    }

    fn each_bound(&mut self, frame: &mut Frame<'u>, iter: ExprId, over: &Value, declared: &Ty) -> Bound {
        let unit = self.symbols.unit(frame.unit);
        // `for (List<X> chunk : [SELECT …])`, `for (List<X> chunk : chunks)`.
        let chunked = declared.is_collection();
        if is_configuration(declared) || is_configuration(&over.ty.element()) {
            return Bound::Configuration;
        }
        if chunked && matches!(unit.expr(iter), Expr::Query(_)) {
            return Bound::Chunks;
        }
        if over.known.is_known() {
            frame.deps.add(over.deps);
        }
        match &over.known {
            // The input of an invocable method may be a list of lists, one for each interview.
            Known::Sized(bound) if chunked && bound.grows() && *bound != Bound::EntryBatch => Bound::Chunks,
            Known::Sized(bound) => *bound,
            Known::Map(entries) => Bound::Constant(entries.len() as u32),
            _ if chunked => Bound::Chunks,
            _ => Bound::Collection,
        }
    }

    /// `for (Integer i = 0; i < limit; i++)`.
    fn for_bound(
        &mut self,
        frame: &mut Frame<'u>,
        init: &'u Block,
        cond: ExprId,
        update: &[ExprId],
    ) -> Bound {
        let unit = self.symbols.unit(frame.unit);
        let start = init.iter().find_map(|stmt| match &stmt.kind {
            StmtKind::Local { init: Some(init), .. } => match unit.expr(*init) {
                Expr::Int(value) => Some(*value),
                _ => None,
            },
            _ => None,
        });
        let (limit, inclusive) = match unit.expr(cond) {
            Expr::Binary { op: BinaryOp::Lt, right, .. } => (*right, 0),
            Expr::Binary { op: BinaryOp::Le, right, .. } => (*right, 1),
            Expr::Binary { op: BinaryOp::Gt | BinaryOp::Ge, .. } => return self.counting_down(frame, init),
            Expr::Binary { op: BinaryOp::And, left, right } => {
                // `i < n && !done`: either part may bound it.
                let left = self.for_bound(frame, init, *left, update);
                let right = self.for_bound(frame, init, *right, update);
                return if matches!(left, Bound::Unknown) { right } else { left };
            }
            Expr::Call { name, .. } if name.is("hasnext") => return Bound::Collection,
            _ => return Bound::Unknown,
        };
        let step_of_one = update.iter().all(|&expr| matches!(unit.expr(expr), Expr::Update { .. }));
        match unit.expr(limit) {
            Expr::Call { object: Some(list), name, .. } if name.is("size") => {
                let list = self.eval(frame, *list);
                if !step_of_one {
                    return Bound::Chunks;
                }
                frame.deps.add(list.deps);
                match list.known {
                    Known::Sized(bound) => bound,
                    _ if matches!(list.ty.element(), ref element if element.is_collection()) => Bound::Chunks,
                    _ => Bound::Collection,
                }
            }
            _ => {
                let value = self.eval(frame, limit);
                match value.known {
                    Known::Int(limit) => {
                        frame.deps.add(value.deps);
                        let runs = limit.saturating_sub(start.unwrap_or(0)).saturating_add(inclusive);
                        Bound::Constant(u32::try_from(runs.max(0)).unwrap_or(u32::MAX))
                    }
                    _ if !step_of_one => Bound::Chunks,
                    Known::Sized(bound) => bound,
                    _ => Bound::Unknown,
                }
            }
        }
    }

    /// `for (Integer i = list.size() - 1; i >= 0; i--)`.
    fn counting_down(&mut self, frame: &mut Frame<'u>, init: &'u Block) -> Bound {
        let unit = self.symbols.unit(frame.unit);
        for stmt in init {
            if let StmtKind::Local { init: Some(init), .. } = &stmt.kind {
                let mut value = *init;
                if let Expr::Binary { left, .. } = unit.expr(value) {
                    value = *left;
                }
                match unit.expr(value) {
                    Expr::Int(runs) => return Bound::Constant(u32::try_from(*runs).unwrap_or(0)),
                    Expr::Call { object: Some(list), name, .. } if name.is("size") => {
                        return match self.eval(frame, *list).known {
                            Known::Sized(bound) => bound,
                            _ => Bound::Collection,
                        };
                    }
                    _ => {}
                }
            }
        }
        Bound::Unknown
    }

    fn while_bound(&mut self, frame: &mut Frame<'u>, cond: ExprId, body: &'u Block) -> Bound {
        let unit = self.symbols.unit(frame.unit);
        match unit.expr(cond) {
            Expr::Call { name, .. } if name.is("hasnext") => Bound::Collection,
            Expr::Binary { op: BinaryOp::And, left, right } => {
                let is_not = |side: ExprId| matches!(unit.expr(side), Expr::Not(_));
                let (not_left, not_right) = (is_not(*left), is_not(*right));
                let left = self.while_bound(frame, *left, body);
                let right = self.while_bound(frame, *right, body);
                let counts = |bound: Bound| matches!(bound, Bound::Retry | Bound::Constant(_));
                match (left, right) {
                    // `!done && attempt < 3`: until it works.
                    (Bound::Paging, other) if not_left && counts(other) => return Bound::Retry,
                    (other, Bound::Paging) if not_right && counts(other) => return Bound::Retry,
                    // `hasMore && page < max`: no further than that.
                    (Bound::Paging, Bound::Retry) | (Bound::Retry, Bound::Paging) => return Bound::Paging,
                    _ => {}
                }
                // A counter beside another condition bounds the loop.
                if matches!(left, Bound::Retry | Bound::Constant(_)) {
                    left
                } else if matches!(right, Bound::Retry | Bound::Constant(_)) || matches!(left, Bound::Paging)
                {
                    right
                } else {
                    left
                }
            }
            Expr::Binary { op: BinaryOp::Lt | BinaryOp::Le, right, .. } => match unit.expr(*right) {
                Expr::Call { object: Some(list), name, .. } if name.is("size") => {
                    match self.eval(frame, *list).known {
                        Known::Sized(bound) => bound,
                        _ if steps_by_more(unit, body) => Bound::Chunks,
                        _ => Bound::Collection,
                    }
                }
                Expr::Int(limit) => Bound::Constant(u32::try_from(*limit).unwrap_or(0)),
                _ => Bound::Retry,
            },
            Expr::Binary { op: BinaryOp::Gt | BinaryOp::Ge, left, .. } => match unit.expr(*left) {
                // `while (queue.size() > 0)`: how much each turn takes off is not known.
                Expr::Call { .. } => Bound::Unknown,
                _ => Bound::Retry,
            },
            Expr::Not(inner) => match unit.expr(*inner) {
                Expr::Call { name, .. } if name.is("isempty") => Bound::Unknown,
                _ => Bound::Paging,
            },
            _ => Bound::Paging,
        }
    }
}

/// Whether values of this type are configuration: their number is a design decision.
fn is_configuration(ty: &Ty) -> bool {
    ty.platform_name().is_some_and(|name| {
        name.ends_with("__mdt")
            || matches!(
                name,
                "sobjecttype"
                    | "sobjectfield"
                    | "describefieldresult"
                    | "describesobjectresult"
                    | "fieldsetmember"
                    | "fieldset"
                    | "picklistentry"
                    | "childrelationship"
                    | "recordtypeinfo"
                    | "triggeroperation"
                    | "type"
                    | "database.error"
            )
    })
}

/// The loop's head, for its location: up to the body.
fn head(unit: &Unit, span: Span, stmt: &LoopStmt) -> Span {
    let end = match &stmt.kind {
        LoopKind::Each { iter, .. } => unit.span(*iter).end + 1,
        LoopKind::For { update, cond, .. } => {
            update.last().or(cond.as_ref()).map_or(span.start + 3, |&expr| unit.span(expr).end + 1)
        }
        LoopKind::While { cond } => unit.span(*cond).end + 1,
        LoopKind::DoWhile { .. } => span.start + 2,
    };
    Span { start: span.start, end: end.min(span.end) }
}

fn steps_by_more(unit: &Unit, body: &[Stmt]) -> bool {
    body.iter().any(|stmt| match &stmt.kind {
        StmtKind::Expr(expr) => {
            matches!(unit.expr(*expr), Expr::Assign { op: Some(BinaryOp::Add), .. })
        }
        _ => false,
    })
}

/// Names assigned anywhere in a block.
fn assigned_in(unit: &Unit, block: &[Stmt], names: &mut Vec<Name>) {
    for stmt in block {
        match &stmt.kind {
            StmtKind::Expr(expr) => assigned_in_expr(unit, *expr, names),
            StmtKind::Local { init: Some(init), .. } => assigned_in_expr(unit, *init, names),
            StmtKind::If { cond, then, otherwise } => {
                assigned_in_expr(unit, *cond, names);
                assigned_in(unit, then, names);
                assigned_in(unit, otherwise, names);
            }
            StmtKind::Switch { arms, .. } => arms.iter().for_each(|arm| assigned_in(unit, &arm.body, names)),
            StmtKind::Loop(body) => {
                if let LoopKind::For { init, update, .. } = &body.kind {
                    assigned_in(unit, init, names);
                    update.iter().for_each(|&expr| assigned_in_expr(unit, expr, names));
                }
                assigned_in(unit, &body.body, names);
            }
            StmtKind::Try { body, catches, finally } => {
                assigned_in(unit, body, names);
                catches.iter().for_each(|clause| assigned_in(unit, &clause.body, names));
                assigned_in(unit, finally, names);
            }
            StmtKind::Block(body) | StmtKind::RunAs { body } => assigned_in(unit, body, names),
            _ => {}
        }
    }
}

fn assigned_in_expr(unit: &Unit, expr: ExprId, names: &mut Vec<Name>) {
    match unit.expr(expr) {
        Expr::Assign { left, right, .. } => {
            match unit.expr(*left) {
                Expr::Name(name) | Expr::Field { name, .. } => names.push(*name),
                _ => {}
            }
            assigned_in_expr(unit, *right, names);
        }
        Expr::Update { operand } => {
            if let Expr::Name(name) | Expr::Field { name, .. } = unit.expr(*operand) {
                names.push(*name);
            }
        }
        // `list.add(x)` changes what is known of its size.
        Expr::Call { object: Some(object), name, .. } if super::calls::grows_collection(*name) => {
            if let Expr::Name(name) = unit.expr(*object) {
                names.push(*name);
            }
        }
        Expr::Binary { left, right, .. } => {
            assigned_in_expr(unit, *left, names);
            assigned_in_expr(unit, *right, names);
        }
        _ => {}
    }
}
