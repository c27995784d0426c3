//! What an entry point's owner is on the map, by the kinds of its entry points.

use std::collections::BTreeSet;

use crate::name::Name;
use crate::program::model::{Entry, EntryKind};

use super::{Lane, NodeKind};

/// A part of the id of the node that owns an entry point.
pub fn family(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::Trigger | EntryKind::EventTrigger | EntryKind::ChangeEventTrigger => "trigger",
        kind if kind.is_flow() => "flow",
        _ => "class",
    }
}

/// How an entry point of this kind is drawn, and what it is called. The first of an owner's kinds in the
/// order of [`NodeKind`] decides.
fn role(kind: EntryKind) -> (NodeKind, &'static str) {
    match kind {
        EntryKind::Rest => (NodeKind::Api, "REST API"),
        EntryKind::Webservice => (NodeKind::Api, "SOAP API"),
        EntryKind::InboundEmail => (NodeKind::Api, "email service"),
        EntryKind::Trigger | EntryKind::EventTrigger | EntryKind::ChangeEventTrigger => {
            (NodeKind::Trigger, "trigger")
        }
        // Only record-triggered flows have asynchronous paths.
        EntryKind::BeforeSaveFlow
        | EntryKind::AfterSaveFlow
        | EntryKind::BeforeDeleteFlow
        | EntryKind::FlowAsyncPath => (NodeKind::Flow, "record-triggered flow"),
        EntryKind::EventFlow => (NodeKind::Flow, "event-triggered flow"),
        EntryKind::ScheduledFlow => (NodeKind::Flow, "scheduled flow"),
        EntryKind::ScreenFlow => (NodeKind::Flow, "screen flow"),
        EntryKind::AutolaunchedFlow => (NodeKind::Flow, "autolaunched flow"),
        EntryKind::ProcessBuilder | EntryKind::EventProcess => (NodeKind::Flow, "process"),
        EntryKind::FlowScheduledPath => (NodeKind::Flow, PART_OF_FLOW),
        EntryKind::AuraEnabled | EntryKind::AuraCacheable => (NodeKind::Page, "Lightning controller"),
        EntryKind::VisualforceAction | EntryKind::VisualforceGetter | EntryKind::VisualforceConstructor => {
            (NodeKind::Page, "Visualforce controller")
        }
        EntryKind::RemoteAction => (NodeKind::Page, "Visualforce remoting"),
        EntryKind::Schedulable => (NodeKind::Schedule, "scheduled"),
        EntryKind::Invocable => (NodeKind::Action, "flow action"),
        EntryKind::Future => (NodeKind::Job, "@future"),
        EntryKind::Queueable => (NodeKind::Job, "queueable"),
        EntryKind::BatchStart | EntryKind::BatchExecute | EntryKind::BatchFinish => (NodeKind::Job, "batch"),
        EntryKind::Finalizer => (NodeKind::Job, "finalizer"),
        EntryKind::PublishCallback => (NodeKind::Job, "publish callback"),
        EntryKind::InstallHandler | EntryKind::UninstallHandler => (NodeKind::Class, "install script"),
        EntryKind::TransactionSecurity => (NodeKind::Class, "transaction security policy"),
        EntryKind::DataSource => (NodeKind::Class, "data source connector"),
        EntryKind::Uncalled => (NodeKind::Class, "class"),
    }
}

/// What a path of a flow is called where nothing else of the flow is an entry point.
const PART_OF_FLOW: &str = "flow";

/// Whether entry points of this kind receive events.
pub fn receives(kind: EntryKind) -> bool {
    matches!(
        kind,
        EntryKind::EventTrigger
            | EntryKind::ChangeEventTrigger
            | EntryKind::EventFlow
            | EntryKind::EventProcess
    )
}

/// Who calls entry points of this kind from outside: id, name and detail of the node.
pub fn caller(kind: EntryKind) -> Option<(&'static str, &'static str, &'static str)> {
    match kind {
        EntryKind::Rest => Some(("caller:rest", "REST clients", "call REST resources of the org")),
        EntryKind::Webservice => Some(("caller:soap", "SOAP clients", "call web services of the org")),
        EntryKind::InboundEmail => Some(("caller:email", "Mail senders", "write to email services")),
        _ => None,
    }
}

/// All that is known of a node that owns entry points.
#[derive(Default)]
pub struct Owner {
    kinds: BTreeSet<EntryKind>,
    objects: BTreeSet<Name>,
}

impl Owner {
    pub fn add(&mut self, entry: &Entry) {
        self.kinds.insert(entry.kind);
        if entry.kind != EntryKind::Rest {
            self.objects.extend(entry.object);
        }
    }

    pub fn kind(&self) -> NodeKind {
        self.kinds.iter().map(|&kind| role(kind).0).min().unwrap_or(NodeKind::Class)
    }

    /// "trigger on Order", "Lightning controller, queueable".
    pub fn detail(&self) -> String {
        let mut words: Vec<&str> = Vec::new();
        for &kind in &self.kinds {
            let word = role(kind).1;
            if !words.contains(&word) {
                words.push(word);
            }
        }
        // What tells nothing that the others do not.
        if words.len() > 1 {
            words.retain(|word| ![PART_OF_FLOW, role(EntryKind::Uncalled).1].contains(word));
        }
        let objects: Vec<&str> = self.objects.iter().map(|name| name.as_str()).collect();
        let on = if objects.is_empty() { String::new() } else { format!(" on {}", objects.join(", ")) };
        format!("{}{on}", words.join(", "))
    }

    /// The lane before it is known who starts what.
    pub fn lane(&self) -> Lane {
        if self.kinds.iter().any(|&kind| receives(kind)) {
            return Lane::Subscribers;
        }
        match self.kind() {
            NodeKind::Job | NodeKind::Action | NodeKind::Schedule => Lane::Jobs,
            _ => Lane::EntryPoints,
        }
    }
}
