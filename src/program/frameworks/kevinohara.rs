//! The trigger handler base class that most orgs copied: `TriggerHandler.bypass('AccountTriggerHandler')`
//! switches a handler off by its name, for the rest of the transaction or until `clearBypass`.
//! Source: github.com/kevinohara80/sfdc-trigger-framework, `TriggerHandler.cls`.

use crate::name::Name;

use super::super::interpret::{Frame, Linker};
use super::super::value::{Deps, Known, Value};
use super::nothing;

pub fn dispatch<'u>(
    linker: &Linker<'u>,
    frame: &mut Frame<'u>,
    owner: Name,
    method: Name,
    args: &[Value],
) -> Option<Value> {
    let text = method.folded();
    if !matches!(text, "run" | "bypass" | "clearbypass" | "clearallbypasses") {
        return None;
    }
    let class = linker.symbols.class_named(None, owner)?;
    let has = |name: &str| !linker.symbols.methods_named(class, Name::new(name)).is_empty();
    if !has("bypass") || !has("clearBypass") {
        return None;
    }
    let bypassed = &mut frame.context.bypassed;
    match (text, args.first().map(|arg| &arg.known)) {
        ("bypass", Some(Known::Str(name))) => {
            bypassed.push(Name::new(name));
            bypassed.sort();
            bypassed.dedup();
        }
        ("clearbypass", Some(Known::Str(name))) => bypassed.retain(|known| *known != Name::new(name)),
        ("clearallbypasses", _) => bypassed.clear(),
        ("run", None) => {
            frame.deps.add(Deps::BYPASS);
            if frame.context.bypassed.contains(&owner) {
                return Some(nothing());
            }
        }
        _ => {}
    }
    None
}
