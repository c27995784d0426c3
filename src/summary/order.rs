//! Does one effect happen before another in the same transaction?
//!
//! A forward data-flow over each node's steps, once per node: which `first` effects may have happened,
//! and whether one must have. A node's summary says what it does to a caller's state, so that calls
//! are composed, not entered again. Over the back edge of a loop the state flows into the next
//! iteration. Arms whose conditions contradict each other never meet.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::finding::Confidence;
use crate::program::model::{
    Bound, Clause, Condition, Effects, EntryId, Guards, NodeId, Program, Site, SiteId, Step,
};

use crate::span::Location;

use super::Summary;
use super::reach::{Hop, HopKind};

/// `first`, then `then`, in one transaction.
pub struct OrderQuery<'a> {
    pub first: &'a dyn Fn(&Site) -> bool,
    pub then: &'a dyn Fn(&Site) -> bool,
    /// Effects that undo `first` (rollback, release of the savepoint).
    pub cleared_by: &'a dyn Fn(&Site) -> bool,
    /// Only pairs after which this effect follows in the same transaction, on the same object as
    /// `first`: the lost update after a lock that a callout released.
    pub followed_by: Option<&'a dyn Fn(&Site) -> bool>,
    /// Calls and effects that no way goes over.
    pub blocked: Option<&'a (dyn Fn(Location) -> bool + Sync)>,
}

/// A pair that was found. One per `then` site and way of reaching it (straight or over a loop's
/// back edge).
#[derive(Clone, Debug, Serialize)]
pub struct Ordered {
    pub first: SiteId,
    pub then: SiteId,
    /// `first` has happened whenever `then` is reached.
    pub must: bool,
    /// Only over the back edge of this loop: `then` comes before `first` in its body.
    pub across: Option<(Location, Bound)>,
    pub confidence: Confidence,
    pub first_path: Vec<Hop>,
    pub then_path: Vec<Hop>,
}

/// A way from a node to a site, as a list that shares its tail with the callee's.
#[derive(Clone, Debug)]
struct Way {
    site: SiteId,
    hops: Option<Rc<Link>>,
    length: u32,
    confidence: Confidence,
}

#[derive(Debug)]
struct Link {
    hop: Hop,
    rest: Option<Rc<Link>>,
}

impl Way {
    fn here(program: &Program, site: SiteId) -> Way {
        let hop = Hop { at: program.site(site).at, kind: HopKind::Effect, node: None };
        Way { site, hops: Some(Rc::new(Link { hop, rest: None })), length: 1, confidence: Confidence::High }
    }

    fn through(&self, hop: Hop, confidence: Confidence) -> Way {
        Way {
            site: self.site,
            hops: Some(Rc::new(Link { hop, rest: self.hops.clone() })),
            length: self.length + 1,
            confidence: self.confidence.min(confidence),
        }
    }

    fn path(&self, start: Hop) -> Vec<Hop> {
        let mut path = vec![start];
        let mut next = self.hops.clone();
        while let Some(link) = next {
            path.push(link.hop);
            next = link.rest.clone();
        }
        path
    }
}

/// A `first` that may have happened.
#[derive(Clone, Debug)]
struct Pending {
    way: Way,
    /// Under which conditions of this node it happened.
    conditions: Vec<Condition>,
    /// It happened in an earlier iteration of a loop with this bound.
    earlier_iteration: Option<(Location, Bound)>,
    /// It has happened on every way here.
    must: bool,
    /// It has happened whenever `conditions` hold.
    whenever: bool,
    /// It happens in a `catch` only: not on the way that is meant.
    exceptional: bool,
}

/// What may have happened up to one point of a node.
#[derive(Clone, Debug)]
struct State {
    pending: Vec<Pending>,
    /// One of `pending` has happened on every way here.
    must: bool,
    /// What the caller had pending is still so on some way / on every way.
    may_pass: bool,
    must_pass: bool,
}

/// A `then` that the caller's state reaches.
#[derive(Clone, Debug)]
struct Open {
    way: Way,
    must_pass: bool,
}

#[derive(Clone, Debug)]
struct Pair {
    first: Way,
    then: Way,
    /// Some `first` has happened whenever `then` is reached; `sure`: it is this one.
    must: bool,
    sure: bool,
    across: Option<(Location, Bound)>,
}

/// What a node does, for its callers.
#[derive(Clone, Debug, Default)]
struct NodeOrder {
    pairs: Vec<Pair>,
    open: Vec<Open>,
    /// What is pending when it comes back; `None` if it never does.
    exit: Option<Exit>,
    /// All that it ever had pending: an exception may come from anywhere.
    ever: Vec<Way>,
}

/// How something is pending at the end of a node.
#[derive(Clone, Copy, Debug)]
struct Manner {
    must: bool,
    exceptional: bool,
}

#[derive(Clone, Debug)]
struct Exit {
    pending: Vec<(Way, Manner)>,
    must: bool,
    may_pass: bool,
    must_pass: bool,
}

/// How many different `first`s are kept at one point.
const MAX_PENDING: usize = 6;

/// The answers to one query for all entries; nodes are summarised once.
pub struct Orders<'a> {
    program: &'a Program,
    summary: &'a Summary,
    query: OrderQuery<'a>,
    wanted: Effects,
    memo: FxHashMap<NodeId, Option<Rc<NodeOrder>>>,
}

impl<'a> Orders<'a> {
    pub fn new(program: &'a Program, summary: &'a Summary, query: OrderQuery<'a>) -> Orders<'a> {
        // Which kinds of effect matter at all: nodes without them are passed over.
        let mut wanted = Effects::default();
        for site in &program.sites {
            let follows = query.followed_by.is_some_and(|follows| follows(site));
            if (query.first)(site) || (query.then)(site) || (query.cleared_by)(site) || follows {
                wanted.add(site.effect);
            }
        }
        Orders { program, summary, query, wanted, memo: FxHashMap::default() }
    }

    /// All pairs of `entry`'s transaction, sorted by place. Trigger frames that the entry's DML opens
    /// are not searched: callouts there are reported at their trigger.
    pub fn of(&mut self, entry: EntryId) -> Vec<Ordered> {
        let entry = self.program.entry(entry);
        let reached = self.summary.effects[entry.node.0 as usize];
        if !self.program.sites.iter().any(|site| reached.has(site.effect) && (self.query.then)(site)) {
            return Vec::new();
        }
        let start = Hop::entry(entry);
        let mut best: FxHashMap<(SiteId, bool), Pair> = FxHashMap::default();
        let order = self.node(entry.node);
        for pair in &order.pairs {
            // A batch job whose scope is one record has no second turn.
            if matches!(pair.across, Some((_, Bound::EntryBatch))) && entry.batch_scope == Some(1) {
                continue;
            }
            let key = (pair.then.site, pair.across.is_some());
            match best.get(&key) {
                Some(known) if !is_better(pair, known) => {}
                _ => {
                    best.insert(key, pair.clone());
                }
            }
        }
        // One cause is told once: what goes wrong in a straight line already, or is certain there, need not
        // be told again for the loop around it.
        let sites: Vec<SiteId> = best.keys().map(|(site, _)| *site).collect();
        for site in sites {
            if let (Some(straight), Some(across)) = (best.get(&(site, false)), best.get(&(site, true)))
                && (straight.must || straight.first.site == across.first.site || !across.must)
            {
                best.remove(&(site, true));
            }
        }
        let mut pairs: Vec<Pair> = best.into_values().collect();
        if let Some(follows) = self.query.followed_by {
            let mut later = self.follow_ups(follows);
            let followed = later.of_node(entry.node);
            pairs.retain(|pair| {
                let object = self.program.site(pair.first.site).object;
                followed.iter().any(|(then, last)| {
                    *then == pair.then.site && object.is_some() && self.program.site(*last).object == object
                })
            });
        }
        let mut ordered: Vec<Ordered> = pairs
            .iter()
            .map(|pair| Ordered {
                first: pair.first.site,
                then: pair.then.site,
                must: pair.must,
                across: pair.across,
                confidence: pair.first.confidence.min(pair.then.confidence),
                first_path: pair.first.path(start),
                then_path: pair.then.path(start),
            })
            .collect();
        ordered.sort_by_key(|pair| {
            let (then, first) = (self.program.site(pair.then), self.program.site(pair.first));
            (then.at, pair.across.is_some(), first.at)
        });
        ordered
    }

    /// The query "`then`, and after it `follows`".
    fn follow_ups(&self, follows: &'a dyn Fn(&Site) -> bool) -> Orders<'a> {
        let query = OrderQuery {
            first: self.query.then,
            then: follows,
            cleared_by: &|_| false,
            followed_by: None,
            blocked: None,
        };
        Orders::new(self.program, self.summary, query)
    }

    fn of_node(&mut self, node: NodeId) -> Vec<(SiteId, SiteId)> {
        self.node(node).pairs.iter().map(|pair| (pair.first.site, pair.then.site)).collect()
    }

    fn node(&mut self, node: NodeId) -> Rc<NodeOrder> {
        match self.memo.get(&node) {
            Some(Some(known)) => return known.clone(),
            // Recursion: the inner run adds nothing that the outer one does not do itself.
            Some(None) => {
                return Rc::new(NodeOrder { exit: Some(Exit::transparent()), ..NodeOrder::default() });
            }
            None => {}
        }
        if !self.summary.effects[node.0 as usize].intersects(self.wanted) {
            let order = NodeOrder { exit: Some(Exit::transparent()), ..NodeOrder::default() };
            let order = Rc::new(order);
            self.memo.insert(node, Some(order.clone()));
            return order;
        }
        self.memo.insert(node, None);
        let mut walk = Walk {
            orders: self,
            order: NodeOrder::default(),
            returns: Vec::new(),
            jumps: Vec::new(),
            decisions: 0,
            singles: 0,
            catches: 0,
            fillings: 0,
        };
        let start = State { pending: Vec::new(), must: false, may_pass: true, must_pass: true };
        let program = walk.orders.program;
        let end = walk.steps(&program.node(node).steps, Some(start), &mut Vec::new());
        let mut returns = std::mem::take(&mut walk.returns);
        returns.extend(end);
        let mut order = walk.order;
        order.exit = merge(returns).map(|state| Exit {
            pending: distinct_exits(&state.pending),
            must: state.must,
            may_pass: state.may_pass,
            must_pass: state.must_pass,
        });
        order.ever = distinct(order.ever.into_iter());
        let order = Rc::new(order);
        self.memo.insert(node, Some(order.clone()));
        order
    }
}

impl State {
    /// Nothing has happened, in a caller neither.
    fn clean() -> State {
        State { pending: Vec::new(), must: false, may_pass: false, must_pass: false }
    }
}

impl Exit {
    fn transparent() -> Exit {
        Exit { pending: Vec::new(), must: false, may_pass: true, must_pass: true }
    }
}

/// The walk over one node's steps.
struct Walk<'o, 'a> {
    orders: &'o mut Orders<'a>,
    order: NodeOrder,
    /// States at `return`.
    returns: Vec<State>,
    /// For each open loop: states at `break` and at `continue`.
    jumps: Vec<(Vec<State>, Vec<State>)>,
    /// How many decisions of the project are around the step at hand.
    decisions: usize,
    /// How many arms that run for one element only (`if (list.size() == 1)`).
    singles: usize,
    /// How many `catch` clauses are around the step at hand.
    catches: usize,
    /// How many arms that fill what was empty (`if (settings == null)`): they hardly ever run.
    fillings: usize,
}

impl Walk<'_, '_> {
    /// The state after the steps; `None` where control does not come.
    fn steps(&mut self, steps: &[Step], state: Option<State>, around: &mut Vec<Condition>) -> Option<State> {
        let mut state = state?;
        for step in steps {
            match step {
                Step::Effect(site) => self.effect(*site, &mut state, around),
                Step::Dml { site, .. } => self.effect(*site, &mut state, around),
                Step::Call(call) if self.blocked(call.at) => {}
                Step::Call(call) => {
                    let mut after = Vec::new();
                    for &target in &call.targets {
                        let hop = Hop { at: call.at, kind: HopKind::Call, node: Some(target) };
                        after.extend(self.call(target, hop, call.how.confidence(), &state, around));
                    }
                    state = merge(after)?;
                }
                Step::Branch { arms, exhaustive } => {
                    let mut after = Vec::new();
                    for arm in arms {
                        let depth = around.len();
                        let decided = usize::from(arm.guards.has_any(Guards::DECISION));
                        let single = usize::from(arm.guards.has_any(Guards::SINGLE));
                        let filling = usize::from(arm.guards.has_any(Guards::MEMO));
                        let start =
                            if arm.guards.has_any(Guards::CLEAN) { State::clean() } else { state.clone() };
                        around.extend(&arm.conditions);
                        self.decisions += decided;
                        self.singles += single;
                        self.fillings += filling;
                        after.extend(self.steps(&arm.steps, Some(start), around));
                        self.decisions -= decided;
                        self.singles -= single;
                        self.fillings -= filling;
                        around.truncate(depth);
                    }
                    if !exhaustive {
                        after.push(state);
                    }
                    state = merge(after)?;
                }
                Step::Loop(body) => state = self.looped(body, state, around)?,
                Step::Try { body, catches, finally } => {
                    state = self.tried(body, catches, finally, state, around)?;
                }
                Step::Commit => state = State::clean(),
                Step::Return => {
                    self.returns.push(state);
                    return None;
                }
                Step::Throw => return None,
                Step::Break => {
                    if let Some((breaks, _)) = self.jumps.last_mut() {
                        breaks.push(state);
                    }
                    return None;
                }
                Step::Continue => {
                    if let Some((_, continues)) = self.jumps.last_mut() {
                        continues.push(state);
                    }
                    return None;
                }
            }
        }
        Some(state)
    }

    fn effect(&mut self, site: SiteId, state: &mut State, around: &[Condition]) {
        let program = self.orders.program;
        let place = program.site(site);
        if self.blocked(place.at) {
            return;
        }
        if (self.orders.query.then)(place) {
            let way = self.doubted(Way::here(program, site));
            self.meet(&way, state, around, true);
            self.open(way, state);
        }
        if (self.orders.query.cleared_by)(place) {
            state.pending.clear();
            state.must = false;
            state.may_pass = false;
            state.must_pass = false;
        }
        if (self.orders.query.first)(place) {
            let way = self.rare(Way::here(program, site));
            self.order.ever.push(way.clone());
            add(
                state,
                Pending {
                    way,
                    conditions: around.to_vec(),
                    earlier_iteration: None,
                    must: true,
                    whenever: true,
                    exceptional: self.catches > 0,
                },
            );
            state.must = true;
        }
    }

    fn blocked(&self, at: Location) -> bool {
        self.orders.query.blocked.is_some_and(|blocked| blocked(at))
    }

    /// What happens in code that fills a cache or makes missing settings: rare.
    fn rare(&self, mut way: Way) -> Way {
        if self.fillings > 0 {
            way.confidence = Confidence::Low;
        }
        way
    }

    /// A way that a decision of the project may close.
    fn doubted(&self, mut way: Way) -> Way {
        if self.decisions > 0 {
            way.confidence = Confidence::Low;
        }
        way
    }

    /// `then` is reached: pairs it with all that may be pending.
    fn meet(&mut self, then: &Way, state: &State, around: &[Condition], must_pass: bool) {
        for pending in &state.pending {
            let excluded = pending.conditions.iter().any(|a| around.iter().any(|b| a.contradicts(*b)));
            if excluded {
                continue;
            }
            // Under the same conditions as `first`, or on every way.
            let same =
                pending.whenever && pending.conditions.iter().all(|condition| around.contains(condition));
            // What one turn of a loop leaves on the way that is meant, the next one meets.
            let must = match pending.earlier_iteration {
                Some(_) => !pending.exceptional,
                None => must_pass && (state.must || (same && !pending.conditions.is_empty())),
            };
            self.order.pairs.push(Pair {
                first: pending.way.clone(),
                then: match pending.earlier_iteration {
                    Some((at, _)) => {
                        then.through(Hop { at, kind: HopKind::Loop, node: None }, Confidence::High)
                    }
                    None => then.clone(),
                },
                must,
                sure: must && (pending.must || same),
                across: pending.earlier_iteration,
            });
        }
    }

    fn open(&mut self, way: Way, state: &State) {
        if !state.may_pass {
            return;
        }
        let open = Open { way, must_pass: state.must_pass };
        match self.order.open.iter_mut().find(|known| known.way.site == open.way.site) {
            Some(known) => {
                if (open.must_pass, std::cmp::Reverse(open.way.length))
                    > (known.must_pass, std::cmp::Reverse(known.way.length))
                {
                    *known = open;
                }
            }
            None => self.order.open.push(open),
        }
    }

    fn call(
        &mut self,
        target: NodeId,
        hop: Hop,
        confidence: Confidence,
        state: &State,
        around: &[Condition],
    ) -> Option<State> {
        let callee = self.orders.node(target);
        for pair in &callee.pairs {
            self.order.pairs.push(Pair {
                first: pair.first.through(hop, confidence),
                then: self.doubted(pair.then.through(hop, confidence)),
                ..*pair
            });
        }
        for open in &callee.open {
            let way = self.doubted(open.way.through(hop, confidence));
            self.meet(&way, state, around, open.must_pass);
            if state.may_pass {
                let passed = State { must_pass: state.must_pass && open.must_pass, ..state.clone() };
                self.open(way, &passed);
            }
        }
        for way in &callee.ever {
            self.order.ever.push(way.through(hop, confidence));
        }
        dedupe(&mut self.order.pairs);
        let exit = callee.exit.as_ref()?;
        let mut after = State {
            pending: if exit.may_pass { state.pending.clone() } else { Vec::new() },
            must: (state.must && exit.must_pass) || exit.must,
            may_pass: state.may_pass && exit.may_pass,
            must_pass: state.must_pass && exit.must_pass,
        };
        for (way, manner) in &exit.pending {
            let pending = Pending {
                way: self.rare(way.through(hop, confidence)),
                conditions: around.to_vec(),
                earlier_iteration: None,
                must: manner.must,
                whenever: manner.must,
                exceptional: manner.exceptional || self.catches > 0,
            };
            add(&mut after, pending);
        }
        Some(after)
    }

    fn looped(
        &mut self,
        body: &crate::program::model::Loop,
        before: State,
        around: &mut Vec<Condition>,
    ) -> Option<State> {
        self.jumps.push((Vec::new(), Vec::new()));
        let end = self.steps(&body.steps, Some(before.clone()), around);
        let (mut breaks, continues) = self.jumps.pop().expect("pushed above");
        let mut ends = continues;
        ends.extend(end);
        let once = merge(ends);
        if let Some(once) = &once
            && !matches!(body.bound, Bound::Constant(0 | 1))
            && self.singles == 0
        {
            // The next iteration starts with what this one left.
            let mut again = once.clone();
            let known: Vec<SiteId> = before.pending.iter().map(|pending| pending.way.site).collect();
            for pending in &mut again.pending {
                if !known.contains(&pending.way.site) {
                    pending.earlier_iteration = Some((body.at, body.bound));
                    pending.conditions.retain(|condition| !body.resets.contains(&condition.subject));
                }
            }
            // What was pending before the loop has met everything in the first iteration.
            again.pending.retain(|pending| pending.earlier_iteration.is_some());
            if !again.pending.is_empty() {
                again.may_pass = false;
                // What is certain of this turn alone was said in the first one.
                again.must = false;
                self.jumps.push((Vec::new(), Vec::new()));
                self.steps(&body.steps, Some(again), around);
                self.jumps.pop();
            }
        }
        let mut after = Vec::new();
        if !body.at_least_once {
            after.push(before);
        }
        after.extend(once);
        after.append(&mut breaks);
        let mut state = merge(after)?;
        // Behind the loop, "an earlier iteration" is just "before".
        for pending in &mut state.pending {
            pending.earlier_iteration = None;
            pending.whenever &= body.at_least_once;
            pending.conditions.retain(|condition| !body.resets.contains(&condition.subject));
        }
        Some(state)
    }

    fn tried(
        &mut self,
        body: &[Step],
        catches: &[Clause],
        finally: &[Step],
        before: State,
        around: &mut Vec<Condition>,
    ) -> Option<State> {
        // What an exception leaves behind: everything up to the last effect of the body, which may
        // be the one that failed.
        let last = last_sites(body);
        let outer = std::mem::take(&mut self.order.ever);
        let end = self.steps(body, Some(before.clone()), around);
        let inside = std::mem::replace(&mut self.order.ever, outer);
        let mut caught = before.clone();
        caught.must_pass = false;
        for way in distinct(inside.iter().cloned()) {
            if !last.contains(&way.site) {
                let pending = Pending {
                    way,
                    conditions: Vec::new(),
                    earlier_iteration: None,
                    must: false,
                    whenever: false,
                    exceptional: true,
                };
                add(&mut caught, pending);
            }
        }
        self.order.ever.extend(distinct(inside.into_iter()));
        let mut after = Vec::new();
        after.extend(end);
        self.catches += 1;
        for clause in catches {
            after.extend(self.steps(&clause.steps, Some(caught.clone()), around));
        }
        self.catches -= 1;
        let state = merge(after);
        match state {
            Some(state) => self.steps(finally, Some(state), around),
            None => {
                self.steps(finally, Some(caught), around);
                None
            }
        }
    }
}

/// The sites of the last step of a list, if that is an effect.
fn last_sites(steps: &[Step]) -> Vec<SiteId> {
    let last = steps.iter().rev().find(|step| !matches!(step, Step::Return | Step::Break | Step::Continue));
    match last {
        Some(Step::Effect(site) | Step::Dml { site, .. }) => vec![*site],
        _ => Vec::new(),
    }
}

fn add(state: &mut State, pending: Pending) {
    let room = state.pending.len() < MAX_PENDING;
    match state.pending.iter_mut().find(|known| known.way.site == pending.way.site) {
        Some(known) => {
            // The same site by another way: what both have in common.
            known.conditions.retain(|condition| pending.conditions.contains(condition));
            if pending.way.length < known.way.length {
                known.way = pending.way;
            }
            known.earlier_iteration = known.earlier_iteration.and(pending.earlier_iteration);
            known.must |= pending.must;
            known.whenever &= pending.whenever;
            known.exceptional &= pending.exceptional;
        }
        None if room => state.pending.push(pending),
        None => {}
    }
}

fn merge(states: Vec<State>) -> Option<State> {
    let mut states = states.into_iter();
    let mut merged = states.next()?;
    for state in states {
        merged.must &= state.must;
        merged.may_pass |= state.may_pass;
        merged.must_pass &= state.must_pass;
        for pending in &mut merged.pending {
            pending.must &=
                state.pending.iter().any(|other| other.way.site == pending.way.site && other.must);
        }
        for mut pending in state.pending {
            let known = merged
                .pending
                .iter()
                .any(|known| known.way.site == pending.way.site && known.conditions == pending.conditions);
            if !known && merged.pending.len() < 2 * MAX_PENDING {
                pending.must &=
                    merged.pending.iter().any(|other| other.way.site == pending.way.site && other.must);
                merged.pending.push(pending);
            }
        }
    }
    Some(merged)
}

/// What is pending at the end of a node: each site once, by its shortest way.
fn distinct_exits(pending: &[Pending]) -> Vec<(Way, Manner)> {
    distinct(pending.iter().map(|pending| pending.way.clone()))
        .into_iter()
        .map(|way| {
            let mut same = pending.iter().filter(|pending| pending.way.site == way.site);
            let manner = Manner {
                must: same.clone().any(|pending| pending.must),
                exceptional: same.all(|pending| pending.exceptional),
            };
            (way, manner)
        })
        .collect()
}

/// One way per site, the shortest.
fn distinct(ways: impl Iterator<Item = Way>) -> Vec<Way> {
    let mut found: Vec<Way> = Vec::new();
    for way in ways {
        let room = found.len() < MAX_PENDING;
        match found.iter_mut().find(|known| known.site == way.site) {
            Some(known) if way.length < known.length => *known = way,
            Some(_) => {}
            None if room => found.push(way),
            None => {}
        }
    }
    found
}

fn is_better(a: &Pair, b: &Pair) -> bool {
    let rank = |pair: &Pair| {
        let length = pair.first.length + pair.then.length;
        (pair.must, pair.sure, pair.first.confidence.min(pair.then.confidence), std::cmp::Reverse(length))
    };
    rank(a) > rank(b)
}

/// One pair per `then` site and kind, the best.
fn dedupe(pairs: &mut Vec<Pair>) {
    if pairs.len() < 16 {
        return;
    }
    let mut best: Vec<Pair> = Vec::new();
    for pair in pairs.drain(..) {
        match best.iter_mut().find(|known| {
            known.then.site == pair.then.site
                && known.across == pair.across
                && known.first.site == pair.first.site
        }) {
            Some(known) => {
                if is_better(&pair, known) {
                    *known = pair;
                }
            }
            None => best.push(pair),
        }
    }
    *pairs = best;
}
