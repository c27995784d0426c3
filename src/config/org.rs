//! What the org has: licences, add-ons, and what its own limits resource says of it.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A kind of licence that raises the org's allocations.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema, strum::Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum License {
    Salesforce,
    Platform,
    CustomerCommunityPlus,
    PartnerCommunity,
    LightningOneApp,
}

/// How many user licences of each kind the org has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Licenses {
    /// Salesforce licences.
    pub salesforce: u64,
    /// Salesforce Platform licences.
    pub platform: u64,
    /// Customer Community Plus licences.
    pub customer_community_plus: u64,
    /// Partner Community licences.
    pub partner_community: u64,
    /// Lightning Platform (One App) licences.
    pub lightning_one_app: u64,
}

impl Licenses {
    /// Each kind and how many there are of it, in a fixed order.
    pub fn counts(&self) -> [(License, u64); 5] {
        [
            (License::Salesforce, self.salesforce),
            (License::Platform, self.platform),
            (License::CustomerCommunityPlus, self.customer_community_plus),
            (License::PartnerCommunity, self.partner_community),
            (License::LightningOneApp, self.lightning_one_app),
        ]
    }

    /// All of them. Saturates, as the counts come from a file.
    pub fn total(&self) -> u64 {
        self.counts().iter().fold(0, |sum, (_, count)| sum.saturating_add(*count))
    }
}

/// An add-on that raises an allocation.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema, strum::Display,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Addon {
    ApiCalls,
    PeDelivery,
    CdcUnlimitedEntities,
}

/// What the org bought beside its licences.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Addons {
    /// API requests a day that were bought in addition.
    pub api_calls: u64,
    /// How many platform-event add-ons: each brings 100,000 more deliveries a day and 25,000 more events
    /// published an hour.
    pub pe_delivery: u64,
    /// Whether the org may select any number of objects for Change Data Capture.
    pub cdc_unlimited_entities: bool,
}

impl Addons {
    /// Each add-on and how many there are of it.
    pub fn counts(&self) -> [(Addon, u64); 3] {
        [
            (Addon::ApiCalls, self.api_calls),
            (Addon::PeDelivery, self.pe_delivery),
            (Addon::CdcUnlimitedEntities, u64::from(self.cdc_unlimited_entities)),
        ]
    }
}

/// Which figures the daily allocations are compared with.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Deserialize,
    Serialize,
    JsonSchema,
    strum::Display,
    clap::ValueEnum,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Profile {
    /// Those that Salesforce documents for the edition and the licences.
    #[default]
    Documented,
    /// Those that a team plans with as long as it knows nothing of its org: 15,000 API requests and
    /// 250,000 events a day.
    Seed,
}

/// The maxima in a saved answer of the limits resource, by their name there: of
/// `GET /services/data/vXX.X/limits` or of `sf org list limits --json`.
///
/// # Errors
/// What is wrong with the text.
/// Source: REST API Developer Guide, "Limits".
pub fn snapshot(text: &str) -> Result<BTreeMap<String, u64>, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| format!("is not JSON: {error}"))?;
    let count = |value: Option<&Value>| value.and_then(Value::as_u64);
    let maxima: BTreeMap<String, u64> = match value.get("result").unwrap_or(&value) {
        Value::Object(limits) => {
            limits.iter().filter_map(|(name, limit)| Some((name.clone(), count(limit.get("Max"))?))).collect()
        }
        Value::Array(limits) => limits
            .iter()
            .filter_map(|limit| Some((limit.get("name")?.as_str()?.to_owned(), count(limit.get("max"))?)))
            .collect(),
        _ => BTreeMap::new(),
    };
    if maxima.is_empty() { Err("holds no limits".to_owned()) } else { Ok(maxima) }
}
