//! How much data a body handles: the sizes of collections, symbolically.
//!
//! Nothing here decides where calls go, so no context depends on it. A collection that a loop fills is
//! opened before the loop ([`Linker::open_sizes`]) and closed after it: what one turn adds, times the
//! turns.

use crate::apex::unit::{BinaryOp, Block, Expr, ExprId, LoopKind, Query, QueryLimit, Stmt, StmtKind, Unit};
use crate::name::Name;
use crate::span::Location;

use super::super::model::{Bound, Guards, NodeSizes, Runs, SiteId, Step};
use super::super::size::{Size, What};
use super::super::symbols::FieldId;
use super::super::types::Ty;
use super::super::value::{Known, Value};
use super::frame::Var;
use super::{Frame, Linker};

/// A collection whose size a loop may change.
pub(super) struct Opened {
    var: Var,
    local: u32,
    before: Size,
}

impl<'u> Frame<'u> {
    /// Remembers how many records `site` takes.
    pub fn note_rows(&mut self, site: SiteId, rows: Size) {
        if self.probing {
            return;
        }
        match self.sizes.rows.iter_mut().find(|(known, _)| *known == site) {
            Some((_, known)) => *known = known.or(&rows),
            None => self.sizes.rows.push((site, rows)),
        }
    }

    fn new_local(&mut self) -> u32 {
        self.sizes.locals.push(Size::Unknown);
        (self.sizes.locals.len() - 1) as u32
    }

    /// What the first `count` variables, the parameters, hold at the end, where this body has added to
    /// them.
    pub fn grown_params(&self, sizes: &NodeSizes, count: usize) -> Vec<(u32, Size)> {
        (0..count)
            .filter(|&index| self.locals.len() > index && !self.reassigned.contains(&index))
            .filter_map(|index| {
                let value = &self.variable(Var::Local(index)).value;
                let unchanged = value.size == Size::Param(index as u32);
                (value.ty.is_collection() && !unchanged)
                    .then(|| (index as u32, value.size.closed(&sizes.locals)))
            })
            .collect()
    }
}

impl<'u> Linker<'u> {
    /// From here on, a loop may fill collections: their sizes are open until [`Self::close_sizes`].
    pub(super) fn open_sizes(&mut self, frame: &mut Frame<'u>) -> Vec<Opened> {
        let collections: Vec<Var> = (0..frame.mark())
            .map(Var::Local)
            .filter(|&var| {
                let value = &frame.variable(var).value;
                value.ty.is_collection() && !value.size.is_unknown() || value.count().is_known()
            })
            .collect();
        collections
            .into_iter()
            .map(|var| {
                let before = frame.variable(var).value.count();
                let local = frame.new_local();
                frame.sizes.locals[local as usize] = before.clone();
                frame.resize(var, Size::Local(local));
                Opened { var, local, before }
            })
            .collect()
    }

    /// What each of them has at the end of the body.
    pub(super) fn sizes_after_body(&self, frame: &Frame<'u>, opened: &[Opened]) -> Vec<Size> {
        opened.iter().map(|each| frame.variable(each.var).value.size.clone()).collect()
    }

    /// After a loop that runs `turns` times: `after_body` are the sizes at the end of its body, `steps` is
    /// the body.
    pub(super) fn close_sizes(
        &mut self,
        frame: &mut Frame<'u>,
        opened: Vec<Opened>,
        after_body: Vec<Size>,
        turns: &Size,
        leaves: bool,
    ) {
        for (Opened { var, local, before }, end) in opened.into_iter().zip(after_body) {
            if end == Size::Local(local) {
                frame.resize(var, before);
                continue;
            }
            let (inside, after) = match end.added_to(local) {
                Some(added) => {
                    let added = if leaves { added.up_to() } else { added };
                    let all = added.times(turns);
                    (before.plus(&all.up_to()), before.plus(&all))
                }
                None => match end.grown_from(local) {
                    Some(grown) => {
                        let most = before.plus(&grown.times(turns)).up_to();
                        (most.clone(), most)
                    }
                    // It is another collection in each turn.
                    None => (Size::Unknown, Size::Unknown),
                },
            };
            frame.sizes.locals[local as usize] = inside;
            frame.resize(var, after);
        }
    }

    /// The size of the collection behind `receiver` after `receiver.name(args)`.
    pub(super) fn size_after(&self, receiver: &Value, name: Name, args: &[Value]) -> Size {
        let before = receiver.count();
        let is_list = matches!(receiver.ty, Ty::List(_));
        let given = args.last().map_or(Size::Unknown, Value::count);
        match name.folded() {
            "add" if is_list => before.plus(&Size::Exactly(1)),
            "addall" if is_list => before.plus(&given),
            // A set or a map may have it already.
            "add" | "put" => before.plus(&Size::Exactly(1).up_to()),
            "addall" | "putall" => before.plus(&given.up_to()),
            "clear" => Size::Exactly(0),
            _ => before.up_to(),
        }
    }

    /// The rows that a static query returns, and the symbol of their number.
    pub(super) fn rows_of_query(
        &mut self,
        frame: &mut Frame<'u>,
        at: Location,
        query: &Query,
        bound: Bound,
    ) -> Size {
        let limit = match query.limit {
            QueryLimit::Rows(rows) => Size::Exactly(rows),
            QueryLimit::Bound(expr) => match self.eval(frame, expr).count() {
                size @ Size::Exactly(_) => size,
                _ => Size::Unknown,
            },
            QueryLimit::None => Size::Unknown,
        };
        if limit.is_known() {
            return limit.up_to();
        }
        if bound == Bound::Constant(1) {
            return Size::Exactly(1).up_to();
        }
        // An id is one record's.
        let by_id = query.in_keys.iter().find(|(field, _)| field.is("id"));
        if let Some((_, ids)) = by_id {
            let ids = self.eval(frame, *ids).count();
            if ids.is_known() {
                return ids.up_to();
            }
        }
        let what = if bound == Bound::RelatedRows { What::Related } else { What::Rows };
        let name = query.object.map(|object| object.as_str().to_owned()).unwrap_or_default();
        Size::symbol(what, name, at).up_to()
    }

    /// The rows of a query whose text is put together at run time.
    pub(super) fn rows_of_text(&self, at: Location, object: Option<Name>, text: Option<&str>) -> Size {
        let lower = text.unwrap_or_default().to_ascii_lowercase();
        let limit = lower.rsplit_once(" limit ").and_then(|(_, rest)| {
            let digits: String = rest.trim_start().chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        });
        match limit {
            Some(limit) => Size::Exactly(limit).up_to(),
            None => {
                let name = object.map(|object| object.as_str().to_owned()).unwrap_or_default();
                Size::symbol(What::Rows, name, at).up_to()
            }
        }
    }

    /// How many records DML or a publish takes.
    pub(super) fn taken(value: &Value) -> Size {
        match &value.ty {
            Ty::List(_) | Ty::Set(_) | Ty::Map(_) => value.count(),
            Ty::Unknown | Ty::Void => Size::Unknown,
            _ => Size::Exactly(1),
        }
    }

    /// How often `for (x : over)` runs.
    pub(super) fn each_turns(
        &self,
        frame: &Frame<'u>,
        iter: ExprId,
        over: &Value,
        declared: &Ty,
        bound: Bound,
        at: Location,
    ) -> Size {
        let unit = self.symbols.unit(frame.unit);
        if let Bound::Constant(turns) = bound {
            return Size::Exactly(turns);
        }
        if bound == Bound::Configuration {
            return Size::symbol(What::Configuration, text_of(unit, iter), at);
        }
        let count = over.count();
        if declared.is_collection() && matches!(unit.expr(iter), Expr::Query(_)) {
            return count.chunks(QUERY_CHUNK);
        }
        if count.is_known() {
            return count;
        }
        if bound == Bound::EntryBatch {
            return Size::Batch;
        }
        Size::symbol(What::Collection, text_of(unit, iter), at)
    }

    /// How often `for (…; cond; update)` runs.
    pub(super) fn for_turns(
        &mut self,
        frame: &mut Frame<'u>,
        init: &'u Block,
        cond: ExprId,
        update: &[ExprId],
        bound: Bound,
    ) -> Size {
        if let Bound::Constant(turns) = bound {
            return Size::Exactly(turns);
        }
        let unit = self.symbols.unit(frame.unit);
        let (limit, inclusive) = match unit.expr(cond) {
            Expr::Binary { op: BinaryOp::Lt, right, .. } => (*right, 0),
            Expr::Binary { op: BinaryOp::Le, right, .. } => (*right, 1),
            Expr::Binary { op: BinaryOp::And, left, right } => {
                let first = self.for_turns(frame, init, *left, update, bound);
                let turns =
                    if first.is_known() { first } else { self.for_turns(frame, init, *right, update, bound) };
                return turns.up_to();
            }
            Expr::Binary { op: BinaryOp::Gt | BinaryOp::Ge, .. } => return self.turns_down(frame, init),
            _ => return Size::Unknown,
        };
        let most = self.eval(frame, limit).count().plus(&Size::Exactly(inclusive));
        let start = init.iter().find_map(|stmt| match &stmt.kind {
            StmtKind::Local { init: Some(init), .. } => match unit.expr(*init) {
                Expr::Int(value) => Some(*value),
                _ => None,
            },
            _ => None,
        });
        let turns = match update {
            [one] => match unit.expr(*one) {
                Expr::Update { .. } => most,
                Expr::Assign { op: Some(BinaryOp::Add), right, .. } => match self.eval(frame, *right).known {
                    Known::Int(step) if step > 0 => {
                        u32::try_from(step).map_or(Size::Unknown, |step| most.chunks(step))
                    }
                    _ => Size::Unknown,
                },
                _ => Size::Unknown,
            },
            _ => Size::Unknown,
        };
        if start == Some(0) { turns } else { turns.up_to() }
    }

    /// `for (Integer i = list.size() - 1; i >= 0; i--)`.
    fn turns_down(&mut self, frame: &mut Frame<'u>, init: &'u Block) -> Size {
        let unit = self.symbols.unit(frame.unit);
        init.iter()
            .find_map(|stmt| match &stmt.kind {
                StmtKind::Local { init: Some(init), .. } => Some(match unit.expr(*init) {
                    Expr::Binary { op: BinaryOp::Sub, left, .. } => self.eval(frame, *left).count(),
                    _ => self.eval(frame, *init).count(),
                }),
                _ => None,
            })
            .unwrap_or_default()
            .up_to()
    }

    /// How often `while (cond)` runs.
    pub(super) fn while_turns(
        &mut self,
        frame: &mut Frame<'u>,
        cond: ExprId,
        body: &'u Block,
        bound: Bound,
        at: Location,
    ) -> Size {
        let unit = self.symbols.unit(frame.unit);
        if let Bound::Constant(turns) = bound {
            return Size::Exactly(turns).up_to();
        }
        let emptied = |list: ExprId| -> bool {
            let name = last_name(unit, list);
            any_expr(unit, body, &mut |expr| match expr {
                Expr::Call { object: Some(object), name: method, .. } => {
                    matches!(method.folded(), "remove" | "removeall" | "clear")
                        && last_name(unit, *object) == name
                }
                _ => false,
            })
        };
        match unit.expr(cond) {
            Expr::Not(inner) => match unit.expr(*inner) {
                Expr::Call { object: Some(list), name, .. } if name.is("isempty") && emptied(*list) => {
                    self.eval(frame, *list).count().up_to()
                }
                _ => Size::Unknown,
            },
            Expr::Call { object: Some(iterator), name, .. } if name.is("hasnext") => {
                self.eval(frame, *iterator).count()
            }
            Expr::Binary { op: BinaryOp::Gt, left, right } => match (unit.expr(*left), unit.expr(*right)) {
                (Expr::Call { object: Some(list), name, .. }, Expr::Int(0))
                    if name.is("size") && emptied(*list) =>
                {
                    self.eval(frame, *list).count().up_to()
                }
                _ if bound == Bound::Retry => Size::symbol(What::Tries, "", at),
                _ => Size::Unknown,
            },
            Expr::Binary { op: BinaryOp::Lt, right, .. } => match unit.expr(*right) {
                Expr::Call { object: Some(list), name, .. } if name.is("size") => {
                    self.eval(frame, *list).count().up_to()
                }
                _ if bound == Bound::Retry => Size::symbol(What::Tries, "", at),
                _ => Size::Unknown,
            },
            Expr::Binary { op: BinaryOp::And, left, right } => {
                let first = self.while_turns(frame, *left, body, Bound::Unknown, at);
                if first.is_known() {
                    return first.up_to();
                }
                self.while_turns(frame, *right, body, bound, at).up_to()
            }
            _ if bound == Bound::Retry => Size::symbol(What::Tries, "", at),
            _ => Size::Unknown,
        }
    }

    /// How often the arm for this outcome of a condition can run in the loops around it; `filled` is what
    /// runs in the arm.
    pub(super) fn runs(
        &mut self,
        frame: &mut Frame<'u>,
        cond: ExprId,
        outcome: bool,
        guards: Guards,
        filled: [&[Stmt]; 2],
    ) -> Runs {
        if guards.has_any(Guards::LIMITS) {
            return Runs::WithinLimits;
        }
        let unit = self.symbols.unit(frame.unit);
        match unit.expr(cond) {
            Expr::Not(inner) => return self.runs(frame, *inner, !outcome, guards, filled),
            Expr::Binary { op: op @ (BinaryOp::And | BinaryOp::Or), left, right } => {
                // Both parts hold: each bounds it.
                if (*op == BinaryOp::And) != outcome {
                    return Runs::Each;
                }
                let first = self.runs(frame, *left, outcome, guards, filled);
                return if first.is_each() {
                    self.runs(frame, *right, outcome, guards, filled)
                } else {
                    first
                };
            }
            _ => {}
        }
        if let Some(runs) = self.runs_by_flag(frame, cond, outcome, filled) {
            return runs;
        }
        let fills = |expr: ExprId| {
            let name = last_name(unit, expr);
            name.is_some()
                && filled.iter().any(|block| any_expr(unit, block, &mut |expr| is_filled(unit, expr, name)))
        };
        // A helper that is called may fill it.
        let calls = || any_expr(unit, filled[0], &mut |expr| matches!(expr, Expr::Call { object: None, .. }));
        match unit.expr(cond) {
            // One of an object stops only what that object does.
            Expr::Name(_) | Expr::Field { .. } if self.is_flag(frame, cond) && fills(cond) => Runs::NotWithin,
            Expr::Call { object: Some(cache), name, .. }
                if !outcome
                    && matches!(name.folded(), "contains" | "containskey")
                    && (fills(*cache) || calls()) =>
            {
                self.per_key(frame, *cache)
            }
            // A cache that is filled as a whole at its first use.
            Expr::Call { object: Some(cache), name, .. }
                if outcome
                    && name.is("isempty")
                    && self.field_of(frame, *cache).is_some()
                    && fills(*cache)
                    && !is_emptied(unit, last_name(unit, *cache)) =>
            {
                Runs::Once
            }
            Expr::Binary { op: op @ (BinaryOp::Eq | BinaryOp::Ne), left, right }
                if let Expr::Bool(value) = unit.expr(*right) =>
            {
                let holds = ((*op == BinaryOp::Eq) == *value) == outcome;
                self.runs(frame, *left, holds, guards, filled)
            }
            Expr::Binary { op, left, right } => {
                let equal = (*op == BinaryOp::Eq) == outcome && matches!(op, BinaryOp::Eq | BinaryOp::Ne);
                match (unit.expr(*left), unit.expr(*right)) {
                    (Expr::Call { object: Some(cache), name, .. }, Expr::Null)
                        if equal && name.is("get") && (fills(*cache) || calls()) =>
                    {
                        self.per_key(frame, *cache)
                    }
                    (subject @ (Expr::Name(_) | Expr::Field { .. }), Expr::Null)
                        if equal && guards.has_any(Guards::MEMO) =>
                    {
                        match subject {
                            Expr::Name(name) if frame.local(*name).is_some() => {
                                if fills(*left) {
                                    Runs::OnceACall
                                } else {
                                    Runs::Each
                                }
                            }
                            _ if fills(*left) || calls() => Runs::Once,
                            _ => Runs::Each,
                        }
                    }
                    (Expr::Call { object: Some(_), name, .. }, _)
                        if name.is("size") && (equal || (matches!(op, BinaryOp::Ge) && outcome)) =>
                    {
                        match self.eval(frame, *right).known {
                            Known::Int(chunk) if chunk > 1 => {
                                u32::try_from(chunk).map_or(Runs::Each, Runs::Chunk)
                            }
                            _ => Runs::Each,
                        }
                    }
                    (Expr::Call { object: Some(_), name, args }, Expr::Int(_))
                        if equal && name.is("mod") && args.len == 2 =>
                    {
                        let chunk = unit.list(*args)[1];
                        match self.eval(frame, chunk).known {
                            Known::Int(chunk) if chunk > 1 => {
                                u32::try_from(chunk).map_or(Runs::Each, Runs::Chunk)
                            }
                            _ => Runs::Each,
                        }
                    }
                    _ => Runs::Each,
                }
            }
            _ => Runs::Each,
        }
    }

    /// What runs once for each key of `cache`.
    fn per_key(&self, frame: &Frame<'u>, cache: ExprId) -> Runs {
        match self.field_of(frame, cache) {
            Some(field) => Runs::PerKey { cache: self.declared_at(field), outlives: true },
            None => {
                let unit = self.symbols.unit(frame.unit);
                let outlives = !matches!(unit.expr(cache), Expr::Name(name) if frame.local(*name).is_some());
                Runs::PerKey { cache: frame.at(self, cache), outlives }
            }
        }
    }

    /// Where a field is declared.
    pub(super) fn declared_at(&self, field: FieldId) -> Location {
        let field = self.symbols.field(field);
        let unit = self.symbols.unit(field.unit);
        Location { file: unit.file, span: unit.types[field.decl as usize].fields[field.index as usize].span }
    }

    /// Of `x = x ?? f()` and `x = x == null ? f() : x` these parts: `x`, `f()`, and how often that runs.
    pub(super) fn filled_once(
        &self,
        frame: &Frame<'u>,
        left: ExprId,
        right: ExprId,
    ) -> Option<(ExprId, ExprId, Runs)> {
        let unit = self.symbols.unit(frame.unit);
        let Expr::Binary { op: BinaryOp::Coalesce, left: first, right: otherwise } = unit.expr(right) else {
            return None;
        };
        if !matches!(unit.expr(*first), Expr::Name(_) | Expr::Field { .. })
            || last_name(unit, left) != last_name(unit, *first)
        {
            return None;
        }
        let local = |expr: ExprId| match unit.expr(expr) {
            Expr::Name(name) => frame.local(*name),
            _ => None,
        };
        let runs = match (local(left), local(*first)) {
            (Some(Var::Local(index)), known) if known == Some(Var::Local(index)) => {
                if index < frame.loop_start { Runs::OnceACall } else { Runs::Each }
            }
            (None, None) if self.field_of(frame, left).is_some() => {
                if self.field_of(frame, left) == self.field_of(frame, *first) {
                    Runs::Once
                } else {
                    Runs::Each
                }
            }
            _ => Runs::Each,
        };
        Some((*first, *otherwise, runs)).filter(|(_, _, runs)| !runs.is_each())
    }

    /// The collections whose sizes are known where `cond` comes out as `outcome`: `list.size() == 200`.
    pub(super) fn sizes_by_condition(
        &mut self,
        frame: &mut Frame<'u>,
        cond: ExprId,
        outcome: bool,
    ) -> Vec<(Var, Size)> {
        let unit = self.symbols.unit(frame.unit);
        match unit.expr(cond) {
            Expr::Not(inner) => self.sizes_by_condition(frame, *inner, !outcome),
            Expr::Binary { op: op @ (BinaryOp::And | BinaryOp::Or), left, right }
                if (*op == BinaryOp::And) == outcome =>
            {
                let mut all = self.sizes_by_condition(frame, *left, outcome);
                all.extend(self.sizes_by_condition(frame, *right, outcome));
                all
            }
            Expr::Binary { op: op @ (BinaryOp::Eq | BinaryOp::Ne), left, right }
                if (*op == BinaryOp::Eq) == outcome =>
            {
                let Expr::Call { object: Some(list), name, .. } = unit.expr(*left) else { return Vec::new() };
                let Expr::Name(list) = unit.expr(*list) else { return Vec::new() };
                match (frame.local(*list), name.is("size")) {
                    (Some(var), true) => match self.eval(frame, *right).known {
                        Known::Int(size) => {
                            u32::try_from(size).map_or(Vec::new(), |size| vec![(var, Size::Exactly(size))])
                        }
                        _ => Vec::new(),
                    },
                    _ => Vec::new(),
                }
            }
            _ => Vec::new(),
        }
    }

    /// The sizes of what the body of a `try` assigned, in its `catch`: it ended anywhere. Collections
    /// that the body only adds to have no less than before, and no more than at its end.
    pub(super) fn sizes_when_caught(
        &self,
        frame: &Frame<'u>,
        body: &[Stmt],
        after_body: &[(Var, Value)],
    ) -> Vec<Size> {
        let unit = self.symbols.unit(frame.unit);
        let size = |(var, after): &(Var, Value)| {
            let variable = frame.variable(*var);
            let only_grows = variable.value.ty.is_collection()
                && !any_expr(unit, body, &mut |expr| match expr {
                    Expr::Assign { left, .. } => last_name(unit, *left) == Some(variable.name),
                    Expr::Call { object: Some(object), name, .. } => {
                        super::calls::shrinks_collection(*name)
                            && last_name(unit, *object) == Some(variable.name)
                    }
                    _ => false,
                });
            if only_grows { variable.value.count().or(&after.count()) } else { Size::Unknown }
        };
        after_body.iter().map(size).collect()
    }
}

/// The platform hands the rows of `for (List<X> rows : [SELECT …])` over in chunks of this many (Apex
/// Developer Guide, SOQL for loops).
const QUERY_CHUNK: u32 = 200;

/// Whether control may leave the loop that `steps` are the body of, or skip the rest of it.
pub(super) fn leaves_loop(steps: &[Step]) -> bool {
    steps.iter().any(|step| match step {
        Step::Break | Step::Continue | Step::Return => true,
        Step::Branch { arms, .. } => arms.iter().any(|arm| leaves_loop(&arm.steps)),
        Step::Try { body, catches, finally } => {
            leaves_loop(body)
                || catches.iter().any(|clause| leaves_loop(&clause.steps))
                || leaves_loop(finally)
        }
        Step::Loop(body) => returns(&body.steps),
        _ => false,
    })
}

fn returns(steps: &[Step]) -> bool {
    steps.iter().any(|step| match step {
        Step::Return => true,
        Step::Branch { arms, .. } => arms.iter().any(|arm| returns(&arm.steps)),
        Step::Try { body, catches, finally } => {
            returns(body) || catches.iter().any(|clause| returns(&clause.steps)) || returns(finally)
        }
        Step::Loop(body) => returns(&body.steps),
        _ => false,
    })
}

/// Whether `expr` assigns what is called so, or adds to it.
fn is_filled(unit: &Unit, expr: &Expr, name: Option<Name>) -> bool {
    match expr {
        Expr::Assign { left, .. } => last_name(unit, *left) == name,
        Expr::Call { object: Some(object), name: method, .. } => {
            super::calls::grows_collection(*method) && last_name(unit, *object) == name
        }
        _ => false,
    }
}

/// Whether the file has code that takes something out of what is called so.
fn is_emptied(unit: &Unit, name: Option<Name>) -> bool {
    unit.exprs.iter().any(|expr| match expr {
        Expr::Call { object: Some(object), name: method, .. } => {
            super::calls::shrinks_collection(*method) && last_name(unit, *object) == name
        }
        _ => false,
    })
}

/// What a person would call it: the name of the variable, the field or the method.
pub(super) fn text_of(unit: &Unit, expr: ExprId) -> String {
    last_name(unit, expr).map(|name| name.as_str().to_owned()).unwrap_or_default()
}

pub(super) fn last_name(unit: &Unit, expr: ExprId) -> Option<Name> {
    match unit.expr(expr) {
        Expr::Name(name) | Expr::Field { name, .. } => Some(*name),
        Expr::Call { object: Some(object), name, .. } if matches!(name.folded(), "values" | "keyset") => {
            last_name(unit, *object)
        }
        Expr::Call { name, .. } => Some(*name),
        Expr::Cast { value, .. } => last_name(unit, *value),
        _ => None,
    }
}

/// Whether `test` holds for an expression of the block, at any depth.
pub(super) fn any_expr(unit: &Unit, block: &[Stmt], test: &mut dyn FnMut(&Expr) -> bool) -> bool {
    block.iter().any(|stmt| match &stmt.kind {
        StmtKind::Expr(expr) | StmtKind::Throw(expr) => in_expr(unit, *expr, test),
        StmtKind::Local { init, .. } => init.is_some_and(|expr| in_expr(unit, expr, test)),
        StmtKind::Return(value) => value.is_some_and(|expr| in_expr(unit, expr, test)),
        StmtKind::Dml { target, .. } => in_expr(unit, *target, test),
        StmtKind::Break | StmtKind::Continue => false,
        StmtKind::If { cond, then, otherwise } => {
            in_expr(unit, *cond, test) || any_expr(unit, then, test) || any_expr(unit, otherwise, test)
        }
        StmtKind::Switch { on, arms } => {
            in_expr(unit, *on, test) || arms.iter().any(|arm| any_expr(unit, &arm.body, test))
        }
        StmtKind::Loop(body) => {
            let head = match &body.kind {
                LoopKind::Each { iter, .. } => in_expr(unit, *iter, test),
                LoopKind::For { init, cond, update } => {
                    any_expr(unit, init, test)
                        || cond.is_some_and(|cond| in_expr(unit, cond, test))
                        || update.iter().any(|&expr| in_expr(unit, expr, test))
                }
                LoopKind::While { cond } | LoopKind::DoWhile { cond } => in_expr(unit, *cond, test),
            };
            head || any_expr(unit, &body.body, test)
        }
        StmtKind::Try { body, catches, finally } => {
            any_expr(unit, body, test)
                || catches.iter().any(|clause| any_expr(unit, &clause.body, test))
                || any_expr(unit, finally, test)
        }
        StmtKind::Block(body) | StmtKind::RunAs { body } => any_expr(unit, body, test),
    })
}

fn in_expr(unit: &Unit, expr: ExprId, test: &mut dyn FnMut(&Expr) -> bool) -> bool {
    if test(unit.expr(expr)) {
        return true;
    }
    match unit.expr(expr) {
        Expr::Call { object, args, .. } => {
            object.is_some_and(|object| in_expr(unit, object, test))
                || unit.list(*args).iter().any(|&arg| in_expr(unit, arg, test))
        }
        Expr::New { args, .. } => unit.list(*args).iter().any(|&arg| in_expr(unit, arg, test)),
        Expr::Assign { left, right, .. } | Expr::Binary { left, right, .. } => {
            in_expr(unit, *left, test) || in_expr(unit, *right, test)
        }
        Expr::Not(inner) | Expr::Negate(inner) | Expr::Cast { value: inner, .. } => {
            in_expr(unit, *inner, test)
        }
        Expr::Field { object, .. } => in_expr(unit, *object, test),
        Expr::Ternary { cond, then, otherwise } => {
            [cond, then, otherwise].into_iter().any(|&part| in_expr(unit, part, test))
        }
        _ => false,
    }
}
