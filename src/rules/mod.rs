//! Rules: what is asked of the model, and the findings that answer.

pub mod rule;
