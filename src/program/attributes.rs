//! The names of the facts that a [`super::model::Site`] or [`super::model::Item`] may carry, what they
//! mean and which values they take. Rule files select by them; the JSON Schema of rule files is made
//! from these tables.

use super::model::{Effect, ItemKind};

/// One attribute.
pub struct Attribute {
    pub name: &'static str,
    pub effects: &'static [Effect],
    /// The closed list of values; empty where it is free text.
    pub values: &'static [&'static str],
    pub meaning: &'static str,
}

/// One attribute of items.
pub struct ItemAttribute {
    pub name: &'static str,
    pub kinds: &'static [ItemKind],
    pub values: Values,
    pub meaning: &'static str,
}

/// What an attribute's value may be.
pub enum Values {
    Closed(&'static [&'static str]),
    Free,
    /// A number, which rules may also compare: `{above: 5}`.
    Count,
}

impl ItemAttribute {
    pub fn is_count(&self) -> bool {
        matches!(self.values, Values::Count)
    }
}

pub const ITEM_ATTRIBUTES: &[ItemAttribute] = &[
    ItemAttribute {
        name: "publish-behavior",
        kinds: &[ItemKind::PlatformEvent],
        values: Values::Closed(&["immediately", "after-commit"]),
        meaning: "when a published event leaves: at once, or only if the transaction commits",
    },
    ItemAttribute {
        name: "publishers",
        kinds: &[ItemKind::PlatformEvent],
        values: Values::Count,
        meaning: "places of the project that publish it",
    },
    ItemAttribute {
        name: "subscribers",
        kinds: &[ItemKind::PlatformEvent],
        values: Values::Count,
        meaning: "triggers, flows, relays and others of the project that receive it",
    },
];

use Effect::*;

pub const ATTRIBUTES: &[Attribute] = &[
    Attribute {
        name: "api",
        effects: &[Callout],
        values: &[
            "http",
            "soap",
            "page-content",
            "external-service",
            "external-object",
            "data-cloud",
            "auth",
            "payments",
            "function",
            "flow",
        ],
        meaning: "what makes the request",
    },
    Attribute {
        name: "endpoint",
        effects: &[Callout, Endpoint, SessionId],
        values: &["named-credential", "url", "self-org", "dynamic"],
        meaning: "what kind of address it is: `callout:X`, a literal URL, this org, or not known",
    },
    Attribute {
        name: "scheme",
        effects: &[Callout, Endpoint],
        values: &["http", "https"],
        meaning: "of a literal URL",
    },
    Attribute {
        name: "host",
        effects: &[Callout, Endpoint, SessionId],
        values: &[],
        meaning: "host of a literal URL, or the named credential",
    },
    Attribute {
        name: "service",
        effects: &[Callout, Endpoint],
        values: &[],
        meaning: "of an address of this org: the word after `/services/data/vNN.N/` (`query`, `tooling`), or `apexrest`, `soap`",
    },
    Attribute { name: "verb", effects: &[Callout], values: &[], meaning: "HTTP method, upper case" },
    Attribute {
        name: "timeout",
        effects: &[Request],
        values: &["set", "unset", "unknown"],
        meaning: "whether the request that is sent was given a timeout",
    },
    Attribute {
        name: "response",
        effects: &[Callout],
        values: &["checked", "unchecked", "dropped", "unknown"],
        meaning: "whether the status of the answer is looked at before its body is used",
    },
    Attribute {
        name: "result",
        effects: &[Publish, Dml],
        values: &["used", "dropped"],
        meaning: "whether the returned SaveResults are used",
    },
    Attribute {
        name: "callback",
        effects: &[Publish],
        values: &["yes", "no"],
        meaning: "whether a publish callback is passed",
    },
    Attribute {
        name: "size",
        effects: &[Publish, Dml],
        values: &["one", "list"],
        meaning: "a single record, or a list",
    },
    Attribute {
        name: "rows",
        effects: &[Dml],
        values: &[],
        meaning: "how many records, where a literal says so",
    },
    Attribute {
        name: "depth-limit",
        effects: &[Enqueue],
        values: &["yes", "no"],
        meaning: "whether AsyncOptions with a MaximumQueueableStackDepth are passed",
    },
    Attribute {
        name: "all-or-none",
        effects: &[Dml],
        values: &["yes", "no"],
        meaning: "whether one failure rolls all back",
    },
    Attribute {
        name: "payload",
        effects: &[Publish],
        values: &["record", "event", "request", "response", "input", "constant", "unknown"],
        meaning: "where the fields of the event come from, as far as the values can be followed: `record`, a record of this org, goes before all others",
    },
    Attribute {
        name: "payload-fields",
        effects: &[Publish],
        values: &[],
        meaning: "how many different fields of the event are set",
    },
    Attribute {
        name: "whole-record",
        effects: &[Publish],
        values: &["yes", "no"],
        meaning: "whether a field of the event holds a whole record as text",
    },
    Attribute {
        name: "saved-record",
        effects: &[Publish],
        values: &["yes", "no"],
        meaning: "whether the event carries data of a record that the project's code writes",
    },
    Attribute {
        name: "in-catch",
        effects: &[Publish],
        values: &["no", "yes", "rethrows"],
        meaning: "whether it stands in a `catch` clause, and whether that ends by throwing",
    },
    Attribute {
        name: "filtered",
        effects: &[Publish, Dml],
        values: &["yes", "no"],
        meaning: "whether conditions on the data decide which events or records arrive here",
    },
    Attribute {
        name: "publish-behavior",
        effects: &[Publish],
        values: &["immediately", "after-commit", "unknown"],
        meaning: "`publishBehavior` of the event",
    },
    Attribute {
        name: "handling",
        effects: &[Catch],
        values: &["swallowed", "handled"],
        meaning: "a clause that does nothing, or only writes to the debug log, swallows the exception",
    },
    Attribute {
        name: "place",
        effects: &[Credential],
        values: &["header", "body", "url"],
        meaning: "the part of the request that carries the secret",
    },
];
