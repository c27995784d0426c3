//! Runs the rules over the program.
//!
//! Each query module turns what the model answers into [`Hit`]s; here they are grouped into findings:
//! one for each rule and place, with all the entry points that lead to it.

mod component;
mod cost;
mod cycle;
pub(crate) mod findings;
mod formula;
mod order;
mod path;
mod site;

use std::collections::BTreeMap;
use std::sync::Arc;

use rayon::prelude::*;

use crate::config::FileLevels;
use crate::config::workload::Assume;
use crate::cost::Meter;
use crate::finding::{Confidence, Finding, Step};
use crate::name::Name;
use crate::program::model::{Bound, Effects, Entry, EntryId, EntryKind, Guards, ItemId, Program, SiteId};
use crate::span::Location;
use crate::summary::Summary;
use crate::summary::reach::{Hop, Reach, ReachQuery, reach};

use super::plan::{CostPlan, Entries, PathPlan, Plan, PlannedQuery, Sites, Threshold, plan};
use super::query::{At, Certainty};
use super::rule::{Rule, RuleSet};
use crate::suppress::{self, Suppressed, Suppressions, Used};

/// A place where a query found what it looks for, seen from one entry point.
#[derive(Clone, Debug)]
struct Hit {
    /// Index of the rule.
    rule: usize,
    /// `None` for facts that need no path.
    entry: Option<EntryId>,
    primary: Location,
    subject: Subject,
    first: Option<SiteId>,
    certainty: Option<Certainty>,
    confidence: Confidence,
    loops: Vec<(Location, Bound)>,
    path: Vec<Hop>,
    /// Instead of a path: the way through several transactions.
    steps: Vec<Step>,
    /// Of a cycle: the events that it passes through.
    events: Vec<Name>,
    /// Of a query for different values: these.
    values: Vec<String>,
    /// Other sites that explain the hit, each with its label.
    related: Vec<(SiteId, String)>,
    /// The finding is about the entry point, not about the effect.
    at_entry: bool,
    /// What stands between is not followed: a hint, whatever the rule's severity.
    hint: bool,
    /// What the whole transaction takes of the limit that the rule names.
    cost: Option<Arc<Taken>>,
}

/// What a transaction takes of a limit, for messages.
#[derive(Clone, Debug)]
pub struct Taken {
    pub formula: String,
    /// At the largest batch.
    pub value: String,
    pub most_value: u64,
    pub limit: String,
    /// The largest batch that fits.
    pub fits: Option<u64>,
}

/// What a finding rests on, in terms of the model: the hit that it shows.
#[derive(Clone, Debug)]
pub struct Proof {
    /// `None` for facts that need no path.
    pub entry: Option<EntryId>,
    /// The hops behind the steps of the finding's path, one for one.
    pub path: Vec<Hop>,
    /// The effect, and those that explain the finding.
    pub sites: Vec<SiteId>,
    /// The loops on the path, outermost first.
    pub loops: Vec<(Location, Bound)>,
    /// How sure the path is.
    pub confidence: Confidence,
    /// How sure the rule's findings are at the best.
    pub at_most: Confidence,
    /// What stands between is not followed: a hint, whatever the rule's severity.
    pub hint: bool,
}

impl Hit {
    /// Puts a hit of the effect to the end of its path that the rule wants.
    fn place(&mut self, entry: &Entry, at: At) {
        self.at_entry = matches!(at, At::Entry | At::Class);
        match at {
            At::Effect | At::Catch => {}
            At::Entry => self.primary = entry.at,
            At::Class => self.primary = entry.class_at.unwrap_or(entry.at),
        }
    }

    /// A hit that needs no path.
    fn new(rule: usize, primary: Location, subject: Subject) -> Hit {
        Hit {
            rule,
            entry: None,
            primary,
            subject,
            first: None,
            certainty: None,
            confidence: Confidence::High,
            loops: Vec::new(),
            path: Vec::new(),
            steps: Vec::new(),
            events: Vec::new(),
            values: Vec::new(),
            related: Vec::new(),
            at_entry: false,
            hint: false,
            cost: None,
        }
    }

    /// The effect that it is about, and those that explain it.
    fn sites(&self) -> impl Iterator<Item = SiteId> + '_ {
        let subject = match self.subject {
            Subject::Site(site) => Some(site),
            Subject::Item(_) => None,
        };
        subject.into_iter().chain(self.first).chain(self.related.iter().map(|(site, _)| *site))
    }
}

/// What a hit is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    Site(SiteId),
    Item(ItemId),
}

/// The places that a search does not go over.
type Blocked<'a> = &'a (dyn Fn(Location) -> bool + Sync);

/// What the rules are run over.
#[derive(Clone, Copy)]
struct World<'a> {
    program: &'a Program,
    summary: &'a Summary,
    suppressions: &'a Suppressions,
    meter: Meter<'a>,
}

impl World<'_> {
    /// The effects of the transaction of `entry`.
    fn effects(self, entry: &Entry, through_dml: bool) -> Effects {
        let all = if through_dml { &self.summary.effects_through_dml } else { &self.summary.effects };
        all.get(entry.node.0 as usize).copied().unwrap_or_default()
    }

    /// Whether the transaction of an entry point reaches one of `sites`, beside an effect on `same`.
    fn reaches(self, id: EntryId, sites: &Sites, through_dml: bool, same: Option<Name>) -> bool {
        let entry = self.program.entry(id);
        if !self.effects(entry, through_dml).intersects(sites.effects) {
            return false;
        }
        let query = ReachQuery {
            effects: sites.effects,
            site: &|site| sites.matches_beside(site, Some(entry), same),
            avoid: Guards::NONE,
            through_dml,
            blocked: None,
        };
        !reach(self.program, self.summary, id, &query).is_empty()
    }

    /// Leaves those hits beside which the transaction reaches all of `also` and none of `unless_also`.
    fn retain_beside(
        self,
        id: EntryId,
        also: &[Sites],
        unless_also: &[Sites],
        through_dml: bool,
        hits: &mut Vec<Hit>,
    ) {
        // The answers that are the same for all hits are asked for once.
        let mut known: Option<bool> = None;
        let fixed = |sites: &&Sites| !sites.asks_for_same_object();
        hits.retain(|hit| {
            let kept = *known.get_or_insert_with(|| {
                also.iter().filter(fixed).all(|sites| self.reaches(id, sites, through_dml, None))
                    && !unless_also
                        .iter()
                        .filter(fixed)
                        .any(|sites| self.reaches(id, sites, through_dml, None))
            });
            let Subject::Site(site) = hit.subject else { return kept };
            let object = self.program.site(site).object;
            let beside = |sites: &&Sites| !fixed(sites) && self.reaches(id, sites, through_dml, object);
            kept && also.iter().filter(|sites| !fixed(sites)).all(|sites| beside(&sites))
                && !unless_also.iter().any(|sites| beside(&sites))
        });
    }

    /// The suppressions of `rule` that cover a place of the hit: on its way, its effect, or what explains it.
    fn uses(self, rule: &str, hit: &Hit) -> Vec<suppress::Use> {
        if self.suppressions.is_empty() {
            return Vec::new();
        }
        let sites = hit.first.into_iter().chain(hit.related.iter().map(|(site, _)| *site));
        let places = std::iter::once(hit.primary)
            .chain(hit.path.iter().map(|hop| hop.at))
            .chain(hit.steps.iter().map(|step| step.at))
            .chain(sites.map(|site| self.program.site(site).at));
        let mut uses: Vec<_> = places.flat_map(|at| self.suppressions.covering(rule, at)).collect();
        uses.sort_unstable();
        uses.dedup();
        uses
    }

    /// Whether a suppression of `rule` covers a place.
    fn is_suppressed(self, rule: &str, at: Location) -> bool {
        self.suppressions.covering(rule, at).next().is_some()
    }

    /// Whether a suppression covers one of the hits: there may be other ways around it.
    fn has_suppressed(self, rule: &str, hits: &[Hit]) -> bool {
        hits.iter().any(|hit| !self.uses(rule, hit).is_empty())
    }

    /// The entry points that `from` selects and whose transaction has one of `effects`.
    fn candidates(self, from: &Entries, effects: Effects, through_dml: bool) -> Vec<EntryId> {
        (0u32..)
            .map(EntryId)
            .zip(&self.program.entries)
            .filter(|(_, entry)| from.matches(entry) && self.effects(entry, through_dml).intersects(effects))
            .map(|(id, _)| id)
            .collect()
    }
}

/// A query that asks what an entry point reaches; those with the same way to search share it.
enum Reaching<'a> {
    Path(&'a PathPlan),
    Cost(&'a CostPlan),
}

impl<'a> Reaching<'a> {
    /// What it looks for.
    fn wanted(&self) -> &'a Sites {
        match self {
            Reaching::Path(path) => &path.to,
            Reaching::Cost(cost) => &cost.of,
        }
    }
}

/// What the owners of the code decided about findings.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// Which rules are off, or have another severity than their own.
    pub levels: FileLevels,
    pub suppressions: Suppressions,
    /// What sizes are taken as that only the run knows.
    pub assume: Assume,
}

/// What the rules found.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    /// Sorted by place and rule.
    pub findings: Vec<Finding>,
    /// What each finding rests on, in the same order.
    pub proofs: Vec<Proof>,
    /// Those all of whose ways are suppressed, sorted likewise.
    pub suppressed: Vec<Suppressed>,
    /// The suppressions that cover a way to a finding.
    pub used: Used,
}

/// Runs `rules` over `program`; `paths` are those of the project's files, by their ids. Rules that
/// [`super::registry`] would refuse find nothing.
pub fn check(
    program: &Program,
    summary: &Summary,
    rules: &RuleSet,
    policy: &Policy,
    paths: &[&str],
) -> Checked {
    let world = World {
        program,
        summary,
        suppressions: &policy.suppressions,
        meter: Meter::new(program, summary, &rules.limits, &policy.assume),
    };
    let plans: Vec<(&Rule, Plan)> = rules
        .rules
        .iter()
        .filter(|rule| {
            policy.levels.runs(&rule.id) && (rule.default.is_on() || policy.levels.names(&rule.id))
        })
        .filter_map(|rule| Some((rule, plan(rule, &rules.limits, paths, &rule.id, "").ok()?)))
        .collect();

    let mut reaching: BTreeMap<(EntryId, bool, u16), Vec<(usize, Reaching<'_>)>> = BTreeMap::new();
    let mut twice = Vec::new();
    let mut formulas = Vec::new();
    let mut ordered = Vec::new();
    let mut cycles = Vec::new();
    let mut hits = Vec::new();
    for (rule, (_, plan)) in plans.iter().enumerate() {
        for query in &plan.queries {
            match query {
                PlannedQuery::Site(sites) => hits.extend(site::hits(program, rule, sites)),
                PlannedQuery::Component(component) => {
                    hits.extend(component::hits(program, rule, component));
                }
                PlannedQuery::Cycle(cycle) => cycles.push((rule, cycle)),
                PlannedQuery::Path(path) => {
                    for id in world.candidates(&path.from, path.to.effects, path.through_dml) {
                        let key = (id, path.through_dml, path.avoid.0);
                        reaching.entry(key).or_default().push((rule, Reaching::Path(path)));
                    }
                }
                PlannedQuery::Cost(cost) => {
                    for id in world.candidates(&cost.from, cost.of.effects, cost.through_dml) {
                        if cost.is_formula() {
                            formulas.push((rule, cost, id));
                        } else if cost.above == Some(Threshold::ONE) {
                            twice.push((rule, cost, id));
                        } else {
                            let key = (id, cost.through_dml, cost.avoid.0);
                            reaching.entry(key).or_default().push((rule, Reaching::Cost(cost)));
                        }
                    }
                }
                PlannedQuery::Order(order) => {
                    let mut entries = world.candidates(&order.from, order.then.effects, false);
                    // What comes first may also happen in a trigger that the entry's DML fires.
                    entries
                        .retain(|&id| world.effects(program.entry(id), true).intersects(order.first.effects));
                    ordered.push((rule, order, entries));
                }
            }
        }
    }

    let reaching: Vec<_> = reaching.into_iter().collect();
    hits.par_extend(
        reaching.par_iter().flat_map_iter(|(key, queries)| reached(world, &plans, *key, queries)),
    );
    hits.par_extend(twice.par_iter().flat_map_iter(|&(rule, cost, id)| {
        let search = |blocked: Option<Blocked<'_>>| cost::twice(world, rule, cost, id, blocked);
        let mut hits: Vec<Hit> = search(None).into_iter().collect();
        let rule = &plans[rule].0.id;
        if world.has_suppressed(rule, &hits) && !world.is_suppressed(rule, program.entry(id).at) {
            hits.extend(search(Some(&|at| world.is_suppressed(rule, at))));
        }
        hits
    }));
    hits.par_extend(ordered.par_iter().flat_map_iter(|(rule, order, entries)| {
        let search = |entries: &[EntryId], blocked: Option<Blocked<'_>>| {
            order::hits(world, *rule, order, entries, blocked)
        };
        let mut hits = search(entries, None);
        let rule = &plans[*rule].0.id;
        if world.has_suppressed(rule, &hits) {
            let open: Vec<EntryId> = entries
                .iter()
                .copied()
                .filter(|&id| !world.is_suppressed(rule, program.entry(id).at))
                .collect();
            hits.extend(search(&open, Some(&|at| world.is_suppressed(rule, at))));
        }
        hits
    }));
    hits.par_extend(cycles.par_iter().flat_map_iter(|&(rule, cycle)| cycle::hits(world, rule, cycle)));
    cost::keep_untold(world, &plans, &mut hits);
    formula::keep_unbounded(world, &plans, &mut hits);
    hits.extend(formula::hits(world, &plans, &formulas, &hits));
    findings::build(world, &plans, hits, &policy.levels)
}

/// How to search: from which entry point, through DML or not, and under which guards not.
type Search = (EntryId, bool, u16);

/// Answers all queries that search in the same way.
///
/// A search finds one way to each effect. Where a suppression covers it, another way may go elsewhere:
/// it is looked for too.
fn reached(
    world: World<'_>,
    plans: &[(&Rule, Plan)],
    search: Search,
    queries: &[(usize, Reaching<'_>)],
) -> Vec<Hit> {
    let mut hits = answers(world, search, queries, None);
    if world.suppressions.is_empty() {
        return hits;
    }
    let entry = world.program.entry(search.0);
    for query in queries {
        let rule = &plans[query.0].0.id;
        let blocked = |at: Location| world.is_suppressed(rule, at);
        let covered: Vec<Location> = hits
            .iter()
            .filter(|hit| hit.rule == query.0 && !world.uses(rule, hit).is_empty())
            .map(|hit| hit.primary)
            .collect();
        if covered.is_empty() || blocked(entry.at) {
            continue;
        }
        let others = answers(world, search, std::slice::from_ref(query), Some(&blocked));
        hits.extend(others.into_iter().filter(|hit| covered.contains(&hit.primary)));
    }
    hits
}

/// Answers queries by one search, which does not go over places that are `blocked`.
fn answers(
    world: World<'_>,
    (id, through_dml, avoid): Search,
    queries: &[(usize, Reaching<'_>)],
    blocked: Option<Blocked<'_>>,
) -> Vec<Hit> {
    let entry = world.program.entry(id);
    let effects =
        queries.iter().fold(Effects::default(), |all, (_, query)| all.union(query.wanted().effects));
    let reaches = reach(
        world.program,
        world.summary,
        id,
        &ReachQuery {
            effects,
            site: &|site| queries.iter().any(|(_, query)| query.wanted().matches(site, Some(entry))),
            avoid: Guards(avoid),
            through_dml,
            blocked,
        },
    );
    let mut hits = Vec::new();
    for (rule, query) in queries {
        let matching = reaches
            .iter()
            .filter(|found| query.wanted().matches(world.program.site(found.site), Some(entry)));
        match query {
            Reaching::Path(path) => hits.extend(path::hits(world, *rule, path, id, matching)),
            Reaching::Cost(cost) => hits.extend(cost::hits(world, *rule, cost, id, matching)),
        }
    }
    hits
}

#[cfg(test)]
mod tests;

/// Of the ways to each site, the one that depends the least on others' decisions, then the shortest.
fn surest<'a>(found: impl Iterator<Item = &'a Reach>) -> Vec<&'a Reach> {
    let mut best: Vec<&Reach> = Vec::new();
    for reach in found {
        let key = |reach: &Reach| (reach.conditional, reach.decided, reach.path.len());
        match best.iter_mut().find(|known| known.site == reach.site) {
            Some(known) => {
                if key(reach) < key(known) {
                    *known = reach;
                }
            }
            None => best.push(reach),
        }
    }
    best
}

/// How sure it is that the entry point comes this way: a decision of the project is not seen through,
/// and who calls a method that nothing here calls is not known.
fn confidence_of(entry: &Entry, reach: &Reach) -> Confidence {
    if reach.decided || entry.never_started || entry.kind == EntryKind::Uncalled {
        Confidence::Low
    } else {
        reach.confidence
    }
}
