//! Links the units of a project into one [`model::Program`].

pub mod attributes;
pub mod model;
