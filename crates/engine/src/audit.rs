//! Beside the loop: signs checkpoints of the journal when they are due, and delivers its entries where the model says.
//!
//! The journal itself is the spool. Each export keeps its place in the store, moves it only when the entries were handed
//! over, and so delivers each at least once and in order; what cannot be delivered waits and raises an alarm.

mod sink;

use std::{sync::atomic::Ordering, time::Duration};

use muster_app::{
    Ctx, Error, ExportFormat, Kind, NewAlarm, Opened, clear_alarms, journal_json,
    make_due_checkpoint, ocsf_event, raise_alarm,
};
use muster_model::{Settings, Text};
use muster_store::{AlarmKind, JournalEntry};
use serde_json::json;

use crate::{apply::CancelFlag, lease::Lease};
use sink::Sink;

/// Entries that are delivered at a time.
const BATCH: usize = 500;
/// How often it is looked for new entries.
const LOOK: Duration = Duration::from_secs(1);
/// The longest wait after a failure.
const LONGEST: Duration = Duration::from_mins(1);

/// What one export delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shipped {
    /// Its name.
    pub name: Text,
    /// How many entries it delivered now.
    pub n: u64,
    /// The last entry that it delivered ever.
    pub seq: i64,
    /// Why it stopped before the end.
    pub problem: Option<String>,
}

/// Signs and delivers until `cancel` is set. Only one process does; the others try again and again to take its place.
pub async fn keep_audit(ctx: &Ctx, opened: &Opened, cancel: &CancelFlag) {
    if opened.model.audit.is_none() {
        return;
    }
    let mut wait = LOOK;
    while !cancel.0.load(Ordering::Relaxed) {
        let kept = keep_once(ctx, opened).await;
        wait = match &kept {
            Ok(()) => LOOK,
            Err(error) => {
                tracing::warn!(%error, "the journal is not signed or delivered");
                LONGEST.min(wait * 2)
            }
        };
        tokio::time::sleep(wait).await;
    }
}

async fn keep_once(ctx: &Ctx, opened: &Opened) -> Result<(), Error> {
    let lease = match Lease::take(ctx, opened, "audit").await {
        Err(error) if error.kind() == Kind::Busy => return Ok(()),
        taken => taken?,
    };
    let kept = async {
        make_due_checkpoint(ctx, opened).await?;
        let stuck =
            ship_journal(ctx, opened).await?.into_iter().find_map(|shipped| shipped.problem);
        stuck.map_or(Ok(()), |problem| Err(Error::new(Kind::Unavailable, problem)))
    };
    let kept = kept.await;
    lease.release(opened, kept).await
}

/// Delivers what each export has not delivered yet.
pub async fn ship_journal(ctx: &Ctx, opened: &Opened) -> Result<Vec<Shipped>, Error> {
    let mut all = Vec::new();
    for (name, export) in exports(opened.model.audit.as_ref()) {
        let mut shipped = Shipped { name, n: 0, seq: 0, problem: None };
        let sent = ship(ctx, opened, export, &mut shipped).await;
        shipped.problem = sent.err().map(|error| match std::error::Error::source(&error) {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        });
        tell(ctx, opened, &shipped).await?;
        all.push(shipped);
    }
    Ok(all)
}

fn exports(audit: Option<&Settings>) -> Vec<(Text, &Settings)> {
    let Some(exports) = audit.and_then(|audit| audit.map("exports")) else { return Vec::new() };
    let names = exports.entries.keys();
    names.filter_map(|name| Some((name.clone(), exports.map(name)?))).collect()
}

async fn ship(
    ctx: &Ctx,
    opened: &Opened,
    export: &Settings,
    shipped: &mut Shipped,
) -> Result<(), Error> {
    let format = match export.scalar("format").map(|format| &**format) {
        Some("jsonl") => ExportFormat::Jsonl,
        Some(_) | None => ExportFormat::Ocsf,
    };
    let cursor = opened.store.read().await?.export_cursor(&shipped.name).await?;
    shipped.seq = cursor.map_or(0, |(seq, _)| seq);
    let mut sink: Option<Sink> = None;
    loop {
        let entries = opened.store.read().await?.scan_journal(Some(shipped.seq), BATCH).await?;
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
            return match sink {
                Some(sink) => sink.close().await,
                None => Ok(()),
            };
        };
        if first.seq != shipped.seq + 1 {
            let message = format!(
                "entries {} to {} are missing in the journal",
                shipped.seq + 1,
                first.seq - 1
            );
            return Err(Error::new(Kind::BrokenChain, message));
        }
        let open = match sink.take() {
            Some(open) => open,
            None => Sink::open(export, &opened.dir).await?,
        };
        let sink = sink.insert(open);
        sink.deliver(entries.iter().map(|entry| (entry, document(entry, format)))).await?;
        let mut tx = opened.store.begin().await?;
        tx.save_export_cursor(&shipped.name, last.seq, ctx.now()).await?;
        tx.commit().await?;
        shipped.n += entries.len() as u64;
        shipped.seq = last.seq;
    }
}

fn document(entry: &JournalEntry, format: ExportFormat) -> String {
    match format {
        ExportFormat::Jsonl => journal_json(entry),
        ExportFormat::Ocsf => ocsf_event(entry),
    }
    .to_string()
}

/// Raises or clears the alarm. Its own journal entries are written once, so an export that is stuck does not fill the journal.
async fn tell(ctx: &Ctx, opened: &Opened, shipped: &Shipped) -> Result<(), Error> {
    let about = Text::from(format!("export {}", shipped.name));
    let mut tx = opened.store.begin().await?;
    let is_known = tx.has_alarm(AlarmKind::ExportStuck, &about).await?;
    match (&shipped.problem, is_known) {
        (Some(problem), false) => {
            let alarm = NewAlarm {
                kind: AlarmKind::ExportStuck,
                about,
                system_no: None,
                subject: shipped.name.clone(),
                message: format!("the journal is not delivered to `{}`: {problem}", shipped.name)
                    .into(),
                detail: json!({ "delivered_up_to": shipped.seq }),
            };
            raise_alarm(&mut tx, ctx, &alarm).await?;
        }
        (None, true) => clear_alarms(&mut tx, ctx, AlarmKind::ExportStuck, &[about]).await?,
        (Some(_), true) | (None, false) => return Ok(()),
    }
    Ok(tx.commit().await?)
}
