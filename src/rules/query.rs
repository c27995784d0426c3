//! The language of `find`: what a rule asks of the model.
//!
//! These types are the syntax. [`super::plan`] checks the words and turns them into predicates.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::finding::Severity;
use crate::program::attributes::{ATTRIBUTES, ENTRY_ATTRIBUTES, ITEM_ATTRIBUTES, Values};
use crate::program::model::{Caller, Effect, EntryKind, Fires, ItemKind};

use super::word::{Match, Measure, Text, Word, match_schema};

/// One query, or a list of which any may match.
#[derive(Clone, Debug)]
pub struct Find(pub Vec<Query>);

/// A question to the model.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Query {
    /// An entry point reaches an effect in its own transaction.
    Path(Box<PathQuery>),
    /// A place in the code has certain local facts.
    Site(Box<Selector>),
    /// One effect happens before another in the same transaction.
    Order(Box<OrderQuery>),
    /// An effect happens more often than it should.
    Cost(Box<CostQuery>),
    /// An event leads to itself.
    Cycle(Box<CycleQuery>),
    /// A thing that the project declares has certain facts.
    Component(Box<ComponentQuery>),
}

/// An entry point reaches an effect in its own transaction.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PathQuery {
    /// Where the transaction starts.
    #[serde(default)]
    pub from: EntrySelector,
    /// What is reached.
    pub to: Selector,
    #[serde(default)]
    pub through: Option<Through>,
    /// What makes it harmless.
    #[serde(default)]
    pub unless: Option<Unless>,
    /// Only where the same transaction also reaches this; of a list, each one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also: Option<Selectors>,
    /// Nothing is reported where the same transaction also reaches this; of a list, any one.
    #[serde(default)]
    pub unless_also: Option<Selectors>,
    /// Only where a `catch` on the way takes the exception that the effect fails with, and what runs
    /// from there on neither throws nor reaches this. Code that is not in the project may do anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_without: Option<Selector>,
    /// `direct`: only what the entry point's own method does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<Via>,
    /// Whether the effect runs under the sharing rules: the nearest class on the way that declares
    /// `with sharing` or `without sharing` decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sharing: Option<SharingRules>,
    /// Only where the effects that are reached have more different values of an attribute than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub different: Option<Different>,
    /// Which end of the path is the finding's place.
    #[serde(default)]
    pub at: At,
    #[serde(default)]
    pub within: Within,
}

/// How an effect is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Via {
    /// In the entry point's own method.
    Direct,
}

/// Whether code sees the records of its user alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SharingRules {
    Enforced,
    NotEnforced,
}

/// How many different values an attribute has.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Different {
    /// The name of an attribute, or `object`.
    #[schemars(with = "String")]
    pub of: Word,
    pub above: Amount,
}

/// One effect happens before another in the same transaction.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderQuery {
    #[serde(default)]
    pub from: EntrySelector,
    pub first: Selector,
    /// The finding's place.
    pub then: Selector,
    /// What undoes `first`.
    #[serde(default)]
    pub cleared_by: Option<Selector>,
    /// Only pairs after which this follows, on the same object as `first`.
    #[serde(default)]
    pub followed_by: Option<Selector>,
    /// Whether `first` comes before `then` on a straight way, or only in an earlier turn of a loop.
    #[serde(default)]
    pub across: Across,
    #[serde(default)]
    pub within: Within,
}

/// An effect happens more often than it should.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CostQuery {
    #[serde(default)]
    pub from: EntrySelector,
    /// What is counted.
    pub of: Selector,
    /// The loops with which the count grows; default: `[entry-batch, collection, query-rows, related-rows]`.
    #[serde(default)]
    pub grows_with: Option<Match<GrowsWith>>,
    /// The count to exceed: a number, the id of a limit (`apex.callouts`) or a share of it
    /// (`70% of apex.callouts`). `1` counts all matching places on one way together; any other
    /// amount counts each place by itself.
    #[serde(default)]
    pub above: Option<Amount>,
    /// The id of a limit of a transaction (`apex.callouts`). The formula of what the whole transaction
    /// takes of it is held against it, at the largest batch that the platform gives to the entry point.
    /// Without `grows_with` and `above`: what goes over it is reported, once an entry point. With one of
    /// them: nothing is reported where the transaction is known to stay within it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub limit: Option<Word>,
    /// With `limit`: whether every run goes over it (`must`), or some may (`may`); default: `may`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Certainty>,
    /// With `limit`: from more than this share of it on; default: 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percent: Option<u64>,
    /// Nothing is reported at a place at which one of these rules reports something. With nothing but a
    /// `limit`: for an entry point for which one of them does.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(with = "Vec<String>")]
    pub unless_found: Vec<Word>,
    #[serde(default)]
    pub through: Option<Through>,
    #[serde(default)]
    pub unless: Option<Unless>,
    /// Nothing is reported where the same transaction also reaches this; of a list, any one.
    #[serde(default)]
    pub unless_also: Option<Selectors>,
    /// Which end of the path is the finding's place.
    #[serde(default)]
    pub at: At,
    #[serde(default)]
    pub within: Within,
}

/// An event leads to itself: its subscriber publishes an event, or writes an object whose changes are
/// published, and so on until the first event comes again. Jobs that are started on the way belong to it.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CycleQuery {
    /// By what one event leads to the next; default: `[publish, dml]`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub through: Option<Match<Turn>>,
    /// Only cycles that have one of these among their turns.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<Match<Turn>>,
    /// What makes it harmless.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unless: Option<Unless>,
}

/// By what one event leads to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema, strum::Display, strum::EnumIter)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Turn {
    /// It is published.
    Publish,
    /// A write that Change Data Capture publishes.
    Dml,
}

/// A thing that the project declares has certain facts: those of its own file, and those of its place
/// in the program, like how many subscribers an event has.
#[derive(Clone, Debug)]
pub struct ComponentQuery {
    /// The kind of thing.
    pub kind: Match<ItemKind>,
    pub conditions: ItemConditions,
    /// Nothing is reported where all conditions of one of these hold.
    pub unless: Vec<ItemConditions>,
}

/// Conditions on a thing that the project declares; all must hold. Besides the keys below, its
/// attributes are keys. A negated condition also holds where the fact is not known.
#[derive(Clone, Debug, Default)]
pub struct ItemConditions {
    pub name: Option<Match<Text>>,
    /// The object or event that it is about.
    pub object: Option<Match<Text>>,
    /// Conditions on attributes, by name.
    pub attributes: Vec<(Word, Measure)>,
}

/// Which entry points; all conditions must hold. Empty: every entry point. Besides the keys below, the
/// attributes of the entry point are keys. A negated condition also holds where the fact is not known.
#[derive(Clone, Debug, Default)]
pub struct EntrySelector {
    /// The kind of entry point.
    pub entry: Option<Match<EntryKind>>,
    /// The object of the trigger or flow, or the REST resource's path.
    pub object: Option<Match<Text>>,
    /// The trigger's event: `before`, `after`, `insert`, … or both words (`after update`).
    pub event: Option<Match<EventWord>>,
    /// Whether the declaration allows callouts (`callout=true`, `Database.AllowsCallouts`).
    pub callouts: Option<Callouts>,
    /// The class, trigger or flow.
    pub class: Option<Match<Text>>,
    /// Which updates start the flow.
    pub fires: Option<Fires>,
    /// Which flows call the invocable action.
    pub called_by: Option<Match<Caller>>,
    /// Conditions on attributes, by name.
    pub attributes: Vec<(Word, Match<Text>)>,
}

/// One selector of effects, or a list of them.
#[derive(Clone, Debug)]
pub struct Selectors(pub Vec<Selector>);

/// Which effects: the kind, and conditions on it that must all hold. Besides the keys below, the
/// attributes of the effect are keys. A negated condition also holds where the fact is not known.
#[derive(Clone, Debug)]
pub struct Selector {
    pub effect: Match<Effect>,
    /// The object of DML and queries, or the event published.
    pub object: Option<Match<Text>>,
    /// The class enqueued, or the class of the `@future` method; `self` is the entry point's own.
    pub class: Option<Match<Text>>,
    /// `insert`, `update`, `upsert`, `delete`, `undelete`, `merge`.
    pub operation: Option<Match<Operation>>,
    /// The class in which the effect stands.
    pub in_class: Option<Match<Text>>,
    /// The path of the file in which the effect stands.
    pub in_file: Option<Match<Text>>,
    /// Conditions on attributes, by name.
    pub attributes: Vec<(Word, Match<Text>)>,
}

/// What makes a path harmless.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unless {
    /// It runs only under one of these conditions.
    pub guard: Match<Guard>,
}

/// What a path may pass through, besides calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Through {
    /// DML, into the triggers that it fires.
    Dml,
}

/// Which end of a path is the finding's place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum At {
    Entry,
    /// The class of the entry point: what is true of several of its methods is one finding.
    Class,
    #[default]
    Effect,
    /// With `failure_without`: the clause that takes the exception.
    Catch,
}

/// How far a query looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Within {
    /// It ends where another transaction starts: at `@future`, `enqueueJob`, an event.
    #[default]
    Transaction,
}

/// By which way the second effect comes after the first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Across {
    /// Straight on.
    Straight,
    /// Only in the next turn of a loop that holds both.
    LoopIteration,
    #[default]
    Either,
}

/// Whether an entry point is declared to make callouts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Callouts {
    /// The declaration allows them.
    Enabled,
    /// The declaration would have to allow them, and does not.
    NotEnabled,
}

/// A number to compare a count with.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Amount(pub Word);

/// Lowers or raises the severity where all of its conditions hold; the first that holds counts.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SeverityWhen {
    /// Order: whether the first effect has happened on every way (`must`) or on some (`may`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certainty: Option<Certainty>,
    /// The kind of entry point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry: Option<Match<EntryKind>>,
    /// The kind of the effect that is the finding's subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Match<Effect>>,
    /// The object of the effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub object: Option<Match<Text>>,
    /// One of the loops grows with this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grows_with: Option<Match<GrowsWith>>,
    /// The number of runs is known and at most this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<Amount>,
    /// Cycle: it passes through more events than this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longer_than: Option<Amount>,
    /// Conditions on the effect that is the finding's subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<Selector>,
    /// Conditions on the declared thing that is the finding's subject.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub component: Option<ItemConditions>,
    pub severity: Severity,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    Must,
    May,
}

/// What a count grows with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema, strum::Display, strum::EnumIter)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum GrowsWith {
    /// The records of the trigger, the batch scope, the list given to the entry point.
    EntryBatch,
    /// A collection of unknown size.
    Collection,
    /// The rows of a query without a literal `LIMIT`.
    QueryRows,
    /// The rows of a query for what belongs to one record: few as a rule.
    RelatedRows,
    /// The items of a Loop element of a flow.
    FlowLoop,
    /// Pages of an answer, polling.
    Paging,
    /// A loop that the analysis does not understand.
    Unknown,
    /// Tries of the same thing, until it works.
    Retry,
    /// A collection that a REST or SOAP request brings; it also is a `collection`.
    Request,
}

/// Conditions that are recognised as guards.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema, strum::Display, strum::EnumIter)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Guard {
    /// `Limits.getQueueableJobs() < Limits.getLimitQueueableJobs()` and the like.
    Limits,
    /// `AsyncInfo.getCurrentQueueableStackDepth() < n`.
    StackDepth,
    /// `!remaining.isEmpty()`, `x.size() > 0`.
    NotEmpty,
    /// `attempt < 3`, `counter != max`.
    Counter,
    /// `if (x == null)` around code that fills `x`; `!cache.containsKey(key)`.
    Memo,
    /// `if (hasRun) return; hasRun = true;` on a static.
    Once,
    /// `collection.size() == 1`.
    Single,
    /// Once a chunk is full: `if (batch.size() == 200)`.
    Chunk,
    /// `System.isBatch()`, `System.isFuture()` and the like.
    AsyncContext,
    /// In a `catch` clause.
    Failure,
    /// In a `try` of the same turn of the loop, so that a failure does not end the loop.
    Tried,
    /// In a `try` one of whose clauses takes the exception of a callout.
    Handled,
    /// Old and new values of the record are compared (`$Record__Prior`, `ISCHANGED`).
    Changed,
    /// Any condition that is none of these.
    Other,
}

/// A DML operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema, strum::Display, strum::EnumIter)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Operation {
    Insert,
    Update,
    Upsert,
    Delete,
    Undelete,
    Merge,
}

/// A trigger event, or a half of one.
#[derive(Debug)]
pub struct EventWord;

/// All words for trigger events.
pub const EVENT_WORDS: &[&str] = &[
    "before",
    "after",
    "insert",
    "update",
    "delete",
    "undelete",
    "before insert",
    "before update",
    "before delete",
    "after insert",
    "after update",
    "after delete",
    "after undelete",
];

impl JsonSchema for EventWord {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "EventWord".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"enum": EVENT_WORDS})
    }
}

impl JsonSchema for Amount {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A number, the id of a limit, or `N% of` a limit.",
            "anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "minLength": 1}],
        })
    }
}

impl<'de> Deserialize<'de> for Find {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Find, D::Error> {
        struct FindVisitor;

        impl<'de> Visitor<'de> for FindVisitor {
            type Value = Find;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(
                    "a query (`path`, `site`, `order`, `cost`, `cycle` or `component`), or a list of queries",
                )
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Find, A::Error> {
                let mut queries = Vec::new();
                while let Some(query) = seq.next_element()? {
                    queries.push(query);
                }
                if queries.is_empty() {
                    return Err(de::Error::custom("the list of queries is empty"));
                }
                Ok(Find(queries))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Find, A::Error> {
                let query = Query::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(Find(vec![query]))
            }
        }

        deserializer.deserialize_any(FindVisitor)
    }
}

impl Serialize for Find {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &*self.0 {
            [query] => query.serialize(serializer),
            queries => queries.serialize(serializer),
        }
    }
}

impl JsonSchema for Find {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Find".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let query = generator.subschema_for::<Query>();
        json_schema!({
            "description": "One query, or a list of which any may match.",
            "anyOf": [query, {"type": "array", "items": query, "minItems": 1}],
        })
    }
}

impl<'de> Deserialize<'de> for Selector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Selector, D::Error> {
        struct SelectorVisitor;

        impl<'de> Visitor<'de> for SelectorVisitor {
            type Value = Selector;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an effect with its conditions, like `{effect: callout}`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Selector, A::Error> {
                let mut effect = None;
                let (mut object, mut class, mut operation) = (None, None, None);
                let (mut in_class, mut in_file) = (None, None);
                let mut attributes = Vec::new();
                while let Some(key) = map.next_key::<Word>()? {
                    match key.text.as_str() {
                        "effect" => effect = Some(map.next_value()?),
                        "object" => object = Some(map.next_value()?),
                        "class" => class = Some(map.next_value()?),
                        "operation" => operation = Some(map.next_value()?),
                        "in_class" => in_class = Some(map.next_value()?),
                        "in_file" => in_file = Some(map.next_value()?),
                        _ => attributes.push((key, map.next_value()?)),
                    }
                }
                let effect = effect.ok_or_else(|| de::Error::missing_field("effect"))?;
                Ok(Selector { effect, object, class, operation, in_class, in_file, attributes })
            }
        }

        deserializer.deserialize_map(SelectorVisitor)
    }
}

impl Serialize for Selector {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("effect", &self.effect)?;
        let texts = [
            ("object", &self.object),
            ("class", &self.class),
            ("in_class", &self.in_class),
            ("in_file", &self.in_file),
        ];
        for (key, value) in texts {
            if let Some(value) = value {
                map.serialize_entry(key, value)?;
            }
        }
        if let Some(operation) = &self.operation {
            map.serialize_entry("operation", operation)?;
        }
        for (key, value) in &self.attributes {
            map.serialize_entry(&key.text, value)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Selectors {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Selectors, D::Error> {
        struct ListVisitor;

        impl<'de> Visitor<'de> for ListVisitor {
            type Value = Selectors;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an effect with its conditions, or a list of them")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Selectors, A::Error> {
                let mut all = Vec::new();
                while let Some(selector) = seq.next_element()? {
                    all.push(selector);
                }
                Ok(Selectors(all))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Selectors, A::Error> {
                Selector::deserialize(de::value::MapAccessDeserializer::new(map))
                    .map(|selector| Selectors(vec![selector]))
            }
        }

        deserializer.deserialize_any(ListVisitor)
    }
}

impl Serialize for Selectors {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &*self.0 {
            [selector] => selector.serialize(serializer),
            selectors => selectors.serialize(serializer),
        }
    }
}

impl JsonSchema for Selectors {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Selectors".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let selector = generator.subschema_for::<Selector>();
        json_schema!({
            "description": "One kind of effect with its conditions, or a list of them.",
            "anyOf": [selector, {"type": "array", "items": selector, "minItems": 1}],
        })
    }
}

/// The keys of an [`EntrySelector`] that are not attributes, with what they mean.
pub const ENTRY_KEYS: &[(&str, &str)] = &[
    ("entry", "The kind of entry point."),
    ("object", "The object of the trigger or flow, or the REST resource's path."),
    ("event", "The trigger's event: `before`, `after`, `insert`, … or both words (`after update`)."),
    ("callouts", "Whether the declaration allows callouts (`callout=true`, `Database.AllowsCallouts`)."),
    ("class", "The class, trigger or flow; `*` stands for any run of characters."),
    ("fires", "Which updates start the flow."),
    ("called_by", "Which flows call the invocable action."),
];

impl<'de> Deserialize<'de> for EntrySelector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<EntrySelector, D::Error> {
        struct EntryVisitor;

        impl<'de> Visitor<'de> for EntryVisitor {
            type Value = EntrySelector;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("conditions on entry points, like `{entry: trigger}`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<EntrySelector, A::Error> {
                let mut selector = EntrySelector::default();
                while let Some(key) = map.next_key::<Word>()? {
                    match key.text.as_str() {
                        "entry" => selector.entry = Some(map.next_value()?),
                        "object" => selector.object = Some(map.next_value()?),
                        "event" => selector.event = Some(map.next_value()?),
                        "callouts" => selector.callouts = Some(map.next_value()?),
                        "class" => selector.class = Some(map.next_value()?),
                        "fires" => selector.fires = Some(map.next_value()?),
                        "called_by" => selector.called_by = Some(map.next_value()?),
                        _ => selector.attributes.push((key, map.next_value()?)),
                    }
                }
                Ok(selector)
            }
        }

        deserializer.deserialize_map(EntryVisitor)
    }
}

impl Serialize for EntrySelector {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Some(value) = &self.entry {
            map.serialize_entry("entry", value)?;
        }
        if let Some(value) = &self.object {
            map.serialize_entry("object", value)?;
        }
        if let Some(value) = &self.event {
            map.serialize_entry("event", value)?;
        }
        if let Some(value) = &self.callouts {
            map.serialize_entry("callouts", value)?;
        }
        if let Some(value) = &self.class {
            map.serialize_entry("class", value)?;
        }
        if let Some(value) = &self.fires {
            map.serialize_entry("fires", value)?;
        }
        if let Some(value) = &self.called_by {
            map.serialize_entry("called_by", value)?;
        }
        for (key, value) in &self.attributes {
            map.serialize_entry(&key.text, value)?;
        }
        map.end()
    }
}

impl JsonSchema for EntrySelector {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "EntrySelector".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut properties = Map::new();
        for &(key, meaning) in ENTRY_KEYS {
            let value = match key {
                "entry" => match_schema(generator.subschema_for::<EntryKind>()),
                "event" => match_schema(EventWord::json_schema(generator)),
                "callouts" => generator.subschema_for::<Callouts>(),
                "fires" => generator.subschema_for::<Fires>(),
                "called_by" => match_schema(generator.subschema_for::<Caller>()),
                _ => match_schema(json_schema!({"type": "string"})),
            };
            properties.insert(key.to_owned(), described(value, meaning.to_owned()));
        }
        for attribute in ENTRY_ATTRIBUTES {
            let kinds: Vec<_> = attribute.kinds.iter().map(|kind| format!("`{kind}`")).collect();
            let of = if kinds.is_empty() { "any entry point".to_owned() } else { kinds.join(", ") };
            let meaning = format!("Of {of}: {}.", attribute.meaning);
            let value = match attribute.values {
                [] => json_schema!({"type": "string"}),
                values => json_schema!({"enum": values}),
            };
            properties.insert(attribute.name.to_owned(), described(match_schema(value), meaning));
        }
        json_schema!({
            "description": "Which entry points; all conditions must hold. Empty: every entry point. \
                A negated condition also holds where the fact is not known.",
            "type": "object",
            "properties": properties,
            "additionalProperties": false,
        })
    }
}

/// The keys of a [`Selector`] that are not attributes, with what they mean.
pub const SELECTOR_KEYS: &[(&str, &str)] = &[
    ("effect", "The kind of effect."),
    (
        "object",
        "The object of DML and queries, or the event published; `*` matches any run of characters. In \
        `also` and `unless_also`, `same` is the object of the effect that was reached.",
    ),
    ("class", "The class enqueued, or the class of the `@future` method; `self` is the entry point's own."),
    ("operation", "The DML operation."),
    ("in_class", "The class in which the effect stands; `*` matches any run of characters."),
    (
        "in_file",
        "The path of the file in which the effect stands, from the scanned folder on: `*/integration/*`.",
    ),
];

impl JsonSchema for Selector {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Selector".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut properties = Map::new();
        for &(key, meaning) in SELECTOR_KEYS {
            let value = match key {
                "effect" => {
                    let effect = generator.subschema_for::<Effect>();
                    json_schema!({"anyOf": [effect, {"type": "array", "items": effect, "minItems": 1}]})
                }
                "operation" => match_schema(generator.subschema_for::<Operation>()),
                _ => match_schema(json_schema!({"type": "string"})),
            };
            properties.insert(key.to_owned(), described(value, meaning.to_owned()));
        }
        for attribute in ATTRIBUTES {
            let value = match attribute.values {
                [] => json_schema!({"type": "string"}),
                values => json_schema!({"enum": values}),
            };
            let effects: Vec<_> = attribute.effects.iter().map(|effect| format!("`{effect}`")).collect();
            let meaning = format!("Of {}: {}.", effects.join(", "), attribute.meaning);
            properties.insert(attribute.name.to_owned(), described(match_schema(value), meaning));
        }
        json_schema!({
            "description": "Which effects: the kind, and conditions that must all hold. \
                A negated condition also holds where the fact is not known.",
            "type": "object",
            "properties": properties,
            "required": ["effect"],
            "additionalProperties": false,
        })
    }
}

/// The keys of a component query and its conditions that are not attributes, with what they mean.
pub const COMPONENT_KEYS: &[(&str, &str)] = &[
    ("type", "The kind of thing that the project declares."),
    ("name", "Its name; `*` matches any run of characters."),
    ("object", "The object or event that it is about; `*` matches any run of characters."),
    (
        "unless",
        "Nothing is reported where all of these conditions hold; a list: where those of one entry do.",
    ),
];

impl<'de> Deserialize<'de> for ComponentQuery {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ComponentQuery, D::Error> {
        struct ComponentVisitor;

        impl<'de> Visitor<'de> for ComponentVisitor {
            type Value = ComponentQuery;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a kind of thing with its conditions, like `{type: remote-site}`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ComponentQuery, A::Error> {
                let (mut kind, mut unless) = (None, Vec::new());
                let mut conditions = ItemConditions::default();
                while let Some(key) = map.next_key::<Word>()? {
                    match key.text.as_str() {
                        "type" => kind = Some(map.next_value()?),
                        "unless" => unless = map.next_value::<OneOrMany>()?.0,
                        _ => conditions.read(key, &mut map)?,
                    }
                }
                let kind = kind.ok_or_else(|| de::Error::missing_field("type"))?;
                Ok(ComponentQuery { kind, conditions, unless })
            }
        }

        deserializer.deserialize_map(ComponentVisitor)
    }
}

impl ItemConditions {
    /// Reads the value of `key`.
    fn read<'de, A: MapAccess<'de>>(&mut self, key: Word, map: &mut A) -> Result<(), A::Error> {
        match key.text.as_str() {
            "name" => self.name = Some(map.next_value()?),
            "object" => self.object = Some(map.next_value()?),
            _ => self.attributes.push((key, map.next_value()?)),
        }
        Ok(())
    }

    fn write<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        for (key, value) in [("name", &self.name), ("object", &self.object)] {
            if let Some(value) = value {
                map.serialize_entry(key, value)?;
            }
        }
        for (key, value) in &self.attributes {
            map.serialize_entry(&key.text, value)?;
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for ItemConditions {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ItemConditions, D::Error> {
        struct ConditionsVisitor;

        impl<'de> Visitor<'de> for ConditionsVisitor {
            type Value = ItemConditions;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("conditions, like `{subscribers: 0}`")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ItemConditions, A::Error> {
                let mut conditions = ItemConditions::default();
                while let Some(key) = map.next_key::<Word>()? {
                    conditions.read(key, &mut map)?;
                }
                Ok(conditions)
            }
        }

        deserializer.deserialize_map(ConditionsVisitor)
    }
}

/// One set of conditions, or a list of them.
struct OneOrMany(Vec<ItemConditions>);

impl<'de> Deserialize<'de> for OneOrMany {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<OneOrMany, D::Error> {
        struct ListVisitor;

        impl<'de> Visitor<'de> for ListVisitor {
            type Value = OneOrMany;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("conditions, or a list of them")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<OneOrMany, A::Error> {
                let mut all = Vec::new();
                while let Some(conditions) = seq.next_element()? {
                    all.push(conditions);
                }
                Ok(OneOrMany(all))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<OneOrMany, A::Error> {
                ItemConditions::deserialize(de::value::MapAccessDeserializer::new(map))
                    .map(|conditions| OneOrMany(vec![conditions]))
            }
        }

        deserializer.deserialize_any(ListVisitor)
    }
}

impl Serialize for ComponentQuery {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("type", &self.kind)?;
        self.conditions.write(&mut map)?;
        match &*self.unless {
            [] => {}
            [conditions] => map.serialize_entry("unless", conditions)?,
            list => map.serialize_entry("unless", list)?,
        }
        map.end()
    }
}

impl Serialize for ItemConditions {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.write(&mut map)?;
        map.end()
    }
}

/// The schemas of the conditions on items.
fn item_properties() -> Map<String, Value> {
    let mut properties = Map::new();
    for &(key, meaning) in COMPONENT_KEYS {
        if matches!(key, "name" | "object") {
            let value = match_schema(json_schema!({"type": "string"}));
            properties.insert(key.to_owned(), described(value, meaning.to_owned()));
        }
    }
    // Kinds may share the name of an attribute, each with values of its own.
    for attribute in ITEM_ATTRIBUTES {
        if properties.contains_key(attribute.name) {
            continue;
        }
        let same: Vec<_> = ITEM_ATTRIBUTES.iter().filter(|other| other.name == attribute.name).collect();
        let closed: Option<Vec<&str>> = same
            .iter()
            .map(|one| match one.values {
                Values::Closed(values) => Some(values),
                Values::Free | Values::Count => None,
            })
            .collect::<Option<Vec<_>>>()
            .map(|lists| lists.concat());
        let value = if same.iter().any(|one| one.is_count()) {
            count_schema()
        } else {
            match_schema(match closed {
                Some(mut values) => {
                    values.sort_unstable();
                    values.dedup();
                    json_schema!({"enum": values})
                }
                None => json_schema!({"type": "string"}),
            })
        };
        let meanings: Vec<_> = same
            .iter()
            .map(|one| {
                let kinds: Vec<_> = one.kinds.iter().map(|kind| format!("`{kind}`")).collect();
                format!("Of {}: {}.", kinds.join(", "), one.meaning)
            })
            .collect();
        properties.insert(attribute.name.to_owned(), described(value, meanings.join(" ")));
    }
    properties
}

/// A number, a condition on it, or `{above: AMOUNT}`.
fn count_schema() -> Schema {
    let number = json_schema!({"type": "integer", "minimum": 0});
    let amount = json_schema!({
        "anyOf": [{"type": "integer", "minimum": 0}, {"type": "string", "minLength": 1}],
    });
    json_schema!({
        "anyOf": [
            match_schema(number),
            {
                "type": "object",
                "properties": {"above": amount},
                "required": ["above"],
                "additionalProperties": false,
            },
        ]
    })
}

impl JsonSchema for ItemConditions {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ItemConditions".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "Conditions on a thing that the project declares; all must hold. \
                A negated condition also holds where the fact is not known.",
            "type": "object",
            "properties": item_properties(),
            "additionalProperties": false,
        })
    }
}

impl JsonSchema for ComponentQuery {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ComponentQuery".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut properties = item_properties();
        let conditions = generator.subschema_for::<ItemConditions>();
        for &(key, meaning) in COMPONENT_KEYS {
            let value = match key {
                "type" => {
                    let kind = generator.subschema_for::<ItemKind>();
                    json_schema!({"anyOf": [kind, {"type": "array", "items": kind, "minItems": 1}]})
                }
                "unless" => {
                    json_schema!({"anyOf": [conditions, {"type": "array", "items": conditions, "minItems": 1}]})
                }
                _ => continue,
            };
            properties.insert(key.to_owned(), described(value, meaning.to_owned()));
        }
        json_schema!({
            "description": "Which things that the project declares: the kind, and conditions that must \
                all hold. A negated condition also holds where the fact is not known.",
            "type": "object",
            "properties": properties,
            "required": ["type"],
            "additionalProperties": false,
        })
    }
}

fn described(mut schema: Schema, text: String) -> Value {
    schema.insert("description".to_owned(), Value::String(text));
    schema.to_value()
}
