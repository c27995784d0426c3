//! `cost` with a `limit`: what the whole transaction takes, as a formula, held against the limit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rayon::prelude::*;

use crate::cost::{Breaks, EntryLines, Legend, Line, Verdict, amount, formula};
use crate::program::model::{Bound, EntryId};
use crate::rules::plan::{CostPlan, LimitPlan, Plan, PlannedQuery};
use crate::rules::query::{At, Certainty};
use crate::rules::rule::Rule;
use crate::summary::cost::{Resource, Sizes, Term};
use crate::summary::reach::{ReachQuery, reach};

use super::{Hit, Subject, Taken, World};

/// Takes away the hits in loops whose transaction is known to stay within the limit that the rule names,
/// and tells the others what it takes.
pub(super) fn keep_unbounded(world: World<'_>, plans: &[(&Rule, Plan)], hits: &mut Vec<Hit>) {
    // Where a loop grows with what only the run knows, there is no bound to be known.
    let may_be_bounded =
        |hit: &Hit| hit.loops.iter().all(|(_, bound)| !bound.grows() || *bound == Bound::EntryBatch);
    let limit_of = |hit: &Hit| -> Option<&LimitPlan> {
        let subject = match hit.subject {
            Subject::Site(site) => world.program.site(site),
            Subject::Item(_) => return None,
        };
        let entry = hit.entry.map(|id| world.program.entry(id));
        plans[hit.rule].1.queries.iter().find_map(|query| match query {
            PlannedQuery::Cost(cost)
                if cost.of.matches(subject, entry) && entry.is_some_and(|entry| cost.from.matches(entry)) =>
            {
                cost.limit.as_ref().filter(|limit| !limit.alone)
            }
            _ => None,
        })
    };
    let mut asked: BTreeMap<Resource, BTreeSet<EntryId>> = BTreeMap::new();
    for hit in hits.iter().filter(|hit| may_be_bounded(hit)) {
        if let (Some(limit), Some(entry)) = (limit_of(hit), hit.entry) {
            asked.entry(limit.resource).or_default().insert(entry);
        }
    }
    let known = lines(world, &asked);
    hits.retain_mut(|hit| {
        let Some((limit, id)) = limit_of(hit).zip(hit.entry) else { return true };
        let Some(line) = known.get(&(limit.resource, id)) else { return true };
        let most = limit.amount.of(world.program.entry(id));
        if line.is_known() && line.most_value <= most {
            return false;
        }
        hit.cost = Some(Arc::new(taken(line)));
        true
    });
}

/// The entry points whose transactions go over a limit, where no other rule says why.
pub(super) fn hits(
    world: World<'_>,
    plans: &[(&Rule, Plan)],
    formulas: &[(usize, &CostPlan, EntryId)],
    found: &[Hit],
) -> Vec<Hit> {
    let mut asked: BTreeMap<Resource, BTreeSet<EntryId>> = BTreeMap::new();
    for (_, cost, id) in formulas {
        if let Some(limit) = &cost.limit {
            asked.entry(limit.resource).or_default().insert(*id);
        }
    }
    let known = lines(world, &asked);
    let mut exceeding: Vec<Exceeding<'_>> = Vec::new();
    for &(rule, cost, id) in formulas {
        let Some(limit) = &cost.limit else { continue };
        let Some(line) = known.get(&(limit.resource, id)) else { continue };
        let most = limit.amount.of(world.program.entry(id));
        let certainty = if line.least_value > most { Certainty::Must } else { Certainty::May };
        let wanted = limit.certainty == Certainty::May || certainty == Certainty::Must;
        if line.most_value > most && wanted {
            exceeding.push(Exceeding { rule, plan: cost, limit, id, line, most, certainty });
        }
    }
    // Places are counted once for all entry points: they share most of what they call.
    let mut asked: BTreeMap<Resource, BTreeSet<EntryId>> = BTreeMap::new();
    for each in &exceeding {
        asked.entry(each.line.resource).or_default().insert(each.id);
    }
    let terms: BTreeMap<(Resource, EntryId), Vec<Term>> = asked
        .into_par_iter()
        .flat_map_iter(|(resource, entries)| {
            let entries: Vec<EntryId> = entries.into_iter().collect();
            let of_each = world.meter.terms(&entries, resource);
            entries.into_iter().zip(of_each).map(move |(id, terms)| ((resource, id), terms))
        })
        .collect();
    let mut over: Vec<(&LimitPlan, Hit)> = Vec::new();
    for each in &exceeding {
        let Some(terms) = terms.get(&(each.line.resource, each.id)) else { continue };
        over.extend(hit(world, each, terms).map(|hit| (each.limit, hit)));
    }
    let told: BTreeSet<(EntryId, &str)> = found
        .iter()
        .chain(over.iter().map(|(_, hit)| hit))
        .filter_map(|hit| Some((hit.entry?, plans[hit.rule].0.id.as_str())))
        .collect();
    let is_told = |limit: &LimitPlan, hit: &Hit| {
        limit.unless_found.iter().any(|other| hit.entry.is_some_and(|id| told.contains(&(id, other))))
    };
    over.iter().filter(|(limit, hit)| !is_told(limit, hit)).map(|(_, hit)| hit.clone()).collect()
}

/// An entry point that takes more than a limit.
struct Exceeding<'a> {
    rule: usize,
    plan: &'a CostPlan,
    limit: &'a LimitPlan,
    id: EntryId,
    line: &'a Line,
    /// What it may take.
    most: u64,
    certainty: Certainty,
}

fn hit(world: World<'_>, exceeding: &Exceeding<'_>, terms: &[Term]) -> Option<Hit> {
    let &Exceeding { rule, plan, id, line, most: limit, certainty, .. } = exceeding;
    let entry = world.program.entry(id);
    let query = ReachQuery {
        effects: plan.of.effects,
        site: &|site| plan.of.matches(site, Some(entry)),
        avoid: plan.avoid,
        through_dml: plan.through_dml,
        blocked: None,
    };
    let found = reach(world.program, world.summary, id, &query);
    // The place that takes the most stands for all.
    let is_reached = |site| found.iter().any(|reach| reach.site == site);
    // What happens in triggers is another rule's concern, unless this one follows DML.
    let sizes = Sizes { batch: world.meter.batch(id), assumed: world.meter.assumed(id) };
    let own = terms.iter().filter(|term| is_reached(term.site));
    if own.map(|term| term.most.value(&sizes)).fold(0, u64::saturating_add) <= limit {
        return None;
    }
    let best = terms.iter().find_map(|term| {
        super::surest(found.iter().filter(|reach| reach.site == term.site)).into_iter().next()
    })?;
    let related = terms
        .iter()
        .filter(|term| term.site != best.site && is_reached(term.site))
        .take(MAX_RELATED)
        .map(|term| (term.site, format!("also counts: {}", world.program.site(term.site).label)))
        .collect();
    let mut hit = Hit {
        entry: Some(id),
        certainty: Some(certainty),
        confidence: super::confidence_of(entry, best),
        loops: best.count.loops.clone(),
        path: best.path.clone(),
        related,
        cost: Some(Arc::new(taken(line))),
        // A number that a size was taken as proves nothing.
        hint: certainty == Certainty::May && !line.is_known(),
        ..Hit::new(rule, world.program.site(best.site).at, Subject::Site(best.site))
    };
    if plan.at == At::Entry {
        hit.primary = entry.at;
        hit.at_entry = true;
    }
    Some(hit)
}

/// Further places that a finding names.
const MAX_RELATED: usize = 4;

fn lines(
    world: World<'_>,
    asked: &BTreeMap<Resource, BTreeSet<EntryId>>,
) -> BTreeMap<(Resource, EntryId), Line> {
    let of_one = |(&resource, entries): (&Resource, &BTreeSet<EntryId>)| {
        let entries: Vec<EntryId> = entries.iter().copied().collect();
        let costs = world.meter.of(&entries, &[resource]);
        let lines = |cost: EntryLines| cost.lines.into_iter().map(move |line| ((resource, cost.entry), line));
        costs.into_iter().flat_map(lines).collect::<Vec<_>>()
    };
    asked.par_iter().flat_map_iter(of_one).collect()
}

fn taken(line: &Line) -> Taken {
    let value = match (line.least_value, line.most_value) {
        (least, most) if least == most => amount(line.resource, most),
        (_, most) if line.verdict() == Verdict::Exceeds => amount(line.resource, most),
        (_, most) => format!("up to {}", amount(line.resource, most)),
    };
    Taken {
        formula: formula(&line.most, &mut Legend::default()),
        value,
        most_value: line.most_value,
        limit: line.limit.map(|limit| amount(line.resource, limit)).unwrap_or_default(),
        fits: match line.breaks {
            Some(Breaks::AtBatch(first)) if first > 1 => Some(first - 1),
            _ => None,
        },
    }
}
