//! Signing in with a passkey.

use jiff::Timestamp;
use muster_app::{Error, Opened};
use muster_model::EntityId;
use muster_store::{Passkey as Row, Tx, hex};
use serde::{Deserialize, de::IgnoredAny};
use webauthn_rs::prelude::{DiscoverableAuthentication, Passkey, PublicKeyCredential};

use super::{
    Party,
    challenge::{self, Question, keep, take},
};
use crate::{
    Amr, Attempt, Authenticator, Refused, Verified,
    find::name_key,
    lockout::Counted,
    log::{self, Outcome, write},
};

/// What the browser says of the page that asked; the library does not look at it.
#[derive(Deserialize)]
struct Page {
    #[serde(default, rename = "crossOrigin")]
    is_in_another_site: bool,
    #[serde(rename = "topOrigin")]
    other_site: Option<IgnoredAny>,
}

impl Authenticator {
    /// What authenticators are asked when somebody signs in; nothing in it depends on who that is.
    pub async fn ask_passkey(&self, opened: &Opened, now: Timestamp) -> Result<Question, Error> {
        let asked = Party::of(opened)?.webauthn.start_discoverable_authentication();
        let (options, state) =
            asked.map_err(|error| Error::bug("a passkey cannot be asked for").caused_by(error))?;
        let cookie = keep(opened, None, &state, now).await?;
        Ok(Question { options: challenge::json(&options)?, cookie })
    }

    /// Checks the answer of an authenticator, the JSON of web authentication. The name and the password of the attempt are not looked at.
    ///
    /// Each call is one entry of the log. Tries count together with those of other doors, and whoever is locked out stays it.
    pub async fn passkey(
        &self,
        opened: &Opened,
        attempt: Attempt<'_>,
        answer: (&str, &str),
    ) -> Result<Verified, Refused> {
        let (entity, used) = self.answered(opened, &attempt, answer).await?;
        let done = match used {
            Ok(used) => enter(opened, &attempt, &used).await,
            Err(refused) => Err(refused),
        };
        if let Err(refused) = &done {
            log::refuse(opened, &attempt, entity, refused).await?;
        }
        done
    }

    /// Checks an answer. Whose passkey it is is known whether or not the answer is right; nothing is written but that it was tried.
    pub(crate) async fn answered(
        &self,
        opened: &Opened,
        attempt: &Attempt<'_>,
        (cookie, answer): (&str, &str),
    ) -> Result<(Option<EntityId>, Result<Used, Refused>), Refused> {
        let asked = take(opened, None, cookie, attempt.now).await?;
        let answer: Option<PublicKeyCredential> = serde_json::from_str(answer).ok();
        let row = match &answer {
            Some(answer) => opened.store.read().await?.passkey(&answer.raw_id).await?,
            None => None,
        };
        let checked = match (asked, &answer) {
            (Some(asked), Some(answer)) => {
                self.check_passkey(opened, attempt, (asked, answer), row.as_ref()).await
            }
            (Some(_) | None, _) => Err(Refused::Wrong),
        };
        Ok((row.map(|row| row.entity), checked))
    }

    async fn check_passkey(
        &self,
        opened: &Opened,
        attempt: &Attempt<'_>,
        (asked, answer): (DiscoverableAuthentication, &PublicKeyCredential),
        row: Option<&Row>,
    ) -> Result<Used, Refused> {
        let name_key = name_key(row.map(|row| row.entity), &hex(&answer.raw_id));
        let counted = self.count_try(opened, attempt, &name_key).await??;
        let row = row.ok_or(Refused::Wrong)?;
        let is_theirs = answer.get_user_unique_id() == Some(&row.handle);
        if !is_theirs || !is_on_our_page(answer) {
            return Err(Refused::Wrong);
        }
        let mut passkey: Passkey = challenge::read(&row.public_key)?;
        let webauthn = Party::of(opened)?.webauthn;
        let checked = webauthn.finish_discoverable_authentication_v2(answer, asked, &passkey);
        let result = checked.map_err(|error| {
            tracing::warn!(%error, passkey = row.id, "a passkey was refused");
            Refused::Wrong
        })?;
        if !self.is_alive(opened, row.entity, attempt.now).await? {
            return Err(Refused::Inactive);
        }
        passkey.update_credential(&result);
        let (counter, public_key) = (i64::from(result.counter()), challenge::json(&passkey)?);
        Ok(Used { entity: row.entity, counted, id: row.id, counter, public_key })
    }
}

/// A passkey whose answer was right.
pub(crate) struct Used {
    pub(crate) entity: EntityId,
    pub(crate) counted: Counted,
    id: i64,
    counter: i64,
    public_key: String,
}

impl Used {
    /// Writes down that it was used; [`Refused::Wrong`] when it was gone, or its counter went back.
    pub(crate) async fn save(&self, tx: &mut Tx, now: Timestamp) -> Result<(), Refused> {
        let used = (self.counter, &*self.public_key);
        if tx.use_passkey(self.id, used, now).await? { Ok(()) } else { Err(Refused::Wrong) }
    }
}

async fn enter(opened: &Opened, attempt: &Attempt<'_>, used: &Used) -> Result<Verified, Refused> {
    let (entity, amr) = (used.entity, vec![Amr::Passkey]);
    let mut tx = opened.store.begin().await?;
    used.save(&mut tx, attempt.now).await?;
    used.counted.forget(&mut tx).await?;
    write(&mut tx, attempt, Some(entity), Outcome::Allowed(&amr)).await?;
    tx.commit().await?;
    Ok(Verified { identity: entity, auth_time: attempt.now, amr })
}

/// Whether the page that asked was alone in its window, not within one of another site.
fn is_on_our_page(answer: &PublicKeyCredential) -> bool {
    let page: Result<Page, _> = serde_json::from_slice(&answer.response.client_data_json);
    page.is_ok_and(|page| !page.is_in_another_site && page.other_site.is_none())
}
