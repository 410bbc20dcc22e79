//! Assignments of roles to identities, with validity and history.

use jiff::Timestamp;
use muster_model::{AssignmentId, EntityId, Text};

use crate::{IdRange, ReadTx, StoreError, Tx};

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

impl ReadTx {
    /// The assignment with this id.
    pub async fn assignment(&mut self, id: AssignmentId) -> Result<Option<Assignment>, StoreError> {
        todo!()
    }

    /// The assignments of an identity, ended ones included, by id.
    pub async fn assignments_of(
        &mut self,
        entity: EntityId,
    ) -> Result<Vec<Assignment>, StoreError> {
        todo!()
    }

    /// The assignments of several identities that hold at `now` or will, in the order of `entities`.
    pub async fn assignments_of_many(
        &mut self,
        entities: &[EntityId],
        now: Timestamp,
    ) -> Result<Vec<Assignment>, StoreError> {
        todo!()
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
        todo!()
    }

    /// The assignments of an identity that were recorded and not ended at `at`.
    pub async fn assignments_as_of(
        &mut self,
        entity: EntityId,
        at: Timestamp,
    ) -> Result<Vec<Assignment>, StoreError> {
        todo!()
    }

    /// Assignments of identities of a range that were recorded and not ended at `at`, ordered by identity and id.
    pub async fn scan_assignments_as_of(
        &mut self,
        range: IdRange,
        at: Timestamp,
        after: Option<(EntityId, AssignmentId)>,
        limit: usize,
    ) -> Result<Vec<Assignment>, StoreError> {
        todo!()
    }

    /// Assignments of a role that are not ended, by identity, at most `limit`, after an `(identity, assignment)`.
    pub async fn assignments_of_role(
        &mut self,
        role: &str,
        after: Option<(EntityId, AssignmentId)>,
        limit: usize,
    ) -> Result<Vec<Assignment>, StoreError> {
        todo!()
    }

    /// Beginnings and ends after `after`, up to and with `until`, the earliest first.
    pub async fn assignment_edges(
        &mut self,
        after: Timestamp,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<AssignmentEdge>, StoreError> {
        todo!()
    }
}

impl Tx {
    /// Writes new assignments.
    pub async fn insert_assignments(
        &mut self,
        assignments: &[Assignment],
    ) -> Result<(), StoreError> {
        todo!()
    }

    /// Ends an assignment. Returns false when it is ended already or not there.
    pub async fn end_assignment(
        &mut self,
        id: AssignmentId,
        at: Timestamp,
        by: &str,
        reason: &str,
    ) -> Result<bool, StoreError> {
        todo!()
    }
}
