//! ID tokens: what an application learns of a sign-in, signed.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use muster_policy::Application;
use muster_store::ApplicationSession;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{
    asked::Asked,
    jose::{self, Audience},
    params::Params,
    person::Person,
    refused::Refused,
    scopes::Scopes,
    sessions::Body,
};

/// The type in the head of an ID token.
const TYPE: &str = "JWT";

/// What an ID token says besides what is told of the person.
#[derive(Debug, Serialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: String,
    azp: String,
    iat: i64,
    exp: i64,
    auth_time: i64,
    acr: String,
    amr: Vec<String>,
    sid: String,
    at_hash: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    nonce: Option<String>,
    #[serde(flatten)]
    person: Map<String, Value>,
}

/// What is read of an ID token of ours that somebody shows.
#[derive(Debug, Deserialize)]
pub(crate) struct Hint {
    pub(crate) iss: String,
    pub(crate) sub: String,
    pub(crate) aud: Audience,
    pub(crate) sid: String,
}

/// Makes an ID token that goes with an access token.
pub(crate) async fn issue(
    asked: &Asked,
    application: &Application,
    (person, session): (&Person, &ApplicationSession),
    body: &Body,
    scopes: &Scopes,
    access_token: &str,
) -> Result<String, Refused> {
    let iat = asked.now.as_second();
    let claims = Claims {
        iss: asked.issuer.to_string(),
        sub: person.subject(),
        aud: application.name.to_string(),
        azp: application.name.to_string(),
        iat,
        exp: iat + application.access_lifetime.as_secs(),
        auth_time: body.auth_time,
        acr: body.acr.clone(),
        amr: body.amr.clone(),
        sid: session.id.to_string(),
        at_hash: left_half(access_token),
        nonce: body.nonce.clone(),
        person: person.claims(asked, application, scopes, &body.wanted.id_token),
    };
    let signer = asked.signer(application.algorithm).await?;
    Ok(jose::sign(&signer, TYPE, &claims)?)
}

/// The left half of a hash, as ID tokens name other tokens.
fn left_half(token: &str) -> String {
    let hash = digest(&SHA256, token.as_bytes());
    let (left, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
    URL_SAFE_NO_PAD.encode(left)
}

/// An ID token of ours, however old.
pub(crate) async fn read(asked: &Asked, token: &str) -> Result<Option<Hint>, Refused> {
    let ring = asked.ring().await?;
    let hint = jose::read_old::<Hint>(&ring, TYPE, token);
    Ok(hint.filter(|hint| hint.iss == *asked.issuer))
}

/// Whom an application thinks it is sending, by `id_token_hint`.
pub(crate) async fn hinted(asked: &Asked, params: &Params) -> Result<Option<String>, Refused> {
    let Some(token) = params.get("id_token_hint") else { return Ok(None) };
    let hint = read(asked, token).await?;
    let hint = hint.ok_or_else(|| Refused::request("the `id_token_hint` is none of ours"))?;
    Ok(Some(hint.sub))
}
