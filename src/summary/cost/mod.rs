//! What the transaction of an entry point takes of the platform's resources: symbolic, between what it
//! takes at least and what it takes at most.
//!
//! [`costs`] gives each entry point its [`EntryCost`]; [`terms`] says which places a cost is made of.
//! Nothing is computed before it is asked for.

mod evaluate;
pub mod interval;
pub mod polynomial;
mod tally;

use std::sync::Arc;

use serde::Serialize;

use crate::deep::on_deep_stack;
use crate::name::Name;
use crate::program::model::{Caller, Callers, Effect, Effects, Entry, EntryId, EntryKind, Program, SiteId};
use crate::program::size::{Symbol, What};

use super::Summary;

pub(super) use evaluate::Circles;
use evaluate::Evaluator;
use interval::Interval;
pub use interval::Unbounded;
pub use polynomial::Assumed;
use polynomial::{Atom, Atoms, Polynomial};
use tally::Key;

/// What the platform limits.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
    strum::Display,
    strum::EnumIter,
    strum::EnumString,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Resource {
    Callouts,
    /// Milliseconds that all callouts together may wait.
    Timeout,
    Soql,
    SoqlRows,
    Sosl,
    /// DML statements, with all that counts as one.
    Dml,
    DmlRows,
    /// Publishes of events that leave at once.
    PublishImmediate,
    /// Publishes of events that leave after the commit: DML statements too.
    PublishAfterCommit,
    /// Events, of both kinds.
    PublishedEvents,
    Enqueue,
    Future,
    BatchStart,
    Email,
}

impl Resource {
    /// The effects that take it.
    pub fn effects(self) -> Effects {
        Effects::of(match self {
            Resource::Callouts | Resource::Timeout => &[Effect::Callout],
            Resource::Soql | Resource::SoqlRows => &[Effect::Query],
            Resource::Sosl => &[Effect::Search],
            Resource::Dml => {
                &[Effect::Dml, Effect::ConnectWrite, Effect::Savepoint, Effect::Rollback, Effect::Publish]
            }
            Resource::DmlRows => &[Effect::Dml],
            Resource::PublishImmediate | Resource::PublishAfterCommit | Resource::PublishedEvents => {
                &[Effect::Publish]
            }
            Resource::Enqueue => &[Effect::Enqueue],
            Resource::Future => &[Effect::Future],
            Resource::BatchStart => &[Effect::Batch],
            Resource::Email => &[Effect::Email],
        })
    }
}

/// How much data the platform gives to a transaction at once. The numbers are limits of the platform,
/// or what the configuration says of the org.
#[derive(Clone, Copy, Debug)]
pub struct Frames {
    /// Records of a trigger, and interviews of a flow that runs for records.
    pub trigger_batch: u32,
    /// Events of a trigger on events.
    pub event_batch: u32,
    /// Events of a flow.
    pub flow_event_batch: u32,
    /// Records of a batch job's scope, where no literal says another number.
    pub batch_scope: u32,
    /// Requests of a REST or SOAP method that takes a collection.
    pub rest: u64,
    /// Elements that a queueable job or an `@future` method is given.
    pub queueable: u64,
    /// How long a callout waits where no timeout is set, in milliseconds.
    pub default_timeout_ms: u64,
    pub assumed: Assumed,
}

/// What one entry point costs.
#[derive(Clone, Debug)]
pub struct EntryCost {
    pub entry: EntryId,
    /// How many records or events it gets at once at most.
    pub batch: u64,
    /// By resource, in the order of [`Resource`]; none that it takes nothing of.
    pub costs: Vec<Cost>,
}

/// What an entry point takes of one resource.
#[derive(Clone, Debug)]
pub struct Cost {
    pub resource: Resource,
    pub least: Formula,
    pub most: Formula,
    pub unbounded: Option<Unbounded>,
}

/// A place that a cost is made of. Places on exclusive ways are all there, so that their sum may be more
/// than the cost.
#[derive(Clone, Debug)]
pub struct Term {
    pub site: SiteId,
    pub least: Formula,
    pub most: Formula,
    pub unbounded: Option<Unbounded>,
}

/// A number in terms of sizes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Formula {
    /// Summed; the constant last.
    pub products: Vec<Product>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Product {
    pub factor: u64,
    pub sizes: Vec<Part>,
}

/// A size in a formula.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// The records or events of the entry point.
    Batch,
    Symbol(Arc<Symbol>),
    /// So many chunks.
    Chunks(Box<Formula>, u32),
    /// Distinct keys of the cache that stands there, at most as many as lookups.
    Keys(crate::span::Location, Box<Formula>),
}

/// What sizes are taken to be where a formula becomes a number.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    pub batch: u64,
    pub assumed: Assumed,
}

impl Sizes {
    fn of(&self, part: &Part) -> u64 {
        match part {
            Part::Batch => self.batch,
            Part::Symbol(symbol) => self.assumed.of(symbol.what),
            Part::Chunks(of, by) => of.value(self).div_ceil(u64::from((*by).max(1))),
            // How many of the keys differ is one more size that only the run knows.
            Part::Keys(_, looks) => {
                // A large factor stands for unknown sizes that a long formula was written without.
                let is_sure = |product: &&Product| {
                    product.factor < self.assumed.collection
                        && !Formula { products: vec![(*product).clone()] }.has_symbol()
                };
                let sure = looks.products.iter().filter(is_sure).cloned().collect();
                let sure = Formula { products: sure }.value(self);
                looks.value(self).min(sure.max(self.batch).max(self.assumed.collection))
            }
        }
    }
}

impl Formula {
    pub fn value(&self, sizes: &Sizes) -> u64 {
        self.products.iter().fold(0u64, |sum, product| {
            let product =
                product.sizes.iter().fold(product.factor, |all, part| all.saturating_mul(sizes.of(part)));
            sum.saturating_add(product)
        })
    }

    pub fn is_zero(&self) -> bool {
        self.products.is_empty()
    }

    /// Whether it grows with the records of the entry point.
    pub fn has_batch(&self) -> bool {
        self.any(&|part| matches!(part, Part::Batch))
    }

    /// The sizes that only the run knows, each once, in the order in which they stand.
    pub fn symbols(&self) -> Vec<Arc<Symbol>> {
        let mut found: Vec<Arc<Symbol>> = Vec::new();
        self.visit(&mut |part| {
            if let Part::Symbol(symbol) = part
                && !found.contains(symbol)
            {
                found.push(symbol.clone());
            }
        });
        found
    }

    fn has_symbol(&self) -> bool {
        self.any(&|part| matches!(part, Part::Symbol(_)))
    }

    fn any(&self, test: &dyn Fn(&Part) -> bool) -> bool {
        let mut found = false;
        self.visit(&mut |part| found |= test(part));
        found
    }

    pub fn visit(&self, see: &mut dyn FnMut(&Part)) {
        for part in self.products.iter().flat_map(|product| &product.sizes) {
            see(part);
            if let Part::Chunks(inner, _) | Part::Keys(_, inner) = part {
                inner.visit(see);
            }
        }
    }

    /// The smallest batch at which it is more than `limit`; `None` where it never is.
    pub fn breaks_at(&self, limit: u64, assumed: Assumed) -> Option<u64> {
        smallest(|size| self.value(&Sizes { batch: size, assumed }) > limit)
    }

    /// The same for all sizes that only the run knows together, where it has no batch.
    pub fn breaks_at_sizes(&self, limit: u64, batch: u64, assumed: Assumed) -> Option<u64> {
        smallest(|size| {
            self.value(&Sizes { batch, assumed: Assumed { collection: size, ..assumed } }) > limit
        })
    }
}

/// No size is looked at that is larger.
const MAX_SIZE: u64 = 1 << 32;

/// The smallest number from 1 on for which a monotone test holds.
fn smallest(holds: impl Fn(u64) -> bool) -> Option<u64> {
    if !holds(MAX_SIZE) {
        return None;
    }
    let (mut low, mut high) = (1, MAX_SIZE);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Some(low)
}

/// What `entries` take of `resources`, in the order of `entries`.
pub fn costs(
    program: &Program,
    summary: &Summary,
    frames: &Frames,
    entries: &[EntryId],
    resources: &[Resource],
) -> Vec<EntryCost> {
    if entries.is_empty() {
        return Vec::new();
    }
    on_deep_stack("cost", || {
        let mut evaluator = Evaluator::new(program, summary, *frames, resources, false);
        entries
            .iter()
            .map(|&id| {
                let totals = totals(&mut evaluator, program, frames, id);
                let costs = totals
                    .into_iter()
                    .filter(|(key, _)| resources.contains(&key.resource))
                    .map(|(key, interval)| Cost {
                        resource: key.resource,
                        least: formula(&evaluator.atoms, &interval.least),
                        most: formula(&evaluator.atoms, &interval.most),
                        unbounded: interval.unbounded,
                    })
                    .collect();
                EntryCost { entry: id, batch: batch_of(program.entry(id), frames), costs }
            })
            .collect()
    })
}

/// Which places `entries` take `resource` at, the largest first, in the order of `entries`.
pub fn terms(
    program: &Program,
    summary: &Summary,
    frames: &Frames,
    entries: &[EntryId],
    resource: Resource,
) -> Vec<Vec<Term>> {
    if entries.is_empty() {
        return Vec::new();
    }
    on_deep_stack("cost", || {
        let mut evaluator = Evaluator::new(program, summary, *frames, &[resource], true);
        entries
            .iter()
            .map(|&id| {
                let sizes = Sizes {
                    batch: batch_of(program.entry(id), frames),
                    assumed: assumed_for(program.entry(id), frames),
                };
                let totals = totals(&mut evaluator, program, frames, id);
                let mut terms: Vec<Term> = totals
                    .into_iter()
                    .filter(|(key, _)| key.resource == resource)
                    .filter_map(|(key, interval)| {
                        Some(Term {
                            site: key.site?,
                            least: formula(&evaluator.atoms, &interval.least),
                            most: formula(&evaluator.atoms, &interval.most),
                            unbounded: interval.unbounded,
                        })
                    })
                    .collect();
                terms.sort_by_key(|term| {
                    (std::cmp::Reverse(term.most.value(&sizes)), program.site(term.site).at)
                });
                terms
            })
            .collect()
    })
}

/// How many records or events the platform gives to an entry point at once, at most.
pub fn batch_of(entry: &Entry, frames: &Frames) -> u64 {
    let default = u64::from(match entry.kind {
        EntryKind::EventTrigger | EntryKind::ChangeEventTrigger => frames.event_batch,
        EntryKind::EventFlow | EntryKind::EventProcess => frames.flow_event_batch,
        EntryKind::BatchExecute => frames.batch_scope,
        EntryKind::ScreenFlow | EntryKind::AutolaunchedFlow => 1,
        // Only flows call it that run for one record or user at a time.
        EntryKind::Invocable if entry.called_by == Callers::of(Caller::SingleFlow) => 1,
        EntryKind::Queueable | EntryKind::Future => return frames.queueable,
        EntryKind::Rest | EntryKind::Webservice => return frames.rest,
        _ => frames.trigger_batch,
    });
    entry.batch_scope.map_or(default, u64::from)
}

/// What unknown sizes are taken to be in a transaction that `entry` starts.
pub fn assumed_for(entry: &Entry, frames: &Frames) -> Assumed {
    let collection = match entry.kind {
        EntryKind::Queueable | EntryKind::Future => frames.queueable,
        EntryKind::Rest | EntryKind::Webservice => frames.rest,
        _ => frames.assumed.collection,
    };
    Assumed { collection, ..frames.assumed }
}

/// The parameter that the platform gives the batch in.
fn batch_param(kind: EntryKind) -> Option<u32> {
    match kind {
        EntryKind::BatchExecute => Some(1),
        EntryKind::Invocable => Some(0),
        _ => None,
    }
}

fn totals(
    evaluator: &mut Evaluator<'_>,
    program: &Program,
    frames: &Frames,
    id: EntryId,
) -> Vec<(Key, Interval)> {
    let entry = program.entry(id);
    let cost = evaluator.node(entry.node);
    let tally = match (&cost.returns, &cost.throws) {
        (Some(returns), Some(throws)) => returns.clone().or_rarely(throws, &evaluator.atoms),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => return Vec::new(),
    };
    let tally = tally.end_of_transaction(&mut evaluator.atoms);
    let names: &[Name] = &program.node(entry.node).sizes.params;
    let atoms = &mut evaluator.atoms;
    let batch = batch_of(entry, frames);
    let assumed = assumed_for(entry, frames);
    let tally = tally.map(&mut |polynomial, is_least, _| {
        let given = atoms.replace(polynomial, &mut |atoms, atom| match atom {
            Atom::Param(param) if batch_param(entry.kind) == Some(param) => {
                Some(Polynomial::atom(Atom::Batch))
            }
            Atom::Param(_) if is_least => Some(Polynomial::default()),
            Atom::Param(param) => {
                let name = names.get(param as usize).map(|name| name.as_str().to_owned()).unwrap_or_default();
                let symbol = Arc::new(Symbol { what: What::Parameter, name, at: entry.at });
                Some(Polynomial::atom(atoms.intern(&symbol)))
            }
            _ => None,
        });
        in_one_chunk(&given, batch, assumed, atoms)
    });
    tally.entries().map(|(key, interval)| (key, interval.clone())).collect()
}

/// Where all records of the entry point fit into one chunk, there is one. So it is where DML of unknown
/// records is taken to fit into one run of a trigger.
fn in_one_chunk(polynomial: &Polynomial, batch: u64, assumed: Assumed, atoms: &mut Atoms) -> Polynomial {
    atoms.replace(polynomial, &mut |atoms, atom| {
        let Atom::Ceil(id) = atom else { return None };
        let chunks = atoms.ceil(id);
        let is_known = !atoms.any_atom(&chunks.of, &|atom| matches!(atom, Atom::Symbol(_) | Atom::Param(_)));
        let most = atoms.eval(&chunks.of, &|atom| match atom {
            Atom::Symbol(id) => assumed.of(atoms.symbol(id).what),
            _ => batch,
        });
        let one = (is_known && chunks.of.is_positive()) || chunks.for_trigger;
        (one && most <= u64::from(chunks.by)).then(|| Polynomial::constant(1))
    })
}

fn formula(atoms: &Atoms, polynomial: &Polynomial) -> Formula {
    let mut products: Vec<Product> = polynomial
        .terms()
        .map(|(sizes, factor)| {
            let mut sizes: Vec<Part> = sizes
                .iter()
                .map(|&atom| match atom {
                    Atom::Batch | Atom::Param(_) => Part::Batch,
                    Atom::Symbol(id) => Part::Symbol(Arc::new(atoms.symbol(id).clone())),
                    Atom::Ceil(id) => {
                        let chunks = atoms.ceil(id);
                        Part::Chunks(Box::new(formula(atoms, &chunks.of)), chunks.by)
                    }
                    Atom::Keys(id) => {
                        let (at, looks) = atoms.keys(id);
                        Part::Keys(*at, Box::new(formula(atoms, looks)))
                    }
                })
                .collect();
            sizes.sort();
            Product { factor, sizes }
        })
        .collect();
    products.sort_by(|a, b| b.sizes.len().cmp(&a.sizes.len()).then_with(|| a.sizes.cmp(&b.sizes)));
    Formula { products }
}
