//! Hand-made projects on disk with findings that point into them by their text.

use std::time::Duration;

use seamlint::discover::{Problem, Project, SourceFile, SourceKind};
use seamlint::finding::{Confidence, Finding, Origin, Severity, Step};
use seamlint::report::terminal::Style;
use seamlint::report::{Accepted, Format, Report, Statistics, write};
use seamlint::rules::query::Find;
use seamlint::rules::rule::{Examples, Pattern, Rule, RuleSet};
use seamlint::span::{FileId, Location, Span};

pub struct World {
    pub project: Project,
    pub findings: Vec<Finding>,
    pub rules: RuleSet,
    pub statistics: Statistics,
    texts: Vec<String>,
    _folder: tempfile::TempDir,
}

impl World {
    /// Files by path and text.
    pub fn new(files: &[(&str, &str)]) -> World {
        let bytes: Vec<_> =
            files.iter().map(|(path, text)| (*path, text.as_bytes().to_vec(), *text)).collect();
        World::from_bytes(&bytes)
    }

    /// Files by path, bytes on disk and the text that they decode to.
    pub fn from_bytes(files: &[(&str, Vec<u8>, &str)]) -> World {
        let folder = tempfile::tempdir().unwrap();
        let mut project = Project {
            root: folder.path().to_owned(),
            files: Vec::new(),
            problems: Vec::new(),
            modules: Vec::new(),
            named: Vec::new(),
            anonymous: Vec::new(),
        };
        for (index, (path, bytes, _)) in files.iter().enumerate() {
            let absolute = folder.path().join(path);
            std::fs::create_dir_all(absolute.parent().unwrap()).unwrap();
            std::fs::write(&absolute, bytes).unwrap();
            let kind =
                if path.ends_with(".trigger") { SourceKind::ApexTrigger } else { SourceKind::ApexClass };
            project.files.push(SourceFile {
                id: FileId(index as u32),
                path: (*path).to_owned(),
                absolute,
                kind,
                size: bytes.len() as u64,
                api_version: Some(600),
                active: true,
                forceignored: false,
                module: None,
            });
        }
        World {
            project,
            findings: Vec::new(),
            rules: rules(),
            statistics: Statistics {
                files: files.len(),
                entry_points: 3,
                calls_unresolved: 1204,
                ..Statistics::default()
            },
            texts: files.iter().map(|(_, _, text)| (*text).to_owned()).collect(),
            _folder: folder,
        }
    }

    /// The first occurrence of `needle` in a file.
    pub fn at(&self, file: usize, needle: &str) -> Location {
        let start = self.texts[file].find(needle).unwrap_or_else(|| panic!("no {needle:?} in file {file}"));
        Location { file: FileId(file as u32), span: Span::new(start, start + needle.len()) }
    }

    pub fn step(&self, file: usize, needle: &str, label: &str, symbol: &str) -> Step {
        Step { at: self.at(file, needle), label: label.to_owned(), symbol: symbol.to_owned() }
    }

    /// Adds a finding of a rule at the end of its path, or at `primary`.
    pub fn finding(&mut self, rule: &str, message: &str, primary: Location, path: Vec<Step>) -> &mut Finding {
        let known = self.rules.rule(rule);
        self.findings.push(Finding {
            rule: rule.to_owned(),
            severity: known.map_or(Severity::Note, |rule| rule.severity),
            confidence: known.map_or(Confidence::High, |rule| rule.confidence),
            message: message.to_owned(),
            primary,
            path,
            related: Vec::new(),
            origins: Vec::new(),
            pattern: known.map_or_else(String::new, |rule| rule.pattern.clone()),
            antipattern: known.and_then(|rule| rule.antipattern.clone()),
            instead: known.map_or_else(Vec::new, |rule| rule.instead.clone()),
            fingerprint: format!("{rule}-0123456789abcdef"),
        });
        self.findings.last_mut().unwrap()
    }

    pub fn problem(&mut self, path: &str, message: &str) {
        self.project.problems.push(Problem { path: path.to_owned(), message: message.to_owned() });
    }

    pub fn write(&self, format: Format, style: Style) -> String {
        let report = Report {
            project: &self.project,
            rules: &self.rules,
            findings: &self.findings,
            statistics: &self.statistics,
            fail_on: Some(Severity::Error),
            accepted: Accepted::default(),
            elapsed: Duration::from_millis(420),
        };
        let mut out = Vec::new();
        write(format, &report, style, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    pub fn text(&self, format: Format) -> String {
        self.write(format, Style::default())
    }

    pub fn terminal(&self) -> String {
        self.write(Format::Terminal, Style::default())
    }

    pub fn value(&self, format: Format) -> serde_json::Value {
        serde_json::from_str(&self.write(format, Style::default())).unwrap()
    }
}

/// A trigger, its handler and the service that calls out, with an emoji before the span, tabs and a DML
/// that comes before.
pub fn callout() -> World {
    let mut world = World::new(&[
        (
            "force-app/main/default/classes/AccountHandler.cls",
            "public class AccountHandler {\n    public void afterUpdate(List<Account> rows) {\n        \
             for (Account row : rows) {\n            ErpService.push(row);\n        }\n    }\n}\n",
        ),
        (
            "force-app/main/default/classes/ErpService.cls",
            "public class ErpService {\n\tpublic static void push(Account row) {\n\t\tinsert new Log__c();\n\t\t\
             HttpRequest request = build(row);\n\t\trequest.setEndpoint('callout:ERP');\n\t\t\
             /* 😀 */ new Http().send(request);\n\t}\n}\n",
        ),
        (
            "force-app/main/default/triggers/AccountTrigger.trigger",
            "trigger AccountTrigger on Account (after update) {\n    new AccountHandler().afterUpdate(Trigger.new);\n}\n",
        ),
    ]);
    let path = vec![
        world.step(
            2,
            "trigger AccountTrigger on Account (after update) {\n",
            "trigger AccountTrigger on Account (after update) starts here",
            "AccountTrigger",
        ),
        world.step(
            2,
            "new AccountHandler().afterUpdate(Trigger.new)",
            "calls AccountHandler.afterUpdate",
            "AccountHandler.afterUpdate",
        ),
        world.step(0, "ErpService.push(row)", "calls ErpService.push for each record", "ErpService.push"),
        world.step(1, "new Http().send(request)", "makes the callout", "ErpService.push"),
    ];
    let related =
        vec![world.step(1, "insert new Log__c()", "this DML leaves work uncommitted", "ErpService.push")];
    let origin =
        Origin { at: path[0].at, name: "trigger AccountTrigger on Account (after update)".to_owned() };
    let primary = path[3].at;
    let finding = world.finding(
        "sync-callout-in-trigger",
        "`AccountTrigger` reaches a callout to callout:ERP in the save transaction",
        primary,
        path,
    );
    finding.related = related;
    finding.origins = vec![origin];
    world
}

/// What would act on a log, a page, a table or a spreadsheet if it were written as it is.
pub const HOSTILE: &str = "=cmd|' /C calc'!A0 ::error::boom\n::add-mask::x\r\n%0A::stop-commands::y `a|b` | \
    <img src=x onerror=alert(1)> [click](https://evil.example) www.evil.example @octocat #1 \
    \u{1b}[31mred\u{0}\u{9b} \u{202e}gnp.exe ]]> &amp; \"q\" </failure> \u{ffff}";

/// The same as [`HOSTILE`], as a person should see it.
pub const SHOWN: &str = "=cmd|' /C calc'!A0 ::error::boom ::add-mask::x  %0A::stop-commands::y `a|b` | \
    <img src=x onerror=alert(1)> [click](https://evil.example) www.evil.example @octocat #1 \
    ␛[31mred␀\\u{9b} \\u{202e}gnp.exe ]]> &amp; \"q\" </failure> \\u{ffff}";

/// [`callout()`] with [`HOSTILE`] in every text that comes from the repository, and two more findings.
pub fn hostile() -> World {
    let mut world = callout();
    world.project.files[1].path = format!("=main/{HOSTILE}.cls");
    let finding = &mut world.findings[0];
    finding.message = HOSTILE.to_owned();
    for step in finding.path.iter_mut().chain(&mut finding.related) {
        step.label = HOSTILE.to_owned();
        step.symbol = HOSTILE.to_owned();
    }
    let origin = Origin { at: finding.primary, name: HOSTILE.to_owned() };
    finding.origins = vec![origin.clone(), origin];
    let at = world.at(0, "rows");
    world.finding("syntax-error", HOSTILE, at, Vec::new());
    world.finding("callout-no-timeout", "`unpaired", at, Vec::new());
    world.problem(&format!("{HOSTILE}.cls"), HOSTILE);
    world
}

/// Many findings of one rule, more than any limit of a consumer.
pub fn many(findings: usize) -> World {
    let mut world = callout();
    for index in 1..findings {
        let mut again = world.findings[0].clone();
        again.fingerprint = format!("{index:032x}");
        world.findings.push(again);
    }
    world
}

fn rules() -> RuleSet {
    let rule = |id: &str, title: &str, severity, confidence, pattern: &str| {
        Rule {
        id: id.to_owned(),
        title: title.to_owned(),
        severity,
        confidence,
        pattern: pattern.to_owned(),
        antipattern: None,
        instead: Vec::new(),
        severity_when: Vec::new(),
        default: Default::default(),
        find: Find(Vec::new()),
        message: "unused here".to_owned(),
        why: "Callouts from triggers are not supported.\nEvery save fails.".to_owned(),
        fix: "Publish a platform event after commit, or enqueue a Queueable with `Database.AllowsCallouts`. For plain replication use Change Data Capture.".to_owned(),
        limits: Vec::new(),
        references: vec!["Apex Developer Guide".to_owned(), "https://developer.salesforce.com/docs".to_owned()],
        examples: Examples {
            bad: [("triggers/T.trigger".to_owned(), "trigger T on Account (after update) {}\n".to_owned())].into(),
            good: [("triggers/T.trigger".to_owned(), "// ```\n".to_owned())].into(),
        },
    }
    };
    let pattern = |id: &str, title: &str, anti| Pattern {
        id: id.to_owned(),
        title: title.to_owned(),
        anti,
        fits: "a person waits for the answer".to_owned(),
        does_not_fit: "records change in bulk".to_owned(),
        limits: Vec::new(),
        move_to: "Platform events".to_owned(),
        references: Vec::new(),
    };
    let mut sync = rule(
        "sync-callout-in-trigger",
        "Synchronous callout reachable from a trigger",
        Severity::Error,
        Confidence::High,
        "request-response",
    );
    sync.antipattern = Some("sync-callout-in-trigger".to_owned());
    sync.instead = vec!["platform-events".to_owned(), "change-data-capture".to_owned()];
    let mut secret = rule(
        "hardcoded-credential",
        "Credential in source",
        Severity::Error,
        Confidence::Medium,
        "credentials",
    );
    secret.fix = "Move it to a Named Credential.".to_owned();
    let timeout = rule(
        "callout-no-timeout",
        "Callout without a timeout",
        Severity::Warning,
        Confidence::High,
        "request-response",
    );
    RuleSet {
        rules: vec![timeout, secret, sync],
        patterns: vec![
            pattern("change-data-capture", "Change Data Capture", false),
            pattern("credentials", "Credentials", false),
            pattern("platform-events", "Platform events", false),
            pattern("request-response", "Request and response", false),
            pattern("sync-callout-in-trigger", "Synchronous callout in a trigger", true),
        ],
        ..RuleSet::default()
    }
}
