//! Findings as an editor shows them.

use std::path::PathBuf;

use gen_lsp_types::{
    ClientCapabilities, Code, CodeDescription, Diagnostic, DiagnosticRelatedInformation, DiagnosticSeverity,
    Location as Place, Position, Range,
};

use super::SOURCE;
use super::folder::{Folder, uri_of};
use super::text::Encoding;
use super::worker::ByFile;
use crate::finding::{Finding, Severity};
use crate::report::NOT_READ;
use crate::report::source_map::{FileText, SourceMap};
use crate::rules::error::RuleErrors;
use crate::rules::explain;
use crate::rules::rule::RuleSet;
use crate::scan::Scan;
use crate::span::Location;

/// What the client can show, and how it counts columns.
#[derive(Clone, Copy, Debug)]
pub struct View {
    pub encoding: Encoding,
    related: bool,
    link: bool,
}

impl View {
    pub fn of(client: &ClientCapabilities) -> View {
        let publish =
            client.text_document.as_ref().and_then(|document| document.publish_diagnostics.as_ref());
        let shown = publish.map(|publish| &publish.diagnostics_capabilities);
        View {
            encoding: Encoding::negotiate(client),
            related: shown.and_then(|shown| shown.related_information) == Some(true),
            link: shown.and_then(|shown| shown.code_description_support) == Some(true),
        }
    }
}

/// The findings of a scan and the files that it could not use.
pub fn of_scan(scan: &Scan, rules: &RuleSet, folder: &Folder, view: View) -> ByFile {
    let sources = SourceMap::new(&scan.project);
    let mut files = ByFile::new();
    for finding in &scan.findings {
        let file = &scan.project.file(finding.primary.file).absolute;
        let diagnostic = of_finding(finding, scan, &sources, rules, folder, view);
        files.entry(folder.shown(file)).or_default().push(diagnostic);
    }
    for problem in &scan.project.problems {
        let mut diagnostic = plain(DiagnosticSeverity::Information, problem.to_string());
        diagnostic.code = Some(Code::String(NOT_READ.to_owned()));
        let file = scan.project.root.join(&problem.path);
        files.entry(folder.shown(&file)).or_default().push(diagnostic);
    }
    files
}

fn of_finding(
    finding: &Finding,
    scan: &Scan,
    sources: &SourceMap,
    rules: &RuleSet,
    folder: &Folder,
    view: View,
) -> Diagnostic {
    let range = |at: Location| {
        sources.text(at.file).map_or_else(Range::default, |text| view.encoding.range(&text, at))
    };
    let related = |at: Location, message: String| {
        let uri = uri_of(&folder.shown(&scan.project.file(at.file).absolute))?;
        Some(DiagnosticRelatedInformation { location: Place { uri, range: range(at) }, message })
    };
    let mut diagnostic = plain(severity(finding.severity), finding.message.clone());
    diagnostic.range = range(finding.primary);
    diagnostic.code = Some(Code::String(finding.rule.clone()));
    if view.link {
        let page = rules.rule(&finding.rule).and_then(|rule| explain::documentation(rule)?.parse().ok());
        diagnostic.code_description = page.map(|href| CodeDescription { href });
    }
    if view.related {
        let steps = finding.path.iter().enumerate();
        let path =
            steps.filter_map(|(index, step)| related(step.at, format!("{}. {}", index + 1, step.label)));
        let others = finding.related.iter().filter_map(|step| related(step.at, step.label.clone()));
        // The path starts at the first.
        let origins = finding.origins.iter().skip(1);
        let origins =
            origins.filter_map(|origin| related(origin.at, format!("also reached from {}", origin.name)));
        let all: Vec<_> = path.chain(others).chain(origins).collect();
        diagnostic.related_information = (!all.is_empty()).then_some(all);
    }
    diagnostic
}

/// The mistakes in rule files and in the configuration, in the files where they are.
pub fn of_mistakes(errors: &RuleErrors, folder: &Folder, view: View) -> ByFile {
    let mut files = ByFile::new();
    for error in &errors.0 {
        let Some(file) = existing(folder, &error.file) else { continue };
        let message = match &error.help {
            Some(help) => format!("{} ({help})", error.message),
            None => error.message.clone(),
        };
        let mut diagnostic = plain(DiagnosticSeverity::Error, message);
        if let Some(place) = &error.place {
            let line = place.line.saturating_sub(1);
            let text = std::fs::read_to_string(&file).map(FileText::new);
            // Columns of the place count in characters.
            let column = |from: usize| match &text {
                Ok(text) => view.encoding.width(&text.line(line).chars().take(from).collect::<String>()),
                Err(_) => 0,
            };
            let start = place.start.saturating_sub(1);
            let at = |character| Position { line: line as u32, character };
            diagnostic.range = Range { start: at(column(start)), end: at(column(start + place.width)) };
        }
        files.entry(file).or_default().push(diagnostic);
    }
    files
}

/// The file that a mistake names, as the editor knows it; `None` where it is no file.
fn existing(folder: &Folder, named: &str) -> Option<PathBuf> {
    let file = std::path::absolute(named).ok()?;
    file.is_file().then(|| folder.shown(&file))
}

fn plain(severity: DiagnosticSeverity, message: String) -> Diagnostic {
    Diagnostic {
        range: Range::default(),
        severity: Some(severity),
        code: None,
        code_description: None,
        source: Some(SOURCE.to_owned()),
        message: message.into(),
        tags: None,
        related_information: None,
        data: None,
    }
}

/// A note is no hint: editors hide those.
fn severity(severity: Severity) -> DiagnosticSeverity {
    match severity {
        Severity::Error => DiagnosticSeverity::Error,
        Severity::Warning => DiagnosticSeverity::Warning,
        Severity::Note => DiagnosticSeverity::Information,
    }
}
