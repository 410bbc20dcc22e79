//! A link that lets one person in once: for whoever runs the process and sees what it prints, as `muster demo` does.

use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{SignedDuration, Timestamp};
use muster_app::{Error, Opened};
use muster_model::EntityId;

use crate::{
    Attempt, Authenticator, Refused, Secret, Verified, log,
    session::{hash, new_cookie},
};

/// A link, known to this process only.
#[derive(Debug)]
pub struct OneTimeLink {
    hash: Vec<u8>,
    identity: EntityId,
    until: Timestamp,
    was_used: AtomicBool,
}

impl OneTimeLink {
    /// A new one, with its secret part, which cannot be had again.
    pub fn new(
        identity: EntityId,
        now: Timestamp,
        length: SignedDuration,
    ) -> Result<(Self, Secret), Error> {
        let secret = new_cookie()?;
        let until = now.saturating_add(length).unwrap_or(now);
        let hash = hash(secret.reveal());
        Ok((Self { hash, identity, until, was_used: AtomicBool::new(false) }, secret))
    }

    /// True once, for whoever shows the secret in time.
    fn opens(&self, shown: &str, now: Timestamp) -> bool {
        hash(shown) == self.hash && now < self.until && !self.was_used.swap(true, Ordering::SeqCst)
    }
}

impl Authenticator {
    /// Lets the person of a link in, whose secret is the password of the attempt; `None` when it opens nothing, or nothing any more.
    pub async fn by_link(
        &self,
        opened: &Opened,
        link: &OneTimeLink,
        attempt: Attempt<'_>,
    ) -> Result<Option<Verified>, Error> {
        let is_alive = self.is_alive(opened, link.identity, attempt.now).await?;
        if !is_alive || !link.opens(attempt.password.reveal(), attempt.now) {
            log::refuse(opened, &attempt, None, &Refused::Over).await?;
            return Ok(None);
        }
        let mut tx = opened.store.begin().await?;
        log::write(&mut tx, &attempt, Some(link.identity), log::Outcome::Allowed(&[])).await?;
        tx.commit().await?;
        Ok(Some(Verified { identity: link.identity, auth_time: attempt.now, amr: Vec::new() }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_opens_once_and_in_time() {
        let now: Timestamp = "2026-11-20T12:00:00Z".parse().unwrap();
        let hour = SignedDuration::from_hours(1);
        let (link, secret) = OneTimeLink::new(EntityId(1), now, hour).unwrap();
        assert!(!link.opens("other", now));
        assert!(link.opens(secret.reveal(), now));
        assert!(!link.opens(secret.reveal(), now), "twice");
        let (late, secret) = OneTimeLink::new(EntityId(1), now, hour).unwrap();
        assert!(!late.opens(secret.reveal(), now + hour));
    }
}
