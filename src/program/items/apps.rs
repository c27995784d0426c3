//! What other systems log in with: connected apps and external client apps.

use std::collections::BTreeMap;

use crate::metadata::app::App;
use crate::name::Name;
use crate::span::Location;

use super::super::model::{Item, ItemKind};
use super::super::url::{Url, is_salesforce};
use super::{Sources, item, yes_no};

pub fn collect(sources: &Sources, items: &mut Vec<Item>) {
    // The parts of one external client app are one app.
    let mut apps: BTreeMap<Name, Vec<&App>> = BTreeMap::new();
    for app in &sources.metadata.apps {
        apps.entry(app.app).or_default().push(app);
    }
    let mut users: BTreeMap<String, Vec<(Name, Location)>> = BTreeMap::new();
    for (&name, parts) in &apps {
        for part in parts {
            if let Some(user) = &part.client_credentials_user {
                let place = (name, part.header.location(user.at));
                let known = users.entry(user.value.to_lowercase()).or_default();
                if !known.iter().any(|(known, _)| *known == name) {
                    known.push(place);
                }
            }
        }
    }
    for (name, parts) in apps {
        items.push(app_item(name, &parts, &users));
    }
}

fn app_item(name: Name, parts: &[&App], users: &BTreeMap<String, Vec<(Name, Location)>>) -> Item {
    let mut found = item(ItemKind::ConnectedApp, name, parts[0].header.start(), format!("app `{name}`"));
    let mut problems: Vec<(Location, &str)> = Vec::new();
    let of_server = parts
        .iter()
        .any(|part| part.has_certificate || part.client_credentials.is_some_and(|flow| flow.value))
        && !parts.iter().any(|part| part.interactive);
    for part in parts {
        let at = |span| part.header.location(span);
        if let Some(scope) = part.scopes.iter().find(|scope| scope.value.eq_ignore_ascii_case("Full")) {
            problems.push((at(scope.at), "it has the scope `Full`: everything that its user may do"));
            found.add("full-access", "yes");
        }
        if let Some(policy) = &part.ip_relaxation
            && policy.value.to_ascii_lowercase().starts_with("bypass")
        {
            problems.push((at(policy.at), "it is exempt from the IP restrictions of its users"));
            found.add("ip-restrictions", "bypassed");
        }
        if let Some(approved) = part.admin_approved.filter(|approved| of_server && !approved.value) {
            problems.push((at(approved.at), "any user may authorise it, though a server logs in with it"));
            found.add("self-authorized", "yes");
        }
    }
    found.add("server", yes_no(of_server));
    problems.sort_by_key(|(at, _)| *at);
    if let Some((at, problem)) = problems.first() {
        found.at = *at;
        found.add("problem", *problem);
    }
    found.related.extend(problems.iter().skip(1).map(|(at, problem)| (*at, (*problem).to_owned())));
    add_sharing(&mut found, name, parts, users);
    found
}

/// Where the logins of a developer's own tool come back to: nobody's service (Postman, OpenID debuggers).
const DEVELOPER_TOOLS: [&str; 5] =
    ["getpostman.com", "pstmn.io", "postman.com", "openidconnect.net", "oauthdebugger.com"];

/// Whether several services log in as this one app or user.
fn add_sharing(
    found: &mut Item,
    name: Name,
    parts: &[&App],
    users: &BTreeMap<String, Vec<(Name, Location)>>,
) {
    let mut services: BTreeMap<String, Location> = BTreeMap::new();
    for part in parts {
        for url in &part.callback_urls {
            let Some(host) = Url::of_endpoint(&url.value).map(|url| url.host) else { continue };
            let for_development = host == "localhost"
                || host.starts_with("127.")
                || DEVELOPER_TOOLS.iter().any(|tool| host == *tool || host.ends_with(&format!(".{tool}")));
            if !for_development && !is_salesforce(&host) {
                services.entry(site_of(&host)).or_insert(part.header.location(url.at));
            }
        }
    }
    if services.len() > 1 {
        found.add("shared-by", services.len().to_string());
        found.add("sharing", format!("logins of {} come back to it", words(services.keys())));
        return;
    }
    let same_user = parts.iter().filter_map(|part| part.client_credentials_user.as_ref());
    for user in same_user {
        let apps = users.get(&user.value.to_lowercase()).map(Vec::as_slice).unwrap_or_default();
        // Told at the second app and those after it: one of them may stay.
        if apps.len() > 1 && apps.first().is_some_and(|(first, _)| *first != name) {
            found.add("shared-by", apps.len().to_string());
            found.add("sharing", format!("it acts as the same user as the app `{}`", apps[0].0));
            found.related.push((apps[0].1, format!("the app `{}` acts as that user", apps[0].0)));
            return;
        }
    }
}

fn words<'t>(names: impl Iterator<Item = &'t String>) -> String {
    names.map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The part of a host that is one owner's, as far as the host alone tells: its last two labels, or
/// three below a second level like `co.uk`.
fn site_of(host: &str) -> String {
    let labels: Vec<&str> = host.split('.').collect();
    let short =
        labels.len() >= 2 && labels[labels.len() - 2].len() <= 3 && labels[labels.len() - 1].len() == 2;
    let keep = if short { 3 } else { 2 };
    labels[labels.len().saturating_sub(keep)..].join(".")
}
