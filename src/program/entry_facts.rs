//! Further facts about entry points, by the names in [`super::attributes`].

use std::borrow::Cow;

use rustc_hash::FxHashSet;

use crate::span::FileId;

use super::Input;
use super::interpret::{Linker, sharing_of};
use super::model::{Effect, Entry, EntryKind, NodeId, Step};
use super::symbols::{ClassId, MethodId};
use super::types::Ty;

/// Classes are looked into this deep for a list.
const MAX_DEPTH: usize = 4;

pub fn complete(linker: &Linker, entries: &mut [Entry], input: &Input) {
    let finishes: Vec<(crate::name::Name, NodeId)> = entries
        .iter()
        .filter(|entry| entry.kind == EntryKind::BatchFinish)
        .map(|entry| (entry.owner, entry.node))
        .collect();
    for entry in entries {
        let Some(method) = linker.node_methods[entry.node.0 as usize] else { continue };
        let Some(class) = linker.symbols.method(method).class else { continue };
        let decl = linker.symbols.decl(class);
        entry.class_at = Some(linker.symbols.location(linker.symbols.class(class).unit, decl.name_span));
        let sharing = sharing_of(linker.symbols, class);
        let word = sharing.map_or(Cow::Borrowed("none"), |sharing| sharing.to_string().into());
        entry.facts.push(("sharing", word));
        match entry.kind {
            EntryKind::Rest | EntryKind::Webservice => {
                inbound(linker, method, class, entry);
                if entry.kind == EntryKind::Rest {
                    guest(entry, input);
                }
            }
            EntryKind::BatchExecute => {
                let finish = finishes.iter().find(|(owner, _)| *owner == entry.owner).map(|(_, node)| *node);
                entry.facts.push(("job-errors", job_errors(linker, class, finish).into()));
            }
            _ => {}
        }
    }
}

/// Whether visitors of a site may call it who are not logged in.
fn guest(entry: &mut Entry, input: &Input) {
    let project_of = |file: FileId| input.projects.get(file.0 as usize).copied().flatten();
    let mut open = input.metadata.guest_profiles.iter().filter(|profile| {
        profile.classes.contains(&entry.owner) && project_of(profile.header.file) == project_of(entry.at.file)
    });
    let Some(first) = open.next() else { return entry.facts.push(("guest", "no".into())) };
    let name = first.header.name;
    let words = match open.count() {
        0 => format!("profile `{name}`"),
        more => format!("profile `{name}` and {more} more"),
    };
    entry.facts.extend([("guest", "yes".into()), ("guest-profile", words.into())]);
}

fn inbound(linker: &Linker, method: MethodId, class: ClassId, entry: &mut Entry) {
    let symbols = linker.symbols;
    let verb = symbols.annotations(method).iter().find_map(|one| one.name.folded().strip_prefix("http"));
    if let Some(verb) = verb {
        entry.facts.push(("verb", verb.to_owned().into()));
    }
    let declared = symbols.method(method);
    let mut takes = if declared.params.is_empty() { Some("nothing") } else { Some("one") };
    for (_, ty) in &declared.params {
        match holds_list(linker, ty, &mut vec![class]) {
            Some(true) => takes = Some("list"),
            Some(false) => {}
            None if takes == Some("list") => {}
            None => takes = None,
        }
    }
    entry.facts.extend(takes.map(|takes| ("takes", takes.into())));
    let returns = match &declared.returns {
        Ty::Void => "nothing",
        ty if is_record(ty) => "record",
        _ => "other",
    };
    entry.facts.push(("returns", returns.into()));
}

/// A record or a list of records.
fn is_record(ty: &Ty) -> bool {
    let element = ty.element();
    let one = if ty.is_collection() { &element } else { ty };
    matches!(one, Ty::Platform(name) if {
        let name = name.folded();
        name == "sobject" || name.ends_with("__c") || super::interpret::is_standard_object(name)
    })
}

/// Whether a value of the type carries a list; `None` where the type is not known.
fn holds_list(linker: &Linker, ty: &Ty, around: &mut Vec<ClassId>) -> Option<bool> {
    match ty {
        Ty::List(_) | Ty::Set(_) | Ty::Map(_) => Some(true),
        Ty::Class(class) => {
            if around.len() > MAX_DEPTH || around[1..].contains(class) {
                return Some(false);
            }
            around.push(*class);
            let fields = linker.symbols.fields_of(*class);
            let mut all = Some(false);
            for field in fields {
                match holds_list(linker, &linker.symbols.field(field).ty, around) {
                    Some(true) => {
                        all = Some(true);
                        break;
                    }
                    Some(false) => {}
                    None => all = None,
                }
            }
            around.pop();
            all
        }
        Ty::Platform(name) => {
            let name = name.folded();
            let scalar = matches!(
                name,
                "string"
                    | "id"
                    | "integer"
                    | "long"
                    | "decimal"
                    | "double"
                    | "boolean"
                    | "date"
                    | "datetime"
                    | "time"
                    | "blob"
            );
            (scalar || is_record(ty)).then_some(false)
        }
        _ => None,
    }
}

fn job_errors(linker: &Linker, class: ClassId, finish: Option<NodeId>) -> &'static str {
    let symbols = linker.symbols;
    if symbols.has_foreign_supertype(class, "database.raisesplatformevents")
        || symbols.has_foreign_supertype(class, "raisesplatformevents")
    {
        "raised"
    } else if symbols.has_foreign_supertype(class, "database.stateful")
        || symbols.has_foreign_supertype(class, "stateful")
    {
        "kept"
    } else if finish.is_some_and(|node| reads_jobs(linker, node)) {
        "read"
    } else {
        "unseen"
    }
}

/// Whether AsyncApexJob is queried, or code that is not here called with who knows what effect.
fn reads_jobs(linker: &Linker, start: NodeId) -> bool {
    let mut seen = FxHashSet::from_iter([start]);
    let mut nodes = vec![start];
    while let Some(node) = nodes.pop() {
        let node = &linker.nodes[node.0 as usize];
        let mut todo: Vec<&[Step]> = vec![&node.steps];
        while let Some(steps) = todo.pop() {
            for step in steps {
                match step {
                    Step::Effect(site) => {
                        let site = &linker.sites[site.0 as usize];
                        let jobs = site.object.is_some_and(|object| object.is("asyncapexjob"));
                        if site.effect == Effect::Query && jobs {
                            return true;
                        }
                    }
                    Step::Call(call) => {
                        nodes.extend(call.targets.iter().copied().filter(|target| seen.insert(*target)));
                    }
                    inner => todo.extend(inner.blocks()),
                }
            }
        }
    }
    false
}
