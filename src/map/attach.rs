//! Which edges and nodes a finding concerns.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::finding::Finding;
use crate::program::model::{Effect, ItemKind};
use crate::report::OWN_IDS;
use crate::span::{FileId, Location};

use super::EdgeKind;
use super::build::{Draft, EdgeKey, sites_at};
use super::systems;

/// Gives each finding to what it concerns. Returns those that found a place, with their index in the
/// scan, and the number of the others.
pub(super) fn attach<'a>(draft: &mut Draft<'a>) -> (Vec<(usize, &'a Finding)>, usize) {
    let places = Places::of(draft);
    let mut placed = Vec::new();
    let mut elsewhere = 0;
    for (index, finding) in draft.input.findings.iter().enumerate() {
        if OWN_IDS.contains(&finding.rule.as_str()) {
            continue;
        }
        let edges = places.edges(draft, finding);
        let nodes = if edges.is_empty() { places.nodes(draft, finding) } else { BTreeSet::new() };
        if edges.is_empty() && nodes.is_empty() {
            elsewhere += 1;
            continue;
        }
        for key in edges {
            draft.edges.entry(key).or_default().findings.insert(index);
        }
        for id in nodes {
            if let Some(node) = draft.nodes.get_mut(&id) {
                node.findings.push(index);
            }
        }
        placed.push((index, finding));
    }
    (placed, elsewhere)
}

/// What stands where.
struct Places {
    /// The edges of an effect, each with the entry point that it is reached from.
    effects: FxHashMap<Location, Vec<(Location, EdgeKey)>>,
    sites: FxHashMap<Location, Vec<crate::program::model::SiteId>>,
    owners: FxHashMap<Location, String>,
    files: FxHashMap<FileId, Vec<String>>,
    items: FxHashMap<Location, usize>,
}

impl Places {
    fn of(draft: &Draft<'_>) -> Places {
        let program = &draft.input.model.program;
        let mut effects: FxHashMap<Location, Vec<(Location, EdgeKey)>> = FxHashMap::default();
        for (key, edge) in &draft.edges {
            for &(entry, effect) in &edge.ways {
                effects.entry(effect).or_default().push((entry, key.clone()));
            }
        }
        let mut files: FxHashMap<FileId, Vec<String>> = FxHashMap::default();
        for (id, at) in &draft.declared {
            if draft.nodes.contains_key(id) {
                files.entry(at.file).or_default().push(id.clone());
            }
        }
        let owners = program.entries.iter().zip(&draft.owner_of).map(|(entry, id)| (entry.at, id.clone()));
        Places {
            effects,
            sites: sites_at(program),
            owners: owners.collect(),
            files,
            items: program.items.iter().enumerate().map(|(index, item)| (item.at, index)).collect(),
        }
    }

    fn edges(&self, draft: &Draft<'_>, finding: &Finding) -> BTreeSet<EdgeKey> {
        let mut found = BTreeSet::new();
        let from = |entry: Location| {
            finding.origins.is_empty() || finding.origins.iter().any(|origin| origin.at == entry)
        };
        // The effect that it is about: where it is, or where its path ends.
        for at in finding.path.last().map(|step| step.at).into_iter().chain([finding.primary]) {
            for (entry, key) in self.effects.get(&at).into_iter().flatten() {
                if from(*entry) {
                    found.insert(key.clone());
                }
            }
        }
        if found.is_empty() {
            self.requests(draft, finding, &mut found);
        }
        found
    }

    /// What is said of a request, its address or its answer concerns the callouts whose code makes it.
    fn requests(&self, draft: &Draft<'_>, finding: &Finding, found: &mut BTreeSet<EdgeKey>) {
        let program = &draft.input.model.program;
        for &id in self.sites.get(&finding.primary).into_iter().flatten() {
            let site = program.site(id);
            if !matches!(
                site.effect,
                Effect::Request | Effect::Endpoint | Effect::Credential | Effect::SessionId | Effect::Catch
            ) {
                continue;
            }
            let target = site.fact("host").map(|_| systems::of_site(program, site).id);
            for (key, edge) in &draft.edges {
                if key.2 == EdgeKind::RequestResponse
                    && edge.symbols.contains(&site.symbol)
                    && target.as_ref().is_none_or(|target| *target == key.1)
                {
                    found.insert(key.clone());
                }
            }
        }
    }

    fn nodes(&self, draft: &Draft<'_>, finding: &Finding) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        if let Some(&index) = self.items.get(&finding.primary) {
            let item = &draft.input.model.program.items[index];
            let name = item.name.folded();
            found.extend(match item.kind {
                ItemKind::PlatformEvent | ItemKind::ChangeEvent => Some(format!("event:{name}")),
                ItemKind::Channel => Some(format!("channel:{name}")),
                ItemKind::EventRelay => Some(format!("system:(relay {name})")),
                ItemKind::ManagedSubscription => Some(format!("system:(managed {name})")),
                ItemKind::ExternalObject => Some(format!("object:{name}")),
                ItemKind::PageSubscription
                | ItemKind::PagePoll
                | ItemKind::PageCall
                | ItemKind::PageRequest => Some(format!("page:{name}")),
                ItemKind::EventTrigger => Some(format!("trigger:{name}")),
                ItemKind::Flow => Some(format!("flow:{name}")),
                _ => systems::of_item(&draft.input.model.program, item),
            });
        }
        found.retain(|id| draft.nodes.contains_key(id));
        if found.is_empty() {
            let owners = finding.origins.iter().filter_map(|origin| self.owners.get(&origin.at));
            found.extend(owners.filter(|id| draft.nodes.contains_key(*id)).cloned());
        }
        if found.is_empty() {
            found.extend(self.files.get(&finding.primary.file).into_iter().flatten().cloned());
        }
        found
    }
}
