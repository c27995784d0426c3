//! How much goes through the org, as far as no repository can say it: volumes, sessions, services, and what
//! is assumed where even the configuration is silent.

use std::fmt;
use std::num::NonZeroU64;
use std::path::PathBuf;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use serde_saphyr::Spanned;

use crate::span::Span;

/// How much goes through the org: the keys that the daily budget is made from.
#[derive(Clone, Debug, Default)]
pub struct Workload {
    /// In the order of the file.
    pub volumes: Vec<Volume>,
    /// A Lightning component, and how many users have it open at the same time; sorted.
    pub sessions: Vec<(String, u64)>,
    pub assume: Assume,
    pub thresholds: Thresholds,
}

/// A declared volume.
#[derive(Clone, Debug, PartialEq)]
pub struct Volume {
    /// As the file writes it.
    pub key: String,
    /// Where the key stands in the file.
    pub at: Option<Span>,
    pub of: VolumeOf,
    pub rate: Rate,
}

/// What a volume counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VolumeOf {
    /// Records of an object that are created, updated, …: `Account.update`.
    Records { object: String, change: RecordChange },
    /// Events of a platform event that something outside the org publishes: `Order__e.publish`.
    Events { event: String },
    /// API requests of a system or service: `api:portal.GET_Account`. Its first word says what kind they
    /// are of: see [`RequestKind`].
    Requests { system: String, request: String },
    /// Runs of a job: `job:MinutePoller.runs`.
    Runs { class: String },
    /// Rows that a batch job goes through: `job:NightlyBatch.rows`.
    Rows { class: String },
}

/// What kind of API requests a volume counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// Records are read: `GET`, `QUERY`, `RETRIEVE`.
    Read,
    /// Records are written: `POST`, `PATCH`, `PUT`, `DELETE`, `INSERT`, `UPDATE`, `UPSERT`, `CREATE`.
    Write,
    /// It is asked again and again whether there is something new: `POLL`.
    Poll,
    /// `LOGIN`.
    Login,
    /// Rows of Bulk API jobs: `BULK`.
    Bulk,
    Other,
}

impl RequestKind {
    /// The kind of `GET_Account`.
    pub fn of(request: &str) -> RequestKind {
        let verb = request.split(['_', ' ', '-', '/']).next().unwrap_or_default();
        match verb.to_ascii_uppercase().as_str() {
            "GET" | "QUERY" | "RETRIEVE" => RequestKind::Read,
            "POST" | "PATCH" | "PUT" | "DELETE" | "INSERT" | "UPDATE" | "UPSERT" | "CREATE" => {
                RequestKind::Write
            }
            "POLL" => RequestKind::Poll,
            "LOGIN" => RequestKind::Login,
            "BULK" => RequestKind::Bulk,
            _ => RequestKind::Other,
        }
    }
}

/// What happens to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, strum::Display, strum::EnumString, strum::VariantNames)]
#[strum(serialize_all = "lowercase", ascii_case_insensitive)]
pub enum RecordChange {
    Create,
    Update,
    Delete,
    Undelete,
}

impl VolumeOf {
    /// Reads the key of a volume.
    ///
    /// # Errors
    /// What is wrong with it, and what it should be like.
    pub fn parse(key: &str) -> Result<VolumeOf, (String, String)> {
        let shapes = "expected `Account.create`, `Account.update`, `Account.delete`, `Order__e.publish`, \
                      `api:SYSTEM.REQUEST`, `job:CLASS.runs` or `job:CLASS.rows`";
        let wrong = || (format!("`{key}` is no volume"), shapes.to_owned());
        if let Some(request) = key.strip_prefix("api:") {
            let (system, request) = request.split_once('.').unwrap_or((request, ""));
            if system.is_empty() {
                return Err(wrong());
            }
            return Ok(VolumeOf::Requests { system: system.to_owned(), request: request.to_owned() });
        }
        if let Some(job) = key.strip_prefix("job:") {
            return match job.rsplit_once('.') {
                Some((class, "runs")) if !class.is_empty() => Ok(VolumeOf::Runs { class: class.to_owned() }),
                Some((class, "rows")) if !class.is_empty() => Ok(VolumeOf::Rows { class: class.to_owned() }),
                _ => Err(wrong()),
            };
        }
        let (object, what) = key.split_once('.').ok_or_else(wrong)?;
        if object.is_empty() {
            return Err(wrong());
        }
        let is_event = object.to_ascii_lowercase().ends_with("__e");
        match what.parse() {
            Ok(change) if !is_event => Ok(VolumeOf::Records { object: object.to_owned(), change }),
            _ if is_event && what.eq_ignore_ascii_case("publish") => {
                Ok(VolumeOf::Events { event: object.to_owned() })
            }
            _ => {
                let known = if is_event {
                    vec!["publish"]
                } else {
                    <RecordChange as strum::VariantNames>::VARIANTS.to_vec()
                };
                let help = crate::rules::error::nearest_or_all(what, &known);
                Err((format!("nothing is counted as `{what}` of `{object}`"), help))
            }
        }
    }
}

/// How many there are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    pub per_day: f64,
    /// How many come in one transaction; `None` where the file does not say it.
    pub per_tx: Option<NonZeroU64>,
    /// The share of the day that falls into its busiest hour.
    pub peak_hour: f64,
}

impl Rate {
    /// The share of a day that its busiest hour has where the file does not say it.
    pub const PEAK_HOUR: f64 = 0.15;
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RateKeys {
    per_day: Amount,
    per_tx: Option<NonZeroU64>,
    peak_hour: Option<Share>,
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Rate, D::Error> {
        struct RateVisitor;
        impl<'de> Visitor<'de> for RateVisitor {
            type Value = Rate;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`6000/day`, `250/hour` or `{per_day: 6000, per_tx: 1, peak_hour: 0.2}`")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Rate, E> {
                let per_day = rate(text).ok_or_else(|| {
                    E::custom(format!("`{}` is no rate: expected `6000/day` or `250/hour`", short(text)))
                })?;
                Ok(Rate { per_day, per_tx: None, peak_hour: Rate::PEAK_HOUR })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Rate, A::Error> {
                let keys = RateKeys::deserialize(de::value::MapAccessDeserializer::new(map))?;
                let peak_hour = keys.peak_hour.map_or(Rate::PEAK_HOUR, |share| share.0);
                Ok(Rate { per_day: keys.per_day.0, per_tx: keys.per_tx, peak_hour })
            }
        }
        deserializer.deserialize_any(RateVisitor)
    }
}

impl JsonSchema for Rate {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Rate".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "oneOf": [
                {"type": "string", "pattern": r"^\s*[0-9][0-9_,]*(\.[0-9]+)?\s*/\s*(day|hour|d|h)\s*$"},
                {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["per_day"],
                    "properties": {
                        "per_day": {"type": "number", "minimum": 0},
                        "per_tx": {"type": "integer", "minimum": 1},
                        "peak_hour": {"type": "number", "exclusiveMinimum": 0, "maximum": 1},
                    },
                },
            ],
        })
    }
}

/// `6000/day` and `250/hour`, as a number a day.
fn rate(text: &str) -> Option<f64> {
    const HOURS: f64 = 24.0;
    let (number, unit) = text.split_once('/')?;
    let number = number.trim();
    if !number.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let digits: String = number.chars().filter(|c| !matches!(c, '_' | ',')).collect();
    let number: f64 = digits.parse().ok().filter(|number: &f64| number.is_finite())?;
    match unit.trim() {
        "day" | "d" => Some(number),
        "hour" | "h" => Some(number * HOURS),
        _ => None,
    }
}

/// The beginning of a text that may be long.
fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

/// A number that is not negative.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
struct Amount(f64);

impl TryFrom<f64> for Amount {
    type Error = &'static str;

    fn try_from(value: f64) -> Result<Amount, &'static str> {
        if value.is_finite() && value >= 0.0 { Ok(Amount(value)) } else { Err("expected a number from 0 up") }
    }
}

/// A part of a whole.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(try_from = "f64")]
pub struct Share(pub f64);

impl JsonSchema for Share {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Share".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "number", "exclusiveMinimum": 0, "maximum": 1})
    }
}

impl TryFrom<f64> for Share {
    type Error = &'static str;

    fn try_from(value: f64) -> Result<Share, &'static str> {
        if value > 0.0 && value <= 1.0 {
            Ok(Share(value))
        } else {
            Err("expected a share: a number above 0 and at most 1")
        }
    }
}

/// How many records come where neither code nor metadata says it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Assume {
    /// Records that a queueable job was given.
    pub queueable_n: NonZeroU64,
    /// Records in one request to an Apex REST endpoint.
    pub rest_n: NonZeroU64,
    /// Elements of a collection whose origin is not known.
    pub collection: NonZeroU64,
}

impl Default for Assume {
    fn default() -> Assume {
        const BATCH: NonZeroU64 = NonZeroU64::new(200).unwrap();
        Assume { queueable_n: BATCH, rest_n: BATCH, collection: BATCH }
    }
}

/// From where on something is worth a word.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Thresholds {
    /// Share of a daily allocation from which on its use is a note.
    pub budget_note: Share,
    /// Share of a daily allocation from which on its use is a warning; all of it is an error.
    pub budget_warning: Share,
    /// Systems outside the org in one transaction from which on it orchestrates them.
    pub systems_in_tx: NonZeroU64,
}

impl Default for Thresholds {
    fn default() -> Thresholds {
        Thresholds {
            budget_note: Share(0.4),
            budget_warning: Share(0.7),
            systems_in_tx: NonZeroU64::new(3).unwrap_or(NonZeroU64::MIN),
        }
    }
}

/// A program outside the org that uses its APIs or events.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ServiceEntry {
    /// The folder with its code, relative to this file.
    pub root: Option<PathBuf>,
    /// Its system, a key of `systems`.
    #[schemars(with = "String")]
    pub system: Option<Spanned<String>>,
    /// How many of it run; each has its own subscription.
    pub instances: Option<NonZeroU64>,
    /// Whether it may subscribe to Salesforce without a broker between.
    pub direct_stream_ok: bool,
}

/// A program outside the org, as the configuration names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    pub name: String,
    /// Absolute, or relative to the current folder.
    pub root: Option<PathBuf>,
    pub system: Option<String>,
    pub instances: u64,
    pub direct_stream_ok: bool,
}
