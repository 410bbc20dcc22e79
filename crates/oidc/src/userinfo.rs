//! Userinfo: what an application may know of a person, asked with an access token.

use axum::{
    Json,
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use serde_json::{Map, Value};

use crate::{
    access_token::{self, Valid},
    asked::Asked,
    handles,
    params::Params,
    proof::{self, Place},
    refused::Refused,
    scopes::Scopes,
    sessions::Body,
};

/// Where it is.
pub(crate) const PATH: &str = "/oauth2/userinfo";

/// The claims of the person behind a token.
pub(crate) async fn userinfo(asked: Asked, method: Method, body: Bytes) -> Response {
    match claims(&asked, &method, &body).await {
        Ok(Ok(claims)) => Json(claims).into_response(),
        Ok(Err(word)) => challenged(word),
        Err(refused) => refused.into_response(),
    }
}

/// The claims, or the word for why not.
async fn claims(
    asked: &Asked,
    method: &Method,
    body: &Bytes,
) -> Result<Result<Map<String, Value>, &'static str>, Refused> {
    let form = if *method == Method::POST { Params::of_body(body)? } else { Params::default() };
    let Some((scheme, token)) = shown(asked, &form) else { return Ok(Err("")) };
    let Some(valid) = access_token::valid(asked, &token).await? else {
        return Ok(Err("invalid_token"));
    };
    if !is_held(asked, method, &scheme, &token, &valid).await? {
        return Ok(Err("invalid_token"));
    }
    let scopes = Scopes::of(&valid.claims.scope);
    let (Some((person, session)), true) = (&valid.behind, scopes.has("openid")) else {
        return Ok(Err("insufficient_scope"));
    };
    let Some(application) = asked.application(&valid.claims.client_id) else {
        return Ok(Err("invalid_token"));
    };
    let body: Body = handles::read(&session.body)?;
    let mut claims = person.claims(asked, application, &scopes, &body.wanted.userinfo);
    claims.insert("sub".to_owned(), person.subject().into());
    Ok(Ok(claims))
}

/// The token, in one place, and how it is shown.
fn shown(asked: &Asked, form: &Params) -> Option<(String, String)> {
    let mut given = asked.headers.get_all(header::AUTHORIZATION).iter();
    match (given.next(), given.next(), form.get("access_token")) {
        (Some(text), None, None) => {
            let (scheme, token) = text.to_str().ok()?.split_once(' ')?;
            Some((scheme.to_ascii_lowercase(), token.trim().to_owned()))
        }
        (None, None, Some(token)) => Some(("bearer".to_owned(), token.to_owned())),
        (Some(_) | None, _, _) => None,
    }
}

/// Whether whoever shows the token holds the key that it is bound to, where it is bound to one.
async fn is_held(
    asked: &Asked,
    method: &Method,
    scheme: &str,
    token: &str,
    valid: &Valid,
) -> Result<bool, Refused> {
    let Some(bound) = &valid.claims.cnf else { return Ok(scheme == "bearer") };
    let Some(application) = asked.application(&valid.claims.client_id) else { return Ok(false) };
    let place = Place { method: method.as_str(), url: asked.url(PATH), token: Some(token) };
    let key = proof::key(asked, application, &place).await;
    Ok(scheme == "dpop" && key.is_ok_and(|key| key.as_deref() == Some(&bound.jkt)))
}

fn challenged(word: &'static str) -> Response {
    let status = match word {
        "insufficient_scope" => StatusCode::FORBIDDEN,
        _ => StatusCode::UNAUTHORIZED,
    };
    let text = match word {
        "" => "Bearer".to_owned(),
        word => format!("Bearer error=\"{word}\""),
    };
    let mut response = status.into_response();
    if let Ok(text) = HeaderValue::from_str(&text) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, text);
    }
    response
}
