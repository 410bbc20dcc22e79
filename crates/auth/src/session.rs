//! Sessions: held here, known to the browser by 256 random bits of which only the hash is kept.

use std::net::IpAddr;

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use muster_app::{Error, Opened, random};
use muster_model::{EntityId, Text};
use muster_store::{Sequence, Session as Row};

use crate::{Acr, Amr, Authenticator, Secret, Verified, log::device};

/// The cookie that holds what a browser keeps of a session.
pub const SESSION_COOKIE: &str = "muster_session";
/// How long a proof is fresh.
const FRESH: SignedDuration = SignedDuration::from_mins(10);
/// A session in use is noted no more often than this.
const NOTED: SignedDuration = SignedDuration::from_mins(1);

/// A session that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// Which one. It opens nothing.
    pub id: i64,
    /// Whose.
    pub identity: EntityId,
    /// When it began.
    pub opened_at: Timestamp,
    /// When its person last proved who they are.
    pub auth_time: Timestamp,
    /// When it was last used, to the minute.
    pub seen_at: Timestamp,
    /// When it is over, however much it is used.
    pub ends_at: Timestamp,
    /// The proofs that were given.
    pub amr: Vec<Amr>,
    /// What they are worth.
    pub acr: Acr,
    /// From which network it was opened.
    pub network: Text,
    /// On what, as the browser calls itself.
    pub device: Text,
}

impl Session {
    /// Whether its person was there lately. Whoever changes how they sign in proves that they are.
    pub fn is_fresh(&self, now: Timestamp) -> bool {
        now.duration_since(self.auth_time) < FRESH
    }
}

/// Where a session is opened.
#[derive(Debug, Clone, Copy)]
pub struct Opening<'a> {
    /// From which network.
    pub network: IpAddr,
    /// What the browser calls itself.
    pub device: &'a str,
    /// When.
    pub now: Timestamp,
}

impl Authenticator {
    /// Opens a session for somebody who proved who they are. The secret is what their browser keeps; it cannot be had again.
    pub async fn open(
        &self,
        opened: &Opened,
        verified: &Verified,
        opening: Opening<'_>,
    ) -> Result<(Session, Secret), Error> {
        let Opening { network, device: device_text, now } = opening;
        let cookie = new_cookie()?;
        let longest = opened.model.sign_in.sessions.longest;
        let mut tx = opened.store.begin().await?;
        let row = Row {
            id: tx.take_ids(Sequence::Session, 1).await?,
            hash: hash(cookie.reveal()),
            entity: verified.identity,
            opened_at: now,
            proved_at: verified.auth_time,
            seen_at: now,
            ends_at: now.saturating_add(longest).unwrap_or(now),
            methods: Amr::join(&verified.amr),
            network: network.to_canonical().to_string().into(),
            device: device(device_text),
            ended_at: None,
        };
        tx.insert_session(&row).await?;
        tx.commit().await?;
        Ok((session(row), cookie))
    }

    /// The session that a browser shows, if it holds: nobody ended it, it is not too old, and the lifecycle of its person lets
    /// them in at this moment.
    pub async fn find(
        &self,
        opened: &Opened,
        cookie: &str,
        now: Timestamp,
    ) -> Result<Option<Session>, Error> {
        let mut tx = opened.store.read().await?;
        let Some(row) = tx.session(&hash(cookie)).await?.filter(|row| holds(opened, row, now))
        else {
            return Ok(None);
        };
        if !self.is_alive_in(&mut tx, opened, row.entity, now).await? {
            return Ok(None);
        }
        drop(tx);
        if now.duration_since(row.seen_at) >= NOTED {
            let mut tx = opened.store.begin().await?;
            tx.touch_session(row.id, now).await?;
            tx.commit().await?;
        }
        Ok(Some(session(row)))
    }

    /// Gives a session another secret, after its person proved more; the secret before opens nothing any more. `None` when it
    /// was over, or somebody else did that at the same time.
    pub async fn rotate(
        &self,
        opened: &Opened,
        cookie: &str,
        amr: &[Amr],
        now: Timestamp,
    ) -> Result<Option<Secret>, Error> {
        let new = new_cookie()?;
        let mut tx = opened.store.begin().await?;
        let (old_hash, new_hash) = (hash(cookie), hash(new.reveal()));
        let rotated = tx.rotate_session(&old_hash, &new_hash, now, &Amr::join(amr)).await?;
        tx.commit().await?;
        Ok(rotated.then_some(new))
    }

    /// Ends a session; true when it was not over.
    pub async fn end(&self, opened: &Opened, id: i64, now: Timestamp) -> Result<bool, Error> {
        let mut tx = opened.store.begin().await?;
        let ended = tx.end_session(id, now).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// Ends the sessions of an identity, all but `kept`; returns how many.
    pub async fn end_all(
        &self,
        opened: &Opened,
        identity: EntityId,
        kept: Option<i64>,
        now: Timestamp,
    ) -> Result<u64, Error> {
        let mut tx = opened.store.begin().await?;
        let ended = tx.end_sessions(identity, kept, now).await?;
        tx.commit().await?;
        Ok(ended)
    }

    /// The sessions of an identity that hold but for its lifecycle, the oldest first.
    pub async fn sessions(
        &self,
        opened: &Opened,
        identity: EntityId,
        now: Timestamp,
    ) -> Result<Vec<Session>, Error> {
        let mut tx = opened.store.read().await?;
        let rows = tx.sessions_of(identity).await?;
        Ok(listed(opened, rows, now).collect())
    }
}

/// Those sessions that are neither ended nor too old.
pub(crate) fn listed(
    opened: &Opened,
    rows: Vec<Row>,
    now: Timestamp,
) -> impl Iterator<Item = Session> {
    rows.into_iter().filter(move |row| holds(opened, row, now)).map(session)
}

/// Whether a session is neither ended nor too old.
fn holds(opened: &Opened, row: &Row, now: Timestamp) -> bool {
    let idle = opened.model.sign_in.sessions.idle;
    row.ended_at.is_none() && now < row.ends_at && now.duration_since(row.seen_at) < idle
}

fn session(row: Row) -> Session {
    let Row {
        id,
        hash: _,
        entity,
        opened_at,
        proved_at,
        seen_at,
        ends_at,
        methods,
        network,
        device,
        ended_at: _,
    } = row;
    let amr = Amr::list(&methods);
    let acr = Acr::of(&amr);
    Session {
        id,
        identity: entity,
        opened_at,
        auth_time: proved_at,
        seen_at,
        ends_at,
        amr,
        acr,
        network,
        device,
    }
}

pub(crate) fn new_cookie() -> Result<Secret, Error> {
    Ok(Secret::new(URL_SAFE_NO_PAD.encode(random::<32>()?)))
}

pub(crate) fn hash(cookie: &str) -> Vec<u8> {
    digest(&SHA256, cookie.as_bytes()).as_ref().to_vec()
}
