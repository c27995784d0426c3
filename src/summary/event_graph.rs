//! Who publishes and who receives each event, and whether Salesforce has a part in what it carries.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashSet;
use serde::Serialize;

use crate::config::Landscape;
use crate::metadata::Metadata;
use crate::name::Name;
use crate::pages::Page;
use crate::program::model::{Effect, EntryId, EntryKind, Guards, Origin, Payload, Program, Site, SiteId};
use crate::span::Location;

use super::Summary;
use super::spread::{Jobs, Spread, SpreadQuery, leads_to, spread};

/// All events that the project declares, publishes, selects or receives, sorted by name.
#[derive(Clone, Debug, Default, Serialize)]
pub struct EventGraph {
    pub events: Vec<Event>,
    /// Whether the repository holds the selection for Change Data Capture; the org may have more.
    pub has_selection: bool,
}

impl EventGraph {
    pub fn event(&self, name: Name) -> Option<&Event> {
        self.events.binary_search_by_key(&name, |event| event.name).ok().map(|index| &self.events[index])
    }
}

/// A platform event, or the change events of an object.
#[derive(Clone, Debug, Serialize)]
pub struct Event {
    pub name: Name,
    /// Where it is declared, or selected for Change Data Capture.
    pub declared: Option<Location>,
    pub publishers: Vec<Publisher>,
    pub subscribers: Vec<Subscriber>,
    pub route: Option<Route>,
}

impl Event {
    pub fn is_change(&self) -> bool {
        is_change(self.name)
    }
}

/// Who publishes an event.
#[derive(Clone, Debug, Serialize)]
pub struct Publisher {
    /// `None`: a system outside, as the configuration says.
    pub site: Option<SiteId>,
    /// In words: "`OrderApi.post`", "ERP".
    pub label: String,
    /// The entry points from which the site is reached, over jobs too.
    pub entries: Vec<EntryId>,
}

/// Who receives an event.
#[derive(Clone, Debug, Serialize)]
pub struct Subscriber {
    pub kind: SubscriberKind,
    /// In words: "trigger OrderShipped", "the event relay to EventBridge".
    pub label: String,
    pub at: Option<Location>,
    pub entry: Option<EntryId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum SubscriberKind {
    Trigger,
    Flow,
    Relay,
    /// A managed Pub/Sub subscription.
    Managed,
    /// It is in a channel of the project: somebody outside subscribes to that.
    Channel,
    /// A page in the browser, by `empApi`.
    Page,
    /// A system outside, as the configuration says.
    Outside,
}

/// An event that only passes through Salesforce.
#[derive(Clone, Debug, Serialize)]
pub struct Route {
    /// Where it comes from, and where it goes, in words.
    pub from: String,
    pub to: String,
    pub assumed: Assumed,
}

/// Which end of a route stands nowhere in the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Assumed {
    None,
    Publisher,
    Subscriber,
}

/// What is around the program.
pub struct Surroundings<'a> {
    pub metadata: &'a Metadata,
    pub landscape: &'a Landscape,
    /// The pages in the browser.
    pub pages: &'a [Page],
    /// Of each file: the sfdx project that it belongs to.
    pub projects: &'a [Option<u32>],
}

/// Builds the graph.
pub fn build(program: &Program, summary: &Summary, around: &Surroundings<'_>) -> EventGraph {
    let jobs = Jobs::of(program);
    let mut events: BTreeMap<Name, Event> = BTreeMap::new();
    for event in &around.metadata.events {
        at(&mut events, event.header.name).declared.get_or_insert(event.header.start());
    }
    for member in &around.metadata.channel_members {
        if is_change(member.entity.value) {
            let place = member.header.location(member.entity.at);
            at(&mut events, member.entity.value).declared.get_or_insert(place);
        } else if is_event(member.entity.value) {
            at(&mut events, member.entity.value);
        }
    }
    publishers(program, summary, &jobs, around, &mut events);
    subscribers(program, around, &mut events);
    let mut graph = EventGraph {
        events: events.into_values().collect(),
        has_selection: around.metadata.channel_members.iter().any(|member| is_change(member.entity.value)),
    };
    routes(program, summary, &jobs, &mut graph);
    graph
}

fn at(events: &mut BTreeMap<Name, Event>, name: Name) -> &mut Event {
    events.entry(name).or_insert_with(|| Event {
        name,
        declared: None,
        publishers: Vec::new(),
        subscribers: Vec::new(),
        route: None,
    })
}

/// `Order__e`.
pub fn is_event(name: Name) -> bool {
    name.folded().ends_with("__e")
}

/// `AccountChangeEvent`, `Order__ChangeEvent`.
pub fn is_change(name: Name) -> bool {
    name.folded().ends_with("changeevent")
}

/// The change events of an object: `AccountChangeEvent` of `Account`, `Order__ChangeEvent` of `Order__c`.
pub fn change_event_of(object: Name) -> Name {
    let text = object.as_str();
    match object.folded().strip_suffix("__c") {
        Some(stem) => Name::new(&format!("{}__ChangeEvent", &text[..stem.len()])),
        None => Name::new(&format!("{text}ChangeEvent")),
    }
}

fn publishers(
    program: &Program,
    summary: &Summary,
    jobs: &Jobs,
    around: &Surroundings<'_>,
    events: &mut BTreeMap<Name, Event>,
) {
    let is_publish = |site: &Site| site.effect == Effect::Publish;
    let leads = leads_to(program, summary, jobs, is_publish);
    let mut reached: BTreeMap<SiteId, Vec<EntryId>> = BTreeMap::new();
    let started: FxHashSet<EntryId> =
        program.sites.iter().flat_map(|site| jobs.started_by(site)).copied().collect();
    for (id, entry) in (0u32..).map(EntryId).zip(&program.entries) {
        // What starts a job in the project is the origin, not the job.
        if !leads[entry.node.0 as usize] || started.contains(&id) {
            continue;
        }
        let query = SpreadQuery { site: &is_publish, avoid: Guards::NONE };
        for found in spread(program, summary, jobs, id, &query) {
            reached.entry(found.site).or_default().push(id);
        }
    }
    for (id, site) in (0u32..).map(SiteId).zip(&program.sites) {
        if site.effect != Effect::Publish {
            continue;
        }
        for object in published_at(program, id) {
            at(events, object).publishers.push(Publisher {
                site: Some(id),
                label: format!("`{}`", site.symbol),
                entries: reached.get(&id).cloned().unwrap_or_default(),
            });
        }
    }
    for (event, systems) in &around.landscape.external_publishers {
        let publishers = &mut at(events, Name::new(event)).publishers;
        publishers.extend(systems.iter().map(|system| Publisher {
            site: None,
            label: system.clone(),
            entries: Vec::new(),
        }));
    }
}

/// The events that a site publishes.
pub fn published_at(program: &Program, site: SiteId) -> Vec<Name> {
    let mut objects: Vec<Name> = program.site(site).object.into_iter().collect();
    objects.extend(payload_of(program, site).into_iter().flat_map(|payload| payload.events.iter().copied()));
    objects.retain(|&object| is_event(object));
    objects.sort();
    objects.dedup();
    objects
}

/// What the events of a publish are made of.
pub fn payload_of(program: &Program, site: SiteId) -> Option<&Payload> {
    let index = program.payloads.binary_search_by_key(&site, |payload| payload.site).ok()?;
    Some(&program.payloads[index])
}

fn subscribers(program: &Program, around: &Surroundings<'_>, events: &mut BTreeMap<Name, Event>) {
    let metadata = around.metadata;
    for (id, entry) in (0u32..).map(EntryId).zip(&program.entries) {
        let waits = entry.kind == EntryKind::FlowScheduledPath && entry.object.is_some_and(is_event);
        let kind = if waits { Some(SubscriberKind::Flow) } else { subscriber_kind(entry.kind) };
        let (Some(object), Some(kind)) = (entry.object, kind) else { continue };
        let subscribers = &mut at(events, object).subscribers;
        // A trigger has an entry point for each of its events.
        if subscribers.iter().all(|known| known.at != Some(entry.at)) {
            let label = match kind {
                SubscriberKind::Trigger => format!("trigger {}", entry.owner),
                _ => entry.name.clone(),
            };
            subscribers.push(Subscriber { kind, label, at: Some(entry.at), entry: Some(id) });
        }
    }
    for relay in &metadata.event_relays {
        let Some(channel) = &relay.channel else { continue };
        for event in events_of_topic(metadata, channel.value.as_str()) {
            at(events, event).subscribers.push(Subscriber {
                kind: SubscriberKind::Relay,
                label: format!("event relay {} to EventBridge", relay.header.name),
                at: Some(relay.header.start()),
                entry: None,
            });
        }
    }
    for managed in &metadata.managed_subscriptions {
        let Some(topic) = &managed.topic else { continue };
        for event in events_of_topic(metadata, &topic.value) {
            at(events, event).subscribers.push(Subscriber {
                kind: SubscriberKind::Managed,
                label: format!("managed subscription {}", managed.header.name),
                at: Some(managed.header.start()),
                entry: None,
            });
        }
    }
    for member in &metadata.channel_members {
        if member.channel.value.folded().ends_with("__chn") {
            at(events, member.entity.value).subscribers.push(Subscriber {
                kind: SubscriberKind::Channel,
                label: format!("subscribers of channel {}", member.channel.value),
                at: Some(member.header.location(member.channel.at)),
                entry: None,
            });
        }
    }
    let topics = around.pages.iter().flat_map(|page| page.topics.iter().map(move |topic| (page, topic)));
    for (page, (topic, place)) in topics {
        for event in events_of_topic(metadata, topic) {
            at(events, known_name(events, event)).subscribers.push(Subscriber {
                kind: SubscriberKind::Page,
                label: format!("component {}", page.name),
                at: Some(*place),
                entry: None,
            });
        }
    }
    for (topic, systems) in &around.landscape.external_subscribers {
        for event in events_of_topic(metadata, topic) {
            at(events, event).subscribers.extend(systems.iter().map(|system| Subscriber {
                kind: SubscriberKind::Outside,
                label: system.clone(),
                at: None,
                entry: None,
            }));
        }
    }
}

/// An event of the project may be named with its namespace.
fn known_name(events: &BTreeMap<Name, Event>, name: Name) -> Name {
    if events.contains_key(&name) {
        return name;
    }
    let local = name.as_str().split_once("__").map(|(_, local)| Name::new(local));
    local.filter(|local| events.contains_key(local)).unwrap_or(name)
}

/// How an entry point of this kind receives events.
pub fn subscriber_kind(kind: EntryKind) -> Option<SubscriberKind> {
    match kind {
        EntryKind::EventTrigger | EntryKind::ChangeEventTrigger => Some(SubscriberKind::Trigger),
        EntryKind::EventFlow | EntryKind::EventProcess => Some(SubscriberKind::Flow),
        _ => None,
    }
}

/// The events of a topic, a channel or an event: `/data/Sales__chn`, `Sales__chn`, `Order__e`.
fn events_of_topic(metadata: &Metadata, topic: &str) -> Vec<Name> {
    let name = Name::new(topic.rsplit('/').next().unwrap_or(topic));
    if !name.folded().ends_with("__chn") && !name.is("changeevents") {
        return if is_event(name) || is_change(name) { vec![name] } else { Vec::new() };
    }
    let mut found: Vec<Name> = metadata
        .channel_members
        .iter()
        .filter(|member| member.channel.value == name)
        .map(|member| member.entity.value)
        .collect();
    found.sort();
    found.dedup();
    found
}

/// Objects that say how the org is set up, not what the business is.
const SETUP: &[&str] = &[
    "user",
    "organization",
    "profile",
    "permissionset",
    "permissionsetassignment",
    "group",
    "apexclass",
    "apextrigger",
    "asyncapexjob",
    "crontrigger",
    "entitydefinition",
    "fielddefinition",
    "recordtype",
    "custompermission",
    "setupentityaccess",
    "eventbussubscriber",
    "namedcredential",
    "staticresource",
    "emailtemplate",
];

/// Whether a site reads or writes records of the business, or tells a person.
fn touches_records(site: &Site) -> bool {
    match site.effect {
        Effect::Dml | Effect::Query | Effect::Lock => site.object.is_none_or(|object| {
            let name = object.folded();
            !(name.ends_with("__mdt") || name.ends_with("__e") || SETUP.contains(&name))
        }),
        Effect::Search | Effect::ConnectWrite | Effect::Email => true,
        _ => false,
    }
}

/// What comes into Salesforce with an event, or leaves it.
struct Ends<'a> {
    program: &'a Program,
    summary: &'a Summary,
    jobs: &'a Jobs,
}

impl Ends<'_> {
    fn reaches(&self, entry: EntryId, site: &dyn Fn(&Site) -> bool) -> Vec<Spread> {
        // What happens after a failure says nothing of the way that messages take.
        let query = SpreadQuery { site, avoid: Guards::CAUGHT };
        spread(self.program, self.summary, self.jobs, entry, &query)
    }

    fn touches(&self, entry: EntryId) -> bool {
        !self.reaches(entry, &touches_records).is_empty()
    }

    /// Where the message comes from, in words, if no record takes part; and the events it is copied from.
    fn inbound(&self, publisher: &Publisher) -> Option<(String, Vec<Name>)> {
        let Some(site) = publisher.site else { return Some((publisher.label.clone(), Vec::new())) };
        let origin = payload_of(self.program, site).map_or(Origin::Unknown, Payload::main_origin);
        if matches!(origin, Origin::Record | Origin::Input) || publisher.entries.is_empty() {
            return None;
        }
        let mut from: BTreeSet<String> = BTreeSet::new();
        let mut copied = Vec::new();
        for &id in &publisher.entries {
            let entry = self.program.entry(id);
            match entry.kind {
                EntryKind::Rest | EntryKind::Webservice | EntryKind::InboundEmail => {}
                EntryKind::EventTrigger | EntryKind::EventFlow | EntryKind::EventProcess => {
                    copied.extend(entry.object);
                }
                // A job that asks another system and passes on the answer.
                EntryKind::Schedulable | EntryKind::BatchExecute | EntryKind::Queueable
                    if origin == Origin::Response => {}
                _ => return None,
            }
            if self.touches(id) {
                return None;
            }
            from.insert(entry.name.clone());
        }
        let first = from.into_iter().next()?;
        Some((first, copied))
    }

    /// Where the message goes, in words, if no record takes part.
    fn outbound(&self, subscriber: &Subscriber) -> Option<String> {
        match subscriber.kind {
            SubscriberKind::Relay
            | SubscriberKind::Managed
            | SubscriberKind::Channel
            | SubscriberKind::Outside => Some(subscriber.label.clone()),
            SubscriberKind::Page => None,
            SubscriberKind::Trigger | SubscriberKind::Flow => {
                let entry = subscriber.entry?;
                let leaves =
                    self.reaches(entry, &|site| matches!(site.effect, Effect::Callout | Effect::Publish));
                let last = leaves.first()?;
                if self.touches(entry) {
                    return None;
                }
                let what = match self.program.site(last.site).effect {
                    Effect::Publish => "publishes another event",
                    _ => "calls out",
                };
                Some(format!("{}, which only {what}", subscriber.label))
            }
        }
    }
}

fn routes(program: &Program, summary: &Summary, jobs: &Jobs, graph: &mut EventGraph) {
    let ends = Ends { program, summary, jobs };
    let mut found: Vec<(usize, Route, Vec<Name>)> = Vec::new();
    for (index, event) in graph.events.iter().enumerate() {
        if !is_event(event.name) {
            continue;
        }
        let inbound: Option<Vec<_>> = event.publishers.iter().map(|one| ends.inbound(one)).collect();
        let Some(inbound) = inbound else { continue };
        let outbound: Option<Vec<_>> = event.subscribers.iter().map(|one| ends.outbound(one)).collect();
        let Some(outbound) = outbound else { continue };
        let assumed = match (inbound.is_empty(), outbound.is_empty()) {
            (true, true) => continue,
            // The end of an event that another repository declares says nothing.
            (true, false) | (false, true) if event.declared.is_none() => continue,
            (true, false) => Assumed::Publisher,
            (false, true) => Assumed::Subscriber,
            (false, false) => Assumed::None,
        };
        let mut copied: Vec<Name> = inbound.iter().flat_map(|(_, copied)| copied.clone()).collect();
        copied.sort();
        copied.dedup();
        let route = Route {
            from: inbound.first().map_or("a system outside".to_owned(), |(from, _)| from.clone()),
            to: outbound.first().cloned().unwrap_or_else(|| "a system outside".to_owned()),
            assumed,
        };
        found.push((index, route, copied));
    }
    // What is copied from an event that carries CRM data carries it too, and what is copied from one that
    // is reported needs no second report.
    let passing: FxHashSet<Name> = found.iter().map(|(index, ..)| graph.events[*index].name).collect();
    let fed_outside = |name: Name| {
        graph
            .event(name)
            .is_some_and(|event| event.publishers.iter().all(|publisher| ends.inbound(publisher).is_some()))
    };
    let kept: Vec<(usize, Route)> = found
        .iter()
        .filter(|(_, _, copied)| {
            copied.iter().all(|&name| fed_outside(name)) && !copied.iter().any(|name| passing.contains(name))
        })
        .map(|(index, route, _)| (*index, route.clone()))
        .collect();
    for (index, route) in kept {
        graph.events[index].route = Some(route);
    }
}
