//! What a file is, told by its name and the folder it is in.

use super::SourceKind;

/// Folders that hold copies, tools or opaque content, never sources of the org.
///
/// Dot folders hold half-typed copies and library stubs (`.history/`, `.sfdx/`); the content of a
/// static resource is data for the browser, whatever its files are called.
pub(super) fn is_skipped_folder(name: &str) -> bool {
    name.starts_with('.') || name == "node_modules" || name == "staticresources"
}

/// The kind of a file, or `None` where seamlint has no use for it.
///
/// `folder` is the name of the folder that the file is in: a metadata API record `Type.Record.md`
/// differs from a Markdown page only by its place.
pub(super) fn kind_of(name: &str, folder: &str) -> Option<SourceKind> {
    // Also the resource forks that macOS leaves behind (`._Foo.cls`).
    if name.starts_with('.') {
        return None;
    }
    let (stem, suffix) = name.rsplit_once('.')?;
    if ends_with_fold(name, "__e.object-meta.xml") || ends_with_fold(name, "__e.object") {
        return Some(SourceKind::PlatformEvent);
    }
    if suffix.eq_ignore_ascii_case("xml") {
        return record_name(name)
            .filter(|_| ends_with_fold(stem, ".md-meta"))
            .map(|_| SourceKind::CustomMetadata);
    }
    let kind = [
        ("cls", SourceKind::ApexClass),
        ("trigger", SourceKind::ApexTrigger),
        ("page", SourceKind::Visualforce),
        ("component", SourceKind::Visualforce),
    ];
    if let Some((_, kind)) = kind.into_iter().find(|(known, _)| suffix.eq_ignore_ascii_case(known)) {
        return Some(kind);
    }
    let is_record = suffix.eq_ignore_ascii_case("md")
        && folder.eq_ignore_ascii_case("customMetadata")
        && record_name(name).is_some();
    is_record.then_some(SourceKind::CustomMetadata)
}

/// The content file that a `.cls-meta.xml` or `.trigger-meta.xml` belongs to.
pub(super) fn described_by(name: &str) -> Option<&str> {
    let content = strip_suffix_fold(name, "-meta.xml")?;
    (ends_with_fold(content, ".cls") || ends_with_fold(content, ".trigger")).then_some(content)
}

/// Type and record name of a custom metadata file, `Trigger_Action.Account_Notify.md-meta.xml`,
/// as far as the name tells; the type without `__mdt`.
pub fn record_name(file_name: &str) -> Option<(String, String)> {
    let stem =
        strip_suffix_fold(file_name, ".md-meta.xml").or_else(|| strip_suffix_fold(file_name, ".md"))?;
    let stem = percent_decode(stem);
    let (type_name, record) = stem.split_once('.')?;
    if type_name.is_empty() || record.is_empty() {
        return None;
    }
    let type_name = strip_suffix_fold(type_name, "__mdt").unwrap_or(type_name);
    Some((type_name.to_string(), record.to_string()))
}

/// Salesforce writes characters that a file name must not have as `%2E`, `%20`, …
fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        let decoded = match tail {
            [high, low, ..] if byte == b'%' => hex(*high).zip(hex(*low)),
            _ => None,
        };
        match decoded {
            Some((high, low)) => {
                bytes.push(high * 16 + low);
                rest = &tail[2..];
            }
            None => {
                bytes.push(byte);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).unwrap_or_else(|_| text.to_string())
}

fn hex(digit: u8) -> Option<u8> {
    (digit as char).to_digit(16).map(|value| value as u8)
}

fn ends_with_fold(text: &str, end: &str) -> bool {
    strip_suffix_fold(text, end).is_some()
}

fn strip_suffix_fold<'t>(text: &'t str, end: &str) -> Option<&'t str> {
    let at = text.len().checked_sub(end.len())?;
    let tail = text.get(at..)?;
    tail.eq_ignore_ascii_case(end).then(|| &text[..at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_by_suffix() {
        assert_eq!(kind_of("A.cls", "classes"), Some(SourceKind::ApexClass));
        assert_eq!(kind_of("A.CLS", "x"), Some(SourceKind::ApexClass));
        assert_eq!(kind_of("T.trigger", "triggers"), Some(SourceKind::ApexTrigger));
        assert_eq!(kind_of("P.page", "pages"), Some(SourceKind::Visualforce));
        assert_eq!(kind_of("C.component", "components"), Some(SourceKind::Visualforce));
        assert_eq!(kind_of("A.cls-meta.xml", "classes"), None);
        assert_eq!(kind_of("x.component.ts", "components"), None);
        assert_eq!(kind_of("run.apex", "scripts"), None);
        assert_eq!(kind_of("._A.cls", "classes"), None);
        assert_eq!(kind_of("cls", "classes"), None);
    }

    #[test]
    fn a_record_is_not_a_markdown_page() {
        assert_eq!(kind_of("T.R.md-meta.xml", "customMetadata"), Some(SourceKind::CustomMetadata));
        assert_eq!(kind_of("T.R.md", "customMetadata"), Some(SourceKind::CustomMetadata));
        assert_eq!(kind_of("README.md", "customMetadata"), None);
        assert_eq!(kind_of("a.b.md", "docs"), None);
    }

    #[test]
    fn record_names_are_decoded() {
        let name = |file| record_name(file).unwrap();
        assert_eq!(name("Trigger_Action.Acc.md-meta.xml"), ("Trigger_Action".into(), "Acc".into()));
        assert_eq!(name("ns__T__mdt.A%2EB %zz.md"), ("ns__T".into(), "A.B %zz".into()));
        assert_eq!(record_name("Only.md"), None);
        assert_eq!(record_name("é.md"), None);
    }

    #[test]
    fn companions() {
        assert_eq!(described_by("A.cls-meta.xml"), Some("A.cls"));
        assert_eq!(described_by("A.trigger-META.xml"), Some("A.trigger"));
        assert_eq!(described_by("A.page-meta.xml"), None);
    }
}
