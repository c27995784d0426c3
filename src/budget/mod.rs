//! What a day costs: the volumes that the configuration declares, carried through the program, held
//! against the daily and hourly allocations of the org. What `seamlint budget` shows.
//!
//! [`traffic`] says how often each entry point runs and what it sends, publishes and starts; [`budget`]
//! sums that up by [`Quota`], with the [`Contributor`]s and what each would cost after the change that
//! removes it.

mod demand;
mod items;
mod json;
mod markdown;
mod remedy;
mod table;
mod text;
pub mod traffic;

pub use items::items;
pub use json::json;
pub use markdown::markdown;
pub use table::table;

use std::ops::{Add, AddAssign, Mul};

use crate::config::Settings;
use crate::cost::Meter;
use crate::program::model::EntryId;
use crate::rules::limits::Limit;
use crate::span::Location;
use crate::summary::cost::Assumed;

/// What an org has a daily or hourly allocation of, or a system outside of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quota {
    /// API requests in a day.
    ApiRequests,
    /// Platform events published in the busiest hour.
    EventPublishing,
    /// Platform and change events delivered to subscribers outside of Apex and flows in a day.
    EventDelivery,
    /// Jobs and their parts in a day.
    AsyncExecutions,
    /// Batches of Bulk API jobs in a day.
    BulkBatches,
    /// Browsers and others that receive events over CometD at the same time.
    StreamingClients,
    /// Calls to a system in a day, of those that it stands.
    SystemCalls(String),
}

impl Quota {
    /// The limit that it is held against; `None` where the configuration alone says it.
    pub fn limit(&self) -> Option<&'static str> {
        Some(match self {
            Quota::ApiRequests => "api.requests_day",
            Quota::EventPublishing => "pe.publish_hour",
            Quota::EventDelivery => "pe.delivery_day",
            Quota::AsyncExecutions => "apex.async_executions_day",
            Quota::BulkBatches => "bulk.batches_day",
            Quota::StreamingClients => "streaming.concurrent_clients",
            Quota::SystemCalls(_) => return None,
        })
    }

    /// The span of time that the allocation is for.
    pub fn window(&self) -> &'static str {
        match self {
            Quota::EventPublishing => "hour",
            Quota::StreamingClients => "at once",
            _ => "day",
        }
    }

    pub fn title(&self) -> String {
        match self {
            Quota::ApiRequests => "API requests".to_owned(),
            Quota::EventPublishing => "events published".to_owned(),
            Quota::EventDelivery => "events delivered".to_owned(),
            Quota::AsyncExecutions => "async executions".to_owned(),
            Quota::BulkBatches => "bulk batches".to_owned(),
            Quota::StreamingClients => "streaming clients".to_owned(),
            Quota::SystemCalls(system) => format!("calls to {system}"),
        }
    }
}

/// Between what there is at least and what there is at most: code under conditions may run or not.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Amount {
    pub least: f64,
    pub most: f64,
}

impl Amount {
    pub fn exactly(amount: f64) -> Amount {
        Amount { least: amount, most: amount }
    }

    pub fn is_zero(self) -> bool {
        self.most <= 0.0
    }

    fn map(self, map: impl Fn(f64) -> f64) -> Amount {
        Amount { least: map(self.least), most: map(self.most) }
    }
}

impl Add for Amount {
    type Output = Amount;

    fn add(self, other: Amount) -> Amount {
        Amount { least: self.least + other.least, most: self.most + other.most }
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Amount) {
        *self = *self + other;
    }
}

impl Mul for Amount {
    type Output = Amount;

    fn mul(self, other: Amount) -> Amount {
        Amount { least: self.least * other.least, most: self.most * other.most }
    }
}

/// The budget of a day.
#[derive(Clone, Debug, Default)]
pub struct Budget {
    /// By quota, those that anything is taken of, the fullest first.
    pub lines: Vec<Line>,
    /// Ways that come back to themselves with as many records as before, or more.
    pub loops: Vec<Growth>,
    /// Keys of volumes that nothing in the project reacts to, in the order of the file.
    pub unmet: Vec<String>,
    /// Not every way was followed to its end: there are too many.
    pub cut: bool,
}

/// What is taken of one allocation.
#[derive(Clone, Debug)]
pub struct Line {
    pub quota: Quota,
    pub used: Amount,
    /// `None`: there is no such limit in this org.
    pub allocation: Option<u64>,
    /// The largest first.
    pub contributors: Vec<Contributor>,
}

impl Line {
    /// In percent of the allocation.
    pub fn percent(&self) -> Option<Amount> {
        let allocation = self.allocation? as f64;
        Some(self.used.map(|used| if allocation > 0.0 { used * 100.0 / allocation } else { 0.0 }))
    }

    /// Those that are worth the space: all where `all` of them are asked for.
    fn shown(&self, all: bool) -> &[Contributor] {
        /// How many are shown otherwise.
        const SHOWN: usize = 5;
        let shown = if all { self.contributors.len() } else { SHOWN };
        &self.contributors[..shown.min(self.contributors.len())]
    }

    /// What would be taken with the changes that the contributors name.
    pub fn after(&self) -> Amount {
        self.contributors.iter().fold(Amount::default(), |sum, contributor| {
            sum + contributor.remedy.as_ref().and_then(|remedy| remedy.after).unwrap_or(contributor.amount)
        })
    }
}

/// One cause of what is taken.
#[derive(Clone, Debug)]
pub struct Contributor {
    /// The key of the volume in the configuration.
    pub volume: String,
    /// In words: "`EventBus.publish` of Order__e in OrderService.announce".
    pub what: String,
    /// Where it stands in code or metadata.
    pub at: Option<Location>,
    pub amount: Amount,
    pub remedy: Option<Remedy>,
}

/// The change that makes a contributor smaller.
#[derive(Clone, Debug)]
pub struct Remedy {
    /// The id of the pattern that it belongs to.
    pub pattern: &'static str,
    pub text: String,
    /// What it takes then, where that can be said.
    pub after: Option<Amount>,
}

/// A way through events and jobs that leads back to where it started.
#[derive(Clone, Debug)]
pub struct Growth {
    pub volume: String,
    pub entry: EntryId,
    /// How many runs follow from one; 1 and above never end.
    pub gain: f64,
}

/// The budget that `settings` declare the volumes of.
pub fn budget(meter: &Meter<'_>, settings: &Settings) -> Budget {
    let traffic = traffic::traffic(meter, &settings.workload);
    let mut lines: Vec<Line> = Vec::new();
    for (quota, contributors) in demand::demand(meter, settings, &traffic) {
        let allocation = match &quota {
            Quota::SystemCalls(name) => settings
                .landscape
                .systems
                .iter()
                .find(|system| system.name == *name)
                .and_then(|system| system.max_calls_day),
            quota => quota
                .limit()
                .and_then(|id| meter.limits.get(id))
                .map(|limit| limit.value)
                .filter(|&value| value != Limit::NONE),
        };
        let used = contributors.iter().fold(Amount::default(), |sum, each| sum + each.amount);
        lines.push(Line { quota, used, allocation, contributors });
    }
    lines.sort_by(|a, b| {
        let share = |line: &Line| line.percent().map_or(0.0, |percent| percent.most);
        share(b).total_cmp(&share(a)).then_with(|| a.quota.cmp(&b.quota))
    });
    Budget { lines, loops: traffic.loops, unmet: traffic.unmet, cut: traffic.cut }
}

/// In a day, a collection that only the run knows is taken to be as large as the transaction's records:
/// what a trigger hands on comes from them.
fn assumed(meter: &Meter<'_>, records: u64) -> Assumed {
    Assumed { collection: records.max(1), ..meter.frames.assumed }
}
