//! Whether another try is allowed, and what it leads to if it is wrong.

use jiff::{SignedDuration, Timestamp};
use muster_policy::LockoutPolicy;
use muster_store::{Lockout, StoreError, Tx};

/// What is to be remembered when one more is tried now, or how long nothing is tried.
///
/// A try counts when it begins, and the last one that is allowed locks the name: so many at once are not more than one after
/// the other. A right one forgets it all.
pub(crate) fn count(
    before: &Lockout,
    policy: &LockoutPolicy,
    now: Timestamp,
) -> Result<Lockout, SignedDuration> {
    if let Some(until) = before.locked_until.filter(|until| now < *until) {
        return Err(until.duration_since(now));
    }
    let is_old = now.duration_since(before.last_at) >= policy.forget;
    let (tries, cycles) = if is_old { (0, 0) } else { (before.tries, before.cycles) };
    let tries = tries.saturating_add(1);
    let locks = tries >= i64::from(policy.tries);
    let wait = policy.wait(u32::try_from(cycles).unwrap_or(u32::MAX));
    Ok(Lockout {
        name_key: before.name_key.clone(),
        tries: if locks { 0 } else { tries },
        cycles: if locks { cycles.saturating_add(1) } else { cycles },
        locked_until: if locks { now.checked_add(wait).ok() } else { None },
        last_at: now,
    })
}

/// A try that was counted.
#[derive(Debug, Clone)]
pub(crate) struct Counted {
    /// What was remembered before it.
    pub(crate) before: Lockout,
    /// And with it.
    pub(crate) after: Lockout,
}

impl Counted {
    /// Forgets this one try, because it was right but not the last one of its sign-in. Whoever knows a password must not be able to
    /// forget wrong codes by it, so that nothing else is forgotten; and if somebody tried at the same time, not even this.
    pub(crate) async fn take_back(&self, tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
        let present = tx.begin_try(&self.after.name_key, now).await?;
        if (present.tries, present.cycles) == (self.after.tries, self.after.cycles) {
            tx.save_lockout(&self.before).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
