//! How callouts log in (NamedCredential, ExternalCredential, AuthProvider, ExternalAuthIdentityProvider).

use serde::Serialize;

use super::Header;
use crate::name::Name;
use crate::span::Spanned;
use crate::xml::Element;

/// A named credential: an endpoint, and how to log in there.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NamedCredential {
    pub header: Header,
    pub url: Option<Spanned<String>>,
    /// `SecuredEndpoint`, `PrivateEndpoint`, `Legacy`; missing in old files.
    pub credential_type: Option<Spanned<String>>,
    /// Whether it is of the old kind, which holds its login itself (before API 56).
    pub legacy: bool,
    /// Of the old kind: `NoAuthentication`, `Password`, `Oauth`, `Jwt`, `JwtExchange`, `AwsSv4`.
    pub protocol: Option<Spanned<String>>,
    /// Of the old kind: `Anonymous`, `NamedUser`, `PerUser`.
    pub principal_type: Option<Spanned<String>>,
    /// Of the new kind.
    pub external_credential: Option<Spanned<Name>>,
    /// Of the old kind.
    pub auth_provider: Option<Spanned<Name>>,
    /// Whether it proves who it is with a certificate of its own.
    pub has_certificate: bool,
    pub generate_authorization_header: Option<Spanned<bool>>,
    /// `false` where the credential is switched off.
    pub enabled: bool,
    /// The HTTP headers that it adds.
    pub headers: Vec<Parameter>,
    /// The elements that hold a secret, by their names.
    pub secrets: Vec<(&'static str, Spanned<String>)>,
}

/// A named value of a credential.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Parameter {
    pub name: Option<Spanned<String>>,
    /// `Url`, `HttpHeader`, `AuthHeader`, `NamedPrincipal`, `AuthProviderUrl`, …
    pub parameter_type: Option<Spanned<String>>,
    pub value: Option<Spanned<String>>,
    pub auth_provider: Option<Spanned<Name>>,
    pub identity_provider: Option<Spanned<Name>>,
}

/// How to log in, for one or more named credentials.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ExternalCredential {
    pub header: Header,
    /// `Oauth`, `Custom`, `Basic`, `Jwt`, `AwsSv4`, `NoAuthentication`, …
    pub protocol: Option<Spanned<String>>,
    pub parameters: Vec<Parameter>,
}

/// A provider of logins (OpenID Connect and others).
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AuthProvider {
    pub header: Header,
    pub provider_type: Option<Spanned<String>>,
    pub consumer_key: Option<Spanned<String>>,
    pub consumer_secret: Option<Spanned<String>>,
    /// Where it sends users and tokens.
    pub urls: Vec<Spanned<String>>,
}

/// The successor of an auth provider for external credentials.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IdentityProvider {
    pub header: Header,
    pub protocol: Option<Spanned<String>>,
    pub parameters: Vec<Parameter>,
}

/// The named credential in `callout:Name/path`.
pub fn callout_name(endpoint: &str) -> Option<Name> {
    let (scheme, rest) = endpoint.split_once(':')?;
    let name = rest.split(['/', '?', '#']).next().unwrap_or_default().trim();
    (scheme.trim().eq_ignore_ascii_case("callout") && !name.is_empty()).then(|| Name::new(name))
}

pub(super) fn named(header: Header, root: &Element) -> NamedCredential {
    let parameters = parameters(root, "namedCredentialParameters");
    let of_type = |wanted| {
        let is_wanted = move |text: &Spanned<String>| text.value.eq_ignore_ascii_case(wanted);
        parameters.iter().filter(move |parameter| parameter.parameter_type.as_ref().is_some_and(is_wanted))
    };
    let credential_type = root.text("namedCredentialType");
    let external =
        root.all("namedCredentialParameters").find_map(|element| element.name("externalCredential"));
    let legacy = match &credential_type {
        Some(stated) => stated.value.eq_ignore_ascii_case("Legacy"),
        None => parameters.is_empty(),
    };
    let secrets = ["password", "oauthToken", "oauthRefreshToken", "awsAccessSecret"];
    NamedCredential {
        url: root.text("endpoint").or_else(|| of_type("Url").find_map(|parameter| parameter.value.clone())),
        credential_type,
        legacy,
        protocol: root.text("protocol"),
        principal_type: root.text("principalType"),
        external_credential: external,
        auth_provider: root.name("authProvider"),
        has_certificate: root.text("certificate").is_some() || of_type("ClientCertificate").next().is_some(),
        generate_authorization_header: root.flag("generateAuthorizationHeader"),
        enabled: !root
            .text("calloutStatus")
            .is_some_and(|status| status.value.eq_ignore_ascii_case("Disabled")),
        headers: of_type("HttpHeader").cloned().collect(),
        secrets: secrets.into_iter().filter_map(|name| Some((name, root.text(name)?))).collect(),
        header,
    }
}

pub(super) fn external(header: Header, root: &Element) -> ExternalCredential {
    let parameters = parameters(root, "externalCredentialParameters");
    ExternalCredential { header, protocol: root.text("authenticationProtocol"), parameters }
}

pub(super) fn auth_provider(header: Header, root: &Element) -> AuthProvider {
    let urls = ["authorizeUrl", "tokenUrl", "userInfoUrl"];
    AuthProvider {
        header,
        provider_type: root.text("providerType"),
        consumer_key: root.text("consumerKey"),
        consumer_secret: root.text("consumerSecret"),
        urls: urls.into_iter().filter_map(|name| root.text(name)).collect(),
    }
}

pub(super) fn identity_provider(header: Header, root: &Element) -> IdentityProvider {
    let parameters = parameters(root, "externalAuthIdentityProviderParameters");
    IdentityProvider { header, protocol: root.text("authenticationProtocol"), parameters }
}

fn parameters(root: &Element, element: &str) -> Vec<Parameter> {
    let parameter = |element: &Element| Parameter {
        name: element.text("parameterName"),
        parameter_type: element.text("parameterType"),
        value: element.text("parameterValue"),
        auth_provider: element.name("authProvider"),
        identity_provider: element.name("externalAuthIdentityProvider"),
    };
    root.all(element).map(parameter).collect()
}
