//! Giving somebody a password, or a hash of one that another system made.

use std::{collections::HashSet, fs};

use muster_app::{Ctx, Error, Kind, Opened, entity_type, may_have_password};
use muster_model::EntityId;
use muster_store::{Password, ReadTx, Tx};
use serde_json::json;

use crate::{
    Authenticator, Busy, Secret, StoredHash, Weak, find::name_key, pool::Turn, strength::check,
};

/// Why somebody did not get the password.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotSet {
    /// It would be guessed.
    #[error("the password cannot be taken: {0}")]
    Weak(#[from] Weak),
    /// The store or the model is in trouble, or there is no such identity.
    #[error(transparent)]
    Trouble(#[from] Error),
}

/// The hash of a new password, and what goes with it.
pub(crate) struct NewPassword<'a> {
    pub(crate) identity: EntityId,
    pub(crate) hash: String,
    /// The hash of the sign-in on its way that goes on.
    pub(crate) kept_flow: &'a [u8],
    /// The word in the journal.
    pub(crate) action: &'static str,
}

impl From<NotSet> for Error {
    fn from(not_set: NotSet) -> Self {
        match not_set {
            NotSet::Weak(Weak::Guest) => guests_have_none(),
            NotSet::Weak(_) => Self::invalid(not_set.to_string())
                .hint("a sentence is good; rules about digits and signs there are none"),
            NotSet::Trouble(error) => error,
        }
    }
}

impl From<Busy> for NotSet {
    fn from(busy: Busy) -> Self {
        let message = "too many passwords are hashed at the moment";
        Self::Trouble(Error::new(Kind::Busy, message).caused_by(busy))
    }
}

/// What is said of a password for a guest.
pub(crate) fn guests_have_none() -> Error {
    Error::new(Kind::Denied, "guests have no password")
        .hint("a code is mailed to them each time they sign in; there is nothing to set")
}

/// Whether an identity may have a password: the one place that asks, for whoever sets one and whoever checks one.
pub(crate) async fn may_have_one(
    tx: &mut ReadTx,
    opened: &Opened,
    identity: EntityId,
) -> Result<bool, Error> {
    let found = tx.entity(identity).await?;
    let of = found.and_then(|found| entity_type(opened, found.type_no));
    Ok(of.is_none_or(|of| may_have_password(opened, of)))
}

impl Authenticator {
    /// Gives an identity a password that passes what the model asks for. All their sessions end.
    pub async fn set_password(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        identity: EntityId,
        password: &Secret,
    ) -> Result<(), NotSet> {
        let hash = self.new_hash(ctx, opened, identity, password).await?;
        self.save(ctx, opened, identity, hash).await.map_err(NotSet::from)
    }

    /// The hash of a new password, if it passes what the model asks for.
    pub(crate) async fn new_hash(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        identity: EntityId,
        password: &Secret,
    ) -> Result<String, NotSet> {
        let policy = &opened.model.sign_in.passwords;
        let (names, former) = {
            let mut tx = opened.store.read().await.map_err(Error::from)?;
            if !may_have_one(&mut tx, opened, identity).await? {
                return Err(Weak::Guest.into());
            }
            let name = self.name_in(&mut tx, opened, identity, ctx.now()).await?;
            (name.all, kept(&mut tx, identity, policy.history).await?)
        };
        let names: Vec<&str> = names.iter().map(|name| &**name).collect();
        check(password.reveal(), policy, &names, &blocked(opened)?)?;
        let turn = self.0.pool.turn().await?;
        if is_former(&turn, password, &former).await? {
            return Err(Weak::Former.into());
        }
        Ok(turn.make(password).await?)
    }

    /// Gives an identity the hash of a password that another system made; it is made anew when they sign in. All their
    /// sessions end.
    pub async fn set_hash(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        identity: EntityId,
        hash: &str,
    ) -> Result<(), Error> {
        StoredHash::parse(hash).map_err(|error| {
            Error::invalid("this hash cannot be taken").caused_by(error).hint(
                "argon2id, bcrypt, PBKDF2 and {SSHA} are accepted; others need a new password",
            )
        })?;
        self.save(ctx, opened, identity, hash.to_owned()).await
    }

    async fn save(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        identity: EntityId,
        hash: String,
    ) -> Result<(), Error> {
        let mut tx = opened.store.begin().await?;
        let new = NewPassword { identity, hash, kept_flow: &[], action: "password.set" };
        self.save_in(&mut tx, ctx, opened, new).await?;
        tx.commit().await?;
        Ok(())
    }

    /// Keeps the hash of a new password. Sessions, and sign-ins and recoveries on their way end, but for the sign-in that is kept; a
    /// pass was for getting here.
    pub(crate) async fn save_in(
        &self,
        tx: &mut Tx,
        ctx: &Ctx,
        opened: &Opened,
        new: NewPassword<'_>,
    ) -> Result<(), Error> {
        let NewPassword { identity, hash, kept_flow, action } = new;
        if !may_have_one(tx, opened, identity).await? {
            return Err(guests_have_none());
        }
        tx.save_password(&Password { entity: identity, hash: hash.into(), set_at: ctx.now() })
            .await?;
        tx.forget_lockout(&name_key(Some(identity), "")).await?;
        let ended = tx.end_sessions(identity, None, ctx.now()).await?;
        tx.end_sign_in_flows(identity, kept_flow).await?;
        tx.end_recoveries(identity).await?;
        tx.delete_temporary_pass(identity).await?;
        let detail = json!({ "sessions_ended": ended });
        self.write_down(tx, ctx, opened, identity, (action, detail)).await
    }
}

/// The hashes of the present password and of so many former ones.
async fn kept(
    tx: &mut ReadTx,
    identity: EntityId,
    history: usize,
) -> Result<Vec<StoredHash>, Error> {
    let present = tx.password(identity).await?.map(|password| password.hash);
    let former = tx.former_passwords(identity, history).await?;
    Ok(present.into_iter().chain(former).filter_map(|hash| StoredHash::parse(&hash).ok()).collect())
}

async fn is_former(turn: &Turn, password: &Secret, kept: &[StoredHash]) -> Result<bool, Error> {
    for hash in kept {
        if turn.fits(password, hash).await? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The words that the model refuses, in lower case.
fn blocked(opened: &Opened) -> Result<HashSet<String>, Error> {
    let Some(file) = &opened.model.sign_in.passwords.blocklist else { return Ok(HashSet::new()) };
    let path = opened.dir.join(&**file);
    let text = fs::read_to_string(&path).map_err(|error| {
        Error::new(Kind::Unavailable, format!("cannot read the blocklist `{}`", path.display()))
            .caused_by(error)
            .hint("put it there, or leave `sign_in.passwords.blocklist` out")
    })?;
    Ok(text.lines().map(|line| line.trim().to_lowercase()).collect())
}
