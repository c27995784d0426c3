//! Places in a text, as an editor counts them.

use gen_lsp_types::{ClientCapabilities, Position, PositionEncodingKind, Range};

use crate::report::source_map::FileText;
use crate::span::Location;

/// What a column counts. The protocol's default is UTF-16.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    Utf8,
    Utf16,
}

impl Encoding {
    /// UTF-8 where the client offers it: it costs nothing here.
    pub fn negotiate(client: &ClientCapabilities) -> Encoding {
        let offered = client.general.as_ref().and_then(|general| general.position_encodings.as_ref());
        match offered {
            Some(offered) if offered.contains(&PositionEncodingKind::UTF8) => Encoding::Utf8,
            _ => Encoding::Utf16,
        }
    }

    pub fn kind(self) -> PositionEncodingKind {
        match self {
            Encoding::Utf8 => PositionEncodingKind::UTF8,
            Encoding::Utf16 => PositionEncodingKind::UTF16,
        }
    }

    /// The range of `location` in its file's `text`.
    pub fn range(self, text: &FileText, location: Location) -> Range {
        let span = text.clamp(location);
        Range { start: self.position(text, span.start), end: self.position(text, span.end) }
    }

    /// `offset` is a character boundary of the text.
    fn position(self, text: &FileText, offset: usize) -> Position {
        let line = text.line_of(offset);
        let before = &text.text()[text.line_range(line).start..offset];
        Position { line: line as u32, character: self.width(before) }
    }

    pub fn width(self, text: &str) -> u32 {
        match self {
            Encoding::Utf8 => text.len() as u32,
            Encoding::Utf16 => text.chars().map(char::len_utf16).sum::<usize>() as u32,
        }
    }
}

/// Whether a position lies in a range, its end included: a cursor stands between characters.
pub fn touches(range: Range, position: Position) -> bool {
    range.start <= position && position <= range.end
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::{FileId, Span};

    #[test]
    fn columns_count_in_the_negotiated_unit() {
        let source = "ab\r\n/* 😀é */ send();";
        let start = source.find("send").unwrap();
        let location = Location { file: FileId(0), span: Span::new(start, start + 4) };
        let text = FileText::new(source.to_owned());
        let at = |line, character| Position { line, character };
        assert_eq!(Encoding::Utf16.range(&text, location), Range { start: at(1, 10), end: at(1, 14) });
        assert_eq!(Encoding::Utf8.range(&text, location), Range { start: at(1, 13), end: at(1, 17) });
    }
}
