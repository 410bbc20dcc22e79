//! Codes by mail as a second factor: the weakest one, for people who have no better one.
//!
//! The address is the one of the repository, as it is when the mail goes out; nobody types it. A code is right for one sign-in or one
//! session, once and for a while, and whoever has an app or a passkey is never asked for one.

use jiff::{SignedDuration, Timestamp};
use muster_app::{Ctx, Error, Opened};
use muster_model::EntityId;
use muster_store::{MailedCode, Tx};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::{
    Amr, Attempt, Authenticator, Holder, Letter, Need, Refused, Session, Step,
    find::name_key,
    flow::Proof,
    log::{self, Outcome, write},
    mail::{address_in, may_mail, new_code, post},
    totp,
};

/// Digits of a mailed code.
pub(crate) const DIGITS: usize = 8;
/// How long one is right.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);
/// Wrong tries before one is right no more.
const TRIES: i64 = 5;

impl Authenticator {
    /// Whether codes can be mailed to somebody as a second factor: the model lets them, and their address is known.
    pub async fn can_mail_codes(
        &self,
        opened: &Opened,
        identity: EntityId,
        now: Timestamp,
    ) -> Result<bool, Error> {
        if !opened.model.sign_in.mailed_codes {
            return Ok(false);
        }
        let mut tx = opened.store.read().await?;
        Ok(address_in(&mut tx, opened, identity, now).await?.is_some())
    }

    /// Whether a code that is still right was mailed for this sign-in or session.
    pub async fn is_code_mailed(
        &self,
        opened: &Opened,
        holder: Holder<'_>,
        now: Timestamp,
    ) -> Result<bool, Error> {
        Ok(opened.store.read().await?.has_mailed_code(&place(holder), now).await?)
    }

    /// Mails a code to somebody for whom it is the next proof, or who wants it to be their second factor. It goes out a few times in an
    /// hour; what the page says is the same when it does not. [`Refused::Over`] when it is not its turn.
    pub async fn mail_code(
        &self,
        opened: &Opened,
        attempt: Attempt<'_>,
        (holder, letter): (Holder<'_>, Letter<'_>),
    ) -> Result<(), Refused> {
        let (identity, now) = (holder.identity(), attempt.now);
        let is_next = match holder {
            Holder::Flow(flow) => match flow.need {
                Some(Need::Factor) => flow.factors.takes_mail(),
                Some(Need::Enrol) => self.can_mail_codes(opened, identity, attempt.now).await?,
                Some(Need::Passkey | Need::Password) | None => false,
            },
            Holder::Session(_) => self.can_mail_codes(opened, identity, attempt.now).await?,
        };
        if !is_next {
            log::refuse(opened, &attempt, Some(identity), &Refused::Over).await?;
            return Err(Refused::Over);
        }
        let (place, code) = (place(holder), new_code()?);
        let mut tx = opened.store.begin().await?;
        if may_mail(&mut tx, &format!("code {}", name_key(Some(identity), "")), now).await? {
            let ends_at = now.saturating_add(PATIENCE).unwrap_or(now);
            let code_hash = code_hash(&place, code.reveal());
            tx.save_mailed_code(&MailedCode { place, entity: identity, code: code_hash, ends_at })
                .await?;
            post(&mut tx, opened, Some(identity), (letter, code.reveal()), (now, PATIENCE)).await?;
        }
        write(&mut tx, &attempt, Some(identity), Outcome::Began("mailed-code")).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Makes mailed codes the second factor of somebody who is in, by the first one, which stands where an attempt has the password; false
    /// when it is not right. Their other sessions end: whoever else is in came without it.
    pub async fn confirm_mail(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        attempt: Attempt<'_>,
        session: &Session,
    ) -> Result<bool, Error> {
        let (identity, holder) = (session.identity, Holder::Session(session));
        let mut tx = opened.store.begin().await?;
        let is_right = self.can_mail_codes(opened, identity, attempt.now).await?
            && use_mailed(&mut tx, holder, &attempt).await?;
        if is_right {
            self.take_on(&mut tx, ctx, opened, identity).await?;
            tx.end_sessions(identity, Some(session.id), ctx.now()).await?;
        } else {
            tx.count_mailed_code_try(&place(holder), TRIES).await?;
        }
        tx.commit().await?;
        Ok(is_right)
    }

    /// As [`Authenticator::confirm_mail`], as the next proof of a sign-in on its way that needs a second factor nobody has yet.
    pub async fn enrol_mail(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        attempt: Attempt<'_>,
        secret: &str,
    ) -> Result<Step, Refused> {
        let flow = self.flow_at(opened, &attempt, secret, Need::Enrol).await?;
        let done = async {
            let can = self.can_mail_codes(opened, flow.identity, attempt.now).await?;
            let mut tx = opened.store.begin().await?;
            if !can || !use_mailed(&mut tx, Holder::Flow(&flow), &attempt).await? {
                return Err(Refused::Wrong);
            }
            self.take_on(&mut tx, ctx, opened, flow.identity).await?;
            let proof = Proof { amr: Amr::Mail, counted: None };
            self.go_on(tx, opened, &attempt, &flow, proof).await
        };
        let done = done.await;
        self.settle_flow(opened, &attempt, &flow, done).await
    }

    async fn take_on(
        &self,
        tx: &mut Tx,
        ctx: &Ctx,
        opened: &Opened,
        identity: EntityId,
    ) -> Result<(), Error> {
        tx.save_mail_factor(identity, ctx.now()).await?;
        let detail = json!({ "factor": "mail" });
        self.write_down(tx, ctx, opened, identity, ("factor.enrol", detail)).await
    }
}

/// Uses up the code that was mailed for a sign-in or a session; false when what was typed is not it.
pub(crate) async fn use_mailed(
    tx: &mut Tx,
    holder: Holder<'_>,
    attempt: &Attempt<'_>,
) -> Result<bool, Error> {
    let Some(digits) = totp::digits_of(attempt.password.reveal(), DIGITS) else { return Ok(false) };
    let place = place(holder);
    let code = code_hash(&place, &digits);
    Ok(tx.use_mailed_code(&place, &code, attempt.now).await?)
}

/// What a code is right for, as it is kept.
fn place(holder: Holder<'_>) -> Vec<u8> {
    Sha256::digest(holder.place()).to_vec()
}

/// The hash under which a code is kept.
fn code_hash(place: &[u8], code: &str) -> Vec<u8> {
    Sha256::new().chain_update(place).chain_update(code).finalize().to_vec()
}
