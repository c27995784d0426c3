//! Turns the byte spans of findings into lines, columns and text, loading a file only when a finding
//! points into it.

use std::cell::RefCell;
use std::io;
use std::ops::Range;
use std::rc::Rc;

use rustc_hash::FxHashMap;

use crate::discover::{Project, SourceFile, read_text};
use crate::span::{FileId, Location};

/// Where a span lies, all numbers from 1. Ends are exclusive: the column after the last character.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    pub line: u32,
    /// In UTF-16 code units, as SARIF and the Language Server Protocol count.
    pub column_utf16: u32,
    /// In Unicode characters, as people and the other formats count.
    pub column_chars: u32,
    pub end_line: u32,
    pub end_column_utf16: u32,
    pub end_column_chars: u32,
}

impl Position {
    /// What is reported for a file that cannot be read any more.
    pub const START: Position = Position {
        line: 1,
        column_utf16: 1,
        column_chars: 1,
        end_line: 1,
        end_column_utf16: 1,
        end_column_chars: 1,
    };
}

/// The decoded text of one file with its line starts.
#[derive(Clone, Debug)]
pub struct FileText {
    text: String,
    /// Byte offset of the first character of each line; never empty.
    starts: Vec<usize>,
}

impl FileText {
    /// Lines end at LF, CRLF or a lone CR, as editors and SARIF consumers count them.
    pub fn new(text: String) -> FileText {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for (at, byte) in bytes.iter().enumerate() {
            if *byte == b'\n' || (*byte == b'\r' && bytes.get(at + 1) != Some(&b'\n')) {
                starts.push(at + 1);
            }
        }
        FileText { text, starts }
    }

    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn line_count(&self) -> usize {
        self.starts.len()
    }

    /// Index from 0 of the line that holds the byte at `offset`.
    pub fn line_of(&self, offset: usize) -> usize {
        self.starts.partition_point(|start| *start <= offset) - 1
    }

    /// Byte range of a line (index from 0) without its line break.
    pub fn line_range(&self, line: usize) -> Range<usize> {
        let Some(&start) = self.starts.get(line) else { return self.text.len()..self.text.len() };
        let end = self.starts.get(line + 1).copied().unwrap_or(self.text.len());
        start..start + self.text[start..end].trim_end_matches(['\r', '\n']).len()
    }

    /// A line (index from 0) without its line break.
    pub fn line(&self, line: usize) -> &str {
        &self.text[self.line_range(line)]
    }

    /// The span of a location moved onto character boundaries inside the text. A span may be wrong when
    /// the file changed on disk between the scan and the report; that must not be a panic.
    pub fn clamp(&self, location: Location) -> Range<usize> {
        let start = floor_boundary(&self.text, location.span.start as usize);
        let end = floor_boundary(&self.text, location.span.end as usize);
        start..end.max(start)
    }

    pub fn position(&self, location: Location) -> Position {
        let span = self.clamp(location);
        let (line, column_utf16, column_chars) = self.columns(span.start);
        let (end_line, end_column_utf16, end_column_chars) = self.columns(span.end);
        Position { line, column_utf16, column_chars, end_line, end_column_utf16, end_column_chars }
    }

    fn columns(&self, offset: usize) -> (u32, u32, u32) {
        let line = self.line_of(offset);
        let before = &self.text[self.starts[line]..offset];
        let (utf16, chars) = if before.is_ascii() {
            (before.len(), before.len())
        } else {
            (before.chars().map(char::len_utf16).sum(), before.chars().count())
        };
        (line as u32 + 1, utf16 as u32 + 1, chars as u32 + 1)
    }
}

fn floor_boundary(text: &str, offset: usize) -> usize {
    let mut at = offset.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// How the text of a file is had; swapped in tests and where the text is in memory already.
pub type Loader<'a> = Box<dyn Fn(&SourceFile) -> io::Result<String> + 'a>;

/// The texts of the files that findings point into, loaded on first use.
pub struct SourceMap<'a> {
    project: &'a Project,
    load: Loader<'a>,
    texts: RefCell<FxHashMap<FileId, Option<Rc<FileText>>>>,
    /// Where the root lies in its repository.
    folder: String,
}

impl<'a> SourceMap<'a> {
    /// Reads files from disk.
    pub fn new(project: &'a Project) -> SourceMap<'a> {
        SourceMap::with_loader(project, Box::new(|file| read_text(&file.absolute).map_err(io::Error::other)))
    }

    pub fn with_loader(project: &'a Project, load: Loader<'a>) -> SourceMap<'a> {
        SourceMap { project, load, texts: RefCell::default(), folder: project.folder_in_repository() }
    }

    /// Path of a file relative to the root, with `/`.
    pub fn path(&self, file: FileId) -> &'a str {
        self.file(file).map_or("<unknown>", |file| file.path.as_str())
    }

    /// A path relative to the root as the services that host repositories know it: relative to the root of
    /// the git repository, which may lie above what was scanned.
    pub fn in_repository(&self, path: &str) -> String {
        format!("{}{path}", self.folder)
    }

    /// The text of a file; `None` when it cannot be read (deleted since the scan).
    pub fn text(&self, file: FileId) -> Option<Rc<FileText>> {
        if let Some(text) = self.texts.borrow().get(&file) {
            return text.clone();
        }
        let text =
            self.file(file).and_then(|source| (self.load)(source).ok()).map(FileText::new).map(Rc::new);
        self.texts.borrow_mut().insert(file, text.clone());
        text
    }

    /// The text of the file at a path relative to the root.
    pub fn text_at(&self, path: &str) -> Option<Rc<FileText>> {
        let file = self.project.files.iter().find(|file| file.path == path)?;
        self.text(file.id)
    }

    pub fn position(&self, location: Location) -> Position {
        self.text(location.file).map_or(Position::START, |text| text.position(location))
    }

    /// The source text under a location.
    pub fn snippet(&self, location: Location) -> String {
        self.text(location.file).map_or_else(String::new, |text| text.text()[text.clamp(location)].to_owned())
    }

    fn file(&self, file: FileId) -> Option<&'a SourceFile> {
        self.project.files.get(file.0 as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::span::Span;

    fn at(start: usize, end: usize) -> Location {
        Location { file: FileId(0), span: Span::new(start, end) }
    }

    fn position(text: &str, needle: &str) -> Position {
        let start = text.find(needle).unwrap();
        FileText::new(text.to_owned()).position(at(start, start + needle.len()))
    }

    #[test]
    fn columns_count_in_both_units() {
        let found = position("ab\n/* 😀é */ send();", "send");
        assert_eq!((found.line, found.column_chars, found.column_utf16), (2, 10, 11));
        assert_eq!((found.end_line, found.end_column_chars, found.end_column_utf16), (2, 14, 15));
    }

    #[test]
    fn every_kind_of_line_break_counts_once() {
        for text in ["a\nb\nX", "a\r\nb\r\nX", "a\rb\rX", "a\r\nb\rX"] {
            assert_eq!(position(text, "X").line, 3, "{text:?}");
            let file = FileText::new(text.to_owned());
            assert_eq!((file.line(0), file.line(1), file.line(2)), ("a", "b", "X"));
        }
    }

    #[test]
    fn a_span_outside_the_text_is_clamped() {
        let file = FileText::new("a😀".to_owned());
        assert_eq!(file.clamp(at(3, 900)), 1..5);
        assert_eq!(file.position(at(900, 901)).column_chars, 3);
        assert_eq!(file.line(77), "");
    }
}
