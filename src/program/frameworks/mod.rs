//! Trigger frameworks whose dispatch is decided by data, not by code: which classes run is in custom
//! metadata, in default records or in a factory's pool. One module each; everything else that a
//! framework does is plain code, which the interpreter follows.

mod fflib;
mod kevinohara;
mod nebula;
pub mod tdtm;
pub mod trigger_actions;

use crate::apex::unit::{TriggerEvent, Unit};
use crate::config::TriggerHandler;
use crate::metadata::record::MetadataRecord;
use crate::name::Name;
use crate::span::Location;

use super::interpret::{Frame, Linker};
use super::model::{Framework, How};
use super::symbols::ClassId;
use super::types::Ty;
use super::value::{Known, Receiver, Value};

/// What the frameworks' configuration says.
#[derive(Default)]
pub struct Frameworks {
    actions: Vec<trigger_actions::Action>,
    handlers: Vec<tdtm::Handler>,
    overrides: Vec<nebula::Override>,
}

impl Frameworks {
    /// Reads the configuration from metadata records, from default records in code and from what the
    /// user knows of the org's data.
    pub fn read(units: &[Unit], records: &[MetadataRecord], handlers: &[TriggerHandler]) -> Frameworks {
        Frameworks {
            actions: trigger_actions::read(records),
            handlers: tdtm::read(units, handlers),
            overrides: nebula::read(records),
        }
    }
}

impl<'u> Linker<'u> {
    /// A call that a framework decides: its value, with its targets emitted. `None` for all others.
    pub(super) fn framework_call(
        &mut self,
        frame: &mut Frame<'u>,
        at: Location,
        owner: Name,
        method: Name,
        args: &[Value],
    ) -> Option<Value> {
        trigger_actions::dispatch(self, frame, at, owner, method)
            .or_else(|| tdtm::dispatch(self, frame, at, owner, method))
            .or_else(|| fflib::dispatch(self, frame, at, owner, method, args))
            .or_else(|| nebula::dispatch(self, owner, method, args))
            .or_else(|| kevinohara::dispatch(self, frame, owner, method, args))
    }

    /// Calls `method` of an object of `class`, whatever its parameters; whether there is such a method.
    fn run_handler(
        &mut self,
        frame: &mut Frame<'u>,
        at: Location,
        framework: Framework,
        class: ClassId,
        method: &str,
    ) -> bool {
        let Some(&target) = self.symbols.methods_named(class, Name::new(method)).first() else {
            return false;
        };
        let receiver = if self.symbols.method(target).is_static {
            Receiver::None
        } else {
            Receiver::Exact(self.plain_object(class))
        };
        let args: Vec<Value> = self
            .symbols
            .method(target)
            .params
            .iter()
            .map(|(_, ty)| Value { known: self.handler_argument(frame, ty), ..Value::of(ty.clone()) })
            .collect();
        self.call_method(frame, at, &[(target, receiver)], How::Framework(framework), &args);
        true
    }
}

impl Linker<'_> {
    /// What a framework passes for a parameter of this type: the records, or the event as its own
    /// enum's constant.
    fn handler_argument(&self, frame: &Frame<'_>, ty: &Ty) -> Known {
        if ty.is_collection() {
            return Known::Sized(super::model::Bound::EntryBatch);
        }
        let (Ty::Class(class), super::value::EventContext::In { event, .. }) = (ty, frame.context.event)
        else {
            return Known::Nothing;
        };
        let spellings = [method_of(event).to_owned(), event.to_string().replace(' ', "_")];
        let constants = &self.symbols.decl(*class).enum_constants;
        spellings
            .iter()
            .map(|text| Name::new(text))
            .find(|name| constants.contains(name))
            .map_or(Known::Nothing, Known::Constant)
    }
}

/// "afterUpdate": how most frameworks name the method of an event.
fn method_of(event: TriggerEvent) -> &'static str {
    match event {
        TriggerEvent::BeforeInsert => "beforeInsert",
        TriggerEvent::BeforeUpdate => "beforeUpdate",
        TriggerEvent::BeforeDelete => "beforeDelete",
        TriggerEvent::AfterInsert => "afterInsert",
        TriggerEvent::AfterUpdate => "afterUpdate",
        TriggerEvent::AfterDelete => "afterDelete",
        TriggerEvent::AfterUndelete => "afterUndelete",
    }
}

fn nothing() -> Value {
    Value::of(Ty::Void)
}
