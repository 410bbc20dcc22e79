//! How often somebody who is signed in may type a code that no device shows.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

/// Wrong codes within [`WINDOW`] at most.
const MOST: u32 = 10;
/// After this everything is forgotten.
const WINDOW: SignedDuration = SignedDuration::from_mins(10);

/// Wrong codes by sign-in. Clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tries(Arc<Mutex<HashMap<i64, (u32, Timestamp)>>>);

impl Tries {
    /// Whether another code may be tried.
    pub(crate) fn may(&self, session: i64, now: Timestamp) -> bool {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tries.retain(|_, (_, since)| now.duration_since(*since) < WINDOW);
        tries.get(&session).is_none_or(|(count, _)| *count < MOST)
    }

    /// Notes a wrong code.
    pub(crate) fn wrong(&self, session: i64, now: Timestamp) {
        let mut tries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        tries.entry(session).or_insert((0, now)).0 += 1;
    }
}
