//! What a scan reports: plain data, made by `rules` and read by `report`.

use serde::{Deserialize, Serialize};

use crate::span::Location;

/// How bad it is. `Error`: fails at run time or exceeds a hard limit on realistic input, or leaks a
/// secret. `Warning`: breaks the documented pattern at real cost. `Note`: a design signal.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    strum::Display,
    clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Severity {
    Note,
    Warning,
    Error,
}

/// How sure the analysis is of the path. `High`: every call on it was resolved to one target.
/// `Medium`: one call had up to three possible targets, or the effect happens on some paths only.
/// `Low`: dispatch that could not be resolved, or DML on an unknown object.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    schemars::JsonSchema,
    strum::Display,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Confidence {
    Low,
    Medium,
    High,
}

/// One step of the path that proves a finding, from the entry point to the effect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    pub at: Location,
    /// What happens here, as a phrase: "trigger AccountTrigger (after update) starts here",
    /// "calls AccountService.push", "makes the callout".
    pub label: String,
    /// The symbol this step is in or enters ("AccountService.push"); the stable part of the step.
    pub symbol: String,
}

/// An entry point from which the finding's effect is reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Origin {
    pub at: Location,
    /// "trigger AccountTrigger on Account (after update)".
    pub name: String,
}

/// A proven problem at one place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Id of the rule (`sync-callout-in-trigger`).
    pub rule: String,
    pub severity: Severity,
    pub confidence: Confidence,
    /// One sentence about this place, from the rule's message template.
    pub message: String,
    pub primary: Location,
    /// From the entry point to the primary location; empty for findings that are local facts.
    pub path: Vec<Step>,
    /// Other places that explain the finding (the DML that left work uncommitted, the savepoint).
    pub related: Vec<Step>,
    /// All entry points that reach this place; the path shows the first.
    pub origins: Vec<Origin>,
    /// The documented integration pattern that is misused (`request-response`).
    pub pattern: String,
    /// The named anti-pattern, where the rule is one.
    pub antipattern: Option<String>,
    /// The patterns to move to.
    pub instead: Vec<String>,
    /// Stable over line moves and reformatting: rule, symbols and effect, no line numbers.
    pub fingerprint: String,
}
