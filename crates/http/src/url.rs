//! Addresses: the base URL, what is appended to it, and the check that nothing leads elsewhere.

use muster_connector::ConnectorError;
use reqwest::Url;

/// Percent-encodes everything but letters, digits, `-`, `.`, `_` and `~`, for one segment of a path or one value of a
/// query.
pub fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            encoded.push(char::from(byte));
        } else {
            // Writing into a String cannot fail.
            _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// Reads an `http` or `https` address; the error says what is wrong with it.
pub(crate) fn parse(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("`{text}` is not a URL: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("`{text}` is not an http or https address"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the URL holds a user or a password".to_owned());
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(format!("`{}` has a query or a fragment", without_query(text)));
    }
    Ok(url)
}

/// The part of an address before its query, which may hold what nobody should read.
pub(crate) fn without_query(text: &str) -> &str {
    text.split(['?', '#']).next().unwrap_or(text)
}

/// True when everything sent there can be read by nobody in between: TLS, or the machine itself.
pub(crate) fn is_private(url: &Url) -> bool {
    url.scheme() == "https" || is_loopback(url)
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || bare.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The full address of `path`, which is below `base`, or an absolute address on the same host.
pub(crate) fn join(
    base: &Url,
    path: &str,
    query: &[(String, String)],
) -> Result<Url, ConnectorError> {
    let is_absolute = path.contains("://");
    let mut text = if is_absolute {
        path.to_owned()
    } else {
        let base = base.as_str().trim_end_matches('/');
        let path = path.trim_start_matches('/');
        if path.is_empty() { base.to_owned() } else { format!("{base}/{path}") }
    };
    for (name, value) in query {
        let sign = if text.contains('?') { '&' } else { '?' };
        text = format!("{text}{sign}{}={}", encode(name), encode(value));
    }
    let shown = without_query(path);
    let url = Url::parse(&text)
        .map_err(|error| ConnectorError::Invalid(format!("`{shown}` makes no URL: {error}")))?;
    if url.origin() != base.origin() || !url.username().is_empty() || url.password().is_some() {
        return Err(ConnectorError::Malformed(format!(
            "`{shown}` lies on another host than `{}`; nothing was sent there",
            base.origin().ascii_serialization()
        )));
    }
    if !is_absolute && !is_below(&url, base) {
        return Err(ConnectorError::Invalid(format!("`{shown}` leads out of the base URL")));
    }
    Ok(url)
}

fn is_below(url: &Url, base: &Url) -> bool {
    let base = base.path().trim_end_matches('/');
    let rest = url.path().strip_prefix(base);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(path: &str) -> Result<String, ConnectorError> {
        let base = parse("https://crm.example/scim/v2/").unwrap();
        let query = [("filter".to_owned(), "a eq \"b c\"".to_owned())];
        join(&base, path, &query).map(|url| url.to_string())
    }

    #[test]
    fn a_path_is_appended_to_the_base_and_a_query_is_encoded() {
        assert_eq!(
            joined("Users/7").unwrap(),
            "https://crm.example/scim/v2/Users/7?filter=a%20eq%20%22b%20c%22"
        );
        assert!(joined("/Users?x=1").unwrap().contains("/scim/v2/Users?x=1&filter="));
        assert!(joined("").unwrap().starts_with("https://crm.example/scim/v2?"));
    }

    #[test]
    fn no_path_leads_out_of_the_base_or_to_another_host() {
        assert!(matches!(joined("../admin"), Err(ConnectorError::Invalid(_))));
        assert!(matches!(joined("a/%2e%2e/%2E%2E/b"), Err(ConnectorError::Invalid(_))));
        for elsewhere in [
            "https://evil.example/scim/v2/Users",
            "http://crm.example/scim/v2/Users",
            "https://crm.example:444/scim/v2",
            "https://crm.example@evil.example/",
            "https://me@crm.example/scim/v2",
        ] {
            let error = joined(elsewhere).unwrap_err();
            assert!(matches!(error, ConnectorError::Malformed(_)), "{elsewhere}: {error}");
        }
        assert!(joined("https://crm.example/next?page=2").is_ok());
        assert!(
            joined("//evil.example/x").unwrap().starts_with("https://crm.example/scim/v2/evil")
        );
    }

    #[test]
    fn a_base_has_no_password_no_query_and_a_known_scheme() {
        for wrong in ["ftp://x", "https://u:p@x", "https://x/?a=1", "https://x/#a", "x", "https://"]
        {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        assert!(is_private(&parse("http://[::1]:80").unwrap()));
        assert!(is_private(&parse("http://127.0.0.1:80").unwrap()));
        assert!(!is_private(&parse("http://localhost.example").unwrap()));
    }
}
