//! The operations of plans, and how far each has come.

use jiff::Timestamp;
use muster_model::{AccountId, EntityId, PlanId, Text};

use crate::{
    Number, ReadTx, StoreError, Tx,
    column::{BadColumn, Columns, FromRow, Numbers, row},
    error::all_there,
    packed::pack_numbers,
    statement::{Insert, args, bind, insert_into},
    words::words,
};

words! {
    /// How far an operation has come.
    OperationState {
        /// Not begun.
        Planned = "planned",
        /// The intent is on disk; the call may have gone out.
        Sent = "sent",
        /// The system said yes.
        Executed = "executed",
        /// A later read confirmed it.
        Verified = "verified",
        /// A guard or a person holds it.
        Held = "held",
        /// It failed for good.
        Failed = "failed",
        /// Somebody decided against it.
        Cancelled = "cancelled",
        /// Something it depends on failed.
        Skipped = "skipped",
    }
}

/// An operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// The plan.
    pub plan: PlanId,
    /// Its place in the plan, beginning at 1.
    pub seq: i64,
    /// The system's number.
    pub system_no: Number,
    /// For whom; `None` for one that is for a system alone.
    pub entity: Option<EntityId>,
    /// The account type's number, when it concerns an account.
    pub account_type_no: Option<Number>,
    /// The account, when it is there already.
    pub account: Option<AccountId>,
    /// The kind: `create`, `update`, `rename`, `enable`, `disable`, `delete`, `grant`, `revoke`.
    pub kind: Text,
    /// What it is about, for people.
    pub subject: Text,
    /// The exact change and its reasons, as the caller packed them.
    pub body: Vec<u8>,
    /// The operations of the same plan that come first.
    pub after: Vec<i64>,
    /// How far it has come.
    pub state: OperationState,
    /// How often it was tried.
    pub attempts: u32,
    /// Not to be tried before.
    pub next_try: Option<Timestamp>,
    /// When the last call went out.
    pub sent_at: Option<Timestamp>,
    /// When it was executed, failed, skipped or cancelled.
    pub done_at: Option<Timestamp>,
    /// What the system said against it.
    pub error: Option<Text>,
    /// When a read confirmed it.
    pub verified_at: Option<Timestamp>,
    /// The ticket, when the system took it and will do it later.
    pub ticket: Option<i64>,
}

/// Which operations are asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OperationFilter {
    /// Of this system only.
    pub system_no: Option<Number>,
    /// In this state only.
    pub state: Option<OperationState>,
}

/// How an operation ended, or when it is tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationDone {
    /// Its place in the plan.
    pub seq: i64,
    /// The new state.
    pub state: OperationState,
    /// When; `None` for one that is tried again.
    pub done_at: Option<Timestamp>,
    /// Not to be tried before.
    pub next_try: Option<Timestamp>,
    /// The account, once it is there; `None` keeps what is stored.
    pub account: Option<AccountId>,
    /// What the system said against it.
    pub error: Option<Text>,
}

/// How many operations there are of one sort.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationCount {
    /// The system's number.
    pub system_no: Number,
    /// The kind.
    pub kind: Text,
    /// How far they have come.
    pub state: OperationState,
    /// How many.
    pub n: u64,
}

row!(OperationCount { system_no, kind, state, n });

/// How far an operation has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationProgress {
    /// Its place in the plan.
    pub seq: i64,
    /// The state.
    pub state: OperationState,
    /// How often it was tried.
    pub attempts: u32,
    /// Not to be tried before.
    pub next_try: Option<Timestamp>,
    /// The ticket, when the system took it and will do it later.
    pub ticket: Option<i64>,
    /// The operations of the same plan that come first.
    pub after: Vec<i64>,
}

impl FromRow for OperationProgress {
    fn from_row(row: &mut Columns<'_>) -> Result<Self, BadColumn> {
        Ok(Self {
            seq: row.take()?,
            state: row.take()?,
            attempts: row.take()?,
            next_try: row.take()?,
            ticket: row.take()?,
            after: row.take::<Numbers>()?.0,
        })
    }
}

impl FromRow for Operation {
    fn from_row(row: &mut Columns<'_>) -> Result<Self, BadColumn> {
        Ok(Self {
            plan: row.take()?,
            seq: row.take()?,
            system_no: row.take()?,
            entity: row.take()?,
            account_type_no: row.take()?,
            account: row.take()?,
            kind: row.take()?,
            subject: row.take()?,
            body: row.take()?,
            after: row.take::<Numbers>()?.0,
            state: row.take()?,
            attempts: row.take()?,
            next_try: row.take()?,
            sent_at: row.take()?,
            done_at: row.take()?,
            error: row.take()?,
            verified_at: row.take()?,
            ticket: row.take()?,
        })
    }
}

/// The columns of [`Operation`], in its order.
macro_rules! select_operation {
    ($rest:literal) => {
        concat!(
            "SELECT plan, seq, system_no, entity, account_type_no, account, kind, subject, \
             COALESCE(small_body, body), after_seq, state, attempts, next_try, sent_at, done_at, \
             error, verified_at, ticket FROM operation LEFT JOIN operation_body USING (plan, seq) ",
            $rest
        )
    };
}

const INSERT: Insert = insert_into!(
    "operation",
    "plan",
    "seq",
    "system_no",
    "entity",
    "account_type_no",
    "account",
    "kind",
    "subject",
    "small_body",
    "after_seq",
    "state",
    "attempts",
    "next_try",
    "sent_at",
    "done_at",
    "error",
);

/// A large body lies apart, so that a change of state does not write it again; a small one costs less where it is.
const SMALL_BODY: usize = 512;

const INSERT_BODY: Insert = insert_into!("operation_body", "plan", "seq", "body");

impl ReadTx {
    /// One operation.
    pub async fn operation(
        &mut self,
        plan: PlanId,
        seq: i64,
    ) -> Result<Option<Operation>, StoreError> {
        let sql = select_operation!("WHERE plan = $1 AND seq = $2");
        self.fetch_one(sql, args![plan, seq]).await
    }

    /// Operations of a plan in order, at most `limit`, after a place.
    pub async fn operations(
        &mut self,
        plan: PlanId,
        filter: OperationFilter,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Operation>, StoreError> {
        let sql = select_operation!(
            "WHERE plan = $1 AND seq > $2 \
             AND (CAST($3 AS BIGINT) IS NULL OR system_no = $3) \
             AND (CAST($4 AS TEXT) IS NULL OR state = $4) \
             ORDER BY seq LIMIT $5"
        );
        let OperationFilter { system_no, state } = filter;
        self.fetch_all(sql, args![plan, after.unwrap_or(0), system_no, state, limit]).await
    }

    /// How far each operation of a plan has come: place, state, attempts; in order, at most `limit`, after a place.
    pub async fn operation_states(
        &mut self,
        plan: PlanId,
        after: i64,
        limit: usize,
    ) -> Result<Vec<OperationProgress>, StoreError> {
        let sql = "SELECT seq, state, attempts, next_try, ticket, after_seq FROM operation
                   WHERE plan = $1 AND seq > $2 ORDER BY seq LIMIT $3";
        self.fetch_all(sql, args![plan, after, limit]).await
    }

    /// Operations on a system that are executed, and that no read has confirmed or failed to show: the latest first, at most
    /// `limit`, before a `(plan, place)`.
    pub async fn unverified_operations(
        &mut self,
        system_no: Number,
        before: Option<(PlanId, i64)>,
        limit: usize,
    ) -> Result<Vec<Operation>, StoreError> {
        let sql = select_operation!(
            "WHERE state = 'executed' AND error IS NULL AND system_no = $1 AND (plan, seq) < ($2, $3) \
             ORDER BY plan DESC, seq DESC LIMIT $4"
        );
        let (plan, seq) = before.unwrap_or((PlanId(i64::MAX), 0));
        self.fetch_all(sql, args![system_no, plan, seq, limit]).await
    }

    /// How many operations on accounts of a type were executed at or after `done` and confirmed after `verified`.
    pub async fn count_verified_since(
        &mut self,
        account_type_no: Number,
        done: Timestamp,
        verified: Timestamp,
    ) -> Result<u64, StoreError> {
        let sql = "SELECT COUNT(*) FROM operation
                   WHERE done_at >= $2 AND state = 'verified' AND account_type_no = $1
                     AND verified_at > $3";
        self.fetch_value(sql, args![account_type_no, done, verified]).await
    }

    /// The operations for an identity, the newest first.
    pub async fn operations_of(
        &mut self,
        entity: EntityId,
        limit: usize,
    ) -> Result<Vec<Operation>, StoreError> {
        let sql = select_operation!("WHERE entity = $1 ORDER BY plan DESC, seq DESC LIMIT $2");
        self.fetch_all(sql, args![entity, limit]).await
    }

    /// Operations of these identities that are not done: planned, sent, held or failed, the oldest first.
    pub async fn operations_left_of(
        &mut self,
        entities: &[EntityId],
    ) -> Result<Vec<Operation>, StoreError> {
        let sql = select_operation!(
            "WHERE entity = $1 AND state IN ('planned', 'sent', 'held', 'failed') ORDER BY plan, seq"
        );
        self.fetch_all_of_each(sql, entities, |entity, args| bind!(args, *entity)).await
    }

    /// How many operations of a plan there are by system, kind and state.
    pub async fn count_operations(
        &mut self,
        plan: PlanId,
    ) -> Result<Vec<OperationCount>, StoreError> {
        let sql = "SELECT system_no, kind, state, COUNT(*) FROM operation WHERE plan = $1
                   GROUP BY system_no, kind, state ORDER BY system_no, kind, state";
        self.fetch_all(sql, args![plan]).await
    }

    /// How many operations were done from `from` on and before `until`, by system, kind and state. What is asked for at once is
    /// sorted in memory.
    pub async fn count_operations_done(
        &mut self,
        from: Timestamp,
        until: Timestamp,
    ) -> Result<Vec<OperationCount>, StoreError> {
        let sql = "SELECT system_no, kind, state, COUNT(*) FROM operation
                   WHERE done_at >= $1 AND done_at < $2 AND state IN ('executed', 'verified')
                   GROUP BY system_no, kind, state ORDER BY system_no, kind, state";
        self.fetch_all(sql, args![from, until]).await
    }
}

impl Tx {
    /// Writes the operations of a new plan; none is verified or has a ticket.
    pub async fn insert_operations(&mut self, operations: &[Operation]) -> Result<(), StoreError> {
        self.insert_many(&INSERT, operations, |operation, args| {
            let Operation {
                plan,
                seq,
                system_no,
                entity,
                account_type_no,
                account,
                kind,
                subject,
                body,
                after,
                state,
                attempts,
                next_try,
                sent_at,
                done_at,
                error,
                verified_at: _,
                ticket: _,
            } = operation;
            let after = pack_numbers(after.iter().copied());
            bind!(
                args,
                *plan,
                *seq,
                *system_no,
                *entity,
                *account_type_no,
                *account,
                kind,
                subject
            );
            let small = Some(body).filter(|body| body.len() <= SMALL_BODY);
            bind!(args, small, after, *state, *attempts, *next_try, *sent_at, *done_at, error);
        })
        .await?;
        let large: Vec<&Operation> =
            operations.iter().filter(|o| o.body.len() > SMALL_BODY).collect();
        self.insert_many(&INSERT_BODY, &large, |operation, args| {
            bind!(args, operation.plan, operation.seq, &operation.body);
        })
        .await
    }

    /// Writes down the intent to execute: `planned` or `sent` becomes `sent`, one attempt more. Returns the places that
    /// were in no such state; these must not be executed.
    pub async fn mark_sent(
        &mut self,
        plan: PlanId,
        seqs: &[i64],
        at: Timestamp,
    ) -> Result<Vec<i64>, StoreError> {
        if let Some((first, last)) = run_of(seqs.iter().copied()) {
            let sql = "UPDATE operation
                       SET state = 'sent', attempts = attempts + 1, sent_at = $4, next_try = NULL
                       WHERE plan = $1 AND seq BETWEEN $2 AND $3 AND state IN ('planned', 'sent')
                         AND ticket IS NULL";
            if self.execute(sql, args![plan, first, last, at]).await? == seqs.len() as u64 {
                return Ok(Vec::new());
            }
            let sql = "SELECT seq FROM operation
                       WHERE plan = $1 AND seq BETWEEN $2 AND $3 AND state <> 'sent' ORDER BY seq";
            return self.fetch_all(sql, args![plan, first, last]).await;
        }
        let sql = "UPDATE operation
                   SET state = 'sent', attempts = attempts + 1, sent_at = $3, next_try = NULL
                   WHERE plan = $1 AND seq = $2 AND state IN ('planned', 'sent')
                         AND ticket IS NULL";
        let marked = self.execute_each(sql, seqs, |seq, args| bind!(args, plan, *seq, at)).await?;
        Ok(seqs.iter().zip(marked).filter(|(_, n)| *n == 0).map(|(seq, _)| *seq).collect())
    }

    /// Writes down how operations ended, or that they are tried again (state `planned` with `next_try`).
    pub async fn mark_done(
        &mut self,
        plan: PlanId,
        done: &[OperationDone],
    ) -> Result<(), StoreError> {
        if let Some((first, last)) = uniform_run(done) {
            let sql = "UPDATE operation SET state = $4, done_at = $5, next_try = NULL, error = NULL
                       WHERE plan = $1 AND seq BETWEEN $2 AND $3";
            let OperationDone { state, done_at, .. } = first;
            let n = self.execute(sql, args![plan, first.seq, last, *state, *done_at]).await?;
            let expected = u64::try_from(done.len()).unwrap_or(u64::MAX);
            return if n == expected {
                Ok(())
            } else {
                Err(StoreError::Missing {
                    table: "operation",
                    row: format!("{} to {last}", first.seq),
                })
            };
        }
        let sql = "UPDATE operation
                   SET state = $3, done_at = $4, next_try = $5, account = COALESCE($6, account),
                       error = $7
                   WHERE plan = $1 AND seq = $2";
        let changed = self
            .execute_each(sql, done, |done, args| {
                let OperationDone { seq, state, done_at, next_try, account, error } = done;
                bind!(args, plan, *seq, *state, *done_at, *next_try, *account, error);
            })
            .await?;
        all_there("operation", done.iter().map(|done| done.seq), &changed)
    }

    /// Moves every operation of a plan (of one system, when given) from one state to another. Returns how many.
    pub async fn move_operations(
        &mut self,
        plan: PlanId,
        system_no: Option<Number>,
        from: OperationState,
        to: OperationState,
    ) -> Result<u64, StoreError> {
        let sql = "UPDATE operation SET state = $4
                   WHERE plan = $1 AND state = $3
                     AND (CAST($2 AS BIGINT) IS NULL OR system_no = $2)";
        self.execute(sql, args![plan, system_no, from, to]).await
    }
}

/// The first and the last of places that follow each other without a gap; `None` when they do not or are few.
fn run_of(mut seqs: impl ExactSizeIterator<Item = i64>) -> Option<(i64, i64)> {
    let n = i64::try_from(seqs.len()).ok()?;
    let first = seqs.next()?;
    let mut last = first;
    for seq in seqs {
        if seq != last + 1 {
            return None;
        }
        last = seq;
    }
    (n > 1).then_some((first, last))
}

/// The first operation and the last place, when all ended alike, without an error and in one run.
fn uniform_run(done: &[OperationDone]) -> Option<(&OperationDone, i64)> {
    let first = done.first()?;
    let alike = |one: &OperationDone| {
        let OperationDone { seq: _, state, done_at, next_try, account, error } = one;
        *state == first.state
            && *done_at == first.done_at
            && next_try.is_none()
            && account.is_none()
            && error.is_none()
    };
    let (_, last) = run_of(done.iter().map(|one| one.seq)).filter(|_| done.iter().all(alike))?;
    Some((first, last))
}
