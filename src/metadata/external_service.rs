//! Web services that the org knows by their OpenAPI description (ExternalServiceRegistration).

use indexmap::IndexMap;
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};

use super::Header;
use crate::name::Name;
use crate::span::{Span, Spanned};
use crate::xml::Element;

/// A registered service. Apex calls it as `ExternalService.Name`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExternalService {
    pub header: Header,
    pub named_credential: Option<Spanned<Name>>,
    /// `Custom`, `MuleSoft`, `ApexRest`, …
    pub provider_type: Option<Spanned<String>>,
    pub status: Option<Spanned<String>>,
    pub operations: Vec<Operation>,
    /// The URLs that the description names as servers.
    pub servers: Vec<String>,
    /// Where the description stands, and whether it could be read.
    pub schema: Option<Span>,
    pub schema_read: bool,
}

/// An operation of a service.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Operation {
    pub name: Name,
    /// The element that registers it; the description where none does.
    pub at: Span,
    /// Whether the org may call it.
    pub active: bool,
    /// As the description says: `POST`, `/invoices/{id}`.
    pub verb: Option<String>,
    pub path: Option<String>,
}

/// The little of OpenAPI 2 and 3 that is asked for.
#[derive(Default, Deserialize)]
struct Description {
    #[serde(default)]
    paths: IndexMap<String, IndexMap<String, PathItem>>,
    #[serde(default)]
    servers: Vec<Server>,
    /// OpenAPI 2.
    host: Option<String>,
    #[serde(rename = "basePath")]
    base_path: Option<String>,
    #[serde(default)]
    schemes: Vec<String>,
}

#[derive(Deserialize)]
struct Server {
    url: Option<String>,
}

/// Below a path stand verbs, and other things that are no operations.
#[derive(Deserialize)]
#[serde(untagged)]
enum PathItem {
    Operation {
        #[serde(rename = "operationId")]
        id: Option<String>,
    },
    Other(IgnoredAny),
}

const VERBS: &[&str] = &["get", "put", "post", "delete", "options", "head", "patch", "trace"];

pub(super) fn read(header: Header, root: &Element) -> ExternalService {
    let schema = root.text("schema");
    let description = schema.as_ref().and_then(|schema| describe(&schema.value));
    let mut operations: Vec<Operation> = root
        .all("operations")
        .filter_map(|element| {
            let name = element.name("name")?;
            let active = element.flag("active").is_none_or(|active| active.value);
            Some(Operation { name: name.value, at: name.at, active, verb: None, path: None })
        })
        .collect();
    let read = description.is_some();
    let description = description.unwrap_or_default();
    let registered = !operations.is_empty();
    for (path, items) in &description.paths {
        for (verb, item) in items {
            if !VERBS.contains(&verb.to_lowercase().as_str()) {
                continue;
            }
            let id = match item {
                PathItem::Operation { id: Some(id) } => Name::new(id),
                _ => continue,
            };
            let known = operations.iter_mut().find(|operation| operation.name == id);
            let (verb, path) = (Some(verb.to_uppercase()), Some(path.clone()));
            match (known, &schema) {
                (Some(operation), _) => (operation.verb, operation.path) = (verb, path),
                // Without a list of operations, the org has them all.
                (None, Some(schema)) => {
                    operations.push(Operation { name: id, at: schema.at, active: !registered, verb, path });
                }
                (None, None) => {}
            }
        }
    }
    ExternalService {
        header,
        named_credential: root.name("namedCredentialReference").or_else(|| root.name("namedCredential")),
        provider_type: root.text("registrationProviderType"),
        status: root.text("status"),
        operations,
        servers: servers(description),
        schema: schema.map(|schema| schema.at),
        schema_read: read,
    }
}

fn servers(description: Description) -> Vec<String> {
    let Description { servers, host, base_path, schemes, .. } = description;
    let mut urls: Vec<String> = servers.into_iter().filter_map(|server| server.url).collect();
    if let Some(host) = host {
        let scheme = schemes.first().map_or("https", String::as_str);
        urls.push(format!("{scheme}://{host}{}", base_path.unwrap_or_default()));
    }
    urls
}

/// JSON or YAML. `None` where it is neither.
fn describe(text: &str) -> Option<Description> {
    if text.starts_with('{') { serde_json::from_str(text).ok() } else { serde_saphyr::from_str(text).ok() }
}
