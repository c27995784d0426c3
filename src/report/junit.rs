//! JUnit XML, for the test reports of Jenkins, GitLab, Azure DevOps and others: a rule is a suite, and each of
//! its findings a test that failed; a rule without findings is a test that passed.
//!
//! As in `junit-10.xsd` of Jenkins's xUnit plugin, the strictest reader.

use std::collections::BTreeMap;
use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};
use rustc_hash::FxHashMap;

use crate::report::rows::{Row, also_from, rows, trail};
use crate::report::source_map::SourceMap;
use crate::report::terminal::prose::first_sentence;
use crate::report::text::one_line;
use crate::report::{Report, SYNTAX_ERROR};

/// Writes one suite a rule, sorted by its id.
pub fn write(report: &Report, map: &SourceMap, out: &mut dyn Write) -> io::Result<()> {
    let rows = rows(report, map);
    let mut suites: BTreeMap<&str, Vec<&Row>> =
        report.rules.rules.iter().map(|rule| (rule.id.as_str(), Vec::new())).collect();
    // A reader refuses a report without tests, and every run checks this.
    suites.entry(SYNTAX_ERROR).or_default();
    for row in &rows {
        suites.entry(row.rule).or_default().push(row);
    }
    let tests: usize = suites.values().map(|rows| rows.len().max(1)).sum();
    let failures = rows.iter().filter(|row| fails(row, report)).count();

    let mut xml = Writer::new_with_indent(out, b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    xml.create_element("testsuites")
        .with_attribute(("name", "seamlint"))
        .with_attribute(("tests", tests.to_string().as_str()))
        .with_attribute(("failures", failures.to_string().as_str()))
        .with_attribute(("errors", "0"))
        .write_inner_content(|xml| {
            suites.iter().try_for_each(|(rule, rows)| write_suite(rule, rows, report, map, xml))
        })?;
    writeln!(xml.into_inner())
}

/// What fails the build is a failure; what is only told is a test that was skipped.
fn fails(row: &Row, report: &Report) -> bool {
    report.fail_on.is_some_and(|least| row.severity >= least)
}

fn write_suite<W: Write>(
    rule: &str,
    rows: &[&Row],
    report: &Report,
    map: &SourceMap,
    xml: &mut Writer<W>,
) -> io::Result<()> {
    let failures = rows.iter().filter(|row| fails(row, report)).count();
    xml.create_element("testsuite")
        .with_attribute(("name", rule))
        .with_attribute(("tests", rows.len().max(1).to_string().as_str()))
        .with_attribute(("failures", failures.to_string().as_str()))
        .with_attribute(("errors", "0"))
        .with_attribute(("skipped", (rows.len() - failures).to_string().as_str()))
        .write_inner_content(|xml| {
            let class = format!("seamlint.{rule}");
            if rows.is_empty() {
                let title = report.rules.rule(rule).map_or_else(
                    || "Every file can be read and parsed".to_owned(),
                    |rule| one_line(&rule.title),
                );
                xml.create_element("testcase")
                    .with_attribute(("name", title.as_str()))
                    .with_attribute(("classname", class.as_str()))
                    .write_empty()?;
            }
            let mut names = FxHashMap::default();
            for row in rows {
                write_case(row, &class, &name(row, &mut names), report, map, xml)?;
            }
            Ok(())
        })?;
    Ok(())
}

/// Readers follow a test from one build to the next by its name, so there is no line number in it. Equal
/// names get a number.
fn name(row: &Row, names: &mut FxHashMap<String, usize>) -> String {
    let name = format!("{}: {}", row.place.file, row.message);
    let count = names.entry(name.clone()).or_default();
    *count += 1;
    if *count == 1 { name } else { format!("{name} ({count})") }
}

fn write_case<W: Write>(
    row: &Row,
    class: &str,
    name: &str,
    report: &Report,
    map: &SourceMap,
    xml: &mut Writer<W>,
) -> io::Result<()> {
    let outcome = if fails(row, report) { "failure" } else { "skipped" };
    xml.create_element("testcase")
        .with_attribute(("name", name))
        .with_attribute(("classname", class))
        .write_inner_content(|xml| {
            xml.create_element(outcome)
                .with_attribute(("type", row.severity.to_string().as_str()))
                .with_attribute(("message", row.message.as_str()))
                .write_text_content(BytesText::new(&body(row, report, map)))?;
            Ok(())
        })?;
    Ok(())
}

/// The place, the path to it, and what to do.
fn body(row: &Row, report: &Report, map: &SourceMap) -> String {
    let mut lines =
        vec![format!("{}:{} {}: {}", row.place, row.place.position.column_chars, row.severity, row.message)];
    lines.extend(trail(row, map).into_iter().map(|line| format!("  {line}")));
    lines.extend(also_from(row));
    if let Some(rule) = report.rules.rule(row.rule) {
        lines.push(format!("Fix: {}", first_sentence(&rule.fix)));
    }
    lines.join("\n")
}
