//! Facts about requests and answers, once all flows are known: addresses, secrets, timeouts, checks.

use std::borrow::Cow;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::metadata::object::{PlatformEvent, PublishBehavior};
use crate::span::Location;

use super::flow::{Flow, Sink, SinkKind, Slot, SlotFacts, SlotId, Text, UNKNOWN};
use super::interpret::Linker;
use super::model::{Effect, Entry, Site, SiteId};
use super::recognition::{called_from_outside, recognised};
use super::secrets::{has_secret_parameter, is_secret_header};
use super::symbols::MethodId;
use super::url::{Url, is_salesforce};

/// What kind of address a text is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Address {
    NamedCredential(String),
    Url {
        scheme: &'static str,
        host: String,
    },
    /// This org, and which of its services (the word after `/services/data/v60.0/`).
    Own(Option<String>),
    Dynamic,
}

impl Address {
    fn of(text: &Text) -> Address {
        if text.own_url {
            return Address::Own(service_of(&text.text));
        }
        let value = text.text.trim_start();
        let lower = value.to_ascii_lowercase();
        if lower.starts_with("callout:") {
            let name: String = value["callout:".len()..]
                .chars()
                .take_while(|&ch| ch.is_alphanumeric() || ch == '_')
                .collect();
            return if name.is_empty() { Address::Dynamic } else { Address::NamedCredential(name) };
        }
        let Some(Url { scheme, host }) = Url::of(value) else { return Address::Dynamic };
        // `'https://' + host`: nothing is hard-coded but the protocol.
        let (host, whole) = match host.split_once(UNKNOWN) {
            Some((known, _)) => (known.to_owned(), false),
            None => (host, true),
        };
        let is_host = host.contains('.') || host == "localhost" || host.starts_with('[');
        if host.is_empty() || !is_host || (!whole && !host.contains('.')) {
            return Address::Dynamic;
        }
        Address::Url { scheme, host }
    }

    fn facts(&self) -> Vec<(&'static str, Cow<'static, str>)> {
        match self {
            Address::NamedCredential(name) => {
                vec![("endpoint", "named-credential".into()), ("host", name.clone().into())]
            }
            Address::Url { scheme, host } => {
                vec![("endpoint", "url".into()), ("scheme", (*scheme).into()), ("host", host.clone().into())]
            }
            Address::Own(service) => {
                let mut facts = vec![("endpoint", "self-org".into())];
                facts.extend(service.clone().map(|service| ("service", service.into())));
                facts
            }
            Address::Dynamic => vec![("endpoint", "dynamic".into())],
        }
    }
}

/// The service of a path on the org: `query` of `/services/data/v60.0/query`, `apexrest`, `soap`.
fn service_of(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let rest = lower.split_once("/services/")?.1;
    let mut words = rest.split(['/', '?', UNKNOWN]).filter(|word| !word.is_empty());
    let first = words.next()?;
    if first != "data" {
        return Some(first.to_owned());
    }
    let is_version = |word: &str| {
        word.strip_prefix('v').is_some_and(|rest| rest.starts_with(|ch: char| ch.is_ascii_digit()))
    };
    words.find(|word| !is_version(word)).map(str::to_owned)
}

/// A call that told a request something, and the texts that it may be.
struct Told<'a> {
    sink: &'a Sink,
    texts: Vec<Text>,
}

/// Adds the sites of addresses, secrets and requests, and completes those of callouts.
pub fn complete(linker: &mut Linker, events: &[PlatformEvent], entries: &[Entry]) {
    let sinks = std::mem::take(&mut linker.flow.sinks);
    let told: Vec<Told> =
        sinks.iter().map(|sink| Told { sink, texts: linker.flow.texts(&sink.value) }).collect();
    let addresses = addresses_by_request(&linker.flow, &told);
    for told in &told {
        match &told.sink.kind {
            SinkKind::Endpoint => endpoint_sites(linker, told),
            SinkKind::Header(_) | SinkKind::Body | SinkKind::SoapHeader => {
                credential_site(linker, told);
                session_site(linker, told, &addresses);
            }
            SinkKind::Method | SinkKind::EventField(_) => {}
        }
    }
    request_sites(linker);
    let outside = called_from_outside(linker, entries);
    callout_facts(linker, &told, &addresses, &outside);
    result_facts(linker, events);
}

/// A publish or a write whose result is kept in a variable that nobody looks at is one whose result is
/// dropped.
fn result_facts(linker: &mut Linker, events: &[PlatformEvent]) {
    for index in 0..linker.sites.len() {
        match linker.sites[index].effect {
            Effect::Publish => publish_behavior(linker, index, events),
            Effect::Dml => {}
            _ => continue,
        }
        if linker.sites[index].fact("result") != Some("used") {
            continue;
        }
        let slot = linker.flow.slot(Slot::Response(SiteId(index as u32)), None);
        let read = linker.flow.facts_of(slot);
        let stays = linker.flow.forward(slot).len() == 1;
        if stays && !read.has(SlotFacts::STATUS_READ) && !read.has(SlotFacts::ESCAPES) {
            for (name, value) in &mut linker.sites[index].facts {
                if *name == "result" {
                    *value = "dropped".into();
                }
            }
        }
    }
}

fn publish_behavior(linker: &mut Linker, index: usize, events: &[PlatformEvent]) {
    let site = &mut linker.sites[index];
    let declared = site.object.and_then(|object| events.iter().find(|event| event.header.name == object));
    let behavior = match declared.map(|event| event.publish_behavior) {
        Some(PublishBehavior::AfterCommit) => "after-commit",
        Some(PublishBehavior::Immediately) => "immediately",
        None => "unknown",
    };
    site.facts.push(("publish-behavior", behavior.into()));
}

/// For each request that is made somewhere, the addresses it may be given.
fn addresses_by_request(flow: &Flow, told: &[Told]) -> FxHashMap<SlotId, Vec<Address>> {
    let mut found: FxHashMap<SlotId, Vec<Address>> = FxHashMap::default();
    for Told { sink, texts } in told.iter().filter(|told| told.sink.kind == SinkKind::Endpoint) {
        let mut addresses: Vec<Address> = texts.iter().map(Address::of).collect();
        if addresses.is_empty() {
            addresses.push(Address::Dynamic);
        }
        for request in made(flow, &sink.request) {
            let known = found.entry(request).or_default();
            for address in &addresses {
                if !known.contains(address) {
                    known.push(address.clone());
                }
            }
        }
    }
    found.values_mut().for_each(|addresses| addresses.sort());
    found
}

/// The creations that values in `slots` may come from.
fn made(flow: &Flow, slots: &[SlotId]) -> Vec<SlotId> {
    let mut found: Vec<SlotId> = slots
        .iter()
        .flat_map(|&slot| flow.backward(slot))
        .filter(|&slot| matches!(flow.kind(slot), Slot::Made { .. }))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

fn endpoint_sites(linker: &mut Linker, Told { sink, texts }: &Told) {
    let mut seen = FxHashSet::default();
    for text in texts {
        let address = Address::of(text);
        // A literal that a caller passes in is the caller's to mend.
        let at = if text.passed { text.at.unwrap_or(sink.at) } else { sink.at };
        if address == Address::Dynamic || !seen.insert((address.clone(), at)) {
            continue;
        }
        let symbol = linker.symbol_at(at);
        let label = match &address {
            Address::NamedCredential(name) => format!("named credential {name}"),
            Address::Url { scheme, host } => format!("{scheme}://{host}"),
            Address::Own(_) => "this org".to_owned(),
            Address::Dynamic => continue,
        };
        linker.site(Effect::Endpoint, at, || Site {
            effect: Effect::Endpoint,
            at,
            symbol,
            label,
            object: None,
            operation: None,
            facts: address.facts(),
        });
    }
}

fn credential_site(linker: &mut Linker, Told { sink, texts }: &Told) {
    let found = texts.iter().find_map(|text| {
        let place = match &sink.kind {
            SinkKind::Header(name) => is_secret_header(name.as_deref(), &text.text).then_some("header")?,
            SinkKind::Body => has_secret_parameter(&text.text).then_some("body")?,
            _ => return None,
        };
        Some((place, text.passed, text.at))
    });
    let Some((place, passed, origin)) = found else { return };
    let at = if passed { origin.unwrap_or(sink.at) } else { sink.at };
    let label = match &sink.kind {
        SinkKind::Header(Some(name)) => format!("literal secret in the header `{name}`"),
        SinkKind::Header(None) => "literal secret in a header".to_owned(),
        _ => "literal secret in the body".to_owned(),
    };
    linker.site(Effect::Credential, at, || Site {
        effect: Effect::Credential,
        at,
        symbol: sink.symbol.clone(),
        label,
        object: None,
        operation: None,
        facts: vec![("place", place.into())],
    });
}

fn session_site(
    linker: &mut Linker,
    Told { sink, texts }: &Told,
    addresses: &FxHashMap<SlotId, Vec<Address>>,
) {
    let Some(text) = texts.iter().find(|text| text.session_id) else { return };
    let made = made(&linker.flow, &sink.request);
    let mut known: Vec<&Address> = made.iter().filter_map(|slot| addresses.get(slot)).flatten().collect();
    known.sort();
    known.dedup();
    // Sent to this org at any address it may have: not a leak. Only what is surely elsewhere is one.
    let own = |address: &Address| match address {
        Address::Own(_) => true,
        Address::Url { host, .. } => is_salesforce(host),
        _ => false,
    };
    let address = if known.iter().any(|address| own(address)) {
        Address::Own(None)
    } else {
        match known.iter().find(|address| matches!(address, Address::Url { .. })) {
            Some(address) => (*address).clone(),
            None => known.first().map_or(Address::Dynamic, |address| (*address).clone()),
        }
    };
    let at = if text.passed { text.at.unwrap_or(sink.at) } else { sink.at };
    linker.site(Effect::SessionId, at, || Site {
        effect: Effect::SessionId,
        at,
        symbol: sink.symbol.clone(),
        label: "session id".to_owned(),
        object: None,
        operation: None,
        facts: address.facts(),
    });
}

fn request_sites(linker: &mut Linker) {
    let requests: Vec<(SlotId, Location)> = linker
        .flow
        .ids()
        .filter(|&slot| matches!(linker.flow.kind(slot), Slot::Made { .. }))
        .filter_map(|slot| Some((slot, linker.flow.at(slot)?)))
        .collect();
    for (slot, at) in requests {
        let facts = linker.flow.facts_of(slot);
        if !facts.has(SlotFacts::SENT) {
            continue;
        }
        let timeout = if facts.has(SlotFacts::TIMEOUT_SET) {
            "set"
        } else if facts.has(SlotFacts::ESCAPES) {
            "unknown"
        } else {
            "unset"
        };
        let symbol = linker.symbol_at(at);
        linker.site(Effect::Request, at, || Site {
            effect: Effect::Request,
            at,
            symbol,
            label: "request".to_owned(),
            object: None,
            operation: None,
            facts: vec![("timeout", timeout.into())],
        });
    }
}

fn callout_facts(
    linker: &mut Linker,
    told: &[Told],
    addresses: &FxHashMap<SlotId, Vec<Address>>,
    outside: &FxHashSet<MethodId>,
) {
    let told_of = sinks_by_request(&linker.flow, told);
    let verbs = verbs_by_request(&linker.flow, told);
    let logins = requests_with_login(&linker.flow, told);
    for index in 0..linker.sites.len() {
        // Of those of flows, all is known.
        if linker.sites[index].effect != Effect::Callout || linker.sites[index].fact("endpoint").is_some() {
            continue;
        }
        let id = SiteId(index as u32);
        let requests = linker.callout_requests.get(&id).cloned().unwrap_or_default();
        let made = made(&linker.flow, &requests);
        let mut known: Vec<&Address> = made.iter().filter_map(|slot| addresses.get(slot)).flatten().collect();
        known.sort();
        known.dedup();
        let mut facts = match known.as_slice() {
            [one] => one.facts(),
            _ => Address::Dynamic.facts(),
        };
        let mut methods: Vec<&String> = made.iter().filter_map(|slot| verbs.get(slot)).flatten().collect();
        methods.sort();
        methods.dedup();
        if let [one] = methods.as_slice() {
            facts.push(("verb", one.to_string().into()));
            if matches!(one.as_str(), "POST" | "PATCH") {
                let sinks = |request| told_of.get(&request).into_iter().flatten().copied();
                let least = made.iter().map(|&slot| recognised(linker, outside, slot, sinks(slot))).min();
                facts.extend(least.map(|by| ("recognised-by", by.to_string().into())));
            }
        }
        if let Some(time) = made.iter().filter_map(|&slot| linker.flow.timeout_of(slot)).max() {
            facts.push(("timeout-ms", time.to_string().into()));
        }
        if !made.is_empty() && linker.sites[index].fact("api") == Some("http") {
            let login = if made.iter().any(|slot| logins.contains(slot)) { "set" } else { "none" };
            facts.push(("authorization", login.into()));
        }
        if linker.sites[index].fact("api") == Some("http") {
            let response = linker.flow.slot(Slot::Response(id), None);
            let read = linker.flow.facts_of(response);
            let answer = if read.has(SlotFacts::STATUS_READ) {
                "checked"
            } else if read.has(SlotFacts::ESCAPES) {
                "unknown"
            } else if read.has(SlotFacts::BODY_READ) {
                "unchecked"
            } else {
                "dropped"
            };
            facts.push(("response", answer.into()));
        }
        linker.sites[index].facts.extend(facts);
    }
}

/// For each request that is made somewhere, all that it is told.
fn sinks_by_request<'a>(flow: &Flow, told: &'a [Told]) -> FxHashMap<SlotId, Vec<&'a Sink>> {
    let mut found: FxHashMap<SlotId, Vec<&Sink>> = FxHashMap::default();
    for Told { sink, .. } in told {
        for request in made(flow, &sink.request) {
            found.entry(request).or_default().push(sink);
        }
    }
    found
}

/// The requests that are told who they come from, or may be: by a header, or by a key in the address
/// or the body.
fn requests_with_login(flow: &Flow, told: &[Told]) -> FxHashSet<SlotId> {
    let mut found = FxHashSet::default();
    for Told { sink, texts } in told {
        let holds = |names: &[&str]| {
            texts.iter().any(|text| {
                let lower = text.text.to_ascii_lowercase();
                names.iter().any(|name| lower.contains(name))
            })
        };
        let login = match &sink.kind {
            SinkKind::Header(Some(name)) => {
                ["auth", "key", "token", "secret", "password", "signature", "credential", "cookie"]
                    .iter()
                    .any(|word| name.contains(word))
            }
            // A header whose name is not known may be the one.
            SinkKind::Header(None) | SinkKind::SoapHeader => true,
            SinkKind::Endpoint => holds(&["key=", "token=", "sig=", "code=", "secret="]),
            SinkKind::Body => holds(&["key", "token", "secret", "password", "signature", "assertion"]),
            SinkKind::Method | SinkKind::EventField(_) => false,
        };
        if login {
            found.extend(made(flow, &sink.request));
        }
    }
    found
}

fn verbs_by_request(flow: &Flow, told: &[Told]) -> FxHashMap<SlotId, Vec<String>> {
    let mut found: FxHashMap<SlotId, Vec<String>> = FxHashMap::default();
    for Told { sink, texts } in told.iter().filter(|told| told.sink.kind == SinkKind::Method) {
        for request in made(flow, &sink.request) {
            let known = found.entry(request).or_default();
            for text in texts.iter().filter(|text| text.complete) {
                let verb = text.text.to_uppercase();
                if !known.contains(&verb) {
                    known.push(verb);
                }
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &str) -> Text {
        Text {
            text: value.to_owned(),
            at: None,
            passed: false,
            session_id: false,
            own_url: false,
            complete: true,
        }
    }

    #[test]
    fn addresses_are_told_apart() {
        assert_eq!(
            Address::of(&text("https://api.erp.example.com/v1")),
            Address::Url { scheme: "https", host: "api.erp.example.com".into() }
        );
        assert_eq!(Address::of(&text("callout:ERP/v1")), Address::NamedCredential("ERP".into()));
        assert_eq!(Address::of(&text("https://\u{1}/v1")), Address::Dynamic);
        assert_eq!(Address::of(&text("/services/data")), Address::Dynamic);
    }
}
