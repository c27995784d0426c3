//! Links the units of a project into one [`model::Program`].
//!
//! `symbols` knows what the names mean; `interpret` walks the bodies from the `entries` on and builds
//! the nodes of the call graph, with the help of `frameworks` where data decides the dispatch; `facts`
//! and `catches` complete the sites once all flows are known.

pub mod attributes;
mod catches;
mod entries;
mod entry_facts;
mod facts;
mod flow;
mod flows;
mod frameworks;
mod interpret;
mod items;
mod mentions;
pub mod model;
mod payload;
pub mod print;
mod recognition;
mod repeats;
mod secrets;
pub mod size;
mod symbols;
pub mod systems;
mod types;
mod url;
mod value;

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

pub use entries::Page;
pub use frameworks::tdtm::{ACTIONS as TRIGGER_ACTIONS, handlers_named_in};
pub use payload::OWNED_BY_USERS;

use crate::apex::unit::{Expr, Unit};
use crate::config::Landscape;
use crate::deep::on_deep_stack;
use crate::metadata::Metadata;
use crate::metadata::subscriber::SubscriberConfig;
use crate::name;

use flows::Flows;
use frameworks::Frameworks;
use interpret::Linker;
use model::{Effect, Entry, EntryKind, Program, Site, Unseen};

/// What is linked.
pub struct Input<'a> {
    /// Test classes may be among them; they never become entry points.
    pub units: &'a [Unit],
    /// Of each unit: the modules around it, the innermost first.
    pub modules: &'a [Vec<u32>],
    /// Namespaces of the project's own packages.
    pub namespaces: &'a [String],
    pub metadata: &'a Metadata,
    /// Of each file: the project around it. One scan may see several that know nothing of each other.
    pub projects: &'a [Option<u32>],
    pub pages: &'a [Page],
    /// What surrounds the repository.
    pub landscape: &'a Landscape,
}

/// Links the units of a project.
pub fn link(input: &Input) -> Program {
    on_deep_stack("link", || link_here(input))
}

fn link_here(input: &Input) -> Program {
    let symbols = symbols::build(input.units, input.modules.to_vec());
    let frameworks =
        Frameworks::read(input.units, &input.metadata.records, &input.landscape.trigger_handlers);
    let flows = Flows::of(input.metadata);
    let mut linker = Linker::new(&symbols, frameworks, flows);
    linker.namespaces = input.namespaces.iter().map(|namespace| name::Name::new(namespace)).collect();
    let mut entries = entries::find(&mut linker, input.pages);
    batch_sizes(&mut entries, &input.metadata.subscriber_configs);
    entry_facts::complete(&linker, &mut entries, input);
    repeats::complete(&linker, &mut entries);
    let payloads = payload::complete(&mut linker, &entries);
    let request_loops = payload::request_loops(&linker, &entries);
    facts::complete(&mut linker, &input.metadata.events, &entries);
    catches::complete(&mut linker);
    if asks_for_outcomes(input.units) {
        let writes = linker.sites.iter_mut().filter(|site| site.effect == Effect::ExternalWrite);
        writes.for_each(|site| site.facts = vec![("outcome", "handled".into())]);
    }
    writable(&mut linker.sites, input.metadata);
    let mut statistics = linker.statistics;
    statistics.flows = linker.flows.count();
    statistics.classes = symbols.classes.len();
    statistics.triggers = symbols.triggers.values().map(Vec::len).sum();
    statistics.methods = symbols.methods.len();
    let systems = systems::find(input.metadata, &input.landscape.systems, &mut linker.sites);
    let mut program = Program {
        nodes: linker.nodes,
        sites: linker.sites,
        entries,
        payloads,
        systems,
        request_loops,
        items: Vec::new(),
        statistics,
        unseen: most_frequent_first(linker.unseen),
    };
    program.items = items::collect(&program, input);
    program
}

/// Whether code asks what became of writes to external objects (`Database.getAsyncSaveResult`).
fn asks_for_outcomes(units: &[Unit]) -> bool {
    let asks = |expr: &Expr| matches!(expr, Expr::Call { name, .. } if name.folded().starts_with("getasync"));
    units.iter().any(|unit| unit.exprs.iter().any(asks))
}

/// Completes writes to external objects by whether their data source takes any (`isWritable`).
fn writable(sites: &mut [Site], metadata: &Metadata) {
    for site in sites.iter_mut().filter(|site| site.effect == Effect::ExternalWrite) {
        let source = metadata
            .external_objects
            .iter()
            .find(|object| Some(object.header.name) == site.object)
            .and_then(|object| object.data_source)
            .and_then(|name| metadata.data_sources.iter().find(|source| source.header.name == name.value));
        if let Some(writable) = source.and_then(|source| source.writable) {
            site.facts.push(("writable", if writable.value { "yes" } else { "no" }.into()));
        }
    }
}

fn most_frequent_first(unseen: FxHashMap<(Option<name::Name>, name::Name), usize>) -> Vec<Unseen> {
    let mut all: Vec<Unseen> =
        unseen.into_iter().map(|((receiver, method), calls)| Unseen { receiver, method, calls }).collect();
    let text = |name: Option<name::Name>| name.map(|name| name.folded());
    all.sort_by_key(|unseen| (Reverse(unseen.calls), text(unseen.receiver), unseen.method.folded()));
    all
}

/// How many events a trigger gets at once, where a subscriber configuration says so.
fn batch_sizes(entries: &mut [Entry], configs: &[SubscriberConfig]) {
    for entry in entries {
        if matches!(entry.kind, EntryKind::EventTrigger | EntryKind::ChangeEventTrigger)
            && let Some(config) = configs
                .iter()
                .find(|config| config.consumer.as_ref().is_some_and(|name| name.value == entry.owner))
        {
            entry.batch_scope = config.batch_size.as_ref().map(|size| size.value);
        }
    }
}
