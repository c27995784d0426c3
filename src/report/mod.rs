//! Output formats, one module each. Each reads a [`Report`] and writes text.

use std::time::Duration;

use crate::discover::Project;
use crate::finding::Finding;
use crate::rules::rule::RuleSet;

/// What could and could not be seen: printed in the summary line and in JSON.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Statistics {
    pub files: usize,
    pub classes: usize,
    pub triggers: usize,
    pub methods: usize,
    pub entry_points: usize,
    pub calls: usize,
    /// Calls with more than one possible target.
    pub calls_virtual: usize,
    /// Calls into code that the project does not hold (managed packages) or that no rule knows.
    pub calls_unresolved: usize,
    /// `Type.forName` on text that is not known.
    pub dynamic_dispatch: usize,
    pub syntax_errors: usize,
}

/// All that a format may print.
pub struct Report<'a> {
    pub project: &'a Project,
    pub rules: &'a RuleSet,
    /// Sorted by file, place and rule.
    pub findings: &'a [Finding],
    pub statistics: &'a Statistics,
    /// Wall time of the scan; printed by the terminal format only, so that the others are the same
    /// bytes on every run.
    pub elapsed: Duration,
}
