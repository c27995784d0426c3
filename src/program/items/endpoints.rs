//! Named credentials, remote sites and the other places that hold an address; and the uses of them.

use std::collections::BTreeMap;

use rustc_hash::{FxHashMap, FxHashSet};

use crate::metadata::credential::{ExternalCredential, NamedCredential};
use crate::name::Name;
use crate::span::{Location, Spanned};

use super::super::model::{Effect, EntryId, Item, ItemKind, NodeId, Site, SiteId, Step};
use super::super::url::{Url, is_salesforce};
use super::{Sources, each_step, item, nodes_of, yes_no};

/// Objects that hold people: what is sent from them must not go to a stranger.
const PERSONAL: [&str; 8] =
    ["account", "contact", "lead", "case", "individual", "user", "campaignmember", "contract"];

/// From API 56 on, named credentials of the old kind are deprecated.
const NEW_CREDENTIALS: u16 = 560;

pub fn collect(sources: &Sources, items: &mut Vec<Item>) {
    let uses = Uses::of(sources);
    named_credentials(sources, &uses, items);
    remote_sites(sources, &uses, items);
    other_addresses(sources, items);
    endpoint_uses(sources, items);
}

/// What is used for certain, and whether there are uses that are not seen.
#[derive(Default)]
struct Uses {
    credentials: FxHashSet<Name>,
    hosts: FxHashSet<String>,
    /// The hosts that code calls without encryption.
    cleartext_hosts: FxHashSet<String>,
    /// A callout goes where the code does not say.
    dynamic_url: bool,
}

impl Uses {
    fn of(sources: &Sources) -> Uses {
        let metadata = sources.metadata;
        let mut uses = Uses::default();
        for site in &sources.program.sites {
            match (site.effect, site.fact("endpoint"), site.fact("host")) {
                (Effect::Endpoint | Effect::Callout, Some("named-credential"), Some(name)) => {
                    uses.credentials.insert(own_name(sources, name));
                }
                (Effect::Endpoint | Effect::Callout, Some("url"), Some(host)) => {
                    uses.hosts.insert(host.to_owned());
                    if site.effect == Effect::Endpoint && site.fact("scheme") == Some("http") {
                        uses.cleartext_hosts.insert(host.to_owned());
                    }
                }
                (Effect::Callout, Some("dynamic"), _) => uses.dynamic_url = true,
                _ => {}
            }
        }
        let named = [
            metadata
                .external_services
                .iter()
                .filter_map(|service| service.named_credential)
                .collect::<Vec<_>>(),
            metadata.data_sources.iter().filter_map(|source| source.named_credential).collect(),
            metadata.event_relays.iter().filter_map(|relay| relay.named_credential).collect(),
        ];
        uses.credentials.extend(named.iter().flatten().map(|name| own_name(sources, name.value.as_str())));
        let endpoints = metadata.data_sources.iter().filter_map(|source| source.endpoint.as_ref());
        let providers = metadata.auth_providers.iter().flat_map(|provider| &provider.urls);
        let servers = metadata.external_services.iter().flat_map(|service| &service.servers);
        let urls = endpoints.chain(providers).map(|url| &url.value).chain(servers);
        uses.hosts.extend(urls.filter_map(|url| Url::of_endpoint(url)).map(|url| url.host));
        uses
    }
}

/// The name without the namespace of an own package.
fn own_name(sources: &Sources, name: &str) -> Name {
    let local = name
        .split_once("__")
        .filter(|(namespace, _)| sources.namespaces.iter().any(|own| own.eq_ignore_ascii_case(namespace)));
    Name::new(local.map_or(name, |(_, local)| local))
}

/// Whether the name begins with a namespace: it came with a package, whose code is not here.
fn is_foreign(sources: &Sources, name: Name) -> bool {
    own_name(sources, name.as_str()).as_str().contains("__")
}

fn add_address(item: &mut Item, url: Option<&Spanned<String>>) {
    if let Some(url) = url.and_then(|url| Url::of_endpoint(&url.value)) {
        item.add("scheme", url.scheme);
        item.add("host", url.host);
    }
}

fn named_credentials(sources: &Sources, uses: &Uses, items: &mut Vec<Item>) {
    let exposed = exposed_credentials(sources);
    for credential in &sources.metadata.named_credentials {
        let header = &credential.header;
        let at = credential.url.as_ref().map_or(header.start(), |url| header.location(url.at));
        let label = format!("named credential `{}`", header.name);
        let mut found = item(ItemKind::NamedCredential, header.name, at, label);
        add_address(&mut found, credential.url.as_ref());
        let new = header.api_version.is_some_and(|version| version >= NEW_CREDENTIALS);
        if header.complete && (!credential.legacy || new || credential.credential_type.is_some()) {
            found.add("legacy", yes_no(credential.legacy));
        }
        let used = uses.credentials.contains(&header.name) || sources.mentions.has_name(header.name.folded());
        let unseen =
            sources.mentions.dynamic_callout || !sources.has_code || is_foreign(sources, header.name);
        found.add(
            "used",
            if used {
                "yes"
            } else if unseen {
                "maybe"
            } else {
                "no"
            },
        );
        if header.complete
            && let Some(authenticates) = authenticates(credential, &sources.metadata.external_credentials)
        {
            found.add("authentication", yes_no(authenticates));
        }
        if let Some((object, site)) = exposed.get(&header.name) {
            found.add("personal-data", object.as_str());
            let site = sources.program.site(*site);
            found
                .related
                .push((site.at, format!("`{}` sends through it, without a login of its own", site.symbol)));
        }
        items.push(found);
    }
}

/// Whether a callout through it is logged in. `None` where the files do not tell.
fn authenticates(credential: &NamedCredential, known: &[ExternalCredential]) -> Option<bool> {
    if credential.has_certificate || !credential.headers.is_empty() || credential.auth_provider.is_some() {
        return Some(true);
    }
    if credential.legacy {
        return Some(!credential.protocol.as_ref()?.value.eq_ignore_ascii_case("NoAuthentication"));
    }
    let Some(name) = credential.external_credential else { return Some(false) };
    let external = known.iter().find(|external| external.header.name == name.value)?;
    let protocol = external.protocol.as_ref()?;
    // A custom protocol logs in by headers and parameters, which may only be set in the org.
    Some(!protocol.value.eq_ignore_ascii_case("NoAuthentication"))
}

/// The credentials through which code sends data without a login of its own, in a transaction that
/// handles personal data: the object, and the callout.
fn exposed_credentials(sources: &Sources) -> FxHashMap<Name, (Name, SiteId)> {
    let program = sources.program;
    let sends = |site: &Site| {
        site.effect == Effect::Callout
            && site.fact("endpoint") == Some("named-credential")
            && site.fact("authorization") == Some("none")
            && matches!(site.fact("verb"), Some("POST" | "PUT" | "PATCH"))
    };
    let mut candidates: FxHashMap<SiteId, Name> = FxHashMap::default();
    for (id, site) in (0u32..).map(SiteId).zip(&program.sites) {
        if let Some(name) = site.fact("host").filter(|_| sends(site)) {
            candidates.insert(id, own_name(sources, name));
        }
    }
    let mut found = FxHashMap::default();
    if candidates.is_empty() {
        return found;
    }
    let sites = sites_by_node(sources);
    for entry in (0..program.entries.len() as u32).map(EntryId) {
        let mut reached: Vec<SiteId> =
            nodes_of(program, entry).iter().flat_map(|node| &sites[node.0 as usize]).copied().collect();
        reached.sort_unstable();
        let personal =
            |id: &SiteId| program.site(*id).object.filter(|object| PERSONAL.contains(&object.folded()));
        let started_by = program.entry(entry).object.filter(|object| PERSONAL.contains(&object.folded()));
        let Some(object) = started_by.or_else(|| reached.iter().find_map(personal)) else { continue };
        for id in &reached {
            if let Some(&name) = candidates.get(id) {
                found.entry(name).or_insert((object, *id));
            }
        }
    }
    found
}

/// The sites of each node.
fn sites_by_node(sources: &Sources) -> Vec<Vec<SiteId>> {
    let of = |node: &super::super::model::Node| {
        let mut sites = Vec::new();
        each_step(&node.steps, &mut |step| match step {
            Step::Effect(site) | Step::Dml { site, .. } => sites.push(*site),
            _ => {}
        });
        sites
    };
    sources.program.nodes.iter().map(of).collect()
}

fn remote_sites(sources: &Sources, uses: &Uses, items: &mut Vec<Item>) {
    for site in &sources.metadata.remote_sites {
        let header = &site.header;
        let at = site.url.as_ref().map_or(header.start(), |url| header.location(url.at));
        let mut found = item(ItemKind::RemoteSite, header.name, at, format!("remote site `{}`", header.name));
        add_address(&mut found, site.url.as_ref());
        found.add("active", yes_no(site.active));
        if let Some(disabled) = &site.disable_protocol_security {
            found.add("protocol-security", if disabled.value { "disabled" } else { "enabled" });
            if disabled.value {
                found.at = header.location(disabled.at);
            }
        }
        if let Some(host) = found.fact("host").filter(|host| uses.cleartext_hosts.contains(*host)) {
            let host = host.to_owned();
            found.add("cleartext-caller", host);
        }
        if let Some(host) = found.fact("host") {
            let used = uses.hosts.contains(host) || sources.mentions.has_host(host);
            let unseen = uses.dynamic_url
                || !sources.has_code
                || is_salesforce(host)
                || is_foreign(sources, header.name);
            let used = if used {
                "yes"
            } else if unseen {
                "maybe"
            } else {
                "no"
            };
            found.add("used", used);
        }
        items.push(found);
    }
}

fn other_addresses(sources: &Sources, items: &mut Vec<Item>) {
    let metadata = sources.metadata;
    let place = |header: &crate::metadata::Header, url: Option<&Spanned<String>>| -> Location {
        url.map_or(header.start(), |url| header.location(url.at))
    };
    for site in &metadata.csp_sites {
        let header = &site.header;
        let label = format!("CSP trusted site `{}`", header.name);
        let mut found = item(ItemKind::CspSite, header.name, place(header, site.url.as_ref()), label);
        add_address(&mut found, site.url.as_ref());
        found.add("active", yes_no(site.active));
        found.add("connects", yes_no(site.connects));
        items.push(found);
    }
    for source in &metadata.data_sources {
        let header = &source.header;
        let label = format!("external data source `{}`", header.name);
        let mut found =
            item(ItemKind::DataSource, header.name, place(header, source.endpoint.as_ref()), label);
        add_address(&mut found, source.endpoint.as_ref());
        if let Some(writable) = source.writable {
            found.add("writable", yes_no(writable.value));
        }
        items.push(found);
    }
    for workflow in &metadata.workflows {
        for message in &workflow.outbound_messages {
            let header = &message.header;
            let name = Name::new(&format!("{}.{}", workflow.header.name, header.name));
            let label = format!("outbound message `{}` of {}", header.name, workflow.header.name);
            let mut found =
                item(ItemKind::OutboundMessage, name, place(header, message.endpoint.as_ref()), label);
            found.object = Some(workflow.header.name);
            add_address(&mut found, message.endpoint.as_ref());
            if let Some(sent) = &message.include_session_id {
                found.add("session-id", if sent.value { "sent" } else { "not-sent" });
                if sent.value {
                    found.related.push((header.location(sent.at), "the session id goes along".to_owned()));
                }
            }
            items.push(found);
        }
    }
}

/// The addresses that code names, each once, and whether the project declares what they need. Only where
/// it declares such things at all: many repositories leave them to the org.
fn endpoint_uses(sources: &Sources, items: &mut Vec<Item>) {
    let declared = Declared::of(sources);
    let mut uses: BTreeMap<(&str, Name, Option<u32>), Vec<&Site>> = BTreeMap::new();
    for site in sources.program.sites.iter().filter(|site| site.effect == Effect::Endpoint) {
        let (Some(target), Some(host)) = (site.fact("endpoint"), site.fact("host")) else { continue };
        let name = own_name(sources, host);
        let project = sources.project_of(site.at.file);
        uses.entry((target, name, project)).or_default().push(site);
    }
    for ((target, name, project), mut sites) in uses {
        sites.sort_by_key(|site| site.at);
        let first = sites[0];
        let mut found = match target {
            "named-credential" => {
                let mut found =
                    item(ItemKind::EndpointUse, name, first.at, format!("named credential `{name}`"));
                found.add("target", "named-credential");
                let complete = sources.credentials_complete;
                if complete {
                    found.add("complete", "yes");
                }
                if (complete || declared.credential_projects.contains(&project))
                    && !name.as_str().contains("__")
                {
                    found.add("declared", yes_no(declared.credentials.contains(&name)));
                    if let Some(nearest) = nearest(name, &declared.credentials) {
                        found.add("nearest", format!("`{nearest}`"));
                    }
                }
                found
            }
            "url" => {
                let host = name.folded();
                let mut found = item(ItemKind::EndpointUse, name, first.at, format!("host `{name}`"));
                found.add("target", "url");
                if declared.site_projects.contains(&project) && is_real(host) {
                    found.add("declared", yes_no(declared.hosts.contains(host)));
                    if let Some((at, site)) = declared.inactive.get(host) {
                        found.related.push((*at, format!("the remote site `{site}` is not active")));
                    }
                }
                found
            }
            _ => continue,
        };
        found.add("symbol", first.symbol.clone());
        let others = sites.iter().skip(1).take(9);
        found.related.extend(others.map(|site| (site.at, format!("`{}` calls it too", site.symbol))));
        items.push(found);
    }
}

/// Whether a host is one that a remote site is needed for, and none that the reader is to fill in.
fn is_real(host: &str) -> bool {
    !is_salesforce(host) && host != "localhost" && !host.split('.').any(|label| label.starts_with("your"))
}

/// What the metadata files say of addresses.
struct Declared {
    credentials: Vec<Name>,
    /// Hosts of active remote sites and of named credentials.
    hosts: FxHashSet<String>,
    /// Remote sites that are switched off, by host.
    inactive: FxHashMap<String, (Location, Name)>,
    /// The projects that keep named credentials, and those that keep remote sites.
    credential_projects: FxHashSet<Option<u32>>,
    site_projects: FxHashSet<Option<u32>>,
}

impl Declared {
    fn of(sources: &Sources) -> Declared {
        let metadata = sources.metadata;
        let host_of =
            |url: &Option<Spanned<String>>| Url::of_endpoint(&url.as_ref()?.value).map(|url| url.host);
        let (active, inactive): (Vec<_>, Vec<_>) = metadata.remote_sites.iter().partition(|site| site.active);
        let with_credentials =
            metadata.named_credentials.iter().filter_map(|credential| host_of(&credential.url));
        // A template that is filled in before it is deployed may stand for any host.
        let templates: FxHashSet<Option<u32>> = active
            .iter()
            .filter(|site| host_of(&site.url).is_none())
            .map(|site| sources.project_of(site.header.file))
            .collect();
        let site_projects: FxHashSet<Option<u32>> =
            metadata.remote_sites.iter().map(|site| sources.project_of(site.header.file)).collect();
        Declared {
            credentials: metadata.named_credentials.iter().map(|credential| credential.header.name).collect(),
            hosts: active.iter().filter_map(|site| host_of(&site.url)).chain(with_credentials).collect(),
            inactive: inactive
                .iter()
                .filter_map(|site| Some((host_of(&site.url)?, (site.header.start(), site.header.name))))
                .collect(),
            credential_projects: metadata
                .named_credentials
                .iter()
                .map(|credential| sources.project_of(credential.header.file))
                .collect(),
            site_projects: site_projects.difference(&templates).copied().collect(),
        }
    }
}

/// The name that was meant, most likely: at most two letters differ, or one begins with the other.
fn nearest(name: Name, known: &[Name]) -> Option<Name> {
    let begins = |a: &str, b: &str| b.len() >= 4 && a.starts_with(b);
    let longer =
        |known: &&Name| begins(name.folded(), known.folded()) || begins(known.folded(), name.folded());
    let limit = if name.folded().len() < 5 { 1 } else { 2 };
    known
        .iter()
        .map(|known| (strsim::damerau_levenshtein(name.folded(), known.folded()), *known))
        .filter(|(distance, _)| (1..=limit).contains(distance))
        .min()
        .map(|(_, known)| known)
        .or_else(|| known.iter().filter(longer).min().copied())
}

/// The nodes that an effect of one of these sites is in.
pub(super) fn nodes_with(sources: &Sources, sites: &FxHashSet<SiteId>) -> FxHashSet<NodeId> {
    let of = sites_by_node(sources);
    (0u32..)
        .map(NodeId)
        .zip(of)
        .filter(|(_, found)| found.iter().any(|site| sites.contains(site)))
        .map(|(node, _)| node)
        .collect()
}
