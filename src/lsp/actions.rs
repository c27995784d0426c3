//! What an editor offers to do about a finding.

use std::collections::HashMap;

use gen_lsp_types::{
    Code, CodeAction, CodeActionKind, Command, Diagnostic, Position, Range, TextEdit, Uri, WorkspaceEdit,
};

use super::SOURCE;
use crate::report::source_map::FileText;
use crate::rules::explain;
use crate::rules::rule::RuleSet;

/// The command that shows a rule's page; its argument is the page's address.
pub const OPEN_DOCUMENTATION: &str = "seamlint.openDocumentation";

/// What is written in place of the reason that only the author knows.
const REASON: &str = "TODO say why";

/// The actions for the diagnostics under the cursor, in the file `uri` whose text is `text`.
pub fn actions(uri: &Uri, text: &FileText, diagnostics: &[Diagnostic], rules: &RuleSet) -> Vec<CodeAction> {
    let mut actions = Vec::new();
    let ours = diagnostics.iter().filter(|diagnostic| diagnostic.source.as_deref() == Some(SOURCE));
    for diagnostic in ours {
        let Some(Code::String(id)) = &diagnostic.code else { continue };
        // What no rule found cannot be suppressed.
        let Some(rule) = rules.rule(id) else { continue };
        let style = Style::of(uri);
        let line = style.line_for_comment(text, diagnostic.range.start.line as usize);
        let here = insert(uri, text, line, &style.comment("seamlint-ignore", id));
        actions.push(action(format!("Suppress {id} here"), diagnostic, Some(here), None));
        let top = style.first_line(text);
        let file = insert(uri, text, top, &style.comment("seamlint-ignore-file", id));
        actions.push(action(format!("Suppress {id} in this file"), diagnostic, Some(file), None));
        if let Some(page) = explain::documentation(rule) {
            let title = format!("Open the documentation of {id}");
            let command = Command {
                title: title.clone(),
                tooltip: None,
                command: OPEN_DOCUMENTATION.to_owned(),
                arguments: Some(vec![page.into()]),
            };
            actions.push(action(title, diagnostic, None, Some(command)));
        }
    }
    actions
}

fn action(
    title: String,
    diagnostic: &Diagnostic,
    edit: Option<WorkspaceEdit>,
    command: Option<Command>,
) -> CodeAction {
    CodeAction {
        title,
        kind: Some(CodeActionKind::QuickFix),
        diagnostics: Some(vec![diagnostic.clone()]),
        is_preferred: None,
        disabled: None,
        edit,
        command,
        data: None,
        tags: None,
    }
}

/// How a comment is written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    Apex,
    Xml,
}

impl Style {
    fn of(uri: &Uri) -> Style {
        let path = uri.path().to_ascii_lowercase();
        if [".cls", ".trigger", ".js"].iter().any(|end| path.ends_with(end)) {
            Style::Apex
        } else {
            Style::Xml
        }
    }

    fn comment(self, word: &str, rule: &str) -> String {
        match self {
            Style::Apex => format!("// {word} {rule}: {REASON}"),
            Style::Xml => format!("<!-- {word} {rule}: {REASON} -->"),
        }
    }

    /// The line above which a comment about `line` goes. An XML comment must not stand inside a tag or
    /// a text, so it goes above the tag that the line continues.
    fn line_for_comment(self, text: &FileText, line: usize) -> usize {
        let line = line.min(text.line_count().saturating_sub(1));
        match self {
            Style::Apex => line,
            Style::Xml => {
                let starts_tag = |line: &usize| text.line(*line).trim_start().starts_with('<');
                (0..=line).rev().find(starts_tag).unwrap_or(line).max(self.first_line(text))
            }
        }
    }

    /// The first line above which a comment may stand: an XML declaration must come first.
    fn first_line(self, text: &FileText) -> usize {
        match self {
            Style::Xml if text.line(0).trim_start_matches('\u{feff}').starts_with("<?xml") => 1,
            _ => 0,
        }
    }
}

/// Inserts `comment` above a line, indented like it.
fn insert(uri: &Uri, text: &FileText, line: usize, comment: &str) -> WorkspaceEdit {
    let below = text.line(line);
    let indentation = &below[..below.len() - below.trim_start_matches([' ', '\t']).len()];
    let line_end = if text.text().contains("\r\n") { "\r\n" } else { "\n" };
    let at = Position { line: line as u32, character: 0 };
    let edit = TextEdit {
        range: Range { start: at, end: at },
        new_text: format!("{indentation}{comment}{line_end}"),
    };
    WorkspaceEdit {
        changes: Some(HashMap::from([(uri.clone(), vec![edit])])),
        document_changes: None,
        change_annotations: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_xml_comment_never_stands_inside_a_tag_or_before_the_declaration() {
        let text = FileText::new(
            "<?xml version=\"1.0\"?>\n<Flow>\n  <actionCalls\n    a=\"b\">\n    x\n    y\n".to_owned(),
        );
        assert_eq!(Style::Xml.line_for_comment(&text, 3), 2);
        assert_eq!(Style::Xml.line_for_comment(&text, 0), 1);
        assert_eq!(Style::Xml.line_for_comment(&text, 99), 2);
        assert_eq!(Style::Xml.first_line(&text), 1);
        assert_eq!(Style::Apex.line_for_comment(&text, 3), 3);
    }
}
