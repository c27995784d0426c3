pub mod apex;
pub mod discover;
pub mod finding;
pub mod name;
pub mod report;
pub mod rules;
pub mod span;
