//! Changes to Apex that change nothing of what it does: the syntax tree says where they may be made.

use std::collections::HashSet;

use tree_sitter::{Node, Parser, Tree};

type Rewrite = fn(&str) -> String;

/// The changes, each with a name.
pub const REWRITES: [(&str, Rewrite); 5] = [
    ("more lines", more_lines),
    ("other indentation", other_indentation),
    ("reformatted", reformatted),
    ("other locals", other_locals),
    ("methods in the opposite order", methods_reversed),
];

fn parse(text: &str) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(&tree_sitter_sfapex::apex::LANGUAGE.into()).unwrap();
    // Where the grammar cannot read a text, nobody knows what a change would mean.
    parser.parse(text, None).filter(|tree| !tree.root_node().has_error())
}

/// All nodes, parents before their children.
fn nodes(tree: &Tree) -> Vec<Node<'_>> {
    let mut all = Vec::new();
    let mut todo = vec![tree.root_node()];
    while let Some(node) = todo.pop() {
        all.push(node);
        let mut cursor = node.walk();
        todo.extend(node.children(&mut cursor));
    }
    all
}

/// The text with other texts in the place of some ranges.
fn replaced(text: &str, mut edits: Vec<(usize, usize, String)>) -> String {
    edits.sort_by_key(|(start, end, _)| (*start, *end));
    let mut out = String::new();
    let mut at = 0;
    for (start, end, with) in edits {
        out.push_str(&text[at..start]);
        out.push_str(&with);
        at = end;
    }
    out + &text[at..]
}

/// Lines above, between and at the end.
fn more_lines(text: &str) -> String {
    format!("// Copyright\n\n\n{}\n// end\n", text.replace('\n', "\n\n"))
}

fn other_indentation(text: &str) -> String {
    if text.contains("'''") {
        return text.to_owned();
    }
    let lines = text.lines().map(|line| format!("\t\t{}", line.trim_start()));
    lines.collect::<Vec<_>>().join("\r\n")
}

/// A line break behind every bracket, comma and semicolon, and comments between statements.
fn reformatted(text: &str) -> String {
    let Some(tree) = parse(text) else { return text.to_owned() };
    let edits = nodes(&tree).into_iter().filter_map(|node| {
        let with = match node.kind() {
            "(" | "," => "\n        ",
            ";" | "{" => " /* ; */\n// more }\n    ",
            _ => return None,
        };
        let parent = node.parent().map(|parent| parent.kind()).unwrap_or_default();
        let in_query = parent.contains("soql") || parent.contains("clause");
        (!in_query).then(|| (node.end_byte(), node.end_byte(), with.to_owned()))
    });
    replaced(text, edits.collect())
}

/// Every local variable and parameter gets another name.
fn other_locals(text: &str) -> String {
    let Some(tree) = parse(text) else { return text.to_owned() };
    let word = |node: Node| text[node.byte_range()].to_lowercase();
    let all = nodes(&tree);
    let (mut locals, mut others) = (HashSet::new(), HashSet::new());
    for node in &all {
        let Some(name) = node.child_by_field_name("name") else { continue };
        let parent = node.parent().map(|parent| parent.kind()).unwrap_or_default();
        match (node.kind(), parent) {
            ("variable_declarator", "local_variable_declaration") | ("formal_parameter", _) => {
                locals.insert(word(name));
            }
            ("enhanced_for_statement", _) => {
                locals.insert(word(name));
            }
            _ => {
                others.insert(word(name));
            }
        }
    }
    locals.retain(|name| !others.contains(name) && !["value", "trigger", "system"].contains(&name.as_str()));
    let edits = all.iter().filter(|node| node.kind() == "identifier" && locals.contains(&word(**node)));
    let edits = edits.filter_map(|node| {
        let parent = node.parent()?;
        let is = |field: &str| parent.child_by_field_name(field) == Some(*node);
        let member = match parent.kind() {
            "field_access" => is("field"),
            "method_invocation" => is("name"),
            // `new Account(Name = name)`: the left one is a field.
            "assignment_expression" => {
                is("left")
                    && parent
                        .parent()
                        .and_then(|list| list.parent())
                        .is_some_and(|new| new.kind() == "object_creation_expression")
            }
            kind => kind.contains("type") || kind.contains("field_identifier") || kind.contains("annotation"),
        };
        (!member).then(|| (node.start_byte(), node.end_byte(), format!("x{}X", &text[node.byte_range()])))
    });
    replaced(text, edits.collect())
}

/// The methods of each class in the opposite order.
fn methods_reversed(text: &str) -> String {
    let Some(tree) = parse(text) else { return text.to_owned() };
    let mut edits = Vec::new();
    // Only of the outer class: ranges must not lie in one another.
    let outer = nodes(&tree).into_iter().find(|node| node.kind() == "class_body");
    if let Some(body) = outer {
        let mut cursor = body.walk();
        let methods: Vec<Node> =
            body.children(&mut cursor).filter(|node| node.kind() == "method_declaration").collect();
        for (node, with) in methods.iter().zip(methods.iter().rev()) {
            edits.push((node.start_byte(), node.end_byte(), text[with.byte_range()].to_owned()));
        }
    }
    replaced(text, edits)
}
