//! `component`: things that the project declares, with certain facts.

use crate::program::model::{ItemId, Program};
use crate::rules::plan::ComponentPlan;

use super::{Hit, Subject};

pub(super) fn hits(program: &Program, rule: usize, plan: &ComponentPlan) -> Vec<Hit> {
    (0u32..)
        .map(ItemId)
        .zip(&program.items)
        .filter(|(_, item)| plan.matches(item))
        .map(|(id, item)| Hit::new(rule, item.at, Subject::Item(id)))
        .collect()
}
