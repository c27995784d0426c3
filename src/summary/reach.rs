//! Does an entry point reach an effect in its own transaction, how often, and by which path?

use std::collections::VecDeque;

use rustc_hash::FxHashMap;
use serde::Serialize;

use crate::finding::Confidence;
use crate::program::model::{Bound, Effects, Entry, EntryId, Guards, NodeId, Program, Site, SiteId};
use crate::span::Location;

use super::Summary;
use super::events::{Event, EventKind};

/// What to look for.
pub struct ReachQuery<'a> {
    pub effects: Effects,
    /// Further conditions on the site.
    pub site: &'a (dyn Fn(&Site) -> bool + Sync),
    /// Arms under one of these guards are not entered.
    pub avoid: Guards,
    /// Whether the search goes on through DML into the triggers that it fires.
    pub through_dml: bool,
    /// Places that no way may go over.
    pub blocked: Option<&'a (dyn Fn(Location) -> bool + Sync)>,
}

/// An effect that is reached.
#[derive(Clone, Debug, Serialize)]
pub struct Reach {
    pub site: SiteId,
    /// How often it may happen in one run of the entry point.
    pub count: Count,
    pub confidence: Confidence,
    /// On the way, a method of the project decides whether to go on ([`Guards::DECISION`]).
    pub decided: bool,
    /// It goes through DML into a trigger that does it under a condition (`new.F != old.F`): whether the
    /// DML makes that true is not followed.
    pub conditional: bool,
    pub path: Vec<Hop>,
}

/// How often something happens in one transaction, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    /// The loops on the path, outermost first.
    pub loops: Vec<(Location, Bound)>,
}

impl Count {
    /// Whether it grows with the data.
    pub fn grows(&self) -> bool {
        self.loops.iter().any(|(_, bound)| bound.grows())
    }
}

/// One step of a path: where it is, and which node the step enters (`None` at the effect itself).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Hop {
    pub at: Location,
    pub kind: HopKind,
    pub node: Option<NodeId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum HopKind {
    /// The entry point; `node` is its node.
    Entry,
    /// A call into `node`.
    Call,
    /// DML that fires the trigger `node`.
    Dml,
    /// A loop that the path enters.
    Loop,
    /// The effect.
    Effect,
    /// The clause in `node` that takes the exception of the effect.
    Caught,
}

impl Hop {
    pub fn entry(entry: &Entry) -> Hop {
        Hop { at: entry.at, kind: HopKind::Entry, node: Some(entry.node) }
    }
}

/// A node, and what is known of the way to it.
type State = (NodeId, Way);

/// What makes two ways to the same place different in kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Way {
    /// A loop that grows is around it.
    grows: bool,
    /// A decision of the project is on it.
    decided: bool,
    /// It goes through DML into a trigger.
    fired: bool,
    /// And there past a condition.
    conditional: bool,
}

/// How a state was reached: from which one, by which event of it.
#[derive(Clone, Copy)]
struct From {
    state: State,
    event: usize,
}

/// All matching sites that `entry` reaches, sorted by place: each with the shortest way of each kind (in
/// a growing loop or not, behind a decision or not). Ends at asynchronous boundaries.
pub fn reach(program: &Program, summary: &Summary, entry: EntryId, query: &ReachQuery) -> Vec<Reach> {
    let entry = program.entry(entry);
    let reachable = if query.through_dml { &summary.effects_through_dml } else { &summary.effects };
    if !reachable[entry.node.0 as usize].intersects(query.effects) {
        return Vec::new();
    }
    let start: State = (entry.node, Way::default());
    let mut came_from: FxHashMap<State, Option<From>> = FxHashMap::default();
    came_from.insert(start, None);
    let mut todo = VecDeque::from([start]);
    // The first way of a kind that is found is a shortest one.
    let mut found: FxHashMap<(SiteId, Way), From> = FxHashMap::default();
    while let Some(state) = todo.pop_front() {
        for (index, event) in summary.events[state.0.0 as usize].iter().enumerate() {
            if event.guards.has_any(query.avoid)
                || query.blocked.is_some_and(|blocked| places(program, entry, event).any(blocked))
            {
                continue;
            }
            let way = Way {
                grows: state.1.grows
                    || event.loops.iter().any(|(_, bound)| bounded_by(entry, *bound).grows()),
                decided: state.1.decided || event.guards.has_any(Guards::DECISION),
                fired: state.1.fired || matches!(event.kind, EventKind::Trigger { .. }),
                conditional: state.1.conditional
                    || (state.1.fired
                        && event.guards.without(Guards::CAUGHT.with(Guards::TRIED)) != Guards::NONE),
            };
            let from = From { state, event: index };
            let target = match &event.kind {
                EventKind::Effect(site) => {
                    let place = program.site(*site);
                    if query.effects.has(place.effect) && (query.site)(place) {
                        found.entry((*site, way)).or_insert(from);
                    }
                    continue;
                }
                EventKind::Call { target, .. } => *target,
                EventKind::Trigger { target, .. } => {
                    if !query.through_dml {
                        continue;
                    }
                    *target
                }
            };
            let next = (target, way);
            if reachable[target.0 as usize].intersects(query.effects) && !came_from.contains_key(&next) {
                came_from.insert(next, Some(from));
                todo.push_back(next);
            }
        }
    }
    let mut reached: Vec<Reach> = found
        .into_iter()
        .map(|((site, way), from)| {
            let mut reach = retrace(program, summary, entry, site, from, &came_from);
            reach.decided = way.decided;
            reach.conditional = way.conditional;
            reach
        })
        .collect();
    reached.sort_by_key(|reach| {
        (program.site(reach.site).at, reach.site, reach.decided, reach.count.grows(), reach.path.len())
    });
    reached
}

/// The places that a way over `event` shows.
fn places<'a>(program: &Program, entry: &'a Entry, event: &'a Event) -> impl Iterator<Item = Location> + 'a {
    let at = match &event.kind {
        EventKind::Effect(site) | EventKind::Trigger { site, .. } => program.site(*site).at,
        EventKind::Call { at, .. } => *at,
    };
    let loops = event.loops.iter().filter(|(_, bound)| bounded_by(entry, *bound).grows());
    loops.map(|(at, _)| *at).chain([at])
}

fn retrace(
    program: &Program,
    summary: &Summary,
    entry: &Entry,
    site: SiteId,
    last: From,
    came_from: &FxHashMap<State, Option<From>>,
) -> Reach {
    let mut ways = vec![last];
    let mut state = last.state;
    while let Some(Some(from)) = came_from.get(&state) {
        ways.push(*from);
        state = from.state;
    }
    ways.reverse();
    let mut path = vec![Hop::entry(entry)];
    let mut loops = Vec::new();
    let mut confidence = Confidence::High;
    for way in ways {
        let event = &summary.events[way.state.0.0 as usize][way.event];
        confidence = confidence.min(append(program, entry, event, &mut path, &mut loops));
    }
    Reach { site, count: Count { loops }, confidence, decided: false, conditional: false, path }
}

/// Adds the hops of one event to a path; the confidence of the step.
fn append(
    program: &Program,
    entry: &Entry,
    event: &Event,
    path: &mut Vec<Hop>,
    loops: &mut Vec<(Location, Bound)>,
) -> Confidence {
    for &(at, bound) in event.loops.iter() {
        let bound = bounded_by(entry, bound);
        loops.push((at, bound));
        if bound.grows() {
            path.push(Hop { at, kind: HopKind::Loop, node: None });
        }
    }
    match &event.kind {
        EventKind::Effect(site) => {
            path.push(Hop { at: program.site(*site).at, kind: HopKind::Effect, node: None });
            Confidence::High
        }
        EventKind::Call { target, at, confidence } => {
            path.push(Hop { at: *at, kind: HopKind::Call, node: Some(*target) });
            *confidence
        }
        EventKind::Trigger { target, site } => {
            path.push(Hop { at: program.site(*site).at, kind: HopKind::Dml, node: Some(*target) });
            Confidence::High
        }
    }
}

/// The bound of a loop in a run of `entry`: a batch job's scope may be a literal.
fn bounded_by(entry: &Entry, bound: Bound) -> Bound {
    match (bound, entry.batch_scope) {
        (Bound::EntryBatch, Some(scope)) if scope <= SMALL_SCOPE => Bound::Constant(scope),
        _ => bound,
    }
}

/// A batch scope up to which one callout a record stays within `apex.callouts` (100 a transaction).
const SMALL_SCOPE: u32 = 100;
