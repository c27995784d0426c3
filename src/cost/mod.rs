//! What transactions cost, held against the limits of the platform: what `seamlint cost` shows, and what
//! rules and budgets are made of.
//!
//! [`Meter::entries`] gives each entry point with its [`Line`]s, [`Meter::terms`] the places behind one.

mod json;
mod table;
mod text;

pub use json::json;
pub use table::{TableOptions, amount, table};
pub use text::{Legend, formula};

use strum::IntoEnumIterator;

use crate::config::workload::Assume;
use crate::program::model::{EntryId, EntryKind, Program};
use crate::rules::limits::Limits;
use crate::summary::Summary;
use crate::summary::cost::{
    self, Assumed, Cost, EntryCost, Formula, Frames, Resource, Sizes, Term, Unbounded, assumed_for,
};

/// Where limits have a share of themselves that is worth a look, in percent.
pub const NOTEWORTHY: u64 = 70;

/// The platform's limit on a resource: its id, and how many units of the resource one of the limit is.
pub fn limit_of(resource: Resource) -> Option<(&'static str, u64)> {
    Some(match resource {
        Resource::Callouts => ("apex.callouts", 1),
        Resource::Timeout => ("apex.callout_cumulative_timeout_s", 1000),
        Resource::Soql => ("apex.soql_queries", 1),
        Resource::SoqlRows => ("apex.soql_rows", 1),
        Resource::Sosl => ("apex.sosl_queries", 1),
        Resource::Dml => ("apex.dml_statements", 1),
        Resource::DmlRows => ("apex.dml_rows", 1),
        Resource::PublishImmediate => ("apex.publish_immediate_calls", 1),
        Resource::Enqueue => ("apex.enqueue_jobs", 1),
        Resource::Future => ("apex.future_calls", 1),
        Resource::Email => ("apex.send_email", 1),
        // They count as DML, or for no limit of a transaction.
        Resource::PublishAfterCommit | Resource::PublishedEvents | Resource::BatchStart => return None,
    })
}

/// The limits that a transaction's cost can be held against.
pub const LIMIT_IDS: &[&str] = &[
    "apex.callouts",
    "apex.callout_cumulative_timeout_s",
    "apex.callout_default_timeout_ms",
    "apex.soql_queries",
    "apex.soql_rows",
    "apex.sosl_queries",
    "apex.dml_statements",
    "apex.dml_rows",
    "apex.publish_immediate_calls",
    "apex.enqueue_jobs",
    "apex.future_calls",
    "apex.send_email",
];

/// What a limit limits, and how many units of the resource one of it is.
pub fn resource_of(limit: &str) -> Option<(Resource, u64)> {
    // How long one callout waits is also a measure for all of them together.
    if limit == "apex.callout_default_timeout_ms" {
        return Some((Resource::Timeout, 1));
    }
    Resource::iter().find_map(|resource| {
        let (id, units) = limit_of(resource)?;
        (id == limit).then_some((resource, units))
    })
}

/// What an entry point costs.
#[derive(Clone, Debug)]
pub struct EntryLines {
    pub entry: EntryId,
    /// How many records or events it gets at once at most.
    pub batch: u64,
    /// Sizes that only the run knows are taken as this.
    pub assumed: Assumed,
    /// The worst first.
    pub lines: Vec<Line>,
}

/// What an entry point takes of one resource.
#[derive(Clone, Debug)]
pub struct Line {
    pub resource: Resource,
    pub least: Formula,
    pub most: Formula,
    pub unbounded: Option<Unbounded>,
    /// With the batch at its largest.
    pub least_value: u64,
    pub most_value: u64,
    /// With a single record, event or request: what a test with one sees.
    pub least_at_one: u64,
    pub most_at_one: u64,
    /// In the unit of the resource.
    pub limit: Option<u64>,
    /// The smallest batch with which it is over the limit: see [`Breaks`].
    pub breaks: Option<Breaks>,
}

/// At which size a transaction goes over a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breaks {
    /// At so many records or events of the entry point.
    AtBatch(u64),
    /// At so many of everything else that it goes over.
    AtSize(u64),
}

/// How a cost stands to its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    Fits,
    /// Close to the limit.
    Close,
    /// It may go over.
    MayExceed,
    /// With a full batch, every run goes over.
    Exceeds,
}

impl Line {
    /// Whether all of it is known: no size of it is taken as something.
    pub fn is_known(&self) -> bool {
        self.unbounded.is_none() && self.most.symbols().is_empty()
    }

    pub fn percent(&self) -> Option<u64> {
        let limit = self.limit?;
        Some(match limit {
            0 if self.most_value > 0 => 1_000,
            0 => 0,
            limit => self.most_value.saturating_mul(100) / limit,
        })
    }

    pub fn verdict(&self) -> Verdict {
        match self.limit {
            Some(limit) if self.least_value > limit => Verdict::Exceeds,
            Some(limit) if self.most_value > limit => Verdict::MayExceed,
            Some(_) if self.percent().is_some_and(|percent| percent > NOTEWORTHY) => Verdict::Close,
            _ => Verdict::Fits,
        }
    }
}

/// Measures what entry points cost.
#[derive(Clone, Copy)]
pub struct Meter<'a> {
    pub program: &'a Program,
    pub summary: &'a Summary,
    pub limits: &'a Limits,
    pub frames: Frames,
}

impl<'a> Meter<'a> {
    pub fn new(program: &'a Program, summary: &'a Summary, limits: &'a Limits, assume: &Assume) -> Meter<'a> {
        Meter { program, summary, limits, frames: frames(limits, assume) }
    }

    /// What all entry points take of all resources, in the order of the program.
    pub fn entries(&self) -> Vec<EntryLines> {
        let all: Vec<EntryId> = (0..self.program.entries.len() as u32).map(EntryId).collect();
        self.of(&all, &Resource::iter().collect::<Vec<_>>())
    }

    /// What `entries` take of `resources`, in the order of `entries`.
    pub fn of(&self, entries: &[EntryId], resources: &[Resource]) -> Vec<EntryLines> {
        cost::costs(self.program, self.summary, &self.frames, entries, resources)
            .into_iter()
            .map(|EntryCost { entry, batch, costs }| {
                let assumed = assumed_for(self.program.entry(entry), &self.frames);
                let mut lines: Vec<Line> = costs
                    .into_iter()
                    .filter(|cost| self.counts(entry, cost.resource))
                    .map(|cost| self.line(entry, batch, assumed, cost))
                    .collect();
                lines.sort_by_key(|line| (std::cmp::Reverse(line.percent()), line.resource));
                EntryLines { entry, batch, assumed, lines }
            })
            .collect()
    }

    /// The places where `entries` take `resource`, the largest first.
    pub fn terms(&self, entries: &[EntryId], resource: Resource) -> Vec<Vec<Term>> {
        cost::terms(self.program, self.summary, &self.frames, entries, resource)
    }

    /// How many records or events an entry point gets at once at most.
    pub fn batch(&self, entry: EntryId) -> u64 {
        cost::batch_of(self.program.entry(entry), &self.frames)
    }

    /// What sizes are taken as in its transactions that only the run knows.
    pub fn assumed(&self, entry: EntryId) -> Assumed {
        assumed_for(self.program.entry(entry), &self.frames)
    }

    /// The limit on a resource in transactions that `entry` starts, in the unit of the resource.
    pub fn limit(&self, entry: EntryId, resource: Resource) -> Option<u64> {
        let (id, units) = limit_of(resource)?;
        let limit = self.limits.get(id)?;
        let kind = self.program.entry(entry).kind;
        let asynchronous = match (resource, kind) {
            // A queueable job may call as many as a synchronous transaction.
            (Resource::Future, EntryKind::Queueable) => false,
            // Synchronous limits, but for jobs.
            (Resource::Enqueue | Resource::Future, EntryKind::Finalizer) => true,
            _ => kind.is_asynchronous(),
        };
        let value = if asynchronous { limit.asynchronous.unwrap_or(limit.value) } else { limit.value };
        Some(value.saturating_mul(units))
    }

    /// Rows of a query locator are those of the job, not of the transaction that starts it.
    fn counts(&self, entry: EntryId, resource: Resource) -> bool {
        !(resource == Resource::SoqlRows && self.program.entry(entry).kind == EntryKind::BatchStart)
    }

    fn line(&self, entry: EntryId, batch: u64, assumed: Assumed, cost: Cost) -> Line {
        let sizes = Sizes { batch, assumed };
        let one = Sizes { batch: 1, assumed };
        let limit = self.limit(entry, cost.resource);
        let breaks = limit.and_then(|limit| {
            if cost.most.has_batch() {
                cost.most.breaks_at(limit, assumed).map(Breaks::AtBatch)
            } else {
                cost.most.breaks_at_sizes(limit, batch, assumed).map(Breaks::AtSize)
            }
        });
        Line {
            resource: cost.resource,
            least_value: cost.least.value(&sizes),
            most_value: cost.most.value(&sizes),
            least_at_one: cost.least.value(&one),
            most_at_one: cost.most.value(&one),
            least: cost.least,
            most: cost.most,
            unbounded: cost.unbounded,
            limit,
            breaks,
        }
    }
}

/// How much data transactions get, by the platform's limits and by what the configuration says.
pub fn frames(limits: &Limits, assume: &Assume) -> Frames {
    let limit = |id: &str| limits.get(id).map_or(0, |limit| limit.value);
    let size = |id: &str| u32::try_from(limit(id)).unwrap_or(u32::MAX);
    Frames {
        trigger_batch: size("apex.trigger_batch"),
        event_batch: size("pe.trigger_batch"),
        flow_event_batch: size("flow.pe_batch"),
        batch_scope: size("apex.batch_scope_default"),
        rest: assume.rest_n.get(),
        queueable: assume.queueable_n.get(),
        default_timeout_ms: limit("apex.callout_default_timeout_ms"),
        assumed: Assumed { collection: assume.collection.get(), ..Assumed::default() },
    }
}
