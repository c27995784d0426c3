//! `site`: places with certain local facts.

use crate::program::model::{Program, SiteId};
use crate::rules::plan::Sites;

use super::{Hit, Subject};

pub(super) fn hits(program: &Program, rule: usize, sites: &Sites) -> Vec<Hit> {
    (0u32..)
        .map(SiteId)
        .zip(&program.sites)
        .filter(|(_, site)| sites.matches(site, None))
        .map(|(id, site)| Hit::new(rule, site.at, Subject::Site(id)))
        .collect()
}
