//! The output formats on hand-made projects.

mod checkstyle;
#[path = "../consumers/mod.rs"]
mod consumers;
mod csv;
mod github;
mod gitlab;
mod json;
mod junit;
mod markdown;
mod sarif;
mod terminal;
mod world;
