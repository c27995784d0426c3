//! The language server as an editor meets it: the real binary, spoken to over its pipes. The client is
//! written on bare JSON, so that it shares no mistake with the crates that the server is made of.

use std::collections::VecDeque;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);

const TRIGGER: &str = "trigger Orders on Order (after insert) {\n    Carrier.send();\n}\n";
const CARRIER: &str = "public class Carrier {\n    public static void send() {\n        /* 😀 */ new Http().send(new HttpRequest());\n    }\n}\n";
const CLEAN: &str = "public class Carrier {\n    public static void send() {\n    }\n}\n";

/// Space and more than ASCII: what URIs encode.
const FOLDER: &str = "my größe";

struct Client {
    child: Child,
    input: Option<ChildStdin>,
    messages: Receiver<Value>,
    /// Read, and not yet asked for.
    waiting: VecDeque<Value>,
    next: i64,
}

impl Client {
    fn start() -> Client {
        let mut child = Command::new(env!("CARGO_BIN_EXE_seamlint"))
            .args(["lsp", "--stdio"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let (tell, messages) = channel();
        std::thread::spawn(move || {
            while let Some(message) = read(&mut output) {
                if tell.send(message).is_err() {
                    break;
                }
            }
        });
        let input = child.stdin.take();
        Client { child, input, messages, waiting: VecDeque::new(), next: 0 }
    }

    /// A client that has opened `folder` and can do what editors can.
    fn open(folder: &Path, change: impl FnOnce(&mut Value)) -> (Client, Value) {
        let mut client = Client::start();
        let mut params = json!({
            "processId": std::process::id(),
            "rootUri": null,
            "workspaceFolders": [{"uri": uri(folder), "name": "project"}],
            "capabilities": {
                "window": {"showDocument": {"support": true}},
                "textDocument": {"publishDiagnostics": {"relatedInformation": true, "codeDescriptionSupport": true}},
            },
        });
        change(&mut params);
        let answer = client.request("initialize", params);
        client.notify("initialized", json!({}));
        (client, answer["result"].clone())
    }

    fn send(&mut self, message: &Value) {
        let text = message.to_string();
        let input = self.input.as_mut().unwrap();
        write!(input, "Content-Length: {}\r\n\r\n{text}", text.len()).unwrap();
        input.flush().unwrap();
    }

    fn notify(&mut self, method: &str, params: Value) {
        self.send(&json!({"jsonrpc": "2.0", "method": method, "params": params}));
    }

    fn request(&mut self, method: &str, params: Value) -> Value {
        self.next += 1;
        let id = self.next;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        self.wait(|message| message.get("id") == Some(&json!(id)) && message.get("method").is_none())
    }

    /// The next message that is meant; others stay for later.
    fn wait(&mut self, meant: impl Fn(&Value) -> bool) -> Value {
        self.wait_for(PATIENCE, &meant).expect("the server answers in time")
    }

    fn wait_for(&mut self, patience: Duration, meant: &impl Fn(&Value) -> bool) -> Option<Value> {
        let end = Instant::now() + patience;
        if let Some(index) = self.waiting.iter().position(meant) {
            return self.waiting.remove(index);
        }
        loop {
            let left = end.checked_duration_since(Instant::now())?;
            let message = self.messages.recv_timeout(left).ok()?;
            if meant(&message) {
                return Some(message);
            }
            self.waiting.push_back(message);
        }
    }

    /// The next diagnostics of a file.
    fn diagnostics(&mut self, path: &Path) -> Vec<Value> {
        let uri = uri(path);
        let message = self.wait(|message| {
            message["method"] == "textDocument/publishDiagnostics" && message["params"]["uri"] == json!(uri)
        });
        message["params"]["diagnostics"].as_array().unwrap().clone()
    }

    fn did_open(&mut self, path: &Path) {
        let text = fs::read_to_string(path).unwrap();
        let document = json!({"uri": uri(path), "languageId": "apex", "version": 1, "text": text});
        self.notify("textDocument/didOpen", json!({"textDocument": document}));
    }

    fn save(&mut self, path: &Path, text: &str) {
        fs::write(path, text).unwrap();
        self.notify("textDocument/didSave", json!({"textDocument": {"uri": uri(path)}}));
    }

    fn shutdown(mut self) -> i32 {
        assert_eq!(self.request("shutdown", Value::Null)["result"], Value::Null);
        self.notify("exit", Value::Null);
        self.exit_code()
    }

    fn exit_code(&mut self) -> i32 {
        let end = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code().expect("not killed");
            }
            assert!(Instant::now() < end, "the server does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One message; `None` at the end. Anything else on standard output than the protocol fails the test.
fn read(output: &mut impl BufRead) -> Option<Value> {
    let mut length = None;
    loop {
        let mut line = String::new();
        if output.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            header => match header.split_once(": ") {
                Some(("Content-Length", value)) => length = Some(value.parse::<usize>().unwrap()),
                Some(("Content-Type", _)) => {}
                _ => panic!("not the protocol: {header:?}"),
            },
        }
    }
    let mut body = vec![0; length.expect("a length")];
    output.read_exact(&mut body).unwrap();
    Some(serde_json::from_slice(&body).unwrap())
}

fn uri(path: &Path) -> String {
    let mut uri = "file://".to_owned();
    for byte in path.to_str().unwrap().bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => uri.push(byte as char),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

/// A project whose trigger reaches a callout in another file.
fn project() -> (TempDir, PathBuf, PathBuf, PathBuf) {
    let temporary = tempfile::tempdir().unwrap();
    let root = fs::canonicalize(temporary.path()).unwrap().join(FOLDER);
    let (trigger, class) = (root.join("triggers/Orders.trigger"), root.join("classes/Carrier.cls"));
    for (path, text) in [(&trigger, TRIGGER), (&class, CARRIER)] {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    (temporary, root, trigger, class)
}

fn of_rule<'a>(diagnostics: &'a [Value], rule: &str) -> &'a Value {
    diagnostics.iter().find(|diagnostic| diagnostic["code"] == rule).expect("the finding")
}

#[test]
fn findings_are_published_with_their_path_and_cleared_when_they_are_gone() {
    let (_temporary, root, trigger, class) = project();
    let (mut client, answer) = Client::open(&root, |_| {});
    assert_eq!(answer["serverInfo"]["name"], "seamlint");
    assert_eq!(answer["capabilities"]["positionEncoding"], "utf-16");

    let diagnostics = client.diagnostics(&class);
    let found = of_rule(&diagnostics, "sync-callout-in-trigger");
    assert_eq!(found["source"], "seamlint");
    assert_eq!(found["severity"], 1);
    let page = found["codeDescription"]["href"].as_str().unwrap();
    assert!(page.ends_with("/docs/rules/sync-callout-in-trigger.md"), "{page}");
    // "        /* 😀 */ " is 17 UTF-16 units.
    assert_eq!(found["range"]["start"], json!({"line": 2, "character": 17}));
    let related = found["relatedInformation"].as_array().unwrap();
    assert_eq!(related[0]["location"]["uri"], uri(&trigger));
    assert_eq!(related[0]["message"], "1. trigger Orders on Order (after insert) starts here");
    assert_eq!(related.last().unwrap()["location"]["uri"], uri(&class));

    client.did_open(&class);
    assert!(!client.diagnostics(&class).is_empty());
    client.save(&class, CLEAN);
    assert_eq!(client.diagnostics(&class), Vec::<Value>::new());
    client.save(&class, CARRIER);
    assert_eq!(client.diagnostics(&class), diagnostics);
    assert_eq!(client.shutdown(), 0);
}

#[test]
fn columns_count_bytes_where_the_client_offers_it() {
    let (_temporary, root, _, class) = project();
    let (mut client, answer) = Client::open(&root, |params| {
        params["capabilities"]["general"] = json!({"positionEncodings": ["utf-8", "utf-16"]});
    });
    assert_eq!(answer["capabilities"]["positionEncoding"], "utf-8");
    let diagnostics = client.diagnostics(&class);
    let found = of_rule(&diagnostics, "sync-callout-in-trigger");
    assert_eq!(found["range"]["start"], json!({"line": 2, "character": 19}));
}

#[test]
fn a_client_that_knows_little_is_told_little() {
    let (_temporary, root, _, class) = project();
    let (mut client, _) = Client::open(&root, |params| {
        params["workspaceFolders"] = Value::Null;
        params["rootUri"] = json!(uri(&root));
        params["capabilities"] = json!({});
    });
    let diagnostics = client.diagnostics(&class);
    let found = of_rule(&diagnostics, "sync-callout-in-trigger");
    assert_eq!(found.get("relatedInformation"), None);
    assert_eq!(found.get("codeDescription"), None);
}

#[test]
fn a_hover_shows_the_help_of_the_rule_as_long_as_the_line_stands() {
    let (_temporary, root, _, class) = project();
    let (mut client, _) = Client::open(&root, |_| {});
    client.diagnostics(&class);
    client.did_open(&class);
    let hover = |client: &mut Client, line: u32, character: u32| {
        let position = json!({"line": line, "character": character});
        client.request(
            "textDocument/hover",
            json!({"textDocument": {"uri": uri(&class)}, "position": position}),
        )["result"]
            .clone()
    };
    let shown = hover(&mut client, 2, 20);
    assert_eq!(shown["contents"]["kind"], "markdown");
    let text = shown["contents"]["value"].as_str().unwrap();
    assert!(text.contains("## Why it matters") && text.contains("## What to do"), "{text}");
    assert_eq!(hover(&mut client, 0, 0), Value::Null);

    let edited = format!("\n{CARRIER}");
    client.notify(
        "textDocument/didChange",
        json!({"textDocument": {"uri": uri(&class), "version": 2}, "contentChanges": [{"text": edited}]}),
    );
    assert_eq!(hover(&mut client, 2, 20), Value::Null);
}

#[test]
fn actions_suppress_a_finding_and_open_its_documentation() {
    let (_temporary, root, _, class) = project();
    let (mut client, _) = Client::open(&root, |_| {});
    let diagnostics = client.diagnostics(&class);
    let found = of_rule(&diagnostics, "sync-callout-in-trigger").clone();
    client.did_open(&class);
    let actions = |client: &mut Client, context: Value| {
        let params =
            json!({"textDocument": {"uri": uri(&class)}, "range": found["range"], "context": context});
        client.request("textDocument/codeAction", params)["result"].as_array().unwrap().clone()
    };
    let offered = actions(&mut client, json!({"diagnostics": [found]}));
    let titles: Vec<_> = offered.iter().map(|action| action["title"].as_str().unwrap()).collect();
    assert_eq!(
        titles,
        [
            "Suppress sync-callout-in-trigger here",
            "Suppress sync-callout-in-trigger in this file",
            "Open the documentation of sync-callout-in-trigger",
        ]
    );
    let edit = &offered[0]["edit"]["changes"][uri(&class)][0];
    assert_eq!(edit["range"]["start"], json!({"line": 2, "character": 0}));
    assert_eq!(edit["newText"], "        // seamlint-ignore sync-callout-in-trigger: TODO say why\n");
    assert_eq!(actions(&mut client, json!({"diagnostics": []})), Vec::<Value>::new());
    let refactorings = json!({"diagnostics": [found], "only": ["refactor"]});
    assert_eq!(actions(&mut client, refactorings), Vec::<Value>::new());

    let command = &offered[2]["command"];
    client.request(
        "workspace/executeCommand",
        json!({"command": command["command"], "arguments": command["arguments"]}),
    );
    let shown = client.wait(|message| message["method"] == "window/showDocument");
    assert_eq!(shown["params"]["external"], true);
    assert_eq!(shown["params"]["uri"], found["codeDescription"]["href"]);
}

/// The text after the edit of an action, as an editor makes it.
fn edited(text: &str, action: &Value, file: &Path) -> String {
    let edits = action["edit"]["changes"][uri(file)].as_array().expect("an edit of the file");
    let mut lines: Vec<Vec<u16>> = text.split('\n').map(|line| line.encode_utf16().collect()).collect();
    assert_eq!(edits.len(), 1);
    let place = |which: &str| {
        let at = &edits[0]["range"][which];
        (at["line"].as_u64().unwrap() as usize, at["character"].as_u64().unwrap() as usize)
    };
    let ((line, from), end) = (place("start"), place("end"));
    assert_eq!((line, from), end, "an insertion");
    let new: Vec<u16> = edits[0]["newText"].as_str().unwrap().encode_utf16().collect();
    lines[line].splice(from..from, new);
    lines.iter().map(|line| String::from_utf16(line).unwrap()).collect::<Vec<_>>().join("\n")
}

#[test]
fn the_edit_of_an_action_suppresses_the_finding() {
    let (_temporary, root, _, class) = project();
    let (mut client, _) = Client::open(&root, |_| {});
    let rule = "sync-callout-in-trigger";
    let diagnostics = client.diagnostics(&class);
    let found = of_rule(&diagnostics, rule).clone();
    client.did_open(&class);
    client.diagnostics(&class);
    let params = json!({"textDocument": {"uri": uri(&class)}, "range": found["range"],
                        "context": {"diagnostics": [found]}});
    let offered = client.request("textDocument/codeAction", params)["result"].clone();
    for title in [format!("Suppress {rule} here"), format!("Suppress {rule} in this file")] {
        let action = offered.as_array().unwrap().iter().find(|action| action["title"] == title).unwrap();
        let text = edited(CARRIER, action, &class);
        assert_ne!(text, CARRIER);
        client.save(&class, &text);
        let left = client.diagnostics(&class);
        assert!(left.iter().all(|diagnostic| diagnostic["code"] != rule), "{title}: {left:?}");
        // The other findings of the line are not hidden with it.
        assert_eq!(left.len(), diagnostics.len() - 1, "{title}");
        client.save(&class, CARRIER);
        assert_eq!(client.diagnostics(&class), diagnostics, "{title}");
    }
}

#[test]
fn what_the_baseline_holds_is_not_shown_and_what_is_new_is() {
    let (_temporary, root, _, class) = project();
    let written =
        Command::new(env!("CARGO_BIN_EXE_seamlint")).args(["baseline", "write"]).arg(&root).output().unwrap();
    assert!(written.status.success(), "{}", String::from_utf8_lossy(&written.stderr));
    let baseline = root.join(".seamlint-baseline");
    let known = fs::read_to_string(&baseline).unwrap();
    let (mut client, _) = Client::open(&root, |params| {
        params["capabilities"]["workspace"] = json!({"didChangeWatchedFiles": {"dynamicRegistration": true}});
    });
    let registered = client.wait(|message| message["method"] == "client/registerCapability");
    let watched = registered["params"]["registrations"][0]["registerOptions"]["watchers"].to_string();
    assert!(watched.contains(".seamlint-baseline"), "{watched}");
    client.send(&json!({"jsonrpc": "2.0", "id": registered["id"], "result": null}));
    client.did_open(&class);
    assert_eq!(client.diagnostics(&class), Vec::<Value>::new());

    // A second method calls out the same way; only its findings are new.
    let second = "    @AuraEnabled\n    public static void again() {\n        insert new Order();\n        new Http().send(new HttpRequest());\n    }\n}\n";
    let text = CARRIER.trim_end().strip_suffix('}').unwrap().to_owned() + second;
    client.save(&class, &text);
    let new = client.diagnostics(&class);
    assert!(of_rule(&new, "callout-after-dml")["range"]["start"]["line"].as_u64().unwrap() > 4);
    assert!(new.iter().all(|diagnostic| diagnostic["range"]["start"]["line"] != 2), "{new:?}");
    client.save(&class, CARRIER);
    assert_eq!(client.diagnostics(&class), Vec::<Value>::new());

    // Without the file, all of them are there; with a broken one, its mistake is shown in it.
    let change = |client: &mut Client| {
        let event = json!({"uri": uri(&baseline), "type": 2});
        client.notify("workspace/didChangeWatchedFiles", json!({"changes": [event]}));
    };
    fs::remove_file(&baseline).unwrap();
    change(&mut client);
    of_rule(&client.diagnostics(&class), "sync-callout-in-trigger");
    fs::write(&baseline, known.replacen("\n# ", "\n<<<<<<< ours\n# ", 1)).unwrap();
    change(&mut client);
    let mistake = client.diagnostics(&baseline);
    assert!(mistake[0]["message"].as_str().unwrap().contains("merge conflict"), "{mistake:?}");
    assert_eq!(mistake[0]["range"]["start"], json!({"line": 1, "character": 0}));
    fs::write(&baseline, known).unwrap();
    change(&mut client);
    assert_eq!(client.diagnostics(&class), Vec::<Value>::new());
    assert_eq!(client.shutdown(), 0);
}

#[test]
fn a_mistake_in_the_configuration_is_shown_where_it_is_and_the_findings_stay() {
    let (_temporary, root, _, class) = project();
    let config = root.join("seamlint.yml");
    let (mut client, _) = Client::open(&root, |params| {
        params["capabilities"]["workspace"] = json!({"didChangeWatchedFiles": {"dynamicRegistration": true}});
    });
    let registered = client.wait(|message| message["method"] == "client/registerCapability");
    let watched = registered["params"]["registrations"][0]["registerOptions"]["watchers"].to_string();
    assert!(watched.contains("cls") && watched.contains("yml"), "{watched}");
    client.send(&json!({"jsonrpc": "2.0", "id": registered["id"], "result": null}));
    client.diagnostics(&class);

    let change = |client: &mut Client, text: &str| {
        fs::write(&config, text).unwrap();
        let event = json!({"uri": uri(&config), "type": 2});
        client.notify("workspace/didChangeWatchedFiles", json!({"changes": [event]}));
    };
    change(&mut client, "rule-foldrs: [x]\n");
    let message = client.wait(|message| message["method"] == "window/showMessage");
    assert_eq!(message["params"]["type"], 1);
    assert!(message["params"]["message"].as_str().unwrap().contains("rule-foldrs"));
    client.did_open(&class);
    assert!(!client.diagnostics(&class).is_empty());
    change(&mut client, "rule-folders: []\n");
    let shown = client.wait(|message| {
        message["method"] == "textDocument/publishDiagnostics"
            && message["params"]["uri"] == json!(uri(&config))
            && message["params"]["diagnostics"] != json!([])
    });
    let mistake = &shown["params"]["diagnostics"][0];
    assert_eq!(mistake["range"]["start"], json!({"line": 0, "character": 0}));
    assert_eq!(mistake["range"]["end"], json!({"line": 0, "character": 11}));
    assert_eq!(client.diagnostics(&config), Vec::<Value>::new());
}

#[test]
fn saves_during_a_scan_make_few_scans_and_the_server_answers_meanwhile() {
    let (_temporary, root, _, class) = project();
    for index in 0..300 {
        let text = format!(
            "public class Filler{index} {{\n{}}}\n",
            "    public static void run() { Integer i = 0; while (i < 9) { i++; } }\n".repeat(60)
        );
        fs::write(root.join(format!("classes/Filler{index}.cls")), text).unwrap();
    }
    let (mut client, _) = Client::open(&root, |_| {});
    client.diagnostics(&class);
    client.did_open(&class);
    client.diagnostics(&class);
    for index in 0..50 {
        client.save(&class, if index % 2 == 0 { CLEAN } else { CARRIER });
    }
    client.save(&class, CLEAN);
    let position = json!({"textDocument": {"uri": uri(&class)}, "position": {"line": 0, "character": 0}});
    let asked = Instant::now();
    client.request("textDocument/hover", position);
    let answered = asked.elapsed();
    let mut published = 0;
    let mut last = Vec::new();
    let of_class = uri(&class);
    let meant = |message: &Value| message["params"]["uri"] == json!(of_class);
    while let Some(message) = client.wait_for(Duration::from_secs(3), &meant) {
        published += 1;
        last = message["params"]["diagnostics"].as_array().unwrap().clone();
    }
    assert_eq!(last, Vec::<Value>::new());
    assert!(published < 25, "{published} publications for 51 saves");
    assert!(answered < Duration::from_secs(2), "{answered:?}");
}

#[test]
fn a_document_outside_of_the_workspace_is_checked_in_its_project_while_it_is_open() {
    let (_temporary, root, _, class) = project();
    fs::write(root.join("sfdx-project.json"), "{\"packageDirectories\": [{\"path\": \".\"}]}").unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let (mut client, _) = Client::open(elsewhere.path(), |_| {});
    client.did_open(&class);
    of_rule(&client.diagnostics(&class), "sync-callout-in-trigger");
    client.notify("textDocument/didClose", json!({"textDocument": {"uri": uri(&class)}}));
    assert_eq!(client.diagnostics(&class), Vec::<Value>::new());

    let folder = json!({"uri": uri(&root), "name": "added"});
    let event = |added: Value, removed: Value| json!({"event": {"added": added, "removed": removed}});
    client.notify("workspace/didChangeWorkspaceFolders", event(json!([folder]), json!([])));
    of_rule(&client.diagnostics(&class), "sync-callout-in-trigger");
    client.notify("workspace/didChangeWorkspaceFolders", event(json!([]), json!([folder])));
    assert_eq!(client.diagnostics(&class), Vec::<Value>::new());
}

#[test]
fn what_is_not_valid_gets_an_error_and_nothing_breaks() {
    let (_temporary, root, _, class) = project();
    let (mut client, _) = Client::open(&root, |_| {});
    assert_eq!(client.request("textDocument/rename", json!({}))["error"]["code"], -32601);
    assert_eq!(client.request("textDocument/hover", json!({"x": 1}))["error"]["code"], -32602);
    client.notify("textDocument/didOpen", json!({"nonsense": []}));
    client.notify("textDocument/didSave", json!({"textDocument": {"uri": "untitled:Untitled-1"}}));
    client.notify("$/setTrace", json!({"value": "off"}));
    client.diagnostics(&class);
    assert_eq!(client.request("shutdown", Value::Null)["result"], Value::Null);
    assert_eq!(client.request("textDocument/hover", json!({}))["error"]["code"], -32600);
    client.notify("exit", Value::Null);
    assert_eq!(client.exit_code(), 0);
}

#[test]
fn leaving_without_a_word_is_told_by_the_exit_code() {
    let (_temporary, root, _, _) = project();
    let (mut client, _) = Client::open(&root, |_| {});
    client.notify("exit", Value::Null);
    assert_eq!(client.exit_code(), 1);
    let (mut client, _) = Client::open(&root, |_| {});
    drop(client.input.take());
    assert_eq!(client.exit_code(), 1);
    let mut client = Client::start();
    client.input.as_mut().unwrap().write_all(b"Content-Length: 5\r\n\r\nhello").unwrap();
    assert_ne!(client.exit_code(), 0);
}
