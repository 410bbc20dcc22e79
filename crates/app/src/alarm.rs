//! Alarms: raised by runs when somebody has to look, acknowledged by people, cleared when the trouble is over.

use jiff::Timestamp;
use muster_model::Text;
use muster_store::{Alarm, AlarmId, AlarmKind, AlarmStatus, Entry, ReadTx, Sequence, Tx};
use serde_json::{Value as Json, json};

use crate::{Ctx, Error, Kind, Opened, Page};

/// Alarms named in one journal entry.
const NAMED: usize = 1000;

/// An alarm to raise.
#[derive(Debug, Clone)]
pub struct NewAlarm {
    /// What sort of trouble.
    pub kind: AlarmKind,
    /// What it is about, for programs: the same trouble has the same text every time.
    pub about: Text,
    /// The system's number, where it is about one.
    pub system_no: Option<muster_store::Number>,
    /// The account, person or task, for people.
    pub subject: Text,
    /// What happened, in a sentence: lower case, no full stop.
    pub message: Text,
    /// What was expected and seen, for programs.
    pub detail: Json,
}

/// Raises alarms within a transaction, and writes the journal. One about a trouble that is known is counted instead.
pub async fn raise_alarms(tx: &mut Tx, ctx: &Ctx, alarms: &[NewAlarm]) -> Result<(), Error> {
    if alarms.is_empty() {
        return Ok(());
    }
    let now = ctx.now();
    let first = tx.take_ids(Sequence::Alarm, alarms.len()).await?;
    let rows: Vec<Alarm> = (first..)
        .zip(alarms)
        .map(|(id, alarm)| Alarm {
            id: AlarmId(id),
            kind: alarm.kind,
            about: alarm.about.clone(),
            system_no: alarm.system_no,
            subject: alarm.subject.clone(),
            message: alarm.message.clone(),
            detail: alarm.detail.to_string().into(),
            n: 1,
            raised_at: now,
            last_at: now,
            status: AlarmStatus::Open,
            decided_by: None,
            decided_at: None,
            remark: "".into(),
        })
        .collect();
    tx.raise_alarms(&rows).await?;
    for chunk in alarms.chunks(NAMED) {
        let named: Vec<Json> = chunk
            .iter()
            .map(|alarm| {
                json!({ "kind": alarm.kind.word(), "subject": &*alarm.subject,
                        "message": &*alarm.message, "detail": alarm.detail })
            })
            .collect();
        let subject = match chunk {
            [one] => one.subject.clone(),
            several => format!("{} alarms", several.len()).into(),
        };
        entry(tx, ctx, "alarm.raise", subject, json!({ "alarms": named })).await?;
    }
    Ok(())
}

/// As [`raise_alarms`], for one.
pub async fn raise_alarm(tx: &mut Tx, ctx: &Ctx, alarm: &NewAlarm) -> Result<(), Error> {
    raise_alarms(tx, ctx, std::slice::from_ref(alarm)).await
}

/// Says within a transaction that troubles are over; writes the journal when there was an alarm about any of them.
pub async fn clear_alarms(
    tx: &mut Tx,
    ctx: &Ctx,
    kind: AlarmKind,
    about: &[Text],
) -> Result<(), Error> {
    if tx.clear_alarms(kind, about, ctx.now()).await? == 0 {
        return Ok(());
    }
    let about: Vec<&str> = about.iter().take(NAMED).map(|about| &**about).collect();
    let subject = about.first().copied().unwrap_or_default().into();
    entry(tx, ctx, "alarm.clear", subject, json!({ "kind": kind.word(), "about": about })).await
}

/// An alarm for people.
#[derive(Debug, Clone)]
pub struct AlarmView {
    /// Its id.
    pub id: AlarmId,
    /// What sort of trouble.
    pub kind: AlarmKind,
    /// The system.
    pub system: Option<Text>,
    /// The account, person or task.
    pub subject: Text,
    /// What happened.
    pub message: Text,
    /// What was expected and seen.
    pub detail: Json,
    /// How often.
    pub n: u64,
    /// When it happened first.
    pub raised_at: Timestamp,
    /// When it happened last.
    pub last_at: Timestamp,
    /// What became of it.
    pub status: AlarmStatus,
    /// Who acknowledged it.
    pub decided_by: Option<Text>,
    /// What they said.
    pub remark: Text,
}

/// Alarms with a status, the oldest first.
pub async fn list_alarms(
    opened: &Opened,
    status: AlarmStatus,
    after: Option<i64>,
    limit: usize,
) -> Result<Page<AlarmView>, Error> {
    let mut tx = opened.store.read().await?;
    let mut alarms = tx.alarms(status, after.map(AlarmId), limit + 1).await?;
    let next = (alarms.len() > limit).then(|| alarms.pop()).flatten();
    let next = next.and_then(|_| alarms.last().map(|last| last.id.0));
    Ok(Page { items: alarms.into_iter().map(|alarm| view(opened, alarm)).collect(), next })
}

/// Says that somebody knows of an alarm and looks after it.
pub async fn acknowledge_alarm(
    ctx: &Ctx,
    opened: &Opened,
    id: i64,
    remark: &str,
) -> Result<AlarmView, Error> {
    let mut tx = opened.store.begin().await?;
    let done = tx.acknowledge_alarm(AlarmId(id), &ctx.actor, ctx.now(), remark).await?;
    let alarm = found(&mut tx, id).await?;
    if !done {
        return Err(Error::new(Kind::Conflict, format!("alarm {id} is {} already", alarm.status)));
    }
    let detail = json!({ "alarm": id, "kind": alarm.kind.word(), "remark": remark });
    entry(&mut tx, ctx, "alarm.acknowledge", alarm.subject.clone(), detail).await?;
    tx.commit().await?;
    Ok(view(opened, alarm))
}

async fn found(tx: &mut ReadTx, id: i64) -> Result<Alarm, Error> {
    tx.alarm(AlarmId(id)).await?.ok_or_else(|| {
        Error::not_found(format!("there is no alarm {id}")).hint("muster alarms list shows them")
    })
}

fn view(opened: &Opened, alarm: Alarm) -> AlarmView {
    let system = alarm.system_no.and_then(|no| {
        let position = opened.names.systems.iter().position(|names| names.no == no)?;
        Some(opened.model.systems.get(position)?.name.clone())
    });
    AlarmView {
        id: alarm.id,
        kind: alarm.kind,
        system,
        subject: alarm.subject,
        message: alarm.message,
        detail: serde_json::from_str(&alarm.detail).unwrap_or_default(),
        n: alarm.n,
        raised_at: alarm.raised_at,
        last_at: alarm.last_at,
        status: alarm.status,
        decided_by: alarm.decided_by,
        remark: alarm.remark,
    }
}

async fn entry(
    tx: &mut Tx,
    ctx: &Ctx,
    action: &str,
    subject: Text,
    detail: Json,
) -> Result<(), Error> {
    tx.append_journal(&Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: ctx.on_behalf_of.clone(),
        action: action.into(),
        subject,
        detail: detail.to_string().into(),
        correlation: Some(ctx.correlation.clone()),
    })
    .await?;
    Ok(())
}
