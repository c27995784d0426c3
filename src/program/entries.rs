//! Entry points: where the platform starts a transaction, or a trigger frame inside one (DOMAIN A.4).

use rustc_hash::FxHashSet;

use crate::apex::unit::{Modifiers, TypeKind};
use crate::name::Name;

use super::flows;
use super::interpret::Linker;
use super::model::{Bound, Call, Caller, Callers, Entry, EntryKind, How, NodeId, Step};
use super::symbols::{ClassId, Method, MethodId};
use super::value::{AsyncContext, Context, EventContext, Known, Receiver};

/// A Visualforce page or component, as far as entry points need it.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub name: String,
    /// Controller and extensions.
    pub classes: Vec<String>,
    /// Methods that its buttons and its `action` attribute call.
    pub actions: Vec<String>,
    /// Names in its `{! }` expressions: read on every render.
    pub expressions: Vec<String>,
}

/// Builds the nodes of all entry points, in the order of the files.
pub fn find(linker: &mut Linker, pages: &[Page]) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut taken: FxHashSet<MethodId> = FxHashSet::default();
    // What asynchronous jobs are given comes from those who start them: these go first.
    for jobs in [false, true] {
        linker.callers_known = jobs;
        for index in 0..linker.symbols.methods.len() {
            let id = MethodId(index as u32);
            let method = linker.symbols.method(id);
            if method.is_test || is_job(linker, id) != jobs {
                continue;
            }
            match method.class {
                None => triggers(linker, id, &mut entries, &mut taken),
                Some(class) => declared(linker, class, id, &mut entries, &mut taken),
            }
        }
        if !jobs {
            for page in pages {
                visualforce(linker, page, &mut entries, &mut taken);
            }
            flows::with_triggers(linker, &mut entries);
        }
    }
    flows::uncalled_flows(linker, &mut entries);
    uncalled(linker, &mut entries, &mut taken);
    initialised(linker, &entries);
    for entry in entries.iter_mut().filter(|entry| entry.kind == EntryKind::Invocable) {
        let method = linker.node_methods[entry.node.0 as usize];
        let callers = method.and_then(|method| linker.flows.callers.get(&method));
        entry.called_by = callers.copied().unwrap_or(Callers::of(Caller::Nothing));
    }
    for entry in &mut entries {
        entry.never_started = entry.kind == EntryKind::Future
            && linker.node_methods[entry.node.0 as usize].is_some_and(|method| {
                !linker.future_args.contains_key(&method)
                    && !linker.symbols.modifiers(method).has(Modifiers::GLOBAL)
            });
        if matches!(entry.kind, EntryKind::BatchExecute)
            && let Some(class) = linker.symbols.class_named(None, entry.owner)
            && let Some(scopes) = linker.batch_scopes.get(&class)
            && !scopes.contains(&0)
        {
            entry.batch_scope = scopes.iter().max().copied();
        }
    }
    entries
}

/// What the platform calls starts with the static initialiser of its class.
fn initialised(linker: &mut Linker, entries: &[Entry]) {
    let mut seen: FxHashSet<NodeId> = FxHashSet::default();
    for entry in entries.iter().filter(|entry| !entry.kind.is_flow()) {
        let method = linker.node_methods[entry.node.0 as usize].map(|id| linker.symbols.method(id));
        let init =
            method.and_then(|method| method.class).and_then(|class| linker.symbols.class(class).static_init);
        let Some(init) = init.filter(|_| seen.insert(entry.node)) else { continue };
        let context = Context {
            event: EventContext::NoTrigger,
            job: AsyncContext::Unknown,
            receiver: Receiver::None,
            args: Vec::new(),
            bypassed: Vec::new(),
        };
        let target = linker.node(init, context);
        let call =
            Call { at: entry.at, targets: vec![target], how: How::Declared, once: true, sizes: Vec::new() };
        linker.nodes[entry.node.0 as usize].steps.insert(0, Step::Call(call));
    }
}

/// An `@future` method or a method of a queueable or batch class.
fn is_job(linker: &Linker, id: MethodId) -> bool {
    let symbols = linker.symbols;
    symbols.annotation(id, "future").is_some()
        || (matches!(symbols.method(id).name.folded(), "execute" | "start" | "finish")
            && symbols.method(id).class.is_some_and(|class| {
                symbols.has_foreign_supertype(class, "queueable")
                    || symbols.has_foreign_supertype(class, "database.batchable")
            }))
}

fn triggers(linker: &mut Linker, id: MethodId, entries: &mut Vec<Entry>, taken: &mut FxHashSet<MethodId>) {
    let symbols = linker.symbols;
    let method = symbols.method(id);
    if !matches!(method.body, super::symbols::Body::Trigger) {
        return;
    }
    taken.insert(id);
    let Some(trigger) = symbols.trigger_decl(id).filter(|trigger| trigger.active) else { return };
    let object = trigger.object.folded();
    let kind = if object.ends_with("changeevent") {
        EntryKind::ChangeEventTrigger
    } else if object.ends_with("__e") || matches!(object, "batchapexerrorevent" | "flowexecutionerrorevent") {
        EntryKind::EventTrigger
    } else {
        EntryKind::Trigger
    };
    let mut events = trigger.events.clone();
    events.sort();
    events.dedup();
    for event in events {
        let context = Context {
            event: EventContext::In { event, object: trigger.object },
            job: AsyncContext::Synchronous,
            receiver: Receiver::None,
            args: Vec::new(),
            bypassed: Vec::new(),
        };
        let node = linker.node(id, context);
        entries.push(Entry {
            kind,
            node,
            at: method.at,
            name: format!("trigger {} on {} ({event})", trigger.name, trigger.object),
            owner: trigger.name,
            object: Some(trigger.object),
            event: Some(event),
            callouts_enabled: None,
            never_started: false,
            batch_scope: None,
            fires: None,
            called_by: Callers::default(),
            facts: Vec::new(),
            class_at: None,
        });
    }
}

/// Entry points that a declaration makes: annotations and interfaces.
fn declared(
    linker: &mut Linker,
    class: ClassId,
    id: MethodId,
    entries: &mut Vec<Entry>,
    taken: &mut FxHashSet<MethodId>,
) {
    let symbols = linker.symbols;
    let method = symbols.method(id);
    if !matches!(method.body, super::symbols::Body::Method { .. }) || symbols.block(id).is_none() {
        return;
    }
    let Some((kind, job)) = kind_of(linker, class, id, method) else { return };
    taken.insert(id);
    let callouts_enabled = match kind {
        EntryKind::Future => Some(symbols.annotation(id, "future").is_some_and(|annotation| {
            annotation.args.iter().any(|(key, value)| key.is("callout") && value.eq_ignore_ascii_case("true"))
        })),
        EntryKind::Queueable | EntryKind::BatchStart | EntryKind::BatchExecute | EntryKind::BatchFinish => {
            // A supertype outside of the project may carry the marker.
            Some(
                symbols.has_foreign_supertype(class, "database.allowscallouts")
                    || symbols.has_foreign_supertype(class, "allowscallouts")
                    || symbols.extends_unknown(class),
            )
        }
        EntryKind::Invocable => Some(flows::declares_callout(linker, id)),
        _ => None,
    };
    let node = entry_node(linker, class, id, kind, job);
    let object = match kind {
        EntryKind::Rest => symbols
            .decl(class)
            .annotations
            .iter()
            .find(|annotation| annotation.name.is("restresource"))
            .and_then(|annotation| annotation.args.iter().find(|(key, _)| key.is("urlmapping")))
            .map(|(_, path)| Name::new(path)),
        _ => None,
    };
    entries.push(Entry {
        kind,
        node,
        at: method.at,
        name: format!("{} {}", title(kind), method.symbol),
        owner: symbols.class(class).name,
        object,
        event: None,
        callouts_enabled,
        never_started: false,
        batch_scope: None,
        fires: None,
        called_by: Callers::default(),
        facts: Vec::new(),
        class_at: None,
    });
}

fn kind_of(
    linker: &Linker,
    class: ClassId,
    id: MethodId,
    method: &Method,
) -> Option<(EntryKind, AsyncContext)> {
    let symbols = linker.symbols;
    use AsyncContext::*;
    for annotation in symbols.annotations(id) {
        let found = match annotation.name.folded() {
            "future" => (EntryKind::Future, Future),
            "invocablemethod" => (EntryKind::Invocable, Synchronous),
            "auraenabled" => {
                let cacheable = annotation
                    .args
                    .iter()
                    .any(|(key, value)| key.is("cacheable") && value.eq_ignore_ascii_case("true"));
                (if cacheable { EntryKind::AuraCacheable } else { EntryKind::AuraEnabled }, Synchronous)
            }
            "remoteaction" => (EntryKind::RemoteAction, Synchronous),
            "httpget" | "httppost" | "httpput" | "httppatch" | "httpdelete" => (EntryKind::Rest, Synchronous),
            _ => continue,
        };
        return Some(found);
    }
    if symbols.modifiers(id).has(Modifiers::WEBSERVICE) {
        return Some((EntryKind::Webservice, Synchronous));
    }
    if method.is_static || method.is_constructor {
        return None;
    }
    let is = |name: &str| symbols.has_foreign_supertype(class, name);
    let params = method.params.len();
    match (method.name.folded(), params) {
        ("execute", 1) if is("queueable") => Some((EntryKind::Queueable, Queueable)),
        ("execute", 1) if is("schedulable") => Some((EntryKind::Schedulable, Scheduled)),
        ("execute", 1) if is("finalizer") => Some((EntryKind::Finalizer, Queueable)),
        ("start", 1) if is("database.batchable") => Some((EntryKind::BatchStart, Batch)),
        ("execute", 2) if is("database.batchable") => Some((EntryKind::BatchExecute, Batch)),
        ("finish", 1) if is("database.batchable") => Some((EntryKind::BatchFinish, Batch)),
        ("handleinboundemail", 2) if is("messaging.inboundemailhandler") => {
            Some((EntryKind::InboundEmail, Synchronous))
        }
        ("oninstall", 1) if is("installhandler") => Some((EntryKind::InstallHandler, Synchronous)),
        ("onuninstall", 1) if is("uninstallhandler") => Some((EntryKind::UninstallHandler, Synchronous)),
        ("evaluate", _) if is("txnsecurity.eventcondition") || is("txnsecurity.policycondition") => {
            Some((EntryKind::TransactionSecurity, Synchronous))
        }
        ("query" | "search" | "upsertrows" | "deleterows" | "sync", 1) if is("datasource.connection") => {
            Some((EntryKind::DataSource, Synchronous))
        }
        ("onsuccess" | "onfailure", 1)
            if is("eventbus.eventpublishfailurecallback") || is("eventbus.eventpublishsuccesscallback") =>
        {
            Some((EntryKind::PublishCallback, Synchronous))
        }
        _ => None,
    }
}

/// One class may be both, by two `execute` methods: the parameter's type decides.
fn entry_node(
    linker: &mut Linker,
    class: ClassId,
    id: MethodId,
    kind: EntryKind,
    job: AsyncContext,
) -> NodeId {
    let symbols = linker.symbols;
    let method = symbols.method(id);
    let receiver = if method.is_static {
        Receiver::None
    } else if symbols.decl(class).kind == TypeKind::Class {
        Receiver::Exact(linker.plain_object(class))
    } else {
        Receiver::Below(class)
    };
    let batch_param = match kind {
        EntryKind::BatchExecute => Some(1),
        EntryKind::Invocable => Some(0),
        _ => None,
    };
    let args = method
        .params
        .iter()
        .enumerate()
        .map(|(index, _)| {
            if batch_param == Some(index) {
                return Known::Sized(Bound::EntryBatch);
            }
            // Every caller passes a collection of known size.
            match linker.future_args.get(&id).and_then(|args| args.get(index)) {
                Some(Known::Sized(bound @ Bound::Constant(1..))) => Known::Sized(*bound),
                _ => Known::Nothing,
            }
        })
        .collect();
    let event = match kind {
        EntryKind::Uncalled => EventContext::Unknown,
        _ => EventContext::NoTrigger,
    };
    linker.node(id, Context { event, job, receiver, args, bypassed: Vec::new() })
}

fn title(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Future => "@future",
        EntryKind::Queueable => "queueable",
        EntryKind::BatchStart | EntryKind::BatchExecute | EntryKind::BatchFinish => "batch",
        EntryKind::Schedulable => "scheduled job",
        EntryKind::Finalizer => "finalizer",
        EntryKind::Invocable => "invocable action",
        EntryKind::AuraEnabled => "@AuraEnabled",
        EntryKind::AuraCacheable => "@AuraEnabled(cacheable=true)",
        EntryKind::VisualforceAction => "Visualforce action",
        EntryKind::VisualforceGetter => "Visualforce getter",
        EntryKind::VisualforceConstructor => "Visualforce constructor",
        EntryKind::RemoteAction => "@RemoteAction",
        EntryKind::Rest => "REST resource",
        EntryKind::Webservice => "web service",
        EntryKind::InboundEmail => "email service",
        EntryKind::InstallHandler => "install handler",
        EntryKind::UninstallHandler => "uninstall handler",
        EntryKind::TransactionSecurity => "transaction security policy",
        EntryKind::DataSource => "Salesforce Connect adapter",
        EntryKind::PublishCallback => "publish callback",
        EntryKind::Uncalled => "method",
        EntryKind::Trigger | EntryKind::EventTrigger | EntryKind::ChangeEventTrigger => "trigger",
        // Flows name themselves.
        EntryKind::BeforeSaveFlow
        | EntryKind::AfterSaveFlow
        | EntryKind::BeforeDeleteFlow
        | EntryKind::FlowAsyncPath
        | EntryKind::FlowScheduledPath
        | EntryKind::EventFlow
        | EntryKind::ScheduledFlow
        | EntryKind::ScreenFlow
        | EntryKind::AutolaunchedFlow
        | EntryKind::ProcessBuilder
        | EntryKind::EventProcess => "flow",
    }
}

fn visualforce(linker: &mut Linker, page: &Page, entries: &mut Vec<Entry>, taken: &mut FxHashSet<MethodId>) {
    for class_name in &page.classes {
        let Some(class) = linker.symbols.class_named(None, Name::new(class_name)) else { continue };
        if linker.symbols.class(class).is_test {
            continue;
        }
        let mut found: Vec<(MethodId, EntryKind)> = Vec::new();
        found.extend(
            linker
                .symbols
                .class(class)
                .constructors
                .iter()
                .map(|&constructor| (constructor, EntryKind::VisualforceConstructor)),
        );
        for action in &page.actions {
            found.extend(
                linker
                    .symbols
                    .methods_named(class, Name::new(action))
                    .into_iter()
                    .filter(|&method| linker.symbols.method(method).params.is_empty())
                    .map(|method| (method, EntryKind::VisualforceAction)),
            );
        }
        for expression in &page.expressions {
            let getter = Name::new(&format!("get{expression}"));
            found.extend(
                linker
                    .symbols
                    .methods_named(class, getter)
                    .into_iter()
                    .filter(|&method| linker.symbols.method(method).params.is_empty())
                    .map(|method| (method, EntryKind::VisualforceGetter)),
            );
            if let Some(field) = linker.symbols.field_named(class, Name::new(expression))
                && let Some(getter) = linker.symbols.field(field).getter
            {
                found.push((getter, EntryKind::VisualforceGetter));
            }
        }
        for (id, kind) in found {
            if !taken.insert(id) {
                continue;
            }
            let node = entry_node(linker, class, id, kind, AsyncContext::Synchronous);
            let method = linker.symbols.method(id);
            entries.push(Entry {
                kind,
                node,
                at: method.at,
                name: format!("{} {} (page {})", title(kind), method.symbol, page.name),
                owner: linker.symbols.class(class).name,
                object: None,
                event: None,
                callouts_enabled: None,
                never_started: false,
                batch_scope: None,
                fires: None,
                called_by: Callers::default(),
                facts: Vec::new(),
                class_at: None,
            });
        }
    }
}

/// Methods that nothing in the project calls: others may, and what stands in them is checked all the
/// same. Private ones get a node, but are no entry point.
fn uncalled(linker: &mut Linker, entries: &mut Vec<Entry>, taken: &mut FxHashSet<MethodId>) {
    let mut built: FxHashSet<MethodId> = linker.node_methods.iter().flatten().copied().collect();
    let mut seen = linker.node_methods.len();
    let mut added = Vec::new();
    for index in 0..linker.symbols.methods.len() {
        let id = MethodId(index as u32);
        let method = linker.symbols.method(id);
        let Some(class) = method.class else { continue };
        if method.is_test || taken.contains(&id) || built.contains(&id) || linker.symbols.block(id).is_none()
        {
            continue;
        }
        let node = entry_node(linker, class, id, EntryKind::Uncalled, AsyncContext::Unknown);
        added.push((id, class, node));
        // Building it may have built others.
        built.extend(linker.node_methods[seen..].iter().flatten());
        seen = linker.node_methods.len();
    }
    for (id, class, node) in added {
        let method = linker.symbols.method(id);
        let modifiers = linker.symbols.modifiers(id);
        let callable = modifiers.has(Modifiers::PUBLIC) || modifiers.has(Modifiers::GLOBAL);
        // What implements a method of the project is called through it, by those who were resolved.
        if linker.called.contains(&id) || !callable || implements_project_method(linker, class, id) {
            continue;
        }
        taken.insert(id);
        entries.push(Entry {
            kind: EntryKind::Uncalled,
            node,
            at: method.at,
            name: format!("{} {}", title(EntryKind::Uncalled), method.symbol),
            owner: linker.symbols.class(class).name,
            object: None,
            event: None,
            callouts_enabled: None,
            never_started: false,
            batch_scope: None,
            fires: None,
            called_by: Callers::default(),
            facts: Vec::new(),
            class_at: None,
        });
    }
}

/// Whether the method overrides or implements one that the project declares.
fn implements_project_method(linker: &Linker, class: ClassId, id: MethodId) -> bool {
    let method = linker.symbols.method(id);
    if method.is_static || method.is_constructor {
        return false;
    }
    let entry = linker.symbols.class(class);
    entry.superclass.iter().chain(&entry.interfaces).any(|&parent| {
        linker
            .symbols
            .methods_named(parent, method.name)
            .iter()
            .any(|&other| linker.symbols.method(other).params.len() == method.params.len())
    })
}
