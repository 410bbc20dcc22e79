//! People who are signed in to applications, what they let them know, and which applications wait to be told of the end.

use jiff::Timestamp;
use muster_model::{EntityId, Text};

use crate::{ReadTx, StoreError, Tx, column::row, statement::args};

/// A person who is signed in to an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicationSession {
    /// Which one; from [`Tx::take_ids`].
    pub id: i64,
    /// The application.
    pub application: Text,
    /// The person.
    pub entity: EntityId,
    /// The sign-in that it came from.
    pub session: Option<i64>,
    /// What the application may ask for, words with a space between.
    pub scopes: Text,
    /// What else is known of it, a JSON document.
    pub body: Text,
    /// When it began.
    pub created_at: Timestamp,
    /// When it ends by itself.
    pub expires_at: Timestamp,
    /// Since when it is over.
    pub ended_at: Option<Timestamp>,
}

row!(ApplicationSession {
    id,
    application,
    entity,
    session,
    scopes,
    body,
    created_at,
    expires_at,
    ended_at
});

/// An application that has to be told that a session ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogoutNotice {
    /// The session at the application.
    pub application_session: i64,
    /// When the session ended.
    pub made_at: Timestamp,
    /// How often it was tried.
    pub tries: i64,
    /// When it is tried next.
    pub next_try: Timestamp,
    /// What went wrong last.
    pub reason: Option<Text>,
}

row!(LogoutNotice { application_session, made_at, tries, next_try, reason });

/// The columns of [`ApplicationSession`], in its order.
macro_rules! select_session {
    ($rest:literal) => {
        concat!(
            "SELECT id, application, entity, session, scopes, body, created_at, expires_at, ended_at \
             FROM application_session ",
            $rest
        )
    };
}

impl ReadTx {
    /// The session of this number, whatever became of it.
    pub async fn application_session(
        &mut self,
        id: i64,
    ) -> Result<Option<ApplicationSession>, StoreError> {
        self.fetch_one(select_session!("WHERE id = $1"), args![id]).await
    }

    /// The open sessions that came from a sign-in.
    pub async fn application_sessions_of(
        &mut self,
        session: i64,
    ) -> Result<Vec<ApplicationSession>, StoreError> {
        let sql = select_session!("WHERE session = $1 AND ended_at IS NULL ORDER BY id");
        self.fetch_all(sql, args![session]).await
    }

    /// Open sessions of people after a person, in their order, at most `limit`.
    pub async fn open_application_sessions(
        &mut self,
        after: Option<(EntityId, i64)>,
        limit: usize,
    ) -> Result<Vec<ApplicationSession>, StoreError> {
        let (entity, id) = after.unwrap_or((EntityId(0), 0));
        let sql = select_session!(
            "WHERE ended_at IS NULL AND entity >= $1 AND (entity > $1 OR id > $2)
             ORDER BY entity, id LIMIT $3"
        );
        self.fetch_all(sql, args![entity, id, limit]).await
    }

    /// Sign-ins that were ended at an instant or after it, and when, the first ones first.
    pub async fn sessions_ended_since(
        &mut self,
        at: Timestamp,
    ) -> Result<Vec<(i64, Timestamp)>, StoreError> {
        let sql = "SELECT id, ended_at FROM session WHERE ended_at >= $1 ORDER BY ended_at";
        self.fetch_all(sql, args![at]).await
    }

    /// What a person lets an application know: scopes, words with a space between.
    pub async fn consent(
        &mut self,
        application: &str,
        entity: EntityId,
    ) -> Result<Option<Text>, StoreError> {
        let sql = "SELECT scopes FROM consent WHERE application = $1 AND entity = $2";
        self.fetch_one(sql, args![application, entity]).await
    }

    /// Notices that are due, the most overdue first.
    pub async fn due_logout_notices(
        &mut self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<LogoutNotice>, StoreError> {
        let sql = "SELECT application_session, made_at, tries, next_try, reason FROM logout_notice
                   WHERE next_try <= $1 ORDER BY next_try LIMIT $2";
        self.fetch_all(sql, args![now, limit]).await
    }
}

impl Tx {
    /// Writes a new session.
    pub async fn insert_application_session(
        &mut self,
        session: &ApplicationSession,
    ) -> Result<(), StoreError> {
        let ApplicationSession {
            id,
            application,
            entity,
            session,
            scopes,
            body,
            created_at,
            expires_at,
            ended_at,
        } = session;
        let sql = "INSERT INTO application_session (id, application, entity, session, scopes, body, created_at, \
                   expires_at, ended_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
        let args = args![
            *id,
            application,
            *entity,
            *session,
            scopes,
            body,
            *created_at,
            *expires_at,
            *ended_at
        ];
        self.execute(sql, args).await.map(drop)
    }

    /// Ends a session; true when it was open.
    pub async fn end_application_session(
        &mut self,
        id: i64,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE application_session SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL";
        Ok(self.execute(sql, args![id, at]).await? > 0)
    }

    /// Forgets sessions that expired before `at`.
    pub async fn forget_application_sessions(&mut self, at: Timestamp) -> Result<u64, StoreError> {
        let sql = "DELETE FROM application_session WHERE expires_at < $1";
        self.execute(sql, args![at]).await
    }

    /// Keeps what a person lets an application know.
    pub async fn save_consent(
        &mut self,
        application: &str,
        entity: EntityId,
        scopes: &str,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO consent (application, entity, scopes, given_at) VALUES ($1, $2, $3, $4)
                   ON CONFLICT (application, entity) DO UPDATE SET
                       scopes = excluded.scopes, given_at = excluded.given_at";
        self.execute(sql, args![application, entity, scopes, at]).await.map(drop)
    }

    /// Notes that an application has to be told of the end of a session, or that telling it went wrong.
    pub async fn save_logout_notice(&mut self, notice: &LogoutNotice) -> Result<(), StoreError> {
        let sql = "INSERT INTO logout_notice (application_session, made_at, tries, next_try, reason)
                   VALUES ($1, $2, $3, $4, $5)
                   ON CONFLICT (application_session) DO UPDATE SET
                       tries = excluded.tries, next_try = excluded.next_try, reason = excluded.reason";
        let LogoutNotice { application_session, made_at, tries, next_try, reason } = notice;
        let args = args![*application_session, *made_at, *tries, *next_try, reason];
        self.execute(sql, args).await.map(drop)
    }

    /// Forgets a notice that was accepted or given up.
    pub async fn delete_logout_notice(
        &mut self,
        application_session: i64,
    ) -> Result<bool, StoreError> {
        let sql = "DELETE FROM logout_notice WHERE application_session = $1";
        Ok(self.execute(sql, args![application_session]).await? > 0)
    }
}
