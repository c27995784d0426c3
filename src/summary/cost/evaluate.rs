//! What each node costs: bottom up over the calls, in terms of its parameters and its batch.

use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::program::model::{
    Arm, Bound, Call, Clause, Effect, Effects, Loop, NodeId, Program, Runs, Site, SiteId, Step,
};
use crate::program::size::Size;
use crate::span::Location;
use crate::summary::Summary;

use super::interval::{Interval, Unbounded};
use super::polynomial::{Atom, Atoms, Chunks, Polynomial};
use super::tally::{Key, Of, Rarity, Tally};
use super::{Frames, Resource};

/// What a node costs, by how it ends.
#[derive(Clone, Debug, Default)]
pub struct NodeCost {
    /// `None` where it never comes back.
    pub returns: Option<Tally>,
    /// `None` where it throws nothing itself.
    pub throws: Option<Tally>,
}

impl NodeCost {
    /// The same with no upper bound, for a recursion at a place.
    fn unbounded(&self, at: Location) -> NodeCost {
        let open =
            |tally: &Option<Tally>| tally.clone().map(|tally| tally.unbounded(Unbounded::Recursion(at)));
        NodeCost { returns: open(&self.returns), throws: open(&self.throws) }
    }
}

/// What a list of steps costs, from its start to each of its ends; `None` where it does not end so.
#[derive(Clone, Debug, Default)]
struct Run {
    falls: Option<Tally>,
    breaks: Option<Tally>,
    continues: Option<Tally>,
    returns: Option<Tally>,
    throws: Option<Tally>,
    /// Up to a commit.
    commits: Option<Tally>,
}

impl Run {
    fn falls(tally: Tally) -> Run {
        Run { falls: Some(tally), ..Run::default() }
    }

    fn exits(&mut self) -> [&mut Option<Tally>; 6] {
        [
            &mut self.falls,
            &mut self.breaks,
            &mut self.continues,
            &mut self.returns,
            &mut self.throws,
            &mut self.commits,
        ]
    }

    /// With `before` before each of its ends.
    fn after(mut self, before: &Tally, atoms: &Atoms) -> Run {
        if !before.is_empty() {
            for exit in self.exits() {
                *exit = exit.take().map(|tally| before.clone().plus(&tally, atoms));
            }
        }
        self
    }

    /// The one or the other.
    fn or(mut self, mut other: Run, atoms: &Atoms) -> Run {
        for (a, b) in self.exits().into_iter().zip(other.exits()) {
            join(a, b.take(), atoms);
        }
        self
    }

    fn map(mut self, map: impl Fn(Tally) -> Tally) -> Run {
        for exit in self.exits() {
            *exit = exit.take().map(&map);
        }
        self
    }
}

fn join(known: &mut Option<Tally>, other: Option<Tally>, atoms: &Atoms) {
    *known = match (known.take(), other) {
        (Some(a), Some(b)) => Some(a.or(&b, atoms)),
        (a, b) => a.or(b),
    };
}

/// A node that is being computed.
struct Open {
    depth: usize,
    /// Something came back to it.
    again: bool,
}

/// Costs of nodes, each computed once.
pub struct Evaluator<'a> {
    program: &'a Program,
    summary: &'a Summary,
    pub atoms: Atoms,
    frames: Frames,
    /// Only what these effects cost.
    effects: Effects,
    /// Whether each place is counted by itself.
    by_site: bool,
    known: FxHashMap<NodeId, Arc<NodeCost>>,
    /// The nodes that are being computed.
    open: FxHashMap<NodeId, Open>,
    /// Of those known ones that came back to an open node, for as long as that is open: how deep that is.
    provisional: FxHashMap<NodeId, usize>,
    /// The least deep open node that was come back to.
    lowest: usize,
    /// How deep the nodes are in whose once-only arms we are.
    once: Vec<usize>,
    circles: &'a Circles,
    /// Components whose members are, or were, computed in order.
    entered: FxHashSet<u32>,
    /// How often nodes of a component were computed: those in circles more than once.
    turns: FxHashMap<u32, u32>,
}

/// What is known of a node in a circle only as a part of it is computed again for each other one; where
/// circles lie in circles that is a power of their number. After so many turns, what is known stands, as
/// something without an upper bound.
const MAX_TURNS: u32 = 400;

impl<'a> Evaluator<'a> {
    pub fn new(
        program: &'a Program,
        summary: &'a Summary,
        frames: Frames,
        resources: &[Resource],
        by_site: bool,
    ) -> Evaluator<'a> {
        let circles = summary.circles.get_or_init(|| circles(program));
        let effects =
            resources.iter().fold(Effects::default(), |all, resource| all.union(resource.effects()));
        let atoms = Atoms::new(frames.assumed);
        Evaluator {
            program,
            summary,
            atoms,
            frames,
            effects,
            by_site,
            known: FxHashMap::default(),
            open: FxHashMap::default(),
            provisional: FxHashMap::default(),
            lowest: usize::MAX,
            once: Vec::new(),
            circles,
            entered: FxHashSet::default(),
            turns: FxHashMap::default(),
        }
    }

    fn is_relevant(&self, node: NodeId) -> bool {
        self.summary
            .effects_through_dml
            .get(node.0 as usize)
            .is_some_and(|effects| effects.intersects(self.effects))
    }

    pub fn node(&mut self, id: NodeId) -> Arc<NodeCost> {
        if let Some(known) = self.known.get(&id) {
            if let Some(&low) = self.provisional.get(&id) {
                self.lowest = self.lowest.min(low);
            }
            return known.clone();
        }
        if !self.is_relevant(id) {
            let nothing = Arc::new(NodeCost { returns: Some(Tally::default()), throws: None });
            self.known.insert(id, nothing.clone());
            return nothing;
        }
        // In a circle of calls, what is asked first must not decide what comes out.
        let component = self.circles.components[id.0 as usize];
        if let Some(members) = self.circles.members.get(&component)
            && self.entered.insert(component)
        {
            for member in members.clone() {
                self.node(member);
            }
            return self.node(id);
        }
        if let Some(open) = self.open.get_mut(&id) {
            self.lowest = self.lowest.min(open.depth);
            // What runs once a transaction stops the second turn.
            let stopped = self.once.iter().any(|&depth| depth >= open.depth);
            open.again |= !stopped;
            return Arc::new(NodeCost { returns: Some(Tally::default()), throws: None });
        }
        let turns = self.turns.entry(component).or_default();
        *turns += 1;
        let gives_up = *turns > MAX_TURNS;
        let depth = self.open.len();
        self.open.insert(id, Open { depth, again: false });
        let outer = std::mem::replace(&mut self.lowest, usize::MAX);
        let node = self.program.node(id);
        let run = self.steps(id, &node.steps);
        let again = self.open.remove(&id).is_some_and(|open| open.again);
        let low = self.lowest;
        if low < depth {
            self.provisional.insert(id, low);
        } else {
            // What came back to this node is known only as a part of it.
            let known = &mut self.known;
            self.provisional.retain(|member, &mut low| {
                let done = low >= depth;
                if done && gives_up {
                    known.entry(*member).and_modify(|cost| *cost = Arc::new(cost.unbounded(node.at)));
                } else if done {
                    known.remove(member);
                }
                !done
            });
        }
        self.lowest = if low < depth { outer.min(low) } else { outer };
        let mut returns = run.falls;
        for exit in [run.returns, run.commits, run.breaks, run.continues] {
            join(&mut returns, exit, &self.atoms);
        }
        let mut end = |tally: Tally| {
            let tally = tally.end_of_call(&mut self.atoms);
            if again { tally.unbounded(Unbounded::Recursion(node.at)) } else { tally }
        };
        let cost = Arc::new(NodeCost { returns: returns.map(&mut end), throws: run.throws.map(&mut end) });
        self.known.insert(id, cost.clone());
        cost
    }

    fn steps(&mut self, node: NodeId, steps: &[Step]) -> Run {
        let mut all = Run::falls(Tally::default());
        for step in steps {
            let Some(before) = all.falls.take() else { break };
            let run = self.step(node, step).after(&before, &self.atoms);
            all = all.or(run, &self.atoms);
        }
        all
    }

    fn step(&mut self, node: NodeId, step: &Step) -> Run {
        match step {
            Step::Effect(site) => Run::falls(self.effect(node, *site)),
            Step::Dml { site, triggers } => self.dml(node, *site, triggers),
            Step::Call(call) => self.call(node, call),
            Step::Branch { arms, exhaustive } => self.branch(node, arms, *exhaustive),
            Step::Loop(body) => self.repeated(node, body),
            Step::Try { body, catches, finally } => self.tried(node, body, catches, finally),
            Step::Commit => {
                Run { falls: Some(Tally::default()), commits: Some(Tally::default()), ..Run::default() }
            }
            Step::Return => Run { returns: Some(Tally::default()), ..Run::default() },
            Step::Throw => Run { throws: Some(Tally::default()), ..Run::default() },
            Step::Break => Run { breaks: Some(Tally::default()), ..Run::default() },
            Step::Continue => Run { continues: Some(Tally::default()), ..Run::default() },
        }
    }

    /// A size of `node`, seen from `at`.
    fn size(&mut self, node: NodeId, size: &Size, at: Location) -> Interval {
        let locals = &self.program.node(node).sizes.locals;
        Interval::of_size(size, locals, at, &mut self.atoms)
    }

    fn rows(&mut self, node: NodeId, site: SiteId) -> Interval {
        let at = self.program.site(site).at;
        let size = self.program.node(node).sizes.rows_of(site).cloned().unwrap_or_default();
        self.size(node, &size, at)
    }

    fn effect(&mut self, node: NodeId, id: SiteId) -> Tally {
        let site = self.program.site(id);
        let mut tally = Tally::default();
        let units = units(site, self.frames.default_timeout_ms);
        for (resource, unit) in units {
            if !resource.effects().intersects(self.effects) {
                continue;
            }
            let interval = match unit {
                Unit::Count(count) => Interval::exactly(count),
                Unit::Rows => self.rows(node, id),
            };
            let key = Key { resource, site: self.by_site.then_some(id) };
            tally.add(key, interval, &self.atoms);
        }
        tally
    }

    fn dml(&mut self, node: NodeId, site: SiteId, triggers: &[NodeId]) -> Run {
        let mut run = Run::falls(self.effect(node, site));
        if triggers.iter().all(|&trigger| !self.is_relevant(trigger)) {
            return run;
        }
        let rows = self.rows(node, site);
        for &trigger in triggers {
            let cost = self.node(trigger);
            let Some(before) = run.falls.take() else { break };
            let fired =
                |this: &mut Self, tally: &Option<Tally>| tally.as_ref().map(|tally| this.fired(tally, &rows));
            let fired = Run {
                falls: fired(self, &cost.returns),
                throws: fired(self, &cost.throws),
                ..Run::default()
            };
            run = run.or(fired.after(&before, &self.atoms), &self.atoms);
        }
        run
    }

    /// What a trigger costs for DML of so many rows: they come in chunks, and each chunk is a run of its
    /// own (DOMAIN E.1).
    fn fired(&mut self, tally: &Tally, rows: &Interval) -> Tally {
        let chunk = u64::from(self.frames.trigger_batch);
        let atoms = &mut self.atoms;
        let mut fired = tally.map(&mut |polynomial, is_least, of| {
            let rows = if is_least { &rows.least } else { &rows.most };
            match of {
                Of::Run => in_chunks(polynomial, rows, chunk, is_least, atoms),
                // It is passed once a chunk, but what it takes is that of one.
                Of::Passing => in_one(polynomial, rows, chunk, is_least, atoms),
            }
        });
        if let Some(why) = rows.unbounded {
            fired = fired.unbounded(why);
        }
        fired
    }

    fn call(&mut self, node: NodeId, call: &Call) -> Run {
        if call.targets.iter().all(|&target| !self.is_relevant(target)) {
            return Run::falls(Tally::default());
        }
        let mut all: Option<Run> = None;
        for &target in &call.targets {
            let cost = self.node(target);
            let args: Vec<Interval> = call.sizes.iter().map(|size| self.size(node, size, call.at)).collect();
            let given = |this: &mut Self, tally: &Option<Tally>| {
                tally.as_ref().map(|tally| this.given(tally, &args, call.at))
            };
            let mut run = Run {
                falls: given(self, &cost.returns),
                throws: given(self, &cost.throws),
                ..Run::default()
            };
            if call.once {
                let at = self.program.node(target).at;
                let atoms = &self.atoms;
                run = run.map(|tally| tally.rare(at, Rarity::Once, atoms));
            }
            all = Some(match all {
                Some(known) => known.or(run, &self.atoms),
                None => run,
            });
        }
        all.unwrap_or_else(|| Run::falls(Tally::default()))
    }

    /// A callee's cost with the sizes of the arguments in place of its parameters.
    fn given(&mut self, tally: &Tally, args: &[Interval], at: Location) -> Tally {
        let mut unbounded = None;
        let atoms = &mut self.atoms;
        let given = tally.map(&mut |polynomial, is_least, _| {
            atoms.replace(polynomial, &mut |atoms, atom| {
                let Atom::Param(param) = atom else { return None };
                match args.get(param as usize) {
                    Some(arg) if is_least => Some(arg.least.clone()),
                    Some(arg) => {
                        unbounded = unbounded.or(arg.unbounded);
                        Some(arg.most.clone())
                    }
                    None if is_least => Some(Polynomial::default()),
                    None => Some(Interval::of_size(&Size::Unknown, &[], at, atoms).most),
                }
            })
        });
        match unbounded {
            Some(why) => given.unbounded(why),
            None => given,
        }
    }

    fn branch(&mut self, node: NodeId, arms: &[Arm], exhaustive: bool) -> Run {
        let mut all: Option<Run> = (!exhaustive || arms.is_empty()).then(|| Run::falls(Tally::default()));
        for arm in arms {
            let once = matches!(arm.runs, Runs::Once | Runs::NotWithin);
            if once {
                self.once.push(self.open.len().saturating_sub(1));
            }
            let run = self.steps(node, &arm.steps);
            if once {
                self.once.pop();
            }
            let rarity = match arm.runs {
                Runs::Each | Runs::NotWithin => None,
                Runs::Once => Some((arm.at, Rarity::Once)),
                Runs::OnceACall => Some((arm.at, Rarity::OnceACall)),
                Runs::PerKey { cache, outlives: true } => Some((cache, Rarity::PerKey)),
                Runs::PerKey { cache, outlives: false } => Some((cache, Rarity::PerKeyACall)),
                Runs::Chunk(chunk) => Some((arm.at, Rarity::Chunk(chunk))),
                Runs::WithinLimits => Some((arm.at, Rarity::WithinLimits)),
            };
            let run = match rarity {
                Some((at, rarity)) => {
                    let atoms = &self.atoms;
                    run.map(|tally| tally.rare(at, rarity, atoms))
                }
                None => run,
            };
            all = Some(match all {
                Some(known) => known.or(run, &self.atoms),
                None => run,
            });
        }
        all.unwrap_or_default()
    }

    fn turns(&mut self, node: NodeId, body: &Loop) -> Interval {
        let mut turns = match (&body.size, body.bound) {
            (Size::Unknown, Bound::Constant(turns)) => Interval::exactly(u64::from(turns)),
            (Size::Unknown, Bound::EntryBatch) => self.size(node, &Size::Batch, body.at),
            // Each interview goes through a collection of its own.
            (Size::Unknown, Bound::FlowLoop) => {
                let own = self.size(node, &Size::Unknown, body.at);
                own.times(&self.size(node, &Size::Batch, body.at), &self.atoms)
            }
            (Size::Unknown, Bound::Chunks) => {
                let size = Size::Unknown;
                let of = self.size(node, &size, body.at);
                Interval::up_to(self.atoms.chunks(&of.most, self.frames.trigger_batch))
            }
            (Size::Unknown, Bound::Paging) => Interval::without_end(Unbounded::Paging(body.at)),
            (Size::Unknown, Bound::Unknown | Bound::Retry) => Interval::without_end(Unbounded::Loop(body.at)),
            (size, _) => {
                let size = size.clone();
                self.size(node, &size, body.at)
            }
        };
        if body.at_least_once {
            if !turns.least.is_positive() {
                turns.least = turns.least.or_more(&Polynomial::constant(1), &self.atoms);
            }
            if !turns.most.is_positive() {
                turns.most = turns.most.or_more(&Polynomial::constant(1), &self.atoms);
            }
        }
        turns
    }

    fn repeated(&mut self, node: NodeId, body: &Loop) -> Run {
        let mut run = self.steps(node, &body.steps);
        let turns = self.turns(node, body);
        let mut again = run.falls.take();
        join(&mut again, run.continues.take(), &self.atoms);
        let leaves = run.breaks.is_some() || run.returns.is_some();
        let surely = turns.least.is_positive();
        let mut turned = match &again {
            Some(again) => again.times(&turns, &self.atoms),
            None => Tally::default(),
        };
        if leaves {
            turned = turned.maybe();
        }
        let turn = again.clone().unwrap_or_default();
        let atoms = &self.atoms;
        let after = |exit: Option<Tally>| exit.map(|exit| turned.clone().with_last(&turn, &exit, atoms));
        let mut all = Run {
            returns: after(run.returns.take()),
            throws: after(run.throws.take()),
            commits: after(run.commits.take()),
            ..Run::default()
        };
        // The loop is left at its end, unless its body always leaves it, or by a `break`.
        if again.is_some() || !surely {
            all.falls = Some(turned.clone());
        }
        // The first turn is sure to run, and is one of those that go on or break.
        let mut first = again;
        join(&mut first, run.breaks.clone(), atoms);
        join(&mut all.falls, after(run.breaks.take()), atoms);
        if leaves && surely {
            let first = first.unwrap_or_default();
            all.falls = all.falls.map(|falls| falls.at_least(&first));
        }
        all
    }

    fn tried(&mut self, node: NodeId, body: &[Step], catches: &[Clause], finally: &[Step]) -> Run {
        let mut run = self.steps(node, body);
        if !catches.is_empty() {
            let thrown = run.throws.take();
            // Whatever throws does so after a part of the body.
            let mut part: Option<Tally> = thrown.clone();
            for exit in run.exits() {
                join(&mut part, exit.clone(), &self.atoms);
            }
            let part = part.unwrap_or_default().maybe();
            let mut caught: Option<Run> = None;
            for catch in catches {
                let clause = self.steps(node, &catch.steps).after(&part, &self.atoms);
                caught = Some(match caught {
                    Some(known) => known.or(clause, &self.atoms),
                    None => clause,
                });
            }
            let mut caught = caught.unwrap_or_default();
            if thrown.is_some() {
                run = run.or(caught, &self.atoms);
            } else {
                for (known, other) in run.exits().into_iter().zip(caught.exits()) {
                    *known = match (known.take(), other.take()) {
                        (Some(a), Some(b)) => Some(a.or_rarely(&b, &self.atoms)),
                        (a, b) => a.or(b),
                    };
                }
            }
        }
        let last = self.steps(node, finally);
        if let Some(finally) = last.falls.filter(|tally| !tally.is_empty()) {
            let atoms = &self.atoms;
            run = run.map(|tally| tally.plus(&finally, atoms));
        }
        run
    }
}

/// What `polynomial` of a trigger's batch comes to when so many rows come in chunks.
fn in_chunks(
    polynomial: &Polynomial,
    rows: &Polynomial,
    chunk: u64,
    is_least: bool,
    atoms: &mut Atoms,
) -> Polynomial {
    // In one chunk.
    if rows.as_constant().is_some_and(|rows| rows <= chunk) {
        if rows.is_zero() {
            return Polynomial::default();
        }
        return atoms.with_batch(polynomial, rows);
    }
    let chunks = atoms.cut(Chunks { of: rows.clone(), by: chunk as u32, for_trigger: true });
    let full = most_in_one(rows, chunk);
    let mut sum = Polynomial::default();
    let terms: Vec<(Vec<Atom>, u64)> =
        polynomial.terms().map(|(product, factor)| (product.to_vec(), factor)).collect();
    for (product, factor) in terms {
        let degree = product.iter().filter(|atom| **atom == Atom::Batch).count();
        let mut all = Polynomial::constant(factor);
        let mut inside = false;
        for atom in product.into_iter().filter(|atom| *atom != Atom::Batch) {
            let atom = Polynomial::atom(atom);
            inside |= atoms.has_batch(&atom);
            all = all.times(&atoms.with_batch(&atom, &full), atoms);
        }
        let times = match (degree, is_least) {
            (_, true) if inside => Polynomial::default(),
            (0, _) => chunks.clone(),
            (1, _) | (_, true) => rows.clone(),
            (degree, false) => {
                let rest = (1..degree).fold(1u64, |all, _| all.saturating_mul(chunk));
                rows.times(&Polynomial::constant(rest), atoms)
            }
        };
        let times = if inside && degree > 0 && !is_least {
            // A full chunk each.
            (0..degree).fold(chunks.clone(), |all, _| all.times(&full, atoms))
        } else {
            times
        };
        all = all.times(&times, atoms);
        sum.append(&all);
    }
    sum.kept(atoms)
}

/// How many of the rows are in one chunk at most. What comes as a batch is mostly no more than a chunk.
fn most_in_one(rows: &Polynomial, chunk: u64) -> Polynomial {
    let is_batch = match rows.terms().collect::<Vec<_>>().as_slice() {
        [(product, 1)] => matches!(product, [Atom::Batch | Atom::Param(_)]),
        _ => false,
    };
    if is_batch { rows.clone() } else { Polynomial::constant(chunk) }
}

/// What `polynomial` of a trigger's batch comes to in one of the chunks that so many rows come in.
fn in_one(
    polynomial: &Polynomial,
    rows: &Polynomial,
    chunk: u64,
    is_least: bool,
    atoms: &mut Atoms,
) -> Polynomial {
    let of_a_chunk = match rows.as_constant() {
        Some(rows) => Polynomial::constant(rows.min(chunk)),
        None if is_least => Polynomial::default(),
        None => most_in_one(rows, chunk),
    };
    atoms.with_batch(polynomial, &of_a_chunk)
}

enum Unit {
    Count(u64),
    Rows,
}

/// What one run of a site takes.
fn units(site: &Site, default_timeout_ms: u64) -> Vec<(Resource, Unit)> {
    let one = |resource| (resource, Unit::Count(1));
    match site.effect {
        Effect::Callout => {
            let time = site.fact("timeout-ms").and_then(|time| time.parse().ok());
            vec![
                one(Resource::Callouts),
                (Resource::Timeout, Unit::Count(time.unwrap_or(default_timeout_ms))),
            ]
        }
        Effect::Query => vec![one(Resource::Soql), (Resource::SoqlRows, Unit::Rows)],
        Effect::Search => vec![one(Resource::Sosl)],
        Effect::Dml => vec![one(Resource::Dml), (Resource::DmlRows, Unit::Rows)],
        Effect::Publish => {
            let events = (Resource::PublishedEvents, Unit::Rows);
            match site.fact("publish-behavior") {
                Some("after-commit") => {
                    vec![one(Resource::Dml), one(Resource::PublishAfterCommit), events]
                }
                _ => vec![one(Resource::PublishImmediate), events],
            }
        }
        Effect::ConnectWrite | Effect::Savepoint | Effect::Rollback => vec![one(Resource::Dml)],
        Effect::Enqueue => vec![one(Resource::Enqueue)],
        Effect::Future => vec![one(Resource::Future)],
        Effect::Batch => vec![one(Resource::BatchStart)],
        Effect::Email => vec![one(Resource::Email)],
        _ => Vec::new(),
    }
}

/// The strongly connected components of the calls, with DML into triggers.
#[derive(Clone, Debug, Default)]
pub struct Circles {
    /// Of each node the number of its component.
    components: Vec<u32>,
    /// Of those that hold a circle the members that are asked for, in order.
    members: FxHashMap<u32, Vec<NodeId>>,
}

fn circles(program: &Program) -> Circles {
    let calls: Vec<Vec<u32>> = program.nodes.iter().map(|node| called(&node.steps)).collect();
    let count = calls.len();
    let mut components = vec![u32::MAX; count];
    let (mut index, mut low) = (vec![u32::MAX; count], vec![0u32; count]);
    let mut on_stack = vec![false; count];
    let (mut stack, mut next, mut component) = (Vec::new(), 0u32, 0u32);
    let mut members: FxHashMap<u32, Vec<NodeId>> = FxHashMap::default();
    for start in 0..count as u32 {
        if index[start as usize] != u32::MAX {
            continue;
        }
        let mut work: Vec<(u32, usize)> = vec![(start, 0)];
        while let Some((node, at)) = work.last_mut() {
            let node = *node;
            if *at == 0 && index[node as usize] == u32::MAX {
                index[node as usize] = next;
                low[node as usize] = next;
                next += 1;
                stack.push(node);
                on_stack[node as usize] = true;
            }
            if let Some(&callee) = calls[node as usize].get(*at) {
                *at += 1;
                if index[callee as usize] == u32::MAX {
                    work.push((callee, 0));
                } else if on_stack[callee as usize] {
                    low[node as usize] = low[node as usize].min(index[callee as usize]);
                }
                continue;
            }
            work.pop();
            if let Some((caller, _)) = work.last() {
                low[*caller as usize] = low[*caller as usize].min(low[node as usize]);
            }
            if low[node as usize] == index[node as usize] {
                let mut found = Vec::new();
                while let Some(member) = stack.pop() {
                    on_stack[member as usize] = false;
                    components[member as usize] = component;
                    found.push(NodeId(member));
                    if member == node {
                        break;
                    }
                }
                if found.len() > 1 {
                    found.sort_unstable();
                    members.insert(component, found);
                }
                component += 1;
            }
        }
    }
    // Only those are asked for that something outside of the circle calls, or the platform.
    let mut asked: FxHashSet<NodeId> = program.entries.iter().map(|entry| entry.node).collect();
    for (caller, callees) in calls.iter().enumerate() {
        let outside = |callee: &&u32| components[**callee as usize] != components[caller];
        asked.extend(callees.iter().filter(outside).map(|&callee| NodeId(callee)));
    }
    members.values_mut().for_each(|members| members.retain(|member| asked.contains(member)));
    Circles { components, members }
}

fn called(steps: &[Step]) -> Vec<u32> {
    let mut found = Vec::new();
    let mut todo: Vec<&[Step]> = vec![steps];
    while let Some(steps) = todo.pop() {
        for step in steps {
            match step {
                Step::Call(call) => found.extend(call.targets.iter().map(|target| target.0)),
                Step::Dml { triggers, .. } => found.extend(triggers.iter().map(|trigger| trigger.0)),
                inner => todo.extend(inner.blocks()),
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}
