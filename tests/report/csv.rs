use seamlint::report::Format;
use seamlint::report::csv::HEADER;

use crate::world::{SHOWN, World, callout, hostile};

fn records(world: &World) -> Vec<Vec<String>> {
    let text = world.text(Format::Csv);
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(reader.headers().unwrap().iter().collect::<Vec<_>>(), HEADER);
    // The reader refuses a record with another number of cells.
    reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
}

fn cell<'a>(record: &'a [String], column: &str) -> &'a str {
    &record[HEADER.iter().position(|name| *name == column).unwrap()]
}

#[test]
fn a_path_across_files() {
    let records = records(&callout());
    let [record] = &records[..] else { panic!("{records:?}") };
    for (column, value) in [
        ("severity", "error"),
        ("rule", "sync-callout-in-trigger"),
        ("title", "Synchronous callout reachable from a trigger"),
        ("message", "`AccountTrigger` reaches a callout to callout:ERP in the save transaction"),
        ("file", "force-app/main/default/classes/ErpService.cls"),
        ("line", "6"),
        ("column", "11"),
        ("end_column", "35"),
        ("confidence", "high"),
        ("instead", "platform-events; change-data-capture"),
        ("entry_points", "trigger AccountTrigger on Account (after update)"),
        ("fingerprint", "sync-callout-in-trigger-0123456789abcdef"),
    ] {
        assert_eq!(cell(record, column), value, "{column}");
    }
    assert_eq!(cell(record, "path").matches("; ").count(), 3);
}

#[test]
fn no_findings() {
    assert!(records(&World::new(&[])).is_empty());
}

#[test]
fn no_cell_is_a_formula() {
    let records = records(&hostile());
    assert_eq!(records.len(), 4);
    assert_eq!(cell(&records[0], "message"), format!("'{SHOWN}"));
    assert_eq!(cell(&records[0], "file"), format!("'=main/{SHOWN}.cls"));
    for cell in records.iter().flatten() {
        assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
        assert!(!cell.contains(char::is_control), "{cell:?}");
    }
}
