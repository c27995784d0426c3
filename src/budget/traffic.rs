//! How often a day each entry point runs, and what its runs send, publish, write and start.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use crate::apex::unit::{DmlOp, TriggerEvent};
use crate::config::workload::{RecordChange, Volume, VolumeOf, Workload};
use crate::cost::Meter;
use crate::name::Name;
use crate::program::model::{EntryId, EntryKind, SiteId};
use crate::summary::cost::{Resource, Sizes, Term, batch_of};
use crate::summary::event_graph::{change_event_of, published_at, subscriber_kind};
use crate::summary::spread::Jobs;

use super::{Amount, Growth, assumed};

/// What happens in a day, by what causes it.
#[derive(Debug, Default)]
pub struct Traffic<'a> {
    pub publishes: Vec<Publish<'a>>,
    pub changes: Vec<Change<'a>>,
    pub jobs: Vec<Job<'a>>,
    pub calls: Vec<Calls<'a>>,
    pub loops: Vec<Growth>,
    pub unmet: Vec<String>,
    pub cut: bool,
}

/// Events that a day publishes.
#[derive(Debug)]
pub struct Publish<'a> {
    pub volume: &'a Volume,
    pub event: Name,
    /// `None`: somebody outside the org publishes.
    pub site: Option<SiteId>,
    pub events: Amount,
    /// The transactions that they are published in.
    pub transactions: Amount,
}

/// Records that a day changes.
#[derive(Debug)]
pub struct Change<'a> {
    pub volume: &'a Volume,
    pub object: Name,
    /// `None`: they are the declared ones.
    pub site: Option<SiteId>,
    pub records: Amount,
}

/// Executions of jobs that a day starts.
#[derive(Debug)]
pub struct Job<'a> {
    pub volume: &'a Volume,
    /// The place that starts the job; `None`: the platform does, or somebody outside.
    pub site: Option<SiteId>,
    /// In words, where there is no place.
    pub label: String,
    pub executions: Amount,
    pub transactions: Amount,
}

/// Requests that a day sends.
#[derive(Debug)]
pub struct Calls<'a> {
    pub volume: &'a Volume,
    pub site: SiteId,
    pub requests: Amount,
    pub transactions: Amount,
}

/// What of an entry point's cost makes traffic.
const CARRIES: [Resource; 6] = [
    Resource::PublishedEvents,
    Resource::Enqueue,
    Resource::Future,
    Resource::BatchStart,
    Resource::Callouts,
    Resource::DmlRows,
];

/// Longer ways are not followed: each step is a transaction of its own.
const MAX_DEPTH: usize = 16;

/// Ways that are followed for one volume.
const MAX_STEPS: usize = 5_000;

/// Carries the declared volumes through the program.
pub fn traffic<'a>(meter: &Meter<'_>, workload: &'a Workload) -> Traffic<'a> {
    if workload.volumes.is_empty() {
        return Traffic::default();
    }
    let mut walk = Walk {
        meter,
        jobs: Jobs::of(meter.program),
        terms: BTreeMap::new(),
        rows: BTreeMap::new(),
        traffic: Traffic::default(),
        looped: FxHashSet::default(),
        steps: 0,
    };
    for volume in &workload.volumes {
        walk.steps = 0;
        walk.volume(volume);
    }
    walk.traffic
}

/// So many transactions a day, with so many records each.
#[derive(Clone, Copy, Debug)]
struct Flow {
    transactions: Amount,
    records: u64,
}

struct Walk<'a, 'm> {
    meter: &'m Meter<'m>,
    jobs: Jobs,
    /// Of each entry point that was asked for, by [`CARRIES`].
    terms: BTreeMap<EntryId, Vec<(Resource, Term)>>,
    /// Rows that a batch job goes through.
    rows: BTreeMap<EntryId, Option<crate::summary::cost::Formula>>,
    traffic: Traffic<'a>,
    /// Entry points that a loop was reported of, by volume.
    looped: FxHashSet<(*const Volume, EntryId)>,
    steps: usize,
}

impl<'a> Walk<'a, '_> {
    fn volume(&mut self, volume: &'a Volume) {
        let per_day = Amount::exactly(volume.rate.per_day);
        let records = volume.rate.per_tx.map_or(1, |per_tx| per_tx.get());
        let transactions = per_day.map(|count| count / records as f64);
        let flow = Flow { transactions, records };
        match &volume.of {
            VolumeOf::Records { object, change } => {
                let object = Name::new(object);
                let known = self.changed(volume, object, *change, None, per_day, flow, &mut Vec::new());
                if !known {
                    self.traffic.unmet.push(volume.key.clone());
                }
            }
            VolumeOf::Events { event } => {
                let event = Name::new(event);
                self.published(volume, event, None, per_day, flow, &mut Vec::new());
                if self.meter.summary.event_graph.event(event).is_none() {
                    self.traffic.unmet.push(volume.key.clone());
                }
            }
            VolumeOf::Runs { class } => {
                let entries = self.entries_of_job(Name::new(class));
                for entry in &entries {
                    let kind = self.meter.program.entry(*entry).kind;
                    if kind != EntryKind::BatchExecute && kind != EntryKind::BatchFinish {
                        self.run(volume, *entry, flow, &mut Vec::new());
                    }
                }
                self.job(volume, None, format!("runs of {class}"), transactions, transactions);
                if entries.is_empty() {
                    self.traffic.unmet.push(volume.key.clone());
                }
            }
            VolumeOf::Rows { class } => {
                let entries = self.entries_of_job(Name::new(class));
                let execute = entries
                    .iter()
                    .copied()
                    .find(|&entry| self.meter.program.entry(entry).kind == EntryKind::BatchExecute);
                match execute {
                    Some(execute) => {
                        let scope = match volume.rate.per_tx {
                            Some(scope) => scope.get(),
                            None => batch_of(self.meter.program.entry(execute), &self.meter.frames),
                        };
                        let runs = per_day.map(|rows| (rows / scope.max(1) as f64).ceil());
                        // `start` and `finish` count too.
                        let executions = runs + Amount::exactly(2.0);
                        self.job(volume, None, format!("batch {class}"), executions, Amount::exactly(1.0));
                        let flow = Flow { transactions: runs, records: scope };
                        self.run(volume, execute, flow, &mut Vec::new());
                    }
                    None => self.traffic.unmet.push(volume.key.clone()),
                }
            }
            VolumeOf::Requests { .. } => {}
        }
    }

    fn entries_of_job(&self, class: Name) -> Vec<EntryId> {
        let is_job = |kind: EntryKind| {
            matches!(
                kind,
                EntryKind::Schedulable
                    | EntryKind::Queueable
                    | EntryKind::BatchStart
                    | EntryKind::BatchExecute
                    | EntryKind::BatchFinish
                    | EntryKind::ScheduledFlow
            )
        };
        self.entries(|entry| is_job(entry.kind) && entry.owner == class)
    }

    fn entries(&self, test: impl Fn(&crate::program::model::Entry) -> bool) -> Vec<EntryId> {
        (0u32..)
            .map(EntryId)
            .zip(&self.meter.program.entries)
            .filter(|(_, entry)| test(entry))
            .map(|(id, _)| id)
            .collect()
    }

    /// Records of an object change; whether anything reacts.
    #[expect(clippy::too_many_arguments)]
    fn changed(
        &mut self,
        volume: &'a Volume,
        object: Name,
        change: RecordChange,
        site: Option<SiteId>,
        records: Amount,
        flow: Flow,
        chain: &mut Vec<(EntryId, f64)>,
    ) -> bool {
        self.traffic.changes.push(Change { volume, object, site, records });
        let change_event = change_event_of(object);
        // Triggers and flows in the save are a part of what code costs that writes the record.
        let in_save = site.is_none();
        let reacting = self.entries(|entry| match entry.kind {
            EntryKind::Trigger
            | EntryKind::BeforeSaveFlow
            | EntryKind::AfterSaveFlow
            | EntryKind::BeforeDeleteFlow
            | EntryKind::ProcessBuilder => {
                in_save && entry.object == Some(object) && reacts(entry.kind, entry.event, change)
            }
            EntryKind::FlowAsyncPath | EntryKind::FlowScheduledPath => {
                entry.object == Some(object) && reacts(entry.kind, entry.event, change)
            }
            EntryKind::ChangeEventTrigger => entry.object == Some(change_event),
            _ => false,
        });
        for &entry in &reacting {
            self.run(volume, entry, flow, chain);
        }
        !reacting.is_empty() || self.meter.summary.event_graph.event(change_event).is_some()
    }

    fn published(
        &mut self,
        volume: &'a Volume,
        event: Name,
        site: Option<SiteId>,
        events: Amount,
        flow: Flow,
        chain: &mut Vec<(EntryId, f64)>,
    ) {
        let transactions = flow.transactions;
        self.traffic.publishes.push(Publish { volume, event, site, events, transactions });
        let subscribers =
            self.entries(|entry| entry.object == Some(event) && subscriber_kind(entry.kind).is_some());
        for entry in subscribers {
            let most = batch_of(self.meter.program.entry(entry), &self.meter.frames).max(1);
            let at_once = flow.records.clamp(1, most);
            let transactions = events.map(|events| events / at_once as f64);
            self.run(volume, entry, Flow { transactions, records: at_once }, chain);
        }
    }

    fn job(
        &mut self,
        volume: &'a Volume,
        site: Option<SiteId>,
        label: String,
        executions: Amount,
        transactions: Amount,
    ) {
        self.traffic.jobs.push(Job { volume, site, label, executions, transactions });
    }

    /// An entry point runs so often.
    fn run(&mut self, volume: &'a Volume, id: EntryId, flow: Flow, chain: &mut Vec<(EntryId, f64)>) {
        if flow.transactions.is_zero() {
            return;
        }
        if let Some((_, before)) = chain.iter().find(|(entry, _)| *entry == id) {
            let gain = flow.transactions.most / before;
            if self.looped.insert((std::ptr::from_ref(volume), id)) {
                self.traffic.loops.push(Growth { volume: volume.key.clone(), entry: id, gain });
            }
            return;
        }
        self.steps += 1;
        if chain.len() >= MAX_DEPTH || self.steps > MAX_STEPS {
            self.traffic.cut = true;
            return;
        }
        chain.push((id, flow.transactions.most));
        for (resource, term) in self.terms(id) {
            self.term(volume, resource, &term, flow, chain);
        }
        chain.pop();
    }

    fn term(
        &mut self,
        volume: &'a Volume,
        resource: Resource,
        term: &Term,
        flow: Flow,
        chain: &mut Vec<(EntryId, f64)>,
    ) {
        let sizes = Sizes { batch: flow.records, assumed: assumed(self.meter, flow.records) };
        let (least, most) = (term.least.value(&sizes), term.most.value(&sizes));
        let each = Amount { least: least.min(most) as f64, most: most as f64 };
        let amount = flow.transactions * each;
        if amount.is_zero() {
            return;
        }
        let transactions =
            Amount { least: if least > 0 { flow.transactions.least } else { 0.0 }, ..flow.transactions };
        let site = self.meter.program.site(term.site);
        let started = self.jobs.started_by(site).to_vec();
        match resource {
            Resource::PublishedEvents => {
                for event in published_at(self.meter.program, term.site) {
                    let flow = Flow { transactions, records: most };
                    self.published(volume, event, Some(term.site), amount, flow, chain);
                }
            }
            Resource::Enqueue | Resource::Future => {
                self.job(volume, Some(term.site), String::new(), amount, transactions);
                for entry in started {
                    let flow = Flow { transactions: amount, records: flow.records };
                    self.run(volume, entry, flow, chain);
                }
            }
            Resource::BatchStart => {
                let kind = |entry: EntryId| self.meter.program.entry(entry).kind;
                let execute = started.iter().copied().find(|&entry| kind(entry) == EntryKind::BatchExecute);
                let start = started.iter().copied().find(|&entry| kind(entry) == EntryKind::BatchStart);
                let scope = execute
                    .map_or(1, |entry| batch_of(self.meter.program.entry(entry), &self.meter.frames).max(1));
                let rows = start.and_then(|start| self.rows_of(start)).map_or(0, |rows| rows.value(&sizes));
                let chunks = rows.div_ceil(scope) as f64;
                let executions = amount.map(|jobs| jobs * (2.0 + chunks));
                self.job(volume, Some(term.site), String::new(), executions, transactions);
                for entry in started {
                    let times = if kind(entry) == EntryKind::BatchExecute { chunks } else { 1.0 };
                    let runs = amount.map(|jobs| jobs * times);
                    let records = rows.clamp(1, scope);
                    self.run(volume, entry, Flow { transactions: runs, records }, chain);
                }
            }
            Resource::Callouts => {
                let calls = Calls { volume, site: term.site, requests: amount, transactions };
                self.traffic.calls.push(calls);
            }
            Resource::DmlRows => {
                if let (Some(object), Some(operation)) = (site.object, site.operation) {
                    let flow = Flow { transactions, records: most.max(1) };
                    let change = change_of(operation);
                    self.changed(volume, object, change, Some(term.site), amount, flow, chain);
                }
            }
            _ => {}
        }
    }

    fn terms(&mut self, id: EntryId) -> Vec<(Resource, Term)> {
        if let Some(known) = self.terms.get(&id) {
            return known.clone();
        }
        let mut all = Vec::new();
        for resource in CARRIES {
            for terms in self.meter.terms(&[id], resource) {
                all.extend(terms.into_iter().map(|term| (resource, term)));
            }
        }
        self.terms.insert(id, all.clone());
        all
    }

    /// The rows that the `start` of a batch job gives.
    fn rows_of(&mut self, start: EntryId) -> Option<crate::summary::cost::Formula> {
        let meter = self.meter;
        let of_start = || {
            let costs = crate::summary::cost::costs(
                meter.program,
                meter.summary,
                &meter.frames,
                &[start],
                &[Resource::SoqlRows],
            );
            costs.into_iter().next()?.costs.into_iter().next().map(|cost| cost.most)
        };
        self.rows.entry(start).or_insert_with(of_start).clone()
    }
}

fn change_of(operation: DmlOp) -> RecordChange {
    match operation {
        DmlOp::Insert => RecordChange::Create,
        DmlOp::Update | DmlOp::Upsert | DmlOp::Merge => RecordChange::Update,
        DmlOp::Delete => RecordChange::Delete,
        DmlOp::Undelete => RecordChange::Undelete,
    }
}

/// Whether a change runs what is declared for `event`; `None`: for more than one.
fn reacts(kind: EntryKind, event: Option<TriggerEvent>, change: RecordChange) -> bool {
    match event {
        Some(TriggerEvent::BeforeInsert | TriggerEvent::AfterInsert) => change == RecordChange::Create,
        Some(TriggerEvent::BeforeUpdate | TriggerEvent::AfterUpdate) => change == RecordChange::Update,
        Some(TriggerEvent::BeforeDelete | TriggerEvent::AfterDelete) => change == RecordChange::Delete,
        Some(TriggerEvent::AfterUndelete) => change == RecordChange::Undelete,
        // Flows that start on more than one event start on create and update.
        None if kind == EntryKind::BeforeDeleteFlow => change == RecordChange::Delete,
        None => matches!(change, RecordChange::Create | RecordChange::Update),
    }
}
