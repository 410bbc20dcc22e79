//! Tags of states: what a client saw, so that it changes nothing that it did not see.

use axum::http::{HeaderMap, HeaderName};
use muster_web::Problem;
use sha2::{Digest as _, Sha256};

/// The tag of a document.
pub(crate) fn of(body: &[u8]) -> String {
    let digest = Sha256::digest(body);
    let half: Vec<u8> = digest.iter().take(16).copied().collect();
    format!("\"{}\"", muster_store::hex(&half))
}

/// The one tag of a header; `*` fits everything and counts as none.
pub(crate) fn one(headers: &HeaderMap, name: &HeaderName) -> Result<Option<String>, Problem> {
    let wrong =
        || Problem::invalid(format!("`{name}` names one tag, as `ETag` gave it, with its quotes"));
    let mut given = headers.get_all(name).iter();
    let Some(first) = given.next() else { return Ok(None) };
    let text = first.to_str().map_err(|_| wrong())?.trim();
    if text == "*" {
        return Ok(None);
    }
    let inner = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    match inner {
        Some(inner) if given.next().is_none() && !inner.contains('"') => Ok(Some(text.to_owned())),
        Some(_) | None => Err(wrong()),
    }
}
