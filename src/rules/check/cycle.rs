//! `cycle`: an event leads to itself.
//!
//! The nodes are events. From an event to another one it goes where a subscriber of the first publishes
//! the second, or writes an object whose changes are published as the second, in its own transaction or
//! in a job that it starts.

use std::collections::{BTreeSet, VecDeque};

use rustc_hash::FxHashMap;

use crate::finding::Step;
use crate::name::Name;
use crate::program::model::{Effect, EntryId, Guards, Program, Site, SiteId};
use crate::rules::labels;
use crate::rules::plan::CyclePlan;
use crate::rules::query::Turn;
use crate::summary::event_graph::{EventGraph, change_event_of, published_at, subscriber_kind};
use crate::summary::spread::{Hop, Jobs, Spread, SpreadQuery, leads_to, spread};

use super::{Hit, Subject, World};

/// From one event to the next.
struct Edge {
    to: Name,
    site: SiteId,
    turn: Turn,
    entry: EntryId,
    way: Vec<Hop>,
}

pub(super) fn hits(world: World<'_>, rule: usize, plan: &CyclePlan) -> Vec<Hit> {
    let edges = edges(world, plan);
    let mut seen: BTreeSet<Vec<Name>> = BTreeSet::new();
    let mut hits = Vec::new();
    for &start in edges.names.iter() {
        let Some(cycle) = shortest(&edges, start) else { continue };
        let mut members: Vec<Name> = cycle.iter().map(|edge| edge.to).collect();
        members.sort();
        if !cycle.iter().any(|edge| plan.with.contains(&edge.turn)) || !seen.insert(members) {
            continue;
        }
        let last = cycle[cycle.len() - 1];
        let mut events: Vec<Name> = vec![start];
        events.extend(cycle.iter().map(|edge| edge.to));
        hits.push(Hit {
            entry: Some(cycle[0].entry),
            steps: cycle.iter().flat_map(|edge| steps(world.program, edge)).collect(),
            events,
            ..Hit::new(rule, world.program.site(last.site).at, Subject::Site(last.site))
        });
    }
    hits
}

struct Edges {
    /// In the order of names.
    names: Vec<Name>,
    from: FxHashMap<Name, Vec<Edge>>,
}

fn edges(world: World<'_>, plan: &CyclePlan) -> Edges {
    let (program, graph) = (world.program, &world.summary.event_graph);
    let jobs = Jobs::of(program);
    let wanted = |site: &Site| match site.effect {
        Effect::Publish => plan.through.contains(&Turn::Publish),
        Effect::Dml => plan.through.contains(&Turn::Dml) && change_of(graph, site).is_some(),
        _ => false,
    } && !(plan.avoid.has_any(Guards::OTHER) && site.fact("conditional") == Some("yes"));
    let leads = leads_to(program, world.summary, &jobs, wanted);
    let mut from: FxHashMap<Name, Vec<Edge>> = FxHashMap::default();
    for (id, entry) in (0u32..).map(EntryId).zip(&program.entries) {
        let (Some(event), Some(_)) = (entry.object, subscriber_kind(entry.kind)) else { continue };
        if !leads[entry.node.0 as usize] {
            continue;
        }
        let query = SpreadQuery { site: &wanted, avoid: plan.avoid };
        for Spread { site, way } in spread(program, world.summary, &jobs, id, &query) {
            let place = program.site(site);
            let (turn, to) = match place.effect {
                Effect::Dml => (Turn::Dml, change_of(graph, place).into_iter().collect()),
                _ => (Turn::Publish, published_at(program, site)),
            };
            for to in to {
                let edge = Edge { to, site, turn, entry: id, way: way.clone() };
                from.entry(event).or_default().push(edge);
            }
        }
    }
    let mut names: Vec<Name> = from.keys().copied().collect();
    names.sort();
    Edges { names, from }
}

/// The change events that DML leads to, where somebody receives them.
fn change_of(graph: &EventGraph, site: &Site) -> Option<Name> {
    let event = graph.event(change_event_of(site.object?))?;
    event.subscribers.iter().any(|subscriber| subscriber.entry.is_some()).then_some(event.name)
}

/// The shortest way from `start` back to it.
fn shortest(edges: &Edges, start: Name) -> Option<Vec<&Edge>> {
    let mut came_from: FxHashMap<Name, (Name, &Edge)> = FxHashMap::default();
    let mut todo = VecDeque::from([start]);
    while let Some(name) = todo.pop_front() {
        for edge in edges.from.get(&name).into_iter().flatten() {
            if edge.to == start {
                let mut cycle = vec![edge];
                let mut at = name;
                while at != start {
                    let (before, edge) = came_from[&at];
                    cycle.push(edge);
                    at = before;
                }
                cycle.reverse();
                return Some(cycle);
            }
            came_from.entry(edge.to).or_insert_with(|| {
                todo.push_back(edge.to);
                (name, edge)
            });
        }
    }
    None
}

fn steps(program: &Program, edge: &Edge) -> Vec<Step> {
    let mut inside = String::new();
    edge.way
        .iter()
        .map(|hop| {
            let (at, label) = match hop {
                Hop::Start(entry) => {
                    let entry = program.entry(*entry);
                    inside = program.node(entry.node).symbol.clone();
                    (entry.at, labels::entry(entry))
                }
                Hop::Call { at, node } => {
                    let node = program.node(*node);
                    inside = node.symbol.clone();
                    (*at, labels::call(node, None))
                }
                Hop::Trigger { site, node } => {
                    let (site, node) = (program.site(*site), program.node(*node));
                    inside = node.symbol.clone();
                    (site.at, labels::dml(Some(site), node))
                }
                Hop::Job { site, entry } => {
                    let (site, entry) = (program.site(*site), program.entry(*entry));
                    inside = program.node(entry.node).symbol.clone();
                    (site.at, labels::starts(entry))
                }
                Hop::Effect(site) => {
                    let site = program.site(*site);
                    let label = match edge.turn {
                        Turn::Publish => format!("publishes {}", edge.to),
                        Turn::Dml => format!("{}, which is published as {}", labels::writes(site), edge.to),
                    };
                    (site.at, label)
                }
            };
            Step { at, label, symbol: inside.clone() }
        })
        .collect()
}
