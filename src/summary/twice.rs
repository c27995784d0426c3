//! Does one straight way through a transaction pass an effect twice?

use rustc_hash::FxHashMap;

use crate::finding::Confidence;
use crate::program::model::{Arm, Bound, Condition, EntryId, Guards, NodeId, Program, Site, SiteId, Step};

use crate::span::Location;

use super::Summary;
use super::reach::{Count, Hop, HopKind, Reach, ReachQuery};

/// One passing of a matching site, seen from some node.
#[derive(Clone)]
struct Passing {
    site: SiteId,
    /// From the node on; the node itself is not in it.
    path: Vec<Hop>,
    confidence: Confidence,
    /// Conditions of the arms around it in the node at hand.
    conditions: Vec<Condition>,
    /// It stands in a loop that grows.
    looped: bool,
    /// A decision of the project is on the way.
    decided: bool,
    /// Any condition is on the way.
    guarded: bool,
    /// A condition is on the way inside of a trigger that DML fires.
    conditional: bool,
}

/// Two passings of matching sites that one run of the entry point makes, if there are two: the paths
/// of both. A site in a loop that grows counts as two.
pub fn two_on_one_way(
    program: &Program,
    summary: &Summary,
    entry: EntryId,
    query: &ReachQuery,
) -> Option<(Reach, Reach)> {
    let entry = program.entry(entry);
    let mut search = Search { program, summary, query, scope: entry.batch_scope, memo: FxHashMap::default() };
    if !search.may_pass(entry.node) {
        return None;
    }
    let passings = search.node(entry.node);
    let reach = |passing: &Passing| {
        let mut path = vec![Hop::entry(entry)];
        path.extend(&passing.path);
        Reach {
            site: passing.site,
            count: Count { loops: Vec::new() },
            confidence: passing.confidence,
            decided: passing.decided,
            conditional: passing.conditional,
            path,
        }
    };
    match passings.as_slice() {
        // A loop is the plainest proof.
        [.., one] | [one, ..] if one.looped => Some((reach(one), reach(one))),
        [first, second, ..] => {
            let (mut one, mut two) = (reach(first), reach(second));
            // Each under a condition of its own: whether both hold in one run is not known.
            if first.guarded && second.guarded && first.site != second.site {
                one.decided = true;
                two.decided = true;
            }
            Some((one, two))
        }
        _ => None,
    }
}

struct Search<'a> {
    program: &'a Program,
    summary: &'a Summary,
    query: &'a ReachQuery<'a>,
    /// The literal scope of the batch job that is searched.
    scope: Option<u32>,
    /// `None` while a node is being searched: recursion does not count again.
    memo: FxHashMap<NodeId, Option<Vec<Passing>>>,
}

impl Search<'_> {
    fn blocked(&self, at: Location) -> bool {
        self.query.blocked.is_some_and(|blocked| blocked(at))
    }

    fn may_pass(&self, node: NodeId) -> bool {
        let reachable =
            if self.query.through_dml { &self.summary.effects_through_dml } else { &self.summary.effects };
        reachable[node.0 as usize].intersects(self.query.effects)
    }

    /// The passings of the best way through a node: two at the most.
    fn node(&mut self, node: NodeId) -> Vec<Passing> {
        match self.memo.get(&node) {
            Some(Some(known)) => return known.clone(),
            Some(None) => return Vec::new(),
            None => {}
        }
        self.memo.insert(node, None);
        let program = self.program;
        let mut passings = self.steps(&program.node(node).steps, &[]);
        passings.iter_mut().for_each(|passing| passing.conditions.clear());
        self.memo.insert(node, Some(passings.clone()));
        passings
    }

    fn enter(
        &mut self,
        node: NodeId,
        hop: Hop,
        confidence: Confidence,
        around: &[Condition],
    ) -> Vec<Passing> {
        if !self.may_pass(node) {
            return Vec::new();
        }
        self.node(node)
            .into_iter()
            .map(|mut passing| {
                passing.path.insert(0, hop);
                passing.confidence = passing.confidence.min(confidence);
                passing.conditions = around.to_vec();
                passing
            })
            .collect()
    }

    /// The best way through a list of steps.
    fn steps(&mut self, steps: &[Step], around: &[Condition]) -> Vec<Passing> {
        let mut running: Vec<Passing> = Vec::new();
        // The best of the ways that left the method earlier.
        let mut ended: Vec<Passing> = Vec::new();
        for step in steps {
            let found = match step {
                Step::Effect(site) => {
                    let place = self.program.site(*site);
                    if self.query.effects.has(place.effect)
                        && (self.query.site)(place)
                        && !self.blocked(place.at)
                    {
                        vec![Passing {
                            site: *site,
                            path: vec![Hop { at: place.at, kind: HopKind::Effect, node: None }],
                            confidence: Confidence::High,
                            conditions: around.to_vec(),
                            looped: false,
                            decided: false,
                            guarded: false,
                            conditional: false,
                        }]
                    } else {
                        Vec::new()
                    }
                }
                Step::Call(call) if self.blocked(call.at) => Vec::new(),
                Step::Call(call) => {
                    let mut best = Vec::new();
                    for &target in &call.targets {
                        let hop = Hop { at: call.at, kind: HopKind::Call, node: Some(target) };
                        let found = self.enter(target, hop, call.how.confidence(), around);
                        best = better(best, found);
                    }
                    best
                }
                Step::Dml { site, .. } if self.blocked(self.program.site(*site).at) => Vec::new(),
                Step::Dml { site, triggers } if self.query.through_dml => {
                    let at = self.program.site(*site).at;
                    let mut all = Vec::new();
                    for &target in triggers {
                        let hop = Hop { at, kind: HopKind::Dml, node: Some(target) };
                        let mut found = self.enter(target, hop, Confidence::High, around);
                        // What guards a trigger's work is decided by what the DML wrote.
                        for passing in &mut found {
                            passing.conditional |= passing.guarded;
                            passing.looped |= rows_exceed_a_trigger_batch(self.program.site(*site));
                        }
                        join(&mut all, found);
                    }
                    all
                }
                Step::Branch { arms, .. } => {
                    let (through, left) = self.arms(arms, around);
                    let mut way = running.clone();
                    join(&mut way, left);
                    ended = better(ended, way);
                    through
                }
                Step::Loop(body) => {
                    let mut found = self.steps(&body.steps, around);
                    let one_turn = body.bound == Bound::EntryBatch && self.scope == Some(1);
                    if body.bound.grows() && !one_turn {
                        found.iter_mut().for_each(|passing| passing.looped = true);
                    }
                    found
                }
                Step::Try { body, catches, finally } => {
                    let mut found = self.steps(body, around);
                    for clause in catches {
                        let caught = self.steps(&clause.steps, around);
                        found = better(found, caught);
                    }
                    let last = self.steps(finally, around);
                    join(&mut found, last);
                    found
                }
                Step::Return | Step::Throw => break,
                _ => Vec::new(),
            };
            join(&mut running, found);
        }
        better(running, ended)
    }

    /// The best way through arms that go on, and the best through those that leave the method.
    fn arms(&mut self, arms: &[Arm], around: &[Condition]) -> (Vec<Passing>, Vec<Passing>) {
        let mut through = Vec::new();
        let mut left = Vec::new();
        for arm in arms {
            if arm.guards.has_any(self.query.avoid) {
                continue;
            }
            let mut inner = around.to_vec();
            inner.extend(&arm.conditions);
            let mut found = self.steps(&arm.steps, &inner);
            for passing in &mut found {
                passing.decided |= arm.guards.has_any(Guards::DECISION);
                passing.guarded |= arm.guards != Guards::NONE;
            }
            if matches!(arm.steps.last(), Some(Step::Return | Step::Throw)) {
                left = better(left, found);
            } else {
                through = better(through, found);
            }
        }
        (through, left)
    }
}

fn weight(passings: &[Passing]) -> usize {
    passings.len() + usize::from(passings.iter().any(|passing| passing.looped))
}

fn better(a: Vec<Passing>, b: Vec<Passing>) -> Vec<Passing> {
    if weight(&b) > weight(&a) { b } else { a }
}

/// Adds passings that happen on the same way, as far as their conditions allow that.
fn join(running: &mut Vec<Passing>, found: Vec<Passing>) {
    for passing in found {
        if running.len() >= 2 {
            return;
        }
        let excluded = running.iter().any(|known| {
            known.conditions.iter().any(|a| passing.conditions.iter().any(|b| a.contradicts(*b)))
        });
        if !excluded {
            running.push(passing);
        }
    }
}

/// Whether the DML is known to write more records than one run of a trigger takes
/// (`apex.trigger_batch`: 200), so that the trigger runs more than once.
fn rows_exceed_a_trigger_batch(site: &Site) -> bool {
    const TRIGGER_BATCH: u32 = 200;
    site.fact("rows").and_then(|rows| rows.parse().ok()).is_some_and(|rows: u32| rows > TRIGGER_BATCH)
}
