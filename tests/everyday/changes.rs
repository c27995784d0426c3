//! Changed files: `--staged`, `--since`, and files by name.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::support::{TRIGGER, findings, project, seamlint, write};

const CALL: &str = "trigger Orders on Order (after insert) {\n    Api.send();\n}\n";
const API: &str = "public class Api {\n    public static void send() {\n        new Http().send(new HttpRequest());\n    }\n}\n";

/// Runs git with settings of its own, so that those of the machine do not matter.
fn git(folder: &Path, arguments: &[&str]) -> String {
    let output = Command::new("git")
        .current_dir(folder)
        .args(["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"])
        .args(["-c", "core.hooksPath=.git/hooks", "-c", "protocol.file.allow=always"])
        .args(arguments)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "git {arguments:?}: {text}");
    String::from_utf8(output.stdout).unwrap()
}

/// A repository on the branch `main`, with one commit of these files.
fn repository(files: &[(&str, &str)]) -> TempDir {
    let folder = project(files);
    git(folder.path(), &["init", "-q", "-b", "main"]);
    commit(folder.path());
    folder
}

fn commit(folder: &Path) {
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-q", "--allow-empty", "-m", "more"]);
}

/// The files of the findings of one rule.
fn touched(folder: &Path, arguments: &[&str]) -> Vec<String> {
    let found = findings(folder, arguments);
    let found = found.iter().filter_map(|each| each.strip_prefix("sync-callout-in-trigger error "));
    found.map(|place| place.rsplit_once(':').unwrap().0.to_owned()).collect()
}

#[test]
fn only_what_touches_a_staged_file_is_reported() {
    let folder = repository(&[("force-app/triggers/Old.trigger", &TRIGGER.replace("Orders", "Old"))]);
    let path = folder.path();
    assert_eq!(touched(path, &["--staged"]), [""; 0]);
    let name = "force-app/triggers/Neue Aufträge.trigger";
    write(path, name, &TRIGGER.replace("Orders", "Neue"));
    assert_eq!(touched(path, &["--staged"]), [""; 0], "not staged yet");
    git(path, &["add", "."]);
    assert_eq!(touched(path, &["--staged"]), [name]);
    assert_eq!(touched(path, &["--staged", "force-app"]), [name.strip_prefix("force-app/").unwrap()]);
    assert_eq!(touched(path, &[]).len(), 2);
    write(path, name, &format!("// more\n{}", TRIGGER.replace("Orders", "Neue")));
    let run = seamlint(path, &["--staged"]);
    assert!(run.err.contains("has changes that are not staged"), "{}", run.err);
    assert_eq!(run.code, 1);
}

#[test]
fn the_first_commit_can_be_checked() {
    let folder = project(&[("force-app/triggers/Orders.trigger", TRIGGER)]);
    git(folder.path(), &["init", "-q"]);
    git(folder.path(), &["add", "-A"]);
    assert_eq!(touched(folder.path(), &["--staged"]), ["force-app/triggers/Orders.trigger"]);
}

#[test]
fn any_step_of_the_path_may_be_the_changed_one() {
    let files = [("force-app/triggers/Orders.trigger", CALL), ("force-app/classes/Api.cls", API)];
    for (file, text) in files {
        let folder = repository(&files);
        write(folder.path(), file, &format!("{text}// more\n"));
        let api = ["force-app/classes/Api.cls"];
        assert_eq!(touched(folder.path(), &["--since", "main"]), api, "{file}");
        assert_eq!(touched(folder.path(), &["--since", "HEAD", file]), api, "{file}");
    }
    let folder = repository(&files);
    write(folder.path(), "force-app/classes/Api.cls-meta.xml", "<ApexClass/>");
    assert_eq!(
        touched(folder.path(), &["--since", "main"]),
        ["force-app/classes/Api.cls"],
        "by its description"
    );
}

/// A finding whose model rests on a file that is no place of its proof: each such file brings it up, and a
/// neighbour of it does not.
fn rests_on(rule: &str, files: &[(&str, &str)], decisive: &str, neighbour: &str) {
    let folder = repository(files);
    let path = folder.path();
    let found = |changed: &str| {
        let text = std::fs::read_to_string(path.join(changed)).unwrap();
        write(path, changed, &format!("{text}\n"));
        let run = findings(path, &["--since", "main", "--no-baseline"]);
        write(path, changed, &text);
        run.iter().filter(|finding| finding.starts_with(&format!("{rule} "))).count()
    };
    assert!(findings(path, &[]).iter().any(|finding| finding.starts_with(&format!("{rule} "))), "{rule}");
    assert_eq!(findings(path, &["--since", "main"]), [""; 0], "{rule}: nothing changed");
    assert!(found(decisive) > 0, "{rule} rests on {decisive}");
    assert_eq!(found(neighbour), 0, "{rule} does not rest on {neighbour}");
}

#[test]
fn the_record_that_names_a_handler_brings_up_what_the_handler_does() {
    let handler = |name: &str| {
        format!(
            "public class {name} implements TriggerAction.AfterInsert {{\n    public void afterInsert(List<SObject> records) {{\n        new Http().send(new HttpRequest());\n    }}\n}}\n"
        )
    };
    let quiet = "public class Quiet { public void afterInsert(List<SObject> records) { } }";
    let setting = "<CustomMetadata xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><values><field>Object_API_Name__c</field><value xsi:type=\"xsd:string\">Order</value></values></CustomMetadata>";
    let action = |class: &str| {
        format!(
            "<CustomMetadata xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><values><field>Apex_Class_Name__c</field><value xsi:type=\"xsd:string\">{class}</value></values><values><field>After_Insert__c</field><value xsi:type=\"xsd:string\">Order</value></values><values><field>Order__c</field><value xsi:type=\"xsd:double\">1.0</value></values></CustomMetadata>"
        )
    };
    rests_on(
        "sync-callout-in-trigger",
        &[
            (
                "force-app/triggers/Orders.trigger",
                "trigger Orders on Order (after insert) {\n    new MetadataTriggerHandler().run();\n}\n",
            ),
            ("force-app/classes/Push.cls", &handler("Push")),
            ("force-app/classes/Quiet.cls", quiet),
            ("force-app/customMetadata/sObject_Trigger_Setting.Order.md-meta.xml", setting),
            ("force-app/customMetadata/Trigger_Action.Push.md-meta.xml", &action("Push")),
            ("force-app/customMetadata/Trigger_Action.Quiet.md-meta.xml", &action("Quiet")),
        ],
        "force-app/customMetadata/Trigger_Action.Push.md-meta.xml",
        "force-app/customMetadata/Trigger_Action.Quiet.md-meta.xml",
    );
    let default = |class: &str| {
        format!(
            "public class {class}Defaults {{ public static List<Trigger_Handler__c> all() {{ return new List<Trigger_Handler__c>{{ new Trigger_Handler__c(Class__c = '{class}_TDTM', Object__c = 'Contact', Trigger_Action__c = 'AfterInsert', Active__c = true) }}; }} }}"
        )
    };
    rests_on(
        "sync-callout-in-trigger",
        &[
            (
                "force-app/classes/TDTM_Config_API.cls",
                "public class TDTM_Config_API { public static void run() {} }",
            ),
            (
                "force-app/classes/Push_TDTM.cls",
                "public class Push_TDTM { public void run() { new Http().send(new HttpRequest()); } }",
            ),
            ("force-app/classes/Quiet_TDTM.cls", "public class Quiet_TDTM { public void run() { } }"),
            (
                "force-app/triggers/TDTM_Contact.trigger",
                "trigger TDTM_Contact on Contact (after insert) { TDTM_Config_API.run(); }",
            ),
            ("force-app/classes/PushDefaults.cls", &default("Push")),
            ("force-app/classes/QuietDefaults.cls", &default("Quiet")),
        ],
        "force-app/classes/PushDefaults.cls",
        "force-app/classes/QuietDefaults.cls",
    );
}

#[test]
fn the_declaration_behind_an_effect_brings_up_what_is_said_of_it() {
    let event = |behavior: &str| {
        format!(
            "<CustomObject xmlns=\"http://soap.sforce.com/2006/04/metadata\"><eventType>HighVolume</eventType><label>E</label><publishBehavior>{behavior}</publishBehavior></CustomObject>"
        )
    };
    rests_on(
        "publish-result-ignored",
        &[
            (
                "force-app/classes/Ship.cls",
                "public class Ship { @AuraEnabled public static void run() { EventBus.publish(new Shipped__e()); } }",
            ),
            ("force-app/objects/Shipped__e/Shipped__e.object-meta.xml", &event("PublishAfterCommit")),
            ("force-app/objects/Other__e/Other__e.object-meta.xml", &event("PublishAfterCommit")),
        ],
        "force-app/objects/Shipped__e/Shipped__e.object-meta.xml",
        "force-app/objects/Other__e/Other__e.object-meta.xml",
    );
    let credential = |name: &str| {
        format!(
            "<NamedCredential xmlns=\"http://soap.sforce.com/2006/04/metadata\"><label>{name}</label><endpoint>https://{name}.example.com</endpoint><principalType>NamedUser</principalType><protocol>Password</protocol></NamedCredential>"
        )
    };
    rests_on(
        "callout-after-dml",
        &[
            (
                "force-app/classes/Erp.cls",
                "public class Erp { @AuraEnabled public static void run() { insert new Account(); HttpRequest r = new HttpRequest(); r.setEndpoint('callout:ERP/a'); new Http().send(r); } }",
            ),
            ("force-app/namedCredentials/ERP.namedCredential-meta.xml", &credential("ERP")),
            ("force-app/namedCredentials/CRM.namedCredential-meta.xml", &credential("CRM")),
        ],
        "force-app/namedCredentials/ERP.namedCredential-meta.xml",
        "force-app/namedCredentials/CRM.namedCredential-meta.xml",
    );
    let config = |trigger: &str| {
        format!(
            "<PlatformEventSubscriberConfig xmlns=\"http://soap.sforce.com/2006/04/metadata\"><batchSize>200</batchSize><masterLabel>x</masterLabel><platformEventConsumer>{trigger}</platformEventConsumer></PlatformEventSubscriberConfig>"
        )
    };
    rests_on(
        "event-trigger-sync-callout",
        &[
            (
                "force-app/triggers/Shipped.trigger",
                "trigger Shipped on Shipped__e (after insert) { new Http().send(new HttpRequest()); }",
            ),
            (
                "force-app/platformEventSubscriberConfigs/Shipped.platformEventSubscriberConfig-meta.xml",
                &config("Shipped"),
            ),
            (
                "force-app/platformEventSubscriberConfigs/Other.platformEventSubscriberConfig-meta.xml",
                &config("Other"),
            ),
        ],
        "force-app/platformEventSubscriberConfigs/Shipped.platformEventSubscriberConfig-meta.xml",
        "force-app/platformEventSubscriberConfigs/Other.platformEventSubscriberConfig-meta.xml",
    );
}

#[test]
fn since_counts_from_where_the_branch_left() {
    let folder = repository(&[("force-app/triggers/Old.trigger", &TRIGGER.replace("Orders", "Old"))]);
    let path = folder.path();
    git(path, &["checkout", "-q", "-b", "feature"]);
    write(path, "force-app/triggers/Mine.trigger", &TRIGGER.replace("Orders", "Mine"));
    commit(path);
    write(path, "force-app/triggers/Open.trigger", &TRIGGER.replace("Orders", "Open"));
    git(path, &["checkout", "-q", "main"]);
    write(path, "force-app/triggers/Theirs.trigger", &TRIGGER.replace("Orders", "Theirs"));
    git(path, &["add", "force-app/triggers/Theirs.trigger"]);
    git(path, &["commit", "-q", "-m", "theirs"]);
    git(path, &["checkout", "-q", "feature"]);
    let both = ["force-app/triggers/Mine.trigger", "force-app/triggers/Open.trigger"];
    assert_eq!(touched(path, &["--since", "main"]), both);
    // Renamed and deleted files.
    git(path, &["mv", "force-app/triggers/Old.trigger", "force-app/triggers/Renamed.trigger"]);
    std::fs::remove_file(path.join("force-app/triggers/Mine.trigger")).unwrap();
    let left = ["force-app/triggers/Open.trigger", "force-app/triggers/Renamed.trigger"];
    assert_eq!(touched(path, &["--since", "main"]), left);
}

#[test]
fn a_real_hook_stops_a_commit() {
    let folder = repository(&[("force-app/triggers/Old.trigger", &TRIGGER.replace("Orders", "Old"))]);
    let path = folder.path();
    let hook = path.join(".git/hooks/pre-commit");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    let program = env!("CARGO_BIN_EXE_seamlint");
    std::fs::write(&hook, format!("#!/bin/sh\nexec '{program}' --staged force-app\n")).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(&hook, std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    write(path, "README.md", "fine");
    commit(path);
    write(path, "force-app/triggers/New.trigger", &TRIGGER.replace("Orders", "Fresh"));
    git(path, &["add", "-A"]);
    for arguments in
        [&["commit", "-m", "bad"][..], &["commit", "-m", "bad", "force-app/triggers/New.trigger"]]
    {
        let refused = Command::new("git")
            .current_dir(path)
            .args(["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "core.hooksPath=.git/hooks"])
            .args(arguments)
            .output()
            .unwrap();
        let said =
            String::from_utf8_lossy(&refused.stdout).into_owned() + &String::from_utf8_lossy(&refused.stderr);
        assert!(!refused.status.success(), "{said}");
        assert!(said.contains("New.trigger") && !said.contains("Old.trigger"), "{said}");
    }
}

#[test]
fn what_git_cannot_answer_is_explained() {
    let folder = project(&[("force-app/triggers/Orders.trigger", TRIGGER)]);
    let says = |path: &Path, arguments: &[&str], parts: &[&str]| {
        let run = seamlint(path, arguments);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{}", run.err);
        for part in parts {
            assert!(run.err.contains(part), "lacks {part}: {}", run.err);
        }
    };
    says(folder.path(), &["--staged"], &["is in no git repository", "--staged needs one"]);
    git(folder.path(), &["init", "-q", "-b", "main"]);
    says(folder.path(), &["--since", "main"], &["git knows no revision `main`"]);
    commit(folder.path());
    says(
        folder.path(),
        &["--since", "origin/main"],
        &["no revision `origin/main`", "`git fetch origin main`"],
    );
    says(folder.path(), &["--since=--output=x"], &["is no revision"]);
    git(folder.path(), &["checkout", "-q", "--orphan", "other"]);
    write(folder.path(), "README.md", "other");
    commit(folder.path());
    says(folder.path(), &["--since", "main"], &["no commit in common"]);

    let elsewhere = tempfile::tempdir().unwrap();
    let mut command = assert_cmd::Command::new(env!("CARGO_BIN_EXE_seamlint"));
    let run =
        command.current_dir(folder.path()).arg("--staged").env("PATH", elsewhere.path()).output().unwrap();
    assert_eq!(run.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&run.stderr).contains("`git` is not installed"));
}

#[test]
fn shallow_and_partial_clones_work_or_say_what_they_need() {
    let origin = repository(&[("force-app/triggers/Old.trigger", &TRIGGER.replace("Orders", "Old"))]);
    let path = origin.path();
    git(path, &["checkout", "-q", "-b", "feature"]);
    for number in 0..3 {
        write(
            path,
            &format!("force-app/triggers/T{number}.trigger"),
            &TRIGGER.replace("Orders", &format!("T{number}")),
        );
        commit(path);
    }
    git(path, &["checkout", "-q", "main"]);
    commit(path);
    git(path, &["config", "uploadpack.allowFilter", "true"]);
    let url = format!("file://{}", path.display());
    let clone = |arguments: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        let into = folder.path().join("clone");
        let all =
            [&["clone", "-q", "--branch", "feature"], arguments, &[&url, into.to_str().unwrap()]].concat();
        git(folder.path(), &all);
        (folder, into)
    };

    let (_kept, shallow) = clone(&["--depth", "1"]);
    let run = seamlint(&shallow, &["--since", "origin/main"]);
    assert_eq!(run.code, 2);
    assert!(
        run.err.contains("no revision `origin/main`") && run.err.contains("The clone is shallow"),
        "{}",
        run.err
    );
    git(&shallow, &["fetch", "-q", "--depth", "1", "origin", "main:refs/remotes/origin/main"]);
    let run = seamlint(&shallow, &["--since", "origin/main"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("shallow") && run.err.contains("--unshallow"), "{}", run.err);
    git(&shallow, &["fetch", "-q", "--unshallow", "origin", "main:refs/remotes/origin/main"]);
    assert_eq!(touched(&shallow, &["--since", "origin/main"]).len(), 3);

    let (_kept, partial) = clone(&["--filter=blob:none"]);
    assert_eq!(touched(&partial, &["--since", "origin/main"]).len(), 3, "without the contents");
    let (_kept, treeless) = clone(&["--filter=tree:0"]);
    let run = seamlint(&treeless, &["--since", "origin/main"]);
    if run.code == 2 {
        assert!(run.err.contains("This clone is partial"), "{}", run.err);
    }
}
