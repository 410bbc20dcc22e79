//! How guests sign in: with a code that is mailed to them, and without a password.
//!
//! The code is begun as a recovery is ([`Authenticator::begin_recovery`]): whoever names an address hears the same, whosever it is.
//! It lets in only those whose type is that of guests; for everybody else one more proof stands between the mail and a password.

use muster_app::{Opened, entity_type};
use muster_model::EntityId;

use crate::{
    Amr, Attempt, Authenticator, Purpose, RecoveryNeed, Refused, Step, Verified,
    find::name_key,
    flow::{begin, factors},
    lockout::spend_network,
    log::{self, Outcome, write},
    mail::may_mail,
    need::need,
};

impl Authenticator {
    /// Whether guests can sign in with a mailed code: there are guests, and the model says where their address stands.
    pub fn lets_guests_in(&self, opened: &Opened) -> bool {
        let guests = opened.model.guests.as_ref();
        let of = guests.and_then(|of| opened.model.types.get(of.type_id.index()));
        opened.model.mail.is_some() && of.is_some_and(|of| of.sign_in.mail.is_some())
    }

    /// Counts that somebody looks for their organisation, so that nobody finds out by trying which are connected. It costs the network a
    /// try.
    pub async fn count_applicant(
        &self,
        opened: &Opened,
        attempt: &Attempt<'_>,
    ) -> Result<(), Refused> {
        let mut tx = opened.store.begin().await?;
        let spent = spend_network(&mut tx, opened, attempt).await;
        if let Err(refused) = spent {
            drop(tx);
            log::refuse(opened, attempt, None, &refused).await?;
            return Err(refused);
        }
        tx.commit().await?;
        Ok(())
    }

    /// As [`Authenticator::count_applicant`], for somebody who asks to be a guest under the address that is the name of the attempt.
    /// False when no more mail may go there for a while: they are told the same. Whose the address is is not looked at.
    pub async fn may_apply(&self, opened: &Opened, attempt: &Attempt<'_>) -> Result<bool, Refused> {
        self.count_applicant(opened, attempt).await?;
        let mut tx = opened.store.begin().await?;
        let key = format!("guest {}", name_key(None, attempt.name));
        let may = may_mail(&mut tx, &key, attempt.now).await?;
        write(&mut tx, attempt, None, Outcome::Began("guest")).await?;
        tx.commit().await?;
        Ok(may)
    }

    /// Takes the code that was mailed, which stands where an attempt has the password. It is right once.
    pub async fn guest_code(
        &self,
        opened: &Opened,
        attempt: Attempt<'_>,
        secret: &str,
    ) -> Result<Step, Refused> {
        let recovery = self.recovery_at(opened, &attempt, secret, RecoveryNeed::Code).await?;
        let taken = async {
            let counted = self.count_try(opened, &attempt, &recovery.name_key).await??;
            let identity = recovery.identity.filter(|_| recovery.is_right(&attempt));
            let identity = identity.ok_or(Refused::Wrong)?;
            let mut tx = opened.store.begin().await?;
            let found = tx.entities(&[identity]).await?;
            let of = found.first().and_then(|found| entity_type(opened, found.type_no));
            if of.is_none() || of != opened.model.guests.as_ref().map(|of| of.type_id) {
                return Err(Refused::Wrong);
            }
            if !tx.end_recovery(&recovery.hash).await? {
                return Err(Refused::Over);
            }
            counted.forget(&mut tx).await?;
            tx.commit().await?;
            Ok(identity)
        };
        let identity = self.tried(opened, &attempt, &recovery, taken.await).await?;
        self.by_mail(opened, &attempt, identity).await
    }

    /// Lets a guest in who showed that the address is theirs, by a code or by the link of an invitation; or says what else they have
    /// to show.
    pub async fn by_mail(
        &self,
        opened: &Opened,
        attempt: &Attempt<'_>,
        identity: EntityId,
    ) -> Result<Step, Refused> {
        let now = attempt.now;
        if !self.is_alive(opened, identity, now).await? {
            log::refuse(opened, attempt, Some(identity), &Refused::Over).await?;
            return Err(Refused::Over);
        }
        let purpose = Purpose { acr: None, return_to: "/account" };
        let verified = Verified { identity, auth_time: now, amr: vec![Amr::Mail] };
        let mut tx = opened.store.begin().await?;
        let factors = factors(&mut tx, opened, identity).await?;
        let next = need(&verified.amr, factors, opened.model.sign_in.second_factor, None);
        let step = match next {
            None => {
                write(&mut tx, attempt, Some(identity), Outcome::Allowed(&verified.amr)).await?;
                Step::In { verified, return_to: purpose.return_to.into() }
            }
            Some(need) => {
                let secret = begin(&mut tx, &verified, purpose).await?;
                write(&mut tx, attempt, Some(identity), Outcome::Continued(&verified.amr)).await?;
                Step::Next { need, secret }
            }
        };
        tx.commit().await?;
        Ok(step)
    }
}
