//! What looks like a secret, and what only stands for one.

use rustc_hash::FxHashMap;

use super::flow::UNKNOWN;

/// Whether `text`, sent in this header, is a secret that stands in the source.
pub fn is_secret_header(name: Option<&str>, text: &str) -> bool {
    let Some(name) = name else { return false };
    let text = text.trim();
    if name == "authorization" || name == "proxy-authorization" {
        let Some((scheme, secret)) = text.split_once(' ') else { return is_secret(text) };
        return match scheme.to_ascii_lowercase().as_str() {
            // `Basic user:password`: the encoding was looked through.
            "basic" => match secret.split_once(':') {
                Some((user, password)) => {
                    is_literal(user)
                        && is_literal(password)
                        && password.len() >= 4
                        && !is_placeholder(password)
                }
                None => is_secret(secret),
            },
            _ => is_secret(secret),
        };
    }
    let names_secret = ["key", "token", "secret", "password", "signature"];
    names_secret.iter().any(|word| name.split(['-', '_']).any(|part| part.ends_with(word))) && is_secret(text)
}

/// `client_secret=…`, `"password":"…"` with a literal value.
pub fn has_secret_parameter(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    for name in ["client_secret", "password", "api_key", "apikey", "refresh_token", "assertion"] {
        for (start, _) in lower.match_indices(name) {
            let rest = &text[start + name.len()..];
            let rest = rest.trim_start_matches(['"', '\'', ' ']);
            let Some(rest) = rest.strip_prefix(['=', ':']) else { continue };
            let value: String = rest
                .trim_start_matches(['"', '\'', ' '])
                .chars()
                .take_while(|ch| !matches!(ch, '&' | '"' | '\'' | ',' | '}' | ' ' | '<'))
                .collect();
            if value.len() >= 8 && is_literal(&value) && !is_placeholder(&value) {
                return true;
            }
        }
    }
    false
}

/// Whether a setting of this name (`Api_Key__c`, `clientSecret`) with this value holds a secret.
pub fn is_secret_setting(name: &str, value: &str) -> bool {
    let value = value.trim();
    if value.contains(char::is_whitespace) || !is_literal(value) || is_placeholder(value) {
        return value.starts_with("-----BEGIN") && value.contains("PRIVATE KEY-----");
    }
    if is_unmistakable(value) {
        return true;
    }
    if value.contains("://") {
        return has_secret_parameter(value);
    }
    match secret_name(name) {
        // Like `Hunter2!`: shorter than a key, but surely no word.
        SecretName::Password => value.len() >= 8 && value.chars().any(|ch| ch.is_ascii_digit()),
        SecretName::Key => is_secret(value) && value.chars().any(|ch| ch.is_ascii_digit()),
        SecretName::No => false,
    }
}

/// Whether an element that is there for a secret holds one, and no placeholder.
pub fn is_literal_secret(value: &str) -> bool {
    let value = value.trim();
    value.len() >= 6 && !value.contains(char::is_whitespace) && is_literal(value) && !is_placeholder(value)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum SecretName {
    Password,
    Key,
    No,
}

/// What the name of a setting says of its value: that it is a secret, or only about one
/// (`Token_Url__c`, `Public_Key__c`, `Password_Field_Label__c`).
fn secret_name(name: &str) -> SecretName {
    let words = words_of(name);
    let has = |word: &str| words.iter().any(|known| known == word);
    let about = [
        "url",
        "uri",
        "endpoint",
        "path",
        "host",
        "field",
        "label",
        "name",
        "header",
        "type",
        "class",
        "method",
        "public",
        "publishable",
        "hash",
        "hashed",
        "length",
        "expiry",
        "expires",
        "format",
        "prefix",
        "message",
        "error",
        "policy",
        "encrypted",
        "credential",
        "param",
        "parameter",
        "id",
    ];
    if about.iter().any(|word| has(word)) {
        return SecretName::No;
    }
    if ["password", "passwd", "pwd", "passphrase", "secret"].iter().any(|word| has(word)) {
        return SecretName::Password;
    }
    let qualified =
        ["api", "access", "private", "subscription", "auth", "signing", "encryption", "license", "service"];
    let is_key = has("key") && qualified.iter().any(|word| has(word));
    if is_key || has("apikey") || has("token") || has("authorization") {
        return SecretName::Key;
    }
    SecretName::No
}

/// The words of a name, lower case: `API_Key__c` and `apiKey` give `api`, `key`.
fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower_before = false;
    for ch in name.chars() {
        if !ch.is_alphanumeric() || (ch.is_uppercase() && lower_before) {
            words.push(String::new());
        }
        lower_before = ch.is_lowercase() || ch.is_numeric();
        if ch.is_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.extend(ch.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Keys whose form alone tells what they are, wherever they stand.
fn is_unmistakable(text: &str) -> bool {
    let forms: [(&str, usize); 8] = [
        ("AKIA", 20),
        ("sk_live_", 24),
        ("rk_live_", 24),
        ("ghp_", 36),
        ("xoxb-", 24),
        ("xoxp-", 24),
        ("SG.", 60),
        ("AIza", 39),
    ];
    let plain = |ch: char| ch.is_ascii_alphanumeric() || matches!(ch, '_' | '-' | '.');
    forms.iter().any(|(prefix, length)| {
        text.starts_with(prefix) && text.len() >= *length && text.chars().all(plain) && entropy(text) > 3.0
    })
}

fn is_literal(text: &str) -> bool {
    !text.is_empty() && !text.contains(UNKNOWN)
}

/// Long and irregular enough to be a secret, and not a placeholder.
fn is_secret(text: &str) -> bool {
    let text = text.trim();
    text.len() >= 16
        && is_literal(text)
        && !text.contains(char::is_whitespace)
        && !is_placeholder(text)
        && (has_known_prefix(text) || entropy(text) > 3.5)
}

fn has_known_prefix(text: &str) -> bool {
    ["AKIA", "sk_live_", "sk_test_", "ghp_", "xoxb-", "xoxp-", "SG.", "AIza", "eyJ", "00D"]
        .iter()
        .any(|prefix| text.starts_with(prefix))
}

/// Text that stands for a secret: merge fields, templates, words.
fn is_placeholder(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    let marks = ["{!", "${", "{{", "{0}", "<", ">", "***", "xxxx", "...", "%%"];
    let words = [
        "your",
        "changeme",
        "change_me",
        "example",
        "placeholder",
        "dummy",
        "sample",
        "todo",
        "replace",
        "insert",
    ];
    marks.iter().any(|mark| lower.contains(mark))
        || words.iter().any(|word| lower.contains(word))
        || lower.chars().all(|ch| !ch.is_ascii_digit())
            && lower.chars().all(|ch| ch.is_ascii_lowercase() || ch == '_' || ch == '-')
}

/// Shannon entropy in bits a character.
fn entropy(text: &str) -> f64 {
    let mut counts: FxHashMap<char, u32> = FxHashMap::default();
    for ch in text.chars() {
        *counts.entry(ch).or_default() += 1;
    }
    let total = text.chars().count() as f64;
    -counts.values().map(|&count| f64::from(count) / total).map(|share| share * share.log2()).sum::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_from_placeholders_and_names() {
        assert!(is_secret_header(Some("authorization"), "Bearer a8Fk29xLq0ZpTr5Wm3Yv7Nd1"));
        assert!(is_secret_header(Some("authorization"), "Basic integration:Pa55w0rd!"));
        assert!(!is_secret_header(Some("authorization"), "Bearer \u{1}"));
        assert!(!is_secret_header(Some("authorization"), "Bearer {!$Credential.OAuthToken}"));
        assert!(!is_secret_header(Some("content-type"), "application/x-www-form-urlencoded"));
        assert!(!is_secret_header(Some("x-api-key"), "YOUR_API_KEY_GOES_HERE"));
        assert!(has_secret_parameter("grant_type=password&client_secret=4f9aQ81kLm22&x=1"));
        assert!(!has_secret_parameter("client_secret=\u{1}&username=\u{1}"));
    }

    #[test]
    fn the_name_of_a_setting_and_its_value_make_a_secret() {
        assert!(is_secret_setting("API_Key__c", "a8Fk29xLq0ZpTr5Wm3Yv7Nd1"));
        assert!(is_secret_setting("clientSecret", "Hunter2-and-more"));
        assert!(is_secret_setting("Value__c", "AKIAIOSFODNN7QRXTPLW"));
        assert!(is_secret_setting("Url__c", "https://x.test/a?client_secret=4f9aQ81kLm22"));
        for (name, value) in [
            ("API_Key__c", "YOUR_API_KEY"),
            ("Token_Url__c", "https://x.test/oauth/token2/a8Fk29xLq0ZpTr5W"),
            ("Public_Key__c", "a8Fk29xLq0ZpTr5Wm3Yv7Nd1"),
            ("Password_Label__c", "Password12345"),
            ("Password__c", "Please enter 1 password"),
            ("Api_Key__c", "{!$Credential.Erp.Key}"),
            ("Key__c", "a8Fk29xLq0ZpTr5Wm3Yv7Nd1"),
            ("Monkey__c", "a8Fk29xLq0ZpTr5Wm3Yv7Nd1"),
            ("Token__c", "RefreshTokenHandler"),
        ] {
            assert!(!is_secret_setting(name, value), "{name}");
        }
    }
}
