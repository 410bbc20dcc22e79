//! Incremental reads: what was changed since a time, and what is gone.
//!
//! SCIM tells what changed, not what was deleted. The ids of the last whole read are remembered while the process
//! lives; when the server counts fewer, all ids are listed and compared. Without that memory the read is a full one.

use std::{
    collections::{BTreeMap, HashMap},
    hash::{DefaultHasher, Hash as _, Hasher as _},
    sync::{Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};
use muster_model::Text;
use serde_json::Value as Json;

use crate::service::id_of;

/// How far before the cursor is asked, as a server may finish a change after a later one.
const OVERLAP: SignedDuration = SignedDuration::from_secs(60);

/// The objects of a class as last seen: a hash of the time of the last change by id.
pub(crate) type Versions = HashMap<Text, u64>;

/// What is remembered, by the lower-case name of the class.
#[derive(Debug, Default)]
pub(crate) struct Seen(Mutex<BTreeMap<String, Versions>>);

impl Seen {
    /// Takes what is known of a class; the next read begins with nothing unless it is put back.
    pub(crate) fn take(&self, class: &str) -> Option<Versions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&class.to_lowercase())
    }

    /// Remembers a class.
    pub(crate) fn put(&self, class: &str, versions: Versions) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(class.to_lowercase(), versions);
    }
}

/// When a resource was last changed, as the server writes it.
pub(crate) fn last_modified(resource: &Json) -> Option<&str> {
    resource.get("meta")?.get("lastModified")?.as_str()
}

/// Id and version of a resource.
pub(crate) fn version(resource: &Json) -> Option<(Text, u64)> {
    let mut hasher = DefaultHasher::new();
    last_modified(resource).hash(&mut hasher);
    Some((id_of(resource)?, hasher.finish()))
}

/// The later of two times.
pub(crate) fn later(a: Option<Timestamp>, resource: &Json) -> Option<Timestamp> {
    let b = last_modified(resource).and_then(|text| text.parse().ok());
    a.max(b)
}

/// The filter for what was changed since `cursor`, with some overlap; `None` when it is no time.
pub(crate) fn filter(cursor: &str) -> Option<String> {
    let since: Timestamp = cursor.parse().ok()?;
    let since = since.checked_sub(OVERLAP).ok()?;
    Some(format!("meta.lastModified ge \"{since}\""))
}
