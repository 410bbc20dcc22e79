//! Assignments of roles to identities, with validity and history.

use jiff::Timestamp;
use muster_model::{AssignmentId, EntityId, Text};

use crate::{
    IdRange, ReadTx, StoreError, Tx,
    column::row,
    statement::{Insert, args, bind, insert_into},
};

/// A role given to an identity. Never changed after it was written, only ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assignment {
    /// Which one; from [`Tx::take_ids`].
    pub id: AssignmentId,
    /// To whom.
    pub entity: EntityId,
    /// The role's name.
    pub role: Text,
    /// Where it comes from: `operator`, `request 17`.
    pub origin: Text,
    /// Why.
    pub reason: Text,
    /// From when it holds; `None` for at once.
    pub valid_from: Option<Timestamp>,
    /// Until when it holds; `None` for good.
    pub valid_until: Option<Timestamp>,
    /// When it was written down.
    pub created_at: Timestamp,
    /// By whom.
    pub created_by: Text,
    /// When it was taken back.
    pub ended_at: Option<Timestamp>,
    /// By whom.
    pub ended_by: Option<Text>,
    /// Why.
    pub end_reason: Option<Text>,
}

/// A moment at which an assignment begins or stops to hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AssignmentEdge {
    /// When.
    pub at: Timestamp,
    /// Whose assignment.
    pub entity: EntityId,
    /// Which.
    pub assignment: AssignmentId,
}

row!(Assignment {
    id,
    entity,
    role,
    origin,
    reason,
    valid_from,
    valid_until,
    created_at,
    created_by,
    ended_at,
    ended_by,
    end_reason
});
row!(AssignmentEdge { at, entity, assignment });

/// The columns of [`Assignment`], in its order.
macro_rules! select_assignment {
    ($rest:literal) => {
        concat!(
            "SELECT id, entity, role, origin, reason, valid_from, valid_until, created_at, \
             created_by, ended_at, ended_by, end_reason FROM assignment ",
            $rest
        )
    };
}

const INSERT: Insert = insert_into!(
    "assignment",
    "id",
    "entity",
    "role",
    "origin",
    "reason",
    "valid_from",
    "valid_until",
    "created_at",
    "created_by",
    "ended_at",
    "ended_by",
    "end_reason",
);

impl ReadTx {
    /// The assignment with this id.
    pub async fn assignment(&mut self, id: AssignmentId) -> Result<Option<Assignment>, StoreError> {
        self.fetch_one(select_assignment!("WHERE id = $1"), args![id]).await
    }

    /// The assignments with these ids, in their order.
    pub async fn assignments(
        &mut self,
        ids: &[AssignmentId],
    ) -> Result<Vec<Assignment>, StoreError> {
        let sql = select_assignment!("WHERE id = $1");
        self.fetch_all_of_each(sql, ids, |id, args| bind!(args, *id)).await
    }

    /// The assignments of an identity, ended ones included, by id.
    pub async fn assignments_of(
        &mut self,
        entity: EntityId,
    ) -> Result<Vec<Assignment>, StoreError> {
        self.fetch_all(select_assignment!("WHERE entity = $1 ORDER BY id"), args![entity]).await
    }

    /// The assignments of several identities that hold at `now` or will, in the order of `entities`.
    pub async fn assignments_of_many(
        &mut self,
        entities: &[EntityId],
        now: Timestamp,
    ) -> Result<Vec<Assignment>, StoreError> {
        let sql = select_assignment!(
            "WHERE entity = $1 AND ended_at IS NULL AND (valid_until IS NULL OR valid_until > $2) \
             ORDER BY id"
        );
        self.fetch_all_of_each(sql, entities, |entity, args| bind!(args, *entity, now)).await
    }

    /// Assignments of identities of a range that hold at `now` or will, ordered by identity and id,
    /// at most `limit`, after an `(identity, assignment)`.
    pub async fn scan_assignments(
        &mut self,
        range: IdRange,
        now: Timestamp,
        after: Option<(EntityId, AssignmentId)>,
        limit: usize,
    ) -> Result<Vec<Assignment>, StoreError> {
        let sql = select_assignment!(
            "WHERE (entity, id) > ($1, $2) AND entity <= $3 \
             AND ended_at IS NULL AND (valid_until IS NULL OR valid_until > $4) \
             ORDER BY entity, id LIMIT $5"
        );
        let (entity, id) = after.unwrap_or((range.after, AssignmentId(i64::MAX)));
        self.fetch_all(sql, args![entity, id, range.to, now, limit]).await
    }

    /// The assignments of an identity that were recorded and not ended at `at`.
    pub async fn assignments_as_of(
        &mut self,
        entity: EntityId,
        at: Timestamp,
    ) -> Result<Vec<Assignment>, StoreError> {
        let sql = select_assignment!(
            "WHERE entity = $1 AND created_at <= $2 AND (ended_at IS NULL OR ended_at > $2) \
             ORDER BY id"
        );
        self.fetch_all(sql, args![entity, at]).await
    }

    /// Assignments of identities of a range that were recorded and not ended at `at`, ordered by identity and id.
    pub async fn scan_assignments_as_of(
        &mut self,
        range: IdRange,
        at: Timestamp,
        after: Option<(EntityId, AssignmentId)>,
        limit: usize,
    ) -> Result<Vec<Assignment>, StoreError> {
        let sql = select_assignment!(
            "WHERE (entity, id) > ($1, $2) AND entity <= $3 \
             AND created_at <= $4 AND (ended_at IS NULL OR ended_at > $4) \
             ORDER BY entity, id LIMIT $5"
        );
        let (entity, id) = after.unwrap_or((range.after, AssignmentId(i64::MAX)));
        self.fetch_all(sql, args![entity, id, range.to, at, limit]).await
    }

    /// Assignments of a role that are not ended, by identity, at most `limit`, after an `(identity, assignment)`.
    pub async fn assignments_of_role(
        &mut self,
        role: &str,
        after: Option<(EntityId, AssignmentId)>,
        limit: usize,
    ) -> Result<Vec<Assignment>, StoreError> {
        let sql = select_assignment!(
            "WHERE role = $1 AND ended_at IS NULL AND (entity, id) > ($2, $3) \
             ORDER BY entity, id LIMIT $4"
        );
        let (entity, id) = after.unwrap_or((EntityId(0), AssignmentId(0)));
        self.fetch_all(sql, args![role, entity, id, limit]).await
    }

    /// Beginnings and ends after `after`, up to and with `until`, the earliest first.
    pub async fn assignment_edges(
        &mut self,
        after: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<AssignmentEdge>, StoreError> {
        // Two questions, each in the order of its index, rather than one that has to sort.
        let begin = "SELECT valid_from, entity, id FROM assignment
                     WHERE ended_at IS NULL AND valid_from > $1 AND valid_from <= $2
                     ORDER BY valid_from, entity, id LIMIT $3";
        let end = "SELECT valid_until, entity, id FROM assignment
                   WHERE ended_at IS NULL AND valid_until > $1 AND valid_until <= $2
                   ORDER BY valid_until, entity, id LIMIT $3";
        let mut edges: Vec<AssignmentEdge> = Vec::new();
        for sql in [begin, end] {
            edges.extend(self.fetch_all::<AssignmentEdge>(sql, args![after, until, limit]).await?);
        }
        edges.sort_unstable();
        edges.truncate(limit);
        Ok(edges)
    }
}

impl Tx {
    /// Writes new assignments.
    pub async fn insert_assignments(
        &mut self,
        assignments: &[Assignment],
    ) -> Result<(), StoreError> {
        self.changed.note(assignments.iter().map(|assignment| assignment.entity));
        self.insert_many(&INSERT, assignments, |assignment, args| {
            let Assignment {
                id,
                entity,
                role,
                origin,
                reason,
                valid_from,
                valid_until,
                created_at,
                created_by,
                ended_at,
                ended_by,
                end_reason,
            } = assignment;
            bind!(args, *id, *entity, role, origin, reason, *valid_from, *valid_until, *created_at);
            bind!(args, created_by, *ended_at, ended_by, end_reason);
        })
        .await
    }

    /// Ends assignments, each of an identity and with a reason. Those that are ended already stay as they are.
    pub async fn end_assignments(
        &mut self,
        ended: &[(AssignmentId, EntityId, String)],
        at: Timestamp,
        by: &str,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE assignment SET ended_at = $2, ended_by = $3, end_reason = $4
                   WHERE id = $1 AND ended_at IS NULL";
        self.changed.note(ended.iter().map(|(_, entity, _)| *entity));
        let ended = self.execute_each(sql, ended, |(id, _, reason), args| {
            bind!(args, *id, at, by, reason.as_str());
        });
        ended.await.map(drop)
    }

    /// Ends an assignment. Returns false when it is ended already or not there.
    pub async fn end_assignment(
        &mut self,
        id: AssignmentId,
        at: Timestamp,
        by: &str,
        reason: &str,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE assignment SET ended_at = $2, ended_by = $3, end_reason = $4
                   WHERE id = $1 AND ended_at IS NULL RETURNING entity";
        let ended: Vec<EntityId> = self.fetch_changed(sql, args![id, at, by, reason]).await?;
        self.changed.note(ended.iter().copied());
        Ok(!ended.is_empty())
    }
}
