//! A rule's query with its words checked and turned into predicates.

use globset::{GlobBuilder, GlobMatcher};
use strum::IntoEnumIterator;

use crate::apex::unit::TriggerEvent;
use crate::cost::{LIMIT_IDS, resource_of};
use crate::finding::Severity;
use crate::name::Name;
use crate::program::attributes::{ATTRIBUTES, ENTRY_ATTRIBUTES, ITEM_ATTRIBUTES, ItemAttribute, Values};
use crate::program::model::{
    Bound, Caller, Callers, Effect, Effects, Entry, EntryKind, Fires, Guards, Item, ItemKind, Program, Site,
};
use crate::span::Location;
use crate::summary::cost::Resource;

use super::error::{RuleError, nearest_or_all};
use super::limits::{Limit, Limits};
use super::query::{
    Across, Amount, At, COMPONENT_KEYS, Callouts, Certainty, ComponentQuery, CostQuery, Different,
    ENTRY_KEYS, EVENT_WORDS, EntrySelector, GrowsWith, Guard, ItemConditions, Operation, Query,
    SELECTOR_KEYS, Selector, Selectors, SeverityWhen, SharingRules, Through, Turn, Unless, Via,
};
use super::rule::Rule;
use super::template::{Names, Template};
use super::word::{Match, Measure, Word};

/// A rule, ready to run.
#[derive(Clone, Debug)]
pub struct Plan {
    pub queries: Vec<PlannedQuery>,
    pub severities: Vec<PlannedSeverity>,
    pub message: Template,
}

#[derive(Clone, Debug)]
pub enum PlannedQuery {
    Path(PathPlan),
    Site(Sites),
    Order(OrderPlan),
    Cost(CostPlan),
    Cycle(CyclePlan),
    Component(ComponentPlan),
}

#[derive(Clone, Debug)]
pub struct CyclePlan {
    pub through: Vec<Turn>,
    pub with: Vec<Turn>,
    pub avoid: Guards,
}

#[derive(Clone, Debug)]
pub struct ComponentPlan {
    pub kinds: Vec<ItemKind>,
    conditions: Vec<ItemTest>,
    unless: Vec<Vec<ItemTest>>,
}

impl ComponentPlan {
    pub fn matches(&self, item: &Item) -> bool {
        self.kinds.contains(&item.kind)
            && all_hold(&self.conditions, item)
            && !self.unless.iter().any(|conditions| all_hold(conditions, item))
    }
}

/// A condition on an item.
#[derive(Clone, Debug)]
pub enum ItemTest {
    Name(TextMatch),
    Object(TextMatch),
    Fact(&'static str, TextMatch),
    /// The fact is a number, and greater.
    Above(&'static str, u64),
}

pub fn all_hold(tests: &[ItemTest], item: &Item) -> bool {
    tests.iter().all(|test| match test {
        ItemTest::Name(text) => text.matches(Some(item.name.as_str())),
        ItemTest::Object(text) => text.matches(item.object.map(|name| name.as_str())),
        ItemTest::Fact(name, text) => text.matches(item.fact(name)),
        ItemTest::Above(name, amount) => {
            item.fact(name).and_then(|fact| fact.parse::<u64>().ok()).is_some_and(|count| count > *amount)
        }
    })
}

#[derive(Clone, Debug)]
pub struct PathPlan {
    pub from: Entries,
    pub to: Sites,
    pub through_dml: bool,
    pub avoid: Guards,
    pub also: Vec<Sites>,
    pub unless_also: Vec<Sites>,
    pub failure_without: Option<Sites>,
    pub via: Option<Via>,
    pub sharing: Option<SharingRules>,
    pub different: Option<DifferentPlan>,
    pub at: At,
}

/// How many different values of `of` there must be.
#[derive(Clone, Copy, Debug)]
pub struct DifferentPlan {
    /// `None`: the object.
    pub of: Option<&'static str>,
    pub above: Threshold,
}

#[derive(Clone, Debug)]
pub struct OrderPlan {
    pub from: Entries,
    pub first: Sites,
    pub then: Sites,
    pub cleared_by: Option<Sites>,
    pub followed_by: Option<Sites>,
    pub across: Across,
}

#[derive(Clone, Debug)]
pub struct CostPlan {
    pub from: Entries,
    pub of: Sites,
    /// Empty where only the number counts.
    pub grows: Growth,
    pub above: Option<Threshold>,
    pub limit: Option<LimitPlan>,
    /// Where no formula decides alone: the rules that report the same place better.
    pub unless_found: Vec<String>,
    pub through_dml: bool,
    pub avoid: Guards,
    pub unless_also: Vec<Sites>,
    pub at: At,
}

impl CostPlan {
    /// Whether only the formula of the whole transaction counts.
    pub fn is_formula(&self) -> bool {
        self.limit.as_ref().is_some_and(|limit| limit.alone)
    }
}

/// A limit that the formula of a transaction is held against.
#[derive(Clone, Debug)]
pub struct LimitPlan {
    pub resource: Resource,
    /// In the unit of the resource.
    pub amount: Threshold,
    pub certainty: Certainty,
    /// No loop is asked for: the formula decides alone.
    pub alone: bool,
    /// The rules that report the same cause better.
    pub unless_found: Vec<String>,
}

/// A number, by the kind of transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold {
    pub sync: u64,
    pub asynchronous: u64,
}

impl Threshold {
    pub const ONE: Threshold = Threshold { sync: 1, asynchronous: 1 };

    /// The number that holds in transactions that `entry` starts.
    pub fn of(self, entry: &Entry) -> u64 {
        if entry.kind.is_asynchronous() { self.asynchronous } else { self.sync }
    }
}

#[derive(Clone, Debug)]
pub struct PlannedSeverity {
    pub certainty: Option<Certainty>,
    pub entry: Option<Kinds>,
    pub effects: Option<Effects>,
    pub object: Option<TextMatch>,
    pub grows: Option<Growth>,
    pub at_most: Option<Threshold>,
    pub longer_than: Option<u64>,
    pub site: Option<Sites>,
    pub component: Option<Vec<ItemTest>>,
    pub severity: Severity,
}

/// A set of entry kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kinds(u64);

impl Kinds {
    pub fn has(self, kind: EntryKind) -> bool {
        self.0 & (1 << kind as u64) != 0
    }
}

/// A set of loop bounds that grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Growth(u16);

impl Growth {
    /// All that grows with the data: the default.
    pub const DATA: Growth = Growth::of(&[
        GrowsWith::EntryBatch,
        GrowsWith::Collection,
        GrowsWith::QueryRows,
        GrowsWith::RelatedRows,
        GrowsWith::FlowLoop,
    ]);

    pub fn has(self, bound: Bound) -> bool {
        let word = match bound {
            Bound::EntryBatch => GrowsWith::EntryBatch,
            Bound::Collection => GrowsWith::Collection,
            Bound::QueryRows => GrowsWith::QueryRows,
            Bound::RelatedRows => GrowsWith::RelatedRows,
            Bound::Paging => GrowsWith::Paging,
            Bound::FlowLoop => GrowsWith::FlowLoop,
            Bound::Unknown => GrowsWith::Unknown,
            Bound::Retry => GrowsWith::Retry,
            Bound::Constant(_) | Bound::Configuration | Bound::Chunks => return false,
        };
        self.0 & (1 << word as u8) != 0
    }

    /// Whether it counts a loop of `program`, by its head and its bound.
    pub fn counts(self, program: &Program, &(at, bound): &(Location, Bound)) -> bool {
        let of_request = self.0 & (1 << GrowsWith::Request as u8) != 0;
        self.has(bound) || (of_request && program.request_loops.binary_search(&at).is_ok())
    }

    const fn of(words: &[GrowsWith]) -> Growth {
        let (mut set, mut index) = (0u16, 0);
        while index < words.len() {
            set |= 1 << words[index] as u8;
            index += 1;
        }
        Growth(set)
    }
}

/// Which entry points.
#[derive(Clone, Debug)]
pub struct Entries {
    kinds: Kinds,
    object: Option<TextMatch>,
    /// By index in [`TriggerEvent`].
    events: Option<u8>,
    callouts: Option<Callouts>,
    class: Option<TextMatch>,
    fires: Option<Fires>,
    called_by: Option<Callers>,
    facts: Vec<(&'static str, TextMatch)>,
}

impl Entries {
    pub fn matches(&self, entry: &Entry) -> bool {
        self.kinds.has(entry.kind)
            && self.object.as_ref().is_none_or(|text| text.matches(entry.object.map(|name| name.as_str())))
            && self
                .events
                .is_none_or(|events| entry.event.is_some_and(|event| events & (1 << event as u8) != 0))
            && match self.callouts {
                None => true,
                Some(Callouts::Enabled) => entry.callouts_enabled == Some(true),
                Some(Callouts::NotEnabled) => entry.callouts_enabled == Some(false),
            }
            && self.class.as_ref().is_none_or(|text| text.matches(Some(entry.owner.as_str())))
            && self.fires.is_none_or(|fires| entry.fires == Some(fires))
            && self.called_by.is_none_or(|callers| entry.called_by.has_any(callers))
            && self.facts.iter().all(|(name, text)| text.matches(entry.fact(name)))
    }
}

/// Which sites.
#[derive(Clone, Debug)]
pub struct Sites {
    pub effects: Effects,
    tests: Vec<Test>,
}

#[derive(Clone, Debug)]
enum Test {
    Object(TextMatch),
    /// The object of another effect.
    SameObject {
        not: bool,
    },
    /// The class, or `self`.
    Class(TextMatch),
    SelfClass {
        not: bool,
    },
    Operation(TextMatch),
    InClass(TextMatch),
    /// Of each file of the project: whether it is meant.
    InFile(Vec<bool>),
    Fact(&'static str, TextMatch),
}

impl Sites {
    /// Whether `site`, seen from `entry`, is one of them.
    pub fn matches(&self, site: &Site, entry: Option<&Entry>) -> bool {
        self.matches_beside(site, entry, None)
    }

    /// Whether `site` is one of them, beside an effect on the object `same`.
    pub fn matches_beside(&self, site: &Site, entry: Option<&Entry>, same: Option<Name>) -> bool {
        self.effects.has(site.effect) && self.tests.iter().all(|test| test.holds(site, entry, same))
    }

    /// Whether the object of another effect decides.
    pub fn asks_for_same_object(&self) -> bool {
        self.tests.iter().any(|test| matches!(test, Test::SameObject { .. }))
    }
}

impl Test {
    fn holds(&self, site: &Site, entry: Option<&Entry>, same: Option<Name>) -> bool {
        match self {
            Test::SameObject { not } => (same.is_some() && site.object == same) != *not,
            Test::Object(text) => text.matches(site.object.map(|name| name.as_str())),
            Test::Class(text) => text.matches(site.object.map(|name| match site.effect {
                Effect::Future => class_of(name.as_str()),
                _ => name.as_str(),
            })),
            Test::SelfClass { not } => {
                let same = entry.is_some_and(|entry| site.object == Some(entry.owner));
                same != *not
            }
            Test::Operation(text) => text.matches(site.operation.map(|op| op.to_string()).as_deref()),
            Test::InClass(text) => text.matches(Some(class_of(&site.symbol))),
            Test::InFile(meant) => meant.get(site.at.file.0 as usize).copied().unwrap_or_default(),
            Test::Fact(name, text) => text.matches(site.fact(name)),
        }
    }
}

/// `A.B` of `A.B.method`; a symbol without a dot is a trigger's.
fn class_of(symbol: &str) -> &str {
    symbol.rsplit_once('.').map_or(symbol, |(class, _)| class)
}

/// A condition on a text.
#[derive(Clone, Debug)]
pub struct TextMatch {
    not: bool,
    patterns: Vec<TextPattern>,
}

#[derive(Clone, Debug)]
enum TextPattern {
    Exact(String),
    Glob(GlobMatcher),
}

impl TextMatch {
    /// A text that is not known fits no pattern, so that a negated condition holds for it.
    pub fn matches(&self, text: Option<&str>) -> bool {
        let fits = text.is_some_and(|text| {
            self.patterns.iter().any(|pattern| match pattern {
                TextPattern::Exact(exact) => exact.eq_ignore_ascii_case(text),
                TextPattern::Glob(glob) => glob.is_match(text),
            })
        });
        fits != self.not
    }
}

/// Checks `rule`, which stands in `file` with the text `source`, and makes it ready to run over a project
/// whose files have the `paths`, in the order of their ids.
pub fn plan(
    rule: &Rule,
    limits: &Limits,
    paths: &[&str],
    file: &str,
    source: &str,
) -> Result<Plan, Vec<RuleError>> {
    let mut planner = Planner { limits, paths, file, source, errors: Vec::new() };
    let queries: Vec<_> = rule.find.0.iter().map(|query| planner.query(query)).collect();
    let kinds: Vec<ItemKind> = queries
        .iter()
        .filter_map(|query| match query {
            PlannedQuery::Component(component) => Some(&component.kinds),
            _ => None,
        })
        .flatten()
        .copied()
        .collect();
    let severities = rule.severity_when.iter().map(|when| planner.severity(when, &kinds)).collect();
    let names = Names::of(&queries);
    let message = match Template::parse(&rule.message, &names) {
        Ok(message) => message,
        Err(problem) => {
            let at = super::registry::locate(source, "message", &problem.text);
            planner
                .errors
                .push(RuleError::at(file, source, at, problem.message).with_help(Some(problem.help)));
            Template::default()
        }
    };
    if planner.errors.is_empty() { Ok(Plan { queries, severities, message }) } else { Err(planner.errors) }
}

struct Planner<'a> {
    limits: &'a Limits,
    paths: &'a [&'a str],
    file: &'a str,
    source: &'a str,
    errors: Vec<RuleError>,
}

impl Planner<'_> {
    fn query(&mut self, query: &Query) -> PlannedQuery {
        match query {
            Query::Path(path) => PlannedQuery::Path(PathPlan {
                from: self.entries(&path.from),
                to: self.sites(&path.to, true),
                through_dml: path.through == Some(Through::Dml),
                avoid: self.guards(path.unless.as_ref()),
                also: self.beside(path.also.as_ref()),
                unless_also: self.beside(path.unless_also.as_ref()),
                failure_without: path.failure_without.as_ref().map(|selector| self.sites(selector, true)),
                via: path.via,
                sharing: path.sharing,
                different: path.different.as_ref().and_then(|different| self.different(different)),
                at: path.at,
            }),
            Query::Site(selector) => PlannedQuery::Site(self.sites(selector, false)),
            // One search answers for all entry points, so that no selector can mean one of them.
            Query::Order(order) => PlannedQuery::Order(OrderPlan {
                from: self.entries(&order.from),
                first: self.sites(&order.first, false),
                then: self.sites(&order.then, false),
                cleared_by: order.cleared_by.as_ref().map(|selector| self.sites(selector, false)),
                followed_by: order.followed_by.as_ref().map(|selector| self.sites(selector, false)),
                across: order.across,
            }),
            Query::Cost(cost) => {
                let above = cost.above.as_ref().map(|amount| self.amount(amount));
                if let (Some(Threshold::ONE), Some(grows)) = (above, &cost.grows_with) {
                    self.error(
                        &grows.words[0],
                        "`above: 1` already counts every loop that grows; it takes no `grows_with`",
                        None,
                    );
                }
                PlannedQuery::Cost(CostPlan {
                    from: self.entries(&cost.from),
                    of: self.sites(&cost.of, true),
                    grows: match &cost.grows_with {
                        Some(grows) => self.growth(grows),
                        None => Growth::DATA,
                    },
                    above,
                    limit: self.limit(cost),
                    unless_found: cost.unless_found.iter().map(|word| word.text.clone()).collect(),
                    through_dml: cost.through == Some(Through::Dml),
                    avoid: self.guards(cost.unless.as_ref()),
                    unless_also: self.beside(cost.unless_also.as_ref()),
                    at: cost.at,
                })
            }
            Query::Cycle(cycle) => {
                let through = self.turns(cycle.through.as_ref());
                PlannedQuery::Cycle(CyclePlan {
                    with: match &cycle.with {
                        Some(_) => self.turns(cycle.with.as_ref()),
                        None => through.clone(),
                    },
                    through,
                    avoid: self.guards(cycle.unless.as_ref()),
                })
            }
            Query::Component(component) => PlannedQuery::Component(self.component(component)),
        }
    }

    fn limit(&mut self, cost: &CostQuery) -> Option<LimitPlan> {
        let word = cost.limit.as_ref()?;
        let (Some((resource, units)), Some(limit)) = (resource_of(&word.text), self.limits.get(&word.text))
        else {
            let known: Vec<&str> = LIMIT_IDS.to_vec();
            let help = nearest_or_all(&word.text, &known);
            self.error(word, &format!("`{}` is no limit of a transaction", word.text), Some(help));
            return None;
        };
        let percent = cost.percent.unwrap_or(100);
        let share = |value: u64| value.saturating_mul(units).saturating_mul(percent) / 100;
        Some(LimitPlan {
            resource,
            amount: Threshold {
                sync: share(limit.value),
                asynchronous: share(limit.asynchronous.unwrap_or(limit.value)),
            },
            certainty: cost.verdict.unwrap_or(Certainty::May),
            alone: cost.grows_with.is_none() && cost.above.is_none(),
            unless_found: cost.unless_found.iter().map(|word| word.text.clone()).collect(),
        })
    }

    /// Selectors of what stands beside the effect that is reached.
    fn beside(&mut self, selectors: Option<&Selectors>) -> Vec<Sites> {
        let Some(Selectors(selectors)) = selectors else { return Vec::new() };
        selectors.iter().map(|selector| self.sites_beside(selector)).collect()
    }

    fn sites_beside(&mut self, selector: &Selector) -> Sites {
        let same = selector
            .object
            .as_ref()
            .filter(|text| matches!(text.words.as_slice(), [word] if word.text.eq_ignore_ascii_case("same")));
        let Some(same) = same else { return self.sites(selector, true) };
        let mut sites = self.sites(&Selector { object: None, ..selector.clone() }, true);
        sites.tests.push(Test::SameObject { not: same.not });
        sites
    }

    fn different(&mut self, different: &Different) -> Option<DifferentPlan> {
        let above = self.amount(&different.above);
        if different.of.text == "object" {
            return Some(DifferentPlan { of: None, above });
        }
        let known: Vec<&str> = ATTRIBUTES.iter().map(|attribute| attribute.name).chain(["object"]).collect();
        self.known(&different.of, "attribute", &known);
        let attribute = ATTRIBUTES.iter().find(|attribute| attribute.name == different.of.text)?;
        Some(DifferentPlan { of: Some(attribute.name), above })
    }

    fn turns(&mut self, words: Option<&Match<Turn>>) -> Vec<Turn> {
        let Some(words) = words else { return Turn::iter().collect() };
        let named: Vec<Turn> = self.enums(words, "turn");
        Turn::iter().filter(|turn| named.contains(turn) != words.not).collect()
    }

    fn component(&mut self, query: &ComponentQuery) -> ComponentPlan {
        if query.kind.not {
            self.error(&query.kind.words[0], "the kind of thing cannot be negated", None);
        }
        let kinds: Vec<ItemKind> = self.enums(&query.kind, "kind of thing");
        ComponentPlan {
            conditions: self.items(&query.conditions, &kinds),
            unless: query.unless.iter().map(|conditions| self.items(conditions, &kinds)).collect(),
            kinds,
        }
    }

    /// The conditions on items of `kinds`.
    fn items(&mut self, conditions: &ItemConditions, kinds: &[ItemKind]) -> Vec<ItemTest> {
        let mut tests = Vec::new();
        if let Some(text) = &conditions.name {
            tests.push(ItemTest::Name(self.text(text)));
        }
        if let Some(text) = &conditions.object {
            tests.push(ItemTest::Object(self.text(text)));
        }
        for (name, measure) in &conditions.attributes {
            tests.extend(self.item_attribute(name, measure, kinds));
        }
        tests
    }

    fn item_attribute(&mut self, name: &Word, measure: &Measure, kinds: &[ItemKind]) -> Option<ItemTest> {
        let of_these = |attribute: &&ItemAttribute| attribute.kinds.iter().any(|kind| kinds.contains(kind));
        let named: Vec<_> = ITEM_ATTRIBUTES.iter().filter(|attribute| attribute.name == name.text).collect();
        if named.is_empty() {
            let mut known: Vec<_> = ITEM_ATTRIBUTES
                .iter()
                .filter(of_these)
                .map(|attribute| attribute.name)
                .chain(COMPONENT_KEYS.iter().map(|&(key, _)| key).filter(|&key| key != "type"))
                .collect();
            known.sort_unstable();
            known.dedup();
            let help = nearest_or_all(&name.text, &known);
            self.error(name, &format!("unknown attribute `{}`", name.text), Some(help));
            return None;
        }
        // No kind at all means that its word was wrong, which is already reported.
        if kinds.is_empty() {
            return None;
        }
        let owned: Vec<_> = named.iter().copied().filter(of_these).collect();
        let Some(attribute) = owned.first() else {
            let owners: Vec<_> =
                named.iter().flat_map(|one| one.kinds).map(|kind| format!("`{kind}`")).collect();
            let message = format!("`{}` is an attribute of {}", name.text, owners.join(", "));
            self.error(name, &message, Some("this query asks for another kind of thing".to_owned()));
            return None;
        };
        match measure {
            Measure::Above(amount) if attribute.is_count() => {
                let amount = self.amount(&Amount(amount.clone()));
                Some(ItemTest::Above(attribute.name, amount.sync))
            }
            Measure::Above(amount) => {
                self.error(amount, &format!("`{}` is no number", attribute.name), None);
                None
            }
            Measure::Fits(text) => {
                for word in &text.words {
                    let what = format!("value of `{}`", attribute.name);
                    if attribute.is_count() {
                        if word.text.parse::<u64>().is_err() {
                            let help = "expected a number, or `{above: …}`".to_owned();
                            self.error(word, &format!("unknown {what} `{}`", word.text), Some(help));
                        }
                        continue;
                    }
                    let closed: Option<Vec<&[&str]>> = owned
                        .iter()
                        .map(|one| match one.values {
                            Values::Closed(values) => Some(values),
                            Values::Free | Values::Count => None,
                        })
                        .collect();
                    if let Some(lists) = closed {
                        self.known(word, &what, &lists.concat());
                    }
                }
                Some(ItemTest::Fact(attribute.name, self.text(text)))
            }
        }
    }

    /// `kinds`: the kinds of thing that the rule's component queries ask for.
    fn severity(&mut self, when: &SeverityWhen, kinds: &[ItemKind]) -> PlannedSeverity {
        PlannedSeverity {
            certainty: when.certainty,
            entry: when.entry.as_ref().map(|kinds| self.kinds(kinds)),
            effects: when.effect.as_ref().map(|words| Effects::of(&self.effects(words))),
            object: when.object.as_ref().map(|text| self.text(text)),
            grows: when.grows_with.as_ref().map(|grows| self.growth(grows)),
            at_most: when.at_most.as_ref().map(|amount| self.amount(amount)),
            longer_than: when.longer_than.as_ref().map(|amount| self.amount(amount).sync),
            site: when.site.as_ref().map(|selector| self.sites(selector, false)),
            component: when.component.as_ref().map(|conditions| {
                if let (Some((name, _)), true) = (conditions.attributes.first(), kinds.is_empty()) {
                    self.error(name, "this rule has no `component` query", None);
                }
                self.items(conditions, kinds)
            }),
            severity: when.severity,
        }
    }

    fn entries(&mut self, selector: &EntrySelector) -> Entries {
        Entries {
            kinds: match &selector.entry {
                Some(kinds) => self.kinds(kinds),
                None => Kinds(u64::MAX),
            },
            object: selector.object.as_ref().map(|text| self.text(text)),
            events: selector.event.as_ref().map(|words| {
                let set = words.words.iter().fold(0u8, |set, word| {
                    self.known(word, "trigger event", EVENT_WORDS);
                    let parts = |event: TriggerEvent| {
                        let event = event.to_string();
                        event == word.text || event.split(' ').any(|part| part == word.text)
                    };
                    TriggerEvent::iter()
                        .filter(|&event| parts(event))
                        .fold(set, |set, event| set | 1 << event as u8)
                });
                if words.not { !set } else { set }
            }),
            callouts: selector.callouts,
            class: selector.class.as_ref().map(|text| self.text(text)),
            fires: selector.fires,
            called_by: selector.called_by.as_ref().map(|words| self.callers(words)),
            facts: selector
                .attributes
                .iter()
                .filter_map(|(name, text)| self.entry_attribute(name, text))
                .collect(),
        }
    }

    fn entry_attribute(
        &mut self,
        name: &Word,
        text: &Match<super::word::Text>,
    ) -> Option<(&'static str, TextMatch)> {
        let Some(attribute) = ENTRY_ATTRIBUTES.iter().find(|attribute| attribute.name == name.text) else {
            let known: Vec<_> = ENTRY_ATTRIBUTES
                .iter()
                .map(|attribute| attribute.name)
                .chain(ENTRY_KEYS.iter().map(|&(key, _)| key))
                .collect();
            let help = nearest_or_all(&name.text, &known);
            self.error(name, &format!("unknown attribute `{}` of entry points", name.text), Some(help));
            return None;
        };
        if !attribute.values.is_empty() {
            for word in &text.words {
                self.known(word, &format!("value of `{}`", attribute.name), attribute.values);
            }
        }
        Some((attribute.name, self.text(text)))
    }

    fn kinds(&mut self, words: &Match<EntryKind>) -> Kinds {
        let set = self
            .enums::<EntryKind, _>(words, "entry point")
            .into_iter()
            .fold(0u64, |set, kind| set | 1 << kind as u64);
        Kinds(if words.not { !set } else { set })
    }

    fn callers(&mut self, words: &Match<Caller>) -> Callers {
        let mut set = Callers::default();
        self.enums::<Caller, _>(words, "caller").into_iter().for_each(|caller| set.add(Callers::of(caller)));
        if words.not { Callers(!set.0) } else { set }
    }

    fn growth(&mut self, words: &Match<GrowsWith>) -> Growth {
        let set = Growth::of(&self.enums::<GrowsWith, _>(words, "growth"));
        if words.not { Growth(!set.0) } else { set }
    }

    fn guards(&mut self, unless: Option<&Unless>) -> Guards {
        let Some(unless) = unless else { return Guards::NONE };
        if unless.guard.not {
            self.error(&unless.guard.words[0], "the guards that are accepted cannot be negated", None);
        }
        self.enums::<Guard, _>(&unless.guard, "guard").into_iter().fold(Guards::NONE, |set, guard| {
            set.with(match guard {
                Guard::Limits => Guards::LIMITS,
                Guard::StackDepth => Guards::STACK_DEPTH,
                Guard::NotEmpty => Guards::NOT_EMPTY,
                Guard::Counter => Guards::COUNTER,
                Guard::Memo => Guards::MEMO,
                Guard::Once => Guards::ONCE,
                Guard::Single => Guards::SINGLE,
                Guard::Chunk => Guards::CHUNK,
                Guard::AsyncContext => Guards::ASYNC_CONTEXT,
                Guard::Failure => Guards::CAUGHT,
                Guard::Tried => Guards::TRIED,
                Guard::Handled => Guards::HANDLED,
                Guard::Changed => Guards::CHANGED,
                Guard::Other => Guards::OTHER,
            })
        })
    }

    fn sites(&mut self, selector: &Selector, has_entry: bool) -> Sites {
        let effects = self.effects(&selector.effect);
        let mut tests = Vec::new();
        if let Some(text) = &selector.object {
            tests.push(Test::Object(self.text(text)));
        }
        if let Some(text) = &selector.class {
            let own = text.words.iter().find(|word| word.text.eq_ignore_ascii_case("self"));
            match own {
                None => tests.push(Test::Class(self.text(text))),
                Some(own) if !has_entry => {
                    self.error(
                        own,
                        "`self`, the class of the entry point, is known in `path` and `cost` queries alone",
                        None,
                    );
                }
                Some(own) if text.words.len() > 1 => {
                    self.error(own, "`self` cannot stand in a list", None);
                }
                Some(_) => tests.push(Test::SelfClass { not: text.not }),
            }
        }
        if let Some(text) = &selector.operation {
            self.enums::<Operation, _>(text, "DML operation");
            tests.push(Test::Operation(self.text(text)));
        }
        if let Some(text) = &selector.in_class {
            tests.push(Test::InClass(self.text(text)));
        }
        if let Some(text) = &selector.in_file {
            let text = self.text(text);
            tests.push(Test::InFile(self.paths.iter().map(|path| text.matches(Some(path))).collect()));
        }
        for (name, text) in &selector.attributes {
            if let Some(test) = self.attribute(name, text, &effects) {
                tests.push(test);
            }
        }
        Sites { effects: Effects::of(&effects), tests }
    }

    fn effects(&mut self, words: &Match<Effect>) -> Vec<Effect> {
        if words.not {
            self.error(&words.words[0], "an effect cannot be negated", None);
        }
        self.enums(words, "effect")
    }

    fn attribute(
        &mut self,
        name: &Word,
        text: &Match<super::word::Text>,
        effects: &[Effect],
    ) -> Option<Test> {
        let Some(attribute) = ATTRIBUTES.iter().find(|attribute| attribute.name == name.text) else {
            let of_these = ATTRIBUTES
                .iter()
                .filter(|attribute| attribute.effects.iter().any(|effect| effects.contains(effect)));
            let known: Vec<_> = of_these
                .map(|attribute| attribute.name)
                .chain(SELECTOR_KEYS.iter().map(|&(key, _)| key).filter(|&key| key != "effect"))
                .collect();
            let help = nearest_or_all(&name.text, &known);
            self.error(name, &format!("unknown attribute `{}`", name.text), Some(help));
            return None;
        };
        // No effect at all means that its word was wrong, which is already reported.
        if !effects.is_empty() && !attribute.effects.iter().any(|effect| effects.contains(effect)) {
            let owners: Vec<_> = attribute.effects.iter().map(|effect| format!("`{effect}`")).collect();
            let message = format!("`{}` is an attribute of {}", name.text, owners.join(", "));
            self.error(name, &message, Some("this query asks for another effect".to_owned()));
            return None;
        }
        if !attribute.values.is_empty() {
            for word in &text.words {
                self.known(word, &format!("value of `{}`", attribute.name), attribute.values);
            }
        }
        Some(Test::Fact(attribute.name, self.text(text)))
    }

    fn text<T>(&mut self, words: &Match<T>) -> TextMatch {
        let patterns = words.words.iter().filter_map(|word| {
            if !word.text.contains(['*', '?', '[', '{']) {
                return Some(TextPattern::Exact(word.text.clone()));
            }
            match GlobBuilder::new(&word.text).case_insensitive(true).build() {
                Ok(glob) => Some(TextPattern::Glob(glob.compile_matcher())),
                Err(error) => {
                    self.error(word, &format!("not a pattern: {}", error.kind()), None);
                    None
                }
            }
        });
        TextMatch { patterns: patterns.collect(), not: words.not }
    }

    /// The enum values that the words name.
    fn enums<E: IntoEnumIterator + std::fmt::Display, T>(&mut self, words: &Match<T>, what: &str) -> Vec<E> {
        let names: Vec<String> = E::iter().map(|value| value.to_string()).collect();
        let mut values = Vec::new();
        for word in &words.words {
            match E::iter().zip(&names).find(|(_, name)| **name == word.text) {
                Some((value, _)) => values.push(value),
                None => self.known(word, what, &names),
            }
        }
        values
    }

    /// Reports `word` where it is not among `known`.
    fn known<S: AsRef<str>>(&mut self, word: &Word, what: &str, known: &[S]) {
        if !known.iter().any(|known| known.as_ref() == word.text) {
            let help = nearest_or_all(&word.text, known);
            self.error(word, &format!("unknown {what} `{}`", word.text), Some(help));
        }
    }

    fn amount(&mut self, amount: &Amount) -> Threshold {
        let word = &amount.0;
        if let Ok(number) = word.text.parse() {
            return Threshold { sync: number, asynchronous: number };
        }
        let (percent, id) = match word.text.split_once("% of ") {
            Some((percent, id)) => (percent.trim().parse().ok().filter(|percent| *percent <= 100), id.trim()),
            None => (Some(100_u64), word.text.as_str()),
        };
        let (Some(percent), Some(limit)) = (percent, self.limits.get(id)) else {
            let ids: Vec<_> = self.limits.iter().map(|limit| limit.id.as_str()).collect();
            let help = match super::error::nearest(id, &ids) {
                Some(near) if percent.is_some() => format!("did you mean `{near}`?"),
                _ => "expected a number, the id of a limit, or `N% of` a limit".to_owned(),
            };
            self.error(word, &format!("`{}` is not an amount", word.text), Some(help));
            return Threshold::ONE;
        };
        // A part of no limit is no limit.
        let share = |value: u64| match value {
            Limit::NONE => Limit::NONE,
            value => (u128::from(value) * u128::from(percent) / 100) as u64,
        };
        Threshold { sync: share(limit.value), asynchronous: share(limit.asynchronous.unwrap_or(limit.value)) }
    }

    fn error(&mut self, word: &Word, message: &str, help: Option<String>) {
        self.errors.push(RuleError::at(self.file, self.source, word.at, message).with_help(help));
    }
}
