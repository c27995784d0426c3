//! What flows do, as text: for `seamlint debug flow`.

use std::fmt::Write;

use super::model::{Program, Step};
use crate::span::FileId;

/// The nodes of the flow or process in `file`: one for each kind of transaction that runs it.
pub fn flows(program: &Program, file: FileId) -> String {
    let mut out = String::new();
    for node in program.nodes.iter().filter(|node| node.kind.is_flow() && node.at.file == file) {
        let context = if node.context.is_empty() { String::new() } else { format!(" ({})", node.context) };
        let _ = writeln!(out, "{}{context}", node.symbol);
        steps(program, &node.steps, 1, &mut out);
    }
    out
}

fn steps(program: &Program, list: &[Step], depth: usize, out: &mut String) {
    let indent = "  ".repeat(depth);
    for step in list {
        match step {
            Step::Effect(site) | Step::Dml { site, .. } => {
                let site = program.site(*site);
                let _ = writeln!(out, "{indent}{}: {}", site.effect, site.label);
                if let Step::Dml { triggers, .. } = step {
                    for &target in triggers {
                        let node = program.node(target);
                        let _ = writeln!(out, "{indent}  fires {} ({})", node.symbol, node.context);
                    }
                }
            }
            Step::Call(call) => {
                for &target in &call.targets {
                    let _ = writeln!(out, "{indent}calls {}", program.node(target).symbol);
                }
            }
            Step::Branch { arms, .. } => {
                for (index, arm) in arms.iter().enumerate() {
                    let _ = writeln!(out, "{indent}way {}", index + 1);
                    steps(program, &arm.steps, depth + 1, out);
                }
            }
            Step::Loop(body) => {
                let _ = writeln!(out, "{indent}loop");
                steps(program, &body.steps, depth + 1, out);
            }
            Step::Try { body, catches, finally } => {
                let _ = writeln!(out, "{indent}try");
                steps(program, body, depth + 1, out);
                for caught in catches {
                    let _ = writeln!(out, "{indent}if it fails");
                    steps(program, &caught.steps, depth + 1, out);
                }
                steps(program, finally, depth, out);
            }
            Step::Commit => out.push_str(&format!("{indent}commit\n")),
            Step::Return => out.push_str(&format!("{indent}end\n")),
            Step::Throw => out.push_str(&format!("{indent}fail\n")),
            Step::Break => out.push_str(&format!("{indent}leave the loop\n")),
            Step::Continue => out.push_str(&format!("{indent}next turn\n")),
        }
    }
}
