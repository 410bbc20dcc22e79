//! Which application asks: by its secret, by a token that it signed, or, where it can keep nothing secret, by its name alone.

use axum::http::header;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use jiff::SignedDuration;
use jsonwebtoken::{Algorithm, DecodingKey, jwk::Jwk};
use muster_policy::{Application, ClientAuthentication};
use muster_store::{Handle, HandleKind};
use serde::Deserialize;

use crate::{
    asked::Asked,
    hashed::{hash, is_same},
    jose::{self, Audience},
    params::{Params, decoded},
    refused::Refused,
    token,
};

/// The only type of assertion there is (RFC 7523).
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How long an assertion may be valid at most.
const LONGEST: SignedDuration = SignedDuration::from_mins(10);
/// How far clocks may be apart.
pub(crate) const SKEW: SignedDuration = SignedDuration::from_secs(30);

/// What a request shows.
enum Shown {
    Secret { name: String, secret: String },
    Assertion { name: String, token: String },
    Nothing { name: String },
}

/// What a client signs to show that it is the one.
#[derive(Debug, Deserialize)]
struct Assertion {
    iss: String,
    sub: String,
    aud: Audience,
    jti: String,
    exp: i64,
    nbf: Option<i64>,
}

/// The application that asks. It says the same whatever is wrong, and does the same work for names that are not known.
pub(crate) async fn client<'a>(
    asked: &'a Asked,
    params: &Params,
) -> Result<&'a Application, Refused> {
    let shown = shown(asked, params)?;
    let (Shown::Secret { name, .. } | Shown::Assertion { name, .. } | Shown::Nothing { name }) =
        &shown;
    let application = asked.application(name);
    let way = application.map(|application| application.authentication);
    let is_shown = match &shown {
        Shown::Secret { name, secret } => {
            has_secret(asked, name, secret).await? && way == Some(ClientAuthentication::Secret)
        }
        Shown::Assertion { token, .. } => match application {
            Some(application) if way == Some(ClientAuthentication::Key) => {
                has_signed(asked, application, token).await?
            }
            Some(_) | None => false,
        },
        Shown::Nothing { .. } => way == Some(ClientAuthentication::Public),
    };
    let application = application.filter(|_| is_shown).ok_or_else(|| asked.stranger())?;
    if let Shown::Nothing { .. } = shown {
        asked.unproved()?;
    }
    Ok(application)
}

/// As [`client`], for what only those may ask who can keep something secret.
pub(crate) async fn confidential_client<'a>(
    asked: &'a Asked,
    params: &Params,
) -> Result<&'a Application, Refused> {
    let found = client(asked, params).await?;
    if found.authentication == ClientAuthentication::Public {
        return Err(Refused::client());
    }
    Ok(found)
}

/// What the request shows, which has to be one thing.
fn shown(asked: &Asked, params: &Params) -> Result<Shown, Refused> {
    let basic = basic(asked)?;
    let (secret, assertion) = (params.get("client_secret"), params.get("client_assertion"));
    let named = params.get("client_id");
    match (basic, secret, assertion) {
        (Some((name, secret)), None, None) => {
            if named.is_some_and(|named| named != name) {
                return Err(Refused::request("`client_id` names another application"));
            }
            Ok(Shown::Secret { name, secret })
        }
        (None, Some(secret), None) => {
            let name = named.ok_or_else(Refused::client)?.to_owned();
            Ok(Shown::Secret { name, secret: secret.to_owned() })
        }
        (None, None, Some(token)) => {
            if params.get("client_assertion_type") != Some(ASSERTION) {
                return Err(Refused::request("`client_assertion_type` is not known"));
            }
            let subject = claimed_subject(token).ok_or_else(Refused::client)?;
            if named.is_some_and(|named| named != subject) {
                return Err(Refused::request("`client_id` names another application"));
            }
            Ok(Shown::Assertion { name: subject, token: token.to_owned() })
        }
        (None, None, None) => {
            Ok(Shown::Nothing { name: named.ok_or_else(Refused::client)?.to_owned() })
        }
        (Some(_) | None, _, _) => {
            Err(Refused::request("show who you are in one way, not in several"))
        }
    }
}

/// Whom an assertion says it is from. Nothing is believed of it yet.
fn claimed_subject(token: &str) -> Option<String> {
    jose::header(token)?;
    let claims: Assertion = jsonwebtoken::dangerous::insecure_decode_claims(token).ok()?;
    Some(claims.sub)
}

/// Name and secret of the one `Authorization` header, each encoded as a form has it (RFC 6749, 2.3.1).
fn basic(asked: &Asked) -> Result<Option<(String, String)>, Refused> {
    let mut given = asked.headers.get_all(header::AUTHORIZATION).iter();
    let (first, second) = (given.next(), given.next());
    let Some(text) = first else { return Ok(None) };
    let pair = || {
        let (scheme, encoded) = text.to_str().ok()?.split_once(' ')?;
        let decoded_text = STANDARD.decode(encoded.trim()).ok()?;
        let (name, secret) = std::str::from_utf8(&decoded_text).ok()?.split_once(':')?;
        let pair = (decoded(name).ok()?, decoded(secret).ok()?);
        (second.is_none() && scheme.eq_ignore_ascii_case("basic")).then_some(pair)
    };
    pair().map(Some).ok_or_else(Refused::client)
}

async fn has_secret(asked: &Asked, name: &str, secret: &str) -> Result<bool, Refused> {
    let shown = hash(secret);
    let kept = asked.opened.store.read().await?.application_secrets(name).await?;
    let fits = kept.iter().fold(false, |found, kept| {
        let is_valid = kept.revoked_at.is_none() && kept.expires_at.is_none_or(|at| asked.now < at);
        found | (is_same(&kept.hash, &shown) & is_valid)
    });
    Ok(fits)
}

/// Whether an assertion is signed by one of the application's keys, is for us, and was never shown before.
async fn has_signed(
    asked: &Asked,
    application: &Application,
    token: &str,
) -> Result<bool, Refused> {
    let Some(claims) = signed(application, token) else { return Ok(false) };
    let is_own = claims.iss == *application.name && claims.sub == *application.name;
    let is_for_us = claims.aud.has(&asked.issuer) || claims.aud.has(&asked.url(token::PATH));
    let now = asked.now.as_second();
    let (latest, skew) = (now + LONGEST.as_secs(), SKEW.as_secs());
    let is_current = now < claims.exp + skew
        && claims.exp <= latest + skew
        && claims.nbf.is_none_or(|from| from <= now + skew);
    if !(is_own && is_for_us && is_current) || claims.jti.is_empty() {
        return Ok(false);
    }
    let seen = format!("assertion {} {}", application.name, claims.jti);
    first_time(asked, application, &seen, LONGEST + SKEW + SKEW).await
}

/// Whether something is shown for the first time; it is remembered for so long.
pub(crate) async fn first_time(
    asked: &Asked,
    application: &Application,
    seen: &str,
    remembered: SignedDuration,
) -> Result<bool, Refused> {
    let proof = Handle {
        hash: hash(seen),
        kind: HandleKind::Proof.word().into(),
        application: application.name.clone(),
        application_session: None,
        body: "{}".into(),
        expires_at: asked.now.checked_add(remembered).unwrap_or(asked.now),
        used_at: Some(asked.now),
    };
    let mut tx = asked.opened.store.begin().await?;
    let is_first = tx.insert_handle(&proof).await?;
    tx.commit().await?;
    Ok(is_first)
}

/// The claims of an assertion that one of the application's keys signed.
fn signed(application: &Application, token: &str) -> Option<Assertion> {
    let header = jose::header(token)?;
    application.keys.iter().find_map(|key| {
        let jwk: Jwk = serde_json::from_str(key).ok()?;
        let named = jwk.common.key_id.as_ref().zip(header.kid.as_ref());
        if named.is_some_and(|(one, other)| one != other) {
            return None;
        }
        checked_by(&jwk, header.alg, token)
    })
}

/// The claims of a token that this public key signed, by an algorithm that we take.
pub(crate) fn checked_by<C: serde::de::DeserializeOwned>(
    jwk: &Jwk,
    algorithm: Algorithm,
    token: &str,
) -> Option<C> {
    let known = [Algorithm::ES256, Algorithm::RS256, Algorithm::PS256, Algorithm::EdDSA]
        .contains(&algorithm);
    let key = DecodingKey::from_jwk(jwk).ok().filter(|_| known)?;
    jose::checked(token, algorithm, &key)
}
