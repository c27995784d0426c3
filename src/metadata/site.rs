//! Which hosts the org and its pages may talk to (RemoteSiteSetting, CspTrustedSite, CorsWhitelistOrigin).

use serde::Serialize;

use super::Header;
use crate::span::Spanned;
use crate::xml::Element;

/// A host that Apex may call.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RemoteSite {
    pub header: Header,
    pub url: Option<Spanned<String>>,
    pub active: bool,
    /// `true` lets code go between http and https.
    pub disable_protocol_security: Option<Spanned<bool>>,
    pub description: Option<Spanned<String>>,
}

/// A host that pages in the browser may talk to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CspSite {
    pub header: Header,
    pub url: Option<Spanned<String>>,
    pub active: bool,
    /// `All`, `LEX`, `Communities`, `VisualForce`, …
    pub context: Option<Spanned<String>>,
    /// Whether scripts may send data there, or only images, styles and the like are loaded.
    pub connects: bool,
}

/// A site whose scripts may call the org's API.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CorsOrigin {
    pub header: Header,
    pub pattern: Option<Spanned<String>>,
}

pub(super) fn remote_site(header: Header, root: &Element) -> RemoteSite {
    RemoteSite {
        header,
        url: root.text("url"),
        active: root.flag("isActive").is_none_or(|active| active.value),
        disable_protocol_security: root.flag("disableProtocolSecurity"),
        description: root.text("description"),
    }
}

pub(super) fn csp_site(header: Header, root: &Element) -> CspSite {
    CspSite {
        header,
        url: root.text("endpointUrl"),
        active: root.flag("isActive").is_none_or(|active| active.value),
        context: root.text("context"),
        connects: root.flag("isApplicableToConnectSrc").is_none_or(|connects| connects.value),
    }
}

pub(super) fn cors_origin(header: Header, root: &Element) -> CorsOrigin {
    CorsOrigin { header, pattern: root.text("urlPattern") }
}
