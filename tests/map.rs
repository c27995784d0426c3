//! `seamlint map` on two projects: the example, and one in `tests/map/shop` with one of each kind of
//! integration, and with names that try to break out of every format.

mod support;

use assert_cmd::Command;
use seamlint::map::{self, Format, Map};
use seamlint::report::progress::Progress;
use seamlint::report::source_map::SourceMap;
use seamlint::rules::select::Selection;
use seamlint::{config, scan};
use serde_json::Value;
use support::repository;

/// The map of a project with the findings of some rules: those of the others come and go.
fn draw<T>(project: &str, only: &[&str], with: impl FnOnce(&Map, &SourceMap<'_>) -> T) -> T {
    let paths = [repository(project)];
    let config = config::load(&paths[0]).unwrap();
    let mut rules = config.load_rules(None).unwrap();
    let only = only.iter().map(|rule| (*rule).to_owned()).collect();
    Selection { only, patterns: Vec::new() }.apply(&mut rules).unwrap();
    let settings = config.settings();
    let progress = Progress::new(false);
    let model = scan::model(&paths, &settings, &progress).unwrap();
    let findings = scan::findings(&paths, &model, &rules, &settings, &progress).findings;
    let sources = SourceMap::new(&model.project);
    let landscape = &settings.landscape;
    let input = map::Input { model: &model, findings: &findings, rules: &rules, landscape };
    with(&map::draw(&input, &sources), &sources)
}

fn text(project: &str, only: &[&str], format: Format) -> String {
    draw(project, only, |map, sources| {
        let mut out = Vec::new();
        map::write(format, map, false, sources, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    })
}

const EXAMPLE: (&str, &[&str]) =
    ("examples/orders", &["sync-callout-in-trigger", "enqueue-per-record", "publish-result-ignored"]);
const SHOP: (&str, &[&str]) = ("tests/map/shop", &["sync-callout-in-trigger", "hardcoded-endpoint"]);

#[test]
fn the_example() {
    insta::assert_snapshot!("example_mermaid", text(EXAMPLE.0, EXAMPLE.1, Format::Mermaid));
    insta::assert_snapshot!("example_dot", text(EXAMPLE.0, EXAMPLE.1, Format::Dot));
    insta::assert_snapshot!("example_json", text(EXAMPLE.0, EXAMPLE.1, Format::Json));
}

#[test]
fn one_of_each_kind() {
    insta::assert_snapshot!("shop_mermaid", text(SHOP.0, SHOP.1, Format::Mermaid));
    insta::assert_snapshot!("shop_dot", text(SHOP.0, SHOP.1, Format::Dot));
}

#[test]
fn findings_stand_at_the_edges_that_they_concern() {
    draw(EXAMPLE.0, EXAMPLE.1, |map, _| {
        let edge = |from: &str, to: &str| {
            let edge =
                map.edges.iter().find(|edge| edge.from.ends_with(from) && edge.to.ends_with(to)).unwrap();
            let rules: Vec<&str> = edge.findings.iter().map(|&id| map.findings[id].rule.as_str()).collect();
            (
                rules,
                edge.path.iter().map(|step| step.place.file.rsplit('/').next().unwrap()).collect::<Vec<_>>(),
            )
        };
        let trigger = edge(":ordertrigger", "carrier.example.com");
        assert_eq!(trigger.0, ["sync-callout-in-trigger"]);
        assert_eq!(
            trigger.1,
            [
                "OrderTrigger.trigger",
                "OrderTrigger.trigger",
                "OrderTriggerHandler.cls",
                "ShippingService.cls",
                "CarrierClient.cls",
                "CarrierClient.cls"
            ]
        );
        assert_eq!(edge(":ordertrigger", ":loyaltyjob").0, ["enqueue-per-record"]);
        assert_eq!(edge(":cancellationservice", ":order_placed__e").0, ["publish-result-ignored"]);
        assert!(edge(":addresscontroller", "addresses.example.com").0.is_empty());
        assert_eq!(map.findings_elsewhere, 0);
    });
}

#[test]
fn what_has_no_part_in_integration_is_not_drawn() {
    draw(SHOP.0, SHOP.1, |map, _| {
        assert!(map.nodes.iter().all(|node| node.name != "Unrelated"));
        let connected = |id: &str| map.edges.iter().any(|edge| edge.from == id || edge.to == id);
        assert!(map.nodes.iter().all(|node| connected(&node.id)));
    });
}

fn run(args: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_seamlint"));
    let output = command.arg("map").args(args).timeout(std::time::Duration::from_secs(60)).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_program_writes_each_format_the_same_way_twice() {
    let project = repository("tests/map/shop");
    let project = project.to_str().unwrap();
    for (format, start) in [
        ("mermaid", "flowchart LR\n"),
        ("dot", "digraph integration {\n"),
        ("json", "{\n"),
        ("html", "<!doctype html>\n"),
    ] {
        let first = run(&[project, "--format", format]);
        assert!(first.starts_with(start), "{format}");
        assert_eq!(first, run(&[project, "--format", format, "--threads", "1"]), "{format}");
        let file = tempfile::tempdir().unwrap();
        let file = file.path().join("map");
        assert_eq!(run(&[project, "-f", format, "-o", file.to_str().unwrap()]), "");
        assert_eq!(std::fs::read_to_string(file).unwrap(), first);
    }
    assert_eq!(run(&[project]), run(&[project, "--format", "mermaid"]));
}

#[test]
fn names_cannot_break_out_of_the_page() {
    let page = text(SHOP.0, SHOP.1, Format::Html);
    assert!(page.contains("window.broken"), "the hostile names are there");
    assert!(!page.contains("<img"), "but not as elements");
    assert_eq!(page.matches("</script").count(), 2, "the data and the script");
    let data = page.split("id=\"data\">").nth(1).unwrap().split("</script>").next().unwrap();
    let data: Value = serde_json::from_str(data).unwrap();
    assert!(
        data["map"]["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .any(|node| node["name"] == "<img src=x onerror=window.broken=1>")
    );
}

#[test]
fn an_empty_folder_is_an_empty_map() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_seamlint"));
    let output = command.arg("map").arg(folder.path()).args(["-f", "json"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    assert!(String::from_utf8_lossy(&output.stderr).contains("the map is empty"));
    let map: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(map["nodes"], serde_json::json!([]));
}

/// Many that are alike are one box, in drawings only.
#[test]
fn many_alike_are_drawn_as_one() {
    let folder = tempfile::tempdir().unwrap();
    for index in 0..40 {
        let class = format!(
            "public class Page{index} {{ @AuraEnabled public static void run() {{ HttpRequest r = new HttpRequest(); \
             r.setEndpoint('callout:Erp/x'); new Http().send(r); }} }}"
        );
        std::fs::write(folder.path().join(format!("Page{index}.cls")), class).unwrap();
    }
    let folder = folder.path().to_str().unwrap();
    let drawn = run(&[folder]);
    assert!(drawn.contains("40 page controllers"), "{drawn}");
    assert_eq!(drawn.matches("-->").count(), 1, "{drawn}");
    assert_eq!(run(&[folder, "--whole"]).matches("-->").count(), 40);
    let map: Value = serde_json::from_str(&run(&[folder, "-f", "json"])).unwrap();
    assert_eq!(map["edges"].as_array().unwrap().len(), 40);
    assert_eq!(map["groups"][0]["members"].as_array().unwrap().len(), 40);
}

fn flow(event: &str, start: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <Flow xmlns=\"http://soap.sforce.com/2006/04/metadata\"><apiVersion>62.0</apiVersion>\
         <recordCreates><name>Publish</name><label>Publish</label><object>{event}</object></recordCreates>\
         <processType>AutoLaunchedFlow</processType><start><connector><targetReference>Publish</targetReference>\
         </connector>{start}</start><status>Active</status></Flow>"
    )
}

const ON_SAVE: &str = "<object>Order</object><recordTriggerType>Create</recordTriggerType><triggerType>RecordAfterSave</triggerType>";

/// A flow is an entry point that publishes, and one that an event starts is its subscriber.
#[test]
fn flows_publish_and_receive() {
    let folder = tempfile::tempdir().unwrap();
    let flows = folder.path().join("flows");
    std::fs::create_dir(&flows).unwrap();
    std::fs::write(flows.join("Tell.flow-meta.xml"), flow("Order_Made__e", ON_SAVE)).unwrap();
    let on_event = "<object>Order_Made__e</object><triggerType>PlatformEvent</triggerType>";
    std::fs::write(flows.join("Hear.flow-meta.xml"), flow("Order_Heard__e", on_event)).unwrap();
    let map: Value = serde_json::from_str(&run(&[folder.path().to_str().unwrap(), "-f", "json"])).unwrap();
    let id = |name: &str| {
        let nodes = map["nodes"].as_array().unwrap();
        nodes.iter().find(|node| node["name"] == name).unwrap_or_else(|| panic!("{name}"))["id"].clone()
    };
    let is_edge = |from: &str, to: &str| {
        let edges = map["edges"].as_array().unwrap();
        edges.iter().any(|edge| edge["from"] == id(from) && edge["to"] == id(to))
    };
    assert!(is_edge("Tell", "Order_Made__e"));
    assert!(is_edge("Order_Made__e", "Hear"));
    assert!(is_edge("Hear", "Order_Heard__e"));
    assert!(!is_edge("Tell", "Order_Heard__e"));
}

/// Names come from files: quotes, markup, other scripts and endless ones.
#[test]
fn hostile_names_of_flows_stay_names() {
    let folder = tempfile::tempdir().unwrap();
    let flows = folder.path().join("flows");
    std::fs::create_dir(&flows).unwrap();
    let long = "L".repeat(200);
    let names = [
        "a%22 onclick=%22window.broken=1%22",
        "%3C%2Fscript%3E%3Cscript%3Ewindow.broken=1%3C%2Fscript%3E",
        "end]%3B x[%22y%22] --> z",
        "\u{30d5}\u{30ed}\u{30fc}\u{202e}%E2%80%AE",
        long.as_str(),
    ];
    for name in names {
        std::fs::write(flows.join(format!("{name}.flow-meta.xml")), flow("Order_Made__e", ON_SAVE)).unwrap();
    }
    let project = folder.path().to_str().unwrap();
    let json: Value = serde_json::from_str(&run(&[project, "-f", "json"])).unwrap();
    let nodes = json["nodes"].as_array().unwrap();
    assert_eq!(nodes.iter().filter(|node| node["kind"] == "flow").count(), names.len(), "{json:#}");
    assert!(nodes.iter().any(|node| node["name"] == "</script><script>window.broken=1</script>"));
    let page = run(&[project, "-f", "html"]);
    assert_eq!(page.matches("<script").count(), 2, "the data and the script");
    assert_eq!(page.matches("</script").count(), 2);
    let mermaid = run(&[project, "--whole"]);
    assert_eq!(mermaid.matches("-->").count(), names.len(), "{mermaid}");
    for line in mermaid.lines() {
        assert_eq!(line.matches('"').count() % 2, 0, "{line}");
        assert!(!line.contains("<script"), "{line}");
    }
    let dot = run(&[project, "-f", "dot", "--whole"]);
    for line in dot.lines() {
        let quotes = line.matches('"').count() - line.matches("\\\"").count();
        assert_eq!(quotes % 2, 0, "{line}");
    }
    assert_eq!(dot.matches("[label=\"event\"];").count(), names.len(), "{dot}");
}

/// `seamlint debug flow` shows what one flow does, and nothing of the others.
#[test]
fn a_flow_is_shown_as_its_node() {
    let folder = tempfile::tempdir().unwrap();
    let flows = folder.path().join("flows");
    std::fs::create_dir(&flows).unwrap();
    let file = flows.join("Tell.flow-meta.xml");
    std::fs::write(&file, flow("Order_Made__e", ON_SAVE)).unwrap();
    let on_event = "<object>Order_Made__e</object><triggerType>PlatformEvent</triggerType>";
    std::fs::write(flows.join("Hear.flow-meta.xml"), flow("Order_Heard__e", on_event)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_seamlint"));
    let output = command.args(["debug", "flow"]).arg(&file).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text, "Tell (after save)\n  publish: `Publish` (publish of Order_Made__e)\n  end\n");
}
