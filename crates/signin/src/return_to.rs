//! Where somebody goes after they signed in: a path of ours, never another server.

use muster_app::Authority;
use muster_model::EntityId;
use muster_web::Problem;

use crate::browser::Browser;

/// The home of the console.
const CONSOLE: &str = "/";
/// What everybody may see.
const ACCOUNT: &str = "/account";
/// Letters of an address at most.
const LONGEST: usize = 4096;

/// The path, if it is one of ours; otherwise nothing. What browsers take for the beginning of another server's address
/// (`//`, `/\`), and signs that they leave out, are none.
pub(crate) fn checked(asked: &str) -> &str {
    let is_plain = asked.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_path = asked.starts_with('/') && !asked.starts_with("//");
    if is_plain && is_path && asked.len() <= LONGEST { asked } else { "" }
}

/// Where somebody goes who is in: where they wanted to, or to the console if there is anything for them to see, or to their account.
pub(crate) async fn target<'a>(
    browser: &Browser,
    identity: EntityId,
    return_to: &'a str,
) -> Result<&'a str, Problem> {
    if !return_to.is_empty() {
        return Ok(return_to);
    }
    let authority = Authority::of(&browser.ctx, &browser.opened, identity).await?;
    let sees = authority.is_some_and(|authority| authority.has_any());
    Ok(if sees { CONSOLE } else { ACCOUNT })
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
            assert_eq!(checked(other), "", "{other:?}");
        }
        assert_eq!(checked(&format!("/{}", "a".repeat(5000))), "");
    }
}
