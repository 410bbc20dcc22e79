//! Whether another try is allowed, and what it leads to if it is wrong.

use jiff::{SignedDuration, Timestamp};
use muster_app::Opened;
use muster_policy::LockoutPolicy;
use muster_store::{Lockout, StoreError, Tx};

use crate::{
    Attempt, Authenticator, Refused,
    throttle::{network, spend},
};

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
    /// What it cost its network.
    cost: Option<Cost>,
}

/// What a try cost a network.
#[derive(Debug, Clone)]
pub(crate) struct Cost {
    network: String,
    pause: SignedDuration,
}

impl Counted {
    /// Forgets all tries under the name, because this one was right and the last one of its sign-in.
    pub(crate) async fn forget(&self, tx: &mut Tx) -> Result<(), StoreError> {
        tx.forget_lockout(&self.after.name_key).await?;
        self.give_back(tx).await
    }

    /// Forgets this one try, because it was right but not the last one of its sign-in. Whoever knows a password must not be able to
    /// forget wrong codes by it, so that nothing else is forgotten; and if somebody tried at the same time, not even this.
    pub(crate) async fn take_back(&self, tx: &mut Tx, now: Timestamp) -> Result<(), StoreError> {
        let present = tx.begin_try(&self.after.name_key, now).await?;
        if (present.tries, present.cycles) == (self.after.tries, self.after.cycles) {
            tx.save_lockout(&self.before).await?;
        }
        self.give_back(tx).await
    }

    /// Gives the network back what a right try cost it.
    async fn give_back(&self, tx: &mut Tx) -> Result<(), StoreError> {
        let Some(Cost { network, pause }) = &self.cost else { return Ok(()) };
        let microseconds = i64::try_from(pause.as_micros()).unwrap_or(i64::MAX);
        tx.give_back(network, microseconds).await
    }
}

impl Authenticator {
    /// Counts one more try under a name and from a network, unless one of them has none left. Of a network that has none, nothing is
    /// tried, and a name that is not tried is not counted; of a locked name the network is.
    pub(crate) async fn count_try(
        &self,
        opened: &Opened,
        attempt: &Attempt<'_>,
        name_key: &str,
    ) -> Result<Result<Counted, Refused>, Refused> {
        let (settings, now) = (&opened.model.sign_in, attempt.now);
        let mut tx = opened.store.begin().await?;
        // The name first, everywhere: two that wait for each other would wait for ever.
        let before = tx.begin_try(name_key, now).await?;
        let cost = spend_network(&mut tx, opened, attempt).await?;
        let counted = match count(&before, &settings.lockout, now) {
            Ok(after) => {
                tx.save_lockout(&after).await?;
                Ok(Counted { before, after, cost })
            }
            Err(retry_after) => Err(Refused::Locked { retry_after }),
        };
        tx.commit().await?;
        Ok(counted)
    }
}

/// Counts one more try from a network.
pub(crate) async fn spend_network(
    tx: &mut Tx,
    opened: &Opened,
    attempt: &Attempt<'_>,
) -> Result<Option<Cost>, Refused> {
    let throttle = &opened.model.sign_in.throttle;
    let Some(network) = network(throttle, attempt.network) else { return Ok(None) };
    let spent = tx.begin_spending(&network, attempt.now).await?;
    let spent = spend(spent, throttle, attempt.now);
    let spent = spent.map_err(|retry_after| Refused::Throttled { retry_after })?;
    tx.save_spent(&network, spent).await?;
    Ok(Some(Cost { network, pause: throttle.pause() }))
}

#[cfg(test)]
mod tests;
