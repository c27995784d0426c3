use insta::assert_snapshot;
use seamlint::report::Format;

use crate::consumers::checkstyle;
use crate::world::{SHOWN, World, callout, hostile, many};

#[test]
fn a_path_across_files() {
    assert_snapshot!(callout().text(Format::Checkstyle));
    assert!(checkstyle(&World::new(&[]).text(Format::Checkstyle)).unwrap().children.is_empty());
}

#[test]
fn a_file_stands_once() {
    let root = checkstyle(&many(5).text(Format::Checkstyle)).unwrap();
    assert_eq!((root.all("file").len(), root.all("error").len()), (1, 5));
}

#[test]
fn hostile_text_is_shown() {
    let root = checkstyle(&hostile().text(Format::Checkstyle)).unwrap();
    let file =
        root.all("file").into_iter().find(|file| file.get("name") == format!("=main/{SHOWN}.cls")).unwrap();
    let error = &file.children[0];
    assert_eq!(error.get("message"), SHOWN);
    assert_eq!((error.get("line"), error.get("column")), ("6", "11"));
    assert_eq!(error.get("source"), "seamlint.request-response.sync-callout-in-trigger");
    let severities: Vec<&str> = root.all("error").iter().map(|error| error.get("severity")).collect();
    assert_eq!(severities.iter().filter(|severity| **severity == "info").count(), 2, "{severities:?}");
}

#[test]
fn the_schema_test_can_fail() {
    let good = callout().text(Format::Checkstyle);
    for (from, to) in [
        ("severity=\"error\"", "severity=\"fatal\""),
        ("line=\"6\"", "line=\"0\""),
        ("<file name=", "<file path="),
    ] {
        assert!(good.contains(from), "{from}");
        assert!(checkstyle(&good.replace(from, to)).is_err(), "{to}");
    }
}
