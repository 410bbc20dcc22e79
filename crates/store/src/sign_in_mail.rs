//! Mails about signing in that wait to be sent. What stands in them is sealed: it may open something.

use jiff::Timestamp;
use muster_model::EntityId;

use crate::{ReadTx, StoreError, Tx, column::row, statement::args};

/// A mail that waits.
#[derive(Clone, PartialEq, Eq)]
pub struct SignInMail {
    /// Random bytes that tell it from others.
    pub id: Vec<u8>,
    /// To whom; nobody where a name was given that nobody has.
    pub entity: Option<EntityId>,
    /// Subject and text, sealed.
    pub sealed: Vec<u8>,
    /// When it is tried next.
    pub next_try: Timestamp,
    /// From when on nobody needs it any more.
    pub ends_at: Timestamp,
}

impl std::fmt::Debug for SignInMail {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SignInMail").field("entity", &self.entity).finish_non_exhaustive()
    }
}

row!(SignInMail { id, entity, sealed, next_try, ends_at });

impl ReadTx {
    /// Mails whose time has come, at most `limit`.
    pub async fn due_sign_in_mails(
        &mut self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<SignInMail>, StoreError> {
        let sql = "SELECT id, entity, sealed, next_try, ends_at FROM sign_in_mail
                   WHERE next_try <= $1 ORDER BY next_try LIMIT $2";
        self.fetch_all(sql, args![now, limit]).await
    }
}

impl Tx {
    /// Writes a new mail.
    pub async fn insert_sign_in_mail(&mut self, mail: &SignInMail) -> Result<(), StoreError> {
        let SignInMail { id, entity, sealed, next_try, ends_at } = mail;
        let sql = "INSERT INTO sign_in_mail (id, entity, sealed, next_try, ends_at)
                   VALUES ($1, $2, $3, $4, $5)";
        self.execute(sql, args![id, *entity, sealed, *next_try, *ends_at]).await.map(drop)
    }

    /// Takes a mail to send it, and puts its next try off; false when somebody else took it.
    pub async fn take_sign_in_mail(
        &mut self,
        mail: &SignInMail,
        next_try: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE sign_in_mail SET next_try = $3 WHERE id = $1 AND next_try = $2";
        Ok(self.execute(sql, args![&mail.id, mail.next_try, next_try]).await? > 0)
    }

    /// Forgets a mail.
    pub async fn delete_sign_in_mail(&mut self, id: &[u8]) -> Result<(), StoreError> {
        self.execute("DELETE FROM sign_in_mail WHERE id = $1", args![id]).await.map(drop)
    }
}
