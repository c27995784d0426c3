//! seamlint finds where the integration architecture of a Salesforce repository breaks.
//!
//! Data goes one way: [`discover`] lists the files, [`apex`] turns each class or trigger into a unit,
//! [`metadata`] each XML file into components, [`program`] links them, [`summary`] says what happens in each transaction, [`rules`] ask and
//! [`report`] prints. A stage sees only what the one before it made.

pub mod apex;
pub mod baseline;
pub mod budget;
pub mod changes;
pub mod cli;
pub mod config;
pub mod cost;
pub mod deep;
pub mod discover;
pub mod finding;
pub mod focus;
pub mod lsp;
pub mod map;
pub mod metadata;
pub mod name;
pub mod pages;
pub mod program;
pub mod report;
pub mod rules;
pub mod scan;
pub mod span;
pub mod summary;
pub mod suppress;
pub mod trace;
pub mod xml;
