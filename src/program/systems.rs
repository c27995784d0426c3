//! The external systems that a project talks to: hosts and credentials that belong together.
//!
//! A named credential belongs to the host of its URL, an external service or a data source to its
//! credential or host. Hosts stay apart unless the configuration says that they are one system: two
//! hosts of one domain may as well be two customers of one cloud.

use std::collections::BTreeMap;

use globset::{GlobBuilder, GlobMatcher};
use serde::Serialize;

use crate::config;
use crate::metadata::Metadata;
use crate::name::Name;

use super::model::{Effect, Site, SiteId};
use super::url::{Url, is_salesforce};

/// A system outside of the org.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct System {
    /// The name that the configuration gives it; otherwise its first host, or its first credential.
    pub name: String,
    /// Whether the configuration names it.
    pub declared: bool,
    /// In lower case, sorted, as all lists here.
    pub hosts: Vec<String>,
    pub named_credentials: Vec<Name>,
    pub remote_sites: Vec<Name>,
    pub csp_sites: Vec<Name>,
    pub external_services: Vec<Name>,
    pub data_sources: Vec<Name>,
    /// `Object.Message`.
    pub outbound_messages: Vec<Name>,
    /// The callouts and addresses in code that lead there, and the queries of its external objects.
    pub used_by: Vec<SiteId>,
}

/// What may be part of a system. The order is the one that a system is named by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Declared,
    Host,
    Credential,
    RemoteSite,
    CspSite,
    Service,
    DataSource,
    OutboundMessage,
}

/// The parts, and which of them belong together.
#[derive(Default)]
struct Parts {
    ids: BTreeMap<(Kind, String), usize>,
    /// The spelling of each, and the part that stands for it.
    parts: Vec<(Name, usize)>,
}

impl Parts {
    fn part(&mut self, kind: Kind, name: &str) -> usize {
        let next = self.parts.len();
        let id = *self.ids.entry((kind, name.to_lowercase())).or_insert(next);
        if id == next {
            self.parts.push((Name::new(name), id));
        }
        id
    }

    fn first(&self, mut id: usize) -> usize {
        while self.parts[id].1 != id {
            id = self.parts[id].1;
        }
        id
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.first(a), self.first(b));
        self.parts[a.max(b)].1 = a.min(b);
    }

    /// Joins a part with the host of a URL, where it has one outside of Salesforce.
    fn join_host(&mut self, part: usize, url: Option<&str>) {
        if let Some(host) = url.and_then(outside_host) {
            let host = self.part(Kind::Host, &host);
            self.join(part, host);
        }
    }
}

fn outside_host(url: &str) -> Option<String> {
    Url::of_endpoint(url).map(|url| url.host).filter(|host| !is_salesforce(host) && host != "localhost")
}

/// Finds the systems, and tells each site that leads to one by the fact `system`.
pub fn find(metadata: &Metadata, declared: &[config::System], sites: &mut [Site]) -> Vec<System> {
    let mut parts = Parts::default();
    add_components(&mut parts, metadata);
    let targets: Vec<Option<usize>> =
        sites.iter().map(|site| target(site, metadata).map(|(kind, name)| parts.part(kind, &name))).collect();
    add_declared(&mut parts, declared);

    let mut systems: BTreeMap<usize, System> = BTreeMap::new();
    let mut fill = |(kind, name): &(Kind, String), id: usize| {
        let spelled = parts.parts[id].0;
        let system = systems.entry(parts.first(id)).or_default();
        if system.name.is_empty() {
            system.name = spelled.as_str().to_owned();
        }
        match kind {
            Kind::Declared => system.declared = true,
            Kind::Host => system.hosts.push(name.clone()),
            Kind::Credential => system.named_credentials.push(spelled),
            Kind::RemoteSite => system.remote_sites.push(spelled),
            Kind::CspSite => system.csp_sites.push(spelled),
            Kind::Service => system.external_services.push(spelled),
            Kind::DataSource => system.data_sources.push(spelled),
            Kind::OutboundMessage => system.outbound_messages.push(spelled),
        }
    };
    // By kind first: a system is named by the first part that it gets.
    parts.ids.iter().for_each(|(key, &id)| fill(key, id));
    for (index, target) in targets.into_iter().enumerate() {
        let Some(system) = target.and_then(|part| systems.get_mut(&parts.first(part))) else { continue };
        system.used_by.push(SiteId(index as u32));
        sites[index].facts.push(("system", system.name.clone().into()));
    }
    let mut systems: Vec<System> = systems.into_values().collect();
    systems.sort_by(|a, b| a.name.cmp(&b.name));
    systems
}

fn add_components(parts: &mut Parts, metadata: &Metadata) {
    let text = |value: &Option<crate::span::Spanned<String>>| value.as_ref().map(|url| url.value.clone());
    for credential in &metadata.named_credentials {
        let part = parts.part(Kind::Credential, credential.header.name.as_str());
        parts.join_host(part, text(&credential.url).as_deref());
    }
    for site in metadata.remote_sites.iter().filter(|site| site.active) {
        let Some(host) = text(&site.url).as_deref().and_then(outside_host) else { continue };
        let part = parts.part(Kind::RemoteSite, site.header.name.as_str());
        let host = parts.part(Kind::Host, &host);
        parts.join(part, host);
    }
    for site in metadata.csp_sites.iter().filter(|site| site.active && site.connects) {
        let Some(host) = text(&site.url).as_deref().and_then(outside_host) else { continue };
        let part = parts.part(Kind::CspSite, site.header.name.as_str());
        let host = parts.part(Kind::Host, &host);
        parts.join(part, host);
    }
    for source in &metadata.data_sources {
        let part = parts.part(Kind::DataSource, source.header.name.as_str());
        parts.join_host(part, text(&source.endpoint).as_deref());
        if let Some(credential) = &source.named_credential {
            let credential = parts.part(Kind::Credential, credential.value.as_str());
            parts.join(part, credential);
        }
    }
    for service in &metadata.external_services {
        let part = parts.part(Kind::Service, service.header.name.as_str());
        match &service.named_credential {
            Some(credential) => {
                let credential = parts.part(Kind::Credential, credential.value.as_str());
                parts.join(part, credential);
            }
            None => service.servers.iter().for_each(|url| parts.join_host(part, Some(url))),
        }
    }
    for workflow in &metadata.workflows {
        for message in &workflow.outbound_messages {
            let Some(host) = text(&message.endpoint).as_deref().and_then(outside_host) else { continue };
            let name = format!("{}.{}", workflow.header.name, message.header.name);
            let part = parts.part(Kind::OutboundMessage, &name);
            let host = parts.part(Kind::Host, &host);
            parts.join(part, host);
        }
    }
    for credential in metadata.event_relays.iter().filter_map(|relay| relay.named_credential.as_ref()) {
        parts.part(Kind::Credential, credential.value.as_str());
    }
}

/// The part of a system that a site leads to.
fn target(site: &Site, metadata: &Metadata) -> Option<(Kind, String)> {
    match site.effect {
        Effect::Callout | Effect::Endpoint => match site.fact("endpoint")? {
            "named-credential" => site.fact("host").map(|name| (Kind::Credential, name.to_owned())),
            "url" => {
                let host = site.fact("host").filter(|host| !is_salesforce(host) && *host != "localhost")?;
                Some((Kind::Host, host.to_owned()))
            }
            _ => None,
        },
        Effect::Query => {
            let object = site.object?;
            let declared = metadata.external_objects.iter().find(|known| known.header.name == object)?;
            let source = declared.data_source.as_ref()?;
            Some((Kind::DataSource, source.value.as_str().to_owned()))
        }
        _ => None,
    }
}

fn add_declared(parts: &mut Parts, declared: &[config::System]) {
    for system in declared {
        let own = parts.part(Kind::Declared, &system.name);
        for pattern in &system.hosts {
            let matcher = matcher(pattern);
            let hosts: Vec<usize> = parts
                .ids
                .iter()
                .filter(|((kind, name), _)| {
                    *kind == Kind::Host
                        && (name.eq_ignore_ascii_case(pattern)
                            || matcher.as_ref().is_some_and(|matcher| matcher.is_match(name)))
                })
                .map(|(_, &id)| id)
                .collect();
            hosts.into_iter().for_each(|host| parts.join(own, host));
        }
        for credential in &system.named_credentials {
            let credential = parts.part(Kind::Credential, credential);
            parts.join(own, credential);
        }
    }
}

fn matcher(pattern: &str) -> Option<GlobMatcher> {
    GlobBuilder::new(pattern).case_insensitive(true).build().ok().map(|glob| glob.compile_matcher())
}
