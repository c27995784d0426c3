//! Small operations on running text.

/// The first sentence of a Markdown text, on one line, without emphasis. Where it only announces a list,
/// the first sentences of the list's items follow.
pub fn first_sentence(markdown: &str) -> String {
    let mut sentence = sentence_of(markdown);
    if sentence.ends_with(':') {
        for item in items(markdown) {
            sentence.push(' ');
            sentence.push_str(&sentence_of(&item));
        }
    }
    sentence
}

/// The items of the first list.
fn items(markdown: &str) -> Vec<String> {
    let is_item = |line: &&str| line.starts_with("- ") || line.starts_with("* ");
    let mut items: Vec<String> = Vec::new();
    for line in markdown.lines().skip_while(|line| !is_item(line)).take_while(|line| !line.is_empty()) {
        match items.last_mut() {
            Some(item) if !is_item(&line) => {
                item.push('\n');
                item.push_str(line);
            }
            _ => items.push(line.to_owned()),
        }
    }
    items
}

fn sentence_of(markdown: &str) -> String {
    let paragraph: Vec<_> = markdown
        .lines()
        .map(str::trim)
        .skip_while(|line| line.is_empty())
        .take_while(|line| !line.is_empty())
        .collect();
    let text = paragraph.join(" ").replace("**", "");
    let text = text.trim_start_matches(['-', '*', '#', '>', ' ']);
    let end = text
        .match_indices(['.', '!', '?'])
        .map(|(at, _)| at + 1)
        .find(|end| ends_sentence(text, *end))
        .unwrap_or(text.len());
    text[..end].to_owned()
}

fn ends_sentence(text: &str, end: usize) -> bool {
    let (before, after) = text.split_at(end);
    let inside_code = before.matches('`').count() % 2 == 1;
    let abbreviation = ["e.g.", "i.e.", "etc.", "vs."].iter().any(|short| before.ends_with(short));
    (after.is_empty() || after.starts_with(' ')) && !inside_code && !abbreviation
}

/// Breaks text at spaces into lines of at most `width` characters; a longer word stays whole.
pub fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > width {
            lines.push(String::new());
            used = 0;
        }
        let line = lines.last_mut().expect("never empty");
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        line.push_str(word);
        used += length;
    }
    lines
}

/// `1204567` → `1,204,567`.
pub fn thousands(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 file`, `1,204 files`.
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{} {}", thousands(number), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_sentence_ends_where_a_reader_ends_it() {
        assert_eq!(
            first_sentence("\nUse `a. b` e.g. in\nversion 6.0. More."),
            "Use `a. b` e.g. in version 6.0."
        );
        assert_eq!(first_sentence("**Publish** an event\n\nThen"), "Publish an event");
        assert_eq!(first_sentence(""), "");
    }

    #[test]
    fn an_announced_list_belongs_to_the_sentence() {
        assert_eq!(
            first_sentence("Do it so:\n\n- this way,\n  or\n- **that** way. Not more.\n\nEnd."),
            "Do it so: this way, or that way."
        );
        assert_eq!(first_sentence("See `a: b`:"), "See `a: b`:");
        assert_eq!(first_sentence("One. Two:\n- three"), "One.");
    }

    #[test]
    fn numbers_are_grouped() {
        assert_eq!([thousands(0), thousands(999), thousands(1_204_567)], ["0", "999", "1,204,567"]);
    }

    #[test]
    fn long_words_stay_whole() {
        assert_eq!(wrap("a bb cccccc d", 4), ["a bb", "cccccc", "d"]);
    }
}
