//! Who asked to be a guest and has not shown yet that the address is theirs.

use jiff::Timestamp;
use muster_model::Text;

use crate::{ReadTx, StoreError, Tx, column::row, statement::args};

/// Somebody asks to be a guest.
#[derive(Clone, PartialEq, Eq)]
pub struct GuestApplication {
    /// Which one; from [`Tx::take_ids`].
    pub id: i64,
    /// The address.
    pub mail: Text,
    /// The name.
    pub name: Text,
    /// Whom they name as their sponsor; may be empty.
    pub sponsor: Text,
    /// The roles that they ask for, as JSON.
    pub roles: Text,
    /// Why.
    pub reason: Text,
    /// SHA-256 of the link that was mailed.
    pub link: Option<Vec<u8>>,
    /// Until when the link can be opened.
    pub ends_at: Timestamp,
    /// How often the mail was tried.
    pub tries: i64,
    /// When it is tried next; `None` when it was sent.
    pub next_try: Option<Timestamp>,
}

impl std::fmt::Debug for GuestApplication {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GuestApplication").field("id", &self.id).finish_non_exhaustive()
    }
}

row!(GuestApplication { id, mail, name, sponsor, roles, reason, link, ends_at, tries, next_try });

/// The columns of [`GuestApplication`], in its order.
macro_rules! select_application {
    ($rest:literal) => {
        concat!(
            "SELECT id, mail, name, sponsor, roles, reason, link, ends_at, tries, next_try \
             FROM guest_application ",
            $rest
        )
    };
}

impl ReadTx {
    /// The application whose mail has a link with this hash.
    pub async fn guest_application(
        &mut self,
        link: &[u8],
    ) -> Result<Option<GuestApplication>, StoreError> {
        self.fetch_one(select_application!("WHERE link = $1"), args![link]).await
    }

    /// Applications whose mail is due at `now`, the one that waits longest first.
    pub async fn due_guest_applications(
        &mut self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<GuestApplication>, StoreError> {
        let sql = select_application!("WHERE next_try <= $1 ORDER BY next_try, id LIMIT $2");
        self.fetch_all(sql, args![now, limit]).await
    }
}

impl Tx {
    /// Writes an application. What was asked with the same address before is replaced, unless that was so short a time ago that it
    /// ends after `recent`.
    pub async fn insert_guest_application(
        &mut self,
        application: &GuestApplication,
        recent: Timestamp,
    ) -> Result<(), StoreError> {
        let sql = "INSERT INTO guest_application (id, mail, name, sponsor, roles, reason, link, ends_at,
                                                  tries, next_try)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
                   ON CONFLICT (mail) DO UPDATE SET
                       id = excluded.id, name = excluded.name, sponsor = excluded.sponsor,
                       roles = excluded.roles, reason = excluded.reason, link = excluded.link,
                       ends_at = excluded.ends_at, tries = excluded.tries, next_try = excluded.next_try
                   WHERE guest_application.ends_at <= $11";
        let GuestApplication {
            id,
            mail,
            name,
            sponsor,
            roles,
            reason,
            link,
            ends_at,
            tries,
            next_try,
        } = application;
        let args = args![
            *id,
            mail,
            name,
            sponsor,
            roles,
            reason,
            link.as_deref(),
            *ends_at,
            *tries,
            *next_try,
            recent
        ];
        self.execute(sql, args).await.map(drop)
    }

    /// Notes the link that goes out with a mail, and when it is tried again.
    pub async fn mail_guest_application(
        &mut self,
        application: &GuestApplication,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE guest_application SET link = $2, tries = $3, next_try = $4 WHERE id = $1";
        let GuestApplication { id, link, tries, next_try, .. } = application;
        self.execute(sql, args![*id, link.as_deref(), *tries, *next_try]).await.map(drop)
    }

    /// Uses the link of an application up, with the application. False when somebody else did.
    pub async fn use_guest_application(&mut self, link: &[u8]) -> Result<bool, StoreError> {
        let sql = "DELETE FROM guest_application WHERE link = $1";
        Ok(self.execute(sql, args![link]).await? > 0)
    }

    /// Forgets applications that nobody confirmed in time.
    pub async fn forget_guest_applications(&mut self, now: Timestamp) -> Result<u64, StoreError> {
        let sql = "DELETE FROM guest_application WHERE ends_at <= $1";
        self.execute(sql, args![now]).await
    }
}
