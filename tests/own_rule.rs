//! The worked example of docs/writing-rules.md: only classes under `integration/` may call out.

use std::fs;
use std::path::Path;

use assert_cmd::Command;

fn rule() -> String {
    let page = fs::read_to_string("docs/writing-rules.md").expect("the page");
    let start = page.find("id: only-integration-calls-out").expect("the worked example");
    page[start..].split("```").next().expect("its end").to_owned()
}

fn class(folder: &Path, name: &str) {
    fs::create_dir_all(folder).unwrap();
    let text = format!(
        "public with sharing class {name} {{
    @AuraEnabled
    public static Integer ping() {{
        HttpRequest request = new HttpRequest();
        request.setEndpoint('callout:Erp/ping');
        request.setMethod('GET');
        request.setTimeout(5000);
        return new Http().send(request).getStatusCode();
    }}
}}
"
    );
    fs::write(folder.join(format!("{name}.cls")), text).unwrap();
}

#[test]
fn only_classes_of_one_folder_may_call_out() {
    let project = tempfile::tempdir().unwrap();
    let classes = project.path().join("force-app/main/default/classes");
    class(&classes.join("integration"), "ErpClient");
    class(&classes.join("service"), "ErpService");
    fs::create_dir(project.path().join("rules")).unwrap();
    fs::write(project.path().join("rules/only-integration-calls-out.yaml"), rule()).unwrap();
    fs::write(project.path().join("seamlint.yml"), "rule-folders: [rules]\n").unwrap();

    let output = Command::cargo_bin("seamlint")
        .unwrap()
        .current_dir(project.path())
        .args(["--only", "only-integration-calls-out", "--format", "json"])
        .assert()
        .code(1)
        .get_output()
        .stdout
        .clone();
    let report: serde_json::Value = serde_json::from_slice(&output).unwrap();
    let findings = report["findings"].as_array().unwrap();
    assert_eq!(findings.len(), 1, "{findings:#?}");
    assert_eq!(findings[0]["file"], "force-app/main/default/classes/service/ErpService.cls");
    assert_eq!(findings[0]["line"], 8);
    assert_eq!(findings[0]["severity"], "error");
}
