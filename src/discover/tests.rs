//! Whole projects on disk, as discovery meets them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use tempfile::TempDir;

use super::*;
use crate::metadata;

const ACTIVE: &str = "<ApexClass xmlns=\"http://soap.sforce.com/2006/04/metadata\"><apiVersion>60.0</apiVersion><status>Active</status></ApexClass>";
const INACTIVE: &str = "<ApexTrigger><apiVersion>58.0</apiVersion><status>Inactive</status></ApexTrigger>";

/// A folder with the given files; a path that ends with `/` is an empty folder.
fn project(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let place = folder.path().join(path);
        if path.ends_with('/') {
            fs::create_dir_all(place).unwrap();
            continue;
        }
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, text).unwrap();
    }
    folder
}

fn scan(folder: &TempDir) -> Project {
    scan_paths(&[folder.path().to_path_buf()])
}

fn scan_paths(paths: &[PathBuf]) -> Project {
    discover(paths, &Options::default()).unwrap()
}

fn paths(project: &Project) -> Vec<&str> {
    project.files.iter().map(|file| file.path.as_str()).collect()
}

fn file<'p>(project: &'p Project, path: &str) -> &'p SourceFile {
    project.files.iter().find(|file| file.path == path).unwrap()
}

fn module_of<'p>(project: &'p Project, path: &str) -> &'p Module {
    project.module(file(project, path).module.unwrap())
}

#[test]
fn source_format() {
    let folder = project(&[
        (
            "sfdx-project.json",
            r#"{"packageDirectories":[{"path":"force-app","default":true,"package":"P"}],"namespace":"ns","sourceApiVersion":"62.0"}"#,
        ),
        ("force-app/main/default/classes/B.cls", "class B {}"),
        ("force-app/main/default/classes/B.cls-meta.xml", ACTIVE),
        ("force-app/main/default/classes/A.cls", "class A {}"),
        ("force-app/main/default/triggers/T.trigger", "trigger T on Account (after insert) {}"),
        ("force-app/main/default/triggers/T.trigger-meta.xml", INACTIVE),
        ("force-app/main/default/customMetadata/X.R.md-meta.xml", "<CustomMetadata/>"),
        ("force-app/main/default/customMetadata/README.md", "# No record"),
        ("force-app/main/default/pages/P.page", "<apex:page/>"),
        ("force-app/main/default/pages/P.page-meta.xml", "<ApexPage/>"),
        ("force-app/main/default/objects/X__mdt/X__mdt.object-meta.xml", "<CustomObject/>"),
        ("force-app/main/default/staticresources/zip/Fake.cls", "\\documentclass{article}"),
    ]);
    let found = scan(&folder);
    assert_eq!(
        paths(&found),
        [
            "force-app/main/default/classes/A.cls",
            "force-app/main/default/classes/B.cls",
            "force-app/main/default/customMetadata/X.R.md-meta.xml",
            "force-app/main/default/pages/P.page",
            "force-app/main/default/triggers/T.trigger",
        ]
    );
    assert!(found.files.iter().enumerate().all(|(index, file)| file.id.0 as usize == index));
    assert_eq!(found.problems, []);
    let class = file(&found, "force-app/main/default/classes/B.cls");
    assert_eq!((class.api_version, class.active, class.size), (Some(600), true, 10));
    let trigger = file(&found, "force-app/main/default/triggers/T.trigger");
    assert_eq!((trigger.api_version, trigger.active), (Some(580), false));
    assert_eq!(file(&found, "force-app/main/default/classes/A.cls").api_version, None);
    let module = module_of(&found, "force-app/main/default/classes/A.cls");
    assert_eq!((module.path.as_str(), module.kind), ("force-app", ModuleKind::Package));
    assert_eq!((module.name.as_deref(), module.namespace.as_deref()), (Some("P"), Some("ns")));
    assert_eq!(module.api_version, Some(620));
    assert_eq!(found.module(module.parent.unwrap()).kind, ModuleKind::Project);
}

#[test]
fn metadata_format_and_source_format_side_by_side() {
    let folder = project(&[
        ("sfdx-project.json", r#"{"packageDirectories":[{"path":"force-app"}]}"#),
        ("force-app/classes/A.cls", ""),
        ("manifest/package.xml", "<Package/>"),
        ("src/package.xml", "<Package/>"),
        ("src/classes/A.cls", ""),
        ("src/classes/A.cls-meta.xml", ACTIVE),
        ("src/customMetadata/Trigger_Action.One.md", "<CustomMetadata/>"),
        ("src/destructiveChanges.xml", "<Package/>"),
        ("unpackaged/pre/objects/X.object", "<CustomObject/>"),
        ("unpackaged/pre/package.xml", "<Package/>"),
    ]);
    let found = scan(&folder);
    assert_eq!(
        paths(&found),
        ["force-app/classes/A.cls", "src/classes/A.cls", "src/customMetadata/Trigger_Action.One.md"]
    );
    assert_eq!(module_of(&found, "force-app/classes/A.cls").kind, ModuleKind::Package);
    let metadata = module_of(&found, "src/classes/A.cls");
    assert_eq!((metadata.path.as_str(), metadata.kind), ("src", ModuleKind::Metadata));
    let all = found.modules.iter().map(|module| module.path.as_str()).collect::<Vec<_>>();
    assert_eq!(all, [".", "force-app", "src"], "manifests without sources are no modules");
}

#[test]
fn nested_projects() {
    let folder = project(&[
        ("sfdx-project.json", r#"{"packageDirectories":[{"path":"core"}]}"#),
        ("core/A.cls", ""),
        ("apps/one/sfdx-project.json", r#"{"packageDirectories":[{"path":"./src/"}],"sourceApiVersion":59}"#),
        ("apps/one/src/A.cls", ""),
        // Kept apart and copied to the top before use, so its path holds from there.
        ("managed/sfdx-project.json", r#"{"packageDirectories":[{"path":"managed\\pkg"}]}"#),
        ("managed/pkg/A.cls", ""),
    ]);
    let found = scan(&folder);
    assert_eq!(found.problems, []);
    assert_eq!(paths(&found), ["apps/one/src/A.cls", "core/A.cls", "managed/pkg/A.cls"]);
    let inner = module_of(&found, "apps/one/src/A.cls");
    assert_eq!((inner.path.as_str(), inner.api_version), ("apps/one/src", Some(590)));
    assert_eq!(found.module(inner.parent.unwrap()).path, "apps/one");
    assert_eq!(module_of(&found, "managed/pkg/A.cls").kind, ModuleKind::Package);
}

#[test]
fn apex_outside_of_packages() {
    let folder = project(&[
        ("sfdx-project.json", r#"{"packageDirectories":[{"path":"force-app"}]}"#),
        ("force-app/scripts/Deployed.cls", ""),
        ("unpackaged/classes/Org.cls", ""),
        ("unpackaged/other/Described.cls", ""),
        ("unpackaged/other/Described.cls-meta.xml", ACTIVE),
        ("scripts/setup.cls", "System.debug(1);"),
        ("scripts/run.apex", "System.debug(1);"),
        ("Stray.cls", ""),
        ("node_modules/x/classes/N.cls", ""),
        (".sfdx/tools/classes/S.cls", ""),
        ("force-app/classes/.history/H.cls", ""),
    ]);
    let found = scan(&folder);
    assert_eq!(
        paths(&found),
        ["force-app/scripts/Deployed.cls", "unpackaged/classes/Org.cls", "unpackaged/other/Described.cls"]
    );
    assert_eq!(found.anonymous, ["Stray.cls", "scripts/setup.cls"]);
    let outside = module_of(&found, "unpackaged/classes/Org.cls");
    assert!(outside.kind == ModuleKind::Project && outside.lists_packages);

    let loose = project(&[("A.cls", ""), ("sub/B.trigger", ""), ("scripts/x.cls", "")]);
    let found = scan(&loose);
    assert_eq!(paths(&found), ["A.cls", "sub/B.trigger"]);
    assert_eq!(found.anonymous, ["scripts/x.cls"]);
}

#[test]
fn gitignore_is_respected_without_a_repository() {
    let folder = project(&[
        (".gitignore", "build/\n*.tmp.cls\n/Only*.cls\n\\#x\n[\n"),
        ("A.cls", ""),
        ("A.tmp.cls", ""),
        ("OnlyHere.cls", ""),
        ("sub/OnlyThere.cls", ""),
        ("sub/build/B.cls", ""),
        ("sub/.gitignore", "!keep.tmp.cls\n"),
        ("sub/keep.tmp.cls", ""),
    ]);
    assert_eq!(paths(&scan(&folder)), ["A.cls", "sub/OnlyThere.cls", "sub/keep.tmp.cls"]);
    let all = discover(&[folder.path().to_path_buf()], &Options { gitignore: false, ..Options::default() });
    assert_eq!(all.unwrap().files.len(), 6);
}

#[test]
fn ignore_files_above_the_scanned_folder_hold_up_to_the_repository() {
    let folder = project(&[
        (".gitignore", "A.cls\n"),
        ("repo/.git/HEAD", ""),
        ("repo/.gitignore", "/app/gen/\nB.cls\n"),
        ("repo/.forceignore", "**/C.cls\n"),
        ("repo/sfdx-project.json", r#"{"packageDirectories":[{"path":"app"},{"path":"gone"}]}"#),
        ("repo/app/A.cls", ""),
        ("repo/app/B.cls", ""),
        ("repo/app/C.cls", ""),
        ("repo/app/gen/D.cls", ""),
    ]);
    let found = scan_paths(&[folder.path().join("repo/app")]);
    assert_eq!(paths(&found), ["A.cls", "C.cls"]);
    assert!(file(&found, "C.cls").forceignored);
    assert_eq!(found.problems, [], "a package elsewhere is nothing to mention");
    let module = module_of(&found, "A.cls");
    assert_eq!((module.path.as_str(), module.kind), (".", ModuleKind::Package));
    assert_eq!(found.module(module.parent.unwrap()).path, "..");
}

#[test]
fn forceignore_tags_and_the_nearest_one_counts() {
    let folder = project(&[
        (".forceignore", "**/tests/**\nsrc/B.cls-meta.xml\n# x\nold\n"),
        ("src/A.cls", ""),
        ("src/B.cls", ""),
        ("src/B.cls-meta.xml", ACTIVE),
        ("src/tests/T.cls", ""),
        ("old/deep/O.cls", ""),
        ("inner/.forceignore", "Z.cls\n"),
        ("inner/tests/T.cls", ""),
        ("inner/Z.cls", ""),
    ]);
    let found = scan(&folder);
    let tagged = found.files.iter().filter(|file| file.forceignored).map(|file| file.path.as_str());
    assert_eq!(tagged.collect::<Vec<_>>(), ["inner/Z.cls", "old/deep/O.cls", "src/B.cls", "src/tests/T.cls"]);
    assert_eq!(found.files.len(), 6);
    let options = Options { skip_forceignored: true, ..Options::default() };
    let kept = discover(&[folder.path().to_path_buf()], &options).unwrap();
    assert_eq!(paths(&kept), ["inner/tests/T.cls", "src/A.cls"]);
}

#[test]
fn excludes() {
    let folder = project(&[("A.cls", ""), ("gen/B.cls", ""), ("sub/gen/C.cls", "")]);
    let with = |pattern: &str| {
        let exclude = vec![pattern.to_string()];
        discover(&[folder.path().to_path_buf()], &Options { exclude, ..Options::default() })
    };
    assert_eq!(paths(&with("/gen/").unwrap()), ["A.cls", "sub/gen/C.cls"]);
    assert_eq!(paths(&with("gen").unwrap()), ["A.cls"]);
    let error = with("a{b").unwrap_err();
    assert!(error.to_string().contains("`a{b` is not valid"), "{error}");
}

#[cfg(unix)]
#[test]
fn symbolic_links_do_not_leave_the_root() {
    use std::os::unix::fs::symlink;
    let outside = project(&[("classes/Secret.cls", ""), ("note.txt", "")]);
    let folder = project(&[("app/A.cls", ""), ("app/sub/B.cls", "")]);
    let inside = folder.path();
    symlink("..", inside.join("app/loop")).unwrap();
    symlink("self", inside.join("self")).unwrap();
    symlink("A.cls", inside.join("app/Alias.cls")).unwrap();
    symlink(outside.path().join("classes"), inside.join("away")).unwrap();
    symlink(outside.path().join("classes/Secret.cls"), inside.join("Secret.cls")).unwrap();
    symlink(outside.path().join("note.txt"), inside.join("note.txt")).unwrap();
    symlink("nowhere", inside.join("Broken.cls")).unwrap();
    let found = scan(&folder);
    assert_eq!(paths(&found), ["app/A.cls", "app/sub/B.cls"]);
    let told = found.problems.iter().map(|problem| problem.path.as_str()).collect::<Vec<_>>();
    assert_eq!(told, ["Broken.cls", "Secret.cls", "away"]);
    assert!(found.problems[2].message.contains("leaves the scanned folder"), "{:?}", found.problems);

    let link = outside.path().join("entry");
    symlink(inside, &link).unwrap();
    assert_eq!(scan_paths(&[link]).files.len(), 2, "the scanned folder itself may be a link");
}

#[test]
fn a_broken_project_file_is_told_and_the_scan_goes_on() {
    for (text, part) in [
        ("{\n  \"packageDirectories\": [\n    {\"path\": \"a\",}\n  ]\n}", "line 3, column 18"),
        ("", "line 1, column 0"),
        (r#"{"packageDirectories": 5}"#, "line 1"),
        ("\u{FEFF}not json", "line 1"),
    ] {
        let folder = project(&[("sfdx-project.json", text), ("anywhere/A.cls", "")]);
        let found = scan(&folder);
        assert_eq!(paths(&found), ["anywhere/A.cls"]);
        assert_eq!(found.problems.len(), 1, "{text}");
        assert_eq!(found.problems[0].path, "sfdx-project.json");
        assert!(found.problems[0].message.contains(part), "{:?}", found.problems);
    }
}

#[test]
fn package_directories_that_are_not_there() {
    let folder = project(&[
        (
            "all/sfdx-project.json",
            r#"{"packageDirectories":[{"path":"gone"},{"path":"../beside"},{"path":"app"}]}"#,
        ),
        ("all/app/A.cls", ""),
        ("beside/B.cls", ""),
    ]);
    let found = scan_paths(&[folder.path().join("all")]);
    assert_eq!(paths(&found), ["app/A.cls"]);
    let told = found.problems.iter().map(Problem::to_string).collect::<Vec<_>>();
    assert_eq!(told.len(), 2);
    assert!(told[0].contains("`../beside` lies outside"), "{told:?}");
    assert!(told[1].contains("`gone` does not exist"), "{told:?}");
    assert_eq!(scan(&folder).problems.len(), 1, "from further up, `beside` is inside");
}

#[test]
fn broken_companions() {
    let folder =
        project(&[("A.cls", ""), ("A.cls-meta.xml", "<ApexClass><status>Inac"), ("Gone.cls-meta.xml", "")]);
    let found = scan(&folder);
    assert_eq!(paths(&found), ["A.cls"]);
    assert!(found.files[0].active);
    assert_eq!(found.problems[0].path, "A.cls-meta.xml");
}

#[test]
fn an_empty_folder_is_an_empty_project() {
    let found = scan(&project(&[("sub/", ""), ("README.md", "")]));
    assert!(found.files.is_empty() && found.problems.is_empty() && found.modules.is_empty());
}

#[test]
fn a_path_that_does_not_exist() {
    let folder = project(&[("src/A.cls", "")]);
    let error = discover(&[folder.path().join("src/clases/x")], &Options::default()).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("no such file or folder: `") && text.ends_with("src` exists)"), "{text}");
    assert!(discover(&[folder.path().join("src/A.cls/x")], &Options::default()).is_err());
    let bare = discover(&[PathBuf::from("no-such-folder")], &Options::default()).unwrap_err();
    assert_eq!(bare.to_string(), "no such file or folder: `no-such-folder`");
}

#[test]
fn a_file_stands_for_its_project() {
    let folder = project(&[
        ("other/O.cls", ""),
        ("p/sfdx-project.json", r#"{"packageDirectories":[{"path":"app"}]}"#),
        ("p/.gitignore", "Gen.cls\n"),
        ("p/app/deep/A.cls", ""),
        ("p/app/B.cls", ""),
        ("p/app/Gen.cls", ""),
        ("p/app/Gen.cls-meta.xml", ACTIVE),
        ("p/notes.txt", ""),
    ]);
    let at = |path: &str| folder.path().join(path);
    let found = scan_paths(&[at("p/app/deep/A.cls"), at("p/app/Gen.cls")]);
    assert_eq!(paths(&found), ["app/B.cls", "app/Gen.cls", "app/deep/A.cls"]);
    assert_eq!(found.named, [FileId(1), FileId(2)]);
    assert_eq!(found.file(FileId(1)).api_version, Some(600));
    assert_eq!(module_of(&found, "app/Gen.cls").kind, ModuleKind::Package);

    let found = scan_paths(&[at("p/notes.txt")]);
    assert_eq!(paths(&found), ["app/B.cls", "app/deep/A.cls"]);
    assert_eq!(found.problems[0].path, "notes.txt");
}

#[test]
fn several_paths_are_one_project() {
    let folder = project(&[("x/a/A.cls", ""), ("x/b/c/B.cls", ""), ("x/d/D.cls", "")]);
    let at = |path: &str| folder.path().join(path);
    let found = scan_paths(&[at("x/b/c"), at("x/a"), at("x/b"), at("x/a/../a")]);
    assert_eq!(paths(&found), ["a/A.cls", "b/c/B.cls"]);
    assert_eq!(found.root, fs::canonicalize(at("x")).unwrap());
}

#[test]
fn encodings_on_disk() {
    let folder = project(&[("Cr.cls", "class Cr {\r  Integer x;\r}")]);
    let utf16 = "\u{FEFF}class Ünï {}".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>();
    fs::write(folder.path().join("Wide.cls"), utf16).unwrap();
    let found = scan(&folder);
    let text = read_text(&file(&found, "Wide.cls").absolute).unwrap();
    assert_eq!(text, "class Ünï {}");
    let text = read_text(&file(&found, "Cr.cls").absolute).unwrap();
    let lines = LineIndex::new(&text);
    assert_eq!(lines.position(&text, text.find('x').unwrap()).line, 2);
}

#[cfg(unix)]
#[test]
fn unreadable_files_and_folders_are_told() {
    use std::os::unix::fs::PermissionsExt;
    let folder = project(&[("A.cls", ""), ("A.cls-meta.xml", INACTIVE), ("shut/B.cls", "")]);
    let shut = |path: &str, mode| {
        fs::set_permissions(folder.path().join(path), fs::Permissions::from_mode(mode)).unwrap();
    };
    for path in ["A.cls", "A.cls-meta.xml", "shut"] {
        shut(path, 0);
    }
    // The administrator may read everything.
    if fs::read(folder.path().join("A.cls")).is_ok() {
        return;
    }
    let found = scan(&folder);
    assert_eq!(paths(&found), ["A.cls"]);
    let told = found.problems.iter().map(Problem::to_string).collect::<Vec<_>>();
    assert_eq!(
        told,
        [
            "`A.cls-meta.xml` cannot be read: permission denied; its Apex is taken to be active",
            "`shut` folder cannot be listed: permission denied"
        ]
    );
    let error = read_text(&found.files[0].absolute).unwrap_err();
    assert_eq!(error.to_string(), "cannot be read: permission denied");
    shut("shut", 0o755);
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_text_and_things_that_are_no_files() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let folder = project(&[("Dir.cls/", ""), ("A.cls", "")]);
    fs::write(folder.path().join(OsStr::from_bytes(b"B\xFF.cls")), "class B {}").unwrap();
    std::os::unix::net::UnixListener::bind(folder.path().join("Socket.cls")).unwrap();
    let found = scan(&folder);
    assert_eq!(paths(&found), ["A.cls", "B\u{FFFD}.cls"]);
    assert_eq!(read_text(&found.files[1].absolute).unwrap(), "class B {}");
}

#[test]
fn deep_folders_do_not_exhaust_the_stack() {
    let folder = tempfile::tempdir().unwrap();
    let deep = folder.path().join(["d"; 900].join("/"));
    fs::create_dir_all(&deep).unwrap();
    fs::write(deep.join("A.cls"), "").unwrap();
    assert_eq!(scan(&folder).files.len(), 1);
}

/// Counts and time on real repositories: `SEAMLINT_CORPUS=… cargo test --release corpus -- --ignored
/// --nocapture`. They are not part of the project.
#[test]
#[ignore = "needs a folder of real repositories"]
fn corpus() {
    let corpus = std::env::var("SEAMLINT_CORPUS").expect("SEAMLINT_CORPUS names a folder of repositories");
    let mut repositories =
        fs::read_dir(corpus).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    repositories.sort();
    for repository in repositories.iter().filter(|path| path.is_dir()) {
        report(repository);
    }
}

fn report(repository: &Path) {
    let roots = [repository.to_path_buf()];
    scan_paths(&roots);
    let mut best = f64::MAX;
    for _ in 0..7 {
        let start = Instant::now();
        scan_paths(&roots);
        best = best.min(start.elapsed().as_secs_f64() * 1000.0);
    }
    let found = scan_paths(&roots);
    let count = |kind| found.of_kind(kind).count();
    println!(
        "{:<45} {best:6.1} ms  cls {} trigger {} md {} vf {} modules {} anonymous {} inactive {} unversioned {} forceignored {}",
        repository.file_name().unwrap().to_string_lossy(),
        count(SourceKind::ApexClass),
        count(SourceKind::ApexTrigger),
        count(SourceKind::Metadata(MetadataKind::Record)),
        count(SourceKind::Visualforce),
        found.modules.len(),
        found.anonymous.len(),
        found.files.iter().filter(|file| !file.active).count(),
        found.files.iter().filter(|file| file.kind.is_apex() && file.api_version.is_none()).count(),
        found.files.iter().filter(|file| file.forceignored).count(),
    );
    for problem in &found.problems {
        println!("    {problem}");
    }
    for anonymous in found.anonymous.iter().take(5) {
        println!("    anonymous: {anonymous}");
    }
    for problem in metadata::read(&found).problems {
        println!("    {problem}");
    }
    let pages = found.of_kind(SourceKind::Visualforce).filter_map(|file| read_text(&file.absolute).ok());
    let bound = pages.map(|text| visualforce::controllers(&text)).filter(|page| page.controller.is_some());
    println!("    pages with a controller: {}", bound.count());
}
