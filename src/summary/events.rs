//! A node's steps as a flat list, each with the loops and guards around it.

use std::sync::Arc;

use serde::Serialize;

use crate::finding::Confidence;
use crate::program::model::{Bound, Effect, Guards, NodeId, SiteId, Step};
use crate::span::Location;

/// Something that happens in a node.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    pub kind: EventKind,
    /// Loops around it in this node, outermost first.
    pub loops: Arc<[(Location, Bound)]>,
    /// Guards that it stands under in this node.
    pub guards: Guards,
}

#[derive(Clone, Debug, Serialize)]
pub enum EventKind {
    Effect(SiteId),
    Call {
        target: NodeId,
        at: Location,
        confidence: Confidence,
    },
    /// DML at `site` fires the trigger.
    Trigger {
        target: NodeId,
        site: SiteId,
    },
}

/// How a list of steps ends, if it always ends the same way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Exit {
    Falls,
    Breaks,
    Returns,
}

pub fn flatten(steps: &[Step]) -> Vec<Event> {
    let mut events = Vec::new();
    walk(steps, &[], Guards::NONE, &mut events);
    events
}

fn walk(steps: &[Step], loops: &[(Location, Bound)], guards: Guards, events: &mut Vec<Event>) {
    // What ends in `break` or `return` happens at most once in the loop that it leaves.
    let loops = match exit_of(steps) {
        Exit::Falls => loops,
        Exit::Breaks => &loops[..loops.len().saturating_sub(1)],
        Exit::Returns => &[],
    };
    let shared: Arc<[(Location, Bound)]> = loops.into();
    let none: Arc<[(Location, Bound)]> = Arc::from([]);
    let push = |kind, events: &mut Vec<Event>| events.push(Event { kind, loops: shared.clone(), guards });
    for step in steps {
        match step {
            Step::Effect(site) => push(EventKind::Effect(*site), events),
            Step::Call(call) if call.once => {
                for &target in &call.targets {
                    let kind = EventKind::Call { target, at: call.at, confidence: call.how.confidence() };
                    events.push(Event { kind, loops: none.clone(), guards });
                }
            }
            Step::Call(call) => {
                for &target in &call.targets {
                    push(EventKind::Call { target, at: call.at, confidence: call.how.confidence() }, events);
                }
            }
            Step::Dml { site, triggers } => {
                push(EventKind::Effect(*site), events);
                for &target in triggers {
                    push(EventKind::Trigger { target, site: *site }, events);
                }
            }
            _ => {}
        }
    }
    for step in steps {
        match step {
            Step::Branch { arms, .. } => {
                for arm in arms {
                    walk(&arm.steps, loops, guards.with(arm.guards), events);
                }
            }
            Step::Loop(body) => {
                let mut inner = loops.to_vec();
                inner.push((body.at, body.bound));
                walk(&body.steps, &inner, guards.without(Guards::TRIED), events);
            }
            Step::Try { body, catches, finally } => {
                let mut tried = if catches.is_empty() { guards } else { guards.with(Guards::TRIED) };
                if catches.iter().any(|clause| clause.takes(Effect::Callout)) {
                    tried = tried.with(Guards::HANDLED);
                }
                walk(body, loops, tried, events);
                for clause in catches {
                    walk(&clause.steps, loops, guards.with(Guards::CAUGHT), events);
                }
                walk(finally, loops, guards, events);
            }
            _ => {}
        }
    }
}

fn exit_of(steps: &[Step]) -> Exit {
    match steps.last() {
        Some(Step::Break) => Exit::Breaks,
        Some(Step::Return) => Exit::Returns,
        Some(Step::Branch { arms, exhaustive: true }) if !arms.is_empty() => {
            let mut exits = arms.iter().map(|arm| exit_of(&arm.steps));
            let first = exits.next().unwrap_or(Exit::Falls);
            exits.fold(first, |all, exit| match (all, exit) {
                (Exit::Falls, _) | (_, Exit::Falls) => Exit::Falls,
                (Exit::Breaks, _) | (_, Exit::Breaks) => Exit::Breaks,
                _ => Exit::Returns,
            })
        }
        _ => Exit::Falls,
    }
}
