//! The keys that sign tokens: read from the store, opened, and kept for a minute.
//!
//! A key is published before it signs and stays published as long as something that it signed can be valid: whoever keeps our
//! keys for a day never meets one that they do not know.

use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::{
    error::{KeyRejected, Unspecified},
    rand::SystemRandom,
    rsa::KeyPair as RsaKeyPair,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256},
};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey,
    jwk::{Jwk, ThumbprintHash},
};
use muster_app::{Error, Opened, Sealer};
use muster_model::Text;
use muster_policy::SigningAlgorithm;
use muster_store::SigningKeyRow;
use serde_json::Value as Json;

use crate::rotate;

/// How long keys are kept in memory.
const KEPT: SignedDuration = SignedDuration::from_secs(60);
/// How old the key that signs may become.
pub(crate) const OLDEST: SignedDuration = SignedDuration::from_hours(90 * 24);

/// The keys, as the routes share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Keys(Arc<RwLock<Option<Read>>>);

/// When the keys were read, and the keys.
type Read = (Timestamp, Arc<KeyRing>);

impl Keys {
    /// The keys as of now, read again after a minute.
    pub(crate) async fn ring(
        &self,
        opened: &Opened,
        now: Timestamp,
    ) -> Result<Arc<KeyRing>, Error> {
        let kept = self.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        let fresh = kept.filter(|(at, _)| *at <= now && now.duration_since(*at) < KEPT);
        if let Some((_, ring)) = fresh {
            return Ok(ring);
        }
        let rows = opened.store.read().await?.signing_keys().await?;
        let ring = Arc::new(KeyRing::open(rows, &*opened.sealer()?)?);
        self.keep(now, &ring);
        Ok(ring)
    }

    /// The key that signs now with an algorithm, made when there is none and followed by the next one when it is old.
    pub(crate) async fn signer(
        &self,
        opened: &Opened,
        algorithm: SigningAlgorithm,
        now: Timestamp,
    ) -> Result<Signer, Error> {
        let ring = self.ring(opened, now).await?;
        if let Some(key) = ring.signing(algorithm, now)
            && !ring.needs_successor(algorithm, now)
        {
            return Ok(Signer(key));
        }
        let rows = rotate::make_due(opened, algorithm, now).await?;
        let ring = Arc::new(KeyRing::open(rows, &*opened.sealer()?)?);
        self.keep(now, &ring);
        let key = ring.signing(algorithm, now);
        key.map(Signer).ok_or_else(|| Error::bug("a signing key that was made is not there"))
    }

    fn keep(&self, now: Timestamp, ring: &Arc<KeyRing>) {
        let kept = Some((now, Arc::clone(ring)));
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = kept;
    }
}

/// A key that signs.
#[derive(Debug, Clone)]
pub(crate) struct Signer(pub(crate) Arc<Key>);

/// All keys.
#[derive(Debug)]
pub(crate) struct KeyRing(Vec<Arc<Key>>);

/// A key, opened.
pub(crate) struct Key {
    pub(crate) kid: Text,
    pub(crate) algorithm: SigningAlgorithm,
    pair: Pair,
    pub(crate) decoding: DecodingKey,
    public: Json,
    made_at: Timestamp,
    signs_from: Timestamp,
    gone_at: Option<Timestamp>,
}

/// Both halves of a key, taken apart once: that costs more than a signature.
enum Pair {
    Es256(EcdsaKeyPair),
    Rs256(RsaKeyPair),
}

impl Pair {
    /// From the form in which the private half is sealed.
    fn open(algorithm: SigningAlgorithm, secret: &[u8]) -> Result<Self, KeyRejected> {
        Ok(match algorithm {
            SigningAlgorithm::Es256 => {
                Self::Es256(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, secret)?)
            }
            SigningAlgorithm::Rs256 => Self::Rs256(RsaKeyPair::from_der(secret)?),
        })
    }
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Key").field("kid", &self.kid).finish_non_exhaustive()
    }
}

impl KeyRing {
    fn open(rows: Vec<SigningKeyRow>, sealer: &Sealer) -> Result<Self, Error> {
        let keys: Result<Vec<_>, Error> =
            rows.into_iter().map(|row| Key::open(row, sealer).map(Arc::new)).collect();
        Ok(Self(keys?))
    }

    /// The newest key that signs already.
    fn signing(&self, algorithm: SigningAlgorithm, now: Timestamp) -> Option<Arc<Key>> {
        let known = self.0.iter().filter(|key| key.algorithm == algorithm && key.is_known(now));
        let signing = known.filter(|key| key.signs_from <= now);
        signing.max_by_key(|key| (key.signs_from, key.kid.clone())).cloned()
    }

    fn needs_successor(&self, algorithm: SigningAlgorithm, now: Timestamp) -> bool {
        let of = self.0.iter().filter(|key| key.algorithm == algorithm);
        let newest = of.map(|key| key.made_at).max();
        newest.is_none_or(|made_at| now.duration_since(made_at) >= OLDEST)
    }

    /// The key with this id that counts now.
    pub(crate) fn known(&self, kid: &str, now: Timestamp) -> Option<&Key> {
        self.any(kid).filter(|key| key.is_known(now))
    }

    /// The key with this id, also one that is gone.
    pub(crate) fn any(&self, kid: &str) -> Option<&Key> {
        self.0.iter().find(|key| &*key.kid == kid).map(|key| &**key)
    }

    /// The public halves of all keys that count now.
    pub(crate) fn public(&self, now: Timestamp) -> Vec<&Json> {
        self.0.iter().filter(|key| key.is_known(now)).map(|key| &key.public).collect()
    }
}

impl Key {
    fn open(row: SigningKeyRow, sealer: &Sealer) -> Result<Self, Error> {
        let damaged = || Error::bug(format!("the signing key `{}` cannot be read", row.kid));
        let algorithm = SigningAlgorithm::named(&row.algorithm).ok_or_else(damaged)?;
        let secret = sealer.open(&purpose(&row.kid), &row.sealed)?;
        let pair = Pair::open(algorithm, &secret).map_err(|_| damaged())?;
        let jwk: Jwk = serde_json::from_str(&row.public_key).map_err(|_| damaged())?;
        let decoding = DecodingKey::from_jwk(&jwk).map_err(|_| damaged())?;
        let mut public: Json = serde_json::from_str(&row.public_key).map_err(|_| damaged())?;
        if let Some(fields) = public.as_object_mut() {
            let more = [("kid", &*row.kid), ("use", "sig"), ("alg", algorithm.word())];
            fields.extend(more.map(|(name, value)| (name.to_owned(), value.into())));
        }
        let SigningKeyRow { kid, made_at, signs_from, gone_at, .. } = row;
        Ok(Self { kid, algorithm, pair, decoding, public, made_at, signs_from, gone_at })
    }

    /// The signature of a message.
    pub(crate) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Es256(pair) => Ok(pair.sign(&random, message)?.as_ref().to_vec()),
            Pair::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)?;
                Ok(signature)
            }
        }
    }

    fn is_known(&self, now: Timestamp) -> bool {
        self.gone_at.is_none_or(|at| now < at)
    }
}

/// What the private half of a key is sealed for.
pub(crate) fn purpose(kid: &str) -> String {
    format!("signing key {kid}")
}

/// The algorithm, as the JOSE library names it.
pub(crate) fn jose(algorithm: SigningAlgorithm) -> Algorithm {
    match algorithm {
        SigningAlgorithm::Es256 => Algorithm::ES256,
        SigningAlgorithm::Rs256 => Algorithm::RS256,
    }
}

/// The private half of a key in the form in which it is sealed: PKCS#8, or for RSA what that library wants.
pub(crate) fn encoding(algorithm: SigningAlgorithm, secret: &[u8]) -> EncodingKey {
    match algorithm {
        SigningAlgorithm::Es256 => EncodingKey::from_ec_der(secret),
        SigningAlgorithm::Rs256 => EncodingKey::from_rsa_der(secret),
    }
}

/// The public half of a key and its thumbprint (RFC 7638).
pub(crate) fn public_half(
    algorithm: SigningAlgorithm,
    key: &EncodingKey,
) -> Result<(Text, Text), Error> {
    let fail = |error: jsonwebtoken::errors::Error| {
        Error::bug("the public half of a signing key cannot be made").caused_by(error)
    };
    let jwk = Jwk::from_encoding_key(key, jose(algorithm)).map_err(fail)?;
    let kid = jwk.thumbprint(ThumbprintHash::SHA256).map_err(fail)?;
    let text = serde_json::to_string(&jwk)
        .map_err(|error| Error::bug("a key cannot be written").caused_by(error))?;
    Ok((kid.into(), text.into()))
}

/// A signing key, for people.
#[derive(Debug, Clone)]
pub struct KeyView {
    /// Its id, which is its thumbprint.
    pub kid: Text,
    /// What it signs with.
    pub algorithm: Text,
    /// From when on it signs.
    pub signs_from: Timestamp,
    /// From when on nothing that it signed is valid.
    pub gone_at: Option<Timestamp>,
}
