//! Proofs of possession (`DPoP`, RFC 9449): whoever shows a token signs, for this one request, with the key that it is bound to.

use jiff::SignedDuration;
use jsonwebtoken::jwk::{AlgorithmParameters, ThumbprintHash};
use muster_policy::Application;
use serde::Deserialize;

use crate::{
    asked::Asked,
    client::{SKEW, checked_by, first_time},
    hashed::{hash_text, is_same},
    jose, nonce,
    refused::Refused,
};

/// The type of a proof.
const TYPE: &str = "dpop+jwt";
/// How old a proof may be.
const OLDEST: SignedDuration = SignedDuration::from_secs(60);

/// What a proof is for.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    /// The method of the request.
    pub(crate) method: &'a str,
    /// Its address, without query.
    pub(crate) url: String,
    /// The token that is shown with it.
    pub(crate) token: Option<&'a str>,
}

/// What a proof says.
#[derive(Debug, Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: i64,
    ath: Option<String>,
    nonce: Option<String>,
}

/// The thumbprint of the key that the request proves to hold; `None` when it proves nothing.
pub(crate) async fn key(
    asked: &Asked,
    application: &Application,
    place: &Place<'_>,
) -> Result<Option<String>, Refused> {
    let wrong = || Refused::new("invalid_dpop_proof", "the DPoP proof is not for this, or not now");
    let mut given = asked.headers.get_all("dpop").iter();
    let (first, second) = (given.next(), given.next());
    let Some(token) = first else { return Ok(None) };
    let token = token.to_str().ok().filter(|_| second.is_none()).ok_or_else(wrong)?;
    let (claims, thumbprint) = read(token).ok_or_else(wrong)?;
    let age = asked.now.as_second() - claims.iat;
    let is_current = (-SKEW.as_secs()..=OLDEST.as_secs()).contains(&age);
    let is_here = claims.htm == place.method && without_query(&claims.htu) == place.url;
    let is_of_token = place.token.is_none_or(|token| {
        claims.ath.is_some_and(|ath| is_same(ath.as_bytes(), hash_text(token).as_bytes()))
    });
    if !(is_current && is_here && is_of_token) || claims.jti.is_empty() {
        return Err(wrong());
    }
    let is_fresh = match &claims.nonce {
        Some(given) => nonce::is_fresh(asked, given)?,
        // Whose tokens have to be bound shows that its proofs were not made long before.
        None => !application.bound || place.token.is_some(),
    };
    if !is_fresh {
        return Err(Refused::nonce(nonce::new(asked)?));
    }
    let seen = format!("proof {thumbprint} {}", claims.jti);
    if !first_time(asked, application, &seen, OLDEST + SKEW + SKEW).await? {
        return Err(wrong());
    }
    Ok(Some(thumbprint))
}

/// The claims of a proof that is signed by the public key in its head, and the thumbprint of that key.
fn read(token: &str) -> Option<(Claims, String)> {
    let header = jose::header(token).filter(|header| header.typ.as_deref() == Some(TYPE))?;
    let jwk = header.jwk.as_ref()?;
    let is_public = !matches!(jwk.algorithm, AlgorithmParameters::OctetKey(_));
    let thumbprint = jwk.thumbprint(ThumbprintHash::SHA256).ok().filter(|_| is_public)?;
    Some((checked_by(jwk, header.alg, token)?, thumbprint))
}

fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}
