//! What the manifests of a folder in metadata format take out of the org.
//!
//! `destructiveChangesPost.xml` deletes after the sources beside it are deployed. The other two delete
//! before, so what `package.xml` lists is there again. A manifest elsewhere in a repository belongs to one
//! deployment of the past and says nothing of the sources.
//! Source: Metadata API Developer Guide, "Deleting Components from an Organization".

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::kind::full_name;
use super::text::read_text;
use super::walk::Candidate;
use crate::xml;

/// The types that a manifest may name, by their suffix, where the two differ.
const TYPES: &[(&str, &str)] = &[
    ("cls", "ApexClass"),
    ("trigger", "ApexTrigger"),
    ("page", "ApexPage"),
    ("component", "ApexComponent"),
    ("object", "CustomObject"),
    ("md", "CustomMetadata"),
    ("eventRelay", "EventRelayConfig"),
    ("remoteSite", "RemoteSiteSetting"),
    ("dataSource", "ExternalDataSource"),
    ("eca", "ExternalClientApplication"),
    ("ecaOauth", "ExtlClntAppOauthSettings"),
    ("ecaGlblOauth", "ExtlClntAppGlobalOauthSettings"),
    ("ecaOauthPlcy", "ExtlClntAppOauthConfigurablePolicies"),
    ("ecaPlcy", "ExtlClntAppConfigurablePolicies"),
];

/// Components by the name of their type and their full name, both in lower case.
#[derive(Debug, Default)]
pub(super) struct Removed(HashSet<(String, String)>);

impl Removed {
    /// What is deleted by the manifests in `folder`. One that cannot be read deletes nothing; the
    /// problems are told.
    pub(super) fn by_manifests_in(folder: &Path) -> (Removed, Vec<(PathBuf, String)>) {
        let mut problems = Vec::new();
        let mut read = |name: &str| {
            let path = folder.join(name);
            if !path.is_file() {
                return HashSet::new();
            }
            members(&path).unwrap_or_else(|message| {
                problems.push((path, message));
                HashSet::new()
            })
        };
        let deployed = read("package.xml");
        let mut removed = read("destructiveChanges.xml");
        removed.extend(read("destructiveChangesPre.xml"));
        removed.retain(|(kind, name)| {
            !deployed.contains(&(kind.clone(), name.clone()))
                && !deployed.contains(&(kind.clone(), "*".to_owned()))
        });
        removed.extend(read("destructiveChangesPost.xml"));
        (Removed(removed), problems)
    }

    pub(super) fn has(&self, candidate: &Candidate) -> bool {
        let file_name = candidate.relative.rsplit('/').next().unwrap_or_default();
        let stem = file_name.strip_suffix("-meta.xml").unwrap_or(file_name);
        let suffix = stem.rsplit('.').next().unwrap_or_default();
        let known = TYPES.iter().find(|(known, _)| known.eq_ignore_ascii_case(suffix));
        let kind = known.map_or(suffix, |(_, kind)| kind);
        !self.0.is_empty()
            && full_name(file_name, suffix)
                .is_some_and(|name| self.0.contains(&(kind.to_lowercase(), name.to_lowercase())))
    }
}

/// The members of a manifest.
fn members(path: &Path) -> Result<HashSet<(String, String)>, String> {
    let text = read_text(path).map_err(|error| error.to_string())?;
    let document = xml::parse(&text);
    if let Some(error) = document.error {
        return Err(error.message(&text));
    }
    let mut found = HashSet::new();
    for types in document.root.iter().flat_map(|root| root.all("types")) {
        let Some(kind) = types.text("name") else { continue };
        let names = types.texts("members").into_iter();
        found.extend(names.map(|name| (kind.value.to_lowercase(), name.value.to_lowercase())));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::discover::SourceKind;

    fn manifest(types: &[(&str, &[&str])]) -> String {
        let types = types.iter().map(|(kind, names)| {
            let members: String = names.iter().map(|name| format!("<members>{name}</members>")).collect();
            format!("<types>{members}<name>{kind}</name></types>")
        });
        format!("<Package>{}<version>62.0</version></Package>", types.collect::<String>())
    }

    #[test]
    fn what_is_deleted_last_or_never_deployed_is_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let write =
            |name: &str, text: String| std::fs::write(folder.path().join(name), text).expect("written");
        write("package.xml", manifest(&[("ApexClass", &["Again"]), ("NamedCredential", &["*"])]));
        let before: &[(&str, &[&str])] = &[("ApexClass", &["Again", "Old"]), ("NamedCredential", &["ERP"])];
        write("destructiveChanges.xml", manifest(before));
        write("destructiveChangesPost.xml", manifest(&[("RemoteSiteSetting", &["Old_Site"])]));
        let (removed, problems) = Removed::by_manifests_in(folder.path());
        assert!(problems.is_empty());
        let gone = |relative: &str| {
            removed.has(&Candidate {
                absolute: PathBuf::new(),
                relative: relative.to_owned(),
                kind: SourceKind::ApexClass,
                companion: None,
                forceignored: false,
            })
        };
        assert!(gone("src/classes/old.cls") && gone("src/remoteSiteSettings/Old_Site.remoteSite"));
        assert!(!gone("src/classes/Again.cls") && !gone("src/namedCredentials/ERP.namedCredential"));
        assert!(!gone("src/triggers/Old.trigger"));
        write("destructiveChangesPre.xml", "<Package>".to_owned());
        assert_eq!(Removed::by_manifests_in(folder.path()).1.len(), 1);
    }
}
