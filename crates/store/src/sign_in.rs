//! The log of sign-ins: every try once, with what came of it. It grows with use, so it is no part of the journal.

use jiff::Timestamp;
use muster_model::{EntityId, Text};

use crate::{ReadTx, Sequence, StoreError, Tx, column::row, statement::args};

/// A try to sign in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignIn {
    /// Its place in the log.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// Whose name was given; `None` when nobody has that name.
    pub entity: Option<EntityId>,
    /// Where: `web`, `api`, `ldap`, `token`.
    pub door: Text,
    /// What came of it: `allowed`, `refused` or `continued`.
    pub outcome: Text,
    /// Why, in a word.
    pub reason: Text,
    /// The proofs that were given, words with a space between.
    pub methods: Text,
    /// From which network.
    pub network: Text,
    /// On what, as it calls itself.
    pub device: Text,
    /// Joins what belongs together.
    pub correlation: Option<Text>,
    /// Whether the browser of who got in was `known` or `new`; nothing at other doors.
    pub browser: Option<Text>,
}

row!(SignIn {
    seq,
    at,
    entity,
    door,
    outcome,
    reason,
    methods,
    network,
    device,
    correlation,
    browser,
});

/// Which tries are asked for; every field that is set must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SignInFilter {
    /// Under the name of this identity.
    pub entity: Option<EntityId>,
    /// Of which this came.
    pub outcome: Option<Text>,
    /// At or after.
    pub from: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
}

/// A search that goes in by `$lead`; the rest only narrows.
macro_rules! search {
    ($lead:literal) => {
        concat!(
            "SELECT seq, at, entity, door, outcome, reason, methods, network, device, correlation, \
             browser \
             FROM sign_in WHERE ",
            $lead,
            " AND (CAST($2 AS TEXT) IS NULL OR outcome = $2) \
             AND (CAST($3 AS BIGINT) IS NULL OR at >= $3) \
             AND (CAST($4 AS BIGINT) IS NULL OR at < $4) \
             AND seq < $5 ORDER BY seq DESC LIMIT $6"
        )
    };
}

impl ReadTx {
    /// Tries that fit, the newest first, at most `limit`, before a place.
    pub async fn sign_ins(
        &mut self,
        filter: &SignInFilter,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<SignIn>, StoreError> {
        let SignInFilter { entity, outcome, from, until } = filter;
        let sql = match entity {
            Some(_) => search!("entity = $1"),
            None => search!("CAST($1 AS BIGINT) IS NULL"),
        };
        let before = before.unwrap_or(i64::MAX);
        self.fetch_all(sql, args![*entity, outcome, *from, *until, before, limit]).await
    }
}

impl Tx {
    /// Writes a try down at the end of the log; `seq` is given by the log.
    pub async fn append_sign_in(&mut self, sign_in: &SignIn) -> Result<(), StoreError> {
        let SignIn {
            seq: _,
            at,
            entity,
            door,
            outcome,
            reason,
            methods,
            network,
            device,
            correlation,
            browser,
        } = sign_in;
        let seq = self.take_ids(Sequence::SignIn, 1).await?;
        let sql = "INSERT INTO sign_in (seq, at, entity, door, outcome, reason, methods, network,
                                        device, correlation, browser)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
        let args = args![
            seq,
            *at,
            *entity,
            door,
            outcome,
            reason,
            methods,
            network,
            device,
            correlation,
            browser
        ];
        self.execute(sql, args).await.map(drop)
    }

    /// Forgets tries from before an instant, at most `most`; returns how many there were.
    pub async fn forget_sign_ins(
        &mut self,
        before: Timestamp,
        most: usize,
    ) -> Result<u64, StoreError> {
        let sql = "DELETE FROM sign_in WHERE seq IN
                       (SELECT seq FROM sign_in WHERE at < $1 ORDER BY at LIMIT $2)";
        self.execute(sql, args![before, most]).await
    }
}
