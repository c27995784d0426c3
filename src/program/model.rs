//! The linked project: plain data that the later stages read.
//!
//! A [`Node`] is a method in one calling context: the concrete receiver, the trigger event, the kind
//! of asynchronous job and those argument values that its body really depends on. Each node carries
//! its *steps*: what is left of the method's body once dead branches are gone and calls are resolved.

use std::borrow::Cow;

use serde::Serialize;

use crate::apex::unit::{DmlOp, TriggerEvent};
use crate::finding::Confidence;
use crate::name::Name;
use crate::span::Location;

use super::size::Size;
use super::systems::System;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct NodeId(pub u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct SiteId(pub u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct EntryId(pub u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct ItemId(pub u32);

#[derive(Clone, Debug, Default, Serialize)]
pub struct Program {
    pub nodes: Vec<Node>,
    pub sites: Vec<Site>,
    pub entries: Vec<Entry>,
    /// What the events of each publish are made of, sorted by site.
    pub payloads: Vec<Payload>,
    /// The systems outside of the org that it talks to, sorted by name.
    pub systems: Vec<System>,
    /// Loops over a collection that an outside system sent, by the place of their heads; sorted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub request_loops: Vec<Location>,
    /// Sorted by kind, name and place.
    pub items: Vec<Item>,
    pub statistics: LinkStatistics,
    /// What is called and not here, the most frequent first.
    pub unseen: Vec<Unseen>,
}

impl Program {
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0 as usize]
    }

    pub fn site(&self, id: SiteId) -> &Site {
        &self.sites[id.0 as usize]
    }

    pub fn entry(&self, id: EntryId) -> &Entry {
        &self.entries[id.0 as usize]
    }

    pub fn item(&self, id: ItemId) -> &Item {
        &self.items[id.0 as usize]
    }
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct LinkStatistics {
    pub classes: usize,
    pub triggers: usize,
    pub methods: usize,
    pub flows: usize,
    pub calls: usize,
    pub calls_virtual: usize,
    pub calls_unresolved: usize,
    pub dynamic_dispatch: usize,
}

/// A method in one calling context.
#[derive(Clone, Debug, Serialize)]
pub struct Node {
    /// "AccountService.push"; a trigger's name; "Account.balance (get)"; for display and fingerprints.
    pub symbol: String,
    /// The name of the method or trigger in its declaration.
    pub at: Location,
    /// The context in words, where it matters: "after update", "as AccountHandler".
    pub context: String,
    pub kind: NodeKind,
    pub steps: Vec<Step>,
    /// The conditions that the context fixes: what they exclude is not among the steps.
    pub decided: Vec<Decided>,
    #[serde(skip_serializing_if = "NodeSizes::is_empty")]
    pub sizes: NodeSizes,
    /// What its class declares of sharing; `None` where that is nothing, or for what is no class.
    pub sharing: Option<Sharing>,
    /// It calls code that is not here.
    pub unseen: bool,
}

/// How much data a node handles.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct NodeSizes {
    /// What [`Size::Local`] stands for in the node's sizes: that of a collection which a loop fills.
    pub locals: Vec<Size>,
    /// The records of DML and queries, and the events of a publish; each site once.
    pub rows: Vec<(SiteId, Size)>,
    /// The names of the parameters.
    pub params: Vec<Name>,
}

impl NodeSizes {
    pub fn is_empty(&self) -> bool {
        self.locals.is_empty() && self.rows.is_empty() && self.params.is_empty()
    }

    pub fn rows_of(&self, site: SiteId) -> Option<&Size> {
        self.rows.iter().find(|(known, _)| *known == site).map(|(_, size)| size)
    }
}

/// What a class declares of whose records it sees.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize, schemars::JsonSchema, strum::Display,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Sharing {
    With,
    Without,
    Inherited,
}

/// The condition of an `if` whose value is known in a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Decided {
    pub at: Location,
    pub holds: bool,
}

/// What a node is the body of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum NodeKind {
    /// A method or a trigger.
    #[default]
    Apex,
    Flow,
    /// A process of Process Builder.
    Process,
    WorkflowRule,
}

impl NodeKind {
    pub fn is_flow(self) -> bool {
        matches!(self, NodeKind::Flow | NodeKind::Process)
    }
}

/// What a node does, in source order.
#[derive(Clone, Debug, Serialize)]
pub enum Step {
    Call(Call),
    Effect(SiteId),
    /// DML together with the triggers that it fires, each in its own trigger frame.
    Dml {
        site: SiteId,
        triggers: Vec<NodeId>,
    },
    /// Exclusive arms. Not exhaustive: control may also pass by all of them.
    Branch {
        arms: Vec<Arm>,
        exhaustive: bool,
    },
    Loop(Loop),
    Try {
        body: Vec<Step>,
        catches: Vec<Clause>,
        finally: Vec<Step>,
    },
    /// The transaction is committed here and what follows runs in the next one: a flow shows a screen.
    Commit,
    Return,
    Throw,
    Break,
    Continue,
}

impl Step {
    /// The lists of steps that stand in it, whichever of them run.
    pub fn blocks(&self) -> impl Iterator<Item = &[Step]> {
        let (arms, bodies, catches): (&[Arm], [&[Step]; 2], &[Clause]) = match self {
            Step::Branch { arms, .. } => (arms, [&[], &[]], &[]),
            Step::Loop(body) => (&[], [&body.steps, &[]], &[]),
            Step::Try { body, catches, finally } => (&[], [body, finally], catches),
            _ => (&[], [&[], &[]], &[]),
        };
        let of_arms = arms.iter().map(|arm| arm.steps.as_slice());
        of_arms.chain(bodies).chain(catches.iter().map(|clause| clause.steps.as_slice()))
    }
}

/// A `catch` clause.
#[derive(Clone, Debug, Serialize)]
pub struct Clause {
    /// Its head; of a flow, the element with the fault connector.
    pub at: Location,
    /// The type of exception that it takes.
    pub caught: Name,
    /// It calls code that is not here, which may do anything about the exception.
    pub unseen: bool,
    pub steps: Vec<Step>,
}

impl Clause {
    /// Whether it takes the exception that a failing effect throws: that type or one above it.
    pub fn takes(&self, failing: Effect) -> bool {
        let own = match failing {
            Effect::Callout => "calloutexception",
            Effect::Dml => "dmlexception",
            Effect::Query | Effect::Search => "queryexception",
            _ => "",
        };
        let name = self.caught.folded();
        let name = name.strip_prefix("system.").unwrap_or(name);
        name == "exception" || name == own
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct Call {
    pub at: Location,
    pub targets: Vec<NodeId>,
    pub how: How,
    /// It happens once in a transaction, whatever loops are around it: a static initialiser.
    pub once: bool,
    /// Of each argument: how many elements it has, or the number that it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sizes: Vec<Size>,
}

/// How the targets of a call were found, and so how sure they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum How {
    /// There is one method that it can be: a static one, a constructor, an accessor, an initialiser, or
    /// one of a class without subclasses.
    Declared,
    /// The class that the object was created as is known.
    Created,
    /// The subclasses that the project creates have this many methods that it can be.
    Subclasses(u8),
    /// The same, and one of them is made by a name that is known at run time only.
    Named(u8),
    /// A framework that is known by name calls it, as configured.
    Framework(Framework),
}

impl How {
    pub fn confidence(self) -> Confidence {
        match self {
            How::Declared | How::Created | How::Framework(_) => Confidence::High,
            How::Subclasses(0 | 1) => Confidence::High,
            How::Subclasses(2 | 3) => Confidence::Medium,
            How::Subclasses(_) | How::Named(_) => Confidence::Low,
        }
    }
}

/// The trigger frameworks whose dispatch is read from data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::Display)]
pub enum Framework {
    #[strum(serialize = "fflib")]
    Fflib,
    #[strum(serialize = "TDTM")]
    Tdtm,
    #[strum(serialize = "Trigger Actions Framework")]
    TriggerActions,
}

/// Calls of one method that is not in the project.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Unseen {
    /// The receiver's type where it is known.
    pub receiver: Option<Name>,
    pub method: Name,
    /// The places that call it.
    pub calls: usize,
}

#[derive(Clone, Debug, Serialize)]
pub struct Arm {
    /// The tested expression.
    pub at: Location,
    pub case: Case,
    /// Recognised conditions under which the arm runs.
    pub guards: Guards,
    /// What the arm's condition says of expressions over unchanged variables. Two arms of one node
    /// whose conditions contradict each other never both run.
    pub conditions: Vec<Condition>,
    #[serde(skip_serializing_if = "Runs::is_each")]
    pub runs: Runs,
    pub steps: Vec<Step>,
}

/// How often an arm can run in the turns of the loops around it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub enum Runs {
    /// Each time.
    #[default]
    Each,
    /// Once a transaction: what it fills, or sets, outlives the method.
    Once,
    /// Once a call of the method: it fills a variable from before the loop.
    OnceACall,
    /// Each time, but not within itself: what it sets stops the second turn, and is taken back at the end.
    NotWithin,
    /// Once for each key of a cache, which stands there: a transaction, where the cache outlives the
    /// method, otherwise a call.
    PerKey { cache: Location, outlives: bool },
    /// Each time that this many came together.
    Chunk(u32),
    /// Until a limit is reached.
    WithinLimits,
}

impl Runs {
    pub fn is_each(&self) -> bool {
        *self == Runs::Each
    }
}

/// Which outcome of the tested expression leads into an arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Case {
    True,
    False,
    /// One of the arms of a `switch`.
    Switch,
    /// A way on from an element of a flow.
    Connector,
    /// It may not come to evaluate it (`a && b`).
    Sometimes,
}

/// "The tested expression `subject` is (not) `value`", both numbered within the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Condition {
    pub subject: u32,
    pub value: u32,
    pub negated: bool,
}

impl Condition {
    pub fn contradicts(self, other: Condition) -> bool {
        self.subject == other.subject
            && match (self.negated, other.negated) {
                (false, false) => self.value != other.value,
                (true, true) => false,
                _ => self.value == other.value,
            }
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct Loop {
    pub at: Location,
    pub bound: Bound,
    /// How often the body runs, where more is known than `bound` says.
    #[serde(skip_serializing_if = "Size::is_unknown")]
    pub size: Size,
    /// The body runs at least once on every way through (`do … while`).
    pub at_least_once: bool,
    /// Subjects of [`Condition`]s that may differ in the next iteration.
    pub resets: Vec<u32>,
    pub steps: Vec<Step>,
}

/// How often a loop's body runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Bound {
    /// A literal number of times, or the elements of a literal collection.
    Constant(u32),
    /// Once a record of the trigger, batch scope or other input of the entry point.
    EntryBatch,
    /// Once an element of a collection whose size is not known here.
    Collection,
    /// Once a row of a query without a literal `LIMIT`.
    QueryRows,
    /// Once a row of a query for what belongs to one record (`WHERE Order__c = :orderId`): grows with the
    /// data, but is few as a rule.
    RelatedRows,
    /// Once a piece of configuration: custom metadata records, schema descriptions. Few, and their
    /// number does not grow with the data.
    Configuration,
    /// Once a chunk (SOQL for loop over lists, `i += k`): grows slowly.
    Chunks,
    /// Until something outside says so: pagination by a cursor of the response, polling.
    Paging,
    /// A bounded number of tries (`attempt < 3`).
    Retry,
    /// Once an item of the collection that a Loop element of a flow goes through.
    FlowLoop,
    /// Not understood.
    Unknown,
}

impl Bound {
    /// Whether the number of runs grows with the data.
    pub fn grows(self) -> bool {
        matches!(
            self,
            Bound::EntryBatch | Bound::Collection | Bound::QueryRows | Bound::RelatedRows | Bound::FlowLoop
        )
    }
}

/// Conditions that rules may accept as a guard, as a bit set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Guards(pub u16);

impl Guards {
    pub const NONE: Guards = Guards(0);
    /// `Limits.getQueueableJobs() < Limits.getLimitQueueableJobs()` and the like.
    pub const LIMITS: Guards = Guards(1);
    /// `AsyncInfo.getCurrentQueueableStackDepth() < n`.
    pub const STACK_DEPTH: Guards = Guards(1 << 1);
    /// `!remaining.isEmpty()`, `x.size() > 0`.
    pub const NOT_EMPTY: Guards = Guards(1 << 2);
    /// `attempt < 3`, `counter != max`.
    pub const COUNTER: Guards = Guards(1 << 3);
    /// `if (x == null)` around code that fills `x`; `!cache.containsKey(k)`.
    pub const MEMO: Guards = Guards(1 << 4);
    /// `if (hasRun) return; hasRun = true;` on a static.
    pub const ONCE: Guards = Guards(1 << 5);
    /// `collection.size() == 1`.
    pub const SINGLE: Guards = Guards(1 << 6);
    /// `System.isBatch()`, `System.isFuture()` … whose value the context does not fix.
    pub const ASYNC_CONTEXT: Guards = Guards(1 << 7);
    /// A condition that was not recognised.
    pub const OTHER: Guards = Guards(1 << 8);
    /// The arm runs once a chunk is full: `if (batch.size() == 200)`.
    pub const CHUNK: Guards = Guards(1 << 9);
    /// A method of the project decides between two ways (`if (canRunSynchronously()) … else …`), on
    /// grounds that are not seen.
    pub const DECISION: Guards = Guards(1 << 10);
    /// `Limits.getDMLStatements() == 0`: nothing was written in this transaction yet.
    pub const CLEAN: Guards = Guards(1 << 11);

    /// In a `catch` clause.
    pub const CAUGHT: Guards = Guards(1 << 12);
    /// In a `try`, not in a loop inside of it.
    pub const TRIED: Guards = Guards(1 << 13);
    /// Old and new values of the record are compared (`$Record__Prior`, `ISCHANGED`).
    pub const CHANGED: Guards = Guards(1 << 14);
    /// In a `try` one of whose clauses takes the exception of a callout, also in a loop inside of it.
    pub const HANDLED: Guards = Guards(1 << 15);

    /// Those that tell records apart and hold in the next transaction too.
    pub const FILTER: Guards =
        Guards(Guards::OTHER.0 | Guards::COUNTER.0 | Guards::DECISION.0 | Guards::MEMO.0);

    pub fn has_any(self, other: Guards) -> bool {
        self.0 & other.0 != 0
    }

    pub fn without(self, other: Guards) -> Guards {
        Guards(self.0 & !other.0)
    }

    pub fn with(self, other: Guards) -> Guards {
        Guards(self.0 | other.0)
    }
}

/// Where the platform starts a transaction, or a trigger frame inside one.
#[derive(Clone, Debug, Serialize)]
pub struct Entry {
    pub kind: EntryKind,
    pub node: NodeId,
    pub at: Location,
    /// "trigger AccountTrigger on Account (after update)", "@future AccountSync.push".
    pub name: String,
    /// The class or trigger.
    pub owner: Name,
    /// The trigger's object, or the REST resource's path.
    pub object: Option<Name>,
    pub event: Option<TriggerEvent>,
    /// Whether the declaration allows callouts (`callout=true`, `Database.AllowsCallouts`); `None`
    /// where no declaration is needed.
    pub callouts_enabled: Option<bool>,
    /// A job that nothing in the project starts, and nothing outside can.
    pub never_started: bool,
    /// Batch: the scope given at every `Database.executeBatch`, where all are literals (the largest).
    /// Path of a flow: its batch size.
    pub batch_scope: Option<u32>,
    /// Flow that an update starts: whether every save of the record does.
    pub fires: Option<Fires>,
    /// Invocable action: which flows of the project call it.
    pub called_by: Callers,
    /// Further facts, by the names in [`super::attributes`]; a fact that is not known is absent.
    pub facts: Vec<(&'static str, Cow<'static, str>)>,
    /// The name of the class, where it is one.
    pub class_at: Option<Location>,
}

impl Entry {
    pub fn fact(&self, name: &str) -> Option<&str> {
        self.facts.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_ref())
    }
}

/// Which saves start a flow that runs on update.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Fires {
    /// Every save of a record that fits the entry conditions, whatever was changed.
    EverySave,
    /// Only a change that makes the record fit.
    OnChange,
}

/// Who calls an invocable action.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
    strum::Display,
    strum::EnumIter,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Caller {
    /// A flow of the project that runs for one record or user at a time.
    SingleFlow,
    /// A flow of the project that runs for many records at once.
    BulkFlow,
    /// No flow of the project.
    Nothing,
}

/// A set of [`Caller`]s; empty for what is no invocable action.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Callers(pub u8);

impl Callers {
    pub fn of(caller: Caller) -> Callers {
        Callers(1 << caller as u8)
    }

    pub fn add(&mut self, other: Callers) {
        self.0 |= other.0;
    }

    pub fn has_any(self, other: Callers) -> bool {
        self.0 & other.0 != 0
    }
}

#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
    strum::Display,
    strum::EnumIter,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum EntryKind {
    /// A trigger on a record object.
    Trigger,
    /// A trigger on a platform event (`__e`).
    EventTrigger,
    /// A trigger on a change event.
    ChangeEventTrigger,
    Future,
    Queueable,
    BatchStart,
    BatchExecute,
    BatchFinish,
    Schedulable,
    Finalizer,
    Invocable,
    AuraEnabled,
    /// `@AuraEnabled(cacheable=true)`.
    AuraCacheable,
    VisualforceAction,
    VisualforceGetter,
    VisualforceConstructor,
    RemoteAction,
    Rest,
    Webservice,
    InboundEmail,
    InstallHandler,
    UninstallHandler,
    TransactionSecurity,
    DataSource,
    PublishCallback,
    /// A record-triggered flow before the save.
    BeforeSaveFlow,
    /// The path of a record-triggered flow that runs in the transaction of the save.
    AfterSaveFlow,
    /// A record-triggered flow before the deletion.
    BeforeDeleteFlow,
    /// "Run Asynchronously": after the commit, in a transaction of its own.
    FlowAsyncPath,
    /// A path at a time, or what comes after a pause.
    FlowScheduledPath,
    /// A flow that a platform event starts.
    EventFlow,
    /// A flow that runs at a time, for the records of a query.
    ScheduledFlow,
    /// A flow with screens.
    ScreenFlow,
    /// A flow without a trigger that nothing in the project starts.
    AutolaunchedFlow,
    /// A process of Process Builder on an object.
    ProcessBuilder,
    /// A process of Process Builder on a platform event.
    EventProcess,
    /// A public method that nothing in the project calls: someone else may.
    Uncalled,
}

impl EntryKind {
    /// Whether its transactions have the limits of asynchronous ones.
    pub fn is_asynchronous(self) -> bool {
        matches!(
            self,
            EntryKind::Future
                | EntryKind::Queueable
                | EntryKind::BatchStart
                | EntryKind::BatchExecute
                | EntryKind::BatchFinish
        )
    }

    pub fn is_trigger(self) -> bool {
        matches!(self, EntryKind::Trigger | EntryKind::EventTrigger | EntryKind::ChangeEventTrigger)
    }

    pub fn is_flow(self) -> bool {
        use EntryKind::*;
        matches!(
            self,
            BeforeSaveFlow
                | AfterSaveFlow
                | BeforeDeleteFlow
                | FlowAsyncPath
                | FlowScheduledPath
                | EventFlow
                | ScheduledFlow
                | ScreenFlow
                | AutolaunchedFlow
                | ProcessBuilder
                | EventProcess
        )
    }
}

/// The kinds of thing that a site can be: effects on the world, and places that rules ask about.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
    strum::Display,
    strum::EnumIter,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Effect {
    /// A request that leaves the transaction and waits for the answer.
    Callout,
    Dml,
    /// SOQL.
    Query,
    /// SOSL.
    Search,
    Publish,
    /// `System.enqueueJob`.
    Enqueue,
    /// A call of an `@future` method.
    Future,
    /// `Database.executeBatch`, `System.scheduleBatch`.
    Batch,
    /// `System.schedule`.
    Schedule,
    Email,
    /// A ConnectApi write: one DML statement.
    ConnectWrite,
    /// `Database.insertAsync` and its like: a write to another system that runs later.
    ExternalWrite,
    Savepoint,
    Rollback,
    ReleaseSavepoint,
    /// `SELECT … FOR UPDATE`.
    Lock,
    /// A `catch` clause around a callout.
    Catch,
    /// An `HttpRequest` or SOAP stub that is sent somewhere, at its creation.
    Request,
    /// An address given to a request.
    Endpoint,
    /// A literal secret given to a request.
    Credential,
    /// The session id given to a request.
    SessionId,
    /// `setResumeCheckpoint` of an event trigger.
    Checkpoint,
    /// `new EventBus.RetryableException`: the trigger is to run again.
    Retry,
    /// A comparison of `ChangeEventHeader.changeType`.
    ChangeType,
    /// A comparison with the change types of gap and overflow events.
    GapCheck,
    /// A look at `ChangeEventHeader.recordIds`.
    RecordIds,
    /// An action element of a flow.
    Action,
    /// A flow that a flow calls.
    Subflow,
    /// A SOAP message that workflow or a flow sends after the commit.
    OutboundMessage,
    /// `System.attachFinalizer`.
    AttachFinalizer,
    /// A look at something that decides who may go on: rights on an object, a signature.
    Check,
    /// A look into Platform Cache.
    CacheRead,
    /// `RestContext.response.statusCode` is set.
    ResponseStatus,
}

/// A set of [`Effect`]s.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Effects(pub u64);

impl Effects {
    pub fn of(effects: &[Effect]) -> Effects {
        Effects(effects.iter().fold(0, |set, &effect| set | 1 << effect as u64))
    }

    pub fn has(self, effect: Effect) -> bool {
        self.0 & (1 << effect as u64) != 0
    }

    pub fn intersects(self, other: Effects) -> bool {
        self.0 & other.0 != 0
    }

    pub fn add(&mut self, effect: Effect) {
        self.0 |= 1 << effect as u64;
    }

    pub fn union(self, other: Effects) -> Effects {
        Effects(self.0 | other.0)
    }
}

/// An effect, or another place rules ask about, with the local facts known of it.
#[derive(Clone, Debug, Serialize)]
pub struct Site {
    pub effect: Effect,
    pub at: Location,
    /// The method it stands in: "PricingApi.refresh".
    pub symbol: String,
    /// What it is, in words: "`Http.send`", "`insert` of Account", "`@future` AccountSync.push".
    pub label: String,
    /// The object of DML and queries, the event published, the class enqueued, the future method.
    pub object: Option<Name>,
    pub operation: Option<DmlOp>,
    /// Further facts, by the names in [`super::attributes`]; a fact that is not known is absent.
    pub facts: Vec<(&'static str, Cow<'static, str>)>,
}

impl Site {
    pub fn fact(&self, name: &str) -> Option<&str> {
        self.facts.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_ref())
    }
}

/// What the events that a site publishes are made of.
#[derive(Clone, Debug, Serialize)]
pub struct Payload {
    pub site: SiteId,
    /// The events that are made for it.
    pub events: Vec<Name>,
    /// Sorted by place.
    pub fields: Vec<PayloadField>,
}

impl Payload {
    /// The origin that says the most of the whole payload: one record's field makes it record data.
    pub fn main_origin(&self) -> Origin {
        self.fields.iter().flat_map(|field| &field.from).min().copied().unwrap_or(Origin::Unknown)
    }
}

/// A field of an event, where it is set.
#[derive(Clone, Debug, Serialize)]
pub struct PayloadField {
    pub name: Name,
    pub at: Location,
    /// Sorted; empty where it is not known.
    pub from: Vec<Origin>,
    /// The other event that it is copied from.
    pub event: Option<Name>,
    /// A whole record, as text.
    pub whole_record: bool,
    /// Of a record that this project's code writes.
    pub saved_record: bool,
    /// The value of a record's field as it is.
    pub copies_record: bool,
}

/// Where a value comes from, the more telling first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Origin {
    /// A record of this org: of a trigger, of a query, or one that code writes.
    Record,
    /// Another platform event.
    Event,
    /// What an outside system sent: a REST or SOAP request, an email.
    Request,
    /// The answer of a callout.
    Response,
    /// What a user or a flow gave.
    Input,
    /// A literal, or configuration.
    Constant,
    Unknown,
}

/// A thing that the project declares, with the facts known of it: those of its own file, and those
/// that come from the rest of the program, like how many subscribers an event has.
#[derive(Clone, Debug, Serialize)]
pub struct Item {
    pub kind: ItemKind,
    pub name: Name,
    pub at: Location,
    /// What it is, in words: "platform event `Order__e`".
    pub label: String,
    /// The object or event that it is about.
    pub object: Option<Name>,
    /// By the names in [`super::attributes`]; a fact that is not known is absent.
    pub facts: Vec<(&'static str, Cow<'static, str>)>,
    /// Other places that explain the facts, each with its words.
    pub related: Vec<(Location, String)>,
}

impl Item {
    pub fn fact(&self, name: &str) -> Option<&str> {
        self.facts.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_ref())
    }
}

/// The kinds of thing that a project declares, besides code.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    serde::Deserialize,
    schemars::JsonSchema,
    strum::Display,
    strum::EnumIter,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum ItemKind {
    /// A platform event (`__e`), declared in the project or used by it.
    PlatformEvent,
    /// The change events of an object.
    ChangeEvent,
    /// A custom channel of events.
    Channel,
    /// One event or object selected for a channel.
    ChannelMember,
    /// Batch size and user of an event trigger.
    SubscriberConfig,
    /// A relay of a channel to Amazon EventBridge.
    EventRelay,
    /// A managed Pub/Sub subscription.
    ManagedSubscription,
    /// All that is selected for Change Data Capture.
    ChangeSelection,
    /// A subscription of a page in the browser (`empApi`).
    PageSubscription,
    /// A timer in a page in the browser that calls the server again and again.
    PagePoll,
    /// A call of Apex that a page repeats: in a loop, or at every keystroke.
    PageCall,
    /// A request that a page sends from the browser to another host.
    PageRequest,
    /// A trigger on a platform event or on change events.
    EventTrigger,
    NamedCredential,
    ExternalCredential,
    AuthProvider,
    RemoteSite,
    CspSite,
    ExternalService,
    DataSource,
    /// An object of an external data source (`__x`).
    ExternalObject,
    OutboundMessage,
    Flow,
    ConnectedApp,
    /// A secret in a metadata file.
    Secret,
    /// An address that code or metadata names.
    EndpointUse,
    /// What the declared volumes take of a daily or hourly allocation.
    Budget,
}
