//! The words for the steps of a path.

use crate::apex::unit::DmlOp;
use crate::program::model::{Bound, Effect, Entry, EntryKind, Node, NodeKind, Site};

/// "trigger AccountTrigger on Account (after update) starts here".
pub fn entry(entry: &Entry) -> String {
    match entry.kind {
        EntryKind::Uncalled => format!("{} can be called from outside the project", entry.name),
        _ => format!("{} starts here", entry.name),
    }
}

/// "calls AccountService.push", with the concrete receiver where the declaration does not tell it;
/// "element `Get_Price` calls Apex action PricingAction.price" where `element` is what calls.
pub fn call(node: &Node, element: Option<&Site>) -> String {
    if let Some(element) = element {
        let name = element_name(element);
        return match node.kind {
            NodeKind::Flow => format!("element `{name}` starts flow {}", node.symbol),
            NodeKind::Process => format!("element `{name}` starts process {}", node.symbol),
            NodeKind::Apex | NodeKind::WorkflowRule => {
                format!("element `{name}` calls Apex action {}", node.symbol)
            }
        };
    }
    if node.kind.is_flow() {
        return format!("starts flow {}", node.symbol);
    }
    match node.context.strip_prefix("as ") {
        Some(receiver) if !node.symbol.starts_with(receiver) => {
            format!("calls {} (as {receiver})", node.symbol)
        }
        _ => format!("calls {}", node.symbol),
    }
}

/// The element of `Flow.Element`.
fn element_name(site: &Site) -> &str {
    site.symbol.rsplit_once('.').map_or(site.symbol.as_str(), |(_, name)| name)
}

/// "updates Account, which fires trigger AccountTrigger (after update)".
pub fn dml(site: Option<&Site>, trigger: &Node) -> String {
    let what = match site {
        Some(site) => effect(site),
        None => "writes records".to_owned(),
    };
    let starts = match trigger.kind {
        NodeKind::Apex => "fires trigger",
        NodeKind::Flow => "starts flow",
        NodeKind::Process => "starts process",
        NodeKind::WorkflowRule => "fires workflow rule",
    };
    match trigger.context.as_str() {
        "" => format!("{what}, which {starts} {}", trigger.symbol),
        context => format!("{what}, which {starts} {} ({context})", trigger.symbol),
    }
}

/// "starts queueable Sync.execute".
pub fn starts(entry: &Entry) -> String {
    format!("starts {}", entry.name)
}

/// "updates Account".
pub fn writes(site: &Site) -> String {
    let verb = match site.operation {
        Some(DmlOp::Insert) => "inserts",
        Some(DmlOp::Update) => "updates",
        Some(DmlOp::Upsert) => "upserts",
        Some(DmlOp::Delete) => "deletes",
        Some(DmlOp::Undelete) => "undeletes",
        Some(DmlOp::Merge) => "merges",
        None => "writes",
    };
    match site.object {
        Some(object) => format!("{verb} {object}"),
        None => format!("{verb} records"),
    }
}

/// "in a loop over the trigger's records".
pub fn in_loop(bound: Bound, from: Option<&Entry>) -> String {
    match bound {
        Bound::Constant(times) => format!("in a loop of {times}"),
        Bound::EntryBatch => format!("in a loop over {}", batch(from).1),
        Bound::Collection => "in a loop over a collection".to_owned(),
        Bound::QueryRows => "in a loop over the rows of a query".to_owned(),
        Bound::RelatedRows => "in a loop over what belongs to one record".to_owned(),
        Bound::Configuration => "in a loop over configuration".to_owned(),
        Bound::Chunks => "in a loop over chunks".to_owned(),
        Bound::Paging => "in a loop over pages".to_owned(),
        Bound::Retry => "in a retry loop".to_owned(),
        Bound::FlowLoop => "in a Loop element of the flow".to_owned(),
        Bound::Unknown => "in a loop".to_owned(),
    }
}

/// "once for each record of the trigger and each row of a query"; "12 times" where the loops have
/// nothing but known numbers of turns.
pub fn times(loops: &[Bound], from: Option<&Entry>) -> String {
    let mut each: Vec<&str> = Vec::new();
    let mut turns = 1u64;
    for bound in loops {
        let what = match *bound {
            Bound::Constant(constant) => {
                turns = turns.saturating_mul(u64::from(constant));
                continue;
            }
            Bound::EntryBatch => batch(from).0,
            Bound::Collection => "element of a collection",
            Bound::QueryRows => "row of a query",
            Bound::RelatedRows => "row that belongs to one record",
            Bound::Configuration => "piece of configuration",
            Bound::Chunks => "chunk",
            Bound::Paging => "page",
            Bound::FlowLoop => "item of the flow's loop",
            Bound::Retry | Bound::Unknown => continue,
        };
        if !each.contains(&what) {
            each.push(what);
        }
    }
    match (turns, each.is_empty()) {
        (1, true) => "more than once".to_owned(),
        (1, false) => format!("once for each {}", each.join(" and each ")),
        (_, true) => format!("{turns} times"),
        (_, false) => format!("{turns} times for each {}", each.join(" and each ")),
    }
}

/// One of the records that `from` is given, and all of them.
fn batch(from: Option<&Entry>) -> (&'static str, &'static str) {
    match from.map(|entry| entry.kind) {
        Some(EntryKind::Trigger) => ("record of the trigger", "the trigger's records"),
        Some(EntryKind::EventTrigger | EntryKind::ChangeEventTrigger) => {
            ("event of the trigger", "the trigger's events")
        }
        Some(EntryKind::BatchStart | EntryKind::BatchExecute | EntryKind::BatchFinish) => {
            ("record of the batch scope", "the batch scope")
        }
        Some(EntryKind::Invocable) => ("request of the flow", "the flow's requests"),
        Some(EntryKind::EventFlow | EntryKind::EventProcess) => {
            ("event that starts the flow", "the events that start the flow")
        }
        Some(kind) if kind.is_flow() => ("record that starts the flow", "the records that start the flow"),
        _ => ("record that is passed in", "the records passed in"),
    }
}

/// "makes the callout", "updates Account"; of an element of a flow "element `Save` updates Account".
pub fn effect(site: &Site) -> String {
    match site.fact("source") {
        Some("flow") => format!("element `{}` {}", element_name(site), happens(site)),
        Some("workflow") if site.effect == Effect::Dml => format!("{} changes a field", site.label),
        _ => happens(site),
    }
}

fn happens(site: &Site) -> String {
    let named = |verb: &str, fallback: &str| match site.object {
        Some(object) => format!("{verb} {object}"),
        None => format!("{verb} {fallback}"),
    };
    match site.effect {
        Effect::Callout => match site.fact("host") {
            Some(host) => format!("makes the callout to {host}"),
            None => "makes the callout".to_owned(),
        },
        Effect::Dml => writes(site),
        Effect::Query => named("queries", "records"),
        Effect::Search => "searches records".to_owned(),
        Effect::Publish => named("publishes", "the event"),
        Effect::Enqueue => named("enqueues", "a job"),
        Effect::Future => named("calls @future", "method"),
        Effect::Batch => named("starts batch", "job"),
        Effect::Schedule => named("schedules", "a job"),
        Effect::Email => "sends the email".to_owned(),
        Effect::ConnectWrite => format!("writes through Connect: {}", site.label),
        Effect::ExternalWrite => named("writes later to", "the external object"),
        Effect::Savepoint => "sets the savepoint".to_owned(),
        Effect::Rollback => "rolls back".to_owned(),
        Effect::ReleaseSavepoint => "releases the savepoint".to_owned(),
        Effect::Lock => match site.object {
            Some(object) => format!("locks rows of {object}"),
            None => "locks rows".to_owned(),
        },
        Effect::Catch => "catches the exception here".to_owned(),
        Effect::Request => "makes the request here".to_owned(),
        Effect::Endpoint => "sets the address".to_owned(),
        Effect::Credential => "passes the secret".to_owned(),
        Effect::SessionId => "passes the session id".to_owned(),
        Effect::Checkpoint => "sets the checkpoint".to_owned(),
        Effect::Retry => "asks for a retry".to_owned(),
        Effect::ChangeType => "looks at the kind of change".to_owned(),
        Effect::GapCheck => "looks for gap events".to_owned(),
        Effect::RecordIds => "takes the ids of the changed records".to_owned(),
        Effect::Action => named("calls action", "of the platform"),
        Effect::Subflow => named("calls flow", "of another package"),
        Effect::OutboundMessage => "sends the outbound message".to_owned(),
        Effect::AttachFinalizer => "attaches a finalizer".to_owned(),
        Effect::Check => format!("checks {}", site.label),
        Effect::CacheRead => "looks into the cache".to_owned(),
        Effect::ResponseStatus => "sets the status of the answer".to_owned(),
    }
}

/// What an earlier effect means for a later one.
pub fn earlier(site: &Site, across_iterations: bool) -> String {
    let when = if across_iterations { "in the turn before" } else { "before it" };
    match site.effect {
        Effect::Dml
        | Effect::Enqueue
        | Effect::Future
        | Effect::Batch
        | Effect::Schedule
        | Effect::Email
        | Effect::ConnectWrite => format!("{when}: {} (not committed yet)", effect(site)),
        _ => format!("{when}: {}", effect(site)),
    }
}

/// Where the exception of an effect ends.
pub fn caught() -> &'static str {
    "takes the exception, and the request goes on"
}

/// An effect of the same kind on the same way.
pub fn also(site: &Site) -> String {
    format!("on the same way: {}", effect(site))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loops_are_told_as_a_phrase() {
        let times = |loops: &[Bound]| times(loops, None);
        assert_eq!(times(&[]), "more than once");
        assert_eq!(times(&[Bound::Retry]), "more than once");
        assert_eq!(times(&[Bound::Constant(3), Bound::Constant(4)]), "12 times");
        assert_eq!(
            times(&[Bound::EntryBatch, Bound::Collection, Bound::Collection]),
            "once for each record that is passed in and each element of a collection"
        );
        assert_eq!(times(&[Bound::QueryRows, Bound::Constant(2)]), "2 times for each row of a query");
    }
}
