//! The entry points that flows are.

use crate::apex::unit::TriggerEvent;
use crate::metadata::flow::Flow;
use crate::span::{Location, Span};

use super::super::interpret::Linker;
use super::super::model::{Bound, Callers, Entry, EntryKind, Fires};
use super::super::value::{AsyncContext, Context, EventContext, Known, Receiver};
use super::{FlowId, Kind, Part, path_of, runs_on, title};

/// The most interviews of one path that run in one transaction, where the path does not say less
/// (Flow, FlowScheduledPath `maxBatchSize`).
const MAX_BATCH: u32 = 200;

/// Adds the entry points of all flows that the platform starts.
pub fn with_triggers(linker: &mut Linker, entries: &mut Vec<Entry>) {
    for id in linker.flows.ids() {
        let live = linker.flows.live(id);
        let (flow, kind) = (live.flow, live.kind);
        let started = match kind {
            Kind::BeforeSave => Some((EntryKind::BeforeSaveFlow, "before save")),
            Kind::AfterSave => Some((EntryKind::AfterSaveFlow, "after save")),
            Kind::BeforeDelete => Some((EntryKind::BeforeDeleteFlow, "before delete")),
            Kind::Event => Some((EntryKind::EventFlow, "")),
            Kind::Scheduled => Some((EntryKind::ScheduledFlow, "scheduled")),
            Kind::Screen => Some((EntryKind::ScreenFlow, "with screens")),
            Kind::Process => Some((EntryKind::ProcessBuilder, "")),
            Kind::EventProcess => Some((EntryKind::EventProcess, "")),
            Kind::Autolaunched | Kind::InvocableProcess => None,
        };
        if let Some((kind, when)) = started
            && flow.start.first.is_some()
        {
            add(linker, entries, id, Part::Start, kind, when);
        }
        for (index, path) in flow.start.scheduled_paths.iter().enumerate() {
            if path.first.is_none() {
                continue;
            }
            let part = Part::Path(index as u32);
            if path.path_type.as_deref().is_some_and(|text| text.eq_ignore_ascii_case("AsyncAfterCommit")) {
                add(linker, entries, id, part, EntryKind::FlowAsyncPath, "asynchronous path");
            } else {
                add(linker, entries, id, part, EntryKind::FlowScheduledPath, "scheduled path");
            }
        }
    }
    resumed(linker, entries);
    linker.all_workflow_rules();
}

/// Adds the flows without a trigger that nothing starts: someone outside of the project may.
pub fn uncalled_flows(linker: &mut Linker, entries: &mut Vec<Entry>) {
    for id in linker.flows.ids() {
        let live = linker.flows.live(id);
        let waits = matches!(live.kind, Kind::Autolaunched | Kind::InvocableProcess);
        if waits && live.flow.start.first.is_some() && !linker.flows.called.contains(&id) {
            add(linker, entries, id, Part::Start, EntryKind::AutolaunchedFlow, "");
        }
    }
    resumed(linker, entries);
}

/// What comes after a pause starts in a transaction of its own.
fn resumed(linker: &mut Linker, entries: &mut Vec<Entry>) {
    while !linker.flows.resumed.is_empty() {
        for (id, element, event) in std::mem::take(&mut linker.flows.resumed) {
            let part = Part::Resumed(element);
            if !linker.flows.nodes.contains_key(&(id, part)) {
                let scheduled = linker.flows.live(id).kind.is_process();
                let when = if scheduled { "scheduled action" } else { "after a pause" };
                add(linker, entries, id, part, EntryKind::FlowScheduledPath, when);
                // Whoever waits for an event receives it.
                if let (Some(event), Some(entry)) = (event, entries.last_mut()) {
                    entry.object = Some(event);
                    entry.event = None;
                    entry.fires = None;
                }
            }
        }
    }
}

fn add(
    linker: &mut Linker,
    entries: &mut Vec<Entry>,
    id: FlowId,
    part: Part,
    kind: EntryKind,
    when: &'static str,
) {
    let live = linker.flows.live(id);
    let (flow, flow_kind) = (live.flow, live.kind);
    let name = title(live, when);
    let in_save = matches!(
        kind,
        EntryKind::BeforeSaveFlow
            | EntryKind::AfterSaveFlow
            | EntryKind::BeforeDeleteFlow
            | EntryKind::ProcessBuilder
    );
    // The save may be that of any transaction, in a trigger too.
    let (event, job) = if in_save {
        (EventContext::Unknown, AsyncContext::Unknown)
    } else {
        (EventContext::NoTrigger, AsyncContext::Synchronous)
    };
    let batch = match kind {
        EntryKind::ScreenFlow | EntryKind::AutolaunchedFlow => Known::Sized(Bound::Constant(1)),
        _ => Known::Sized(Bound::EntryBatch),
    };
    let context = Context { event, job, receiver: Receiver::None, args: vec![batch], bypassed: Vec::new() };
    let node = linker.flow_node(id, part, context, when);
    let events = runs_on(flow, flow_kind);
    entries.push(Entry {
        kind,
        node,
        at: Location { file: flow.header.file, span: start_of(flow, part) },
        name,
        owner: flow.name,
        object: flow.start.object.as_ref().map(|object| object.value),
        event: match events {
            [one] => Some(*one),
            _ => None,
        },
        callouts_enabled: None,
        never_started: false,
        batch_scope: path_of(flow, part)
            .and_then(|path| path.max_batch_size)
            .filter(|size| *size < MAX_BATCH),
        fires: fires(flow, events),
        called_by: Callers::default(),
        facts: Vec::new(),
        class_at: None,
    });
}

/// The place that stands for the start of a part.
pub(super) fn start_of(flow: &Flow, part: Part) -> Span {
    match part {
        Part::Start => flow.start.at,
        Part::Path(index) => {
            flow.start.scheduled_paths.get(index as usize).map_or(flow.start.at, |path| path.at)
        }
        Part::Resumed(element) => flow.elements[element as usize].name.at,
    }
}

/// `None` where no update starts the flow.
fn fires(flow: &Flow, events: &[TriggerEvent]) -> Option<Fires> {
    let on_update =
        events.iter().any(|event| matches!(event, TriggerEvent::BeforeUpdate | TriggerEvent::AfterUpdate));
    let start = &flow.start;
    let compares = start.formula.as_ref().is_some_and(|formula| super::lower::compares_old_and_new(&formula.value))
            || start.filters.iter().any(|filter| filter.operator.eq_ignore_ascii_case("IsChanged"))
        // Only until the field is filled, which is what such flows do.
        || start.filters.iter().any(|filter| filter.is_empty);
    on_update.then_some(if start.requires_change || compares { Fires::OnChange } else { Fires::EverySave })
}
