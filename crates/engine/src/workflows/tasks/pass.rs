//! `pass` and `revoke_pass`: a secret for the first sign-in, kept as a hash, shown in one mail.

use jiff::SignedDuration;
use muster_app::{Error, Kind};
use muster_store::{TemporaryPass, Tx};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{At, Outcome, mail::mail, nobody_sends};

const VALID: SignedDuration = SignedDuration::from_mins(480);
/// Signs of a pass: none that is taken for another one. 20 of 30 are 98 bits.
const SIGNS: &[u8] = b"23456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 20;

/// Makes a new pass each time it is tried: what an earlier mail said opens nothing then.
pub(super) async fn send(at: &At<'_>) -> Result<Outcome, Error> {
    let Some(deliver) = at.opened.deliver() else { return Ok(nobody_sends()) };
    let pass = secret()?;
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

/// Groups of five signs, each equally likely.
fn secret() -> Result<String, Error> {
    let mut pass = String::new();
    let mut n = 0;
    while n < LENGTH {
        let mut bytes = [0; 32];
        fill(&mut bytes)?;
        // 240 is the greatest multiple of 30 in a byte.
        for byte in bytes.into_iter().filter(|byte| *byte < 240) {
            let Some(sign) = SIGNS.get(usize::from(byte) % SIGNS.len()) else { continue };
            if n == LENGTH {
                break;
            }
            if n > 0 && n.is_multiple_of(5) {
                pass.push('-');
            }
            pass.push(char::from(*sign));
            n += 1;
        }
    }
    Ok(pass)
}

fn fill(bytes: &mut [u8]) -> Result<(), Error> {
    getrandom::fill(bytes)
        .map_err(|_| Error::new(Kind::Unavailable, "the system gives no random bytes"))
}
