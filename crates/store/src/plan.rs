//! Plans as they were shown.

use jiff::Timestamp;
use muster_model::{PlanId, Text};

use crate::{ReadTx, StoreError, Tx, column::row, statement::args, words::words};

words! {
    /// What became of a plan.
    PlanStatus {
        /// It may be applied.
        Open = "open",
        /// A guard holds it.
        Held = "held",
        /// It is being applied.
        Applying = "applying",
        /// It was applied; single operations may have failed.
        Done = "done",
        /// What it was made from has changed.
        Stale = "stale",
        /// Somebody decided against it.
        Cancelled = "cancelled",
    }
}

/// A plan without its operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// Which one; from [`Tx::take_ids`].
    pub id: PlanId,
    /// The hash of its content, in hexadecimal digits; unique.
    pub hash: Text,
    /// The revision of the model it was made with.
    pub revision: i64,
    /// The fact version it was made from.
    pub facts_version: i64,
    /// When it was made.
    pub made_at: Timestamp,
    /// By whom.
    pub made_by: Text,
    /// What became of it.
    pub status: PlanStatus,
    /// What it was made from, as JSON.
    pub base: Text,
    /// Its counts, as JSON.
    pub summary: Text,
    /// What guards say about it, as JSON.
    pub guard: Text,
}

row!(Plan { id, hash, revision, facts_version, made_at, made_by, status, base, summary, guard });

/// The columns of [`Plan`], in its order.
macro_rules! select_plan {
    ($rest:literal) => {
        concat!(
            "SELECT id, hash, revision, facts_version, made_at, made_by, status, base, summary, \
             guard FROM plan ",
            $rest
        )
    };
}

impl ReadTx {
    /// The plan with this id.
    pub async fn plan(&mut self, id: PlanId) -> Result<Option<Plan>, StoreError> {
        self.fetch_one(select_plan!("WHERE id = $1"), args![id]).await
    }

    /// The plan whose hash begins with `prefix`. Several are [`StoreError::AmbiguousPlan`].
    pub async fn plan_by_hash(&mut self, prefix: &str) -> Result<Option<Plan>, StoreError> {
        // Digits are hexadecimal, so `g` comes after every one of them.
        let beyond = format!("{prefix}g");
        let sql = select_plan!("WHERE hash >= $1 AND hash < $2 ORDER BY hash LIMIT 2");
        let mut found: Vec<Plan> = self.fetch_all(sql, args![prefix, beyond.as_str()]).await?;
        if found.len() > 1 {
            return Err(StoreError::AmbiguousPlan { prefix: prefix.to_owned() });
        }
        Ok(found.pop())
    }

    /// Plans with this status (all when `None`), the newest first, at most `limit`, before an id.
    pub async fn plans(
        &mut self,
        status: Option<PlanStatus>,
        before: Option<PlanId>,
        limit: usize,
    ) -> Result<Vec<Plan>, StoreError> {
        let before = before.unwrap_or(PlanId(i64::MAX));
        if let Some(status) = status {
            let sql = select_plan!("WHERE status = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
            return self.fetch_all(sql, args![status, before, limit]).await;
        }
        let sql = select_plan!("WHERE id < $1 ORDER BY id DESC LIMIT $2");
        self.fetch_all(sql, args![before, limit]).await
    }
}

impl Tx {
    /// Writes a new plan; its operations follow with [`Tx::insert_operations`].
    pub async fn insert_plan(&mut self, plan: &Plan) -> Result<(), StoreError> {
        let sql =
            "INSERT INTO plan (id, hash, revision, facts_version, made_at, made_by, status, base,
                                     summary, guard)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
        let Plan {
            id,
            hash,
            revision,
            facts_version,
            made_at,
            made_by,
            status,
            base,
            summary,
            guard,
        } = plan;
        let args = args![
            *id,
            hash,
            *revision,
            *facts_version,
            *made_at,
            made_by,
            *status,
            base,
            summary,
            guard
        ];
        self.execute(sql, args).await.map(drop)
    }

    /// Sets a plan's status. Returns false when it no longer has one of the statuses `from`.
    pub async fn set_plan_status(
        &mut self,
        id: PlanId,
        from: &[PlanStatus],
        to: PlanStatus,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE plan SET status = $3 WHERE id = $1 AND status = $2";
        for from in from {
            if self.execute(sql, args![id, *from, to]).await? > 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Replaces what guards say about a plan.
    pub async fn set_plan_guard(&mut self, id: PlanId, guard: &str) -> Result<(), StoreError> {
        let sql = "UPDATE plan SET guard = $2 WHERE id = $1";
        match self.execute(sql, args![id, guard]).await? {
            0 => Err(StoreError::Missing { table: "plan", row: id.to_string() }),
            _ => Ok(()),
        }
    }

    /// Removes a plan that was never applied, with its operations. Returns false when it is not there or was applied.
    pub async fn delete_plan(&mut self, id: PlanId) -> Result<bool, StoreError> {
        let sql = "DELETE FROM plan
                   WHERE id = $1 AND status IN ('open', 'held', 'stale', 'cancelled')
                     AND NOT EXISTS (SELECT 1 FROM operation WHERE plan = $1 AND sent_at IS NOT NULL)";
        if self.execute(sql, args![id]).await? == 0 {
            return Ok(false);
        }
        self.execute("DELETE FROM operation_body WHERE plan = $1", args![id]).await?;
        self.execute("DELETE FROM operation WHERE plan = $1", args![id]).await?;
        Ok(true)
    }
}
