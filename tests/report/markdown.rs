use insta::assert_snapshot;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use seamlint::report::Format;

use crate::world::{SHOWN, World, callout, hostile, many};

/// What GitHub accepts as a comment.
const LIMIT: usize = 65_536;

fn events(text: &str) -> Vec<Event<'_>> {
    Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_FOOTNOTES)
        .collect()
}

/// What a reader sees: a line for each paragraph, item and cell, code in brackets.
fn seen(text: &str) -> Vec<String> {
    let mut lines = vec![String::new()];
    for event in events(text) {
        match event {
            Event::Text(text) => lines.last_mut().unwrap().push_str(&text),
            Event::Code(code) => lines.last_mut().unwrap().push_str(&format!("⟨{code}⟩")),
            Event::End(TagEnd::Paragraph | TagEnd::Item | TagEnd::TableCell | TagEnd::Heading(_)) => {
                lines.push(String::new());
            }
            _ => {}
        }
    }
    lines.retain(|line| !line.is_empty());
    lines
}

#[test]
fn a_path_across_files() {
    assert_snapshot!(callout().text(Format::Markdown));
}

#[test]
fn no_findings() {
    assert_snapshot!(World::new(&[("classes/A.cls", "public class A {}")]).text(Format::Markdown));
}

#[test]
fn the_table_has_all_rules() {
    let text = hostile().text(Format::Markdown);
    let rows = events(&text).iter().filter(|event| matches!(event, Event::Start(Tag::TableRow))).count();
    let cells = events(&text).iter().filter(|event| matches!(event, Event::Start(Tag::TableCell))).count();
    assert_eq!((rows, cells), (4, 5 * 4), "one row a rule and the head, all of four cells");
}

#[test]
fn hostile_text_is_seen_as_it_is_and_does_nothing() {
    let text = hostile().text(Format::Markdown);
    assert_snapshot!(text);
    let seen = seen(&text);
    let shown = SHOWN.replace("`a|b`", "⟨a|b⟩");
    assert_eq!(seen.iter().filter(|line| **line == shown).count(), 2, "both messages\n{seen:#?}");
    let label = format!(" {shown}");
    assert_eq!(seen.iter().filter(|line| line.ends_with(&label)).count(), 4 + 1, "the steps\n{seen:#?}");
    assert!(seen.contains(&format!("Also from {shown}.")), "{seen:#?}");
    // A path with backticks is one code span.
    assert!(seen.contains(&format!("⟨sync-callout-in-trigger⟩ at ⟨=main/{SHOWN}.cls:6⟩")), "{seen:#?}");
    assert!(seen.contains(&"`unpaired".to_owned()), "{seen:#?}");
    for event in events(&text) {
        match event {
            Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::CodeBlock(_) | Tag::BlockQuote(_)) => {
                panic!("{event:?}")
            }
            Event::Html(html) | Event::InlineHtml(html) => {
                let html = html.trim();
                let ours = ["<!-- seamlint -->", "<!-- -->", "</details>", "<sub>", "</sub>"].contains(&html)
                    || html.starts_with("<details><summary>The path: ");
                assert!(ours, "{html}");
            }
            // GitHub makes mentions and references of these where a word follows.
            Event::Text(text) => assert!(!text.contains("@octocat") && !text.contains("#1"), "{text}"),
            _ => {}
        }
    }
}

#[test]
fn a_comment_has_room_for_so_much() {
    let world = many(2_000);
    let text = world.text(Format::Markdown);
    assert!((LIMIT - 2_000..LIMIT).contains(&text.len()), "{}", text.len());
    let shown = text.matches("<details>").count();
    assert!(shown > 20);
    let note =
        format!("**1,{} findings are not shown here: a comment has no room for more.**", 1_000 - shown);
    assert!(text.contains(&note), "{shown} shown");
    assert!(seen(&text)[0].ends_with("2,000 errors"), "the heading counts all");

    let mut hostile = hostile();
    let again = hostile.findings[0].clone();
    hostile.findings.extend(std::iter::repeat_n(again, 500));
    assert!(hostile.text(Format::Markdown).len() < LIMIT);
    // One finding that has no room at all does not hide the others.
    let mut world = callout();
    let step = world.findings[0].path[1].clone();
    world.findings[0].path = std::iter::repeat_n(step, 5_000).collect();
    let text = world.text(Format::Markdown);
    assert!(text.contains("The path: 5,000 steps") && text.contains("4,980 steps are not shown"), "{text}");
}
