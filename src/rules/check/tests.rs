//! Tests on small programs made by hand.

use std::borrow::Cow;

use super::*;
use crate::apex::unit::{DmlOp, TriggerEvent};
use crate::finding::Severity;
use crate::name::Name;
use crate::program::model::{Callers, Effect, EntryKind, Item, ItemKind, Node, NodeId, Site};
use crate::rules::registry::{RuleFile, built_in, built_in_files, parse};
use crate::span::{FileId, Span};
use crate::summary::reach::HopKind;

fn at(file: u32, start: usize) -> Location {
    Location { file: FileId(file), span: Span::new(start, start + 5) }
}

fn node(symbol: &str, context: &str, at: Location) -> Node {
    Node {
        symbol: symbol.to_owned(),
        at,
        context: context.to_owned(),
        kind: Default::default(),
        steps: Vec::new(),
        decided: Vec::new(),
        sizes: Default::default(),
        sharing: None,
        unseen: false,
    }
}

fn site(effect: Effect, at: Location, facts: &[(&'static str, &'static str)]) -> Site {
    Site {
        effect,
        at,
        symbol: "PricingApi.send".to_owned(),
        label: "`Http.send`".to_owned(),
        object: None,
        operation: None,
        facts: facts.iter().map(|&(key, value)| (key, Cow::Borrowed(value))).collect(),
    }
}

fn entry(kind: EntryKind, node: u32, name: &str, at: Location) -> Entry {
    Entry {
        kind,
        node: NodeId(node),
        at,
        name: name.to_owned(),
        owner: Name::new("Owner"),
        object: Some(Name::new("Account")),
        event: Some(TriggerEvent::AfterUpdate),
        callouts_enabled: None,
        never_started: false,
        batch_scope: None,
        fires: None,
        called_by: Callers::default(),
        facts: Vec::new(),
        class_at: None,
    }
}

/// Two triggers that reach one callout; the first through DML.
fn program() -> Program {
    let mut dml = site(Effect::Dml, at(1, 70), &[]);
    dml.object = Some(Name::new("Contact"));
    dml.operation = Some(DmlOp::Update);
    Program {
        nodes: vec![
            node("AccountTrigger", "after update", at(1, 8)),
            node("ContactTrigger", "after update", at(2, 8)),
            node("BaseHandler.run", "as ContactHandler", at(3, 40)),
            node("PricingApi.send", "", at(4, 40)),
        ],
        sites: vec![
            site(Effect::Callout, at(4, 90), &[("host", "Pricing"), ("endpoint", "named-credential")]),
            dml,
        ],
        entries: vec![
            entry(EntryKind::Trigger, 0, "trigger AccountTrigger on Account (after update)", at(1, 8)),
            entry(EntryKind::Trigger, 1, "trigger ContactTrigger on Contact (after update)", at(2, 8)),
        ],
        ..Program::default()
    }
}

fn hop(at: Location, kind: HopKind, node: Option<u32>) -> Hop {
    Hop { at, kind, node: node.map(NodeId) }
}

fn hit(rule: usize, entry: u32, path: Vec<Hop>) -> Hit {
    Hit {
        entry: Some(EntryId(entry)),
        loops: vec![(at(3, 60), Bound::EntryBatch)],
        path,
        ..Hit::new(rule, at(4, 90), Subject::Site(SiteId(0)))
    }
}

fn planned(rules: &RuleSet) -> Vec<(&Rule, Plan)> {
    rules
        .rules
        .iter()
        .map(|rule| (rule, plan(rule, &rules.limits, &[], &rule.id, "").expect("a plan")))
        .collect()
}

/// The findings that hits become where nothing is suppressed.
fn build(program: &Program, rules: &RuleSet, hits: Vec<Hit>) -> Vec<Finding> {
    let plans = planned(rules);
    let (summary, suppressions) = (Summary::default(), Suppressions::default());
    let meter = Meter::new(program, &summary, &rules.limits, &Assume::default());
    let world = World { program, summary: &summary, suppressions: &suppressions, meter };
    findings::build(world, &plans, hits, &FileLevels::default()).findings
}

fn index(rules: &RuleSet, id: &str) -> usize {
    rules.rules.iter().position(|rule| rule.id == id).expect("the rule")
}

#[test]
fn hits_at_one_place_become_one_finding_with_all_origins() {
    let (program, rules) = (program(), built_in().expect("rules"));
    let rule = index(&rules, "sync-callout-in-trigger");
    let short = vec![
        hop(at(2, 8), HopKind::Entry, Some(1)),
        hop(at(2, 60), HopKind::Call, Some(2)),
        hop(at(3, 60), HopKind::Loop, None),
        hop(at(3, 80), HopKind::Call, Some(3)),
        hop(at(4, 90), HopKind::Effect, None),
    ];
    let mut long = vec![hop(at(1, 8), HopKind::Entry, Some(0)), hop(at(1, 70), HopKind::Dml, Some(1))];
    long.extend(&short[1..]);
    let hits = vec![hit(rule, 0, long.clone()), hit(rule, 1, short)];
    let findings = build(&program, &rules, hits.clone());
    insta::assert_json_snapshot!("one_finding", findings);

    let alone = build(&program, &rules, vec![hit(rule, 0, long)]);
    insta::assert_json_snapshot!("through_dml", alone[0].path);
    assert_eq!(alone[0].fingerprint, findings[0].fingerprint, "a further origin is no new finding");

    let mut reversed = hits;
    reversed.reverse();
    assert_eq!(build(&program, &rules, reversed), findings);
}

#[test]
fn a_doubtful_path_lowers_the_severity() {
    let (program, rules) = (program(), built_in().expect("rules"));
    let rule = index(&rules, "sync-callout-in-trigger");
    let severity = |confidence| {
        let hit = Hit { confidence, ..hit(rule, 0, Vec::new()) };
        build(&program, &rules, vec![hit])[0].severity
    };
    assert_eq!(severity(Confidence::High), Severity::Error);
    assert_eq!(severity(Confidence::Medium), Severity::Error);
    assert_eq!(severity(Confidence::Low), Severity::Warning);
}

#[test]
fn a_severity_depends_on_what_was_found() {
    let (mut program, rules) = (program(), built_in().expect("rules"));
    let severity = |program: &Program, rule: &str, change: &dyn Fn(&mut Hit)| {
        let mut hit = hit(index(&rules, rule), 0, Vec::new());
        change(&mut hit);
        build(program, &rules, vec![hit])[0].severity
    };
    let certain = |certainty| move |hit: &mut Hit| hit.certainty = Some(certainty);
    assert_eq!(severity(&program, "callout-after-dml", &certain(Certainty::Must)), Severity::Error);
    assert_eq!(severity(&program, "callout-after-dml", &certain(Certainty::May)), Severity::Warning);

    let turns = |turns| move |hit: &mut Hit| hit.loops = vec![(at(3, 60), Bound::Constant(turns))];
    assert_eq!(severity(&program, "callout-in-loop", &turns(80)), Severity::Warning);
    assert_eq!(severity(&program, "callout-in-loop", &turns(800)), Severity::Error);
    assert_eq!(severity(&program, "callout-in-loop", &|_| ()), Severity::Error);

    assert_eq!(severity(&program, "publish-in-loop", &|_| ()), Severity::Error);
    let collection = |hit: &mut Hit| hit.loops = vec![(at(3, 60), Bound::Collection)];
    assert_eq!(severity(&program, "publish-in-loop", &collection), Severity::Warning);
    assert_eq!(severity(&program, "side-effect-in-before-trigger", &|_| ()), Severity::Warning);
    program.sites[0].effect = Effect::Enqueue;
    assert_eq!(severity(&program, "side-effect-in-before-trigger", &|_| ()), Severity::Note);
    program.sites[0].object = Some(Name::new("App_LogEntry__e"));
    assert_eq!(severity(&program, "publish-in-loop", &|_| ()), Severity::Note);
}

#[test]
fn equal_effects_in_one_method_have_fingerprints_of_their_own() {
    let (mut program, rules) = (program(), built_in().expect("rules"));
    program.sites.push(site(Effect::Callout, at(4, 190), &[]));
    let rule = index(&rules, "sync-callout-in-trigger");
    let second = Hit { primary: at(4, 190), subject: Subject::Site(SiteId(2)), ..hit(rule, 0, Vec::new()) };
    let findings = build(&program, &rules, vec![second, hit(rule, 0, Vec::new())]);
    assert_eq!(findings.len(), 2);
    assert!(findings[0].primary < findings[1].primary);
    assert_ne!(findings[0].fingerprint, findings[1].fingerprint);
}

/// The rules that find something in a program that is nothing but `site`.
fn found(effect: Effect, facts: &[(&'static str, &'static str)]) -> Vec<String> {
    let program = Program { sites: vec![site(effect, at(0, 10), facts)], ..Program::default() };
    let findings =
        check(&program, &Summary::default(), &built_in().expect("rules"), &Policy::default(), &[]).findings;
    for finding in &findings {
        assert!(!finding.message.contains(['{', '}']), "{}", finding.message);
        assert!(finding.path.is_empty() && finding.origins.is_empty());
        assert_eq!(finding.fingerprint.len(), 32);
    }
    findings.into_iter().map(|finding| finding.rule).collect()
}

#[test]
fn site_rules_read_local_facts() {
    let nothing: [&str; 0] = [];
    assert_eq!(
        found(Effect::Endpoint, &[("endpoint", "url"), ("scheme", "http"), ("host", "erp.example.com")]),
        ["cleartext-endpoint", "hardcoded-endpoint"]
    );
    assert_eq!(
        found(Effect::Endpoint, &[("endpoint", "url"), ("scheme", "https"), ("host", "erp.example.com")]),
        ["hardcoded-endpoint"]
    );
    assert_eq!(
        found(Effect::Endpoint, &[("endpoint", "url"), ("scheme", "http"), ("host", "localhost")]),
        nothing
    );
    assert_eq!(found(Effect::Endpoint, &[("endpoint", "named-credential"), ("host", "ERP")]), nothing);
    assert_eq!(found(Effect::Request, &[("timeout", "unset")]), ["callout-no-timeout"]);
    assert_eq!(found(Effect::Request, &[("timeout", "unknown")]), nothing);
    assert_eq!(found(Effect::Endpoint, &[("endpoint", "self-org")]), ["self-org-callout"]);
    assert_eq!(found(Effect::Endpoint, &[("endpoint", "self-org"), ("service", "tooling")]), nothing);
    assert_eq!(
        found(Effect::Callout, &[("api", "http"), ("response", "unchecked")]),
        ["callout-response-unchecked"]
    );
    assert_eq!(found(Effect::Callout, &[("api", "soap"), ("response", "unchecked")]), nothing);
    assert_eq!(found(Effect::Catch, &[("handling", "swallowed")]), ["swallowed-callout-exception"]);
    assert_eq!(found(Effect::Catch, &[("handling", "handled")]), nothing);
    assert_eq!(found(Effect::Credential, &[("place", "header")]), ["hardcoded-credential"]);
    assert_eq!(found(Effect::SessionId, &[("endpoint", "url")]), ["session-id-leak"]);
    assert_eq!(found(Effect::SessionId, &[("endpoint", "self-org")]), nothing);
    assert_eq!(
        found(Effect::Publish, &[("result", "dropped"), ("callback", "no")]),
        ["publish-result-ignored"]
    );
    assert_eq!(found(Effect::Publish, &[("result", "dropped")]), ["publish-result-ignored"]);
    assert_eq!(found(Effect::Publish, &[("result", "dropped"), ("callback", "yes")]), nothing);
    assert_eq!(found(Effect::Publish, &[("result", "used"), ("callback", "no")]), nothing);
}

#[test]
fn selectors_ignore_case_and_know_the_own_class() {
    let rules = built_in().expect("rules");
    let plans = planned(&rules);
    let chain = &plans[index(&rules, "queueable-chain-unbounded")].1;
    let PlannedQuery::Path(path) = &chain.queries[0] else { panic!("a path") };
    let mut entry = entry(EntryKind::Queueable, 0, "Queueable Owner.execute", at(0, 0));
    let mut enqueue = site(Effect::Enqueue, at(0, 10), &[]);
    enqueue.object = Some(Name::new("OWNER"));
    assert!(path.from.matches(&entry));
    assert!(path.to.matches(&enqueue, Some(&entry)));
    enqueue.facts.push(("depth-limit", "yes".into()));
    assert!(!path.to.matches(&enqueue, Some(&entry)));
    enqueue.facts.clear();
    enqueue.object = Some(Name::new("Other"));
    assert!(!path.to.matches(&enqueue, Some(&entry)));
    entry.kind = EntryKind::Future;
    assert!(!path.from.matches(&entry));
}

#[test]
fn trigger_events_are_selected_by_their_halves() {
    let rules = built_in().expect("rules");
    let plans = planned(&rules);
    let before = &plans[index(&rules, "side-effect-in-before-trigger")].1;
    let PlannedQuery::Path(path) = &before.queries[0] else { panic!("a path") };
    let mut entry = entry(EntryKind::Trigger, 0, "trigger T", at(0, 0));
    assert!(!path.from.matches(&entry));
    entry.event = Some(TriggerEvent::BeforeDelete);
    assert!(path.from.matches(&entry));
    entry.event = None;
    assert!(!path.from.matches(&entry));
}

#[test]
fn counts_are_known_or_grow() {
    let known = |entry: &Entry, bounds: &[Bound]| {
        let loops: Vec<_> = bounds.iter().map(|&bound| (at(0, 0), bound)).collect();
        cost::known_count(super::super::plan::Growth::DATA, entry, &loops)
    };
    let mut batch = entry(EntryKind::BatchExecute, 0, "batch B.execute", at(0, 0));
    assert_eq!(known(&batch, &[]), Some(1));
    assert_eq!(known(&batch, &[Bound::Constant(3), Bound::Retry, Bound::Constant(4)]), Some(12));
    assert_eq!(known(&batch, &[Bound::EntryBatch]), None);
    batch.batch_scope = Some(50);
    assert_eq!(known(&batch, &[Bound::EntryBatch, Bound::Constant(2)]), Some(100));
    assert_eq!(known(&batch, &[Bound::EntryBatch, Bound::Collection]), None);
    assert_eq!(
        known(&batch, &[Bound::Constant(u32::MAX), Bound::Constant(u32::MAX), Bound::Constant(9)]),
        Some(u64::MAX)
    );
}

/// A rule over platform events with the query and severities `find`.
fn event_rule(find: &str) -> RuleSet {
    let text = format!(
        "id: own-rule\ntitle: Own\nseverity: error\nconfidence: high\npattern: platform-events\n{find}\n\
         message: \"{{item.label}} has {{item.subscribers|no known}} subscribers\"\nwhy: W.\nfix: F.\n\
         references: [https://example.com/12]\n\
         examples: {{bad: {{classes/A.cls: x}}, good: {{classes/A.cls: x}}}}\n"
    );
    let mut files = built_in_files();
    files.push(RuleFile { name: "own-rule.yaml".to_owned(), text });
    let mut rules = parse(&files).unwrap_or_else(|errors| panic!("{errors}"));
    rules.rules.retain(|rule| rule.id == "own-rule");
    rules
}

fn event(name: &str, start: usize, facts: &[(&'static str, &'static str)]) -> Item {
    Item {
        kind: ItemKind::PlatformEvent,
        name: Name::new(name),
        at: at(0, start),
        label: format!("platform event `{name}`"),
        object: None,
        facts: facts.iter().map(|&(key, value)| (key, Cow::Borrowed(value))).collect(),
        related: vec![(at(0, 90), "declared here".to_owned())],
    }
}

#[test]
fn components_are_selected_by_their_facts() {
    let items = vec![
        event("Many__e", 0, &[("subscribers", "7"), ("publishers", "0")]),
        event(
            "One__e",
            10,
            &[("subscribers", "1"), ("publishers", "2"), ("publish-behavior", "immediately")],
        ),
        event("Unknown__e", 20, &[]),
    ];
    let program = Program { items, ..Program::default() };
    let found = |find: &str| -> Vec<String> {
        let findings =
            check(&program, &Summary::default(), &event_rule(find), &Policy::default(), &[]).findings;
        assert!(findings.iter().all(|finding| finding.path.is_empty() && finding.related.len() == 1));
        findings.into_iter().map(|finding| format!("{}: {}", finding.severity, finding.message)).collect()
    };
    let (many, one, unknown) = (
        "error: Platform event `Many__e` has 7 subscribers",
        "error: Platform event `One__e` has 1 subscribers",
        "error: Platform event `Unknown__e` has no known subscribers",
    );
    assert_eq!(found("find: {component: {type: platform-event}}"), [many, one, unknown]);
    assert_eq!(found("find: {component: {type: platform-event, name: \"m*\"}}"), [many]);
    assert_eq!(found("find: {component: {type: platform-event, subscribers: {above: 1}}}"), [many]);
    assert_eq!(
        found("find: {component: {type: platform-event, subscribers: {above: cdc.entities}}}"),
        [many]
    );
    assert_eq!(found("find: {component: {type: platform-event, subscribers: 1}}"), [one]);
    assert_eq!(found("find: {component: {type: platform-event, subscribers: {not: 1}}}"), [many, unknown]);
    assert_eq!(
        found("find: {component: {type: platform-event, publish-behavior: {not: immediately}}}"),
        [many, unknown]
    );
    let unless = "find: {component: {type: [platform-event, channel], unless: ";
    assert_eq!(found(&format!("{unless}{{publishers: 0, subscribers: {{above: 1}}}}}}}}")), [one, unknown]);
    assert_eq!(found(&format!("{unless}[{{publishers: 0}}, {{subscribers: {{above: 0}}}}]}}}}")), [unknown]);
    assert_eq!(found("find: {component: {type: platform-event, object: Account}}"), [""; 0]);
    let lowered = "find: {component: {type: platform-event, subscribers: 7}}\nseverity_when:\n  \
                   - {component: {publishers: 0}, severity: note}";
    assert_eq!(found(lowered), ["note: Platform event `Many__e` has 7 subscribers"]);
}

#[test]
fn a_component_is_known_again_by_its_name() {
    let rules = event_rule("find: {component: {type: platform-event}}");
    let fingerprints = |items: Vec<Item>| -> Vec<String> {
        let program = Program { items, ..Program::default() };
        let findings = check(&program, &Summary::default(), &rules, &Policy::default(), &[]).findings;
        findings.into_iter().map(|finding| finding.fingerprint).collect()
    };
    let one = fingerprints(vec![event("A__e", 0, &[])]);
    assert_eq!(fingerprints(vec![event("a__E", 50, &[("subscribers", "1")])]), one);
    assert_ne!(fingerprints(vec![event("B__e", 0, &[])]), one);
}
