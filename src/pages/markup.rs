//! Elements of a template, of Aura markup and of a Visualforce page, with their attributes.

use std::cell::RefCell;

use tree_sitter::{Node, Parser, Tree};

use crate::span::Span;

use super::Comment;
use super::script::{comments_of, within_budget};

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

/// The comments of a text.
pub fn comments(text: &str) -> Vec<Comment> {
    let Some(tree) = parse(text) else { return Vec::new() };
    comments_of(&tree, |node| {
        let word = text.get(node.byte_range())?;
        let inside = word.strip_prefix("<!--")?;
        let end = node.end_byte() - if inside.ends_with("-->") { 3 } else { 0 };
        Some((node.start_byte() + 4, end))
    })
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

/// The handlers that run whenever the user types a character: the name in `{handler}` or `{!c.handler}`,
/// with its place.
pub fn typing_handlers(elements: &[Element]) -> Vec<(String, Span)> {
    const KEYS: [&str; 4] = ["oninput", "onkeyup", "onkeydown", "onkeypress"];
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
