//! What is kept under random texts for a while.

use jiff::{SignedDuration, Timestamp};
use muster_store::{Handle, HandleKind};
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    asked::Asked,
    hashed::{hash, random},
    refused::Refused,
};

/// How requests that are kept here are named.
pub(crate) mod urn {
    /// One that an application pushed (RFC 9126).
    pub(crate) const PUSHED: &str = "urn:ietf:params:oauth:request_uri:";
    /// One that waits while a person signs in.
    pub(crate) const KEPT: &str = "urn:muster:request:";
}

/// A new handle, not written yet; returned with the text that stands for it.
pub(crate) fn new(
    asked: &Asked,
    kind: HandleKind,
    application: &str,
    body: &impl Serialize,
    expires_at: Timestamp,
) -> Result<(Handle, String), Refused> {
    let text = random()?;
    let handle = Handle {
        hash: hash(&text),
        kind: kind.word().into(),
        application: application.into(),
        application_session: None,
        body: written(body)?.into(),
        expires_at,
        used_at: None,
    };
    debug_assert!(asked.now < expires_at, "it would have expired already");
    Ok((handle, text))
}

/// Something as it is kept.
pub(crate) fn written(body: &impl Serialize) -> Result<String, Refused> {
    serde_json::to_string(body).map_err(|error| {
        muster_app::Error::bug("what is to be kept cannot be written").caused_by(error).into()
    })
}

/// What was kept.
pub(crate) fn read<T: DeserializeOwned>(text: &str) -> Result<T, Refused> {
    serde_json::from_str(text).map_err(|error| {
        muster_app::Error::bug("what was kept cannot be read").caused_by(error).into()
    })
}

/// Keeps something for so long; returns the text that stands for it.
pub(crate) async fn keep(
    asked: &Asked,
    kind: HandleKind,
    application: &str,
    body: &impl Serialize,
    length: SignedDuration,
) -> Result<String, Refused> {
    let (handle, text) = new(asked, kind, application, body, asked.after(length))?;
    let mut tx = asked.opened.store.begin().await?;
    tx.insert_handle(&handle).await?;
    tx.commit().await?;
    Ok(text)
}

/// What is kept under a text, if it was not used and did not expire.
pub(crate) async fn find<T: DeserializeOwned>(
    asked: &Asked,
    kind: HandleKind,
    text: &str,
) -> Result<Option<T>, Refused> {
    let kept = asked.opened.store.read().await?.handle(kind, &hash(text)).await?;
    let kept = kept.filter(|kept| kept.used_at.is_none() && asked.now < kept.expires_at);
    kept.map(|kept| read(&kept.body)).transpose()
}

/// Uses a text up; false when somebody did before.
pub(crate) async fn use_up(asked: &Asked, text: &str) -> Result<bool, Refused> {
    let mut tx = asked.opened.store.begin().await?;
    let is_first = tx.use_handle(&hash(text), asked.now).await?;
    tx.commit().await?;
    Ok(is_first)
}
