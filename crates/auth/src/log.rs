//! The log of sign-ins: one entry for each try, whatever comes of it.

use muster_app::{Error, Opened};
use muster_model::EntityId;
use muster_store::{SignIn, StoreError, Tx};

use crate::{Amr, Attempt, Door, Refused, browser::is_known};

/// Letters of what a device calls itself that are kept.
const DEVICE: usize = 200;

/// What came of a try.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Outcome<'a> {
    /// They are in.
    Allowed(&'a [Amr]),
    /// It was right, and something is still needed.
    Continued(&'a [Amr]),
    /// Nothing was proved yet; they began this.
    Began(&'static str),
    /// They are not, for this reason.
    Refused(&'static str),
}

/// Writes a try down.
pub(crate) async fn write(
    tx: &mut Tx,
    attempt: &Attempt<'_>,
    entity: Option<EntityId>,
    outcome: Outcome<'_>,
) -> Result<(), StoreError> {
    let browser = match (outcome, entity) {
        (Outcome::Allowed(_), Some(identity)) if attempt.door == Door::Web => {
            let is_known = is_known(tx, attempt, identity).await?;
            Some(if is_known { "known" } else { "new" }.into())
        }
        _ => None,
    };
    let (outcome, reason, proofs) = match outcome {
        Outcome::Allowed(proofs) => ("allowed", "right", proofs),
        Outcome::Continued(proofs) => ("continued", "right", proofs),
        Outcome::Began(what) => ("continued", what, &[][..]),
        Outcome::Refused(reason) => ("refused", reason, &[][..]),
    };
    let entry = SignIn {
        seq: 0,
        at: attempt.now,
        entity,
        door: attempt.door.word().into(),
        outcome: outcome.into(),
        reason: reason.into(),
        methods: Amr::join(proofs),
        network: attempt.network.to_canonical().to_string().into(),
        device: device(attempt.device),
        correlation: attempt.correlation.cloned(),
        browser,
    };
    tx.append_sign_in(&entry).await
}

/// Writes down that somebody was refused.
pub(crate) async fn refuse(
    opened: &Opened,
    attempt: &Attempt<'_>,
    entity: Option<EntityId>,
    refused: &Refused,
) -> Result<(), Error> {
    let mut tx = opened.store.begin().await?;
    write(&mut tx, attempt, entity, Outcome::Refused(refused.reason())).await?;
    tx.commit().await?;
    Ok(())
}

/// What a device calls itself, cut to what is kept; signs that steer a terminal are left out.
pub(crate) fn device(text: &str) -> muster_model::Text {
    text.chars().filter(|sign| !sign.is_control()).take(DEVICE).collect::<String>().into()
}
