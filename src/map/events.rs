//! Events on the map: which there are, and who outside of the org publishes and receives them.

use crate::config::Landscape;
use crate::metadata::Metadata;
use crate::name::Name;
use crate::program::model::{Program, SiteId};
use crate::span::Location;

use super::{EdgeKind, NodeKind};

/// A participant that is no entry point of the project.
pub struct Outsider {
    /// Of its node.
    pub id: String,
    pub name: String,
    pub detail: String,
    pub event: Name,
    /// Where the project says so.
    pub at: Option<Location>,
    pub publishes: bool,
    pub label: String,
}

/// The node of an event.
pub fn id(event: Name) -> String {
    format!("event:{}", event.folded())
}

/// The node of what is published, where the type of the event is only known at run time.
pub const UNKNOWN: &str = "event:(unknown)";

pub fn kind(event: Name) -> NodeKind {
    if is_change(event) { NodeKind::ChangeEvent } else { NodeKind::Event }
}

pub fn edge(event: Name) -> EdgeKind {
    if is_change(event) { EdgeKind::ChangeDataCapture } else { EdgeKind::PlatformEvent }
}

pub fn detail(event: Name) -> &'static str {
    if is_change(event) {
        "change event"
    } else if event.folded().ends_with("__e") {
        "platform event"
    } else {
        "event of the platform"
    }
}

fn is_change(event: Name) -> bool {
    event.folded().ends_with("changeevent")
}

/// The events that a site publishes.
pub fn published(program: &Program, id: SiteId) -> Vec<Name> {
    let mut events: Vec<Name> = program.site(id).object.into_iter().collect();
    if let Ok(index) = program.payloads.binary_search_by_key(&id, |payload| payload.site) {
        events.extend(program.payloads[index].events.iter().copied());
    }
    events.retain(|event| event.folded().ends_with("__e"));
    events.sort();
    events.dedup();
    events
}

/// Relays, managed subscriptions, channels and what the configuration says.
pub fn outsiders(metadata: &Metadata, landscape: &Landscape) -> Vec<Outsider> {
    let mut found = Vec::new();
    for relay in &metadata.event_relays {
        let Some(channel) = &relay.channel else { continue };
        for event in of_topic(metadata, channel.value.as_str()) {
            found.push(Outsider {
                id: format!("system:(relay {})", relay.header.name.folded()),
                name: "Amazon EventBridge".to_owned(),
                detail: format!("event relay {}", relay.header.name),
                event,
                at: Some(relay.header.start()),
                publishes: false,
                label: format!("event relay {} sends {event} to Amazon EventBridge", relay.header.name),
            });
        }
    }
    for managed in &metadata.managed_subscriptions {
        let Some(topic) = &managed.topic else { continue };
        for event in of_topic(metadata, &topic.value) {
            found.push(Outsider {
                id: format!("system:(managed {})", managed.header.name.folded()),
                name: managed.header.name.as_str().to_owned(),
                detail: "managed Pub/Sub subscription".to_owned(),
                event,
                at: Some(managed.header.start()),
                publishes: false,
                label: format!("managed subscription {} receives {event}", managed.header.name),
            });
        }
    }
    for member in &metadata.channel_members {
        if member.channel.value.folded().ends_with("__chn") {
            let event = member.entity.value;
            found.push(Outsider {
                id: format!("channel:{}", member.channel.value.folded()),
                name: member.channel.value.as_str().to_owned(),
                detail: "channel for outside subscribers".to_owned(),
                event,
                at: Some(member.header.location(member.entity.at)),
                publishes: false,
                label: format!("channel {} holds {event}", member.channel.value),
            });
        }
    }
    for (sides, publishes) in [(&landscape.external_subscribers, false), (&landscape.external_publishers, true)] {
        for (topic, systems) in sides {
            for event in of_topic(metadata, topic) {
                found.extend(systems.iter().map(|system| Outsider {
                    id: format!("{}:{system}", if publishes { "caller" } else { "system" }),
                    name: system.clone(),
                    detail: "named in seamlint.yml".to_owned(),
                    event,
                    at: None,
                    publishes,
                    label: String::new(),
                }));
            }
        }
    }
    found
}

/// The events of a topic, a channel or an event: `/data/Sales__chn`, `Sales__chn`, `Order__e`.
fn of_topic(metadata: &Metadata, topic: &str) -> Vec<Name> {
    let name = Name::new(topic.rsplit('/').next().unwrap_or(topic));
    if !name.folded().ends_with("__chn") && !name.is("changeevents") {
        return vec![name];
    }
    let mut found: Vec<Name> = metadata
        .channel_members
        .iter()
        .filter(|member| member.channel.value == name)
        .map(|member| member.entity.value)
        .collect();
    found.sort();
    found.dedup();
    found
}
