//! What there is to say about a rule or a pattern, as Markdown: the one renderer behind
//! `seamlint explain`, the SARIF help and the docs.

use std::fmt::Write;

use indexmap::IndexMap;

use super::error::nearest;
use super::limits::grouped;
use super::registry;
use super::rule::{Pattern, Rule, RuleSet};

/// The page of the rule or pattern `id`. Where there is neither, the nearest id, if one is near.
///
/// Some anti-patterns have the id of the rule that finds them: the pattern's page then follows.
pub fn explain(rules: &RuleSet, id: &str) -> Result<String, Option<String>> {
    let pages: Vec<String> = rules
        .rule(id)
        .map(|rule| rule_markdown(rules, rule))
        .into_iter()
        .chain(rules.pattern(id).map(|pattern| pattern_markdown(rules, pattern)))
        .collect();
    if !pages.is_empty() {
        return Ok(pages.join("\n---\n\n"));
    }
    let known: Vec<&str> = rules
        .rules
        .iter()
        .map(|rule| rule.id.as_str())
        .chain(rules.patterns.iter().map(|pattern| pattern.id.as_str()))
        .collect();
    Err(nearest(id, &known).map(str::to_owned))
}

/// The whole page of a rule.
pub fn rule_markdown(rules: &RuleSet, rule: &Rule) -> String {
    let mut page = format!("# {}\n\n", rule.title);
    let _ = writeln!(page, "`{}` · {} · confidence {}\n", rule.id, severity_of(rule), rule.confidence);
    body(&mut page, rules, rule);
    page.push_str("## Examples\n\n### Bad\n\n");
    example(&mut page, &rule.examples.bad);
    page.push_str("### Good\n\n");
    example(&mut page, &rule.examples.good);
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

/// The page without its title and examples: the help that SARIF viewers show beside a finding.
pub fn help_markdown(rules: &RuleSet, rule: &Rule) -> String {
    let mut page = String::new();
    body(&mut page, rules, rule);
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

fn body(page: &mut String, rules: &RuleSet, rule: &Rule) {
    let _ = writeln!(page, "## Why it matters\n\n{}\n", rule.why.trim_end());
    let _ = writeln!(page, "## What to do\n\n{}\n", rule.fix.trim_end());
    page.push_str("## Pattern\n\n");
    let _ = writeln!(page, "- Misused here: {}", titled(rules, &rule.pattern));
    if let Some(anti) = &rule.antipattern {
        let _ = writeln!(page, "- Known as the anti-pattern {}", titled(rules, anti));
    }
    for instead in &rule.instead {
        let _ = writeln!(page, "- Move to: {}", titled(rules, instead));
    }
    page.push('\n');
    limits(page, rules, &rule.limits);
    references(page, &rule.references);
}

/// The address of a rule's page: that of a built-in rule in the documentation of this version, else the
/// first web page that the rule refers to.
pub fn documentation(rule: &Rule) -> Option<String> {
    if registry::is_built_in(&rule.id) {
        let repository = env!("CARGO_PKG_REPOSITORY");
        let version = env!("CARGO_PKG_VERSION");
        return Some(format!("{repository}/blob/v{version}/docs/rules/{}.md", rule.id));
    }
    let is_page =
        |reference: &&String| reference.starts_with("https://") && !reference.contains(char::is_whitespace);
    rule.references.iter().find(is_page).cloned()
}

/// The page of a pattern, with the rules that belong to it.
pub fn pattern_markdown(rules: &RuleSet, pattern: &Pattern) -> String {
    let kind = if pattern.anti { "anti-pattern" } else { "pattern" };
    let mut page = format!("# {}\n\n`{}` · {kind}\n\n", pattern.title, pattern.id);
    let _ = writeln!(page, "## When it fits\n\n{}\n", pattern.fits.trim_end());
    let _ = writeln!(page, "## When it does not\n\n{}\n", pattern.does_not_fit.trim_end());
    let _ = writeln!(page, "## What to move to\n\n{}\n", pattern.move_to.trim_end());
    limits(&mut page, rules, &pattern.limits);
    let found: Vec<_> = rules
        .rules
        .iter()
        .filter(|rule| rule.pattern == pattern.id || rule.antipattern.as_ref() == Some(&pattern.id))
        .collect();
    if !found.is_empty() {
        page.push_str("## Rules\n\n");
        for rule in found {
            let _ = writeln!(page, "- `{}`: {}", rule.id, rule.title);
        }
        page.push('\n');
    }
    references(&mut page, &pattern.references);
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}

/// All rules as a table: id, severity, title, pattern.
pub fn rules_table(rules: &RuleSet) -> String {
    let rows = rules
        .rules
        .iter()
        .map(|rule| [rule.id.clone(), severity_of(rule), rule.title.clone(), rule.pattern.clone()]);
    table(["rule", "severity", "title", "pattern"], rows.collect())
}

/// Its severity, and whether it runs by default.
fn severity_of(rule: &Rule) -> String {
    let off = if rule.default.is_on() { "" } else { " (off)" };
    format!("{}{off}", rule.severity)
}

/// All limits as a table.
pub fn limits_table(rules: &RuleSet) -> String {
    let rows = rules.limits.iter().map(|limit| {
        let asynchronous = limit.asynchronous.map_or(String::new(), grouped);
        [limit.id.clone(), grouped(limit.value), asynchronous, limit.unit.clone()]
    });
    table(["limit", "value", "async", "of"], rows.collect())
}

/// Columns in plain text, as wide as their widest cell.
fn table<const N: usize>(head: [&str; N], rows: Vec<[String; N]>) -> String {
    let mut widths = head.map(|cell| cell.chars().count());
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut text = String::new();
    let lines = std::iter::once(head.map(str::to_owned)).chain(rows);
    for line in lines {
        let mut row = String::new();
        for (width, cell) in widths.iter().zip(&line) {
            let _ = write!(row, "{cell:<width$}  ", width = *width);
        }
        text.push_str(row.trim_end());
        text.push('\n');
    }
    text
}

fn titled(rules: &RuleSet, id: &str) -> String {
    match rules.pattern(id) {
        Some(pattern) => format!("{} (`{id}`)", pattern.title),
        None => format!("`{id}`"),
    }
}

fn limits(page: &mut String, rules: &RuleSet, ids: &[String]) {
    let known: Vec<_> = ids.iter().filter_map(|id| rules.limits.get(id)).collect();
    if known.is_empty() {
        return;
    }
    page.push_str("## Limits\n\n");
    for limit in known {
        let _ = write!(page, "- `{}`: {} {}", limit.id, grouped(limit.value), limit.unit);
        if let Some(asynchronous) = limit.asynchronous {
            let _ = write!(page, "; asynchronous: {}", grouped(asynchronous));
        }
        match &limit.note {
            Some(note) => {
                let _ = writeln!(page, ". {note}");
            }
            None => page.push('\n'),
        }
    }
    page.push('\n');
}

fn references(page: &mut String, references: &[String]) {
    if references.is_empty() {
        return;
    }
    page.push_str("## References\n\n");
    for reference in references {
        let _ = writeln!(page, "- <{reference}>");
    }
    page.push('\n');
}

fn example(page: &mut String, files: &IndexMap<String, String>) {
    for (name, text) in files {
        let language = match name.rsplit('.').next() {
            Some("cls" | "trigger") => "apex",
            Some("js") => "js",
            _ => "xml",
        };
        let _ = writeln!(page, "`{name}`\n\n```{language}\n{}\n```\n", text.trim_end());
    }
}
