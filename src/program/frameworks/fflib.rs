//! fflib: `fflib_SObjectDomain.triggerHandler(Accounts.class)` makes the domain class (or takes it
//! from a pool that the same call filled before) and runs the handler of the event; a unit of work
//! does its DML at `commitWork`.
//! Source: github.com/apex-enterprise-patterns/fflib-apex-common, `fflib_SObjectDomain.cls`.

use crate::apex::unit::{DmlOp, TriggerEvent};
use crate::name::Name;
use crate::span::Location;

use super::super::interpret::{Frame, Linker};
use super::super::types::Ty;
use super::super::value::{Deps, EventContext, Known, Value};
use super::nothing;
use crate::program::model::Framework;

pub fn dispatch<'u>(
    linker: &mut Linker<'u>,
    frame: &mut Frame<'u>,
    at: Location,
    owner: Name,
    method: Name,
    args: &[Value],
) -> Option<Value> {
    if method.is("triggerhandler") && args.len() == 1 {
        return trigger_handler(linker, frame, at, args);
    }
    // A unit of work does at `commitWork` what was registered before: in its own code that is DML in
    // loops over maps, which looks as if it might do nothing.
    let is_work = matches!(
        owner.folded().rsplit('.').next().unwrap_or_default(),
        "fflib_isobjectunitofwork" | "fflib_sobjectunitofwork" | "isobjectunitofwork" | "sobjectunitofwork"
    );
    let inside = frame.class.is_some_and(|class| linker.symbols.class(class).name == owner);
    if is_work && method.is("commitwork") && !inside {
        linker.dml(frame, at, DmlOp::Upsert, &Value::unknown(), Vec::new());
        return Some(nothing());
    }
    None
}

fn trigger_handler<'u>(
    linker: &mut Linker<'u>,
    frame: &mut Frame<'u>,
    at: Location,
    args: &[Value],
) -> Option<Value> {
    let Known::Type(Ty::Class(named)) = args[0].known else { return None };
    let EventContext::In { event, .. } = frame.context.event else { return None };
    // `Accounts.Constructor.class` names the factory inside of the domain class.
    let class = match linker.symbols.class(named).outer {
        Some(outer) if linker.symbols.decl(named).name.is("constructor") => outer,
        _ => named,
    };
    frame.deps.add(Deps::EVENT);
    frame.deps.add(args[0].deps);
    let (handle, direct): (&str, &[&str]) = match event {
        TriggerEvent::BeforeInsert => ("handleBeforeInsert", &["onApplyDefaults", "onBeforeInsert"]),
        TriggerEvent::BeforeUpdate => ("handleBeforeUpdate", &["onBeforeUpdate"]),
        TriggerEvent::BeforeDelete => ("handleBeforeDelete", &["onBeforeDelete"]),
        TriggerEvent::AfterInsert => ("handleAfterInsert", &["onValidate", "onAfterInsert"]),
        TriggerEvent::AfterUpdate => ("handleAfterUpdate", &["onValidate", "onAfterUpdate"]),
        TriggerEvent::AfterDelete => ("handleAfterDelete", &["onAfterDelete"]),
        TriggerEvent::AfterUndelete => ("handleAfterUndelete", &["onAfterUndelete"]),
    };
    if !linker.run_handler(frame, at, Framework::Fflib, class, handle) {
        // The base class is in a package: its documented order of calls.
        for method in direct {
            linker.run_handler(frame, at, Framework::Fflib, class, method);
        }
    }
    Some(nothing())
}
