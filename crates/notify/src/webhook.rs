//! Webhooks: a POST of a JSON document, signed, with a key that is the same when it is sent again.

use std::{borrow::Cow, time::Duration};

use muster_app::{DeliverError, WebhookCall, WebhookKind};
use muster_connector::{Secret, Secrets, SettingReader, settings_error};
use muster_http::{HttpClient, HttpSettings, Method, Request};
use muster_model::{Setting, Settings};

use crate::{
    sign::{security_event_token, standard_signature},
    signature,
};

const NOT_A_SECRET: &str = "the secret is not `whsec_` and Base64 of 24 to 64 bytes";

const NOT_A_LONG_SECRET: &str = "the secret is not `whsec_` and Base64 of 32 to 64 bytes";

/// Refusals of tokens that a change of settings mends: those are not about the token itself (RFC 8935, 2.4).
const MENDABLE: &[&str] = &["invalid_key", "authentication_failed", "access_denied"];

/// Bytes of an answer.
const LONGEST: u64 = 4 << 20;

/// Posts one document and answers what came back. Any status below 300 is success; 408, 429 and those from 500 on may go
/// well later.
pub(crate) async fn post(
    secrets: &dyn Secrets,
    call: &WebhookCall<'_>,
) -> Result<Vec<u8>, DeliverError> {
    let own = with_address(call.settings, secrets)?;
    let mut reader = SettingReader::new(&own);
    let mut settings = HttpSettings::read(&mut reader);
    let secret = reader.secret("secret");
    for other in ["send", "timeout", "answer_within", "unanswered"] {
        reader.raw(other);
    }
    let problems = reader.finish();
    if !problems.is_empty() && matches!(own, Cow::Owned(_)) {
        // The problem may quote the address.
        return Err(DeliverError::for_good(
            "what `url` names is no address, or a setting is wrong",
        ));
    }
    if !problems.is_empty() {
        return Err(DeliverError::for_good(settings_error(&problems).to_string()));
    }
    settings.public_only = match call.kind {
        WebhookKind::Task | WebhookKind::Form => false,
        WebhookKind::Event { allow_private, .. }
        | WebhookKind::Token { allow_private }
        | WebhookKind::Question { allow_private, .. } => !allow_private,
    };
    settings.max_response = settings.max_response.min(LONGEST);
    settings.timeout = Duration::try_from(call.timeout).unwrap_or(Duration::from_secs(10));
    let wrong =
        |error: &muster_connector::ConnectorError| DeliverError::for_good(error.to_string());
    let client = HttpClient::open(&settings, secrets).map_err(|error| wrong(&error))?;
    let secret = secret.map(|secret| secret.resolve(secrets)).transpose();
    let secret = secret.map_err(|error| wrong(&error))?;
    let request = addressed(call, secret)?;
    let answer = client.send(&request).await.map_err(|error| DeliverError {
        later: !matches!(error, muster_connector::ConnectorError::Settings(_)),
        problem: error.to_string(),
    })?;
    match answer.status() {
        200..=299 if matches!(call.kind, WebhookKind::Token { .. }) => Ok(Vec::new()),
        200..=299 => Ok(answer.body().to_vec()),
        400 if matches!(call.kind, WebhookKind::Token { .. }) => refused(answer.body()),
        status @ (408 | 425 | 429 | 500..) => {
            Err(DeliverError::for_now(format!("the webhook answers with status {status}")))
        }
        status => Err(DeliverError::for_good(format!("the webhook answers with status {status}"))),
    }
}

/// The settings with the address in them: that of a chat is often all that is secret about it, and comes from elsewhere.
fn with_address<'s>(
    settings: &'s Settings,
    secrets: &dyn Secrets,
) -> Result<Cow<'s, Settings>, DeliverError> {
    let span = match settings.entries.get("url") {
        None | Some((_, Setting::Scalar(..))) => return Ok(Cow::Borrowed(settings)),
        Some((span, _)) => *span,
    };
    let mut reader = SettingReader::new(settings);
    let Some(address) = reader.secret("url") else { return Ok(Cow::Borrowed(settings)) };
    let address = address.resolve(secrets);
    let address = address.map_err(|error| DeliverError::for_good(error.to_string()))?;
    let mut own = settings.clone();
    let address = Setting::Scalar(address.reveal().into(), span);
    own.entries.insert("url".into(), (span, address));
    Ok(Cow::Owned(own))
}

/// What a receiver says who takes no such token; an error when it may take it later.
fn refused(body: &[u8]) -> Result<Vec<u8>, DeliverError> {
    let said: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let err = said.as_ref().and_then(|said| said.get("err")?.as_str());
    match err {
        // What it says further may hold anything.
        Some(err) if !MENDABLE.contains(&err) => {
            Ok(err.chars().take(64).collect::<String>().into_bytes())
        }
        Some(err) => Err(DeliverError::for_good(format!("the receiver says `{err}`"))),
        None => Err(DeliverError::for_good("the webhook answers with status 400")),
    }
}

/// The request with the document, signed where there is a secret.
fn addressed(call: &WebhookCall<'_>, secret: Option<Secret>) -> Result<Request, DeliverError> {
    let request = Request::new(Method::Post, "");
    let missing = || DeliverError::for_good("the setting `secret` is missing");
    let (at, kind) = match call.kind {
        WebhookKind::Event { at, .. } => (at, "application/cloudevents+json"),
        WebhookKind::Question { at, .. } => (at, "application/json"),
        WebhookKind::Token { .. } => {
            let secret = secret.ok_or_else(missing)?;
            let token = security_event_token(secret.reveal(), &call.body)
                .ok_or_else(|| DeliverError::for_good(NOT_A_LONG_SECRET))?;
            let request = request.header("accept", "application/json");
            return Ok(request.body("application/secevent+jwt", token.into_bytes()));
        }
        WebhookKind::Form => {
            let form = "application/x-www-form-urlencoded";
            return Ok(request.body(form, call.body.clone()));
        }
        WebhookKind::Task => {
            let request = request.header("idempotency-key", call.id);
            let request = request.body("application/json", call.body.clone());
            return Ok(match secret {
                Some(secret) => {
                    let signature = signature(secret.reveal().as_bytes(), &call.body);
                    request.header("muster-signature", signature)
                }
                None => request,
            });
        }
    };
    let (at, secret) = (at.as_second(), secret.ok_or_else(missing)?);
    let signature = standard_signature(secret.reveal(), call.id, at, &call.body)
        .ok_or_else(|| DeliverError::for_good(NOT_A_SECRET))?;
    Ok(request
        .header("webhook-id", call.id)
        .header("webhook-timestamp", at.to_string())
        .header("webhook-signature", signature)
        .body(kind, call.body.clone()))
}
