//! Where somebody goes after they signed in: a path of ours, never another server.

/// Where people go who came from nowhere.
pub(crate) const HOME: &str = "/account";
/// Letters of an address at most.
const LONGEST: usize = 4096;

/// The path, if it is one of ours; otherwise [`HOME`]. What browsers take for the beginning of another server's address
/// (`//`, `/\`), and signs that they leave out, are none.
pub(crate) fn checked(asked: &str) -> &str {
    let is_plain = asked.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_path = asked.starts_with('/') && !asked.starts_with("//");
    if is_plain && is_path && asked.len() <= LONGEST { asked } else { HOME }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_ours_are_returned_to() {
        for own in ["/", "/account", "/oauth2/authorize?client_id=a&request_uri=urn:x", "/a//b"] {
            assert_eq!(checked(own), own);
        }
        for other in [
            "",
            "account",
            "//evil.example",
            "/\\evil.example",
            "\\/evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "https://evil.example",
            "https:/evil.example",
            "javascript:alert(1)",
            " /account",
            "/a\u{202e}b",
        ] {
            assert_eq!(checked(other), HOME, "{other:?}");
        }
        assert_eq!(checked(&format!("/{}", "a".repeat(5000))), HOME);
    }
}
