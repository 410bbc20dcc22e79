//! What people have to be told, and how they want to be told it.

use jiff::Timestamp;
use muster_model::{EntityId, Text};

use crate::{
    ReadTx, StoreError, Tx,
    column::row,
    statement::{Insert, args, bind, insert_into},
    words::words,
};

words! {
    /// What a notice is about.
    NoticeKind {
        /// A request for a role.
        Request = "request",
        /// A campaign of an access review.
        Review = "review",
        /// A draft of a form.
        Form = "form",
        /// A guest.
        Guest = "guest",
    }
}

/// Something that somebody has to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Which one; from [`Tx::take_ids`].
    pub id: i64,
    /// About what.
    pub kind: NoticeKind,
    /// Its number.
    pub about: i64,
    /// What it says, in a word.
    pub what: Text,
    /// Who is told; 0 where a channel is.
    pub addressee: EntityId,
    /// The channel of the model that is told; empty for a person.
    pub channel: Text,
    /// For when it is meant.
    pub due_at: Timestamp,
    /// Whether it waits for the others of its day.
    pub is_gathered: bool,
    /// How often it was tried.
    pub tries: i64,
    /// When it is tried next.
    pub next_try: Timestamp,
}

/// How somebody wants to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoticeChoice {
    /// Who.
    pub entity: EntityId,
    /// What is chosen: a topic, or a way to be told.
    pub name: Text,
    /// What they want.
    pub choice: Text,
}

row!(Notice { id, kind, about, what, addressee, channel, due_at, is_gathered, tries, next_try });
row!(NoticeChoice { entity, name, choice });

const INSERT: Insert = insert_into!(
    "notice",
    "id",
    "kind",
    "about",
    "what",
    "addressee",
    "channel",
    "due_at",
    "is_gathered",
    "tries",
    "next_try",
);

macro_rules! select_notice {
    ($rest:literal) => {
        concat!(
            "SELECT id, kind, about, what, addressee, channel, due_at, is_gathered, tries,
                    next_try FROM notice ",
            $rest
        )
    };
}

impl ReadTx {
    /// What is due at `now`, the one that waits longest first.
    pub async fn due_notices(
        &mut self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Notice>, StoreError> {
        let sql = select_notice!("WHERE next_try <= $1 ORDER BY next_try, id LIMIT $2");
        self.fetch_all(sql, args![now, limit]).await
    }

    /// What somebody is told together, the oldest first.
    pub async fn gathered_notices(
        &mut self,
        addressee: EntityId,
        limit: usize,
    ) -> Result<Vec<Notice>, StoreError> {
        let sql = select_notice!("WHERE addressee = $1 AND is_gathered ORDER BY id LIMIT $2");
        self.fetch_all(sql, args![addressee, limit]).await
    }

    /// What somebody has chosen.
    pub async fn notice_choices(
        &mut self,
        entity: EntityId,
    ) -> Result<Vec<NoticeChoice>, StoreError> {
        let sql = "SELECT entity, name, choice FROM notice_choice WHERE entity = $1 ORDER BY name";
        self.fetch_all(sql, args![entity]).await
    }
}

impl Tx {
    /// Adds what people have to be told.
    pub async fn insert_notices(&mut self, notices: &[Notice]) -> Result<(), StoreError> {
        self.insert_many(&INSERT, notices, |notice, args| {
            let Notice { id, kind, about, what, addressee, channel, due_at, .. } = notice;
            let Notice { is_gathered, tries, next_try, .. } = notice;
            bind!(args, *id, *kind, *about, what, *addressee, channel, *due_at, *is_gathered);
            bind!(args, *tries, *next_try);
        })
        .await
    }

    /// Takes one in hand until `next_try`. False when somebody else did.
    pub async fn take_notice(
        &mut self,
        notice: &Notice,
        next_try: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE notice SET tries = tries + 1, next_try = $3
                   WHERE id = $1 AND next_try = $2";
        Ok(self.execute(sql, args![notice.id, notice.next_try, next_try]).await? > 0)
    }

    /// Lets one wait for the others of its day, until `at`.
    pub async fn gather_notice(&mut self, id: i64, at: Timestamp) -> Result<(), StoreError> {
        let sql = "UPDATE notice SET is_gathered = TRUE, tries = 0, next_try = $2 WHERE id = $1";
        self.execute(sql, args![id, at]).await.map(drop)
    }

    /// Forgets one that was said or never will be.
    pub async fn delete_notice(&mut self, id: i64) -> Result<(), StoreError> {
        self.execute("DELETE FROM notice WHERE id = $1", args![id]).await.map(drop)
    }

    /// Writes what somebody chose; what they chose before of the same name is replaced.
    pub async fn save_notice_choice(&mut self, choice: &NoticeChoice) -> Result<(), StoreError> {
        let sql = "INSERT INTO notice_choice (entity, name, choice) VALUES ($1, $2, $3)
                   ON CONFLICT (entity, name) DO UPDATE SET choice = excluded.choice";
        let NoticeChoice { entity, name, choice } = choice;
        self.execute(sql, args![*entity, name, choice]).await.map(drop)
    }

    /// Forgets what somebody chose, so that the model says.
    pub async fn delete_notice_choice(
        &mut self,
        entity: EntityId,
        name: &str,
    ) -> Result<(), StoreError> {
        let sql = "DELETE FROM notice_choice WHERE entity = $1 AND name = $2";
        self.execute(sql, args![entity, name]).await.map(drop)
    }
}
