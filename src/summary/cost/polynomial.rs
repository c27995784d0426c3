//! Polynomials with natural coefficients in sizes.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::FxHashMap;

use crate::program::size::{Symbol, What};
use crate::span::Location;

/// A product of more sizes is not kept as such.
const MAX_DEGREE: usize = 3;
/// A sum of more products is not kept as such.
const MAX_TERMS: usize = 24;

/// A size that polynomials are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Atom {
    /// The records that the entry point, or the innermost trigger, gets at once.
    Batch,
    /// What is given to a parameter of the node; an entry point has none left.
    Param(u32),
    /// [`Atoms::symbol`].
    Symbol(u32),
    /// So many chunks: [`Atoms::ceil`].
    Ceil(u32),
    /// Distinct keys of a cache, at most as many as lookups: [`Atoms::keys`].
    Keys(u32),
}

/// How large the sizes are taken to be that nothing is known of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Assumed {
    /// Elements of a collection, rows of a query.
    pub collection: u64,
    /// Pieces of configuration.
    pub configuration: u64,
    /// Tries.
    pub tries: u64,
}

impl Default for Assumed {
    fn default() -> Assumed {
        Assumed { collection: 200, configuration: 1, tries: 3 }
    }
}

impl Assumed {
    pub fn of(&self, what: What) -> u64 {
        match what {
            What::Collection | What::Field | What::Rows | What::Related | What::Keys | What::Parameter => {
                self.collection
            }
            What::Configuration => self.configuration,
            What::Tries => self.tries,
        }
    }
}

/// A size cut into chunks, the last one not full.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Chunks {
    pub of: Polynomial,
    pub by: u32,
    /// The platform cuts the records of DML for triggers; otherwise a loop does.
    pub for_trigger: bool,
}

/// What is asked again and again of an atom that holds others: they lie in one another many times.
#[derive(Clone, Copy, Debug)]
struct Known {
    /// The number that it is taken to be.
    value: Option<u64>,
    has_batch: bool,
}

/// The atoms of all polynomials of one evaluation: equal ones have equal numbers.
#[derive(Debug, Default)]
pub struct Atoms {
    symbols: Vec<Arc<Symbol>>,
    symbol_ids: FxHashMap<Arc<Symbol>, u32>,
    ceils: Vec<Chunks>,
    ceils_known: Vec<Known>,
    ceil_ids: FxHashMap<Chunks, u32>,
    keys: Vec<(Location, Polynomial)>,
    keys_known: Vec<Known>,
    key_ids: FxHashMap<(Location, Polynomial), u32>,
    pub assumed: Assumed,
}

impl Atoms {
    pub fn new(assumed: Assumed) -> Atoms {
        Atoms { assumed, ..Atoms::default() }
    }

    pub fn intern(&mut self, symbol: &Arc<Symbol>) -> Atom {
        if let Some(&id) = self.symbol_ids.get(symbol) {
            return Atom::Symbol(id);
        }
        let id = self.symbols.len() as u32;
        self.symbols.push(symbol.clone());
        self.symbol_ids.insert(symbol.clone(), id);
        Atom::Symbol(id)
    }

    pub fn symbol(&self, id: u32) -> &Symbol {
        &self.symbols[id as usize]
    }

    pub fn ceil(&self, id: u32) -> &Chunks {
        &self.ceils[id as usize]
    }

    /// Where the cache is looked into, and how often.
    pub fn keys(&self, id: u32) -> &(Location, Polynomial) {
        &self.keys[id as usize]
    }

    /// `of` divided by `by`, rounded up.
    pub fn chunks(&mut self, of: &Polynomial, by: u32) -> Polynomial {
        self.cut(Chunks { of: of.clone(), by, for_trigger: false })
    }

    pub fn cut(&mut self, chunks: Chunks) -> Polynomial {
        if let Some(constant) = chunks.of.as_constant() {
            return Polynomial::constant(constant.div_ceil(u64::from(chunks.by.max(1))));
        }
        if chunks.by <= 1 {
            return chunks.of;
        }
        if let Some(&id) = self.ceil_ids.get(&chunks) {
            return Polynomial::atom(Atom::Ceil(id));
        }
        let value = self.assumed_polynomial(&chunks.of);
        let value = value.map(|of| of.div_ceil(u64::from(chunks.by.max(1))));
        self.ceils_known.push(Known { value, has_batch: self.has_batch(&chunks.of) });
        let id = self.ceils.len() as u32;
        self.ceils.push(chunks.clone());
        self.ceil_ids.insert(chunks, id);
        Polynomial::atom(Atom::Ceil(id))
    }

    /// Distinct keys among `looks` lookups at a place.
    pub fn distinct(&mut self, at: Location, looks: &Polynomial) -> Polynomial {
        if looks.as_constant().is_some_and(|constant| constant <= 1) {
            return looks.clone();
        }
        let key = (at, looks.clone());
        if let Some(&id) = self.key_ids.get(&key) {
            return Polynomial::atom(Atom::Keys(id));
        }
        let value = self.assumed_polynomial(looks).map(|looks| looks.min(self.assumed.collection));
        self.keys_known.push(Known { value, has_batch: self.has_batch(looks) });
        let id = self.keys.len() as u32;
        self.keys.push(key.clone());
        self.key_ids.insert(key, id);
        Polynomial::atom(Atom::Keys(id))
    }

    /// Whether the polynomial has the batch in it, also inside of an atom.
    pub fn has_batch(&self, polynomial: &Polynomial) -> bool {
        polynomial.0.keys().flat_map(|product| product.iter()).any(|&atom| match atom {
            Atom::Batch => true,
            Atom::Ceil(id) => self.ceils_known[id as usize].has_batch,
            Atom::Keys(id) => self.keys_known[id as usize].has_batch,
            Atom::Param(_) | Atom::Symbol(_) => false,
        })
    }

    pub fn any_atom(&self, polynomial: &Polynomial, test: &dyn Fn(Atom) -> bool) -> bool {
        polynomial.0.keys().flat_map(|product| product.iter()).any(|&atom| {
            test(atom)
                || match atom {
                    Atom::Ceil(id) => self.any_atom(&self.ceil(id).of, test),
                    Atom::Keys(id) => self.any_atom(&self.keys(id).1, test),
                    _ => false,
                }
        })
    }

    /// The value where each size has the value that `value` gives it.
    pub fn eval(&self, polynomial: &Polynomial, value: &dyn Fn(Atom) -> u64) -> u64 {
        polynomial.0.iter().fold(0u64, |sum, (product, &factor)| {
            let product =
                product.iter().fold(factor, |all, &atom| all.saturating_mul(self.eval_atom(atom, value)));
            sum.saturating_add(product)
        })
    }

    fn eval_atom(&self, atom: Atom, value: &dyn Fn(Atom) -> u64) -> u64 {
        match atom {
            Atom::Ceil(id) => {
                let Chunks { of, by, .. } = self.ceil(id);
                self.eval(of, value).div_ceil(u64::from((*by).max(1)))
            }
            Atom::Keys(id) => {
                let looks = &self.keys(id).1;
                let is_symbol = |atom| matches!(atom, Atom::Symbol(_));
                // A large factor stands for unknown sizes that a long sum was written without.
                let sure = looks.0.iter().filter(|(product, factor)| {
                    **factor < self.assumed.collection
                        && !product.iter().any(|&atom| self.any_atom(&Polynomial::atom(atom), &is_symbol))
                });
                let sure = Polynomial(sure.map(|(product, factor)| (product.clone(), *factor)).collect());
                let most = self.eval(&sure, value).max(value(Atom::Batch)).max(self.assumed.collection);
                self.eval(looks, value).min(most)
            }
            other => value(other),
        }
    }

    /// With each atom replaced by what `with` says; `None` keeps it.
    pub fn replace(
        &mut self,
        polynomial: &Polynomial,
        with: &mut dyn FnMut(&mut Atoms, Atom) -> Option<Polynomial>,
    ) -> Polynomial {
        self.replaced(polynomial, with, &mut FxHashMap::default())
    }

    /// With so many records in place of the batch.
    pub fn with_batch(&mut self, polynomial: &Polynomial, records: &Polynomial) -> Polynomial {
        self.replace(polynomial, &mut |_, atom| (atom == Atom::Batch).then(|| records.clone()))
    }

    /// Chunks lie in chunks, and the same ones in many: `known` are those that were replaced.
    fn replaced(
        &mut self,
        polynomial: &Polynomial,
        with: &mut dyn FnMut(&mut Atoms, Atom) -> Option<Polynomial>,
        known: &mut FxHashMap<Atom, Polynomial>,
    ) -> Polynomial {
        if polynomial.as_constant().is_some() {
            return polynomial.clone();
        }
        let mut sum = Polynomial::default();
        for (product, &factor) in &polynomial.0 {
            let mut stays = true;
            for &atom in product.iter() {
                if !known.contains_key(&atom) {
                    let part = self.replaced_atom(atom, with, known);
                    known.insert(atom, part);
                }
                stays &= known.get(&atom).is_some_and(|part| part.is_atom(atom));
            }
            if stays {
                sum.add(product, factor);
                continue;
            }
            let mut all = Polynomial::constant(factor);
            for part in product.iter().filter_map(|atom| known.get(atom)) {
                all = all.times(part, self);
            }
            sum.append(&all);
        }
        sum.kept(self)
    }

    fn replaced_atom(
        &mut self,
        atom: Atom,
        with: &mut dyn FnMut(&mut Atoms, Atom) -> Option<Polynomial>,
        known: &mut FxHashMap<Atom, Polynomial>,
    ) -> Polynomial {
        if let Some(polynomial) = with(self, atom) {
            return polynomial;
        }
        match atom {
            Atom::Ceil(id) => {
                let Chunks { of, by, for_trigger } = self.ceil(id).clone();
                let of = self.replaced(&of, with, known);
                self.cut(Chunks { of, by, for_trigger })
            }
            Atom::Keys(id) => {
                let (at, looks) = self.keys(id).clone();
                let inner = self.replaced(&looks, with, known);
                self.distinct(at, &inner)
            }
            other => Polynomial::atom(other),
        }
    }

    /// The number that an atom is taken to be, unless it is known only to callers.
    fn assumed_value(&self, atom: Atom) -> Option<u64> {
        match atom {
            Atom::Batch | Atom::Param(_) => None,
            Atom::Symbol(id) => Some(self.assumed.of(self.symbol(id).what)),
            Atom::Ceil(id) => self.ceils_known[id as usize].value,
            Atom::Keys(id) => self.keys_known[id as usize].value,
        }
    }

    fn assumed_polynomial(&self, polynomial: &Polynomial) -> Option<u64> {
        polynomial.0.iter().try_fold(0u64, |sum, (product, &factor)| {
            let product = product
                .iter()
                .try_fold(factor, |all, &atom| Some(all.saturating_mul(self.assumed_value(atom)?)))?;
            Some(sum.saturating_add(product))
        })
    }
}

/// A sum of products of sizes, each with a factor.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Polynomial(BTreeMap<Box<[Atom]>, u64>);

impl Polynomial {
    pub fn constant(value: u64) -> Polynomial {
        let mut terms = BTreeMap::new();
        if value > 0 {
            terms.insert(Box::from([]), value);
        }
        Polynomial(terms)
    }

    pub fn atom(atom: Atom) -> Polynomial {
        Polynomial(BTreeMap::from([(Box::from([atom]), 1)]))
    }

    /// The products with their factors, in a fixed order; the constant first.
    pub fn terms(&self) -> impl Iterator<Item = (&[Atom], u64)> {
        self.0.iter().map(|(product, &factor)| (&**product, factor))
    }

    pub fn is_zero(&self) -> bool {
        self.0.is_empty()
    }

    pub fn as_constant(&self) -> Option<u64> {
        match self.0.len() {
            0 => Some(0),
            1 => self.0.get(&[] as &[Atom]).copied(),
            _ => None,
        }
    }

    /// Whether it is one at least, whatever the sizes: a batch is never empty.
    pub fn is_positive(&self) -> bool {
        self.0.keys().any(|product| product.iter().all(|atom| *atom == Atom::Batch))
    }

    fn add(&mut self, product: &[Atom], factor: u64) {
        match self.0.get_mut(product) {
            Some(known) => *known = known.saturating_add(factor),
            None => {
                self.0.insert(product.into(), factor);
            }
        }
    }

    /// Adds without looking at the length: [`kept`](Self::kept) comes last.
    pub fn append(&mut self, other: &Polynomial) {
        other.0.iter().for_each(|(product, &factor)| self.add(product, factor));
    }

    fn is_atom(&self, atom: Atom) -> bool {
        self.0.len() == 1 && self.0.get([atom].as_slice()) == Some(&1)
    }

    pub fn plus(&self, other: &Polynomial, atoms: &Atoms) -> Polynomial {
        if self.is_zero() {
            return other.clone();
        }
        if other.is_zero() {
            return self.clone();
        }
        let mut sum = self.clone();
        sum.append(other);
        sum.kept(atoms)
    }

    pub fn times(&self, other: &Polynomial, atoms: &Atoms) -> Polynomial {
        match (self.as_constant(), other.as_constant()) {
            (Some(0), _) | (_, Some(0)) => return Polynomial::default(),
            (Some(1), _) => return other.clone(),
            (_, Some(1)) => return self.clone(),
            _ => {}
        }
        let mut terms: BTreeMap<Box<[Atom]>, u64> = BTreeMap::new();
        for (first, &a) in &self.0 {
            for (second, &b) in &other.0 {
                let mut product: Vec<Atom> = first.iter().chain(second.iter()).copied().collect();
                product.sort_unstable();
                let known = terms.entry(product.into_boxed_slice()).or_default();
                *known = known.saturating_add(a.saturating_mul(b));
            }
        }
        Polynomial(terms).kept(atoms)
    }

    /// At least as large as both, for all sizes.
    pub fn or_more(&self, other: &Polynomial, atoms: &Atoms) -> Polynomial {
        if other.is_zero() {
            return self.clone();
        }
        let mut terms = self.0.clone();
        for (product, &factor) in &other.0 {
            let known = terms.entry(product.clone()).or_default();
            *known = factor.max(*known);
        }
        Polynomial(terms).kept(atoms)
    }

    /// At most as large as both, for all sizes.
    pub fn or_less(&self, other: &Polynomial) -> Polynomial {
        let terms = self.0.iter().filter_map(|(product, &factor)| {
            let other = *other.0.get(product)?;
            Some((product.clone(), factor.min(other)))
        });
        Polynomial(terms.collect())
    }

    /// What is too long or of too high a degree is written with numbers in place of sizes that are not
    /// known: those that it would be evaluated with.
    pub fn kept(self, atoms: &Atoms) -> Polynomial {
        let too_long = self.0.len() > MAX_TERMS;
        if !too_long && self.0.keys().all(|product| product.len() <= MAX_DEGREE) {
            return self;
        }
        let mut terms: BTreeMap<Box<[Atom]>, u64> = BTreeMap::new();
        for (product, factor) in self.0 {
            let mut factor = factor;
            let mut kept: Vec<Atom> = Vec::with_capacity(product.len());
            let mut left = product.len();
            for &atom in product.iter() {
                match atoms.assumed_value(atom) {
                    Some(value) if too_long || left > MAX_DEGREE => {
                        factor = factor.saturating_mul(value);
                        left -= 1;
                    }
                    _ => kept.push(atom),
                }
            }
            let known = terms.entry(kept.into_boxed_slice()).or_default();
            *known = known.saturating_add(factor);
        }
        Polynomial(terms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::{FileId, Span};

    fn n() -> Polynomial {
        Polynomial::atom(Atom::Batch)
    }

    #[test]
    fn sums_and_products_are_what_they_are() {
        let atoms = Atoms::default();
        let two_n = n().plus(&n(), &atoms);
        let sum = two_n.plus(&Polynomial::constant(3), &atoms);
        let square = sum.times(&sum, &atoms);
        // (2n + 3)² = 4n² + 12n + 9
        assert_eq!(atoms.eval(&square, &|_| 10), 529);
        assert_eq!(square.terms().count(), 3);
    }

    #[test]
    fn chunks_are_rounded_up() {
        let mut atoms = Atoms::default();
        let chunks = atoms.chunks(&n(), 100);
        for (size, expected) in [(1, 1), (100, 1), (101, 2), (200, 2)] {
            assert_eq!(atoms.eval(&chunks, &|_| size), expected);
        }
        assert_eq!(atoms.chunks(&Polynomial::constant(1000), 200), Polynomial::constant(5));
    }

    #[test]
    fn a_long_sum_is_evaluated_as_before_it_was_shortened() {
        let mut atoms = Atoms::default();
        let mut sum = Polynomial::default();
        for start in 0..60 {
            let at = Location { file: FileId(0), span: Span::new(start, start + 1) };
            let symbol = Arc::new(Symbol { what: What::Collection, name: String::new(), at });
            let symbol = Polynomial::atom(atoms.intern(&symbol));
            sum = sum.plus(&symbol.times(&n(), &atoms), &atoms);
        }
        assert!(sum.terms().count() <= MAX_TERMS);
        let value = |atom| if atom == Atom::Batch { 7 } else { 200 };
        assert_eq!(atoms.eval(&sum, &value), 60 * 200 * 7);
    }

    #[test]
    fn the_bounds_of_two_hold_for_both() {
        let atoms = Atoms::default();
        let a = n().plus(&Polynomial::constant(1), &atoms);
        let b = Polynomial::constant(5);
        for size in 1..20 {
            let eval = |polynomial: &Polynomial| atoms.eval(polynomial, &|_| size);
            assert!(eval(&a.or_more(&b, &atoms)) >= eval(&a).max(eval(&b)));
            assert!(eval(&a.or_less(&b)) <= eval(&a).min(eval(&b)));
        }
    }
}
