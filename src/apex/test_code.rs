//! What the head of a file tells without parsing it.

/// Whether the top-level type of the file is annotated `@IsTest`, in any case and with or without
/// arguments. Reads only up to the word `class`.
pub fn is_test_class(text: &str) -> bool {
    let mut head = Head { bytes: text.trim_start_matches('\u{feff}').as_bytes(), at: 0 };
    loop {
        head.skip_blanks();
        match head.bytes.get(head.at) {
            Some(b'@') => {
                head.at += 1;
                head.skip_blanks();
                if head.word().eq_ignore_ascii_case(b"istest") {
                    return true;
                }
                head.skip_blanks();
                head.skip_arguments();
            }
            Some(byte) if is_word_byte(*byte) => {
                let word = head.word();
                let ends: [&[u8]; 4] = [b"class", b"interface", b"enum", b"trigger"];
                if ends.iter().any(|end| word.eq_ignore_ascii_case(end)) {
                    return false;
                }
            }
            _ => return false,
        }
    }
}

/// Whether the file is the stub that stands for a managed package's class: its whole text is
/// `(hidden)`. It is opaque, and that is no syntax error.
pub fn is_hidden_stub(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim().eq_ignore_ascii_case("(hidden)")
}

/// The bytes of identifiers, `_` and `$` and all non-ASCII ones included.
pub(super) fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

/// A reader over the beginning of a file.
struct Head<'t> {
    bytes: &'t [u8],
    at: usize,
}

impl<'t> Head<'t> {
    fn word(&mut self) -> &'t [u8] {
        let rest = &self.bytes[self.at..];
        let len = rest.iter().position(|b| !is_word_byte(*b)).unwrap_or(rest.len());
        self.at += len;
        &rest[..len]
    }

    /// Skips white space and comments.
    fn skip_blanks(&mut self) {
        loop {
            let rest = &self.bytes[self.at..];
            self.at += match rest {
                [b' ' | b'\t' | b'\r' | b'\n' | 0x0b | 0x0c, ..] => 1,
                [b'/', b'/', ..] => {
                    rest.iter().position(|b| matches!(b, b'\r' | b'\n')).unwrap_or(rest.len())
                }
                [b'/', b'*', comment @ ..] => {
                    comment.windows(2).position(|w| w == b"*/").map_or(rest.len(), |end| end + 4)
                }
                _ => return,
            }
        }
    }

    /// Skips `( … )` with the strings in it, if it is next.
    fn skip_arguments(&mut self) {
        if self.bytes.get(self.at) != Some(&b'(') {
            return;
        }
        let mut depth = 0;
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'(' => depth += 1,
                b')' => {
                    depth -= 1;
                    if depth == 0 {
                        return;
                    }
                }
                b'\'' => self.skip_string(),
                _ => {}
            }
        }
    }

    /// Skips the rest of a string whose first quote was read.
    fn skip_string(&mut self) {
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at += 1;
            match byte {
                b'\\' => self.at = (self.at + 1).min(self.bytes.len()),
                b'\'' => return,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_annotation_is_found_in_any_form() {
        for head in [
            "@isTest class A {}",
            "@ISTEST(SeeAllData=true) private class A {}",
            "@IsTest (isParallel = true)\nprivate class A {}",
            "\u{feff}/* c */ // d\r@ IsTest\rclass A {}",
            "public @IsTest class A {}",
            "@SuppressWarnings('a) @x') @isTest class A {}",
        ] {
            assert!(is_test_class(head), "{head}");
        }
    }

    #[test]
    fn other_heads_are_no_tests() {
        for head in [
            "",
            "@",
            "public class A { @IsTest static void f() {} }",
            "// @IsTest\npublic class A {}",
            "/* @IsTest */ class A {}",
            "/* never closed @IsTest class A {}",
            "@SuppressWarnings('@IsTest') class A {}",
            "@TestVisible class A { @isTest class B {} }",
            "@IsTestX class A {}",
            "trigger T on A (before insert) {}",
            "@x('\\",
        ] {
            assert!(!is_test_class(head), "{head}");
        }
    }

    #[test]
    fn stubs_are_told_by_their_whole_text() {
        assert!(is_hidden_stub("\u{feff}(hidden)\r\n"));
        assert!(!is_hidden_stub("(hidden) class A {}"));
    }
}
