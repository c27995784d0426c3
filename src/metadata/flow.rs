//! Flows, and the processes of Process Builder, which are stored as flows (Flow, FlowDefinition).
//!
//! Source of the elements: Metadata API Developer Guide, Flow; for processes, which have no `start`
//! element, the `processMetadataValues` that Process Builder writes.

use serde::Serialize;

use super::Header;
use crate::name::Name;
use crate::span::{Span, Spanned};
use crate::xml::Element;

/// A version of a flow.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Flow {
    pub header: Header,
    /// Without the number of the version.
    pub name: Name,
    /// In files of API 43.0 and earlier: `Name-3.flow`.
    pub version: Option<u32>,
    /// `Active`; older files leave it to the [`FlowDefinition`].
    pub status: Option<Spanned<String>>,
    /// `Flow` (with screens), `AutoLaunchedFlow`, `Workflow` (a process), …
    pub process_type: Option<Spanned<String>>,
    pub start: Start,
    /// In the order of the file, which groups them by kind.
    pub elements: Vec<FlowElement>,
    pub variables: Vec<Variable>,
    pub formulas: Vec<Formula>,
}

/// Which version of a flow is active.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlowDefinition {
    pub header: Header,
    /// 0 where none is.
    pub active_version: Option<u32>,
}

/// When a flow starts, and with which element.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Start {
    /// The trigger type, or the start element.
    pub at: Span,
    pub object: Option<Spanned<Name>>,
    /// `RecordAfterSave`, `PlatformEvent`, `Scheduled`, …
    pub trigger_type: Option<Spanned<String>>,
    /// `Create`, `Update`, `CreateAndUpdate`, `Delete`; of a process `onAllChanges`, `onCreateOnly`.
    pub record_trigger_type: Option<Spanned<String>>,
    /// "Only when a record is updated to meet the condition requirements".
    pub requires_change: bool,
    /// The fields and operators of the entry conditions.
    pub filters: Vec<Filter>,
    pub formula: Option<Spanned<String>>,
    pub first: Option<Spanned<Name>>,
    pub scheduled_paths: Vec<ScheduledPath>,
}

/// An entry condition.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Filter {
    pub field: Name,
    /// `EqualTo`, `IsChanged`, …
    pub operator: String,
    /// `IsNull` with the value `true`: as long as the field is empty.
    pub is_empty: bool,
}

/// A path that runs in a transaction of its own.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScheduledPath {
    pub at: Span,
    pub label: Option<String>,
    /// `AsyncAfterCommit`: at once after the commit; else at a time.
    pub path_type: Option<String>,
    /// How many interviews run together.
    pub max_batch_size: Option<u32>,
    pub first: Option<Spanned<Name>>,
}

/// One element on the canvas.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FlowElement {
    pub name: Spanned<Name>,
    pub kind: ElementKind,
    /// The element after it.
    pub next: Option<Name>,
    /// The element after it where it fails.
    pub fault: Option<Name>,
}

/// What an element does.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub enum ElementKind {
    Action(Action),
    /// An Apex class with the old `Process.Plugin` interface.
    ApexPlugin {
        class: Name,
    },
    Lookup {
        object: Option<Name>,
        first_only: bool,
        /// Whether conditions choose the records.
        by_filters: bool,
        /// At most this many records.
        limit: Option<u32>,
    },
    Create(Records),
    Update(Records),
    Delete(Records),
    Rollback,
    Decision {
        rules: Vec<Outcome>,
    },
    Loop {
        collection: Option<Name>,
        body: Option<Name>,
        /// The variable that holds the item; by default the loop itself is one.
        item: Option<Name>,
    },
    /// A filter, sort or map of a collection.
    Collection {
        source: Option<Name>,
    },
    Subflow {
        flow: Spanned<Name>,
    },
    Screen,
    Wait {
        events: Vec<WaitEvent>,
    },
    /// Assignments and all others: nothing happens outside of the flow.
    Other,
}

/// An action element.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Action {
    /// The Apex class, the operation of a service, the flow, …
    pub target: Spanned<Name>,
    /// `apex`, `externalService`, `emailAlert`, …
    pub action_type: String,
    /// `CurrentTransaction`, `NewTransaction`, `Automatic`.
    pub transaction: Option<String>,
}

/// What ends a pause.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WaitEvent {
    /// The element after it.
    pub next: Name,
    /// The platform event (`Order__e`), where it waits for one and not for a time.
    pub event: Option<Name>,
}

/// The records that an element writes.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Records {
    /// The object, where the element names it.
    pub object: Option<Name>,
    /// The variable or resource that holds the records, where there is one.
    pub reference: Option<Name>,
    /// Whether conditions find the records.
    pub by_filters: bool,
}

/// An outcome of a decision.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Outcome {
    pub next: Option<Name>,
    pub conditions: Vec<Comparison>,
    /// "Only if the record that triggered the flow is updated to meet the condition requirements".
    pub requires_change: bool,
}

/// A condition of a decision.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Comparison {
    pub left: Name,
    pub operator: String,
    /// The resource on the right, where it is one.
    pub right: Option<Name>,
}

/// A variable.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Variable {
    pub name: Name,
    pub object: Option<Name>,
    pub is_collection: bool,
}

/// A formula resource.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Formula {
    pub name: Name,
    pub text: String,
}

impl Flow {
    pub fn element(&self, name: Name) -> Option<&FlowElement> {
        self.elements.iter().find(|element| element.name.value == name)
    }

    pub fn variable(&self, name: Name) -> Option<&Variable> {
        self.variables.iter().find(|variable| variable.name == name)
    }
}

/// Whether the text says that this version does not run, told without reading it: flows are large, and
/// most repositories keep many old ones.
pub(super) fn is_inactive(text: &str) -> bool {
    let mut found = text.split("<status>").skip(1).map(|rest| {
        let status = rest.split('<').next().unwrap_or_default().trim();
        ["draft", "obsolete", "invaliddraft"].contains(&status.to_ascii_lowercase().as_str())
    });
    // Only the last element of the root is meant; no other one may say something else.
    found.next().is_some_and(|inactive| inactive && found.all(|inactive| inactive))
}

pub(super) fn definition(header: Header, root: &Element) -> FlowDefinition {
    FlowDefinition { active_version: root.number("activeVersionNumber").map(|number| number.value), header }
}

pub(super) fn read(header: Header, root: &Element) -> Flow {
    let (name, version) = versioned(header.name);
    Flow {
        name,
        version,
        status: root.text("status"),
        process_type: root.text("processType"),
        start: start(&header, root),
        elements: root.children.iter().filter_map(element).collect(),
        variables: root
            .all("variables")
            .filter_map(|variable| {
                Some(Variable {
                    name: value(variable, "name")?,
                    object: value(variable, "objectType"),
                    is_collection: variable.is("isCollection"),
                })
            })
            .collect(),
        formulas: root
            .all("formulas")
            .filter_map(|formula| {
                Some(Formula { name: value(formula, "name")?, text: formula.text("expression")?.value })
            })
            .collect(),
        header,
    }
}

/// `Name-3` is version 3 of `Name`.
fn versioned(name: Name) -> (Name, Option<u32>) {
    let numbered = name.as_str().rsplit_once('-');
    match numbered.and_then(|(name, version)| Some((name, version.parse().ok()?))) {
        Some((name, version)) => (Name::new(name), Some(version)),
        None => (name, None),
    }
}

fn start(header: &Header, root: &Element) -> Start {
    let nothing = Start {
        at: header.at,
        object: None,
        trigger_type: None,
        record_trigger_type: None,
        requires_change: false,
        filters: Vec::new(),
        formula: None,
        first: root.name("startElementReference"),
        scheduled_paths: Vec::new(),
    };
    let Some(start) = root.first("start") else {
        // A process says in values of the editor when it starts.
        let process = |wanted: &str| {
            let named = |values: &&Element| {
                values.text("name").is_some_and(|name| name.value.eq_ignore_ascii_case(wanted))
            };
            root.all("processMetadataValues").find(named)?.first("value")?.text("stringValue")
        };
        let object = process("ObjectType");
        let event = process("EventType");
        let record_trigger_type = process("TriggerType");
        let first = event.as_ref().or(object.as_ref()).map(|text| text.at);
        return Start {
            at: first.or(nothing.first.as_ref().map(|first| first.at)).unwrap_or(header.at),
            object: event.or(object).map(|text| text.map(|text| Name::new(&text))),
            record_trigger_type,
            ..nothing
        };
    };
    let trigger_type = start.text("triggerType");
    Start {
        at: trigger_type.as_ref().map_or(start.tag, |text| text.at),
        object: start.name("object"),
        record_trigger_type: start.text("recordTriggerType"),
        requires_change: start.is("doesRequireRecordChangedToMeetCriteria"),
        filters: start
            .all("filters")
            .filter_map(|filter| {
                let operator = filter.text("operator")?.value;
                let is_empty = operator.eq_ignore_ascii_case("IsNull")
                    && filter.first("value").is_some_and(|value| value.is("booleanValue"));
                Some(Filter { field: value(filter, "field")?, operator, is_empty })
            })
            .collect(),
        formula: start.text("filterFormula"),
        first: target(start, "connector").or(nothing.first),
        scheduled_paths: start.all("scheduledPaths").map(scheduled_path).collect(),
        trigger_type,
    }
}

fn scheduled_path(path: &Element) -> ScheduledPath {
    let path_type = path.text("pathType");
    let label = path.text("label");
    let first = target(path, "connector");
    ScheduledPath {
        at: path_type
            .as_ref()
            .map(|text| text.at)
            .or(path.text("name").map(|text| text.at))
            .or(first.as_ref().map(|first| first.at))
            .unwrap_or(path.tag),
        label: label.map(|text| text.value),
        path_type: path_type.map(|text| text.value),
        max_batch_size: path.number("maxBatchSize").map(|number| number.value),
        first,
    }
}

/// `None` for children that are no elements of the flow.
fn element(element: &Element) -> Option<FlowElement> {
    let reference = || value(element, "inputReference");
    let records = || Records {
        object: value(element, "object"),
        reference: reference(),
        by_filters: element.first("filters").is_some(),
    };
    let mut next = target(element, "connector");
    let kind = match element.name {
        "actionCalls" => ElementKind::Action(Action {
            target: element.name("actionName")?,
            action_type: element.text("actionType")?.value,
            transaction: element.text("flowTransactionModel").map(|text| text.value),
        }),
        "apexPluginCalls" => ElementKind::ApexPlugin { class: value(element, "apexClass")? },
        "recordLookups" => ElementKind::Lookup {
            object: value(element, "object"),
            // Without it, an element that fills a variable of one record asks for one.
            first_only: element.is("getFirstRecordOnly") || element.first("outputAssignments").is_some(),
            by_filters: element.first("filters").is_some(),
            limit: element.number("limit").map(|number| number.value),
        },
        "recordCreates" => ElementKind::Create(records()),
        "recordUpdates" => ElementKind::Update(records()),
        "recordDeletes" => ElementKind::Delete(records()),
        "recordRollbacks" => ElementKind::Rollback,
        "decisions" => {
            next = target(element, "defaultConnector");
            ElementKind::Decision { rules: element.all("rules").map(outcome).collect() }
        }
        "loops" => {
            next = target(element, "noMoreValuesConnector");
            ElementKind::Loop {
                collection: value(element, "collectionReference"),
                body: target(element, "nextValueConnector").map(|name| name.value),
                item: value(element, "assignNextValueToReference"),
            }
        }
        "collectionProcessors" | "transforms" => {
            ElementKind::Collection { source: value(element, "collectionReference") }
        }
        "subflows" => ElementKind::Subflow { flow: element.name("flowName")? },
        "screens" => ElementKind::Screen,
        "waits" => {
            next = target(element, "defaultConnector");
            let events = element.all("waitEvents").filter_map(|event| {
                let platform_event = value(event, "eventType").filter(|name| name.folded().ends_with("__e"));
                Some(WaitEvent { next: target(event, "connector")?.value, event: platform_event })
            });
            let timeout = target(element, "timeoutConnector");
            let timeout = timeout.map(|name| WaitEvent { next: name.value, event: None });
            ElementKind::Wait { events: events.chain(timeout).collect() }
        }
        "assignments" | "customErrors" | "steps" | "orchestratedStages" | "steppedStages" => {
            ElementKind::Other
        }
        _ => return None,
    };
    Some(FlowElement {
        name: element.name("name")?,
        kind,
        next: next.map(|name| name.value),
        fault: target(element, "faultConnector").map(|name| name.value),
    })
}

fn outcome(rule: &Element) -> Outcome {
    let comparison = |condition: &Element| {
        let right = condition.first("rightValue").and_then(|value| value.name("elementReference"));
        Some(Comparison {
            left: value(condition, "leftValueReference")?,
            operator: condition.text("operator")?.value,
            right: right.map(|name| name.value),
        })
    };
    Outcome {
        next: target(rule, "connector").map(|name| name.value),
        conditions: rule.all("conditions").filter_map(comparison).collect(),
        requires_change: rule.is("doesRequireRecordChangedToMeetCriteria"),
    }
}

/// The element that a connector leads to.
fn target(element: &Element, connector: &str) -> Option<Spanned<Name>> {
    element.first(connector)?.name("targetReference")
}

fn value(element: &Element, child: &str) -> Option<Name> {
    element.name(child).map(|name| name.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::FileId;
    use crate::xml;

    fn flow(name: &str, text: &str) -> Flow {
        let document = xml::parse(text);
        assert_eq!(document.error, None);
        let root = document.root.expect("a root");
        let header = Header {
            name: Name::new(name),
            file: FileId(0),
            at: root.tag,
            complete: true,
            api_version: None,
        };
        read(header, &root)
    }

    #[test]
    fn elements_have_their_kinds_connectors_and_places() {
        let text = "<Flow><actionCalls><name>Call</name><actionName>Pricing.get</actionName>\
            <actionType>externalService</actionType><flowTransactionModel>Automatic</flowTransactionModel>\
            <connector><targetReference>Save</targetReference></connector>\
            <faultConnector><targetReference>Log</targetReference></faultConnector>\
            <inputParameters><name>id</name><value><elementReference>$Record.Id</elementReference></value>\
            </inputParameters></actionCalls>\
            <decisions><name>Big</name><defaultConnector><targetReference>Each</targetReference></defaultConnector>\
            <rules><name>Yes</name><conditions><leftValueReference>$Record.Amount</leftValueReference>\
            <operator>GreaterThan</operator><rightValue><elementReference>$Record__Prior.Amount</elementReference>\
            </rightValue></conditions><connector><targetReference>Call</targetReference></connector></rules>\
            </decisions>\
            <loops><name>Each</name><collectionReference>Get</collectionReference>\
            <nextValueConnector><targetReference>Save</targetReference></nextValueConnector></loops>\
            <recordCreates><name>Save</name><inputReference>event</inputReference></recordCreates>\
            <variables><name>event</name><objectType>Stock__e</objectType><isCollection>true</isCollection>\
            </variables>\
            <start><object>Order</object><triggerType>RecordAfterSave</triggerType><filters><field>Status</field>\
            <operator>IsChanged</operator></filters><scheduledPaths><pathType>AsyncAfterCommit</pathType>\
            <maxBatchSize>50</maxBatchSize><connector><targetReference>Big</targetReference></connector>\
            </scheduledPaths></start><status>Active</status></Flow>";
        let flow = flow("Order_Price", text);
        let call = flow.element(Name::new("call")).expect("the action");
        assert_eq!(&text[call.name.at.start as usize..call.name.at.end as usize], "Call");
        assert_eq!((call.next, call.fault), (Some(Name::new("Save")), Some(Name::new("Log"))));
        let ElementKind::Action(action) = &call.kind else { panic!("an action") };
        assert_eq!(
            (action.target.value.as_str(), action.action_type.as_str()),
            ("Pricing.get", "externalService")
        );
        let ElementKind::Decision { rules } = &flow.elements[1].kind else { panic!("a decision") };
        assert_eq!(rules[0].conditions[0].right, Some(Name::new("$Record__Prior.Amount")));
        assert_eq!(flow.elements[1].next, Some(Name::new("Each")));
        let ElementKind::Loop { body, .. } = &flow.elements[2].kind else { panic!("a loop") };
        assert_eq!(*body, Some(Name::new("Save")));
        assert_eq!(
            flow.variable(Name::new("Event")).and_then(|found| found.object),
            Some(Name::new("Stock__e"))
        );
        assert_eq!(flow.start.scheduled_paths[0].max_batch_size, Some(50));
        assert_eq!(flow.start.first, None);
        assert_eq!(&text[flow.start.at.start as usize..flow.start.at.end as usize], "RecordAfterSave");
    }

    #[test]
    fn versions_that_do_not_run_are_told_by_their_status() {
        assert!(is_inactive("<Flow><status>Draft</status></Flow>"));
        assert!(is_inactive("<Flow><status> Obsolete\n</status></Flow>"));
        for text in ["<Flow/>", "<status>Active</status>", "<status>Draft</status><status>Active</status>"] {
            assert!(!is_inactive(text), "{text}");
        }
    }

    #[test]
    fn processes_and_old_versions_are_known() {
        let text = "<Flow><processMetadataValues><name>ObjectType</name><value><stringValue>Lead</stringValue></value>\
            </processMetadataValues><processMetadataValues><name>TriggerType</name><value>\
            <stringValue>onCreateOnly</stringValue></value></processMetadataValues>\
            <processType>Workflow</processType><startElementReference>myDecision</startElementReference></Flow>";
        let flow = flow("Score-Leads-12", text);
        assert_eq!((flow.name, flow.version), (Name::new("Score-Leads"), Some(12)));
        assert_eq!(flow.start.object.map(|object| object.value), Some(Name::new("Lead")));
        assert_eq!(flow.start.record_trigger_type.map(|text| text.value).as_deref(), Some("onCreateOnly"));
        assert_eq!(flow.start.first.map(|first| first.value), Some(Name::new("myDecision")));
        assert_eq!(versioned(Name::new("A-b")), (Name::new("A-b"), None));
    }
}
