//! What becomes of the exception when an effect fails, seen along the way to it.
//!
//! The exception goes up the way until a `catch` takes it. What runs from there on, in that clause,
//! behind its `try`, and behind the calls on the way back to the entry point, is the failure's way.

use rustc_hash::FxHashSet;

use crate::program::model::{Effect, NodeId, Program, Site, SiteId, Step};
use crate::span::Location;

use super::reach::{Hop, HopKind};

/// How a failure ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// As an exception: no clause takes it, or the one that does throws again.
    Thrown,
    /// A clause takes it, and what runs then does what was asked for, throws under some condition, or
    /// hands on to code that is not in the project.
    Told,
    /// A clause takes it, and nothing of that follows.
    Dropped,
}

/// The failure of `site`, which `path` leads to, and the clause that takes it, if one does: its head, in
/// its node. `told` are the sites that make it known.
pub fn failure(
    program: &Program,
    path: &[Hop],
    site: SiteId,
    told: &dyn Fn(&Site) -> bool,
) -> (Failure, Option<(NodeId, Location)>) {
    let mut search = Search {
        program,
        effect: program.site(site).effect,
        told,
        seen: FxHashSet::default(),
        found: false,
        taken: None,
    };
    let mut caught = None;
    let hops: Vec<&Hop> = path.iter().filter(|hop| hop.kind != HopKind::Loop).collect();
    // Inside out: each node of the way with the step that leads on from it.
    let mut now = Now::Thrown;
    for pair in hops.windows(2).rev() {
        let Some(node) = pair[0].node else { continue };
        let next = Next { hop: pair[1], site };
        let steps = &program.node(node).steps;
        now = search.after(steps, &next, now).unwrap_or(now);
        caught = search.taken.take().map(|at| (node, at)).or(caught);
        if now == Now::Returned {
            now = Now::GoesOn;
        }
    }
    let failure = match (now, search.found) {
        (Now::Thrown, _) => Failure::Thrown,
        (_, true) => Failure::Told,
        (_, false) => Failure::Dropped,
    };
    (failure, caught)
}

/// Where control is after the failure.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Now {
    Thrown,
    GoesOn,
    /// The method is left.
    Returned,
}

/// The step of a node that the way goes on by.
struct Next<'a> {
    hop: &'a Hop,
    site: SiteId,
}

struct Search<'a> {
    program: &'a Program,
    effect: Effect,
    told: &'a dyn Fn(&Site) -> bool,
    seen: FxHashSet<NodeId>,
    found: bool,
    /// The clause that took it last in the node that is looked at: one that throws again hands it on.
    taken: Option<Location>,
}

impl Search<'_> {
    fn is_next(&self, step: &Step, next: &Next<'_>) -> bool {
        match (step, next.hop.kind) {
            (Step::Effect(site) | Step::Dml { site, .. }, HopKind::Effect) => *site == next.site,
            (Step::Dml { site, triggers }, HopKind::Dml) => {
                self.program.site(*site).at == next.hop.at
                    && triggers.iter().any(|id| Some(*id) == next.hop.node)
            }
            (Step::Call(call), HopKind::Call) => {
                call.at == next.hop.at && call.targets.iter().any(|id| Some(*id) == next.hop.node)
            }
            _ => false,
        }
    }

    /// What becomes of the failure in `steps`, after the step inside of them that it comes from; `None`
    /// where it is not among them.
    fn after(&mut self, steps: &[Step], next: &Next<'_>, inner: Now) -> Option<Now> {
        for (index, step) in steps.iter().enumerate() {
            let now = if self.is_next(step, next) {
                Some(inner)
            } else {
                match step {
                    Step::Branch { arms, .. } => {
                        arms.iter().find_map(|arm| self.after(&arm.steps, next, inner))
                    }
                    Step::Loop(body) => self.after(&body.steps, next, inner),
                    Step::Try { body, catches, finally } => {
                        let now = match self.after(body, next, inner) {
                            Some(Now::Thrown) => {
                                match catches.iter().find(|clause| clause.takes(self.effect)) {
                                    Some(clause) => {
                                        self.found |= clause.unseen;
                                        self.taken = Some(clause.at);
                                        Some(self.runs(&clause.steps))
                                    }
                                    None => Some(Now::Thrown),
                                }
                            }
                            Some(now) => Some(now),
                            None => catches.iter().find_map(|clause| self.after(&clause.steps, next, inner)),
                        };
                        if now.is_some() {
                            self.look(finally);
                        }
                        now.or_else(|| self.after(finally, next, inner))
                    }
                    _ => None,
                }
            };
            match now {
                None => {}
                Some(Now::GoesOn) => {
                    return Some(match self.runs(&steps[index + 1..]) {
                        // It is told by an exception of its own, if only sometimes.
                        Now::Thrown => {
                            self.found = true;
                            Now::GoesOn
                        }
                        now => now,
                    });
                }
                done => return done,
            }
        }
        None
    }

    /// Looks at steps that run after the failure, and says how they end.
    fn runs(&mut self, steps: &[Step]) -> Now {
        self.look(steps);
        if throws(steps) {
            return Now::Thrown;
        }
        match steps.last() {
            Some(Step::Return) => Now::Returned,
            _ => Now::GoesOn,
        }
    }

    /// Looks for what makes the failure known, in steps and in all that they call.
    fn look(&mut self, steps: &[Step]) {
        let program = self.program;
        let mut todo: Vec<&[Step]> = vec![steps];
        while let Some(steps) = todo.pop() {
            for step in steps {
                match step {
                    Step::Effect(site) | Step::Dml { site, .. } => {
                        self.found |= (self.told)(program.site(*site));
                    }
                    Step::Call(call) => {
                        for &target in &call.targets {
                            if self.seen.insert(target) {
                                let node = program.node(target);
                                self.found |= node.unseen || throws(&node.steps);
                                todo.push(&node.steps);
                            }
                        }
                    }
                    inner => todo.extend(inner.blocks()),
                }
            }
        }
    }
}

/// Whether an exception may be thrown in `steps`, and not taken there.
fn throws(steps: &[Step]) -> bool {
    steps.iter().any(|step| match step {
        Step::Throw => true,
        Step::Branch { arms, .. } => arms.iter().any(|arm| throws(&arm.steps)),
        Step::Loop(body) => throws(&body.steps),
        Step::Try { body, catches, finally } => {
            (catches.is_empty() && throws(body))
                || catches.iter().any(|clause| throws(&clause.steps))
                || throws(finally)
        }
        _ => false,
    })
}
