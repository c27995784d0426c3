//! The events, and what delivers them, as things with facts that rules ask for.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::apex::unit::DmlOp;
use crate::finding::Confidence;
use crate::metadata::Metadata;
use crate::metadata::channel::ChannelMember;
use crate::metadata::object::PublishBehavior;
use crate::name::Name;
use crate::program::OWNED_BY_USERS;
use crate::program::model::{Effect, Effects, EntryId, EntryKind, Guards, Item, ItemKind, Program, Site};
use crate::span::Location;

use super::Summary;
use super::event_graph::{
    Assumed, Event, EventGraph, SubscriberKind, Surroundings, is_change, is_event, payload_of,
};
use super::page_items::topic_kind;
use super::reach::{ReachQuery, reach};

type Facts = Vec<(&'static str, Cow<'static, str>)>;

/// The items of all events, channels' selections, subscriptions and relays.
pub fn items(program: &Program, summary: &Summary, around: &Surroundings<'_>) -> Vec<Item> {
    let graph = &summary.event_graph;
    let mut items: Vec<Item> =
        graph.events.iter().filter_map(|event| item(program, summary, event, around)).collect();
    items.extend(triggers(program, summary, around.metadata));
    items.extend(selections(around));
    items.extend(deliveries(around.metadata));
    items
}

fn count(number: usize) -> Cow<'static, str> {
    number.to_string().into()
}

fn item(program: &Program, summary: &Summary, event: &Event, around: &Surroundings<'_>) -> Option<Item> {
    let graph: &EventGraph = &summary.event_graph;
    let triggers: Vec<&super::event_graph::Subscriber> =
        event.subscribers.iter().filter(|subscriber| subscriber.kind == SubscriberKind::Trigger).collect();
    let published = event.publishers.iter().find_map(|publisher| publisher.site);
    let at = event
        .declared
        .or_else(|| triggers.last().and_then(|trigger| trigger.at))
        .or_else(|| published.map(|site| program.site(site).at))?;
    let mut related: Vec<(Location, String)> = Vec::new();
    for publisher in event.publishers.iter().take(4) {
        if let Some(site) = publisher.site {
            related.push((program.site(site).at, format!("{} publishes it", publisher.label)));
        }
    }
    for subscriber in event.subscribers.iter().take(4) {
        if let Some(at) = subscriber.at {
            related.push((at, format!("{} receives it", subscriber.label)));
        }
    }
    let mentioned = around.pages.iter().flat_map(|page| &page.mentioned).any(|topic| {
        let name = topic.rsplit('/').next().unwrap_or_default().to_lowercase();
        name == event.name.folded() || name.ends_with(&format!("__{}", event.name.folded()))
    });
    let mut facts: Facts =
        vec![("triggers", count(triggers.len())), ("mentioned", if mentioned { "yes" } else { "no" }.into())];
    let (kind, label) = if is_change(event.name) {
        let selected = around.metadata.channel_members.iter().any(|member| member.entity.value == event.name);
        let selected = match (selected, graph.has_selection) {
            (true, _) => "yes",
            (false, true) => "no",
            (false, false) => "unknown",
        };
        facts.push(("selected", selected.into()));
        // A channel alone is no subscriber.
        let receivers = event.subscribers.iter().filter(|one| one.kind != SubscriberKind::Channel).count();
        facts.push(("subscribers", count(receivers)));
        (ItemKind::ChangeEvent, format!("change event {}", event.name))
    } else if is_event(event.name) {
        facts.push(("subscribers", count(event.subscribers.len())));
        facts.push(("publishers", count(event.publishers.len())));
        let declared = around.metadata.events.iter().find(|one| one.header.name == event.name);
        let own = declared.is_some() && !is_packaged(event.name);
        facts.push(("declared", if own { "yes" } else { "no" }.into()));
        if let Some(declared) = declared {
            let behavior = match declared.publish_behavior {
                PublishBehavior::AfterCommit => "after-commit",
                PublishBehavior::Immediately => "immediately",
            };
            facts.push(("publish-behavior", behavior.into()));
            let standard = declared
                .event_type
                .as_ref()
                .is_some_and(|volume| volume.value.eq_ignore_ascii_case("StandardVolume"));
            facts.push(("volume", if standard { "standard" } else { "high" }.into()));
        }
        if let Some(route) = &event.route {
            facts.push(("route", "pass-through".into()));
            facts.push(("from", route.from.clone().into()));
            facts.push(("to", route.to.clone().into()));
            facts.push(("assumed", route.assumed.to_string().into()));
            let missing = match route.assumed {
                Assumed::None => None,
                Assumed::Publisher => Some("its publisher"),
                Assumed::Subscriber => Some("its subscriber"),
            };
            facts.extend(missing.map(|end| {
                let words = format!(" (that {end} is outside is assumed: none stands in the repository)");
                ("assumption", words.into())
            }));
        }
        facts.extend(copies(program, event));
        if let Some((object, owners)) = several_owners(program, summary, event) {
            facts.push(("owners", count(owners.len())));
            facts.push(("owner-object", object.as_str().into()));
            let names: Vec<&str> = owners.iter().map(|&id| program.entry(id).name.as_str()).collect();
            facts.push(("owner-names", names.join(" and ").into()));
            related = owners
                .iter()
                .map(|&id| (program.entry(id).at, format!("{} publishes it", program.entry(id).name)))
                .collect();
        }
        (ItemKind::PlatformEvent, format!("platform event {}", event.name))
    } else {
        // A standard event (`BatchApexErrorEvent`): the platform publishes it.
        facts.push(("subscribers", count(event.subscribers.len())));
        facts.push(("declared", "no".into()));
        (ItemKind::PlatformEvent, format!("event {}", event.name))
    };
    Some(Item { kind, name: event.name, at, label, object: None, facts, related })
}

/// A trigger, a flow or a process of the same object that all publish the event in the same save: the
/// object and one entry point of each.
fn several_owners(program: &Program, summary: &Summary, event: &Event) -> Option<(Name, Vec<EntryId>)> {
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
    enum Mechanism {
        Trigger,
        Flow,
        Process,
    }
    let mut found: BTreeMap<(Name, &str), BTreeMap<Mechanism, EntryId>> = BTreeMap::new();
    for publisher in &event.publishers {
        let Some(site) = publisher.site else { continue };
        for &id in &publisher.entries {
            let entry = program.entry(id);
            let mechanism = match entry.kind {
                EntryKind::Trigger => Mechanism::Trigger,
                EntryKind::BeforeSaveFlow | EntryKind::AfterSaveFlow | EntryKind::FlowAsyncPath => {
                    Mechanism::Flow
                }
                EntryKind::ProcessBuilder => Mechanism::Process,
                _ => continue,
            };
            let Some(object) = entry.object else { continue };
            let effects = Effects::of(&[Effect::Publish]);
            let same = |one: &Site| one.at == program.site(site).at;
            let query =
                ReachQuery { effects, site: &same, avoid: Guards::CAUGHT, blocked: None, through_dml: false };
            let sure = |reach: &super::reach::Reach| reach.confidence == Confidence::High && !reach.decided;
            if !reach(program, summary, id, &query).iter().any(sure) {
                continue;
            }
            let event = entry.event.map(|event| event.to_string());
            for operation in ["insert", "update", "delete", "undelete"] {
                // A flow without an event of its own runs on insert and update.
                let runs = match &event {
                    Some(event) => event.ends_with(&format!(" {operation}")),
                    None => matches!(operation, "insert" | "update"),
                };
                if runs {
                    found.entry((object, operation)).or_default().entry(mechanism).or_insert(id);
                }
            }
        }
    }
    let (object, owners) = found.into_iter().find(|(_, owners)| owners.len() > 1)?;
    Some((object.0, owners.into_values().collect()))
}

/// Whether record triggers copy the fields of their object into the event.
fn copies(program: &Program, event: &Event) -> Facts {
    let mut operations: BTreeMap<Name, Vec<crate::apex::unit::TriggerEvent>> = BTreeMap::new();
    let mut fields = 0;
    for publisher in &event.publishers {
        let Some(site) = publisher.site else { continue };
        let Some(payload) = payload_of(program, site) else { continue };
        // A condition on the data makes it a message of its own.
        if program.site(site).fact("conditional") != Some("no") {
            return Vec::new();
        }
        let mut copied: Vec<Name> =
            payload.fields.iter().filter(|field| field.copies_record).map(|field| field.name).collect();
        copied.sort();
        copied.dedup();
        fields = fields.max(copied.len());
        for &id in &publisher.entries {
            let entry = program.entry(id);
            if let (EntryKind::Trigger, Some(object), Some(event)) = (entry.kind, entry.object, entry.event) {
                operations.entry(object).or_default().push(event);
            }
        }
    }
    let most = operations
        .into_iter()
        .map(|(object, mut events)| {
            events.retain(|event| event.to_string().starts_with("after"));
            events.sort();
            events.dedup();
            (events.len(), object)
        })
        .max_by_key(|&(events, object)| (events, std::cmp::Reverse(object)));
    match most {
        Some((events, object)) if events > 0 => vec![
            ("copied-object", object.as_str().into()),
            ("copied-operations", count(events)),
            ("copied-fields", count(fields)),
        ],
        _ => Vec::new(),
    }
}

/// The objects selected for Change Data Capture, counted over all channels. Each project of a repository
/// goes to an org of its own.
fn selections(around: &Surroundings<'_>) -> Vec<Item> {
    let mut projects: BTreeMap<Option<u32>, Vec<&ChannelMember>> = BTreeMap::new();
    for member in &around.metadata.channel_members {
        // Those of a managed package's channel count for the package.
        if is_change(member.entity.value) && !is_packaged(member.channel.value) {
            let project = around.projects.get(member.header.file.0 as usize).copied().flatten();
            projects.entry(project).or_default().push(member);
        }
    }
    projects.into_values().filter_map(selection).collect()
}

fn selection(mut members: Vec<&ChannelMember>) -> Option<Item> {
    members.sort_by_key(|member| (member.entity.value, member.header.start()));
    members.dedup_by_key(|member| member.entity.value);
    let first = members.first()?;
    let related = members
        .iter()
        .map(|member| {
            (member.header.location(member.entity.at), format!("{} is selected", member.entity.value))
        })
        .collect();
    Some(Item {
        kind: ItemKind::ChangeSelection,
        name: Name::new("Change Data Capture"),
        at: first.header.location(first.entity.at),
        label: "the selection for Change Data Capture".to_owned(),
        object: None,
        facts: vec![("entities", count(members.len()))],
        related,
    })
}

/// `ns__Channel__chn`, `ns__Order__e`: of a managed package.
fn is_packaged(channel: Name) -> bool {
    channel.folded().matches("__").count() > 1
}

fn deliveries(metadata: &Metadata) -> Vec<Item> {
    let mut items = Vec::new();
    for relay in &metadata.event_relays {
        let recovery = relay.replay_recovery.as_deref().unwrap_or("LATEST").to_ascii_lowercase();
        let mut facts: Facts =
            vec![("recovery", if recovery == "earliest" { "earliest" } else { "latest" }.into())];
        let running = relay.state.as_ref().is_some_and(|state| state.value.eq_ignore_ascii_case("RUN"));
        facts.push(("state", if running { "run" } else { "stop" }.into()));
        // A relay names its channel, which is the topic without its folder.
        if relay.channel.as_ref().is_some_and(|channel| channel.value.is("changeevents")) {
            facts.push(("topic", "all-changes".into()));
        }
        items.push(Item {
            kind: ItemKind::EventRelay,
            name: relay.header.name,
            at: relay
                .options
                .as_ref()
                .map_or(relay.header.start(), |options| relay.header.location(options.at)),
            label: format!("event relay {}", relay.header.name),
            object: relay.channel.as_ref().map(|channel| channel.value),
            facts,
            related: Vec::new(),
        });
    }
    for managed in &metadata.managed_subscriptions {
        let mut facts: Facts = Vec::new();
        if let Some(recovery) = &managed.error_recovery_replay {
            let earliest = recovery.value.eq_ignore_ascii_case("EARLIEST");
            facts.push(("recovery", if earliest { "earliest" } else { "latest" }.into()));
        }
        if let Some(topic) = &managed.topic {
            facts.push(("topic", topic_kind(&topic.value).into()));
        }
        let place = managed.error_recovery_replay.as_ref().or(managed.topic.as_ref());
        items.push(Item {
            kind: ItemKind::ManagedSubscription,
            name: managed.header.name,
            at: place.map_or(managed.header.start(), |text| managed.header.location(text.at)),
            label: format!("managed subscription {}", managed.header.name),
            object: managed
                .topic
                .as_ref()
                .map(|topic| Name::new(topic.value.rsplit('/').next().unwrap_or_default())),
            facts,
            related: Vec::new(),
        });
    }
    items
}

/// The triggers on events: whom they run as, and how many run side by side.
fn triggers(program: &Program, summary: &Summary, metadata: &Metadata) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    for (id, entry) in (0u32..).map(EntryId).zip(&program.entries) {
        if !matches!(entry.kind, EntryKind::EventTrigger | EntryKind::ChangeEventTrigger)
            || items.iter().any(|item| item.at == entry.at)
        {
            continue;
        }
        let config = metadata
            .subscriber_configs
            .iter()
            .find(|config| config.consumer.as_ref().is_some_and(|name| name.value == entry.owner));
        let user = config.and_then(|config| config.user.as_ref());
        let partitions =
            config.and_then(|config| config.partitions.as_ref()).map_or(1, |number| number.value);
        let key = config.and_then(|config| config.partition_key.as_ref());
        let key = key.map_or("event-uuid", |key| {
            if key.value.to_ascii_lowercase().ends_with("eventuuid") { "event-uuid" } else { "field" }
        });
        let reached = |effect: Effect, avoid: Guards| {
            let site = |site: &Site| {
                effect == Effect::Email || matches!(site.operation, Some(DmlOp::Update | DmlOp::Upsert))
            };
            let effects = Effects::of(&[effect]);
            let mut found = reach(
                program,
                summary,
                id,
                &ReachQuery { effects, site: &site, avoid, through_dml: true, blocked: None },
            );
            found.retain(|reach| !reach.conditional);
            found
        };
        let emails = reached(Effect::Email, Guards::NONE);
        let always = reached(Effect::Email, Guards::CAUGHT.with(Guards::FILTER));
        let email = match (always.is_empty(), emails.is_empty()) {
            (false, _) => "yes",
            (true, false) => "sometimes",
            (true, true) => "no",
        };
        let updates = reached(Effect::Dml, Guards::NONE);
        let mut related: Vec<(Location, String)> = emails
            .iter()
            .take(2)
            .map(|email| (program.site(email.site).at, "sends the email".to_owned()))
            .collect();
        let (needs, words, object) = match dependence(program, summary, id) {
            _ if email != "no" => ("email", "cannot send email".to_owned(), None),
            Some(found) => {
                related.push((found.at, found.what));
                (found.needs, found.words, found.object)
            }
            None => ("no", String::new(), None),
        };
        items.push(Item {
            kind: ItemKind::EventTrigger,
            name: entry.owner,
            at: entry.at,
            label: format!("trigger {}", entry.owner),
            object: entry.object,
            facts: vec![
                ("user", if user.is_some() { "set" } else { "automated-process" }.into()),
                ("partitions", count(partitions as usize)),
                ("partition-key", key.into()),
                ("sends-email", email.into()),
                ("needs-user", needs.into()),
                ("updates", if updates.is_empty() { "no" } else { "yes" }.into()),
            ]
            .into_iter()
            .chain((!words.is_empty()).then(|| ("needs", words.into())))
            .chain(object.map(|object| ("writes", object.as_str().to_owned().into())))
            .collect(),
            related,
        });
    }
    items
}

/// Why a trigger needs a real user, besides email.
struct Dependence {
    needs: &'static str,
    /// What becomes of the records, after "the Automated Process user, which …".
    words: String,
    object: Option<Name>,
    at: Location,
    what: String,
}

/// DML of the trigger, not of its error handling, whose records belong to the running user or name it.
fn dependence(program: &Program, summary: &Summary, entry: EntryId) -> Option<Dependence> {
    let is_new = |site: &Site| matches!(site.operation, Some(DmlOp::Insert | DmlOp::Upsert));
    let unowned = |site: &Site| {
        is_new(site)
            && site.fact("owner") == Some("unset")
            && site.object.is_some_and(|object| OWNED_BY_USERS.iter().any(|owned| object.is(owned)))
    };
    let names_user = |site: &Site| site.fact("running-user") == Some("yes");
    let first = |wanted: &(dyn Fn(&Site) -> bool + Sync)| {
        let query = ReachQuery {
            effects: Effects::of(&[Effect::Dml]),
            site: &wanted,
            avoid: Guards::CAUGHT,
            blocked: None,
            through_dml: false,
        };
        let found = reach(program, summary, entry, &query).into_iter().find(|reach| !reach.conditional)?;
        Some(program.site(found.site))
    };
    let records =
        |site: &Site| site.object.map_or("the records".to_owned(), |object| format!("the {object} records"));
    if let Some(site) = first(&unowned) {
        return Some(Dependence {
            needs: "owner",
            words: format!("then owns {} that it inserts", records(site)),
            object: site.object,
            at: site.at,
            what: "inserts them without `OwnerId`".to_owned(),
        });
    }
    let site = first(&names_user)?;
    Some(Dependence {
        needs: "identity",
        words: format!("is then named in {} as the user who did it", records(site)),
        object: site.object,
        at: site.at,
        what: "writes the id of the running user".to_owned(),
    })
}
