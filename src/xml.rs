//! XML, read safely and with the place of each value.
//!
//! Entities that a document declares are never expanded, so that a small file cannot become a large
//! one, and nesting is bounded.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::discover::LineIndex;
use crate::name::Name;
use crate::span::{Span, Spanned};

/// Real metadata nests a handful of levels; deeper input is not metadata.
pub const MAX_DEPTH: usize = 64;

/// An element, known by its local name: prefixes say nothing in metadata files.
#[derive(Clone, Debug)]
pub struct Element<'t> {
    pub name: &'t str,
    /// The opening tag.
    pub tag: Span,
    /// The text, with the predefined entities resolved; empty where there are child elements.
    pub text: Cow<'t, str>,
    /// Where the text is, without the white space around it; the tag where there is none.
    pub at: Span,
    /// The local name of `xsi:type`.
    pub xsi_type: Option<String>,
    /// Whether `xsi:nil` says that there is no value.
    pub is_nil: bool,
    pub children: Vec<Element<'t>>,
}

impl<'t> Element<'t> {
    /// The children of that name, in the order of the file.
    pub fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Element<'t>> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The first child of that name.
    pub fn first(&self, name: &str) -> Option<&Element<'t>> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of this element, without the white space around it. `None` where there is none.
    pub fn value(&self) -> Option<Spanned<String>> {
        let text = self.text.trim();
        (!text.is_empty()).then(|| Spanned { value: text.to_owned(), at: self.at })
    }

    /// The text of the first child of that name that has one.
    pub fn text(&self, name: &str) -> Option<Spanned<String>> {
        self.all(name).find_map(Element::value)
    }

    /// The texts of all children of that name.
    pub fn texts(&self, name: &str) -> Vec<Spanned<String>> {
        self.all(name).filter_map(Element::value).collect()
    }

    /// The name that a child holds.
    pub fn name(&self, name: &str) -> Option<Spanned<Name>> {
        self.text(name).map(|text| text.map(|text| Name::new(&text)))
    }

    /// The names that all children of that name hold.
    pub fn names(&self, name: &str) -> Vec<Spanned<Name>> {
        self.texts(name).into_iter().map(|text| text.map(|text| Name::new(&text))).collect()
    }

    /// The boolean that a child holds; `None` where it is missing or is none.
    pub fn flag(&self, name: &str) -> Option<Spanned<bool>> {
        let Spanned { value, at } = self.text(name)?;
        let value = match value.as_str() {
            "1" => true,
            "0" => false,
            text if text.eq_ignore_ascii_case("true") => true,
            text if text.eq_ignore_ascii_case("false") => false,
            _ => return None,
        };
        Some(Spanned { value, at })
    }

    /// Whether a child says `true`.
    pub fn is(&self, name: &str) -> bool {
        self.flag(name).is_some_and(|flag| flag.value)
    }

    /// The whole number that a child holds; `None` where it is missing or is none.
    pub fn number(&self, name: &str) -> Option<Spanned<u32>> {
        let Spanned { value, at } = self.text(name)?;
        value.parse().ok().map(|value| Spanned { value, at })
    }
}

/// What a text says, as far as it can be read.
#[derive(Debug)]
pub struct Document<'t> {
    /// `None` where there is not even one element. Where reading stopped, the root has the children
    /// that were complete before.
    pub root: Option<Element<'t>>,
    pub error: Option<XmlError>,
}

/// Why reading stopped. Shown with [`XmlError::message`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XmlError {
    /// Offset in the text.
    pub at: usize,
    /// Continues the path of the file: "is not valid XML".
    what: &'static str,
    detail: String,
}

impl XmlError {
    fn new(at: usize, what: &'static str, detail: impl Into<String>) -> XmlError {
        XmlError { at, what, detail: detail.into() }
    }

    /// The problem and its place, for a person.
    pub fn message(&self, text: &str) -> String {
        let place = LineIndex::new(text).position(text, self.at);
        let XmlError { what, detail, .. } = self;
        format!("{what} (line {}, column {}: {detail})", place.line, place.char_column)
    }
}

/// A reader over decoded text.
fn reader(text: &str) -> Reader<&[u8]> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.trim_markup_names_in_closing_tags = true;
    reader
}

/// What an event says as text; events that are not text say nothing.
fn text_of<'t>(event: &Event<'t>) -> Cow<'t, str> {
    match event {
        Event::Text(text) => text.xml10_content(),
        Event::CData(data) => data.xml10_content(),
        Event::GeneralRef(reference) => {
            let predefined = match reference.as_ref() {
                "lt" => Some('<'),
                "gt" => Some('>'),
                "amp" => Some('&'),
                "quot" => Some('"'),
                "apos" => Some('\''),
                _ => reference.resolve_char_ref().ok().flatten(),
            };
            match predefined {
                Some(character) => Cow::Owned(character.to_string()),
                None => Cow::Owned(format!("&{};", &**reference)),
            }
        }
        _ => Cow::Borrowed(""),
    }
}

/// Reads a text to a tree.
pub fn parse(text: &str) -> Document<'_> {
    let mut reader = reader(text);
    // The elements that are open, the root first.
    let mut open: Vec<Element> = Vec::new();
    let error = loop {
        let start = reader.buffer_position() as usize;
        let event = match reader.read_event() {
            Ok(event) => event,
            Err(error) => {
                let at = reader.error_position() as usize;
                break XmlError::new(at, "is not valid XML", error.to_string());
            }
        };
        let span = Span::new(start, reader.buffer_position() as usize);
        let (tag, closed) = match &event {
            Event::Start(tag) => (Some(tag), false),
            Event::Empty(tag) => (Some(tag), true),
            Event::End(_) => (None, true),
            Event::Eof => match open.last() {
                Some(inner) => {
                    let detail = format!("`<{}>` is not closed", inner.name);
                    break XmlError::new(inner.tag.start as usize, "is not complete XML", detail);
                }
                None => break XmlError::new(0, "holds no data", "there is no element"),
            },
            _ => {
                if let Some(inner) = open.last_mut() {
                    add_text(inner, text_of(&event), span);
                }
                continue;
            }
        };
        if let Some(tag) = tag {
            if open.len() == MAX_DEPTH {
                let detail = format!("nested more than {MAX_DEPTH} levels deep");
                break XmlError::new(start, "is not metadata", detail);
            }
            open.push(element(text, tag, span));
        }
        if closed && let Some(mut element) = open.pop() {
            if element.children.is_empty() {
                element.at = trimmed(text, element.at).unwrap_or(element.tag);
            } else {
                (element.text, element.at) = (Cow::Borrowed(""), element.tag);
            }
            match open.last_mut() {
                Some(parent) => parent.children.push(element),
                None => return Document { root: Some(element), error: None },
            }
        }
    };
    Document { root: open.into_iter().next(), error: Some(error) }
}

fn element<'t>(text: &'t str, tag: &BytesStart, span: Span) -> Element<'t> {
    let start = span.start as usize + 1;
    let name = text.get(start..start + tag.name().as_ref().len()).unwrap_or_default();
    let name = name.rsplit(':').next().unwrap_or(name);
    let mut element = Element {
        name,
        tag: span,
        text: Cow::Borrowed(""),
        at: Span::default(),
        xsi_type: None,
        is_nil: false,
        children: Vec::new(),
    };
    if tag.name().as_ref().len() + 2 == (span.end - span.start) as usize {
        return element;
    }
    for attribute in tag.attributes().with_checks(false).flatten() {
        match attribute.key.local_name().as_ref() {
            "type" => {
                element.xsi_type = attribute.value.rsplit(':').next().map(|name| name.trim().to_owned())
            }
            "nil" => element.is_nil = matches!(attribute.value.trim(), "true" | "1"),
            _ => {}
        }
    }
    element
}

fn add_text<'t>(element: &mut Element<'t>, text: Cow<'t, str>, span: Span) {
    if text.is_empty() {
        return;
    }
    if element.text.is_empty() {
        (element.text, element.at) = (text, span);
    } else {
        element.text.to_mut().push_str(&text);
        element.at.end = span.end;
    }
}

/// The span without the white space at its ends, and inside of a CDATA section.
fn trimmed(text: &str, span: Span) -> Option<Span> {
    let all = text.get(span.start as usize..span.end as usize)?;
    let inner = all.trim();
    let inner =
        inner.strip_prefix("<![CDATA[").and_then(|rest| rest.strip_suffix("]]>")).unwrap_or(inner).trim();
    if inner.is_empty() {
        return None;
    }
    let start = inner.as_ptr() as usize - text.as_ptr() as usize;
    Some(Span::new(start, start + inner.len()))
}

/// Calls `visit` with the name and text of each child of the root; what is nested deeper is passed over.
pub fn each_child(text: &str, mut visit: impl FnMut(&str, &str)) -> Result<(), String> {
    let mut reader = reader(text);
    let mut depth = 0_usize;
    let mut value = String::new();
    loop {
        match reader.read_event() {
            Ok(Event::Start(_)) => {
                depth += 1;
                value.clear();
            }
            Ok(Event::End(end)) => {
                if depth == 2 {
                    visit(end.local_name().as_ref(), value.trim());
                }
                depth = depth.saturating_sub(1);
            }
            Ok(Event::Eof) if depth > 0 => return Err("is not complete XML".to_string()),
            Ok(Event::Eof) => return Ok(()),
            Ok(event) => value.push_str(&text_of(&event)),
            Err(error) => return Err(format!("is not valid XML: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(text: &str) -> Element<'_> {
        let document = parse(text);
        assert_eq!(document.error, None, "{text}");
        document.root.expect("an element")
    }

    fn slice(text: &str, at: Span) -> &str {
        &text[at.start as usize..at.end as usize]
    }

    #[test]
    fn values_have_their_places() {
        let text = "<?xml version=\"1.0\"?>\r\n<!-- x -->\r\n<md:Site xmlns:md='m'>\r\n  <md:url>\r\n   \
                    https://a.example.com?a=1&amp;b=2 \r\n</md:url><active >TRUE</active><empty/><blank> </blank>\
                    <data><![CDATA[<x>&amp;]]></data></md:Site>\r\n";
        let site = root(text);
        assert_eq!(site.name, "Site");
        assert_eq!(slice(text, site.tag), "<md:Site xmlns:md='m'>");
        let url = site.text("url").unwrap();
        assert_eq!(url.value, "https://a.example.com?a=1&b=2");
        assert_eq!(slice(text, url.at), "https://a.example.com?a=1&amp;b=2");
        assert_eq!(slice(text, site.flag("active").unwrap().at), "TRUE");
        assert_eq!(site.text("empty"), None);
        assert_eq!(site.text("blank"), None);
        let data = site.text("data").unwrap();
        assert_eq!((data.value.as_str(), slice(text, data.at)), ("<x>&amp;", "<x>&amp;"));
        assert_eq!(slice(text, site.first("empty").unwrap().tag), "<empty/>");
    }

    #[test]
    fn text_around_children_is_not_a_value() {
        let text = "<a>\n <b>1</b>\n <b>2</b>\n</a>";
        let root = root(text);
        assert_eq!(root.value(), None);
        assert_eq!(root.texts("b").iter().map(|text| text.value.as_str()).collect::<Vec<_>>(), ["1", "2"]);
    }

    /// "Billion laughs": ten entities, each ten times the one before.
    #[test]
    fn entities_are_not_expanded() {
        let mut text = "<!DOCTYPE x [<!ENTITY a0 \"ha\">".to_owned();
        for level in 1..10 {
            let inner = format!("&a{};", level - 1).repeat(10);
            text.push_str(&format!("<!ENTITY a{level} \"{inner}\">"));
        }
        text.push_str("]><x><url>&a9; &undeclared; & &#65;</url></x>");
        assert_eq!(root(&text).text("url").unwrap().value, "&a9; &undeclared; & A");
    }

    #[test]
    fn what_was_complete_stays() {
        let text = "<Workflow>\n<rules><name>A</name></rules>\n<rules><name>B</name>\n</Workflow>";
        let document = parse(text);
        let root = document.root.unwrap();
        assert_eq!(root.children.len(), 1);
        let message = document.error.unwrap().message(text);
        assert!(message.starts_with("is not valid XML (line 4, column "), "{message}");

        let text = "<a>\n <b>1</b><c><d>";
        let document = parse(text);
        assert_eq!(document.root.unwrap().text("b").unwrap().value, "1");
        assert_eq!(
            document.error.unwrap().message(text),
            "is not complete XML (line 2, column 13: `<d>` is not closed)"
        );
    }

    #[test]
    fn odd_texts_are_told() {
        for text in ["", "plain", "<", "<a", "<a></b>", "</a>", "<a><b attr=></a>", "\u{0}"] {
            let document = parse(text);
            assert!(document.error.is_some(), "{text:?}");
            let _ = document.error.unwrap().message(text);
        }
        let deep = "<x>".repeat(100_000);
        assert_eq!(
            parse(&deep).error.unwrap().message(&deep),
            "is not metadata (line 1, column 193: nested more than 64 levels deep)"
        );
    }
}
