//! What the last evaluation of each identity found: state, settled fingerprint, next change.

use jiff::Timestamp;
use muster_model::{EntityId, Fingerprint, Text};

use crate::{IdRange, Number, ReadTx, StoreError, Tx};

/// What evaluation found for one identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evaluation {
    /// Which identity.
    pub entity: EntityId,
    /// The lifecycle state's number.
    pub state_no: Option<Number>,
    /// Since when it is in this state.
    pub state_since: Option<Timestamp>,
    /// The hash of desired and observed when they were last equal; `None` when they are not, or when nobody knows.
    pub settled: Option<Fingerprint>,
    /// When the result changes by the mere passing of time.
    pub next_change: Option<Timestamp>,
    /// When it was evaluated.
    pub evaluated_at: Timestamp,
}

/// An identity with what evaluation found: all that a full run reads per identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdentityRow {
    /// Which one.
    pub id: EntityId,
    /// Its key.
    pub key: Text,
    /// Its version.
    pub version: i64,
    /// Its attribute values, encoded.
    pub facts: Vec<u8>,
    /// Since when it is missing from its source.
    pub absent_since: Option<Timestamp>,
    /// The lifecycle state's number, once evaluated.
    pub state_no: Option<Number>,
    /// Since when it is in this state.
    pub state_since: Option<Timestamp>,
    /// The settled fingerprint.
    pub settled: Option<Fingerprint>,
    /// When the result changes by the mere passing of time.
    pub next_change: Option<Timestamp>,
}

/// How many identities are in a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StateCount {
    /// The lifecycle state's number; `None` when not evaluated.
    pub state_no: Option<Number>,
    /// How many.
    pub n: u64,
}

impl ReadTx {
    /// Identities of a type within a range of ids, in id order, at most `limit`, each with what evaluation found.
    pub async fn scan_identities(
        &mut self,
        type_no: Number,
        range: IdRange,
        limit: usize,
    ) -> Result<Vec<IdentityRow>, StoreError> {
        todo!()
    }

    /// The identities with these ids that are there, in the order asked for.
    pub async fn identities(&mut self, ids: &[EntityId]) -> Result<Vec<IdentityRow>, StoreError> {
        todo!()
    }

    /// What evaluation found for an identity.
    pub async fn evaluation(&mut self, entity: EntityId) -> Result<Option<Evaluation>, StoreError> {
        todo!()
    }

    /// Identities whose next change is at or before `now`, the earliest first.
    pub async fn due_identities(
        &mut self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<EntityId>, StoreError> {
        todo!()
    }

    /// The earliest next change of all.
    pub async fn next_change(&mut self) -> Result<Option<Timestamp>, StoreError> {
        todo!()
    }

    /// Identities of a type that have no settled fingerprint, in id order, at most `limit`, after an id.
    pub async fn unsettled_identities(
        &mut self,
        type_no: Number,
        after: Option<EntityId>,
        limit: usize,
    ) -> Result<Vec<EntityId>, StoreError> {
        todo!()
    }

    /// How many identities of a type are in each state.
    pub async fn count_states(&mut self, type_no: Number) -> Result<Vec<StateCount>, StoreError> {
        todo!()
    }
}

impl Tx {
    /// Writes evaluations, new ones and replaced ones.
    pub async fn save_evaluations(&mut self, evaluations: &[Evaluation]) -> Result<(), StoreError> {
        todo!()
    }

    /// Forgets the settled fingerprint of identities, so that the next run looks at them in full.
    pub async fn unsettle(&mut self, entities: &[EntityId]) -> Result<(), StoreError> {
        todo!()
    }

    /// Forgets the settled fingerprint of every identity (a new revision). Returns how many had one.
    pub async fn unsettle_all(&mut self) -> Result<u64, StoreError> {
        todo!()
    }
}
