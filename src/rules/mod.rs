//! Rules: what is asked of the model, and the findings that answer.
//!
//! A rule is one YAML file. [`registry`] reads the files into a [`rule::RuleSet`], [`check`] runs
//! them over the program, [`explain`] tells people about them.

pub mod error;
pub mod explain;
pub(crate) mod labels;
pub mod limits;
mod plan;
pub mod query;
pub mod registry;
pub mod rule;
pub mod schema;
pub mod select;
mod template;
pub(crate) mod word;

pub(crate) mod check;
pub use check::{Checked, Policy, check};
#[cfg(test)]
mod tests;
