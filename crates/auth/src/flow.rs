//! A sign-in in steps. It is held here; the browser keeps 256 random bits of which only the hash is known.
//!
//! After each proof it has other bits, so that of two who show the same ones only the first goes on. What comes next is found out
//! from the proofs that were given ([`crate::need`]), never from what the browser asks for, and no session exists before there
//! is nothing left.

use jiff::{SignedDuration, Timestamp};
use muster_app::{Error, Opened};
use muster_model::{EntityId, Text};
use muster_store::{ReadTx, SignInFlow as Row, Tx};

use crate::{
    Acr, Amr, Attempt, Authenticator, Factors, Need, Refused, Secret, Verified,
    find::name_key,
    lockout::Counted,
    log::{self, Outcome, write},
    need::need,
    session::{hash, new_cookie},
};

/// The cookie that holds what a browser keeps of a sign-in on its way.
pub const FLOW_COOKIE: &str = "muster_sign_in";
/// How long somebody may take from the first proof to the last.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);
/// Wrong tries at one step before the sign-in ends.
const TRIES: i64 = 5;

/// What somebody signs in for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Purpose<'a> {
    /// How sure it has to be, if more than usual.
    pub acr: Option<Acr>,
    /// Where they go when they are in. The caller checked it.
    pub return_to: &'a str,
}

/// What a right proof led to.
#[derive(Debug)]
pub enum Step {
    /// Every proof is there: a session may be opened.
    In {
        /// Who, and how they proved it.
        verified: Verified,
        /// Where they go.
        return_to: Text,
    },
    /// Something is still needed.
    Next {
        /// What.
        need: Need,
        /// What the browser keeps; what it kept before leads nowhere.
        secret: Secret,
    },
}

/// A sign-in on its way.
#[derive(Debug, Clone)]
pub struct Flow {
    /// Who it is, as far as is proved.
    pub identity: EntityId,
    /// The proofs that were given.
    pub amr: Vec<Amr>,
    /// When the last one was given.
    pub auth_time: Timestamp,
    /// What comes next; `None` when the model asks for less than before.
    pub need: Option<Need>,
    /// What they could show.
    pub factors: Factors,
    /// How sure it has to be, if more than usual.
    pub wanted: Option<Acr>,
    /// Where it leads.
    pub return_to: Text,
    pub(crate) hash: Vec<u8>,
}

/// One more proof that was right.
pub(crate) struct Proof<'a> {
    pub(crate) amr: Amr,
    /// The try that it was, if it was counted.
    pub(crate) counted: Option<&'a Counted>,
}

impl Authenticator {
    /// The sign-in that a browser shows, if it holds: it is not too old, and the lifecycle of its person lets them in.
    pub async fn flow(
        &self,
        opened: &Opened,
        secret: &str,
        now: Timestamp,
    ) -> Result<Option<Flow>, Error> {
        let mut tx = opened.store.read().await?;
        let row = tx.sign_in_flow(&hash(secret)).await?;
        let Some(row) = row.filter(|row| now < row.ends_at) else { return Ok(None) };
        if !self.is_alive_in(&mut tx, opened, row.entity, now).await? {
            return Ok(None);
        }
        let factors = factors(&mut tx, opened, row.entity).await?;
        let Row { hash, entity, methods, proved_at, wanted, return_to, tries: _, ends_at: _ } = row;
        let amr = Amr::list(&methods);
        let wanted = wanted.as_deref().and_then(Acr::from_word);
        let need = need(&amr, factors, opened.model.sign_in.second_factor, wanted);
        let (identity, auth_time) = (entity, proved_at);
        Ok(Some(Flow { identity, amr, auth_time, need, factors, wanted, return_to, hash }))
    }

    /// Ends a sign-in on its way; whoever goes back begins anew.
    pub async fn end_flow(&self, opened: &Opened, secret: &str) -> Result<(), Error> {
        let mut tx = opened.store.begin().await?;
        tx.end_sign_in_flow(&hash(secret)).await?;
        tx.commit().await?;
        Ok(())
    }

    /// What an identity could show besides a password.
    pub async fn factors(&self, opened: &Opened, identity: EntityId) -> Result<Factors, Error> {
        factors(&mut opened.store.read().await?, opened, identity).await
    }

    /// Takes a sign-in one proof further, or to its end. [`Refused::Over`] when somebody else did that with the same secret at the same
    /// time; then nothing of `tx` is kept.
    pub(crate) async fn go_on(
        &self,
        mut tx: Tx,
        opened: &Opened,
        attempt: &Attempt<'_>,
        flow: &Flow,
        Proof { amr: proof, counted }: Proof<'_>,
    ) -> Result<Step, Refused> {
        let mut amr = flow.amr.clone();
        if !amr.contains(&proof) {
            amr.push(proof);
        }
        let identity = flow.identity;
        let factors = factors(&mut tx, opened, identity).await?;
        let next = need(&amr, factors, opened.model.sign_in.second_factor, flow.wanted);
        let now = attempt.now;
        let Some(next) = next else {
            if !tx.end_sign_in_flow(&flow.hash).await? {
                return Err(Refused::Over);
            }
            match counted {
                Some(counted) => counted.forget(&mut tx).await?,
                None => drop(tx.forget_lockout(&name_key(Some(identity), "")).await?),
            }
            write(&mut tx, attempt, Some(identity), Outcome::Allowed(&amr)).await?;
            tx.commit().await?;
            let verified = Verified { identity, auth_time: now, amr };
            return Ok(Step::In { verified, return_to: flow.return_to.clone() });
        };
        let secret = new_cookie()?;
        let new_hash = hash(secret.reveal());
        if !tx.advance_sign_in_flow(&flow.hash, &new_hash, now, &Amr::join(&amr)).await? {
            return Err(Refused::Over);
        }
        if let Some(counted) = counted {
            counted.take_back(&mut tx, now).await?;
        }
        write(&mut tx, attempt, Some(identity), Outcome::Continued(&amr)).await?;
        tx.commit().await?;
        Ok(Step::Next { need: next, secret })
    }

    /// The sign-in that a browser shows, if this step is the next one.
    pub(crate) async fn flow_at(
        &self,
        opened: &Opened,
        attempt: &Attempt<'_>,
        secret: &str,
        need: Need,
    ) -> Result<Flow, Refused> {
        let flow = self.flow(opened, secret, attempt.now).await?;
        if let Some(flow) = flow.filter(|flow| flow.need == Some(need)) {
            return Ok(flow);
        }
        log::refuse(opened, attempt, None, &Refused::Over).await?;
        Err(Refused::Over)
    }

    /// Writes down what was refused at the present step, and counts it when it was wrong.
    pub(crate) async fn settle_flow<T>(
        &self,
        opened: &Opened,
        attempt: &Attempt<'_>,
        flow: &Flow,
        taken: Result<T, Refused>,
    ) -> Result<T, Refused> {
        if let Err(refused) = &taken {
            if matches!(refused, Refused::Wrong) {
                let mut tx = opened.store.begin().await?;
                tx.count_flow_try(&flow.hash, TRIES).await?;
                tx.commit().await?;
            }
            log::refuse(opened, attempt, Some(flow.identity), refused).await?;
        }
        taken
    }
}

/// Begins a sign-in that needs more than what was proved, and returns what the browser keeps.
pub(crate) async fn begin(
    tx: &mut Tx,
    first: &Verified,
    purpose: Purpose<'_>,
) -> Result<Secret, Error> {
    let secret = new_cookie()?;
    let now = first.auth_time;
    let row = Row {
        hash: hash(secret.reveal()),
        entity: first.identity,
        methods: Amr::join(&first.amr),
        proved_at: now,
        wanted: purpose.acr.map(|acr| acr.word().into()),
        return_to: purpose.return_to.into(),
        tries: 0,
        ends_at: now.saturating_add(PATIENCE).unwrap_or(now),
    };
    tx.insert_sign_in_flow(&row).await?;
    Ok(secret)
}

pub(crate) async fn factors(
    tx: &mut ReadTx,
    opened: &Opened,
    identity: EntityId,
) -> Result<Factors, Error> {
    let totp = tx.totp(identity).await?.is_some();
    let passkeys = tx.passkeys_of(identity).await?.len();
    let mail = opened.model.sign_in.mailed_codes && tx.mail_factor(identity).await?.is_some();
    Ok(Factors { totp, passkeys, mail, recovery_codes: tx.recovery_codes(identity).await? })
}
