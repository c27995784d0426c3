//! What pages in the browser do: Lightning web components, Aura components and Visualforce pages.
//!
//! [`read`] parses the scripts and templates of each page and gives one [`Page`]: which Apex methods it
//! calls and when (in a loop, at every keystroke, again and again by a timer), which events it subscribes
//! to, which hosts it calls itself, and where it is shown. What the Apex methods do is not known here.
//!
//! Only pages are parsed whose scripts mention one of these things. Within a page, functions call each other by
//! their name (`this.load()`, `helper.load(component)`); what another module does is not followed.
//! Source: LWC and Aura developer guides (Apex, empApi, js-meta.xml), Visualforce developer guide.

mod aura;
mod behaviour;
mod javascript;
mod lwc;
mod markup;
mod reader;
mod script;
mod visualforce;

use std::collections::{BTreeMap, BTreeSet};

use rayon::prelude::*;
use serde::Serialize;

use crate::discover::{Problem, Project, SourceFile, SourceKind, read_text};
use crate::span::{Location, Span};
use crate::suppress;

pub use javascript::Dialect;

/// A page or component.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// `orderStatus`, `OrderStatus`.
    pub name: String,
    pub kind: PageKind,
    /// The beginning of its main file.
    pub at: Location,
    /// Calls of Apex, in the order of their places.
    pub calls: Vec<ApexCall>,
    pub polls: Vec<Poll>,
    /// Topics of events that it receives (`/event/Order__e`), each once.
    pub topics: Vec<(String, Location)>,
    /// Topics that it names without receiving them: it hands them to another component, or knows of the
    /// event in another way.
    pub mentioned: BTreeSet<String>,
    /// What it asks of other hosts itself.
    pub requests: Vec<Request>,
    /// Where it is shown, by the names of the platform: `lightning__RecordPage`, `lightningCommunity__Page`.
    pub targets: BTreeSet<String>,
    /// Components that it contains, in lower case.
    pub children: BTreeSet<String>,
}

/// What a page is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum PageKind {
    Lwc,
    Aura,
    Visualforce,
}

impl Page {
    /// A page that nothing is known of yet.
    fn new(name: &str, kind: PageKind, file: &SourceFile) -> Page {
        Page {
            name: name.to_owned(),
            kind,
            at: Location { file: file.id, span: Span::new(0, 0) },
            calls: Vec::new(),
            polls: Vec::new(),
            topics: Vec::new(),
            mentioned: BTreeSet::new(),
            requests: Vec::new(),
            targets: BTreeSet::new(),
            children: BTreeSet::new(),
        }
    }
}

impl PageKind {
    /// In words.
    pub fn noun(self) -> &'static str {
        match self {
            PageKind::Lwc => "Lightning web component",
            PageKind::Aura => "Aura component",
            PageKind::Visualforce => "Visualforce page",
        }
    }
}

/// A method of Apex.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ApexMethod {
    /// The classes that it may be of: a Visualforce page has a controller and extensions.
    pub classes: Vec<String>,
    pub name: String,
    /// It is called by a Continuation.
    pub continuation: bool,
}

/// A call of Apex.
#[derive(Clone, Debug, Serialize)]
pub struct ApexCall {
    pub method: ApexMethod,
    pub at: Location,
    pub way: Way,
    /// Why it happens more than once, where it does.
    pub repeat: Option<Repeat>,
}

/// How Apex is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Way {
    Imperative,
    /// `@wire`: again whenever a parameter changes.
    Wire,
    /// Visualforce: an action of the controller, or a remote action.
    Action,
}

/// Why a call happens again and again without a timer.
#[derive(Clone, Debug, Serialize)]
pub struct Repeat {
    pub why: Why,
    /// The way from there to the call, each step with its words.
    pub steps: Vec<(Location, String)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Why {
    /// Once an element of a collection.
    Loop,
    /// Whenever the user types a character.
    Keystroke,
}

/// A timer that calls Apex again and again while the page is open.
#[derive(Clone, Debug, Serialize)]
pub struct Poll {
    pub at: Location,
    /// `setInterval`, `setTimeout`, `apex:actionPoller`.
    pub by: &'static str,
    /// `None` where it is not known.
    pub period_ms: Option<u64>,
    pub ends: Ends,
    pub calls: Vec<Polled>,
    /// Calls of Apex that the page makes otherwise, by their index: what the poll may wait for.
    pub others: Vec<usize>,
}

/// What a poll calls.
#[derive(Clone, Debug, Serialize)]
pub struct Polled {
    pub method: ApexMethod,
    /// From the timer to the call, each with its words.
    pub steps: Vec<(Location, String)>,
}

/// When a poll stops, beside the end of the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Ends {
    Never,
    /// On a condition that it looks at itself.
    Condition,
    /// After a number of turns.
    Ticks,
}

/// A request from the browser to another host.
#[derive(Clone, Debug, Serialize)]
pub struct Request {
    pub at: Location,
    pub by: &'static str,
    pub url: String,
}

/// Texts of scripts without which there is nothing to see in a page.
const WORTH: [&str; 14] = [
    "@salesforce/apex",
    "enqueueAction",
    "empApi",
    "actionPoller",
    "invokeAction",
    "fetch(",
    "XMLHttpRequest",
    "WebSocket",
    "EventSource",
    "__e",
    "__chn",
    "ChangeEvent",
    "/event/",
    "/topic/",
];

/// A comment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment {
    pub at: Span,
    /// Without the marks around it.
    pub inside: Span,
    /// The statement, function or element that follows.
    pub next: Option<Span>,
}

/// The comments of a script, or of a template and the scripts in it, in their order.
pub fn comments(text: &str, script: Option<Dialect>) -> Vec<Comment> {
    if let Some(dialect) = script {
        return javascript::comments(0, text, dialect);
    }
    let mut comments = markup::comments(text);
    for element in markup::elements(text).iter().filter(|element| element.name == "script") {
        let Some(raw) = element.raw else { continue };
        let body = text.get(raw.start as usize..raw.end as usize).unwrap_or_default();
        comments.extend(javascript::comments(raw.start as usize, body, Dialect::Merged));
    }
    comments.sort_by_key(|comment| comment.at);
    comments
}

/// All pages of a project.
#[derive(Debug, Default)]
pub struct Read {
    /// Sorted by place.
    pub pages: Vec<Page>,
    /// What could not be read.
    pub problems: Vec<Problem>,
    pub suppressions: Vec<suppress::InFile>,
}

/// A file of a page, with its text.
struct Source<'a> {
    file: &'a SourceFile,
    text: String,
}

/// Reads the pages of a project.
pub fn read(project: &Project) -> Read {
    let mut bundles: BTreeMap<&str, Vec<&SourceFile>> = BTreeMap::new();
    for file in project.of_kind(SourceKind::Script) {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        bundles.entry(folder).or_default().push(file);
    }
    let bundles: Vec<Bundle<'_>> =
        bundles.into_iter().map(|(folder, files)| Bundle { folder, files }).collect();
    let mut each: Vec<Read> = bundles.par_iter().map(Bundle::read).collect();
    // Where a component is shown tells how many receive what it subscribes to.
    if each.iter().flat_map(|read| &read.pages).any(|page| !page.topics.is_empty()) {
        bundles.par_iter().zip(&mut each).for_each(|(bundle, read)| {
            read.pages.iter_mut().for_each(|page| bundle.place(page));
        });
    }
    let pages: Vec<&SourceFile> = project.of_kind(SourceKind::Visualforce).collect();
    each.par_extend(pages.par_iter().filter_map(|file| {
        let text = read_text(&file.absolute).ok()?;
        // Only what runs by itself is of interest: buttons and fields are not.
        let timed = ["actionPoller", "setInterval", "setTimeout"].iter().any(|word| has(&text, word));
        timed.then(|| {
            let suppressions = suppress::in_page(&text, file.id, None).into_iter().collect();
            Read { suppressions, ..visualforce::page(&Source { file, text }) }
        })
    }));
    let mut all = Read::default();
    for read in each {
        all.pages.extend(read.pages);
        all.problems.extend(read.problems);
        all.suppressions.extend(read.suppressions);
    }
    all.pages.sort_by_key(|page| page.at);
    shown_within(&mut all.pages);
    all
}

fn has(text: &str, word: &str) -> bool {
    memchr::memmem::find(text.as_bytes(), word.as_bytes()).is_some()
}

/// The files of a Lightning component.
struct Bundle<'a> {
    folder: &'a str,
    files: Vec<&'a SourceFile>,
}

impl Bundle<'_> {
    fn kind(&self) -> PageKind {
        let home = self.folder.rsplit('/').nth(1);
        let is_lwc = home.is_some_and(|home| home.eq_ignore_ascii_case("lwc"));
        if is_lwc { PageKind::Lwc } else { PageKind::Aura }
    }

    /// The texts of the files that are `wanted`, and what could not be read.
    fn sources(&self, wanted: impl Fn(&str) -> bool) -> (Vec<Source<'_>>, Vec<Problem>) {
        let mut problems = Vec::new();
        let files = self.files.iter().filter(|file| wanted(file.name()));
        let sources = files.filter_map(|&file| match read_text(&file.absolute) {
            Ok(text) => Some(Source { file, text }),
            Err(error) => {
                problems.push(Problem::new(&file.path, error.to_string()));
                None
            }
        });
        (sources.collect(), problems)
    }

    /// What the component does.
    fn read(&self) -> Read {
        let (sources, mut problems) = self.sources(|_| true);
        let Some(first) = sources.first() else { return Read { problems, ..Read::default() } };
        let (kind, name) = (self.kind(), self.folder.rsplit('/').next().unwrap_or(self.folder));
        let mut page = Page::new(name, kind, first.file);
        if sources.iter().any(|source| WORTH.iter().any(|word| has(&source.text, word))) {
            match kind {
                PageKind::Lwc => lwc::read(&mut page, &sources, &mut problems),
                _ => aura::read(&mut page, &sources, &mut problems),
            }
        }
        let dialect = if kind == PageKind::Lwc { Dialect::Module } else { Dialect::Script };
        let suppressions = sources.iter().filter_map(|source| {
            let script = source.file.name().ends_with(".js").then_some(dialect);
            suppress::in_page(&source.text, source.file.id, script)
        });
        Read { suppressions: suppressions.collect(), pages: vec![page], problems }
    }

    /// Adds where the component is shown, and what it contains.
    fn place(&self, page: &mut Page) {
        let (sources, _) = self.sources(|name| !name.ends_with(".js"));
        match page.kind {
            PageKind::Lwc => lwc::place(page, &sources),
            _ => aura::place(page, &sources),
        }
    }
}

/// A note of a script that is no JavaScript at some place.
fn broken(file: &SourceFile, text: &str, script: &script::Script) -> Option<Problem> {
    let at = script.broken?;
    let line = text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1;
    let message = format!("is not understood as JavaScript in line {line}; the file is not analysed");
    Some(Problem::new(&file.path, message))
}

fn too_large(file: &SourceFile) -> Problem {
    Problem::new(
        &file.path,
        "this script is too large to be code of the project; it is not analysed".to_owned(),
    )
}

/// A component is also shown where the components are that contain it.
fn shown_within(pages: &mut [Page]) {
    let index: BTreeMap<String, usize> =
        pages.iter().enumerate().map(|(index, page)| (page.name.to_lowercase(), index)).collect();
    let mut todo: Vec<usize> = (0..pages.len()).filter(|&index| !pages[index].targets.is_empty()).collect();
    while let Some(parent) = todo.pop() {
        let targets = pages[parent].targets.clone();
        let children: Vec<usize> =
            pages[parent].children.iter().filter_map(|child| index.get(child).copied()).collect();
        for child in children.into_iter().filter(|&child| child != parent) {
            let before = pages[child].targets.len();
            pages[child].targets.extend(targets.iter().cloned());
            if pages[child].targets.len() > before {
                todo.push(child);
            }
        }
    }
}

/// The topic that a text is. The bare name of an event is one too: `'/event/' + this.channel`.
fn topic(text: &str) -> Option<String> {
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|ch| ch.is_alphanumeric() || ch == '_');
    for prefix in ["/event/", "/data/", "/topic/", "/u/"] {
        if let Some(name) = text.strip_prefix(prefix) {
            return is_name(name).then(|| text.to_owned());
        }
    }
    let is_event = text.ends_with("__e") || text.ends_with("ChangeEvent") || text.ends_with("__chn");
    (is_event && is_name(text)).then(|| format!("/event/{text}"))
}

/// Adds the topics among literal texts, each once: received where the page `subscribes`, else mentioned.
fn add_topics(page: &mut Page, subscribes: bool, texts: impl Iterator<Item = (Location, String)>) {
    if !subscribes {
        page.mentioned = texts.filter_map(|(_, text)| topic(&text)).collect();
        return;
    }
    let mut topics: Vec<(String, Location)> =
        texts.filter_map(|(at, text)| Some((topic(&text)?, at))).collect();
    topics.sort();
    topics.dedup_by(|a, b| a.0 == b.0);
    page.topics = topics;
}

#[cfg(test)]
mod tests;
