//! Makes text from a scanned repository safe to print: what a terminal, a log or a table would act on is
//! shown, not sent.

/// Messages quote the source, where one literal may be a megabyte long.
pub const LONGEST: usize = 600;

/// A text on one line, for the formats that programs read: messages, labels, paths, names.
pub fn one_line(text: &str) -> String {
    clean(text, true)
}

/// A text on one line, cut where it is very long; only ASCII is added to it unless `unicode`.
pub fn clean(text: &str, unicode: bool) -> String {
    let mut out = String::new();
    for (index, char) in text.chars().enumerate() {
        if index == LONGEST {
            out.push_str(if unicode { "…" } else { "..." });
            break;
        }
        match char {
            '\n' | '\r' | '\t' => out.push(' '),
            _ => push_visible(&mut out, char, unicode),
        }
    }
    out
}

/// Adds a character, or a sign for it where it would act or could not be seen.
pub fn push_visible(out: &mut String, char: char, unicode: bool) {
    match char {
        '\0'..='\u{1f}' if unicode => out.extend(char::from_u32(0x2400 + char as u32)),
        '\u{7f}' if unicode => out.push('␡'),
        _ if acts(char) => out.extend(char.escape_unicode()),
        _ => out.push(char),
    }
}

/// Control characters, characters that reorder text (Trojan Source), those that nobody can see, and those
/// that XML has no place for.
fn acts(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffe}' | '\u{ffff}'
            | '\u{e0000}'..='\u{e007f}')
}
