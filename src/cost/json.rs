//! Costs as JSON.

use serde_json::{Value, json};

use crate::report::source_map::SourceMap;
use crate::span::Location;
use crate::summary::cost::Resource;

use super::text::{Legend, formula};
use super::{Breaks, EntryLines, Meter, limit_of};

/// `entries` with their costs; with `trace` the places that each is made of.
pub fn json(meter: &Meter<'_>, entries: &[EntryLines], trace: bool, sources: &SourceMap) -> Value {
    let entries: Vec<Value> = entries.iter().map(|entry| entry_json(meter, entry, trace, sources)).collect();
    json!({"entry_points": entries})
}

fn place(at: Location, sources: &SourceMap) -> Value {
    json!({"file": sources.path(at.file), "line": sources.position(at).line})
}

fn entry_json(meter: &Meter<'_>, cost: &EntryLines, trace: bool, sources: &SourceMap) -> Value {
    let entry = meter.program.entry(cost.entry);
    let mut legend = Legend::default();
    let costs: Vec<Value> = cost
        .lines
        .iter()
        .map(|line| {
            let mut value = json!({
                "resource": line.resource,
                "unit": if line.resource == Resource::Timeout { "milliseconds" } else { "count" },
                "least": formula(&line.least, &mut legend),
                "most": formula(&line.most, &mut legend),
                "least_value": line.least_value,
                "most_value": line.most_value,
                "least_value_at_one": line.least_at_one,
                "most_value_at_one": line.most_at_one,
                "limit": line.limit,
                "limit_id": limit_of(line.resource).map(|(id, _)| id),
                "percent": line.percent(),
                "breaks_at_batch": match line.breaks { Some(Breaks::AtBatch(size)) => Some(size), _ => None },
                "breaks_at_size": match line.breaks { Some(Breaks::AtSize(size)) => Some(size), _ => None },
            });
            if let Some(why) = line.unbounded {
                value["unbounded"] = json!({
                    "reason": super::table::reason(why),
                    "at": place(why.at(), sources),
                });
            }
            if trace {
                let terms = meter.terms(&[cost.entry], line.resource).pop().unwrap_or_default();
                value["terms"] = terms
                    .iter()
                    .map(|term| {
                        let site = meter.program.site(term.site);
                        json!({
                            "label": site.label,
                            "symbol": site.symbol,
                            "at": place(site.at, sources),
                            "least": formula(&term.least, &mut legend),
                            "most": formula(&term.most, &mut legend),
                        })
                    })
                    .collect();
            }
            value
        })
        .collect();
    let sizes: Vec<Value> = legend
        .explained()
        .into_iter()
        .map(|size| json!({"name": size.name, "meaning": size.words, "at": place(size.at, sources)}))
        .collect();
    json!({
        "entry": entry.name,
        "kind": entry.kind,
        "at": place(entry.at, sources),
        "batch": cost.batch,
        "unknown_sizes_taken_as": cost.assumed.collection,
        "costs": costs,
        "sizes": sizes,
    })
}
