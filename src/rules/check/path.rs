//! `path`: an entry point reaches an effect.

use crate::program::model::{EntryId, Guards};
use crate::rules::plan::PathPlan;
use crate::rules::query::At;
use crate::summary::reach::{Reach, ReachQuery, reach};

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
            Hit {
                rule,
                entry: Some(id),
                primary: if at_entry { entry.at } else { world.program.site(reach.site).at },
                subject: Subject::Site(reach.site),
                first: None,
                certainty: None,
                confidence: super::confidence_of(entry, reach),
                loops: reach.count.loops.clone(),
                path: reach.path.clone(),
                related: Vec::new(),
                at_entry,
                hint: reach.conditional,
            }
        })
        .collect();
    if let Some(also) = &plan.unless_also
        && !hits.is_empty()
        && world.effects(entry, plan.through_dml).intersects(also.effects)
    {
        let query = ReachQuery {
            effects: also.effects,
            site: &|site| also.matches(site, Some(entry)),
            avoid: Guards::NONE,
            through_dml: plan.through_dml,
        };
        if !reach(world.program, world.summary, id, &query).is_empty() {
            hits.clear();
        }
    }
    hits
}
