//! Rules and patterns as SARIF descriptors and taxonomies. Every sentence comes from the rule files.

use indexmap::IndexMap;
use serde_sarif::sarif::{
    Message, MultiformatMessageString, PropertyBag, ReportingConfiguration, ReportingDescriptor,
    ReportingDescriptorReference, ReportingDescriptorRelationship, ToolComponent, ToolComponentContents,
    ToolComponentReference,
};

use crate::finding::{Confidence, Finding, Severity};
use crate::report::UNUSED_SUPPRESSION;
use crate::rules::explain;
use crate::rules::rule::{Pattern, Rule, RuleSet};

use super::limits::{self, shorten};
use super::results::level;

/// The two taxonomies, in the order of `run.taxonomies`.
const TAXONOMIES: [(&str, &str); 2] = [
    ("seamlint-patterns", "Documented patterns of integration between Salesforce and other systems"),
    ("seamlint-antipatterns", "Ways of integrating with Salesforce that are known to fail"),
];

/// The pattern whose rules are about security.
const CREDENTIALS: &str = "credentials";

/// All that results refer to by index.
pub struct Catalogue<'a> {
    set: &'a RuleSet,
    rules: Vec<RuleEntry<'a>>,
    /// Patterns by taxonomy.
    patterns: [Vec<&'a Pattern>; 2],
}

/// A rule of the run, or the id of one that has findings but no rule file.
enum RuleEntry<'a> {
    Known(&'a Rule),
    Unknown(&'a str),
}

impl<'a> Catalogue<'a> {
    pub fn new(set: &'a RuleSet, findings: &[&'a Finding]) -> Catalogue<'a> {
        let mut rules: Vec<_> = set.rules.iter().map(RuleEntry::Known).collect();
        for finding in findings {
            if !rules.iter().any(|rule| rule.id() == finding.rule) {
                rules.push(RuleEntry::Unknown(&finding.rule));
            }
        }
        let (anti, patterns) = set.patterns.iter().partition(|pattern| pattern.anti);
        Catalogue { set, rules, patterns: [patterns, anti] }
    }

    pub fn rule_index(&self, id: &str) -> i64 {
        self.rules.iter().position(|rule| rule.id() == id).map_or(-1, |index| index as i64)
    }

    pub fn rules(&self) -> Vec<ReportingDescriptor> {
        self.rules
            .iter()
            .map(|rule| match rule {
                RuleEntry::Known(rule) => self.rule(rule),
                RuleEntry::Unknown(UNUSED_SUPPRESSION) => ReportingDescriptor::builder()
                    .id(UNUSED_SUPPRESSION)
                    .short_description(&"A suppression that suppresses nothing".to_owned())
                    .build(),
                RuleEntry::Unknown(id) => ReportingDescriptor::builder().id(*id).build(),
            })
            .collect()
    }

    pub fn taxonomies(&self) -> Vec<ToolComponent> {
        TAXONOMIES
            .iter()
            .zip(&self.patterns)
            .map(|((name, text), patterns)| {
                ToolComponent::builder()
                    .name(*name)
                    .version(env!("CARGO_PKG_VERSION"))
                    .information_uri(env!("CARGO_PKG_REPOSITORY"))
                    .organization(env!("CARGO_PKG_NAME"))
                    .short_description(&(*text).to_owned())
                    .contents(contents())
                    .is_comprehensive(true)
                    .taxa(patterns.iter().map(|pattern| taxon(pattern)).collect::<Vec<_>>())
                    .build()
            })
            .collect()
    }

    pub fn taxonomy_references(&self) -> Vec<ToolComponentReference> {
        (0..TAXONOMIES.len()).map(taxonomy_reference).collect()
    }

    /// References to the patterns of these ids; unknown ones and repetitions are left out.
    pub fn taxa<'i>(&self, ids: impl Iterator<Item = &'i str>) -> Vec<ReportingDescriptorReference> {
        let found: IndexMap<_, _> = ids.filter_map(|id| Some((id, self.taxon_reference(id)?))).collect();
        found.into_values().collect()
    }

    fn taxon_reference(&self, id: &str) -> Option<ReportingDescriptorReference> {
        self.patterns.iter().enumerate().find_map(|(taxonomy, patterns)| {
            let index = patterns.iter().position(|pattern| pattern.id == id)?;
            Some(
                ReportingDescriptorReference::builder()
                    .id(id)
                    .index(index as i64)
                    .tool_component(taxonomy_reference(taxonomy))
                    .build(),
            )
        })
    }

    fn rule(&self, rule: &Rule) -> ReportingDescriptor {
        let mut descriptor = ReportingDescriptor::builder()
            .id(rule.id.clone())
            .name(shorten(pascal_case(&rule.id), limits::NAME))
            .short_description(MultiformatMessageString::from(&shorten(
                rule.title.clone(),
                limits::DESCRIPTION,
            )))
            .full_description(
                MultiformatMessageString::builder()
                    .text(shorten(rule.why.trim().to_owned(), limits::DESCRIPTION))
                    .markdown(shorten(rule.why.trim().to_owned(), limits::DESCRIPTION))
                    .build(),
            )
            .help(
                MultiformatMessageString::builder()
                    .text(format!("{}\n\n{}", rule.why.trim(), rule.fix.trim()))
                    .markdown(explain::help_markdown(self.set, rule))
                    .build(),
            )
            .default_configuration(
                ReportingConfiguration::builder().level(serde_json::json!(level(rule.severity))).build(),
            )
            .properties(properties(rule))
            .build();
        descriptor.help_uri = help_uri(&rule.references);
        let relationships = self.relationships(rule);
        descriptor.relationships = (!relationships.is_empty()).then_some(relationships);
        descriptor
    }

    fn relationships(&self, rule: &Rule) -> Vec<ReportingDescriptorRelationship> {
        let roles = [(&rule.pattern, "The pattern that is misused.")]
            .into_iter()
            .chain(rule.antipattern.iter().map(|id| (id, "The anti-pattern that this is a case of.")))
            .chain(rule.instead.iter().map(|id| (id, "A pattern to move to.")));
        // One relationship for each pattern: the first role says most.
        let mut found = IndexMap::new();
        for (id, role) in roles {
            if let Some(target) = self.taxon_reference(id) {
                found.entry(id).or_insert_with(|| {
                    ReportingDescriptorRelationship::builder()
                        .target(target)
                        .kinds(vec!["relevant".to_owned()])
                        .description(Message::builder().text(role).build())
                        .build()
                });
            }
        }
        found.into_values().collect()
    }
}

impl RuleEntry<'_> {
    fn id(&self) -> &str {
        match self {
            RuleEntry::Known(rule) => &rule.id,
            RuleEntry::Unknown(id) => id,
        }
    }
}

fn taxonomy_reference(index: usize) -> ToolComponentReference {
    ToolComponentReference::builder().name(TAXONOMIES[index].0).index(index as i64).build()
}

fn contents() -> Vec<serde_json::Value> {
    [ToolComponentContents::LocalizedData, ToolComponentContents::NonLocalizedData]
        .iter()
        .map(|kind| serde_json::json!(kind))
        .collect()
}

fn taxon(pattern: &Pattern) -> ReportingDescriptor {
    let text = format!(
        "Fits: {}\n\nDoes not fit: {}\n\nMove to: {}",
        pattern.fits.trim(),
        pattern.does_not_fit.trim(),
        pattern.move_to.trim()
    );
    let mut taxon = ReportingDescriptor::builder()
        .id(pattern.id.clone())
        .name(shorten(pascal_case(&pattern.id), limits::NAME))
        .short_description(MultiformatMessageString::from(&shorten(
            pattern.title.clone(),
            limits::DESCRIPTION,
        )))
        .full_description(MultiformatMessageString::from(&shorten(text, limits::DESCRIPTION)))
        .build();
    taxon.help_uri = help_uri(&pattern.references);
    taxon
}

fn properties(rule: &Rule) -> PropertyBag {
    let precision = match rule.confidence {
        Confidence::High => "high",
        Confidence::Medium => "medium",
        Confidence::Low => "low",
    };
    let mut properties = vec![
        ("precision".to_owned(), precision.into()),
        ("problem.severity".to_owned(), problem_severity(rule.severity).into()),
    ];
    let mut tags = vec!["salesforce", "integration", rule.pattern.as_str()];
    if rule.pattern == CREDENTIALS {
        // GitHub shows `security-severity` instead of the level, so only where it is about security.
        properties.push(("security-severity".to_owned(), security_severity(rule.severity).into()));
        tags.insert(0, "security");
    }
    tags.extend(rule.antipattern.as_deref());
    tags.dedup();
    let mut unique: Vec<String> = Vec::new();
    for tag in tags {
        if unique.len() < limits::TAGS && !unique.iter().any(|known| known == tag) {
            unique.push(tag.to_owned());
        }
    }
    PropertyBag::builder()
        .tags(unique)
        .additional_properties(properties.into_iter().collect::<std::collections::BTreeMap<_, _>>())
        .build()
}

fn problem_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "recommendation",
    }
}

/// On the scale of CVSS: GitHub calls 7.0 and above high, 4.0 and above medium.
fn security_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "8.0",
        Severity::Warning => "5.0",
        Severity::Note => "3.0",
    }
}

/// The first reference that is an address; the others are titles of documents.
fn help_uri(references: &[String]) -> Option<String> {
    references.iter().find(|uri| uri.starts_with("https://") && !uri.contains(char::is_whitespace)).cloned()
}

/// `sync-callout-in-trigger` → `SyncCalloutInTrigger`.
fn pascal_case(id: &str) -> String {
    id.split('-')
        .map(|word| {
            let mut chars = word.chars();
            chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect::<String>()
        })
        .collect()
}
