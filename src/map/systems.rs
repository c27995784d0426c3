//! External systems on the map: which node a callout, a message or a credential belongs to.

use crate::program::model::{Item, ItemKind, Program, Site};
use crate::program::systems::System;

/// A system as the map names it.
pub struct Target {
    pub id: String,
    pub name: String,
    pub detail: String,
    /// All that it is known as.
    pub parts: Vec<String>,
}

/// The system that a callout leads to. All addresses that are only known at run time are one: which
/// systems they are cannot be told from the code.
pub fn of_site(program: &Program, site: &Site) -> Target {
    if let Some(system) = site.fact("system").and_then(|name| named(program, name)) {
        return of_system(system);
    }
    let host = site.fact("host").unwrap_or_default();
    match (site.fact("endpoint"), site.fact("api")) {
        (Some("self-org"), _) | (_, Some("page-content")) => {
            plain("system:(this org)", "this org", "its own API".to_owned())
        }
        (Some("named-credential" | "url"), _) if !host.is_empty() => {
            plain(&format!("system:{host}"), host, "host".to_owned())
        }
        (_, Some("data-cloud")) => {
            plain("system:(data cloud)", "Data Cloud", "Salesforce service".to_owned())
        }
        (_, Some("payments")) => {
            plain("system:(payments)", "Payment gateway", "Salesforce service".to_owned())
        }
        _ => plain("system:(run time)", "address set at run time", "not in the code".to_owned()),
    }
}

/// The system that an outbound message goes to; `name` is its object and name.
pub fn of_message(program: &Program, name: &str, url: &str) -> Target {
    let known = program
        .systems
        .iter()
        .find(|system| system.outbound_messages.iter().any(|message| message.as_str() == name));
    known.map_or_else(|| plain(&format!("system:{url}"), url, "address".to_owned()), of_system)
}

/// The system that the configuration names; one that it names only as a subscriber has no more to it.
pub fn of_name(program: &Program, name: &str) -> Target {
    named(program, name)
        .map_or_else(|| plain(&format!("system:{name}"), name, "named in seamlint.yml".to_owned()), of_system)
}

/// The id of the system that a credential, an address or a data source belongs to.
pub fn of_item(program: &Program, item: &Item) -> Option<String> {
    let system = program.systems.iter().find(|system| {
        let names = match item.kind {
            ItemKind::NamedCredential => &system.named_credentials,
            ItemKind::RemoteSite => &system.remote_sites,
            ItemKind::CspSite => &system.csp_sites,
            ItemKind::ExternalService => &system.external_services,
            ItemKind::DataSource => &system.data_sources,
            ItemKind::OutboundMessage => &system.outbound_messages,
            ItemKind::EndpointUse => {
                return system.hosts.iter().any(|host| item.name.is(host))
                    || system.named_credentials.contains(&item.name);
            }
            _ => return false,
        };
        names.contains(&item.name)
    })?;
    Some(id(system))
}

fn named<'a>(program: &'a Program, name: &str) -> Option<&'a System> {
    program.systems.iter().find(|system| system.name == name)
}

fn id(system: &System) -> String {
    format!("system:{}", system.name)
}

fn of_system(system: &System) -> Target {
    let kinds: [(&str, Vec<&str>); 6] = [
        ("named credential", system.named_credentials.iter().map(|name| name.as_str()).collect()),
        ("external service", system.external_services.iter().map(|name| name.as_str()).collect()),
        ("data source", system.data_sources.iter().map(|name| name.as_str()).collect()),
        ("outbound message", system.outbound_messages.iter().map(|name| name.as_str()).collect()),
        ("remote site", system.remote_sites.iter().map(|name| name.as_str()).collect()),
        ("host", system.hosts.iter().map(String::as_str).collect()),
    ];
    // What tells the most that the name does not.
    let detail =
        kinds.iter().find(|(_, names)| !names.is_empty()).map_or_else(String::new, |(kind, names)| {
            match &names[..] {
                [one] if *one != system.name => format!("{kind} {one}"),
                [_] => (*kind).to_owned(),
                more => format!("{} {kind}s", more.len()),
            }
        });
    let parts = kinds.iter().flat_map(|(kind, names)| names.iter().map(move |name| format!("{kind} {name}")));
    Target { id: id(system), name: system.name.clone(), detail, parts: parts.collect() }
}

fn plain(id: &str, name: &str, detail: String) -> Target {
    Target { id: id.to_owned(), name: name.to_owned(), detail, parts: Vec::new() }
}
