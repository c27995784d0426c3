//! The integration map: who starts what, which events carry it, and which systems are at the other end.
//!
//! Takes the model and the findings, gives a [`Map`]: plain data, the same for every output format. Only
//! what takes part in integration is on it: an entry point that neither leaves the org, nor receives from
//! outside, nor leads to one that does, is left out.

mod attach;
mod build;
pub mod dot;
mod events;
mod group;
pub mod html;
pub mod mermaid;
mod path;
mod roles;
mod systems;

use std::io::{self, Write};

use serde::Serialize;

use crate::config::Landscape;
use crate::finding::{Finding, Severity};
use crate::report::source_map::SourceMap;
use crate::rules::rule::RuleSet;
use crate::scan::Model;

pub use group::View;

/// Raised when a field changes its meaning or goes; new fields do not raise it.
pub const VERSION: u32 = 1;

/// What a map is drawn of.
pub struct Input<'a> {
    pub model: &'a Model,
    pub findings: &'a [Finding],
    pub rules: &'a RuleSet,
    pub landscape: &'a Landscape,
}

/// The integration architecture of a project.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Map {
    pub version: u32,
    /// The name of the scanned folder.
    pub project: String,
    /// Sorted by lane, kind and name.
    pub nodes: Vec<Node>,
    /// Sorted by their ends and kind.
    pub edges: Vec<Edge>,
    /// Nodes that are alike and can be drawn as one; each node is in one group at the most.
    pub groups: Vec<Group>,
    /// The findings that concern something on the map, in the order of the scan. Nodes and edges name
    /// them by their index.
    pub findings: Vec<MapFinding>,
    /// How many findings concern nothing on the map.
    pub findings_elsewhere: usize,
}

/// A place in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Relative to the scanned folder, with `/`.
    pub file: String,
    /// From 1.
    pub line: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Node {
    /// Kind and name: `trigger:OrderTrigger`, `system:api.example.com`.
    pub id: String,
    pub kind: NodeKind,
    pub lane: Lane,
    pub name: String,
    /// What it is, in words: "trigger on Order".
    pub detail: String,
    /// Where it is declared; none for what is outside.
    #[serde(flatten)]
    pub place: Option<Place>,
    /// Its entry points, in words, or the hosts and credentials of a system.
    pub parts: Vec<String>,
    /// Of these nodes' own; those of its edges are at the edges.
    pub findings: Vec<usize>,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, strum::Display)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum NodeKind {
    /// Callers outside of the org.
    Caller,
    /// REST resources, SOAP methods, email services.
    Api,
    Trigger,
    Flow,
    /// Workflow rules of an object.
    Workflow,
    /// What a page or component calls.
    Page,
    /// What runs at a time.
    Schedule,
    /// An action that flows call.
    Action,
    /// Asynchronous Apex.
    Job,
    /// Apex that can be called from elsewhere.
    Class,
    Event,
    ChangeEvent,
    Channel,
    /// An object whose rows are in another system.
    ExternalObject,
    System,
}

/// The columns of the drawing, from left to right.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, strum::Display, strum::EnumIter,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Lane {
    OutsideCallers,
    EntryPoints,
    Jobs,
    Events,
    Subscribers,
    /// Jobs that nothing but subscribers start.
    FollowUps,
    Systems,
}

impl Lane {
    pub fn title(self) -> &'static str {
        match self {
            Lane::OutsideCallers => "Outside callers",
            Lane::EntryPoints => "Entry points",
            Lane::Jobs => "Jobs and actions",
            Lane::Events => "Events",
            Lane::Subscribers => "Subscribers",
            Lane::FollowUps => "Jobs of subscribers",
            Lane::Systems => "External systems",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Edge {
    pub from: String,
    pub to: String,
    pub kind: EdgeKind,
    /// The documented integration pattern that it is one of.
    pub pattern: Option<&'static str>,
    /// Places in code or metadata that make it.
    pub places: usize,
    /// One way through the code, from the entry point to the effect.
    pub path: Vec<Step>,
    pub findings: Vec<usize>,
}

/// How two nodes are connected.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, strum::Display, strum::EnumIter,
)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum EdgeKind {
    /// A callout that waits for its answer.
    RequestResponse,
    /// A platform event that is published, selected for a channel or received.
    PlatformEvent,
    /// A change event that is received.
    ChangeDataCapture,
    /// A request from outside.
    Inbound,
    OutboundMessage,
    /// An external object that is queried or written.
    ExternalObject,
    /// An asynchronous start: a job, a scheduled class.
    Starts,
    /// A call of an action, in the same transaction.
    Calls,
}

impl EdgeKind {
    /// For a legend.
    pub fn title(self) -> &'static str {
        match self {
            EdgeKind::RequestResponse => "Request and response",
            EdgeKind::PlatformEvent => "Platform event",
            EdgeKind::ChangeDataCapture => "Change Data Capture",
            EdgeKind::Inbound => "Inbound API",
            EdgeKind::OutboundMessage => "Outbound message",
            EdgeKind::ExternalObject => "External object",
            EdgeKind::Starts => "Starts a job",
            EdgeKind::Calls => "Calls an action",
        }
    }

    /// The word on an arrow.
    pub fn word(self) -> &'static str {
        match self {
            EdgeKind::RequestResponse => "calls out",
            EdgeKind::PlatformEvent => "event",
            EdgeKind::ChangeDataCapture => "changes",
            EdgeKind::Inbound => "requests",
            EdgeKind::OutboundMessage => "outbound message",
            EdgeKind::ExternalObject => "external rows",
            EdgeKind::Starts => "starts",
            EdgeKind::Calls => "calls",
        }
    }

    /// Its id in `rules/patterns.yaml`, where it is an integration pattern of its own.
    pub fn pattern(self) -> Option<&'static str> {
        match self {
            EdgeKind::RequestResponse => Some("request-response"),
            EdgeKind::PlatformEvent => Some("platform-events"),
            EdgeKind::ChangeDataCapture => Some("change-data-capture"),
            EdgeKind::Inbound => Some("inbound-api"),
            EdgeKind::ExternalObject => Some("salesforce-connect"),
            EdgeKind::OutboundMessage | EdgeKind::Starts | EdgeKind::Calls => None,
        }
    }

    /// Whether it only leads to integration.
    pub fn is_internal(self) -> bool {
        matches!(self, EdgeKind::Starts | EdgeKind::Calls)
    }
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    #[serde(flatten)]
    pub place: Place,
    /// What happens here.
    pub label: String,
    /// The method or element that it is in or enters.
    pub symbol: String,
}

/// A finding, as far as a map tells it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MapFinding {
    pub rule: String,
    /// The title of the rule.
    pub title: String,
    pub severity: Severity,
    pub message: String,
    #[serde(flatten)]
    pub place: Place,
    /// The steps that prove it.
    pub path: Vec<Step>,
}

/// Nodes of one lane and kind that are connected alike.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Group {
    pub id: String,
    pub kind: NodeKind,
    pub lane: Lane,
    /// "12 screen flows".
    pub name: String,
    /// Ids of nodes, sorted.
    pub members: Vec<String>,
}

/// Draws the map; `sources` gives the lines of its places.
pub fn draw(input: &Input<'_>, sources: &SourceMap<'_>) -> Map {
    build::build(input, sources)
}

/// The output formats.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, strum::Display, clap::ValueEnum)]
#[strum(serialize_all = "lowercase")]
pub enum Format {
    /// A flowchart for Markdown, as GitHub draws it.
    #[default]
    Mermaid,
    /// For Graphviz.
    Dot,
    /// For a program.
    Json,
    /// One page to look at in a browser; it loads nothing else.
    Html,
}

/// Writes a map. `whole` draws each node by itself where a format would draw one for a group.
pub fn write(
    format: Format,
    map: &Map,
    whole: bool,
    sources: &SourceMap<'_>,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Mermaid => mermaid::write(&View::of(map, whole), out),
        Format::Dot => dot::write(&View::of(map, whole), out),
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, map)?;
            writeln!(out)
        }
        Format::Html => html::write(map, whole, sources, out),
    }
}
