//! Reads the tree of a script: its functions, and what each does.

use std::collections::{BTreeMap, BTreeSet};

use oxc_ast::ast::{self, Expression};
use oxc_ast_visit::{Visit, walk};
use oxc_span::GetSpan;
use oxc_syntax::scope::ScopeFlags;

use crate::span::{FileId, Location, Span};

use super::script::{Act, Callback, Function, Script, What, Wire};

/// Methods that call the function they are given once an element.
const EACH: [&str; 9] =
    ["forEach", "map", "flatMap", "filter", "reduce", "some", "every", "find", "reduceRight"];

/// A loop of so few turns is no matter.
const FEW: f64 = 10.0;

/// The flags of a scope matter to those who resolve names.
const AS_FUNCTION: ScopeFlags = ScopeFlags::Function;

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

pub(super) struct Reader<'t> {
    file: FileId,
    offset: usize,
    text: &'t str,
    pub(super) script: Script,
    pub(super) constants: Constants,
    around: Around,
    /// In an object or list that a call is given.
    in_argument: bool,
}

/// What has its value written down.
#[derive(Default)]
pub(super) struct Constants {
    /// Variables and fields that are numbers.
    numbers: BTreeMap<String, f64>,
    /// Those that are lists.
    lists: BTreeSet<String>,
}

impl<'a> Visit<'a> for Constants {
    fn visit_variable_declarator(&mut self, it: &ast::VariableDeclarator<'a>) {
        if let (Some(name), Some(value)) = (it.id.get_identifier_name(), &it.init) {
            self.add(&name, value);
        }
        walk::walk_variable_declarator(self, it);
    }

    fn visit_property_definition(&mut self, it: &ast::PropertyDefinition<'a>) {
        if let (Some(name), Some(value)) = (it.key.name(), &it.value) {
            self.add(&name, value);
        }
        walk::walk_property_definition(self, it);
    }
}

impl Constants {
    fn add(&mut self, name: &str, value: &Expression<'_>) {
        if let Some(number) = self.number(value, 0) {
            self.numbers.entry(name.to_owned()).or_insert(number);
        }
        if let Expression::ArrayExpression(list) = value
            && !list.elements.is_empty()
        {
            self.lists.insert(name.to_owned());
        }
    }

    /// The value of an expression of literals and constants.
    fn number(&self, of: &Expression<'_>, depth: usize) -> Option<f64> {
        if depth > 20 {
            return None;
        }
        match of {
            Expression::NumericLiteral(number) => Some(number.value),
            Expression::Identifier(name) => self.numbers.get(name.name.as_str()).copied(),
            Expression::BinaryExpression(binary) => {
                let left = self.number(&binary.left, depth + 1)?;
                let right = self.number(&binary.right, depth + 1)?;
                match binary.operator.as_str() {
                    "*" => Some(left * right),
                    "+" => Some(left + right),
                    "-" => Some(left - right),
                    "/" if right != 0.0 => Some(left / right),
                    _ => None,
                }
            }
            _ => self.numbers.get(property(of)?).copied(),
        }
    }

    /// Whether a list is written down in the code: its length does not grow.
    fn is_literal(&self, of: &Expression<'_>) -> bool {
        match of {
            Expression::ArrayExpression(_) => true,
            Expression::Identifier(name) => self.lists.contains(name.name.as_str()),
            _ => property(of).is_some_and(|name| self.lists.contains(name)),
        }
    }
}

/// `b` of `a.b`.
fn property<'e>(of: &'e Expression<'_>) -> Option<&'e str> {
    match of {
        Expression::StaticMemberExpression(member) => Some(member.property.name.as_str()),
        Expression::PrivateFieldExpression(member) => Some(member.field.name.as_str()),
        _ => None,
    }
}

/// `a` of `a.b`.
fn owner<'e, 'a>(of: &'e Expression<'a>) -> Option<&'e Expression<'a>> {
    match of {
        Expression::StaticMemberExpression(member) => Some(&member.object),
        Expression::PrivateFieldExpression(member) => Some(&member.object),
        _ => None,
    }
}

fn is_function(of: &Expression<'_>) -> bool {
    matches!(of, Expression::ArrowFunctionExpression(_) | Expression::FunctionExpression(_))
}

impl<'t> Reader<'t> {
    pub(super) fn new(file: FileId, offset: usize, text: &'t str) -> Reader<'t> {
        let script = Script { functions: vec![Function::default()], ..Script::default() };
        let (constants, around) = (Constants::default(), Around::default());
        Reader { file, offset, text, script, constants, around, in_argument: false }
    }

    fn word(&self, span: oxc_span::Span) -> &'t str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// The content of a literal text, without its quotes.
    fn unquoted(&self, span: oxc_span::Span) -> &'t str {
        let text = self.word(span);
        text.get(1..text.len().saturating_sub(1)).unwrap_or_default()
    }

    fn at(&self, span: oxc_span::Span) -> Location {
        let span = Span::new(self.offset + span.start as usize, self.offset + span.end as usize);
        Location { file: self.file, span }
    }

    fn function(&mut self) -> &mut Function {
        &mut self.script.functions[self.around.function]
    }

    fn act(&mut self, at: oxc_span::Span, what: What) {
        let (at, around) = (self.at(at), self.around);
        let in_loop = around.in_loop.filter(|_| !around.singled_out);
        self.function().acts.push(Act { at, what, in_loop, conditional: around.conditional });
    }

    /// Goes on with something else around.
    fn within(&mut self, around: Around, work: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.around, around);
        work(self);
        self.around = before;
    }

    fn conditional(&mut self, work: impl FnOnce(&mut Self)) {
        self.within(Around { conditional: true, ..self.around }, work);
    }

    /// What is around that which runs on a condition.
    fn under(&self, test: &Expression<'_>) -> Around {
        let here = self.around;
        let fits_one = here.in_loop.is_some() && is_equality(self.word(test.span()));
        Around { conditional: true, singled_out: here.singled_out || fits_one, ..here }
    }

    /// Reads a function of its own, and gives its number.
    fn new_function(&mut self, name: Option<&str>, body: impl FnOnce(&mut Self)) -> usize {
        let index = self.script.functions.len();
        let is_end = matches!(name, Some("disconnectedCallback" | "unrender" | "doDestroy"));
        self.script.functions.push(Function { is_end, ..Function::default() });
        if let Some(name) = name {
            self.script.names.entry(name.to_owned()).or_default().push(index);
        }
        self.within(Around { function: index, ..Around::default() }, body);
        index
    }

    /// What stands in a function, as a part of the one at hand.
    fn inside<'a>(&mut self, function: &Expression<'a>) {
        match function {
            Expression::FunctionExpression(function) => {
                walk::walk_function(self, function, AS_FUNCTION);
            }
            Expression::ArrowFunctionExpression(function) => {
                walk::walk_arrow_function_expression(self, function);
            }
            other => self.visit_expression(other),
        }
    }

    fn key(&self, key: &ast::PropertyKey<'_>) -> &'t str {
        self.word(key.span()).trim_matches(['"', '\'', '#'])
    }

    /// `@wire(method, {id: '$recordId'}) name`.
    fn wires(&mut self, decorators: &[ast::Decorator<'_>], name: &str) {
        for decorator in decorators {
            let Expression::CallExpression(call) = &decorator.expression else { continue };
            if self.word(call.callee.span()) != "wire" {
                continue;
            }
            let Some(method) = call.arguments.first() else { continue };
            let mut reactive = Reactive::default();
            if let Some(config) = call.arguments.get(1) {
                reactive.visit_argument(config);
            }
            self.script.wires.push(Wire {
                method: self.word(method.span()).to_owned(),
                name: name.to_owned(),
                reactive: reactive.0,
                at: self.at(decorator.span),
            });
        }
    }

    /// A loop; `over` tells whether it turns once an element. Its head may be found in the code.
    fn looped<'a>(
        &mut self,
        span: oxc_span::Span,
        over: bool,
        body: &ast::Statement<'a>,
        head: impl FnOnce(&mut Self),
    ) {
        head(self);
        let words = self.word(oxc_span::Span::new(span.start, body.span().start));
        let end = span.start + (words.trim_end().len().max(1) as u32);
        let at = over.then(|| self.at(oxc_span::Span::new(span.start, end)));
        let in_loop = self.around.in_loop.or(at);
        self.within(Around { in_loop, ..self.around }, |reader| reader.visit_statement(body));
    }

    /// The function that a timer is given.
    fn callback(&mut self, of: &Expression<'_>) -> Option<Callback> {
        if is_function(of) {
            return Some(Callback::Here(self.new_function(None, |reader| reader.inside(of))));
        }
        // `$A.getCallback(function () { … })`.
        if let Expression::CallExpression(call) = of
            && property(&call.callee) == Some("getCallback")
        {
            return self.callback(call.arguments.first()?.as_expression()?);
        }
        named(of)
    }

    fn request(&mut self, at: oxc_span::Span, by: &'static str, url: Option<String>) {
        if let Some(url) = url.filter(|url| url.contains("://")) {
            self.act(at, What::Request { by, url });
        }
    }

    fn literal(&self, of: Option<&ast::Argument<'_>>) -> Option<String> {
        match of? {
            ast::Argument::StringLiteral(text) => Some(self.unquoted(text.span).to_owned()),
            ast::Argument::TemplateLiteral(text) => Some(self.unquoted(text.span).to_owned()),
            _ => None,
        }
    }

    /// A call; `at` is what is called, or all of `new X(…)`.
    fn call<'a>(
        &mut self,
        at: oxc_span::Span,
        callee: &Expression<'a>,
        arguments: &[ast::Argument<'a>],
        is_new: bool,
    ) {
        let (object, name) = match callee {
            Expression::Identifier(name) => ("", name.name.as_str()),
            _ => (
                owner(callee).map_or("", |object| self.word(object.span())),
                property(callee).unwrap_or_default(),
            ),
        };
        let first = arguments.first().and_then(ast::Argument::as_expression);
        let first_text = self.literal(arguments.first());
        let mut inner = self.around;
        let bare = matches!(object, "" | "window" | "self" | "globalThis");
        match name {
            "setInterval" | "setTimeout" if bare => {
                if let Some(callback) = first.and_then(|callback| self.callback(callback)) {
                    let period = arguments.get(1).and_then(ast::Argument::as_expression);
                    let period = period.and_then(|period| self.constants.number(period, 0));
                    let period_ms = period.filter(|ms| (0.0..1e12).contains(ms)).map(|ms| ms as u64);
                    self.act(at, What::Timer { repeats: name == "setInterval", period_ms, callback });
                }
                return;
            }
            // It runs when it is asked for again and again no more.
            "debounce" | "throttle" | "debounceFunction" | "_debounce" => {
                for argument in arguments.iter().filter_map(ast::Argument::as_expression) {
                    if is_function(argument) {
                        self.new_function(None, |reader| reader.inside(argument));
                    }
                }
                return;
            }
            "clearInterval" if bare => self.function().clears_timer = true,
            "fetch" if bare => self.request(at, "fetch", first_text.clone()),
            "open" if arguments.len() >= 2 && first_text.as_deref().is_some_and(is_verb) => {
                self.request(at, "XMLHttpRequest", self.literal(arguments.get(1)));
            }
            "WebSocket" if is_new => self.request(at, "WebSocket", first_text.clone()),
            "EventSource" if is_new => self.request(at, "EventSource", first_text.clone()),
            "get" if first_text.as_deref().is_some_and(|text| text.starts_with("c.")) => {
                self.act(at, What::Server(first_text.clone().unwrap_or_default()));
            }
            _ if EACH.contains(&name) && owner(callee).is_some() => {
                let literal = owner(callee).is_some_and(|list| self.constants.is_literal(list));
                let is_given = first
                    .is_some_and(|first| is_function(first) || matches!(first, Expression::Identifier(_)));
                if !literal && is_given {
                    inner.in_loop = inner.in_loop.or(Some(self.at(callee.span())));
                }
            }
            _ => {}
        }
        if object.is_empty() && self.script.imports.get(name).is_some_and(|module| is_apex(module)) {
            self.act(at, What::Server(name.to_owned()));
        } else if !name.is_empty() {
            let first_member = first.and_then(property).map(str::to_owned);
            let (owner, name) = (object.to_owned(), name.to_owned());
            self.act(at, What::Call { owner, name, first_text, first_member });
        }
        self.visit_expression(callee);
        self.within(inner, |reader| {
            for argument in arguments {
                reader.argument(argument);
            }
        });
    }

    fn argument(&mut self, argument: &ast::Argument<'_>) {
        let Some(given) = argument.as_expression() else { return self.visit_argument(argument) };
        // A function that is handed over by its name.
        if let Some(Callback::Named(name)) = named(given) {
            let at = match given {
                Expression::CallExpression(call) => call.callee.span(),
                _ => given.span(),
            };
            self.act(at, What::Call { owner: String::new(), name, first_text: None, first_member: None });
        }
        let before = std::mem::replace(&mut self.in_argument, true);
        self.visit_expression(given);
        self.in_argument = before;
    }
}

/// `load`, `this.load`, `this.load.bind(this)`.
fn named(of: &Expression<'_>) -> Option<Callback> {
    match of {
        Expression::Identifier(name) => Some(Callback::Named(name.name.to_string())),
        Expression::CallExpression(call) if property(&call.callee) == Some("bind") => {
            named(owner(&call.callee)?)
        }
        _ => Some(Callback::Named(property(of)?.to_owned())),
    }
}

/// Fields of `{id: '$recordId'}` whose change asks again.
#[derive(Default)]
struct Reactive(Vec<String>);

impl<'a> Visit<'a> for Reactive {
    fn visit_string_literal(&mut self, it: &ast::StringLiteral<'a>) {
        let field = it.value.strip_prefix('$').and_then(|field| field.split('.').next());
        self.0.extend(field.map(str::to_owned));
    }
}

impl<'a> Visit<'a> for Reader<'_> {
    fn visit_import_declaration(&mut self, it: &ast::ImportDeclaration<'a>) {
        let module = it.source.value.to_string();
        for specifier in it.specifiers.iter().flatten() {
            self.script.imports.insert(specifier.local().name.to_string(), module.clone());
        }
        self.script.modules.insert(module);
    }

    fn visit_function(&mut self, it: &ast::Function<'a>, flags: ScopeFlags) {
        if it.is_declaration() {
            let name = it.id.as_ref().map(|id| id.name.as_str());
            self.new_function(name, |reader| walk::walk_function(reader, it, flags));
        } else {
            walk::walk_function(self, it, flags);
        }
    }

    fn visit_method_definition(&mut self, it: &ast::MethodDefinition<'a>) {
        let name = self.key(&it.key);
        self.wires(&it.decorators, name);
        self.new_function(Some(name), |reader| walk::walk_function(reader, &it.value, AS_FUNCTION));
    }

    fn visit_property_definition(&mut self, it: &ast::PropertyDefinition<'a>) {
        let name = self.key(&it.key);
        self.wires(&it.decorators, name);
        match &it.value {
            Some(value) if is_function(value) => {
                self.new_function(Some(name), |reader| reader.inside(value));
            }
            Some(value) => self.visit_expression(value),
            None => {}
        }
    }

    fn visit_variable_declarator(&mut self, it: &ast::VariableDeclarator<'a>) {
        match (&it.init, it.id.get_identifier_name()) {
            (Some(value), Some(name)) if is_function(value) => {
                self.new_function(Some(name.as_str()), |reader| reader.inside(value));
            }
            _ => walk::walk_variable_declarator(self, it),
        }
    }

    fn visit_object_property(&mut self, it: &ast::ObjectProperty<'a>) {
        let is_method = it.method || it.kind != ast::PropertyKind::Init;
        // A function in an object that is handed over runs with what it is handed to.
        if is_method || (is_function(&it.value) && !self.in_argument) {
            let name = self.key(&it.key);
            self.new_function(Some(name), |reader| reader.inside(&it.value));
        } else {
            walk::walk_object_property(self, it);
        }
    }

    fn visit_assignment_expression(&mut self, it: &ast::AssignmentExpression<'a>) {
        if !it.operator.is_assign() {
            self.function().counts = true;
            return walk::walk_assignment_expression(self, it);
        }
        let name = self.word(it.left.span());
        let name = name.rsplit('.').next().unwrap_or(name);
        if let ast::AssignmentTarget::StaticMemberExpression(member) = &it.left
            && matches!(member.object, Expression::ThisExpression(_))
        {
            self.act(it.span, What::Assign(name.to_owned()));
        }
        if is_function(&it.right) {
            self.new_function(Some(name), |reader| reader.inside(&it.right));
        } else {
            walk::walk_assignment_expression(self, it);
        }
    }

    fn visit_update_expression(&mut self, it: &ast::UpdateExpression<'a>) {
        self.function().counts = true;
        walk::walk_update_expression(self, it);
    }

    fn visit_for_statement(&mut self, it: &ast::ForStatement<'a>) {
        // `i += 200` takes chunks; a literal bound is few.
        let chunks = matches!(&it.update, Some(Expression::AssignmentExpression(_)));
        let bound = match &it.test {
            Some(Expression::BinaryExpression(test)) => self.constants.number(&test.right, 0),
            _ => None,
        };
        let few = bound.is_some_and(|bound| bound <= FEW);
        self.looped(it.span, !chunks && !few, &it.body, |reader| {
            it.init.iter().for_each(|init| reader.visit_for_statement_init(init));
            it.test.iter().chain(&it.update).for_each(|each| reader.visit_expression(each));
        });
    }

    fn visit_for_in_statement(&mut self, it: &ast::ForInStatement<'a>) {
        let over = !self.constants.is_literal(&it.right);
        self.looped(it.span, over, &it.body, |reader| reader.visit_expression(&it.right));
    }

    fn visit_for_of_statement(&mut self, it: &ast::ForOfStatement<'a>) {
        let over = !self.constants.is_literal(&it.right);
        self.looped(it.span, over, &it.body, |reader| reader.visit_expression(&it.right));
    }

    fn visit_return_statement(&mut self, it: &ast::ReturnStatement<'a>) {
        let conditional = self.around.conditional;
        self.function().leaves_early |= conditional;
        walk::walk_return_statement(self, it);
    }

    fn visit_if_statement(&mut self, it: &ast::IfStatement<'a>) {
        let around = self.under(&it.test);
        self.within(around, |reader| walk::walk_if_statement(reader, it));
    }

    fn visit_conditional_expression(&mut self, it: &ast::ConditionalExpression<'a>) {
        let around = self.under(&it.test);
        self.within(around, |reader| walk::walk_conditional_expression(reader, it));
    }

    fn visit_switch_statement(&mut self, it: &ast::SwitchStatement<'a>) {
        self.conditional(|reader| walk::walk_switch_statement(reader, it));
    }

    fn visit_logical_expression(&mut self, it: &ast::LogicalExpression<'a>) {
        self.conditional(|reader| walk::walk_logical_expression(reader, it));
    }

    fn visit_binary_expression(&mut self, it: &ast::BinaryExpression<'a>) {
        if matches!(it.operator.as_str(), "<" | ">" | "<=" | ">=" | "==" | "===") {
            self.function().compares = true;
        }
        walk::walk_binary_expression(self, it);
    }

    fn visit_call_expression(&mut self, it: &ast::CallExpression<'a>) {
        self.call(it.callee.span(), &it.callee, &it.arguments, false);
    }

    fn visit_new_expression(&mut self, it: &ast::NewExpression<'a>) {
        self.call(it.span, &it.callee, &it.arguments, true);
    }

    fn visit_string_literal(&mut self, it: &ast::StringLiteral<'a>) {
        let text = self.unquoted(it.span);
        self.function().asks_for_key |= is_key(text);
        self.script.texts.push((self.at(it.span), text.to_owned()));
    }

    fn visit_template_literal(&mut self, it: &ast::TemplateLiteral<'a>) {
        let is_key = is_key(self.unquoted(it.span));
        self.function().asks_for_key |= is_key;
        // What a template puts in is left out.
        let written = it.quasis.iter().map(|quasi| quasi.value.raw.as_str()).collect();
        self.script.texts.push((self.at(it.span), written));
        walk::walk_template_literal(self, it);
    }

    fn visit_static_member_expression(&mut self, it: &ast::StaticMemberExpression<'a>) {
        let asks = matches!(it.property.name.as_str(), "keyCode" | "which" | "charCode");
        self.function().asks_for_key |= asks;
        walk::walk_static_member_expression(self, it);
    }

    fn visit_expression(&mut self, it: &Expression<'a>) {
        let holds = matches!(it, Expression::ObjectExpression(_) | Expression::ArrayExpression(_));
        let before = self.in_argument;
        self.in_argument &= holds;
        walk::walk_expression(self, it);
        self.in_argument = before;
    }
}

/// A key that a handler looks for.
fn is_key(text: &str) -> bool {
    matches!(text, "Enter" | "Escape" | "ArrowDown" | "ArrowUp" | "Tab")
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

fn is_verb(text: &str) -> bool {
    ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"].iter().any(|verb| verb.eq_ignore_ascii_case(text))
}
