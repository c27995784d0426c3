//! Aura components: `Name.cmp`, `NameController.js`, `NameHelper.js`, `NameRenderer.js`.

use std::collections::BTreeSet;

use crate::discover::Problem;
use crate::span::Location;

use super::behaviour::{self, Names};
use super::javascript::Dialect;
use super::script::{Script, What};
use super::{ApexMethod, Page, Source, add_topics, markup};

/// Interfaces that make a component available somewhere, and what a web component calls that place.
const PLACES: [(&str, &str); 6] = [
    ("forceCommunity:availableForAllPageTypes", "lightningCommunity__Page"),
    ("flexipage:availableForAllPageTypes", "lightning__AppPage"),
    ("flexipage:availableForRecordHome", "lightning__RecordPage"),
    ("force:appHostable", "lightning__Tab"),
    ("lightning:backgroundUtilityItem", "lightning__UtilityBar"),
    ("lightning:isUrlAddressable", "lightning__UrlAddressable"),
];

pub(super) fn read(page: &mut Page, sources: &[Source<'_>], problems: &mut Vec<Problem>) {
    let mut script = Script::default();
    let mut typing = Vec::new();
    let mut controller = None;
    // The functions of the client's controller.
    let mut client: BTreeSet<String> = BTreeSet::new();
    let mut uses_emp_api = false;
    let mut texts: Vec<(Location, String)> = Vec::new();
    for source in sources {
        let (file, text) = (source.file, source.text.as_str());
        let name = file.name();
        if name.ends_with(".cmp") {
            page.at.file = file.id;
            let elements = markup::elements(text);
            let root = elements.iter().find(|element| element.name == "aura:component");
            controller = controller.or(root.and_then(|root| root.value("controller")).map(str::to_owned));
            uses_emp_api |= elements.iter().any(|element| element.name == "lightning:empapi");
            texts.extend(
                elements.iter().flat_map(|element| &element.attributes).map(|attribute| {
                    (Location { file: file.id, span: attribute.at }, attribute.value.clone())
                }),
            );
            let handlers = markup::typing_handlers(&elements);
            typing.extend(handlers.into_iter().map(|(name, span)| (name, Location { file: file.id, span })));
        } else if name.ends_with(".js") {
            match Script::read(file.id, 0, text, Dialect::Script) {
                Some(read) => {
                    problems.extend(super::broken(file, text, &read));
                    if name.ends_with("Controller.js") {
                        client.extend(read.names.keys().cloned());
                    }
                    script.join(read);
                }
                None => problems.push(super::too_large(file)),
            }
        }
    }
    texts.extend(script.texts.iter().cloned());
    add_topics(page, uses_emp_api, texts.into_iter());
    let server = |what: &What| {
        let What::Server(name) = what else { return None };
        let name = name.strip_prefix("c.")?;
        // `$A.enqueueAction(component.get('c.load'))` may also run a function of the client.
        if client.contains(name) {
            return None;
        }
        let class = controller.as_ref()?;
        let class = class.rsplit('.').next().unwrap_or(class);
        Some(ApexMethod { classes: vec![class.to_owned()], name: name.to_owned(), continuation: false })
    };
    behaviour::add(page, &script, &Names { server: &server, typing });
}

/// Where a component may be put, and what it contains.
pub(super) fn place(page: &mut Page, sources: &[Source<'_>]) {
    for source in sources.iter().filter(|source| source.file.name().ends_with(".cmp")) {
        let elements = markup::elements(&source.text);
        let root = elements.iter().find(|element| element.name == "aura:component");
        let interfaces = root.and_then(|root| root.value("implements")).unwrap_or_default();
        let has = |place: &str| interfaces.split(',').any(|one| one.trim().eq_ignore_ascii_case(place));
        page.targets.extend(
            PLACES.iter().filter(|(interface, _)| has(interface)).map(|(_, place)| (*place).to_owned()),
        );
        page.children.extend(elements.iter().filter_map(|element| {
            element.name.strip_prefix("c:").map(|name| name.replace('-', "").to_lowercase())
        }));
    }
}
