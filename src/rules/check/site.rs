//! `site`: places with certain local facts.

use crate::finding::Confidence;
use crate::program::model::{Program, SiteId};
use crate::rules::plan::Sites;

use super::{Hit, Subject};

pub(super) fn hits(program: &Program, rule: usize, sites: &Sites) -> Vec<Hit> {
    (0u32..)
        .map(SiteId)
        .zip(&program.sites)
        .filter(|(_, site)| sites.matches(site, None))
        .map(|(id, site)| Hit {
            rule,
            entry: None,
            primary: site.at,
            subject: Subject::Site(id),
            first: None,
            certainty: None,
            confidence: Confidence::High,
            loops: Vec::new(),
            path: Vec::new(),
            related: Vec::new(),
            at_entry: false,
            hint: false,
        })
        .collect()
}
