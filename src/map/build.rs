//! From the model to the map.

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::finding::Finding;
use crate::name::Name;
use crate::program::model::{Effect, Effects, Entry, EntryId, EntryKind, Guards, Program, Site, SiteId};
use crate::report::source_map::SourceMap;
use crate::span::Location;
use crate::summary::event_graph::{SubscriberKind, published_at};
use crate::summary::reach::{HopKind, Reach, ReachQuery, reach};
use crate::summary::spread::Jobs;

use super::events::Topic;
use super::path::Wording;
use super::roles::{self, Owner};
use super::systems::Target;
use super::{
    Edge, EdgeKind, Input, Lane, Map, MapFinding, Node, NodeKind, Step, attach, events, group, systems,
};

/// The effects that lead somewhere on the map.
const LEADING: &[Effect] = &[
    Effect::Callout,
    Effect::Publish,
    Effect::Enqueue,
    Effect::Future,
    Effect::Batch,
    Effect::Schedule,
    Effect::ExternalWrite,
    Effect::OutboundMessage,
];

/// An edge as it grows.
#[derive(Default)]
pub(super) struct EdgeDraft {
    /// Where entry points reach an effect: the place of the entry point, and that of the effect.
    pub ways: BTreeSet<(Location, Location)>,
    /// The methods on these ways.
    pub symbols: BTreeSet<String>,
    /// The effects themselves, or places in metadata.
    pub places: BTreeSet<Location>,
    path: Vec<Step>,
    /// Which path was shown so far: the lower the better.
    rank: Option<(bool, usize, u32)>,
    pub findings: BTreeSet<usize>,
}

pub(super) type EdgeKey = (String, String, EdgeKind);

/// The map as it grows.
pub(super) struct Draft<'a> {
    pub input: &'a Input<'a>,
    pub words: Wording<'a>,
    pub nodes: BTreeMap<String, Node>,
    /// Where nodes are declared.
    pub declared: FxHashMap<String, Location>,
    pub edges: BTreeMap<EdgeKey, EdgeDraft>,
    /// The node of each entry point.
    pub owner_of: Vec<String>,
}

pub(super) fn build(input: &Input<'_>, sources: &SourceMap<'_>) -> Map {
    let mut draft = Draft {
        input,
        words: Wording::new(&input.model.program, sources),
        nodes: BTreeMap::new(),
        declared: FxHashMap::default(),
        edges: BTreeMap::new(),
        owner_of: Vec::new(),
    };
    draft.owners();
    draft.ways();
    draft.subscriptions();
    draft.requests();
    draft.outbound_messages();
    draft.prune();
    draft.place_jobs();
    let (findings, elsewhere) = attach::attach(&mut draft);
    draft.finish(&findings, elsewhere)
}

impl<'a> Draft<'a> {
    fn program(&self) -> &'a Program {
        &self.input.model.program
    }

    /// A node for each class, trigger or flow that has entry points.
    fn owners(&mut self) {
        let mut owners: BTreeMap<String, Owner> = BTreeMap::new();
        for entry in &self.program().entries {
            let id = format!("{}:{}", roles::family(entry.kind), entry.owner.folded());
            owners.entry(id.clone()).or_default().add(entry);
            let node = self.nodes.entry(id.clone()).or_insert_with(|| Node {
                id: id.clone(),
                kind: NodeKind::Class,
                lane: Lane::EntryPoints,
                name: entry.owner.as_str().to_owned(),
                detail: String::new(),
                place: None,
                parts: Vec::new(),
                findings: Vec::new(),
            });
            if !node.parts.contains(&entry.name) {
                node.parts.push(entry.name.clone());
            }
            self.declared.entry(id.clone()).or_insert(entry.at);
            self.owner_of.push(id);
        }
        for (id, owner) in owners {
            if let Some(node) = self.nodes.get_mut(&id) {
                node.kind = owner.kind();
                node.lane = owner.lane();
                node.detail = owner.detail();
            }
        }
    }

    /// What the entry points reach in their own transactions.
    fn ways(&mut self) {
        let program = self.program();
        let jobs = Jobs::of(program);
        // An action that flows call is a node of its own: the ways of its callers end there.
        let actions: FxHashMap<Location, EntryId> = entries(program)
            .filter(|(_, entry)| entry.kind == EntryKind::Invocable)
            .map(|(id, entry)| (program.node(entry.node).at, id))
            .collect();
        let mut effects = Effects::of(LEADING);
        if program.sites.iter().any(external_object) {
            effects = effects.union(Effects::of(&[Effect::Query, Effect::Dml]));
        }
        let wanted = |site: &Site| Effects::of(LEADING).has(site.effect) || external_object(site);
        let summary = &self.input.model.summary;
        let reached: Vec<Vec<Reach>> = (0..program.entries.len() as u32)
            .into_par_iter()
            .map(|id| {
                let query = ReachQuery {
                    effects,
                    site: &wanted,
                    avoid: Guards::NONE,
                    through_dml: false,
                    blocked: None,
                };
                reach(program, summary, EntryId(id), &query)
            })
            .collect();
        for ((id, entry), reached) in entries(program).zip(reached) {
            for reach in reached {
                let own = &self.owner_of[id.0 as usize];
                let action = reach.path.iter().enumerate().skip(1).find_map(|(index, hop)| {
                    let node = hop.node.filter(|_| hop.kind == HopKind::Call)?;
                    let action = *actions.get(&program.node(node).at)?;
                    (self.owner_of[action.0 as usize] != *own).then_some((index, action))
                });
                match action {
                    Some((index, action)) => {
                        let to = self.owner_of[action.0 as usize].clone();
                        self.way(id, entry, &reach, index + 1, to, EdgeKind::Calls);
                    }
                    None => {
                        for (to, kind) in self.targets(&reach, &jobs) {
                            self.way(id, entry, &reach, reach.path.len(), to, kind);
                        }
                    }
                }
            }
        }
    }

    /// The nodes that an effect leads to.
    fn targets(&mut self, reach: &Reach, jobs: &Jobs) -> Vec<(String, EdgeKind)> {
        let program = self.program();
        let site = program.site(reach.site);
        match site.effect {
            Effect::Callout => {
                vec![(self.system(systems::of_site(program, site)), EdgeKind::RequestResponse)]
            }
            Effect::Publish => {
                let published = published_at(program, reach.site);
                if published.is_empty() {
                    self.outside(
                        events::UNKNOWN,
                        NodeKind::Event,
                        Lane::Events,
                        "event set at run time".to_owned(),
                        "its type is not in the code".to_owned(),
                    );
                    return vec![(events::UNKNOWN.to_owned(), EdgeKind::PlatformEvent)];
                }
                published.into_iter().map(|event| (self.event(event), EdgeKind::PlatformEvent)).collect()
            }
            Effect::Query | Effect::Dml | Effect::ExternalWrite => {
                let Some(object) = site.object else { return Vec::new() };
                let id = format!("object:{}", object.folded());
                let declared = self
                    .input
                    .model
                    .metadata
                    .external_objects
                    .iter()
                    .find(|declared| declared.header.name == object);
                let source = declared.and_then(|declared| declared.data_source.as_ref());
                let detail = match source {
                    Some(source) => format!("external object of {}", source.value),
                    None => "external object".to_owned(),
                };
                self.outside(&id, NodeKind::ExternalObject, Lane::Systems, object.to_string(), detail);
                if let Some(declared) = declared {
                    self.declared.entry(id.clone()).or_insert(declared.header.start());
                }
                vec![(id, EdgeKind::ExternalObject)]
            }
            Effect::OutboundMessage => self.message(site).into_iter().collect(),
            _ => {
                let mut to: Vec<String> =
                    jobs.started_by(site).iter().map(|id| self.owner_of[id.0 as usize].clone()).collect();
                to.sort();
                to.dedup();
                to.into_iter().map(|to| (to, EdgeKind::Starts)).collect()
            }
        }
    }

    /// The system that the message of a flow's action goes to.
    fn message(&mut self, site: &Site) -> Option<(String, EdgeKind)> {
        let program = self.program();
        let action = program.sites.iter().find(|one| one.effect == Effect::Action && one.at == site.at)?;
        let name = action.object?;
        let message = self.input.model.metadata.workflows.iter().find_map(|workflow| {
            let full = |message: Name| Name::new(&format!("{}.{message}", workflow.header.name));
            let mut messages = workflow.outbound_messages.iter();
            messages
                .find(|one| one.header.name == name || full(one.header.name) == name)
                .map(|one| (full(one.header.name), one.endpoint.as_ref()))
        });
        let target = match message {
            Some((full, Some(url))) => systems::of_message(program, full.as_str(), &url.value),
            _ => Target {
                id: format!("system:(message {})", name.folded()),
                name: format!("receiver of {name}"),
                detail: "outbound message".to_owned(),
                parts: Vec::new(),
            },
        };
        Some((self.system(target), EdgeKind::OutboundMessage))
    }

    /// Adds the first `hops` of a way to the edge between the entry point's owner and `to`.
    fn way(&mut self, id: EntryId, entry: &Entry, reach: &Reach, hops: usize, to: String, kind: EdgeKind) {
        let from = self.owner_of[id.0 as usize].clone();
        if from == to {
            return;
        }
        let program = self.program();
        let site = program.site(reach.site);
        let hops = &reach.path[..hops];
        let edge = self.edges.entry((from, to, kind)).or_default();
        edge.ways.insert((entry.at, site.at));
        edge.symbols
            .extend(hops.iter().filter_map(|hop| hop.node).map(|node| program.node(node).symbol.clone()));
        edge.places.insert(hops.last().map_or(site.at, |hop| hop.at));
        let rank = (entry.kind == EntryKind::Uncalled, hops.len(), id.0);
        if edge.rank.is_none_or(|best| rank < best) {
            edge.rank = Some(rank);
            edge.path = self.words.steps(entry, hops, &reach.count, site);
        }
    }

    /// A node that is no entry point's.
    fn outside(&mut self, id: &str, kind: NodeKind, lane: Lane, name: String, detail: String) {
        self.nodes.entry(id.to_owned()).or_insert_with(|| Node {
            id: id.to_owned(),
            kind,
            lane,
            name,
            detail,
            place: None,
            parts: Vec::new(),
            findings: Vec::new(),
        });
    }

    fn system(&mut self, target: Target) -> String {
        self.outside(&target.id, NodeKind::System, Lane::Systems, target.name, target.detail);
        if let Some(node) = self.nodes.get_mut(&target.id) {
            node.parts = target.parts;
        }
        target.id
    }

    fn event(&mut self, event: Name) -> String {
        let id = events::id(event);
        let declared = self.input.model.metadata.events.iter().find(|known| known.header.name == event);
        self.outside(
            &id,
            events::kind(event),
            Lane::Events,
            event.as_str().to_owned(),
            events::detail(event).to_owned(),
        );
        if let Some(declared) = declared {
            self.declared.entry(id.clone()).or_insert(declared.header.start());
        }
        id
    }

    /// Who receives events, and which outsiders publish them.
    fn subscriptions(&mut self) {
        for (id, entry) in entries(self.program()) {
            let Some(object) = entry.object.filter(|_| roles::receives(entry.kind)) else { continue };
            let event = self.event(object);
            let key = (event, self.owner_of[id.0 as usize].clone(), events::edge(object));
            let step =
                self.words.step(entry.at, format!("{} receives the event", entry.name), entry.owner.as_str());
            let edge = self.edges.entry(key).or_default();
            edge.places.insert(entry.at);
            if edge.path.is_empty() {
                edge.path.push(step);
            }
        }
        let input = self.input;
        let metadata = &input.model.metadata;
        for event in &input.model.summary.event_graph.events {
            for page in event.subscribers.iter().filter(|one| one.kind == SubscriberKind::Page) {
                let Some(at) = page.at else { continue };
                let from = self.event(event.name);
                let name = page.label.strip_prefix("component ").unwrap_or(&page.label);
                let id = format!("page:{}", name.to_lowercase());
                self.outside(
                    &id,
                    NodeKind::Page,
                    Lane::Subscribers,
                    name.to_owned(),
                    "component in the browser".to_owned(),
                );
                self.declared.entry(id.clone()).or_insert(at);
                let label = format!("{} receives the event in the browser", page.label);
                self.declaration(from, id, events::edge(event.name), Some((at, label)));
            }
        }
        for member in &metadata.channel_members {
            let event = self.event(member.entity.value);
            let channel = self.channel(member.channel.value);
            let at = member.header.location(member.entity.at);
            let label = format!("channel {} holds {}", member.channel.value, member.entity.value);
            self.declaration(event, channel, events::edge(member.entity.value), Some((at, label)));
        }
        for outsider in events::outsiders(metadata, input.landscape) {
            let (source, kind) = match outsider.topic {
                Topic::Event(event) => (self.event(event), events::edge(event)),
                Topic::Channel(channel) => (self.channel(channel), self.kind_of_channel(channel)),
            };
            let place = outsider.at.map(|at| (at, outsider.label));
            let target = match outsider.system {
                Some(name) => systems::of_name(self.program(), &name),
                None => Target {
                    id: outsider.id,
                    name: outsider.name,
                    detail: outsider.detail,
                    parts: Vec::new(),
                },
            };
            if outsider.publishes {
                let id = format!("caller:{}", target.name);
                self.outside(&id, NodeKind::Caller, Lane::OutsideCallers, target.name, target.detail);
                self.declaration(id, source, kind, place);
            } else {
                let system = self.system(target);
                self.declaration(source, system, kind, place);
            }
        }
    }

    fn channel(&mut self, name: Name) -> String {
        let id = format!("channel:{}", name.folded());
        let detail = if name.is("changeevents") { "standard channel" } else { "channel" };
        self.outside(&id, NodeKind::Channel, Lane::Events, name.to_string(), detail.to_owned());
        let declared = self.input.model.metadata.channels.iter().find(|known| known.header.name == name);
        if let Some(declared) = declared {
            self.declared.entry(id.clone()).or_insert(declared.header.start());
        }
        id
    }

    /// What a channel carries.
    fn kind_of_channel(&self, name: Name) -> EdgeKind {
        let mut members = self.input.model.metadata.channel_members.iter();
        members
            .find(|member| member.channel.value == name)
            .map_or(EdgeKind::PlatformEvent, |member| events::edge(member.entity.value))
    }

    /// An edge that metadata or configuration declares.
    fn declaration(&mut self, from: String, to: String, kind: EdgeKind, place: Option<(Location, String)>) {
        let step = place.as_ref().map(|(at, label)| self.words.step(*at, label.clone(), ""));
        let edge = self.edges.entry((from, to, kind)).or_default();
        edge.places.extend(place.map(|(at, _)| at));
        edge.path.extend(step);
    }

    /// What is called from outside of the org.
    fn requests(&mut self) {
        for (id, entry) in entries(self.program()) {
            let Some((caller, name, detail)) = roles::caller(entry.kind) else { continue };
            self.outside(caller, NodeKind::Caller, Lane::OutsideCallers, name.to_owned(), detail.to_owned());
            let key = (caller.to_owned(), self.owner_of[id.0 as usize].clone(), EdgeKind::Inbound);
            let step = self.words.step(
                entry.at,
                format!("{} answers the request", entry.name),
                entry.owner.as_str(),
            );
            let edge = self.edges.entry(key).or_default();
            edge.places.insert(entry.at);
            edge.ways.insert((entry.at, entry.at));
            if edge.path.is_empty() {
                edge.path.push(step);
            }
        }
    }

    /// The SOAP messages of workflow rules.
    fn outbound_messages(&mut self) {
        for workflow in &self.input.model.metadata.workflows {
            let object = workflow.header.name;
            for message in &workflow.outbound_messages {
                // One that no active rule sends goes nowhere; those of flows are drawn from the flow.
                let sent = workflow.rules.iter().filter(|rule| rule.active).any(|rule| {
                    rule.actions.iter().any(|action| {
                        action.name.value == message.header.name
                            && action
                                .action_type
                                .as_ref()
                                .is_none_or(|kind| kind.value.eq_ignore_ascii_case("OutboundMessage"))
                    })
                });
                if !sent {
                    continue;
                }
                let Some(url) = &message.endpoint else { continue };
                let name = format!("{object}.{}", message.header.name);
                let target = self.system(systems::of_message(self.program(), &name, &url.value));
                let from = format!("workflow:{}", object.folded());
                self.outside(
                    &from,
                    NodeKind::Workflow,
                    Lane::EntryPoints,
                    object.to_string(),
                    format!("workflow rules on {object}"),
                );
                self.declared.entry(from.clone()).or_insert(workflow.header.start());
                let at = message.header.start();
                let step = self.words.step(
                    at,
                    format!("outbound message {} goes to {}", message.header.name, url.value),
                    message.header.name.as_str(),
                );
                let edge = self.edges.entry((from, target, EdgeKind::OutboundMessage)).or_default();
                edge.places.insert(at);
                edge.ways.insert((at, at));
                edge.path.push(step);
            }
        }
    }

    /// Drops what has no part in integration: starts that lead nowhere, nodes that nothing connects.
    fn prune(&mut self) {
        let mut leads: BTreeSet<String> =
            self.edges.keys().filter(|key| !key.2.is_internal()).map(|key| key.0.clone()).collect();
        loop {
            let more: Vec<String> = self
                .edges
                .keys()
                .filter(|(from, to, kind)| kind.is_internal() && leads.contains(to) && !leads.contains(from))
                .map(|key| key.0.clone())
                .collect();
            if more.is_empty() {
                break;
            }
            leads.extend(more);
        }
        self.edges.retain(|(_, to, kind), _| !kind.is_internal() || leads.contains(to));
        let connected: BTreeSet<&String> = self.edges.keys().flat_map(|(from, to, _)| [from, to]).collect();
        self.nodes.retain(|id, _| connected.contains(id));
    }

    /// Jobs that nothing starts stand with the entry points, where something outside of the code starts
    /// them; those that only subscribers start come after these.
    fn place_jobs(&mut self) {
        let mut starters: BTreeMap<&String, Vec<&String>> = BTreeMap::new();
        for (from, to, kind) in self.edges.keys() {
            if kind.is_internal() {
                starters.entry(to).or_default().push(from);
            }
        }
        let mut lanes: BTreeMap<String, Lane> =
            self.nodes.iter().map(|(id, node)| (id.clone(), node.lane)).collect();
        for (id, node) in &self.nodes {
            if node.kind == NodeKind::Schedule && !starters.contains_key(id) {
                lanes.insert(id.clone(), Lane::EntryPoints);
            }
        }
        loop {
            let after: Vec<String> = lanes
                .iter()
                .filter(|(id, lane)| {
                    **lane == Lane::Jobs
                        && starters.get(id).is_some_and(|from| {
                            from.iter().all(|from| {
                                matches!(lanes.get(*from), Some(Lane::Subscribers | Lane::FollowUps))
                            })
                        })
                })
                .map(|(id, _)| id.clone())
                .collect();
            if after.is_empty() {
                break;
            }
            lanes.extend(after.into_iter().map(|id| (id, Lane::FollowUps)));
        }
        for (id, node) in &mut self.nodes {
            node.lane = lanes[id];
        }
    }

    fn finish(mut self, findings: &[(usize, &Finding)], findings_elsewhere: usize) -> Map {
        for (id, node) in &mut self.nodes {
            node.place = self.declared.get(id).map(|&at| self.words.place(at));
            node.findings.sort_unstable();
            node.findings.dedup();
        }
        // From here on, findings are numbered as the map lists them.
        let number: FxHashMap<usize, usize> =
            findings.iter().enumerate().map(|(index, (scan, _))| (*scan, index)).collect();
        let renumber = |old: &usize| number.get(old).copied();
        let mut nodes: Vec<Node> = self.nodes.into_values().collect();
        for node in &mut nodes {
            node.findings = node.findings.iter().filter_map(renumber).collect();
        }
        nodes.sort_by(|a, b| (a.lane, a.kind, &a.id).cmp(&(b.lane, b.kind, &b.id)));
        let edges: Vec<Edge> = self
            .edges
            .into_iter()
            .map(|((from, to, kind), draft)| Edge {
                pattern: if to.starts_with("system:(relay") { Some("broker-bridge") } else { kind.pattern() },
                from,
                to,
                kind,
                places: draft.places.len().max(1),
                path: draft.path,
                findings: draft.findings.iter().filter_map(renumber).collect(),
            })
            .collect();
        let groups = group::find(&nodes, &edges);
        let words = &self.words;
        let findings = findings
            .iter()
            .map(|(_, finding)| MapFinding {
                rule: finding.rule.clone(),
                title: self
                    .input
                    .rules
                    .rule(&finding.rule)
                    .map_or_else(String::new, |rule| rule.title.clone()),
                severity: finding.severity,
                message: finding.message.clone(),
                place: words.place(finding.primary),
                path: finding
                    .path
                    .iter()
                    .map(|step| words.step(step.at, step.label.clone(), &step.symbol))
                    .collect(),
            })
            .collect();
        let root = &self.input.model.project.root;
        let project = root.canonicalize().unwrap_or_else(|_| root.clone());
        Map {
            version: super::VERSION,
            project: project.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned()),
            nodes,
            edges,
            groups,
            findings,
            findings_elsewhere,
        }
    }
}

fn entries(program: &Program) -> impl Iterator<Item = (EntryId, &Entry)> {
    (0u32..).map(EntryId).zip(&program.entries)
}

/// A query or write of an external object.
fn external_object(site: &Site) -> bool {
    matches!(site.effect, Effect::Query | Effect::Dml)
        && site.object.is_some_and(|object| object.folded().ends_with("__x"))
}

/// The sites at a place.
pub(super) fn sites_at(program: &Program) -> FxHashMap<Location, Vec<SiteId>> {
    let mut found: FxHashMap<Location, Vec<SiteId>> = FxHashMap::default();
    for (id, site) in (0u32..).map(SiteId).zip(&program.sites) {
        found.entry(site.at).or_default().push(id);
    }
    found
}
