//! What other systems log in with (ConnectedApp, and the parts of an ExternalClientApplication).

use serde::Serialize;

use super::Header;
use crate::name::Name;
use crate::span::Spanned;
use crate::xml::Element;

/// Which file an [`App`] was read from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum AppPart {
    /// A connected app, whole.
    Connected,
    /// An external client app is spread over files: the app itself, …
    Client,
    /// … its OAuth settings, …
    Oauth,
    /// … what of them is the same in all orgs, …
    GlobalOauth,
    /// … and what the administrator allows.
    OauthPolicy,
    Policy,
}

/// A connected app or a part of an external client app, as far as its file tells.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct App {
    pub header: Header,
    pub part: AppPart,
    /// The app that the part belongs to.
    pub app: Name,
    pub label: Option<Spanned<String>>,
    pub consumer_key: Option<Spanned<String>>,
    pub consumer_secret: Option<Spanned<String>>,
    /// Where logins come back to; one app may have several.
    pub callback_urls: Vec<Spanned<String>>,
    pub scopes: Vec<Spanned<String>>,
    /// Whether only users that an administrator chose may use it.
    pub admin_approved: Option<Spanned<bool>>,
    pub ip_relaxation: Option<Spanned<String>>,
    pub refresh_token_policy: Option<Spanned<String>>,
    /// Whether it may log in with its key and secret alone.
    pub client_credentials: Option<Spanned<bool>>,
    pub pkce_required: Option<Spanned<bool>>,
    /// Whom a login with key and secret alone acts as.
    pub client_credentials_user: Option<Spanned<String>>,
    /// Whether it logs in with a certificate (JWT bearer flow).
    pub has_certificate: bool,
    /// Whether it has a start page, a canvas, SAML or a mobile part: people open it.
    pub interactive: bool,
}

pub(super) fn connected(header: Header, root: &Element) -> App {
    let oauth = root.first("oauthConfig");
    let policy = root.first("oauthPolicy");
    let interactive =
        ["canvasConfig", "canvas", "samlConfig", "mobileStartUrl", "startUrl", "mobileAppConfig"];
    App {
        part: AppPart::Connected,
        app: header.name,
        label: root.text("label"),
        consumer_key: oauth.and_then(|oauth| oauth.text("consumerKey")),
        consumer_secret: oauth.and_then(|oauth| oauth.text("consumerSecret")),
        callback_urls: oauth
            .and_then(|oauth| oauth.text("callbackUrl"))
            .map(|list| split(list, char::is_whitespace))
            .unwrap_or_default(),
        scopes: oauth.map(|oauth| oauth.texts("scopes")).unwrap_or_default(),
        admin_approved: oauth.and_then(|oauth| oauth.flag("isAdminApproved")),
        ip_relaxation: policy.and_then(|policy| policy.text("ipRelaxation")),
        refresh_token_policy: policy.and_then(|policy| policy.text("refreshTokenPolicy")),
        client_credentials: oauth.and_then(|oauth| oauth.flag("isClientCredentialEnabled")),
        pkce_required: oauth.and_then(|oauth| oauth.flag("isPkceRequired")),
        client_credentials_user: oauth.and_then(|oauth| oauth.text("oauthClientCredentialUser")),
        has_certificate: oauth.is_some_and(|oauth| oauth.text("certificate").is_some()),
        interactive: interactive.iter().any(|name| root.first(name).is_some()),
        header,
    }
}

pub(super) fn client(header: Header, root: &Element, part: AppPart) -> App {
    let parent = root.name("externalClientApplication").map(|name| name.value);
    let permitted = root.text("permittedUsersPolicyType");
    App {
        part,
        app: parent.unwrap_or(header.name),
        label: root.text("label"),
        consumer_key: root.text("consumerKey"),
        consumer_secret: root.text("consumerSecret"),
        callback_urls: root
            .text("callbackUrl")
            .map(|list| split(list, |ch| ch.is_whitespace() || ch == ','))
            .unwrap_or_default(),
        scopes: root
            .text("commaSeparatedOauthScopes")
            .map(|list| split(list, |ch| ch == ','))
            .unwrap_or_default(),
        admin_approved: permitted
            .map(|permitted| permitted.map(|text| text.eq_ignore_ascii_case("AdminApprovedPreAuthorized"))),
        ip_relaxation: root.text("ipRelaxationPolicyType"),
        refresh_token_policy: root.text("refreshTokenPolicyType"),
        client_credentials: root.flag("isClientCredentialsFlowEnabled"),
        pkce_required: root.flag("isPkceRequired"),
        client_credentials_user: root.text("clientCredentialsFlowUser"),
        has_certificate: root.text("certificate").is_some(),
        interactive: root.text("startPage").is_some() || root.text("startUrl").is_some(),
        header,
    }
}

/// The entries of a list in one text, each with its own place.
fn split(list: Spanned<String>, separates: impl Fn(char) -> bool) -> Vec<Spanned<String>> {
    // Offsets hold only where the text stands in the file as it is, without entities.
    let as_written = list.value.len() as u32 == list.at.end - list.at.start;
    let entry = |entry: &str| {
        let value = entry.trim();
        let mut at = list.at;
        if as_written {
            at.start += (value.as_ptr() as usize - list.value.as_ptr() as usize) as u32;
            at.end = at.start + value.len() as u32;
        }
        Spanned { value: value.to_owned(), at }
    };
    list.value.split(separates).filter(|entry| !entry.trim().is_empty()).map(entry).collect()
}
