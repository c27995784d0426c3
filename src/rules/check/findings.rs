//! Hits become findings: grouped, worded, fingerprinted and sorted.

use std::collections::BTreeMap;
use std::fmt::Write;

use rustc_hash::FxHashMap;
use sha2::{Digest, Sha256};

use crate::config::{FileLevels, Level};
use crate::finding::{Confidence, Finding, Origin, Severity, Step};
use crate::program::model::{Bound, Effect, NodeId, Program, SiteId};
use crate::rules::labels;
use crate::rules::plan::{Growth, Plan, PlannedSeverity, all_hold};
use crate::rules::rule::Rule;
use crate::rules::template::{Thing, Values};
use crate::span::Location;
use crate::summary::reach::{Hop, HopKind};
use crate::suppress;

use super::{Checked, Hit, Proof, Subject, World, cost};

/// One finding for each rule and place, sorted by place and rule.
///
/// A suppression takes away the hits that it covers. What is left of a group is the finding, with fewer
/// origins; a group of which nothing is left is a suppressed finding.
pub(super) fn build(
    world: World<'_>,
    plans: &[(&Rule, Plan)],
    hits: Vec<Hit>,
    levels: &FileLevels,
) -> Checked {
    let program = world.program;
    let mut groups: BTreeMap<(Location, usize), Vec<Hit>> = BTreeMap::new();
    for hit in hits {
        groups.entry((hit.primary, hit.rule)).or_default().push(hit);
    }
    let builder = Builder {
        program,
        levels,
        dml: sites_by_place(program, &[Effect::Dml]),
        elements: sites_by_place(program, &[Effect::Action, Effect::Subflow]),
    };
    // How many findings share a fingerprint's words so far; the groups come in the order of places.
    let mut ordinals: FxHashMap<String, usize> = FxHashMap::default();
    let mut checked = Checked::default();
    for ((primary, rule), hits) in groups {
        let (rule, plan) = &plans[rule];
        let mut uses: Vec<suppress::Use> = Vec::new();
        let (mut open, mut covered) = (Vec::with_capacity(hits.len()), Vec::new());
        for hit in hits {
            let of_hit = world.uses(&rule.id, &hit);
            if of_hit.is_empty() {
                open.push(hit)
            } else {
                covered.push(hit)
            }
            uses.extend(of_hit);
        }
        let hits = if open.is_empty() { &covered } else { &open };
        let shown = builder.shown(rule, plan, hits);
        let identity = builder.identity(rule, shown);
        let ordinal = ordinals.entry(identity.clone()).or_default();
        let fingerprint = fingerprint(&identity, *ordinal);
        *ordinal += 1;
        // A fingerprint does not depend on what is switched off.
        if levels.level(&rule.id, primary.file) == Level::Off {
            continue;
        }
        let finding = builder.finding(rule, plan, primary, shown, hits, fingerprint);
        match uses.iter().min() {
            Some(&first) if open.is_empty() => {
                checked.suppressed.push(world.suppressions.suppressed(finding, first));
            }
            _ => {
                checked.findings.push(finding);
                checked.proofs.push(Proof {
                    entry: shown.entry,
                    path: shown.path.clone(),
                    sites: shown.sites().collect(),
                    loops: shown.loops.clone(),
                    confidence: shown.confidence,
                    at_most: rule.confidence,
                    hint: shown.hint,
                });
            }
        }
        checked.used.extend(uses);
    }
    checked
}

/// What stands at each place, for the labels of steps.
fn sites_by_place(program: &Program, effects: &[Effect]) -> FxHashMap<Location, SiteId> {
    (0u32..)
        .map(SiteId)
        .zip(&program.sites)
        .filter(|(_, site)| effects.contains(&site.effect))
        .map(|(id, site)| (site.at, id))
        .collect()
}

struct Builder<'a> {
    program: &'a Program,
    levels: &'a FileLevels,
    /// DML, which may fire triggers.
    dml: FxHashMap<Location, SiteId>,
    /// Elements of flows that call.
    elements: FxHashMap<Location, SiteId>,
}

impl Builder<'_> {
    /// The hit that the finding shows: the worst, of these the surest, of these the shortest path.
    fn shown<'h>(&self, rule: &Rule, plan: &Plan, hits: &'h [Hit]) -> &'h Hit {
        let key = |hit: &Hit| {
            let worst = std::cmp::Reverse(self.severity(rule, plan, hit));
            (worst, std::cmp::Reverse(hit.confidence), hit.path.len(), hit.entry, hit.subject, hit.first)
        };
        hits.iter().min_by_key(|hit| key(hit)).expect("a group has a hit")
    }

    fn severity(&self, rule: &Rule, plan: &Plan, hit: &Hit) -> Severity {
        let severity = self.levels.level(&rule.id, hit.primary.file).severity().unwrap_or_else(|| {
            let planned = plan.severities.iter().find(|planned| self.holds(planned, hit));
            planned.map_or(rule.severity, |planned| planned.severity)
        });
        if hit.hint {
            return Severity::Note;
        }
        match (hit.confidence, severity) {
            (Confidence::Low, Severity::Error) => Severity::Warning,
            (Confidence::Low, Severity::Warning) => Severity::Note,
            _ => severity,
        }
    }

    fn holds(&self, planned: &PlannedSeverity, hit: &Hit) -> bool {
        let entry = hit.entry.map(|id| self.program.entry(id));
        let (site, item) = match self.thing(hit) {
            Thing::Site(site) => (Some(site), None),
            Thing::Item(item) => (None, Some(item)),
        };
        let object = site.and_then(|site| site.object).or(item.and_then(|item| item.object));
        planned.certainty.is_none_or(|certainty| hit.certainty == Some(certainty))
            && planned.entry.is_none_or(|kinds| entry.is_some_and(|entry| kinds.has(entry.kind)))
            && planned.effects.is_none_or(|effects| site.is_some_and(|site| effects.has(site.effect)))
            && planned.object.as_ref().is_none_or(|text| text.matches(object.map(|name| name.as_str())))
            && planned.site.as_ref().is_none_or(|sites| site.is_some_and(|site| sites.matches(site, entry)))
            && planned.component.as_ref().is_none_or(|tests| item.is_some_and(|item| all_hold(tests, item)))
            && planned.longer_than.is_none_or(|length| hit.events.len() as u64 > length + 1)
            && planned.grows.is_none_or(|grows| hit.loops.iter().any(|each| grows.counts(self.program, each)))
            && planned.at_most.is_none_or(|threshold| {
                if let (Some(cost), Some(entry)) = (&hit.cost, entry) {
                    return cost.most_value <= threshold.of(entry);
                }
                entry.is_some_and(|entry| {
                    cost::known_count(Growth::DATA, entry, &hit.loops)
                        .is_some_and(|count| count <= threshold.of(entry))
                })
            })
    }

    fn finding(
        &self,
        rule: &Rule,
        plan: &Plan,
        primary: Location,
        shown: &Hit,
        hits: &[Hit],
        fingerprint: String,
    ) -> Finding {
        let entry = shown.entry.map(|id| self.program.entry(id));
        let loops: Vec<Bound> = shown.loops.iter().map(|&(_, bound)| bound).collect();
        let values = Values {
            entry,
            subject: self.thing(shown),
            first: shown.first.map(|id| self.program.site(id)),
            loops: &loops,
            certainty: shown.certainty,
            events: &shown.events,
            cost: shown.cost.as_deref(),
            values: &shown.values,
        };
        Finding {
            rule: rule.id.clone(),
            severity: self.severity(rule, plan, shown),
            confidence: rule.confidence.min(shown.confidence),
            message: plan.message.fill(&values),
            primary,
            path: if shown.steps.is_empty() { self.steps(shown) } else { shown.steps.clone() },
            related: self.related_steps(shown),
            origins: self.origins(shown, hits),
            pattern: rule.pattern.clone(),
            antipattern: rule.antipattern.clone(),
            instead: rule.instead.clone(),
            fingerprint,
        }
    }

    fn thing(&self, hit: &Hit) -> Thing<'_> {
        match hit.subject {
            Subject::Site(id) => Thing::Site(self.program.site(id)),
            Subject::Item(id) => Thing::Item(self.program.item(id)),
        }
    }

    fn related_steps(&self, hit: &Hit) -> Vec<Step> {
        let sites = hit.related.iter().map(|(id, label)| {
            let site = self.program.site(*id);
            Step { at: site.at, label: label.clone(), symbol: site.symbol.clone() }
        });
        let of_item = match self.thing(hit) {
            Thing::Item(item) => &*item.related,
            Thing::Site(_) => &[],
        };
        let places =
            of_item.iter().map(|(at, label)| Step { at: *at, label: label.clone(), symbol: String::new() });
        sites.chain(places).collect()
    }

    fn steps(&self, hit: &Hit) -> Vec<Step> {
        let mut inside = "";
        hit.path
            .iter()
            .map(|hop| {
                if let Some(node) = hop.node {
                    inside = &self.program.node(node).symbol;
                }
                Step { at: hop.at, label: self.label(hit, hop), symbol: inside.to_owned() }
            })
            .collect()
    }

    fn label(&self, hit: &Hit, hop: &Hop) -> String {
        let entry = hit.entry.map(|id| self.program.entry(id));
        let node = hop.node.map(|id| self.program.node(id));
        match (hop.kind, node, entry) {
            (HopKind::Entry, _, Some(entry)) => labels::entry(entry),
            (HopKind::Entry, _, None) => "starts here".to_owned(),
            (HopKind::Call, Some(node), _) => {
                labels::call(node, self.elements.get(&hop.at).map(|&id| self.program.site(id)))
            }
            (HopKind::Dml, Some(node), _) => {
                labels::dml(self.dml.get(&hop.at).map(|&id| self.program.site(id)), node)
            }
            (HopKind::Loop, ..) => {
                let bound = hit.loops.iter().find(|(at, _)| *at == hop.at);
                labels::in_loop(bound.map_or(Bound::Unknown, |&(_, bound)| bound), entry)
            }
            (HopKind::Caught, ..) => labels::caught().to_owned(),
            (HopKind::Effect | HopKind::Call | HopKind::Dml, ..) => match self.thing(hit) {
                Thing::Site(site) => labels::effect(site),
                Thing::Item(item) => item.label.clone(),
            },
        }
    }

    /// All entry points of the group, the shown one first.
    fn origins(&self, shown: &Hit, hits: &[Hit]) -> Vec<Origin> {
        let mut ids: Vec<_> = hits.iter().filter_map(|hit| hit.entry).collect();
        ids.sort_by_key(|&id| (Some(id) != shown.entry, self.program.entry(id).at, id));
        let mut origins: Vec<Origin> = Vec::new();
        for id in ids {
            let entry = self.program.entry(id);
            let origin = Origin { at: entry.at, name: entry.name.clone() };
            if !origins.contains(&origin) {
                origins.push(origin);
            }
        }
        origins
    }

    /// The words that identify a finding: the rule, and the effect with the method it stands in, or the
    /// declared thing.
    ///
    /// The entry points are no part of it, because a further one that reaches the same effect leads to
    /// the same finding.
    fn identity(&self, rule: &Rule, hit: &Hit) -> String {
        match (hit.entry, self.thing(hit)) {
            (Some(id), _) if hit.at_entry => {
                let entry = self.program.entry(id);
                format!("{}\n{}\n{}", rule.id, self.program.node(entry.node).symbol, entry.kind)
            }
            (Some(_), _) if let Some(node) = caught_in(hit) => {
                format!("{}\n{}\n{}", rule.id, self.program.node(node).symbol, Effect::Catch)
            }
            (_, Thing::Site(site)) => {
                format!("{}\n{}\n{}\n{}", rule.id, site.symbol, site.effect, site.label)
            }
            (_, Thing::Item(item)) => format!("{}\n{}\n{}", rule.id, item.kind, item.name.folded()),
        }
    }
}

/// The first 16 bytes, in hex, of the hash over `identity` and the number among its equals.
pub(crate) fn fingerprint(identity: &str, ordinal: usize) -> String {
    let digest = Sha256::digest(format!("{identity}\n{ordinal}"));
    digest[..16].iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// Where the clause stands that the finding is about.
fn caught_in(hit: &Hit) -> Option<NodeId> {
    hit.path.last().filter(|hop| hop.kind == HopKind::Caught)?.node
}
