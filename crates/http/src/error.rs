//! What a failed call means: statuses, broken connections, and the server's own words without our secrets.

use std::{error::Error as _, time::Duration};

use muster_connector::{ConnectorError, Secret};
use serde_json::Value;

use crate::{Response, url};

/// How much of the server's words is shown, in characters.
const MOST_CHARS: usize = 300;
/// How much of a body is looked at for them, in bytes.
const MOST_BYTES: usize = 64 * 1024;
/// Shorter secrets would make every text unreadable; no service issues them.
const SHORTEST_SECRET: usize = 4;

/// The error for a status that is not success, about the object `name`.
pub(crate) fn from_status(response: &Response, name: &str) -> ConnectorError {
    let said = response.problem();
    let sentence = |words: &str| {
        if said.is_empty() {
            format!("{words} (HTTP {})", response.status)
        } else {
            format!("{words} (HTTP {}): {said}", response.status)
        }
    };
    match response.status {
        300..=399 => {
            let to = response.header("location").map_or("nowhere", url::without_query);
            ConnectorError::Settings(format!(
                "the server redirects to `{}`, which is never followed; put the right address into `url`",
                trimmed(to, &response.hidden)
            ))
        }
        401 => ConnectorError::Refused(sentence("the server does not accept our credentials")),
        403 => ConnectorError::Refused(sentence("the server does not allow this")),
        404 | 410 => ConnectorError::NotFound { name: name.into() },
        407 => ConnectorError::Refused(sentence("the proxy asks for credentials")),
        408 => ConnectorError::Unreachable(sentence("the server gave up waiting for the request")),
        409 => ConnectorError::AlreadyExists { name: name.into() },
        429 => ConnectorError::Throttled { after: response.retry_after() },
        503 if response.retry_after().is_some() => {
            ConnectorError::Throttled { after: response.retry_after() }
        }
        501 | 505 => ConnectorError::Invalid(sentence("the server cannot do this")),
        500..=599 => ConnectorError::Unreachable(sentence("the server failed")),
        _ => ConnectorError::Invalid(sentence("the server refused it")),
    }
}

/// The error for a call that got no answer.
pub(crate) fn from_transport(error: reqwest::Error, timeout: Duration) -> ConnectorError {
    if error.is_builder() {
        return ConnectorError::Invalid(format!("the request cannot be made: {}", chain(error)));
    }
    if error.is_timeout() {
        let seconds = timeout.as_secs_f64();
        return ConnectorError::Unreachable(format!("no answer within {seconds} s"));
    }
    let text = chain(error);
    let hint = if text.contains("UnknownIssuer") {
        " (if the server's certificate comes from an authority of your own, name its file in `tls: { ca: FILE }`)"
    } else {
        ""
    };
    ConnectorError::Unreachable(format!("{text}{hint}"))
}

/// The messages of an error and its causes, without the address, which may hold what was searched for.
fn chain(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut texts = vec![error.to_string()];
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if texts.iter().all(|known| !known.contains(&text)) {
            texts.push(text);
        }
        source = cause.source();
    }
    texts.join(": ")
}

/// What a body says about a problem, from the fields in which APIs say it.
pub(crate) fn problem(body: &[u8], hidden: &[Secret]) -> String {
    let body = body.get(..MOST_BYTES).unwrap_or(body);
    let text = if let Ok(value) = serde_json::from_slice::<Value>(body) {
        said(&value, 0).unwrap_or_default()
    } else {
        let text = String::from_utf8_lossy(body).into_owned();
        // A page for a browser says nothing in one line.
        if text.trim_start().starts_with(['<', '{', '[']) { String::new() } else { text }
    };
    trimmed(&text, hidden)
}

/// Looks where SCIM, RFC 9457, OAuth and common APIs put their words.
fn said(value: &Value, depth: usize) -> Option<String> {
    if depth > 3 {
        return None;
    }
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Array(items) => items.iter().find_map(|item| said(item, depth + 1)),
        Value::Object(map) => {
            let keys = [
                "detail",
                "error_description",
                "message",
                "errorSummary",
                "title",
                "error",
                "errors",
                "Errors",
            ];
            let found = keys.iter().find_map(|key| said(map.get(*key)?, depth + 1))?;
            match map.get("scimType").and_then(Value::as_str) {
                Some(kind) => Some(format!("{kind}: {found}")),
                None => Some(found),
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}

/// One line of at most [`MOST_CHARS`] characters in which no secret stands.
pub(crate) fn trimmed(text: &str, hidden: &[Secret]) -> String {
    let mut text = text.to_owned();
    for secret in hidden.iter().filter(|secret| secret.reveal().len() >= SHORTEST_SECRET) {
        text = text.replace(secret.reveal(), "[secret]");
    }
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|w| !w.is_empty())
        .collect();
    let line = words.join(" ");
    if line.chars().count() <= MOST_CHARS {
        return line;
    }
    let mut short: String = line.chars().take(MOST_CHARS).collect();
    short.push('…');
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Response {
        Response {
            status,
            headers: headers
                .iter()
                .map(|(n, v)| (n.parse().unwrap(), v.parse().unwrap()))
                .collect(),
            body: body.to_owned().into(),
            hidden: vec![Secret::new("tok-12345")],
        }
    }

    #[test]
    fn a_status_becomes_the_error_that_says_what_to_do() {
        let error = |status| answer(status, &[], "").error("ada");
        assert!(matches!(error(401), ConnectorError::Refused(_)));
        assert!(matches!(error(403), ConnectorError::Refused(_)));
        assert_eq!(error(404), ConnectorError::NotFound { name: "ada".into() });
        assert_eq!(error(409), ConnectorError::AlreadyExists { name: "ada".into() });
        assert_eq!(error(429), ConnectorError::Throttled { after: None });
        assert!(matches!(error(400), ConnectorError::Invalid(_)));
        assert!(matches!(error(500), ConnectorError::Unreachable(_)));
        assert!(matches!(error(501), ConnectorError::Invalid(_)));
        assert!(matches!(error(302), ConnectorError::Settings(_)));
        let busy = answer(503, &[("Retry-After", "7")], "").error("ada");
        assert_eq!(busy, ConnectorError::Throttled { after: Some(Duration::from_secs(7)) });
    }

    #[test]
    fn the_words_of_a_server_are_short_and_without_secrets() {
        let said = |body: &str| answer(400, &[], body).problem();
        assert_eq!(
            said(r#"{"detail":"bad\nvalue","scimType":"invalidValue"}"#),
            "invalidValue: bad value"
        );
        assert_eq!(said(r#"{"error":{"message":"no"}}"#), "no");
        assert_eq!(said(r#"{"Errors":[{"description":"x"},{"message":"y"}]}"#), "y");
        assert_eq!(said("plain  words\u{7}"), "plain words");
        assert_eq!(said("<html>token tok-12345</html>"), "");
        assert_eq!(said("Bearer tok-12345 has expired"), "Bearer [secret] has expired");
        assert_eq!(said(&"é".repeat(1_000)).chars().count(), MOST_CHARS + 1);
        assert_eq!(said(""), "");
    }

    #[test]
    fn a_redirect_is_named_without_its_query() {
        let error = answer(302, &[("location", "https://x/login?t=1")], "").error("").to_string();
        assert!(error.contains("`https://x/login`") && !error.contains("t=1"), "{error}");
    }
}
