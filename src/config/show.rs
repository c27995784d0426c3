//! The configuration in effect, with where each value came from: `seamlint config show`.

use std::num::NonZeroU64;
use std::path::PathBuf;

use serde_saphyr::{Location, Spanned};

use super::file::{ConfigFile, Edition};
use super::org::{Addons, Licenses, Profile};
use super::workload::{Assume, Thresholds};
use super::{Config, Source};

/// Where a value came from.
pub const DEFAULT: &str = "default";
pub const COMMAND_LINE: &str = "command line";

/// A line of YAML, and where its value came from.
struct Row {
    text: String,
    from: Option<String>,
}

/// Values that the command line decides: key, value, and where it came from.
pub type Extra = (&'static str, String, String);

/// Comments start here, unless a line is longer.
const COLUMN: usize = 44;

/// The configuration as YAML, with a comment behind each value. `extra` comes first.
pub fn show(config: &Config, extra: &[Extra]) -> String {
    let mut rows = Rows { source: config.source.as_ref(), rows: Vec::new() };
    for (key, value, from) in extra {
        rows.push(format!("{key}: {value}"), Some(from.clone()));
    }
    rows.file(&config.says);
    let head = match &config.source {
        Some(source) => format!("# {}\n", source.name),
        None => "# There is no seamlint.yml; `seamlint init` writes one.\n".to_owned(),
    };
    let lines = rows.rows.into_iter().map(|row| match row.from {
        Some(from) => format!("{:COLUMN$}  # {from}\n", row.text),
        None => format!("{}\n", row.text),
    });
    head + &lines.collect::<String>()
}

struct Rows<'a> {
    source: Option<&'a Source>,
    rows: Vec<Row>,
}

impl Rows<'_> {
    fn push(&mut self, text: String, from: Option<String>) {
        self.rows.push(Row { text, from });
    }

    fn at(&self, location: Location) -> Option<String> {
        Some(format!("{}:{}", self.source?.name, location.line()))
    }

    fn file(&mut self, says: &ConfigFile) {
        self.value(
            "edition",
            says.edition.as_ref(),
            |edition| edition.to_string(),
            &Edition::default().to_string(),
        );
        self.value("gitignore", says.gitignore.as_ref(), bool::to_string, "true");
        self.list("exclude", &says.exclude, |pattern| quoted(pattern));
        self.list("rule_folders", &says.rule_folders, |path| quoted(&path.display().to_string()));
        self.map("rules", says.rules.iter(), "", |level| level.to_string());
        if says.overrides.is_empty() {
            self.empty("overrides", "[]");
        } else {
            self.push("overrides:".to_owned(), None);
            for each in &says.overrides {
                let paths: Vec<String> = each.paths.iter().map(|path| quoted(&path.value)).collect();
                let from = each.paths.first().and_then(|path| self.at(path.referenced));
                self.push(format!("  - paths: [{}]", paths.join(", ")), from);
                self.map("rules", each.rules.iter(), "    ", |level| level.to_string());
            }
        }
        let licenses = |licenses: &Licenses| counts(licenses.counts().map(|(kind, n)| (kind.to_string(), n)));
        self.value("licenses", says.licenses.as_ref(), licenses, &licenses(&Licenses::default()));
        let addons = |addons: &Addons| {
            format!(
                "{{api_calls: {}, pe_delivery: {}, cdc_unlimited_entities: {}}}",
                addons.api_calls, addons.pe_delivery, addons.cdc_unlimited_entities
            )
        };
        self.value("addons", says.addons.as_ref(), addons, &addons(&Addons::default()));
        self.value("profile", says.profile.as_ref(), Profile::to_string, &Profile::default().to_string());
        let path = |path: &PathBuf| quoted(&path.display().to_string());
        self.value("limits_snapshot", says.limits_snapshot.as_ref(), path, "null");
        self.map("limits", says.limits.iter(), "", u64::to_string);
        self.map("systems", says.systems.iter(), "", |system| {
            let most = system.max_calls_day.map_or(String::new(), |most| format!(", max_calls_day: {most}"));
            format!(
                "{{hosts: {}, named_credentials: {}{most}}}",
                flow(&system.hosts),
                flow(&system.named_credentials)
            )
        });
        self.map("external_subscribers", says.external_subscribers.iter(), "", |systems| flow(systems));
        self.map("external_publishers", says.external_publishers.iter(), "", |systems| flow(systems));
        self.value("integration_users", says.integration_users.as_ref(), |users| flow(users), "[]");
        let complete = says.named_credentials_complete.as_ref();
        self.value("named_credentials_complete", complete, bool::to_string, "false");
        self.workload(says);
        self.list("tdtm_config", &says.tdtm_config, |row| {
            format!(
                "{{object: {}, class: {}, action: {}, async: {}}}",
                quoted(&row.object),
                quoted(&row.class),
                quoted(&row.action.value),
                row.asynchronous
            )
        });
    }

    /// What goes through the org.
    fn workload(&mut self, says: &ConfigFile) {
        self.map("volumes", says.volumes.iter(), "", |rate| {
            let each = rate.per_tx.map_or(String::new(), |each| format!(", per_tx: {each}"));
            format!("{{per_day: {}{each}, peak_hour: {}}}", rate.per_day, rate.peak_hour)
        });
        self.map("sessions", says.sessions.iter(), "", u64::to_string);
        self.map("services", says.services.iter(), "", |service| {
            let mut keys = Vec::new();
            if let Some(root) = &service.root {
                keys.push(format!("root: {}", quoted(&root.display().to_string())));
            }
            if let Some(system) = &service.system {
                keys.push(format!("system: {}", quoted(&system.value)));
            }
            keys.push(format!("instances: {}", service.instances.map_or(1, NonZeroU64::get)));
            keys.push(format!("direct_stream_ok: {}", service.direct_stream_ok));
            format!("{{{}}}", keys.join(", "))
        });
        self.list("bridges", &says.bridges, |service| quoted(service));
        self.map("systems_of_record", says.systems_of_record.iter(), "", |system| quoted(system));
        let assume = |assume: &Assume| {
            format!(
                "{{queueable_n: {}, rest_n: {}, collection: {}}}",
                assume.queueable_n, assume.rest_n, assume.collection
            )
        };
        self.value("assume", says.assume.as_ref(), assume, &assume(&Assume::default()));
        let thresholds = |limits: &Thresholds| {
            format!(
                "{{budget_note: {}, budget_warning: {}, systems_in_tx: {}}}",
                limits.budget_note.0, limits.budget_warning.0, limits.systems_in_tx
            )
        };
        self.value("thresholds", says.thresholds.as_ref(), thresholds, &thresholds(&Thresholds::default()));
    }

    fn value<T>(
        &mut self,
        key: &str,
        value: Option<&Spanned<T>>,
        text: impl Fn(&T) -> String,
        default: &str,
    ) {
        match value {
            Some(value) => self.push(format!("{key}: {}", text(&value.value)), self.at(value.referenced)),
            None => self.empty(key, default),
        }
    }

    fn list<T>(&mut self, key: &str, values: &[Spanned<T>], text: impl Fn(&T) -> String) {
        if values.is_empty() {
            return self.empty(key, "[]");
        }
        self.push(format!("{key}:"), None);
        for value in values {
            self.push(format!("  - {}", text(&value.value)), self.at(value.referenced));
        }
    }

    fn map<'m, T: 'm>(
        &mut self,
        key: &str,
        values: impl Iterator<Item = (&'m String, &'m Spanned<T>)>,
        indent: &str,
        text: impl Fn(&T) -> String,
    ) {
        let mut values = values.peekable();
        if values.peek().is_none() {
            return self.empty(&format!("{indent}{key}"), "{}");
        }
        self.push(format!("{indent}{key}:"), None);
        for (name, value) in values {
            let line = format!("{indent}  {}: {}", quoted(name), text(&value.value));
            self.push(line, self.at(value.referenced));
        }
    }

    fn empty(&mut self, key: &str, default: &str) {
        self.push(format!("{key}: {default}"), Some(DEFAULT.to_owned()));
    }
}

/// Names with their numbers in one line.
fn counts<const N: usize>(of: [(String, u64); N]) -> String {
    format!("{{{}}}", of.map(|(name, count)| format!("{name}: {count}")).join(", "))
}

/// A list in one line.
fn flow(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
    format!("[{}]", words.join(", "))
}

/// The text as YAML, in quotes where it could be read as something else.
pub(super) fn quoted(text: &str) -> String {
    let plain = text.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'))
        && text.starts_with(|c: char| c.is_alphabetic() || matches!(c, '_' | '.' | '/'))
        && !["true", "false", "null", "yes", "no", "on", "off", "y", "n"]
            .contains(&text.to_lowercase().as_str());
    if plain { text.to_owned() } else { format!("'{}'", text.replace('\'', "''").replace(['\n', '\r'], " ")) }
}
