//! The names of the facts that a [`super::model::Site`] or [`super::model::Item`] may carry, what they
//! mean and which values they take. Rule files select by them; the JSON Schema of rule files is made
//! from these tables.

use super::model::{Effect, EntryKind, ItemKind};

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

/// One attribute of entry points.
pub struct EntryAttribute {
    pub name: &'static str,
    /// Empty: of all kinds.
    pub kinds: &'static [EntryKind],
    /// The closed list of values; empty where it is free text.
    pub values: &'static [&'static str],
    pub meaning: &'static str,
}

pub const ENTRY_ATTRIBUTES: &[EntryAttribute] = &[
    EntryAttribute {
        name: "verb",
        kinds: &[EntryKind::Rest],
        values: &["get", "post", "put", "patch", "delete"],
        meaning: "the HTTP method that it answers",
    },
    EntryAttribute {
        name: "takes",
        kinds: &[EntryKind::Rest, EntryKind::Webservice],
        values: &["nothing", "one", "list"],
        meaning: "what its parameters carry: no parameters, single values and single records, or a list somewhere in them; not known where one has a type that is not in the project",
    },
    EntryAttribute {
        name: "returns",
        kinds: &[EntryKind::Rest, EntryKind::Webservice],
        values: &["record", "other", "nothing"],
        meaning: "whether it returns records as they are",
    },
    EntryAttribute {
        name: "guest",
        kinds: &[EntryKind::Rest],
        values: &["yes", "no"],
        meaning: "whether a profile of the project opens its class to visitors of a site who are not logged in (`userLicense` of a guest)",
    },
    EntryAttribute {
        name: "guest-profile",
        kinds: &[EntryKind::Rest],
        values: &[],
        meaning: "the same in words: which profile",
    },
    EntryAttribute {
        name: "sharing",
        kinds: &[],
        values: &["with", "without", "inherited", "none"],
        meaning: "what its class declares of sharing; `none` where it says nothing",
    },
    EntryAttribute {
        name: "runs-again",
        kinds: &[EntryKind::Queueable, EntryKind::Future, EntryKind::BatchExecute],
        values: &["retried", "event"],
        meaning: "why it may run twice with the same data: after a failure it is started again (in a `catch` clause, under a count of tries, by a finalizer), or an event starts it, which is delivered at least once",
    },
    EntryAttribute {
        name: "job-errors",
        kinds: &[EntryKind::BatchExecute],
        values: &["raised", "kept", "read", "unseen"],
        meaning: "what becomes of its errors: `Database.RaisesPlatformEvents` raises them, `Database.Stateful` keeps what it gathers for `finish`, `finish` reads them from AsyncApexJob; `unseen`: none of these",
    },
];

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

/// The things that have a URL.
const ADDRESSES: &[ItemKind] = &[
    ItemKind::NamedCredential,
    ItemKind::RemoteSite,
    ItemKind::CspSite,
    ItemKind::DataSource,
    ItemKind::OutboundMessage,
];

/// What pages in the browser do.
const PAGES: &[ItemKind] =
    &[ItemKind::PagePoll, ItemKind::PageCall, ItemKind::PageRequest, ItemKind::PageSubscription];

pub const ITEM_ATTRIBUTES: &[ItemAttribute] = &[
    ItemAttribute {
        name: "made-with",
        kinds: PAGES,
        values: Values::Closed(&["lwc", "aura", "visualforce"]),
        meaning: "what the page or component is made with",
    },
    ItemAttribute {
        name: "audience",
        kinds: &[ItemKind::PageSubscription],
        values: Values::Closed(&["community", "internal"]),
        meaning: "who may open it: visitors of an Experience Cloud site too, or users of the org only",
    },
    ItemAttribute {
        name: "shown-on",
        kinds: &[ItemKind::PageSubscription],
        values: Values::Free,
        meaning: "the target of its `js-meta.xml` that brings it before that audience",
    },
    ItemAttribute {
        name: "calls",
        kinds: &[ItemKind::PagePoll, ItemKind::PageCall],
        values: Values::Free,
        meaning: "the Apex methods that it calls",
    },
    ItemAttribute {
        name: "by",
        kinds: &[ItemKind::PagePoll, ItemKind::PageRequest],
        values: Values::Free,
        meaning: "what calls: `setInterval`, `apex:actionPoller`, `fetch`, …",
    },
    ItemAttribute {
        name: "ends",
        kinds: &[ItemKind::PagePoll],
        values: Values::Closed(&["never", "condition", "ticks"]),
        meaning: "when it stops before the page is closed: never, on a condition, or after a number of turns",
    },
    ItemAttribute {
        name: "every-seconds",
        kinds: &[ItemKind::PagePoll],
        values: Values::Count,
        meaning: "seconds between two calls, rounded up, where they are known",
    },
    ItemAttribute {
        name: "every",
        kinds: &[ItemKind::PagePoll],
        values: Values::Free,
        meaning: "the same in words",
    },
    ItemAttribute {
        name: "amount",
        kinds: &[ItemKind::PagePoll],
        values: Values::Free,
        meaning: "how many requests it makes, in words",
    },
    ItemAttribute {
        name: "reaches-callout",
        kinds: &[ItemKind::PagePoll, ItemKind::PageCall],
        values: Values::Closed(&["yes", "no"]),
        meaning: "whether the Apex that it calls waits for another system",
    },
    ItemAttribute {
        name: "awaits-event",
        kinds: &[ItemKind::PagePoll],
        values: Values::Free,
        meaning: "an event that the same page publishes, and whose subscriber writes what the poll reads",
    },
    ItemAttribute {
        name: "awaits-record",
        kinds: &[ItemKind::PagePoll],
        values: Values::Free,
        meaning: "the object that the subscriber writes",
    },
    ItemAttribute {
        name: "repeats",
        kinds: &[ItemKind::PageCall],
        values: Values::Closed(&["loop", "keystroke"]),
        meaning: "why it is made again and again",
    },
    ItemAttribute {
        name: "how-often",
        kinds: &[ItemKind::PageCall],
        values: Values::Free,
        meaning: "the same in words",
    },
    ItemAttribute {
        name: "way",
        kinds: &[ItemKind::PageCall],
        values: Values::Closed(&["imperative", "wire", "action"]),
        meaning: "how Apex is called",
    },
    ItemAttribute {
        name: "quota",
        kinds: &[ItemKind::Budget],
        values: Values::Closed(&[
            "api-requests",
            "event-publishing",
            "event-delivery",
            "async-executions",
            "bulk-batches",
            "streaming-clients",
            "system-calls",
        ]),
        meaning: "what is used",
    },
    ItemAttribute {
        name: "level",
        kinds: &[ItemKind::Budget],
        values: Values::Closed(&["noticeable", "high", "over"]),
        meaning: "how much of it, by `thresholds` in the configuration: `over` where all of it is surely used",
    },
    ItemAttribute {
        name: "used",
        kinds: &[ItemKind::Budget],
        values: Values::Free,
        meaning: "how much is used",
    },
    ItemAttribute {
        name: "allocation",
        kinds: &[ItemKind::Budget],
        values: Values::Free,
        meaning: "how much there is",
    },
    ItemAttribute {
        name: "percent",
        kinds: &[ItemKind::Budget],
        values: Values::Free,
        meaning: "the share that is used",
    },
    ItemAttribute {
        name: "causes",
        kinds: &[ItemKind::Budget],
        values: Values::Free,
        meaning: "what uses the most of it",
    },
    ItemAttribute {
        name: "way-out",
        kinds: &[ItemKind::Budget],
        values: Values::Free,
        meaning: "the change that saves the most",
    },
    ItemAttribute {
        name: "publish-behavior",
        kinds: &[ItemKind::PlatformEvent],
        values: Values::Closed(&["immediately", "after-commit"]),
        meaning: "when a published event leaves: at once, or only if the transaction commits",
    },
    ItemAttribute {
        name: "volume",
        kinds: &[ItemKind::PlatformEvent],
        values: Values::Closed(&["high", "standard"]),
        meaning: "`eventType` of the event",
    },
    ItemAttribute {
        name: "declared",
        kinds: &[ItemKind::PlatformEvent],
        values: Values::Closed(&["yes", "no"]),
        meaning: "whether the project declares the event itself, or only uses it; an event of a managed package is not its own",
    },
    ItemAttribute {
        name: "publishers",
        kinds: &[ItemKind::PlatformEvent],
        values: Values::Count,
        meaning: "places of the project that publish it, and the systems that the configuration names",
    },
    ItemAttribute {
        name: "owners",
        kinds: &[ItemKind::PlatformEvent],
        values: Values::Count,
        meaning: "ways by which one save of a record publishes it more than once: trigger, flow, process",
    },
    ItemAttribute {
        name: "owner-object",
        kinds: &[ItemKind::PlatformEvent],
        values: Values::Free,
        meaning: "the object whose save publishes it more than once",
    },
    ItemAttribute {
        name: "owner-names",
        kinds: &[ItemKind::PlatformEvent],
        values: Values::Free,
        meaning: "those that publish it in the same save",
    },
    ItemAttribute {
        name: "subscribers",
        kinds: &[ItemKind::PlatformEvent, ItemKind::ChangeEvent],
        values: Values::Count,
        meaning: "triggers, flows, relays, pages and others that receive it",
    },
    ItemAttribute {
        name: "mentioned",
        kinds: &[ItemKind::PlatformEvent, ItemKind::ChangeEvent],
        values: Values::Closed(&["yes", "no"]),
        meaning: "whether a Lightning component that does not subscribe itself names its topic in a text",
    },
    ItemAttribute {
        name: "triggers",
        kinds: &[ItemKind::PlatformEvent, ItemKind::ChangeEvent],
        values: Values::Count,
        meaning: "active triggers on it",
    },
    ItemAttribute {
        name: "route",
        kinds: &[ItemKind::PlatformEvent],
        values: Values::Closed(&["pass-through"]),
        meaning: "all that is known of it comes from outside and goes outside, and no record takes part",
    },
    ItemAttribute {
        name: "from",
        kinds: &[ItemKind::PlatformEvent],
        values: Values::Free,
        meaning: "where a pass-through event comes from, in words",
    },
    ItemAttribute {
        name: "to",
        kinds: &[ItemKind::PlatformEvent],
        values: Values::Free,
        meaning: "where a pass-through event goes, in words",
    },
    ItemAttribute {
        name: "assumed",
        kinds: &[ItemKind::PlatformEvent],
        values: Values::Closed(&["none", "publisher", "subscriber"]),
        meaning: "which end of a pass-through event stands nowhere in the repository and is taken to be outside",
    },
    ItemAttribute {
        name: "assumption",
        kinds: &[ItemKind::PlatformEvent],
        values: Values::Free,
        meaning: "the same as a sentence in brackets",
    },
    ItemAttribute {
        name: "copied-object",
        kinds: &[ItemKind::PlatformEvent],
        values: Values::Free,
        meaning: "the object whose triggers copy their records into the event, without a condition",
    },
    ItemAttribute {
        name: "copied-operations",
        kinds: &[ItemKind::PlatformEvent],
        values: Values::Count,
        meaning: "in how many after events (insert, update, delete, undelete) that happens",
    },
    ItemAttribute {
        name: "copied-fields",
        kinds: &[ItemKind::PlatformEvent],
        values: Values::Count,
        meaning: "how many fields are copied as they are",
    },
    ItemAttribute {
        name: "selected",
        kinds: &[ItemKind::ChangeEvent],
        values: Values::Closed(&["yes", "no", "unknown"]),
        meaning: "whether a channel member selects the object; `unknown` where the repository has no selection at all",
    },
    ItemAttribute {
        name: "entities",
        kinds: &[ItemKind::ChangeSelection],
        values: Values::Count,
        meaning: "distinct objects that are selected, over all channels",
    },
    ItemAttribute {
        name: "recovery",
        kinds: &[ItemKind::EventRelay, ItemKind::ManagedSubscription],
        values: Values::Closed(&["latest", "earliest"]),
        meaning: "where it goes on after an error",
    },
    ItemAttribute {
        name: "state",
        kinds: &[ItemKind::EventRelay],
        values: Values::Closed(&["run", "stop"]),
        meaning: "whether it runs once deployed",
    },
    ItemAttribute {
        name: "topic",
        kinds: &[ItemKind::ManagedSubscription, ItemKind::PageSubscription, ItemKind::EventRelay],
        values: Values::Closed(&["event", "changes", "all-changes", "push-topic", "generic"]),
        meaning: "what kind of topic is subscribed to",
    },
    ItemAttribute {
        name: "user",
        kinds: &[ItemKind::EventTrigger],
        values: Values::Closed(&["set", "automated-process"]),
        meaning: "whom the trigger runs as: the user of its subscriber configuration, or the Automated Process user",
    },
    ItemAttribute {
        name: "partitions",
        kinds: &[ItemKind::EventTrigger],
        values: Values::Count,
        meaning: "how many subscriptions run side by side",
    },
    ItemAttribute {
        name: "partition-key",
        kinds: &[ItemKind::EventTrigger],
        values: Values::Closed(&["event-uuid", "field"]),
        meaning: "what decides the partition of an event: its own id, or a field",
    },
    ItemAttribute {
        name: "sends-email",
        kinds: &[ItemKind::EventTrigger],
        values: Values::Closed(&["yes", "sometimes", "no"]),
        meaning: "whether it sends an email by code; `sometimes`: under a condition or after a failure",
    },
    ItemAttribute {
        name: "needs-user",
        kinds: &[ItemKind::EventTrigger],
        values: Values::Closed(&["email", "owner", "identity", "no"]),
        meaning: "why the trigger needs a real user: it sends an email, it inserts records without an owner, or it writes the running user's id into records",
    },
    ItemAttribute {
        name: "needs",
        kinds: &[ItemKind::EventTrigger],
        values: Values::Free,
        meaning: "the same in words",
    },
    ItemAttribute {
        name: "writes",
        kinds: &[ItemKind::EventTrigger],
        values: Values::Free,
        meaning: "the object whose records have no owner, or hold the running user's id",
    },
    ItemAttribute {
        name: "updates",
        kinds: &[ItemKind::EventTrigger],
        values: Values::Closed(&["yes", "no"]),
        meaning: "whether it updates records",
    },
    ItemAttribute {
        name: "scheme",
        kinds: ADDRESSES,
        values: Values::Closed(&["https", "http", "wss", "ws"]),
        meaning: "of its URL",
    },
    ItemAttribute { name: "host", kinds: ADDRESSES, values: Values::Free, meaning: "host of its URL" },
    ItemAttribute {
        name: "used",
        kinds: &[ItemKind::NamedCredential, ItemKind::RemoteSite],
        values: Values::Closed(&["yes", "no", "maybe"]),
        meaning: "whether code or metadata of the project leads there; `maybe` where some addresses are only known at run time, or where a package may use it",
    },
    ItemAttribute {
        name: "active",
        kinds: &[ItemKind::RemoteSite, ItemKind::CspSite],
        values: Values::Closed(&["yes", "no"]),
        meaning: "whether it is switched on",
    },
    ItemAttribute {
        name: "connects",
        kinds: &[ItemKind::CspSite],
        values: Values::Closed(&["yes", "no"]),
        meaning: "whether scripts may send data there",
    },
    ItemAttribute {
        name: "cleartext-caller",
        kinds: &[ItemKind::RemoteSite],
        values: Values::Free,
        meaning: "its host, where code has a plain http address of it: that is told at the code",
    },
    ItemAttribute {
        name: "protocol-security",
        kinds: &[ItemKind::RemoteSite],
        values: Values::Closed(&["enabled", "disabled"]),
        meaning: "whether the platform refuses to go between http and https",
    },
    ItemAttribute {
        name: "legacy",
        kinds: &[ItemKind::NamedCredential],
        values: Values::Closed(&["yes", "no"]),
        meaning: "whether it holds its login itself, as before API 56; not known where the API version is not",
    },
    ItemAttribute {
        name: "authentication",
        kinds: &[ItemKind::NamedCredential],
        values: Values::Closed(&["yes", "no"]),
        meaning: "whether callouts through it are logged in, by it or its external credential",
    },
    ItemAttribute {
        name: "personal-data",
        kinds: &[ItemKind::NamedCredential],
        values: Values::Free,
        meaning: "an object with people's data in a transaction that sends through it without a login of its own",
    },
    ItemAttribute {
        name: "writable",
        kinds: &[ItemKind::DataSource, ItemKind::ExternalObject],
        values: Values::Closed(&["yes", "no"]),
        meaning: "whether the org may write to the data source",
    },
    ItemAttribute {
        name: "session-id",
        kinds: &[ItemKind::OutboundMessage],
        values: Values::Closed(&["sent", "not-sent"]),
        meaning: "whether the message carries a session id",
    },
    ItemAttribute {
        name: "data-source",
        kinds: &[ItemKind::ExternalObject],
        values: Values::Free,
        meaning: "where its rows are",
    },
    ItemAttribute {
        name: "high-volume",
        kinds: &[ItemKind::ExternalObject],
        values: Values::Closed(&["yes", "no"]),
        meaning: "whether its data source is set to High Data Volume",
    },
    ItemAttribute {
        name: "readers",
        kinds: &[ItemKind::ExternalObject],
        values: Values::Count,
        meaning: "entry points of the project whose transaction queries it",
    },
    ItemAttribute {
        name: "target",
        kinds: &[ItemKind::EndpointUse],
        values: Values::Closed(&["named-credential", "url"]),
        meaning: "what kind of address it is",
    },
    ItemAttribute {
        name: "declared",
        kinds: &[ItemKind::EndpointUse],
        values: Values::Closed(&["yes", "no"]),
        meaning: "whether the project has that named credential, or an active remote site or named credential for that host; not known where it has none at all",
    },
    ItemAttribute {
        name: "complete",
        kinds: &[ItemKind::EndpointUse],
        values: Values::Closed(&["yes"]),
        meaning: "of a named credential: the configuration says that the project has them all (`named_credentials_complete`)",
    },
    ItemAttribute {
        name: "nearest",
        kinds: &[ItemKind::EndpointUse],
        values: Values::Free,
        meaning: "the declared named credential whose name is closest",
    },
    ItemAttribute {
        name: "symbol",
        kinds: &[ItemKind::EndpointUse],
        values: Values::Free,
        meaning: "the method that it stands in",
    },
    ItemAttribute {
        name: "place",
        kinds: &[ItemKind::Secret],
        values: Values::Closed(&[
            "record",
            "label",
            "named-credential",
            "external-credential",
            "data-source",
            "auth-provider",
            "app",
        ]),
        meaning: "the kind of component that holds it",
    },
    ItemAttribute {
        name: "full-access",
        kinds: &[ItemKind::ConnectedApp],
        values: Values::Closed(&["yes"]),
        meaning: "it has the scope `Full`",
    },
    ItemAttribute {
        name: "ip-restrictions",
        kinds: &[ItemKind::ConnectedApp],
        values: Values::Closed(&["bypassed"]),
        meaning: "whether it is exempt from the IP restrictions of its users",
    },
    ItemAttribute {
        name: "self-authorized",
        kinds: &[ItemKind::ConnectedApp],
        values: Values::Closed(&["yes"]),
        meaning: "a server logs in with it, and any user may authorise it",
    },
    ItemAttribute {
        name: "server",
        kinds: &[ItemKind::ConnectedApp],
        values: Values::Closed(&["yes", "no"]),
        meaning: "whether a server logs in with it: by certificate, or by key and secret alone",
    },
    ItemAttribute {
        name: "problem",
        kinds: &[ItemKind::ConnectedApp],
        values: Values::Free,
        meaning: "the first thing that it may do and should not, in words",
    },
    ItemAttribute {
        name: "shared-by",
        kinds: &[ItemKind::ConnectedApp],
        values: Values::Count,
        meaning: "services that log in as this app, or apps that act as its user",
    },
    ItemAttribute {
        name: "sharing",
        kinds: &[ItemKind::ConnectedApp],
        values: Values::Free,
        meaning: "what shows that it is shared, in words",
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
        name: "system",
        effects: &[Callout, Endpoint, Query],
        values: &[],
        meaning: "the external system that it leads to, by the name in the configuration or by its host",
    },
    Attribute {
        name: "authorization",
        effects: &[Callout],
        values: &["set", "none"],
        meaning: "whether the code may tell the request who it comes from: by a header, or by a key in the address or body",
    },
    Attribute {
        name: "service",
        effects: &[Callout, Endpoint],
        values: &[],
        meaning: "of an address of this org: the word after `/services/data/vNN.N/` (`query`, `tooling`), or `apexrest`, `soap`",
    },
    Attribute { name: "verb", effects: &[Callout], values: &[], meaning: "HTTP method, upper case" },
    Attribute {
        name: "recognised-by",
        effects: &[Callout],
        values: &["header", "address", "body", "question", "unknown", "nothing"],
        meaning: "of a POST or PATCH: by what the other system may know it again when it comes twice: a header that identifies the message, or the id of a record or event in its address or body; `question`: it only asks for something (a token, a search); `unknown`: not all that it is made of is followed",
    },
    Attribute {
        name: "timeout",
        effects: &[Request],
        values: &["set", "unset", "unknown"],
        meaning: "whether the request that is sent was given a timeout",
    },
    Attribute {
        name: "timeout-ms",
        effects: &[Callout],
        values: &[],
        meaning: "the longest literal timeout that one of its requests is given, in milliseconds",
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
        meaning: "whether the returned SaveResults are looked at",
    },
    Attribute {
        name: "callback",
        effects: &[Publish],
        values: &["yes", "no"],
        meaning: "whether a publish callback is passed",
    },
    Attribute {
        name: "outcome",
        effects: &[ExternalWrite],
        values: &["handled", "ignored"],
        meaning: "whether a callback is passed that gets the outcome, or the project asks for it later",
    },
    Attribute {
        name: "writable",
        effects: &[ExternalWrite],
        values: &["yes", "no"],
        meaning: "whether the data source lets the org write (`isWritable`); not known where the project has no such source",
    },
    Attribute {
        name: "filtered",
        effects: &[Query, Search],
        values: &["yes", "no"],
        meaning: "whether the query has a `WHERE`",
    },
    Attribute {
        name: "limited",
        effects: &[Query, Search],
        values: &["yes", "no"],
        meaning: "whether the query has a `LIMIT`, or only counts",
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
        name: "source",
        effects: &[
            Callout,
            Dml,
            Query,
            Publish,
            Email,
            ConnectWrite,
            ExternalWrite,
            Rollback,
            Action,
            Subflow,
            OutboundMessage,
        ],
        values: &["flow", "workflow"],
        meaning: "where it is declared, if not in Apex: an element of a flow, or workflow",
    },
    Attribute {
        name: "fault-path",
        effects: &[Action],
        values: &["yes", "no"],
        meaning: "whether a fault connector leads on from the element where it fails",
    },
    Attribute {
        name: "calls-out",
        effects: &[Action],
        values: &["yes", "no"],
        meaning: "whether a callout of it may fail with an exception that nothing catches",
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
        name: "event-key",
        effects: &[Dml],
        values: &["yes", "no"],
        meaning: "whether the records carry `EventUuid` or `ReplayId` of an event",
    },
    Attribute {
        name: "owner",
        effects: &[Dml],
        values: &["set", "unset"],
        meaning: "in the transaction of an event trigger: whether the records made here have an `OwnerId`",
    },
    Attribute {
        name: "running-user",
        effects: &[Dml],
        values: &["yes", "no"],
        meaning: "in the transaction of an event trigger: whether the records hold the id of the running user (`UserInfo.getUserId()`)",
    },
    Attribute {
        name: "keyed-by",
        effects: &[Query, Search],
        values: &["event-id", "event", "other", "nothing", "unknown"],
        meaning: "what the bind variables of the query come from, where an event trigger runs it: the `EventUuid` or `ReplayId` of an event, other data of an event, or other values; `nothing`: it has none",
    },
    Attribute {
        name: "request-data",
        effects: &[Dml],
        values: &["yes", "no"],
        meaning: "whether the records carry what an outside system sent with a REST or SOAP request, or an email",
    },
    Attribute {
        name: "mode",
        effects: &[Dml, Query],
        values: &["user", "system"],
        meaning: "whether the rights of the user hold (`as user`, `WITH USER_MODE`, `WITH SECURITY_ENFORCED`, `AccessLevel.USER_MODE`)",
    },
    Attribute {
        name: "key",
        effects: &[Dml],
        values: &["field", "id"],
        meaning: "of an upsert: by which field records are known again; `id`: by none but the record id",
    },
    Attribute {
        name: "checks",
        effects: &[Check],
        values: &["access", "signature", "caller"],
        meaning: "what is checked: rights of the user on an object or field, a signature of what was sent, or by a header or the address of the request who sent it",
    },
    Attribute {
        name: "taken",
        effects: &[RecordIds],
        values: &["first", "all"],
        meaning: "whether all ids of a change event are taken, or only the one at a place",
    },
    Attribute {
        name: "conditional",
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
