//! Visualforce pages: what they ask of the server by themselves.

use crate::discover::visualforce;
use crate::span::{Location, Span};

use super::behaviour::{self, Names};
use super::javascript::Dialect;
use super::markup::{self, Element};
use super::script::{Script, What};
use super::{ApexMethod, Ends, Page, PageKind, Poll, Polled, Read, Source};

/// Seconds between two questions of an `apex:actionPoller` that says nothing.
const POLLER_DEFAULT_S: u64 = 60;

pub(super) fn page(source: &Source<'_>) -> Read {
    let (file, text) = (source.file, source.text.as_str());
    let bindings = visualforce::controllers(text);
    let mut classes: Vec<String> = bindings.controller.into_iter().collect();
    classes.extend(bindings.extensions);
    let at = |span: Span| Location { file: file.id, span };
    let name = file.name().split('.').next().unwrap_or_default();
    let mut page = Page::new(name, PageKind::Visualforce, file);
    let elements = markup::elements(text);
    let action =
        |name: &str| ApexMethod { classes: classes.clone(), name: name.to_owned(), continuation: false };
    let mut script = Script::default();
    // Functions of the page that call an action: `<apex:actionFunction name="load" action="{!load}"/>`.
    let mut functions: Vec<(String, String)> = Vec::new();
    for element in &elements {
        if element.name == "apex:actionfunction"
            && let (Some(name), Some(method)) = (element.value("name"), method_of(element))
        {
            functions.push((name.to_owned(), method));
        }
        if element.name == "script"
            && let Some(raw) = element.raw
            && let Some(body) = text.get(raw.start as usize..raw.end as usize)
            && let Some(read) = Script::read(file.id, raw.start as usize, body, Dialect::Merged)
        {
            script.join(read);
        }
    }
    let server = |what: &What| {
        let What::Call { owner, name, first_text, .. } = what else { return None };
        if let Some((_, method)) = functions.iter().find(|(function, _)| function == name) {
            return Some(action(method));
        }
        // `Visualforce.remoting.Manager.invokeAction('{!$RemoteAction.Class.method}', …)`
        if name == "invokeAction" {
            let path = first_text.as_ref()?.trim().strip_prefix("{!")?.strip_suffix('}')?.trim();
            let (class, method) = path.strip_prefix("$RemoteAction.")?.rsplit_once('.')?;
            let class = class.rsplit('.').next().unwrap_or(class);
            return Some(ApexMethod { classes: vec![class.to_owned()], ..action(method) });
        }
        let class = classes.iter().find(|class| owner.rsplit('.').next() == Some(class.as_str()))?;
        Some(ApexMethod { classes: vec![class.clone()], ..action(name) })
    };
    behaviour::add(&mut page, &script, &Names { server: &server, typing: Vec::new() });
    for element in elements.iter().filter(|element| element.name == "apex:actionpoller") {
        let period =
            element.value("interval").map_or(Some(POLLER_DEFAULT_S), |text| text.trim().parse().ok());
        let calls = method_of(element).map(|method| Polled {
            steps: vec![(at(element.at), format!("calls `{}`", action(&method).shown()))],
            method: action(&method),
        });
        // A page without a controller of its own has nothing to ask.
        if calls.is_none() && classes.is_empty() {
            continue;
        }
        let switched =
            element.conditional || element.value("enabled").is_some_and(|enabled| enabled.contains("{!"));
        page.polls.push(Poll {
            at: at(head(element, text)),
            by: "apex:actionPoller",
            period_ms: period.and_then(|seconds: u64| seconds.checked_mul(1000)),
            ends: if switched { Ends::Condition } else { Ends::Never },
            calls: calls.into_iter().collect(),
            others: Vec::new(),
        });
    }
    page.polls.sort_by_key(|poll| poll.at);
    Read { pages: vec![page], ..Read::default() }
}

/// The tag's name: a tag may go over many lines.
fn head(element: &Element, text: &str) -> Span {
    let start = element.at.start as usize;
    Span::new(start, (start + 1 + element.name.len()).min(text.len()))
}

/// `refresh` of `action="{!refresh}"`.
fn method_of(element: &Element) -> Option<String> {
    let action = element.value("action")?.trim().strip_prefix("{!")?.strip_suffix('}')?.trim();
    let is_name = !action.is_empty() && action.chars().all(|ch| ch.is_alphanumeric() || ch == '_');
    is_name.then(|| action.to_owned())
}
