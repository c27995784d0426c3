//! Between what happens at least and what happens at most.

use std::sync::Arc;

use crate::program::size::{Size, Symbol, What};
use crate::span::Location;

use super::polynomial::{Atom, Atoms, Polynomial};

/// Why there is no upper bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Unbounded {
    /// The method, or the trigger, comes back to itself.
    Recursion(Location),
    /// Something outside says when the loop ends: pages of an answer, polling.
    Paging(Location),
    /// The loop is not understood.
    Loop(Location),
}

impl Unbounded {
    /// The method or the loop.
    pub fn at(self) -> Location {
        match self {
            Unbounded::Recursion(at) | Unbounded::Paging(at) | Unbounded::Loop(at) => at,
        }
    }
}

/// How often something happens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interval {
    /// In every run that meets no exception.
    pub least: Polynomial,
    /// In no run more; where it is unbounded, in one turn of what has no bound.
    pub most: Polynomial,
    pub unbounded: Option<Unbounded>,
}

impl Interval {
    pub fn exactly(value: u64) -> Interval {
        let value = Polynomial::constant(value);
        Interval { least: value.clone(), most: value, unbounded: None }
    }

    pub fn of(polynomial: Polynomial) -> Interval {
        Interval { least: polynomial.clone(), most: polynomial, unbounded: None }
    }

    pub fn up_to(most: Polynomial) -> Interval {
        Interval { least: Polynomial::default(), most, unbounded: None }
    }

    /// One turn or more.
    pub fn without_end(why: Unbounded) -> Interval {
        Interval { least: Polynomial::default(), most: Polynomial::constant(1), unbounded: Some(why) }
    }

    pub fn is_zero(&self) -> bool {
        self.most.is_zero() && self.unbounded.is_none()
    }

    pub fn plus(&self, other: &Interval, atoms: &Atoms) -> Interval {
        Interval {
            least: self.least.plus(&other.least, atoms),
            most: self.most.plus(&other.most, atoms),
            unbounded: self.unbounded.or(other.unbounded),
        }
    }

    pub fn times(&self, other: &Interval, atoms: &Atoms) -> Interval {
        if self.is_zero() || other.is_zero() {
            return Interval::default();
        }
        Interval {
            least: self.least.times(&other.least, atoms),
            most: self.most.times(&other.most, atoms),
            unbounded: self.unbounded.or(other.unbounded),
        }
    }

    /// The one or the other.
    pub fn or(&self, other: &Interval, atoms: &Atoms) -> Interval {
        Interval {
            least: self.least.or_less(&other.least),
            most: self.most.or_more(&other.most, atoms),
            unbounded: self.unbounded.or(other.unbounded),
        }
    }

    /// This one, or in exceptions the other.
    pub fn or_rarely(&self, other: &Interval, atoms: &Atoms) -> Interval {
        Interval { least: self.least.clone(), ..self.or(other, atoms) }
    }

    /// Of a size of a node, whose locals are given. Where nothing is known of it, it is the collection at
    /// `at`.
    pub fn of_size(size: &Size, locals: &[Size], at: Location, atoms: &mut Atoms) -> Interval {
        of_size(size, locals, at, atoms, 8)
    }
}

fn of_size(size: &Size, locals: &[Size], at: Location, atoms: &mut Atoms, depth: u32) -> Interval {
    let unknown = |atoms: &mut Atoms| {
        let symbol = Arc::new(Symbol { what: What::Collection, name: String::new(), at });
        Interval::up_to(Polynomial::atom(atoms.intern(&symbol)))
    };
    let inner = |size: &Size, atoms: &mut Atoms| of_size(size, locals, at, atoms, depth);
    match size {
        Size::Unknown => unknown(atoms),
        Size::Exactly(count) => Interval::exactly(u64::from(*count)),
        Size::Batch => Interval::of(Polynomial::atom(Atom::Batch)),
        Size::Param(param) => Interval::of(Polynomial::atom(Atom::Param(*param))),
        // Two collections may be filled from each other.
        Size::Local(local) => match locals.get(*local as usize) {
            Some(size) if depth > 0 => of_size(size, locals, at, atoms, depth - 1),
            _ => unknown(atoms),
        },
        Size::Symbol(symbol) => Interval::up_to(Polynomial::atom(atoms.intern(symbol))),
        Size::Sum(pair) => {
            let (a, b) = (inner(&pair.0, atoms), inner(&pair.1, atoms));
            a.plus(&b, atoms)
        }
        Size::Times(pair) => {
            let (a, b) = (inner(&pair.0, atoms), inner(&pair.1, atoms));
            a.times(&b, atoms)
        }
        Size::Either(pair) => {
            let (a, b) = (inner(&pair.0, atoms), inner(&pair.1, atoms));
            a.or(&b, atoms)
        }
        Size::UpTo(most) => Interval { least: Polynomial::default(), ..inner(most, atoms) },
        Size::Chunks(of, by) => {
            let of = inner(of, atoms);
            Interval {
                least: atoms.chunks(&of.least, *by),
                most: atoms.chunks(&of.most, *by),
                unbounded: of.unbounded,
            }
        }
    }
}
