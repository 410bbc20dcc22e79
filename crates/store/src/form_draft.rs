//! What people enter in forms: drafts, and what happened to them.

use jiff::Timestamp;
use muster_model::{EntityId, Text};

use crate::{ReadTx, StoreError, Tx, column::row, statement::args, words::words};

words! {
    /// What became of a draft.
    DraftState {
        /// Somebody works on it.
        Open = "open",
        /// It is a record.
        Entered = "entered",
        /// Somebody refused it.
        Refused = "refused",
        /// Whoever began took it back.
        Withdrawn = "withdrawn",
        /// Nobody worked on it for too long.
        Expired = "expired",
    }
}

/// What somebody enters in a form.
#[derive(Clone, PartialEq, Eq)]
pub struct FormDraft {
    /// Which one; from [`Tx::take_ids`].
    pub id: i64,
    /// The form's name.
    pub form: Text,
    /// Who began.
    pub starter: EntityId,
    /// What it changes, or what it became.
    pub entity: Option<EntityId>,
    /// The name of the step at which it is.
    pub step: Text,
    /// What became of it.
    pub state: DraftState,
    /// Rises with every change.
    pub version: i64,
    /// What was entered, as JSON; empty when it is over.
    pub entered: Text,
    /// When it was begun.
    pub made_at: Timestamp,
    /// When it was changed last.
    pub changed_at: Timestamp,
    /// When it ends if nobody works on it; `None` when it is over.
    pub ends_at: Option<Timestamp>,
}

impl std::fmt::Debug for FormDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FormDraft").field("id", &self.id).finish_non_exhaustive()
    }
}

/// Something that happened to a draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormEvent {
    /// To which one.
    pub draft: i64,
    /// Its place in the history, from 1; given by [`Tx::append_form_event`].
    pub place: i64,
    /// When.
    pub at: Timestamp,
    /// Who did it, as the journal names them.
    pub actor: Text,
    /// Who did it; `None` for Muster itself.
    pub entity: Option<EntityId>,
    /// Whose delegate they were.
    pub in_place_of: Option<EntityId>,
    /// What, in a word.
    pub what: Text,
    /// At which step.
    pub step: Text,
    /// What they said.
    pub note: Text,
}

row!(FormDraft {
    id,
    form,
    starter,
    entity,
    step,
    state,
    version,
    entered,
    made_at,
    changed_at,
    ends_at
});
row!(FormEvent { draft, place, at, actor, entity, in_place_of, what, step, note });

/// The columns of [`FormDraft`], in its order.
macro_rules! select_draft {
    ($rest:literal) => {
        concat!(
            "SELECT d.id, d.form, d.starter, d.entity, d.step, d.state, d.version, d.entered, \
             d.made_at, d.changed_at, d.ends_at FROM form_draft d ",
            $rest
        )
    };
}

impl ReadTx {
    /// The draft with this number.
    pub async fn form_draft(&mut self, id: i64) -> Result<Option<FormDraft>, StoreError> {
        self.fetch_one(select_draft!("WHERE d.id = $1"), args![id]).await
    }

    /// The drafts that somebody began, the newest first, at most `limit`, before a number; only open ones unless `ended`.
    pub async fn form_drafts_by(
        &mut self,
        starter: EntityId,
        ended: bool,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<FormDraft>, StoreError> {
        let sql = select_draft!(
            "WHERE d.starter = $1 AND d.id < $2 AND ($3 OR d.state = 'open') \
             ORDER BY d.id DESC LIMIT $4"
        );
        self.fetch_all(sql, args![starter, before.unwrap_or(i64::MAX), ended, limit]).await
    }

    /// Drafts that wait for a person, or with entity 0 for whoever has a role; the newest first, before a number.
    pub async fn form_drafts_waiting(
        &mut self,
        (entity, role): (EntityId, &str),
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<FormDraft>, StoreError> {
        let sql = select_draft!(
            "JOIN form_turn t ON t.draft = d.id \
             WHERE t.entity = $1 AND t.role = $2 AND t.draft < $3 ORDER BY t.draft DESC LIMIT $4"
        );
        self.fetch_all(sql, args![entity, role, before.unwrap_or(i64::MAX), limit]).await
    }

    /// Drafts on which nobody worked until `now`, the one that waits longest first.
    pub async fn due_form_drafts(
        &mut self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<FormDraft>, StoreError> {
        let sql = select_draft!("WHERE d.ends_at <= $1 ORDER BY d.ends_at, d.id LIMIT $2");
        self.fetch_all(sql, args![now, limit]).await
    }

    /// What happened to a draft, in order.
    pub async fn form_events(&mut self, draft: i64) -> Result<Vec<FormEvent>, StoreError> {
        let sql = "SELECT draft, place, at, actor, entity, in_place_of, what, step, note
                   FROM form_event WHERE draft = $1 ORDER BY place";
        self.fetch_all(sql, args![draft]).await
    }
}

impl Tx {
    /// Writes a new draft.
    pub async fn insert_form_draft(&mut self, draft: &FormDraft) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO form_draft (id, form, starter, entity, step, state, version, entered,
                                           made_at, changed_at, ends_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let FormDraft {
            id,
            form,
            starter,
            entity,
            step,
            state,
            version,
            entered,
            made_at,
            changed_at,
            ends_at,
        } = draft;
        let args = args![
            *id,
            form,
            *starter,
            *entity,
            step,
            *state,
            *version,
            entered,
            *made_at,
            *changed_at,
            *ends_at
        ];
        self.execute(sql, args).await.map(drop)
    }

    /// Writes what changed about an open draft, which was read with `draft.version`. False, and nothing is written, when
    /// somebody else changed it since or it is over.
    pub async fn change_form_draft(&mut self, draft: &FormDraft) -> Result<bool, StoreError> {
        let sql = "UPDATE form_draft SET entity = $3, step = $4, state = $5, version = version + 1,
                       entered = $6, changed_at = $7, ends_at = $8
                   WHERE id = $1 AND version = $2 AND state = 'open'";
        let args = args![
            draft.id,
            draft.version,
            draft.entity,
            &draft.step,
            draft.state,
            &draft.entered,
            draft.changed_at,
            draft.ends_at,
        ];
        Ok(self.execute(sql, args).await? > 0)
    }

    /// Adds to the history of a draft.
    pub async fn append_form_event(&mut self, event: &FormEvent) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO form_event (draft, place, at, actor, entity, in_place_of, what, step, note)
                   VALUES ($1, 1 + COALESCE((SELECT MAX(e.place) FROM form_event e
                                             WHERE e.draft = $1), 0),
                           $2, $3, $4, $5, $6, $7, $8)";
        let FormEvent { draft, place: _, at, actor, entity, in_place_of, what, step, note } = event;
        let args = args![*draft, *at, actor, *entity, *in_place_of, what, step, note];
        self.execute(sql, args).await.map(drop)
    }
}
