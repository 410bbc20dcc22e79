//! `pass` and `revoke_pass`: a secret for the first sign-in, kept as a hash, shown in one mail.

use jiff::SignedDuration;
use muster_app::{Error, Validity, may_have_password, new_pass};
use muster_store::Tx;
use serde_json::json;

use super::{At, Outcome, mail::mail, nobody_sends};

const VALID: SignedDuration = SignedDuration::from_mins(480);

/// Makes a new pass each time it is tried: what an earlier mail said opens nothing then.
pub(super) async fn send(at: &At<'_>) -> Result<Outcome, Error> {
    let Some(deliver) = at.opened.deliver() else { return Ok(nobody_sends()) };
    if !may_have_password(at.opened, at.facts.row.type_id) {
        return Ok(Outcome::Skipped("guests have no password, and need no pass".to_owned()));
    }
    let from = at.instant("from").map_or(at.now, |from| from.max(at.now));
    let length = at.task.length("valid").unwrap_or(VALID);
    let validity = Validity { from, length, once: false };
    let (pass, kept) = new_pass(at.facts.row.id, validity, at.now)?;
    let mut tx = at.opened.store.begin().await?;
    tx.save_temporary_pass(&kept).await?;
    let detail =
        json!({ "from": kept.valid_from.to_string(), "until": kept.valid_until.to_string() });
    at.journal(&mut tx, "pass.make", detail).await?;
    tx.commit().await?;
    Ok(mail(at, deliver.as_ref(), Some(&pass)).await)
}

pub(super) async fn revoke(at: &At<'_>, tx: &mut Tx) -> Result<Outcome, Error> {
    if !tx.delete_temporary_pass(at.facts.row.id).await? {
        return Ok(Outcome::Skipped("there is no pass".to_owned()));
    }
    at.journal(tx, "pass.revoke", json!({})).await?;
    Ok(Outcome::Done(String::new()))
}
