//! The text of a file as all later stages see it, and places in that text as people see them.

use std::fmt;
use std::fs::{self, File};
use std::io::{self, Read};
use std::ops::Range;
use std::path::Path;

/// Larger files are not read: no real source file comes near (the largest known class has 700 kB),
/// and what is under scan must not decide how much memory the scan takes.
pub const MAX_TEXT_BYTES: u64 = 8 * 1024 * 1024;

/// How many bytes decide whether a file without a byte order mark is UTF-16.
const SNIFF_BYTES: usize = 1024;

/// Why a file has no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextProblem {
    /// The system refused: missing, no permission, a bad disk.
    Unreadable { kind: io::ErrorKind, message: String },
    /// A pipe, a socket, a device, a folder: reading it could block for ever.
    NotAFile,
    /// Larger than [`MAX_TEXT_BYTES`].
    TooLarge { bytes: u64 },
}

impl fmt::Display for TextProblem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TextProblem::Unreadable { message, .. } => write!(out, "cannot be read: {message}"),
            TextProblem::NotAFile => write!(out, "is not a regular file"),
            TextProblem::TooLarge { bytes } => write!(
                out,
                "is too large to analyse ({:.1} MiB, the limit is {} MiB)",
                *bytes as f64 / (1024.0 * 1024.0),
                MAX_TEXT_BYTES / (1024 * 1024)
            ),
        }
    }
}

impl std::error::Error for TextProblem {}

impl From<io::Error> for TextProblem {
    fn from(error: io::Error) -> TextProblem {
        TextProblem::Unreadable { kind: error.kind(), message: error_text(&error) }
    }
}

/// An input/output error in the words of a message, without the "(os error 13)" tail.
pub(crate) fn error_text(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => text.to_string(),
    }
}

/// The text of a file, whatever its encoding. See [`decode`] for what is done to it.
pub fn read_text(path: &Path) -> Result<String, TextProblem> {
    // Asked of the path, before opening: opening a pipe waits for a writer.
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(TextProblem::NotAFile);
    }
    if metadata.len() > MAX_TEXT_BYTES {
        return Err(TextProblem::TooLarge { bytes: metadata.len() });
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize + 1);
    // The size may be a lie (`/proc`) or change meanwhile, so the reading itself is bounded too.
    File::open(path)?.take(MAX_TEXT_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_TEXT_BYTES {
        return Err(TextProblem::TooLarge { bytes: bytes.len() as u64 });
    }
    Ok(decode(bytes))
}

/// Turns the bytes of a file into text. All offsets in seamlint are offsets into this text.
///
/// - A byte order mark is dropped: editors do not count it, so neither do columns.
/// - UTF-16 is transcoded, by its byte order mark or, without one, by the pattern of its NUL bytes.
/// - A byte that is not UTF-8 becomes one `?` and a NUL becomes one space. One byte stays one byte,
///   so that offsets in the text are offsets in the file, and no later stage meets a NUL.
pub fn decode(bytes: Vec<u8>) -> String {
    let text = match utf16_order(&bytes) {
        Some(encoding) => encoding.decode_with_bom_removal(&bytes).0.into_owned(),
        None => {
            let mut bytes = bytes;
            if bytes.starts_with(b"\xEF\xBB\xBF") {
                bytes.drain(..3);
            }
            String::from_utf8(bytes).unwrap_or_else(|error| replace_invalid(error.into_bytes()))
        }
    };
    if !text.as_bytes().contains(&0) {
        return text;
    }
    text.replace('\0', " ")
}

fn utf16_order(bytes: &[u8]) -> Option<&'static encoding_rs::Encoding> {
    if bytes.starts_with(b"\xFF\xFE") {
        return Some(encoding_rs::UTF_16LE);
    }
    if bytes.starts_with(b"\xFE\xFF") {
        return Some(encoding_rs::UTF_16BE);
    }
    let head = &bytes[..bytes.len().min(SNIFF_BYTES) & !1];
    if head.len() < 4 || !head.contains(&0) {
        return None;
    }
    // Source code is mostly ASCII, and ASCII in UTF-16 has every other byte zero. Stray NULs in an
    // 8-bit file do not fall into that pattern.
    let pairs = head.len() / 2;
    let high_first = head.iter().step_by(2).filter(|&&byte| byte == 0).count();
    let high_last = head.iter().skip(1).step_by(2).filter(|&&byte| byte == 0).count();
    if high_last * 2 > pairs && high_first == 0 {
        Some(encoding_rs::UTF_16LE)
    } else if high_first * 2 > pairs && high_last == 0 {
        Some(encoding_rs::UTF_16BE)
    } else {
        None
    }
}

/// Replaces every byte that is part of no valid character by one `?`.
fn replace_invalid(bytes: Vec<u8>) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '?'));
    }
    text
}

/// A place as people and tools count it; everything is 1-based.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub line: usize,
    /// Column in UTF-8 bytes.
    pub byte_column: usize,
    /// Column in Unicode characters.
    pub char_column: usize,
    /// Column in UTF-16 code units (SARIF, language servers).
    pub utf16_column: usize,
}

/// Where the lines of a text start. A line ends with LF, CRLF or CR, whichever comes.
///
/// It keeps no text, so that it can be stored beside the text; hand the same text to every call.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
    length: u32,
}

impl LineIndex {
    pub fn new(text: &str) -> LineIndex {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (at, &byte) in bytes.iter().enumerate() {
            let ends_line = byte == b'\n' || (byte == b'\r' && bytes.get(at + 1) != Some(&b'\n'));
            if ends_line {
                starts.push(at as u32 + 1);
            }
        }
        LineIndex { starts, length: bytes.len() as u32 }
    }

    /// How many lines there are; a text that ends with a line break has an empty last one.
    pub fn line_count(&self) -> usize {
        self.starts.len()
    }

    /// The 1-based line of an offset. An offset past the end is on the last line.
    pub fn line(&self, offset: usize) -> usize {
        self.starts.partition_point(|&start| start as usize <= offset)
    }

    /// Line and columns of an offset. One past the end counts as the end, one inside a character as
    /// the start of that character.
    pub fn position(&self, text: &str, offset: usize) -> Position {
        let mut offset = offset.min(text.len());
        while !text.is_char_boundary(offset) {
            offset -= 1;
        }
        let line = self.line(offset);
        let before = &text[self.starts[line - 1] as usize..offset];
        if before.is_ascii() {
            let column = before.len() + 1;
            return Position { line, byte_column: column, char_column: column, utf16_column: column };
        }
        Position {
            line,
            byte_column: before.len() + 1,
            char_column: before.chars().count() + 1,
            utf16_column: before.encode_utf16().count() + 1,
        }
    }

    /// The byte range of a 1-based line, with its line break. Empty for a line that does not exist.
    pub fn line_range(&self, line: usize) -> Range<usize> {
        let Some(index) = line.checked_sub(1).filter(|&index| index < self.starts.len()) else {
            return self.length as usize..self.length as usize;
        };
        let end = self.starts.get(index + 1).copied().unwrap_or(self.length);
        self.starts[index] as usize..end as usize
    }

    /// The text of a 1-based line, without its line break.
    pub fn line_text<'t>(&self, text: &'t str, line: usize) -> &'t str {
        text.get(self.line_range(line)).unwrap_or_default().trim_end_matches(['\r', '\n'])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, little: bool, mark: bool) -> Vec<u8> {
        let mark = if mark { "\u{FEFF}" } else { "" };
        let units = format!("{mark}{text}").encode_utf16().collect::<Vec<_>>();
        units.iter().flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
    }

    #[test]
    fn utf16_is_transcoded_with_and_without_a_mark() {
        let text = "public class Größe { String s = '日本'; }";
        for little in [true, false] {
            for mark in [true, false] {
                assert_eq!(decode(utf16(text, little, mark)), text, "little {little}, mark {mark}");
            }
        }
    }

    #[test]
    fn a_byte_order_mark_is_not_part_of_the_text() {
        assert_eq!(decode(b"\xEF\xBB\xBFclass A {}".to_vec()), "class A {}");
        assert_eq!(decode(b"\xEF\xBB\xBF".to_vec()), "");
        assert_eq!(decode(Vec::new()), "");
    }

    #[test]
    fn invalid_bytes_and_nuls_keep_the_length() {
        let bytes = b"caf\xE9 \xF0\x9F\x98 \0 ok \xFF".to_vec();
        let text = decode(bytes.clone());
        assert_eq!(text, "caf? ???   ok ?");
        assert_eq!(text.len(), bytes.len());
    }

    #[test]
    fn an_odd_or_tiny_utf16_file_does_not_panic() {
        for bytes in [&b"\xFF\xFE"[..], b"\xFF\xFEa", b"\0", b"\0a", b"a\0b", b"\xFE\xFF\xD8"] {
            decode(bytes.to_vec());
        }
    }

    #[test]
    fn too_large_and_missing_are_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Big.cls");
        File::create(&path).unwrap().set_len(MAX_TEXT_BYTES + 1).unwrap();
        assert_eq!(read_text(&path), Err(TextProblem::TooLarge { bytes: MAX_TEXT_BYTES + 1 }));
        assert_eq!(read_text(folder.path()), Err(TextProblem::NotAFile));
        let missing = read_text(&folder.path().join("No.cls")).unwrap_err();
        assert_eq!(missing.to_string(), "cannot be read: no such file or directory");
    }

    #[test]
    fn lines_end_with_lf_crlf_or_cr() {
        for (text, lines) in [
            ("a\nb\nc", vec!["a", "b", "c"]),
            ("a\r\nb\r\nc", vec!["a", "b", "c"]),
            ("a\rb\rc\r", vec!["a", "b", "c", ""]),
            ("a\n\r\n\rb", vec!["a", "", "", "b"]),
            ("", vec![""]),
        ] {
            let index = LineIndex::new(text);
            let got = (1..=index.line_count()).map(|line| index.line_text(text, line)).collect::<Vec<_>>();
            assert_eq!(got, lines, "{text:?}");
        }
    }

    #[test]
    fn columns_are_counted_three_ways() {
        let text = "a\r\nx = '😀é'; y";
        let index = LineIndex::new(text);
        let position = index.position(text, text.find('y').unwrap());
        assert_eq!(
            position,
            Position { line: 2, byte_column: 15, char_column: 11, utf16_column: 12 },
            "{position:?}"
        );
        let inside = index.position(text, text.find('😀').unwrap() + 2);
        assert_eq!((inside.line, inside.byte_column), (2, 6));
        assert_eq!(index.position(text, 10_000).line, 2);
        assert_eq!(index.line_text(text, 99), "");
        assert_eq!(index.line_text(text, 0), "");
    }

    #[test]
    fn a_megabyte_on_one_line() {
        let text = "x".repeat(1 << 20);
        let index = LineIndex::new(&text);
        assert_eq!(index.position(&text, 1 << 20).utf16_column, (1 << 20) + 1);
    }
}
