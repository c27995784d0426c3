use super::script::Script;
use super::*;
use crate::discover::{Options, discover};

/// The page of a component with these files below `lwc/x` or `aura/X`.
fn page(files: &[(&str, &str)]) -> Page {
    let (mut pages, problems) = pages(files);
    assert_eq!(problems, [""; 0]);
    assert_eq!(pages.len(), 1, "{pages:#?}");
    pages.remove(0)
}

fn pages(files: &[(&str, &str)]) -> (Vec<Page>, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    }
    let project = discover(&[folder.path().to_path_buf()], &Options::default()).expect("a project");
    let read = read(&project);
    (read.pages, read.problems.iter().map(ToString::to_string).collect())
}

fn lwc(body: &str) -> Page {
    let text = format!(
        "import {{ LightningElement, wire }} from 'lwc';\n\
         import {{ refreshApex }} from '@salesforce/apex';\n\
         import a from '@salesforce/apex/ns.Api.a';\n\
         import b from '@salesforce/apexContinuation/Api.b';\n\
         {body}"
    );
    page(&[("lwc/x/x.js", &text)])
}

/// Of each poll: period, end, and what it calls.
fn polls(page: &Page) -> Vec<(Option<u64>, Ends, Vec<String>)> {
    let calls = |poll: &Poll| poll.calls.iter().map(|polled| polled.method.shown()).collect();
    page.polls.iter().map(|poll| (poll.period_ms, poll.ends, calls(poll))).collect()
}

fn class(body: &str) -> String {
    format!("export default class X extends LightningElement {{ {body} }}")
}

#[test]
fn a_period_is_folded_from_literals_constants_and_fields() {
    for (before, inside, period, expected) in [
        ("", "", "2000", Some(2000)),
        ("const S = 1_000;", "", "5 * S", Some(5000)),
        ("", "every = (60 + 60) * 1000 / 2;", "this.every", Some(60_000)),
        ("", "", "this.every", None),
        ("", "", "-5", None),
        ("", "", "1e300", None),
    ] {
        let body = class(&format!("{inside} connectedCallback() {{ setInterval(() => a(), {period}); }}"));
        let found = lwc(&format!("{before}\n{body}"));
        assert_eq!(polls(&found), [(expected, Ends::Never, vec!["Api.a".to_owned()])], "{period}");
    }
}

#[test]
fn timers_are_followed_to_apex_through_functions_of_the_page() {
    for (body, expected) in [
        (
            "go() { setInterval(this.load.bind(this), 5); } load() { this.more(); } more() { a(); }",
            Some(Ends::Never),
        ),
        ("go() { window.setInterval(async () => { await b(); }, 5); }", Some(Ends::Never)),
        ("go() { setTimeout(() => a().then(() => this.go()), 5); }", Some(Ends::Never)),
        ("go() { setTimeout(() => a().then((r) => { if (!r) { this.go(); } }), 5); }", Some(Ends::Condition)),
        ("go() { setTimeout(() => { a(); if (this.done) return; this.go(); }, 5); }", Some(Ends::Condition)),
        (
            "n = 0; go() { setTimeout(() => { this.n++; a(); if (this.n < 5) { this.go(); } }, 5); }",
            Some(Ends::Ticks),
        ),
        (
            "go() { this.t = setInterval(() => a(), 5); } stop() { clearInterval(this.t); }",
            Some(Ends::Condition),
        ),
        (
            "go() { this.t = setInterval(() => a(), 5); } disconnectedCallback() { clearInterval(this.t); }",
            Some(Ends::Never),
        ),
        ("@wire(a, {}) w; go() { setInterval(() => refreshApex(this.w), 5); }", Some(Ends::Never)),
        // Once, a clock, and what the user waits for.
        ("go() { setTimeout(() => a(), 5); }", None),
        ("go() { setInterval(() => this.tick(), 5); a(); } tick() { this.now = 1; }", None),
        ("go() { clearTimeout(this.t); this.t = setTimeout(() => a(), 300); }", None),
        ("go() { thing.setInterval(() => a(), 5); }", None),
    ] {
        let found = lwc(&class(body));
        assert_eq!(found.polls.first().map(|poll| poll.ends), expected, "{body}");
        assert!(found.polls.len() < 2, "{body}");
    }
}

#[test]
fn loops_and_keystrokes_repeat_a_call() {
    let html = "<template><lightning-input onchange={typed}/><input onchange={left}/></template>";
    for (body, expected) in [
        ("go() { for (const x of this.list) { a({ x }); } }", Some(Why::Loop)),
        ("go() { this.list.forEach((x) => this.one(x)); } one(x) { a({ x }); }", Some(Why::Loop)),
        ("typed(event) { this.load(); } load() { a(); }", Some(Why::Keystroke)),
        (
            "@wire(a, { word: '$word' }) w; typed(event) { this.word = event.target.value; }",
            Some(Why::Keystroke),
        ),
        ("go() { for (let i = 0; i < 3; i++) { a(); } }", None),
        ("go() { for (let i = 0; i < n; i += 200) { a(); } }", None),
        ("go() { while (this.more) { a(); } }", None),
        ("go() { [1, 2].map((x) => a({ x })); }", None),
        ("go() { for (const x of this.list) { if (x.id === this.id) { a(); } } }", None),
        ("typed(event) { setTimeout(() => a(), 300); }", None),
        ("typed(event) { if (event.keyCode === 13) { a(); } }", None),
        ("left(event) { a(); }", None),
        ("@wire(a, { word: '$word' }) w; left(event) { this.word = event.target.value; }", None),
    ] {
        let text = format!("import a from '@salesforce/apex/Api.a';\n{}", class(body));
        let found = page(&[("lwc/x/x.js", text.as_str()), ("lwc/x/x.html", html)]);
        let why = found.calls.iter().find_map(|call| call.repeat.as_ref()).map(|repeat| repeat.why);
        assert_eq!(why, expected, "{body}");
    }
}

#[test]
fn apex_is_named_by_its_class_and_method() {
    let found = lwc(&class("go() { a(); b(); } @wire(a, {}) w;"));
    let calls: Vec<_> =
        found.calls.iter().map(|call| (call.method.shown(), call.method.continuation, call.way)).collect();
    assert_eq!(
        calls,
        [
            ("Api.a".to_owned(), false, Way::Imperative),
            ("Api.b".to_owned(), true, Way::Imperative),
            ("Api.a".to_owned(), false, Way::Wire),
        ]
    );
}

#[test]
fn topics_are_found_in_texts_of_a_page_that_uses_emp_api() {
    let text = "import { subscribe } from 'lightning/empApi'; // '/event/No__e'\n\
                const A = '/event/A__e'; const B = `/data/AccountChangeEvent`; const C = 'C__e';\n\
                const regex = /\\/event\\/Not__e/; const d = `/event/${x}`;";
    let found = page(&[("lwc/x/x.js", text)]);
    let topics: Vec<&str> = found.topics.iter().map(|(topic, _)| topic.as_str()).collect();
    assert_eq!(topics, ["/data/AccountChangeEvent", "/event/A__e", "/event/C__e"]);
    let without = page(&[("lwc/x/x.js", "import a from '@salesforce/apex/A.a'; const A = '/event/A__e';")]);
    assert_eq!(without.topics, []);
    let aura = page(&[
        (
            "aura/X/X.cmp",
            "<aura:component><aura:attribute name=\"c\" default=\"/event/A__e\"/><lightning:empApi/></aura:component>",
        ),
        ("aura/X/XController.js", "({ go: function (c) { c.find('e').subscribe('/topic/T', -1, f); } })"),
    ]);
    let topics: Vec<&str> = aura.topics.iter().map(|(topic, _)| topic.as_str()).collect();
    assert_eq!(topics, ["/event/A__e", "/topic/T"]);
}

#[test]
fn requests_from_the_browser_are_found() {
    let found = lwc(
        "fetch('https://a.example.com/x'); fetch('/local'); new WebSocket('wss://b.example.com');\n\
         const r = new XMLHttpRequest(); r.open('GET', 'https://c.example.com'); this.open('x', 'https://no');",
    );
    let urls: Vec<(&str, &str)> =
        found.requests.iter().map(|request| (request.by, request.url.as_str())).collect();
    assert_eq!(
        urls,
        [
            ("fetch", "https://a.example.com/x"),
            ("WebSocket", "wss://b.example.com"),
            ("XMLHttpRequest", "https://c.example.com")
        ]
    );
}

#[test]
fn broken_scripts_are_a_note() {
    let text =
        "import a from '@salesforce/apex/Api.a';\nlet x = ;\nfunction go() { setInterval(() => a(), 5); }";
    let (pages, problems) = pages(&[("lwc/x/x.js", text)]);
    assert_eq!(
        problems,
        ["`lwc/x/x.js` is not understood as JavaScript in line 2; the file is not analysed"]
    );
    assert_eq!(pages.len(), 1);
}

#[test]
fn hostile_scripts_and_templates_end() {
    let deep = |open: &str, close: &str| format!("{}1{}", open.repeat(3_000), close.repeat(3_000));
    for text in [
        deep("(", ")"),
        deep("a(()=>", ")"),
        deep("[", "]"),
        deep("{", "}"),
        deep("if(a)", ""),
        "setInterval(".repeat(1_500),
        "`${".repeat(1_500),
        "a.".repeat(2_000),
        "/*".to_owned(),
        "\u{0}\u{feff}é'".repeat(1000),
    ] {
        Script::read(crate::span::FileId(0), 0, &text, Dialect::Merged);
        javascript::comments(0, &text, Dialect::Module);
    }
    for text in [
        "<a ".repeat(3_000),
        "<a>".repeat(3_000),
        "<a b={".repeat(2_000),
        "<!--".repeat(2_000),
        "<script>".repeat(2_000),
    ] {
        markup::typing_handlers(&markup::elements(&text));
        markup::comments(&text);
    }
    let poller = format!("{}<apex:actionPoller/>", "<a rendered=\"{!b}\">".repeat(1_500));
    assert!(markup::elements(&poller).last().is_some_and(|element| element.conditional));
}

#[test]
fn a_comment_knows_what_it_stands_before() {
    let text = "class A {\n  // one\n  b() { c(); /* two */ }\n}\n// three";
    let next: Vec<Option<&str>> = comments(text, Some(Dialect::Module))
        .iter()
        .map(|comment| comment.next.map(|next| &text[next.start as usize..next.end as usize]))
        .collect();
    assert_eq!(next, [Some("b() { c(); /* two */ }"), None, None]);
    let html = "<p><!-- one --><b x={y}></b></p><script>// two\nf();</script>";
    let found = comments(html, None);
    let inside: Vec<&str> = found
        .iter()
        .map(|comment| html[comment.inside.start as usize..comment.inside.end as usize].trim())
        .collect();
    assert_eq!(inside, ["one", "two"]);
    let next = found[0].next.map(|next| &html[next.start as usize..next.end as usize]);
    assert_eq!(next, Some("<b x={y}></b>"));
}
