//! Findings as SARIF results.

use serde_sarif::sarif::{
    CodeFlow, Location, Message, PropertyBag, Result, ResultKind, ResultLevel, Suppression, ThreadFlow,
    ThreadFlowLocation,
};

use crate::baseline;
use crate::finding::{Finding, Severity};
use crate::suppress::Suppressed;

use super::FINGERPRINT;
use super::limits::{self, Truncated};
use super::location::Locator;
use super::rules::Catalogue;

/// Entry points and related places that the message text links to.
const LINKED: usize = 3;

pub fn result(
    finding: &Finding,
    catalogue: &Catalogue,
    locator: &Locator,
    truncated: &mut Truncated,
) -> Result {
    let mut place = locator.at(finding.primary);
    if let Some(last) = finding.path.last() {
        place = place.symbol(&last.symbol);
    }
    let related = related(finding, locator, truncated);
    let mut result = Result::builder()
        .rule_id(finding.rule.clone())
        .rule_index(catalogue.rule_index(&finding.rule))
        .kind(ResultKind::Fail)
        .level(level(finding.severity))
        .message(Message::builder().text(message(finding)).build())
        .locations(vec![place.build()])
        .partial_fingerprints([(FINGERPRINT.to_owned(), finding.fingerprint.clone())])
        .taxa(
            catalogue
                .taxa([&finding.pattern].into_iter().chain(finding.antipattern.as_ref()).map(String::as_str)),
        )
        .properties(
            PropertyBag::builder()
                .additional_properties([
                    ("confidence".to_owned(), finding.confidence.to_string().into()),
                    ("instead".to_owned(), finding.instead.clone().into()),
                ])
                .build(),
        )
        .build();
    result.related_locations = (!related.is_empty()).then_some(related);
    result.code_flows = (!finding.path.is_empty()).then(|| vec![code_flow(finding, locator, truncated)]);
    result
}

/// A finding that the code itself says that it accepts.
pub fn suppressed(
    each: &Suppressed,
    catalogue: &Catalogue,
    locator: &Locator,
    truncated: &mut Truncated,
) -> Result {
    let mut result = result(&each.finding, catalogue, locator, truncated);
    let mut suppression = Suppression::builder()
        .kind("inSource")
        .status(serde_json::json!("accepted"))
        .location(locator.at(each.at).build())
        .build();
    suppression.justification = each.reason.as_deref().map(limits::text);
    result.suppressions = Some(vec![suppression]);
    result
}

/// What the baseline holds and was not found any more.
pub fn gone(entry: &baseline::Entry, catalogue: &Catalogue, locator: &Locator) -> Result {
    let place = match entry.symbol.as_str() {
        "" => String::new(),
        symbol => format!(" in {symbol}"),
    };
    let mut result = Result::builder()
        .rule_id(entry.rule.clone())
        .rule_index(catalogue.rule_index(&entry.rule))
        .level(ResultLevel::None)
        .message(Message::builder().text(limits::text(format!("Not found any more{place}."))).build())
        .locations(vec![locator.file(&entry.file)])
        .partial_fingerprints([(FINGERPRINT.to_owned(), entry.fingerprint.clone())])
        .build();
    result.baseline_state = Some(serde_json::json!("absent"));
    result
}

fn code_flow(finding: &Finding, locator: &Locator, truncated: &mut Truncated) -> CodeFlow {
    let last = finding.path.len() - 1;
    let steps: Vec<ThreadFlowLocation> = finding
        .path
        .iter()
        .enumerate()
        .map(|(index, step)| {
            let importance = if index == 0 || index == last { "essential" } else { "important" };
            ThreadFlowLocation::builder()
                .location(locator.at(step.at).message(&step.label).symbol(&step.symbol).build())
                .execution_order(index as i64 + 1)
                .nesting_level(index as i64)
                .importance(serde_json::json!(importance))
                .build()
        })
        .collect();
    truncated.steps += steps.len().saturating_sub(limits::STEPS);
    CodeFlow::builder()
        .thread_flows(vec![ThreadFlow::builder().locations(limits::ends(steps, limits::STEPS)).build()])
        .build()
}

/// Related places, then the entry points that the path does not show; ids count from 1 in this order.
fn related(finding: &Finding, locator: &Locator, truncated: &mut Truncated) -> Vec<Location> {
    let places = finding
        .related
        .iter()
        .map(|step| locator.at(step.at).message(&step.label).symbol(&step.symbol))
        .chain(other_origins(finding).map(|origin| locator.at(origin.at).message(&origin.name)));
    let mut locations: Vec<_> =
        places.enumerate().map(|(index, place)| place.id(index + 1).build()).collect();
    // One of the locations is the result's own.
    truncated.locations += locations.len().saturating_sub(limits::LOCATIONS - 1);
    locations.truncate(limits::LOCATIONS - 1);
    locations
}

fn other_origins(finding: &Finding) -> impl ExactSizeIterator<Item = &crate::finding::Origin> {
    finding.origins.get(1..).unwrap_or_default().iter()
}

/// The finding's sentence, then links to the related locations: viewers show only the linked ones.
fn message(finding: &Finding) -> String {
    let mut text = limits::text(literal(&finding.message));
    let links = |labels: Vec<&str>, first_id: usize| {
        labels
            .iter()
            .take(LINKED)
            .enumerate()
            .map(|(index, label)| format!("[{}]({})", link_text(label), first_id + index))
            .collect::<Vec<_>>()
            .join(", ")
    };
    if !finding.related.is_empty() {
        let labels: Vec<_> = finding.related.iter().map(|step| step.label.as_str()).collect();
        text.push_str(&format!(" See {}.", links(labels, 1)));
    }
    let others = other_origins(finding).len();
    if others > 0 {
        let labels: Vec<_> = other_origins(finding).map(|origin| origin.name.as_str()).collect();
        let more = match others.saturating_sub(LINKED) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        text.push_str(&format!(" Also reached from {}{more}.", links(labels, finding.related.len() + 1)));
    }
    text
}

/// Text of the scanned repository must not become a link: SARIF reads `[text](target)` in plain text.
fn literal(text: &str) -> String {
    text.replace("](", "] (")
}

fn link_text(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]");
    limits::shorten(escaped.split_whitespace().collect::<Vec<_>>().join(" "), 200)
}

pub fn level(severity: Severity) -> ResultLevel {
    match severity {
        Severity::Error => ResultLevel::Error,
        Severity::Warning => ResultLevel::Warning,
        Severity::Note => ResultLevel::Note,
    }
}
