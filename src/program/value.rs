//! What the linker knows of a value at one point of a body.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::apex::unit::TriggerEvent;
use crate::name::Name;

use super::flow::SlotId;
use super::model::Bound;
use super::size::Size;
use super::symbols::ClassId;
use super::types::Ty;

/// An interned object: see [`Object`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(pub u32);

/// An object of exactly this class, with those fields whose values decide where calls go.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Object {
    pub class: ClassId,
    /// Sorted by name.
    pub fields: Vec<(Name, Known)>,
}

#[derive(Default)]
pub struct Objects {
    list: Vec<Object>,
    ids: FxHashMap<Object, ObjectId>,
}

impl Objects {
    pub fn intern(&mut self, object: Object) -> ObjectId {
        if let Some(&id) = self.ids.get(&object) {
            return id;
        }
        let id = ObjectId(self.list.len() as u32);
        self.list.push(object.clone());
        self.ids.insert(object, id);
        id
    }

    pub fn get(&self, id: ObjectId) -> &Object {
        &self.list[id.0 as usize]
    }
}

/// The part of a value that is known statically.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Known {
    Nothing,
    Null,
    Bool(bool),
    Int(i64),
    Str(Arc<str>),
    /// Text that begins like this.
    Prefix(Arc<str>),
    /// A constant of an enum, by its name (`AFTER_UPDATE`).
    Constant(Name),
    Object(ObjectId),
    /// `X.class`.
    Type(Ty),
    /// `Account.SObjectType`.
    SObjectType(Name),
    /// A collection, by what decides its size.
    Sized(Bound),
    /// A map with known keys.
    Map(Arc<Vec<(Known, Known)>>),
}

impl Known {
    pub fn str(text: &str) -> Known {
        Known::Str(Arc::from(text))
    }

    pub fn is_known(&self) -> bool {
        !matches!(self, Known::Nothing)
    }

    /// Whether the value may decide a branch or a dispatch in a callee, so that it is worth passing on.
    pub fn matters(&self) -> bool {
        matches!(
            self,
            Known::Null
                | Known::Bool(_)
                | Known::Int(_)
                | Known::Str(_)
                | Known::Constant(_)
                | Known::Object(_)
                | Known::Type(_)
                | Known::SObjectType(_)
                | Known::Sized(_)
                | Known::Map(_)
        )
    }

    /// What is known of a value that is one of the two.
    pub fn join(&self, other: &Known) -> Known {
        if self == other {
            return self.clone();
        }
        match (self, other) {
            // Sizes: the one that grows is the one to keep.
            (Known::Sized(Bound::Constant(a)), Known::Sized(Bound::Constant(b))) => {
                Known::Sized(Bound::Constant(*a.max(b)))
            }
            (Known::Sized(Bound::Constant(0)), Known::Nothing) => Known::Nothing,
            (Known::Sized(a), Known::Sized(b)) => Known::Sized(if a.grows() { *a } else { *b }),
            (Known::Sized(a), Known::Null) | (Known::Null, Known::Sized(a)) => Known::Sized(*a),
            // `null` cannot be called: the object is what later calls meet.
            (Known::Object(a), Known::Null) | (Known::Null, Known::Object(a)) => Known::Object(*a),
            _ => Known::Nothing,
        }
    }
}

/// Which parts of a node's context a value (or a node's result) depends on, as a bit set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Deps(pub u64);

impl Deps {
    pub const NONE: Deps = Deps(0);
    pub const EVENT: Deps = Deps(1);
    pub const ASYNC: Deps = Deps(1 << 1);
    pub const THIS: Deps = Deps(1 << 2);
    pub const BYPASS: Deps = Deps(1 << 3);

    pub fn param(index: usize) -> Deps {
        // Parameters past the 59th share the last bit: coarser, never wrong.
        Deps(1 << (4 + index.min(59)))
    }

    pub fn has(self, other: Deps) -> bool {
        self.0 & other.0 != 0
    }

    /// The event and the job kind: in another context they may decide what they did not decide here.
    pub fn of_transaction(self) -> Deps {
        Deps(self.0 & (Deps::EVENT.0 | Deps::ASYNC.0))
    }

    pub fn add(&mut self, other: Deps) {
        self.0 |= other.0;
    }

    pub fn with(self, other: Deps) -> Deps {
        Deps(self.0 | other.0)
    }
}

/// A value in a body.
#[derive(Clone, Debug)]
pub struct Value {
    pub known: Known,
    pub ty: Ty,
    pub deps: Deps,
    /// A method of the project decided on it, on grounds that are not seen.
    pub decision: bool,
    /// Where it may come from, for the facts about requests and answers.
    pub slots: Slots,
    /// How many elements it has, or the number that it is. It decides nothing, so that it is no part of
    /// a context.
    pub size: Size,
}

impl Value {
    pub fn unknown() -> Value {
        Value {
            known: Known::Nothing,
            ty: Ty::Unknown,
            deps: Deps::NONE,
            decision: false,
            slots: Slots::default(),
            size: Size::Unknown,
        }
    }

    pub fn of(ty: Ty) -> Value {
        Value { ty, ..Value::unknown() }
    }

    pub fn known(known: Known, ty: Ty) -> Value {
        Value { known, ty, ..Value::unknown() }
    }

    /// This one, or the one known before, if there is one.
    pub fn or(self, before: Option<Value>) -> Value {
        match before {
            Some(before) => before.join(&self),
            None => self,
        }
    }

    pub fn join(&self, other: &Value) -> Value {
        let known = self.known.join(&other.known);
        let ty = if self.ty == other.ty || matches!(other.known, Known::Null) {
            self.ty.clone()
        } else if matches!(self.known, Known::Null) {
            other.ty.clone()
        } else {
            Ty::Unknown
        };
        Value {
            known,
            ty,
            deps: self.deps.with(other.deps),
            decision: self.decision || other.decision,
            slots: self.slots.union(&other.slots),
            size: match (self.count(), other.count()) {
                // `null` is never counted.
                (size, _) if matches!(other.known, Known::Null) => size,
                (_, size) if matches!(self.known, Known::Null) => size,
                (a, b) => a.or(&b),
            },
        }
    }

    /// How many elements it has, or the number that it is.
    pub fn count(&self) -> Size {
        match (&self.size, &self.known) {
            (Size::Unknown, Known::Sized(Bound::EntryBatch)) => Size::Batch,
            (Size::Unknown, Known::Sized(Bound::Constant(count))) => Size::Exactly(*count),
            (Size::Unknown, Known::Map(entries)) => Size::Exactly(entries.len() as u32),
            (Size::Unknown, Known::Int(number)) => {
                u32::try_from(*number).map_or(Size::Unknown, Size::Exactly)
            }
            (size, _) => size.clone(),
        }
    }

    pub fn sized(self, size: Size) -> Value {
        Value { size, ..self }
    }

    /// Whether its slots are all that it comes from, as far as it can name or identify anything.
    pub fn is_traced(&self) -> bool {
        self.slots.is_complete() || self.ty.is_plain()
    }
}

/// A few slots; when there would be too many, some are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Slots {
    list: Option<Arc<Vec<SlotId>>>,
    /// It comes from these and from nothing else.
    complete: bool,
}

/// More slots than this are not kept for one value.
const MAX_SLOTS: usize = 8;

impl Slots {
    pub fn one(slot: SlotId) -> Slots {
        Slots { list: Some(Arc::new(vec![slot])), complete: true }
    }

    /// Of a value that comes from no slot: `null`, a label, a number.
    pub fn none() -> Slots {
        Slots { list: None, complete: true }
    }

    pub fn iter(&self) -> impl Iterator<Item = SlotId> + '_ {
        self.list.iter().flat_map(|slots| slots.iter().copied())
    }

    pub fn is_empty(&self) -> bool {
        self.list.is_none()
    }

    pub fn is_complete(&self) -> bool {
        self.complete
    }

    pub fn union(&self, other: &Slots) -> Slots {
        let complete = self.complete && other.complete;
        match (&self.list, &other.list) {
            (None, _) => Slots { complete, ..other.clone() },
            (_, None) => Slots { complete, ..self.clone() },
            (Some(a), Some(b)) if a == b => Slots { complete, ..self.clone() },
            (Some(a), Some(b)) => {
                let mut all = (**a).clone();
                let mut complete = complete;
                for &slot in b.iter().filter(|slot| !a.contains(slot)) {
                    if all.len() < MAX_SLOTS {
                        all.push(slot);
                    } else {
                        complete = false;
                    }
                }
                Slots { list: Some(Arc::new(all)), complete }
            }
        }
    }
}

/// Which trigger frame is the innermost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventContext {
    /// Somebody outside of the project calls: it may be in a trigger.
    Unknown,
    NoTrigger,
    In {
        event: TriggerEvent,
        object: Name,
    },
}

/// What kind of job the transaction belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AsyncContext {
    Unknown,
    Synchronous,
    Future,
    Queueable,
    Batch,
    Scheduled,
}

/// The receiver of a method's node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Receiver {
    None,
    Exact(ObjectId),
    /// An object of this class or of one below it.
    Below(ClassId),
}

/// The calling context of a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Context {
    pub event: EventContext,
    pub job: AsyncContext,
    pub receiver: Receiver,
    pub args: Vec<Known>,
    /// Trigger handlers that are switched off by name at this point.
    pub bypassed: Vec<Name>,
}
