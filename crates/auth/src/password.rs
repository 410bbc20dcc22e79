//! Signing in with a password.

use muster_app::Opened;
use muster_model::{EntityId, Text};
use muster_store::ReadTx;

use crate::{
    Amr, Attempt, Authenticator, Refused, Secret, StoredHash, Verified,
    find::{find, name_key},
    lockout::count,
    log::{Outcome, write},
    pool::Turn,
};

/// Bytes of a password at most; a longer one is wrong.
const LONGEST: usize = 1024;

/// Whom a name belongs to, and what is known of them.
struct Known {
    identity: Option<EntityId>,
    hash: Option<Text>,
    is_alive: bool,
}

impl Authenticator {
    /// Checks a name and a password.
    ///
    /// Each call is one entry of the log and, at most, one hash; names that nobody has, that have no password, that are locked
    /// or whose lifecycle lets nobody in take as long as others. The tries of all doors count together.
    pub async fn password(
        &self,
        opened: &Opened,
        attempt: Attempt<'_>,
    ) -> Result<Verified, Refused> {
        let mut tx = opened.store.read().await?;
        let found = find(&mut tx, opened, attempt.name).await?;
        let known = self.known(&mut tx, opened, found, &attempt).await?;
        drop(tx);
        self.try_known(opened, &attempt, &known).await
    }

    /// As [`Authenticator::password`], for an identity that is known already: whoever is signed in proves it again. The name
    /// of the attempt is not looked at.
    pub async fn password_of(
        &self,
        opened: &Opened,
        identity: EntityId,
        attempt: Attempt<'_>,
    ) -> Result<Verified, Refused> {
        let mut tx = opened.store.read().await?;
        let known = self.known(&mut tx, opened, Some(identity), &attempt).await?;
        drop(tx);
        self.try_known(opened, &attempt, &known).await
    }

    async fn try_known(
        &self,
        opened: &Opened,
        attempt: &Attempt<'_>,
        known: &Known,
    ) -> Result<Verified, Refused> {
        let checked = match self.0.pool.turn().await {
            Ok(turn) => self.check(opened, attempt, known, &turn).await,
            Err(busy) => Err(busy.into()),
        };
        if let Err(refused) = &checked {
            let mut tx = opened.store.begin().await?;
            write(&mut tx, attempt, known.identity, Outcome::Refused(refused.reason())).await?;
            tx.commit().await?;
        }
        checked
    }

    async fn known(
        &self,
        tx: &mut ReadTx,
        opened: &Opened,
        identity: Option<EntityId>,
        attempt: &Attempt<'_>,
    ) -> Result<Known, Refused> {
        let Some(found) = identity else {
            return Ok(Known { identity: None, hash: None, is_alive: false });
        };
        let hash = tx.password(found).await?.map(|password| password.hash);
        let is_alive = self.is_alive_in(tx, opened, found, attempt.now).await?;
        Ok(Known { identity, hash, is_alive })
    }

    async fn check(
        &self,
        opened: &Opened,
        attempt: &Attempt<'_>,
        known: &Known,
        turn: &Turn,
    ) -> Result<Verified, Refused> {
        let name_key = name_key(known.identity, attempt.name);
        let counted = self.count_try(opened, attempt, &name_key).await?;
        let stored = known.hash.as_deref().and_then(|hash| StoredHash::parse(hash).ok());
        let fits_in = attempt.password.reveal().len() <= LONGEST;
        let usable = stored.as_ref().filter(|_| counted.is_ok() && fits_in);
        let nothing = Secret::new("");
        let password = if fits_in { attempt.password } else { &nothing };
        let is_right = turn.fits(password, usable.unwrap_or(&self.0.decoy)).await?;
        counted?;
        let (Some(identity), Some(stored), true) = (known.identity, usable, is_right) else {
            return Err(Refused::Wrong);
        };
        if !known.is_alive {
            return Err(Refused::Inactive);
        }
        let better = if stored.is_weaker_than(self.0.pool.hashing()) {
            Some(turn.make(attempt.password).await?)
        } else {
            None
        };
        let mut tx = opened.store.begin().await?;
        tx.forget_lockout(&name_key).await?;
        if let (Some(new), Some(old)) = (&better, &known.hash) {
            tx.rehash_password(identity, old, new).await?;
        }
        let amr = vec![Amr::Password];
        write(&mut tx, attempt, Some(identity), Outcome::Allowed(&amr)).await?;
        tx.commit().await?;
        Ok(Verified { identity, auth_time: attempt.now, amr })
    }

    /// Counts one more try under a name, unless it is locked.
    pub(crate) async fn count_try(
        &self,
        opened: &Opened,
        attempt: &Attempt<'_>,
        name_key: &str,
    ) -> Result<Result<(), Refused>, Refused> {
        let mut tx = opened.store.begin().await?;
        let before = tx.begin_try(name_key, attempt.now).await?;
        match count(&before, &opened.model.sign_in.lockout, attempt.now) {
            Ok(after) => {
                tx.save_lockout(&after).await?;
                tx.commit().await?;
                Ok(Ok(()))
            }
            Err(retry_after) => Ok(Err(Refused::Locked { retry_after })),
        }
    }
}
