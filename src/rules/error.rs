//! What is wrong with a rule file, and where: shown with the line and a caret.

use std::fmt;

use crate::span::Span;

/// One mistake in a rule file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleError {
    pub file: String,
    pub message: String,
    /// What to do about it: "did you mean `from`?".
    pub help: Option<String>,
    pub place: Option<Box<Place>>,
}

/// Where it is: the line with its number, cropped where it is long, and the columns of it to underline
/// (in characters, from 0).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub line: usize,
    pub text: String,
    /// The column in the file, from 1.
    pub start: usize,
    pub column: usize,
    pub width: usize,
}

/// A longer help gets a line of its own.
const MAX_HELP_BESIDE_CARET: usize = 60;

/// All mistakes that were found; nothing was loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleErrors(pub Vec<RuleError>);

impl RuleError {
    /// A mistake in `file`, whose text is `source`, at `span`.
    pub fn at(file: &str, source: &str, span: Span, message: impl Into<String>) -> RuleError {
        RuleError {
            file: file.to_owned(),
            message: message.into(),
            help: None,
            place: Some(Box::new(Place::new(source, span))),
        }
    }

    /// A mistake that concerns the whole of `file`.
    pub fn whole(file: &str, message: impl Into<String>) -> RuleError {
        RuleError { file: file.to_owned(), message: message.into(), help: None, place: None }
    }

    pub fn with_help(mut self, help: Option<String>) -> RuleError {
        self.help = help;
        self
    }

    /// A mistake that serde or the YAML parser found.
    pub fn from_yaml(file: &str, source: &str, error: &serde_saphyr::Error) -> RuleError {
        use serde_saphyr::Error;
        let error = error.without_snippet();
        let (message, help) = match error {
            Error::SerdeUnknownField { field, expected, .. } => {
                (format!("unknown key `{field}`"), Some(nearest_or_all(field, expected)))
            }
            Error::SerdeUnknownVariant { variant, expected, .. } => {
                (format!("unknown value `{variant}`"), Some(nearest_or_all(variant, expected)))
            }
            Error::SerdeMissingField { field, .. } => (format!("the key `{field}` is missing"), None),
            Error::DuplicateMappingKey { key, .. } => {
                (format!("the key `{}` stands here twice", key.as_deref().unwrap_or("?")), None)
            }
            Error::Message { msg, .. } => (msg.clone(), None),
            Error::AliasError { error, .. } => return RuleError::from_yaml(file, source, error),
            Error::Eof { .. } => ("the file ends before it is complete".to_owned(), None),
            Error::NullIntoString { .. } => ("the value is missing".to_owned(), None),
            Error::Unexpected { expected, .. } => (format!("expected {}", thing(expected)), None),
            Error::ExpectedMappingEndAfterEnumVariantValue { .. } => (
                "a query has one key".to_owned(),
                Some("for several queries write a list: `- path: …`".to_owned()),
            ),
            Error::Budget { .. }
            | Error::AliasReplayLimitExceeded { .. }
            | Error::AliasExpansionLimitExceeded { .. }
            | Error::AliasReplayStackDepthExceeded { .. } => {
                ("larger, deeper or more repetitive than such a file can be".to_owned(), None)
            }
            _ => (plain(error), None),
        };
        // A key that is missing at the top is missing in the file, not at the line that ends it.
        if let Error::SerdeMissingField { location, .. } = error
            && location.column() <= 1
        {
            return RuleError::whole(file, message);
        }
        let place =
            error.location().map(|location| Box::new(Place::new(source, super::word::span_of(location))));
        RuleError { file: file.to_owned(), message, help, place }
    }
}

/// What the YAML parser expected, in a user's words.
fn thing(expected: &str) -> &str {
    match expected {
        "mapping start" => "keys with values, like `key: value`",
        "mapping end" => "no further key here; several of them are a list (`- …`)",
        "string scalar" => "a text",
        "sequence start" => "a list, like `[a, b]`",
        other => other,
    }
}

/// The error's text without the location that serde-saphyr appends to it.
fn plain(error: &serde_saphyr::Error) -> String {
    let text = error.render();
    let text = text.lines().next().unwrap_or_default();
    let text = text.strip_prefix("error: ").unwrap_or(text);
    let text = match text.rfind(" at line ") {
        Some(end) => &text[..end],
        None => text,
    };
    text.trim_end_matches([',', ':']).to_owned()
}

impl Place {
    fn new(source: &str, span: Span) -> Place {
        let start = floor(source, span.start as usize);
        let before = &source[..start];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        let rest = &source[line_start..];
        let text = rest.lines().next().unwrap_or_default();
        let column = source[line_start..start].chars().count().min(text.chars().count());
        let end = floor(source, (span.end as usize).max(start)).min(line_start + text.len()).max(start);
        let width = source[start..end].chars().count().max(1);
        let (text, column, width) = cropped(&clean(text), column, width);
        Place { line: before.matches('\n').count() + 1, text, start: column_start(before), column, width }
    }
}

/// The column of the place in its line, from 1.
fn column_start(before: &str) -> usize {
    before[before.rfind('\n').map_or(0, |at| at + 1)..].chars().count() + 1
}

/// The part of a long line around the columns to underline.
fn cropped(line: &str, column: usize, width: usize) -> (String, usize, usize) {
    const WIDEST: usize = 160;
    const BEFORE: usize = 40;
    let length = line.chars().count();
    if length <= WIDEST {
        return (line.to_owned(), column, width);
    }
    let from = column.saturating_sub(BEFORE);
    let mut text: String = line.chars().skip(from).take(WIDEST).collect();
    if from + WIDEST < length {
        text.push('…');
    }
    let mut column = column - from;
    if from > 0 {
        text.insert(0, '…');
        column += 1;
    }
    (text, column, width.min(WIDEST))
}

/// The nearest character boundary at or before `at`.
fn floor(source: &str, at: usize) -> usize {
    let mut at = at.min(source.len());
    while !source.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The line without control characters, one column each as before.
fn clean(line: &str) -> String {
    line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

impl fmt::Display for RuleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.message)?;
        let Some(place) = &self.place else {
            write!(f, "\n  --> {}", self.file)?;
            return match &self.help {
                Some(help) => write!(f, "\n   = {help}"),
                None => Ok(()),
            };
        };
        let number = place.line.to_string();
        let gutter = " ".repeat(number.len());
        writeln!(f, "\n{gutter}--> {}:{}:{}", self.file, place.line, place.start)?;
        writeln!(f, "{gutter} |")?;
        writeln!(f, "{number} | {}", place.text)?;
        let carets = "^".repeat(place.width);
        write!(f, "{gutter} | {}{carets}", " ".repeat(place.column))?;
        match &self.help {
            Some(help) if help.len() <= MAX_HELP_BESIDE_CARET => write!(f, " {help}"),
            Some(help) => write!(f, "\n{gutter} = {help}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for RuleError {}

impl fmt::Display for RuleErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("\n\n")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for RuleErrors {}

/// "did you mean `x`?" where one of `known` is close to `word`, else the list of all.
pub(crate) fn nearest_or_all<S: AsRef<str>>(word: &str, known: &[S]) -> String {
    if let Some(near) = nearest(word, known) {
        return format!("did you mean `{near}`?");
    }
    let all: Vec<_> = known.iter().map(|known| format!("`{}`", known.as_ref())).collect();
    format!("expected {}", if all.len() == 1 { all[0].clone() } else { format!("one of {}", all.join(", ")) })
}

/// The one of `known` that is closest to `word`, where it is close enough to be meant.
pub(crate) fn nearest<'a, S: AsRef<str>>(word: &str, known: &'a [S]) -> Option<&'a str> {
    let word = word.to_lowercase().replace('_', "-");
    known
        .iter()
        .map(|known| known.as_ref())
        .map(|known| (distance(&word, &known.to_lowercase().replace('_', "-")), known))
        .filter(|&(distance, known)| distance <= 1 + known.chars().count().min(word.chars().count()) / 4)
        .min_by_key(|&(distance, known)| (distance, known))
        .map(|(_, known)| known)
}

/// Edit distance in which two swapped neighbours count as one edit.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut rows: Vec<Vec<usize>> = (0..=a.len()).map(|i| (i..=i + b.len()).collect()).collect();
    for i in 1..=a.len() {
        for j in 1..=b.len() {
            let change = rows[i - 1][j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut best = change.min(rows[i - 1][j] + 1).min(rows[i][j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                best = best.min(rows[i - 2][j - 2] + 1);
            }
            rows[i][j] = best;
        }
    }
    rows[a.len()][b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found_only_when_it_is_near() {
        assert_eq!(nearest("form", &["from", "to"]), Some("from"));
        assert_eq!(nearest("calout", &["callout", "dml"]), Some("callout"));
        assert_eq!(nearest("batch_execute", &["batch-execute"]), Some("batch-execute"));
        assert_eq!(nearest("banana", &["callout", "dml"]), None);
    }

    #[test]
    fn a_place_is_clamped_to_its_line() {
        let place = Place::new("a: b\nc: déf\n", Span { start: 8, end: 400 });
        assert_eq!((place.line, place.column, place.width), (2, 3, 3));
        let end = Place::new("a", Span { start: 9, end: 9 });
        assert_eq!((end.line, end.column, end.width), (1, 1, 1));
    }
}
