//! The pattern that makes a contributor smaller, and by how much.
//!
//! Which design costs less follows from what is counted: requests for single records become requests for
//! many, polling becomes events, many subscribers become one, many events or jobs of one transaction
//! become one.

use crate::config::workload::RequestKind;
use crate::summary::event_graph::SubscriberKind;

use super::{Amount, Remedy};

/// Smaller changes are not worth a word.
const WORTH: f64 = 0.9;

fn remedy(pattern: &'static str, text: &str, after: Option<Amount>) -> Option<Remedy> {
    Some(Remedy { pattern, text: text.to_owned(), after })
}

/// The remedy where it makes `before` clearly smaller.
fn if_smaller(pattern: &'static str, text: &str, before: Amount, after: Amount) -> Option<Remedy> {
    let after = Amount { least: after.least.min(before.least), most: after.most.min(before.most) };
    if after.most < before.most * WORTH { remedy(pattern, text, Some(after)) } else { None }
}

/// `per_day` records or requests, `per_request` of them in a request, where `collection` fit into one.
pub fn of_requests(kind: RequestKind, per_day: f64, per_request: f64, collection: u64) -> Option<Remedy> {
    let before = Amount::exactly((per_day / per_request).ceil());
    match kind {
        RequestKind::Poll => remedy(
            "change-data-capture",
            "subscribe to change events, and poll no more",
            Some(Amount::default()),
        ),
        RequestKind::Read => remedy(
            "heroku-connect",
            "read from a replica that change events or Heroku Connect keep up to date",
            Some(Amount::default()),
        ),
        RequestKind::Login => remedy(
            "credentials",
            "keep the token until it expires (OAuth JWT), one login a session",
            Some(Amount::exactly(1.0)),
        ),
        RequestKind::Write => if_smaller(
            "inbound-api",
            &format!("{collection} records in a request (sObject Collections), or Bulk API 2.0"),
            before,
            Amount::exactly((per_day / collection as f64).ceil()),
        ),
        RequestKind::Bulk | RequestKind::Other => None,
    }
}

/// Rows that come by the Bulk API, in so many batches, of which each holds `batch_rows`.
pub fn of_bulk(rows: f64, batches: f64, batch_rows: u64) -> Option<Remedy> {
    let full = (rows / batch_rows as f64).ceil();
    if_smaller("inbound-api", "fewer, fuller jobs", Amount::exactly(batches), Amount::exactly(full))
}

pub fn of_publish(inside: bool, events: Amount, transactions: Amount, peak: Amount) -> Option<Remedy> {
    if !inside {
        return None;
    }
    if_smaller(
        "platform-events",
        "one event for all records of a transaction",
        events * peak,
        transactions * peak,
    )
}

/// One of `direct` services that subscribe for themselves, or another subscriber.
pub fn of_delivery(kind: SubscriberKind, direct: usize, amount: Amount) -> Option<Remedy> {
    match kind {
        SubscriberKind::Outside if direct > 1 => remedy(
            "broker-bridge",
            "one bridge into a broker instead of a subscription for each service",
            Some(amount.map(|amount| amount / direct as f64)),
        ),
        SubscriberKind::Page => remedy(
            "platform-events",
            "a narrower topic or filter, or a refresh when the user comes back to the page",
            None,
        ),
        _ => remedy("broker-bridge", "a channel with a filter: only what passes it is counted", None),
    }
}

pub fn of_job(executions: Amount, transactions: Amount) -> Option<Remedy> {
    if_smaller("platform-events", "one job for all records of a transaction", executions, transactions)
}

pub fn of_calls(requests: Amount, transactions: Amount) -> Option<Remedy> {
    if_smaller("integration-layer", "one request for all records of a transaction", requests, transactions)
}
