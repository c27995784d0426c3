//! Formulas as people write them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::program::size::{Symbol, What};
use crate::rules::limits::grouped;
use crate::span::Location;
use crate::summary::cost::{Formula, Part};

/// The names of the sizes in some formulas: two that the code calls the same are told apart by numbers.
#[derive(Clone, Debug, Default)]
pub struct Legend {
    names: BTreeMap<Size, String>,
    taken: BTreeMap<String, usize>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Size {
    Symbol(Arc<Symbol>),
    Keys(Location),
}

/// A size in the legend.
pub struct Explained<'a> {
    pub name: &'a str,
    pub at: Location,
    /// What it counts.
    pub words: String,
}

impl Legend {
    /// The sizes that were named so far, by their names.
    pub fn explained(&self) -> Vec<Explained<'_>> {
        let mut all: Vec<Explained<'_>> = self
            .names
            .iter()
            .map(|(size, name)| match size {
                Size::Symbol(symbol) => Explained { name, at: symbol.at, words: words(symbol) },
                Size::Keys(at) => Explained { name, at: *at, words: "distinct keys of a cache".to_owned() },
            })
            .collect();
        all.sort_by(|a, b| (a.name, a.at).cmp(&(b.name, b.at)));
        all
    }

    fn name(&mut self, size: Size) -> String {
        if let Some(name) = self.names.get(&size) {
            return name.clone();
        }
        let plain = match &size {
            Size::Symbol(symbol) => plain_name(symbol),
            Size::Keys(_) => "keys".to_owned(),
        };
        let number = self.taken.entry(plain.to_lowercase()).or_default();
        *number += 1;
        let number = match number {
            1 => String::new(),
            more => more.to_string(),
        };
        let name = match &size {
            Size::Symbol(symbol) => match symbol.what {
                What::Rows | What::Related => format!("rows({plain}{number})"),
                What::Configuration | What::Tries | What::Keys => format!("{plain}{number}"),
                _ => format!("|{plain}{number}|"),
            },
            Size::Keys(_) => format!("{plain}{number}"),
        };
        self.names.insert(size, name.clone());
        name
    }
}

fn plain_name(symbol: &Symbol) -> String {
    let name = symbol.name.rsplit('.').next().unwrap_or_default();
    match symbol.what {
        What::Configuration => "config".to_owned(),
        What::Tries => "tries".to_owned(),
        What::Keys => "keys".to_owned(),
        _ if name.is_empty() => "m".to_owned(),
        _ => name.to_owned(),
    }
}

fn words(symbol: &Symbol) -> String {
    let named = |what: &str| match symbol.name.as_str() {
        "" => format!("{what} of unknown size"),
        name => format!("{what} `{name}`"),
    };
    match symbol.what {
        What::Collection => named("elements of the collection"),
        What::Field => format!("what the field `{}` holds", symbol.name),
        What::Parameter => format!("what the parameter `{}` holds", symbol.name),
        What::Rows if symbol.name.is_empty() => "rows of the query".to_owned(),
        What::Rows => format!("rows of the query of {}", symbol.name),
        What::Related if symbol.name.is_empty() => "rows that belong to one record".to_owned(),
        What::Related => format!("rows of {} that belong to one record", symbol.name),
        What::Keys => "distinct keys".to_owned(),
        What::Configuration => "pieces of configuration".to_owned(),
        What::Tries => "tries".to_owned(),
    }
}

/// `3n + 2`; `n` is the batch.
pub fn formula(formula: &Formula, legend: &mut Legend) -> String {
    if formula.is_zero() {
        return "0".to_owned();
    }
    let products: Vec<String> = formula
        .products
        .iter()
        .map(|product| {
            let sizes: Vec<String> = product.sizes.iter().map(|part| part_text(part, legend)).collect();
            let sizes = powers(sizes);
            match (product.factor, sizes.is_empty()) {
                (factor, true) => number(factor),
                (1, false) => sizes,
                (factor, false) if sizes.starts_with('n') => format!("{}{sizes}", number(factor)),
                (factor, false) => format!("{}·{sizes}", number(factor)),
            }
        })
        .collect();
    products.join(" + ")
}

/// A number of which the size is all that matters.
fn number(value: u64) -> String {
    const MUCH: u64 = 1_000_000_000;
    if value >= MUCH { "10⁹…".to_owned() } else { grouped(value) }
}

fn powers(sizes: Vec<String>) -> String {
    let mut text = String::new();
    let mut rest = sizes.as_slice();
    while let Some(first) = rest.first() {
        let count = rest.iter().take_while(|size| *size == first).count();
        if !text.is_empty() {
            text.push('·');
        }
        text.push_str(first);
        match count {
            1 => {}
            2 => text.push('²'),
            3 => text.push('³'),
            more => text.push_str(&format!("^{more}")),
        }
        rest = &rest[count..];
    }
    text
}

fn part_text(part: &Part, legend: &mut Legend) -> String {
    match part {
        Part::Batch => "n".to_owned(),
        Part::Symbol(symbol) => legend.name(Size::Symbol(symbol.clone())),
        Part::Chunks(of, by) => format!("⌈{}/{by}⌉", in_brackets(of, legend)),
        Part::Keys(at, _) => legend.name(Size::Keys(*at)),
    }
}

fn in_brackets(of: &Formula, legend: &mut Legend) -> String {
    let text = formula(of, legend);
    if of.products.len() > 1 { format!("({text})") } else { text }
}
