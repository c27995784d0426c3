//! Does an entry point reach an effect in its own transaction, how often, and by which path?

use serde::Serialize;

use crate::finding::Confidence;
use crate::program::model::Effects;
use crate::program::model::{Bound, EntryId, Guards, NodeId, Program, Site, SiteId};
use crate::span::Location;

use super::Summary;

/// What to look for.
pub struct ReachQuery<'a> {
    pub effects: Effects,
    /// Further conditions on the site.
    pub site: &'a dyn Fn(&Site) -> bool,
    /// Arms under one of these guards are not entered.
    pub avoid: Guards,
    /// Whether the search goes on through DML into the triggers that it fires.
    pub through_dml: bool,
}

/// An effect that is reached.
#[derive(Clone, Debug, Serialize)]
pub struct Reach {
    pub site: SiteId,
    /// How often it may happen in one run of the entry point.
    pub count: Count,
    pub confidence: Confidence,
    pub path: Vec<Hop>,
}

/// How often something happens in one transaction, as far as it is known.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Count {
    /// The loops on the path, outermost first.
    pub loops: Vec<(Location, Bound)>,
}

impl Count {
    /// Whether it grows with the data.
    pub fn grows(&self) -> bool {
        self.loops.iter().any(|(_, bound)| bound.grows())
    }
}

/// One step of a path: where it is, and which node the step enters (`None` at the effect itself).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Hop {
    pub at: Location,
    pub kind: HopKind,
    pub node: Option<NodeId>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum HopKind {
    /// The entry point; `node` is its node.
    Entry,
    /// A call into `node`.
    Call,
    /// DML that fires the trigger `node`.
    Dml,
    /// A loop that the path enters.
    Loop,
    /// The effect.
    Effect,
}

/// All matching sites that `entry` reaches, each once with its most looped, then shortest path;
/// sorted by place. Ends at asynchronous boundaries.
pub fn reach(program: &Program, summary: &Summary, entry: EntryId, query: &ReachQuery) -> Vec<Reach> {
    let _ = (program, summary, entry, query);
    todo!()
}

/// How many matching sites one straight way through the entry's transaction passes at most, two at
/// the most being told apart: the paths of the first two. `None` where no way passes two.
/// A site in a loop that grows counts as two.
pub fn two_on_one_way(
    program: &Program,
    summary: &Summary,
    entry: EntryId,
    query: &ReachQuery,
) -> Option<(Reach, Reach)> {
    let _ = (program, summary, entry, query);
    todo!()
}
