//! Signing in with a passkey.

use jiff::Timestamp;
use muster_app::{Error, Opened};
use muster_store::{Passkey as Row, hex};
use serde::{Deserialize, de::IgnoredAny};
use webauthn_rs::prelude::{DiscoverableAuthentication, Passkey, PublicKeyCredential};

use super::{
    Party,
    challenge::{self, Question, keep, take},
};
use crate::{
    Amr, Attempt, Authenticator, Refused, Verified,
    find::name_key,
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
        (cookie, answer): (&str, &str),
    ) -> Result<Verified, Refused> {
        let asked = take(opened, None, cookie, attempt.now).await?;
        let answer: Option<PublicKeyCredential> = serde_json::from_str(answer).ok();
        let row = match &answer {
            Some(answer) => opened.store.read().await?.passkey(&answer.raw_id).await?,
            None => None,
        };
        let checked = match (asked, &answer) {
            (Some(asked), Some(answer)) => {
                self.check_passkey(opened, &attempt, (asked, answer), row.as_ref()).await
            }
            (Some(_) | None, _) => Err(Refused::Wrong),
        };
        if let Err(refused) = &checked {
            log::refuse(opened, &attempt, row.map(|row| row.entity), refused).await?;
        }
        checked
    }

    async fn check_passkey(
        &self,
        opened: &Opened,
        attempt: &Attempt<'_>,
        (asked, answer): (DiscoverableAuthentication, &PublicKeyCredential),
        row: Option<&Row>,
    ) -> Result<Verified, Refused> {
        let entity = row.map(|row| row.entity);
        let name_key = name_key(entity, &hex(&answer.raw_id));
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
        let used = (i64::from(result.counter()), &*challenge::json(&passkey)?);
        let mut tx = opened.store.begin().await?;
        if !tx.use_passkey(row.id, used, attempt.now).await? {
            return Err(Refused::Wrong);
        }
        counted.forget(&mut tx).await?;
        let amr = vec![Amr::Passkey];
        write(&mut tx, attempt, entity, Outcome::Allowed(&amr)).await?;
        tx.commit().await?;
        Ok(Verified { identity: row.entity, auth_time: attempt.now, amr })
    }
}

/// Whether the page that asked was alone in its window, not within one of another site.
fn is_on_our_page(answer: &PublicKeyCredential) -> bool {
    let page: Result<Page, _> = serde_json::from_slice(&answer.response.client_data_json);
    page.is_ok_and(|page| !page.is_in_another_site && page.other_site.is_none())
}
