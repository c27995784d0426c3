use insta::assert_snapshot;
use seamlint::report::terminal::Style;
use seamlint::report::{Format, json};

use crate::world::{World, callout};

#[test]
fn a_path_across_files() {
    assert_snapshot!(
        callout().write(Format::Json, Style::default()).replace(env!("CARGO_PKG_VERSION"), "VERSION")
    );
}

#[test]
fn matches_its_schema() {
    let schema = json::schema();
    let validator = jsonschema::validator_for(&schema).unwrap();
    let mut world = callout();
    world.problem("B.cls", "permission denied");
    let at = world.at(0, "rows");
    world.finding("syntax-error", "does not parse", at, Vec::new());
    for world in [world, World::new(&[])] {
        let value = world.value(Format::Json);
        let errors: Vec<_> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{errors:#?}");
        let read: json::Output = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), value);
    }
}

#[test]
fn says_nothing_about_the_machine() {
    let world = callout();
    let first = world.write(Format::Json, Style::default());
    assert!(!first.contains(world.project.root.to_str().unwrap()));
    // Another folder, the same bytes.
    assert_eq!(
        callout().write(Format::Json, Style { color: true, unicode: false, width: 40, ..Style::default() }),
        first
    );
}
