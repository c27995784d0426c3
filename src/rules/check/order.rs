//! `order`: one effect before another in the same transaction.

use crate::program::model::{EntryId, Site};
use crate::rules::labels;
use crate::rules::plan::OrderPlan;
use crate::rules::query::{Across, Certainty};
use crate::summary::order::{OrderQuery, order};

use super::{Hit, World};

pub(super) fn hits(world: World<'_>, rule: usize, plan: &OrderPlan, id: EntryId) -> Vec<Hit> {
    let program = world.program;
    let entry = Some(program.entry(id));
    let followed = plan.followed_by.as_ref().map(|sites| move |site: &Site| sites.matches(site, entry));
    let query = OrderQuery {
        first: &|site| plan.first.matches(site, entry),
        then: &|site| plan.then.matches(site, entry),
        cleared_by: &|site| plan.cleared_by.as_ref().is_some_and(|sites| sites.matches(site, entry)),
        followed_by: followed.as_ref().map(|matches| matches as &dyn Fn(&Site) -> bool),
    };
    order(program, world.summary, id, &query)
        .into_iter()
        .filter(|pair| match plan.across {
            Across::Straight => !pair.across_iterations,
            Across::LoopIteration => pair.across_iterations,
            Across::Either => true,
        })
        .map(|pair| Hit {
            rule,
            entry: Some(id),
            primary: program.site(pair.then).at,
            subject: pair.then,
            first: Some(pair.first),
            certainty: Some(if pair.must { Certainty::Must } else { Certainty::May }),
            confidence: pair.confidence,
            loops: Vec::new(),
            path: pair.then_path,
            related: vec![(pair.first, labels::earlier(program.site(pair.first), pair.across_iterations))],
            at_entry: false,
        })
        .collect()
}
