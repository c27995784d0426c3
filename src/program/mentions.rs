//! The literal texts of a project: what may name a credential or a host without calling it here.
//!
//! A project that keeps its endpoints in records, labels or constants uses them in ways that no path
//! shows. What is mentioned is taken to be used.

use rustc_hash::FxHashSet;

use crate::apex::unit::{Expr, Unit};
use crate::metadata::Metadata;
use crate::metadata::record::MetadataValue;

use super::url::Url;

/// What the texts of a project mention.
#[derive(Debug, Default)]
pub struct Mentions {
    /// The words of all short texts, in lower case; what follows `callout:` is one too.
    words: FxHashSet<String>,
    hosts: FxHashSet<String>,
    /// Whether a credential's name is put together at run time (`'callout:' + name`).
    pub dynamic_callout: bool,
}

/// Longer texts are messages and templates: their words name nothing.
const MAX_NAME: usize = 80;

impl Mentions {
    pub fn of(units: &[Unit], metadata: &Metadata) -> Mentions {
        let mut mentions = Mentions::default();
        for expr in units.iter().flat_map(|unit| &unit.exprs) {
            if let Expr::Str(text) = expr {
                mentions.add(text);
            }
        }
        for field in metadata.records.iter().flat_map(|record| &record.fields) {
            if let MetadataValue::Text(text) = &field.value {
                mentions.add(text);
            }
        }
        metadata.labels.iter().for_each(|label| mentions.add(&label.value.value));
        mentions
    }

    fn add(&mut self, text: &str) {
        let lower = text.to_ascii_lowercase();
        for (start, scheme) in lower.match_indices("callout:") {
            let name = word_at(&lower[start + scheme.len()..]);
            if name.is_empty() {
                self.dynamic_callout = true;
            } else {
                self.words.insert(name.to_owned());
            }
        }
        for (start, _) in lower.match_indices("://") {
            let scheme = lower[..start]
                .rfind(|ch: char| !ch.is_ascii_alphabetic())
                .map_or(0, |before| before + lower[before..].chars().next().map_or(1, char::len_utf8));
            if let Some(url) = Url::of(&lower[scheme..]) {
                self.hosts.insert(url.host);
            }
        }
        if lower.len() <= MAX_NAME {
            let name = |ch: char| ch.is_alphanumeric() || ch == '_';
            self.words.extend(lower.split(|ch| !name(ch)).filter(|word| !word.is_empty()).map(str::to_owned));
            // A host without its scheme: `api.example.com/v1`.
            let host = lower.split(['/', ':', '?']).next().unwrap_or_default().trim();
            if host.contains('.') && !host.contains(char::is_whitespace) {
                self.hosts.insert(host.to_owned());
            }
        }
    }

    /// Whether a text is or holds this name, in lower case.
    pub fn has_name(&self, lower: &str) -> bool {
        self.words.contains(lower)
    }

    /// Whether a text is a URL of this host, or the host alone.
    pub fn has_host(&self, lower: &str) -> bool {
        self.hosts.contains(lower)
    }
}

/// The identifier that a text begins with.
fn word_at(text: &str) -> &str {
    let end = text.find(|ch: char| !ch.is_alphanumeric() && ch != '_').unwrap_or(text.len());
    &text[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_hosts_are_found_in_texts() {
        let mut mentions = Mentions::default();
        for text in [
            "callout:ERP/v1/orders",
            "Pricing",
            "é://x",
            "see https://Api.Example.com/a?b",
            "files.example.com",
        ] {
            mentions.add(text);
        }
        assert!(mentions.has_name("erp") && mentions.has_name("pricing") && !mentions.has_name("billing"));
        assert!(mentions.has_host("api.example.com") && mentions.has_host("files.example.com"));
        assert!(!mentions.has_host("example.com") && !mentions.dynamic_callout);
        mentions.add("callout:{0}/v1");
        assert!(mentions.dynamic_callout);
    }
}
