//! What a piece of code costs, of each resource.

use std::collections::BTreeMap;

use crate::program::model::SiteId;
use crate::span::Location;

use super::Resource;
use super::interval::Interval;
use super::polynomial::{Atoms, Polynomial};

/// What is counted: a resource, or the part of it that one place takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    pub resource: Resource,
    pub site: Option<SiteId>,
}

/// Why an arm runs less often than the loops around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Rarity {
    /// Once a transaction.
    Once,
    /// Once a call of its method.
    OnceACall,
    /// Once for each key of a cache that outlives its method.
    PerKey,
    /// Once for each key of a cache that a call of its method begins with.
    PerKeyACall,
    /// Each time that so many came together.
    Chunk(u32),
    /// Until a limit of the platform is reached.
    WithinLimits,
}

/// What a polynomial of a tally counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Of the whole run.
    Run,
    /// Of one passing of what runs rarely.
    Passing,
}

/// What runs more rarely than the loops and calls around it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Rare {
    costs: BTreeMap<Key, Interval>,
    /// How often it is passed.
    passed: Interval,
}

/// What is taken of each resource.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    each: BTreeMap<Key, Interval>,
    rare: BTreeMap<(Location, Rarity), Rare>,
}

impl Tally {
    pub fn is_empty(&self) -> bool {
        self.each.is_empty() && self.rare.is_empty()
    }

    /// Everything, by resource.
    pub fn entries(&self) -> impl Iterator<Item = (Key, &Interval)> {
        self.each.iter().map(|(key, interval)| (*key, interval))
    }

    pub fn add(&mut self, key: Key, interval: Interval, atoms: &Atoms) {
        if interval.is_zero() {
            return;
        }
        match self.each.get_mut(&key) {
            Some(known) => *known = known.plus(&interval, atoms),
            None => {
                self.each.insert(key, interval);
            }
        }
    }

    /// One after the other.
    pub fn plus(mut self, other: &Tally, atoms: &Atoms) -> Tally {
        if self.is_empty() {
            return other.clone();
        }
        for (&key, interval) in &other.each {
            self.add(key, interval.clone(), atoms);
        }
        for (key, rare) in &other.rare {
            match self.rare.get_mut(key) {
                Some(known) => {
                    known.costs = merged(&known.costs, &rare.costs, |a, b| a.or(b, atoms));
                    known.passed = known.passed.plus(&rare.passed, atoms);
                }
                None => {
                    self.rare.insert(*key, rare.clone());
                }
            }
        }
        self
    }

    /// The one or the other.
    pub fn or(self, other: &Tally, atoms: &Atoms) -> Tally {
        self.either(other, atoms, |a, b| a.or(b, atoms))
    }

    /// This one, or in exceptions the other.
    pub fn or_rarely(self, other: &Tally, atoms: &Atoms) -> Tally {
        self.either(other, atoms, |a, b| a.or_rarely(b, atoms))
    }

    fn either(
        mut self,
        other: &Tally,
        atoms: &Atoms,
        join: impl Fn(&Interval, &Interval) -> Interval,
    ) -> Tally {
        self.each = merged(&self.each, &other.each, join);
        for (key, rare) in &other.rare {
            match self.rare.get_mut(key) {
                Some(known) => {
                    known.costs = merged(&known.costs, &rare.costs, |a, b| a.or(b, atoms));
                    known.passed = known.passed.or(&rare.passed, atoms);
                }
                None => {
                    self.rare.insert(*key, rare.clone());
                }
            }
        }
        self
    }

    /// So many times.
    pub fn times(&self, turns: &Interval, atoms: &Atoms) -> Tally {
        let mut all = Tally::default();
        for (&key, interval) in &self.each {
            all.add(key, interval.times(turns, atoms), atoms);
        }
        if turns.is_zero() {
            return all;
        }
        all.rare = self
            .rare
            .iter()
            .map(|(key, rare)| {
                let rare = Rare { costs: rare.costs.clone(), passed: rare.passed.times(turns, atoms) };
                (*key, rare)
            })
            .collect();
        all
    }

    /// Of `turn`s of a loop, this is what all of them take at most; the last one may end as `last` does.
    pub fn with_last(self, turn: &Tally, last: &Tally, atoms: &Atoms) -> Tally {
        let mut all = self;
        let none = Interval::default();
        for (key, interval) in &last.each {
            let of_turn = turn.each.get(key).unwrap_or(&none);
            let known = all.each.entry(*key).or_default();
            // A last turn that takes no more than another is one of them.
            if of_turn.most.or_more(&interval.most, atoms) != of_turn.most || interval.unbounded.is_some() {
                *known = known.plus(&Interval { least: Polynomial::default(), ..interval.clone() }, atoms);
            }
            known.least = known.least.plus(&interval.least, atoms);
        }
        let rare = Tally { each: BTreeMap::new(), rare: last.rare.clone() };
        all.plus(&rare, atoms)
    }

    /// What happens at least is at least what happens at least in `other`.
    pub fn at_least(mut self, other: &Tally) -> Tally {
        for (key, interval) in &other.each {
            if let Some(known) = self.each.get_mut(key)
                && known.least.is_zero()
            {
                known.least = interval.least.clone();
            }
        }
        self
    }

    /// It may happen or not.
    pub fn maybe(mut self) -> Tally {
        self.each.values_mut().for_each(|interval| interval.least = Polynomial::default());
        self
    }

    /// The same, where the loops and calls around `at` do not make it more.
    pub fn rare(self, at: Location, rarity: Rarity, atoms: &Atoms) -> Tally {
        let mut tally = Tally { each: BTreeMap::new(), rare: self.rare };
        if !self.each.is_empty() {
            let rare = Rare { costs: self.each, passed: Interval::exactly(1) };
            let alone = Tally { each: BTreeMap::new(), rare: BTreeMap::from([((at, rarity), rare)]) };
            tally = tally.plus(&alone, atoms);
        }
        tally
    }

    /// Where the call ends, what runs once a call ran once.
    pub fn end_of_call(self, atoms: &mut Atoms) -> Tally {
        self.settled(atoms, |rarity| matches!(rarity, Rarity::OnceACall | Rarity::PerKeyACall))
    }

    /// Where the transaction ends, all of it is known.
    pub fn end_of_transaction(self, atoms: &mut Atoms) -> Tally {
        self.settled(atoms, |_| true)
    }

    fn settled(mut self, atoms: &mut Atoms, of: impl Fn(Rarity) -> bool) -> Tally {
        let settled: Vec<(Location, Rarity)> =
            self.rare.keys().filter(|(_, rarity)| of(*rarity)).copied().collect();
        for key in settled {
            let Some(rare) = self.rare.remove(&key) else { continue };
            let turns = match key.1 {
                Rarity::Once | Rarity::OnceACall | Rarity::WithinLimits => {
                    let passed = Polynomial::constant(1);
                    let least =
                        if rare.passed.least.is_positive() { passed.clone() } else { Polynomial::default() };
                    Interval { least, most: passed, unbounded: None }
                }
                Rarity::PerKey | Rarity::PerKeyACall => {
                    let most = atoms.distinct(key.0, &rare.passed.most);
                    Interval { least: Polynomial::default(), most, unbounded: rare.passed.unbounded }
                }
                Rarity::Chunk(chunk) => {
                    let most = atoms.chunks(&rare.passed.most, chunk);
                    Interval { least: Polynomial::default(), most, unbounded: rare.passed.unbounded }
                }
            };
            for (resource, interval) in rare.costs {
                let interval = Interval { least: Polynomial::default(), ..interval };
                self.add(resource, interval.times(&turns, atoms), atoms);
            }
        }
        self
    }

    /// With each polynomial replaced: the flag says whether it is a lower bound, `Of` what it counts.
    pub fn map(&self, map: &mut dyn FnMut(&Polynomial, bool, Of) -> Polynomial) -> Tally {
        let mut interval = |interval: &Interval, of: Of| Interval {
            least: map(&interval.least, true, of),
            most: map(&interval.most, false, of),
            unbounded: interval.unbounded,
        };
        let mut all = |costs: &BTreeMap<Key, Interval>, of: Of| -> BTreeMap<Key, Interval> {
            costs
                .iter()
                .map(|(key, known)| (*key, interval(known, of)))
                .filter(|(_, known)| !known.is_zero())
                .collect()
        };
        let each = all(&self.each, Of::Run);
        let inner: Vec<BTreeMap<Key, Interval>> =
            self.rare.values().map(|rare| all(&rare.costs, Of::Passing)).collect();
        let rare = self
            .rare
            .iter()
            .zip(inner)
            .map(|((key, rare), costs)| (*key, Rare { costs, passed: interval(&rare.passed, Of::Run) }))
            .collect();
        Tally { each, rare }
    }

    /// Every resource that it takes has no upper bound, but for what runs once however often it is passed.
    pub fn unbounded(mut self, why: super::interval::Unbounded) -> Tally {
        let passed = self.rare.values_mut().map(|rare| &mut rare.passed);
        self.each.values_mut().chain(passed).for_each(|interval| {
            interval.unbounded.get_or_insert(why);
        });
        self
    }
}

fn merged(
    a: &BTreeMap<Key, Interval>,
    b: &BTreeMap<Key, Interval>,
    join: impl Fn(&Interval, &Interval) -> Interval,
) -> BTreeMap<Key, Interval> {
    let none = Interval::default();
    let mut all = BTreeMap::new();
    for key in a.keys().chain(b.keys()) {
        all.entry(*key).or_insert_with(|| join(a.get(key).unwrap_or(&none), b.get(key).unwrap_or(&none)));
    }
    all
}
