//! Inbound change sets that a guard holds: kept whole, applied whole or rejected whole.

use muster_app::{Ctx, Error, Kind, Opened};
use muster_model::{Fingerprint, Text, Value, decode_values, encode_values};
use muster_store::{
    ChangeCounts, ChangeSet, ChangeSetId, ChangeSetStatus, Entry, Number, ReadTx, RecordId,
    Sequence, Tx,
};
use serde_json::json;

use crate::{
    inbound::Inbound,
    lease::Lease,
    progress::Progress,
    report::{HeldChangeSet, ReadReport},
    source::{Source, Staged, Staging, load_marks},
};

/// Records in one chunk of a stored change set.
const CHUNK: usize = 5000;

/// Keeps a change set until somebody decides. An older one of the same read is superseded by it, unless it is the same.
pub(crate) async fn hold(
    ctx: &Ctx,
    opened: &Opened,
    source: Source<'_>,
    staging: &Staging,
    counts: ChangeCounts,
    reason: String,
) -> Result<HeldChangeSet, Error> {
    let chunks = encode(staging);
    let mut tx = opened.store.begin().await?;
    for older in held_of(&mut tx, source.names.no).await? {
        if same(&mut tx, older.id, &chunks).await? {
            return Ok(HeldChangeSet { id: older.id, reason: older.reason, counts });
        }
        supersede_one(ctx, &mut tx, &older).await?;
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
    tx.insert_change_set(&change_set, &chunks).await?;
    journal(ctx, &mut tx, &change_set, "change_set.hold").await?;
    tx.commit().await?;
    Ok(HeldChangeSet { id, reason: reason.into(), counts })
}

/// What is added to a change set that waits, or begins one.
pub(crate) struct More {
    /// What is added.
    pub(crate) counts: ChangeCounts,
    /// Why it is held.
    pub(crate) reason: String,
    /// The change set, and what it holds.
    pub(crate) waiting: Option<(ChangeSet, Staging)>,
}

/// The change set of a read that waits, with what it holds.
pub(crate) async fn held_for(
    tx: &mut ReadTx,
    read_no: Number,
) -> Result<Option<(ChangeSet, Staging)>, Error> {
    let Some(held) = held_of(tx, read_no).await?.into_iter().next() else { return Ok(None) };
    let staging = decode(tx, held.id).await?;
    Ok(Some((held, staging)))
}

/// Keeps what was pushed until somebody decides, together with what of the same source waits already: the last word about
/// a record counts.
pub(crate) async fn hold_more(
    ctx: &Ctx,
    tx: &mut Tx,
    source: Source<'_>,
    staging: &Staging,
    More { counts, reason, waiting }: More,
) -> Result<ChangeSetId, Error> {
    let read_no = source.names.no;
    let (waiting, mut merged) = waiting.map_or_else(
        || (None, Staging::default()),
        |(change_set, staging)| (Some(change_set), staging),
    );
    merged.records.retain(|old| staging.records.iter().all(|new| new.key != old.key));
    merged.records.extend(staging.records.iter().cloned());
    let keys: Vec<Text> = merged.records.iter().map(|staged| staged.key.clone()).collect();
    let known: Vec<RecordId> = tx
        .records_by_key(read_no, &keys)
        .await?
        .into_iter()
        .flatten()
        .map(|known| known.id)
        .collect();
    // Whoever is pushed again after it went is there.
    merged.absent.retain(|id| !known.contains(id));
    merged.absent.extend(
        staging.absent.iter().filter(|id| !merged.absent.contains(id)).copied().collect::<Vec<_>>(),
    );
    let (n_update, n_absent) = (known.len() as u64, merged.absent.len() as u64);
    let n_create = (keys.len() as u64).saturating_sub(n_update);
    let counts = ChangeCounts { n_create, n_update, n_absent, ..counts };
    let id = match &waiting {
        Some(change_set) => change_set.id,
        None => ChangeSetId(tx.take_ids(Sequence::ChangeSet, 1).await?),
    };
    let change_set = ChangeSet {
        id,
        read_no,
        made_at: ctx.now(),
        status: ChangeSetStatus::Held,
        counts,
        reason: reason.into(),
        decided_by: None,
        decided_at: None,
    };
    let chunks = encode(&merged);
    if waiting.is_some() {
        tx.replace_change_set(id, counts, &chunks).await?;
    } else {
        tx.insert_change_set(&change_set, &chunks).await?;
        journal(ctx, tx, &change_set, "change_set.hold").await?;
    }
    Ok(id)
}

async fn held_of(tx: &mut ReadTx, read_no: Number) -> Result<Vec<ChangeSet>, Error> {
    let held = tx.change_sets(Some(ChangeSetStatus::Held), 1000).await?;
    Ok(held.into_iter().filter(|change_set| change_set.read_no == read_no).collect())
}

/// True when the change set says the same, so that what somebody has looked at can still be released.
async fn same(tx: &mut ReadTx, id: ChangeSetId, chunks: &[Vec<u8>]) -> Result<bool, Error> {
    for (index, chunk) in chunks.iter().enumerate() {
        if tx.change_set_chunk(id, index).await?.as_ref() != Some(chunk) {
            return Ok(false);
        }
    }
    Ok(tx.change_set_chunk(id, chunks.len()).await?.is_none())
}

/// Takes held change sets of a read away that a later read has overtaken: releasing one would bring back what was.
pub(crate) async fn supersede(ctx: &Ctx, opened: &Opened, read_no: Number) -> Result<(), Error> {
    if held_of(&mut opened.store.read().await?, read_no).await?.is_empty() {
        return Ok(());
    }
    let mut tx = opened.store.begin().await?;
    for older in held_of(&mut tx, read_no).await? {
        supersede_one(ctx, &mut tx, &older).await?;
    }
    tx.commit().await?;
    Ok(())
}

async fn supersede_one(ctx: &Ctx, tx: &mut Tx, older: &ChangeSet) -> Result<(), Error> {
    let (from, to) = (ChangeSetStatus::Held, ChangeSetStatus::Rejected);
    if tx.decide_change_set(older.id, from, to, "superseded", ctx.now()).await? {
        journal(ctx, tx, older, "change_set.supersede").await?;
    }
    Ok(())
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
    let lease = Lease::take(ctx, opened, "sync").await?;
    let outcome = release(ctx, opened, id, confirm, progress).await;
    lease.release(opened, outcome).await
}

async fn release(
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
    let staging = decode(&mut opened.store.read().await?, id).await?;
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
    let mut inbound = Inbound::new(ctx, opened, source, marks, &seen).await?;
    let mut tx = opened.store.begin().await?;
    inbound.apply_whole(&mut tx, &staging, &mut report, progress).await?;
    decide(ctx, &mut tx, &change_set, ChangeSetStatus::Applied, "change_set.release").await?;
    tx.commit().await?;
    Ok(report)
}

/// Throws a held change set away; the source is read again next time.
pub async fn reject_change_set(ctx: &Ctx, opened: &Opened, id: ChangeSetId) -> Result<(), Error> {
    let change_set = held(opened, id).await?;
    let mut tx = opened.store.begin().await?;
    decide(ctx, &mut tx, &change_set, ChangeSetStatus::Rejected, "change_set.reject").await?;
    tx.commit().await?;
    Ok(())
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
    tx: &mut Tx,
    change_set: &ChangeSet,
    to: ChangeSetStatus,
    action: &str,
) -> Result<(), Error> {
    if !tx
        .decide_change_set(change_set.id, ChangeSetStatus::Held, to, &ctx.actor, ctx.now())
        .await?
    {
        return Err(Error::new(
            Kind::Conflict,
            format!("somebody else decided about change set {}", change_set.id.0),
        ));
    }
    journal(ctx, tx, change_set, action).await
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
        on_behalf_of: ctx.on_behalf_of.clone(),
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

/// Each chunk is a flat list of values: a mark, then for a record key, own id, line, fingerprint, content; for an absent one its id.
fn encode(staging: &Staging) -> Vec<Vec<u8>> {
    let records = staging.records.chunks(CHUNK).map(|chunk| {
        let values = chunk.iter().flat_map(|staged| {
            let Staged { key, native_id, line, fingerprint, content } = staged;
            [
                Value::Text(key.clone()),
                Value::Text(native_id.clone()),
                Value::Int(i64::try_from(*line).unwrap_or(0)),
                Value::Binary(fingerprint.to_bytes().as_slice().into()),
                Value::Binary(content.as_slice().into()),
            ]
        });
        encode_values(&std::iter::once(Value::Int(2)).chain(values).collect::<Vec<_>>())
    });
    let absent = staging.absent.chunks(CHUNK).map(|chunk| {
        let ids = chunk.iter().map(|id| Value::Int(id.0));
        encode_values(&std::iter::once(Value::Bool(false)).chain(ids).collect::<Vec<_>>())
    });
    records.chain(absent).collect()
}

async fn decode(tx: &mut ReadTx, id: ChangeSetId) -> Result<Staging, Error> {
    let damaged = || Error::bug(format!("change set {} is damaged", id.0));
    let mut staging = Staging::default();
    for index in 0.. {
        let Some(chunk) = tx.change_set_chunk(id, index).await? else { break };
        let values = decode_values(&chunk).map_err(|error| damaged().caused_by(error))?;
        match values.split_first() {
            Some((Value::Int(2), values)) => {
                for staged in values.chunks(5) {
                    staging.records.push(decode_staged(staged).ok_or_else(damaged)?);
                }
            }
            // As the first version wrote it, without the source's own ids.
            Some((Value::Bool(true), values)) => {
                for staged in values.chunks(4) {
                    let mut values = staged.to_vec();
                    values.insert(1.min(values.len()), Value::Text("".into()));
                    staging.records.push(decode_staged(&values).ok_or_else(damaged)?);
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
    let [
        Value::Text(key),
        Value::Text(native_id),
        Value::Int(line),
        Value::Binary(fingerprint),
        Value::Binary(content),
    ] = values
    else {
        return None;
    };
    Some(Staged {
        key: key.clone(),
        native_id: native_id.clone(),
        line: u64::try_from(*line).ok()?,
        fingerprint: Fingerprint::from_bytes(fingerprint)?,
        content: content.to_vec(),
    })
}
