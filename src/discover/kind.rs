//! What a file is, told by its name and the folder it is in.

use std::borrow::Cow;
use std::path::Path;

use super::{MetadataKind, SourceKind};

/// Folders that hold copies, tools or opaque content, never sources of the org.
///
/// Dot folders hold half-typed copies and library stubs (`.history/`, `.sfdx/`); the content of a
/// static resource is data for the browser, whatever its files are called.
pub(super) fn is_skipped_folder(name: &str) -> bool {
    name.starts_with('.') || name == "node_modules" || name == "staticresources"
}

/// The metadata types that seamlint reads: suffix, and folder in metadata format. Only in its folder is
/// a file in metadata format told from others: suffixes like `.flow` mean other things elsewhere.
/// Source: forcedotcom/source-deploy-retrieve, `metadataRegistry.json`.
const METADATA: &[(&str, &str, MetadataKind)] = &[
    ("platformEventChannel", "platformEventChannels", MetadataKind::Channel),
    ("platformEventChannelMember", "platformEventChannelMembers", MetadataKind::ChannelMember),
    ("platformEventSubscriberConfig", "PlatformEventSubscriberConfigs", MetadataKind::SubscriberConfig),
    ("managedEventSubscription", "managedEventSubscriptions", MetadataKind::ManagedSubscription),
    ("eventRelay", "eventRelays", MetadataKind::EventRelay),
    ("namedCredential", "namedCredentials", MetadataKind::NamedCredential),
    ("externalCredential", "externalCredentials", MetadataKind::ExternalCredential),
    ("authprovider", "authproviders", MetadataKind::AuthProvider),
    ("externalAuthIdentityProvider", "externalAuthIdentityProviders", MetadataKind::IdentityProvider),
    ("remoteSite", "remoteSiteSettings", MetadataKind::RemoteSite),
    ("cspTrustedSite", "cspTrustedSites", MetadataKind::CspSite),
    ("corsWhitelistOrigin", "corsWhitelistOrigins", MetadataKind::CorsOrigin),
    ("externalServiceRegistration", "externalServiceRegistrations", MetadataKind::ExternalService),
    ("dataSource", "dataSources", MetadataKind::DataSource),
    ("flow", "flows", MetadataKind::Flow),
    ("flowDefinition", "flowDefinitions", MetadataKind::FlowDefinition),
    ("workflow", "workflows", MetadataKind::Workflow),
    ("connectedApp", "connectedApps", MetadataKind::ConnectedApp),
    ("eca", "externalClientApps", MetadataKind::ClientApp),
    ("ecaOauth", "extlClntAppOauthSettings", MetadataKind::ClientAppOauth),
    ("ecaGlblOauth", "extlClntAppGlobalOauthSets", MetadataKind::ClientAppGlobalOauth),
    ("ecaOauthPlcy", "extlClntAppOauthPolicies", MetadataKind::ClientAppOauthPolicy),
    ("ecaPlcy", "extlClntAppPolicies", MetadataKind::ClientAppPolicy),
    ("labels", "labels", MetadataKind::Labels),
    ("profile", "profiles", MetadataKind::Profile),
];

/// The kind of a file, or `None` where seamlint has no use for it.
///
/// `folder` is the path of the folder that the file is in: a metadata API record `Type.Record.md`
/// differs from a Markdown page only by its place.
pub(super) fn kind_of(name: &str, folder: &Path) -> Option<SourceKind> {
    if crate::config::NAMES.contains(&name) {
        return Some(SourceKind::Configuration);
    }
    // Also the resource forks that macOS leaves behind (`._Foo.cls`).
    if name.starts_with('.') {
        return None;
    }
    if let Some(stem) = strip_suffix_fold(name, "-meta.xml") {
        // Where a Lightning web component may be shown.
        if strip_suffix_fold(stem, ".js").is_some() {
            return is_bundle_of(folder, &["lwc"]).then_some(SourceKind::Script);
        }
        return source_format(stem, folder).map(SourceKind::Metadata);
    }
    let (stem, suffix) = name.rsplit_once('.')?;
    let kind = [
        ("cls", SourceKind::ApexClass),
        ("trigger", SourceKind::ApexTrigger),
        ("page", SourceKind::Visualforce),
        ("component", SourceKind::Visualforce),
    ];
    if let Some((_, kind)) = kind.into_iter().find(|(known, _)| suffix.eq_ignore_ascii_case(known)) {
        return Some(kind);
    }
    // `lwc/name/name.js`, `aura/Name/NameController.js`; tests are one folder deeper.
    let bundles: &[&str] = match suffix.to_ascii_lowercase().as_str() {
        "js" => &["lwc", "aura"],
        "html" => &["lwc"],
        "cmp" => &["aura"],
        _ => &[],
    };
    if !bundles.is_empty() {
        return is_bundle_of(folder, bundles).then_some(SourceKind::Script);
    }
    metadata_format(stem, suffix, folder).map(SourceKind::Metadata)
}

/// Whether a folder is that of a component: right below one of these.
fn is_bundle_of(folder: &Path, homes: &[&str]) -> bool {
    let home = folder.parent().map(folder_name).unwrap_or_default();
    homes.iter().any(|known| home.eq_ignore_ascii_case(known))
}

/// The kind of `Stem.suffix-meta.xml`.
fn source_format(stem: &str, folder: &Path) -> Option<MetadataKind> {
    let (name, suffix) = stem.rsplit_once('.')?;
    // By far the most files of a repository are fields: all but a few are of no use.
    if suffix.eq_ignore_ascii_case("field") {
        let object = folder.parent().map(folder_name).unwrap_or_default();
        return object_kind(&object).map(|_| MetadataKind::Field);
    }
    if suffix.eq_ignore_ascii_case("object") {
        return object_kind(name);
    }
    if suffix.eq_ignore_ascii_case("md") {
        return record_name(stem).map(|_| MetadataKind::Record);
    }
    let known = METADATA.iter().find(|(known, _, _)| known.eq_ignore_ascii_case(suffix));
    known.map(|(_, _, kind)| *kind)
}

/// The kind of `Stem.suffix` in metadata format.
fn metadata_format(stem: &str, suffix: &str, folder: &Path) -> Option<MetadataKind> {
    if suffix.eq_ignore_ascii_case("object") {
        return object_kind(stem);
    }
    if suffix.eq_ignore_ascii_case("md") {
        let in_place = folder_name(folder).eq_ignore_ascii_case("customMetadata");
        return (in_place && record_name(&format!("{stem}.md")).is_some()).then_some(MetadataKind::Record);
    }
    let (_, home, kind) = METADATA.iter().find(|(known, _, _)| known.eq_ignore_ascii_case(suffix))?;
    folder_name(folder).eq_ignore_ascii_case(home).then_some(*kind)
}

/// Which objects are read, told by their names. All others have many fields and nothing that counts here.
fn object_kind(object: &str) -> Option<MetadataKind> {
    if ends_with_fold(object, "__e") {
        Some(MetadataKind::PlatformEvent)
    } else if ends_with_fold(object, "__x") {
        Some(MetadataKind::ExternalObject)
    } else {
        None
    }
}

fn folder_name(folder: &Path) -> Cow<'_, str> {
    folder.file_name().unwrap_or_default().to_string_lossy()
}

/// The content file that a `.cls-meta.xml` or `.trigger-meta.xml` belongs to.
pub(super) fn described_by(name: &str) -> Option<&str> {
    let content = strip_suffix_fold(name, "-meta.xml")?;
    (ends_with_fold(content, ".cls") || ends_with_fold(content, ".trigger")).then_some(content)
}

/// The full name of the component in `Name.suffix-meta.xml` or `Name.suffix`.
pub fn full_name(file_name: &str, suffix: &str) -> Option<String> {
    let stem = strip_suffix_fold(file_name, "-meta.xml").unwrap_or(file_name);
    let stem = strip_suffix_fold(stem, suffix)?.strip_suffix('.')?;
    Some(percent_decode(stem))
}

/// Type and record name of a custom metadata file, `Trigger_Action.Account_Notify.md-meta.xml`,
/// as far as the name tells; the type without `__mdt`.
pub fn record_name(file_name: &str) -> Option<(String, String)> {
    let stem = full_name(file_name, "md")?;
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
        assert_eq!(kind_of("A.cls", Path::new("classes")), Some(SourceKind::ApexClass));
        assert_eq!(kind_of("A.CLS", Path::new("x")), Some(SourceKind::ApexClass));
        assert_eq!(kind_of("T.trigger", Path::new("triggers")), Some(SourceKind::ApexTrigger));
        assert_eq!(kind_of("P.page", Path::new("pages")), Some(SourceKind::Visualforce));
        assert_eq!(kind_of("C.component", Path::new("components")), Some(SourceKind::Visualforce));
        assert_eq!(kind_of("A.cls-meta.xml", Path::new("classes")), None);
        assert_eq!(kind_of("x.component.ts", Path::new("components")), None);
        assert_eq!(kind_of("run.apex", Path::new("scripts")), None);
        assert_eq!(kind_of("._A.cls", Path::new("classes")), None);
        assert_eq!(kind_of("cls", Path::new("classes")), None);
    }

    #[test]
    fn a_record_is_not_a_markdown_page() {
        assert_eq!(
            kind_of("T.R.md-meta.xml", Path::new("customMetadata")),
            Some(SourceKind::Metadata(MetadataKind::Record))
        );
        assert_eq!(
            kind_of("T.R.md", Path::new("customMetadata")),
            Some(SourceKind::Metadata(MetadataKind::Record))
        );
        assert_eq!(kind_of("README.md", Path::new("customMetadata")), None);
        assert_eq!(kind_of("a.b.md", Path::new("docs")), None);
    }

    #[test]
    fn metadata_is_known_in_both_formats_where_it_is_needed() {
        let kind = |name: &str, folder: &str| match kind_of(name, Path::new(folder)) {
            Some(SourceKind::Metadata(kind)) => Some(kind),
            other => {
                assert_eq!(other, None);
                None
            }
        };
        for (suffix, home, expected) in METADATA {
            assert_eq!(kind(&format!("X.{suffix}-meta.xml"), "any"), Some(*expected));
            assert_eq!(kind(&format!("X.{suffix}"), home), Some(*expected));
            assert_eq!(kind(&format!("X.{suffix}"), "any"), None);
        }
        assert_eq!(kind("E__e.object-meta.xml", "objects/E__e"), Some(MetadataKind::PlatformEvent));
        assert_eq!(kind("E__E.object", "objects"), Some(MetadataKind::PlatformEvent));
        assert_eq!(kind("I__x.object", "objects"), Some(MetadataKind::ExternalObject));
        assert_eq!(kind("A__c.field-meta.xml", "objects/I__x/fields"), Some(MetadataKind::Field));
        assert_eq!(kind("A__c.field-meta.xml", "objects/Account/fields"), None);
        assert_eq!(kind("Account.object-meta.xml", "objects/Account"), None);
        assert_eq!(kind("X.layout-meta.xml", "layouts"), None);
        assert_eq!(kind("-meta.xml", "layouts"), None);
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
