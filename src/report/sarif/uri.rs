//! Relative paths as URI references.

/// Percent-encodes what RFC 3986 does not allow in a path segment. A colon too: in the first segment it
/// would end a scheme.
pub fn relative(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' => uri.push(byte as char),
            b'-' | b'.' | b'_' | b'~' | b'!' | b'$' | b'&' | b'\'' => uri.push(byte as char),
            b'(' | b')' | b'*' | b'+' | b',' | b';' | b'=' | b'@' => uri.push(byte as char),
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_a_path_may_not_hold_is_encoded() {
        assert_eq!(super::relative("main/a b#é%:[1]?.cls"), "main/a%20b%23%C3%A9%25%3A%5B1%5D%3F.cls");
    }
}
