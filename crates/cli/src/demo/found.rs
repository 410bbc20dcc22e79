//! What the steps of the walk look for in what a command answered.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::capture::Seen;

/// Says what went wrong unless the command ended with this code.
pub(super) fn ended(seen: &Seen, code: u8) -> Result<(), String> {
    if seen.code == code {
        return Ok(());
    }
    let said = if seen.err.trim().is_empty() { &seen.out } else { &seen.err };
    let said: String = said.trim().chars().take(400).collect();
    Err(format!("ended with {} instead of {code}: {said}", seen.code))
}

/// Says what is different.
pub(super) fn equal(
    what: &str,
    found: impl std::fmt::Display,
    expected: impl std::fmt::Display,
) -> Result<(), String> {
    if found.to_string() == expected.to_string() {
        Ok(())
    } else {
        Err(format!("{what}: {found} instead of {expected}"))
    }
}

/// Says who is missing and who is one too many.
pub(super) fn same(
    what: &str,
    found: &BTreeSet<String>,
    expected: &[String],
) -> Result<(), String> {
    let expected: BTreeSet<String> = expected.iter().cloned().collect();
    if *found == expected {
        return Ok(());
    }
    let list = |set: BTreeSet<&String>| set.into_iter().cloned().collect::<Vec<_>>().join(", ");
    let missing = list(expected.difference(found).collect());
    let extra = list(found.difference(&expected).collect());
    Err(format!("{what}: missing [{missing}], not expected [{extra}]"))
}

/// The list under a key; empty when there is none.
pub(super) fn items<'j>(json: &'j Json, key: &str) -> &'j [Json] {
    json.get(key).and_then(Json::as_array).map_or(&[], Vec::as_slice)
}

/// A text of each in the list under a key.
pub(super) fn texts(
    json: &Json,
    key: &str,
    text: impl Fn(&Json) -> Option<&str>,
) -> BTreeSet<String> {
    items(json, key).iter().filter_map(text).map(str::to_owned).collect()
}

/// The value under a key; `null` when there is none.
pub(super) fn at<'j>(json: &'j Json, key: &str) -> &'j Json {
    json.get(key).unwrap_or(&Json::Null)
}

/// The text under a key; empty when there is none.
pub(super) fn word<'j>(json: &'j Json, key: &str) -> &'j str {
    json.get(key).and_then(Json::as_str).unwrap_or_default()
}

/// The first that fits.
pub(super) fn find<'j>(items: &'j [Json], fits: &dyn Fn(&Json) -> bool) -> Option<&'j Json> {
    items.iter().find(|item| fits(item))
}
