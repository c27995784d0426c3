//! A way through the code in words.

use rustc_hash::FxHashMap;

use crate::program::model::{Bound, Effect, Entry, Program, Site, SiteId};
use crate::report::source_map::SourceMap;
use crate::rules::labels;
use crate::span::Location;
use crate::summary::reach::{Count, Hop, HopKind};

use super::{Place, Step};

/// Puts paths into words.
pub struct Wording<'a> {
    program: &'a Program,
    sources: &'a SourceMap<'a>,
    /// DML, which may fire triggers.
    dml: FxHashMap<Location, SiteId>,
    /// Elements of flows that call.
    elements: FxHashMap<Location, SiteId>,
}

impl<'a> Wording<'a> {
    pub fn new(program: &'a Program, sources: &'a SourceMap<'a>) -> Wording<'a> {
        let by_place = |effects: &[Effect]| {
            let sites = (0u32..).map(SiteId).zip(&program.sites);
            let chosen = sites.filter(|(_, site)| effects.contains(&site.effect));
            chosen.map(|(id, site)| (site.at, id)).collect()
        };
        let dml = by_place(&[Effect::Dml]);
        let elements = by_place(&[Effect::Action, Effect::Subflow]);
        Wording { program, sources, dml, elements }
    }

    pub fn place(&self, at: Location) -> Place {
        Place { file: self.sources.path(at.file).to_owned(), line: self.sources.position(at).line }
    }

    pub fn step(&self, at: Location, label: String, symbol: &str) -> Step {
        Step { place: self.place(at), label, symbol: symbol.to_owned() }
    }

    /// The steps of a way from `entry` to `site`; `starts` says what the effect leads to, where it is a
    /// start.
    pub fn steps(&self, entry: &Entry, hops: &[Hop], count: &Count, site: &Site) -> Vec<Step> {
        let mut inside = "";
        hops.iter()
            .map(|hop| {
                if let Some(node) = hop.node {
                    inside = &self.program.node(node).symbol;
                }
                self.step(hop.at, self.label(entry, hop, count, site), inside)
            })
            .collect()
    }

    fn label(&self, entry: &Entry, hop: &Hop, count: &Count, site: &Site) -> String {
        match (hop.kind, hop.node.map(|id| self.program.node(id))) {
            (HopKind::Entry, _) => labels::entry(entry),
            (HopKind::Call, Some(node)) => {
                labels::call(node, self.elements.get(&hop.at).map(|&id| self.program.site(id)))
            }
            (HopKind::Dml, Some(node)) => {
                labels::dml(self.dml.get(&hop.at).map(|&id| self.program.site(id)), node)
            }
            (HopKind::Loop, _) => {
                let bound = count.loops.iter().find(|(at, _)| *at == hop.at);
                labels::in_loop(bound.map_or(Bound::Unknown, |&(_, bound)| bound), Some(entry))
            }
            _ => labels::effect(site),
        }
    }
}
