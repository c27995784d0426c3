//! Suppressions in Apex: comments, and `@SuppressWarnings`.

use crate::apex::unit::{Annotation, MethodDecl, Unit};
use crate::span::{Location, Span};

use super::{Scope, Suppression, Trouble, comment};

/// All suppressions of one file, and what is meant as one and is none.
pub fn find(text: &str, unit: &Unit) -> (Vec<Suppression>, Vec<Trouble>) {
    let (mut found, mut troubles) = (Vec::new(), Vec::new());
    let comments = comments(text);
    for &span in &comments {
        let inside = &text[span.start as usize + 2..span.end as usize];
        let inside = inside.strip_suffix("*/").unwrap_or(inside);
        match comment::read(inside, span.start as usize + 2) {
            None => {}
            Some(Err(trouble)) => troubles.push(trouble),
            Some(Ok(words)) => {
                let (scope, covers) = if words.file {
                    (Scope::File, Span::new(0, text.len()))
                } else {
                    covered(text, unit, span, &comments)
                };
                let at = Location { file: unit.file, span };
                found.push(Suppression::new(at, words.rules, words.reason, scope, covers));
            }
        }
    }
    for (annotations, covers) in annotated(unit, text) {
        found.extend(annotations.iter().filter_map(|each| of_annotation(each, unit, text, covers)));
    }
    (found, troubles)
}

/// What a comment covers: the rest of its line's statement behind which it stands, or what follows it.
fn covered(text: &str, unit: &Unit, comment: Span, comments: &[Span]) -> (Scope, Span) {
    let start = comment.start as usize;
    let line_start = text[..start].rfind(['\n', '\r']).map_or(0, |at| at + 1);
    if !text[line_start..start].trim().is_empty() {
        let line_end = text[start..].find(['\n', '\r']).map_or(text.len(), |at| start + at);
        return (Scope::Line, Span::new(line_start, line_end));
    }
    let next = next_code(text, comment.end as usize, comments);
    match member_at(text, unit, next) {
        Some(member) => (Scope::Member, member),
        None => (Scope::Line, statement(text, unit, next, comments)),
    }
}

/// The first place from `at` on that is neither blank nor in a comment.
fn next_code(text: &str, mut at: usize, comments: &[Span]) -> usize {
    loop {
        at += text[at..].len() - text[at..].trim_start().len();
        match comments.binary_search_by_key(&(at as u32), |comment| comment.start) {
            Ok(index) => at = comments[index].end as usize,
            Err(_) => return at,
        }
    }
}

/// The class, method or trigger whose declaration begins at `at`.
fn member_at(text: &str, unit: &Unit, at: usize) -> Option<Span> {
    let begins = |span: &Span| span.start as usize == at;
    if let Some(ty) = unit.types.iter().find(|ty| begins(&ty.span)) {
        return Some(ty.span);
    }
    if let Some(method) = methods(unit).find(|method| begins(&method.span)) {
        return Some(method.span);
    }
    let trigger = unit.trigger.as_ref()?;
    let word = text[at..].get(.."trigger".len())?;
    (word.eq_ignore_ascii_case("trigger") && at < trigger.name_span.start as usize)
        .then(|| Span::new(at, text.len()))
}

fn methods(unit: &Unit) -> impl Iterator<Item = &MethodDecl> {
    let in_trigger = unit.trigger.iter().flat_map(|trigger| &trigger.methods);
    unit.types.iter().flat_map(|ty| &ty.methods).chain(in_trigger)
}

/// From `at` to the end of the statement that begins there: its `;`, or the `{` of its block. A property
/// or initialiser of a class is covered up to its `}`.
fn statement(text: &str, unit: &Unit, at: usize, comments: &[Span]) -> Span {
    let inside = |span: &Span| (span.start as usize) < at && at < span.end as usize;
    let accessors = || {
        let fields = unit.types.iter().flat_map(|ty| &ty.fields);
        fields.flat_map(|field| field.getter.iter().chain(&field.setter)).map(|accessor| &accessor.span)
    };
    let in_body = methods(unit).any(|method| inside(&method.span))
        || accessors().any(inside)
        || unit.trigger.as_ref().is_some_and(|trigger| at > trigger.name_span.start as usize);
    let bytes = text.as_bytes();
    let mut depth = 0usize;
    let mut last = at;
    let mut here = at;
    while here < bytes.len() {
        if let Ok(index) = comments.binary_search_by_key(&(here as u32), |comment| comment.start) {
            here = comments[index].end as usize;
            continue;
        }
        match bytes[here] {
            b'\'' => {
                here = string_end(bytes, here);
                last = here - 1;
                continue;
            }
            b';' if depth == 0 => return Span::new(at, here + 1),
            b'{' if depth == 0 && in_body && begins_block(&text[at..=last]) => return Span::new(at, here),
            b'{' | b'(' | b'[' => depth += 1,
            // The end of the block around it.
            b'}' if depth == 0 => return Span::new(at, here),
            b'}' | b')' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && bytes[here] == b'}' && !in_body {
                    return Span::new(at, here + 1);
                }
            }
            _ => {}
        }
        if !bytes[here].is_ascii_whitespace() {
            last = here;
        }
        here += 1;
    }
    Span::new(at, text.len())
}

/// Whether a `{` behind this text begins a block, and not the elements of a collection.
fn begins_block(before: &str) -> bool {
    let word = before.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
    before.ends_with(')')
        || ["else", "try", "do", "finally"].iter().any(|keyword| keyword.eq_ignore_ascii_case(word))
}

/// All comments, in source order.
fn comments(text: &str) -> Vec<Span> {
    let bytes = text.as_bytes();
    let mut comments = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], bytes.get(at + 1)) {
            (b'\'', _) => at = string_end(bytes, at),
            (b'/', Some(b'/')) => {
                let end = text[at..].find(['\n', '\r']).map_or(text.len(), |length| at + length);
                comments.push(Span::new(at, end));
                at = end;
            }
            (b'/', Some(b'*')) => {
                let end = text[at + 2..].find("*/").map_or(text.len(), |length| at + 2 + length + 2);
                comments.push(Span::new(at, end));
                at = end;
            }
            _ => at += 1,
        }
    }
    comments
}

/// The place behind the string that begins at `start`; it ends at the latest with its line.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let many = bytes[start..].starts_with(b"'''");
    let mut at = start + if many { 3 } else { 1 };
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 1,
            b'\'' if !many => return at + 1,
            b'\'' if bytes[at..].starts_with(b"'''") => return at + 3,
            b'\n' | b'\r' if !many => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

/// The annotations of each declaration, with what they stand for.
fn annotated<'u>(unit: &'u Unit, text: &str) -> Vec<(&'u [Annotation], Span)> {
    let mut all: Vec<(&[Annotation], Span)> = Vec::new();
    for ty in &unit.types {
        all.push((&ty.annotations, ty.span));
        for field in &ty.fields {
            // A field's own span begins with its name; the annotation stands at the head of the declaration.
            if let Some(first) = field.annotations.first() {
                let accessors = field.getter.iter().chain(&field.setter).map(|accessor| accessor.span.end);
                let end = accessors.chain([field.span.end]).max().unwrap_or(field.span.end);
                let span = Span { start: first.span.start, end: end.min(text.len() as u32) };
                all.push((&field.annotations, span));
            }
        }
    }
    all.extend(methods(unit).map(|method| (method.annotations.as_slice(), method.span)));
    all
}

/// `@SuppressWarnings('seamlint.rule-id, …')`; `'seamlint'` alone means all rules.
fn of_annotation(annotation: &Annotation, unit: &Unit, text: &str, covers: Span) -> Option<Suppression> {
    if !annotation.name.is("suppresswarnings") {
        return None;
    }
    let source = text.get(annotation.span.start as usize..annotation.span.end as usize)?;
    let mut rules = Vec::new();
    let mut all = false;
    for word in annotation.args.iter().flat_map(|(_, value)| value.split([',', ' '])) {
        if word == comment::MARK {
            all = true;
        } else if let Some(id) = word.strip_prefix("seamlint.") {
            let offset = source.find(word).map_or(0, |at| at + word.len() - id.len());
            let start = annotation.span.start as usize + offset;
            rules.push((id.to_owned(), Span::new(start, start + id.len())));
        }
    }
    if rules.is_empty() && !all {
        return None;
    }
    if all {
        rules.clear();
    }
    let at = Location { file: unit.file, span: annotation.span };
    Some(Suppression::new(at, rules, None, Scope::Member, covers))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::apex::parse_unit;
    use crate::span::FileId;

    /// What each suppression covers, as text.
    fn covered(text: &str) -> Vec<&str> {
        let unit = parse_unit(FileId(0), text, None, true);
        let (found, troubles) = find(text, &unit);
        assert!(troubles.is_empty(), "{}", troubles[0].message);
        found.iter().map(|each| &text[each.covers.start as usize..each.covers.end as usize]).collect()
    }

    /// The same inside of a method.
    fn in_method(body: &str) -> Vec<String> {
        covered(&format!("class A {{ void m() {{\n{body}\n}} }}")).into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn a_comment_on_its_own_line_covers_the_next_statement() {
        let mark = "// seamlint-ignore a: b";
        for (body, statement) in [
            ("MARK\nf(1,\n  '}; {' /* ; */);\ng();", "f(1,\n  '}; {' /* ; */);"),
            ("MARK\n\n// other\nf();\ng();", "f();"),
            ("MARK\nfor (A a : b) {\n f(); }", "for (A a : b) "),
            ("MARK\nfor (Integer i = 0; i < 3; i++) {\n f(); }", "for (Integer i = 0; i < 3; i++) "),
            ("MARK\nM m = new M{ 'a' => f() };\ng();", "M m = new M{ 'a' => f() };"),
            ("MARK\ntry { f(); } finally { }", "try "),
            ("{ f();\nMARK\n}", ""),
            ("/* seamlint-ignore a: b */ f(); g();", "f();"),
        ] {
            assert_eq!(in_method(&body.replace("MARK", mark)), [statement], "{body}");
        }
    }

    #[test]
    fn a_comment_behind_code_covers_its_line() {
        assert_eq!(
            in_method("f(\n  g()); // seamlint-ignore a: b\nh();"),
            ["  g()); // seamlint-ignore a: b"]
        );
    }

    #[test]
    fn a_comment_above_a_declaration_covers_all_of_it() {
        let mark = "// seamlint-ignore a: b\n";
        let method = "@AuraEnabled\n public static void m() { f(); }";
        assert_eq!(covered(&format!("class A {{\n{mark}{method}\n void n() {{}} }}")), [method]);
        let class = "public class A { void m() { f(); } }";
        assert_eq!(covered(&format!("{mark}{class}")), [class]);
        let trigger = "trigger T on A (after insert) { f(); }";
        assert_eq!(covered(&format!("{mark}{trigger}")), [trigger]);
        let property = "public Integer a { get { return f(); } }";
        assert_eq!(covered(&format!("class A {{\n{mark}{property}\n Integer b; }}")), [property]);
        let field = "static Integer a = f();";
        assert_eq!(covered(&format!("class A {{\n{mark}{field}\n Integer b; }}")), [field]);
    }

    #[test]
    fn a_comment_for_the_file_covers_the_file() {
        let text = "class A {\n void m() { f(); } // seamlint-ignore-file a: b\n}";
        assert_eq!(covered(text), [text]);
    }

    #[test]
    fn annotations_cover_their_declaration() {
        let method = "@SuppressWarnings('PMD.X, seamlint.dml-in-loop')\n void m() { f(); }";
        let text = format!("class A {{ {method} }}");
        let unit = parse_unit(FileId(0), &text, None, true);
        let (found, _) = find(&text, &unit);
        assert_eq!(covered(&text), [method]);
        let (id, at) = &found[0].rules[0];
        assert_eq!((id.as_str(), &text[at.start as usize..at.end as usize]), ("dml-in-loop", "dml-in-loop"));
        let class = "@SuppressWarnings('seamlint') public class A { }";
        let unit = parse_unit(FileId(0), class, None, true);
        assert!(find(class, &unit).0[0].rules.is_empty(), "all rules");
        assert_eq!(covered("@SuppressWarnings('PMD') class A { @TestVisible Integer a; }"), [""; 0]);
    }

    #[test]
    fn what_is_no_comment_is_no_suppression() {
        assert_eq!(
            in_method("s = '// seamlint-ignore a: b'; t = '''\n// seamlint-ignore a: b\n''';"),
            [""; 0]
        );
    }

    #[test]
    fn broken_text_does_no_harm() {
        for text in [
            "// seamlint-ignore a: b",
            "/* seamlint-ignore a",
            "'",
            "'\\",
            "/*",
            "// seamlint-ignore a: b\n{",
        ] {
            let unit = parse_unit(FileId(0), text, None, true);
            find(text, &unit);
        }
    }
}
