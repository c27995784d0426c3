//! What an entry point leads to, in its own transaction and in those that it starts.
//!
//! Follows calls, the triggers that DML fires, and jobs (`@future`, queueable, batch, scheduled). Ends
//! at published events: what these lead to is the question of the event graph.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;

use crate::name::Name;
use crate::program::model::{Effect, EntryId, EntryKind, Guards, NodeId, Program, Site, SiteId};
use crate::span::Location;

use super::Summary;
use super::events::EventKind;

/// Entry points of jobs, by what starts them.
#[derive(Clone, Debug, Default)]
pub struct Jobs {
    classes: FxHashMap<Name, Vec<EntryId>>,
    futures: FxHashMap<Name, Vec<EntryId>>,
}

impl Jobs {
    pub fn of(program: &Program) -> Jobs {
        let mut jobs = Jobs::default();
        for (id, entry) in (0u32..).map(EntryId).zip(&program.entries) {
            match entry.kind {
                EntryKind::Future => {
                    let symbol = Name::new(&program.node(entry.node).symbol);
                    jobs.futures.entry(symbol).or_default().push(id);
                }
                EntryKind::Queueable
                | EntryKind::BatchStart
                | EntryKind::BatchExecute
                | EntryKind::BatchFinish
                | EntryKind::Schedulable => jobs.classes.entry(entry.owner).or_default().push(id),
                _ => {}
            }
        }
        jobs
    }

    /// The entry points that `site` starts.
    pub fn started_by(&self, site: &Site) -> &[EntryId] {
        let found = site.object.and_then(|object| match site.effect {
            Effect::Future => self.futures.get(&object),
            Effect::Enqueue | Effect::Batch | Effect::Schedule => self.classes.get(&object),
            _ => None,
        });
        found.map_or(&[], Vec::as_slice)
    }
}

/// One step of a way that may lead through several transactions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hop {
    /// The entry point.
    Start(EntryId),
    Call {
        at: Location,
        node: NodeId,
    },
    /// DML at the site fires a trigger.
    Trigger {
        site: SiteId,
        node: NodeId,
    },
    /// The site starts a job.
    Job {
        site: SiteId,
        entry: EntryId,
    },
    /// The site itself.
    Effect(SiteId),
}

/// A site that is reached, with a shortest way to it.
#[derive(Clone, Debug)]
pub struct Spread {
    pub site: SiteId,
    pub way: Vec<Hop>,
}

/// What to look for.
pub struct SpreadQuery<'a> {
    pub site: &'a dyn Fn(&Site) -> bool,
    /// Arms under one of these guards are not entered.
    pub avoid: Guards,
}

/// All matching sites that `entry` leads to, sorted by place.
pub fn spread(
    program: &Program,
    summary: &Summary,
    jobs: &Jobs,
    entry: EntryId,
    query: &SpreadQuery<'_>,
) -> Vec<Spread> {
    let start = program.entry(entry).node;
    let mut came_from: FxHashMap<NodeId, Option<(NodeId, Hop)>> = FxHashMap::default();
    came_from.insert(start, None);
    let mut todo = VecDeque::from([start]);
    let mut found: FxHashMap<SiteId, NodeId> = FxHashMap::default();
    while let Some(node) = todo.pop_front() {
        for event in &summary.events[node.0 as usize] {
            if event.guards.has_any(query.avoid) {
                continue;
            }
            let mut next = Vec::new();
            match &event.kind {
                EventKind::Effect(id) => {
                    let site = program.site(*id);
                    if (query.site)(site) {
                        found.entry(*id).or_insert(node);
                    }
                    for &job in jobs.started_by(site) {
                        next.push((program.entry(job).node, Hop::Job { site: *id, entry: job }));
                    }
                }
                EventKind::Call { target, at, .. } => {
                    next.push((*target, Hop::Call { at: *at, node: *target }));
                }
                EventKind::Trigger { target, site } => {
                    next.push((*target, Hop::Trigger { site: *site, node: *target }));
                }
            }
            for (target, hop) in next {
                came_from.entry(target).or_insert_with(|| {
                    todo.push_back(target);
                    Some((node, hop))
                });
            }
        }
    }
    let mut all: Vec<Spread> = found
        .into_iter()
        .map(|(site, node)| {
            let mut way = vec![Hop::Effect(site)];
            let mut at = node;
            while let Some(Some((before, hop))) = came_from.get(&at) {
                way.push(*hop);
                at = *before;
            }
            way.push(Hop::Start(entry));
            way.reverse();
            Spread { site, way }
        })
        .collect();
    all.sort_by_key(|spread| (program.site(spread.site).at, spread.site));
    all
}

/// The nodes from which a matching site may be reached, in the same or a later transaction.
pub fn leads_to(
    program: &Program,
    summary: &Summary,
    jobs: &Jobs,
    wanted: impl Fn(&Site) -> bool,
) -> Vec<bool> {
    let mut callers: Vec<Vec<u32>> = vec![Vec::new(); program.nodes.len()];
    let mut leads = vec![false; program.nodes.len()];
    let mut todo = Vec::new();
    for (index, events) in summary.events.iter().enumerate() {
        for event in events {
            match &event.kind {
                EventKind::Effect(id) => {
                    let site = program.site(*id);
                    if wanted(site) && !leads[index] {
                        leads[index] = true;
                        todo.push(index as u32);
                    }
                    for &job in jobs.started_by(site) {
                        callers[program.entry(job).node.0 as usize].push(index as u32);
                    }
                }
                EventKind::Call { target, .. } | EventKind::Trigger { target, .. } => {
                    callers[target.0 as usize].push(index as u32);
                }
            }
        }
    }
    while let Some(node) = todo.pop() {
        for &caller in &callers[node as usize] {
            if !leads[caller as usize] {
                leads[caller as usize] = true;
                todo.push(caller);
            }
        }
    }
    leads
}
