//! Budgets as items of the program, so that rules can ask about them.

use crate::config::workload::Thresholds;
use crate::name::Name;
use crate::program::model::{Item, ItemKind};
use crate::rules::limits::grouped;
use crate::span::{FileId, Location, Span};

use super::text::{amount, percent};
use super::{Budget, Line, Quota};

/// Causes that are named in the words of an item.
const NAMED: usize = 3;

/// One item for each allocation of which enough is used to be worth a word, at the largest cause: the line
/// of its volume in the configuration, which is `file`.
pub fn items(
    budget: &Budget,
    file: FileId,
    place_of: impl Fn(&str) -> Option<Span>,
    thresholds: &Thresholds,
) -> Vec<Item> {
    let item = |line: &Line| {
        let quota = word(&line.quota);
        let share = line.percent()?;
        let (at_least, at_most) = (share.least / 100.0, share.most / 100.0);
        let level = match (at_least, at_most) {
            (least, _) if least >= 1.0 => "over",
            (least, most) if least >= thresholds.budget_warning.0 || most >= 1.0 => "high",
            (_, most) if most >= thresholds.budget_note.0 => "noticeable",
            _ => return None,
        };
        let first = line.contributors.first()?;
        let span = place_of(&first.volume).unwrap_or(Span::new(0, 0));
        let causes: Vec<String> = line
            .contributors
            .iter()
            .take(NAMED)
            .map(|cause| format!("{} by {}", amount(cause.amount), cause.what))
            .collect();
        let way_out = line.contributors.iter().find_map(|cause| cause.remedy.as_ref());
        let mut facts = vec![
            ("quota", quota.into()),
            ("level", level.into()),
            ("used", amount(line.used).into()),
            ("allocation", line.allocation.map(grouped)?.into()),
            ("percent", percent(share.most).into()),
            ("causes", causes.join("; ").into()),
        ];
        if let Some(remedy) = way_out {
            facts.push(("way-out", remedy.text.clone().into()));
        }
        let related = line
            .contributors
            .iter()
            .filter_map(|cause| Some((cause.at?, format!("{} of them", amount(cause.amount)))))
            .take(NAMED)
            .collect();
        Some(Item {
            kind: ItemKind::Budget,
            name: Name::new(quota),
            at: Location { file, span },
            label: line.quota.title(),
            object: None,
            facts,
            related,
        })
    };
    budget.lines.iter().filter_map(item).collect()
}

/// What rules call it.
fn word(quota: &Quota) -> &'static str {
    match quota {
        Quota::ApiRequests => "api-requests",
        Quota::EventPublishing => "event-publishing",
        Quota::EventDelivery => "event-delivery",
        Quota::AsyncExecutions => "async-executions",
        Quota::BulkBatches => "bulk-batches",
        Quota::StreamingClients => "streaming-clients",
        Quota::SystemCalls(_) => "system-calls",
    }
}
