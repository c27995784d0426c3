//! The words of a suppression, as they stand in a comment or an annotation of any language.

use crate::span::Span;

use super::Trouble;

/// What every suppression begins with. Texts without it are not looked at.
pub const MARK: &str = "seamlint";

const IGNORE: &str = "seamlint-ignore";
const IGNORE_FILE: &str = "seamlint-ignore-file";

/// What one comment says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// It concerns the whole file.
    pub file: bool,
    /// The rules' ids, each with its place.
    pub rules: Vec<(String, Span)>,
    pub reason: Option<String>,
}

/// Reads the inside of a comment that stands at `offset` in its file. `None` where it is another comment.
pub fn read(inside: &str, offset: usize) -> Option<Result<Words, Trouble>> {
    let text = inside.trim_start_matches(|c: char| c.is_whitespace() || matches!(c, '*' | '/' | '!'));
    let start = offset + inside.len() - text.len();
    if !text.starts_with("seamlint-") {
        return None;
    }
    let word_end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(text.len());
    let word = &text[..word_end];
    let at = Span::new(start, start + word.len());
    let file = match word {
        IGNORE => false,
        IGNORE_FILE => true,
        _ => {
            let message = format!("`{word}` is no suppression; did you mean `{IGNORE}`?");
            return Some(Err(Trouble { at, message }));
        }
    };
    let rest = &text[word_end..];
    let (ids, reason) = match rest.split_once(':') {
        Some((ids, reason)) => (ids, one_line(reason)),
        None => (rest.lines().next().unwrap_or_default(), String::new()),
    };
    let mut rules = Vec::new();
    let mut from = 0;
    for id in ids.split([',', ' ', '\t', '\r', '\n']) {
        if !id.is_empty() {
            let begins = start + word_end + from;
            rules.push((id.to_owned(), Span::new(begins, begins + id.len())));
        }
        from += id.len() + 1;
    }
    if rules.is_empty() {
        let message = format!("this suppression names no rule; write `{word} RULE: reason`");
        return Some(Err(Trouble { at, message }));
    }
    Some(Ok(Words { file, rules, reason: (!reason.is_empty()).then_some(reason) }))
}

/// The text of a reason, which may go over several lines of a block comment.
fn one_line(text: &str) -> String {
    let words = text.lines().flat_map(|line| line.trim_start().trim_start_matches('*').split_whitespace());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(inside: &str) -> Words {
        read(inside, 100).expect("a suppression").unwrap_or_else(|trouble| panic!("{}", trouble.message))
    }

    fn ids(words: &Words) -> Vec<&str> {
        words.rules.iter().map(|(id, _)| id.as_str()).collect()
    }

    #[test]
    fn rules_and_reason_are_read() {
        let one = words(" seamlint-ignore dml-in-loop: at most three records");
        assert_eq!((ids(&one), one.file), (vec!["dml-in-loop"], false));
        assert_eq!(one.rules[0].1, Span::new(117, 128));
        assert_eq!(one.reason.as_deref(), Some("at most three records"));
        let two = words("* seamlint-ignore-file a-b, c-d :\n * first: second\n * third ");
        assert_eq!((ids(&two), two.file), (vec!["a-b", "c-d"], true));
        assert_eq!(two.reason.as_deref(), Some("first: second third"));
        let bare = words(" seamlint-ignore a-b");
        assert_eq!((ids(&bare), &bare.reason), (vec!["a-b"], &None));
        assert_eq!(words("seamlint-ignore a:").reason, None);
    }

    #[test]
    fn other_comments_are_left_alone() {
        for text in ["", " see seamlint-ignore", " seamlint finds this", "seam", "TODO seamlint-ignore a: b"]
        {
            assert_eq!(read(text, 0), None, "{text}");
        }
    }

    #[test]
    fn what_is_meant_as_one_and_is_none_is_named() {
        let message = |text| read(text, 0).expect("meant").expect_err("wrong").message;
        assert!(message("seamlint-disable a: b").contains("did you mean `seamlint-ignore`"));
        assert!(message("seamlint-ignore: because").contains("names no rule"));
        assert!(message("seamlint-ignore-file").contains("names no rule"));
    }
}
