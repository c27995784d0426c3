//! `path`: an entry point reaches an effect.

use crate::program::model::{Entry, EntryId, NodeId, Program, Sharing};
use crate::rules::labels;
use crate::rules::plan::{DifferentPlan, PathPlan, Sites};
use crate::rules::query::{At, SharingRules, Via};
use crate::span::Location;
use crate::summary::failure::{Failure, failure};
use crate::summary::reach::{Hop, HopKind, Reach};

use super::{Hit, Subject, World};

pub(super) fn hits<'a>(
    world: World<'_>,
    rule: usize,
    plan: &PathPlan,
    id: EntryId,
    found: impl Iterator<Item = &'a Reach>,
) -> Vec<Hit> {
    let entry = world.program.entry(id);
    let wanted = |reach: &&Reach| {
        plan.via.is_none_or(|Via::Direct| is_direct(&reach.path))
            && plan.sharing.is_none_or(|rules| sharing(world.program, entry, &reach.path) == rules)
            && plan
                .failure_without
                .as_ref()
                .is_none_or(|told| failure_of(world.program, entry, told, reach).0 == Failure::Dropped)
    };
    let mut hits: Vec<Hit> = super::surest(found.filter(wanted))
        .into_iter()
        .map(|reach| hit(world, rule, plan, id, reach))
        .collect();
    world.retain_beside(id, &plan.also, &plan.unless_also, plan.through_dml, &mut hits);
    if let Some(different) = &plan.different {
        hits = several(world.program, entry, *different, hits);
    }
    hits.iter_mut().for_each(|hit| hit.place(entry, plan.at));
    hits
}

fn hit(world: World<'_>, rule: usize, plan: &PathPlan, id: EntryId, reach: &Reach) -> Hit {
    let entry = world.program.entry(id);
    let mut hit = Hit {
        entry: Some(id),
        confidence: super::confidence_of(entry, reach),
        loops: reach.count.loops.clone(),
        path: reach.path.clone(),
        hint: reach.conditional,
        ..Hit::new(rule, world.program.site(reach.site).at, Subject::Site(reach.site))
    };
    if let (At::Catch, Some(told)) = (plan.at, &plan.failure_without)
        && let Some((node, at)) = failure_of(world.program, entry, told, reach).1
    {
        hit.path.push(Hop { at, kind: HopKind::Caught, node: Some(node) });
        hit.primary = at;
    }
    hit
}

fn is_direct(path: &[Hop]) -> bool {
    path.iter().all(|hop| matches!(hop.kind, HopKind::Entry | HopKind::Loop | HopKind::Effect))
}

/// The nearest class on the way that says something decides. One that says nothing runs in the mode of
/// its caller, and at an entry point without sharing; `inherited sharing` is with sharing there.
fn sharing(program: &Program, entry: &Entry, path: &[Hop]) -> SharingRules {
    let declared = path
        .iter()
        .rev()
        .filter_map(|hop| hop.node)
        .find_map(|node| program.node(node).sharing.filter(|sharing| *sharing != Sharing::Inherited));
    match declared {
        Some(Sharing::Without) => SharingRules::NotEnforced,
        Some(_) => SharingRules::Enforced,
        None if program.node(entry.node).sharing == Some(Sharing::Inherited) => SharingRules::Enforced,
        None => SharingRules::NotEnforced,
    }
}

/// What comes of it when the effect fails, as far as the rule asks, and the clause that takes the exception.
fn failure_of(
    program: &Program,
    entry: &Entry,
    told: &Sites,
    reach: &Reach,
) -> (Failure, Option<(NodeId, Location)>) {
    failure(program, &reach.path, reach.site, &|site| told.matches(site, Some(entry)))
}

/// One hit for all, where they have enough different values.
fn several(program: &Program, entry: &Entry, different: DifferentPlan, hits: Vec<Hit>) -> Vec<Hit> {
    let mut values: Vec<String> = Vec::new();
    let mut of_each: Vec<Hit> = Vec::new();
    for hit in hits {
        let Subject::Site(site) = hit.subject else { continue };
        let site = program.site(site);
        let value = match different.of {
            Some(attribute) => site.fact(attribute).map(str::to_owned),
            None => site.object.map(|object| object.to_string()),
        };
        let Some(value) = value else { continue };
        if !values.iter().any(|known| known.eq_ignore_ascii_case(&value)) {
            values.push(value);
            of_each.push(hit);
        }
    }
    if values.len() as u64 <= different.above.of(entry) {
        return Vec::new();
    }
    let related: Vec<_> = of_each
        .iter()
        .filter_map(|hit| match hit.subject {
            Subject::Site(id) => Some((id, labels::effect(program.site(id)))),
            Subject::Item(_) => None,
        })
        .collect();
    let confidence = of_each.iter().map(|hit| hit.confidence).min();
    let mut hits = of_each;
    hits.truncate(1);
    for hit in &mut hits {
        hit.related = related[1..].to_vec();
        hit.confidence = confidence.unwrap_or(hit.confidence);
        values.sort();
        hit.values.clone_from(&values);
    }
    hits
}
