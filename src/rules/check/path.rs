//! `path`: an entry point reaches an effect.

use crate::program::model::EntryId;
use crate::rules::plan::PathPlan;
use crate::rules::query::At;
use crate::summary::reach::Reach;

use super::{Hit, Subject, World};

pub(super) fn hits<'a>(
    world: World<'_>,
    rule: usize,
    plan: &PathPlan,
    id: EntryId,
    found: impl Iterator<Item = &'a Reach>,
) -> Vec<Hit> {
    let entry = world.program.entry(id);
    let mut hits: Vec<Hit> = super::surest(found)
        .into_iter()
        .map(|reach| {
            let at_entry = plan.at == At::Entry;
            let primary = if at_entry { entry.at } else { world.program.site(reach.site).at };
            Hit {
                entry: Some(id),
                confidence: super::confidence_of(entry, reach),
                loops: reach.count.loops.clone(),
                path: reach.path.clone(),
                at_entry,
                hint: reach.conditional,
                ..Hit::new(rule, primary, Subject::Site(reach.site))
            }
        })
        .collect();
    if let Some(also) = &plan.unless_also
        && !hits.is_empty()
        && world.reaches(id, also, plan.through_dml)
    {
        hits.clear();
    }
    hits
}
