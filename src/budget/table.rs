//! A budget as a table for the terminal.

use std::fmt::Write;

use crate::program::model::Program;
use crate::report::source_map::SourceMap;
use crate::rules::limits::grouped;

use super::text::{amount, number, percent};
use super::{Budget, Contributor, Line};

pub fn table(budget: &Budget, program: &Program, sources: &SourceMap, all: bool) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "{:<26} {:>9} {:>21} {:>12} {:>12} {:>14}",
        "resource", "window", "used", "allocation", "%", "after changes"
    );
    for line in &budget.lines {
        row(&mut out, line);
        let shown = line.shown(all);
        for contributor in shown {
            cause(&mut out, contributor, sources);
        }
        let rest = line.contributors.len() - shown.len();
        if rest > 0 {
            let _ = writeln!(out, "    … and {rest} more: `--all` shows them");
        }
    }
    notes(budget, program, |note| {
        let _ = writeln!(out, "\n{note}");
    });
    out
}

fn row(out: &mut String, line: &Line) {
    let allocation = line.allocation.map_or("unlimited".to_owned(), grouped);
    let share = line.percent().map_or(String::new(), |share| percent(share.most));
    let after = line.after();
    let after = if after.most < line.used.most { number(after.most) } else { "–".to_owned() };
    let text = format!(
        "{:<26} {:>9} {:>21} {allocation:>12} {share:>12} {after:>14}",
        line.quota.title(),
        line.quota.window(),
        amount(line.used),
    );
    let _ = writeln!(out, "{}", text.trim_end());
}

fn cause(out: &mut String, contributor: &Contributor, sources: &SourceMap) {
    let _ = writeln!(
        out,
        "    {:>12}  {} ({})",
        amount(contributor.amount),
        contributor.what,
        contributor.volume
    );
    if let Some(at) = contributor.at {
        let _ = writeln!(out, "                  {}:{}", sources.path(at.file), sources.position(at).line);
    }
    if let Some(remedy) = &contributor.remedy {
        let after = remedy.after.map_or(String::new(), |after| format!(": then {}", number(after.most)));
        let _ = writeln!(out, "                  → {} [{}]{after}", remedy.text, remedy.pattern);
    }
}

/// What stands below the figures, one note at a time.
pub(super) fn notes(budget: &Budget, program: &Program, mut write: impl FnMut(&str)) {
    for growth in &budget.loops {
        let entry = &program.entry(growth.entry).name;
        let (volume, gain) = (&growth.volume, number(growth.gain));
        if growth.gain >= 1.0 {
            write(&format!(
                "{entry} starts itself again: {gain} runs follow from each. The figures of `{volume}` hold \
                 one turn; without a condition that ends it there is no end."
            ));
        } else {
            write(&format!("{entry} starts itself again, {gain} times; one turn of `{volume}` is counted."));
        }
    }
    for volume in &budget.unmet {
        write(&format!("Nothing in the project reacts to `{volume}`."));
    }
    if budget.cut {
        write("Some ways through events and jobs were not followed to their end: there are too many.");
    }
}
