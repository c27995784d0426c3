//! Where external objects live (ExternalDataSource).

use serde::Serialize;

use super::Header;
use crate::name::Name;
use crate::span::Spanned;
use crate::xml::Element;

/// A system that external objects read from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DataSource {
    pub header: Header,
    pub endpoint: Option<Spanned<String>>,
    /// `OData`, `OData4`, `SfdcOrg`, `AmazonAthena`, the id of an Apex class, …
    pub source_type: Option<Spanned<String>>,
    pub writable: Option<Spanned<bool>>,
    pub protocol: Option<Spanned<String>>,
    pub principal_type: Option<Spanned<String>>,
    pub named_credential: Option<Spanned<Name>>,
    pub auth_provider: Option<Spanned<Name>>,
    /// The settings of `customConfiguration`, in their order. Empty where it is no JSON object.
    pub settings: Vec<(String, String)>,
    /// The elements that hold a secret, by their names.
    pub secrets: Vec<(&'static str, Spanned<String>)>,
}

impl DataSource {
    /// Whether a setting is `true`.
    pub fn is_set(&self, setting: &str) -> bool {
        self.settings.iter().any(|(name, value)| name.eq_ignore_ascii_case(setting) && value == "true")
    }
}

pub(super) fn read(header: Header, root: &Element) -> DataSource {
    let settings = root.text("customConfiguration").map(|text| settings(&text.value)).unwrap_or_default();
    let secrets = ["password", "oauthToken", "oauthRefreshToken"];
    DataSource {
        header,
        endpoint: root.text("endpoint"),
        source_type: root.text("type"),
        writable: root.flag("isWritable"),
        protocol: root.text("protocol"),
        principal_type: root.text("principalType"),
        named_credential: root.name("namedCredential"),
        auth_provider: root.name("authProvider"),
        settings,
        secrets: secrets.into_iter().filter_map(|name| Some((name, root.text(name)?))).collect(),
    }
}

/// `{"timeout":"120"}`; numbers and booleans count as their text.
fn settings(text: &str) -> Vec<(String, String)> {
    let Ok(serde_json::Value::Object(settings)) = serde_json::from_str(text) else { return Vec::new() };
    let text_of = |value| match value {
        serde_json::Value::String(text) => text,
        other => other.to_string(),
    };
    settings.into_iter().map(|(name, value)| (name, text_of(value))).collect()
}
