//! What happens in the transaction of each entry point: effects with guard, multiplicity and order.
//!
//! Two questions are answered on the linked program: [`reach`] (does an entry reach an effect, how
//! often, by which path) and [`order`] (does one effect happen before another in one transaction).

pub mod cost;
pub mod event_graph;
mod event_items;
mod events;
pub mod failure;
pub mod order;
mod page_items;
pub mod reach;
pub mod spread;
mod twice;

use std::sync::OnceLock;

pub use order::Orders;
pub use twice::two_on_one_way;

use crate::program::model::{Effects, Program};

use event_graph::{EventGraph, Surroundings};
use events::{Event, EventKind};

/// Per node, the effects of its transaction: its own and those of all that it calls.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Summary {
    /// Without the triggers that DML fires, by node.
    pub effects: Vec<Effects>,
    /// With them.
    pub effects_through_dml: Vec<Effects>,
    /// Each node's steps as a flat list, with the loops and guards around each.
    events: Vec<Vec<Event>>,
    pub event_graph: EventGraph,
    /// Computed when costs are first asked for.
    #[serde(skip)]
    circles: OnceLock<cost::Circles>,
}

/// Computes the effects of every node: a bottom-up fixpoint over the callers, linear in the calls.
///
/// The facts that this gives of events become items of the program.
pub fn summarise(program: &mut Program, around: &Surroundings<'_>) -> Summary {
    let events: Vec<Vec<Event>> = program.nodes.iter().map(|node| events::flatten(&node.steps)).collect();
    let effects = fixpoint(program, &events, false);
    let effects_through_dml = fixpoint(program, &events, true);
    let mut summary = Summary { effects, effects_through_dml, events, ..Summary::default() };
    summary.event_graph = event_graph::build(program, &summary, around);
    program.items.extend(event_items::items(program, &summary, around));
    program.items.extend(page_items::items(program, &summary, around));
    program.items.sort_by_key(|item| (item.kind, item.name, item.at));
    summary
}

fn fixpoint(program: &Program, events: &[Vec<Event>], through_dml: bool) -> Vec<Effects> {
    let mut effects = vec![Effects::default(); events.len()];
    let mut callers: Vec<Vec<u32>> = vec![Vec::new(); events.len()];
    for (index, events) in events.iter().enumerate() {
        for event in events {
            match &event.kind {
                EventKind::Effect(site) => effects[index].add(program.site(*site).effect),
                EventKind::Call { target, .. } => callers[target.0 as usize].push(index as u32),
                EventKind::Trigger { target, .. } if through_dml => {
                    callers[target.0 as usize].push(index as u32);
                }
                EventKind::Trigger { .. } => {}
            }
        }
    }
    callers.iter_mut().for_each(|callers| {
        callers.sort_unstable();
        callers.dedup();
    });
    let mut todo: Vec<u32> = (0..events.len() as u32).filter(|&node| effects[node as usize].0 != 0).collect();
    while let Some(node) = todo.pop() {
        let gives = effects[node as usize];
        for &caller in &callers[node as usize] {
            let before = effects[caller as usize];
            let after = before.union(gives);
            if after != before {
                effects[caller as usize] = after;
                todo.push(caller);
            }
        }
    }
    effects
}
