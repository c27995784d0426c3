//! Suppressions that suppress nothing: notes, so that they go when their reason went.

use std::collections::HashMap;

use crate::config::{FileLevels, Level};
use crate::discover::Project;
use crate::finding::{Confidence, Finding, Severity};
use crate::report::{OWN_IDS, UNUSED_SUPPRESSION};
use crate::rules::check::findings::fingerprint;
use crate::rules::error::nearest;
use crate::rules::rule::RuleSet;
use crate::span::Location;

use super::{Suppressions, Used};

/// A note for each rule that a suppression names without effect. `all` says whether all of the project was
/// scanned, with all rules: otherwise only what is wrong in itself is told.
pub fn unused(
    suppressions: &Suppressions,
    used: &Used,
    rules: &RuleSet,
    levels: &FileLevels,
    project: &Project,
    all: bool,
) -> Vec<Finding> {
    let mut notes: Vec<(Location, String, String)> =
        suppressions.troubles.iter().map(|(at, message)| (*at, message.clone(), message.clone())).collect();
    let known: Vec<&str> = rules.rules.iter().map(|rule| rule.id.as_str()).chain(OWN_IDS).collect();
    for (index, each) in suppressions.list.iter().enumerate() {
        if each.rules.is_empty() && all && !used.contains(&(index, 0)) {
            notes.push((each.at, "this suppression suppresses nothing; remove it".to_owned(), String::new()));
        }
        for (number, (id, span)) in each.rules.iter().enumerate() {
            let at = Location { file: each.at.file, span: *span };
            if !known.contains(&id.as_str()) {
                // A rule that was not picked for this run exists all the same.
                if rules.left_out.is_empty() {
                    let hint = match nearest(id, &known) {
                        Some(near) => format!("did you mean `{near}`?"),
                        None => "`seamlint rules list` lists them".to_owned(),
                    };
                    notes.push((
                        at,
                        format!("this suppression names a rule `{id}` that does not exist; {hint}"),
                        id.clone(),
                    ));
                }
            } else if all && !used.contains(&(index, number)) && levels.level(id, at.file) != Level::Off {
                notes.push((at, format!("`{id}` reports nothing here; remove the suppression"), id.clone()));
            }
        }
    }
    notes.sort();
    let mut ordinals: HashMap<String, usize> = HashMap::new();
    notes
        .into_iter()
        .map(|(primary, message, words)| {
            let identity = format!("{UNUSED_SUPPRESSION}\n{}\n{words}", project.file(primary.file).path);
            let ordinal = ordinals.entry(identity.clone()).or_default();
            let fingerprint = fingerprint(&identity, *ordinal);
            *ordinal += 1;
            Finding {
                rule: UNUSED_SUPPRESSION.to_owned(),
                severity: Severity::Note,
                confidence: Confidence::High,
                message,
                primary,
                path: Vec::new(),
                related: Vec::new(),
                origins: Vec::new(),
                pattern: String::new(),
                antipattern: None,
                instead: Vec::new(),
                fingerprint,
            }
        })
        .collect()
}
