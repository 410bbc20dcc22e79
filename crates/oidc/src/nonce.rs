//! Nonces for proofs of possession (RFC 9449, 8): the time, sealed. Whoever makes a proof with one did not make it long before, and every
//! node knows the nonces of all.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::SignedDuration;
use muster_app::Error;

use crate::asked::Asked;

/// What is sealed.
const PURPOSE: &str = "nonce of a proof";
/// How long one may be used.
const LIFETIME: SignedDuration = SignedDuration::from_mins(5);

/// A nonce of now.
pub(crate) fn new(asked: &Asked) -> Result<String, Error> {
    let time = asked.now.as_second().to_be_bytes();
    Ok(URL_SAFE_NO_PAD.encode(asked.opened.sealer()?.seal(PURPOSE, &time)?))
}

/// Whether a nonce is one of ours, and not too old.
pub(crate) fn is_fresh(asked: &Asked, nonce: &str) -> Result<bool, Error> {
    let Ok(sealed) = URL_SAFE_NO_PAD.decode(nonce) else { return Ok(false) };
    let time = asked.opened.sealer()?.open(PURPOSE, &sealed).ok();
    let made_at = time.and_then(|time| Some(i64::from_be_bytes(time.try_into().ok()?)));
    let age = made_at.map(|made_at| asked.now.as_second().saturating_sub(made_at));
    Ok(age.is_some_and(|age| age < LIFETIME.as_secs()))
}
