//! How many elements a collection has, and so how often a loop over it runs: symbolic, in terms of what
//! a node is given.

use std::sync::Arc;

use serde::Serialize;

use crate::span::Location;

/// Expressions with more parts are not kept: what they say would be of no use.
const MAX_PARTS: usize = 40;

/// A number that is known in terms of the records that the transaction is given, of the parameters of a
/// method and of sizes that only the run knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum Size {
    /// Nothing is known: it counts as a size of its own where it is used.
    #[default]
    Unknown,
    Exactly(u32),
    /// The records of the innermost trigger, of the batch scope, of the invocable action, or the
    /// interviews of the flow.
    Batch,
    /// The size, or the number, that is given to this parameter of the node.
    Param(u32),
    /// One of [`super::model::NodeSizes::locals`].
    Local(u32),
    Symbol(Arc<Symbol>),
    Sum(Arc<(Size, Size)>),
    Times(Arc<(Size, Size)>),
    /// The one or the other.
    Either(Arc<(Size, Size)>),
    /// Not more than that, maybe none.
    UpTo(Arc<Size>),
    /// As many chunks as `1` elements each make of it, the last one not full.
    Chunks(Arc<Size>, u32),
}

/// A size that only the run knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Symbol {
    pub what: What,
    /// How the code calls it: the variable, the field, the object of the query. May be empty.
    pub name: String,
    /// Where it comes from: the query, the loop, the call.
    pub at: Location,
}

/// What kind of thing is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum What {
    /// Elements of a collection.
    Collection,
    /// What a collection in a field holds.
    Field,
    /// Rows of a query.
    Rows,
    /// Rows of a query for what belongs to one record.
    Related,
    /// Distinct keys: a cache is filled once for each.
    Keys,
    /// Pieces of configuration.
    Configuration,
    /// Tries.
    Tries,
    /// Elements of what a parameter of the entry point holds, or the number in it.
    Parameter,
}

impl Size {
    pub fn symbol(what: What, name: impl Into<String>, at: Location) -> Size {
        Size::Symbol(Arc::new(Symbol { what, name: name.into(), at }))
    }

    pub fn is_known(&self) -> bool {
        !matches!(self, Size::Unknown)
    }

    pub fn is_unknown(&self) -> bool {
        matches!(self, Size::Unknown)
    }

    pub fn plus(&self, other: &Size) -> Size {
        match (self, other) {
            (Size::Unknown, _) | (_, Size::Unknown) => Size::Unknown,
            (Size::Exactly(0), size) | (size, Size::Exactly(0)) => size.clone(),
            (Size::Exactly(a), Size::Exactly(b)) => Size::Exactly(a.saturating_add(*b)),
            (Size::Sum(parts), Size::Exactly(b)) if matches!(parts.1, Size::Exactly(_)) => {
                parts.0.plus(&parts.1.plus(&Size::Exactly(*b)))
            }
            _ => Size::Sum(Arc::new((self.clone(), other.clone()))).kept(),
        }
    }

    pub fn times(&self, other: &Size) -> Size {
        match (self, other) {
            (Size::Exactly(0), _) | (_, Size::Exactly(0)) => Size::Exactly(0),
            (Size::Unknown, _) | (_, Size::Unknown) => Size::Unknown,
            (Size::Exactly(1), size) | (size, Size::Exactly(1)) => size.clone(),
            (Size::Exactly(a), Size::Exactly(b)) => Size::Exactly(a.saturating_mul(*b)),
            _ => Size::Times(Arc::new((self.clone(), other.clone()))).kept(),
        }
    }

    pub fn up_to(&self) -> Size {
        match self {
            Size::Unknown | Size::Exactly(0) | Size::UpTo(_) => self.clone(),
            _ => Size::UpTo(Arc::new(self.clone())),
        }
    }

    pub fn chunks(&self, of: u32) -> Size {
        match self {
            Size::Unknown => Size::Unknown,
            Size::Exactly(size) => Size::Exactly(size.div_ceil(of.max(1))),
            _ => Size::Chunks(Arc::new(self.clone()), of.max(1)),
        }
    }

    pub fn or(&self, other: &Size) -> Size {
        match (self, other) {
            (a, b) if a == b => a.clone(),
            (Size::Unknown, _) | (_, Size::Unknown) => Size::Unknown,
            (Size::UpTo(most), Size::Exactly(0)) | (Size::Exactly(0), Size::UpTo(most)) => {
                Size::UpTo(most.clone())
            }
            (size, Size::Exactly(0)) | (Size::Exactly(0), size) => size.up_to(),
            _ => Size::Either(Arc::new((self.clone(), other.clone()))).kept(),
        }
    }

    /// This one, if it is small enough to be worth keeping.
    fn kept(self) -> Size {
        if self.parts(MAX_PARTS) > MAX_PARTS { Size::Unknown } else { self }
    }

    /// How many parts it has, counted up to a little more than `most`.
    fn parts(&self, most: usize) -> usize {
        match self {
            Size::Sum(pair) | Size::Times(pair) | Size::Either(pair) => {
                let first = pair.0.parts(most);
                if first > most { first } else { 1 + first + pair.1.parts(most - first) }
            }
            Size::UpTo(inner) | Size::Chunks(inner, _) => 1 + inner.parts(most),
            _ => 1,
        }
    }

    /// Whether it refers to this one of the node's locals.
    pub fn mentions(&self, local: u32) -> bool {
        match self {
            Size::Local(known) => *known == local,
            Size::Sum(pair) | Size::Times(pair) | Size::Either(pair) => {
                pair.0.mentions(local) || pair.1.mentions(local)
            }
            Size::UpTo(inner) | Size::Chunks(inner, _) => inner.mentions(local),
            _ => false,
        }
    }

    /// With its leaves replaced: parameters, locals and what is unknown.
    pub fn replaced(&self, leaf: &dyn Fn(&Size) -> Size) -> Size {
        match self {
            Size::Sum(pair) => pair.0.replaced(leaf).plus(&pair.1.replaced(leaf)),
            Size::Times(pair) => pair.0.replaced(leaf).times(&pair.1.replaced(leaf)),
            Size::Either(pair) => pair.0.replaced(leaf).or(&pair.1.replaced(leaf)),
            Size::UpTo(inner) => inner.replaced(leaf).up_to(),
            Size::Chunks(inner, of) => inner.replaced(leaf).chunks(*of),
            _ => leaf(self),
        }
    }

    /// Without locals: each replaced by what it stands for.
    pub fn closed(&self, locals: &[Size]) -> Size {
        self.closed_within(locals, 8)
    }

    fn closed_within(&self, locals: &[Size], depth: u32) -> Size {
        self.replaced(&|leaf| match leaf {
            Size::Local(_) if depth == 0 => Size::Unknown,
            Size::Local(local) => locals
                .get(*local as usize)
                .map_or(Size::Unknown, |size| size.closed_within(locals, depth - 1)),
            other => other.clone(),
        })
    }

    /// What was added to local `local` to come to this; `None` where it does not build on it on every
    /// way.
    pub fn added_to(&self, local: u32) -> Option<Size> {
        match self {
            Size::Local(known) if *known == local => Some(Size::Exactly(0)),
            Size::Sum(pair) => match (pair.0.mentions(local), pair.1.mentions(local)) {
                (true, false) => Some(pair.0.added_to(local)?.plus(&pair.1)),
                (false, true) => Some(pair.1.added_to(local)?.plus(&pair.0)),
                _ => None,
            },
            Size::Either(pair) => Some(pair.0.added_to(local)?.or(&pair.1.added_to(local)?)),
            _ => None,
        }
    }

    /// The most that was added to `local`, on those ways that build on it: others began anew.
    pub fn grown_from(&self, local: u32) -> Option<Size> {
        match self {
            Size::Either(pair) => match (pair.0.grown_from(local), pair.1.grown_from(local)) {
                (Some(a), Some(b)) => Some(a.or(&b)),
                (Some(a), None) | (None, Some(a)) => Some(a.up_to()),
                (None, None) => None,
            },
            Size::UpTo(inner) => inner.grown_from(local).map(|grown| grown.up_to()),
            Size::Sum(pair) if pair.0.mentions(local) => Some(pair.0.grown_from(local)?.plus(&pair.1)),
            _ => self.added_to(local),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_loop_adds_is_told_from_what_was_there() {
        let before = Size::Local(3);
        assert_eq!(before.plus(&Size::Exactly(1)).added_to(3), Some(Size::Exactly(1)));
        let sometimes = before.plus(&Size::Exactly(2)).or(&before);
        assert_eq!(sometimes.added_to(3), Some(Size::UpTo(Arc::new(Size::Exactly(2)))));
        let began_anew = before.plus(&Size::Exactly(1)).or(&Size::Exactly(1));
        assert_eq!(began_anew.added_to(3), None);
        assert_eq!(began_anew.grown_from(3), Some(Size::UpTo(Arc::new(Size::Exactly(1)))));
    }

    #[test]
    fn what_grows_beyond_measure_is_unknown() {
        let mut size = Size::Batch;
        for _ in 0..100 {
            size = size.plus(&Size::Param(1));
        }
        assert_eq!(size, Size::Unknown);
    }
}
