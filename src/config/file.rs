//! The shape of `seamlint.yml`. The doc comments are the descriptions of the published JSON Schema.

use std::collections::BTreeMap;
use std::path::PathBuf;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_saphyr::Spanned;

use crate::finding::Severity;

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

    // Known, and without effect in this version: accepted with a warning.
    #[schemars(skip)]
    pub assume: Option<Spanned<IgnoredAny>>,
    #[schemars(skip)]
    pub thresholds: Option<Spanned<IgnoredAny>>,
    #[schemars(skip)]
    pub licenses: Option<Spanned<IgnoredAny>>,
    #[schemars(skip)]
    pub addons: Option<Spanned<IgnoredAny>>,
    #[schemars(skip)]
    pub limits_snapshot: Option<Spanned<IgnoredAny>>,
    #[schemars(skip)]
    pub profile: Option<Spanned<IgnoredAny>>,
    #[schemars(skip)]
    pub volumes: Option<Spanned<IgnoredAny>>,
    #[schemars(skip)]
    pub sessions: Option<Spanned<IgnoredAny>>,
    #[schemars(skip)]
    pub services: Option<Spanned<IgnoredAny>>,
    #[schemars(skip)]
    pub bridges: Option<Spanned<IgnoredAny>>,
    #[schemars(skip)]
    pub systems_of_record: Option<Spanned<IgnoredAny>>,
}

impl ConfigFile {
    /// The keys that this version knows and does nothing with, as far as the file has them.
    pub fn without_effect(&self) -> Vec<(&'static str, serde_saphyr::Location)> {
        let keys = [
            ("assume", &self.assume),
            ("thresholds", &self.thresholds),
            ("licenses", &self.licenses),
            ("addons", &self.addons),
            ("limits_snapshot", &self.limits_snapshot),
            ("profile", &self.profile),
            ("volumes", &self.volumes),
            ("sessions", &self.sessions),
            ("services", &self.services),
            ("bridges", &self.bridges),
            ("systems_of_record", &self.systems_of_record),
        ];
        let unread = keys.into_iter().filter_map(|(key, value)| Some((key, value.as_ref()?.referenced)));
        // Handed down to the model, where nothing asks for it yet.
        let users = self.integration_users.as_ref().map(|users| ("integration_users", users.referenced));
        unread.chain(users).collect()
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
