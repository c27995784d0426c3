//! The platform's limits, from `rules/limits.yaml`: the only place where their numbers stand.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::Edition;

/// One limit of the platform.
#[derive(Clone, Debug, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// `apex.callouts`.
    pub id: String,
    /// Its value; in synchronous transactions, where asynchronous ones have another.
    pub value: u64,
    /// Its value in asynchronous transactions, where that differs.
    #[serde(default, rename = "async")]
    pub asynchronous: Option<u64>,
    /// Its value in other editions than Enterprise Edition, where that differs.
    #[serde(default)]
    pub editions: BTreeMap<Edition, u64>,
    /// What is counted, and over what: "callouts in a transaction".
    pub unit: String,
    #[serde(default)]
    pub note: Option<String>,
    pub source: String,
}

/// What is known of the limits of one org.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    pub edition: Edition,
    /// By id, or by id and `.async`.
    pub values: BTreeMap<String, u64>,
}

impl Overrides {
    /// The limit as it is in this org.
    pub fn apply(&self, mut limit: Limit) -> Limit {
        if let Some(&value) = limit.editions.get(&self.edition) {
            limit.value = value;
        }
        if let Some(&value) = self.values.get(&limit.id) {
            limit.value = value;
        }
        if let Some(&value) = self.values.get(&format!("{}.async", limit.id)) {
            limit.asynchronous = Some(value);
        }
        limit
    }
}

/// All known limits, by id.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Limits(Vec<Limit>);

impl Limits {
    pub fn new(mut limits: Vec<Limit>) -> Limits {
        limits.sort_by(|a, b| a.id.cmp(&b.id));
        Limits(limits)
    }

    pub fn get(&self, id: &str) -> Option<&Limit> {
        self.0.binary_search_by(|limit| limit.id.as_str().cmp(id)).ok().map(|index| &self.0[index])
    }

    pub fn iter(&self) -> impl Iterator<Item = &Limit> {
        self.0.iter()
    }

    /// The text of `{limit:REFERENCE}`: an id, or an id followed by `.async`.
    pub fn text(&self, reference: &str) -> Option<String> {
        if let Some(limit) = self.get(reference) {
            return Some(grouped(limit.value));
        }
        let limit = self.get(reference.strip_suffix(".async")?)?;
        Some(grouped(limit.asynchronous.unwrap_or(limit.value)))
    }
}

/// `120000` as "120,000".
pub(super) fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        assert_eq!(grouped(5), "5");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1000), "1,000");
        assert_eq!(grouped(120000), "120,000");
        assert_eq!(grouped(1234567), "1,234,567");
    }

    #[test]
    fn a_limit_has_a_text_in_each_context() {
        let limits = Limits::new(vec![Limit {
            id: "apex.enqueue_jobs".into(),
            value: 50,
            asynchronous: Some(1),
            editions: BTreeMap::new(),
            unit: "jobs".into(),
            note: None,
            source: String::new(),
        }]);
        assert_eq!(limits.text("apex.enqueue_jobs").as_deref(), Some("50"));
        assert_eq!(limits.text("apex.enqueue_jobs.async").as_deref(), Some("1"));
        assert_eq!(limits.text("apex.nothing"), None);
    }
}
