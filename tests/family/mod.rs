//! A family of small Apex programs, made by a fixed sequence of numbers, and an interpreter that counts
//! what they do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use seamlint::summary::cost::Resource;

/// How many programs there are.
pub const PROGRAMS: u64 = 220;

/// A sequence of numbers that depends on nothing but its seed (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }
}

/// A list variable of a method.
type List = usize;

#[derive(Clone, Debug)]
enum Stmt {
    Soql,
    Callout,
    InsertOne,
    Insert(List),
    Add(List),
    EachRecord(Vec<Stmt>),
    Each(List, Vec<Stmt>),
    Times(u64, Vec<Stmt>),
    Chunks(List, u64, Vec<Stmt>),
    /// With this list.
    Call(usize, List),
    If(Vec<Stmt>, Vec<Stmt>),
    Break,
    Continue,
    Return,
    /// `if (cache == null) { cache = …; … }` on a static.
    Once(usize, Vec<Stmt>),
    /// `if (!seen.contains(key)) { seen.add(key); … }` on a static.
    PerKey(usize, Vec<Stmt>),
}

#[derive(Clone, Debug, Default)]
struct Method {
    /// The first of its lists is its parameter, but in triggers.
    lists: usize,
    body: Vec<Stmt>,
}

/// A trigger on Account that calls helpers, and one on Contact that its DML fires.
#[derive(Clone, Debug)]
pub struct Program {
    main: Method,
    helpers: Vec<Method>,
    fired: Method,
    guards: usize,
}

struct Maker {
    numbers: Numbers,
    conditions: bool,
    helpers: usize,
    guards: usize,
}

/// The program of a seed: every third has no condition.
pub fn generate(seed: u64) -> Program {
    let mut maker =
        Maker { numbers: Numbers(seed), conditions: !seed.is_multiple_of(3), helpers: 2, guards: 0 };
    let mut helpers: Vec<Method> = Vec::new();
    // Helpers call only those after them.
    for index in (0..maker.helpers).rev() {
        let lists = 2;
        let body = maker.block(2, lists, index + 1, false, &[]);
        helpers.insert(0, Method { lists, body });
    }
    let main = Method { lists: 2, body: maker.block(3, 2, 0, false, &[]) };
    let none = maker.helpers;
    let fired = Method { lists: 1, body: maker.block(2, 1, none, false, &[]) };
    Program { main, helpers, fired, guards: maker.guards }
}

impl Maker {
    /// `open`: lists that a loop around goes through; they stay as they are.
    fn block(&mut self, depth: u64, lists: usize, first: usize, in_loop: bool, open: &[List]) -> Vec<Stmt> {
        let count = 1 + self.numbers.below(3);
        let mut block: Vec<Stmt> =
            (0..count).map(|_| self.stmt(depth, lists, first, in_loop, open)).collect();
        if self.conditions && self.numbers.below(9) == 0 {
            let exit = match self.numbers.below(3) {
                0 if in_loop => Stmt::Break,
                1 if in_loop => Stmt::Continue,
                _ => Stmt::Return,
            };
            let at = self.numbers.below(block.len() as u64 + 1) as usize;
            block.insert(at, Stmt::If(vec![exit], Vec::new()));
        }
        block
    }

    fn stmt(&mut self, depth: u64, lists: usize, first: usize, in_loop: bool, open: &[List]) -> Stmt {
        let list = self.numbers.below(lists as u64) as usize;
        let is_open = open.contains(&list);
        let kinds = if depth == 0 { 6 } else { 13 };
        match self.numbers.below(kinds) {
            0 => Stmt::Soql,
            1 => Stmt::Callout,
            2 => Stmt::InsertOne,
            3 => Stmt::Insert(list),
            4 if !is_open => Stmt::Add(list),
            5 if first < self.helpers && !is_open => {
                let helper = first + self.numbers.below((self.helpers - first) as u64) as usize;
                Stmt::Call(helper, list)
            }
            6 | 7 => Stmt::EachRecord(self.block(depth - 1, lists, first, true, open)),
            8 => Stmt::Times(self.numbers.below(4), self.block(depth - 1, lists, first, true, open)),
            9 => {
                let open: Vec<List> = open.iter().copied().chain([list]).collect();
                Stmt::Each(list, self.block(depth - 1, lists, first, true, &open))
            }
            10 => {
                let open: Vec<List> = open.iter().copied().chain([list]).collect();
                let chunk = 2 + self.numbers.below(20);
                Stmt::Chunks(list, chunk, self.block(depth - 1, lists, first, true, &open))
            }
            11 if self.conditions => Stmt::If(
                self.block(depth - 1, lists, first, in_loop, open),
                if self.numbers.below(2) == 0 {
                    self.block(depth - 1, lists, first, in_loop, open)
                } else {
                    Vec::new()
                },
            ),
            12 if self.conditions => {
                self.guards += 1;
                let guard = self.guards - 1;
                // What is inside runs more rarely than what is around: it leaves the loops alone.
                let block = vec![Stmt::Soql, Stmt::Insert(list)];
                if self.numbers.below(2) == 0 { Stmt::Once(guard, block) } else { Stmt::PerKey(guard, block) }
            }
            _ => Stmt::Soql,
        }
    }
}

// As Apex

impl Program {
    pub fn files(&self) -> Vec<(&'static str, String)> {
        let mut class = String::from("public class Helpers {\npublic static Account probe;\n");
        for guard in 0..self.guards {
            let _ = writeln!(class, "public static List<Account> cache{guard};");
            let _ = writeln!(class, "public static Set<String> seen{guard} = new Set<String>();");
        }
        for (index, helper) in self.helpers.iter().enumerate() {
            let _ = writeln!(class, "public static void h{index}(List<Contact> l0) {{");
            let _ = writeln!(class, "List<Contact> l1 = new List<Contact>();");
            Writer { out: &mut class, object: "Contact", names: 0 }.block(&helper.body);
            class.push_str("}\n");
        }
        class.push_str("}\n");
        vec![
            ("classes/Helpers.cls", class),
            ("triggers/Main.trigger", trigger("Main", "Account", "Contact", &self.main)),
            ("triggers/Fired.trigger", trigger("Fired", "Contact", "Task", &self.fired)),
        ]
    }

    pub fn text(&self) -> String {
        self.files().into_iter().map(|(_, text)| text).collect()
    }

    /// Whether all of it is decided, and no loop fills a list that it reads: what its turns cost is the same.
    pub fn is_simple(&self) -> bool {
        let mut all = self.helpers.iter().chain([&self.main, &self.fired]);
        !self.has_conditions() && all.all(|method| self.loops_are_even(&method.body))
    }

    fn loops_are_even(&self, block: &[Stmt]) -> bool {
        block.iter().all(|stmt| match stmt {
            Stmt::EachRecord(body)
            | Stmt::Each(_, body)
            | Stmt::Times(_, body)
            | Stmt::Chunks(_, _, body) => {
                let (mut read, mut filled) = (BTreeSet::new(), BTreeSet::new());
                self.uses(body, &mut read, &mut filled);
                read.is_disjoint(&filled) && self.loops_are_even(body)
            }
            _ => true,
        })
    }

    /// The lists that a block reads the size of, and those that it adds to.
    fn uses(&self, block: &[Stmt], read: &mut BTreeSet<List>, filled: &mut BTreeSet<List>) {
        for stmt in block {
            match stmt {
                Stmt::Insert(list) => {
                    read.insert(*list);
                }
                Stmt::Add(list) => {
                    filled.insert(*list);
                }
                Stmt::Each(list, body) | Stmt::Chunks(list, _, body) => {
                    read.insert(*list);
                    self.uses(body, read, filled);
                }
                Stmt::EachRecord(body) | Stmt::Times(_, body) => self.uses(body, read, filled),
                Stmt::Call(helper, list) => {
                    let (mut inner_read, mut inner_filled) = (BTreeSet::new(), BTreeSet::new());
                    self.uses(&self.helpers[*helper].body, &mut inner_read, &mut inner_filled);
                    if inner_read.contains(&0) {
                        read.insert(*list);
                    }
                    if inner_filled.contains(&0) {
                        filled.insert(*list);
                    }
                }
                _ => {}
            }
        }
    }

    /// Whether control depends on what is not known.
    fn has_conditions(&self) -> bool {
        fn any(block: &[Stmt]) -> bool {
            block.iter().any(|stmt| match stmt {
                Stmt::If(..) | Stmt::Once(..) | Stmt::PerKey(..) => true,
                Stmt::EachRecord(body)
                | Stmt::Each(_, body)
                | Stmt::Times(_, body)
                | Stmt::Chunks(_, _, body) => any(body),
                _ => false,
            })
        }
        self.helpers.iter().chain([&self.main, &self.fired]).any(|method| any(&method.body))
    }
}

fn trigger(name: &str, on: &str, object: &'static str, method: &Method) -> String {
    let mut out = format!("trigger {name} on {on} (after insert) {{\n");
    for list in 0..method.lists {
        let _ = writeln!(out, "List<{object}> l{list} = new List<{object}>();");
    }
    Writer { out: &mut out, object, names: 0 }.block(&method.body);
    out.push_str("}\n");
    out
}

struct Writer<'a> {
    out: &'a mut String,
    object: &'static str,
    names: usize,
}

impl Writer<'_> {
    fn name(&mut self) -> usize {
        self.names += 1;
        self.names
    }

    fn block(&mut self, block: &[Stmt]) {
        for stmt in block {
            self.stmt(stmt);
        }
    }

    fn inside(&mut self, head: String, block: &[Stmt]) {
        let _ = writeln!(self.out, "{head} {{");
        self.block(block);
        self.out.push_str("}\n");
    }

    fn stmt(&mut self, stmt: &Stmt) {
        let object = self.object;
        let number = self.name();
        match stmt {
            Stmt::Soql => {
                let _ = writeln!(self.out, "List<Lead> q{number} = [SELECT Id FROM Lead LIMIT 1];");
            }
            Stmt::Callout => self.out.push_str("new Http().send(new HttpRequest());\n"),
            Stmt::InsertOne => {
                let _ = writeln!(self.out, "insert new {object}(LastName = 'x');");
            }
            Stmt::Insert(list) => {
                let _ = writeln!(self.out, "insert l{list};");
            }
            Stmt::Add(list) => {
                let _ = writeln!(self.out, "l{list}.add(new {object}(LastName = 'x'));");
            }
            Stmt::EachRecord(body) => {
                self.inside(format!("for (SObject r{number} : Trigger.new)"), body);
            }
            Stmt::Each(list, body) => self.inside(format!("for ({object} r{number} : l{list})"), body),
            Stmt::Times(times, body) => {
                self.inside(format!("for (Integer i{number} = 0; i{number} < {times}; i{number}++)"), body)
            }
            Stmt::Chunks(list, chunk, body) => self.inside(
                format!("for (Integer i{number} = 0; i{number} < l{list}.size(); i{number} += {chunk})"),
                body,
            ),
            Stmt::Call(helper, list) => {
                let _ = writeln!(self.out, "Helpers.h{helper}(l{list});");
            }
            Stmt::If(then, otherwise) => {
                self.inside(format!("if (Helpers.probe.F{number}__c)"), then);
                if !otherwise.is_empty() {
                    self.inside("else".to_owned(), otherwise);
                }
            }
            Stmt::Break => self.out.push_str("break;\n"),
            Stmt::Continue => self.out.push_str("continue;\n"),
            Stmt::Return => self.out.push_str("return;\n"),
            Stmt::Once(guard, body) => {
                let _ = writeln!(self.out, "if (Helpers.cache{guard} == null) {{");
                let _ = writeln!(self.out, "Helpers.cache{guard} = new List<Account>();");
                self.block(body);
                self.out.push_str("}\n");
            }
            Stmt::PerKey(guard, body) => {
                let _ = writeln!(self.out, "String k{number} = String.valueOf(Crypto.getRandomInteger());");
                let _ = writeln!(self.out, "if (!Helpers.seen{guard}.contains(k{number})) {{");
                let _ = writeln!(self.out, "Helpers.seen{guard}.add(k{number});");
                self.block(body);
                self.out.push_str("}\n");
            }
        }
    }
}

// As it runs

/// What a run did.
#[derive(Clone, Debug, Default)]
pub struct Counted(BTreeMap<Resource, u64>);

impl Counted {
    pub fn of(&self, resource: Resource) -> u64 {
        self.0.get(&resource).copied().unwrap_or_default()
    }

    fn add(&mut self, resource: Resource, count: u64) {
        *self.0.entry(resource).or_default() += count;
    }
}

/// What the program does for a batch of so many records, where `seed` decides the conditions; `None` where
/// it runs too long to be counted.
pub fn count(program: &Program, batch: u64, seed: u64) -> Option<Counted> {
    let mut machine = Machine {
        program,
        numbers: Numbers(seed),
        counted: Counted::default(),
        cached: BTreeSet::new(),
        seen: BTreeSet::new(),
        steps: 0,
    };
    let mut lists = vec![0; program.main.lists];
    machine.block(&program.main.body, &mut lists, batch, true).ok()?;
    Some(machine.counted)
}

/// It ran too long.
struct TooLong;

#[derive(PartialEq, Eq)]
enum Exit {
    Falls,
    Breaks,
    Continues,
    Returns,
}

struct Machine<'a> {
    program: &'a Program,
    numbers: Numbers,
    counted: Counted,
    cached: BTreeSet<usize>,
    seen: BTreeSet<(usize, u64)>,
    steps: u64,
}

/// The platform hands the rows of DML to triggers in chunks of this many.
const CHUNK: u64 = 200;

impl Machine<'_> {
    /// `outer`: in the first trigger, whose DML fires the second.
    fn block(&mut self, block: &[Stmt], lists: &mut [u64], batch: u64, outer: bool) -> Result<Exit, TooLong> {
        for stmt in block {
            match self.stmt(stmt, lists, batch, outer)? {
                Exit::Falls => {}
                exit => return Ok(exit),
            }
        }
        Ok(Exit::Falls)
    }

    fn turns(
        &mut self,
        turns: u64,
        body: &[Stmt],
        lists: &mut [u64],
        batch: u64,
        outer: bool,
    ) -> Result<Exit, TooLong> {
        for _ in 0..turns {
            match self.block(body, lists, batch, outer)? {
                Exit::Falls | Exit::Continues => {}
                Exit::Breaks => break,
                Exit::Returns => return Ok(Exit::Returns),
            }
        }
        Ok(Exit::Falls)
    }

    fn insert(&mut self, rows: u64, outer: bool) -> Result<(), TooLong> {
        self.counted.add(Resource::Dml, 1);
        self.counted.add(Resource::DmlRows, rows);
        let mut left = if outer { rows } else { 0 };
        while left > 0 {
            let chunk = left.min(CHUNK);
            left -= chunk;
            let program = self.program;
            let mut lists = vec![0; program.fired.lists];
            self.block(&program.fired.body, &mut lists, chunk, false)?;
        }
        Ok(())
    }

    fn stmt(&mut self, stmt: &Stmt, lists: &mut [u64], batch: u64, outer: bool) -> Result<Exit, TooLong> {
        self.steps += 1;
        if self.steps > 200_000 {
            return Err(TooLong);
        }
        match stmt {
            Stmt::Soql => self.counted.add(Resource::Soql, 1),
            Stmt::Callout => self.counted.add(Resource::Callouts, 1),
            Stmt::InsertOne => self.insert(1, outer)?,
            Stmt::Insert(list) => self.insert(lists[*list], outer)?,
            Stmt::Add(list) => lists[*list] += 1,
            Stmt::EachRecord(body) => return self.turns(batch, body, lists, batch, outer),
            Stmt::Each(list, body) => return self.turns(lists[*list], body, lists, batch, outer),
            Stmt::Times(times, body) => return self.turns(*times, body, lists, batch, outer),
            Stmt::Chunks(list, chunk, body) => {
                return self.turns(lists[*list].div_ceil(*chunk), body, lists, batch, outer);
            }
            Stmt::Call(helper, list) => {
                let program = self.program;
                let method = &program.helpers[*helper];
                let mut inner = vec![0; method.lists];
                inner[0] = lists[*list];
                self.block(&method.body, &mut inner, batch, outer)?;
                lists[*list] = inner[0];
            }
            Stmt::If(then, otherwise) => {
                let block = if self.numbers.below(2) == 0 { then } else { otherwise };
                return self.block(block, lists, batch, outer);
            }
            Stmt::Break => return Ok(Exit::Breaks),
            Stmt::Continue => return Ok(Exit::Continues),
            Stmt::Return => return Ok(Exit::Returns),
            Stmt::Once(guard, body) => {
                if self.cached.insert(*guard) {
                    return self.block(body, lists, batch, outer);
                }
            }
            Stmt::PerKey(guard, body) => {
                let key = self.numbers.below(6);
                if self.seen.insert((*guard, key)) {
                    return self.block(body, lists, batch, outer);
                }
            }
        }
        Ok(Exit::Falls)
    }
}
