//! External objects, and how often their rows are fetched.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::name::Name;

use super::super::model::{Effect, EntryId, Item, ItemKind, SiteId};
use super::endpoints::nodes_with;
use super::{Sources, item, nodes_of, yes_no};

pub fn collect(sources: &Sources, items: &mut Vec<Item>) {
    let program = sources.program;
    let mut queries: FxHashMap<Name, FxHashSet<SiteId>> = FxHashMap::default();
    for (id, site) in (0u32..).map(SiteId).zip(&program.sites) {
        if site.effect == Effect::Query
            && let Some(object) = site.object.filter(|object| object.folded().ends_with("__x"))
        {
            queries.entry(object).or_default().insert(id);
        }
    }
    for object in &sources.metadata.external_objects {
        let header = &object.header;
        let label = format!("external object `{}`", header.name);
        let mut found = item(ItemKind::ExternalObject, header.name, header.start(), label);
        let source = object.data_source.and_then(|name| {
            sources.metadata.data_sources.iter().find(|source| source.header.name == name.value)
        });
        if let Some(name) = object.data_source {
            found.add("data-source", name.value.as_str());
        }
        if let Some(source) = source {
            found.add("high-volume", yes_no(source.is_set("noIdMapping")));
            if let Some(writable) = source.writable {
                found.add("writable", yes_no(writable.value));
            }
        }
        let sites = queries.remove(&header.name).unwrap_or_default();
        let readers = readers(sources, &sites);
        found.add("readers", readers.len().to_string());
        for entry in readers.into_iter().take(10) {
            let entry = program.entry(entry);
            found.related.push((entry.at, format!("{} reads it", entry.name)));
        }
        items.push(found);
    }
}

/// The entry points whose transaction runs one of the queries, one for each class or trigger.
fn readers(sources: &Sources, sites: &FxHashSet<SiteId>) -> Vec<EntryId> {
    if sites.is_empty() {
        return Vec::new();
    }
    let program = sources.program;
    let nodes = nodes_with(sources, sites);
    let mut owners = FxHashSet::default();
    (0..program.entries.len() as u32)
        .map(EntryId)
        .filter(|&entry| !nodes_of(program, entry).is_disjoint(&nodes))
        .filter(|&entry| {
            let entry = program.entry(entry);
            owners.insert((entry.kind, entry.owner, entry.node))
        })
        .collect()
}
