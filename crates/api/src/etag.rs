//! Tags of states: what a client saw, so that it changes nothing that it did not see.

use axum::http::{HeaderMap, HeaderName};
use sha2::{Digest as _, Sha256};

/// The tag of a document.
pub(crate) fn of(body: &[u8]) -> String {
    let digest = Sha256::digest(body);
    let half: Vec<u8> = digest.iter().take(16).copied().collect();
    format!("\"{}\"", muster_store::hex(&half))
}

/// What a header of tags says; nothing when it is not there, or fits every state (`*`).
pub(crate) fn wanted(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let given: Vec<&str> =
        headers.get_all(name).iter().map(|value| value.to_str().unwrap_or_default()).collect();
    let is_any = given.is_empty() || given.iter().any(|value| value.trim() == "*");
    (!is_any).then(|| given.join(","))
}

/// True when `tag` is one of those that a header wants. What is no tag of ours is never one.
pub(crate) fn is_among(wanted: &str, tag: &str) -> bool {
    wanted.split(',').any(|one| one.trim() == tag)
}
