//! Tickets: operations that a system, or the people behind it, took and will do later.

use jiff::Timestamp;
use muster_model::{EntityId, PlanId, Text};

use crate::{
    Number, ReadTx, StoreError, Tx,
    column::row,
    statement::{Insert, args, bind, insert_into},
    words::words,
};

words! {
    /// What became of a ticket.
    TicketStatus {
        /// It is to be done.
        Open = "open",
        /// A person, or a read, says that it is done.
        Closed = "closed",
        /// A person says that it will not be done.
        Refused = "refused",
    }
}

/// A ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ticket {
    /// Which one; from [`Tx::take_ids`].
    pub id: i64,
    /// The plan of its operation.
    pub plan: PlanId,
    /// The operation's place in the plan.
    pub seq: i64,
    /// The system's number.
    pub system_no: Number,
    /// For whom.
    pub entity: Option<EntityId>,
    /// The account type's number.
    pub account_type_no: Option<Number>,
    /// The kind of operation.
    pub kind: Text,
    /// Whom it is about, for people.
    pub subject: Text,
    /// What is to be done, for people.
    pub what: Text,
    /// The system's own number for it; empty when it gave none.
    pub reference: Text,
    /// What became of it.
    pub status: TicketStatus,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was closed or refused.
    pub closed_at: Option<Timestamp>,
    /// By whom; nobody where a read showed it.
    pub closed_by: Option<Text>,
    /// When somebody confirmed that it was done.
    pub attested_at: Option<Timestamp>,
    /// Who.
    pub attested_by: Option<Text>,
    /// What they said.
    pub note: Option<Text>,
}

row!(Ticket {
    id,
    plan,
    seq,
    system_no,
    entity,
    account_type_no,
    kind,
    subject,
    what,
    reference,
    status,
    opened_at,
    closed_at,
    closed_by,
    attested_at,
    attested_by,
    note
});

/// The columns of [`Ticket`], in its order.
macro_rules! select_ticket {
    ($rest:literal) => {
        concat!(
            "SELECT id, plan, seq, system_no, entity, account_type_no, kind, subject, what, reference, \
             status, opened_at, closed_at, closed_by, attested_at, attested_by, note FROM ticket ",
            $rest
        )
    };
}

const INSERT: Insert = insert_into!(
    "ticket",
    "id",
    "plan",
    "seq",
    "system_no",
    "entity",
    "account_type_no",
    "kind",
    "subject",
    "what",
    "reference",
    "status",
    "opened_at",
);

impl ReadTx {
    /// The ticket with this number.
    pub async fn ticket(&mut self, id: i64) -> Result<Option<Ticket>, StoreError> {
        self.fetch_one(select_ticket!("WHERE id = $1"), args![id]).await
    }

    /// Tickets with this status (all when `None`), the oldest first, at most `limit`, after a number.
    pub async fn tickets(
        &mut self,
        status: Option<TicketStatus>,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Vec<Ticket>, StoreError> {
        let after = after.unwrap_or(0);
        if let Some(status) = status {
            let sql = select_ticket!("WHERE status = $1 AND id > $2 ORDER BY id LIMIT $3");
            return self.fetch_all(sql, args![status, after, limit]).await;
        }
        let sql = select_ticket!("WHERE id > $1 ORDER BY id LIMIT $2");
        self.fetch_all(sql, args![after, limit]).await
    }

    /// The tickets of one operation, the oldest first.
    pub async fn tickets_of(&mut self, plan: PlanId, seq: i64) -> Result<Vec<Ticket>, StoreError> {
        let sql = select_ticket!("WHERE plan = $1 AND seq = $2 ORDER BY id");
        self.fetch_all(sql, args![plan, seq]).await
    }
}

impl Tx {
    /// Writes new tickets.
    pub async fn insert_tickets(&mut self, tickets: &[Ticket]) -> Result<(), StoreError> {
        self.insert_many(&INSERT, tickets, |ticket, args| {
            let Ticket {
                id,
                plan,
                seq,
                system_no,
                entity,
                account_type_no,
                kind,
                subject,
                what,
                reference,
                status,
                opened_at,
                ..
            } = ticket;
            bind!(args, *id, *plan, *seq, *system_no, *entity, *account_type_no, kind, subject);
            bind!(args, what, reference, *status, *opened_at);
        })
        .await
    }

    /// Says what became of an open ticket, by nobody where a read shows it. Returns false when it is open no more.
    pub async fn decide_ticket(
        &mut self,
        id: i64,
        to: TicketStatus,
        by: Option<&str>,
        at: Timestamp,
        note: Option<&str>,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE ticket SET status = $2, closed_at = $3, closed_by = $4, note = $5
                   WHERE id = $1 AND status = 'open'";
        Ok(self.execute(sql, args![id, to, at, by, note]).await? > 0)
    }

    /// Notes who confirmed that a closed ticket was done. Returns false when it is not closed or was confirmed already.
    pub async fn attest_ticket(
        &mut self,
        id: i64,
        by: &str,
        at: Timestamp,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE ticket SET attested_at = $2, attested_by = $3
                   WHERE id = $1 AND status = 'closed' AND attested_at IS NULL";
        Ok(self.execute(sql, args![id, at, by]).await? > 0)
    }
}
