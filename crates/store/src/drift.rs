//! Drift: what differs from what was known and was not done by us, and what was decided about it.

use jiff::Timestamp;
use muster_model::{AccountId, DriftId, EntityId, Text, Value, decode_values};

use crate::{
    Number, ReadRunId, ReadTx, StoreError, Tx,
    column::row,
    statement::{Insert, args, bind, insert_into},
    words::words,
};

words! {
    /// What of an account drifted.
    DriftWhat {
        /// The value of an attribute.
        Attribute = "attribute",
        /// An entitlement that was given or taken.
        Entitlement = "entitlement",
        /// Whether it can be used to sign in.
        Enabled = "enabled",
        /// Its name.
        Name = "name",
        /// It was there and is no more.
        Gone = "gone",
        /// It was not there and is.
        Appeared = "appeared",
    }
}

words! {
    /// What was decided about drift.
    DriftDecision {
        /// Nothing yet.
        Undecided = "undecided",
        /// The next plan puts it right.
        Revert = "revert",
        /// It may stay, for a time or for good.
        Accept = "accept",
        /// It became part of what is wanted, or is to.
        Adopt = "adopt",
    }
}

/// A difference on one item of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Drift {
    /// Which one; from [`Tx::take_ids`].
    pub id: DriftId,
    /// The system's number.
    pub system_no: Number,
    /// The account type's number.
    pub type_no: Number,
    /// The account, also when it is gone.
    pub account: AccountId,
    /// The identity it belongs to.
    pub entity: Option<EntityId>,
    /// The account's name on the system.
    pub name: Text,
    /// What drifted.
    pub what: DriftWhat,
    /// The entitlement kind's number, for an entitlement.
    pub kind_no: Option<Number>,
    /// The attribute or the entitlement; empty otherwise.
    pub item: Text,
    /// What was known, encoded.
    pub before: Vec<u8>,
    /// What was seen, encoded.
    pub after: Vec<u8>,
    /// Equal for what somebody probably did at one stroke; the caller makes it.
    pub cause: Text,
    /// The read that saw it.
    pub run: ReadRunId,
    /// When the item was first seen to differ.
    pub first_seen: Timestamp,
    /// When it was seen as it is.
    pub seen_at: Timestamp,
    /// What was decided.
    pub decision: DriftDecision,
    /// Until when it may stay; `None` for good.
    pub until: Option<Timestamp>,
    /// By whom.
    pub decided_by: Option<Text>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// Why, or how it ended.
    pub remark: Text,
    /// When it was over.
    pub closed_at: Option<Timestamp>,
}

row!(Drift {
    id,
    system_no,
    type_no,
    account,
    entity,
    name,
    what,
    kind_no,
    item,
    before,
    after,
    cause,
    run,
    first_seen,
    seen_at,
    decision,
    until,
    decided_by,
    decided_at,
    remark,
    closed_at
});

/// Open drift of one cause, or of one read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriftGroup {
    /// The cause; empty where a group is a read.
    pub cause: Text,
    /// The first read that saw it.
    pub run: ReadRunId,
    /// How many rows.
    pub n: u64,
    /// How many of them nobody decided about.
    pub n_undecided: u64,
    /// One of them.
    pub example: DriftId,
    /// When the first was seen.
    pub first_seen: Timestamp,
    /// When the last was seen.
    pub last_seen: Timestamp,
}

row!(DriftGroup { cause, run, n, n_undecided, example, first_seen, last_seen });

/// A decision about drift.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decided<'a> {
    /// What.
    pub decision: DriftDecision,
    /// Until when it may stay.
    pub until: Option<Timestamp>,
    /// By whom; `None` takes a decision back.
    pub by: Option<&'a str>,
    /// Why.
    pub remark: &'a str,
    /// When.
    pub at: Timestamp,
}

impl Drift {
    /// True when an entitlement was given.
    pub fn is_given(&self) -> bool {
        let after = decode_values(&self.after);
        self.what == DriftWhat::Entitlement
            && after.is_ok_and(|values| values.first() == Some(&Value::Bool(true)))
    }
}

/// The columns of [`Drift`], in its order.
macro_rules! select_drift {
    ($rest:literal) => {
        concat!(
            "SELECT id, system_no, type_no, account, entity, name, what, kind_no, item, \
             before_value, after_value, cause, run, first_seen, seen_at, decision, decided_until, \
             decided_by, decided_at, remark, closed_at FROM drift ",
            $rest
        )
    };
}

const INSERT: Insert = insert_into!(
    "drift",
    "id",
    "system_no",
    "type_no",
    "account",
    "entity",
    "name",
    "what",
    "kind_no",
    "item",
    "before_value",
    "after_value",
    "cause",
    "run",
    "first_seen",
    "seen_at",
    "decision",
    "decided_until",
    "decided_by",
    "decided_at",
    "remark",
    "closed_at",
);

impl ReadTx {
    /// The drift with this id, open or over.
    pub async fn drift(&mut self, id: DriftId) -> Result<Option<Drift>, StoreError> {
        self.fetch_one(select_drift!("WHERE id = $1"), args![id]).await
    }

    /// Open drift in id order, at most `limit`, after an id.
    pub async fn open_drift(
        &mut self,
        after: Option<DriftId>,
        limit: usize,
    ) -> Result<Vec<Drift>, StoreError> {
        let sql = select_drift!("WHERE closed_at IS NULL AND id > $1 ORDER BY id LIMIT $2");
        self.fetch_all(sql, args![after.unwrap_or(DriftId(0)), limit]).await
    }

    /// Open drift of one cause, in id order, at most `limit`, after an id.
    pub async fn drift_of_cause(
        &mut self,
        cause: &str,
        after: Option<DriftId>,
        limit: usize,
    ) -> Result<Vec<Drift>, StoreError> {
        let sql = select_drift!(
            "WHERE closed_at IS NULL AND cause = $1 AND id > $2 ORDER BY id LIMIT $3"
        );
        self.fetch_all(sql, args![cause, after.unwrap_or(DriftId(0)), limit]).await
    }

    /// Open drift that one read saw, in id order, at most `limit`, after an id.
    pub async fn drift_of_run(
        &mut self,
        run: ReadRunId,
        after: Option<DriftId>,
        limit: usize,
    ) -> Result<Vec<Drift>, StoreError> {
        let sql =
            select_drift!("WHERE closed_at IS NULL AND run = $1 AND id > $2 ORDER BY id LIMIT $3");
        self.fetch_all(sql, args![run, after.unwrap_or(DriftId(0)), limit]).await
    }

    /// Open drift of accounts, in the order of `accounts`.
    pub async fn drift_of_accounts(
        &mut self,
        accounts: &[AccountId],
    ) -> Result<Vec<Drift>, StoreError> {
        let sql = select_drift!("WHERE closed_at IS NULL AND account = $1 ORDER BY id");
        self.fetch_all_of_each(sql, accounts, |account, args| bind!(args, *account)).await
    }

    /// Open drift of identities, in the order of `entities`.
    pub async fn drift_of_many(&mut self, entities: &[EntityId]) -> Result<Vec<Drift>, StoreError> {
        let sql = select_drift!("WHERE closed_at IS NULL AND entity = $1 ORDER BY id");
        self.fetch_all_of_each(sql, entities, |entity, args| bind!(args, *entity)).await
    }

    /// Open drift with this decision that was last seen at or before `until`, the oldest first, at most `limit`.
    pub async fn drift_decided(
        &mut self,
        decision: DriftDecision,
        until: Timestamp,
        limit: usize,
    ) -> Result<Vec<Drift>, StoreError> {
        let sql = select_drift!(
            "WHERE closed_at IS NULL AND decision = $1 AND seen_at <= $2 \
             ORDER BY seen_at, id LIMIT $3"
        );
        self.fetch_all(sql, args![decision, until, limit]).await
    }

    /// Open drift by cause, at most `limit` causes, after a cause.
    pub async fn drift_causes(
        &mut self,
        after: &str,
        limit: usize,
    ) -> Result<Vec<DriftGroup>, StoreError> {
        let sql =
            "SELECT cause, MIN(run), COUNT(*), COUNT(*) FILTER (WHERE decision = 'undecided'),
                          MIN(id), MIN(first_seen), MAX(seen_at)
                   FROM drift WHERE closed_at IS NULL AND cause > $1
                   GROUP BY cause ORDER BY cause LIMIT $2";
        self.fetch_all(sql, args![after, limit]).await
    }

    /// Open drift by the read that saw it, the earliest first, at most `limit` reads, after a read.
    pub async fn drift_runs(
        &mut self,
        after: Option<ReadRunId>,
        limit: usize,
    ) -> Result<Vec<DriftGroup>, StoreError> {
        let sql = "SELECT CAST('' AS TEXT), run, COUNT(*), COUNT(*) FILTER (WHERE decision = 'undecided'),
                          MIN(id), MIN(first_seen), MAX(seen_at)
                   FROM drift WHERE closed_at IS NULL AND run > $1
                   GROUP BY run ORDER BY run LIMIT $2";
        self.fetch_all(sql, args![after.unwrap_or(ReadRunId(0)), limit]).await
    }
}

impl Tx {
    /// Writes new drift.
    pub async fn insert_drift(&mut self, drift: &[Drift]) -> Result<(), StoreError> {
        self.insert_many(&INSERT, drift, |drift, args| {
            let Drift {
                id,
                system_no,
                type_no,
                account,
                entity,
                name,
                what,
                kind_no,
                item,
                before,
                after,
                cause,
                run,
                first_seen,
                seen_at,
                decision,
                until,
                decided_by,
                decided_at,
                remark,
                closed_at,
            } = drift;
            bind!(args, *id, *system_no, *type_no, *account, *entity, name, *what, *kind_no, item);
            bind!(args, before, after, cause, *run, *first_seen, *seen_at, *decision, *until);
            bind!(args, decided_by, *decided_at, remark, *closed_at);
        })
        .await
    }

    /// Writes a decision about open drift down; plans that were made before are stale. Returns those that are over or
    /// not there.
    pub async fn decide_drift(
        &mut self,
        ids: &[DriftId],
        decided: &Decided<'_>,
    ) -> Result<Vec<DriftId>, StoreError> {
        let each: Vec<_> = ids.iter().map(|id| (*id, decided.remark)).collect();
        self.decide_drift_each(&each, decided).await
    }

    /// As [`Tx::decide_drift`], with a remark for each.
    pub async fn decide_drift_each(
        &mut self,
        each: &[(DriftId, &str)],
        decided: &Decided<'_>,
    ) -> Result<Vec<DriftId>, StoreError> {
        let Decided { decision, until, by, remark: _, at } = decided;
        let sql = "UPDATE drift SET decision = $2, decided_until = $3, decided_by = $4,
                          decided_at = $5, remark = $6
                   WHERE id = $1 AND closed_at IS NULL";
        let changed = self
            .execute_each(sql, each, |(id, remark), args| {
                bind!(args, *id, *decision, *until, *by, *at, *remark);
            })
            .await?;
        self.bump_facts_version().await?;
        Ok(each.iter().zip(changed).filter(|(_, n)| *n == 0).map(|((id, _), _)| *id).collect())
    }

    /// Ends drift: the account is again as wanted, or another change took its place.
    pub async fn close_drift(
        &mut self,
        ids: &[DriftId],
        at: Timestamp,
        remark: &str,
    ) -> Result<(), StoreError> {
        let sql = "UPDATE drift SET closed_at = $2,
                          remark = CASE WHEN remark = '' THEN $3 ELSE remark || '; ' || $3 END
                   WHERE id = $1 AND closed_at IS NULL";
        self.execute_each(sql, ids, |id, args| bind!(args, *id, at, remark)).await.map(drop)
    }
}
