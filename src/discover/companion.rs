//! The companion of an Apex file, `X.cls-meta.xml`: API version and status.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::text::{decode, error_text};
use crate::xml;

/// Companions have some 200 bytes, a kilobyte with package versions. One read gets them.
const USUAL_BYTES: usize = 4096;

/// What a larger one says beyond this is not read.
const MAX_BYTES: u64 = 64 * 1024;

/// What a companion file says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Companion {
    pub api_version: Option<u16>,
    pub active: bool,
}

pub(super) fn read_companion(path: &Path) -> Result<Companion, String> {
    let bytes = read_head(path).map_err(|error| format!("cannot be read: {}", error_text(&error)))?;
    parse_companion(&decode(bytes))
}

fn read_head(path: &Path) -> io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    let mut bytes = vec![0; USUAL_BYTES];
    let length = file.read(&mut bytes)?;
    bytes.truncate(length);
    if length == USUAL_BYTES {
        file.take(MAX_BYTES).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn parse_companion(text: &str) -> Result<Companion, String> {
    let mut companion = Companion { api_version: None, active: true };
    // Only children of the root count: `packageVersions` has versions of its own.
    xml::each_child(text, |name, value| match name {
        "apiVersion" => companion.api_version = tenths(value),
        "status" => {
            companion.active = !["Inactive", "Deleted"].iter().any(|off| value.eq_ignore_ascii_case(off));
        }
        _ => {}
    })?;
    Ok(companion)
}

/// `60.0` → 600. Salesforce writes one decimal, people sometimes none.
pub(super) fn tenths(version: &str) -> Option<u16> {
    let (whole, fraction) = version.trim().split_once('.').unwrap_or((version.trim(), "0"));
    let whole: u16 = whole.parse().ok()?;
    let tenth = fraction.chars().next().map_or(Some(0), |digit| digit.to_digit(10))?;
    whole.checked_mul(10)?.checked_add(tenth as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_and_status() {
        let text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n\
            <ApexClass xmlns=\"http://soap.sforce.com/2006/04/metadata\">\r\n\
            <apiVersion>60.0</apiVersion><!-- x -->\r\n\
            <packageVersions><status>Inactive</status><apiVersion>1.0</apiVersion></packageVersions>\r\n\
            <status>Active</status>\r\n</ApexClass>\r\n";
        assert_eq!(parse_companion(text), Ok(Companion { api_version: Some(600), active: true }));
    }

    #[test]
    fn inactive_and_deleted_are_off() {
        for status in ["Inactive", "Deleted", " inactive "] {
            let text =
                format!("<md:ApexTrigger xmlns:md='x'><md:status>{status}</md:status></md:ApexTrigger>");
            assert_eq!(parse_companion(&text), Ok(Companion { api_version: None, active: false }));
        }
    }

    #[test]
    fn broken_xml_is_told_and_an_empty_file_says_nothing() {
        assert!(parse_companion("<ApexClass><apiVersion>60").is_err());
        assert!(parse_companion("<a></b>").is_err());
        assert_eq!(parse_companion(""), Ok(Companion { api_version: None, active: true }));
    }

    #[test]
    fn versions_in_tenths() {
        assert_eq!(tenths("60.0"), Some(600));
        assert_eq!(tenths(" 8.5 "), Some(85));
        assert_eq!(tenths("61"), Some(610));
        assert_eq!(tenths("6553.6"), None);
        assert_eq!(tenths("x"), None);
    }
}
