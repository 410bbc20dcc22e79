//! Adding a passkey.

use muster_app::{Ctx, Error, Opened, random};
use muster_model::EntityId;
use muster_store::{Passkey as Row, Sequence};
use serde_json::json;
use webauthn_rs::prelude::{
    CreationChallengeResponse, PasskeyRegistration, RegisterPublicKeyCredential, Uuid,
};

use super::{
    Party,
    challenge::{self, Question, keep, take},
    trimmed,
};
use crate::Authenticator;

/// Passkeys that an identity may have.
const MOST: usize = 20;

/// Why a passkey was not added.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotAdded {
    /// The answer does not fit the question, or came too late.
    #[error("the answer of the authenticator cannot be taken")]
    Wrong,
    /// They have as many as they may have.
    #[error("there are {MOST} passkeys already")]
    Many,
    /// The store or the model is in trouble.
    #[error(transparent)]
    Trouble(#[from] Error),
}

impl From<muster_store::StoreError> for NotAdded {
    fn from(error: muster_store::StoreError) -> Self {
        Self::Trouble(error.into())
    }
}

impl Authenticator {
    /// What an authenticator is asked when an identity adds a passkey. Whoever calls this made sure that they are there.
    pub async fn begin_passkey(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        identity: EntityId,
    ) -> Result<Question, NotAdded> {
        let party = Party::of(opened)?;
        let (name, known) = {
            let mut tx = opened.store.read().await?;
            let name = self.name_in(&mut tx, opened, identity, ctx.now()).await?;
            (name, tx.passkeys_of(identity).await?)
        };
        if known.len() >= MOST {
            return Err(NotAdded::Many);
        }
        // One person is one to their authenticators, by a random number that says nothing of them.
        let handle = known.first().and_then(|row| Uuid::from_slice(&row.handle).ok());
        let handle = handle.map_or_else(|| random().map(Uuid::from_bytes), Ok)?;
        let sign_in_name = name.all.first().unwrap_or(&name.subject);
        let excluded = known.into_iter().map(|row| row.credential).collect();
        let (options, state) = party
            .webauthn
            .start_passkey_registration(handle, sign_in_name, &name.display, Some(excluded))
            .map_err(|error| Error::bug("a passkey cannot be asked for").caused_by(error))?;
        let options = discoverable(&options)?;
        let cookie = keep(opened, Some(identity), &(handle, state), ctx.now()).await?;
        Ok(Question { options, cookie })
    }

    /// Takes the answer of an authenticator, the JSON of web authentication, and adds the passkey under this name.
    pub async fn add_passkey(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        identity: EntityId,
        cookie: &str,
        (name, answer): (&str, &str),
    ) -> Result<(), NotAdded> {
        let asked = take(opened, Some(identity), cookie, ctx.now()).await?;
        let (handle, state): (Uuid, PasskeyRegistration) = asked.ok_or(NotAdded::Wrong)?;
        let answer: RegisterPublicKeyCredential =
            serde_json::from_str(answer).map_err(|_| NotAdded::Wrong)?;
        let checked = Party::of(opened)?.webauthn.finish_passkey_registration(&answer, &state);
        let passkey = checked.map_err(|error| {
            tracing::warn!(%error, "a passkey was not added");
            NotAdded::Wrong
        })?;
        let mut tx = opened.store.begin().await?;
        let row = Row {
            id: tx.take_ids(Sequence::Passkey, 1).await?,
            entity: identity,
            credential: passkey.cred_id().clone(),
            handle: handle.as_bytes().to_vec(),
            name: trimmed(name),
            public_key: challenge::json(&passkey)?.into(),
            counter: 0,
            created_at: ctx.now(),
            used_at: None,
        };
        if !tx.insert_passkey(&row).await? {
            return Err(NotAdded::Wrong);
        }
        let detail = json!({ "passkey": row.id, "name": &*row.name });
        self.write_down(&mut tx, ctx, opened, identity, ("passkey.add", detail)).await?;
        tx.commit().await?;
        Ok(())
    }
}

/// The options, asking for a passkey that is found without a name; the library leaves that to the authenticator.
fn discoverable(options: &CreationChallengeResponse) -> Result<String, Error> {
    let bug = || Error::bug("the options of a passkey have another form than expected");
    let mut options = serde_json::to_value(options).map_err(|_| bug())?;
    let selection = options.pointer_mut("/publicKey/authenticatorSelection");
    let selection = selection.and_then(|selection| selection.as_object_mut()).ok_or_else(bug)?;
    selection.insert("residentKey".to_owned(), "required".into());
    selection.insert("requireResidentKey".to_owned(), true.into());
    Ok(options.to_string())
}
