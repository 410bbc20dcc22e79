//! The token endpoint.

use axum::Json;
use bytes::Bytes;
use muster_policy::{Application, GrantType};
use serde_json::{Value, json};

use crate::{
    access_token::{self, For},
    asked::Asked,
    client::client,
    code, device,
    params::Params,
    proof::{self, Place},
    refresh,
    refused::Refused,
    scopes::{self, Scopes},
    tokens::Bound,
};

/// Where it is.
pub(crate) const PATH: &str = "/oauth2/token";

/// Gives tokens for what is shown.
pub(crate) async fn token(asked: Asked, body: Bytes) -> Result<Json<Value>, Refused> {
    let params = Params::of_body(&body)?;
    let application = client(&asked, &params).await?;
    let place = Place { method: "POST", url: asked.url(PATH), token: None };
    let bound = Bound(proof::key(&asked, application, &place).await?);
    if application.bound && bound.0.is_none() {
        let detail = "the application's tokens have to be bound to a key; send a DPoP proof";
        return Err(Refused::new("invalid_dpop_proof", detail));
    }
    let answer = match params.need("grant_type", "send the `grant_type`")? {
        "authorization_code" => {
            allowed(application, GrantType::Code)?;
            code::exchange(&asked, application, &params, &bound).await?
        }
        "refresh_token" => {
            allowed(application, GrantType::Refresh)?;
            refresh::exchange(&asked, application, &params, &bound).await?
        }
        "client_credentials" => {
            allowed(application, GrantType::Client)?;
            itself(&asked, application, &params, &bound).await?
        }
        device::GRANT => {
            allowed(application, GrantType::Device)?;
            device::exchange(&asked, application, &params, &bound).await?
        }
        _ => return Err(Refused::new("unsupported_grant_type", "this `grant_type` is not known")),
    };
    Ok(Json(answer))
}

/// Goes on only if the model lets the application get tokens so.
fn allowed(application: &Application, grant: GrantType) -> Result<(), Refused> {
    if application.has(grant) {
        return Ok(());
    }
    Err(Refused::new("unauthorized_client", "the model does not give the application this grant"))
}

/// Client credentials: a token for the application itself. Nothing is written.
async fn itself(
    asked: &Asked,
    application: &Application,
    params: &Params,
    bound: &Bound,
) -> Result<Value, Refused> {
    let own = scopes::on_its_own(application);
    let wanted = params.get("scope").map_or_else(|| own.clone(), Scopes::of);
    if !wanted.are_within(&own) {
        let detail = "the model does not give the application all of these";
        return Err(Refused::new("invalid_scope", detail));
    }
    let key = bound.0.as_deref();
    let token = access_token::issue(asked, application, For::Itself, &wanted, key).await?;
    Ok(json!({
        "access_token": token, "token_type": bound.token_type(), "scope": wanted.to_string(),
        "expires_in": application.access_lifetime.as_secs(),
    }))
}
