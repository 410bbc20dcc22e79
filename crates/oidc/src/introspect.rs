//! Introspection (RFC 7662): what a token says, to those whom it is for.

use axum::Json;
use bytes::Bytes;
use muster_policy::Application;
use serde_json::{Value, json};

use crate::{
    access_token::{self, Valid},
    asked::Asked,
    client::confidential_client,
    params::Params,
    refresh,
    refused::Refused,
    sessions,
};

/// Where it is.
pub(crate) const PATH: &str = "/oauth2/introspect";

/// Says whether a token is valid, and for what. Of one that is for others it says no more than of one that never was.
pub(crate) async fn introspect(asked: Asked, body: Bytes) -> Result<Json<Value>, Refused> {
    let params = Params::of_body(&body)?;
    let caller = confidential_client(&asked, &params).await?;
    let token = params.need("token", "send the token as `token`")?;
    let found = match access_token::valid(&asked, token).await? {
        Some(valid) => Some(access(&valid)).filter(|_| is_for(&valid, caller)),
        None => refreshing(&asked, caller, token).await?,
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
        ("username", valid.behind.as_ref().map(|(person, _)| person.key().into())),
        ("cnf", claims.cnf.as_ref().map(|cnf| json!(cnf))),
    ];
    if let Some(fields) = answer.as_object_mut() {
        fields.extend(more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))));
    }
    answer
}

/// A refresh token, which is for the application that got it and nobody else.
async fn refreshing(
    asked: &Asked,
    caller: &Application,
    token: &str,
) -> Result<Option<Value>, Refused> {
    let mut tx = asked.opened.store.read().await?;
    let shown = refresh::find(&mut tx, token).await?;
    let shown = shown.filter(|shown| shown.is_present && shown.handle.application == caller.name);
    let Some(shown) = shown else { return Ok(None) };
    let Some(session) = sessions::of_handle(&mut tx, &shown.handle).await? else { return Ok(None) };
    let person = sessions::person(asked, tx, caller, &session).await?;
    Ok(person.map(|person| {
        json!({
            "active": true, "iss": &*asked.issuer, "sub": person.subject(), "username": person.key(),
            "client_id": &*caller.name, "scope": &*session.scopes, "exp": session.expires_at.as_second(),
        })
    }))
}
