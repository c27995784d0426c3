//! Checkstyle's XML: the format that Jenkins (Warnings plugin), reviewdog and many others read.
//!
//! As in `checkstyle-report-1.0.0.xsd` of the Checkstyle project.

use std::collections::BTreeMap;
use std::io::{self, Write};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, Event};

use crate::finding::Severity;
use crate::report::Report;
use crate::report::rows::{Row, rows};
use crate::report::source_map::SourceMap;

/// Writes one `file` element for each file, sorted by path.
pub fn write(report: &Report, map: &SourceMap, out: &mut dyn Write) -> io::Result<()> {
    let rows = rows(report, map);
    let mut files: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in &rows {
        files.entry(&row.place.file).or_default().push(row);
    }
    let mut xml = Writer::new_with_indent(out, b' ', 2);
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let root = xml.create_element("checkstyle").with_attribute(("version", env!("CARGO_PKG_VERSION")));
    if files.is_empty() {
        root.write_empty()?;
    } else {
        root.write_inner_content(|xml| {
            files.iter().try_for_each(|(path, rows)| write_file(path, rows, xml))
        })?;
    }
    writeln!(xml.into_inner())
}

fn write_file<W: Write>(path: &str, rows: &[&Row], xml: &mut Writer<W>) -> io::Result<()> {
    xml.create_element("file").with_attribute(("name", path)).write_inner_content(|xml| {
        for row in rows {
            let at = row.place.position;
            xml.create_element("error")
                .with_attribute(("line", at.line.to_string().as_str()))
                .with_attribute(("column", at.column_chars.to_string().as_str()))
                .with_attribute(("severity", severity(row.severity)))
                .with_attribute(("message", row.message.as_str()))
                .with_attribute(("source", source(row).as_str()))
                .write_empty()?;
        }
        Ok(())
    })?;
    Ok(())
}

/// Jenkins takes what follows the last dot as the type and what stands before it as the category.
fn source(row: &Row) -> String {
    let pattern = row.finding.map_or("", |finding| finding.pattern.as_str());
    ["seamlint", pattern, row.rule].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(".")
}

fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "info",
    }
}
