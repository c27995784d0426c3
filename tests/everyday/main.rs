//! What a team sets once and meets every day: configuration, suppressions, baseline, changed files.
//! Each test runs the program.

mod config;
mod support;
