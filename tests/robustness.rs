//! Input that no one should write, and that must neither stop a scan nor change what its exit code means.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use seamlint::config::Settings;
use seamlint::report::progress::Progress;
use seamlint::rules::registry;
use seamlint::rules::rule::RuleSet;
use seamlint::scan::scan;
use serde_json::Value;
use tempfile::TempDir;

/// A scan that takes longer hangs.
const LIMIT: Duration = Duration::from_secs(20);
const TRIGGER: &str = "trigger Orders on Order (after insert) { Start.run(); }";
const SEND: &str = "new Http().send(new HttpRequest());";

fn folder(files: &[(&str, Vec<u8>)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, bytes) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

/// Scans with the program itself: a stack overflow or an abort is seen. Its JSON.
fn scan_folder(folder: &Path) -> Value {
    let out = folder.join("out.json");
    let log = folder.join("err.txt");
    let mut child = Command::new(env!("CARGO_BIN_EXE_seamlint"))
        .arg(folder)
        .args(["--format", "json", "--output"])
        .arg(&out)
        .stderr(fs::File::create(&log).unwrap())
        .spawn()
        .unwrap();
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > LIMIT {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("no answer within {LIMIT:?}");
        }
        thread::sleep(Duration::from_millis(5));
    };
    let said = fs::read_to_string(log).unwrap();
    assert!(matches!(status.code(), Some(0 | 1)), "{status}: {said}");
    let value = serde_json::from_str(&fs::read_to_string(out).unwrap()).unwrap();
    if std::env::var_os("TIMES").is_some() {
        eprintln!("{:?} {}", started.elapsed(), thread::current().name().unwrap_or_default());
    }
    value
}

/// Scans a project of text files.
fn scan_files(files: &[(&str, &str)]) -> Value {
    let files: Vec<(&str, Vec<u8>)> =
        files.iter().map(|(path, text)| (*path, text.as_bytes().to_vec())).collect();
    scan_folder(folder(&files).path())
}

/// Scans `trigger → Start.run() { BODY }`, in a class with more MEMBERS.
fn scan_body(body: &str, members: &str) -> Value {
    let class = format!("public class Start {{ public static void run() {{ {body} }} {members} }}");
    scan_files(&[("Orders.trigger", TRIGGER), ("Start.cls", &class)])
}

fn rules_of(found: &Value) -> Vec<&str> {
    found["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap()).collect()
}

fn reaches_callout(found: &Value) -> bool {
    rules_of(found).contains(&"sync-callout-in-trigger")
}

fn problems(found: &Value) -> Vec<String> {
    let problems = found["problems"].as_array().unwrap().iter();
    problems
        .map(|problem| {
            format!("{}: {}", problem["file"].as_str().unwrap(), problem["message"].as_str().unwrap())
        })
        .collect()
}

// Bytes

fn utf_16(text: &str, little: bool) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(|unit: u16| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
}

#[test]
fn every_encoding_and_line_end_is_read() {
    let class =
        format!("public class Start {{\n  public static void run() {{\n    // Größe\n    {SEND}\n  }}\n}}\n");
    let with_mark = [b"\xef\xbb\xbf".to_vec(), class.clone().into_bytes()].concat();
    let latin: Vec<u8> = class.chars().map(|char| char as u8).collect();
    for (name, bytes) in [
        ("UTF-8", class.clone().into_bytes()),
        ("UTF-8 with a mark", with_mark),
        ("UTF-16 LE", utf_16(&class, true)),
        ("UTF-16 BE", utf_16(&class, false)),
        ("Latin 1", latin),
        ("CRLF", class.replace('\n', "\r\n").into_bytes()),
        ("CR", class.replace('\n', "\r").replace("// Größe", "/* Größe */").into_bytes()),
    ] {
        let found = scan_folder(folder(&[("Orders.trigger", TRIGGER.into()), ("Start.cls", bytes)]).path());
        assert!(reaches_callout(&found), "{name}: {found:#}");
        let mut places = found["findings"].as_array().unwrap().iter();
        let place = places.find(|finding| finding["rule"] == "sync-callout-in-trigger").unwrap();
        assert_eq!((&place["line"], &place["column"]), (&4.into(), &5.into()), "{name}");
    }
}

#[test]
fn nul_bytes_and_binary_files() {
    let mut noise = Vec::new();
    let mut random = Random(7);
    noise.resize_with(100_000, || random.below(256) as u8);
    let found = scan_folder(
        folder(&[
            ("Orders.trigger", TRIGGER.into()),
            ("Start.cls", format!("public class Start {{ public static void run() {{ {SEND} }} }}").into()),
            ("Zero.cls", vec![0; 4096]),
            ("Some.cls", b"public class Some { void f() { g(\0); } \0 }".to_vec()),
            ("Noise.cls", noise.clone()),
            ("Noise.trigger", noise.clone()),
            ("Noise.cls-meta.xml", noise.clone()),
            ("Noise__e.object", noise.clone()),
            ("Noise.page", noise.clone()),
            ("Trigger_Action.Noise.md", noise.clone()),
            (".forceignore", noise.clone()),
            (".gitignore", noise.clone()),
            ("sfdx-project.json", noise),
            ("Empty.cls", Vec::new()),
            ("Empty.trigger", Vec::new()),
            ("Blank.cls", b" \n\t".to_vec()),
        ])
        .path(),
    );
    assert!(reaches_callout(&found), "the others are analysed: {:?}", rules_of(&found));
    assert!(rules_of(&found).contains(&"syntax-error") || !problems(&found).is_empty());
}

#[test]
fn a_megabyte_on_one_line() {
    let found = scan_body(&format!("{} {SEND}", "a.b(c, 'd'); ".repeat(81_000)), "");
    assert!(reaches_callout(&found));
    let found = scan_body(&format!("String s = '{}'; {SEND}", "x".repeat(1 << 20)), "");
    assert!(reaches_callout(&found));
}

#[test]
#[cfg(unix)]
fn a_file_that_cannot_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder(&[
        ("Orders.trigger", TRIGGER.into()),
        ("Start.cls", format!("public class Start {{ public static void run() {{ {SEND} }} }}").into()),
        ("Locked.cls", b"public class Locked { }".to_vec()),
    ]);
    let locked = folder.path().join("Locked.cls");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&locked).is_ok() {
        return; // Nothing is locked to root.
    }
    let found = scan_folder(folder.path());
    assert!(reaches_callout(&found));
    assert!(problems(&found).iter().any(|problem| problem.starts_with("Locked.cls: ")), "{found:#}");
}

#[test]
#[cfg(unix)]
fn links_in_a_circle_and_out_of_the_folder() {
    let outside =
        folder(&[("Outside.trigger", format!("trigger Outside on Case (after insert) {{ {SEND} }}").into())]);
    let folder = folder(&[("a/Orders.trigger", b"trigger Orders on Order (after insert) { }".to_vec())]);
    std::os::unix::fs::symlink(folder.path(), folder.path().join("a/loop")).unwrap();
    std::os::unix::fs::symlink(folder.path().join("a/x.cls"), folder.path().join("a/x.cls")).unwrap();
    std::os::unix::fs::symlink("nowhere", folder.path().join("a/Dangling.cls")).unwrap();
    std::os::unix::fs::symlink(outside.path(), folder.path().join("a/out")).unwrap();
    assert_eq!(rules_of(&scan_folder(folder.path())), [""; 0]);
}

// Projects

#[test]
fn broken_project_files() {
    let class = format!("public class Start {{ public static void run() {{ {SEND} }} }}");
    for json in [
        "",
        "{",
        "[]",
        "null",
        "{\"packageDirectories\": 1}",
        "{\"packageDirectories\": [{\"path\": 1}]}",
        "{\"packageDirectories\": [{\"path\": \"../../..\"}, {\"path\": \"/\"}, {\"path\": \"no such\"}]}",
        "{\"packageDirectories\": [{\"path\": \"\"}], \"sourceApiVersion\": \"banana\", \"namespace\": {}}",
        &"[".repeat(100_000),
    ] {
        let found = scan_files(&[
            ("sfdx-project.json", json),
            ("a/Orders.trigger", TRIGGER),
            ("a/Start.cls", &class),
        ]);
        assert!(reaches_callout(&found), "{json:.60}: {found:#}");
    }
}

#[test]
fn broken_metadata() {
    let class = format!("public class Start {{ public static void run() {{ {SEND} }} }}");
    let bomb = format!(
        "<!DOCTYPE x [<!ENTITY a0 \"x\">{}]><ApexTrigger>&a30;</ApexTrigger>",
        (1..=30).map(|n| format!("<!ENTITY a{n} \"&a{0};&a{0};\">", n - 1)).collect::<String>()
    );
    let deep = format!("{}<status>Inactive</status>{}", "<a>".repeat(50_000), "</a>".repeat(50_000));
    let outside = "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><ApexTrigger><status>&e;</status></ApexTrigger>";
    for xml in ["", "<", "<ApexTrigger>", "<ApexTrigger><status>", "\u{feff}", bomb.as_str(), &deep, outside]
    {
        let found = scan_files(&[
            ("Orders.trigger", TRIGGER),
            ("Orders.trigger-meta.xml", xml),
            ("Start.cls", &class),
            ("Start.cls-meta.xml", xml),
            ("E__e.object", xml),
            ("Trigger_Action.A.md", xml),
            ("P.page", xml),
        ]);
        assert!(reaches_callout(&found), "{xml:.60}: {found:#}");
    }
}

#[test]
fn nothing_to_analyse() {
    let test = "@IsTest private class T { @IsTest static void f() { new Http().send(new HttpRequest()); } }";
    for files in [
        vec![],
        vec![("README.md", "text")],
        vec![("A_Test.cls", test), ("B_Test.cls", test)],
        vec![("sfdx-project.json", "{\"packageDirectories\": []}")],
        vec![("A.cls/b.txt", "a folder with the name of a class"), ("B.trigger/c.txt", "")],
    ] {
        assert_eq!(rules_of(&scan_files(&files)), [""; 0]);
    }
}

#[test]
fn a_deep_path_of_folders() {
    let path = format!("{}Orders.trigger", "d/".repeat(500));
    let found = scan_files(&[(&path, &format!("trigger Orders on Order (after insert) {{ {SEND} }}"))]);
    assert!(reaches_callout(&found) || !problems(&found).is_empty(), "{found:#}");
}

// Syntax

#[test]
fn nested_deep() {
    let nested = |open: &str, close: &str, count: usize| {
        format!("{}{SEND}{}", open.repeat(count), close.repeat(count))
    };
    for (open, close) in [
        ("{", "}"),
        ("if (a) {", "}"),
        ("for (A x : y) {", "}"),
        ("while (a) {", "}"),
        ("try {", "} finally { }"),
    ] {
        scan_body(&nested(open, close, 2_000), "");
        let found = scan_body(&nested(open, close, 150), "");
        assert!(reaches_callout(&found), "{open}: {:?}", rules_of(&found));
    }
    for count in [10_000, 100_000] {
        let body = format!("Object a = {}b{}; {SEND}", "(".repeat(count), ")".repeat(count));
        assert!(reaches_callout(&scan_body(&body, "")));
        scan_body(&"(".repeat(count), "");
        scan_body(&format!("a = {}b{};", "f(".repeat(count), ")".repeat(count)), "");
        scan_body(&format!("a = {}b;", "!".repeat(count)), "");
        scan_body(&format!("a = b{};", ".c()".repeat(count)), "");
        scan_body(&"new Map<String, List<".repeat(count), "");
    }
    scan_body("", &"class A { ".repeat(5_000));
}

#[test]
fn never_closed() {
    for tail in ["'", "'\n", "/*", "/**", "//", "{", "(", "[SELECT Id FROM", "[FIND '", "'''", "@", "<", "\\"]
    {
        let found = scan_body(&format!("{SEND} f({tail}"), "");
        assert!(reaches_callout(&found) || rules_of(&found).contains(&"syntax-error"), "{tail}: {found:#}");
    }
}

#[test]
fn long_lists_of_branches() {
    let count = 2_000;
    let else_ifs = |count: usize| -> String {
        (0..count).map(|n| format!("if (a == {n}) {{ f{n}(); }} else ")).collect()
    };
    assert!(reaches_callout(&scan_body(&format!("{} {{ {SEND} }}", else_ifs(300)), "")));
    // An else-if counts as nested; what is too deep is said.
    let found = scan_body(&format!("{} {{ {SEND} }}", else_ifs(count)), "");
    assert!(reaches_callout(&found) || rules_of(&found).contains(&"syntax-error"), "{found:#}");
    let arms: String = (0..count).map(|n| format!("when {n} {{ b = {n}; }} ")).collect();
    let found = scan_body(&format!("switch on a {{ {arms} when else {{ {SEND} }} }}"), "");
    assert!(reaches_callout(&found), "{:?}", rules_of(&found));
    let ifs: String = (0..count).map(|n| format!("if (flag{n}) {{ insert a{n}; }} ")).collect();
    assert!(reaches_callout(&scan_body(&format!("{ifs} {SEND}"), "")));
    let returns: String = (0..count).map(|n| format!("if (a == {n}) {{ return; }} ")).collect();
    assert!(reaches_callout(&scan_body(&format!("{returns} {SEND}"), "")));
    let conditions: Vec<String> = (0..count).map(|n| format!("(a{n} && !Trigger.isInsert)")).collect();
    scan_body(&format!("if ({}) {{ {SEND} }}", conditions.join(" || ")), "");
}

#[test]
fn long_expressions() {
    let terms = vec!["'text' + name"; 20_000].join(" + ");
    assert!(reaches_callout(&scan_body(&format!("String s = {terms}; {SEND}"), "")));
    let list: Vec<String> = (0..50_000).map(|n| format!("'{n}'")).collect();
    scan_body(
        &format!(
            "List<String> l = new List<String>{{ {} }}; for (String s : l) {{ {SEND} }}",
            list.join(",")
        ),
        "",
    );
}

#[test]
fn texts_that_double() {
    let send = "HttpRequest r = new HttpRequest(); r.setEndpoint(s); new Http().send(r);";
    let grows = "s = s + s + 'x'; ".repeat(2_000);
    assert!(reaches_callout(&scan_body(&format!("String s = 'https://a'; {grows} {send}"), "")));
    for operation in ["s + s", "x ? s + s : s + 'a'"] {
        let grows = format!("s = {operation}; ").repeat(100);
        let method = format!("static void go(String s) {{ {grows} {send} }}");
        assert!(reaches_callout(&scan_body("go('https://a'); go('https://b');", &method)), "{operation}");
    }
    let fields: String =
        (0..3_000).map(|n| format!("static final String S{n} = S{0} + S{0};", n + 1)).collect();
    scan_body(&send.replace("(s)", "(S0)"), &format!("{fields} static final String S3000 = 'x';"));
}

// Programs

#[test]
fn classes_that_extend_each_other() {
    for classes in [
        vec![(
            "Start.cls",
            "public virtual class Start extends Start { public static void run() { new Start().go(); } void go() { super.go(); go(); } }",
        )],
        vec![
            ("Start.cls", "public class Start extends B { public static void run() { new Start().go(); } }"),
            ("B.cls", "public virtual class B extends C { }"),
            ("C.cls", "public virtual class C extends Start { public Integer x = x; }"),
        ],
        vec![
            (
                "Start.cls",
                "public class Start implements I { public static void run() { I i = new Start(); i.go(); } }",
            ),
            ("I.cls", "public interface I extends J { void go(); }"),
            ("J.cls", "public interface J extends I { void go(); }"),
        ],
        vec![(
            "Start.cls",
            "public class Start { static Integer a = b; static Integer b = a; static { run(); } public static void run() { Integer c = c; run(); } Integer p { get { return p; } set { p = p; } } }",
        )],
        vec![(
            "Start.cls",
            "public class Start { Start next = new Start(); public Start() { this(1); } public Start(Integer a) { this(); } public static void run() { new Start(); } }",
        )],
    ] {
        let mut files = vec![("Orders.trigger", TRIGGER)];
        files.extend(classes);
        scan_files(&files);
    }
}

#[test]
fn mutual_recursion() {
    let found = scan_body(
        "a(5);",
        &format!(
        "static void a(Integer n) {{ if (n > 0) b(n - 1); }} static void b(Integer n) {{ c(n); a(n + 1); }}
         static void c(Integer n) {{ for (Integer i = 0; i < n; i++) a(i); {SEND} insert x; }}"
    ),
    );
    assert!(reaches_callout(&found));
    // Each calls each, with ever new arguments.
    let count = 40;
    let calls: String = (0..count).map(|n| format!("m{n}(s + '{n}', {n}, !b); ")).collect();
    let methods: String = (0..count)
        .map(|n| {
            format!("static void m{n}(String s, Integer i, Boolean b) {{ if (b) {{ {calls} }} {SEND} }} ")
        })
        .collect();
    assert!(reaches_callout(&scan_body("m0('', 0, true);", &methods)));
}

#[test]
fn a_long_chain_of_calls() {
    let count = 5_000;
    let chain = |last: &str| -> String {
        (0..count)
            .map(|n| {
                format!(
                    "static void m{n}() {{ {} }}\n",
                    if n + 1 == count { last.to_owned() } else { format!("m{}();", n + 1) }
                )
            })
            .collect()
    };
    let found = scan_body("m0();", &chain(SEND));
    // What lies too deep is not found, but counted.
    assert!(reaches_callout(&found) || found["statistics"]["calls_unresolved"] != 0, "{found:#}");
    scan_body("insert x; m0(); update y;", &chain(&format!("insert x; {SEND}")));
    let found = scan_body("m4500();", &chain(SEND));
    assert!(reaches_callout(&found), "500 calls deep: {found:#}");
}

#[test]
fn many_ways_to_the_same_place() {
    // 2^300 ways.
    let count = 300;
    let diamonds: String = (0..count)
        .map(|n| {
            format!(
                "static void m{n}() {{ if (a) {{ m{0}(); }} else {{ insert x; m{0}(); }} m{0}(); }}\n",
                n + 1
            )
        })
        .collect();
    let last = format!("static void m{count}() {{ {SEND} insert y; System.enqueueJob(new Q()); }}");
    assert!(reaches_callout(&scan_body("m0();", &format!("{diamonds} {last}"))));
    // 2^12 contexts.
    let flags: Vec<String> = (0..12).map(|n| format!("Boolean b{n}")).collect();
    let uses: String = (0..12).map(|n| format!("if (b{n}) {{ insert x{n}; }} else {{ {SEND} }} ")).collect();
    let calls: String = (0..600)
        .map(|n| {
            let values: Vec<&str> =
                (0..12).map(|bit| if ((n * 7) >> bit) & 1 == 1 { "true" } else { "false" }).collect();
            format!("f({});\n", values.join(","))
        })
        .collect();
    assert!(reaches_callout(&scan_body(&calls, &format!("static void f({}) {{ {uses} }}", flags.join(",")))));
}

#[test]
fn many_classes_behind_one_interface() {
    let count = 300;
    let mut files = vec![
        ("Orders.trigger".to_owned(), TRIGGER.to_owned()),
        ("I.cls".to_owned(), "public interface I { void go(I other); }".to_owned()),
        (
            "Start.cls".to_owned(),
            format!(
                "public class Start {{ public static void run() {{ for (I i : all()) {{ i.go(i); }} }} static List<I> all() {{ return new List<I>{{ {} }}; }} }}",
                (0..count).map(|n| format!("new C{n}()")).collect::<Vec<_>>().join(",")
            ),
        ),
    ];
    for n in 0..count {
        files.push((
            format!("C{n}.cls"),
            format!("public class C{n} implements I {{ I next; public void go(I other) {{ insert x; next.go(other); other.go(next); {SEND} }} }}"),
        ));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    assert!(reaches_callout(&scan_files(&files)));
}

#[test]
fn triggers_that_fire_each_other() {
    let count = 60;
    let mut files = Vec::new();
    for n in 0..count {
        let dml: String =
            (0..count).map(|other| format!("insert new O{other}__c(); update new O{other}__c(); ")).collect();
        files.push((
            format!("T{n}.trigger"),
            format!(
                "trigger T{n} on O{n}__c (before insert, after insert, before update, after update) {{ {dml} {} }}",
                if n == 7 { SEND } else { "" }
            ),
        ));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    assert!(reaches_callout(&scan_files(&files)));
}

// Damage

/// A small generator with a fixed seed: the same damage on every run.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % end.max(1)
    }
}

fn files_below(folder: &Path, suffixes: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut todo = vec![folder.to_path_buf()];
    while let Some(folder) = todo.pop() {
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                todo.push(path);
            } else if suffixes.iter().any(|suffix| path.to_string_lossy().ends_with(suffix)) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

fn damage(bytes: &mut Vec<u8>, random: &mut Random) {
    const PIECES: [&str; 16] = [
        "{",
        "}",
        "(",
        ")",
        "'",
        "/*",
        "*/",
        ";",
        "\0",
        "%%%N%%%",
        "class A {",
        "if (",
        "else",
        "[SELECT ",
        "\u{feff}",
        "<![CDATA[",
    ];
    let at = random.below(bytes.len());
    match random.below(7) {
        0 => bytes.truncate(at),
        1 => drop(bytes.drain(..at)),
        2 if !bytes.is_empty() => bytes[at] = random.below(256) as u8,
        3 => {
            let end = (at + random.below(40)).min(bytes.len());
            bytes.drain(at..end);
        }
        4 => {
            let end = (at + random.below(200)).min(bytes.len());
            let copy = bytes[at..end].to_vec();
            let to = random.below(bytes.len());
            bytes.splice(to..to, copy);
        }
        _ => {
            let piece = PIECES[random.below(PIECES.len())].bytes();
            bytes.splice(at..at, piece);
        }
    }
}

/// Scans in this process, on another thread, which is given up when it hangs.
fn scan_here(folder: &Path, rules: &'static RuleSet) -> Result<(), String> {
    let (send, receive) = mpsc::channel();
    let path = folder.to_path_buf();
    thread::spawn(move || {
        let result = catch_unwind(AssertUnwindSafe(|| {
            scan(&[path], rules, &Settings::default(), &Progress::new(false))
        }));
        let _ = send.send(match result {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(format!("usage error: {error}")),
            Err(_) => Err("panic".to_owned()),
        });
    });
    receive.recv_timeout(LIMIT).unwrap_or_else(|_| Err(format!("no answer within {LIMIT:?}")))
}

#[test]
fn damaged_projects() {
    let rules: &'static RuleSet = Box::leak(Box::new(registry::built_in().unwrap()));
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let projects: Vec<PathBuf> = files_below(&fixtures, &["expected.yaml"])
        .iter()
        .map(|file| file.parent().unwrap().to_owned())
        .collect();
    let rounds = std::env::var("ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(400);
    for round in 0..rounds {
        let mut random = Random(0x9e37_79b9_7f4a_7c15 ^ (round as u64 + 1) << 20);
        let project = &projects[random.below(projects.len())];
        let copy = tempfile::tempdir().unwrap();
        let mut last = PathBuf::new();
        for file in files_below(project, &[".cls", ".trigger", ".xml", ".json", ".page"]) {
            let mut bytes = fs::read(&file).unwrap();
            let often = if file.extension().is_some_and(|suffix| suffix == "xml") { 6 } else { 2 };
            if random.below(often) == 0 {
                for _ in 0..=random.below(3) {
                    damage(&mut bytes, &mut random);
                }
                last = file.clone();
            }
            let to = copy.path().join(file.strip_prefix(project).unwrap());
            fs::create_dir_all(to.parent().unwrap()).unwrap();
            fs::write(to, bytes).unwrap();
        }
        if let Err(what) = scan_here(copy.path(), rules) {
            panic!(
                "{what} in round {round}, a damaged copy of {}, kept in {} (damaged: {} and maybe others)",
                project.display(),
                copy.keep().display(),
                last.display()
            );
        }
    }
}

#[test]
fn damaged_rules() {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let files = files_below(&rules, &[".yaml"]);
    let mut random = Random(42);
    let mut refused = 0;
    for _ in 0..300 {
        let file = &files[random.below(files.len())];
        let mut bytes = fs::read(file).unwrap();
        damage(&mut bytes, &mut random);
        let name = file.file_name().unwrap().to_str().unwrap();
        let folder = folder(&[(name, bytes)]);
        let loaded = catch_unwind(|| {
            registry::load(&[folder.path().to_path_buf()]).map_err(|errors| errors.to_string())
        });
        match loaded {
            Ok(result) => refused += usize::from(result.is_err()),
            Err(_) => panic!("panic: {}", folder.keep().display()),
        }
    }
    assert!(refused > 100, "{refused}");
}
