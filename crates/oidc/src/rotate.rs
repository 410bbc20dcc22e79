//! New signing keys: the first one, the next one in time, and one that somebody asks for.

use aws_lc_rs::{
    encoding::{AsDer as _, Pkcs8V1Der},
    rand::SystemRandom,
    rsa::{KeyPair as RsaKeyPair, KeySize},
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use jiff::{SignedDuration, Timestamp};
use muster_app::{Ctx, Error, Kind, Opened};
use muster_policy::SigningAlgorithm;
use muster_store::{Entry, SigningKeyRow, Tx};
use serde_json::json;

use crate::keys::{KeyView, OLDEST, encoding, public_half, purpose};

/// How long a new key is published before it signs: others keep our keys for so long at most.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);
/// How long an old key stays after it signs no more; no token lives longer.
const AFTER: SignedDuration = SignedDuration::from_hours(48);
/// Bytes before the PKCS#1 form of a key in its PKCS#8 form, where the key is as long as ours: the JOSE library wants the former.
const WRAPPING: usize = 26;

/// All signing keys, the oldest first.
pub async fn list_signing_keys(opened: &Opened) -> Result<Vec<KeyView>, Error> {
    let rows = opened.store.read().await?.signing_keys().await?;
    Ok(rows.into_iter().map(view).collect())
}

/// Makes the next key of an algorithm. With `at_once` it signs now and the former ones count no more, for when one of them has
/// been seen by others: every token that they signed is refused.
pub async fn rotate_signing_keys(
    ctx: &Ctx,
    opened: &Opened,
    algorithm: SigningAlgorithm,
    at_once: bool,
) -> Result<KeyView, Error> {
    let now = ctx.now();
    let mut tx = opened.store.begin().await?;
    let signs_from = if at_once { now } else { after(now, AHEAD) };
    let gone_at = if at_once { now } else { after(signs_from, AFTER) };
    tx.end_signing_keys(algorithm.word(), gone_at).await?;
    let made = add(opened, &mut tx, algorithm, (now, signs_from)).await?;
    tx.append_journal(&entry(ctx, &made, at_once)).await?;
    tx.commit().await?;
    Ok(view(made))
}

/// Makes the key of an algorithm that is missing or due, unless somebody did in between. Answers all keys.
pub(crate) async fn make_due(
    opened: &Opened,
    algorithm: SigningAlgorithm,
    now: Timestamp,
) -> Result<Vec<SigningKeyRow>, Error> {
    let mut tx = opened.store.begin().await?;
    let rows = tx.signing_keys().await?;
    let of = rows.iter().filter(|row| &*row.algorithm == algorithm.word());
    let living: Vec<_> = of.filter(|row| row.gone_at.is_none_or(|at| now < at)).collect();
    let newest = living.iter().map(|row| row.made_at).max();
    let signs = living.iter().any(|row| row.signs_from <= now);
    if signs && newest.is_some_and(|made_at| now.duration_since(made_at) < OLDEST) {
        return Ok(rows);
    }
    let signs_from = if signs { after(now, AHEAD) } else { now };
    tx.end_signing_keys(algorithm.word(), after(signs_from, AFTER)).await?;
    add(opened, &mut tx, algorithm, (now, signs_from)).await?;
    let rows = tx.signing_keys().await?;
    tx.commit().await?;
    Ok(rows)
}

/// Writes a new key; the two instants are when it is made and from when on it signs.
async fn add(
    opened: &Opened,
    tx: &mut Tx,
    algorithm: SigningAlgorithm,
    (made_at, signs_from): (Timestamp, Timestamp),
) -> Result<SigningKeyRow, Error> {
    let secret = private_half(algorithm)?;
    let (kid, public_key) = public_half(algorithm, &encoding(algorithm, &secret))?;
    let sealed = opened.sealer()?.seal(&purpose(&kid), &secret)?;
    let algorithm = algorithm.word().into();
    let made =
        SigningKeyRow { kid, algorithm, public_key, sealed, made_at, signs_from, gone_at: None };
    tx.insert_signing_key(&made).await?;
    Ok(made)
}

fn private_half(algorithm: SigningAlgorithm) -> Result<Vec<u8>, Error> {
    let fail = || Error::new(Kind::Unavailable, "the system gives no random bytes for a key");
    match algorithm {
        SigningAlgorithm::Es256 => {
            let algorithm = &ECDSA_P256_SHA256_FIXED_SIGNING;
            let made = EcdsaKeyPair::generate_pkcs8(algorithm, &SystemRandom::new());
            made.map(|document| document.as_ref().to_vec()).map_err(|_| fail())
        }
        SigningAlgorithm::Rs256 => {
            let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| fail())?;
            let document: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| fail())?;
            let inner = document.as_ref().get(WRAPPING..).ok_or_else(fail)?;
            Ok(inner.to_vec())
        }
    }
}

fn after(at: Timestamp, length: SignedDuration) -> Timestamp {
    at.checked_add(length).unwrap_or(Timestamp::MAX)
}

fn view(row: SigningKeyRow) -> KeyView {
    let SigningKeyRow { kid, algorithm, signs_from, gone_at, .. } = row;
    KeyView { kid, algorithm, signs_from, gone_at }
}

fn entry(ctx: &Ctx, made: &SigningKeyRow, at_once: bool) -> Entry {
    Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: ctx.on_behalf_of.clone(),
        action: "signing-key.rotate".into(),
        subject: format!("signing key {}", made.kid).into(),
        detail: json!({ "algorithm": &*made.algorithm, "at_once": at_once }).to_string().into(),
        correlation: Some(ctx.correlation.clone()),
    }
}
