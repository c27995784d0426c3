use insta::assert_snapshot;
use seamlint::finding::{Confidence, Origin, Severity, Step};
use seamlint::report::terminal::Style;
use seamlint::report::{Format, SYNTAX_ERROR};
use seamlint::span::{FileId, Location, Span};

use crate::world::{World, callout};

#[test]
fn a_path_across_files() {
    assert_snapshot!(callout().terminal());
}

#[test]
fn ascii_and_narrow() {
    let style = Style { color: false, unicode: false, width: 60, ..Style::default() };
    assert_snapshot!(callout().write(Format::Terminal, style));
}

#[test]
fn colours_come_in_runs_and_only_when_asked() {
    let plain = callout().terminal();
    assert!(!plain.contains('\u{1b}'));
    let colored = callout().write(Format::Terminal, Style { color: true, ..Style::default() });
    assert!(colored.contains("\u{1b}[1;31merror[sync-callout-in-trigger]\u{1b}[0m"));
    assert_eq!(without_colors(&colored), plain);
    assert!(colored.len() < plain.len() * 3, "{} bytes for {}", colored.len(), plain.len());
}

#[test]
fn many_origins() {
    let mut world = callout();
    let at = world.findings[0].origins[0].at;
    for letter in 'B'..='J' {
        let name = format!("trigger {letter} on Contact (after insert)");
        world.findings[0].origins.push(Origin { at, name });
    }
    assert_eq!(world.findings[0].origins.len(), 10);
    let shown = world.terminal();
    let line = shown.lines().find(|line| line.contains("also from")).unwrap();
    assert!(
        line.ends_with("trigger B on Contact (after insert), trigger C on Contact (after insert) and 7 more"),
        "{line}"
    );
}

#[test]
fn advice_is_given_once_for_a_rule() {
    let mut world = callout();
    let again = world.findings[0].clone();
    world.findings.push(again);
    let shown = world.terminal();
    for (text, times) in [("╰ more", 1), ("├ fix", 1), ("pattern  ", 2)] {
        assert_eq!(shown.matches(text).count(), times, "{text}: {shown}");
    }
}

#[test]
fn no_findings() {
    let world = World::new(&[("classes/A.cls", "public class A {}")]);
    assert_snapshot!(world.terminal(), @"no findings in 1 file · 3 entry points · 420 ms · 1,204 calls into code that is not here");
}

#[test]
fn hostile_text_is_shown_and_not_sent() {
    let text = "public class A {\r\n\u{1b}[2J\0'\u{202e}evil\u{2066}' /*\u{7}*/ Http.send();\r\n}\r\n";
    let mut world = World::new(&[("classes/\u{1b}[31mA.cls", text)]);
    let at = world.at(0, "Http.send()");
    world.finding("callout-no-timeout", "message with \u{1b}]0;title\u{7} and \r a return", at, Vec::new());
    world.problem("classes/\u{202e}B.cls", "not\u{1b} readable");
    let shown = world.terminal();
    assert!(!shown.chars().any(|char| char != '\n' && (char.is_control() || char == '\u{202e}')));
    assert_snapshot!(shown);
}

#[test]
fn a_lone_return_ends_a_line() {
    let mut world = World::new(&[("A.cls", "public class A {\r  void a() {\r    Http.send();\r  }\r}")]);
    let at = world.at(0, "Http.send()");
    world.finding("callout-no-timeout", "no timeout", at, Vec::new());
    assert!(world.terminal().contains(" 3 │     Http.send();\n"), "{}", world.terminal());
}

#[test]
fn a_very_long_line_is_cut_around_each_mark() {
    let text = format!(
        "public class A {{{} first(); {} Http.send(); {}}}",
        "x".repeat(400_000),
        "é".repeat(300_000),
        "y".repeat(300_000)
    );
    let mut world = World::new(&[("A.cls", &text)]);
    let path = vec![
        world.step(0, "first()", "starts here", "A.a"),
        world.step(0, "Http.send()", "makes the callout", "A.b"),
    ];
    let primary = path[1].at;
    world.finding("callout-no-timeout", "no timeout", primary, path);
    assert_snapshot!(world.terminal());
}

#[test]
fn several_marks_on_one_line_and_a_gap() {
    let mut world = World::new(&[(
        "A.cls",
        "public class A {\n    void a() { b(c()); }\n    void b(Integer x) {\n\n\n        Http.send();\n    }\n}\n",
    )]);
    let path = vec![
        world.step(0, "void a()", "A.a starts here", "A.a"),
        world.step(0, "b(c())", "calls A.b", "A.b"),
        world.step(0, "Http.send()", "makes the callout", "A.b"),
    ];
    let primary = path[2].at;
    world.finding("callout-no-timeout", "no timeout", primary, path).confidence = Confidence::Low;
    assert_snapshot!(world.terminal());
}

#[test]
fn line_numbers_are_those_of_the_file() {
    let text = format!("class A {{\n  first();{}  Http.send();\n}}\n", "\n".repeat(12_000));
    let mut world = World::new(&[("A.cls", &text)]);
    let path = vec![
        world.step(0, "first()", "starts here", "A.a"),
        world.step(0, "Http.send()", "makes the callout", "A.b"),
    ];
    let primary = path[1].at;
    world.finding("callout-no-timeout", "no timeout", primary, path);
    let shown = world.terminal();
    assert!(shown.contains("     2 │   first();\n"), "{shown}");
    assert!(shown.contains(" 12002 │   Http.send();\n"), "{shown}");
}

#[test]
fn a_path_that_goes_back_up_stays_in_order() {
    let mut world = World::new(&[(
        "A.cls",
        "class A {\n  void b() {\n    Http.send();\n  }\n  void a() {\n    b();\n  }\n}\n",
    )]);
    let path = vec![
        world.step(0, "b();", "calls A.b", "A.b"),
        world.step(0, "Http.send()", "makes the callout", "A.b"),
    ];
    let primary = path[1].at;
    world.finding("callout-no-timeout", "no timeout", primary, path);
    let shown = world.terminal();
    assert!(shown.find("A.cls:6:5").unwrap() < shown.find("A.cls:3:5").unwrap(), "{shown}");
}

#[test]
fn a_very_long_path_is_cut_in_the_middle() {
    let mut world = World::new(&[("A.cls", "class A {\n  void b() {\n    Http.send();\n  }\n}\n")]);
    let path: Vec<_> = (0..30).map(|_| world.step(0, "Http.send()", "calls itself", "A.b")).collect();
    let primary = path[1].at;
    world.finding("callout-no-timeout", "no timeout", primary, path);
    let shown = world.terminal();
    assert_eq!(shown.matches("calls itself").count(), 12);
    assert!(shown.contains("steps 7-24 are not shown"), "{shown}");
}

#[test]
fn a_secret_is_never_printed() {
    let mut world = World::new(&[(
        "A.cls",
        "class A {\n  void a() { r.setHeader('Authorization', 'Bearer s3cr3tvalue'); }\n}\n",
    )]);
    let at = world.at(0, "'Bearer s3cr3tvalue'");
    world.finding("hardcoded-credential", "a credential stands in the source", at, Vec::new());
    let shown = world.terminal();
    assert!(!shown.contains("s3cr3t") && shown.contains("'Authorization'"), "{shown}");
    assert_snapshot!(shown);
}

#[test]
fn notes_are_compact() {
    let mut world = World::new(&[("A.cls", "class A {\n  void a() { if (\n}\n")]);
    let at = world.at(0, "if (");
    world.finding(
        SYNTAX_ERROR,
        "this statement does not parse; the rest of the file is analysed",
        at,
        Vec::new(),
    );
    world.problem("B.cls", "permission denied");
    world.statistics.syntax_errors = 1;
    assert_eq!(world.findings[0].severity, Severity::Note);
    assert_snapshot!(world.terminal());
}

#[test]
fn a_file_that_is_gone_still_gives_its_finding() {
    let world = callout();
    for file in &world.project.files {
        std::fs::remove_file(&file.absolute).unwrap();
    }
    let shown = world.terminal();
    assert!(
        shown.contains("error[sync-callout-in-trigger]") && shown.contains("seamlint explain"),
        "{shown}"
    );
}

/// Spans and texts that no analysis would make: nothing panics, nothing raw is printed, every label is
/// there.
#[test]
fn any_text_and_any_span() {
    const PIECES: [&str; 14] = [
        "send();",
        "\n",
        "\r\n",
        "\r",
        "\t",
        " ",
        "é",
        "😀",
        "漢",
        "\u{1b}[1m",
        "\0",
        "\u{202e}",
        "\u{85}",
        "e\u{301}",
    ];
    let mut seed: u64 = 7;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % below
    };
    for round in 0..150 {
        let texts: Vec<String> =
            (0..2).map(|_| (0..random(120)).map(|_| PIECES[random(PIECES.len())]).collect()).collect();
        let mut world = World::new(&[("A.cls", &texts[0]), ("B.cls", &texts[1])]);
        let mut place = || {
            let file = random(2);
            let start = random(texts[file].len() + 3);
            Location { file: FileId(file as u32), span: Span::new(start, start + random(40)) }
        };
        let path: Vec<_> = (0..5)
            .map(|index| Step { at: place(), label: format!("step-{index}"), symbol: "A.a".to_owned() })
            .collect();
        let related = vec![Step { at: place(), label: "step-5".to_owned(), symbol: "A.a".to_owned() }];
        let primary = path[4].at;
        world.finding("callout-no-timeout", "no timeout", primary, path).related = related;
        for style in [
            Style { color: false, unicode: true, width: 50, ..Style::default() },
            Style { color: false, unicode: false, width: 0, ..Style::default() },
        ] {
            let shown = world.write(Format::Terminal, style);
            for index in 0..6 {
                assert_eq!(shown.matches(&format!("step-{index}")).count(), 1, "round {round}: {shown}");
            }
            let raw = |char: char| char != '\n' && (char.is_control() || char == '\u{202e}');
            assert!(!shown.contains(raw), "round {round}: {shown:?}");
        }
        world.write(Format::Terminal, Style { color: true, unicode: true, width: 80, ..Style::default() });
        world.write(Format::Json, Style::default());
        world.write(Format::Sarif, Style::default());
    }
}

fn without_colors(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        out.push_str(before);
        rest = after.split_once('m').unwrap().1;
    }
    out + rest
}
