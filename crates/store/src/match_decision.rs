//! What people decided about whose a record or an account is. A later read does not undo it.

use jiff::Timestamp;
use muster_model::{EntityId, Text};

use crate::{
    Matched, Number, ReadTx, StoreError, Tx,
    column::row,
    statement::{args, bind},
    words::words,
};

words! {
    /// What was decided.
    Verdict {
        /// It belongs to this entity.
        Link = "link",
        /// It stands for a new entity.
        New = "new",
        /// It is none of our business.
        Nobody = "nobody",
        /// It does not belong to this entity.
        Not = "not",
    }
}

/// A decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchDecision {
    /// What it is about.
    pub subject: Matched,
    /// The read, or the account type.
    pub scope_no: Number,
    /// The key of the record, or the account's id on the system.
    pub key: Text,
    /// The entity; 0 where the verdict names none.
    pub entity: EntityId,
    /// What was decided.
    pub verdict: Verdict,
    /// When.
    pub made_at: Timestamp,
    /// By whom.
    pub made_by: Text,
    /// Why.
    pub reason: Text,
}

row!(MatchDecision { subject, scope_no, key, entity, verdict, made_at, made_by, reason });

impl ReadTx {
    /// All decisions about the records of a read or the accounts of a type, by key.
    pub async fn match_decisions_of(
        &mut self,
        subject: Matched,
        scope_no: Number,
    ) -> Result<Vec<MatchDecision>, StoreError> {
        let sql = "SELECT subject, scope_no, key, entity, verdict, made_at, made_by, reason
                   FROM match_decision WHERE subject = $1 AND scope_no = $2 ORDER BY key, entity";
        self.fetch_all(sql, args![subject, scope_no]).await
    }
}

impl Tx {
    /// Writes a decision. A positive one takes the place of every other about the same subject; `not` stands beside others
    /// of its kind and takes the place of positive ones.
    pub async fn save_match_decision(
        &mut self,
        decision: &MatchDecision,
    ) -> Result<(), StoreError> {
        let MatchDecision { subject, scope_no, key, entity, verdict, made_at, made_by, reason } =
            decision;
        if *verdict == Verdict::Not {
            let sql = "DELETE FROM match_decision
                       WHERE subject = $1 AND scope_no = $2 AND key = $3 AND verdict <> 'not'";
            self.execute(sql, args![*subject, *scope_no, key]).await?;
        } else {
            let sql = "DELETE FROM match_decision
                       WHERE subject = $1 AND scope_no = $2 AND key = $3";
            self.execute(sql, args![*subject, *scope_no, key]).await?;
        }
        let sql = "INSERT INTO match_decision (subject, scope_no, key, entity, verdict, made_at,
                       made_by, reason)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                   ON CONFLICT (subject, scope_no, key, entity) DO UPDATE
                   SET verdict = excluded.verdict, made_at = excluded.made_at,
                       made_by = excluded.made_by, reason = excluded.reason";
        let mut args = Vec::new();
        bind!(args, *subject, *scope_no, key, *entity, *verdict, *made_at, made_by, reason);
        self.execute(sql, &args).await.map(drop)
    }

    /// Takes every decision about a subject back.
    pub async fn delete_match_decisions(
        &mut self,
        subject: Matched,
        scope_no: Number,
        key: &str,
    ) -> Result<(), StoreError> {
        let sql = "DELETE FROM match_decision WHERE subject = $1 AND scope_no = $2 AND key = $3";
        self.execute(sql, args![subject, scope_no, key]).await.map(drop)
    }
}
