//! SARIF 2.1.0 for code review tools: every step of a path in `codeFlows`, the integration patterns as
//! taxonomies, rule help made from the rule files. Stays within the limits that GitHub states.

mod limits;
mod location;
mod results;
mod rules;
mod uri;

use std::io::{self, Write};

use serde_sarif::sarif::{
    self, ArtifactLocation, Invocation, Message, Notification, ReportingDescriptor,
    ReportingDescriptorReference, ResultColumnKind, Run, SCHEMA_URL, Sarif, Tool, ToolComponent, Version,
};

use crate::finding::Finding;
use crate::report::source_map::SourceMap;
use crate::report::{Accepted, NOT_READ, Report, SYNTAX_ERROR};

use limits::Truncated;
use location::Locator;
use rules::Catalogue;

/// Key of the fingerprint in `partialFingerprints`; the number rises when the recipe changes.
pub const FINGERPRINT: &str = "seamlint/v1";

/// Base of all relative URIs: the repository, as code review tools expect. Where that is on disk is nobody's
/// business.
const ROOT: &str = "%SRCROOT%";

const TRUNCATED: &str = "output-truncated";

/// Writes the report, indented, with a line end.
pub fn write(report: &Report, map: &SourceMap, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &log(report, map))?;
    writeln!(out)
}

/// The report as a SARIF log with one run.
pub fn log(report: &Report, map: &SourceMap) -> Sarif {
    Sarif::builder()
        .schema(SCHEMA_URL)
        .version(serde_json::json!(Version::V2_1_0))
        .runs(vec![run(report, map)])
        .build()
}

fn run(report: &Report, map: &SourceMap) -> Run {
    // Syntax errors say how far the analysis could see, not what is wrong with the architecture:
    // SARIF has a place of their own for such.
    let (syntax, findings): (Vec<&Finding>, Vec<&Finding>) =
        report.findings.iter().partition(|finding| finding.rule == SYNTAX_ERROR);
    let accepted = &report.accepted;
    let all: Vec<&Finding> = findings
        .iter()
        .copied()
        .chain(accepted.suppressed().iter().map(|each| &each.finding))
        .chain(accepted.known())
        .collect();
    let catalogue = Catalogue::new(report.rules, &all);
    let locator = Locator::new(map);
    let mut truncated = Truncated::default();
    let kept = limits::most_severe(findings, limits::RESULTS, &mut truncated);
    let mut results: Vec<_> =
        kept.iter().map(|finding| results::result(finding, &catalogue, &locator, &mut truncated)).collect();
    results.extend(accepted_results(accepted, &catalogue, &locator, &mut truncated));
    results.truncate(limits::RESULTS);
    if accepted.has_baseline {
        for result in &mut results {
            result.baseline_state.get_or_insert_with(|| "new".into());
        }
    }
    if results.iter().any(|result| result.suppressions.is_some()) {
        // Where one result says whether it is suppressed, all do.
        for result in &mut results {
            result.suppressions.get_or_insert_default();
        }
    }

    let mut notifications: Vec<_> = syntax.iter().map(|finding| syntax_error(finding, &locator)).collect();
    notifications.extend(report.project.problems.iter().map(|problem| {
        let mut notice = notification(NOT_READ, 1, "warning", &problem.message);
        notice.locations = Some(vec![locator.file(&problem.path)]);
        notice
    }));
    notifications
        .extend(truncated.messages().into_iter().map(|text| notification(TRUNCATED, 2, "note", &text)));

    Run::builder()
        .tool(tool(&catalogue))
        .invocations(vec![
            Invocation::builder()
                .execution_successful(true)
                .tool_execution_notifications(notifications)
                .build(),
        ])
        .original_uri_base_ids([(
            ROOT.to_owned(),
            ArtifactLocation::builder()
                .description(Message::builder().text("The root of the git repository; where there is none, the folder that was scanned.").build())
                .build(),
        )])
        .column_kind(serde_json::json!(ResultColumnKind::Utf16CodeUnits))
        .taxonomies(catalogue.taxonomies())
        .results(results)
        .build()
}

/// The results that somebody accepted, where they were asked for.
fn accepted_results(
    accepted: &Accepted,
    catalogue: &Catalogue,
    locator: &Locator,
    truncated: &mut Truncated,
) -> Vec<sarif::Result> {
    let mut results: Vec<sarif::Result> = accepted
        .suppressed()
        .iter()
        .map(|each| results::suppressed(each, catalogue, locator, truncated))
        .collect();
    for known in accepted.known() {
        let mut result = results::result(known, catalogue, locator, truncated);
        result.baseline_state = Some("unchanged".into());
        results.push(result);
    }
    results.extend(accepted.gone().iter().map(|entry| results::gone(entry, catalogue, locator)));
    results
}

fn tool(catalogue: &Catalogue) -> Tool {
    let version = env!("CARGO_PKG_VERSION");
    let notices = [
        (SYNTAX_ERROR, "A file does not parse; the rest of it was analysed."),
        (NOT_READ, "A file could not be used."),
        (TRUNCATED, "Something was left out of this log to keep it within what code review tools accept."),
    ];
    let driver = ToolComponent::builder()
        .name(env!("CARGO_PKG_NAME"))
        .full_name(concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")))
        .version(version)
        .semantic_version(version)
        .information_uri(env!("CARGO_PKG_REPOSITORY"))
        .short_description(&env!("CARGO_PKG_DESCRIPTION").to_owned())
        .rules(catalogue.rules())
        .notifications(
            notices
                .iter()
                .map(|(id, text)| {
                    ReportingDescriptor::builder().id(*id).short_description(&(*text).to_owned()).build()
                })
                .collect::<Vec<_>>(),
        )
        .supported_taxonomies(catalogue.taxonomy_references())
        .build();
    Tool::builder().driver(driver).build()
}

fn syntax_error(finding: &Finding, locator: &Locator) -> Notification {
    let mut notice = notification(SYNTAX_ERROR, 0, "warning", &finding.message);
    notice.locations = Some(vec![locator.at(finding.primary).build()]);
    notice
}

fn notification(id: &str, index: i64, level: &str, text: &str) -> Notification {
    Notification::builder()
        .descriptor(ReportingDescriptorReference::builder().id(id).index(index).build())
        .level(serde_json::json!(level))
        .message(Message::builder().text(limits::text(text)).build())
        .build()
}
