//! A new password for whoever forgot theirs, by two proofs: a code that is mailed to them, and something else that they have.
//!
//! As a sign-in, a recovery is held here and goes on step by step; the browser keeps 256 random bits that are others after each
//! proof. A name that nobody has begins a recovery too, with the same work and the same answers; its code is right for nobody.
//! What is proved here opens no session: whoever has a new password signs in with it, and with their second factor.

use aws_lc_rs::constant_time::verify_slices_are_equal;
use jiff::{SignedDuration, Timestamp};
use muster_app::{Ctx, Error, Opened, pass_opens};
use muster_model::{EntityId, Text};
use muster_store::{Recovery as Row, Tx};
use sha2::{Digest as _, Sha256};

use crate::{
    Amr, Attempt, Authenticator, Letter, NotSet, Refused, Secret, Weak,
    find::{find, name_key},
    lockout::{Counted, spend_network},
    log::{self, Outcome, write},
    mail::{NEWS, may_mail, new_code, post},
    mailed_code,
    session::{hash, new_cookie},
    set_password::NewPassword,
    totp,
};

/// The cookie that holds what a browser keeps of a recovery.
pub const RECOVERY_COOKIE: &str = "muster_recovery";
/// How long a mailed code is right, and how long somebody may take for all of it.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);
/// Wrong tries at one step before the recovery ends.
const TRIES: i64 = 5;

/// What comes next in a recovery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecoveryNeed {
    /// The code that was mailed.
    Code,
    /// Something else that they have.
    Proof,
    /// The new password.
    Password,
}

/// A recovery on its way.
#[derive(Debug, Clone)]
pub struct Recovery {
    /// What comes next.
    pub need: RecoveryNeed,
    pub(crate) identity: Option<EntityId>,
    amr: Vec<Amr>,
    pub(crate) name_key: Text,
    code: Vec<u8>,
    pub(crate) hash: Vec<u8>,
}

impl Recovery {
    /// Whether the code that was mailed stands where the attempt has the password.
    pub(crate) fn is_right(&self, attempt: &Attempt<'_>) -> bool {
        let typed = totp::digits_of(attempt.password.reveal(), mailed_code::DIGITS);
        let shown = code_hash(&self.name_key, &typed.unwrap_or_default());
        verify_slices_are_equal(&shown, &self.code).is_ok()
    }
}

impl Authenticator {
    /// Whether people can get a new password by themselves: mail can be sent, and there is somebody whose address is known.
    pub fn can_recover(&self, opened: &Opened) -> bool {
        let has_addresses = opened.model.types.iter().any(|of| of.sign_in.mail.is_some());
        has_addresses && opened.model.mail.is_some()
    }

    /// Begins a recovery for the name of the attempt, and returns what the browser keeps. The letter with the code goes to whoever
    /// has the name, a few times in an hour. It costs the network a try.
    pub async fn begin_recovery(
        &self,
        opened: &Opened,
        attempt: Attempt<'_>,
        letter: Letter<'_>,
    ) -> Result<Secret, Refused> {
        let entity = find(&mut opened.store.read().await?, opened, attempt.name).await?;
        let (secret, code, now) = (new_cookie()?, new_code()?, attempt.now);
        let name_key = name_key(entity, attempt.name);
        let mut tx = opened.store.begin().await?;
        spend_network(&mut tx, opened, &attempt).await?;
        let to = entity.filter(|_| self.can_recover(opened));
        let to = if may_mail(&mut tx, &name_key, now).await? { to } else { None };
        let row = Row {
            hash: hash(secret.reveal()),
            entity,
            code: code_hash(&name_key, code.reveal()),
            name_key: name_key.into(),
            methods: "".into(),
            tries: 0,
            ends_at: now.saturating_add(PATIENCE).unwrap_or(now),
        };
        tx.insert_recovery(&row).await?;
        post(&mut tx, opened, to, (letter, code.reveal()), (now, PATIENCE)).await?;
        write(&mut tx, &attempt, entity, Outcome::Began("recovery")).await?;
        tx.commit().await?;
        Ok(secret)
    }

    /// The recovery that a browser shows, if it holds.
    pub async fn recovery(
        &self,
        opened: &Opened,
        secret: &str,
        now: Timestamp,
    ) -> Result<Option<Recovery>, Error> {
        let mut tx = opened.store.read().await?;
        let row = tx.recovery(&hash(secret)).await?;
        let Some(row) = row.filter(|row| now < row.ends_at) else { return Ok(None) };
        let Row { hash, entity, name_key, code, methods, tries: _, ends_at: _ } = row;
        let amr = Amr::list(&methods);
        let need = match (amr.contains(&Amr::Mail), amr.len()) {
            (false, _) => RecoveryNeed::Code,
            (true, 1) => RecoveryNeed::Proof,
            (true, _) => RecoveryNeed::Password,
        };
        // Before the code it is the same for everybody.
        if let Some(identity) = entity.filter(|_| need != RecoveryNeed::Code)
            && !self.is_alive_in(&mut tx, opened, identity, now).await?
        {
            return Ok(None);
        }
        Ok(Some(Recovery { need, identity: entity, amr, name_key, code, hash }))
    }

    /// Takes the code that was mailed, which stands where an attempt has the password; returns what the browser keeps from now on.
    pub async fn recovery_code(
        &self,
        opened: &Opened,
        attempt: Attempt<'_>,
        secret: &str,
    ) -> Result<Secret, Refused> {
        let recovery = self.recovery_at(opened, &attempt, secret, RecoveryNeed::Code).await?;
        let taken = async {
            let counted = self.count_try(opened, &attempt, &recovery.name_key).await??;
            if !recovery.is_right(&attempt) || recovery.identity.is_none() {
                return Err(Refused::Wrong);
            }
            let tx = opened.store.begin().await?;
            go_on(tx, &attempt, &recovery, (Amr::Mail, &counted)).await
        };
        self.tried(opened, &attempt, &recovery, taken.await).await
    }

    /// Takes the second proof: a code of the authenticator app, a recovery code or a temporary pass.
    pub async fn recovery_proof(
        &self,
        opened: &Opened,
        attempt: Attempt<'_>,
        secret: &str,
    ) -> Result<Secret, Refused> {
        let recovery = self.recovery_at(opened, &attempt, secret, RecoveryNeed::Proof).await?;
        let taken = async {
            let counted = self.count_try(opened, &attempt, &recovery.name_key).await??;
            let identity = recovery.identity.ok_or(Refused::Wrong)?;
            let mut tx = opened.store.begin().await?;
            let mut proof = self.use_code(&mut tx, opened, identity, &attempt).await?;
            if proof.is_none() {
                let pass = tx.temporary_pass(identity).await?;
                let typed = attempt.password.reveal();
                let opens = pass.is_some_and(|pass| pass_opens(&pass, typed, attempt.now));
                proof = opens.then_some(Amr::Pass);
            }
            let proof = proof.ok_or(Refused::Wrong)?;
            go_on(tx, &attempt, &recovery, (proof, &counted)).await
        };
        self.tried(opened, &attempt, &recovery, taken.await).await
    }

    /// Takes the answer of an authenticator as the second proof.
    pub async fn recovery_passkey(
        &self,
        opened: &Opened,
        attempt: Attempt<'_>,
        secret: &str,
        answer: (&str, &str),
    ) -> Result<Secret, Refused> {
        let recovery = self.recovery_at(opened, &attempt, secret, RecoveryNeed::Proof).await?;
        let taken = async {
            let used = self.answered(opened, &attempt, answer).await?.1?;
            if Some(used.entity) != recovery.identity {
                return Err(Refused::Wrong);
            }
            let mut tx = opened.store.begin().await?;
            used.save(&mut tx, attempt.now).await?;
            go_on(tx, &attempt, &recovery, (Amr::Passkey, &used.counted)).await
        };
        self.tried(opened, &attempt, &recovery, taken.await).await
    }

    /// Gives whoever showed both proofs the password of the attempt. All their sessions end, and the letter tells them of it.
    pub async fn recover(
        &self,
        opened: &Opened,
        ctx: &Ctx,
        attempt: Attempt<'_>,
        (secret, letter): (&str, Letter<'_>),
    ) -> Result<Result<(), Weak>, Refused> {
        let recovery = self.recovery_at(opened, &attempt, secret, RecoveryNeed::Password).await?;
        let identity = recovery.identity.ok_or(Refused::Over)?;
        let hash = match self.new_hash(ctx, opened, identity, attempt.password).await {
            Ok(hash) => hash,
            Err(NotSet::Weak(weak)) => return Ok(Err(weak)),
            Err(NotSet::Trouble(error)) => return Err(error.into()),
        };
        let mut tx = opened.store.begin().await?;
        if !tx.end_recovery(&recovery.hash).await? {
            return Err(Refused::Over);
        }
        let action = "password.recover";
        let actor = self.name_in(&mut tx, opened, identity, attempt.now).await?.subject;
        let ctx = Ctx { actor, ..ctx.clone() };
        let new = NewPassword { identity, hash, kept_flow: &[], action };
        self.save_in(&mut tx, &ctx, opened, new).await?;
        post(&mut tx, opened, Some(identity), (letter, ""), (attempt.now, NEWS)).await?;
        write(&mut tx, &attempt, Some(identity), Outcome::Continued(&recovery.amr)).await?;
        tx.commit().await?;
        Ok(Ok(()))
    }

    /// The recovery, if this step is the next one.
    pub(crate) async fn recovery_at(
        &self,
        opened: &Opened,
        attempt: &Attempt<'_>,
        secret: &str,
        need: RecoveryNeed,
    ) -> Result<Recovery, Refused> {
        let found = self.recovery(opened, secret, attempt.now).await?;
        if let Some(found) = found.filter(|found| found.need == need) {
            return Ok(found);
        }
        log::refuse(opened, attempt, None, &Refused::Over).await?;
        Err(Refused::Over)
    }

    /// Writes down what was refused, and counts it when it was wrong.
    pub(crate) async fn tried<T>(
        &self,
        opened: &Opened,
        attempt: &Attempt<'_>,
        recovery: &Recovery,
        taken: Result<T, Refused>,
    ) -> Result<T, Refused> {
        if let Err(refused) = &taken {
            if matches!(refused, Refused::Wrong) {
                let mut tx = opened.store.begin().await?;
                tx.count_recovery_try(&recovery.hash, TRIES).await?;
                tx.commit().await?;
            }
            log::refuse(opened, attempt, recovery.identity, refused).await?;
        }
        taken
    }
}

/// Takes a recovery one proof further. [`Refused::Over`] when somebody else did with the same secret.
async fn go_on(
    mut tx: Tx,
    attempt: &Attempt<'_>,
    recovery: &Recovery,
    (proof, counted): (Amr, &Counted),
) -> Result<Secret, Refused> {
    let secret = new_cookie()?;
    let mut amr = recovery.amr.clone();
    amr.push(proof);
    let new_hash = hash(secret.reveal());
    if !tx.advance_recovery(&recovery.hash, &new_hash, &Amr::join(&amr)).await? {
        return Err(Refused::Over);
    }
    counted.take_back(&mut tx, attempt.now).await?;
    write(&mut tx, attempt, recovery.identity, Outcome::Continued(&amr)).await?;
    tx.commit().await?;
    Ok(secret)
}

/// The hash under which a mailed code is kept.
fn code_hash(name_key: &str, code: &str) -> Vec<u8> {
    Sha256::new().chain_update(name_key).chain_update([0]).chain_update(code).finalize().to_vec()
}
