//! Guests: how far each has come, and mails about them. Who they are and until when stands with their entity.

use jiff::Timestamp;
use muster_model::{EntityId, Text};

use crate::{Number, ReadTx, StoreError, Tx, column::row, statement::args, words::words};

words! {
    /// How far a guest has come.
    GuestState {
        /// The invitation was not accepted yet.
        Invited = "invited",
        /// Let in, with at least one role.
        Active = "active",
        /// Suspended: without a role.
        Blocked = "blocked",
        /// The lifecycle ended.
        Removed = "removed",
    }
}

/// A guest.
#[derive(Clone, PartialEq, Eq)]
pub struct Guest {
    /// The identity.
    pub entity: EntityId,
    /// The connected organisation, by name.
    pub organisation: Text,
    /// How far they have come.
    pub state: GuestState,
    /// Since when.
    pub since: Timestamp,
    /// When they are removed if nothing happens.
    pub next_at: Option<Timestamp>,
    /// When they showed that the address is theirs.
    pub accepted_at: Option<Timestamp>,
    /// SHA-256 of the link that accepts the invitation; gone when it was used.
    pub link: Option<Vec<u8>>,
    /// Who answered for them before, if they were given to somebody else because that one left.
    pub moved_from: Option<EntityId>,
    /// When that was.
    pub moved_at: Option<Timestamp>,
    /// When they were invited or asked, the last time.
    pub made_at: Timestamp,
    /// By whom, as the journal names them.
    pub made_by: Text,
}

impl std::fmt::Debug for Guest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guest")
            .field("entity", &self.entity)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}

/// A guest with whoever answers for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GuestSponsor {
    /// The guest.
    pub guest: EntityId,
    /// Who answers for them.
    pub sponsor: EntityId,
}

row!(Guest {
    entity,
    organisation,
    state,
    since,
    next_at,
    accepted_at,
    link,
    moved_from,
    moved_at,
    made_at,
    made_by
});
row!(GuestSponsor { guest, sponsor });

/// The columns of [`Guest`], in its order.
macro_rules! select_guest {
    ($rest:literal) => {
        concat!(
            "SELECT g.entity, g.organisation, g.state, g.since, g.next_at, g.accepted_at, g.link, \
             g.moved_from, g.moved_at, g.made_at, g.made_by FROM guest g ",
            $rest
        )
    };
}

impl ReadTx {
    /// The guest who is this identity.
    pub async fn guest(&mut self, entity: EntityId) -> Result<Option<Guest>, StoreError> {
        self.fetch_one(select_guest!("WHERE g.entity = $1"), args![entity]).await
    }

    /// The guest whose invitation has a link with this hash.
    pub async fn guest_of_link(&mut self, link: &[u8]) -> Result<Option<Guest>, StoreError> {
        self.fetch_one(select_guest!("WHERE g.link = $1"), args![link]).await
    }

    /// Guests by identity, at most `limit`, after one; those who are removed only with `removed`.
    pub async fn guests(
        &mut self,
        removed: bool,
        after: Option<EntityId>,
        limit: usize,
    ) -> Result<Vec<Guest>, StoreError> {
        let sql = select_guest!(
            "WHERE g.entity > $1 AND ($2 OR g.state <> 'removed') ORDER BY g.entity LIMIT $3"
        );
        self.fetch_all(sql, args![after.unwrap_or(EntityId(0)), removed, limit]).await
    }

    /// Guests who are let in and have no role that somebody gave them at `now`, and those who are blocked and have one.
    pub async fn guests_to_settle(
        &mut self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Guest>, StoreError> {
        // Names of facts begin with `@`.
        let sql = select_guest!(
            "WHERE g.state IN ('active', 'blocked') AND (g.state = 'active') <> EXISTS (
                 SELECT 1 FROM assignment a
                 WHERE a.entity = g.entity AND a.ended_at IS NULL AND a.role NOT LIKE '@%'
                   AND COALESCE(a.valid_from, 0) <= $1
                   AND (a.valid_until IS NULL OR a.valid_until > $1))
             ORDER BY g.state, g.entity LIMIT $2"
        );
        self.fetch_all(sql, args![now, limit]).await
    }

    /// Guests who are to be removed at `now`, the one who is longest due first.
    pub async fn due_guests(
        &mut self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<Guest>, StoreError> {
        let sql = select_guest!("WHERE g.next_at <= $1 ORDER BY g.next_at, g.entity LIMIT $2");
        self.fetch_all(sql, args![now, limit]).await
    }

    /// Guests whose sponsor, by this link, is in this state; those who are removed are left out.
    pub async fn guests_with_sponsor_in(
        &mut self,
        attribute_no: Number,
        state_no: Number,
    ) -> Result<Vec<GuestSponsor>, StoreError> {
        let sql = "SELECT g.entity, l.target FROM guest g
                   JOIN link l ON l.source = g.entity AND l.attribute_no = $1
                   JOIN evaluation v ON v.entity = l.target AND v.state_no = $2
                   WHERE g.state <> 'removed' ORDER BY g.entity";
        self.fetch_all(sql, args![attribute_no, state_no]).await
    }
}

impl Tx {
    /// Writes a guest; what was written of the same identity is replaced.
    pub async fn save_guest(&mut self, guest: &Guest) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO guest (entity, organisation, state, since, next_at, accepted_at, link,
                                      moved_from, moved_at, made_at, made_by)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
                   ON CONFLICT (entity) DO UPDATE SET
                       organisation = excluded.organisation, state = excluded.state,
                       since = excluded.since, next_at = excluded.next_at,
                       accepted_at = excluded.accepted_at, link = excluded.link,
                       moved_from = excluded.moved_from, moved_at = excluded.moved_at,
                       made_at = excluded.made_at, made_by = excluded.made_by";
        let Guest {
            entity,
            organisation,
            state,
            since,
            next_at,
            accepted_at,
            link,
            moved_from,
            moved_at,
            made_at,
            made_by,
        } = guest;
        let args = args![
            *entity,
            organisation,
            *state,
            *since,
            *next_at,
            *accepted_at,
            link.as_deref(),
            *moved_from,
            *moved_at,
            *made_at,
            made_by
        ];
        self.execute(sql, args).await.map(drop)
    }

    /// Uses a link up. False when somebody else did, or it is of no guest.
    pub async fn use_guest_link(&mut self, link: &[u8]) -> Result<bool, StoreError> {
        let sql = "UPDATE guest SET link = NULL WHERE link = $1";
        Ok(self.execute(sql, args![link]).await? > 0)
    }
}
