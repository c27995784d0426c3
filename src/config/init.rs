//! The first configuration of a project, written from what was seen in it: `seamlint init`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use crate::finding::{Finding, Severity};
use crate::program::model::{Effect, Program};
use crate::scan::Model;

use super::show::quoted;

/// Frameworks that the analysis follows, by a class that each brings.
const FRAMEWORKS: [(&str, &str); 6] = [
    ("fflib_SObjectDomain", "fflib (Apex Enterprise Patterns)"),
    ("MetadataTriggerHandler", "Trigger Actions Framework"),
    ("TDTM_TriggerHandler", "table-driven trigger management (NPSP, EDA)"),
    ("TDTM_Config_API", "table-driven trigger management (NPSP, EDA)"),
    ("TriggerHandler", "a TriggerHandler base class"),
    ("LoggerSObjectHandler", "Nebula Logger"),
];

/// More findings than this are too many to look at before the first use.
const MANY: usize = 20;

/// The text of the file.
pub fn text(model: &Model, findings: &[Finding]) -> String {
    let mut text = String::from(
        "# Configuration of seamlint. `seamlint config show` prints what is in effect and where it came from,\n\
         # `seamlint config schema` describes every key for editors, `seamlint explain RULE` tells about a rule.\n\n",
    );
    seen(&mut text, model);
    rules(&mut text, findings);
    text.push_str(
        "# Files and folders that are not read, in .gitignore syntax:\n\
         # exclude:\n#   - force-app/main/default/classes/vendor/\n\n\
         # Other settings for some files:\n\
         # overrides:\n#   - paths: [force-app/legacy/]\n#     rules:\n#       dml-in-loop: off\n\n\
         # Folders with rules of your own:\n# rule_folders: [lint/rules]\n\n\
         # The edition of the org (EE, UE, PE, DE), and limits that are others than documented:\n\
         # edition: EE\n# limits:\n#   api.requests_day: 350000\n",
    );
    systems(&mut text, &model.program);
    text
}

/// What was seen, as comments.
fn seen(text: &mut String, model: &Model) {
    let statistics = &model.program.statistics;
    let _ = writeln!(
        text,
        "# Seen when this file was written: {} classes and {} triggers.",
        statistics.classes, statistics.triggers
    );
    let packages: BTreeSet<&str> = model
        .project
        .modules
        .iter()
        .filter(|module| module.kind == crate::discover::ModuleKind::Package)
        .map(|module| module.path.as_str())
        .collect();
    if !packages.is_empty() {
        let _ = writeln!(text, "# Packages: {}.", listed(packages));
    }
    let classes: BTreeSet<String> =
        model.units.iter().flat_map(|unit| &unit.types).map(|ty| ty.name.folded().to_owned()).collect();
    let frameworks: BTreeSet<&str> = FRAMEWORKS
        .iter()
        .filter(|(class, _)| classes.contains(&class.to_lowercase()))
        .map(|(_, name)| *name)
        .collect();
    if !frameworks.is_empty() {
        let _ = writeln!(text, "# Frameworks: {}.", listed(frameworks));
    }
    text.push('\n');
}

/// The words in a row; of many, the first ones.
fn listed(words: BTreeSet<&str>) -> String {
    const SHOWN: usize = 8;
    let more = words.len().saturating_sub(SHOWN);
    let shown: Vec<String> = words.into_iter().take(SHOWN).map(plain).collect();
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", shown.join(", "))
}

/// Nothing of the repository may end a comment.
fn plain(text: &str) -> String {
    text.replace(|c: char| c.is_control(), " ")
}

/// The rules that found something, each with a line to change it.
fn rules(text: &mut String, findings: &[Finding]) {
    let mut counts: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| !crate::report::OWN_IDS.contains(&finding.rule.as_str()))
    {
        let slot = match finding.severity {
            Severity::Error => 0,
            Severity::Warning => 1,
            Severity::Note => 2,
        };
        counts.entry(&finding.rule).or_default()[slot] += 1;
    }
    if counts.is_empty() {
        text.push_str(
            "# No rule found anything. To change a rule give it off, note, warning or error:\n\
             # rules:\n#   soql-in-loop: off\n\n",
        );
        return;
    }
    let total: usize = counts.values().flatten().sum();
    if total > MANY {
        let _ = writeln!(
            text,
            "# There are {total} findings. `seamlint baseline write` makes them known, so that only new ones\n\
             # are reported; fix the errors first, or switch off what your team does not want to hear of.\n"
        );
    }
    text.push_str("# What the rules found. To change a rule remove the # and give it off, note, warning or error:\nrules: {}\n");
    let width = counts.keys().map(|rule| rule.len()).max().unwrap_or(0) + 1;
    for (rule, numbers) in counts {
        let words = [("error", "errors"), ("warning", "warnings"), ("note", "notes")];
        let parts: Vec<String> = numbers
            .iter()
            .zip(words)
            .filter(|(number, _)| **number > 0)
            .map(|(number, (one, many))| format!("{number} {}", if *number == 1 { one } else { many }))
            .collect();
        let _ = writeln!(text, "#  {:width$} off   # {}", format!("{rule}:"), parts.join(", "));
    }
    text.push('\n');
}

/// The hosts and named credentials that the code calls, to be named as systems.
fn systems(text: &mut String, program: &Program) {
    let (mut hosts, mut credentials): (BTreeMap<&str, usize>, BTreeMap<&str, usize>) = Default::default();
    for site in program.sites.iter().filter(|site| site.effect == Effect::Callout) {
        let Some(host) = site.fact("host") else { continue };
        match site.fact("endpoint") {
            Some("named-credential") => *credentials.entry(host).or_default() += 1,
            Some("url") => *hosts.entry(host).or_default() += 1,
            _ => {}
        }
    }
    if hosts.is_empty() && credentials.is_empty() {
        return;
    }
    text.push_str(
        "\n# The systems outside the org, as the callouts name them. Give each its name:\n# systems:\n",
    );
    for (key, words) in [("named_credentials", credentials), ("hosts", hosts)] {
        for (word, count) in words {
            let name: String = word
                .trim_start_matches("www.")
                .trim_start_matches("api.")
                .split('.')
                .next()
                .unwrap_or_default()
                .chars()
                .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
                .collect();
            let calls = if count == 1 { "1 callout".to_owned() } else { format!("{count} callouts") };
            let _ = writeln!(text, "#   {name}: {{{key}: [{}]}}   # {calls}", quoted(&plain(word)));
        }
    }
}
