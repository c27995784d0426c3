//! The functions of a script: what each calls, and when.
//!
//! A function that is given to another one (`then(() => …)`) counts as a part of the one it stands in;
//! one that is given to a timer runs later and is a function of its own.

use std::collections::{BTreeMap, BTreeSet};

use oxc_ast_visit::Visit;

use crate::span::{FileId, Location};

use super::javascript::{self, Dialect};
use super::reader::Reader;

/// A function of a script.
#[derive(Clone, Debug, Default)]
pub struct Function {
    pub acts: Vec<Act>,
    /// It looks at which key was pressed: not every keystroke is meant.
    pub asks_for_key: bool,
    /// It stops a timer.
    pub clears_timer: bool,
    /// It runs when the component is taken from the page.
    pub is_end: bool,
    /// It may leave before its end.
    pub leaves_early: bool,
    /// It counts, and compares.
    pub counts: bool,
    pub compares: bool,
}

/// What a function does at one place.
#[derive(Clone, Debug)]
pub struct Act {
    pub at: Location,
    pub what: What,
    /// In a loop over a collection: its place.
    pub in_loop: Option<Location>,
    /// Under a condition.
    pub conditional: bool,
}

#[derive(Clone, Debug)]
pub enum What {
    /// A call of what is imported from Apex under this name, or `get('c.name')` of Aura (`c.name`).
    Server(String),
    /// A call of a function by its name; `owner` is what stands before the last dot.
    Call { owner: String, name: String, first_text: Option<String>, first_member: Option<String> },
    /// `setInterval` or `setTimeout`.
    Timer { repeats: bool, period_ms: Option<u64>, callback: Callback },
    /// `this.name = …`.
    Assign(String),
    /// A request from the browser.
    Request { by: &'static str, url: String },
}

/// A function that is given away.
#[derive(Clone, Debug)]
pub enum Callback {
    /// By its number.
    Here(usize),
    Named(String),
}

/// A function that runs in one go with another one.
#[derive(Clone, Debug)]
pub struct Reached {
    pub function: usize,
    /// The calls to it, each with its words.
    pub way: Vec<(Location, String)>,
    /// It does not run each time.
    pub conditional: bool,
}

/// `@wire(method, {id: '$recordId'}) name`.
#[derive(Clone, Debug)]
pub struct Wire {
    /// The imported name.
    pub method: String,
    /// The property or function that receives the answer.
    pub name: String,
    /// Fields whose change asks again.
    pub reactive: Vec<String>,
    pub at: Location,
}

/// A script, as far as it matters.
#[derive(Clone, Debug, Default)]
pub struct Script {
    pub functions: Vec<Function>,
    /// Functions by name; several of a name are alternatives.
    pub names: BTreeMap<String, Vec<usize>>,
    /// Imports: the local name and the module.
    pub imports: BTreeMap<String, String>,
    pub modules: BTreeSet<String>,
    pub wires: Vec<Wire>,
    /// All literal texts.
    pub texts: Vec<(Location, String)>,
    /// The first place that is no JavaScript.
    pub broken: Option<usize>,
}

impl Script {
    /// Reads a script that stands at `offset` of a file. `None` where it is too large.
    pub fn read(file: FileId, offset: usize, text: &str, dialect: Dialect) -> Option<Script> {
        javascript::parse(text, dialect, |parsed| {
            let mut reader = Reader::new(file, offset, text);
            reader.script.broken = parsed.broken.map(|at| offset + at);
            reader.constants.visit_program(parsed.program);
            reader.visit_program(parsed.program);
            reader.script
        })
    }

    /// Takes over what another script of the same page has.
    pub fn join(&mut self, other: Script) {
        let base = self.functions.len();
        for mut function in other.functions {
            for act in &mut function.acts {
                if let What::Timer { callback: Callback::Here(index), .. } = &mut act.what {
                    *index += base;
                }
            }
            self.functions.push(function);
        }
        for (name, functions) in other.names {
            self.names.entry(name).or_default().extend(functions.into_iter().map(|index| index + base));
        }
        self.imports.extend(other.imports);
        self.modules.extend(other.modules);
        self.wires.extend(other.wires);
        self.texts.extend(other.texts);
        self.broken = self.broken.or(other.broken);
    }

    pub fn targets(&self, callback: &Callback) -> Vec<usize> {
        match callback {
            Callback::Here(index) => vec![*index],
            Callback::Named(name) => self.names.get(name).cloned().unwrap_or_default(),
        }
    }

    /// The functions that run with `start` in one go, the nearest first.
    pub fn reached(&self, start: &[usize]) -> Vec<Reached> {
        let mut seen: BTreeSet<usize> = start.iter().copied().collect();
        let mut found: Vec<Reached> =
            start.iter().map(|&function| Reached { function, way: Vec::new(), conditional: false }).collect();
        let mut next = 0;
        while next < found.len() {
            let Reached { function, way, conditional } = found[next].clone();
            next += 1;
            let early = self.functions[function].leaves_early;
            for act in &self.functions[function].acts {
                let What::Call { name, .. } = &act.what else { continue };
                for &target in self.names.get(name).into_iter().flatten() {
                    if seen.insert(target) {
                        let mut way = way.clone();
                        way.push((act.at, format!("calls `{name}`")));
                        let conditional = conditional || early || act.conditional;
                        found.push(Reached { function: target, way, conditional });
                    }
                }
            }
        }
        found
    }
}
