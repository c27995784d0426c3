//! `order`: one effect before another in the same transaction.

use crate::program::model::{EntryId, Program, Site};
use crate::rules::labels;
use crate::rules::plan::OrderPlan;
use crate::rules::query::{Across, Certainty};
use crate::summary::order::{OrderQuery, Ordered, Orders};

use super::{Blocked, Hit, Subject, World};

/// The answers for all `entries` at once: the nodes that they share are summarised once. No way goes over
/// places that are `blocked`.
pub(super) fn hits(
    world: World<'_>,
    rule: usize,
    plan: &OrderPlan,
    entries: &[EntryId],
    blocked: Option<Blocked<'_>>,
) -> Vec<Hit> {
    let followed = plan.followed_by.as_ref().map(|sites| move |site: &Site| sites.matches(site, None));
    let query = OrderQuery {
        first: &|site| plan.first.matches(site, None),
        then: &|site| plan.then.matches(site, None),
        cleared_by: &|site| plan.cleared_by.as_ref().is_some_and(|sites| sites.matches(site, None)),
        blocked,
        followed_by: followed.as_ref().map(|matches| matches as &dyn Fn(&Site) -> bool),
    };
    let mut orders = Orders::new(world.program, world.summary, query);
    let mut hits = Vec::new();
    for &id in entries {
        let is_flow = world.program.entry(id).kind.is_flow();
        let pairs = orders.of(id).into_iter().filter(|pair| match plan.across {
            Across::Straight => pair.across.is_none(),
            Across::LoopIteration => pair.across.is_some(),
            Across::Either => true,
        });
        // What goes wrong inside of one Apex action is told of the action, which is an entry point too.
        let pairs = pairs.filter(|pair| !is_flow || part_in_flow(world.program, pair));
        hits.extend(pairs.map(|pair| hit(world, rule, id, pair)));
    }
    hits
}

/// Whether the ways to the two effects part in a node of a flow.
fn part_in_flow(program: &Program, pair: &Ordered) -> bool {
    let common = pair.first_path.iter().zip(&pair.then_path).take_while(|(a, b)| a == b);
    let last = common.filter_map(|(hop, _)| hop.node).last();
    last.is_none_or(|node| program.node(node).kind.is_flow())
}

fn hit(world: World<'_>, rule: usize, id: EntryId, pair: Ordered) -> Hit {
    let program = world.program;
    Hit {
        entry: Some(id),
        first: Some(pair.first),
        certainty: Some(if pair.must { Certainty::Must } else { Certainty::May }),
        confidence: pair.confidence,
        loops: pair.across.into_iter().collect(),
        path: pair.then_path,
        related: vec![(pair.first, labels::earlier(program.site(pair.first), pair.across.is_some()))],
        ..Hit::new(rule, program.site(pair.then).at, Subject::Site(pair.then))
    }
}
