//! Introspection (RFC 7662): what a token says, to those whom it is for.

use axum::Json;
use bytes::Bytes;
use muster_policy::Application;
use muster_store::HandleKind;
use serde_json::{Value, json};

use crate::{
    access_token::{self, Valid, is_open},
    asked::Asked,
    client::confidential_client,
    hashed::hash,
    params::Params,
    person::Person,
    refused::Refused,
};

/// Says whether a token is valid, and for what. Of one that is for others it says no more than of one that never was.
pub(crate) async fn introspect(asked: Asked, body: Bytes) -> Result<Json<Value>, Refused> {
    let params = Params::of_body(&body)?;
    let caller = confidential_client(&asked, &params).await?;
    let token = params.need("token", "send the token as `token`")?;
    let found = match access_token::valid(&asked, token).await? {
        Some(valid) => Some(access(&valid)).filter(|_| is_for(&valid, caller)),
        None => refresh(&asked, caller, token).await?,
    };
    Ok(Json(found.unwrap_or_else(|| json!({ "active": false }))))
}

fn is_for(valid: &Valid, caller: &Application) -> bool {
    valid.claims.aud.has(&caller.name) || valid.claims.client_id == *caller.name
}

fn access(valid: &Valid) -> Value {
    let claims = &valid.claims;
    let mut answer = json!({
        "active": true, "iss": claims.iss, "sub": claims.sub, "aud": claims.aud, "client_id": claims.client_id,
        "scope": claims.scope, "iat": claims.iat, "exp": claims.exp, "jti": claims.jti,
        "token_type": if claims.cnf.is_some() { "DPoP" } else { "Bearer" },
    });
    let more = [
        ("username", valid.person.as_ref().map(|person| person.key().into())),
        ("cnf", claims.cnf.as_ref().map(|cnf| json!(cnf))),
    ];
    if let Some(fields) = answer.as_object_mut() {
        fields.extend(more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
    answer
}

/// A refresh token, which is for the application that got it and nobody else.
async fn refresh(
    asked: &Asked,
    caller: &Application,
    token: &str,
) -> Result<Option<Value>, Refused> {
    let mut tx = asked.opened.store.read().await?;
    let kept = tx.handle(HandleKind::Refresh, &hash(token)).await?;
    let kept = kept.filter(|kept| {
        kept.application == caller.name && kept.used_at.is_none() && asked.now < kept.expires_at
    });
    let Some((kept, id)) = kept.and_then(|kept| kept.application_session.map(|id| (kept, id)))
    else {
        return Ok(None);
    };
    let session = tx.application_session(id).await?;
    drop(tx);
    let Some(session) = session.filter(|session| is_open(asked, session, caller)) else {
        return Ok(None);
    };
    let person = Person::allowed(asked, caller, session.entity).await?;
    Ok(person.map(|person| {
        json!({
            "active": true, "iss": &*asked.issuer, "sub": person.subject(), "username": person.key(),
            "client_id": &*caller.name, "scope": &*session.scopes, "exp": kept.expires_at.as_second(),
        })
    }))
}
