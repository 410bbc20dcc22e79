//! Passkeys: keys that an authenticator keeps for one site and one person, and uses after it checked its owner.
//!
//! A passkey is a whole sign-in: it cannot be given to another site, and two things stand behind it, the authenticator and
//! what it checks. It is found by itself, without a name, so nothing here tells whether a name exists. Which authenticator it
//! is on is asked of those only whose role needs one of a certain make; nobody else's device is told apart by it.
//!
//! What is signed is checked by `webauthn-rs`, and only checked: no private key is ever here.

mod add;
mod attested;
mod challenge;
mod party;
mod sign_in;

use jiff::Timestamp;
use muster_app::{Ctx, Error, Opened};
use muster_model::{EntityId, Text};
use serde_json::json;

pub use add::NotAdded;
pub use challenge::Question;
pub(crate) use party::Party;

use crate::{Acr, Amr, Authenticator, Session};

/// Letters of the name of a passkey at most.
const LONGEST_NAME: usize = 60;

/// A passkey as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passkey {
    /// Which one. It opens nothing.
    pub id: i64,
    /// How its owner calls it.
    pub name: Text,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last used.
    pub used_at: Option<Timestamp>,
}

impl Authenticator {
    /// The site that passkeys are for, which is the host of the project's `url`; `None` where there can be none, because
    /// the project is reached by a number. Without `url` it is `localhost`, for those who try things out.
    pub fn passkey_site(&self, opened: &Opened) -> Option<String> {
        Party::of(opened).ok().map(|party| party.site)
    }

    /// The passkeys of an identity, the oldest first.
    pub async fn passkeys(
        &self,
        opened: &Opened,
        identity: EntityId,
    ) -> Result<Vec<Passkey>, Error> {
        let mut tx = opened.store.read().await?;
        let rows = tx.passkeys_of(identity).await?;
        let seen = rows.into_iter().map(|row| {
            let muster_store::Passkey { id, name, created_at, used_at, .. } = row;
            Passkey { id, name, created_at, used_at }
        });
        Ok(seen.collect())
    }

    /// Whether the one whose session this is may change their passkeys: they were there lately, and whoever has a passkey showed
    /// one. Otherwise a stolen password would be enough to get a proof that is worth more.
    pub async fn may_change_passkeys(
        &self,
        opened: &Opened,
        session: &Session,
        now: Timestamp,
    ) -> Result<bool, Error> {
        let is_sure = session.acr == Acr::Resistant;
        let is_enough = is_sure || self.passkeys(opened, session.identity).await?.is_empty();
        Ok(is_enough && session.is_fresh(now))
    }

    /// Calls a passkey of an identity something else; false when they have no such passkey.
    pub async fn rename_passkey(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        (identity, id): (EntityId, i64),
        name: &str,
    ) -> Result<bool, Error> {
        let name = trimmed(name);
        let mut tx = opened.store.begin().await?;
        if !tx.rename_passkey(identity, id, &name).await? {
            return Ok(false);
        }
        let detail = json!({ "passkey": id, "name": &*name });
        self.write_down(&mut tx, ctx, opened, identity, ("passkey.rename", detail)).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Removes a passkey of the one whose session this is; false when they have no such passkey, or no other way in. Sessions
    /// that a passkey may have opened end: all others, and this one if it did.
    pub async fn remove_passkey(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        session: &Session,
        id: i64,
    ) -> Result<bool, Error> {
        let identity = session.identity;
        let mut tx = opened.store.begin().await?;
        if !tx.delete_passkey(identity, id).await? {
            return Ok(false);
        }
        let kept = Some(session.id).filter(|_| !session.amr.contains(&Amr::Passkey));
        let ended = tx.end_sessions(identity, kept, ctx.now()).await?;
        tx.end_recoveries(identity).await?;
        let detail = json!({ "passkey": id, "sessions_ended": ended });
        self.write_down(&mut tx, ctx, opened, identity, ("passkey.remove", detail)).await?;
        tx.commit().await?;
        Ok(true)
    }
}

/// A name as it is kept: without signs that steer, and not too long.
fn trimmed(name: &str) -> Text {
    let kept: String = name.chars().filter(|sign| !sign.is_control()).take(LONGEST_NAME).collect();
    kept.trim().into()
}
