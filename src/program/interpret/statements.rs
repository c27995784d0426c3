//! Statements: control structure, with dead branches left out.

use crate::apex::unit::{Block, Catch, DmlOp, Expr, ExprId, Stmt, StmtKind, SwitchArm, SwitchLabels};
use crate::name::Name;
use crate::span::{Location, Span};

use super::super::flow::SlotFacts;
use super::super::model::{
    Arm, Case, Clause, Condition, Decided, Effect, Guards, How, NodeId, Runs, Site, SiteId, Step,
};
use super::super::size::Size;
use super::super::symbols::Body;
use super::super::types::Ty;
use super::super::value::{Context, Deps, EventContext, Known, Receiver, Value};
use super::frame::Var;
use super::{CatchClause, Frame, Linker, is_pure, typed};

/// What became of control after a statement.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flow {
    Normal,
    /// Nothing after it runs.
    Diverges,
    /// The statement took the rest of its block into one of its arms; this is how that ended.
    Consumed {
        diverges: bool,
    },
}

/// One of the ways that a condition may come out, and what runs then.
struct Outcome<'u> {
    case: Case,
    block: &'u [Stmt],
    conditions: Vec<Condition>,
    guards: Guards,
    runs: Runs,
}

impl Flow {
    fn of(diverges: bool) -> Flow {
        if diverges { Flow::Diverges } else { Flow::Normal }
    }
}

impl<'u> Linker<'u> {
    /// Interprets a block; whether control never comes to its end.
    pub(super) fn block(&mut self, frame: &mut Frame<'u>, block: &'u [Stmt]) -> bool {
        let mark = frame.mark();
        let mut diverges = false;
        for (index, stmt) in block.iter().enumerate() {
            match self.statement(frame, stmt, &block[index + 1..]) {
                Flow::Normal => {}
                Flow::Diverges => {
                    diverges = true;
                    break;
                }
                Flow::Consumed { diverges: end } => {
                    diverges = end;
                    break;
                }
            }
        }
        frame.leave_scope(mark);
        diverges
    }

    fn statement(&mut self, frame: &mut Frame<'u>, stmt: &'u Stmt, rest: &'u [Stmt]) -> Flow {
        match &stmt.kind {
            StmtKind::Expr(expr) => Flow::of(self.expression_statement(frame, *expr)),
            StmtKind::Local { name, ty, init } => {
                let declared = self.symbols.resolve(frame.class, ty);
                let value = match init {
                    Some(init) => typed(self.eval_shared(frame, *init), &declared),
                    None => Value::known(Known::Null, declared),
                };
                frame.declare(*name, value);
                Flow::Normal
            }
            StmtKind::Dml { op, target, merge_with, upsert_key, as_user } => {
                let value = self.eval(frame, *target);
                if let Some(other) = merge_with {
                    self.eval(frame, *other);
                }
                let at = self.location(frame, stmt.span);
                let mut facts = vec![("mode", if *as_user { "user" } else { "system" }.into())];
                if *op == DmlOp::Upsert {
                    facts.push(("key", if upsert_key.is_some() { "field" } else { "id" }.into()));
                }
                self.dml(frame, at, *op, &value, facts);
                Flow::Normal
            }
            StmtKind::Return(value) => {
                let value = match value {
                    Some(value) => self.eval_shared(frame, *value),
                    None => Value::of(Ty::Void),
                };
                if let Some(method) = frame.method {
                    let slot = self.flow.slot(super::super::flow::Slot::Return(method), None);
                    self.flow.arrives(&value, slot);
                }
                frame.returned(value);
                frame.emit(Step::Return);
                Flow::Diverges
            }
            StmtKind::Throw(value) => {
                self.eval(frame, *value);
                frame.emit(Step::Throw);
                Flow::Diverges
            }
            StmtKind::Break => {
                frame.emit(Step::Break);
                Flow::Diverges
            }
            StmtKind::Continue => {
                frame.emit(Step::Continue);
                Flow::Diverges
            }
            StmtKind::If { cond, then, otherwise } => self.if_statement(frame, *cond, then, otherwise, rest),
            StmtKind::Switch { on, arms } => self.switch_statement(frame, *on, arms, rest),
            StmtKind::Loop(body) => {
                self.loop_statement(frame, stmt.span, body);
                Flow::Normal
            }
            StmtKind::Try { body, catches, finally } => {
                Flow::of(self.try_statement(frame, body, catches, finally, rest))
            }
            StmtKind::Block(block) => Flow::of(self.block(frame, block)),
            // Only test code runs as somebody else.
            StmtKind::RunAs { body } => Flow::of(self.block(frame, body)),
        }
    }

    fn if_statement(
        &mut self,
        frame: &mut Frame<'u>,
        cond: ExprId,
        then: &'u Block,
        otherwise: &'u Block,
        rest: &'u [Stmt],
    ) -> Flow {
        let test = self.condition(frame, cond);
        frame.deps.add(test.value.deps.of_transaction());
        if let Known::Bool(outcome) = test.value.known {
            frame.deps.add(test.value.deps);
            let decided = Decided { at: frame.at(self, cond), holds: outcome };
            if !frame.decided.contains(&decided) {
                frame.decided.push(decided);
            }
            return Flow::of(self.block(frame, if outcome { then } else { otherwise }));
        }
        let sizes_true = self.sizes_by_condition(frame, cond, true);
        let sizes_false = self.sizes_by_condition(frame, cond, false);
        let runs_true = self.runs(frame, cond, true, test.guards_true, [then, rest]);
        let runs_false = self.runs(frame, cond, false, test.guards_false, [otherwise, rest]);
        let arms = [
            Outcome {
                case: Case::True,
                block: then,
                conditions: test.when_true,
                guards: test.guards_true,
                runs: runs_true,
            },
            Outcome {
                case: Case::False,
                block: otherwise,
                conditions: test.when_false,
                guards: test.guards_false,
                runs: runs_false,
            },
        ];
        let at = frame.at(self, cond);
        self.arms(frame, at, &arms, rest, |_, frame, index| {
            for (var, size) in if index == 0 { &sizes_true } else { &sizes_false } {
                frame.resize(*var, size.clone());
            }
        })
    }

    /// Interprets exclusive arms that together cover all cases. When all but one of them end the
    /// block, the rest of the block belongs to that one: it runs only under that arm's condition.
    fn arms(
        &mut self,
        frame: &mut Frame<'u>,
        at: Location,
        arms: &[Outcome<'u>],
        rest: &'u [Stmt],
        mut enter: impl FnMut(&mut Linker<'u>, &mut Frame<'u>, usize),
    ) -> Flow {
        let mut done = Vec::new();
        let mut reached = Vec::new();
        let mut normal = Vec::new();
        let mark = frame.mark();
        for (index, outcome) in arms.iter().enumerate() {
            let checkpoint = frame.checkpoint();
            frame.open();
            enter(self, frame, index);
            frame.under.push(arms[index].guards);
            let diverges = self.block(frame, outcome.block);
            frame.under.pop();
            done.push(frame.close());
            reached.push(frame.roll_back(checkpoint));
            frame.leave_scope(mark);
            if !diverges {
                normal.push(index);
            }
        }
        let flow = match normal.as_slice() {
            [] => Flow::Diverges,
            [only] if arms.len() > 1 && !rest.is_empty() => {
                // The values that this arm led to hold from here on.
                for (var, value) in std::mem::take(&mut reached[*only]) {
                    frame.set(var, value);
                }
                frame.open();
                frame.under.push(arms[*only].guards);
                let diverges = self.block(frame, rest);
                frame.under.pop();
                let more = frame.close();
                done[*only].extend(more);
                Flow::Consumed { diverges }
            }
            _ => {
                let kept = normal.iter().map(|&index| std::mem::take(&mut reached[index])).collect();
                frame.merge(kept);
                Flow::Normal
            }
        };
        if done.iter().any(|steps| !steps.is_empty()) {
            // A decision that only lets pass or not is a switch that is meant to be on; one between two
            // ways is made on grounds that are not seen here.
            let is_choice = done.iter().filter(|steps| !is_pure(steps)).count() > 1;
            let arms = done
                .into_iter()
                .zip(arms)
                .map(|(steps, outcome)| Arm {
                    at,
                    case: outcome.case,
                    guards: if is_choice { outcome.guards } else { outcome.guards.without(Guards::DECISION) },
                    conditions: outcome.conditions.clone(),
                    runs: outcome.runs,
                    steps,
                })
                .collect();
            frame.emit(Step::Branch { arms, exhaustive: true });
        }
        flow
    }

    fn switch_statement(
        &mut self,
        frame: &mut Frame<'u>,
        on: ExprId,
        arms: &'u [SwitchArm],
        rest: &'u [Stmt],
    ) -> Flow {
        let unit = self.symbols.unit(frame.unit);
        let subject = self.eval(frame, on);
        self.compared(frame, on, &subject);
        frame.deps.add(subject.deps.of_transaction());
        let subject_id = self.subject(frame, on);
        let mut live: Vec<Outcome<'u>> = Vec::new();
        let mut types: Vec<Option<(Name, Ty)>> = Vec::new();
        let mut has_else = false;
        let guards = if subject.decision { Guards::OTHER.with(Guards::DECISION) } else { Guards::OTHER };
        for arm in arms {
            let mut conditions = Vec::new();
            let mut ty = None;
            match &arm.labels {
                SwitchLabels::Else => has_else = true,
                SwitchLabels::Values(labels) => {
                    let known: Vec<Known> = labels
                        .iter()
                        .map(|&label| match unit.expr(label) {
                            // An enum constant stands without its type.
                            Expr::Name(name) => Known::Constant(*name),
                            _ => self.eval(frame, label).known,
                        })
                        .collect();
                    if subject.known.is_known() && subject.known.matters() {
                        frame.deps.add(subject.deps);
                        if known.contains(&subject.known) {
                            return Flow::of(self.block(frame, &arm.body));
                        }
                        if known.iter().all(|label| label.is_known()) {
                            continue;
                        }
                    }
                    if let (Some(subject), [label]) = (subject_id, known.as_slice()) {
                        conditions.push(Condition {
                            subject,
                            value: self.value_number(frame, label),
                            negated: false,
                        });
                    }
                }
                SwitchLabels::Type { ty: label, var } => {
                    let label = self.symbols.resolve(frame.class, label);
                    if let (Known::Object(object), Ty::Class(class)) = (&subject.known, &label) {
                        frame.deps.add(subject.deps);
                        let actual = self.objects.get(*object).class;
                        if !self.symbols.is_subtype(actual, *class) {
                            continue;
                        }
                    }
                    ty = Some((*var, label));
                }
            }
            live.push(Outcome { case: Case::Switch, block: &arm.body, conditions, guards, runs: Runs::Each });
            types.push(ty);
        }
        if !has_else {
            live.push(Outcome {
                case: Case::Switch,
                block: &[],
                conditions: Vec::new(),
                guards,
                runs: Runs::Each,
            });
            types.push(None);
        }
        let at = frame.at(self, on);
        self.arms(frame, at, &live, rest, |_, frame, index| {
            if let Some((var, ty)) = &types[index] {
                let mut value = subject.clone();
                value.ty = ty.clone();
                frame.declare(*var, value);
            }
        })
    }

    fn try_statement(
        &mut self,
        frame: &mut Frame<'u>,
        body: &'u Block,
        catches: &'u [Catch],
        finally: &'u Block,
        rest: &'u [Stmt],
    ) -> bool {
        let checkpoint = frame.checkpoint();
        frame.open();
        let body_diverges = self.block(frame, body);
        let body_steps = frame.close();
        let after_body = frame.roll_back(checkpoint);
        let assigned: Vec<Var> = after_body.iter().map(|(var, _)| *var).collect();
        let caught_sizes = self.sizes_when_caught(frame, body, &after_body);
        let mut ends = Vec::new();
        if !body_diverges {
            ends.push(after_body);
        }
        let (targets, sites) = reached_from(&body_steps);
        let mut catch_steps = Vec::new();
        let takes_callouts =
            catches.iter().position(|clause| super::super::catches::catches_callouts(clause.ty.name));
        for (index, clause) in catches.iter().enumerate() {
            let checkpoint = frame.checkpoint();
            // Anything may have been assigned before the exception.
            self.forget(frame, &assigned);
            assigned.iter().zip(&caught_sizes).for_each(|(&var, size)| frame.resize(var, size.clone()));
            let mark = frame.mark();
            let ty = self.symbols.resolve(frame.class, &clause.ty);
            frame.declare(clause.var, Value::of(ty));
            frame.open();
            frame.under.push(Guards::OTHER);
            frame
                .catching
                .push(matches!(clause.body.last().map(|stmt| &stmt.kind), Some(StmtKind::Throw(_))));
            let unseen_before = self.unseen_calls;
            let diverges = self.block(frame, &clause.body);
            frame.catching.pop();
            frame.under.pop();
            let head = Span { start: clause.span.start, end: clause.span.start + 5 };
            let at = self.location(frame, head);
            catch_steps.push(Clause {
                at,
                caught: clause.ty.name,
                unseen: self.unseen_calls != unseen_before,
                steps: frame.close(),
            });
            frame.leave_scope(mark);
            let reached = frame.roll_back(checkpoint);
            if !diverges {
                ends.push(reached);
            }
            // Where the body always returns, what follows the `try` is for the failure.
            let told = body_diverges && self.tells_failure(frame, rest);
            let swallows = !diverges && !told && self.only_logs(frame, &clause.body);
            self.catches.push(CatchClause {
                at,
                symbol: frame.symbol.clone(),
                caught: clause.ty.name,
                swallows,
                first_for_callouts: takes_callouts == Some(index),
                targets: targets.clone(),
                sites: sites.clone(),
            });
        }
        let diverges = ends.is_empty();
        frame.merge(ends);
        frame.open();
        let finally_diverges = self.block(frame, finally);
        let finally_steps = frame.close();
        if !(body_steps.is_empty()
            && catch_steps.iter().all(|clause| clause.steps.is_empty())
            && finally_steps.is_empty())
        {
            frame.emit(Step::Try { body: body_steps, catches: catch_steps, finally: finally_steps });
        }
        diverges || finally_diverges
    }

    /// Whether a catch block does nothing with the exception but write it to the debug log.
    fn only_logs(&self, frame: &Frame<'u>, block: &[Stmt]) -> bool {
        let unit = self.symbols.unit(frame.unit);
        block.iter().all(|stmt| match &stmt.kind {
            StmtKind::Expr(expr) => match unit.expr(*expr) {
                Expr::Call { object: Some(object), name, .. } => {
                    name.is("debug") && matches!(unit.expr(*object), Expr::Name(name) if name.is("system"))
                }
                _ => false,
            },
            StmtKind::Local { init: None, .. } => true,
            _ => false,
        })
    }

    /// `return false;` or `throw …;`: the caller learns that it failed.
    fn tells_failure(&self, frame: &Frame<'u>, rest: &[Stmt]) -> bool {
        let unit = self.symbols.unit(frame.unit);
        match rest.first().map(|stmt| &stmt.kind) {
            Some(StmtKind::Return(Some(value))) => matches!(unit.expr(*value), Expr::Bool(false)),
            Some(StmtKind::Throw(_)) => true,
            _ => false,
        }
    }

    pub(super) fn forget(&mut self, frame: &mut Frame<'u>, assigned: &[Var]) {
        for &var in assigned {
            let before = frame.variable(var).value.clone();
            let value = Value { known: Known::Nothing, ..before };
            frame.set(var, value);
        }
    }

    /// Whether control never comes back from the expression (a method that always throws).
    fn expression_statement(&mut self, frame: &mut Frame<'u>, expr: ExprId) -> bool {
        let unit = self.symbols.unit(frame.unit);
        if let Expr::Call { object, name, args } = unit.expr(expr) {
            return self.call(frame, expr, *object, *name, *args, false).1;
        }
        self.eval(frame, expr);
        false
    }

    /// A DML statement or `Database` method, with the triggers that it fires.
    pub(in crate::program) fn dml(
        &mut self,
        frame: &mut Frame<'u>,
        at: Location,
        op: DmlOp,
        value: &Value,
        facts: Vec<(&'static str, std::borrow::Cow<'static, str>)>,
    ) -> SiteId {
        self.dml_as(frame, at, op, value, facts, None)
    }

    /// DML that another method than its name says does (`Approval.process`).
    pub(super) fn dml_as(
        &mut self,
        frame: &mut Frame<'u>,
        at: Location,
        op: DmlOp,
        value: &Value,
        mut facts: Vec<(&'static str, std::borrow::Cow<'static, str>)>,
        name: Option<String>,
    ) -> SiteId {
        for slot in value.slots.iter() {
            self.flow.note(slot, SlotFacts::SAVED);
        }
        let object = value.ty.record_type();
        if let Known::Sized(super::super::model::Bound::Constant(rows)) = value.known {
            facts.push(("rows", rows.to_string().into()));
        }
        if value.ty.is_collection() {
            facts.push(("size", "list".into()));
        } else if !matches!(value.ty, Ty::Unknown) {
            facts.push(("size", "one".into()));
        }
        let symbol = frame.symbol.clone();
        let site = self.site(Effect::Dml, at, || Site {
            effect: Effect::Dml,
            at,
            symbol,
            label: match (name, object) {
                (Some(name), _) => name,
                (None, Some(object)) => format!("`{op}` of {object}"),
                (None, None) => format!("`{op}`"),
            },
            object,
            operation: Some(op),
            facts,
        });
        let values = self.site_values.entry(site).or_default();
        values.extend(value.slots.iter());
        let triggers = match object {
            Some(object) => self.automation(frame, object, op),
            None => Vec::new(),
        };
        frame.note_rows(site, Linker::taken(value));
        frame.emit(Step::Dml { site, triggers });
        site
    }

    /// What DML on `object` starts in the same transaction, in the order of execution (DOMAIN A.8).
    pub(in crate::program) fn automation(
        &mut self,
        frame: &mut Frame<'u>,
        object: Name,
        op: DmlOp,
    ) -> Vec<NodeId> {
        use super::super::flows::Kind;
        let passed_on = Deps::ASYNC.with(Deps::BYPASS);
        let context = Context {
            event: EventContext::Unknown,
            job: frame.context.job,
            receiver: Receiver::None,
            args: Vec::new(),
            bypassed: frame.context.bypassed.clone(),
        };
        let mut nodes = self.fired_flows(object, op, &context, &[Kind::BeforeSave, Kind::BeforeDelete]);
        nodes.extend(self.triggers_of(object, op, &context));
        nodes.extend(self.workflow_rules(object, op, &context));
        nodes.extend(self.fired_flows(object, op, &context, &[Kind::Process]));
        nodes.extend(self.fired_flows(object, op, &context, &[Kind::AfterSave]));
        for &node in &nodes {
            frame.deps.add(self.deps_of(node, passed_on));
        }
        nodes
    }

    /// The nodes of the triggers on `object` that an operation fires.
    pub(in crate::program) fn triggers_of(&mut self, object: Name, op: DmlOp, from: &Context) -> Vec<NodeId> {
        let Some(triggers) = self.symbols.triggers.get(&object) else { return Vec::new() };
        let mut nodes = Vec::new();
        for &trigger in triggers {
            let declared = self.symbols.trigger_decl(trigger).map(|t| t.events.as_slice()).unwrap_or(&[]);
            for &event in declared.iter().filter(|&&event| fires(op, event)) {
                let context = Context { event: EventContext::In { event, object }, ..from.clone() };
                nodes.push(self.node(trigger, context));
            }
        }
        nodes
    }

    pub(in crate::program) fn effect(
        &mut self,
        frame: &mut Frame<'u>,
        effect: Effect,
        at: Location,
        make: impl FnOnce(&Frame<'u>) -> Site,
    ) -> SiteId {
        let site = self.site(effect, at, || make(frame));
        frame.emit(Step::Effect(site));
        site
    }

    /// Emits a call, unless there is nothing behind it.
    pub(in crate::program) fn emit_call(
        &mut self,
        frame: &mut Frame<'u>,
        at: Location,
        targets: Vec<NodeId>,
        how: How,
        sizes: Vec<Size>,
    ) {
        let worth = targets.iter().any(|target| {
            let entry = &self.entries[target.0 as usize];
            !entry.done || !is_pure(&self.nodes[target.0 as usize].steps)
        });
        if worth {
            let once = targets.iter().all(|target| {
                self.node_methods[target.0 as usize]
                    .is_some_and(|method| matches!(self.symbols.method(method).body, Body::StaticInit { .. }))
            });
            frame.emit(Step::Call(super::super::model::Call { at, targets, how, once, sizes }));
        }
    }
}

/// Which trigger events a DML operation fires: the order of execution, DOMAIN A.8.
pub(in crate::program) fn fires(op: DmlOp, event: crate::apex::unit::TriggerEvent) -> bool {
    use crate::apex::unit::TriggerEvent::*;
    match op {
        DmlOp::Insert => matches!(event, BeforeInsert | AfterInsert),
        DmlOp::Update => matches!(event, BeforeUpdate | AfterUpdate),
        DmlOp::Upsert => matches!(event, BeforeInsert | AfterInsert | BeforeUpdate | AfterUpdate),
        DmlOp::Delete => matches!(event, BeforeDelete | AfterDelete),
        DmlOp::Undelete => matches!(event, AfterUndelete),
        // The winner is updated, the losers are deleted.
        DmlOp::Merge => matches!(event, BeforeUpdate | AfterUpdate | BeforeDelete | AfterDelete),
    }
}

/// The call targets and sites in steps, at any depth of their structure.
fn reached_from(steps: &[Step]) -> (Vec<NodeId>, Vec<SiteId>) {
    let mut targets = Vec::new();
    let mut sites = Vec::new();
    let mut todo: Vec<&[Step]> = vec![steps];
    while let Some(steps) = todo.pop() {
        for step in steps {
            match step {
                Step::Call(call) => targets.extend(&call.targets),
                Step::Effect(site) => sites.push(*site),
                Step::Branch { arms, .. } => todo.extend(arms.iter().map(|arm| arm.steps.as_slice())),
                Step::Loop(body) => todo.push(&body.steps),
                // What an inner `try` catches does not come out here; what its clauses do may.
                Step::Try { catches, finally, .. } => {
                    todo.extend(catches.iter().map(|clause| clause.steps.as_slice()));
                    todo.push(finally);
                }
                _ => {}
            }
        }
    }
    (targets, sites)
}
