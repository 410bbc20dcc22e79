//! Changes of SCIM resources as security event tokens (RFC 8417, RFC 9967).
//!
//! The SCIM face knows how a resource is called and which of its attributes changed ([`SpeakScim`]); here that becomes the
//! claims of a token. Signing and sending is done by [`crate::Deliver`].

use async_trait::async_trait;
use muster_model::Text;
use muster_policy::{EventForm, Webhook};
use serde_json::{Value as Json, json};

use crate::{Error, Opened, PublishedEvent};

/// Journal actions that may change what clients of SCIM see.
const ACTIONS: &[&str] =
    &["entity.*", "lifecycle.*", "person.anonymise", "identity.merge", "identity.split"];
/// What a receiver is sent to see that tokens arrive, as shared signals have it.
const VERIFICATION: &str = "https://schemas.openid.net/secevent/ssf/event-type/verification";

/// What happened to one resource.
#[derive(Debug, Clone, PartialEq)]
pub struct ScimEvent {
    /// The path of the resource below the base of the service: `/Users/17`.
    pub uri: String,
    /// The names of what happened, each with what is told of it.
    pub events: Json,
}

/// Says in the words of SCIM what happened. The composition root gives it; see the crate `scim-server`.
#[async_trait]
pub trait SpeakScim: Send + Sync {
    /// What clients of SCIM see of an event: about each resource that it concerns, always in the same order.
    async fn scim_events(
        &self,
        opened: &Opened,
        event: &PublishedEvent,
    ) -> Result<Vec<ScimEvent>, Error>;
}

/// Which events a webhook is to be told of, as patterns of actions.
pub fn wanted_actions(webhook: &Webhook) -> Vec<Text> {
    if webhook.is_scim() && webhook.events.is_empty() {
        return ACTIONS.iter().map(|action| Text::from(*action)).collect();
    }
    webhook.events.clone()
}

/// The claims of the tokens that tell a webhook of an event, each with its `jti`.
///
/// They are the same however often they are made, but for a new resource: of that its attributes at this moment are named.
pub async fn security_events(
    opened: &Opened,
    webhook: &Webhook,
    event: &PublishedEvent,
) -> Result<Vec<(String, Json)>, Error> {
    let Some(speaks) = opened.speaks_scim() else {
        return Err(Error::bug("nothing here speaks SCIM"));
    };
    let said = speaks.scim_events(opened, event).await?;
    let is_one = said.len() == 1;
    let tokens = said.into_iter().enumerate().map(|(n, said)| {
        let part = if is_one { String::new() } else { format!(".{n}") };
        let jti = format!("{}.{}{part}", webhook.name, event.id);
        let about = json!({ "format": "scim", "uri": said.uri });
        let claims = claims(opened, webhook, event, (&jti, about, said.events));
        (jti, claims)
    });
    Ok(tokens.collect())
}

/// The claims of a token that tells of nothing.
pub fn verification_event(opened: &Opened, webhook: &Webhook, event: &PublishedEvent) -> Json {
    let jti = format!("{}.{}", webhook.name, event.id);
    let about = json!({ "format": "opaque", "id": &*webhook.name });
    claims(opened, webhook, event, (&jti, about, json!({ VERIFICATION: {} })))
}

fn claims(
    opened: &Opened,
    webhook: &Webhook,
    event: &PublishedEvent,
    (jti, about, events): (&str, Json, Json),
) -> Json {
    let audience = match &webhook.form {
        EventForm::Scim { audience } => Some(&**audience),
        EventForm::CloudEvents => None,
    };
    json!({
        "iss": opened.model.url.as_deref(),
        "iat": event.entry.at.as_second(),
        "jti": jti,
        "aud": audience,
        "txn": event.entry.correlation.as_deref().unwrap_or(&event.id),
        "sub_id": about,
        "events": events,
    })
}
