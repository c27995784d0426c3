//! Subscriptions of pages in the browser: Lightning web components and Aura components that use
//! `empApi`, and the topics that they name.
//!
//! A component's files are taken together: one uses `empApi`, another one may hold the topic. Comments
//! are left out. A topic that is put together while the page runs is not known.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::discover::{Project, SourceFile, SourceKind, read_text};
use crate::span::{Location, Span};
use crate::summary::event_graph::PageSubscription;

/// What the Lightning components of a project say of topics.
#[derive(Debug, Default)]
pub struct Topics {
    /// In the order of the files.
    pub subscriptions: Vec<PageSubscription>,
    /// Topics that components without `empApi` name, sorted: they hand them to another one, or know of
    /// the event in another way.
    pub mentioned: Vec<String>,
}

/// The topics in all components of the project.
pub fn topics(project: &Project) -> Topics {
    let files: Vec<&SourceFile> = project.of_kind(SourceKind::Script).collect();
    let read: Vec<(&SourceFile, Vec<Text>, bool)> = files
        .par_iter()
        .filter_map(|file| {
            let text = read_text(&file.absolute).ok()?;
            let texts = if file.name().ends_with(".js") { script_texts(&text) } else { markup_texts(&text) };
            let uses =
                texts.iter().any(|text| text.value == "lightning/empApi" || text.value == "lightning:empApi");
            Some((*file, texts, uses))
        })
        .collect();
    let mut bundles: BTreeMap<&str, Bundle<'_>> = BTreeMap::new();
    for (file, texts, uses) in read {
        let folder = file.path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let bundle = bundles.entry(folder).or_default();
        bundle.uses |= uses;
        bundle.files.push((file, texts));
    }
    let mut found = Vec::new();
    let mut mentioned = Vec::new();
    for (folder, Bundle { uses, files }) in bundles {
        if !uses {
            let texts = files.iter().flat_map(|(_, texts)| texts);
            mentioned.extend(texts.filter_map(|text| topic(&text.value)));
            continue;
        }
        let component = folder.rsplit('/').next().unwrap_or(folder);
        let all = || files.iter().flat_map(|(file, texts)| texts.iter().map(move |text| (*file, text)));
        let mut topics: Vec<(String, Location)> = all()
            .filter_map(|(file, text)| {
                let topic = topic(&text.value)?;
                Some((topic, Location { file: file.id, span: text.span }))
            })
            .collect();
        topics.sort_by(|a, b| (&a.0, a.1).cmp(&(&b.0, b.1)));
        topics.dedup_by(|a, b| a.0 == b.0);
        found.extend(topics.into_iter().map(|(topic, at)| PageSubscription {
            topic,
            component: component.to_owned(),
            at,
        }));
    }
    found.sort_by(|a, b| (a.at, &a.topic).cmp(&(b.at, &b.topic)));
    mentioned.sort();
    mentioned.dedup();
    Topics { subscriptions: found, mentioned }
}

/// The files of one component.
#[derive(Default)]
struct Bundle<'a> {
    /// It uses `empApi`.
    uses: bool,
    files: Vec<(&'a SourceFile, Vec<Text>)>,
}

/// The topic that a text is. The bare name of an event is one too: `'/event/' + component.get('v.channel')`.
fn topic(text: &str) -> Option<String> {
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|ch| ch.is_alphanumeric() || ch == '_');
    for prefix in ["/event/", "/data/", "/topic/", "/u/"] {
        if let Some(name) = text.strip_prefix(prefix) {
            return is_name(name).then(|| text.to_owned());
        }
    }
    let is_event = text.ends_with("__e") || text.ends_with("ChangeEvent") || text.ends_with("__chn");
    (is_event && is_name(text)).then(|| format!("/event/{text}"))
}

/// A literal text.
#[derive(Debug, PartialEq)]
struct Text {
    value: String,
    span: Span,
}

/// The texts in a script: strings, and templates with what they put in left out.
fn script_texts(source: &str) -> Vec<Text> {
    let bytes = source.as_bytes();
    let mut texts = Vec::new();
    // The last byte that was not white space: what a `/` after it means.
    let mut last = b'(';
    let mut word_start = None;
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        let next = bytes.get(at + 1).copied();
        match byte {
            b'/' if next == Some(b'/') => {
                at = end_of(bytes, at, b"\n");
                continue;
            }
            b'/' if next == Some(b'*') => {
                at = end_of(bytes, at + 2, b"*/");
                continue;
            }
            b'\'' | b'"' | b'`' => {
                let (value, end) = quoted(source, at);
                texts.push(Text { value, span: Span::new(at, end) });
                at = end;
                last = byte;
                word_start = None;
                continue;
            }
            b'/' if starts_regex(source, last, word_start, at) => {
                at = end_of_regex(bytes, at);
                last = b'/';
                word_start = None;
                continue;
            }
            _ => {}
        }
        if byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' {
            word_start.get_or_insert(at);
        } else if !byte.is_ascii_whitespace() {
            word_start = None;
        }
        if !byte.is_ascii_whitespace() {
            last = byte;
        }
        at += 1;
    }
    texts
}

/// Past the next `mark`, or the end.
fn end_of(bytes: &[u8], from: usize, mark: &[u8]) -> usize {
    let from = from.min(bytes.len());
    bytes[from..]
        .windows(mark.len())
        .position(|window| window == mark)
        .map_or(bytes.len(), |position| from + position + mark.len())
}

/// The text that begins with the quote at `start`, and where it ends.
fn quoted(source: &str, start: usize) -> (String, usize) {
    let bytes = source.as_bytes();
    let quote = bytes[start];
    let mut value = Vec::new();
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => {
                value.extend(bytes.get(at + 1));
                at += 2;
            }
            byte if byte == quote => {
                at += 1;
                break;
            }
            b'\n' if quote != b'`' => break,
            b'$' if quote == b'`' && bytes.get(at + 1) == Some(&b'{') => at = end_of_hole(source, at + 2),
            byte => {
                value.push(byte);
                at += 1;
            }
        }
    }
    (String::from_utf8_lossy(&value).into_owned(), at.min(bytes.len()))
}

/// Past the `}` of a template's hole that begins at `from`.
fn end_of_hole(source: &str, from: usize) -> usize {
    let bytes = source.as_bytes();
    let mut depth = 1usize;
    let mut at = from;
    while at < bytes.len() {
        match bytes[at] {
            b'{' => depth += 1,
            b'}' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            // A template inside of a hole is passed over without a look at its own holes.
            quote @ (b'\'' | b'"' | b'`') => {
                at += 1;
                while at < bytes.len() && bytes[at] != quote {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
            }
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// Whether a `/` begins a regular expression: after a value it divides.
fn starts_regex(source: &str, last: u8, word_start: Option<usize>, at: usize) -> bool {
    if let Some(start) = word_start {
        let word = source[start..at].trim_end();
        return matches!(word, "return" | "typeof" | "case" | "in" | "of" | "delete" | "void");
    }
    !matches!(last, b')' | b']' | b'}' | b'\'' | b'"' | b'`' | b'/')
}

fn end_of_regex(bytes: &[u8], from: usize) -> usize {
    let mut in_class = false;
    let mut at = from + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'[' => in_class = true,
            b']' => in_class = false,
            b'/' if !in_class => return at + 1,
            b'\n' => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// The attribute values in markup, and the names of its elements.
fn markup_texts(source: &str) -> Vec<Text> {
    let bytes = source.as_bytes();
    let mut texts = Vec::new();
    let mut in_tag = false;
    let mut at = 0;
    while at < bytes.len() {
        match bytes[at] {
            b'<' if bytes[at..].starts_with(b"<!--") => {
                at = end_of(bytes, at, b"-->");
                continue;
            }
            b'<' => {
                in_tag = true;
                let length = bytes[at + 1..]
                    .iter()
                    .take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b':' || **byte == b'_')
                    .count();
                let span = Span::new(at + 1, at + 1 + length);
                texts.push(Text { value: source[at + 1..at + 1 + length].to_owned(), span });
            }
            b'>' => in_tag = false,
            quote @ (b'"' | b'\'') if in_tag => {
                let end = end_of(bytes, at + 1, &[quote]);
                let inner = &source[at + 1..(end - 1).max(at + 1)];
                texts.push(Text { value: inner.to_owned(), span: Span::new(at, end) });
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    texts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(texts: Vec<Text>) -> Vec<String> {
        texts.into_iter().map(|text| text.value).collect()
    }

    #[test]
    fn texts_are_told_from_comments_and_regular_expressions() {
        let source = r#"
            // import 'not/this'
            import { subscribe } from 'lightning/empApi'; /* '/event/No__e' */
            const half = total / 2 + "/event/A__e";
            const pattern = /'\/[/']+/g, other = '/event/B__e';
            if (/"/.test(x)) { return /`/.exec(`/event/${ns ? ns + '__' : ''}C__e`) }
            const escaped = 'it\'s';
        "#;
        assert_eq!(
            values(script_texts(source)),
            ["lightning/empApi", "/event/A__e", "/event/B__e", "/event/C__e", "it's"]
        );
    }

    #[test]
    fn broken_scripts_end() {
        for source in ["'", "`${", "`${'", "/*", "/[", "a = /", "\"\\", "`${`", "é'é"] {
            script_texts(source);
        }
        for source in ["<", "<a b='", "<!--", "<é", "<a b=\"\""] {
            markup_texts(source);
        }
    }

    #[test]
    fn markup_has_names_and_attributes() {
        let source =
            "<!-- <lightning:empApi/> --><aura:attribute name='channel' default=\"/event/A__e\"/>don't";
        assert_eq!(values(markup_texts(source)), ["aura:attribute", "channel", "/event/A__e"]);
    }

    #[test]
    fn topics_have_a_name() {
        assert_eq!(topic("/event/A__e").as_deref(), Some("/event/A__e"));
        assert_eq!(topic("/data/ChangeEvents").as_deref(), Some("/data/ChangeEvents"));
        assert_eq!(topic("/event/"), None);
        assert_eq!(topic("A__e").as_deref(), Some("/event/A__e"));
        assert_eq!(topic("/u/not a name"), None);
    }
}
