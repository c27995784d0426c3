//! The little that the metadata readers share: text of XML events, safely.

use quick_xml::Reader;
use quick_xml::events::Event;

/// Real metadata nests a handful of levels; deeper input is not metadata.
pub(super) const MAX_DEPTH: usize = 64;

/// A reader over decoded text. Never expands entities that a document declares, so a small file
/// cannot become a large one.
pub(super) fn reader(text: &str) -> Reader<&[u8]> {
    let mut reader = Reader::from_str(text);
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    config.trim_markup_names_in_closing_tags = true;
    reader
}

/// Appends what an event says as text; events that are not text say nothing.
pub(super) fn push_text(into: &mut String, event: &Event<'_>) {
    match event {
        Event::Text(text) => into.push_str(&text.xml10_content()),
        Event::CData(data) => into.push_str(&data.xml10_content()),
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
                Some(character) => into.push(character),
                None => {
                    into.push('&');
                    into.push_str(reference);
                    into.push(';');
                }
            }
        }
        _ => {}
    }
}

/// Calls `visit` with the name and text of each child of the root; what is nested deeper is passed over.
pub(super) fn each_child(text: &str, mut visit: impl FnMut(&str, &str)) -> Result<(), String> {
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
            Ok(event) => push_text(&mut value, &event),
            Err(error) => return Err(format!("is not valid XML: {error}")),
        }
    }
}
