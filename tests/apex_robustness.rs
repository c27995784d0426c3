//! Text that no one should write, and that must not stop the program.

use std::time::{Duration, Instant};

use seamlint::apex::unit::{Expr, ExprId, StmtKind, Unit};
use seamlint::apex::{parse_unit, print::print};
use seamlint::span::FileId;

const FIXTURE: &str = "/** doc */
@IsTest(SeeAllData=true)
public with sharing class A extends B implements C, D<E> {
    static { x = [FIND :q RETURNING Account(Id)]; }
    public String p { get; private set { p = value; } }
    enum E { P, Q }
    Integer[] a = {1, 2};
    public A() { this('é\\'ü', 2L); }
    @future(callout=true) void f(Map<Id, List<String>> m) {
        for (Account a : [SELECT Id, (SELECT Id FROM Cs) FROM Account WHERE X = :y LIMIT :n]) { insert a; }
        try { merge a b; } catch (Exception e) { throw e; } finally { c?.d(); }
        switch on x { when 1, 2 { } when Account a { } when else { do { i++; } while (i < 3); } }
        Map<Id, A> m = new Map<Id, A>{ k => (A) v, l => w ?? u }; // trailing
        System.runAs(u) { if (a instanceof B) return; else x = '''
 many lines '''; }
    }
}
";

fn unit(text: &str) -> Unit {
    let unit = parse_unit(FileId(0), text, Some(600), true);
    check(&unit, text);
    unit
}

/// What every later stage relies on, whatever the text was.
fn check(unit: &Unit, text: &str) {
    assert_eq!(unit.exprs.len(), unit.expr_spans.len());
    for span in &unit.expr_spans {
        assert!(text.get(span.start as usize..span.end as usize).is_some(), "{span:?}");
    }
    for error in &unit.syntax_errors {
        assert!(text.get(error.span.start as usize..error.span.end as usize).is_some(), "{error:?}");
    }
    assert!(unit.syntax_errors.len() <= 6);
    // Parts come before the whole: no expression contains itself.
    for (index, expr) in unit.exprs.iter().enumerate() {
        if let Expr::Binary { left, right, .. } = expr {
            assert!((left.0 as usize) < index && (right.0 as usize) < index);
        }
    }
    print(unit, text);
}

fn in_method(statement: &str) -> String {
    format!("class A {{ void f() {{ {statement} }} }}")
}

/// How deep the expression is; recursive like the later stages.
fn depth(unit: &Unit, id: ExprId) -> usize {
    1 + match unit.expr(id) {
        Expr::Binary { left, right, .. } | Expr::Assign { left, right, .. } => {
            depth(unit, *left).max(depth(unit, *right))
        }
        Expr::Call { object, args, .. } => {
            unit.list(*args).iter().chain(object).map(|id| depth(unit, *id)).max().unwrap_or(0)
        }
        Expr::Other { parts } => unit.list(*parts).iter().map(|id| depth(unit, *id)).max().unwrap_or(0),
        Expr::Not(operand) => depth(unit, *operand),
        _ => 0,
    }
}

fn first_expr(unit: &Unit) -> ExprId {
    match &unit.types[0].methods[0].body.as_ref().unwrap()[0].kind {
        StmtKind::Expr(expr) => *expr,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_truncation_of_a_file() {
    for end in (0..FIXTURE.len()).filter(|end| FIXTURE.is_char_boundary(*end)) {
        unit(&FIXTURE[..end]);
        unit(&FIXTURE[end..]);
    }
}

#[test]
fn every_file_without_one_byte() {
    for at in (0..FIXTURE.len()).filter(|at| FIXTURE.as_bytes()[*at].is_ascii()) {
        unit(&format!("{}{}", &FIXTURE[..at], &FIXTURE[at + 1..]));
    }
}

#[test]
fn stray_characters_everywhere() {
    for (at, _) in FIXTURE.char_indices().step_by(5) {
        for stray in ["'", "{", "}", "/*", "\0", "\u{fffd}", "%%%A%%%", "("] {
            unit(&format!("{}{stray}{}", &FIXTURE[..at], &FIXTURE[at..]));
        }
    }
}

#[test]
fn line_ends_and_marks() {
    let plain = print(&unit(FIXTURE), FIXTURE);
    for text in [FIXTURE.replace('\n', "\r\n"), FIXTURE.replace('\n', "\r")] {
        assert_eq!(print(&unit(&text), &text).replace("\\r", ""), plain.replace("\\r", ""));
    }
    let marked = format!("\u{feff}{FIXTURE}");
    assert!(unit(&marked).syntax_errors.is_empty());
    assert_eq!(unit(&marked).types.len(), 2);
}

#[test]
fn empty_and_senseless_files() {
    for text in ["", " ", "\0\0", "(hidden)", "}", "{", "'", "/*", "\u{feff}", "trigger", "class", "é"] {
        unit(text);
    }
    assert!(unit("(hidden)").syntax_errors.is_empty());
}

#[test]
fn any_number_of_parentheses() {
    for count in [10_000, 100_000] {
        let text = in_method(&format!("{}x{};", "(".repeat(count), ")".repeat(count)));
        let parsed = unit(&text);
        assert!(parsed.syntax_errors.is_empty());
        assert!(matches!(parsed.expr(first_expr(&parsed)), Expr::Name(_)));
        unit(&in_method(&"(".repeat(count)));
        unit(&in_method(&")".repeat(count)));
    }
}

#[test]
fn nesting_beyond_the_limit_is_noted_once() {
    let count = 20_000;
    let nested = |open: &str, close: &str| format!("{}x{}", open.repeat(count), close.repeat(count));
    for statement in [
        format!("{};", nested("f(", ")")),
        format!("{};", nested("!", "")),
        format!("{};", nested("(A) ", "")),
        format!("{};", nested("a ? b : ", "")),
        format!("{};", nested("a = ", "")),
        format!("{};", nested("", ".y()")),
        format!("{};", nested("", "[0]")),
        format!("{};", nested("new A(", ")")),
        format!("y = {};", nested("1 - (", ")")),
        format!("Map<A, {}> y;", nested("Map<A, ", ">")),
        format!("{}{}", "{".repeat(count), "}".repeat(count)),
        "if (a) ".repeat(count) + "b();",
        "if (a) { } else ".repeat(count) + "b();",
        format!("{}b();{}", "for (;;) { ".repeat(count), "}".repeat(count)),
        format!("{}b();{}", "try { ".repeat(count), "} finally { }".repeat(count)),
        format!(
            "x = [SELECT Id FROM A WHERE {} Y = 1{}];",
            "Id IN (SELECT Id FROM B WHERE ".repeat(count),
            ")".repeat(count)
        ),
        format!("x = [SELECT Id FROM A WHERE {} Y = 1 {}];", "(".repeat(count), ")".repeat(count)),
    ] {
        let start = Instant::now();
        let parsed = unit(&in_method(&statement));
        let shown: String = statement.chars().take(30).collect();
        assert!(start.elapsed() < Duration::from_secs(20), "{shown}");
        let notes =
            parsed.syntax_errors.iter().filter(|error| error.message.starts_with("nested deeper")).count();
        let reads_all = shown.ends_with("WHERE ((");
        assert_eq!(notes, usize::from(!reads_all), "{shown}");
    }
    unit(&"class A { ".repeat(count));
}

#[test]
fn long_chains_are_balanced() {
    for operator in [" + ", " && ", " || "] {
        let terms: Vec<String> = (0..20_000).map(|n| format!("a{n}")).collect();
        let parsed = unit(&in_method(&format!("f({});", terms.join(operator))));
        assert!(parsed.syntax_errors.is_empty());
        assert!(depth(&parsed, first_expr(&parsed)) < 20);
        let names: Vec<&str> = parsed
            .exprs
            .iter()
            .filter_map(|expr| match expr {
                Expr::Name(name) => Some(name.as_str()),
                _ => None,
            })
            .collect();
        assert_eq!(names, terms, "operands keep their order");
    }
    let mixed = unit(&in_method(&format!("f({}1);", "a + b - ".repeat(10_000))));
    assert!(depth(&mixed, first_expr(&mixed)) < 5);
    assert_eq!(mixed.exprs.iter().filter(|expr| matches!(expr, Expr::Name(_))).count(), 20_000);
}

#[test]
fn long_lines_and_large_files() {
    let long = in_method(&"a.b(c, 'd'); ".repeat(81_000));
    assert!(long.len() > 1 << 20);
    assert!(unit(&long).syntax_errors.is_empty());
    let large = unit(&" ".repeat(5 << 20));
    assert_eq!(large.syntax_errors.len(), 1);
    assert!(large.syntax_errors[0].message.contains("larger than 4 MiB"));
    unit(&"'{(".repeat(20_000));
    unit(&"class ".repeat(20_000));
    unit(&"/*\0é*/".repeat(50_000));
    // These took gigabytes, and hours.
    unit(&"List<".repeat(50_000));
    unit(&"merge ".repeat(50_000));
    // Readings that tree-sitter recurses over when it gives them up.
    unit(&in_method(&"a<?".repeat(30_000)));
    unit(&in_method(&"a<b<?".repeat(60_000)));
}
