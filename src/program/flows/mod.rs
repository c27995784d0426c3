//! Flows, processes and workflow rules as nodes of the program.
//!
//! A live flow has a node for each of its paths and each kind of transaction that runs it. What it does
//! is what its elements do (DOMAIN A.7): DML with the automation that it fires, calls of invocable
//! actions and subflows, callouts, events. Interviews of one transaction are bulkified element by
//! element: an element outside of a loop is one statement or one call of an action with a list, however
//! many records started the flow; only a request to another system happens once an interview.

mod actions;
mod entries;
mod lower;
mod structure;
mod workflow;

pub use entries::{uncalled_flows, with_triggers};
pub use lower::declares_callout;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::apex::unit::{DmlOp, TriggerEvent};
use crate::metadata::Metadata;
use crate::metadata::external_service::ExternalService;
use crate::metadata::flow::{Flow, ScheduledPath};
use crate::metadata::workflow::Workflow;
use crate::name::Name;

use super::interpret::fires;
use super::model::{Callers, NodeId, SiteId};
use super::symbols::MethodId;
use super::value::AsyncContext;

/// By index in [`Flows::live`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FlowId(pub u32);

/// The live automation of a project.
#[derive(Default)]
pub struct Flows<'m> {
    live: Vec<Live<'m>>,
    by_name: FxHashMap<Name, FlowId>,
    /// Record-triggered flows and processes by object.
    by_object: FxHashMap<Name, Vec<FlowId>>,
    workflows: FxHashMap<Name, Vec<&'m Workflow>>,
    services: FxHashMap<Name, &'m ExternalService>,
    /// The nodes built so far.
    nodes: FxHashMap<(FlowId, Part), Vec<NodeId>>,
    rule_nodes: FxHashMap<(Name, Name, AsyncContext, Vec<Name>), NodeId>,
    /// Pauses that a node came to: the element that starts anew, and the platform event that it waits for.
    resumed: Vec<(FlowId, u32, Option<Name>)>,
    /// Flows that something in the project starts.
    pub called: FxHashSet<FlowId>,
    /// Who calls an invocable method.
    pub callers: FxHashMap<MethodId, Callers>,
    /// Action elements, until it is known which of them make callouts.
    pub actions: Vec<PendingAction>,
}

/// An action element that may fail: the nodes it calls and the site it is.
pub struct PendingAction {
    pub site: SiteId,
    pub targets: Vec<NodeId>,
    pub makes_callout: bool,
}

/// A flow that runs.
pub struct Live<'m> {
    pub flow: &'m Flow,
    pub kind: Kind,
}

/// What starts a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    BeforeSave,
    AfterSave,
    BeforeDelete,
    Event,
    Scheduled,
    Screen,
    Autolaunched,
    Process,
    EventProcess,
    InvocableProcess,
}

impl Kind {
    /// `None` for what is no flow in this sense: orchestrations, journeys, strategies.
    fn of(flow: &Flow) -> Option<Kind> {
        let text = |text: &Option<crate::span::Spanned<String>>| {
            text.as_ref().map(|text| text.value.to_lowercase()).unwrap_or_default()
        };
        Some(match text(&flow.process_type).as_str() {
            "workflow" => Kind::Process,
            "customevent" => Kind::EventProcess,
            "invocableprocess" => Kind::InvocableProcess,
            "flow" => Kind::Screen,
            "autolaunchedflow" | "routingflow" | "" => match text(&flow.start.trigger_type).as_str() {
                "recordbeforesave" => Kind::BeforeSave,
                "recordaftersave" => Kind::AfterSave,
                "recordbeforedelete" => Kind::BeforeDelete,
                "platformevent" => Kind::Event,
                "scheduled" => Kind::Scheduled,
                _ => Kind::Autolaunched,
            },
            "fieldservicemobile" | "fieldserviceweb" | "survey" | "surveyenrich" | "contactrequestflow"
            | "customerlifecycle" | "loginflow" | "checkoutflow" | "appointments" => Kind::Screen,
            _ => return None,
        })
    }

    pub fn is_process(self) -> bool {
        matches!(self, Kind::Process | Kind::EventProcess | Kind::InvocableProcess)
    }
}

/// A part of a flow that starts in a transaction of its own, or in the one of the save.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    Start,
    /// By index in the scheduled paths.
    Path(u32),
    /// After a pause: the element that comes first.
    Resumed(u32),
}

impl<'m> Flows<'m> {
    pub fn of(metadata: &'m Metadata) -> Flows<'m> {
        let mut flows = Flows::default();
        for flow in metadata.flows.iter().filter(|flow| is_live(flow, metadata)) {
            let Some(kind) = Kind::of(flow) else { continue };
            // The same flow once more, in another package or an older file.
            if flows.by_name.contains_key(&flow.name) {
                continue;
            }
            let id = FlowId(flows.live.len() as u32);
            flows.by_name.insert(flow.name, id);
            if let Some(object) = &flow.start.object
                && matches!(kind, Kind::BeforeSave | Kind::AfterSave | Kind::BeforeDelete | Kind::Process)
            {
                flows.by_object.entry(object.value).or_default().push(id);
            }
            flows.live.push(Live { flow, kind });
        }
        for workflow in &metadata.workflows {
            flows.workflows.entry(workflow.header.name).or_default().push(workflow);
        }
        for service in &metadata.external_services {
            flows.services.entry(service.header.name).or_insert(service);
        }
        flows
    }

    pub fn named(&self, name: Name) -> Option<FlowId> {
        self.by_name.get(&name).copied()
    }

    pub fn count(&self) -> usize {
        self.live.len()
    }

    fn live(&self, id: FlowId) -> &Live<'m> {
        &self.live[id.0 as usize]
    }

    fn ids(&self) -> impl Iterator<Item = FlowId> + use<> {
        (0..self.live.len() as u32).map(FlowId)
    }

    /// The flows of these kinds that DML on `object` starts.
    fn fired(&self, object: Name, op: DmlOp, kinds: &[Kind]) -> Vec<FlowId> {
        let all = self.by_object.get(&object).map(Vec::as_slice).unwrap_or_default();
        all.iter()
            .copied()
            .filter(|&id| {
                let Live { flow, kind } = self.live(id);
                flow.start.first.is_some()
                    && kinds.contains(kind)
                    && runs_on(flow, *kind).iter().any(|event| fires(op, *event))
            })
            .collect()
    }
}

/// The trigger events that stand for the saves that start a flow.
pub fn runs_on(flow: &Flow, kind: Kind) -> &'static [TriggerEvent] {
    use TriggerEvent::*;
    let on = flow.start.record_trigger_type.as_ref().map(|text| text.value.to_lowercase());
    match (kind, on.as_deref().unwrap_or_default()) {
        (Kind::BeforeSave, "create") => &[BeforeInsert],
        (Kind::BeforeSave, "update") => &[BeforeUpdate],
        (Kind::BeforeSave, _) => &[BeforeInsert, BeforeUpdate],
        (Kind::BeforeDelete, _) => &[BeforeDelete],
        (Kind::AfterSave, "create") | (Kind::Process, "oncreateonly") => &[AfterInsert],
        (Kind::AfterSave, "update") => &[AfterUpdate],
        (Kind::AfterSave | Kind::Process, _) => &[AfterInsert, AfterUpdate],
        _ => &[],
    }
}

/// Only the active version of a flow runs. A file without a status leaves it to the flow's definition.
fn is_live(flow: &Flow, metadata: &Metadata) -> bool {
    if let Some(status) = &flow.status {
        return status.value.eq_ignore_ascii_case("Active");
    }
    let active = metadata
        .flow_definitions
        .iter()
        .find(|definition| definition.header.name == flow.name)
        .and_then(|definition| definition.active_version);
    flow.version.is_some() && active == flow.version
}

/// What an entry of this flow is called: "flow Order_Notify on Order (after save)".
fn title(live: &Live, when: &str) -> String {
    let what = if live.kind.is_process() { "process" } else { "flow" };
    let on = match &live.flow.start.object {
        Some(object) => format!(" on {}", object.value),
        None => String::new(),
    };
    match when {
        "" => format!("{what} {}{on}", live.flow.name),
        _ => format!("{what} {}{on} ({when})", live.flow.name),
    }
}

fn path_of(flow: &Flow, part: Part) -> Option<&ScheduledPath> {
    match part {
        Part::Path(index) => flow.start.scheduled_paths.get(index as usize),
        _ => None,
    }
}
