//! By what another system may know a request again that it was sent before.
//!
//! A request that creates something and is sent a second time creates it twice, unless the other system
//! can tell that it is the same one: by a header made for that, or by the id of the record or event that
//! it is about. Whether it carries one is known only where all that it is made of is followed.

use rustc_hash::FxHashSet;

use crate::apex::unit::Expr;

use super::flow::{Sink, SinkKind, Slot, SlotFacts, SlotId};
use super::interpret::Linker;
use super::model::{Entry, EntryKind};
use super::symbols::MethodId;
use super::types::Ty;

/// What a request may be known again by. The order is the one in which they count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, strum::Display)]
#[strum(serialize_all = "lowercase")]
pub enum Recognised {
    /// A header that carries an id of the message.
    Header,
    /// The id of a record or of an event, in the address.
    Address,
    /// The same, in the body.
    Body,
    /// It asks for something: a login token, a search, a preview. Sent twice, it makes nothing twice.
    Question,
    /// It is made of something that is not followed.
    Unknown,
    Nothing,
}

/// Headers by which a receiver tells a repeated message: `Idempotency-Key` (IETF draft
/// httpapi-idempotency-key-header, Stripe, PayPal), and the ids of requests, messages and correlations.
fn identifies(header: &str) -> bool {
    let plain: String = header.chars().filter(char::is_ascii_alphanumeric).collect();
    ["idempotency", "requestid", "correlation", "messageid", "transactionid"]
        .iter()
        .any(|word| plain.contains(word))
}

/// Whether a part of an address or body says that it only asks for something.
fn asks(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let path = lower.split('?').next().unwrap_or_default();
    let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let names = |word: &str| {
        lower == word || lower.contains(&format!("{word}=")) || lower.contains(&format!("\"{word}\""))
    };
    ["grant_type", "client_secret", "password"].into_iter().any(names)
        || (path.contains('/')
            && ["search", "query", "preview", "token", "login", "auth", "authenticate", "validate"]
                .iter()
                .any(|word| last.split(['_', '-']).any(|part| part == *word)))
}

/// The methods whose parameters the platform or a caller outside fills.
pub fn called_from_outside(linker: &Linker, entries: &[Entry]) -> FxHashSet<MethodId> {
    entries
        .iter()
        .filter(|entry| entry.kind != EntryKind::Future)
        .filter_map(|entry| linker.node_methods[entry.node.0 as usize])
        .collect()
}

/// What the request made in `request` is known again by, told by `sinks`.
pub fn recognised<'a>(
    linker: &Linker,
    outside: &FxHashSet<MethodId>,
    request: SlotId,
    sinks: impl Iterator<Item = &'a Sink>,
) -> Recognised {
    let escapes = linker.flow.facts_of(request).has(SlotFacts::ESCAPES);
    let mut header = if escapes { Recognised::Unknown } else { Recognised::Nothing };
    let (mut address, mut body) = (Carried::Nothing, Carried::Nothing);
    for sink in sinks {
        let part = match &sink.kind {
            SinkKind::Header(Some(name)) if identifies(name) => return Recognised::Header,
            SinkKind::Header(None) => {
                header = Recognised::Unknown;
                continue;
            }
            SinkKind::Endpoint => &mut address,
            SinkKind::Body => &mut body,
            _ => continue,
        };
        let known = if sink.traced { Carried::Nothing } else { Carried::Unknown };
        *part = known.min(carried(linker, outside, &sink.value)).min(*part);
    }
    match (address, body) {
        (Carried::Question, _) | (_, Carried::Question) => Recognised::Question,
        (Carried::Id, _) => Recognised::Address,
        // It may be the address of one thing.
        (Carried::Unknown, _) => Recognised::Unknown,
        (_, Carried::Id) => Recognised::Body,
        (_, Carried::Unknown) => Recognised::Unknown,
        (Carried::Nothing, Carried::Nothing) => header,
    }
}

/// What a value brings with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Carried {
    Question,
    Id,
    Unknown,
    Nothing,
}

/// What the values in `slots` bring with them.
fn carried(linker: &Linker, outside: &FxHashSet<MethodId>, slots: &[SlotId]) -> Carried {
    let stops = |slot: &Slot| match slot {
        Slot::Member { .. } => true,
        _ => declared(linker, slot).is_some_and(|ty| ty.is_plain() || is_id(ty)),
    };
    let sources = linker.flow.sources_and_parts(slots, stops);
    // What only hands values on is known where one of them is; a value handed round in a circle is not.
    let mut filled: FxHashSet<SlotId> =
        sources.iter().copied().filter(|&slot| !hands_on(linker.flow.kind(slot))).collect();
    let mut grows = true;
    while grows {
        grows = false;
        for &slot in sources.iter().rev().filter(|slot| !filled.contains(slot)).collect::<Vec<_>>() {
            if linker.flow.comes_from(slot).any(|from| filled.contains(&from)) {
                grows |= filled.insert(slot);
            }
        }
    }
    let of_slot = |&slot: &SlotId| of_slot(linker, outside, slot, filled.contains(&slot));
    sources.iter().map(of_slot).min().unwrap_or(Carried::Nothing)
}

fn hands_on(slot: &Slot) -> bool {
    matches!(
        slot,
        Slot::Param(..) | Slot::Field(_) | Slot::Return(_) | Slot::Filtered { .. } | Slot::Derived { .. }
    )
}

fn of_slot(linker: &Linker, outside: &FxHashSet<MethodId>, slot: SlotId, filled: bool) -> Carried {
    let flow = &linker.flow;
    let kind = flow.kind(slot);
    if let Some(ty) = declared(linker, kind) {
        if is_id(ty) {
            return Carried::Id;
        }
        // Of an object, its fields tell.
        if ty.is_plain() || is_object(ty) {
            return Carried::Nothing;
        }
    }
    let untraced = flow.own_facts(slot).has(SlotFacts::UNTRACED);
    let known = match kind {
        Slot::Text { text, .. } if asks(text) => return Carried::Question,
        Slot::Member { unit, expr } => return member(linker, *unit, *expr),
        Slot::TriggerRecords(_) | Slot::QueryRows { .. } => return Carried::Id,
        Slot::NewRecord { .. } if flow.facts_of(slot).has(SlotFacts::SAVED) => return Carried::Id,
        Slot::Param(method, _) => filled && !outside.contains(method),
        Slot::Return(method) => filled || (!flow.has_source(slot) && linker.symbols.block(*method).is_some()),
        Slot::Response(_) | Slot::Answer { .. } | Slot::Inbound | Slot::Made { .. } => false,
        kind => filled || !hands_on(kind),
    };
    if known && !untraced { Carried::Nothing } else { Carried::Unknown }
}

/// A field of a record: whether it identifies the record or an event, as far as its name tells.
fn member(linker: &Linker, unit: u32, expr: crate::apex::unit::ExprId) -> Carried {
    let unit = linker.symbols.unit(unit);
    let name = match unit.expr(expr) {
        Expr::Field { name, .. } => name.as_str(),
        Expr::Call { args, .. } => match unit.list(*args).first().map(|&arg| unit.expr(arg)) {
            Some(Expr::Str(text)) => &**text,
            _ => return Carried::Unknown,
        },
        _ => return Carried::Unknown,
    };
    if names_key(name) { Carried::Id } else { Carried::Nothing }
}

/// `Id`, `AccountId`, `EventUuid`, `CaseNumber`, `External_Key__c`: a field by which records are told
/// apart.
fn names_key(field: &str) -> bool {
    const KEYS: [&str; 13] = [
        "id",
        "ids",
        "uuid",
        "guid",
        "key",
        "sku",
        "number",
        "no",
        "num",
        "code",
        "reference",
        "ref",
        "external",
    ];
    // Words that end like an id and are none.
    const OTHERS: [&str; 8] = ["paid", "unpaid", "prepaid", "valid", "invalid", "void", "grid", "bid"];
    let plain = field.strip_suffix("__c").or(field.strip_suffix("__C")).unwrap_or(field);
    let mut words = vec![String::new()];
    let mut before = '_';
    for ch in plain.chars() {
        if ch == '_' || (ch.is_uppercase() && before.is_lowercase()) {
            words.push(String::new());
        }
        if ch != '_' {
            words.last_mut().expect("starts with one").extend(ch.to_lowercase());
        }
        before = ch;
    }
    let is_key = |word: &String| {
        KEYS.contains(&word.as_str())
            || (["id", "uuid", "guid", "number"].iter().any(|key| word.ends_with(key))
                && !OTHERS.contains(&word.as_str()))
    };
    words.iter().any(is_key)
}

/// The declared type of what a slot is.
fn declared<'a>(linker: &'a Linker, slot: &Slot) -> Option<&'a Ty> {
    match slot {
        Slot::Param(method, index) => {
            linker.symbols.method(*method).params.get(*index as usize).map(|(_, ty)| ty)
        }
        Slot::Return(method) => Some(&linker.symbols.method(*method).returns),
        Slot::Field(field) => Some(&linker.symbols.field(*field).ty),
        _ => None,
    }
}

fn is_id(ty: &Ty) -> bool {
    match ty {
        Ty::List(element) | Ty::Set(element) => is_id(element),
        Ty::Map(pair) => is_id(&pair.0),
        ty => ty.is_platform("id"),
    }
}

fn is_object(ty: &Ty) -> bool {
    match ty {
        Ty::Class(_) => true,
        Ty::List(element) | Ty::Set(element) => is_object(element),
        Ty::Map(pair) => is_object(&pair.1),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_that_identify_a_message_are_told_by_their_words() {
        for header in ["Idempotency-Key", "X-Request-Id", "x-correlation-id", "message-id"] {
            assert!(identifies(&header.to_lowercase()), "{header}");
        }
        assert!(!identifies("content-type"));
    }

    #[test]
    fn requests_that_only_ask_are_told_by_their_words() {
        for text in
            ["https://a.example/v1/invoices/create_preview", "callout:X/search?q=", "grant_type=password"]
        {
            assert!(asks(text), "{text}");
        }
        for text in ["callout:X/orders", "preview", "https://a.example/authors"] {
            assert!(!asks(text), "{text}");
        }
    }

    #[test]
    fn fields_that_identify_a_record_are_told_by_their_words() {
        for field in ["Id", "accountid", "AccountId", "EventUuid", "ReplayId", "Order_Key__c", "CaseNumber"] {
            assert!(names_key(field), "{field}");
        }
        for field in ["Name", "Amount__c", "Paid__c", "Notes__c"] {
            assert!(!names_key(field), "{field}");
        }
    }
}
