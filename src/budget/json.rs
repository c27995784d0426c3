//! A budget as JSON.

use serde_json::{Value, json};

use crate::program::model::Program;
use crate::report::source_map::SourceMap;

use super::{Amount, Budget, Line};

pub fn json(budget: &Budget, program: &Program, sources: &SourceMap) -> Value {
    let lines: Vec<Value> = budget.lines.iter().map(|line| of_line(line, sources)).collect();
    let loops: Vec<Value> = budget
        .loops
        .iter()
        .map(|growth| {
            json!({
                "volume": growth.volume,
                "entry_point": program.entry(growth.entry).name,
                "gain": growth.gain,
            })
        })
        .collect();
    json!({"budget": lines, "loops": loops, "unmet_volumes": budget.unmet, "cut": budget.cut})
}

fn of_amount(amount: Amount) -> Value {
    json!({"least": amount.least, "most": amount.most})
}

fn of_line(line: &Line, sources: &SourceMap) -> Value {
    let contributors: Vec<Value> = line
        .contributors
        .iter()
        .map(|contributor| {
            let at = contributor
                .at
                .map(|at| json!({"file": sources.path(at.file), "line": sources.position(at).line}));
            let remedy = contributor.remedy.as_ref().map(|remedy| {
                json!({
                    "pattern": remedy.pattern,
                    "text": remedy.text,
                    "after": remedy.after.map(of_amount),
                })
            });
            json!({
                "volume": contributor.volume,
                "what": contributor.what,
                "at": at,
                "amount": of_amount(contributor.amount),
                "remedy": remedy,
            })
        })
        .collect();
    json!({
        "resource": line.quota.title(),
        "limit_id": line.quota.limit(),
        "window": line.quota.window(),
        "used": of_amount(line.used),
        "allocation": line.allocation,
        "percent": line.percent().map(of_amount),
        "after": of_amount(line.after()),
        "contributors": contributors,
    })
}
