//! The second proof of a sign-in in steps: a code of the authenticator app, or a recovery code.

use muster_app::{Error, Opened, typed_secret_folded};
use muster_model::EntityId;
use muster_store::Tx;
use sha2::{Digest as _, Sha256};

use crate::{
    Amr, Attempt, Authenticator, Holder, Need, Refused, Step, find::name_key, flow::Proof,
    mailed_code::use_mailed, totp,
};

/// Signs of a recovery code: 73 bits.
pub(crate) const RECOVERY_CODE: usize = 15;

impl Authenticator {
    /// Takes a code as the next proof of the sign-in that a browser shows. The code stands where an attempt has the password; its name is
    /// not looked at.
    ///
    /// Its tries count together with those of the password, whatever the door, and a few wrong ones end this sign-in.
    pub async fn code(
        &self,
        opened: &Opened,
        secret: &str,
        attempt: Attempt<'_>,
    ) -> Result<Step, Refused> {
        let flow = self.flow_at(opened, &attempt, secret, Need::Factor).await?;
        let key = name_key(Some(flow.identity), "");
        let taken = async {
            let counted = self.count_try(opened, &attempt, &key).await??;
            let mut tx = opened.store.begin().await?;
            let holder = Holder::Flow(&flow);
            let is_mailed =
                flow.factors.takes_mail() && use_mailed(&mut tx, holder, &attempt).await?;
            let proof = if is_mailed {
                Some(Amr::Mail)
            } else {
                self.use_code(&mut tx, opened, flow.identity, &attempt).await?
            };
            let Some(amr) = proof else { return Err(Refused::Wrong) };
            let proof = Proof { amr, counted: Some(&counted) };
            self.go_on(tx, opened, &attempt, &flow, proof).await
        };
        let taken = taken.await;
        self.settle_flow(opened, &attempt, &flow, taken).await
    }

    /// Uses a code up: what sort of proof it is, or `None` when it is not right.
    pub(crate) async fn use_code(
        &self,
        tx: &mut Tx,
        opened: &Opened,
        identity: EntityId,
        attempt: &Attempt<'_>,
    ) -> Result<Option<Amr>, Error> {
        let typed = attempt.password.reveal();
        let Some(digits) = totp::digits(typed) else {
            let is_right = tx.use_recovery_code(identity, &code_hash(identity, typed)).await?;
            return Ok(is_right.then_some(Amr::Recovery));
        };
        let Some(app) = tx.totp(identity).await? else { return Ok(None) };
        let seed = opened.sealer()?.open(&seed_purpose(identity), &app.sealed)?;
        let step = totp::step_of(&seed, &digits, attempt.now, app.last_step);
        let is_right = match step {
            Some(step) => tx.take_totp_step(identity, step).await?,
            None => false,
        };
        Ok(is_right.then_some(Amr::Otp))
    }
}

/// What a seed is sealed for.
pub(crate) fn seed_purpose(identity: EntityId) -> String {
    format!("seed of the authenticator app of {identity}")
}

/// The hash under which a recovery code is kept, however it was typed. It is long enough that nobody finds it by trying.
pub(crate) fn code_hash(identity: EntityId, typed: &str) -> Vec<u8> {
    let code = typed_secret_folded(typed, RECOVERY_CODE);
    let salted = Sha256::new().chain_update(identity.0.to_be_bytes()).chain_update(code);
    salted.finalize().to_vec()
}
