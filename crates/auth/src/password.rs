//! Signing in with a password, or with a temporary pass in its place.

use jiff::SignedDuration;
use muster_app::{Error, Opened, pass_opens};
use muster_model::{EntityId, Text};
use muster_store::{ReadTx, TemporaryPass, Tx};

use crate::{
    Amr, Attempt, Authenticator, Door, Need, Purpose, Refused, Secret, Step, StoredHash, Verified,
    find::{find, name_key},
    flow::{begin, factors},
    lockout::Counted,
    log::{self, Outcome, write},
    need::need,
    pool::Turn,
    set_password::may_have_one,
    throttle::wait,
};

/// Bytes of a password at most; a longer one is wrong.
const LONGEST: usize = 1024;
/// The id of no entity.
const NOBODY: EntityId = EntityId(0);

/// Whom a name belongs to, and what is known of them.
struct Known {
    identity: Option<EntityId>,
    hash: Option<Text>,
    pass: Option<TemporaryPass>,
    /// How long nothing is tried from where they are.
    throttled: Option<SignedDuration>,
}

/// Where a password is asked for.
#[derive(Clone, Copy)]
enum Then<'a> {
    /// At a door that can ask for nothing else.
    Alone,
    /// Of somebody who is signed in.
    Again,
    /// As the first step of a sign-in.
    GoOn(Purpose<'a>),
}

/// A right proof.
struct Right {
    identity: EntityId,
    proof: Amr,
    /// A hash that costs what one costs today, when the one that is kept costs less.
    better: Option<String>,
    counted: Counted,
}

/// Who they are, and what is still needed with what the browser keeps until then.
type Settled = (Verified, Option<(Need, Secret)>);

impl Authenticator {
    /// Checks a name and a password at a door that asks for nothing else.
    ///
    /// Each call is one entry of the log and, at most, one hash; names that nobody has, that have no password, that are locked
    /// or whose lifecycle lets nobody in take as long as others. The tries of all doors count together. Whoever has to show a second
    /// factor is refused, unless the model lets the directory take the password alone.
    pub async fn password(
        &self,
        opened: &Opened,
        attempt: Attempt<'_>,
    ) -> Result<Verified, Refused> {
        let (verified, _) = self.by_name(opened, &attempt, Then::Alone).await?;
        Ok(verified)
    }

    /// As [`Authenticator::password`], as the first step of a sign-in that goes on when more is needed.
    pub async fn sign_in(
        &self,
        opened: &Opened,
        attempt: Attempt<'_>,
        purpose: Purpose<'_>,
    ) -> Result<Step, Refused> {
        let settled = self.by_name(opened, &attempt, Then::GoOn(purpose)).await?;
        Ok(step(settled, purpose))
    }

    /// What another right proof leads to as the first step of a sign-in.
    pub(crate) async fn begin_by(
        &self,
        opened: &Opened,
        attempt: &Attempt<'_>,
        (identity, proof): (EntityId, Amr),
        counted: Counted,
        purpose: Purpose<'_>,
    ) -> Result<Step, Refused> {
        let known = Known { identity: Some(identity), hash: None, pass: None, throttled: None };
        let right = Right { identity, proof, better: None, counted };
        let settled = self.settle(opened, attempt, &known, right, Then::GoOn(purpose)).await?;
        Ok(step(settled, purpose))
    }

    /// As [`Authenticator::password`], for somebody who is signed in already and proves it again: nothing else is asked for. The name
    /// of the attempt is not looked at.
    pub async fn password_of(
        &self,
        opened: &Opened,
        identity: EntityId,
        attempt: Attempt<'_>,
    ) -> Result<Verified, Refused> {
        let mut tx = opened.store.read().await?;
        let known = Known { pass: None, ..known(&mut tx, opened, Some(identity), &attempt).await? };
        drop(tx);
        Ok(self.try_known(opened, &attempt, &known, Then::Again).await?.0)
    }

    async fn by_name(
        &self,
        opened: &Opened,
        attempt: &Attempt<'_>,
        then: Then<'_>,
    ) -> Result<Settled, Refused> {
        let mut tx = opened.store.read().await?;
        let found = find(&mut tx, opened, attempt.name).await?;
        let known = known(&mut tx, opened, found, attempt).await?;
        drop(tx);
        self.try_known(opened, attempt, &known, then).await
    }

    async fn try_known(
        &self,
        opened: &Opened,
        attempt: &Attempt<'_>,
        known: &Known,
        then: Then<'_>,
    ) -> Result<Settled, Refused> {
        let tried = self.try_in_turn(opened, attempt, known, then).await;
        if let Err(refused) = &tried {
            log::refuse(opened, attempt, known.identity, refused).await?;
        }
        tried
    }

    async fn try_in_turn(
        &self,
        opened: &Opened,
        attempt: &Attempt<'_>,
        known: &Known,
        then: Then<'_>,
    ) -> Result<Settled, Refused> {
        // Whoever tries too much does not take turns from others.
        if let Some(retry_after) = known.throttled {
            return Err(Refused::Throttled { retry_after });
        }
        let turn = self.0.pool.turn().await?;
        let right = self.check(opened, attempt, known, &turn).await?;
        self.settle(opened, attempt, known, right, then).await
    }

    async fn check(
        &self,
        opened: &Opened,
        attempt: &Attempt<'_>,
        known: &Known,
        turn: &Turn,
    ) -> Result<Right, Refused> {
        let name_key = name_key(known.identity, attempt.name);
        let counted = self.count_try(opened, attempt, &name_key).await?;
        let stored = known.hash.as_deref().and_then(|hash| StoredHash::parse(hash).ok());
        let fits_in = attempt.password.reveal().len() <= LONGEST;
        let usable = stored.as_ref().filter(|_| counted.is_ok() && fits_in);
        let nothing = Secret::new("");
        let password = if fits_in { attempt.password } else { &nothing };
        let is_right = turn.fits(password, usable.unwrap_or(&self.0.decoy)).await?;
        let counted = counted?;
        let is_password = is_right && usable.is_some();
        let pass = known.pass.as_ref().filter(|_| !is_password);
        let from = pass.map_or(attempt.now, |pass| pass.valid_from);
        let at = attempt.now.max(from);
        let is_pass = pass.is_some_and(|pass| pass_opens(pass, password.reveal(), at));
        let Some(identity) = known.identity.filter(|_| is_password || is_pass) else {
            return Err(Refused::Wrong);
        };
        // Asked of those only who showed something right, so that nobody else finds out whether there is somebody to ask about.
        if attempt.now < from || !self.is_alive(opened, identity, attempt.now).await? {
            return Err(Refused::Inactive);
        }
        let old = usable.filter(|old| is_password && old.is_weaker_than(self.0.pool.hashing()));
        let better = match old {
            Some(_) => Some(turn.make(attempt.password).await?),
            None => None,
        };
        let proof = if is_password { Amr::Password } else { Amr::Pass };
        Ok(Right { identity, proof, better, counted })
    }

    /// What a right password leads to.
    async fn settle(
        &self,
        opened: &Opened,
        attempt: &Attempt<'_>,
        known: &Known,
        right: Right,
        then: Then<'_>,
    ) -> Result<Settled, Refused> {
        let Right { identity, proof, better, counted } = right;
        let now = attempt.now;
        let verified = Verified { identity, auth_time: now, amr: vec![proof] };
        let mut tx = opened.store.begin().await?;
        if let (Some(new), Some(old)) = (&better, &known.hash) {
            tx.rehash_password(identity, old, new).await?;
        }
        let settings = &opened.model.sign_in;
        let factors = factors(&mut tx, opened, identity).await?;
        let next = |wanted| need(&verified.amr, factors, settings.second_factor, wanted);
        let alone = attempt.door == Door::Ldap && settings.directory_takes_password;
        let (need, purpose) = match then {
            Then::Again => (None, Purpose::default()),
            Then::Alone if alone && proof == Amr::Password => (None, Purpose::default()),
            Then::Alone => (next(None), Purpose::default()),
            Then::GoOn(purpose) => (next(purpose.acr), purpose),
        };
        let Some(need) = need else {
            match then {
                Then::Again => counted.take_back(&mut tx, now).await?,
                Then::Alone | Then::GoOn(_) => counted.forget(&mut tx).await?,
            }
            write(&mut tx, attempt, Some(identity), Outcome::Allowed(&verified.amr)).await?;
            tx.commit().await?;
            return Ok((verified, None));
        };
        counted.take_back(&mut tx, now).await?;
        if let Then::Alone = then {
            tx.commit().await?;
            return Err(Refused::NeedsFactor);
        }
        if proof == Amr::Pass && !use_pass(&mut tx, known).await? {
            return Err(Refused::Wrong);
        }
        let secret = begin(&mut tx, &verified, purpose).await?;
        write(&mut tx, attempt, Some(identity), Outcome::Continued(&verified.amr)).await?;
        tx.commit().await?;
        Ok((verified, Some((need, secret))))
    }
}

fn step((verified, next): Settled, purpose: Purpose<'_>) -> Step {
    match next {
        Some((need, secret)) => Step::Next { need, secret },
        None => Step::In { verified, return_to: purpose.return_to.into() },
    }
}

/// What is kept for whoever has a name, and of where they are. Where nobody has it, the same is looked up.
async fn known(
    tx: &mut ReadTx,
    opened: &Opened,
    identity: Option<EntityId>,
    attempt: &Attempt<'_>,
) -> Result<Known, Refused> {
    let throttle = &opened.model.sign_in.throttle;
    let throttled = wait(tx, throttle, attempt.network, attempt.now).await?;
    let at = identity.unwrap_or(NOBODY);
    // Somebody may have had one before they became a guest.
    let at = if may_have_one(tx, opened, at).await? { at } else { NOBODY };
    let hash = tx.password(at).await?.map(|password| password.hash);
    let pass = tx.temporary_pass(at).await?;
    Ok(Known { identity, hash, pass, throttled })
}

/// Whether the pass that opened a sign-in is still there; one that opens one only is used up.
async fn use_pass(tx: &mut Tx, known: &Known) -> Result<bool, Error> {
    let Some(pass) = &known.pass else { return Ok(false) };
    if tx.temporary_pass(pass.entity).await?.as_ref() != Some(pass) {
        return Ok(false);
    }
    // Of two at once, the second finds it gone.
    Ok(!pass.once || tx.delete_temporary_pass(pass.entity).await?)
}
