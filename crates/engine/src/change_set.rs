//! Inbound change sets that a guard holds: kept whole, applied whole or rejected whole.

use muster_app::{Ctx, Error, Kind, Opened};
use muster_model::{Fingerprint, Value, decode_values, encode_values};
use muster_store::{
    ChangeCounts, ChangeSet, ChangeSetId, ChangeSetStatus, Entry, RecordId, Sequence, Tx,
};
use serde_json::json;

use crate::{
    inbound::Inbound,
    progress::Progress,
    report::{HeldChangeSet, ReadReport},
    source::{Source, Staged, Staging, load_marks},
};

/// Records in one chunk of a stored change set.
const CHUNK: usize = 5000;

/// Keeps a change set until somebody decides. An older one of the same read is superseded by it.
pub(crate) async fn hold(
    ctx: &Ctx,
    opened: &Opened,
    source: Source<'_>,
    staging: &Staging,
    counts: ChangeCounts,
    reason: String,
) -> Result<HeldChangeSet, Error> {
    let mut tx = opened.store.begin().await?;
    for older in tx.change_sets(Some(ChangeSetStatus::Held), 1000).await? {
        if older.read_no == source.names.no {
            tx.decide_change_set(
                older.id,
                ChangeSetStatus::Held,
                ChangeSetStatus::Rejected,
                "superseded",
                ctx.now(),
            )
            .await?;
        }
    }
    let id = ChangeSetId(tx.take_ids(Sequence::ChangeSet, 1).await?);
    let change_set = ChangeSet {
        id,
        read_no: source.names.no,
        made_at: ctx.now(),
        status: ChangeSetStatus::Held,
        counts,
        reason: reason.clone().into(),
        decided_by: None,
        decided_at: None,
    };
    tx.insert_change_set(&change_set, &encode(staging)).await?;
    journal(ctx, &mut tx, &change_set, "change_set.hold").await?;
    tx.commit().await?;
    Ok(HeldChangeSet { id, reason: reason.into(), counts })
}

/// Change sets that wait for a decision, the newest first.
pub async fn list_change_sets(opened: &Opened) -> Result<Vec<ChangeSet>, Error> {
    Ok(opened.store.read().await?.change_sets(Some(ChangeSetStatus::Held), 1000).await?)
}

/// How many records a change set changes: the number that confirms its release.
fn size(counts: ChangeCounts) -> u64 {
    counts.n_create + counts.n_update + counts.n_absent
}

/// Applies a held change set whole. `confirm` must be the number of records it changes.
pub async fn release_change_set(
    ctx: &Ctx,
    opened: &Opened,
    id: ChangeSetId,
    confirm: Option<u64>,
    progress: &dyn Progress,
) -> Result<ReadReport, Error> {
    let change_set = held(opened, id).await?;
    let wanted = size(change_set.counts);
    if confirm != Some(wanted) {
        return Err(Error::new(
            Kind::Held,
            format!("change set {} changes {wanted} records: {}", id.0, change_set.reason),
        )
        .hint(format!("if that is right: muster sync --release {} --confirm {wanted}", id.0)));
    }
    let read_no = change_set.read_no;
    let place =
        opened.model.systems.iter().zip(&opened.names.systems).find_map(|(system, names)| {
            let position = names.reads.iter().position(|read| read.no == read_no)?;
            Some((system, system.reads.get(position)?, names.reads.get(position)?))
        });
    let Some((system, read, names)) = place else {
        return Err(Error::new(
            Kind::Stale,
            "the model no longer has the read that the change set came from",
        ));
    };
    let what = opened
        .model
        .schema
        .get(read.type_id)
        .map_or_else(|| "?".into(), |entity_type| entity_type.name.clone());
    let source = Source { system, read, names, what: &what };
    let staging = decode(opened, id).await?;
    let marks = load_marks(&mut opened.store.read().await?, read_no).await?;
    let absent: rustc_hash::FxHashSet<RecordId> = staging.absent.iter().copied().collect();
    let seen = marks
        .values()
        .filter(|mark| !absent.contains(&mark.id))
        .map(|mark| mark.key.clone())
        .collect();
    let mut report = ReadReport::new(&system.name, what.clone());
    (report.complete, report.objects) = (true, wanted);
    (report.created, report.changed, report.absent) =
        (change_set.counts.n_create, change_set.counts.n_update, change_set.counts.n_absent);
    Inbound::new(ctx, opened, source, marks, seen)
        .await?
        .apply(&staging, &mut report, progress)
        .await?;
    decide(ctx, opened, &change_set, ChangeSetStatus::Applied, "change_set.release").await?;
    Ok(report)
}

/// Throws a held change set away; the source is read again next time.
pub async fn reject_change_set(ctx: &Ctx, opened: &Opened, id: ChangeSetId) -> Result<(), Error> {
    let change_set = held(opened, id).await?;
    decide(ctx, opened, &change_set, ChangeSetStatus::Rejected, "change_set.reject").await
}

async fn held(opened: &Opened, id: ChangeSetId) -> Result<ChangeSet, Error> {
    let found = opened.store.read().await?.change_set(id).await?;
    let change_set = found.ok_or_else(|| {
        Error::not_found(format!("there is no change set {}", id.0))
            .hint("muster sync --held lists them")
    })?;
    if change_set.status == ChangeSetStatus::Held {
        Ok(change_set)
    } else {
        Err(Error::new(
            Kind::Conflict,
            format!("change set {} is {} already", id.0, change_set.status),
        ))
    }
}

async fn decide(
    ctx: &Ctx,
    opened: &Opened,
    change_set: &ChangeSet,
    to: ChangeSetStatus,
    action: &str,
) -> Result<(), Error> {
    let mut tx = opened.store.begin().await?;
    if !tx
        .decide_change_set(change_set.id, ChangeSetStatus::Held, to, &ctx.actor, ctx.now())
        .await?
    {
        return Err(Error::new(
            Kind::Conflict,
            format!("somebody else decided about change set {}", change_set.id.0),
        ));
    }
    journal(ctx, &mut tx, change_set, action).await?;
    tx.commit().await?;
    Ok(())
}

async fn journal(
    ctx: &Ctx,
    tx: &mut Tx,
    change_set: &ChangeSet,
    action: &str,
) -> Result<(), Error> {
    let ChangeCounts { n_create, n_update, n_absent, n_present } = change_set.counts;
    tx.append_journal(&Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: None,
        action: action.into(),
        subject: format!("change set {}", change_set.id.0).into(),
        detail: json!({
            "reason": &*change_set.reason, "create": n_create, "update": n_update, "absent": n_absent, "present": n_present,
        })
        .to_string()
        .into(),
        correlation: Some(ctx.correlation.clone()),
    })
    .await?;
    Ok(())
}

/// Each chunk is a flat list of values: a mark, then for a record key, line, fingerprint, content; for an absent one its id.
fn encode(staging: &Staging) -> Vec<Vec<u8>> {
    let records = staging.records.chunks(CHUNK).map(|chunk| {
        let values = chunk.iter().flat_map(|staged| {
            let Staged { key, line, fingerprint, content } = staged;
            [
                Value::Text(key.clone()),
                Value::Int(i64::try_from(*line).unwrap_or(0)),
                Value::Binary(fingerprint.to_bytes().as_slice().into()),
                Value::Binary(content.as_slice().into()),
            ]
        });
        encode_values(&std::iter::once(Value::Bool(true)).chain(values).collect::<Vec<_>>())
    });
    let absent = staging.absent.chunks(CHUNK).map(|chunk| {
        let ids = chunk.iter().map(|id| Value::Int(id.0));
        encode_values(&std::iter::once(Value::Bool(false)).chain(ids).collect::<Vec<_>>())
    });
    records.chain(absent).collect()
}

async fn decode(opened: &Opened, id: ChangeSetId) -> Result<Staging, Error> {
    let damaged = || Error::bug(format!("change set {} is damaged", id.0));
    let mut tx = opened.store.read().await?;
    let mut staging = Staging::default();
    for index in 0.. {
        let Some(chunk) = tx.change_set_chunk(id, index).await? else { break };
        let values = decode_values(&chunk).map_err(|error| damaged().caused_by(error))?;
        match values.split_first() {
            Some((Value::Bool(true), values)) => {
                for staged in values.chunks(4) {
                    staging.records.push(decode_staged(staged).ok_or_else(damaged)?);
                }
            }
            Some((Value::Bool(false), ids)) => {
                for id in ids {
                    let Value::Int(id) = id else { return Err(damaged()) };
                    staging.absent.push(RecordId(*id));
                }
            }
            Some(_) | None => return Err(damaged()),
        }
    }
    Ok(staging)
}

fn decode_staged(values: &[Value]) -> Option<Staged> {
    let [Value::Text(key), Value::Int(line), Value::Binary(fingerprint), Value::Binary(content)] =
        values
    else {
        return None;
    };
    Some(Staged {
        key: key.clone(),
        line: u64::try_from(*line).ok()?,
        fingerprint: Fingerprint::from_bytes(fingerprint)?,
        content: content.to_vec(),
    })
}
