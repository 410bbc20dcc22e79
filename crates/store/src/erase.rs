//! Erasing what is known of a person, for good. What stays: ids, roles and times, and the journal's chain.

use jiff::Timestamp;
use muster_model::EntityId;

use crate::{ReadTx, StoreError, Tx, column::row, statement::args};

/// What stands against erasing an identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remains {
    /// Records of sources that are still there.
    pub records: u64,
    /// Accounts that are still linked.
    pub accounts: u64,
}

/// An identity whose final state began so long ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expired {
    /// Which one.
    pub entity: EntityId,
    /// When the state began.
    pub since: Timestamp,
}

row!(Expired { entity, since });

impl ReadTx {
    /// Identities of a type that are in a state since before `until`, by id, at most `limit`, after an id.
    pub async fn in_state_since(
        &mut self,
        type_no: crate::Number,
        state_no: crate::Number,
        until: Timestamp,
        after: Option<EntityId>,
        limit: usize,
    ) -> Result<Vec<Expired>, StoreError> {
        let sql = "SELECT e.id, v.state_since FROM entity e JOIN evaluation v ON v.entity = e.id
                   WHERE e.type_no = $1 AND e.id > $4 AND v.state_no = $2 AND v.state_since <= $3
                   ORDER BY e.id LIMIT $5";
        let after = after.unwrap_or(EntityId(0));
        self.fetch_all(sql, args![type_no, state_no, until, after, limit]).await
    }

    /// What sources and systems still hold of an identity.
    pub async fn remains(&mut self, entity: EntityId) -> Result<Remains, StoreError> {
        let sql = "SELECT COUNT(*) FROM record WHERE entity = $1 AND absent_since IS NULL";
        let records = self.fetch_value(sql, args![entity]).await?;
        let sql = "SELECT COUNT(*) FROM account WHERE entity = $1";
        let accounts = self.fetch_value(sql, args![entity]).await?;
        Ok(Remains { records, accounts })
    }
}

impl Tx {
    /// Erases what is known of an identity: its values and those it had, records, operations, former accounts, reasons.
    /// It gets `key` for a key and `facts` for values. Its evaluation, roles and times stay.
    pub async fn erase_entity(
        &mut self,
        entity: EntityId,
        key: &str,
        facts: &[u8],
    ) -> Result<(), StoreError> {
        self.changed.note([entity]);
        for sql in [
            "DELETE FROM unique_value WHERE entity = $1",
            "DELETE FROM pending_link WHERE source = $1",
            "DELETE FROM link WHERE source = $1",
            "DELETE FROM record WHERE entity = $1",
            "DELETE FROM drift WHERE entity = $1",
            "DELETE FROM account_history WHERE entity = $1",
            "DELETE FROM temporary_pass WHERE entity = $1",
            "DELETE FROM password WHERE entity = $1",
            "DELETE FROM former_password WHERE entity = $1",
            "DELETE FROM passkey WHERE entity = $1",
            "DELETE FROM session WHERE entity = $1",
            "DELETE FROM sign_in_flow WHERE entity = $1",
            "DELETE FROM recovery WHERE entity = $1",
            "DELETE FROM sign_in_mail WHERE entity = $1",
            "DELETE FROM totp WHERE entity = $1",
            "DELETE FROM recovery_code WHERE entity = $1",
            "DELETE FROM mail_factor WHERE entity = $1",
            "DELETE FROM mailed_code WHERE entity = $1",
            "DELETE FROM known_browser WHERE entity = $1",
            "UPDATE sign_in SET network = '', device = '' WHERE entity = $1",
            "UPDATE request SET reason = '', answers = '[]' WHERE requester = $1",
            "UPDATE request SET reason = '', answers = '[]' WHERE subject = $1",
            "UPDATE request_event SET note = '' WHERE entity = $1",
            "UPDATE review_item SET seen = '{}', reason = '' WHERE entity = $1",
            "DELETE FROM review_event WHERE entity = $1",
            "UPDATE review_answer SET note = '' WHERE entity = $1",
            "UPDATE delegation SET reason = '' WHERE giver = $1",
            "UPDATE delegation SET reason = '' WHERE delegate = $1",
            "UPDATE conflict_exception SET mitigation = '' WHERE assignment IN
                (SELECT id FROM assignment WHERE entity = $1)",
            "DELETE FROM decision_link WHERE entity = $1",
            "UPDATE form_draft SET entered = '{}' WHERE entity = $1",
            "UPDATE form_event SET note = '' WHERE entity = $1",
            "UPDATE form_event SET note = '' WHERE draft IN
                (SELECT id FROM form_draft WHERE entity = $1)",
            "DELETE FROM notice WHERE addressee = $1",
            "DELETE FROM notice WHERE kind = 'guest' AND about = $1",
            "DELETE FROM notice_choice WHERE entity = $1",
            "DELETE FROM guest WHERE entity = $1",
            "DELETE FROM scim_resource WHERE entity = $1",
            "DELETE FROM scim_mail WHERE entity = $1",
            "DELETE FROM external_id WHERE entity = $1",
            "DELETE FROM operation_body WHERE (plan, seq) IN
                (SELECT plan, seq FROM operation WHERE entity = $1)",
            "DELETE FROM operation WHERE entity = $1",
            "UPDATE assignment SET reason = 'erased' WHERE entity = $1",
            "UPDATE assignment SET end_reason = 'erased' WHERE entity = $1 AND end_reason IS NOT NULL",
            "UPDATE evaluation SET settled = NULL, next_change = NULL WHERE entity = $1",
        ] {
            self.execute(sql, args![entity]).await?;
        }
        let sql = "UPDATE entity_history SET key = $2, facts = $3 WHERE entity = $1";
        self.execute(sql, args![entity, key, facts]).await?;
        let sql = "UPDATE entity SET key = $2, facts = $3, version = version + 1 WHERE id = $1";
        self.execute(sql, args![entity, key, facts]).await.map(drop)
    }

    /// Forgets what was read and is of no use any more: problems of runs that ended before `until`, and the contents of
    /// change sets that were decided.
    pub async fn forget_readings(&mut self, until: Timestamp) -> Result<(), StoreError> {
        let sql = "DELETE FROM read_problem WHERE run IN
                       (SELECT id FROM read_run WHERE ended_at <= $1)";
        self.execute(sql, args![until]).await?;
        let sql = "DELETE FROM change_set_body WHERE change_set IN
                       (SELECT id FROM change_set WHERE status <> 'held')";
        self.execute(sql, args![]).await.map(drop)
    }
}
