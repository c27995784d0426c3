//! What pages in the browser do to the org, as things with facts that rules ask for: the parsed pages,
//! joined with what the Apex behind them does.

use std::borrow::Cow;
use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::name::Name;
use crate::pages::{ApexMethod, Ends, Page, Poll, Why};
use crate::program::model::{
    Effect, Effects, EntryId, EntryKind, Guards, Item, ItemKind, Program, Site, SiteId,
};
use crate::rules::limits::grouped;
use crate::span::Location;

use super::Summary;
use super::event_graph::Surroundings;
use super::reach::{ReachQuery, reach};
use super::spread::{Jobs, SpreadQuery, spread};

type Related = Vec<(Location, String)>;

/// The polls, the calls that are repeated, the subscriptions and the requests of all pages.
pub(super) fn items(program: &Program, summary: &Summary, around: &Surroundings<'_>) -> Vec<Item> {
    if around.pages.is_empty() {
        return Vec::new();
    }
    let linker = Linker { program, summary, entries: entries(program) };
    let mut items = Vec::new();
    for page in around.pages {
        items.extend(page.topics.iter().map(|(topic, at)| subscription(page, topic, *at)));
        items.extend(page.polls.iter().map(|poll| linker.poll(page, poll)));
        items.extend(linker.repeated_calls(page));
        items.extend(page.requests.iter().map(|request| {
            let host = url::Url::parse(&request.url).ok().and_then(|url| Some(url.host_str()?.to_owned()));
            let mut item = of(page, ItemKind::PageRequest, request.at);
            item.facts.push(("by", request.by.into()));
            item.facts.extend(host.map(|host| ("host", Cow::from(host))));
            item
        }));
    }
    items
}

fn of(page: &Page, kind: ItemKind, at: Location) -> Item {
    Item {
        kind,
        name: Name::new(&page.name),
        at,
        label: format!("{} `{}`", page.kind.noun(), page.name),
        object: None,
        facts: vec![("made-with", page.kind.to_string().into())],
        related: Vec::new(),
    }
}

fn subscription(page: &Page, topic: &str, at: Location) -> Item {
    // Guests and customers: their number is not that of the licences.
    let community = page.targets.iter().find(|target| target.starts_with("lightningCommunity__"));
    let mut item = of(page, ItemKind::PageSubscription, at);
    item.label = format!("component {}", page.name);
    item.object = Some(Name::new(topic.rsplit('/').next().unwrap_or_default()));
    item.facts.push(("topic", topic_kind(topic).into()));
    item.facts.push(("audience", if community.is_some() { "community" } else { "internal" }.into()));
    item.facts.extend(community.map(|target| ("shown-on", target.clone().into())));
    item
}

pub(super) fn topic_kind(topic: &str) -> &'static str {
    let topic = topic.to_ascii_lowercase();
    if topic.starts_with("/topic/") {
        "push-topic"
    } else if topic.starts_with("/u/") {
        "generic"
    } else if topic == "/data/changeevents" {
        "all-changes"
    } else if topic.starts_with("/data/") {
        "changes"
    } else {
        "event"
    }
}

/// The entry points that pages call, by `class.method` in lower case.
fn entries(program: &Program) -> FxHashMap<String, Vec<EntryId>> {
    let mut entries: FxHashMap<String, Vec<EntryId>> = FxHashMap::default();
    for (id, entry) in (0u32..).map(EntryId).zip(&program.entries) {
        if matches!(
            entry.kind,
            EntryKind::AuraEnabled
                | EntryKind::AuraCacheable
                | EntryKind::RemoteAction
                | EntryKind::VisualforceAction
        ) {
            entries.entry(program.node(entry.node).symbol.to_lowercase()).or_default().push(id);
        }
    }
    entries
}

/// How many requests a poll makes, in words.
fn amount(poll: &Poll) -> String {
    const HOUR_MS: u64 = 60 * 60 * 1000;
    /// A working day, in which the page may be open.
    const DAY_MS: u64 = 8 * HOUR_MS;
    let period = poll.period_ms.filter(|period| *period > 0);
    match (poll.ends, period) {
        (Ends::Never, Some(period)) => {
            let count = grouped(DAY_MS / period);
            format!("an open page makes {count} requests in a working day of eight hours")
        }
        (Ends::Never, None) => "as long as the page is open".to_owned(),
        (_, Some(period)) => {
            format!("{} requests an hour, until it is told to stop", grouped(HOUR_MS / period))
        }
        (_, None) => "until it is told to stop".to_owned(),
    }
}

struct Linker<'a> {
    program: &'a Program,
    summary: &'a Summary,
    entries: FxHashMap<String, Vec<EntryId>>,
}

impl Linker<'_> {
    /// The entry points that a call of a page starts.
    fn entries_of(&self, method: &ApexMethod) -> &[EntryId] {
        let key = |class: &String| format!("{}.{}", class.to_lowercase(), method.name.to_lowercase());
        method.classes.iter().find_map(|class| self.entries.get(&key(class))).map_or(&[], Vec::as_slice)
    }

    /// The sites of some effects that the transaction of an entry point reaches.
    fn sites(&self, entry: EntryId, effects: &[Effect]) -> Vec<SiteId> {
        let query = ReachQuery {
            effects: Effects::of(effects),
            site: &|site| effects.contains(&site.effect),
            avoid: Guards::NONE,
            through_dml: true,
            blocked: None,
        };
        let mut sites: Vec<SiteId> =
            reach(self.program, self.summary, entry, &query).iter().map(|reach| reach.site).collect();
        sites.dedup();
        sites
    }

    /// The first callout that a call of a page waits for, and what leads to it.
    fn callout(&self, method: &ApexMethod) -> Option<Related> {
        // A continuation does not hold the transaction open.
        if method.continuation {
            return None;
        }
        self.entries_of(method).iter().find_map(|&id| {
            let site = self.program.site(*self.sites(id, &[Effect::Callout]).first()?);
            Some(vec![
                (self.program.entry(id).at, format!("{} runs", self.program.entry(id).name)),
                (site.at, format!("`{}` makes the callout", site.symbol)),
            ])
        })
    }

    fn poll(&self, page: &Page, poll: &Poll) -> Item {
        let mut item = of(page, ItemKind::PagePoll, poll.at);
        let names: Vec<String> = poll.calls.iter().map(|polled| polled.method.shown()).collect();
        let calls = match names.as_slice() {
            [] => "its controller".to_owned(),
            [one] => format!("`{one}`"),
            [first, others @ ..] => format!("`{first}` and {} more", others.len()),
        };
        item.facts.push(("calls", calls.into()));
        item.facts.push(("by", poll.by.into()));
        item.facts.push(("ends", poll.ends.to_string().into()));
        if let Some(period) = poll.period_ms.filter(|period| *period > 0) {
            item.facts.push(("every-seconds", period.div_ceil(1000).to_string().into()));
            let words = match (period, period % 1000) {
                (..1000, _) => format!("every {period} ms"),
                (1000, _) => "every second".to_owned(),
                (_, 0) => format!("every {} s", grouped(period / 1000)),
                _ => format!("every {:.1} s", period as f64 / 1000.0),
            };
            item.facts.push(("every", words.into()));
        }
        item.facts.push(("amount", amount(poll).into()));
        let mut related: Related = poll.calls.first().map(|polled| polled.steps.clone()).unwrap_or_default();
        let callout = poll.calls.iter().find_map(|polled| self.callout(&polled.method));
        item.facts.push(("reaches-callout", if callout.is_some() { "yes" } else { "no" }.into()));
        match callout {
            Some(callout) => related.extend(callout),
            None => {
                related.extend(
                    poll.calls.iter().flat_map(|polled| self.entries_of(&polled.method)).take(1).map(|&id| {
                        (self.program.entry(id).at, format!("{} runs", self.program.entry(id).name))
                    }),
                )
            }
        }
        if let Some((event, object, way)) = self.reply(page, poll) {
            item.facts.push(("awaits-event", event.as_str().to_owned().into()));
            item.facts.push(("awaits-record", object.as_str().to_owned().into()));
            related.extend(way);
        }
        related.retain(|(at, _)| *at != poll.at);
        related.dedup();
        item.related = related;
        item
    }

    /// The event that the page publishes and whose answer the poll waits for: a subscriber of it writes a
    /// record that the poll reads.
    fn reply(&self, page: &Page, poll: &Poll) -> Option<(Name, Name, Related)> {
        let read: BTreeSet<Name> = poll
            .calls
            .iter()
            .flat_map(|polled| self.entries_of(&polled.method))
            .flat_map(|&id| self.sites(id, &[Effect::Query]))
            .filter_map(|site| self.program.site(site).object)
            .collect();
        if read.is_empty() {
            return None;
        }
        let jobs = Jobs::of(self.program);
        let others = poll.others.iter().filter_map(|&index| page.calls.get(index));
        for call in others {
            for &id in self.entries_of(&call.method) {
                for site in self.sites(id, &[Effect::Publish]) {
                    let Some(event) = self.program.site(site).object else { continue };
                    let Some(node) = self.summary.event_graph.event(event) else { continue };
                    for subscriber in node.subscribers.iter().filter_map(|subscriber| subscriber.entry) {
                        let is_dml = |site: &Site| site.effect == Effect::Dml;
                        let query = SpreadQuery { site: &is_dml, avoid: Guards::NONE };
                        for found in spread(self.program, self.summary, &jobs, subscriber, &query) {
                            let written = self.program.site(found.site);
                            let Some(object) = written.object.filter(|object| read.contains(object)) else {
                                continue;
                            };
                            let way = vec![
                                (call.at, format!("calls `{}`", call.method.shown())),
                                (self.program.site(site).at, format!("publishes {event}")),
                                (written.at, format!("a subscriber of {event} writes {object}")),
                            ];
                            return Some((event, object, way));
                        }
                    }
                }
            }
        }
        None
    }

    /// The calls that a page repeats without a timer: one item a method and reason.
    fn repeated_calls(&self, page: &Page) -> Vec<Item> {
        let mut seen = BTreeSet::new();
        let mut items = Vec::new();
        for call in &page.calls {
            let Some(repeat) = &call.repeat else { continue };
            if !seen.insert((call.method.shown(), repeat.why.to_string())) {
                continue;
            }
            let mut item = of(page, ItemKind::PageCall, call.at);
            item.facts.push(("calls", call.method.shown().into()));
            item.facts.push(("repeats", repeat.why.to_string().into()));
            item.facts.push(("way", call.way.to_string().into()));
            let words = match repeat.why {
                Why::Loop => "once for each element of a collection",
                Why::Keystroke => "at every character that the user types",
            };
            item.facts.push(("how-often", words.into()));
            item.related = repeat.steps.clone();
            let callout = self.callout(&call.method);
            item.facts.push(("reaches-callout", if callout.is_some() { "yes" } else { "no" }.into()));
            item.related.extend(callout.into_iter().flatten());
            item.related.retain(|(at, _)| *at != call.at);
            items.push(item);
        }
        items
    }
}
