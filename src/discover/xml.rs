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
