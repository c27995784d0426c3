//! Numbers from real repositories. Ignored: they are not part of this one.
//!
//! `SEAMLINT_CORPUS=/path cargo test --release --test apex_corpus -- --ignored --nocapture`

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use seamlint::apex::condense::condense;
use seamlint::apex::unit::{Expr, TypeDecl};
use seamlint::apex::{lower, parse, parse_unit, prepare, test_code};
use seamlint::span::FileId;

fn corpus() -> Vec<(PathBuf, String)> {
    let root = std::env::var("SEAMLINT_CORPUS").expect("SEAMLINT_CORPUS names a folder");
    let mut files = Vec::new();
    collect(Path::new(&root), &mut files);
    files.sort();
    let read = |path: PathBuf| {
        let bytes = std::fs::read(&path).ok()?;
        Some((path, String::from_utf8_lossy(&bytes).into_owned()))
    };
    files.into_iter().filter_map(read).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if path.is_symlink() || name.starts_with('.') || name == "node_modules" {
            continue;
        }
        if path.is_dir() {
            collect(&path, files);
        } else if name.ends_with(".cls") || name.ends_with(".trigger") {
            files.push(path);
        }
    }
}

#[test]
#[ignore = "needs SEAMLINT_CORPUS"]
fn syntax_errors_of_real_files() {
    let (mut files, mut broken, mut tests, mut exprs, mut others) = (0, 0, 0, 0, 0);
    for (path, text) in corpus() {
        let unit = parse_unit(FileId(0), &text, None, true);
        files += 1;
        let is_test = test_code::is_test_class(&text);
        tests += usize::from(is_test);
        let annotated = |ty: &TypeDecl| ty.annotations.iter().any(|annotation| annotation.name.is("istest"));
        if unit.types.first().is_some_and(|ty| annotated(ty) != is_test) {
            println!("{}: is_test_class is wrong", path.display());
        }
        exprs += unit.exprs.len();
        others += unit.exprs.iter().filter(|expr| matches!(expr, Expr::Other { .. })).count();
        broken += usize::from(!unit.syntax_errors.is_empty());
        for error in &unit.syntax_errors {
            let line = text[..error.span.start as usize].matches('\n').count() + 1;
            println!("{}:{line}: {}", path.display(), error.message);
        }
        if unit.types.is_empty() && unit.trigger.is_none() && !test_code::is_hidden_stub(&text) {
            println!("{}: nothing found", path.display());
        }
    }
    println!(
        "{files} files, {tests} test classes, {broken} with errors, {exprs} expressions, {others} unknown"
    );
}

/// Nothing is lost between the tree and the unit: both hold as many of each of these.
#[test]
#[ignore = "needs SEAMLINT_CORPUS"]
fn nothing_is_lost() {
    let mut files = 0;
    for (path, text) in corpus() {
        let prepared = prepare::prepare(&text);
        let condensed = condense(&prepared.healed, &prepared.gaps);
        let tree = parse::parse(&condensed.buffer).unwrap();
        let source = lower::Source { text: &text, condensed: &condensed, tokens: prepared.tokens };
        let unit = lower::lower(FileId(0), source, &tree, true);
        if unit.types.is_empty() && unit.trigger.is_none() {
            continue;
        }
        files += 1;
        let printed = seamlint::apex::print::print(&unit, &text);
        let exprs = |wanted: fn(&Expr) -> bool| unit.exprs.iter().filter(|expr| wanted(expr)).count();
        let lines = |word: &str| {
            let starts = |line: &&str| line.trim_start().split(' ').nth(1) == Some(word);
            printed.lines().filter(starts).count()
        };
        let pairs = [
            (
                &["method_invocation", "explicit_constructor_invocation"][..],
                exprs(|expr| matches!(expr, Expr::Call { .. })),
            ),
            (&["object_creation_expression"], exprs(|expr| matches!(expr, Expr::New { .. }))),
            (&["query_expression"], exprs(|expr| matches!(expr, Expr::Query(_)))),
            (&["field_access"], exprs(|expr| matches!(expr, Expr::Field { .. }))),
            (&["string_literal", "multi_line_string_literal"], exprs(|expr| matches!(expr, Expr::Str(_)))),
            (&["assignment_expression"], exprs(|expr| matches!(expr, Expr::Assign { .. }))),
            (&["binary_expression"], exprs(|expr| matches!(expr, Expr::Binary { .. }))),
            (&["dml_expression"], lines("dml")),
            (&["if_statement"], lines("if")),
            (&["for_statement", "enhanced_for_statement"], lines("for")),
            (&["try_statement"], lines("try")),
            (&["catch_clause"], lines("catch")),
            (&["return_statement"], lines("return")),
            (&["throw_statement"], lines("throw")),
            (&["switch_rule"], lines("when")),
            (&["method_declaration", "constructor_declaration"], {
                unit.types.iter().map(|ty| ty.methods.len()).sum::<usize>()
                    + unit.trigger.iter().map(|trigger| trigger.methods.len()).sum::<usize>()
            }),
            (&["class_declaration", "interface_declaration", "enum_declaration"], unit.types.len()),
        ];
        let counts = counts(&tree);
        for (kinds, found) in pairs {
            let expected: usize = kinds.iter().map(|kind| counts.get(*kind).copied().unwrap_or(0)).sum();
            if expected != found {
                println!("{}: {kinds:?}: {expected} in the tree, {found} in the unit", path.display());
            }
        }
    }
    println!("{files} files compared");
}

/// How many nodes of each kind there are, but for those that units leave out on purpose.
fn counts(tree: &tree_sitter::Tree) -> std::collections::HashMap<String, usize> {
    let mut counts = std::collections::HashMap::new();
    let mut cursor = tree.walk();
    loop {
        let kind = cursor.node().kind();
        let skipped = match kind {
            "annotation" | "dimensions_expr" => true,
            "parenthesized_expression" => cursor.field_name() == Some("user"),
            // SOQL and annotations have literals too.
            "string_literal" => {
                cursor.field_name().is_none()
                    && cursor.node().parent().is_some_and(|parent| {
                        let kind = parent.kind();
                        kind.starts_with("comparison")
                            || kind.starts_with("comparable")
                            || kind.starts_with("with_")
                            || kind == "function_expression"
                            || kind == "ERROR"
                    })
            }
            _ => false,
        };
        if !skipped {
            *counts.entry(kind.to_owned()).or_insert(0) += 1;
            if cursor.goto_first_child() {
                continue;
            }
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                return counts;
            }
        }
    }
}

/// One character less, somewhere: nothing panics, and most of the file is still read.
#[test]
#[ignore = "needs SEAMLINT_CORPUS"]
fn damaged_real_files() {
    let mut random = 1u64;
    for missing in [';', '(', ')', '{', '}', '\'', ','] {
        let (mut methods, mut kept, mut exprs, mut kept_exprs, mut silent) = (0, 0, 0, 0, 0);
        let start = Instant::now();
        for (_, text) in corpus().into_iter().step_by(5) {
            let places: Vec<usize> = text.match_indices(missing).map(|(at, _)| at).collect();
            if places.is_empty() || text.trim() == "(hidden)" {
                continue;
            }
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = places[(random >> 33) as usize % places.len()];
            let damaged = format!("{}{}", &text[..at], &text[at + 1..]);
            let count = |text: &str| {
                let unit = parse_unit(FileId(0), text, None, true);
                let methods: usize = unit.types.iter().map(|ty| ty.methods.len()).sum();
                (methods, unit.exprs.len(), unit.syntax_errors.is_empty())
            };
            let (whole, broken) = (count(&text), count(&damaged));
            methods += whole.0;
            kept += broken.0.min(whole.0);
            exprs += whole.1;
            kept_exprs += broken.1.min(whole.1);
            silent += usize::from(broken.2);
        }
        println!(
            "without one {missing}: {kept} of {methods} methods, {kept_exprs} of {exprs} expressions, {silent} files without an error, {:?}",
            start.elapsed()
        );
    }
}

/// One pass over all nodes: the least that anything over a tree can cost.
fn walk(tree: &tree_sitter::Tree) -> Duration {
    let start = Instant::now();
    let mut cursor = tree.walk();
    let mut kinds = 0u64;
    loop {
        kinds += u64::from(cursor.node().kind_id());
        if cursor.goto_first_child() {
            continue;
        }
        while !cursor.goto_next_sibling() {
            if !cursor.goto_parent() {
                assert!(kinds > 0);
                return start.elapsed();
            }
        }
    }
}

#[test]
#[ignore = "needs SEAMLINT_CORPUS"]
fn time_of_real_files() {
    std::thread::Builder::new().stack_size(parse::STACK).spawn(time).unwrap().join().unwrap();
}

fn time() {
    seamlint::deep::declare_stack(parse::STACK);
    let corpus = corpus();
    let bytes: usize = corpus.iter().map(|(_, text)| text.len()).sum();
    for round in 0..3 {
        let mut preparing = Duration::ZERO;
        let mut parsing = Duration::ZERO;
        let mut lowering = Duration::ZERO;
        let mut walking = Duration::ZERO;
        for (_, text) in &corpus {
            let start = Instant::now();
            let prepared = prepare::prepare(text);
            let condensed = condense(&prepared.healed, &prepared.gaps);
            let prepared_at = Instant::now();
            let Ok(tree) = parse::parse(&condensed.buffer) else { continue };
            let parsed_at = Instant::now();
            let source = lower::Source { text, condensed: &condensed, tokens: prepared.tokens };
            let unit = lower::lower(FileId(0), source, &tree, true);
            let lowered_at = Instant::now();
            drop(unit);
            walking += walk(&tree);
            preparing += prepared_at - start;
            parsing += parsed_at - prepared_at;
            lowering += lowered_at - parsed_at;
        }
        println!(
            "round {round}: {} files, {bytes} bytes; prepare {preparing:?}, parse {parsing:?}, lower {lowering:?}, walk {walking:?}",
            corpus.len()
        );
    }
}
