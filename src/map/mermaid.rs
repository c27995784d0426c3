//! The map as a Mermaid flowchart, for Markdown.

use std::io::{self, Write};

use crate::finding::Severity;

use super::group::View;
use super::{EdgeKind, NodeKind};

/// Writes the flowchart: a subgraph a lane.
pub fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "flowchart LR")?;
    for (lane, boxes) in view.lanes() {
        writeln!(out, "  subgraph {}[\"{}\"]", lane.to_string().replace('-', "_"), lane.title())?;
        for (index, one) in boxes {
            let mut label = text(one.name);
            if !one.detail.is_empty() {
                label += &format!("<br><small>{}</small>", text(&one.detail));
            }
            if one.findings.worst.is_some() {
                label += &format!("<br><small>{}</small>", one.findings.words(view.map));
            }
            let (open, close) = shape(one.kind);
            writeln!(out, "    n{index}{open}\"{label}\"{close}:::{}", class(one.kind))?;
        }
        writeln!(out, "  end")?;
    }
    for arrow in &view.arrows {
        let line = match arrow.kind {
            EdgeKind::Starts | EdgeKind::Calls => "-.->",
            _ => "-->",
        };
        let mut label = arrow.kind.word().to_owned();
        if arrow.findings.worst.is_some() {
            label += &format!(": {}", arrow.findings.words(view.map));
        }
        writeln!(out, "  n{} {line}|\"{}\"| n{}", arrow.from, text(&label), arrow.to)?;
    }
    for (severity, color) in
        [(Severity::Error, "#d1242f"), (Severity::Warning, "#bf8700"), (Severity::Note, "#57606a")]
    {
        let lines: Vec<String> = view
            .arrows
            .iter()
            .enumerate()
            .filter(|(_, arrow)| arrow.findings.worst == Some(severity))
            .map(|(index, _)| index.to_string())
            .collect();
        if !lines.is_empty() {
            writeln!(out, "  linkStyle {} stroke:{color},stroke-width:2px", lines.join(","))?;
        }
    }
    for (class, color) in [
        ("outside", "#8250df"),
        ("entry", "#0969da"),
        ("job", "#57606a"),
        ("event", "#1a7f37"),
        ("system", "#8250df"),
    ] {
        writeln!(out, "  classDef {class} stroke:{color},stroke-width:1.5px")?;
    }
    Ok(())
}

fn shape(kind: NodeKind) -> (&'static str, &'static str) {
    match kind {
        NodeKind::Event | NodeKind::ChangeEvent | NodeKind::Channel => ("{{", "}}"),
        NodeKind::System | NodeKind::Caller => ("([", "])"),
        NodeKind::ExternalObject => ("[(", ")]"),
        _ => ("[", "]"),
    }
}

fn class(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Caller => "outside",
        NodeKind::System | NodeKind::ExternalObject => "system",
        NodeKind::Event | NodeKind::ChangeEvent | NodeKind::Channel => "event",
        NodeKind::Job | NodeKind::Action => "job",
        _ => "entry",
    }
}

/// Text in quotes: entities for all that Mermaid or HTML would read as something else.
fn text(raw: &str) -> String {
    let mut escaped = String::with_capacity(raw.len());
    for char in raw.chars() {
        match char {
            '"' | '<' | '>' | '&' | '#' | ';' | '`' | '\\' | '*' | '_' | '~' | '[' | ']' | '{' | '}'
            | '|' => {
                escaped.push_str(&format!("#{};", char as u32));
            }
            char if char.is_control() => escaped.push(' '),
            char => escaped.push(char),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_end_their_quotes() {
        assert_eq!(text("a\"]<b>\n#"), "a#34;#93;#60;b#62; #35;");
    }
}
