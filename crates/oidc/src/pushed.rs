//! Pushed requests (RFC 9126): an application says what it wants before the browser comes, and proves who it is.

use axum::{Json, http::StatusCode};
use bytes::Bytes;
use jiff::SignedDuration;
use muster_store::HandleKind;
use serde_json::{Value, json};

use crate::{
    asked::Asked,
    client::client,
    handles::{self, urn},
    id_token,
    params::Params,
    refused::Refused,
    request::Request,
};

/// Where it is.
pub(crate) const PATH: &str = "/oauth2/par";
/// How long a pushed request may wait for the browser.
const PATIENCE: SignedDuration = SignedDuration::from_secs(90);

/// Takes a request and gives it a name.
pub(crate) async fn push(asked: Asked, body: Bytes) -> Result<(StatusCode, Json<Value>), Refused> {
    let params = Params::of_body(&body)?;
    let application = client(&asked, &params).await?;
    if params.get("request_uri").is_some() {
        return Err(Refused::request("a pushed request cannot name another one"));
    }
    let request = Request::read(&asked, application, &params).map_err(|wrong| wrong.refused);
    let mut request = request?;
    request.name_subject(id_token::hinted(&asked, &params).await?)?;
    let name = &application.name;
    let handle = handles::keep(&asked, HandleKind::Pushed, name, &request, PATIENCE).await?;
    let answer = json!({
        "request_uri": format!("{}{handle}", urn::PUSHED), "expires_in": PATIENCE.as_secs(),
    });
    Ok((StatusCode::CREATED, Json(answer)))
}
