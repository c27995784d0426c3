//! The output formats on hand-made projects.

mod json;
mod sarif;
mod terminal;
mod world;
