//! The journal: search, export as JSON lines, verification that needs only the export.

use std::io::BufRead;

use jiff::Timestamp;
use muster_store::{Entry, JournalEntry, JournalFilter, Seal, Summary, hex};
use serde_json::{Value as Json, json};

use crate::{Error, Kind, Opened};

const BATCH: usize = 1000;
/// No honest line is longer.
const MAX_LINE: usize = 16 << 20;

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

/// Entries that fit, the newest first.
pub async fn search_journal(
    opened: &Opened,
    query: &AuditQuery,
) -> Result<Vec<JournalEntry>, Error> {
    Ok(opened.store.read().await?.search_journal(&query.filter, query.before, query.limit).await?)
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

/// Writes the whole journal, one JSON object a line, and returns how many entries it wrote.
pub async fn export_journal(
    opened: &Opened,
    out: &mut (dyn std::io::Write + Send),
) -> Result<u64, Error> {
    let mut tx = opened.store.read().await?;
    let mut after = None;
    let mut n = 0;
    loop {
        let entries = tx.scan_journal(after, BATCH).await?;
        let Some(last) = entries.last() else { return Ok(n) };
        after = Some(last.seq);
        for entry in &entries {
            writeln!(out, "{}", journal_json(entry)).map_err(|error| {
                Error::new(Kind::Unavailable, "the export cannot be written").caused_by(error)
            })?;
            n += 1;
        }
    }
}

/// Checks an export line by line; the first damage is named.
pub fn verify_export(reader: &mut dyn BufRead) -> Result<Summary, Error> {
    let broken = |message: String| Error::new(Kind::BrokenChain, message);
    let mut entries = Vec::new();
    let mut line = String::new();
    let mut number = 0u64;
    loop {
        line.clear();
        let n = reader
            .read_line(&mut line)
            .map_err(|error| Error::invalid("the export cannot be read").caused_by(error))?;
        if n == 0 {
            break;
        }
        number += 1;
        if n > MAX_LINE {
            return Err(Error::invalid(format!("line {number} is longer than {MAX_LINE} bytes")));
        }
        let entry = serde_json::from_str(&line).ok().and_then(|json| from_json(&json));
        entries.push(entry.ok_or_else(|| broken(format!("line {number} is not a journal entry")))?);
    }
    muster_store::verify(&entries).map_err(|at| broken(at.to_string()))
}

fn from_json(json: &Json) -> Option<JournalEntry> {
    let text = |key: &str| json.get(key).and_then(Json::as_str).map(Into::into);
    let hash = |key: &str| json.get(key).and_then(Json::as_str).and_then(unhex);
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

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let bytes: Vec<u8> = digits?
        .chunks(2)
        .map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit))
        .collect();
    bytes.try_into().ok()
}
