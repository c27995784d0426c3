//! The map in the language of Graphviz.

use std::io::{self, Write};

use crate::finding::Severity;

use super::group::View;
use super::{EdgeKind, NodeKind};

/// Writes the graph: a cluster a lane.
pub fn write(view: &View<'_>, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "digraph integration {{")?;
    writeln!(out, "  graph [rankdir=LR, newrank=true, fontname=\"Helvetica\", ranksep=1.2, nodesep=0.15];")?;
    writeln!(
        out,
        "  node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"Helvetica\", fontsize=10];"
    )?;
    writeln!(out, "  edge [fontname=\"Helvetica\", fontsize=8, color=\"#57606a\"];")?;
    let mut before: Option<usize> = None;
    for (lane, boxes) in view.lanes() {
        let name = lane.to_string().replace('-', "_");
        writeln!(out, "  subgraph cluster_{name} {{")?;
        writeln!(out, "    label=\"{}\"; color=\"#d0d7de\"; fontsize=12;", lane.title())?;
        for (index, one) in &boxes {
            let mut label = text(one.name);
            for line in [&one.detail, &one.findings.words(view.map)] {
                if !line.is_empty() {
                    label += &format!("\\n{}", text(line));
                }
            }
            writeln!(
                out,
                "    n{index} [label=\"{label}\"{}{}];",
                shape(one.kind),
                color(one.findings.worst)
            )?;
        }
        let same: Vec<String> = boxes.iter().map(|(index, _)| format!("n{index}")).collect();
        writeln!(out, "    {{ rank=same; {}; }}", same.join("; "))?;
        writeln!(out, "  }}")?;
        // Keeps the lanes in their order.
        let first = boxes.first().map(|(index, _)| *index);
        if let (Some(before), Some(first)) = (before, first) {
            writeln!(out, "  n{before} -> n{first} [style=invis];")?;
        }
        before = first;
    }
    for arrow in &view.arrows {
        let mut label = arrow.kind.word().to_owned();
        if arrow.findings.worst.is_some() {
            label += &format!("\\n{}", arrow.findings.words(view.map));
        }
        let style = match arrow.kind {
            EdgeKind::Starts | EdgeKind::Calls => ", style=dashed",
            _ => "",
        };
        let color = color(arrow.findings.worst);
        writeln!(out, "  n{} -> n{} [label=\"{label}\"{style}{color}];", arrow.from, arrow.to)?;
    }
    writeln!(out, "}}")
}

fn shape(kind: NodeKind) -> &'static str {
    match kind {
        NodeKind::Event | NodeKind::ChangeEvent | NodeKind::Channel => ", shape=hexagon, style=filled",
        NodeKind::System | NodeKind::Caller => ", shape=ellipse, style=filled",
        NodeKind::ExternalObject => ", shape=cylinder, style=filled",
        _ => "",
    }
}

fn color(worst: Option<Severity>) -> &'static str {
    match worst {
        Some(Severity::Error) => ", color=\"#d1242f\", penwidth=2",
        Some(Severity::Warning) => ", color=\"#bf8700\", penwidth=2",
        Some(Severity::Note) => ", color=\"#0969da\"",
        None => "",
    }
}

/// Text in a quoted string.
fn text(raw: &str) -> String {
    let mut escaped = String::with_capacity(raw.len());
    for char in raw.chars() {
        match char {
            '"' | '\\' => escaped.extend(['\\', char]),
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
        assert_eq!(text("a\"]\\\n"), "a\\\"]\\\\ ");
    }
}
