//! What visitors who are not logged in may run: profiles with a guest licence (Profile).
//!
//! Profiles are by far the largest files of a repository, so they are read only where somebody asks, and
//! only the few elements that count are looked at.

use memchr::memmem;
use rayon::prelude::*;
use serde::Serialize;

use super::Header;
use crate::discover::{MetadataKind, Problem, Project, SourceFile, SourceKind, full_name, read_text};
use crate::name::Name;
use crate::span::Span;
use crate::xml;

/// The profile of a site's guest user, with the classes that it may run.
///
/// Source: Metadata API Developer Guide, Profile (`userLicense`, `classAccesses`).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct GuestProfile {
    pub header: Header,
    /// Sorted.
    pub classes: Vec<Name>,
}

/// The guest profiles of a project, in the order of the files, and what could not be read.
pub fn guests(project: &Project) -> (Vec<GuestProfile>, Vec<Problem>) {
    let files: Vec<&SourceFile> = project.of_kind(SourceKind::Metadata(MetadataKind::Profile)).collect();
    let read: Vec<_> = files.into_par_iter().with_max_len(1).map(read_file).collect();
    let (mut guests, mut problems) = (Vec::new(), Vec::new());
    for result in read {
        match result {
            Ok(guest) => guests.extend(guest),
            Err(problem) => problems.push(problem),
        }
    }
    (guests, problems)
}

fn read_file(file: &SourceFile) -> Result<Option<GuestProfile>, Problem> {
    let text = read_text(&file.absolute).map_err(|error| Problem::new(&file.path, error.to_string()))?;
    let Some(classes) = guest_classes(&text) else { return Ok(None) };
    let name = full_name(file.name(), "profile").unwrap_or_else(|| file.name().to_owned());
    let header = Header {
        name: Name::new(&name),
        file: file.id,
        at: Span::new(0, 0),
        complete: true,
        api_version: None,
    };
    Ok(Some(GuestProfile { header, classes }))
}

/// The classes that a profile opens; `None` where it is no guest's.
fn guest_classes(text: &str) -> Option<Vec<Name>> {
    const LICENCE: &str = "<userLicense>";
    let licence = memmem::rfind(text.as_bytes(), LICENCE.as_bytes()).map(|at| &text[at + LICENCE.len()..])?;
    let licence = licence.split('<').next().unwrap_or_default();
    if !licence.to_ascii_lowercase().contains("guest") {
        return None;
    }
    let mut classes: Vec<Name> = elements(text, "classAccesses")
        .filter_map(|element| {
            let document = xml::parse(element);
            let root = document.root?;
            if root.is("enabled") { root.name("apexClass").map(|name| name.value) } else { None }
        })
        .collect();
    classes.sort();
    classes.dedup();
    Some(classes)
}

/// The text of each element of that name.
fn elements<'t>(text: &'t str, name: &str) -> impl Iterator<Item = &'t str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let mut rest = text;
    std::iter::from_fn(move || {
        let start = memmem::find(rest.as_bytes(), open.as_bytes())?;
        let end = start + memmem::find(&rest.as_bytes()[start..], close.as_bytes())? + close.len();
        let element = &rest[start..end];
        rest = &rest[end..];
        Some(element)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn classes(licence: &str) -> Option<Vec<String>> {
        let text = format!(
            "<Profile>\n<classAccesses><apexClass>Open</apexClass><enabled>true</enabled></classAccesses>\n\
             <classAccesses>\n<apexClass>Shut</apexClass><enabled>false</enabled></classAccesses>\n\
             <custom>true</custom>{licence}<classAccesses><apexClass>Cut</apexClass>"
        );
        guest_classes(&text).map(|names| names.iter().map(|name| name.to_string()).collect())
    }

    #[test]
    fn only_what_a_guest_profile_enables_counts() {
        assert_eq!(classes("<userLicense>Guest User License</userLicense>"), Some(vec!["Open".to_owned()]));
        assert_eq!(classes("<userLicense>Salesforce</userLicense>"), None);
        assert_eq!(classes(""), None);
        assert_eq!(classes("<userLicense>"), None);
    }
}
