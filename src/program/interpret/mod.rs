//! Interprets bodies in their calling context and so builds the nodes of the call graph.
//!
//! A body is walked once for each context that it really depends on. While it is walked, the linker
//! records which parts of the context were read to decide a branch, a dispatch or a result
//! ([`Deps`]); a later call with a context that agrees on those parts shares the node. So
//! `new AccountHandler().run()` and `new ContactHandler().run()` get a node each, while a helper that
//! never looks at its context gets one for the whole project.

mod calls;
mod conditions;
mod expressions;
mod flags;
mod frame;
mod loops;
mod platform_calls;
mod sizes;
mod statements;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::apex::unit::ExprId;
use crate::finding::Confidence;
use crate::name::Name;
use crate::span::{Location, Span};

use super::flow::{Flow, Slot, SlotId};
use super::flows::Flows;
use super::frameworks::Frameworks;
use super::model::{Effect, How, LinkStatistics, Node, NodeId, NodeKind, Sharing, Site, SiteId, Step};
use super::size::Size;
use super::symbols::{Body, ClassId, FieldId, MethodId, Symbols};
use super::types::Ty;
use super::value::{
    AsyncContext, Context, Deps, EventContext, Known, Object, ObjectId, Objects, Receiver, Value,
};

pub(super) use frame::Frame;
pub(super) use platform_calls::is_standard_object;
pub(super) use statements::fires;

/// A method has at most this many nodes for one class of receiver before contexts are made coarser.
const MAX_VARIANTS: usize = 10;
/// A chain of calls deeper than this is cut, and the cut call counted as unresolved.
const MAX_CALL_DEPTH: usize = 600;

/// A node under construction.
pub(super) struct Entry {
    pub context: Context,
    pub deps: Deps,
    pub done: bool,
    /// What the method returns.
    pub result: Value,
    /// Fields of `this` that are known at the end.
    pub fields: Vec<(Name, Known)>,
    /// The collections in parameters that the body adds to, and their sizes at the end.
    pub grown: Vec<(u32, Size)>,
    /// Whether the method never comes back normally.
    pub diverges: bool,
}

pub(super) struct Linker<'u> {
    pub symbols: &'u Symbols<'u>,
    pub objects: Objects,
    pub flow: Flow,
    pub nodes: Vec<Node>,
    pub entries: Vec<Entry>,
    /// Of each node: the method that it is a body of, where it is one.
    pub node_methods: Vec<Option<MethodId>>,
    memo: FxHashMap<(MethodId, Option<ClassId>), Vec<NodeId>>,
    pub sites: Vec<Site>,
    site_ids: FxHashMap<(Location, Effect), SiteId>,
    field_values: FxHashMap<FieldId, Option<Value>>,
    pub statistics: LinkStatistics,
    /// Namespaces that the project's own packages have.
    pub namespaces: Vec<Name>,
    counted_calls: FxHashSet<Location>,
    /// How many places call what is not here, by the receiver's type and the method's name.
    pub unseen: FxHashMap<(Option<Name>, Name), usize>,
    /// How often a call of what is not here was met so far.
    pub unseen_calls: usize,
    counted_dispatches: FxHashSet<Location>,
    /// The requests that each callout may send.
    pub callout_requests: FxHashMap<SiteId, Vec<SlotId>>,
    /// What each DML and each publish is given.
    pub site_values: FxHashMap<SiteId, Vec<SlotId>>,
    /// The collections that each loop goes through.
    pub loop_values: FxHashMap<Location, Vec<SlotId>>,
    /// What is put into collections that came from elsewhere: the collection, and the elements.
    pub puts: Vec<(Vec<SlotId>, Vec<SlotId>)>,
    pub frameworks: Frameworks,
    pub flows: Flows<'u>,
    symbol_index: FxHashMap<crate::span::FileId, Vec<(u32, String)>>,
    depth: usize,
    /// Literal scopes of `Database.executeBatch` by class; 0 for one that is not a literal.
    pub batch_scopes: FxHashMap<ClassId, Vec<u32>>,
    /// Catch clauses: the site that a clause would be, per (node, place), until it is known whether
    /// its `try` reaches a callout.
    pub catches: Vec<CatchClause>,
    /// The size of the collections that a field gets: `None` once it is not the same known bound.
    pub field_sizes: FxHashMap<FieldId, Option<super::model::Bound>>,
    /// All callers of asynchronous jobs have been walked: what they pass is known.
    pub callers_known: bool,
    /// What the callers of each `@future` method pass, joined.
    pub future_args: FxHashMap<MethodId, Vec<Known>>,
    /// Nodes that something calls.
    pub called: FxHashSet<MethodId>,
    /// The call that was entered last, and the collections among its arguments that it adds to.
    grown: Option<(Location, Vec<(u32, Size)>)>,
}

/// A `catch` that may swallow the exception of a callout.
pub(super) struct CatchClause {
    pub at: Location,
    pub symbol: String,
    pub caught: Name,
    pub swallows: bool,
    /// It is the clause of its `try` that gets the exception of a callout.
    pub first_for_callouts: bool,
    /// Calls and effects inside the `try`.
    pub targets: Vec<NodeId>,
    pub sites: Vec<SiteId>,
}

impl<'u> Linker<'u> {
    pub fn new(symbols: &'u Symbols<'u>, frameworks: Frameworks, flows: Flows<'u>) -> Linker<'u> {
        Linker {
            symbols,
            objects: Objects::default(),
            flow: Flow::default(),
            nodes: Vec::new(),
            entries: Vec::new(),
            node_methods: Vec::new(),
            memo: FxHashMap::default(),
            sites: Vec::new(),
            site_ids: FxHashMap::default(),
            field_values: FxHashMap::default(),
            statistics: LinkStatistics::default(),
            namespaces: Vec::new(),
            counted_calls: FxHashSet::default(),
            unseen: FxHashMap::default(),
            unseen_calls: 0,
            counted_dispatches: FxHashSet::default(),
            callout_requests: FxHashMap::default(),
            site_values: FxHashMap::default(),
            loop_values: FxHashMap::default(),
            puts: Vec::new(),
            frameworks,
            flows,
            symbol_index: symbol_index(symbols),
            depth: 0,
            batch_scopes: FxHashMap::default(),
            catches: Vec::new(),
            field_sizes: FxHashMap::default(),
            callers_known: false,
            future_args: FxHashMap::default(),
            called: FxHashSet::default(),
            grown: None,
        }
    }

    /// An object of exactly `class`, nothing known of its fields.
    pub fn plain_object(&mut self, class: ClassId) -> ObjectId {
        self.objects.intern(Object { class, fields: Vec::new() })
    }

    pub fn receiver_class(&self, receiver: Receiver) -> Option<ClassId> {
        match receiver {
            Receiver::None => None,
            Receiver::Exact(object) => Some(self.objects.get(object).class),
            Receiver::Below(class) => Some(class),
        }
    }

    /// The node of `method` in `context`: an existing one that agrees on all that matters, or a new
    /// one, whose body is interpreted now.
    pub fn node(&mut self, method: MethodId, context: Context) -> NodeId {
        let key = (method, self.receiver_class(context.receiver));
        if let Some(variants) = self.memo.get(&key) {
            let mut open = None;
            let mut open_count = 0;
            for &id in variants {
                let entry = &self.entries[id.0 as usize];
                if entry.done {
                    if agrees(&entry.context, &context, entry.deps) {
                        return id;
                    }
                } else if entry.context == context {
                    return id;
                } else {
                    open = Some(id);
                    open_count += 1;
                }
            }
            // Recursion with ever new arguments must come to an end.
            if let Some(id) = open
                && open_count >= 2
            {
                return id;
            }
            let (count, last) = (variants.len(), variants[variants.len() - 1]);
            if count >= MAX_VARIANTS {
                // First the arguments and fields are given up, the event and the job only later: what
                // they decide is worth more.
                let reduced = self.without_context(&context, count >= 6 * MAX_VARIANTS);
                if reduced != context && count < 8 * MAX_VARIANTS {
                    return self.node(method, reduced);
                }
                if count >= 8 * MAX_VARIANTS {
                    return last;
                }
            }
        }
        self.build(method, context, key)
    }

    /// The context without arguments and the receiver's fields; if `wholly`, nothing but the receiver's
    /// class is assumed.
    fn without_context(&mut self, context: &Context, wholly: bool) -> Context {
        let receiver = match context.receiver {
            Receiver::Exact(object) => {
                let class = self.objects.get(object).class;
                Receiver::Exact(self.plain_object(class))
            }
            other => other,
        };
        Context {
            event: if wholly { EventContext::Unknown } else { context.event },
            job: if wholly { AsyncContext::Unknown } else { context.job },
            receiver,
            args: vec![Known::Nothing; context.args.len()],
            bypassed: Vec::new(),
        }
    }

    fn build(&mut self, method: MethodId, context: Context, key: (MethodId, Option<ClassId>)) -> NodeId {
        let symbols = self.symbols;
        let id = NodeId(self.nodes.len() as u32);
        let declared = symbols.method(method);
        self.nodes.push(Node {
            symbol: declared.symbol.clone(),
            at: declared.at,
            context: String::new(),
            kind: NodeKind::Apex,
            steps: Vec::new(),
            decided: Vec::new(),
            sizes: Default::default(),
            sharing: declared.class.and_then(|class| sharing_of(symbols, class)),
            unseen: false,
        });
        self.node_methods.push(Some(method));
        self.entries.push(Entry {
            context: context.clone(),
            deps: Deps::NONE,
            done: false,
            result: Value::of(declared.returns.clone()),
            fields: Vec::new(),
            grown: Vec::new(),
            diverges: false,
        });
        self.memo.entry(key).or_default().push(id);
        if self.depth >= MAX_CALL_DEPTH {
            self.statistics.calls_unresolved += 1;
            self.entries[id.0 as usize].done = true;
            return id;
        }
        self.depth += 1;
        let unseen_before = self.unseen_calls;
        let mut frame = Frame::new(self, id, method, context);
        let diverges = self.run_body(&mut frame, method);
        let decided = std::mem::take(&mut frame.decided);
        let mut sizes = std::mem::take(&mut frame.sizes);
        let grown = frame.grown_params(&sizes, declared.params.len());
        let (steps, mut entry) = frame.finish(self, diverges);
        self.depth -= 1;
        self.nodes[id.0 as usize].context = self.describe(&entry.context, entry.deps, method);
        let node = &mut self.nodes[id.0 as usize];
        node.steps = steps;
        node.decided = decided;
        node.unseen = self.unseen_calls != unseen_before;
        entry.grown = grown;
        entry.result.size = entry.result.size.closed(&sizes.locals);
        if !self.nodes[id.0 as usize].steps.is_empty() {
            sizes.params = declared.params.iter().map(|(name, _)| *name).collect();
            self.nodes[id.0 as usize].sizes = sizes;
        }
        self.entries[id.0 as usize] = entry;
        id
    }

    /// Adds a node that is not the body of a method, before its steps are known.
    pub fn open_node(&mut self, node: Node, context: Context) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        self.nodes.push(node);
        self.node_methods.push(None);
        self.entries.push(Entry {
            context,
            deps: Deps::NONE,
            done: false,
            result: Value::unknown(),
            fields: Vec::new(),
            grown: Vec::new(),
            diverges: false,
        });
        id
    }

    pub fn close_node(&mut self, id: NodeId, steps: Vec<Step>, deps: Deps) {
        self.nodes[id.0 as usize].steps = steps;
        let entry = &mut self.entries[id.0 as usize];
        entry.deps = deps;
        entry.done = true;
    }

    /// Whether the node can stand for a call in `context`; one that is not finished yet, only if its
    /// context is the same.
    pub fn stands_for(&self, id: NodeId, context: &Context) -> bool {
        let entry = &self.entries[id.0 as usize];
        if entry.done { agrees(&entry.context, context, entry.deps) } else { entry.context == *context }
    }

    /// Of `parts` of its context, those that the node depends on: all while it is not finished.
    pub fn deps_of(&self, id: NodeId, parts: Deps) -> Deps {
        let entry = &self.entries[id.0 as usize];
        if entry.done { Deps(entry.deps.0 & parts.0) } else { parts }
    }

    /// The parts of the context that mattered, in words.
    fn describe(&self, context: &Context, deps: Deps, method: MethodId) -> String {
        let mut words = Vec::new();
        if let EventContext::In { event, object } = context.event
            && (deps.has(Deps::EVENT) || matches!(self.symbols.method(method).body, Body::Trigger))
        {
            words.push(format!("{event} of {object}"));
        }
        if let Some(class) = self.receiver_class(context.receiver)
            && self.symbols.method(method).class != Some(class)
        {
            words.push(format!("as {}", self.symbols.class(class).name));
        }
        words.join(", ")
    }

    fn run_body(&mut self, frame: &mut Frame<'u>, method: MethodId) -> bool {
        let symbols = self.symbols;
        let declared = symbols.method(method);
        let unit = symbols.unit(declared.unit);
        match declared.body {
            Body::StaticInit { decl } | Body::InstanceInit { decl } => {
                let is_static = matches!(declared.body, Body::StaticInit { .. });
                let class = &unit.types[decl as usize];
                for field in &class.fields {
                    if field.modifiers.has(crate::apex::unit::Modifiers::STATIC) == is_static
                        && let Some(init) = field.init
                    {
                        self.eval(frame, init);
                    }
                }
                let blocks = if is_static { &class.static_init } else { &class.instance_init };
                for block in blocks {
                    self.block(frame, block);
                }
                false
            }
            _ => {
                if declared.is_constructor {
                    self.enter_constructor(frame, method);
                }
                match symbols.block(method) {
                    Some(block) => self.block(frame, block),
                    None => false,
                }
            }
        }
    }

    pub fn site(&mut self, effect: Effect, at: Location, make: impl FnOnce() -> Site) -> SiteId {
        if let Some(&id) = self.site_ids.get(&(at, effect)) {
            return id;
        }
        let id = SiteId(self.sites.len() as u32);
        self.sites.push(make());
        self.site_ids.insert((at, effect), id);
        id
    }

    /// The site of this effect that stands there, if there is one.
    pub fn site_at(&self, at: Location, effect: Effect) -> Option<SiteId> {
        self.site_ids.get(&(at, effect)).copied()
    }

    /// Counts a call once, however many nodes its method has.
    pub fn count_call(&mut self, at: Location, targets: usize, how: How) {
        if self.counted_calls.insert(at) {
            self.statistics.calls += 1;
            if targets == 0 {
                self.statistics.calls_unresolved += 1;
            } else if how.confidence() < Confidence::High {
                self.statistics.calls_virtual += 1;
            }
        }
    }

    /// A call of something that is not here.
    pub fn count_unseen(&mut self, at: Location, receiver: Option<Name>, method: Name) {
        self.unseen_calls += 1;
        if self.counted_calls.insert(at) {
            self.statistics.calls += 1;
            self.statistics.calls_unresolved += 1;
            *self.unseen.entry((receiver, method)).or_default() += 1;
        }
    }

    /// The value of a field that is never assigned again after its initialiser, or the slot of one
    /// that is.
    pub fn field_value(&mut self, frame: &Frame<'u>, field: FieldId) -> Value {
        if let Some(known) = self.field_values.get(&field) {
            return match known {
                Some(value) => value.clone(),
                // The initialiser refers to itself.
                None => Value::of(self.symbols.field(field).ty.clone()),
            };
        }
        self.field_values.insert(field, None);
        let symbols = self.symbols;
        let declared = symbols.field(field);
        let slot = self.flow.slot(Slot::Field(field), None);
        let mut value = Value::of(declared.ty.clone());
        if let Some(init) = declared.init {
            let mut inner = Frame::for_initialiser(frame.node, declared.unit, declared.class);
            let made = self.eval(&mut inner, init);
            self.flow.arrives(&made, slot);
            // A field of an object may be filled from outside (a flow's input, JSON), a static one only
            // by code.
            let stays = !declared.assigned
                && declared.getter.is_none()
                && (declared.modifiers.has(crate::apex::unit::Modifiers::FINAL)
                    || (declared.is_static && !declared.modifiers.has(crate::apex::unit::Modifiers::GLOBAL)));
            if stays {
                value.known = match made.known {
                    // A collection may be filled later, a final one too if it is empty.
                    Known::Sized(bound)
                        if bound == super::model::Bound::Constant(0)
                            || !declared.modifiers.has(crate::apex::unit::Modifiers::FINAL) =>
                    {
                        Known::Nothing
                    }
                    Known::Null => Known::Nothing,
                    known => known,
                };
            }
        }
        if !value.known.is_known()
            && let Some(types) = &declared.exact_types
            && !declared.modifiers.has(crate::apex::unit::Modifiers::GLOBAL)
        {
            let mut classes: Vec<ClassId> = Vec::new();
            let mut all = !types.is_empty();
            for ty in types {
                match symbols.class_named(Some(declared.class), ty.name) {
                    Some(class) if !classes.contains(&class) => classes.push(class),
                    Some(_) => {}
                    None => all = false,
                }
            }
            if let (true, [class]) = (all, classes.as_slice()) {
                value.known = Known::Object(self.plain_object(*class));
            }
        }
        value.slots = super::value::Slots::one(slot);
        self.field_values.insert(field, Some(value.clone()));
        value
    }

    pub fn made_slot(&mut self, frame: &Frame<'u>, expr: ExprId) -> SlotId {
        let at = frame.at(self, expr);
        self.flow.slot(Slot::Made { unit: frame.unit, expr }, Some(at))
    }

    pub fn location(&self, frame: &Frame<'u>, span: Span) -> Location {
        self.symbols.location(frame.unit, span)
    }
}

/// Whether a finished node can stand for a call in `wanted`.
fn agrees(built: &Context, wanted: &Context, deps: Deps) -> bool {
    (!deps.has(Deps::EVENT) || built.event == wanted.event)
        && (!deps.has(Deps::ASYNC) || built.job == wanted.job)
        && (!deps.has(Deps::THIS) || built.receiver == wanted.receiver)
        && (!deps.has(Deps::BYPASS) || built.bypassed == wanted.bypassed)
        && same_exactness(built.receiver, wanted.receiver)
        && built
            .args
            .iter()
            .zip(&wanted.args)
            .enumerate()
            .all(|(index, (a, b))| !deps.has(Deps::param(index)) || a == b)
}

/// `Exact` and `Below` the same class dispatch differently.
fn same_exactness(a: Receiver, b: Receiver) -> bool {
    std::mem::discriminant(&a) == std::mem::discriminant(&b)
}

/// Whether steps hold anything that a later stage could ask about.
pub(super) fn is_pure(steps: &[Step]) -> bool {
    steps.iter().all(|step| match step {
        Step::Return | Step::Throw | Step::Break | Step::Continue => true,
        Step::Branch { arms, .. } => arms.iter().all(|arm| is_pure(&arm.steps)),
        Step::Loop(body) => is_pure(&body.steps),
        Step::Try { body, catches, finally } => {
            is_pure(body) && catches.iter().all(|clause| is_pure(&clause.steps)) && is_pure(finally)
        }
        _ => false,
    })
}

/// What `class` declares of sharing. An inner class has only what it says itself.
pub(in crate::program) fn sharing_of(symbols: &Symbols, class: ClassId) -> Option<Sharing> {
    use crate::apex::unit::Modifiers;
    let modifiers = symbols.decl(class).modifiers;
    let declared = [
        (Modifiers::WITH_SHARING, Sharing::With),
        (Modifiers::WITHOUT_SHARING, Sharing::Without),
        (Modifiers::INHERITED_SHARING, Sharing::Inherited),
    ];
    declared.into_iter().find(|(modifier, _)| modifiers.has(*modifier)).map(|(_, sharing)| sharing)
}

/// The declared type, made more exact by what is known of the value.
pub(super) fn typed(mut value: Value, declared: &Ty) -> Value {
    match declared {
        Ty::Unknown => {}
        _ => value.ty = declared.clone(),
    }
    value
}

impl Linker<'_> {
    /// The method or class that a place is in, for display.
    pub fn symbol_at(&self, at: Location) -> String {
        self.symbol_index
            .get(&at.file)
            .and_then(|symbols| {
                let next = symbols.partition_point(|(start, _)| *start <= at.span.start);
                next.checked_sub(1).map(|index| symbols[index].1.clone())
            })
            .unwrap_or_default()
    }
}

/// Methods and classes by file and start.
fn symbol_index(symbols: &Symbols) -> FxHashMap<crate::span::FileId, Vec<(u32, String)>> {
    let mut index: FxHashMap<crate::span::FileId, Vec<(u32, String)>> = FxHashMap::default();
    for method in &symbols.methods {
        let initialiser = matches!(method.body, Body::StaticInit { .. } | Body::InstanceInit { .. });
        if !initialiser {
            index.entry(method.at.file).or_default().push((method.at.span.start, method.symbol.clone()));
        }
    }
    for (position, class) in symbols.classes.iter().enumerate() {
        let decl = symbols.decl(ClassId(position as u32));
        let file = symbols.unit(class.unit).file;
        index.entry(file).or_default().push((decl.name_span.start, class.name.as_str().to_owned()));
    }
    index.values_mut().for_each(|symbols| symbols.sort());
    index
}
