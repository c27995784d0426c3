//! Why a job may run a second time with the same data.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::name::Name;

use super::interpret::Linker;
use super::model::{Effect, Entry, EntryKind, Guards, NodeId, Site, Step};

/// Adds the fact `runs-again` to jobs: `retried` where a failure starts the job again (from a `catch`
/// clause, under a count of tries, or from a finalizer), `event` where an event starts it, which is
/// delivered at least once.
pub fn complete(linker: &Linker, entries: &mut [Entry]) {
    let is_job = |kind| matches!(kind, EntryKind::Queueable | EntryKind::Future | EntryKind::BatchExecute);
    if !entries.iter().any(|entry| is_job(entry.kind)) {
        return;
    }
    let mut facts: FxHashMap<Name, &'static str> = FxHashMap::default();
    let mut by_event: Vec<Name> = Vec::new();
    for entry in entries.iter() {
        match entry.kind {
            EntryKind::EventTrigger | EntryKind::ChangeEventTrigger | EntryKind::EventFlow => {
                by_event.extend(started(linker, entry.node).into_iter().map(|(job, _)| job));
            }
            EntryKind::Finalizer => {
                facts.extend(started(linker, entry.node).into_iter().map(|(job, _)| (job, "retried")));
            }
            EntryKind::Queueable => {
                let own = started(linker, entry.node).into_iter().find(|(job, _)| *job == entry.owner);
                if own.is_some_and(|(_, after_failure)| after_failure) {
                    facts.insert(entry.owner, "retried");
                }
            }
            _ => {}
        }
    }
    // What a job starts that an event started comes from the event too.
    let mut seen = FxHashSet::default();
    while let Some(job) = by_event.pop() {
        if !seen.insert(job) {
            continue;
        }
        facts.entry(job).or_insert("event");
        let of_job = entries.iter().filter(|entry| is_job(entry.kind) && job_of(entry) == job);
        by_event.extend(of_job.flat_map(|entry| started(linker, entry.node)).map(|(job, _)| job));
    }
    for entry in entries.iter_mut().filter(|entry| is_job(entry.kind)) {
        entry.facts.extend(facts.get(&job_of(entry)).map(|fact| ("runs-again", (*fact).into())));
    }
}

/// The name by which effects name the job: its class, or the `@future` method.
fn job_of(entry: &Entry) -> Name {
    match entry.kind {
        EntryKind::Future => Name::new(entry.name.rsplit(' ').next().unwrap_or_default()),
        _ => entry.owner,
    }
}

/// The jobs that a transaction itself starts, sorted, each with whether some place starts it after a failure.
fn started(linker: &Linker, start: NodeId) -> Vec<(Name, bool)> {
    let mut found: Vec<(Name, bool)> = Vec::new();
    let mut seen = FxHashSet::from_iter([(start, false)]);
    let mut todo = vec![(start, false)];
    let is_start = |site: &Site| matches!(site.effect, Effect::Enqueue | Effect::Future | Effect::Batch);
    while let Some((node, failed)) = todo.pop() {
        let mut open: Vec<(&[Step], bool)> = vec![(&linker.nodes[node.0 as usize].steps, failed)];
        while let Some((steps, failed)) = open.pop() {
            for step in steps {
                match step {
                    Step::Effect(site) => {
                        let site = &linker.sites[site.0 as usize];
                        found.extend(site.object.filter(|_| is_start(site)).map(|job| (job, failed)));
                    }
                    Step::Call(call) => {
                        let next = call.targets.iter().map(|&target| (target, failed));
                        todo.extend(next.filter(|state| seen.insert(*state)));
                    }
                    // A trigger finds nothing changed when the same data is written again.
                    Step::Branch { arms, .. } => open
                        .extend(arms.iter().map(|arm| {
                            (arm.steps.as_slice(), failed || arm.guards.has_any(Guards::COUNTER))
                        })),
                    Step::Loop(body) => open.push((&body.steps, failed)),
                    Step::Try { body, catches, finally } => {
                        open.extend([(body.as_slice(), failed), (finally.as_slice(), failed)]);
                        open.extend(catches.iter().map(|clause| (clause.steps.as_slice(), true)));
                    }
                    _ => {}
                }
            }
        }
    }
    found.sort_by_key(|(job, failed)| (*job, !failed));
    found.dedup_by_key(|(job, _)| *job);
    found
}
