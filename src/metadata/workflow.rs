//! Workflow of an object: rules, field updates, outbound messages (Workflow).

use serde::Serialize;

use super::Header;
use crate::name::Name;
use crate::span::Spanned;
use crate::xml::Element;

/// The workflow of one object; its header has the object's name.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Workflow {
    pub header: Header,
    pub outbound_messages: Vec<OutboundMessage>,
    pub field_updates: Vec<FieldUpdate>,
    pub rules: Vec<WorkflowRule>,
}

/// A SOAP message that the platform sends after the commit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OutboundMessage {
    pub header: Header,
    pub endpoint: Option<Spanned<String>>,
    pub fields: Vec<Spanned<Name>>,
    pub include_session_id: Option<Spanned<bool>>,
    pub use_dead_letter_queue: Option<Spanned<bool>>,
    pub integration_user: Option<Spanned<String>>,
}

/// A field that workflow sets.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FieldUpdate {
    pub header: Header,
    pub field: Option<Spanned<Name>>,
    /// The lookup to the record that is changed; `None`: the record itself.
    pub target_object: Option<Spanned<Name>>,
    pub reevaluate: bool,
}

/// A workflow rule.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorkflowRule {
    pub header: Header,
    pub active: bool,
    /// `onCreateOnly`, `onAllChanges`, `onCreateOrTriggeringUpdate`, …
    pub trigger_type: Option<Spanned<String>>,
    /// Whether it has a condition that it runs under.
    pub has_condition: bool,
    pub actions: Vec<WorkflowAction>,
}

/// What a rule does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorkflowAction {
    pub name: Spanned<Name>,
    /// `OutboundMessage`, `FieldUpdate`, `Alert`, `Task`, …
    pub action_type: Option<Spanned<String>>,
    /// Whether it waits for a time instead of running at once.
    pub delayed: bool,
}

pub(super) fn read(header: Header, root: &Element) -> Workflow {
    let named = |element: &Element| {
        let name = element.name("fullName")?;
        Some(header.inner(name.value, element))
    };
    let message = |element: &Element| {
        Some(OutboundMessage {
            header: named(element)?,
            endpoint: element.text("endpointUrl"),
            fields: element.names("fields"),
            include_session_id: element.flag("includeSessionId"),
            use_dead_letter_queue: element.flag("useDeadLetterQueue"),
            integration_user: element.text("integrationUser"),
        })
    };
    let update = |element: &Element| {
        Some(FieldUpdate {
            header: named(element)?,
            field: element.name("field"),
            target_object: element.name("targetObject"),
            reevaluate: element.is("reevaluateOnChange"),
        })
    };
    let rule = |element: &Element| {
        let timed = element.all("workflowTimeTriggers").flat_map(|timed| actions(timed, true));
        Some(WorkflowRule {
            header: named(element)?,
            active: element.is("active"),
            trigger_type: element.text("triggerType"),
            has_condition: element.first("criteriaItems").is_some() || element.text("formula").is_some(),
            actions: actions(element, false).chain(timed).collect(),
        })
    };
    Workflow {
        outbound_messages: root.all("outboundMessages").filter_map(message).collect(),
        field_updates: root.all("fieldUpdates").filter_map(update).collect(),
        rules: root.all("rules").filter_map(rule).collect(),
        header,
    }
}

fn actions<'e>(element: &'e Element, delayed: bool) -> impl Iterator<Item = WorkflowAction> + 'e {
    element.all("actions").filter_map(move |action| {
        Some(WorkflowAction { name: action.name("name")?, action_type: action.text("type"), delayed })
    })
}
