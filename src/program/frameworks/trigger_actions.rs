//! trigger-actions-framework: `new MetadataTriggerHandler().run()` runs the classes that
//! `Trigger_Action__mdt` records name for the object and event.
//! Source: github.com/mitchspano/trigger-actions-framework, `MetadataTriggerHandler.cls`.

use crate::apex::unit::TriggerEvent;
use crate::metadata::record::{MetadataRecord, MetadataValue};
use crate::name::Name;
use crate::span::Location;

use super::super::interpret::{Frame, Linker};
use super::super::model::Bound;
use super::super::value::{Deps, EventContext, Known, Value};
use super::{method_of, nothing};
use crate::program::model::Framework;

/// One action: a class that runs on an event of an object.
pub struct Action {
    object: Name,
    event: TriggerEvent,
    order: f64,
    class: Name,
    /// The flow that `TriggerActionFlow` starts.
    flow: Option<Name>,
}

const EVENT_FIELDS: [(&str, TriggerEvent); 7] = [
    ("Before_Insert__c", TriggerEvent::BeforeInsert),
    ("Before_Update__c", TriggerEvent::BeforeUpdate),
    ("Before_Delete__c", TriggerEvent::BeforeDelete),
    ("After_Insert__c", TriggerEvent::AfterInsert),
    ("After_Update__c", TriggerEvent::AfterUpdate),
    ("After_Delete__c", TriggerEvent::AfterDelete),
    ("After_Undelete__c", TriggerEvent::AfterUndelete),
];

pub fn read(records: &[MetadataRecord]) -> Vec<Action> {
    let text = |record: &MetadataRecord, field: &str| match value(record, field) {
        Some(MetadataValue::Text(text)) => Some(text.clone()),
        _ => None,
    };
    let bypassed = |record: &MetadataRecord| {
        matches!(value(record, "Bypass_Execution__c"), Some(MetadataValue::Bool(true)))
    };
    let settings: Vec<(String, Name)> = records
        .iter()
        .filter(|record| is_type(record, "sObject_Trigger_Setting") && !bypassed(record))
        .filter_map(|record| {
            let object = text(record, "Object_API_Name__c")?;
            let namespace = text(record, "Object_Namespace__c").filter(|namespace| !namespace.is_empty());
            let full = namespace.map_or(object.clone(), |namespace| format!("{namespace}__{object}"));
            Some((record.name.to_lowercase(), Name::new(&full)))
        })
        .collect();
    let mut actions = Vec::new();
    for record in records.iter().filter(|record| is_type(record, "Trigger_Action") && !bypassed(record)) {
        let Some(class) = text(record, "Apex_Class_Name__c") else { continue };
        let flow = text(record, "Flow_Name__c").filter(|name| !name.is_empty()).map(|name| Name::new(&name));
        let order = match value(record, "Order__c") {
            Some(MetadataValue::Number(order)) => *order,
            Some(MetadataValue::Text(order)) => order.parse().unwrap_or(0.0),
            _ => 0.0,
        };
        for (field, event) in EVENT_FIELDS {
            let Some(setting) = text(record, field) else { continue };
            let setting = setting.to_lowercase();
            let Some((_, object)) = settings.iter().find(|(name, _)| *name == setting) else { continue };
            actions.push(Action { object: *object, event, order, class: Name::new(&class), flow });
        }
    }
    actions.sort_by(|a, b| a.order.total_cmp(&b.order).then(a.class.cmp(&b.class)));
    actions
}

fn is_type(record: &MetadataRecord, type_name: &str) -> bool {
    record.type_name.eq_ignore_ascii_case(type_name)
        || record.type_name.rsplit("__").next().is_some_and(|local| local.eq_ignore_ascii_case(type_name))
}

fn value<'r>(record: &'r MetadataRecord, field: &str) -> Option<&'r MetadataValue> {
    record
        .fields
        .iter()
        .find(|known| {
            known.name.eq_ignore_ascii_case(field)
                || known.name.to_lowercase().ends_with(&format!("__{}", field.to_lowercase()))
        })
        .map(|known| &known.value)
}

pub fn dispatch<'u>(
    linker: &mut Linker<'u>,
    frame: &mut Frame<'u>,
    at: Location,
    owner: Name,
    method: Name,
) -> Option<Value> {
    let class = owner.folded().rsplit('.').next().unwrap_or_default();
    if class != "metadatatriggerhandler" || !method.is("run") {
        return None;
    }
    let EventContext::In { event, object } = frame.context.event else { return None };
    frame.deps.add(Deps::EVENT);
    let actions: Vec<(Name, Option<Name>)> = linker
        .frameworks
        .actions
        .iter()
        .filter(|action| action.event == event && action.object == object)
        .map(|action| (action.class, action.flow))
        .collect();
    for (name, flow) in actions {
        // The class calls the flow by the name that the record gives it.
        if let Some(flow) = flow.and_then(|flow| linker.flows.named(flow)) {
            linker.call_flow(frame, at, flow, vec![Known::Sized(Bound::EntryBatch)]);
        } else if let Some(class) = linker.symbols.class_named(None, name) {
            linker.run_handler(frame, at, Framework::TriggerActions, class, method_of(event));
        }
    }
    Some(nothing())
}
