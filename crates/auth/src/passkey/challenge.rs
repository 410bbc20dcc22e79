//! What an authenticator is asked to sign: held here, answered once, in time, by the browser that was asked.

use jiff::{SignedDuration, Timestamp};
use muster_app::{Error, Opened};
use muster_model::EntityId;
use muster_store::PasskeyChallenge;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    Secret,
    session::{hash, new_cookie},
};

/// How long an answer is taken.
const PATIENCE: SignedDuration = SignedDuration::from_mins(5);

/// What a page hands to the authenticator.
#[derive(Debug)]
pub struct Question {
    /// The options, as JSON.
    pub options: String,
    /// What the browser keeps until it answers.
    pub cookie: Secret,
}

/// Keeps what is needed to check an answer. `entity` is who adds a passkey.
pub(super) async fn keep(
    opened: &Opened,
    entity: Option<EntityId>,
    state: &impl Serialize,
    now: Timestamp,
) -> Result<Secret, Error> {
    let cookie = new_cookie()?;
    let challenge = PasskeyChallenge {
        hash: hash(cookie.reveal()),
        entity,
        state: json(state)?.into(),
        expires_at: now.saturating_add(PATIENCE).unwrap_or(now),
    };
    let mut tx = opened.store.begin().await?;
    tx.insert_passkey_challenge(&challenge, now).await?;
    tx.commit().await?;
    Ok(cookie)
}

/// What is needed to check the answer of this browser, of `entity` if they add a passkey. It is gone after that.
pub(super) async fn take<S: DeserializeOwned>(
    opened: &Opened,
    entity: Option<EntityId>,
    cookie: &str,
    now: Timestamp,
) -> Result<Option<S>, Error> {
    let mut tx = opened.store.begin().await?;
    let taken = tx.take_passkey_challenge(&hash(cookie), now).await?;
    tx.commit().await?;
    let Some(taken) = taken.filter(|taken| taken.entity == entity) else { return Ok(None) };
    read(&taken.state).map(Some)
}

/// The form in which something is kept.
pub(super) fn json(kept: &impl Serialize) -> Result<String, Error> {
    serde_json::to_string(kept)
        .map_err(|error| Error::bug("a passkey cannot be written").caused_by(error))
}

/// What was kept.
pub(super) fn read<S: DeserializeOwned>(text: &str) -> Result<S, Error> {
    serde_json::from_str(text)
        .map_err(|error| Error::bug("a passkey cannot be read").caused_by(error))
}
