//! The token endpoint.

use axum::Json;
use bytes::Bytes;
use muster_policy::{Application, GrantType};
use serde_json::{Value, json};

use crate::{
    access_token::{self, For},
    asked::Asked,
    client::client,
    params::Params,
    refused::Refused,
    scopes::{self, Scopes},
};

/// Gives tokens for what is shown.
pub(crate) async fn token(asked: Asked, body: Bytes) -> Result<Json<Value>, Refused> {
    let params = Params::of_body(&body)?;
    let application = client(&asked, &params).await?;
    match params.need("grant_type", "send the `grant_type`")? {
        "client_credentials" => {
            allowed(application, GrantType::Client)?;
            itself(&asked, application, &params).await.map(Json)
        }
        _ => Err(Refused::new("unsupported_grant_type", "this `grant_type` is not known")),
    }
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
) -> Result<Value, Refused> {
    let own = scopes::on_its_own(application);
    let wanted = params.get("scope").map_or_else(|| own.clone(), Scopes::of);
    if !wanted.are_within(&own) {
        return Err(Refused::new(
            "invalid_scope",
            "the model does not give the application all of these",
        ));
    }
    let token = access_token::issue(asked, application, For::Itself, &wanted, None).await?;
    Ok(json!({
        "access_token": token, "token_type": "Bearer", "scope": wanted.to_string(),
        "expires_in": application.access_lifetime.as_secs(),
    }))
}
