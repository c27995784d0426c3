//! Does one effect happen before another in the same transaction?

use serde::Serialize;

use crate::finding::Confidence;
use crate::program::model::{EntryId, Program, Site, SiteId};

use super::Summary;
use super::reach::Hop;

/// `first`, then `then`, in one transaction.
pub struct OrderQuery<'a> {
    pub first: &'a dyn Fn(&Site) -> bool,
    pub then: &'a dyn Fn(&Site) -> bool,
    /// Effects that undo `first` (rollback, release of the savepoint).
    pub cleared_by: &'a dyn Fn(&Site) -> bool,
    /// Only pairs after which this effect follows in the same transaction (on the same object as
    /// `first`): the lost update after a lock that a callout released.
    pub followed_by: Option<&'a dyn Fn(&Site) -> bool>,
}

/// A pair that was found. One per `then` site and way of reaching it (straight or over a loop's
/// back edge).
#[derive(Clone, Debug, Serialize)]
pub struct Ordered {
    pub first: SiteId,
    pub then: SiteId,
    /// `first` has happened whenever `then` is reached.
    pub must: bool,
    /// Only over the back edge of a loop: `then` comes before `first` in the body.
    pub across_iterations: bool,
    pub confidence: Confidence,
    pub first_path: Vec<Hop>,
    pub then_path: Vec<Hop>,
}

/// All pairs of `entry`'s transaction, sorted by place. Trigger frames that the entry's DML opens
/// are not searched for `then`: those callouts are reported at their trigger.
pub fn order(program: &Program, summary: &Summary, entry: EntryId, query: &OrderQuery) -> Vec<Ordered> {
    let _ = (program, summary, entry, query);
    todo!()
}
