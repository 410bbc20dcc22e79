//! What the last evaluation of each identity found: state, settled fingerprint, next change.

use jiff::Timestamp;
use muster_model::{EntityId, Fingerprint, Text};

use crate::{
    IdRange, Number, ReadTx, StoreError, Tx,
    column::row,
    statement::{args, bind},
};

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

/// An identity about which something changed since it was last looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Touched {
    /// Which one.
    pub entity: EntityId,
    /// Rises with each change; whoever looked at it takes away the mark of this version only.
    pub version: i64,
}

row!(Touched { entity, version });
row!(Evaluation { entity, state_no, state_since, settled, next_change, evaluated_at });
row!(IdentityRow {
    id,
    key,
    version,
    facts,
    absent_since,
    state_no,
    state_since,
    settled,
    next_change
});
row!(StateCount { state_no, n });

/// The columns of [`IdentityRow`], in its order.
macro_rules! select_identity {
    ($rest:literal) => {
        concat!(
            "SELECT e.id, e.key, e.version, e.facts, e.absent_since, v.state_no, v.state_since, \
             v.settled, v.next_change FROM entity e LEFT JOIN evaluation v ON v.entity = e.id ",
            $rest
        )
    };
}

impl ReadTx {
    /// Identities of a type within a range of ids, in id order, at most `limit`, each with what evaluation found.
    pub async fn scan_identities(
        &mut self,
        type_no: Number,
        range: IdRange,
        limit: usize,
    ) -> Result<Vec<IdentityRow>, StoreError> {
        let sql = select_identity!(
            "WHERE e.type_no = $1 AND e.id > $2 AND e.id <= $3 ORDER BY e.id LIMIT $4"
        );
        self.fetch_all(sql, args![type_no, range.after, range.to, limit]).await
    }

    /// The identities with these ids that are there, in the order asked for.
    pub async fn identities(&mut self, ids: &[EntityId]) -> Result<Vec<IdentityRow>, StoreError> {
        let sql = select_identity!("WHERE e.id = $1");
        self.fetch_all_of_each(sql, ids, |id, args| bind!(args, *id)).await
    }

    /// What evaluation found for an identity.
    pub async fn evaluation(&mut self, entity: EntityId) -> Result<Option<Evaluation>, StoreError> {
        let sql = "SELECT entity, state_no, state_since, settled, next_change, evaluated_at
                   FROM evaluation WHERE entity = $1";
        self.fetch_one(sql, args![entity]).await
    }

    /// Identities whose next change is at or before `now`, the earliest first.
    pub async fn due_identities(
        &mut self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<EntityId>, StoreError> {
        let sql = "SELECT entity FROM evaluation WHERE next_change <= $1
                   ORDER BY next_change, entity LIMIT $2";
        self.fetch_all(sql, args![now, limit]).await
    }

    /// The earliest next change of all.
    pub async fn next_change(&mut self) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT MIN(next_change) FROM evaluation WHERE next_change IS NOT NULL";
        self.fetch_value(sql, args![]).await
    }

    /// Identities of a type that have no settled fingerprint, in id order, at most `limit`, after an id.
    pub async fn unsettled_identities(
        &mut self,
        type_no: Number,
        after: Option<EntityId>,
        limit: usize,
    ) -> Result<Vec<EntityId>, StoreError> {
        let sql = "SELECT e.id FROM entity e LEFT JOIN evaluation v ON v.entity = e.id
                   WHERE e.type_no = $1 AND e.id > $2 AND v.settled IS NULL
                   ORDER BY e.id LIMIT $3";
        self.fetch_all(sql, args![type_no, after.unwrap_or(EntityId(0)), limit]).await
    }

    /// Identities that came into a state at or before `until` and of which something is not as it should be, the longest
    /// there first, at most `limit`, after a `(since, identity)`.
    pub async fn unsettled_since(
        &mut self,
        state_no: Number,
        until: Timestamp,
        after: Option<(Timestamp, EntityId)>,
        limit: usize,
    ) -> Result<Vec<IdentityRow>, StoreError> {
        let sql = select_identity!(
            "WHERE v.settled IS NULL AND v.state_no = $1 AND v.state_since <= $2 \
             AND (v.state_since, v.entity) > ($3, $4) ORDER BY v.state_since, v.entity LIMIT $5"
        );
        let (since, entity) = after.unwrap_or((Timestamp::MIN, EntityId(0)));
        self.fetch_all(sql, args![state_no, until, since, entity, limit]).await
    }

    /// Identities that are touched, at most `limit`; those that change all the time come last.
    pub async fn touched(&mut self, limit: usize) -> Result<Vec<Touched>, StoreError> {
        let sql = "SELECT entity, touched FROM evaluation WHERE touched > 0
                   ORDER BY touched, entity LIMIT $1";
        self.fetch_all(sql, args![limit]).await
    }

    /// Those of these identities that are touched.
    pub async fn touched_of(&mut self, ids: &[EntityId]) -> Result<Vec<Touched>, StoreError> {
        let sql = "SELECT entity, touched FROM evaluation
                   WHERE entity = $1 AND touched IS NOT NULL";
        self.fetch_all_of_each(sql, ids, |id, args| bind!(args, *id)).await
    }

    /// How many identities of a type are in each state.
    pub async fn count_states(&mut self, type_no: Number) -> Result<Vec<StateCount>, StoreError> {
        let sql = "SELECT v.state_no, COUNT(*)
                   FROM entity e LEFT JOIN evaluation v ON v.entity = e.id
                   WHERE e.type_no = $1
                   GROUP BY v.state_no ORDER BY v.state_no NULLS FIRST";
        self.fetch_all(sql, args![type_no]).await
    }
}

impl Tx {
    /// Writes evaluations, new ones and replaced ones. A new one that is not settled is touched.
    pub async fn save_evaluations(&mut self, evaluations: &[Evaluation]) -> Result<(), StoreError> {
        let sql = "INSERT INTO evaluation
                       (entity, state_no, state_since, settled, next_change, evaluated_at, touched)
                   VALUES ($1, $2, $3, $4, $5, $6, $7)
                   ON CONFLICT (entity) DO UPDATE SET
                       state_no = excluded.state_no, state_since = excluded.state_since,
                       settled = excluded.settled, next_change = excluded.next_change,
                       evaluated_at = excluded.evaluated_at";
        self.execute_each(sql, evaluations, |evaluation, args| {
            let Evaluation { entity, state_no, state_since, settled, next_change, evaluated_at } =
                evaluation;
            let touched = settled.is_none().then_some(1_i64);
            bind!(args, *entity, *state_no, *state_since, *settled, *next_change, *evaluated_at);
            bind!(args, touched);
        })
        .await
        .map(drop)
    }

    /// Forgets the settled fingerprint of identities and touches them, so that they are looked at in full.
    pub async fn unsettle(&mut self, entities: &[EntityId]) -> Result<(), StoreError> {
        let sql = "UPDATE evaluation SET settled = NULL, touched = COALESCE(touched, 0) + 1
                   WHERE entity = $1";
        // In one order, so that two who touch the same ones wait for each other and never both.
        let mut entities = entities.to_vec();
        entities.sort_unstable();
        entities.dedup();
        self.execute_each(sql, &entities, |entity, args| bind!(args, *entity)).await.map(drop)
    }

    /// Forgets the settled fingerprint of every identity (a new revision) and touches it. Returns how many had one.
    pub async fn unsettle_all(&mut self) -> Result<u64, StoreError> {
        let sql = "UPDATE evaluation SET settled = NULL, touched = COALESCE(touched, 0) + 1
                   WHERE settled IS NOT NULL";
        self.execute(sql, args![]).await
    }

    /// Takes the marks away from identities that were looked at; one that was touched again since keeps its mark.
    pub async fn looked_at(&mut self, touched: &[Touched]) -> Result<(), StoreError> {
        let sql = "UPDATE evaluation SET touched = NULL WHERE entity = $1 AND touched = $2";
        self.execute_each(sql, touched, |Touched { entity, version }, args| {
            bind!(args, *entity, *version);
        })
        .await
        .map(drop)
    }
}
