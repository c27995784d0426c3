//! What a Visualforce page or component binds to: controllers, action methods, expressions.
//!
//! A scanner of its own rather than an XML reader: pages carry scripts with bare `<`, which Salesforce
//! accepts and no XML reader does, and nothing may be lost behind such a place. It looks only at
//! tags with a prefix (`apex:page`, `c:panel`) and at `{!…}`, wherever these stand.

use std::collections::HashSet;

use serde::Serialize;

/// The bindings of one page or component. Names keep their spelling and come in the order of the
/// page, each once; Apex looks them up without regard to case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Bindings {
    /// `controller="…"` of the page or component.
    pub controller: Option<String>,
    /// `extensions="A,B"`.
    pub extensions: Vec<String>,
    /// `standardController="Account"`.
    pub standard_controller: Option<String>,
    /// The method of `<apex:page action="{!init}">`: it runs before the page is shown.
    pub page_action: Option<String>,
    /// Methods in `action="{!…}"` of all other tags: they run when a user or a poller asks.
    pub actions: Vec<String>,
    /// Everything that `{!…}` refers to, as dotted paths (`account.Owner.Name`), without functions
    /// and globals (`$User`). The first part is a getter or property of a controller, or a variable
    /// of the page.
    pub expressions: Vec<String>,
}

/// Reads the bindings of a page or component. Never fails: what cannot be read says nothing.
pub fn controllers(text: &str) -> Bindings {
    let mut scan = Scan::default();
    let mut rest = text;
    while let Some(at) = rest.find(['<', '{']) {
        rest = &rest[at..];
        if let Some(inner) = rest.strip_prefix("{!") {
            let (expression, after) = expression_of(inner);
            scan.add_expression(expression);
            rest = after;
        } else if let Some(comment) = rest.strip_prefix("<!--") {
            // Comments are not evaluated, with the exception of those that are conditions for an
            // old browser.
            rest = match comment.trim_start().starts_with("[if") {
                true => comment,
                false => comment.split_once("-->").map_or("", |(_, after)| after),
            };
        } else if let Some((tag, after)) = prefixed_tag(&rest[1..]) {
            rest = scan.add_tag(tag, after);
        } else {
            rest = &rest[1..];
        }
    }
    scan.found
}

#[derive(Default)]
struct Scan {
    found: Bindings,
    seen_root: bool,
    seen_actions: HashSet<String>,
    seen_expressions: HashSet<String>,
}

impl Scan {
    /// Reads the attributes of a tag; gives the text after them.
    fn add_tag<'t>(&mut self, tag: &str, mut rest: &'t str) -> &'t str {
        let is_page = tag.eq_ignore_ascii_case("apex:page");
        let is_root = !self.seen_root && (is_page || tag.eq_ignore_ascii_case("apex:component"));
        self.seen_root |= is_root;
        while let Some((name, value, after)) = attribute(rest) {
            rest = after;
            let named = |known: &str| name.eq_ignore_ascii_case(known);
            if is_root && named("controller") {
                self.found.controller = class_names(value).next();
            } else if is_root && named("extensions") {
                self.found.extensions = class_names(value).collect();
            } else if is_root && named("standardController") {
                self.found.standard_controller = class_names(value).next();
            }
            self.add_value(value, named("action"), is_root && is_page);
        }
        rest
    }

    fn add_value(&mut self, mut value: &str, is_action: bool, of_page: bool) {
        while let Some((_, inner)) = value.split_once("{!") {
            let (expression, after) = expression_of(inner);
            value = after;
            self.add_expression(expression);
            if !is_action {
                continue;
            }
            for method in references(expression) {
                if of_page {
                    self.found.page_action.get_or_insert(method);
                } else if self.seen_actions.insert(method.to_ascii_lowercase()) {
                    self.found.actions.push(method);
                }
            }
        }
    }

    fn add_expression(&mut self, expression: &str) {
        for path in references(expression) {
            if self.seen_expressions.insert(path.to_ascii_lowercase()) {
                self.found.expressions.push(path);
            }
        }
    }
}

/// The name of a tag with a prefix, `apex:page`, and what follows it.
fn prefixed_tag(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, ':' | '_' | '-')))?;
    let (tag, rest) = text.split_at(end);
    let (prefix, name) = tag.split_once(':')?;
    let named = |part: &str| part.starts_with(|c: char| c.is_ascii_alphabetic());
    (named(prefix) && named(name)).then_some((tag, rest))
}

/// The next attribute of a tag: name, value, and what follows. `None` at the end of the tag, or
/// where the text stops to look like one.
fn attribute(text: &str) -> Option<(&str, &str, &str)> {
    let text = text.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
    let end = text.find(|c: char| !(c.is_alphanumeric() || matches!(c, ':' | '_' | '-' | '.')))?;
    let (name, rest) = text.split_at(end);
    if name.is_empty() {
        return None;
    }
    let Some(rest) = rest.trim_start().strip_prefix('=') else {
        return Some((name, "", rest));
    };
    let rest = rest.trim_start();
    let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let (value, after) = rest[1..].split_once(quote)?;
    Some((name, value, after))
}

/// The class names of a `controller` or `extensions` attribute.
fn class_names(value: &str) -> impl Iterator<Item = String> {
    value.split(',').map(str::trim).filter(|name| !name.is_empty()).map(str::to_string)
}

/// An expression after its `{!` and what follows its `}`.
///
/// A `}` in a string does not end it. Where that leads nowhere before the next expression begins, the
/// quote was something else (an apostrophe), and the first `}` counts.
fn expression_of(text: &str) -> (&str, &str) {
    let bound = text.find("{!").unwrap_or(text.len());
    let mut quote = None;
    let mut bytes = text[..bound].bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match (quote, byte) {
            (None, b'}') => return (&text[..at], &text[at + 1..]),
            (None, b'\'' | b'"') => quote = Some(byte),
            (Some(_), b'\\') => {
                bytes.next();
            }
            (Some(open), close) if open == close => quote = None,
            _ => {}
        }
    }
    match text[..bound].find('}') {
        Some(at) => (&text[..at], &text[at + 1..]),
        None => ("", text),
    }
}

/// The dotted paths that an expression refers to.
fn references(expression: &str) -> Vec<String> {
    let expression = unescape(expression);
    let mut found = Vec::new();
    let mut rest = expression.as_str();
    let mut after_dot = false;
    while let Some(first) = rest.chars().next() {
        if matches!(first, '\'' | '"') {
            rest = after_string(&rest[1..], first);
            after_dot = false;
            continue;
        }
        let end = rest.find(|c: char| !is_path_char(c)).unwrap_or(rest.len());
        if end == 0 {
            after_dot = false;
            rest = &rest[first.len_utf8()..];
            continue;
        }
        let (path, tail) = rest.split_at(end);
        rest = tail;
        // `list[0].Name`: what follows an index belongs to the path before it.
        let continues = after_dot || path.starts_with('.');
        after_dot = path.ends_with('.');
        let is_function = rest.trim_start().starts_with('(');
        let is_name = path.starts_with(|c: char| c.is_alphabetic() || c == '_');
        let is_literal = ["true", "false", "null"].iter().any(|literal| path.eq_ignore_ascii_case(literal));
        if is_name && !continues && !is_function && !is_literal {
            found.push(path.trim_end_matches('.').to_string());
        }
    }
    found
}

fn is_path_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '$' | '.')
}

fn after_string(text: &str, quote: char) -> &str {
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        if character == '\\' {
            characters.next();
        } else if character == quote {
            return &text[at + 1..];
        }
    }
    ""
}

/// The entities that matter to an expression: quotes and operators.
fn unescape(expression: &str) -> String {
    if !expression.contains('&') {
        return expression.to_string();
    }
    let mut text = expression.to_string();
    for (entity, character) in [
        ("&quot;", "\""),
        ("&#34;", "\""),
        ("&apos;", "'"),
        ("&#39;", "'"),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&nbsp;", " "),
        ("&amp;", "&"),
    ] {
        text = text.replace(entity, character);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_with_everything() {
        let bindings = controllers(
            "<apex:page standardController=\"Account\" extensions=\"ExtA, ns.ExtB\"\r\n  action=\"{!init}\">\n\
             <!-- {!commented} <apex:commandButton action=\"{!old}\"/> -->\n\
             <h1 title=\"{!heading}\">{!account.Owner.Name} {! $User.Id }</h1>\n\
             <apex:form><apex:commandButton value='Save' action='{!save}' rendered=\"{!IF(ISBLANK(name), true, canSave)}\"/>\n\
             <apex:actionPoller interval=\"5\" action=\"{!refresh}\"/><apex:commandLink action=\"{!SAVE}\"/></apex:form>\n\
             <form action=\"{!notAnAction}\"></form>\n\
             <c:panel items=\"{!items[index].Children}\"/>\n</apex:page>",
        );
        assert_eq!(bindings.controller, None);
        assert_eq!(bindings.standard_controller.as_deref(), Some("Account"));
        assert_eq!(bindings.extensions, ["ExtA", "ns.ExtB"]);
        assert_eq!(bindings.page_action.as_deref(), Some("init"));
        assert_eq!(bindings.actions, ["save", "refresh"]);
        assert_eq!(
            bindings.expressions,
            [
                "init",
                "heading",
                "account.Owner.Name",
                "save",
                "name",
                "canSave",
                "refresh",
                "notAnAction",
                "items",
                "index"
            ]
        );
    }

    #[test]
    fn a_component_and_only_its_own_root() {
        let bindings = controllers(
            "\u{FEFF}<APEX:component Controller = \"Panel\"><apex:page controller=\"Other\"/></APEX:component>",
        );
        assert_eq!(bindings.controller.as_deref(), Some("Panel"));
        assert_eq!(bindings.page_action, None);
    }

    #[test]
    fn scripts_that_are_no_xml_hide_nothing() {
        let bindings = controllers(
            "<apex:page controller=\"C\"><script>for (var i=0;i<n && \"a>b;i++) { x = '{!inScript}'; }\n\
             var s = it's < {!other};</script><br><img src=x>\n\
             <apex:commandButton action=\"{!go}\" disabled>\n</apex:page>",
        );
        assert_eq!(bindings.actions, ["go"]);
        assert_eq!(bindings.expressions, ["inScript", "other", "go"]);
    }

    #[test]
    fn strings_functions_and_entities_are_no_references() {
        let bindings = controllers(
            "<apex:outputText value=\"{!IF(a &amp;&amp; b = &quot;text&quot;, 'brace } it\\'s', URLFOR($Resource.x, c))}\"/>\
             {!NOT (d)} {!1.5 + e2} {!null} {!map['k'].f}",
        );
        assert_eq!(bindings.expressions, ["a", "b", "c", "d", "e2", "map"]);
    }

    #[test]
    fn broken_pages_end() {
        for text in [
            "<apex:page controller=\"C",
            "<apex:page",
            "<apex:page controller",
            "<!-- {!a}",
            "{!",
            "{!a",
            "{!'}",
            "<",
            "<:",
            "é<ü:x {!ö}",
            "<apex:page action=\"{!\"",
        ] {
            controllers(text);
        }
        assert_eq!(controllers("{!it's} {!b}").expressions, ["it", "b"]);
    }

    #[test]
    fn hostile_pages_take_linear_time() {
        for piece in ["{!", "{!'}", "<a:b c=\"", "<a:b c='{!", "<!--[if", "{!a(\"", "<a:b c=", "<", "{"] {
            controllers(&piece.repeat(400_000 / piece.len()));
        }
    }
}
