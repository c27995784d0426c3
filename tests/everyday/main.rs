//! What a team sets once and meets every day: configuration, suppressions, baseline, changed files.
//! Each test runs the program.

mod baseline;
mod changes;
mod config;
mod rewrite;
mod stability;
#[path = "../support/mod.rs"]
mod support;
mod suppress;
