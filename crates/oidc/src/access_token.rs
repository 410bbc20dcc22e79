//! Access tokens (RFC 9068): signed, short-lived, and still asked about at every use.

use muster_model::Text;
use muster_policy::{Application, SigningAlgorithm};
use muster_store::{ApplicationSession, HandleKind};
use serde::{Deserialize, Serialize};

use crate::{
    asked::Asked,
    hashed::{hash, random},
    jose::{self, Audience},
    person::Person,
    refused::Refused,
    scopes::Scopes,
    sessions,
};

/// The type in the head of an access token, which no other token has.
const TYPE: &str = "at+jwt";

/// What an access token says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) sub: String,
    pub(crate) aud: Audience,
    pub(crate) client_id: String,
    pub(crate) scope: String,
    pub(crate) iat: i64,
    pub(crate) exp: i64,
    pub(crate) jti: String,
    /// The session at the application, where a person is behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sid: Option<String>,
    /// The key that it is bound to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) cnf: Option<Confirmation>,
}

/// The key that a token is bound to (RFC 9449).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Confirmation {
    /// Its thumbprint.
    pub(crate) jkt: String,
}

/// For whom a token is made.
#[derive(Debug, Clone, Copy)]
pub(crate) enum For<'a> {
    /// For the application itself.
    Itself,
    /// For a person who is signed in to it.
    Person(&'a Person, &'a ApplicationSession),
}

/// Makes an access token; `key` is the thumbprint of the key that it is bound to.
pub(crate) async fn issue(
    asked: &Asked,
    application: &Application,
    whom: For<'_>,
    scopes: &Scopes,
    key: Option<&str>,
) -> Result<String, Refused> {
    let (sub, sid) = match whom {
        For::Itself => (application.name.to_string(), None),
        For::Person(person, session) => (person.subject(), Some(session.id.to_string())),
    };
    let iat = asked.now.as_second();
    let claims = Claims {
        iss: asked.issuer.to_string(),
        sub,
        aud: Audience::of(audience(application)),
        client_id: application.name.to_string(),
        scope: scopes.to_string(),
        iat,
        exp: iat + application.access_lifetime.as_secs(),
        jti: random()?,
        sid,
        cnf: key.map(|key| Confirmation { jkt: key.to_owned() }),
    };
    let signer = asked.signer(SigningAlgorithm::Es256).await?;
    Ok(jose::sign(&signer, TYPE, &claims)?)
}

/// Who may rely on tokens of an application: whom the model names, otherwise the application itself.
fn audience(application: &Application) -> &[Text] {
    match application.audience.as_slice() {
        [] => std::slice::from_ref(&application.name),
        named => named,
    }
}

/// A token that is valid now.
#[derive(Debug)]
pub(crate) struct Valid {
    pub(crate) claims: Claims,
    /// Who is behind it, and by which session.
    pub(crate) behind: Option<(Person, ApplicationSession)>,
}

/// What a token says, if it is valid now: signed by us, not expired or revoked, of an application that is still there, of a session
/// that goes on, for somebody who may still be here.
pub(crate) async fn valid(asked: &Asked, token: &str) -> Result<Option<Valid>, Refused> {
    let ring = asked.ring().await?;
    let Some(claims) = jose::read::<Claims>(&ring, TYPE, token, asked.now) else { return Ok(None) };
    let is_current = claims.iss == *asked.issuer && asked.now.as_second() < claims.exp;
    let Some(application) = asked.application(&claims.client_id).filter(|_| is_current) else {
        return Ok(None);
    };
    let mut tx = asked.opened.store.read().await?;
    if tx.handle(HandleKind::Revoked, &hash(&claims.jti)).await?.is_some() {
        return Ok(None);
    }
    let Some(sid) = &claims.sid else { return Ok(Some(Valid { claims, behind: None })) };
    let Ok(id) = sid.parse::<i64>() else { return Ok(None) };
    let Some(session) = tx.application_session(id).await? else { return Ok(None) };
    let person = sessions::person(asked, tx, application, &session).await?;
    Ok(person.map(|person| Valid { claims, behind: Some((person, session)) }))
}
