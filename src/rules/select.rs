//! Which rules run: all of them, or those that a user picked by id and by pattern.

use super::error::nearest;
use super::rule::{Default, Rule, RuleSet};

/// What a user picked; nothing picked means everything.
#[derive(Clone, Debug, std::default::Default)]
pub struct Selection {
    /// Ids of rules.
    pub only: Vec<String>,
    /// Ids of patterns or anti-patterns that a rule must belong to.
    pub patterns: Vec<String>,
}

impl Selection {
    pub fn is_everything(&self) -> bool {
        self.only.is_empty() && self.patterns.is_empty()
    }

    /// Leaves the picked rules in `rules`. Patterns and limits stay.
    ///
    /// # Errors
    /// An id that does not exist, with the nearest one; or a choice that leaves no rule, since a scan
    /// without rules would look like a clean project.
    pub fn apply(&self, rules: &mut RuleSet) -> Result<(), String> {
        for id in &self.only {
            if rules.rule(id).is_none() {
                return Err(unknown("rule", id, rules.rules.iter().map(|rule| rule.id.as_str())));
            }
        }
        for id in &self.patterns {
            if rules.pattern(id).is_none() {
                let known = rules.patterns.iter().map(|pattern| pattern.id.as_str());
                return Err(unknown("pattern", id, known));
            }
        }
        let picked = |rule: &Rule| {
            (self.only.is_empty() || self.only.contains(&rule.id))
                && (self.patterns.is_empty() || self.patterns.iter().any(|id| belongs(rule, id)))
        };
        if !rules.rules.iter().any(picked) {
            let patterns: Vec<String> = self.patterns.iter().map(|id| format!("`{id}`")).collect();
            return Err(format!(
                "no {} belongs to the pattern {}; `seamlint rules list` shows the pattern of each rule",
                if self.only.is_empty() { "rule" } else { "rule of --only" },
                patterns.join(" or ")
            ));
        }
        let (picked, left_out) = std::mem::take(&mut rules.rules).into_iter().partition(picked);
        rules.rules = picked;
        // Whoever names a rule wants it to run.
        for rule in rules.rules.iter_mut().filter(|rule| self.only.contains(&rule.id)) {
            rule.default = Default::On;
        }
        rules.left_out.extend(left_out.into_iter().map(|rule: Rule| rule.id));
        Ok(())
    }
}

/// Whether a rule stands for a pattern that is misused, or is an anti-pattern.
fn belongs(rule: &Rule, pattern: &str) -> bool {
    rule.pattern == pattern || rule.antipattern.as_deref() == Some(pattern)
}

fn unknown<'a>(kind: &str, id: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<&str> = known.collect();
    let hint = match nearest(id, &known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => "`seamlint rules list` lists them all".to_owned(),
    };
    format!("there is no {kind} `{id}`; {hint}")
}
