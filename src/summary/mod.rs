//! What happens in the transaction of each entry point: effects with guard, multiplicity and order.
//!
//! Two questions are answered on the linked program: [`reach`] (does an entry reach an effect, how
//! often, by which path) and [`order`] (does one effect happen before another in one transaction).

pub mod order;
pub mod reach;

use crate::program::model::{Effects, Program};

/// Per node, the effects of its transaction: its own and those of all that it calls.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Summary {
    /// Without the triggers that DML fires, by node.
    pub effects: Vec<Effects>,
    /// With them.
    pub effects_through_dml: Vec<Effects>,
}

/// Computes the effects of every node: a bottom-up fixpoint.
pub fn summarise(program: &Program) -> Summary {
    let _ = program;
    todo!()
}
