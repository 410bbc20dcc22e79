//! Alarms: what somebody has to look at.

use jiff::Timestamp;
use muster_model::Text;

use crate::{
    Number, ReadTx, StoreError, Tx,
    column::row,
    statement::{args, bind},
    words::words,
};

/// An alarm's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlarmId(pub i64);

words! {
    /// What sort of trouble it is.
    AlarmKind {
        /// A system said that it did something, and a later read does not show it.
        NotDone = "not done",
        /// A system fails and is left alone for a while.
        Quarantine = "quarantine",
        /// Somebody who left can still use an account.
        LeaverActive = "leaver active",
        /// A task of a workflow failed.
        TaskFailed = "task failed",
        /// What nobody is left to answer for.
        OwnerGone = "owner gone",
        /// Events are not posted to an address any more.
        WebhookDisabled = "webhook disabled",
        /// An export of the journal cannot deliver.
        ExportStuck = "export stuck",
        /// Many names with a wrong password each.
        Spray = "spray",
    }
}

words! {
    /// What became of an alarm.
    AlarmStatus {
        /// Nobody has looked at it.
        Open = "open",
        /// Somebody knows.
        Acknowledged = "acknowledged",
        /// The trouble is over.
        Cleared = "cleared",
    }
}

/// An alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// Which one.
    pub id: AlarmId,
    /// What sort of trouble.
    pub kind: AlarmKind,
    /// What it is about, for programs: of one kind there is one alarm about it that is not cleared.
    pub about: Text,
    /// The system's number.
    pub system_no: Option<Number>,
    /// The account, person or task, for people.
    pub subject: Text,
    /// What happened, in a sentence.
    pub message: Text,
    /// What was expected and seen, as JSON.
    pub detail: Text,
    /// How often it happened.
    pub n: u64,
    /// When it happened first.
    pub raised_at: Timestamp,
    /// When it happened last.
    pub last_at: Timestamp,
    /// What became of it.
    pub status: AlarmStatus,
    /// Who acknowledged it.
    pub decided_by: Option<Text>,
    /// When.
    pub decided_at: Option<Timestamp>,
    /// What they said.
    pub remark: Text,
}

row!(Alarm {
    id,
    kind,
    about,
    system_no,
    subject,
    message,
    detail,
    n,
    raised_at,
    last_at,
    status,
    decided_by,
    decided_at,
    remark
});

/// The columns of [`Alarm`], in its order.
macro_rules! select_alarm {
    ($rest:literal) => {
        concat!(
            "SELECT id, kind, about, system_no, subject, message, detail, n, raised_at, last_at, \
             status, decided_by, decided_at, remark FROM alarm ",
            $rest
        )
    };
}

impl ReadTx {
    /// True when there is an alarm about this that is not cleared.
    pub async fn has_alarm(&mut self, kind: AlarmKind, about: &str) -> Result<bool, StoreError> {
        let sql = "SELECT id FROM alarm WHERE kind = $1 AND about = $2 AND status <> 'cleared'";
        let found: Option<i64> = self.fetch_one(sql, args![kind, about]).await?;
        Ok(found.is_some())
    }

    /// The alarm with this id.
    pub async fn alarm(&mut self, id: AlarmId) -> Result<Option<Alarm>, StoreError> {
        self.fetch_one(select_alarm!("WHERE id = $1"), args![id]).await
    }

    /// Alarms with this status in id order, at most `limit`, after an id.
    pub async fn alarms(
        &mut self,
        status: AlarmStatus,
        after: Option<AlarmId>,
        limit: usize,
    ) -> Result<Vec<Alarm>, StoreError> {
        let sql = select_alarm!("WHERE status = $1 AND id > $2 ORDER BY id LIMIT $3");
        self.fetch_all(sql, args![status, after.unwrap_or(AlarmId(0)), limit]).await
    }
}

impl ReadTx {
    /// What alarms of a kind that are not cleared are about, in order, at most `limit`, after one.
    pub async fn alarms_about(
        &mut self,
        kind: AlarmKind,
        after: &str,
        limit: usize,
    ) -> Result<Vec<Text>, StoreError> {
        let sql = "SELECT about FROM alarm WHERE kind = $1 AND about > $2 AND status <> 'cleared'
                   ORDER BY about LIMIT $3";
        self.fetch_all(sql, args![kind, after, limit]).await
    }
}

impl Tx {
    /// Writes alarms. One about the same trouble that is not cleared is counted instead, and is open again. The id of a
    /// new one comes from [`Tx::take_ids`]; returns for each whether it is new.
    pub async fn raise_alarms(&mut self, alarms: &[Alarm]) -> Result<Vec<bool>, StoreError> {
        let again = "UPDATE alarm SET n = n + 1, last_at = $3, message = $4, detail = $5,
                            status = 'open'
                     WHERE kind = $1 AND about = $2 AND status <> 'cleared'";
        let new = "INSERT INTO alarm (id, kind, about, system_no, subject, message, detail, n,
                                      raised_at, last_at, status, decided_by, decided_at, remark)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
        let mut is_new = Vec::with_capacity(alarms.len());
        for alarm in alarms {
            let Alarm {
                id,
                kind,
                about,
                system_no,
                subject,
                message,
                detail,
                n,
                raised_at,
                last_at,
                status,
                decided_by,
                decided_at,
                remark,
            } = alarm;
            let counted =
                self.execute(again, args![*kind, about, *last_at, message, detail]).await?;
            is_new.push(counted == 0);
            if counted == 0 {
                let mut args = Vec::new();
                bind!(args, *id, *kind, about, *system_no, subject, message, detail, *n);
                bind!(args, *raised_at, *last_at, *status, decided_by, *decided_at, remark);
                self.execute(new, &args).await?;
            }
        }
        Ok(is_new)
    }

    /// Says that somebody knows of an alarm. Returns false when it is not open.
    pub async fn acknowledge_alarm(
        &mut self,
        id: AlarmId,
        by: &str,
        at: Timestamp,
        remark: &str,
    ) -> Result<bool, StoreError> {
        let sql = "UPDATE alarm SET status = 'acknowledged', decided_by = $2, decided_at = $3,
                          remark = $4
                   WHERE id = $1 AND status = 'open'";
        Ok(self.execute(sql, args![id, by, at, remark]).await? > 0)
    }

    /// Says that troubles are over. Returns how many alarms there were about them.
    pub async fn clear_alarms(
        &mut self,
        kind: AlarmKind,
        about: &[Text],
        at: Timestamp,
    ) -> Result<u64, StoreError> {
        let sql = "UPDATE alarm SET status = 'cleared', last_at = $3
                   WHERE kind = $1 AND about = $2 AND status <> 'cleared'";
        let cleared = self.execute_each(sql, about, |about, args| bind!(args, kind, about, at));
        Ok(cleared.await?.into_iter().sum())
    }
}
