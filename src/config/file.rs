//! The shape of `seamlint.yml`. The doc comments are the descriptions of the published JSON Schema.

use std::collections::BTreeMap;
use std::path::PathBuf;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::finding::Severity;

use super::org::{Addons, Licenses, Profile};
use super::workload::{Assume, Rate, ServiceEntry, Thresholds};

/// The configuration of seamlint for a Salesforce repository.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ConfigFile {
    /// Rules that are off, or have another severity than their own. The key is the rule's id.
    #[schemars(with = "BTreeMap<String, Level>")]
    pub rules: IndexMap<String, Spanned<Level>>,
    /// Other settings of rules for some files. Of several that name a file and a rule, the last counts.
    pub overrides: Vec<Override>,
    /// Files and folders that are not read at all: patterns in .gitignore syntax, relative to this file.
    #[schemars(with = "Vec<String>")]
    pub exclude: Vec<Spanned<String>>,
    /// Whether files that a .gitignore lists are left out. Default: true.
    #[schemars(with = "bool")]
    pub gitignore: Option<Spanned<bool>>,
    /// Folders with rule files of your own, relative to this file.
    #[serde(alias = "rule-folders")]
    #[schemars(with = "Vec<PathBuf>")]
    pub rule_folders: Vec<Spanned<PathBuf>>,
    /// The baseline, relative to this file. Default: .seamlint-baseline
    #[schemars(with = "PathBuf")]
    pub baseline: Option<Spanned<PathBuf>>,
    /// The edition of the org: picks the limits that depend on it. Default: EE
    #[schemars(with = "Edition")]
    pub edition: Option<Spanned<Edition>>,
    /// Limits that are others in your org, by their id. `seamlint rules limits` lists the ids; with
    /// `.async` behind it, an id means the value in asynchronous transactions.
    #[schemars(with = "BTreeMap<String, u64>")]
    pub limits: IndexMap<String, Spanned<u64>>,
    /// The systems outside the org, by a name of your choice.
    #[schemars(with = "BTreeMap<String, SystemEntry>")]
    pub systems: IndexMap<String, Spanned<SystemEntry>>,
    /// Which systems outside the org receive an event: `{Order_Shipped__e: [wms]}`.
    #[schemars(with = "BTreeMap<String, Vec<String>>")]
    pub external_subscribers: IndexMap<String, Spanned<Vec<String>>>,
    /// Which systems outside the org publish an event: `{Order_Placed__e: [shop]}`.
    #[schemars(with = "BTreeMap<String, Vec<String>>")]
    pub external_publishers: IndexMap<String, Spanned<Vec<String>>>,
    /// User names that only integrations log in with.
    #[schemars(with = "Vec<String>")]
    pub integration_users: Option<Spanned<Vec<String>>>,
    /// Whether the repository holds every named credential of the org. Default: false
    #[schemars(with = "bool")]
    pub named_credentials_complete: Option<Spanned<bool>>,
    /// Records of the table-driven trigger management (NPSP, EDA) that only the org holds.
    #[schemars(with = "Vec<TdtmRow>")]
    pub tdtm_config: Vec<Spanned<TdtmRow>>,

    /// The user licences of the org, which raise some of its limits.
    #[schemars(with = "Licenses")]
    pub licenses: Option<Spanned<Licenses>>,
    /// The add-ons of the org, which raise some of its limits.
    #[schemars(with = "Addons")]
    pub addons: Option<Spanned<Addons>>,
    /// A saved answer of the org's limits resource (`sf org list limits --json`), relative to this file. It
    /// counts more than edition, licences and add-ons, and less than `limits`.
    #[schemars(with = "PathBuf")]
    pub limits_snapshot: Option<Spanned<PathBuf>>,
    /// Which figures the daily limits have: those that are documented, or `seed` (15,000 API requests and
    /// 250,000 events a day). Default: documented
    #[schemars(with = "Profile")]
    pub profile: Option<Spanned<Profile>>,
    /// How many records are created, updated or deleted a day (`Account.update`), events published from
    /// outside (`Order__e.publish`) or API requests made (`api:portal.GET_Account`): `6000/day`, or
    /// `{per_day: 6000, per_tx: 1, peak_hour: 0.2}`.
    #[schemars(with = "BTreeMap<String, Rate>")]
    pub volumes: IndexMap<String, Spanned<Rate>>,
    /// Lightning components that receive events, and how many users have each open at the same time.
    #[schemars(with = "BTreeMap<String, u64>")]
    pub sessions: IndexMap<String, Spanned<u64>>,
    /// The programs outside the org that use its APIs or events, by a name of your choice.
    #[schemars(with = "BTreeMap<String, ServiceEntry>")]
    pub services: IndexMap<String, Spanned<ServiceEntry>>,
    /// Services that carry events from Salesforce to a broker.
    #[schemars(with = "Vec<String>")]
    pub bridges: Vec<Spanned<String>>,
    /// Which system owns an object or a field: `salesforce`, or a key of `systems`.
    #[schemars(with = "BTreeMap<String, String>")]
    pub systems_of_record: IndexMap<String, Spanned<String>>,
    /// How many records come where neither code nor metadata says it.
    #[schemars(with = "Assume")]
    pub assume: Option<Spanned<Assume>>,
    /// From where on something is worth a word.
    #[schemars(with = "Thresholds")]
    pub thresholds: Option<Spanned<Thresholds>>,
}

impl ConfigFile {
    /// The keys that are checked and that nothing in this version uses yet, as far as the file has them.
    pub fn without_effect(&self) -> Vec<(&'static str, serde_saphyr::Location)> {
        fn first<T>(map: &IndexMap<String, Spanned<T>>) -> Option<serde_saphyr::Location> {
            map.values().next().map(|value| value.referenced)
        }
        let systems_in_tx = self
            .thresholds
            .as_ref()
            .filter(|thresholds| thresholds.value.systems_in_tx != Thresholds::default().systems_in_tx);
        let keys = [
            ("systems_in_tx", systems_in_tx.map(|value| value.referenced)),
            ("bridges", self.bridges.first().map(|value| value.referenced)),
            ("systems_of_record", first(&self.systems_of_record)),
            ("integration_users", self.integration_users.as_ref().map(|value| value.referenced)),
        ];
        keys.into_iter().filter_map(|(key, at)| Some((key, at?))).collect()
    }
}

/// What becomes of a rule.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, strum::Display, serde::Serialize,
)]
#[serde(rename_all = "lowercase")]
#[strum(serialize_all = "lowercase")]
pub enum Level {
    /// It reports nothing.
    Off,
    /// It runs with its own severity.
    #[default]
    On,
    /// It runs, and its findings are notes.
    Note,
    /// It runs, and its findings are warnings.
    Warning,
    /// It runs, and its findings are errors.
    Error,
}

impl Level {
    /// The severity that it sets in place of the rule's own.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Level::Off | Level::On => None,
            Level::Note => Some(Severity::Note),
            Level::Warning => Some(Severity::Warning),
            Level::Error => Some(Severity::Error),
        }
    }
}

/// Settings of rules for some files.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// Patterns in .gitignore syntax, relative to this file.
    #[schemars(with = "Vec<String>")]
    pub paths: Vec<Spanned<String>>,
    /// As the key `rules` at the top, for findings that are reported in these files.
    #[schemars(with = "BTreeMap<String, Level>")]
    pub rules: IndexMap<String, Spanned<Level>>,
}

/// Edition of an org.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Deserialize,
    serde::Serialize,
    JsonSchema,
    strum::Display,
)]
pub enum Edition {
    /// Enterprise Edition.
    #[default]
    EE,
    /// Unlimited and Performance Edition.
    UE,
    /// Professional Edition with API access.
    PE,
    /// Developer Edition.
    DE,
}

/// A system outside the org.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SystemEntry {
    /// Its hosts: `erp.example.com`; `*.example.com` for all below.
    pub hosts: Vec<String>,
    /// Named credentials whose callouts go to it.
    pub named_credentials: Vec<String>,
    /// How many calls a day it stands.
    pub max_calls_day: Option<u64>,
}

/// A `Trigger_Handler__c` record.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TdtmRow {
    /// Object__c, such as `Contact`.
    pub object: String,
    /// Class__c, such as `CON_PushToErp_TDTM`.
    pub class: String,
    /// Trigger_Action__c, such as `AfterInsert;AfterUpdate`.
    #[schemars(with = "String")]
    pub action: Spanned<String>,
    /// Asynchronous__c.
    #[serde(default, rename = "async")]
    pub asynchronous: bool,
}
