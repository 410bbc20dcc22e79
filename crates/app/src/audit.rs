//! The journal: search, export as JSON lines, verification that needs only the export.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, Read as _},
};

use jiff::Timestamp;
use muster_model::Text;
use muster_store::{
    ERASED, Entry, JournalEntry, JournalFilter, ReadTx, Seal, Summary, Verifier, hex, seal_hash,
};
use serde_json::{Value as Json, json};

use crate::{
    Ctx, Error, Kind, Opened, Page,
    checkpoint::{Signatures, checkpoint_json, key_json},
    keys::unhex,
    ocsf::ocsf_event,
    people::find_entity,
    resolve_person, subject_of,
};

const BATCH: usize = 1000;
/// Entries that one page looks at for somebody who may see some people only.
const LOOKED_AT: usize = 1000;
/// No honest line is longer.
const MAX_LINE: u64 = 16 << 20;

/// Which entries are asked for.
#[derive(Debug, Clone, Default)]
pub struct AuditQuery {
    /// What fits.
    pub filter: JournalFilter,
    /// Entries before this place.
    pub before: Option<i64>,
    /// How many at most.
    pub limit: usize,
}

/// Entries that fit, the newest first; `next` is the place before which the list goes on. Who may see some people only
/// sees the entries about them: such a page looks at a part of the journal, and may be shorter than the limit.
pub async fn search_journal(
    ctx: &Ctx,
    opened: &Opened,
    query: &AuditQuery,
) -> Result<Page<JournalEntry>, Error> {
    let mut tx = opened.store.read().await?;
    let mut filter = query.filter.clone();
    let everybody = ctx.reach.is_everybody();
    if let Some(person) = filter.subject.as_ref().filter(|_| !everybody) {
        let person = resolve_person(ctx, opened, &mut tx, person).await?;
        filter.subject = Some(subject_of(&opened.model, &person.row, &person.key));
    }
    let is_narrowed = !everybody && filter.subject.is_none();
    let limit = if is_narrowed { LOOKED_AT } else { query.limit };
    let mut items = tx.search_journal(&filter, query.before, limit).await?;
    let is_more = items.len() == limit;
    let mut next = items.last().map(|last| last.seq).filter(|seq| is_more && *seq > 1);
    if is_narrowed {
        let subjects = subjects_seen(ctx, opened, &mut tx, &items).await?;
        items.retain(|one| subjects.contains(&one.entry.subject));
        if items.len() > query.limit {
            items.truncate(query.limit);
            next = items.last().map(|last| last.seq);
        }
    }
    Ok(Page { items, next })
}

/// The subjects of entries that are somebody whom the caller reaches.
async fn subjects_seen(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    entries: &[JournalEntry],
) -> Result<BTreeSet<Text>, Error> {
    let mut by_id = BTreeMap::new();
    let subjects: BTreeSet<&Text> = entries.iter().map(|one| &one.entry.subject).collect();
    for subject in subjects {
        for entity_type in opened.model.schema.types.iter().filter(|of| of.identity) {
            if let Some(id) = find_entity(opened, tx, entity_type, subject).await? {
                by_id.insert(id, subject.clone());
            }
        }
    }
    let seen = ctx.reach.those_covered(ctx, opened, tx, by_id.keys().copied().collect()).await?;
    by_id.retain(|id, _| seen.contains(id));
    Ok(by_id.into_values().collect())
}

/// One entry as JSON, with everything that verification needs.
pub fn journal_json(entry: &JournalEntry) -> Json {
    let JournalEntry { seq, entry, seal, prev_hash, hash } = entry;
    let Entry { at, actor, on_behalf_of, action, subject, detail, correlation } = entry;
    let (salt, seal) = match seal {
        Seal::Plain => (None, None),
        Seal::Salted(salt) => (Some(*salt), None),
        Seal::Erased(seal) => (None, Some(*seal)),
    };
    json!({
        "seq": seq, "at": at.to_string(), "actor": &**actor, "on_behalf_of": on_behalf_of.as_deref(), "action": &**action,
        "subject": &**subject, "detail": &**detail, "correlation": correlation.as_deref(),
        "salt": salt.map(|salt| hex(&salt)), "seal": seal.map(|seal| hex(&seal)), "prev_hash": hex(prev_hash),
        "hash": hex(hash),
    })
}

/// The form of exported entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExportFormat {
    /// Entries with what verification needs, and between them keys and checkpoints.
    #[default]
    Jsonl,
    /// Events of the Open Cybersecurity Schema.
    Ocsf,
}

/// Writes the whole journal, one JSON object a line, and returns how many entries it wrote.
pub async fn export_journal(
    opened: &Opened,
    out: &mut (dyn std::io::Write + Send),
) -> Result<u64, Error> {
    export_journal_after(opened, 0, ExportFormat::Jsonl, out).await.map(|(n, _)| n)
}

/// Writes the entries after a place, and returns how many, and the place of the last: the next export goes on after it.
pub async fn export_journal_after(
    opened: &Opened,
    after: i64,
    format: ExportFormat,
    out: &mut (dyn std::io::Write + Send),
) -> Result<(u64, i64), Error> {
    let mut write = |json: &Json| {
        writeln!(out, "{json}").map_err(|error| {
            Error::new(Kind::Unavailable, "the export cannot be written").caused_by(error)
        })
    };
    let mut tx = opened.store.read().await?;
    if format == ExportFormat::Jsonl {
        for key in tx.journal_keys().await? {
            write(&key_json(&key))?;
        }
    }
    let (mut n, mut last) = (0, after);
    loop {
        let entries = tx.scan_journal(Some(last), BATCH).await?;
        let mut signed = tx.scan_checkpoints(last, BATCH).await?.into_iter().peekable();
        let Some(end) = entries.last() else { return Ok((n, last)) };
        last = end.seq;
        for entry in &entries {
            n += 1;
            if format == ExportFormat::Ocsf {
                write(&ocsf_event(entry))?;
                continue;
            }
            write(&journal_json(entry))?;
            while let Some(checkpoint) = signed.next_if(|checkpoint| checkpoint.seq <= entry.seq) {
                write(&checkpoint_json(&checkpoint))?;
            }
        }
    }
}

/// Writes a part of the journal as an export that can be verified: the keys, the entries from one place to another, and
/// the checkpoints between them. Of entries that are not to be shown, what the chain needs is there and no text, as if they
/// had been erased; an entry of before there were seals is shown all the same.
pub async fn export_journal_part(
    tx: &mut ReadTx,
    (from, to): (i64, i64),
    is_shown: &(dyn Fn(&JournalEntry) -> bool + Sync),
) -> Result<Vec<u8>, Error> {
    let mut lines: Vec<String> =
        tx.journal_keys().await?.iter().map(|key| key_json(key).to_string()).collect();
    let mut last = from - 1;
    while last < to {
        let mut entries = tx.scan_journal(Some(last), BATCH).await?;
        entries.retain(|entry| entry.seq <= to);
        let mut signed = tx.scan_checkpoints(last, BATCH).await?.into_iter().peekable();
        let Some(end) = entries.last() else { break };
        last = end.seq;
        for mut entry in entries {
            if let Seal::Salted(salt) = entry.seal
                && !is_shown(&entry)
            {
                entry.seal = Seal::Erased(seal_hash(&salt, &entry.entry));
                let Entry { subject, on_behalf_of, detail, .. } = &mut entry.entry;
                (*subject, *on_behalf_of, *detail) = (ERASED.into(), None, "{}".into());
            }
            lines.push(journal_json(&entry).to_string());
            while let Some(checkpoint) = signed.next_if(|checkpoint| checkpoint.seq <= entry.seq) {
                lines.push(checkpoint_json(&checkpoint).to_string());
            }
        }
    }
    lines.push(String::new());
    Ok(lines.join("\n").into_bytes())
}

/// What an export holds whose chain is whole and whose signatures are right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verified {
    /// The chain.
    pub summary: Summary,
    /// How many checkpoints there are.
    pub n_checkpoints: u64,
    /// The last entry that a checkpoint covers; 0 for none.
    pub covered: i64,
}

/// Checks an export line by line; the first damage is named.
pub fn verify_export(reader: &mut dyn BufRead) -> Result<Summary, Error> {
    verify_signed_export(reader, None).map(|verified| verified.summary)
}

/// As [`verify_export`], with the checkpoints. `trusted` is the first public key, in hexadecimal digits, as it was noted
/// elsewhere: without it, whoever rewrote everything could have signed it with a key of their own.
pub fn verify_signed_export(
    reader: &mut dyn BufRead,
    trusted: Option<&str>,
) -> Result<Verified, Error> {
    let broken = |message: String| Error::new(Kind::BrokenChain, message);
    let mut chain = Verifier::default();
    let mut signatures = Signatures::trusting(trusted)?;
    let mut line = String::new();
    let mut number = 0u64;
    loop {
        line.clear();
        let n = reader
            .take(MAX_LINE + 1)
            .read_line(&mut line)
            .map_err(|error| Error::invalid("the export cannot be read").caused_by(error))?;
        if n == 0 {
            break;
        }
        number += 1;
        if n as u64 > MAX_LINE {
            return Err(Error::invalid(format!("line {number} is longer than {MAX_LINE} bytes")));
        }
        let json: Json = serde_json::from_str(&line).unwrap_or_default();
        if let Some(checked) = signatures.line(&json) {
            checked?;
            continue;
        }
        let entry = from_json(&json)
            .ok_or_else(|| broken(format!("line {number} is not a journal entry")))?;
        chain.take(&entry).map_err(|at| broken(at.to_string()))?;
        signatures.entry(entry.seq, entry.hash);
    }
    signatures.end()?;
    let Signatures { n_checkpoints, covered, .. } = signatures;
    Ok(Verified { summary: chain.summary(), n_checkpoints, covered })
}

fn from_json(json: &Json) -> Option<JournalEntry> {
    let text = |key: &str| json.get(key).and_then(Json::as_str).map(Into::into);
    let hash = |key: &str| {
        json.get(key).and_then(Json::as_str).and_then(unhex).and_then(|hash| hash.try_into().ok())
    };
    let at: Timestamp = json.get("at")?.as_str()?.parse().ok()?;
    Some(JournalEntry {
        seq: json.get("seq")?.as_i64()?,
        entry: Entry {
            at,
            actor: text("actor")?,
            on_behalf_of: text("on_behalf_of"),
            action: text("action")?,
            subject: text("subject")?,
            detail: text("detail")?,
            correlation: text("correlation"),
        },
        seal: match (hash("salt"), hash("seal")) {
            (Some(salt), _) => Seal::Salted(salt),
            (None, Some(seal)) => Seal::Erased(seal),
            (None, None) => Seal::Plain,
        },
        prev_hash: hash("prev_hash")?,
        hash: hash("hash")?,
    })
}
