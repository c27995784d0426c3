use insta::assert_snapshot;
use seamlint::finding::Severity;
use seamlint::report::Format;

use crate::consumers::{Command, workflow_command};
use crate::world::{SHOWN, World, callout, hostile, many};

fn commands(world: &World) -> Vec<Command> {
    let text = world.text(Format::GitHub);
    text.lines().map(|line| workflow_command(line).unwrap_or_else(|| panic!("no command: {line}"))).collect()
}

#[test]
fn a_path_across_files() {
    assert_snapshot!(callout().text(Format::GitHub));
    let commands = commands(&callout());
    let [command] = &commands[..] else { panic!("{commands:?}") };
    assert_eq!(command.name, "error");
    let properties = [
        ("file", "force-app/main/default/classes/ErpService.cls"),
        ("line", "6"),
        ("endLine", "6"),
        ("col", "11"),
        ("endColumn", "35"),
        ("title", "sync-callout-in-trigger: Synchronous callout reachable from a trigger"),
    ];
    assert_eq!(command.properties.len(), properties.len());
    for (key, value) in properties {
        assert_eq!(command.properties[key], value, "{key}");
    }
    assert_eq!(command.data.lines().count(), 1 + 4 + 2, "the sentence, the steps, what to do");
}

#[test]
fn hostile_text_stays_inside_its_command() {
    let text = hostile().text(Format::GitHub);
    assert!(!text.chars().any(|char| char.is_control() && char != '\n'), "{text:?}");
    let commands = commands(&hostile());
    let names: Vec<&str> = commands.iter().map(|command| command.name.as_str()).collect();
    assert_eq!(names, ["error", "warning", "notice", "notice"]);
    assert_eq!(commands[0].properties["file"], format!("=main/{SHOWN}.cls"));
    assert_eq!(commands[0].properties["line"], "6");
    let lines: Vec<&str> = commands[0].data.lines().collect();
    assert_eq!(lines[0], SHOWN);
    assert!(lines[1].starts_with(&format!("1. {SHOWN} (force-app")), "{}", lines[1]);
    assert_eq!(lines[5], format!("Also from {SHOWN}."));
}

#[test]
fn says_what_github_does_not_show() {
    assert_eq!(commands(&many(10)).len(), 10);
    let mut world = many(13);
    world.findings[0].severity = Severity::Warning;
    let commands = commands(&world);
    assert_eq!(commands.len(), 14);
    assert_eq!(commands[0].name, "notice");
    assert!(commands[0].data.contains("found 12 errors, 1 warning. GitHub shows at most 10"));
    assert!(commands[1..13].iter().all(|command| command.name == "error"), "the worst come first");
    assert_eq!(commands[13].name, "warning");
}

#[test]
fn the_reader_can_fail() {
    assert!(workflow_command("error file=a::b").is_none());
    assert!(workflow_command("::eror file=a::b").is_none());
    let read = workflow_command("::error file=a%2Cb,line=1::50%25%0Amore").unwrap();
    assert_eq!((read.properties["file"].as_str(), read.data.as_str()), ("a,b", "50%\nmore"));
}
