//! The functions of a script: what each calls, and when.
//!
//! A function that is given to another one (`then(() => …)`) counts as a part of the one it stands in;
//! one that is given to a timer runs later and is a function of its own.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use tree_sitter::{Node, ParseOptions, ParseState, Parser, Tree};

use crate::span::{FileId, Location, Span};

use super::Comment;

/// Larger scripts are libraries, not code of the project.
const MAX_BYTES: usize = 1 << 20;

/// How long one file may take.
const BUDGET: Duration = Duration::from_secs(2);

/// Deeper code is not looked into.
const MAX_DEPTH: usize = 200;

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

/// Parses with a time limit; `None` for what is too large or takes too long.
pub(super) fn within_budget(parser: &mut Parser, text: &str) -> Option<Tree> {
    if text.len() > MAX_BYTES {
        return None;
    }
    let bytes = text.as_bytes();
    let deadline = Instant::now() + BUDGET;
    let mut progress = |_: &ParseState| {
        if Instant::now() > deadline { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let options = ParseOptions::new().progress_callback(&mut progress);
    let tree = parser.parse_with_options(
        &mut |offset, _| bytes.get(offset..).unwrap_or_default(),
        None,
        Some(options),
    );
    // A cancelled parser would continue with the old text.
    parser.reset();
    tree
}

thread_local! {
    static PARSER: RefCell<Option<Parser>> = const { RefCell::new(None) };
}

fn parse(text: &str) -> Option<Tree> {
    PARSER.with_borrow_mut(|parser| {
        if parser.is_none() {
            let mut new = Parser::new();
            new.set_language(&tree_sitter_javascript::LANGUAGE.into()).ok()?;
            *parser = Some(new);
        }
        within_budget(parser.as_mut()?, text)
    })
}

/// The comments of a script that stands at `offset`.
pub(super) fn comments(offset: usize, text: &str) -> Vec<Comment> {
    let Some(tree) = parse(text) else { return Vec::new() };
    comments_of(&tree, |node| {
        let word = text.get(node.byte_range()).unwrap_or_default();
        let end = if word.ends_with("*/") { node.end_byte().saturating_sub(2) } else { node.end_byte() };
        Some((node.start_byte() + 2, end.max(node.start_byte() + 2)))
    })
    .into_iter()
    .map(|comment| {
        let moved = |span: Span| Span::new(span.start as usize + offset, span.end as usize + offset);
        Comment { at: moved(comment.at), inside: moved(comment.inside), next: comment.next.map(moved) }
    })
    .collect()
}

/// The comments of a tree; `inside` gives the ends of their content.
pub(super) fn comments_of(tree: &Tree, inside: impl Fn(Node<'_>) -> Option<(usize, usize)>) -> Vec<Comment> {
    let mut found = Vec::new();
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        if node.kind() == "comment"
            && let Some((start, end)) = inside(node)
        {
            let mut next = node.next_named_sibling();
            while let Some(comment) = next.filter(|next| matches!(next.kind(), "comment" | "text")) {
                next = comment.next_named_sibling();
            }
            found.push(Comment {
                at: Span::new(node.start_byte(), node.end_byte()),
                inside: Span::new(start, end),
                next: next.map(|next| Span::new(next.start_byte(), next.end_byte())),
            });
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return found;
            }
        }
    }
}

impl Script {
    /// Reads a script that stands at `offset` of a file. `None` where it is too large.
    pub fn read(file: FileId, offset: usize, text: &str) -> Option<Script> {
        let tree = parse(text)?;
        let root = tree.root_node();
        let mut reader = Reader {
            file,
            offset,
            text,
            script: Script::default(),
            numbers: BTreeMap::new(),
            lists: BTreeSet::new(),
        };
        if root.has_error() {
            reader.script.broken = Some(offset + first_error(root));
        }
        reader.collect_numbers(root, 0);
        reader.script.functions.push(Function::default());
        reader.visit(root, &Around::default(), 0);
        Some(reader.script)
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

fn first_error(root: Node<'_>) -> usize {
    let mut cursor = root.walk();
    loop {
        let node = cursor.node();
        if node.is_error() || node.is_missing() {
            return node.start_byte();
        }
        if node.has_error() && cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return 0;
            }
        }
    }
}

/// What is around a node.
#[derive(Clone, Copy, Default)]
struct Around {
    /// The function at hand; 0 is the script itself.
    function: usize,
    in_loop: Option<Location>,
    conditional: bool,
    /// In the loop, under a condition that one element fits: `if (row.id === id)`.
    singled_out: bool,
}

struct Reader<'t> {
    file: FileId,
    offset: usize,
    text: &'t str,
    script: Script,
    /// Constants and fields that are numbers.
    numbers: BTreeMap<String, f64>,
    /// Names of literal lists.
    lists: BTreeSet<String>,
}

/// Methods that call the function they are given once an element.
const EACH: [&str; 9] =
    ["forEach", "map", "flatMap", "filter", "reduce", "some", "every", "find", "reduceRight"];

/// A loop of so few turns is no matter.
const FEW: f64 = 10.0;

impl<'t> Reader<'t> {
    /// Whether a list is written down in the code: its length does not grow.
    fn is_literal(&self, node: Node<'_>) -> bool {
        match node.kind() {
            "array" => true,
            "identifier" | "member_expression" => self.lists.contains(last_part(self.word(node))),
            _ => false,
        }
    }

    fn word(&self, node: Node<'_>) -> &'t str {
        self.text.get(node.byte_range()).unwrap_or_default()
    }

    fn at(&self, node: Node<'_>) -> Location {
        let span = Span::new(self.offset + node.start_byte(), self.offset + node.end_byte());
        Location { file: self.file, span }
    }

    /// A place in one line: of a call, what is called.
    fn at_callee(&self, call: Node<'_>) -> Location {
        self.at(call.child_by_field_name("function").unwrap_or(call))
    }

    fn collect_numbers(&mut self, node: Node<'_>, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        let named = match node.kind() {
            "variable_declarator" => node.child_by_field_name("name"),
            "field_definition" => node.child_by_field_name("property"),
            _ => None,
        };
        if let (Some(name), Some(value)) = (named, node.child_by_field_name("value")) {
            if let Some(number) = self.number(value, 0) {
                self.numbers.entry(self.word(name).to_owned()).or_insert(number);
            }
            if value.kind() == "array" && value.named_child_count() > 0 {
                self.lists.insert(self.word(name).to_owned());
            }
        }
        let mut cursor = node.walk();
        for child in node.named_children(&mut cursor) {
            self.collect_numbers(child, depth + 1);
        }
    }

    /// The value of an expression of literals and constants.
    fn number(&self, node: Node<'_>, depth: usize) -> Option<f64> {
        if depth > 20 {
            return None;
        }
        match node.kind() {
            "number" => self.word(node).replace('_', "").parse().ok(),
            "parenthesized_expression" => self.number(node.named_child(0)?, depth + 1),
            "identifier" => self.numbers.get(self.word(node)).copied(),
            "member_expression" => {
                self.numbers.get(self.word(node.child_by_field_name("property")?)).copied()
            }
            "binary_expression" => {
                let left = self.number(node.child_by_field_name("left")?, depth + 1)?;
                let right = self.number(node.child_by_field_name("right")?, depth + 1)?;
                match self.word(node.child_by_field_name("operator")?) {
                    "*" => Some(left * right),
                    "+" => Some(left + right),
                    "-" => Some(left - right),
                    "/" if right != 0.0 => Some(left / right),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    fn act(&mut self, node: Node<'_>, what: What, around: &Around) {
        let at = if node.kind() == "call_expression" { self.at_callee(node) } else { self.at(node) };
        let act = Act {
            at,
            what,
            in_loop: around.in_loop.filter(|_| !around.singled_out),
            conditional: around.conditional,
        };
        self.script.functions[around.function].acts.push(act);
    }

    fn new_function(&mut self, name: Option<&str>) -> usize {
        let index = self.script.functions.len();
        let is_end = matches!(name, Some("disconnectedCallback" | "unrender" | "doDestroy"));
        self.script.functions.push(Function { is_end, ..Function::default() });
        if let Some(name) = name {
            self.script.names.entry(name.to_owned()).or_default().push(index);
        }
        index
    }

    fn children(&mut self, node: Node<'_>, around: &Around, depth: usize) {
        let mut cursor = node.walk();
        let children: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
        for child in children {
            self.visit(child, around, depth + 1);
        }
    }

    fn visit(&mut self, node: Node<'_>, around: &Around, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        let field = |name: &str| node.child_by_field_name(name);
        match node.kind() {
            "import_statement" => self.import(node),
            "function_declaration" | "generator_function_declaration" | "method_definition" => {
                let name = field("name").map(|name| self.word(name));
                let index = self.new_function(name);
                self.wire(node, name);
                self.children(node, &Around { function: index, ..Around::default() }, depth);
            }
            "variable_declarator" | "field_definition" | "pair" | "assignment_expression" => {
                let name = field("name").or(field("property")).or(field("key")).or(field("left"));
                let name = name.map(|name| last_part(self.word(name)));
                if node.kind() == "field_definition" {
                    self.wire(node, name);
                }
                if node.kind() == "assignment_expression"
                    && let Some(left) = field("left").filter(|left| left.kind() == "member_expression")
                    && left.child_by_field_name("object").is_some_and(|object| object.kind() == "this")
                    && let Some(name) = name
                {
                    self.act(node, What::Assign(name.to_owned()), around);
                }
                let value = field("value").or(field("right"));
                match value {
                    // A function in an object that is handed over runs with what it is handed to.
                    Some(value) if is_function(value) && !(node.kind() == "pair" && in_argument(node)) => {
                        let index = self.new_function(name.map(|name| name.trim_matches(['"', '\''])));
                        self.children(value, &Around { function: index, ..Around::default() }, depth);
                    }
                    _ => self.children(node, around, depth),
                }
            }
            "for_statement" | "for_in_statement" | "while_statement" | "do_statement" => {
                self.looped(node, around, depth);
            }
            "return_statement" => {
                self.script.functions[around.function].leaves_early |= around.conditional;
                self.children(node, around, depth);
            }
            "if_statement" | "ternary_expression" | "switch_statement" => {
                let condition = field("condition").map(|condition| self.word(condition)).unwrap_or_default();
                let singled_out = around.singled_out || (around.in_loop.is_some() && is_equality(condition));
                self.children(node, &Around { conditional: true, singled_out, ..*around }, depth);
            }
            "call_expression" | "new_expression" => self.call(node, around, depth),
            "string" | "template_string" => {
                let text = self.word(node);
                let inner = text.get(1..text.len().saturating_sub(1)).unwrap_or_default();
                // What a template puts in is left out.
                let mut cursor = node.walk();
                let fragments: String = node
                    .named_children(&mut cursor)
                    .filter(|child| child.kind() == "string_fragment")
                    .map(|child| self.word(child))
                    .collect();
                let written = if node.kind() == "string" { inner.to_owned() } else { fragments };
                if matches!(inner, "Enter" | "Escape" | "ArrowDown" | "ArrowUp" | "Tab") {
                    self.script.functions[around.function].asks_for_key = true;
                }
                self.script.texts.push((self.at(node), written));
                self.children(node, around, depth);
            }
            "member_expression" => {
                let property = field("property").map(|property| self.word(property));
                if matches!(property, Some("keyCode" | "which" | "charCode")) {
                    self.script.functions[around.function].asks_for_key = true;
                }
                self.children(node, around, depth);
            }
            "update_expression" | "augmented_assignment_expression" => {
                self.script.functions[around.function].counts = true;
                self.children(node, around, depth);
            }
            "binary_expression" => {
                let operator = field("operator").map(|operator| self.word(operator)).unwrap_or_default();
                if matches!(operator, "<" | ">" | "<=" | ">=" | "==" | "===") {
                    self.script.functions[around.function].compares = true;
                }
                let guards = matches!(operator, "&&" | "||" | "??");
                let inner = Around { conditional: around.conditional || guards, ..*around };
                self.children(node, &inner, depth);
            }
            _ => self.children(node, around, depth),
        }
    }

    fn import(&mut self, node: Node<'_>) {
        let Some(source) = node.child_by_field_name("source") else { return };
        let module = self.word(source).trim_matches(['"', '\'']).to_owned();
        let mut todo = vec![node];
        while let Some(node) = todo.pop() {
            let name = match node.kind() {
                "import_specifier" => {
                    node.child_by_field_name("alias").or_else(|| node.child_by_field_name("name"))
                }
                "identifier" => Some(node),
                _ => {
                    let mut cursor = node.walk();
                    todo.extend(node.named_children(&mut cursor));
                    None
                }
            };
            if let Some(name) = name {
                self.script.imports.insert(self.word(name).to_owned(), module.clone());
            }
        }
        self.script.modules.insert(module);
    }

    fn wire(&mut self, node: Node<'_>, name: Option<&str>) {
        let mut cursor = node.walk();
        for decorator in node.children(&mut cursor).filter(|child| child.kind() == "decorator") {
            let Some(call) = decorator.named_child(0).filter(|call| call.kind() == "call_expression") else {
                continue;
            };
            let callee = call.child_by_field_name("function").map(|callee| self.word(callee));
            let Some(arguments) = call.child_by_field_name("arguments").filter(|_| callee == Some("wire"))
            else {
                continue;
            };
            let Some(method) = arguments.named_child(0) else { continue };
            let mut reactive = Vec::new();
            if let Some(config) = arguments.named_child(1) {
                let mut todo = vec![config];
                while let Some(node) = todo.pop() {
                    if node.kind() == "string" {
                        let text = self.word(node).trim_matches(['"', '\'']);
                        let field = text.strip_prefix('$').and_then(|field| field.split('.').next());
                        reactive.extend(field.map(str::to_owned));
                    }
                    let mut inner = node.walk();
                    todo.extend(node.named_children(&mut inner));
                }
            }
            self.script.wires.push(Wire {
                method: self.word(method).to_owned(),
                name: name.unwrap_or_default().to_owned(),
                reactive,
                at: self.at(decorator),
            });
        }
    }

    fn looped(&mut self, node: Node<'_>, around: &Around, depth: usize) {
        let over_elements = match node.kind() {
            "for_in_statement" => {
                !node.child_by_field_name("right").is_some_and(|list| self.is_literal(list))
            }
            // `i += 200` takes chunks; a literal bound is few.
            "for_statement" => {
                let chunks = node
                    .child_by_field_name("increment")
                    .is_some_and(|step| step.kind() == "augmented_assignment_expression");
                let few = node
                    .child_by_field_name("condition")
                    .and_then(find_right)
                    .and_then(|bound| self.number(bound, 0))
                    .is_some_and(|bound| bound <= FEW);
                !chunks && !few
            }
            // Until something is done: pages of an answer.
            _ => false,
        };
        let at = over_elements.then(|| self.head(node));
        let body = node.child_by_field_name("body");
        let mut cursor = node.walk();
        let children: Vec<Node<'_>> = node.named_children(&mut cursor).collect();
        for child in children {
            let inside = Some(child) == body;
            let in_loop = if inside { around.in_loop.or(at) } else { around.in_loop };
            self.visit(child, &Around { in_loop, ..*around }, depth + 1);
        }
    }

    /// The head of a loop, without its body.
    fn head(&self, node: Node<'_>) -> Location {
        let end = node.child_by_field_name("body").map_or(node.end_byte(), |body| body.start_byte());
        let text = self.text.get(node.start_byte()..end).unwrap_or_default();
        let span = Span::new(
            self.offset + node.start_byte(),
            self.offset + node.start_byte() + text.trim_end().len().max(1),
        );
        Location { file: self.file, span }
    }

    fn call(&mut self, node: Node<'_>, around: &Around, depth: usize) {
        let callee = node.child_by_field_name("function").or_else(|| node.child_by_field_name("constructor"));
        let Some(callee) = callee else { return self.children(node, around, depth) };
        let arguments: Vec<Node<'_>> = match node.child_by_field_name("arguments") {
            Some(list) => {
                let mut cursor = list.walk();
                list.named_children(&mut cursor).collect()
            }
            None => Vec::new(),
        };
        let (owner, name) = match callee.kind() {
            "identifier" => ("", self.word(callee)),
            "member_expression" => (
                callee.child_by_field_name("object").map_or("", |object| self.word(object)),
                callee.child_by_field_name("property").map_or("", |property| self.word(property)),
            ),
            _ => ("", ""),
        };
        let text_of = |argument: Option<&Node<'_>>| {
            let argument =
                argument.filter(|argument| matches!(argument.kind(), "string" | "template_string"))?;
            let text = self.word(*argument);
            Some(text.get(1..text.len().saturating_sub(1))?.to_owned())
        };
        let first_text = text_of(arguments.first());
        let mut inner = *around;
        let bare = owner.is_empty() || matches!(owner, "window" | "self" | "globalThis");
        match name {
            "setInterval" | "setTimeout" if bare => {
                let callback = arguments.first().and_then(|&callback| self.callback(callback, depth));
                if let Some(callback) = callback {
                    let period = arguments.get(1).and_then(|&period| self.number(period, 0));
                    let period_ms = period.filter(|ms| (0.0..1e12).contains(ms)).map(|ms| ms as u64);
                    let repeats = name == "setInterval";
                    self.act(node, What::Timer { repeats, period_ms, callback }, around);
                }
                return;
            }
            // It runs when it is asked for again and again no more.
            "debounce" | "throttle" | "debounceFunction" | "_debounce" => {
                for argument in arguments {
                    if is_function(argument) {
                        let index = self.new_function(None);
                        self.children(argument, &Around { function: index, ..Around::default() }, depth);
                    }
                }
                return;
            }
            "clearInterval" | "clearTimeout" if bare => {
                self.script.functions[around.function].clears_timer |= name == "clearInterval";
            }
            "fetch" if bare => self.request(node, "fetch", first_text.clone(), around),
            "open"
                if arguments.len() >= 2 && text_of(arguments.first()).is_some_and(|verb| is_verb(&verb)) =>
            {
                self.request(node, "XMLHttpRequest", text_of(arguments.get(1)), around);
            }
            "WebSocket" if node.kind() == "new_expression" => {
                self.request(node, "WebSocket", first_text.clone(), around);
            }
            "EventSource" if node.kind() == "new_expression" => {
                self.request(node, "EventSource", first_text.clone(), around);
            }
            "get" if first_text.as_deref().is_some_and(|text| text.starts_with("c.")) => {
                self.act(node, What::Server(first_text.clone().unwrap_or_default()), around);
            }
            _ if EACH.contains(&name) && callee.kind() == "member_expression" => {
                let literal = callee.child_by_field_name("object").is_some_and(|list| self.is_literal(list));
                if !literal
                    && arguments
                        .first()
                        .is_some_and(|first| is_function(*first) || first.kind() == "identifier")
                {
                    inner.in_loop = around.in_loop.or(Some(self.at(callee)));
                }
            }
            _ => {}
        }
        if self.script.imports.get(name).is_some_and(|module| is_apex(module)) && owner.is_empty() {
            self.act(node, What::Server(name.to_owned()), around);
        } else if !name.is_empty() {
            let first_member = arguments.first().and_then(|first| {
                let property = first.child_by_field_name("property")?;
                Some(self.word(property).to_owned())
            });
            let what =
                What::Call { owner: owner.to_owned(), name: name.to_owned(), first_text, first_member };
            self.act(node, what, around);
        }
        self.visit(callee, around, depth + 1);
        for argument in arguments {
            // A function that is handed over by its name.
            if let Some(Callback::Named(name)) = self.named(argument) {
                let what = What::Call { owner: String::new(), name, first_text: None, first_member: None };
                self.act(argument, what, &inner);
            }
            if is_function(argument) {
                self.children(argument, &inner, depth + 1);
            } else {
                self.visit(argument, &inner, depth + 1);
            }
        }
    }

    fn request(&mut self, node: Node<'_>, by: &'static str, url: Option<String>, around: &Around) {
        if let Some(url) = url.filter(|url| url.contains("://")) {
            self.act(node, What::Request { by, url }, around);
        }
    }

    /// The function that a timer is given.
    fn callback(&mut self, node: Node<'_>, depth: usize) -> Option<Callback> {
        if depth > MAX_DEPTH {
            return None;
        }
        if is_function(node) {
            let index = self.new_function(None);
            self.children(node, &Around { function: index, ..Around::default() }, depth);
            return Some(Callback::Here(index));
        }
        // `$A.getCallback(function () { … })`.
        if node.kind() == "call_expression"
            && node
                .child_by_field_name("function")
                .is_some_and(|callee| last_part(self.word(callee)) == "getCallback")
        {
            let inner = node.child_by_field_name("arguments")?.named_child(0)?;
            return self.callback(inner, depth + 1);
        }
        self.named(node)
    }

    /// `load`, `this.load`, `this.load.bind(this)`.
    fn named(&self, node: Node<'_>) -> Option<Callback> {
        match node.kind() {
            "identifier" => Some(Callback::Named(self.word(node).to_owned())),
            "member_expression" => {
                Some(Callback::Named(self.word(node.child_by_field_name("property")?).to_owned()))
            }
            "call_expression" => {
                let callee = node.child_by_field_name("function")?;
                let is_bind = callee
                    .child_by_field_name("property")
                    .is_some_and(|property| self.word(property) == "bind");
                if is_bind { self.named(callee.child_by_field_name("object")?) } else { None }
            }
            _ => None,
        }
    }
}

/// `@salesforce/apex/Class.method`; `@salesforce/apex` itself is the module of `refreshApex`.
fn is_apex(module: &str) -> bool {
    ["@salesforce/apex/", "@salesforce/apexContinuation/"].iter().any(|start| module.starts_with(start))
}

/// Whether a condition asks that two things are the same, which are no literals: `row.id === this.id`.
fn is_equality(condition: &str) -> bool {
    let sides = condition.trim_matches(['(', ')']).split_once("==");
    sides.is_some_and(|(left, right)| {
        let right = right.trim_start_matches('=').trim();
        let first = right.chars().next().unwrap_or(' ');
        !left.ends_with('!')
            && !matches!(first, '"' | '\'' | '`' | '0'..='9')
            && !["true", "false", "null", "undefined"].iter().any(|word| right.starts_with(word))
    })
}

fn is_function(node: Node<'_>) -> bool {
    matches!(node.kind(), "arrow_function" | "function_expression" | "generator_function")
}

fn is_verb(text: &str) -> bool {
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"].iter().any(|verb| verb.eq_ignore_ascii_case(text))
}

/// The right side of a comparison, `i < 3`.
fn find_right(condition: Node<'_>) -> Option<Node<'_>> {
    let comparison = match condition.kind() {
        "expression_statement" | "parenthesized_expression" => condition.named_child(0)?,
        _ => condition,
    };
    comparison.child_by_field_name("right")
}

/// Whether a node stands in the arguments of a call, not in a function there.
fn in_argument(node: Node<'_>) -> bool {
    let mut parent = node.parent();
    for _ in 0..MAX_DEPTH {
        let Some(here) = parent else { return false };
        match here.kind() {
            "arguments" => return true,
            "object" | "pair" | "array" => parent = here.parent(),
            _ => return false,
        }
    }
    false
}

fn last_part(text: &str) -> &str {
    text.rsplit('.').next().unwrap_or(text)
}
