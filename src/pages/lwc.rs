//! Lightning web components: `name.js`, `name.html`, `name.js-meta.xml`.

use crate::discover::Problem;
use crate::span::Location;
use crate::xml;

use super::behaviour::{self, Names};
use super::javascript::Dialect;
use super::script::{Script, What};
use super::{ApexMethod, Page, Source, add_topics, markup};

pub(super) fn read(page: &mut Page, sources: &[Source<'_>], problems: &mut Vec<Problem>) {
    let mut script = Script::default();
    let mut typing = Vec::new();
    for source in sources {
        let (file, text) = (source.file, source.text.as_str());
        let name = file.name();
        if name.ends_with(".html") && markup::may_be_typed(text) {
            let handlers = markup::typing_handlers(&markup::elements(text));
            typing.extend(handlers.into_iter().map(|(name, span)| (name, Location { file: file.id, span })));
        } else if name.ends_with(".js") {
            if name == format!("{}.js", page.name) {
                page.at.file = file.id;
            }
            match Script::read(file.id, 0, text, Dialect::Module) {
                Some(read) => {
                    problems.extend(super::broken(file, text, &read));
                    script.join(read);
                }
                None => problems.push(super::too_large(file)),
            }
        }
    }
    add_topics(page, script.modules.contains("lightning/empApi"), script.texts.iter().cloned());
    let server = |what: &What| match what {
        What::Server(name) => method(script.imports.get(name)?),
        _ => None,
    };
    behaviour::add(page, &script, &Names { server: &server, typing });
}

/// Where a component may be put, and what it contains.
pub(super) fn place(page: &mut Page, sources: &[Source<'_>]) {
    for source in sources {
        if source.file.name().ends_with(".js-meta.xml") {
            targets(page, &source.text);
        } else if source.file.name().ends_with(".html") && may_have_children(&source.text) {
            let elements = markup::elements(&source.text);
            page.children.extend(elements.iter().filter_map(|element| child(&element.name)));
        }
    }
}

/// `@salesforce/apex/Class.method`, also `ns.Class.method` and `apexContinuation`.
fn method(module: &str) -> Option<ApexMethod> {
    let (kind, path) = module.strip_prefix("@salesforce/")?.split_once('/')?;
    let continuation = match kind {
        "apex" => false,
        "apexContinuation" => true,
        _ => return None,
    };
    let (class, name) = path.rsplit_once('.')?;
    let class = class.rsplit('.').next().unwrap_or(class);
    Some(ApexMethod { classes: vec![class.to_owned()], name: name.to_owned(), continuation })
}

/// A quick look that rules many templates out.
fn may_have_children(text: &str) -> bool {
    super::has(text, "<c-") || super::has(text, "<C-")
}

/// `c-order-status` is the component `orderStatus`.
fn child(tag: &str) -> Option<String> {
    let name = tag.strip_prefix("c-")?;
    Some(name.replace('-', "").to_lowercase())
}

/// Where the component may be put.
fn targets(page: &mut Page, text: &str) {
    let root = xml::parse(text).root;
    if root.as_ref().and_then(|root| root.text("isExposed")).is_some_and(|text| text.value.trim() == "false")
    {
        return;
    }
    for list in root.iter().flat_map(|root| root.all("targets")) {
        page.targets.extend(list.all("target").map(|target| target.text.trim().to_owned()));
    }
}
