//! Events on the map: which there are, and who outside of the project's code publishes and receives them.

use crate::config::Landscape;
use crate::metadata::Metadata;
use crate::name::Name;
use crate::span::Location;
use crate::summary::event_graph::{is_change, is_event};

use super::{EdgeKind, NodeKind};

/// What outsiders subscribe to.
pub enum Topic {
    Event(Name),
    Channel(Name),
}

/// A participant that is no entry point of the project.
pub struct Outsider {
    /// Of its node.
    pub id: String,
    pub name: String,
    pub detail: String,
    /// The system that the configuration names.
    pub system: Option<String>,
    pub topic: Topic,
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
    } else if is_event(event) {
        "platform event"
    } else {
        "event of the platform"
    }
}

/// Relays, managed subscriptions and what the configuration says.
pub fn outsiders(metadata: &Metadata, landscape: &Landscape) -> Vec<Outsider> {
    let mut found = Vec::new();
    for relay in &metadata.event_relays {
        let Some(channel) = &relay.channel else { continue };
        found.push(Outsider {
            id: format!("system:(relay {})", relay.header.name.folded()),
            name: "Amazon EventBridge".to_owned(),
            detail: format!("event relay {}", relay.header.name),
            system: None,
            topic: topic(channel.value.as_str()),
            at: Some(relay.header.start()),
            publishes: false,
            label: format!("event relay {} sends {} to Amazon EventBridge", relay.header.name, channel.value),
        });
    }
    for managed in &metadata.managed_subscriptions {
        let Some(name) = &managed.topic else { continue };
        found.push(Outsider {
            id: format!("system:(managed {})", managed.header.name.folded()),
            name: managed.header.name.as_str().to_owned(),
            detail: "managed Pub/Sub subscription".to_owned(),
            system: None,
            topic: topic(&name.value),
            at: Some(managed.header.start()),
            publishes: false,
            label: format!("managed subscription {} receives {}", managed.header.name, name.value),
        });
    }
    for (sides, publishes) in
        [(&landscape.external_subscribers, false), (&landscape.external_publishers, true)]
    {
        for (name, systems) in sides {
            found.extend(systems.iter().map(|system| Outsider {
                id: String::new(),
                name: String::new(),
                detail: String::new(),
                system: Some(system.clone()),
                topic: topic(name),
                at: None,
                publishes,
                label: String::new(),
            }));
        }
    }
    found
}

/// An event or a channel: `/data/Sales__chn`, `Sales__chn`, `Order__e`.
fn topic(text: &str) -> Topic {
    let name = Name::new(text.rsplit('/').next().unwrap_or(text));
    if name.folded().ends_with("__chn") || name.is("changeevents") {
        Topic::Channel(name)
    } else {
        Topic::Event(name)
    }
}
