//! Adding a passkey.

use muster_app::{Ctx, Error, Opened, random};
use muster_model::EntityId;
use muster_store::{Passkey as Row, Sequence};
use serde::{Deserialize, Serialize};
use serde_json::json;
use webauthn_rs::prelude::{
    AttestedPasskeyRegistration, CreationChallengeResponse, Passkey, PasskeyRegistration,
    RegisterPublicKeyCredential, Uuid,
};

use super::{
    Party,
    attested::{is_about_make, makers},
    challenge::{self, Question, keep, take},
    trimmed,
};
use crate::Authenticator;

/// Passkeys that an identity may have.
const MOST: usize = 20;

/// What is needed to check the answer of an authenticator.
#[derive(Serialize, Deserialize)]
enum Registration {
    /// Of any make.
    Any(PasskeyRegistration),
    /// Of one that is believed.
    Attested(Box<AttestedPasskeyRegistration>),
}

/// Why a passkey was not added.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotAdded {
    /// The answer does not fit the question, or came too late.
    #[error("the answer of the authenticator cannot be taken")]
    Wrong,
    /// Their role needs an authenticator that proves its make, and one that is believed.
    #[error("the make of the authenticator is not known, or is not taken")]
    Unattested,
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
        let (name, known, makers) = {
            let mut tx = opened.store.read().await?;
            let name = self.name_in(&mut tx, opened, identity, ctx.now()).await?;
            let makers = makers(&mut tx, opened, identity, ctx.now()).await?;
            (name, tx.passkeys_of(identity).await?, makers)
        };
        if known.len() >= MOST {
            return Err(NotAdded::Many);
        }
        // One person is one to their authenticators, by a random number that says nothing of them.
        let handle = known.first().and_then(|row| Uuid::from_slice(&row.handle).ok());
        let handle = handle.map_or_else(|| random().map(Uuid::from_bytes), Ok)?;
        let sign_in_name = name.all.first().unwrap_or(&name.subject);
        let excluded = Some(known.into_iter().map(|row| row.credential).collect());
        let (webauthn, display) = (party.webauthn, &name.display);
        let asked = match makers {
            None => webauthn
                .start_passkey_registration(handle, sign_in_name, display, excluded)
                .map(|(options, state)| (options, Registration::Any(state))),
            Some(makers) => webauthn
                .start_attested_passkey_registration(
                    handle,
                    sign_in_name,
                    display,
                    excluded,
                    makers,
                    None,
                )
                .map(|(options, state)| (options, Registration::Attested(Box::new(state)))),
        };
        let (options, state) =
            asked.map_err(|error| Error::bug("a passkey cannot be asked for").caused_by(error))?;
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
        let (handle, state): (Uuid, Registration) = asked.ok_or(NotAdded::Wrong)?;
        let answer: RegisterPublicKeyCredential =
            serde_json::from_str(answer).map_err(|_| NotAdded::Wrong)?;
        let webauthn = Party::of(opened)?.webauthn;
        let is_attested = matches!(state, Registration::Attested(_));
        let checked = match state {
            Registration::Any(state) => webauthn.finish_passkey_registration(&answer, &state),
            Registration::Attested(state) => {
                webauthn.finish_attested_passkey_registration(&answer, &state).map(Passkey::from)
            }
        };
        let passkey = checked.map_err(|error| {
            tracing::warn!(%error, "a passkey was not added");
            if is_about_make(&error) { NotAdded::Unattested } else { NotAdded::Wrong }
        })?;
        let mut tx = opened.store.begin().await?;
        // The role may have come since the question.
        let needs = makers(&mut tx, opened, identity, ctx.now()).await?.is_some();
        if needs && !is_attested {
            return Err(NotAdded::Unattested);
        }
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
        let detail = json!({ "passkey": row.id, "name": &*row.name, "attested": is_attested });
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
    // Few authenticators know it, and that the owner is checked is seen at each sign-in.
    if let Some(enforces) =
        options.pointer_mut("/publicKey/extensions/enforceCredentialProtectionPolicy")
    {
        *enforces = false.into();
    }
    Ok(options.to_string())
}
