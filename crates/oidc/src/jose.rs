//! Signed tokens: how ours are made and read, and how those of others are checked.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use muster_app::Error;
use muster_model::Text;
use serde::{Serialize, de::DeserializeOwned};
use serde_json::json;

use crate::keys::{KeyRing, Signer, jose};

/// Letters of a token at most.
const LONGEST: usize = 16 << 10;

/// Signs claims as a token of this type.
pub(crate) fn sign<C: Serialize>(
    signer: &Signer,
    typ: &'static str,
    claims: &C,
) -> Result<String, Error> {
    let key = &signer.0;
    let head = json!({ "typ": typ, "alg": key.algorithm.word(), "kid": &*key.kid });
    let claims = serde_json::to_vec(claims)
        .map_err(|error| Error::bug("a token cannot be written").caused_by(error))?;
    let mut token = URL_SAFE_NO_PAD.encode(head.to_string());
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(claims, &mut token);
    let signature = key.sign(token.as_bytes());
    let signature = signature.map_err(|_| Error::bug("a token cannot be signed"))?;
    token.push('.');
    URL_SAFE_NO_PAD.encode_string(signature, &mut token);
    Ok(token)
}

/// The claims of a token of ours: of this type, signed by a key that counts. When it expires is not looked at.
pub(crate) fn read<C: DeserializeOwned>(
    ring: &KeyRing,
    typ: &str,
    token: &str,
    now: jiff::Timestamp,
) -> Option<C> {
    let header = header(token).filter(|header| header.typ.as_deref() == Some(typ))?;
    let key = ring.known(header.kid.as_deref()?, now)?;
    checked(token, jose(key.algorithm), &key.decoding)
}

/// As [`read`], by a key that may be gone: for what a token says of the past.
pub(crate) fn read_old<C: DeserializeOwned>(ring: &KeyRing, typ: &str, token: &str) -> Option<C> {
    let header = header(token).filter(|header| header.typ.as_deref() == Some(typ))?;
    let key = ring.any(header.kid.as_deref()?)?;
    checked(token, jose(key.algorithm), &key.decoding)
}

/// The head of a token that we can judge: short, with nothing in it that would have to be understood, and with no key of its own.
pub(crate) fn header(token: &str) -> Option<Header> {
    if token.len() > LONGEST {
        return None;
    }
    let header = decode_header(token).ok()?;
    let is_plain = header.crit.is_none() && header.enc.is_none() && header.zip.is_none();
    (is_plain && header.jku.is_none() && header.x5u.is_none()).then_some(header)
}

/// The claims, if the signature is right. Claims that come twice are refused by the types they are read into; times are compared
/// by whoever knows the time.
pub(crate) fn checked<C: DeserializeOwned>(
    token: &str,
    algorithm: Algorithm,
    key: &DecodingKey,
) -> Option<C> {
    let mut validation = Validation::new(algorithm);
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    Some(decode::<C>(token, key, &validation).ok()?.claims)
}

/// One audience or several, as tokens have them.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl Audience {
    /// These.
    pub(crate) fn of(names: &[Text]) -> Self {
        match names {
            [one] => Self::One(one.to_string()),
            many => Self::Many(many.iter().map(ToString::to_string).collect()),
        }
    }

    /// Whether somebody is among them.
    pub(crate) fn has(&self, name: &str) -> bool {
        match self {
            Self::One(one) => one == name,
            Self::Many(many) => many.iter().any(|one| one == name),
        }
    }
}
