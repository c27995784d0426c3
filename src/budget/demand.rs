//! What the traffic of a day takes of each allocation, by cause.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::config::Settings;
use crate::config::workload::{RequestKind, Volume, VolumeOf};
use crate::cost::Meter;
use crate::name::Name;
use crate::program::model::SiteId;
use crate::span::Location;
use crate::summary::event_graph::{Event, Subscriber, SubscriberKind, change_event_of};

use super::traffic::{Publish, Traffic};
use super::{Amount, Contributor, Quota, remedy};

/// Contributors by quota, the largest first.
pub fn demand(
    meter: &Meter<'_>,
    settings: &Settings,
    traffic: &Traffic<'_>,
) -> BTreeMap<Quota, Vec<Contributor>> {
    let mut demand = Demand { meter, settings, by_quota: BTreeMap::new() };
    settings.workload.volumes.iter().for_each(|volume| demand.requests(volume));
    traffic.publishes.iter().for_each(|publish| demand.publish(publish));
    demand.deliveries(traffic);
    demand.jobs(traffic);
    demand.calls(traffic);
    demand.clients();
    let mut by_quota = demand.by_quota;
    for contributors in by_quota.values_mut() {
        *contributors = merged(std::mem::take(contributors));
    }
    by_quota.retain(|_, contributors| !contributors.is_empty());
    by_quota
}

/// One for each volume and place, the largest first.
fn merged(all: Vec<Contributor>) -> Vec<Contributor> {
    let mut kept: BTreeMap<(String, Option<Location>, String), Contributor> = BTreeMap::new();
    for each in all.into_iter().filter(|each| !each.amount.is_zero()) {
        match kept.entry((each.volume.clone(), each.at, each.what.clone())) {
            Entry::Vacant(place) => {
                place.insert(each);
            }
            Entry::Occupied(mut known) => {
                let known = known.get_mut();
                known.amount += each.amount;
                if let (Some(known), Some(other)) = (&mut known.remedy, &each.remedy) {
                    known.after = known.after.zip(other.after).map(|(a, b)| a + b);
                }
            }
        }
    }
    // Equal ones stay in the order of their keys.
    let mut all: Vec<Contributor> = kept.into_values().collect();
    all.sort_by(|a, b| b.amount.most.total_cmp(&a.amount.most));
    all
}

struct Demand<'a> {
    meter: &'a Meter<'a>,
    settings: &'a Settings,
    by_quota: BTreeMap<Quota, Vec<Contributor>>,
}

impl Demand<'_> {
    fn add(&mut self, quota: Quota, contributor: Contributor) {
        self.by_quota.entry(quota).or_default().push(contributor);
    }

    /// A number of the platform that is no allocation.
    fn limit(&self, id: &str) -> u64 {
        self.meter.limits.get(id).map_or(1, |limit| limit.value.max(1))
    }

    fn what(&self, site: SiteId) -> String {
        let site = self.meter.program.site(site);
        format!("{} in {}", site.label, site.symbol)
    }

    /// API requests that the configuration declares.
    fn requests(&mut self, volume: &Volume) {
        let VolumeOf::Requests { system, request } = &volume.of else { return };
        let kind = RequestKind::of(request);
        let per_day = volume.rate.per_day;
        let bulk_batch = self.limit("bulk.batch_rows");
        let per_request = volume
            .rate
            .per_tx
            .map_or(if kind == RequestKind::Bulk { bulk_batch } else { 1 }, |per_tx| per_tx.get())
            as f64;
        let units = (per_day / per_request).ceil();
        let each = if kind == RequestKind::Bulk { self.limit("bulk.job_requests") } else { 1 };
        let amount = Amount::exactly(units * each as f64);
        let what = match request.as_str() {
            "" => format!("requests of {system}"),
            request => format!("{request} of {system}"),
        };
        let contributor = Contributor {
            volume: volume.key.clone(),
            what: what.clone(),
            at: None,
            amount,
            remedy: remedy::of_requests(kind, per_day, per_request, self.limit("api.collection_records")),
        };
        self.add(Quota::ApiRequests, contributor);
        if kind == RequestKind::Bulk {
            let batches = units * (per_request / bulk_batch as f64).ceil();
            let contributor = Contributor {
                volume: volume.key.clone(),
                what,
                at: None,
                amount: Amount::exactly(batches),
                remedy: remedy::of_bulk(per_day, batches, bulk_batch),
            };
            self.add(Quota::BulkBatches, contributor);
        }
    }

    fn publish(&mut self, publish: &Publish<'_>) {
        let peak = Amount::exactly(publish.volume.rate.peak_hour);
        let what = match publish.site {
            Some(site) => self.what(site),
            None => format!("{} published from outside", publish.event),
        };
        let contributor = Contributor {
            volume: publish.volume.key.clone(),
            what,
            at: publish.site.map(|site| self.meter.program.site(site).at),
            amount: publish.events * peak,
            remedy: remedy::of_publish(publish.site.is_some(), publish.events, publish.transactions, peak),
        };
        self.add(Quota::EventPublishing, contributor);
    }

    fn deliveries(&mut self, traffic: &Traffic<'_>) {
        for publish in &traffic.publishes {
            self.delivered(publish.event, &publish.volume.key, publish.events);
        }
        for change in &traffic.changes {
            self.delivered(change_event_of(change.object), &change.volume.key, change.records);
        }
    }

    fn delivered(&mut self, event: Name, volume: &str, events: Amount) {
        let Some(event) = self.meter.summary.event_graph.event(event) else { return };
        let outside = receivers(event);
        let direct = outside.iter().filter(|subscriber| subscriber.kind == SubscriberKind::Outside).count();
        for subscriber in outside {
            let times = self.times(subscriber);
            let amount = events * Amount::exactly(times as f64);
            let contributor = Contributor {
                volume: volume.to_owned(),
                what: format!("{} to {}", event.name, subscriber.label),
                at: subscriber.at,
                amount,
                remedy: remedy::of_delivery(subscriber.kind, direct, amount),
            };
            self.add(Quota::EventDelivery, contributor);
        }
    }

    /// How many receive what one subscriber stands for.
    fn times(&self, subscriber: &Subscriber) -> u64 {
        match subscriber.kind {
            SubscriberKind::Page => self.sessions(&subscriber.label),
            SubscriberKind::Outside => self
                .settings
                .landscape
                .services
                .iter()
                .find(|service| service.name == subscriber.label)
                .map_or(1, |service| service.instances),
            _ => 1,
        }
    }

    /// How many users have the component of a subscription open; one where nobody said it.
    fn sessions(&self, label: &str) -> u64 {
        let component = label.rsplit([' ', '/', ':']).next().unwrap_or(label);
        let known =
            self.settings.workload.sessions.iter().find(|(name, _)| {
                name.rsplit([':', '/']).next().unwrap_or(name).eq_ignore_ascii_case(component)
            });
        known.map_or(1, |(_, sessions)| *sessions)
    }

    fn jobs(&mut self, traffic: &Traffic<'_>) {
        for job in &traffic.jobs {
            let contributor = Contributor {
                volume: job.volume.key.clone(),
                what: job.site.map_or_else(|| job.label.clone(), |site| self.what(site)),
                at: job.site.map(|site| self.meter.program.site(site).at),
                amount: job.executions,
                remedy: job.site.and_then(|_| remedy::of_job(job.executions, job.transactions)),
            };
            self.add(Quota::AsyncExecutions, contributor);
        }
    }

    fn calls(&mut self, traffic: &Traffic<'_>) {
        for calls in &traffic.calls {
            let site = self.meter.program.site(calls.site);
            let contributor = Contributor {
                volume: calls.volume.key.clone(),
                what: self.what(calls.site),
                at: Some(site.at),
                amount: calls.requests,
                remedy: remedy::of_calls(calls.requests, calls.transactions),
            };
            if site.fact("endpoint") == Some("self-org") {
                self.add(Quota::ApiRequests, contributor);
            } else if let Some(system) = site.fact("system") {
                let declared = &self.settings.landscape.systems;
                let capped =
                    |known: &&crate::config::System| known.name == system && known.max_calls_day.is_some();
                if let Some(known) = declared.iter().find(capped) {
                    self.add(Quota::SystemCalls(known.name.clone()), contributor);
                }
            }
        }
    }

    /// Pages that receive events, in the sessions that the configuration declares.
    fn clients(&mut self) {
        let mut counted: Vec<&str> = Vec::new();
        let events = &self.meter.summary.event_graph.events;
        let pages = events
            .iter()
            .flat_map(|event| &event.subscribers)
            .filter(|subscriber| subscriber.kind == SubscriberKind::Page);
        for page in pages {
            let sessions = self.sessions(&page.label);
            if sessions > 1 && !counted.contains(&page.label.as_str()) {
                counted.push(&page.label);
                let contributor = Contributor {
                    volume: "sessions".to_owned(),
                    what: page.label.clone(),
                    at: page.at,
                    amount: Amount::exactly(sessions as f64),
                    remedy: None,
                };
                self.by_quota.entry(Quota::StreamingClients).or_default().push(contributor);
            }
        }
    }
}

/// Those that deliveries are counted for. Apex triggers and flows are none of them; the subscribers of a
/// channel that nobody named are one.
/// Source: Platform Events Developer Guide, "Platform Event Allocations".
fn receivers(event: &Event) -> Vec<&Subscriber> {
    let named = event.subscribers.iter().any(|subscriber| {
        matches!(subscriber.kind, SubscriberKind::Relay | SubscriberKind::Managed | SubscriberKind::Outside)
    });
    event
        .subscribers
        .iter()
        .filter(|subscriber| match subscriber.kind {
            SubscriberKind::Trigger | SubscriberKind::Flow => false,
            SubscriberKind::Channel => !named,
            SubscriberKind::Relay
            | SubscriberKind::Managed
            | SubscriberKind::Page
            | SubscriberKind::Outside => true,
        })
        .collect()
}
