//! What the elements of a flow do.

use std::borrow::Cow;
use std::collections::VecDeque;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::apex::unit::DmlOp;
use crate::metadata::flow::{Action, ElementKind, Flow, FlowElement, Outcome, Records};
use crate::name::Name;
use crate::span::{Location, Span};

use super::super::interpret::{Frame, Linker};
use super::super::model::{
    Arm, Bound, Caller, Callers, Case, Clause, Effect, Guards, How, Loop, Node, NodeId, NodeKind, Runs, Site,
    SiteId, Step,
};
use super::super::size::{Size, What};
use super::super::symbols::MethodId;
use super::super::value::{Context, Deps, Known, Receiver, Value};
use super::actions::{self, Does};
use super::entries::start_of;
use super::structure::{Block, Exit, structure};
use super::{FlowId, Kind, Part, PendingAction, path_of};

/// A flow with more elements or connectors is not followed: real ones have some hundreds.
const MAX_ELEMENTS: usize = 2_000;
const MAX_CONNECTORS: usize = 4_000;

type Facts = Vec<(&'static str, Cow<'static, str>)>;

impl<'u> Linker<'u> {
    /// The node of a part of a flow in `context`, whose only argument says how many interviews run
    /// together; `when` is shown with its name.
    pub(in crate::program) fn flow_node(
        &mut self,
        id: FlowId,
        part: Part,
        context: Context,
        when: &'static str,
    ) -> NodeId {
        if let Some(&known) = self
            .flows
            .nodes
            .get(&(id, part))
            .and_then(|nodes| nodes.iter().find(|node| self.stands_for(**node, &context)))
        {
            return known;
        }
        let live = self.flows.live(id);
        let (flow, kind) = (live.flow, live.kind);
        let node = Node {
            symbol: flow.name.as_str().to_owned(),
            at: Location { file: flow.header.file, span: start_of(flow, part) },
            context: when.to_owned(),
            kind: if kind.is_process() { NodeKind::Process } else { NodeKind::Flow },
            steps: Vec::new(),
            decided: Vec::new(),
            sizes: Default::default(),
            sharing: None,
            unseen: false,
        };
        let node = self.open_node(node, context.clone());
        self.flows.nodes.entry((id, part)).or_default().push(node);
        let first = match part {
            Part::Start => flow.start.first.as_ref().map(|first| first.value),
            Part::Path(_) => {
                path_of(flow, part).and_then(|path| path.first.as_ref()).map(|first| first.value)
            }
            Part::Resumed(element) => Some(flow.elements[element as usize].name.value),
        };
        let mut body = Body {
            id,
            flow,
            kind,
            bulk: context.args.first() != Some(&Known::Sized(Bound::Constant(1))),
            frame: Frame::for_flow(node, flow.name.as_str(), context),
        };
        let steps = match first {
            Some(first) if is_followed(flow) => self.flow_steps(&mut body, first),
            Some(_) => {
                self.statistics.calls_unresolved += 1;
                Vec::new()
            }
            None => Vec::new(),
        };
        let deps = body.frame.deps.with(Deps::param(0));
        self.nodes[node.0 as usize].sizes = std::mem::take(&mut body.frame.sizes);
        self.close_node(node, steps, deps);
        node
    }

    fn flow_steps(&mut self, body: &mut Body<'u>, first: Name) -> Vec<Step> {
        let flow = body.flow;
        let by_name: FxHashMap<Name, u32> = flow
            .elements
            .iter()
            .enumerate()
            .map(|(index, element)| (element.name.value, index as u32))
            .collect();
        let Some(&first) = by_name.get(&first) else { return Vec::new() };
        // Elements that no connector leads to are never run.
        let mut numbers: FxHashMap<u32, u32> = FxHashMap::default();
        let mut order: Vec<u32> = Vec::new();
        let mut todo = VecDeque::from([first]);
        while let Some(element) = todo.pop_front() {
            if numbers.contains_key(&element) {
                continue;
            }
            numbers.insert(element, order.len() as u32);
            order.push(element);
            let targets = targets(&flow.elements[element as usize]);
            todo.extend(targets.iter().filter_map(|name| by_name.get(name)));
        }
        let number = |name: Option<Name>| {
            name.and_then(|name| by_name.get(&name)).and_then(|element| numbers.get(element)).copied()
        };
        let blocks: Vec<Block> = order
            .iter()
            .map(|&element| self.flow_block(body, &by_name, &flow.elements[element as usize], &number))
            .collect();
        structure(&blocks, 0)
    }

    fn flow_block(
        &mut self,
        body: &mut Body<'u>,
        by_name: &FxHashMap<Name, u32>,
        element: &FlowElement,
        number: &dyn Fn(Option<Name>) -> Option<u32>,
    ) -> Block {
        let at = body.at(element.name.at);
        let next = Exit { steps: Vec::new(), to: number(element.next), guards: Guards::NONE };
        let mut block = Block { steps: Vec::new(), exits: vec![next], looping: None, at };
        match &element.kind {
            ElementKind::Decision { rules } => {
                block.exits = rules
                    .iter()
                    .map(|rule| Exit {
                        steps: Vec::new(),
                        to: number(rule.next),
                        guards: body.guards_of(rule),
                    })
                    .collect();
                block.exits.push(Exit { steps: Vec::new(), to: number(element.next), guards: Guards::OTHER });
                return block;
            }
            ElementKind::Loop { collection, body: first, .. } => {
                let inner = Exit { steps: Vec::new(), to: number(*first), guards: Guards::NONE };
                block.exits.insert(0, inner);
                block.looping = Some(body.bound_of(*collection, by_name, element.name.value, *first));
                return block;
            }
            ElementKind::Wait { events } => {
                // What comes after a pause runs in another transaction.
                for wait in events {
                    let Some(&next) = by_name.get(&wait.next) else { continue };
                    let resumed = (body.id, next, wait.event);
                    if !self.flows.resumed.contains(&resumed) {
                        self.flows.resumed.push(resumed);
                    }
                }
                return block;
            }
            ElementKind::Screen => {
                block.steps.push(Step::Commit);
                return block;
            }
            _ => {}
        }
        body.frame.open();
        self.element(body, by_name, element, at);
        let steps = body.frame.close();
        match element.fault {
            None => block.steps = steps,
            Some(fault) => {
                // Whoever calls the flow sees nothing of an error that has a path of its own.
                let takes =
                    Clause { at, caught: Name::new("Exception"), unseen: false, steps: vec![Step::Throw] };
                let caught = Step::Try { body: steps, catches: vec![takes], finally: Vec::new() };
                block.exits[0].steps.push(caught);
                let guards = Guards::OTHER.with(Guards::CAUGHT);
                let failed = Exit { steps: Vec::new(), to: number(Some(fault)), guards };
                block.exits.push(failed);
            }
        }
        block
    }

    /// Emits what the element does.
    fn element(
        &mut self,
        body: &mut Body<'u>,
        by_name: &FxHashMap<Name, u32>,
        element: &FlowElement,
        at: Location,
    ) {
        match &element.kind {
            ElementKind::Action(action) => self.action(body, element, action, at),
            ElementKind::ApexPlugin { class } => {
                let invoke = self.symbols.class_named(None, *class).and_then(|class| {
                    self.symbols.methods_named(class, Name::new("invoke")).first().copied()
                });
                match invoke {
                    Some(method) => {
                        let class = self.symbols.method(method).class;
                        let receiver = match class {
                            Some(class) => Receiver::Exact(self.plain_object(class)),
                            None => Receiver::None,
                        };
                        let targets = [(method, receiver)];
                        self.call_method(&mut body.frame, at, &targets, How::Declared, &[Value::unknown()]);
                    }
                    None => self.count_unseen(at, Some(*class), Name::new("invoke")),
                }
            }
            ElementKind::Lookup { object, first_only, by_filters, limit } => {
                let Some(object) = object.filter(|object| !object.folded().ends_with("__mdt")) else {
                    return;
                };
                let label = format!("`{}` (query of {object})", element.name.value);
                let yes_no = |yes: bool| if yes { "yes" } else { "no" };
                let limited = *first_only || limit.is_some();
                let facts =
                    vec![("filtered", yes_no(*by_filters).into()), ("limited", yes_no(limited).into())];
                let site = self.flow_effect(body, element, Effect::Query, label, Some(object), facts);
                body.note_rows(site, !first_only, at);
                if ["__dlm", "__dll", "__cio"].iter().any(|end| object.folded().ends_with(end)) {
                    let facts = vec![("api", "data-cloud".into()), ("endpoint", "dynamic".into())];
                    let label = format!("`{}` (Data Cloud query of {object})", element.name.value);
                    self.flow_effect(body, element, Effect::Callout, label, Some(object), facts);
                }
            }
            ElementKind::Create(records) => self.write(body, by_name, element, records, DmlOp::Insert),
            ElementKind::Update(records) => self.write(body, by_name, element, records, DmlOp::Update),
            ElementKind::Delete(records) => self.write(body, by_name, element, records, DmlOp::Delete),
            ElementKind::Rollback => {
                let label = format!("`{}` (roll back)", element.name.value);
                self.flow_effect(body, element, Effect::Rollback, label, None, Vec::new());
            }
            ElementKind::Subflow { flow } => {
                let label = format!("`{}` (subflow {})", element.name.value, flow.value);
                self.flow_effect(body, element, Effect::Subflow, label, Some(flow.value), Vec::new());
                self.call_flow_from(body, at, flow.value);
            }
            _ => {}
        }
    }

    fn action(&mut self, body: &mut Body<'u>, element: &FlowElement, action: &Action, at: Location) {
        let does = actions::of(&action.action_type);
        let target = action.target.value;
        let method = match does {
            Does::Apex => self.invocable(target),
            _ => None,
        };
        let makes_callout = match does {
            Does::ExternalService => self.leaves_org(target),
            does => does == Does::Connector,
        };
        // Only a flow with screens can end its transaction before an action.
        if body.kind == Kind::Screen {
            let declared = makes_callout || method.is_some_and(|method| declares_callout(self, method));
            match action.transaction.as_deref().unwrap_or_default() {
                "NewTransaction" => body.frame.emit(Step::Commit),
                "Automatic" if declared => body.frame.emit(Step::Commit),
                // The platform decides, and does not know of a callout.
                "Automatic" => {
                    let arm = |steps| Arm {
                        at,
                        case: Case::Connector,
                        guards: Guards::NONE,
                        conditions: Vec::new(),
                        runs: Runs::Each,
                        steps,
                    };
                    let arms = vec![arm(vec![Step::Commit]), arm(Vec::new())];
                    body.frame.emit(Step::Branch { arms, exhaustive: true });
                }
                _ if does == Does::Browser => body.frame.emit(Step::Commit),
                _ => {}
            }
        }
        let name = element.name.value;
        let label = format!("`{name}` (action {target})");
        let facts = vec![("fault-path", if element.fault.is_some() { "yes" } else { "no" }.into())];
        let site = self.flow_effect(body, element, Effect::Action, label, Some(target), facts);
        let mut targets = Vec::new();
        match does {
            Does::Apex => match method {
                Some(method) => targets = self.call_invocable(body, method, at),
                None => self.count_unseen(at, None, target),
            },
            Does::Flow => targets.extend(self.call_flow_from(body, at, target)),
            Does::ExternalService | Does::Connector if makes_callout => {
                self.request(body, element, does, target, at);
            }
            Does::ExternalService | Does::Connector => {}
            Does::Email => {
                let label = format!("`{name}` (email)");
                self.flow_effect(body, element, Effect::Email, label, None, Vec::new());
            }
            Does::Write(what) => {
                let label = format!("`{name}` ({what})");
                self.flow_dml(body, element, label, None, DmlOp::Update, Vec::new());
            }
            Does::ConnectWrite(what) => {
                let label = format!("`{name}` ({what})");
                self.flow_effect(body, element, Effect::ConnectWrite, label, None, Vec::new());
            }
            Does::OutboundMessage => {
                let label = format!("`{name}` (outbound message {target})");
                self.flow_effect(body, element, Effect::OutboundMessage, label, None, Vec::new());
            }
            Does::Unknown => self.count_unseen(at, None, Name::new(&action.action_type)),
            Does::Browser | Does::Nothing => {}
        }
        self.flows.actions.push(PendingAction { site, targets, makes_callout });
    }

    /// A request to another system: one an interview.
    fn request(
        &mut self,
        body: &mut Body<'u>,
        element: &FlowElement,
        does: Does,
        target: Name,
        at: Location,
    ) {
        let service = Name::new(target.as_str().split('.').next().unwrap_or_default());
        let credential =
            self.flows.services.get(&service).and_then(|service| service.named_credential.as_ref());
        let mut facts: Facts = vec![("api", "external-service".into())];
        match credential {
            Some(credential) => {
                facts.push(("endpoint", "named-credential".into()));
                facts.push(("host", credential.value.as_str().into()));
            }
            None if does == Does::ExternalService => {
                facts.push(("endpoint", "named-credential".into()));
                facts.push(("host", service.as_str().into()));
            }
            None => facts.push(("endpoint", "dynamic".into())),
        }
        let label = format!("`{}` (external service {target})", element.name.value);
        if !body.bulk {
            self.flow_effect(body, element, Effect::Callout, label, None, facts);
            return;
        }
        body.frame.open();
        self.flow_effect(body, element, Effect::Callout, label, None, facts);
        let steps = body.frame.close();
        body.frame.emit(Step::Loop(Loop {
            at,
            bound: Bound::EntryBatch,
            size: Size::Batch,
            at_least_once: true,
            resets: Vec::new(),
            steps,
        }));
    }

    /// Calls an invocable method with the requests of all interviews.
    fn call_invocable(&mut self, body: &mut Body<'u>, method: MethodId, at: Location) -> Vec<NodeId> {
        let caller = if body.bulk { Caller::BulkFlow } else { Caller::SingleFlow };
        self.flows.callers.entry(method).or_default().add(Callers::of(caller));
        let size = if body.bulk { Bound::EntryBatch } else { Bound::Constant(1) };
        let args: Vec<Value> = self
            .symbols
            .method(method)
            .params
            .iter()
            .map(|(_, ty)| Value { deps: Deps::param(0), ..Value::known(Known::Sized(size), ty.clone()) })
            .collect();
        self.call_nodes(&mut body.frame, at, &[(method, Receiver::None)], How::Declared, &args).1
    }

    /// The method of an Apex action: `Class`, or `ns__Class` of a package of the project.
    pub(in crate::program) fn invocable(&self, name: Name) -> Option<MethodId> {
        let plain = name.as_str().split_once("__").map(|(_, class)| Name::new(class));
        let class = self
            .symbols
            .class_named(None, name)
            .or_else(|| plain.and_then(|plain| self.symbols.class_named(None, plain)))?;
        let methods = &self.symbols.class(class).methods;
        let mut all: Vec<MethodId> = methods.values().flatten().copied().collect();
        all.sort();
        all.into_iter().find(|&method| self.symbols.annotation(method, "invocablemethod").is_some())
    }

    /// Whether an operation of an external service goes to another system. One that is made from Apex
    /// of this org stays inside.
    fn leaves_org(&self, target: Name) -> bool {
        let service = Name::new(target.as_str().split('.').next().unwrap_or_default());
        let kind = self.flows.services.get(&service).and_then(|service| service.provider_type.as_ref());
        !kind.is_some_and(|kind| ["apexrest", "auraenabled"].contains(&kind.value.to_lowercase().as_str()))
    }

    fn call_flow_from(&mut self, body: &mut Body<'u>, at: Location, name: Name) -> Option<NodeId> {
        let Some(called) = self.flows.named(name) else {
            self.count_unseen(at, None, name);
            return None;
        };
        let args = body.frame.context.args.clone();
        Some(self.call_flow(&mut body.frame, at, called, args))
    }

    /// Emits a call of a flow; `args` says how many interviews run together.
    pub(in crate::program) fn call_flow(
        &mut self,
        frame: &mut Frame<'u>,
        at: Location,
        called: FlowId,
        args: Vec<Known>,
    ) -> NodeId {
        self.flows.called.insert(called);
        let context = Context { receiver: Receiver::None, args, ..frame.context.clone() };
        let node = self.flow_node(called, Part::Start, context, "");
        self.count_call(at, 1, How::Declared);
        let passed_on = Deps::EVENT.with(Deps::ASYNC).with(Deps::BYPASS);
        frame.deps.add(self.deps_of(node, passed_on));
        self.emit_call(frame, at, vec![node], How::Declared, Vec::new());
        node
    }

    /// The nodes of the flows of these kinds that DML on `object` starts.
    pub(in crate::program) fn fired_flows(
        &mut self,
        object: Name,
        op: DmlOp,
        from: &Context,
        kinds: &[Kind],
    ) -> Vec<NodeId> {
        let fired = self.flows.fired(object, op, kinds);
        let mut nodes = Vec::with_capacity(fired.len());
        for id in fired {
            let when = match self.flows.live(id).kind {
                Kind::BeforeSave => "before save",
                Kind::BeforeDelete => "before delete",
                Kind::AfterSave => "after save",
                _ => "",
            };
            let context = Context { args: vec![Known::Sized(Bound::EntryBatch)], ..from.clone() };
            nodes.push(self.flow_node(id, Part::Start, context, when));
        }
        nodes
    }

    fn write(
        &mut self,
        body: &mut Body<'u>,
        by_name: &FxHashMap<Name, u32>,
        element: &FlowElement,
        records: &Records,
        op: DmlOp,
    ) {
        let held = records.reference.and_then(|reference| body.held_in(reference, by_name));
        // In a before-save flow this only sets fields.
        let is_own = records.reference.is_some_and(|reference| reference.is("$record"));
        if is_own && body.kind == Kind::BeforeSave {
            return;
        }
        let object = records.object.or(held.and_then(|held| held.object));
        let is_list = held.is_some_and(|held| held.is_collection) || records.by_filters;
        let name = element.name.value;
        let on = object.map(|object| format!(" of {object}")).unwrap_or_default();
        let size = ("size", if is_list { "list" } else { "one" }.into());
        if op == DmlOp::Insert && object.is_some_and(|object| object.folded().ends_with("__e")) {
            let label = format!("`{name}` (publish{on})");
            let site = self.flow_effect(body, element, Effect::Publish, label, object, vec![size]);
            body.note_rows(site, is_list, body.at(element.name.at));
            return;
        }
        // The other system gets it later, and the flow never learns how that went.
        if object.is_some_and(|object| object.folded().ends_with("__x")) {
            let label = format!("`{name}` ({op}{on})");
            let facts = vec![("outcome", "ignored".into())];
            self.flow_effect(body, element, Effect::ExternalWrite, label, object, facts);
            return;
        }
        let label = format!("`{name}` ({op}{on})");
        let site = self.flow_dml(body, element, label, object, op, vec![size]);
        body.note_rows(site, is_list, body.at(element.name.at));
    }

    fn flow_dml(
        &mut self,
        body: &mut Body<'u>,
        element: &FlowElement,
        label: String,
        object: Option<Name>,
        op: DmlOp,
        facts: Facts,
    ) -> SiteId {
        let site = self.flow_site(body, element, Effect::Dml, label, object, facts);
        self.sites[site.0 as usize].operation = Some(op);
        let triggers = match object {
            Some(object) => self.automation(&mut body.frame, object, op),
            None => Vec::new(),
        };
        body.frame.emit(Step::Dml { site, triggers });
        site
    }

    fn flow_effect(
        &mut self,
        body: &mut Body<'u>,
        element: &FlowElement,
        effect: Effect,
        label: String,
        object: Option<Name>,
        facts: Facts,
    ) -> SiteId {
        let site = self.flow_site(body, element, effect, label, object, facts);
        body.frame.emit(Step::Effect(site));
        site
    }

    fn flow_site(
        &mut self,
        body: &Body<'u>,
        element: &FlowElement,
        effect: Effect,
        label: String,
        object: Option<Name>,
        mut facts: Facts,
    ) -> SiteId {
        let at = body.at(element.name.at);
        facts.push(("source", "flow".into()));
        let symbol = format!("{}.{}", body.flow.name, element.name.value);
        self.site(effect, at, || Site { effect, at, symbol, label, object, operation: None, facts })
    }
}

fn is_followed(flow: &Flow) -> bool {
    flow.elements.len() <= MAX_ELEMENTS
        && flow.elements.iter().map(|element| targets(element).len()).sum::<usize>() <= MAX_CONNECTORS
}

/// `@InvocableMethod(callout=true)`.
pub fn declares_callout(linker: &Linker, method: MethodId) -> bool {
    linker.symbols.annotation(method, "invocablemethod").is_some_and(|annotation| {
        annotation.args.iter().any(|(key, value)| key.is("callout") && value.eq_ignore_ascii_case("true"))
    })
}

/// A flow while its elements are walked.
struct Body<'u> {
    id: FlowId,
    flow: &'u Flow,
    kind: Kind,
    /// Whether many interviews run together.
    bulk: bool,
    frame: Frame<'u>,
}

/// What a resource holds.
#[derive(Clone, Copy)]
struct Held {
    object: Option<Name>,
    is_collection: bool,
}

impl Body<'_> {
    /// How many records an element handles: of one interview, or of all of them together.
    fn note_rows(&mut self, site: SiteId, is_list: bool, at: Location) {
        let of_one = if is_list { Size::symbol(What::Collection, "", at) } else { Size::Exactly(1) };
        let rows = if self.bulk { Size::Batch.times(&of_one) } else { of_one };
        self.frame.note_rows(site, rows);
    }

    fn at(&self, span: Span) -> Location {
        Location { file: self.flow.header.file, span }
    }

    /// The records in a variable, an element's output, the item of a loop, or `$Record`.
    fn held_in(&self, reference: Name, by_name: &FxHashMap<Name, u32>) -> Option<Held> {
        let mut reference = reference;
        for _ in 0..8 {
            if reference.is("$record") || reference.is("$record__prior") {
                let object = self.flow.start.object.as_ref().map(|object| object.value);
                return Some(Held { object, is_collection: false });
            }
            if let Some(variable) = self.flow.variable(reference) {
                return Some(Held { object: variable.object, is_collection: variable.is_collection });
            }
            let element = &self.flow.elements[*by_name.get(&reference)? as usize];
            let source = match &element.kind {
                ElementKind::Lookup { object, first_only, .. } => {
                    return Some(Held { object: *object, is_collection: !first_only });
                }
                ElementKind::Create(records) => {
                    return Some(Held { object: records.object, is_collection: false });
                }
                ElementKind::Loop { collection, .. } => {
                    let held = self.held_in((*collection)?, by_name)?;
                    return Some(Held { is_collection: false, ..held });
                }
                ElementKind::Collection { source } => *source,
                _ => None,
            };
            reference = source?;
        }
        None
    }

    /// How often the body of a Loop element runs.
    fn bound_of(
        &self,
        collection: Option<Name>,
        by_name: &FxHashMap<Name, u32>,
        this: Name,
        first: Option<Name>,
    ) -> Bound {
        // Each turn waits for the user and has a transaction of its own.
        if self.shows_screen(by_name, this, first) {
            return Bound::Paging;
        }
        let element = collection
            .and_then(|collection| by_name.get(&collection))
            .map(|&element| &self.flow.elements[element as usize].kind);
        match element {
            Some(ElementKind::Lookup { limit: Some(limit), .. }) => Bound::Constant(*limit),
            _ => Bound::FlowLoop,
        }
    }

    /// Whether a screen stands between the start of a loop's body and its next turn.
    fn shows_screen(&self, by_name: &FxHashMap<Name, u32>, this: Name, first: Option<Name>) -> bool {
        let reached = |from: Option<Name>| {
            let mut seen: FxHashSet<u32> = FxHashSet::default();
            let mut todo: Vec<u32> = from.and_then(|from| by_name.get(&from)).copied().into_iter().collect();
            while let Some(element) = todo.pop() {
                let element_name = self.flow.elements[element as usize].name.value;
                if !seen.insert(element) || element_name == this {
                    continue;
                }
                let targets = targets(&self.flow.elements[element as usize]);
                todo.extend(targets.iter().filter_map(|name| by_name.get(name)));
            }
            seen
        };
        let start = by_name.get(&this);
        reached(first).into_iter().any(|element| {
            let element = &self.flow.elements[element as usize];
            matches!(element.kind, ElementKind::Screen)
                && start.is_some_and(|start| reached(Some(element.name.value)).contains(start))
        })
    }

    fn guards_of(&self, outcome: &Outcome) -> Guards {
        let is_old = |name: &Name| {
            let text = name.folded();
            text.starts_with("$record__prior") || text.starts_with("myvariable_old")
        };
        let compares = outcome.requires_change
            || outcome.conditions.iter().any(|condition| {
                let formula = self.flow.formulas.iter().find(|formula| formula.name == condition.left);
                is_old(&condition.left)
                    || condition.right.as_ref().is_some_and(is_old)
                    || condition.operator.eq_ignore_ascii_case("IsChanged")
                    || formula.is_some_and(|formula| compares_old_and_new(&formula.text))
            });
        if compares { Guards::CHANGED.with(Guards::OTHER) } else { Guards::OTHER }
    }
}

/// Whether a formula asks what has changed.
pub(super) fn compares_old_and_new(formula: &str) -> bool {
    let formula = formula.to_lowercase();
    [
        "ischanged(",
        "ischanged (",
        "isnew(",
        "isnew (",
        "priorvalue(",
        "priorvalue (",
        "$record__prior",
        "_old.",
    ]
    .iter()
    .any(|word| formula.contains(word))
}

/// The elements that connectors lead to, within the same transaction or not.
fn targets(element: &FlowElement) -> Vec<Name> {
    let mut targets: Vec<Name> = Vec::new();
    match &element.kind {
        ElementKind::Decision { rules } => targets.extend(rules.iter().filter_map(|rule| rule.next)),
        ElementKind::Loop { body, .. } => targets.extend(*body),
        _ => {}
    }
    targets.extend(element.next);
    targets.extend(element.fault);
    targets
}
