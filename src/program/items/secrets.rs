//! Secrets in metadata files. What they are is never repeated, only where they stand.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use crate::metadata::record::MetadataValue;
use crate::name::Name;
use crate::span::Location;

use super::super::model::{Item, ItemKind};
use super::super::secrets::{is_literal_secret, is_secret_header, is_secret_setting};
use super::{Sources, item};

pub fn collect(sources: &Sources, items: &mut Vec<Item>) {
    let metadata = sources.metadata;
    let mut secrets: BTreeMap<Name, Item> = BTreeMap::new();
    let mut add = |place: &'static str, name: String, at: Location, label: String| {
        let mut found = item(ItemKind::Secret, Name::new(&name), at, label);
        found.add("place", place);
        // A copy of a file has the same secret: one finding, with both places.
        match secrets.entry(found.name) {
            Entry::Vacant(free) => {
                free.insert(found);
            }
            Entry::Occupied(known) => {
                known.into_mut().related.push((at, format!("the {} again", found.label)));
            }
        }
    };
    for record in &metadata.records {
        for field in &record.fields {
            let MetadataValue::Text(text) = &field.value else { continue };
            // Records that name their settings: `<label>Api Key</label>`, `Value__c`.
            let named = is_value_field(&field.name).then(|| record.name.clone());
            if is_secret_setting(&field.name, text)
                || named.is_some_and(|name| is_secret_setting(&name, text))
            {
                let label =
                    format!("field `{}` of the custom metadata record `{}`", field.name, record.header.name);
                let name = format!("{}.{}", record.header.name, field.name);
                add("record", name, record.header.location(field.at), label);
            }
        }
    }
    for label in &metadata.labels {
        if is_secret_setting(label.header.name.as_str(), &label.value.value) {
            let name = label.header.name;
            let at = label.header.location(label.value.at);
            add("label", name.as_str().to_owned(), at, format!("custom label `{name}`"));
        }
    }
    for credential in &metadata.named_credentials {
        let (header, name) = (&credential.header, credential.header.name);
        for (element, secret) in &credential.secrets {
            if is_literal_secret(&secret.value) {
                let label = format!("`{element}` of the named credential `{name}`");
                add("named-credential", format!("{name}.{element}"), header.location(secret.at), label);
            }
        }
        for parameter in &credential.headers {
            let (Some(key), Some(value)) = (&parameter.name, &parameter.value) else { continue };
            if is_secret_header(Some(&key.value.to_ascii_lowercase()), &value.value) {
                let label = format!("header `{}` of the named credential `{name}`", key.value);
                add("named-credential", format!("{name}.{}", key.value), header.location(value.at), label);
            }
        }
    }
    for external in &metadata.external_credentials {
        let (header, name) = (&external.header, external.header.name);
        for parameter in &external.parameters {
            let (Some(key), Some(value)) = (&parameter.name, &parameter.value) else { continue };
            let kind = parameter.parameter_type.as_ref().map_or("", |kind| kind.value.as_str());
            let is_header = kind.eq_ignore_ascii_case("AuthHeader");
            let lower = key.value.to_ascii_lowercase();
            if (is_header && is_secret_header(Some(&lower), &value.value))
                || is_secret_setting(&key.value, &value.value)
            {
                let label = format!("parameter `{}` of the external credential `{name}`", key.value);
                add("external-credential", format!("{name}.{}", key.value), header.location(value.at), label);
            }
        }
    }
    for source in &metadata.data_sources {
        let (header, name) = (&source.header, source.header.name);
        for (element, secret) in &source.secrets {
            if is_literal_secret(&secret.value) {
                let label = format!("`{element}` of the external data source `{name}`");
                add("data-source", format!("{name}.{element}"), header.location(secret.at), label);
            }
        }
    }
    for provider in &metadata.auth_providers {
        let name = provider.header.name;
        if let Some(secret) = &provider.consumer_secret
            && is_literal_secret(&secret.value)
            && !is_encrypted(&secret.value)
        {
            let label = format!("consumer secret of the auth provider `{name}`");
            add("auth-provider", name.as_str().to_owned(), provider.header.location(secret.at), label);
        }
    }
    for app in &metadata.apps {
        if let Some(secret) = &app.consumer_secret
            && is_literal_secret(&secret.value)
        {
            let label = format!("consumer secret of the app `{}`", app.app);
            add("app", app.app.as_str().to_owned(), app.header.location(secret.at), label);
        }
    }
    items.extend(secrets.into_values());
}

/// Whether the org gave the secret out encrypted, as it does for auth providers: Base64 of whole blocks.
fn is_encrypted(value: &str) -> bool {
    let digits = value.trim_end_matches('=');
    let bytes = digits.len() * 3 / 4;
    value.len().is_multiple_of(4)
        && bytes >= 24
        && bytes.is_multiple_of(8)
        && digits.contains(['+', '/'])
        && digits.chars().all(|ch| ch.is_ascii_alphanumeric() || matches!(ch, '+' | '/'))
}

/// `Value__c` and the like: what it holds is said by the name of the record.
fn is_value_field(name: &str) -> bool {
    let local = name.rsplit_once("__").map_or(name, |(rest, _)| rest);
    ["value", "text", "setting", "content"].iter().any(|word| local.eq_ignore_ascii_case(word))
        || local.to_ascii_lowercase().ends_with("_value")
}
