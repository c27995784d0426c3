//! A rule as its YAML file states it. The file is the only home of each sentence: `explain`, the
//! SARIF help and the docs page are made from it.

use serde::{Deserialize, Serialize};

use crate::finding::{Confidence, Severity};

use super::limits::Limits;
use super::query::{Find, SeverityWhen};

/// A rule: what to look for, and what to tell the owner of the code that has it.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// `sync-callout-in-trigger`: lower case, words joined by `-`.
    #[schemars(regex(pattern = "^[a-z0-9]+(-[a-z0-9]+)*$"))]
    pub id: String,
    pub title: String,
    pub severity: Severity,
    /// Other severities under conditions; the first that holds counts.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub severity_when: Vec<SeverityWhen>,
    /// `off`: it runs only where the configuration or `--only` names it.
    #[serde(default, skip_serializing_if = "Default::is_on")]
    pub default: Default,
    /// How sure a finding is at the best; a doubtful path lowers it.
    pub confidence: Confidence,
    /// Id of the documented pattern that is misused, from `rules/patterns.yaml`.
    pub pattern: String,
    /// Id of the named anti-pattern, where the rule is one.
    #[serde(default)]
    pub antipattern: Option<String>,
    /// Ids of the patterns to move to.
    #[serde(default)]
    pub instead: Vec<String>,
    /// The query.
    pub find: Find,
    /// Template of the finding's sentence: `{from}`, `{to.label}`, `{to.host|an external system}`.
    pub message: String,
    /// Why it matters, Markdown.
    pub why: String,
    /// What to do, Markdown.
    pub fix: String,
    /// Ids of the platform limits that it leans on (`apex.callouts`).
    #[serde(default)]
    pub limits: Vec<String>,
    pub references: Vec<String>,
    pub examples: Examples,
}

/// Whether a rule runs without being named.
#[derive(
    Clone, Copy, Debug, std::default::Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Default {
    #[default]
    On,
    Off,
}

impl Default {
    pub fn is_on(&self) -> bool {
        *self == Default::On
    }
}

/// At least one bad and one good example; the test suite runs them.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Examples {
    /// File name (`classes/A.cls`, `objects/Order__e/Order__e.object-meta.xml`) to text.
    pub bad: indexmap::IndexMap<String, String>,
    pub good: indexmap::IndexMap<String, String>,
}

/// A documented integration pattern or anti-pattern, from `rules/patterns.yaml`.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    pub id: String,
    pub title: String,
    /// Whether it is one to avoid.
    #[serde(default)]
    pub anti: bool,
    pub fits: String,
    pub does_not_fit: String,
    #[serde(default)]
    pub limits: Vec<String>,
    /// What to move to, in a sentence or two.
    pub move_to: String,
    #[serde(default)]
    pub references: Vec<String>,
}

/// All rules of a run, built in and the user's own, sorted by id.
#[derive(Clone, Debug, std::default::Default)]
pub struct RuleSet {
    pub rules: Vec<Rule>,
    pub patterns: Vec<Pattern>,
    /// The platform limits that rules name.
    pub limits: Limits,
    /// Ids of rules that exist and were not picked for this run.
    pub left_out: Vec<String>,
}

impl RuleSet {
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    pub fn pattern(&self, id: &str) -> Option<&Pattern> {
        self.patterns.iter().find(|pattern| pattern.id == id)
    }
}
