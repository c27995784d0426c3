//! Elements of a template, of Aura markup and of a Visualforce page, with their attributes.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use tree_sitter::{Node, ParseOptions, ParseState, Parser, Tree};

use crate::span::Span;

use super::Comment;

/// Larger texts are generated.
const MAX_BYTES: usize = 1 << 20;

/// How long one file may take.
const BUDGET: Duration = Duration::from_secs(2);

/// An element.
#[derive(Clone, Debug)]
pub struct Element {
    /// In lower case, as HTML has it: `c-order-status`, `apex:actionpoller`.
    pub name: String,
    /// In lower case, with the value without quotes.
    pub attributes: Vec<Attribute>,
    pub at: Span,
    /// The content of a `script` or `style` element.
    pub raw: Option<Span>,
    /// It, or what is around it, is shown on a condition (`rendered="{!…}"`).
    pub conditional: bool,
}

#[derive(Clone, Debug)]
pub struct Attribute {
    pub name: String,
    pub value: String,
    pub at: Span,
}

impl Element {
    pub fn attribute(&self, name: &str) -> Option<&Attribute> {
        self.attributes.iter().find(|attribute| attribute.name == name)
    }

    pub fn value(&self, name: &str) -> Option<&str> {
        self.attribute(name).map(|attribute| attribute.value.as_str())
    }
}

thread_local! {
    static PARSER: RefCell<Option<Parser>> = const { RefCell::new(None) };
}

fn parse(text: &str) -> Option<Tree> {
    PARSER.with_borrow_mut(|parser| {
        if parser.is_none() {
            let mut new = Parser::new();
            new.set_language(&tree_sitter_html::LANGUAGE.into()).ok()?;
            *parser = Some(new);
        }
        within_budget(parser.as_mut()?, text)
    })
}

/// Parses with a time limit; `None` for what is too large or takes too long.
fn within_budget(parser: &mut Parser, text: &str) -> Option<Tree> {
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

/// The comments of a text.
pub fn comments(text: &str) -> Vec<Comment> {
    let mut found = Vec::new();
    let Some(tree) = parse(text) else { return found };
    let mut cursor = tree.walk();
    loop {
        let node = cursor.node();
        let inside = text.get(node.byte_range()).and_then(|word| word.strip_prefix("<!--"));
        if node.kind() == "comment"
            && let Some(inside) = inside
        {
            let mut next = node.next_named_sibling();
            while let Some(other) = next.filter(|next| matches!(next.kind(), "comment" | "text")) {
                next = other.next_named_sibling();
            }
            let end = node.end_byte() - if inside.ends_with("-->") { 3 } else { 0 };
            found.push(Comment {
                at: Span::new(node.start_byte(), node.end_byte()),
                inside: Span::new(node.start_byte() + 4, end),
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

/// All elements of a text, in its order. What is broken gives what stands around it.
pub fn elements(text: &str) -> Vec<Element> {
    let mut found = Vec::new();
    let Some(tree) = parse(text) else { return found };
    let mut cursor = tree.walk();
    // In document order, without recursion: nesting is the file's choice.
    'walk: loop {
        let node = cursor.node();
        if matches!(node.kind(), "start_tag" | "self_closing_tag") {
            if let Some(mut element) = element(node, text) {
                // Only these run by themselves.
                if element.name == "apex:actionpoller" {
                    element.conditional = is_conditional(node, text);
                }
                found.push(element);
            }
        } else if node.kind() == "raw_text"
            && let Some(last) = found.last_mut()
        {
            last.raw = Some(Span::new(node.start_byte(), node.end_byte()));
        }
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                break 'walk;
            }
        }
    }
    found
}

fn is_conditional(tag: Node<'_>, text: &str) -> bool {
    const MAX_DEPTH: usize = 100;
    let mut around = tag.parent();
    for _ in 0..MAX_DEPTH {
        let Some(here) = around else { return false };
        let tag = here.child(0).and_then(|tag| element(tag, text));
        if tag.is_some_and(|tag| tag.value("rendered").is_some_and(|value| value.contains("{!"))) {
            return true;
        }
        around = here.parent();
    }
    false
}

fn element(tag: Node<'_>, text: &str) -> Option<Element> {
    let word = |node: Node<'_>| text.get(node.byte_range()).unwrap_or_default();
    let mut name = None;
    let mut attributes = Vec::new();
    let mut cursor = tag.walk();
    for child in tag.children(&mut cursor) {
        match child.kind() {
            "tag_name" => name = Some(word(child).to_lowercase()),
            "attribute" => {
                let mut inner = child.walk();
                let mut attribute = Attribute {
                    name: String::new(),
                    value: String::new(),
                    at: Span::new(child.start_byte(), child.end_byte()),
                };
                for part in child.children(&mut inner) {
                    match part.kind() {
                        "attribute_name" => attribute.name = word(part).to_lowercase(),
                        // `{handler}/` where the tag ends behind it.
                        "attribute_value" => attribute.value = word(part).trim_end_matches('/').to_owned(),
                        "quoted_attribute_value" => {
                            attribute.value = word(part).trim_matches(['"', '\'']).to_owned();
                        }
                        _ => {}
                    }
                }
                attributes.push(attribute);
            }
            _ => {}
        }
    }
    Some(Element {
        name: name?,
        attributes,
        at: Span::new(tag.start_byte(), tag.end_byte()),
        raw: None,
        conditional: false,
    })
}

/// Handlers of these run at every key.
const KEYS: [&str; 4] = ["oninput", "onkeyup", "onkeydown", "onkeypress"];

/// Whether a text may hold such handlers: a quick look that rules many files out.
pub fn may_be_typed(text: &str) -> bool {
    KEYS.iter().chain(&["onchange"]).any(|word| super::has(text, word))
}

/// The handlers that run whenever the user types a character: the name in `{handler}` or `{!c.handler}`,
/// with its place.
pub fn typing_handlers(elements: &[Element]) -> Vec<(String, Span)> {
    /// Types of an input field that change at every character.
    const TYPED: [&str; 8] = ["text", "search", "email", "number", "tel", "url", "password", ""];
    let mut found = Vec::new();
    for element in elements {
        // These change at every character, where a plain `input` changes when it is left.
        let field = matches!(element.name.as_str(), "lightning-input" | "lightning:input")
            && TYPED.contains(&element.value("type").unwrap_or("text"))
            || matches!(element.name.as_str(), "lightning-textarea" | "lightning:textarea");
        for attribute in &element.attributes {
            let typed = KEYS.contains(&attribute.name.as_str()) || (field && attribute.name == "onchange");
            if typed && let Some(name) = handler(&attribute.value) {
                found.push((name, attribute.at));
            }
        }
    }
    found
}

/// `handler` of `{handler}` and of `{!c.handler}`.
fn handler(value: &str) -> Option<String> {
    let inner = value.trim().strip_prefix('{')?.strip_suffix('}')?.trim();
    let inner = inner.strip_prefix('!').map_or(inner, |inner| inner.trim().trim_start_matches("c."));
    let is_name =
        !inner.is_empty() && inner.chars().all(|ch| ch.is_alphanumeric() || matches!(ch, '_' | '$'));
    is_name.then(|| inner.to_owned())
}
