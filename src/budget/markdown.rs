//! A budget as Markdown, for a page or a pull request.

use std::fmt::Write;

use crate::program::model::Program;
use crate::report::source_map::SourceMap;
use crate::rules::limits::grouped;

use super::Budget;
use super::table::notes;
use super::text::{amount, number, percent};

pub fn markdown(budget: &Budget, program: &Program, sources: &SourceMap, all: bool) -> String {
    let mut out = String::from(
        "| resource | window | used | allocation | % | after the changes |\n|---|---|---|---|---|---|\n",
    );
    for line in &budget.lines {
        let _ = writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            cell(&line.quota.title()),
            line.quota.window(),
            amount(line.used),
            line.allocation.map_or("unlimited".to_owned(), grouped),
            line.percent().map_or(String::new(), |share| percent(share.most)),
            number(line.after().most),
        );
    }
    out.push_str("\n| resource | cause | volume | amount | change | after it |\n|---|---|---|---|---|---|\n");
    for line in &budget.lines {
        for contributor in line.shown(all) {
            let place = contributor.at.map_or(String::new(), |at| {
                format!(" ({}:{})", sources.path(at.file), sources.position(at).line)
            });
            let remedy = contributor.remedy.as_ref();
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} |",
                cell(&line.quota.title()),
                cell(&format!("{}{place}", contributor.what)),
                cell(&contributor.volume),
                amount(contributor.amount),
                cell(&remedy.map_or(String::new(), |remedy| format!("{} [{}]", remedy.text, remedy.pattern))),
                remedy.and_then(|remedy| remedy.after).map_or(String::new(), |after| number(after.most)),
            );
        }
    }
    notes(budget, program, |note| {
        let _ = writeln!(out, "\n{note}");
    });
    out
}

/// Text inside of a table.
fn cell(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace(['\n', '\r'], " ")
}
