//! What published events are made of: which fields are set, and where their values come from.
//!
//! The values are followed through the whole project (see [`super::flow`]), so that an event built in
//! one class from records that another one queried is still known to carry record data.

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::apex::unit::Expr;
use crate::name::Name;
use crate::span::Location;

use super::flow::{Flow, SinkKind, Slot, SlotFacts, SlotId};
use super::interpret::Linker;
use super::model::{Effect, Entry, EntryKind, NodeId, Origin, Payload, PayloadField, SiteId, Step};
use super::symbols::MethodId;
use super::value::Slots;

/// Standard objects whose records people work on as their owners, in lower case.
///
/// Source: Platform Events Developer Guide, "Subscribe to Platform Event Notifications with Apex Triggers"
/// (a record that the trigger creates belongs to the Automated Process user unless `OwnerId` is set).
pub const OWNED_BY_USERS: [&str; 10] =
    ["account", "asset", "campaign", "case", "contract", "event", "lead", "opportunity", "order", "task"];

/// A field of an event that is set somewhere.
struct Setting {
    /// The events made that it may belong to.
    events: Vec<SlotId>,
    name: Name,
    at: Location,
    value: Vec<SlotId>,
}

/// Completes the facts of publish and DML sites; the payloads of all publishes, by site.
pub fn complete(linker: &mut Linker, entries: &[Entry]) -> Vec<Payload> {
    put_into_collections(linker);
    let settings = settings(linker);
    let inputs = inputs(linker, entries);
    let in_subscribers = in_subscribers(linker, entries);
    fill_parameters(linker, &inputs);
    let mut payloads = Vec::new();
    for index in 0..linker.sites.len() {
        let id = SiteId(index as u32);
        let Some(given) = linker.site_values.get(&id).filter(|given| !given.is_empty()) else { continue };
        match linker.sites[index].effect {
            Effect::Publish => {
                let made: Vec<SlotId> = linker
                    .flow
                    .sources(given, |slot| matches!(slot, Slot::NewEvent { .. }))
                    .into_iter()
                    .filter(|&slot| matches!(linker.flow.kind(slot), Slot::NewEvent { .. }))
                    .collect();
                let payload = payload(&linker.flow, id, &made, &settings, &inputs);
                let filtered = filtered(&linker.flow, given, |slot| matches!(slot, Slot::NewEvent { .. }));
                let site = &mut linker.sites[index];
                if let (None, [one]) = (site.object, payload.events.as_slice()) {
                    site.object = Some(*one);
                    site.label = format!("publish of {one}");
                }
                site.facts.extend(filtered.map(|yes| ("conditional", yes.into())));
                if !payload.fields.is_empty() {
                    site.facts.push(("payload", payload.main_origin().to_string().into()));
                    let mut names: Vec<Name> = payload.fields.iter().map(|field| field.name).collect();
                    names.sort();
                    names.dedup();
                    site.facts.push(("payload-fields", names.len().to_string().into()));
                    let any = |test: fn(&PayloadField) -> bool| {
                        if payload.fields.iter().any(test) { "yes" } else { "no" }
                    };
                    site.facts.push(("whole-record", any(|field| field.whole_record).into()));
                    site.facts.push(("saved-record", any(|field| field.saved_record).into()));
                }
                payloads.push(payload);
            }
            Effect::Dml => {
                let filtered = filtered(&linker.flow, given, |slot| {
                    matches!(slot, Slot::NewRecord { .. } | Slot::QueryRows { .. } | Slot::TriggerRecords(_))
                });
                let sources = linker.flow.sources(given, |_| false);
                let keyed = sources.iter().any(|&slot| is_event_key(linker, slot));
                let mut facts: Vec<(&'static str, Cow<'static, str>)> = Vec::new();
                let requested = sources.iter().any(|&slot| match linker.flow.kind(slot) {
                    Slot::Inbound => true,
                    Slot::Param(method, _) => inputs.get(method) == Some(&Origin::Request),
                    _ => false,
                });
                facts.extend(filtered.map(|yes| ("conditional", yes.into())));
                facts.push(("request-data", if requested { "yes" } else { "no" }.into()));
                facts.push(("event-key", if keyed { "yes" } else { "no" }.into()));
                if in_subscribers.contains(&id) {
                    facts.extend(owner(&linker.flow, &sources).map(|owner| ("owner", owner.into())));
                    let names_user =
                        sources.iter().any(|&slot| matches!(linker.flow.kind(slot), Slot::RunningUser));
                    facts.push(("running-user", if names_user { "yes" } else { "no" }.into()));
                }
                linker.sites[index].facts.extend(facts);
            }
            Effect::Query if in_subscribers.contains(&id) => {
                let key = key_of(linker, given);
                let facts = &mut linker.sites[index].facts;
                facts.retain(|(name, _)| *name != "keyed-by");
                facts.push(("keyed-by", key.into()));
            }
            _ => {}
        }
    }
    payloads
}

/// The places that a transaction of an event trigger comes to.
fn in_subscribers(linker: &Linker, entries: &[Entry]) -> FxHashSet<SiteId> {
    fn visit(steps: &[Step], nodes: &mut Vec<NodeId>, sites: &mut FxHashSet<SiteId>) {
        for step in steps {
            match step {
                Step::Call(call) => nodes.extend(&call.targets),
                Step::Effect(site) => {
                    sites.insert(*site);
                }
                Step::Dml { site, triggers } => {
                    sites.insert(*site);
                    nodes.extend(triggers);
                }
                Step::Branch { arms, .. } => {
                    arms.iter().for_each(|arm| visit(&arm.steps, nodes, sites));
                }
                Step::Loop(body) => visit(&body.steps, nodes, sites),
                Step::Try { body, catches, finally } => {
                    visit(body, nodes, sites);
                    catches.iter().for_each(|clause| visit(&clause.steps, nodes, sites));
                    visit(finally, nodes, sites);
                }
                Step::Commit | Step::Return | Step::Throw | Step::Break | Step::Continue => {}
            }
        }
    }
    let is_subscriber =
        |entry: &&Entry| matches!(entry.kind, EntryKind::EventTrigger | EntryKind::ChangeEventTrigger);
    let mut todo: Vec<NodeId> = entries.iter().filter(is_subscriber).map(|entry| entry.node).collect();
    let mut seen: FxHashSet<NodeId> = FxHashSet::default();
    let mut sites = FxHashSet::default();
    while let Some(node) = todo.pop() {
        if seen.insert(node) {
            visit(&linker.nodes[node.0 as usize].steps, &mut todo, &mut sites);
        }
    }
    sites
}

/// Whether the records that are made here, and arrive at the DML, have an owner; `None` where none is
/// made here, or code that is not known may set it.
fn owner(flow: &Flow, sources: &[SlotId]) -> Option<&'static str> {
    let made: Vec<SlotFacts> = sources
        .iter()
        .filter(|&&slot| matches!(flow.kind(slot), Slot::NewRecord { .. }))
        .map(|&slot| flow.facts_of(slot))
        .collect();
    if made.is_empty() || made.iter().any(|facts| facts.has(SlotFacts::ESCAPES)) {
        return None;
    }
    Some(if made.iter().all(|facts| facts.has(SlotFacts::OWNED)) { "set" } else { "unset" })
}

/// What the values that a query looks for come from.
fn key_of(linker: &Linker, given: &[SlotId]) -> &'static str {
    let sources = linker.flow.sources(given, |_| false);
    let is_from_event = |slot: &SlotId| matches!(linker.flow.kind(*slot), Slot::TriggerRecords(Some(object)) if is_event(*object) || object.folded().ends_with("changeevent"));
    if sources.iter().any(|&slot| is_event_key(linker, slot)) {
        "event-id"
    } else if sources.iter().any(is_from_event) {
        "event"
    } else if sources.iter().any(|&slot| {
        matches!(linker.flow.kind(slot), Slot::QueryRows { .. } | Slot::Text { .. } | Slot::RunningUser)
    }) {
        "other"
    } else {
        "unknown"
    }
}

/// What was put into a collection also is in the collection that was passed here.
fn put_into_collections(linker: &mut Linker) {
    for (collection, elements) in std::mem::take(&mut linker.puts) {
        let made: Vec<SlotId> = linker
            .flow
            .sources(&collection, |slot| matches!(slot, Slot::NewEvent { .. }))
            .into_iter()
            .filter(|&slot| matches!(linker.flow.kind(slot), Slot::Collection { .. }))
            .collect();
        for slot in made {
            elements.iter().for_each(|&element| linker.flow.edge(element, slot));
        }
    }
}

fn settings(linker: &mut Linker) -> Vec<Setting> {
    let mut found = Vec::new();
    for sink in &linker.flow.sinks {
        let SinkKind::EventField(name) = sink.kind else { continue };
        let events = linker
            .flow
            .sources(&sink.request, |slot| matches!(slot, Slot::NewEvent { .. }))
            .into_iter()
            .filter(|&slot| matches!(linker.flow.kind(slot), Slot::NewEvent { .. }))
            .collect();
        found.push(Setting { events, name, at: sink.at, value: sink.value.clone() });
    }
    linker.flow.sinks.retain(|sink| !matches!(sink.kind, SinkKind::EventField(_)));
    found.sort_by_key(|setting| setting.at);
    found
}

/// The parameters that the platform fills: what from.
fn inputs(linker: &Linker, entries: &[Entry]) -> FxHashMap<MethodId, Origin> {
    let mut found = FxHashMap::default();
    for entry in entries {
        let origin = match entry.kind {
            EntryKind::Rest | EntryKind::Webservice | EntryKind::InboundEmail => Origin::Request,
            EntryKind::Invocable
            | EntryKind::AuraEnabled
            | EntryKind::AuraCacheable
            | EntryKind::RemoteAction => Origin::Input,
            EntryKind::BatchExecute => Origin::Record,
            _ => continue,
        };
        if let Some(method) = linker.node_methods[entry.node.0 as usize] {
            found.insert(method, origin);
        }
    }
    found
}

/// The loops over collections that a REST or SOAP request brings. What is made of the request's data, a
/// record or the rows of a query, is a collection of its own.
pub fn request_loops(linker: &Linker, entries: &[Entry]) -> Vec<Location> {
    if !entries.iter().any(|entry| matches!(entry.kind, EntryKind::Rest | EntryKind::Webservice)) {
        return Vec::new();
    }
    let inputs = inputs(linker, entries);
    let is_request = |slot: &SlotId| match linker.flow.kind(*slot) {
        Slot::Inbound => true,
        Slot::Param(method, _) => inputs.get(method) == Some(&Origin::Request),
        _ => false,
    };
    let sent: Vec<SlotId> = linker.flow.ids().filter(is_request).collect();
    let arrives = linker.flow.targets(&sent, |slot| {
        matches!(slot, Slot::NewRecord { .. } | Slot::QueryRows { .. } | Slot::NewEvent { .. })
    });
    let mut loops: Vec<Location> = linker
        .loop_values
        .iter()
        .filter(|(_, over)| over.iter().any(|slot| arrives.contains(slot)))
        .map(|(at, _)| *at)
        .collect();
    loops.sort();
    loops
}

/// The platform fills the objects that a REST or SOAP request is read into.
fn fill_parameters(linker: &mut Linker, inputs: &FxHashMap<MethodId, Origin>) {
    let mut methods: Vec<MethodId> =
        inputs.iter().filter(|(_, origin)| **origin == Origin::Request).map(|(method, _)| *method).collect();
    methods.sort();
    for method in methods {
        let params = linker.symbols.method(method).params.clone();
        for (index, (_, ty)) in params.iter().enumerate() {
            let slot = linker.flow.slot(Slot::Param(method, index as u32), None);
            linker.fill_fields(ty, &Slots::one(slot));
        }
    }
}

fn payload(
    flow: &Flow,
    site: SiteId,
    made: &[SlotId],
    settings: &[Setting],
    inputs: &FxHashMap<MethodId, Origin>,
) -> Payload {
    let mut events: Vec<Name> = made
        .iter()
        .filter_map(|&slot| match flow.kind(slot) {
            Slot::NewEvent { object, .. } => Some(*object),
            _ => None,
        })
        .collect();
    events.sort();
    events.dedup();
    let fields = settings
        .iter()
        .filter(|setting| setting.events.iter().any(|event| made.contains(event)))
        .map(|setting| {
            let sources = flow.sources(&setting.value, |_| false);
            let mut from: Vec<Origin> = Vec::new();
            let mut event = None;
            for &slot in &sources {
                let origin = match flow.kind(slot) {
                    Slot::TriggerRecords(Some(object)) if is_event(*object) => {
                        event = Some(*object);
                        Origin::Event
                    }
                    Slot::TriggerRecords(_) => Origin::Record,
                    Slot::QueryRows { object: Some(object), .. } if object.folded().ends_with("__mdt") => {
                        Origin::Constant
                    }
                    Slot::QueryRows { .. } => Origin::Record,
                    Slot::NewRecord { .. } if flow.facts_of(slot).has(SlotFacts::SAVED) => Origin::Record,
                    Slot::Inbound => Origin::Request,
                    Slot::Answer { .. } => Origin::Response,
                    Slot::Param(method, _) => match inputs.get(method) {
                        Some(origin) => *origin,
                        None => continue,
                    },
                    Slot::Text { .. } => Origin::Constant,
                    _ => continue,
                };
                if !from.contains(&origin) {
                    from.push(origin);
                }
            }
            from.sort();
            let serialized: Vec<SlotId> = sources
                .iter()
                .copied()
                .filter(|&slot| matches!(flow.kind(slot), Slot::Serialized { .. }))
                .collect();
            let whole_record = !serialized.is_empty()
                && flow.sources(&serialized, |slot| matches!(slot, Slot::Member { .. })).iter().any(
                    |&slot| match flow.kind(slot) {
                        Slot::TriggerRecords(Some(object)) => !is_event(*object),
                        Slot::QueryRows { object, .. } => {
                            object.is_none_or(|object| !object.folded().ends_with("__mdt"))
                        }
                        Slot::NewRecord { .. } => flow.facts_of(slot).has(SlotFacts::SAVED),
                        _ => false,
                    },
                );
            let saved_record = sources.iter().any(|&slot| {
                matches!(flow.kind(slot), Slot::NewRecord { .. } | Slot::QueryRows { .. })
                    && flow.facts_of(slot).has(SlotFacts::SAVED)
            });
            let copies_record = from.contains(&Origin::Record)
                && setting.value.iter().any(|&slot| matches!(flow.kind(slot), Slot::Member { .. }));
            PayloadField {
                name: setting.name,
                at: setting.at,
                from,
                event,
                whole_record,
                saved_record,
                copies_record,
            }
        })
        .collect();
    Payload { site, events, fields }
}

/// `event.EventUuid` or `event.ReplayId`: what an event is known again by.
fn is_event_key(linker: &Linker, slot: SlotId) -> bool {
    let Slot::Member { unit, expr } = linker.flow.kind(slot) else { return false };
    matches!(
        linker.symbols.unit(*unit).expr(*expr),
        Expr::Field { name, .. } if matches!(name.folded(), "eventuuid" | "replayid")
    )
}

fn is_event(object: Name) -> bool {
    object.folded().ends_with("__e")
}

/// "yes" where what is wanted arrives in `given` only past conditions on the data, "no" where it also
/// comes another way; `None` where it is not known to arrive at all.
fn filtered(flow: &Flow, given: &[SlotId], wanted: impl Fn(&Slot) -> bool + Copy) -> Option<&'static str> {
    let arrives = |stop: fn(&Slot) -> bool| {
        flow.sources(given, |slot| wanted(slot) || stop(slot)).iter().any(|&slot| wanted(flow.kind(slot)))
    };
    if arrives(|slot| matches!(slot, Slot::Filtered { .. })) {
        Some("no")
    } else {
        arrives(|_| false).then_some("yes")
    }
}
