//! What GitHub code scanning accepts and shows, as it states in "SARIF support for code scanning" and
//! "SARIF results exceed one or more limits". A log beyond a hard limit is rejected as a whole, so a
//! log says what it left out instead.

use crate::finding::Finding;

/// Results per run; more are rejected.
pub const RESULTS: usize = 25_000;
/// Results per run that are kept, the most severe first.
pub const RESULTS_SHOWN: usize = 5_000;
/// Thread flow locations per result that are kept (10,000 are accepted).
pub const STEPS: usize = 1_000;
/// Locations per result that are kept (1,000 are accepted).
pub const LOCATIONS: usize = 100;
/// Tags per rule that are kept (20 are accepted).
pub const TAGS: usize = 10;
/// Characters of a rule's `name`.
pub const NAME: usize = 255;
/// Characters of a rule's `shortDescription` and `fullDescription`.
pub const DESCRIPTION: usize = 1_024;
/// Characters of a message. GitHub states none; this keeps hostile input from filling the log.
pub const MESSAGE: usize = 4_096;

/// What was left out, for the notifications.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Truncated {
    pub results: usize,
    pub results_hidden: usize,
    pub steps: usize,
    pub locations: usize,
}

impl Truncated {
    pub fn messages(&self) -> Vec<String> {
        let mut messages = Vec::new();
        if self.results > 0 {
            messages.push(format!(
                "{} of the least severe results were left out: code scanning rejects more than {RESULTS}.",
                self.results
            ));
        }
        if self.results_hidden > 0 {
            messages.push(format!(
                "GitHub shows the {RESULTS_SHOWN} most severe results; {} of this log are beyond that.",
                self.results_hidden
            ));
        }
        if self.steps > 0 {
            messages.push(format!(
                "{} steps in the middle of long paths were left out: at most {STEPS} of a result are shown.",
                self.steps
            ));
        }
        if self.locations > 0 {
            messages.push(format!(
                "{} entry points were left out: at most {LOCATIONS} locations of a result are shown.",
                self.locations
            ));
        }
        messages
    }
}

/// At most `most` findings, the most severe, in their given order.
pub fn most_severe<'a>(
    mut findings: Vec<&'a Finding>,
    most: usize,
    truncated: &mut Truncated,
) -> Vec<&'a Finding> {
    if findings.len() > most {
        truncated.results = findings.len() - most;
        let mut order: Vec<usize> = (0..findings.len()).collect();
        order.sort_by_key(|index| std::cmp::Reverse(findings[*index].severity));
        order.truncate(most);
        order.sort_unstable();
        findings = order.into_iter().map(|index| findings[index]).collect();
    }
    truncated.results_hidden = findings.len().saturating_sub(RESULTS_SHOWN);
    findings
}

/// A list without its middle: the start and the end of a path say most.
pub fn ends<T>(mut items: Vec<T>, most: usize) -> Vec<T> {
    if items.len() > most {
        let head = most / 2;
        let tail = items.len() - (most - head);
        items.drain(head..tail);
    }
    items
}

/// A message text of bounded length.
pub fn text(text: impl Into<String>) -> String {
    shorten(text.into(), MESSAGE)
}

/// At most `most` characters, with a sign that there was more.
pub fn shorten(mut text: String, most: usize) -> String {
    if let Some((end, _)) = text.char_indices().nth(most.saturating_sub(1))
        && text[end..].chars().nth(1).is_some()
    {
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::{Confidence, Severity};
    use crate::span::{FileId, Location, Span};

    fn finding(rule: &str, severity: Severity) -> Finding {
        Finding {
            rule: rule.to_owned(),
            severity,
            confidence: Confidence::High,
            message: String::new(),
            primary: Location { file: FileId(0), span: Span::default() },
            path: Vec::new(),
            related: Vec::new(),
            origins: Vec::new(),
            pattern: String::new(),
            antipattern: None,
            instead: Vec::new(),
            fingerprint: String::new(),
        }
    }

    #[test]
    fn the_most_severe_stay_in_their_order() {
        use Severity::{Error, Note, Warning};
        let all = [("a", Note), ("b", Error), ("c", Warning), ("d", Error), ("e", Note)]
            .map(|(rule, severity)| finding(rule, severity));
        let mut truncated = Truncated::default();
        let kept = most_severe(all.iter().collect(), 4, &mut truncated);
        assert_eq!(kept.iter().map(|finding| finding.rule.as_str()).collect::<String>(), "abcd");
        assert!(truncated.messages()[0].starts_with("1 of the least severe results were left out"));

        let many = vec![&all[0]; RESULTS_SHOWN + 7];
        let mut truncated = Truncated::default();
        assert_eq!(most_severe(many, RESULTS, &mut truncated).len(), RESULTS_SHOWN + 7);
        assert_eq!(truncated.messages().len(), 1);
        assert!(truncated.messages()[0].contains("; 7 of this log"));
    }

    #[test]
    fn shorten_counts_characters() {
        assert_eq!(shorten("ééé".to_owned(), 3), "ééé");
        assert_eq!(shorten("éééé".to_owned(), 3), "éé…");
    }

    #[test]
    fn ends_leave_out_the_middle() {
        assert_eq!(ends(vec![1, 2, 3, 4, 5, 6], 4), [1, 2, 5, 6]);
        assert_eq!(ends(vec![1, 2], 4), [1, 2]);
    }
}
