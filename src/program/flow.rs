//! Where requests, answers and texts flow: a graph over the whole project.
//!
//! The question "was this request given a timeout" crosses methods: a builder makes it, a helper
//! sets a header, a client sends it. Each *slot* is a place that may hold such a value (a creation,
//! a parameter, a field, a method's result); an edge says that one may come from the other. Facts are
//! kept per slot and joined over what can reach what, so a helper that sets the timeout for one
//! caller counts for all: a missed note is cheaper than a wrong one.

use std::cell::Cell;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::apex::unit::ExprId;
use crate::name::Name;
use crate::span::Location;

use super::model::SiteId;
use super::symbols::{FieldId, MethodId};
use super::value::Value;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SlotId(pub u32);

/// What a slot is. Also its identity: asking twice for the same kind gives the same slot.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// An object made here: a request, a SOAP stub.
    Made {
        unit: u32,
        expr: ExprId,
    },
    Param(MethodId, u32),
    Return(MethodId),
    Field(FieldId),
    /// A literal.
    Text {
        unit: u32,
        expr: ExprId,
        text: Arc<str>,
    },
    /// A text put together from parts.
    Joined {
        unit: u32,
        expr: ExprId,
    },
    /// The answer of a callout.
    Response(SiteId),
    /// `UserInfo.getSessionId()`.
    SessionId {
        unit: u32,
        expr: ExprId,
    },
    /// `URL.getOrgDomainUrl()` and the like.
    OwnUrl {
        unit: u32,
        expr: ExprId,
    },
    /// `Trigger.new` and its like, by the trigger's object where it is known.
    TriggerRecords(Option<Name>),
    /// The rows of a query.
    QueryRows {
        unit: u32,
        expr: ExprId,
        object: Option<Name>,
    },
    /// A record made here.
    NewRecord {
        unit: u32,
        expr: ExprId,
        object: Name,
    },
    /// A platform event made here.
    NewEvent {
        unit: u32,
        expr: ExprId,
        object: Name,
    },
    /// A collection made here, of events or of texts that go into a message.
    Collection {
        unit: u32,
        expr: ExprId,
    },
    /// A field of a record.
    Member {
        unit: u32,
        expr: ExprId,
    },
    /// A record or a collection of records as text (`JSON.serialize`).
    Serialized {
        unit: u32,
        expr: ExprId,
    },
    /// A text that a method of the platform made of others (`substring`, `String.join`).
    Derived {
        unit: u32,
        expr: ExprId,
    },
    /// `UserInfo.getUserId()`.
    RunningUser,
    /// What arrives here only under a condition on the data.
    Filtered {
        unit: u32,
        expr: ExprId,
    },
    /// `ChangeEventHeader.changeType`.
    ChangeType,
    /// What a REST resource was sent.
    Inbound,
    /// The body of a callout's answer.
    Answer {
        unit: u32,
        expr: ExprId,
    },
}

/// A part of a joined text.
#[derive(Clone, Debug)]
pub enum Part {
    Text(Arc<str>),
    Slots(Vec<SlotId>),
    Unknown,
}

/// Facts about what happens to the value in a slot, as a bit set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SlotFacts(pub u16);

impl SlotFacts {
    pub const TIMEOUT_SET: SlotFacts = SlotFacts(1);
    pub const SENT: SlotFacts = SlotFacts(1 << 1);
    pub const STATUS_READ: SlotFacts = SlotFacts(1 << 2);
    pub const BODY_READ: SlotFacts = SlotFacts(1 << 3);
    /// Given to code that is not known.
    pub const ESCAPES: SlotFacts = SlotFacts(1 << 4);
    /// Written by DML.
    pub const SAVED: SlotFacts = SlotFacts(1 << 5);
    /// A record whose `OwnerId` is set.
    pub const OWNED: SlotFacts = SlotFacts(1 << 6);
    /// It also comes from what is not followed.
    pub const UNTRACED: SlotFacts = SlotFacts(1 << 7);

    pub fn has(self, other: SlotFacts) -> bool {
        self.0 & other.0 != 0
    }
}

/// What a request was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SinkKind {
    Endpoint,
    /// `setHeader(name, value)`; the name where it is a constant.
    Header(Option<String>),
    Body,
    Method,
    /// An argument of a SOAP stub that carries a session id or password.
    SoapHeader,
    /// A field of a platform event.
    EventField(Name),
}

/// A call that told a request something.
#[derive(Clone, Debug)]
pub struct Sink {
    pub kind: SinkKind,
    pub request: Vec<SlotId>,
    pub value: Vec<SlotId>,
    /// The value comes from these alone.
    pub traced: bool,
    pub at: Location,
    pub symbol: String,
}

#[derive(Default)]
pub struct Flow {
    slots: Vec<Slot>,
    at: Vec<Option<Location>>,
    ids: FxHashMap<Slot, SlotId>,
    to: Vec<Vec<SlotId>>,
    from: Vec<Vec<SlotId>>,
    facts: Vec<SlotFacts>,
    parts: FxHashMap<SlotId, Vec<Part>>,
    derived: FxHashMap<SlotId, Vec<SlotId>>,
    /// Literal timeouts that the request in a slot is given, in milliseconds.
    timeouts: FxHashMap<SlotId, u32>,
    pub sinks: Vec<Sink>,
    seen_sinks: FxHashSet<(Location, u8)>,
}

/// A question looks at this many slots at the most, and texts grow to about this many bytes: code that
/// doubles a text in each line would be followed for ever.
const MAX_LOOKS: u32 = 2_000;
pub const MAX_TEXT: usize = 4_096;

/// Stands in a [`Text`] for a part that is not known.
pub const UNKNOWN: char = '\u{1}';

/// A text that may arrive at a sink.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Text {
    pub text: String,
    /// [`UNKNOWN`] stands for the parts that are not known.
    /// Where the first literal of it stands.
    pub at: Option<Location>,
    /// It came through a parameter.
    pub passed: bool,
    pub session_id: bool,
    pub own_url: bool,
    /// A literal stands where the value is decided (no unknown part at all).
    pub complete: bool,
}

impl Flow {
    pub fn slot(&mut self, slot: Slot, at: Option<Location>) -> SlotId {
        if let Some(&id) = self.ids.get(&slot) {
            return id;
        }
        let id = SlotId(self.slots.len() as u32);
        self.slots.push(slot.clone());
        self.at.push(at);
        self.to.push(Vec::new());
        self.from.push(Vec::new());
        self.facts.push(SlotFacts::default());
        self.ids.insert(slot, id);
        id
    }

    pub fn edge(&mut self, from: SlotId, to: SlotId) {
        let (out, into) = (&self.to[from.0 as usize], &self.from[to.0 as usize]);
        let known = if out.len() < into.len() { out.contains(&to) } else { into.contains(&from) };
        if from != to && !known {
            self.to[from.0 as usize].push(to);
            self.from[to.0 as usize].push(from);
        }
    }

    pub fn note(&mut self, slot: SlotId, facts: SlotFacts) {
        self.facts[slot.0 as usize].0 |= facts.0;
    }

    /// The facts of the slot itself.
    pub fn own_facts(&self, slot: SlotId) -> SlotFacts {
        self.facts[slot.0 as usize]
    }

    /// Whether anything that is followed arrives in the slot.
    pub fn has_source(&self, slot: SlotId) -> bool {
        !self.from[slot.0 as usize].is_empty()
    }

    /// The slots that the value of `slot` may come from at once, or is derived from.
    pub fn comes_from(&self, slot: SlotId) -> impl Iterator<Item = SlotId> + '_ {
        self.from[slot.0 as usize].iter().chain(self.derived.get(&slot).into_iter().flatten()).copied()
    }

    /// The text in `slot` is made of `from`: it is not the same text, so that nothing else follows this.
    pub fn derive(&mut self, slot: SlotId, from: impl Iterator<Item = SlotId>) {
        let known = self.derived.entry(slot).or_default();
        for from in from {
            if !known.contains(&from) {
                known.push(from);
            }
        }
    }

    /// `value` arrives in `slot`.
    pub fn arrives(&mut self, value: &Value, slot: SlotId) {
        value.slots.iter().for_each(|from| self.edge(from, slot));
        if !value.is_traced() {
            self.note(slot, SlotFacts::UNTRACED);
        }
    }

    /// The request in `slot` is given a timeout; of several, the longest counts.
    pub fn note_timeout(&mut self, slot: SlotId, milliseconds: u32) {
        let known = self.timeouts.entry(slot).or_default();
        *known = milliseconds.max(*known);
    }

    /// The longest literal timeout that the request made in `slot` is given anywhere.
    pub fn timeout_of(&self, slot: SlotId) -> Option<u32> {
        if self.timeouts.is_empty() {
            return None;
        }
        self.forward(slot).iter().filter_map(|slot| self.timeouts.get(slot)).max().copied()
    }

    pub fn join(&mut self, slot: SlotId, parts: Vec<Part>) {
        self.parts.entry(slot).or_insert(parts);
    }

    pub fn sink(&mut self, sink: Sink) {
        let kind = match sink.kind {
            SinkKind::Endpoint => 0,
            SinkKind::Header(_) => 1,
            SinkKind::Body => 2,
            SinkKind::Method => 3,
            SinkKind::SoapHeader => 4,
            SinkKind::EventField(_) => 5,
        };
        if self.seen_sinks.insert((sink.at, kind)) {
            self.sinks.push(sink);
        } else if let Some(known) =
            self.sinks.iter_mut().find(|known| known.at == sink.at && known.kind == sink.kind)
        {
            known.traced &= sink.traced;
            for slot in sink.request {
                if !known.request.contains(&slot) {
                    known.request.push(slot);
                }
            }
            for slot in sink.value {
                if !known.value.contains(&slot) {
                    known.value.push(slot);
                }
            }
        }
    }

    pub fn kind(&self, slot: SlotId) -> &Slot {
        &self.slots[slot.0 as usize]
    }

    pub fn at(&self, slot: SlotId) -> Option<Location> {
        self.at[slot.0 as usize]
    }

    pub fn ids(&self) -> impl Iterator<Item = SlotId> {
        (0..self.slots.len() as u32).map(SlotId)
    }

    /// All slots that the value of `slot` may arrive at, itself included.
    pub fn forward(&self, slot: SlotId) -> Vec<SlotId> {
        closure(slot, &self.to)
    }

    /// All slots that the value of `slot` may come from, itself included.
    pub fn backward(&self, slot: SlotId) -> Vec<SlotId> {
        closure(slot, &self.from)
    }

    /// All slots that the values of `slots` may come from, themselves included, without going past
    /// those for which `stop` holds.
    pub fn sources(&self, slots: &[SlotId], stop: impl Fn(&Slot) -> bool) -> Vec<SlotId> {
        self.walk_back(slots, stop, false)
    }

    /// The same, and what the texts among them are derived from.
    pub fn sources_and_parts(&self, slots: &[SlotId], stop: impl Fn(&Slot) -> bool) -> Vec<SlotId> {
        self.walk_back(slots, stop, true)
    }

    fn walk_back(&self, slots: &[SlotId], stop: impl Fn(&Slot) -> bool, derived: bool) -> Vec<SlotId> {
        let mut seen: FxHashSet<SlotId> = slots.iter().copied().collect();
        let mut found: Vec<SlotId> = slots.to_vec();
        let mut next = 0;
        while next < found.len() {
            let slot = found[next];
            next += 1;
            if stop(self.kind(slot)) {
                continue;
            }
            let parts = self.parts.get(&slot).into_iter().flatten().flat_map(|part| match part {
                Part::Slots(slots) => slots.as_slice(),
                Part::Text(_) | Part::Unknown => &[],
            });
            found.extend(
                self.from[slot.0 as usize].iter().chain(parts).copied().filter(|&from| seen.insert(from)),
            );
            if derived && let Some(parts) = self.derived.get(&slot) {
                found.extend(parts.iter().copied().filter(|&from| seen.insert(from)));
            }
        }
        found
    }

    /// All slots that the values of `slots` may arrive at, themselves included, without going past those
    /// for which `stop` holds.
    pub fn targets(&self, slots: &[SlotId], stop: impl Fn(&Slot) -> bool) -> FxHashSet<SlotId> {
        let mut seen: FxHashSet<SlotId> = slots.iter().copied().collect();
        let mut todo: Vec<SlotId> = slots.to_vec();
        while let Some(slot) = todo.pop() {
            if !stop(self.kind(slot)) {
                todo.extend(self.to[slot.0 as usize].iter().copied().filter(|&to| seen.insert(to)));
            }
        }
        seen
    }

    /// The facts of all places that the value of `slot` may arrive at.
    pub fn facts_of(&self, slot: SlotId) -> SlotFacts {
        SlotFacts(self.forward(slot).iter().fold(0, |all, slot| all | self.facts[slot.0 as usize].0))
    }

    /// The texts that may be in one of `slots`, at most 32.
    pub fn texts(&self, slots: &[SlotId]) -> Vec<Text> {
        let mut found = Vec::new();
        let budget = Cell::new(MAX_LOOKS);
        for &slot in slots {
            self.collect(slot, false, &budget, &mut FxHashSet::default(), &mut found);
        }
        found.sort();
        found.dedup();
        found
    }

    fn collect(
        &self,
        slot: SlotId,
        passed: bool,
        budget: &Cell<u32>,
        seen: &mut FxHashSet<SlotId>,
        found: &mut Vec<Text>,
    ) {
        if found.len() >= 32 || budget.get() == 0 || !seen.insert(slot) {
            return;
        }
        budget.set(budget.get() - 1);
        let plain = Text {
            text: String::new(),
            at: self.at(slot),
            passed,
            session_id: false,
            own_url: false,
            complete: false,
        };
        match self.kind(slot) {
            Slot::Text { text, .. } => found.push(Text { text: text.to_string(), complete: true, ..plain }),
            Slot::SessionId { .. } => found.push(Text { session_id: true, ..plain }),
            Slot::OwnUrl { .. } => found.push(Text { own_url: true, ..plain }),
            Slot::Joined { .. } => found.extend(self.joined(slot, passed, budget, seen)),
            _ => {}
        }
        // What else is in the record says nothing of this field.
        if matches!(self.kind(slot), Slot::Member { .. }) {
            return;
        }
        let through = passed || matches!(self.kind(slot), Slot::Param(..));
        for &from in &self.from[slot.0 as usize] {
            self.collect(from, through, budget, seen, found);
        }
    }

    /// The texts of a joined slot: each possible first part, with what follows it.
    fn joined(
        &self,
        slot: SlotId,
        passed: bool,
        budget: &Cell<u32>,
        seen: &mut FxHashSet<SlotId>,
    ) -> Vec<Text> {
        let mut open = vec![Text {
            text: String::new(),
            at: None,
            passed,
            session_id: false,
            own_url: false,
            complete: true,
        }];
        for part in self.parts.get(&slot).into_iter().flatten() {
            let options: Vec<Text> = match part {
                Part::Text(text) => vec![Text {
                    text: text.to_string(),
                    at: self.at(slot),
                    passed: false,
                    session_id: false,
                    own_url: false,
                    complete: true,
                }],
                Part::Slots(slots) => {
                    let mut options = Vec::new();
                    for &slot in slots {
                        self.collect(slot, false, budget, seen, &mut options);
                        // Each part may name the same slots as another one.
                        seen.remove(&slot);
                    }
                    options
                }
                Part::Unknown => Vec::new(),
            };
            if options.is_empty() {
                for text in &mut open {
                    text.complete = false;
                    text.text.push(UNKNOWN);
                }
                continue;
            }
            let mut next = Vec::new();
            for before in &open {
                for option in options.iter().take(4) {
                    if next.len() >= 16 {
                        break;
                    }
                    let mut text = before.clone();
                    if text.text.len() < MAX_TEXT {
                        text.text.push_str(&option.text);
                    }
                    text.complete &= option.complete;
                    text.at = text.at.or(option.at);
                    text.passed |= option.passed;
                    text.session_id |= option.session_id;
                    text.own_url |= option.own_url;
                    next.push(text);
                }
            }
            open = next;
        }
        open
    }
}

fn closure(start: SlotId, edges: &[Vec<SlotId>]) -> Vec<SlotId> {
    let mut seen = FxHashSet::default();
    let mut found = vec![start];
    seen.insert(start);
    let mut next = 0;
    while next < found.len() {
        for &slot in &edges[found[next].0 as usize] {
            if seen.insert(slot) {
                found.push(slot);
            }
        }
        next += 1;
    }
    found
}
