//! `cost`: an effect happens more often than it should.

use rustc_hash::FxHashSet;

use crate::finding::Confidence;
use crate::program::model::{Bound, Entry, EntryId, EntryKind, Program};
use crate::rules::labels;
use crate::rules::plan::{CostPlan, Growth, Plan, PlannedQuery};
use crate::rules::rule::Rule;
use crate::span::Location;
use crate::summary::reach::{Reach, ReachQuery};
use crate::summary::two_on_one_way;

use super::{Blocked, Hit, Subject, World};

pub(super) fn hits<'a>(
    world: World<'_>,
    rule: usize,
    plan: &CostPlan,
    id: EntryId,
    found: impl Iterator<Item = &'a Reach>,
) -> Vec<Hit> {
    let entry = world.program.entry(id);
    let found = super::surest(found.filter(|reach| exceeds(world.program, plan, entry, &reach.count.loops)));
    let mut hits: Vec<Hit> = found.into_iter().map(|reach| hit(world, rule, id, reach)).collect();
    world.retain_beside(id, &[], &plan.unless_also, plan.through_dml, &mut hits);
    hits.iter_mut().for_each(|hit| hit.place(entry, plan.at));
    hits
}

/// More than one on one way, which does not go over places that are `blocked`.
pub(super) fn twice(
    world: World<'_>,
    rule: usize,
    plan: &CostPlan,
    id: EntryId,
    blocked: Option<Blocked<'_>>,
) -> Option<Hit> {
    let entry = world.program.entry(id);
    let query = ReachQuery {
        effects: plan.of.effects,
        site: &|site| plan.of.matches(site, Some(entry)),
        avoid: plan.avoid,
        through_dml: plan.through_dml,
        blocked,
    };
    let (first, second) = two_on_one_way(world.program, world.summary, id, &query)?;
    let mut hit = hit(world, rule, id, &second);
    // Two of several overrides may never meet in one run.
    let sure = super::confidence_of(entry, &first).min(super::confidence_of(entry, &second));
    hit.confidence = if sure == Confidence::High { sure } else { Confidence::Low };
    hit.hint = first.conditional || second.conditional;
    hit.first = Some(first.site);
    if first.site != second.site {
        hit.related.push((first.site, labels::also(world.program.site(first.site))));
    }
    Some(hit)
}

fn hit(world: World<'_>, rule: usize, id: EntryId, reach: &Reach) -> Hit {
    let entry = world.program.entry(id);
    // How often it happens does not depend on who decides that it happens.
    // But a loop that calls one of several overrides need not call this one each time.
    // And in a batch job with a literal scope, a collection is mostly made of the scope's records.
    let of_scope = entry.batch_scope.is_some()
        && reach.count.loops.iter().all(|(_, bound)| !bound.grows() || *bound == Bound::Collection);
    let sure = entry.kind != EntryKind::Uncalled
        && !entry.never_started
        && reach.confidence == Confidence::High
        && !of_scope;
    let confidence = if sure { Confidence::High } else { Confidence::Low };
    Hit {
        entry: Some(id),
        confidence,
        loops: reach.count.loops.clone(),
        path: reach.path.clone(),
        // A loop that calls one of several overrides may never call this one.
        hint: reach.conditional || reach.confidence < Confidence::High,
        ..Hit::new(rule, world.program.site(reach.site).at, Subject::Site(reach.site))
    }
}

/// Takes away the hits in loops at places where another rule reports the same cause better.
pub(super) fn keep_untold(world: World<'_>, plans: &[(&Rule, Plan)], hits: &mut Vec<Hit>) {
    let better = |hit: &Hit| -> Vec<&str> {
        let Subject::Site(site) = hit.subject else { return Vec::new() };
        let (site, entry) = (world.program.site(site), hit.entry.map(|id| world.program.entry(id)));
        let queries = plans[hit.rule].1.queries.iter();
        let costs = queries.filter_map(|query| match query {
            PlannedQuery::Cost(cost) if !cost.is_formula() => Some(cost),
            _ => None,
        });
        costs
            .filter(|cost| {
                cost.of.matches(site, entry) && entry.is_some_and(|entry| cost.from.matches(entry))
            })
            .flat_map(|cost| cost.unless_found.iter().map(String::as_str))
            .collect()
    };
    let told: FxHashSet<(&str, Location)> =
        hits.iter().map(|hit| (plans[hit.rule].0.id.as_str(), hit.primary)).collect();
    hits.retain(|hit| !better(hit).iter().any(|rule| told.contains(&(*rule, hit.primary))));
}

fn exceeds(program: &Program, plan: &CostPlan, entry: &Entry, loops: &[(Location, Bound)]) -> bool {
    match plan.above {
        None => loops.iter().any(|each| plan.grows.counts(program, each)),
        Some(threshold) => {
            known_count(plan.grows, entry, loops).is_none_or(|count| count > threshold.of(entry))
        }
    }
}

/// How often the loops run at most, where it is known: `None` where one of them grows with the data.
/// Loops that neither grow nor have a known number of turns count once.
pub(super) fn known_count(grows: Growth, entry: &Entry, loops: &[(Location, Bound)]) -> Option<u64> {
    loops.iter().try_fold(1u64, |count, &(_, bound)| {
        let turns = match (bound, entry.batch_scope) {
            (Bound::Constant(turns), _) => turns,
            (Bound::EntryBatch, Some(scope)) => scope,
            _ if grows.has(bound) => return None,
            _ => 1,
        };
        Some(count.saturating_mul(u64::from(turns)))
    })
}
