//! Catch clauses that meet the exception of a callout.

use crate::finding::Confidence;
use crate::name::Name;

use super::interpret::Linker;
use super::model::{Effect, NodeId, Site, Step};

/// Adds a site for each clause around a callout whose exception comes that far.
pub fn complete(linker: &mut Linker) {
    let surely = nodes_that_throw(linker, Confidence::High);
    for action in std::mem::take(&mut linker.flows.actions) {
        let calls_out = action.makes_callout || action.targets.iter().any(|target| surely[target.0 as usize]);
        let site = &mut linker.sites[action.site.0 as usize];
        match site.facts.iter_mut().find(|(name, _)| *name == "calls-out") {
            // The same element in another kind of transaction.
            Some((_, known)) if calls_out => *known = "yes".into(),
            Some(_) => {}
            None => site.facts.push(("calls-out", if calls_out { "yes" } else { "no" }.into())),
        }
    }
    let throws = nodes_that_throw(linker, Confidence::Low);
    let clauses = std::mem::take(&mut linker.catches);
    for clause in &clauses {
        // An earlier clause of the same `try` gets it first.
        if !clause.first_for_callouts {
            continue;
        }
        let meets = clause.sites.iter().any(|site| linker.sites[site.0 as usize].effect == Effect::Callout)
            || clause.targets.iter().any(|target| throws[target.0 as usize]);
        if !meets {
            continue;
        }
        let (at, symbol) = (clause.at, clause.symbol.clone());
        let caught = clause.caught;
        linker.site(Effect::Catch, at, || Site {
            effect: Effect::Catch,
            at,
            symbol,
            label: format!("catch of {caught}"),
            object: None,
            operation: None,
            facts: vec![("handling", if clause.swallows { "swallowed" } else { "handled" }.into())],
        });
    }
}

pub(super) fn catches_callouts(caught: Name) -> bool {
    matches!(
        caught.folded(),
        "exception" | "system.exception" | "calloutexception" | "system.calloutexception"
    )
}

/// The nodes out of which the exception of a callout may come, by calls that are at least that sure: a
/// fixpoint over the callers.
fn nodes_that_throw(linker: &Linker, least: Confidence) -> Vec<bool> {
    let count = linker.nodes.len();
    let mut callers: Vec<Vec<u32>> = vec![Vec::new(); count];
    let mut throws = vec![false; count];
    let mut todo = Vec::new();
    for (index, node) in linker.nodes.iter().enumerate() {
        let mut own = false;
        uncaught(&node.steps, &mut |step| match step {
            Step::Effect(site) => own |= linker.sites[site.0 as usize].effect == Effect::Callout,
            Step::Call(call) if call.how.confidence() >= least => {
                call.targets.iter().for_each(|target: &NodeId| callers[target.0 as usize].push(index as u32));
            }
            _ => {}
        });
        if own {
            throws[index] = true;
            todo.push(index as u32);
        }
    }
    while let Some(next) = todo.pop() {
        for &caller in &callers[next as usize] {
            if !std::mem::replace(&mut throws[caller as usize], true) {
                todo.push(caller);
            }
        }
    }
    throws
}

/// Visits the steps that stand under no `catch` of the same node.
fn uncaught<'s>(steps: &'s [Step], visit: &mut impl FnMut(&'s Step)) {
    let mut todo: Vec<&'s [Step]> = vec![steps];
    while let Some(steps) = todo.pop() {
        for step in steps {
            visit(step);
            match step {
                Step::Branch { arms, .. } => todo.extend(arms.iter().map(|arm| arm.steps.as_slice())),
                Step::Loop(body) => todo.push(&body.steps),
                Step::Try { body, catches, finally } => {
                    if catches.is_empty() {
                        todo.push(body);
                    }
                    todo.extend(catches.iter().map(|clause| clause.steps.as_slice()));
                    todo.push(finally);
                }
                _ => {}
            }
        }
    }
}
