//! The buffer that is parsed: the text, with what the grammar cannot read written over.
//!
//! Healing keeps the length and stays on ASCII, so that a position in the healed text is one in the
//! source; [`condense`](super::condense) then takes out what the parser need not see. Names and snippets
//! are read from the source, never from this buffer; the grammar's gaps are listed in DOMAIN.md,
//! section J.

use std::borrow::Cow;

use super::test_code::is_word_byte;
use crate::span::Span;

/// What [`prepare`] found out about a text.
#[derive(Debug)]
pub struct Prepared<'t> {
    /// The text, borrowed where nothing had to change. Where blocks are left open, closing braces follow
    /// after its end, so that what they hold can still be read.
    pub healed: Cow<'t, [u8]>,
    /// Comments and white space of two bytes and more.
    pub gaps: Vec<(u32, u32)>,
    /// Whether the text holds CumulusCI tokens; [`without_tokens`] takes them out of names.
    pub tokens: bool,
    /// What certainly is wrong with the text; likely the cause of every other syntax error.
    pub trouble: Option<Trouble>,
}

/// Something that a lexer can tell to be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub kind: TroubleKind,
    /// From its beginning to the end of its first line.
    pub span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TroubleKind {
    OpenComment,
    /// Also a string that goes on over the end of its line, which Apex forbids.
    OpenString,
    /// The innermost `{` that is open where the file ends.
    OpenBrace,
    /// The marks that a merge leaves.
    Conflict,
    /// Type arguments in type arguments, without an end.
    DeepType,
}

/// So many missing braces are made up; a file that lacks more is no source.
const MAX_CLOSED: usize = 64;

/// So many `A<` may follow on one another. The parser tries comparison and type argument at each, and
/// without a limit a hundred kilobytes of them take gigabytes of memory.
const MAX_ANGLES: u32 = 64;

/// Reads the text once, as a lexer would, and heals what the grammar cannot read.
pub fn prepare(text: &str) -> Prepared<'_> {
    let mut scanner = Scanner {
        source: text.as_bytes(),
        edited: None,
        gaps: Vec::with_capacity(text.len() / 40),
        at: 0,
        last: b';',
        in_trigger: false,
        braces: Vec::new(),
        angles: 0,
        trouble: None,
    };
    scanner.run();
    let healed = match scanner.edited {
        Some(edited) => Cow::Owned(edited),
        None => Cow::Borrowed(text.as_bytes()),
    };
    Prepared { healed, gaps: scanner.gaps, tokens: text.contains("%%%"), trouble: scanner.trouble }
}

/// `text` as it reads in a package without a namespace: CumulusCI's tokens taken out.
pub fn without_tokens(text: &str) -> Cow<'_, str> {
    if !text.contains("%%%") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("%%%") {
        out.push_str(&rest[..start]);
        match token_len(&rest.as_bytes()[start..]) {
            Some(len) => {
                // `%%%NAMESPACE_OR_C%%%` is the namespace of a page's markup, `c` by default.
                if rest[start..start + len].ends_with("_OR_C%%%") {
                    out.push('c');
                }
                rest = &rest[start + len..];
            }
            None => {
                out.push_str("%%%");
                rest = &rest[start + 3..];
            }
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The length of the `%%%TOKEN%%%` that `bytes` begins with.
fn token_len(bytes: &[u8]) -> Option<usize> {
    let name = bytes.strip_prefix(b"%%%")?;
    let len = name.iter().position(|b| !(b.is_ascii_uppercase() || *b == b'_'))?;
    (len > 0 && name[len..].starts_with(b"%%%")).then_some(len + 6)
}

struct Scanner<'t> {
    source: &'t [u8],
    edited: Option<Vec<u8>>,
    gaps: Vec<(u32, u32)>,
    at: usize,
    /// The last byte before `at` that is in neither white space nor a comment.
    last: u8,
    in_trigger: bool,
    /// Where the open braces are.
    braces: Vec<usize>,
    /// How many `A<` came last.
    angles: u32,
    trouble: Option<Trouble>,
}

impl Scanner<'_> {
    fn run(&mut self) {
        while let Some(&byte) = self.source.get(self.at) {
            let start = self.at;
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => {
                    self.gap();
                    continue;
                }
                b'/' if matches!(self.peek(1), Some(b'/' | b'*')) => {
                    self.gap();
                    continue;
                }
                b'\'' => self.skip_string(),
                b'%' => self.token(),
                b'{' => {
                    if self.in_trigger && is_word_byte(self.last) && self.blank_accessors() {
                        continue;
                    }
                    self.braces.push(start);
                    self.at += 1;
                }
                b'}' => {
                    self.braces.pop();
                    self.at += 1;
                }
                // Salesforce reads `X__e..Y__c` like `X__e.Y__c`.
                b'.' if self.peek(1) == Some(b'.') && is_word_byte(self.last) => {
                    self.at += 2;
                    if self.source.get(self.at).is_some_and(|b| b.is_ascii_alphabetic()) {
                        self.overwrite(start + 1, b" ");
                    }
                }
                b'<' | b'=' | b'>' if self.is_conflict_mark() => {
                    self.report(TroubleKind::Conflict, start);
                    self.skip_line_comment();
                    self.fill(start, self.at, b' ');
                    continue;
                }
                b'<' => {
                    self.at += 1;
                    self.angles += 1;
                    if self.angles > MAX_ANGLES {
                        self.report(TroubleKind::DeepType, start);
                        self.overwrite(start, b";");
                    }
                }
                b'.' => self.at += 1,
                _ if is_word_byte(byte) => self.word(),
                _ => {
                    self.at += 1;
                    self.angles = 0;
                }
            }
            self.last = self.source[self.at.min(self.source.len()) - 1];
        }
        if let Some(&brace) = self.braces.last() {
            self.report(TroubleKind::OpenBrace, brace);
            if self.braces.len() <= MAX_CLOSED {
                let buffer = self.edited.get_or_insert_with(|| self.source.to_vec());
                // The last line may be a comment.
                buffer.push(b'\n');
                buffer.extend(std::iter::repeat_n(b'}', self.braces.len()));
            }
        }
    }

    /// `<<<<<<<`, `=======` or `>>>>>>>` at the beginning of a line.
    fn is_conflict_mark(&self) -> bool {
        let rest = &self.source[self.at..];
        let begins_line = self.at == 0 || matches!(self.source[self.at - 1], b'\n' | b'\r');
        begins_line && rest.len() >= 7 && rest[..7].iter().all(|b| *b == rest[0])
    }

    fn peek(&self, ahead: usize) -> Option<u8> {
        self.source.get(self.at + ahead).copied()
    }

    /// The first position at or after `from` that is not white space.
    fn after_blanks(&self, from: usize) -> usize {
        let rest = &self.source[from..];
        from + rest.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(rest.len())
    }

    /// The end of the word at `from`; `from` itself where no word begins.
    fn word_end(&self, from: usize) -> usize {
        let rest = &self.source[from..];
        from + rest.iter().position(|b| !is_word_byte(*b)).unwrap_or(rest.len())
    }

    fn overwrite(&mut self, at: usize, with: &[u8]) {
        let buffer = self.edited.get_or_insert_with(|| self.source.to_vec());
        buffer[at..at + with.len()].copy_from_slice(with);
    }

    fn fill(&mut self, from: usize, to: usize, with: u8) {
        let buffer = self.edited.get_or_insert_with(|| self.source.to_vec());
        buffer[from..to].fill(with);
    }

    fn report(&mut self, kind: TroubleKind, start: usize) {
        if self.trouble.is_none() {
            let rest = &self.source[start..];
            let len = rest.iter().position(|b| matches!(b, b'\r' | b'\n')).unwrap_or(rest.len());
            self.trouble = Some(Trouble { kind, span: Span::new(start, start + len) });
        }
    }

    /// Skips white space and comments.
    fn gap(&mut self) {
        let start = self.at;
        while let Some(&byte) = self.source.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                b'/' if self.peek(1) == Some(b'/') => self.skip_line_comment(),
                b'/' if self.peek(1) == Some(b'*') => self.skip_block_comment(),
                _ => break,
            }
        }
        if self.at - start > 1 {
            self.gaps.push((start as u32, self.at as u32));
        }
    }

    fn skip_line_comment(&mut self) {
        let rest = &self.source[self.at..];
        self.at += rest.iter().position(|b| matches!(b, b'\r' | b'\n')).unwrap_or(rest.len());
    }

    fn skip_block_comment(&mut self) {
        let start = self.at;
        self.at += 2;
        loop {
            let rest = &self.source[self.at..];
            match rest.iter().position(|b| *b == b'*') {
                Some(star) => {
                    self.at += star + 1;
                    if self.peek(0) == Some(b'/') {
                        self.at += 1;
                        return;
                    }
                }
                None => {
                    self.at = self.source.len();
                    self.report(TroubleKind::OpenComment, start);
                    // As if the file ended here: nobody can say where the comment should have ended.
                    self.fill(start, self.at, b' ');
                    return;
                }
            }
        }
    }

    fn skip_string(&mut self) {
        let start = self.at;
        let multi_line = self.source[start..].starts_with(b"'''");
        self.at += if multi_line { 3 } else { 1 };
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\\' if !matches!(self.peek(1), Some(b'\r' | b'\n')) => self.at += 1,
                b'\'' if !multi_line => {
                    self.at += 1;
                    return;
                }
                b'\'' if self.source[self.at..].starts_with(b"'''") => {
                    self.at += 3;
                    return;
                }
                b'\r' | b'\n' if !multi_line => break,
                _ => {}
            }
            self.at += 1;
        }
        self.at = self.at.min(self.source.len());
        self.report(TroubleKind::OpenString, start);
        if !multi_line {
            self.close_string(start);
        }
    }

    /// Closes the string from `start` on its line, which ends at `at`. Otherwise every string after it
    /// would be read inside out. What likely follows a string, `);` and the like, is taken for code.
    fn close_string(&mut self, start: usize) {
        let line = &self.source[start + 1..self.at];
        let code = line.iter().rev().take_while(|b| b" \t),;+{}".contains(b)).count();
        let end = self.at - code;
        match &self.source[start + 1..end] {
            [] => self.overwrite(start, b" "),
            [.., b'\\', _] => self.overwrite(end - 2, b"' "),
            _ => self.overwrite(end - 1, b"'"),
        }
        self.at = end;
    }

    /// `%%%NAMESPACE%%%Account__c`: letters where the token is part of an identifier, blanks elsewhere.
    fn token(&mut self) {
        let start = self.at;
        let Some(len) = token_len(&self.source[start..]) else {
            self.at += 1;
            return;
        };
        let end = start + len;
        let dotted = self.source[start..end].ends_with(b"_DOT%%%");
        let glued_before = start > 0 && is_word_byte(self.source[start - 1]);
        let glued_after = self.source.get(end).is_some_and(|b| is_word_byte(*b) || *b == b'%');
        let filler = if !dotted && (glued_before || glued_after) { b'N' } else { b' ' };
        self.fill(start, end, filler);
        self.at = end;
    }

    fn word(&mut self) {
        let start = self.at;
        let end = self.word_end(start);
        self.at = end;
        let word = &self.source[start..end];
        match (word.len(), word[0] | 0x20) {
            (7, b't') if word.eq_ignore_ascii_case(b"trigger") => {
                if self.dot_follows(end) {
                    // A statement may not begin with the keyword; an identifier may.
                    self.overwrite(end - 1, b"_");
                } else if self.braces.is_empty() {
                    self.in_trigger = true;
                    self.blank_bulk(end);
                }
            }
            (7, b'b') if word == b"boolean" && self.dot_follows(end) => self.overwrite(start, b"B"),
            (5, b'm') if word.eq_ignore_ascii_case(b"merge") => {
                let next = self.after_blanks(end);
                let operand =
                    next > end && self.source.get(next).is_some_and(|b| is_word_byte(*b) || *b == b'(');
                if operand && matches!(self.last, b';' | b'{' | b'}' | b')' | b'e' | b'E') {
                    self.blank_merge(end);
                }
            }
            (6, b's') if word.eq_ignore_ascii_case(b"system") => self.join_run_as(start, end),
            _ => {}
        }
    }

    fn dot_follows(&self, from: usize) -> bool {
        self.source.get(self.after_blanks(from)) == Some(&b'.')
    }

    /// The old header `trigger T on X bulk (before insert)`.
    fn blank_bulk(&mut self, from: usize) {
        let mut words = [(0, 0); 4];
        let mut at = from;
        for word in &mut words {
            let start = self.after_blanks(at);
            at = self.word_end(start);
            *word = (start, at);
        }
        let [_, on, _, bulk] = words;
        if self.source[on.0..on.1].eq_ignore_ascii_case(b"on")
            && self.source[bulk.0..bulk.1].eq_ignore_ascii_case(b"bulk")
            && self.source.get(self.after_blanks(bulk.1)) == Some(&b'(')
        {
            self.fill(bulk.0, bulk.1, b' ');
        }
    }

    /// `{ get; private set { … } }` in a trigger, where the grammar knows variables only, becomes `;`. The
    /// accessors' statements are lost: read as the trigger's own, their `return` would end it. Gives
    /// whether it was one; then the scanner is behind it.
    fn blank_accessors(&mut self) -> bool {
        let start = self.at;
        let mut at = self.after_blanks(start + 1);
        let mut word = &self.source[at..self.word_end(at)];
        if [&b"private"[..], b"protected", b"public", b"global"].iter().any(|m| word.eq_ignore_ascii_case(m))
        {
            at = self.after_blanks(at + word.len());
            word = &self.source[at..self.word_end(at)];
        }
        let next = self.source.get(self.after_blanks(at + word.len()));
        let accessor = word.eq_ignore_ascii_case(b"get") || word.eq_ignore_ascii_case(b"set");
        if !accessor || !matches!(next, Some(b';' | b'{')) {
            return false;
        }
        self.skip_braces();
        self.fill(start, self.at, b' ');
        self.overwrite(start, b";");
        self.last = b';';
        true
    }

    /// From a `{` to behind its `}`.
    fn skip_braces(&mut self) {
        let mut depth = 0;
        while let Some(byte) = self.peek(0) {
            match byte {
                b'\'' => {
                    self.skip_string();
                    continue;
                }
                b'/' if self.peek(1) == Some(b'/') => self.skip_line_comment(),
                b'/' if self.peek(1) == Some(b'*') => {
                    self.skip_block_comment();
                    continue;
                }
                b'{' => depth += 1,
                b'}' => depth -= 1,
                _ => {}
            }
            self.at = (self.at + 1).min(self.source.len());
            if depth == 0 {
                return;
            }
        }
    }

    /// The grammar wants a blank between the two operands of `merge`, no tab and no line break.
    fn blank_merge(&mut self, from: usize) {
        // A statement longer than this is none, and without an end all of the file would be searched.
        for at in from..self.source.len().min(from + 1000) {
            match self.source[at] {
                b'\t' | b'\r' | b'\n' => self.fill(at, at + 1, b' '),
                // Blanking the end of a line comment would make the rest of the statement a comment.
                b';' | b'/' | b'\'' | b'{' | b'}' => return,
                _ => {}
            }
        }
    }

    /// `System . runAs` is one keyword for the grammar, which knows it without blanks only.
    fn join_run_as(&mut self, start: usize, end: usize) {
        let dot = self.after_blanks(end);
        if self.source.get(dot) != Some(&b'.') {
            return;
        }
        let name = self.after_blanks(dot + 1);
        let name_end = self.word_end(name);
        if self.source[name..name_end].eq_ignore_ascii_case(b"runas")
            && name_end - start > "system.runas".len()
        {
            self.fill(start, name_end, b' ');
            self.overwrite(start, b"System.runAs");
            self.at = name_end;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buffer(text: &str) -> String {
        let prepared = prepare(text);
        assert_eq!(prepared.healed.len(), text.len());
        String::from_utf8(prepared.healed.into_owned()).unwrap()
    }

    #[test]
    fn clean_text_is_not_copied() {
        let text = "class A { String s = 'Trigger.new boolean.x'; /* Trigger.new */ // boolean.x\n }";
        assert!(matches!(prepare(text).healed, Cow::Borrowed(_)));
    }

    #[test]
    fn gaps_of_the_grammar_are_healed() {
        assert_eq!(buffer("Trigger.new[0].f();"), "Trigge_.new[0].f();");
        assert_eq!(buffer("x = boolean .valueOf(y)"), "x = Boolean .valueOf(y)");
        assert_eq!(buffer("boolean b; Boolean.f();"), "boolean b; Boolean.f();");
        assert_eq!(buffer("trigger T on X bulk(before insert)"), "trigger T on X     (before insert)");
        assert_eq!(buffer("x.bulk(a); on x bulk (y);"), "x.bulk(a); on x bulk (y);");
        assert_eq!(buffer("{ merge\ta\n\tb; }"), "{ merge a  b; }");
        assert_eq!(buffer("x = A__e..B__c;"), "x = A__e. B__c;");
        assert_eq!(buffer("System . RunAs (u) {}"), "System.runAs   (u) {}");
    }

    #[test]
    fn tokens_are_masked() {
        assert_eq!(buffer("%%%NAMESPACE%%%A__c a;"), "NNNNNNNNNNNNNNNA__c a;");
        assert_eq!(buffer("x = %%%NAMESPACE_DOT%%%A.f();"), format!("x = {}A.f();", " ".repeat(19)));
        assert_eq!(buffer("f(%%%NAMESPACED_ORG%%% );"), format!("f({} );", " ".repeat(20)));
        assert_eq!(without_tokens("%%%NAMESPACE%%%A__c"), "A__c");
        assert_eq!(without_tokens("a %%% b %%%x"), "a %%% b %%%x");
    }

    #[test]
    fn properties_of_triggers_become_variables() {
        let head = "trigger T on A (before insert) { ";
        let healed =
            |property: &str| buffer(&format!("{head}{property} }}"))[head.len()..].trim_end().to_owned();
        assert_eq!(healed("Id a { get; private set; } f();"), "Id a ;                     f(); }");
        assert_eq!(
            healed("Id a { get { return '}'; } set; } f();"),
            format!("Id a ;{}f(); }}", " ".repeat(28))
        );
        let open = format!("{head}Id a {{ get {{ ");
        assert_eq!(&*prepare(&open).healed, format!("{head}Id a ;       \n}}").as_bytes());
        assert_eq!(buffer("class A { Id a { get; } }"), "class A { Id a { get; } }");
    }

    #[test]
    fn what_never_ends_is_found_and_ended() {
        let found = |text| {
            let prepared = prepare(text);
            let trouble = prepared.trouble.unwrap();
            let span = trouble.span.start..trouble.span.end;
            (trouble.kind, span, String::from_utf8(prepared.healed.into_owned()).unwrap())
        };
        assert_eq!(found("{ } /* a\n b"), (TroubleKind::OpenComment, 4..8, "{ }        ".into()));
        assert_eq!(found("f('a);\ny = 'b'"), (TroubleKind::OpenString, 2..6, "f('');\ny = 'b'".into()));
        assert_eq!(found("x = 'a\\b\n"), (TroubleKind::OpenString, 4..8, "x = 'a' \n".into()));
        assert_eq!(found("x = '"), (TroubleKind::OpenString, 4..5, "x =  ".into()));
        assert_eq!(found("x = 'a\\"), (TroubleKind::OpenString, 4..7, "x = 'a'".into()));
        assert_eq!(found("{ { }"), (TroubleKind::OpenBrace, 0..5, "{ { }\n}".into()));
        assert_eq!(found("a\n======= b\nc"), (TroubleKind::Conflict, 2..11, "a\n         \nc".into()));
        assert_eq!(prepare("{ '''\n ' '' ''' }").trouble, None);
    }
}
