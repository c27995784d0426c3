//! The parts of an address that say where it leads.

/// Scheme and host of a URL, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    /// `https`, `http`, `wss` or `ws`.
    pub scheme: &'static str,
    /// Without user, port and path. May hold what is not known of it.
    pub host: String,
}

impl Url {
    /// `None` where the text is no URL of these schemes.
    pub fn of(text: &str) -> Option<Url> {
        let lower = text.trim_start().to_ascii_lowercase();
        let (scheme, rest) = ["https", "http", "wss", "ws"].into_iter().find_map(|scheme| {
            let rest = lower.strip_prefix(scheme)?.strip_prefix("://")?;
            Some((scheme, rest))
        })?;
        let host: String = rest.chars().take_while(|ch| !matches!(ch, '/' | '?' | '#' | ':')).collect();
        Some(Url { scheme, host })
    }

    /// The URL of a configured endpoint whose host is given, and no template.
    pub fn of_endpoint(text: &str) -> Option<Url> {
        let plain = |ch: char| ch.is_alphanumeric() || matches!(ch, '.' | '-' | '_');
        Url::of(text).filter(|url| !url.host.is_empty() && url.host.chars().all(plain))
    }
}

/// Whether a host is one of Salesforce itself: this org, another one, or the login.
pub fn is_salesforce(host: &str) -> bool {
    let domains =
        ["salesforce.com", "force.com", "salesforce-setup.com", "cloudforce.com", "visualforce.com"];
    domains
        .iter()
        .any(|domain| host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        let host = |text| Url::of_endpoint(text).map(|url| (url.scheme, url.host));
        assert_eq!(host(" HTTPS://Api.Example.com:8443/v1?x=1"), Some(("https", "api.example.com".into())));
        assert_eq!(host("ws://x"), Some(("ws", "x".into())));
        assert_eq!(host("https://{{HOST}}/x"), None);
        assert_eq!(host("callout:ERP"), None);
        assert_eq!(host("https:///x"), None);
        assert!(
            is_salesforce("na53.salesforce.com")
                && is_salesforce("force.com")
                && !is_salesforce("enforce.com")
        );
    }
}
