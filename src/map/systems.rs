//! Which external system a callout leads to.

use crate::program::model::{Item, Site};

/// A system as the map names it.
pub struct Target {
    pub id: String,
    pub name: String,
    pub detail: String,
}

/// The system of a callout: by host or credential where these are known. All addresses that are only
/// known at run time are one: which systems they are cannot be told from the code.
pub fn target(site: &Site) -> Target {
    let host = site.fact("system").or(site.fact("host")).unwrap_or_default();
    match (site.fact("endpoint"), site.fact("api")) {
        (Some("self-org"), _) | (_, Some("page-content")) => Target {
            id: "system:(this org)".to_owned(),
            name: "this org".to_owned(),
            detail: "its own API".to_owned(),
        },
        (Some("named-credential"), _) if !host.is_empty() => {
            Target { id: format!("system:{host}"), name: host.to_owned(), detail: "named credential".to_owned() }
        }
        (Some("url"), _) if !host.is_empty() => {
            Target { id: format!("system:{host}"), name: host.to_owned(), detail: "host".to_owned() }
        }
        (_, Some("data-cloud")) => of_platform("Data Cloud"),
        (_, Some("payments")) => of_platform("Payment gateway"),
        _ => Target {
            id: "system:(run time)".to_owned(),
            name: "address set at run time".to_owned(),
            detail: "not in the code".to_owned(),
        },
    }
}

fn of_platform(name: &str) -> Target {
    Target { id: format!("system:({name})"), name: name.to_owned(), detail: "Salesforce service".to_owned() }
}

/// The system at a URL.
pub fn of_url(text: &str) -> Target {
    let host = url::Url::parse(text).ok().and_then(|url| url.host_str().map(str::to_owned));
    let host = host.unwrap_or_else(|| text.to_owned());
    Target { id: format!("system:{host}"), name: host, detail: "host".to_owned() }
}

/// The node of the system that a credential or address belongs to.
pub fn of_item(item: &Item) -> String {
    format!("system:{}", item.name)
}
