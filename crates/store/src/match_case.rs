//! Cases of correlation: records and accounts of which no rule can tell whose they are, and records that cannot be used.

use jiff::Timestamp;
use muster_model::{Fingerprint, Text};

use crate::{
    Number, ReadTx, StoreError, Tx,
    column::row,
    statement::{args, bind},
    words::words,
};

/// A case's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MatchCaseId(pub i64);

words! {
    /// What is to be matched with an identity.
    Matched {
        /// A record of a source; its scope is the read.
        Record = "record",
        /// An account on a target; its scope is the account type.
        Account = "account",
    }
}

words! {
    /// What a case waits for.
    CaseStatus {
        /// A person says whose it is.
        Undecided = "undecided",
        /// The record, or what is in its way, changes.
        Refused = "refused",
    }
}

/// A record or an account that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MatchCase {
    /// Which one; from [`Tx::take_ids`].
    pub id: MatchCaseId,
    /// What it is about.
    pub subject: Matched,
    /// The read, or the account type.
    pub scope_no: Number,
    /// The key of the record, or the account's id on the system.
    pub key: Text,
    /// The source's own id, where it is not the key; the name of an account.
    pub native_id: Text,
    /// What it waits for.
    pub status: CaseStatus,
    /// Why, in words.
    pub problem: Text,
    /// The best candidates and why, as JSON.
    pub candidates: Text,
    /// Where the record stood.
    pub line: i64,
    /// The hash of the record.
    pub fingerprint: Fingerprint,
    /// The values of the record, encoded; empty for an account.
    pub content: Vec<u8>,
    /// Since when it waits.
    pub made_at: Timestamp,
}

row!(MatchCase {
    id,
    subject,
    scope_no,
    key,
    native_id,
    status,
    problem,
    candidates,
    line,
    fingerprint,
    content,
    made_at
});

/// The columns of [`MatchCase`], in its order.
macro_rules! select_case {
    ($rest:literal) => {
        concat!(
            "SELECT id, subject, scope_no, key, native_id, status, problem, candidates, line_no, \
             fingerprint, content, made_at FROM match_case ",
            $rest
        )
    };
}

impl ReadTx {
    /// The case with this id.
    pub async fn match_case(&mut self, id: MatchCaseId) -> Result<Option<MatchCase>, StoreError> {
        self.fetch_one(select_case!("WHERE id = $1"), args![id]).await
    }

    /// All cases of a read or an account type, by key.
    pub async fn match_cases_of(
        &mut self,
        subject: Matched,
        scope_no: Number,
    ) -> Result<Vec<MatchCase>, StoreError> {
        let sql = select_case!("WHERE subject = $1 AND scope_no = $2 ORDER BY key");
        self.fetch_all(sql, args![subject, scope_no]).await
    }

    /// Cases of a status in id order, at most `limit`, after an id.
    pub async fn match_cases(
        &mut self,
        status: CaseStatus,
        after: Option<MatchCaseId>,
        limit: usize,
    ) -> Result<Vec<MatchCase>, StoreError> {
        let sql = select_case!("WHERE status = $1 AND id > $2 ORDER BY id LIMIT $3");
        self.fetch_all(sql, args![status, after.unwrap_or(MatchCaseId(0)), limit]).await
    }

    /// How many cases of a status there are.
    pub async fn count_match_cases(&mut self, status: CaseStatus) -> Result<u64, StoreError> {
        self.fetch_value("SELECT COUNT(*) FROM match_case WHERE status = $1", args![status]).await
    }
}

impl Tx {
    /// Writes cases; one about the same record or account is replaced and keeps its id and since when it waits.
    pub async fn save_match_cases(&mut self, cases: &[MatchCase]) -> Result<(), StoreError> {
        let sql = "INSERT INTO match_case (id, subject, scope_no, key, native_id, status, problem,
                       candidates, line_no, fingerprint, content, made_at)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
                   ON CONFLICT (subject, scope_no, key) DO UPDATE
                   SET native_id = excluded.native_id, status = excluded.status,
                       problem = excluded.problem, candidates = excluded.candidates,
                       line_no = excluded.line_no, fingerprint = excluded.fingerprint,
                       content = excluded.content";
        self.execute_each(sql, cases, |case, args| {
            let MatchCase {
                id,
                subject,
                scope_no,
                key,
                native_id,
                status,
                problem,
                candidates,
                line,
                fingerprint,
                content,
                made_at,
            } = case;
            bind!(args, *id, *subject, *scope_no, key, native_id, *status, problem, candidates);
            bind!(args, *line, *fingerprint, content, *made_at);
        })
        .await
        .map(drop)
    }

    /// Removes the cases about these records or accounts; one that is not there is passed over.
    pub async fn delete_match_cases(
        &mut self,
        subject: Matched,
        scope_no: Number,
        keys: &[Text],
    ) -> Result<(), StoreError> {
        let sql = "DELETE FROM match_case WHERE subject = $1 AND scope_no = $2 AND key = $3";
        self.execute_each(sql, keys, |key, args| bind!(args, subject, scope_no, key))
            .await
            .map(drop)
    }
}
