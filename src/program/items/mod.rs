//! The things that a project declares, with the facts that rules ask for: what stands in a component's
//! own file, joined with what the rest of the project makes of it. One module a family.

mod apps;
mod endpoints;
mod external_objects;
mod secrets;

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use crate::metadata::Metadata;
use crate::name::Name;
use crate::span::{FileId, Location};

use super::Input;
use super::mentions::Mentions;
use super::model::{EntryId, Item, ItemKind, NodeId, Program, Step};

/// What items are made from: the linked program, and what the metadata files and texts say.
pub(super) struct Sources<'a> {
    pub program: &'a Program,
    pub metadata: &'a Metadata,
    pub mentions: Mentions,
    /// Of each file: the project around it.
    pub projects: &'a [Option<u32>],
    /// Namespaces of the project's own packages.
    pub namespaces: &'a [String],
    /// The configuration says that there are no named credentials beside those of the project.
    pub credentials_complete: bool,
    /// Whether there is code whose calls can be looked at.
    pub has_code: bool,
}

/// All items of a project, sorted by kind, name and place.
pub(super) fn collect(program: &Program, input: &Input) -> Vec<Item> {
    let sources = Sources {
        program,
        metadata: input.metadata,
        mentions: Mentions::of(input.units, input.metadata),
        namespaces: input.namespaces,
        projects: input.projects,
        credentials_complete: input.landscape.named_credentials_complete,
        has_code: !input.units.is_empty(),
    };
    let mut items = Vec::new();
    endpoints::collect(&sources, &mut items);
    external_objects::collect(&sources, &mut items);
    secrets::collect(&sources, &mut items);
    apps::collect(&sources, &mut items);
    items.sort_by_key(|item| (item.kind, item.name, item.at));
    items
}

/// An item without facts.
fn item(kind: ItemKind, name: Name, at: Location, label: String) -> Item {
    Item { kind, name, at, label, object: None, facts: Vec::new(), related: Vec::new() }
}

impl Sources<'_> {
    /// The project that a file belongs to.
    fn project_of(&self, file: FileId) -> Option<u32> {
        self.projects.get(file.0 as usize).copied().flatten()
    }
}

impl Item {
    fn add(&mut self, name: &'static str, value: impl Into<Cow<'static, str>>) {
        self.facts.push((name, value.into()));
    }
}

fn yes_no(value: bool) -> &'static str {
    if value { "yes" } else { "no" }
}

/// The nodes of the transaction that an entry point starts.
fn nodes_of(program: &Program, entry: EntryId) -> FxHashSet<NodeId> {
    let mut seen = FxHashSet::default();
    let mut todo = vec![program.entry(entry).node];
    while let Some(node) = todo.pop() {
        if seen.insert(node) {
            each_step(&program.node(node).steps, &mut |step| match step {
                Step::Call(call) => todo.extend(&call.targets),
                Step::Dml { triggers, .. } => todo.extend(triggers),
                _ => {}
            });
        }
    }
    seen
}

/// Visits all steps, also those inside of branches, loops and `try`.
fn each_step(steps: &[Step], visit: &mut impl FnMut(&Step)) {
    for step in steps {
        visit(step);
        match step {
            Step::Branch { arms, .. } => arms.iter().for_each(|arm| each_step(&arm.steps, visit)),
            Step::Loop(body) => each_step(&body.steps, visit),
            Step::Try { body, catches, finally } => {
                each_step(body, visit);
                catches.iter().for_each(|catch| each_step(&catch.steps, visit));
                each_step(finally, visit);
            }
            _ => {}
        }
    }
}
