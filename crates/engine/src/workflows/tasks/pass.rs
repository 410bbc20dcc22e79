//! `pass` and `revoke_pass`: a secret for the first sign-in, kept as a hash, shown in one mail.

use jiff::SignedDuration;
use muster_app::{Error, Kind, typed_secret};
use muster_store::{TemporaryPass, Tx};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{At, Outcome, mail::mail, nobody_sends};

const VALID: SignedDuration = SignedDuration::from_mins(480);
/// Signs of a pass: 98 bits.
const LENGTH: usize = 20;

/// Makes a new pass each time it is tried: what an earlier mail said opens nothing then.
pub(super) async fn send(at: &At<'_>) -> Result<Outcome, Error> {
    let Some(deliver) = at.opened.deliver() else { return Ok(nobody_sends()) };
    let pass = typed_secret(LENGTH)?;
    let mut salt = vec![0; 16];
    fill(&mut salt)?;
    let hash = Sha256::new().chain_update(&salt).chain_update(&pass).finalize().to_vec();
    let valid_from = at.instant("from").map_or(at.now, |from| from.max(at.now));
    let valid = at.task.length("valid").unwrap_or(VALID);
    let valid_until = valid_from.saturating_add(valid).unwrap_or(valid_from);
    let kept = TemporaryPass {
        entity: at.facts.row.id,
        salt,
        hash,
        valid_from,
        valid_until,
        made_at: at.now,
    };
    let mut tx = at.opened.store.begin().await?;
    tx.save_temporary_pass(&kept).await?;
    let detail = json!({ "from": valid_from.to_string(), "until": valid_until.to_string() });
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

fn fill(bytes: &mut [u8]) -> Result<(), Error> {
    getrandom::fill(bytes)
        .map_err(|_| Error::new(Kind::Unavailable, "the system gives no random bytes"))
}
