//! Table-driven trigger management of NPSP and EDA: `Trigger_Handler__c` records name the classes. The
//! records are data of the org; the packages' default records are written in code.
//! Source: github.com/SalesforceFoundation/NPSP, `TDTM_TriggerHandler.cls`, `TDTM_DefaultConfig.cls`.

use crate::apex::unit::{BinaryOp, Expr, ExprId, TriggerEvent, Unit};
use crate::config::TriggerHandler;
use crate::name::Name;
use crate::span::Location;

use super::super::interpret::{Frame, Linker};
use super::super::model::{Effect, Site};
use super::super::value::{AsyncContext, Deps, EventContext, Value};
use super::nothing;
use crate::program::model::Framework;

/// A default record.
#[derive(Debug)]
pub struct Handler {
    class: Name,
    object: Name,
    events: Vec<TriggerEvent>,
    asynchronous: bool,
}

/// Words of `Trigger_Action__c`.
pub const ACTIONS: [&str; 7] = [
    "BeforeInsert",
    "BeforeUpdate",
    "BeforeDelete",
    "AfterInsert",
    "AfterUpdate",
    "AfterDelete",
    "AfterUndelete",
];

/// The records that the user knows of, and those that code constructs:
/// `new Trigger_Handler__c(Class__c = 'C', …)`.
pub fn read(units: &[Unit], known: &[TriggerHandler]) -> Vec<Handler> {
    let mut handlers: Vec<Handler> = known
        .iter()
        .map(|known| Handler {
            class: Name::new(&known.class),
            object: Name::new(&known.object),
            events: known.actions.split(';').filter_map(event).collect(),
            asynchronous: known.asynchronous,
        })
        .collect();
    for unit in units {
        if unit.types.first().is_some_and(|ty| ty.annotations.iter().any(|a| a.name.is("istest"))) {
            continue;
        }
        for expr in &unit.exprs {
            let Expr::New { ty, args } = expr else { continue };
            if !ty.name.folded().ends_with("trigger_handler__c") {
                continue;
            }
            let mut text = [None, None, None];
            let (mut asynchronous, mut active) = (false, true);
            for &arg in unit.list(*args) {
                let Expr::Assign { left, right, .. } = unit.expr(arg) else { continue };
                let Expr::Name(field) = unit.expr(*left) else { continue };
                match field.folded() {
                    "class__c" => text[0] = constant(unit, *right),
                    "object__c" => text[1] = constant(unit, *right),
                    "trigger_action__c" => text[2] = constant(unit, *right),
                    "asynchronous__c" => asynchronous = matches!(unit.expr(*right), Expr::Bool(true)),
                    "active__c" => active = !matches!(unit.expr(*right), Expr::Bool(false)),
                    _ => {}
                }
            }
            let [Some(class), Some(object), Some(actions)] = text else { continue };
            if active {
                handlers.push(Handler {
                    class: Name::new(&class),
                    object: Name::new(&object),
                    events: actions.split(';').filter_map(event).collect(),
                    asynchronous,
                });
            }
        }
    }
    handlers
}

/// The classes that default records in a unit name.
pub fn handlers_named_in(unit: &Unit) -> impl Iterator<Item = Name> {
    read(std::slice::from_ref(unit), &[]).into_iter().map(|handler| handler.class)
}

fn event(action: &str) -> Option<TriggerEvent> {
    Some(match action.trim().to_ascii_lowercase().as_str() {
        "beforeinsert" => TriggerEvent::BeforeInsert,
        "beforeupdate" => TriggerEvent::BeforeUpdate,
        "beforedelete" => TriggerEvent::BeforeDelete,
        "afterinsert" => TriggerEvent::AfterInsert,
        "afterupdate" => TriggerEvent::AfterUpdate,
        "afterdelete" => TriggerEvent::AfterDelete,
        "afterundelete" => TriggerEvent::AfterUndelete,
        _ => return None,
    })
}

fn constant(unit: &Unit, expr: ExprId) -> Option<String> {
    match unit.expr(expr) {
        Expr::Str(text) => Some(text.to_string()),
        Expr::Binary { op: BinaryOp::Add, left, right } => {
            Some(constant(unit, *left)? + &constant(unit, *right)?)
        }
        _ => None,
    }
}

pub fn dispatch<'u>(
    linker: &mut Linker<'u>,
    frame: &mut Frame<'u>,
    at: Location,
    owner: Name,
    method: Name,
) -> Option<Value> {
    let class = owner.folded().rsplit('.').next().unwrap_or_default();
    if !matches!(class, "tdtm_config_api" | "tdtm_global_api" | "tdtm_triggerhandler") || !method.is("run") {
        return None;
    }
    let EventContext::In { event, object } = frame.context.event else { return None };
    if linker.frameworks.handlers.is_empty() {
        return None;
    }
    frame.deps.add(Deps::EVENT);
    let handlers: Vec<(Name, bool)> = linker
        .frameworks
        .handlers
        .iter()
        .filter(|handler| handler.object == object && handler.events.contains(&event))
        .map(|handler| (handler.class, handler.asynchronous))
        .collect();
    let after = matches!(
        event,
        TriggerEvent::AfterInsert
            | TriggerEvent::AfterUpdate
            | TriggerEvent::AfterDelete
            | TriggerEvent::AfterUndelete
    );
    for (name, asynchronous) in handlers {
        let Some(class) = linker.symbols.class_named(None, name) else { continue };
        if asynchronous && after {
            frame.deps.add(Deps::ASYNC);
            // The framework runs it in place where a future call is not possible.
            if !matches!(frame.context.job, AsyncContext::Future | AsyncContext::Batch) {
                linker.effect(frame, Effect::Future, at, |frame| Site {
                    effect: Effect::Future,
                    at,
                    symbol: frame.symbol.clone(),
                    label: format!("asynchronous handler {name}"),
                    object: Some(name),
                    operation: None,
                    facts: Vec::new(),
                });
                continue;
            }
        }
        linker.run_handler(frame, at, Framework::Tdtm, class, "run");
    }
    Some(nothing())
}
