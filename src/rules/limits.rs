//! The platform's limits, from `rules/limits.yaml`: the only place where their numbers stand.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::Edition;
use crate::config::org::{Addon, Addons, License, Licenses, Profile};

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
    /// What each user licence adds to it, by edition.
    #[serde(default)]
    pub per_license: BTreeMap<License, BTreeMap<Edition, u64>>,
    /// What it is for each user licence of any kind, where that gives more.
    #[serde(default)]
    pub or_per_license: Option<u64>,
    /// What one of an add-on adds to it.
    #[serde(default)]
    pub per_addon: BTreeMap<Addon, u64>,
    /// The add-on with which there is no such limit.
    #[serde(default)]
    pub lifted_by: Option<Addon>,
    /// Its value in another profile than the documented one.
    #[serde(default)]
    pub seed: Option<u64>,
    /// Its name in the answer of the org's limits resource.
    #[serde(default)]
    pub reported_as: Option<String>,
    /// What is counted, and over what: "callouts in a transaction".
    pub unit: String,
    #[serde(default)]
    pub note: Option<String>,
    pub source: String,
}

impl Limit {
    /// The value of a limit that the org does not have.
    pub const NONE: u64 = u64::MAX;
}

/// What is known of the limits of one org.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    pub edition: Edition,
    pub licenses: Licenses,
    pub addons: Addons,
    pub profile: Profile,
    /// What the org's limits resource answered, by its names.
    pub reported: BTreeMap<String, u64>,
    /// By id, or by id and `.async`.
    pub values: BTreeMap<String, u64>,
}

impl Overrides {
    /// The limit as it is in this org: what the configuration says, else what the org answered, else the
    /// profile, else what edition, licences and add-ons give.
    pub fn apply(&self, mut limit: Limit) -> Limit {
        limit.value = self.allocated(&limit);
        if let (Profile::Seed, Some(value)) = (self.profile, limit.seed) {
            limit.value = value;
        }
        if let Some(&value) = limit.reported_as.as_ref().and_then(|name| self.reported.get(name)) {
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

    /// What edition, licences and add-ons give.
    fn allocated(&self, limit: &Limit) -> u64 {
        let mut value = limit.editions.get(&self.edition).copied().unwrap_or(limit.value);
        for (license, count) in self.licenses.counts() {
            let each = limit.per_license.get(&license).and_then(|by| by.get(&self.edition));
            value = value.saturating_add(each.map_or(0, |each| each.saturating_mul(count)));
        }
        if let Some(each) = limit.or_per_license {
            value = value.max(each.saturating_mul(self.licenses.total()));
        }
        for (addon, count) in self.addons.counts() {
            let each = limit.per_addon.get(&addon).copied().unwrap_or(0);
            value = value.saturating_add(each.saturating_mul(count));
            if limit.lifted_by == Some(addon) && count > 0 {
                return Limit::NONE;
            }
        }
        value
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
pub(crate) fn grouped(value: u64) -> String {
    if value == Limit::NONE {
        return "unlimited".to_owned();
    }
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
            per_license: BTreeMap::new(),
            or_per_license: None,
            per_addon: BTreeMap::new(),
            lifted_by: None,
            seed: None,
            reported_as: None,
            unit: "jobs".into(),
            note: None,
            source: String::new(),
        }]);
        assert_eq!(limits.text("apex.enqueue_jobs").as_deref(), Some("50"));
        assert_eq!(limits.text("apex.enqueue_jobs.async").as_deref(), Some("1"));
        assert_eq!(limits.text("apex.nothing"), None);
    }
}
