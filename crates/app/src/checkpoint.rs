//! Signed checkpoints: who can write the store can still not rewrite the journal unnoticed.

use std::time::Duration;

use jiff::Timestamp;
use muster_connector::parse_duration;
use muster_store::{Checkpoint, JournalKey, hex};
use serde_json::{Value as Json, json};

use crate::{
    Ctx, Error, Kind, Opened,
    keys::{endorsement_text, is_signed, signing_key, unhex},
};

/// After so many entries, unless the model says otherwise.
const ENTRIES: i64 = 1_000;
/// After so long, unless the model says otherwise.
const EVERY: Duration = Duration::from_mins(15);

/// Signs the journal as it is. `None` when there is no key, or nothing new since the last time.
pub async fn make_checkpoint(ctx: &Ctx, opened: &Opened) -> Result<Option<Checkpoint>, Error> {
    sign(ctx, opened, |_, _| true).await
}

/// As [`make_checkpoint`], when there are enough new entries or the last one is old enough.
pub async fn make_due_checkpoint(ctx: &Ctx, opened: &Opened) -> Result<Option<Checkpoint>, Error> {
    let settings = opened.model.audit.as_ref();
    let scalar = |key: &str| settings.and_then(|settings| settings.scalar(key));
    let entries = scalar("entries").and_then(|text| text.parse().ok()).unwrap_or(ENTRIES);
    let every = scalar("every").and_then(|text| parse_duration(text).ok()).unwrap_or(EVERY);
    sign(ctx, opened, |n, age| n >= entries || age >= every).await
}

async fn sign(
    ctx: &Ctx,
    opened: &Opened,
    is_due: impl Fn(i64, Duration) -> bool,
) -> Result<Option<Checkpoint>, Error> {
    let mut tx = opened.store.begin().await?;
    let Some((key, signer)) = signing_key(opened, &mut tx).await? else { return Ok(None) };
    let last = tx.latest_checkpoint().await?;
    let newest = tx.search_journal(&muster_store::JournalFilter::default(), None, 1).await?;
    let Some(newest) = newest.into_iter().next() else { return Ok(None) };
    let now = ctx.now();
    let n_new = newest.seq - last.as_ref().map_or(0, |last| last.seq);
    let age =
        last.as_ref().map_or(Duration::MAX, |last| now.duration_since(last.at).unsigned_abs());
    if n_new == 0 || !is_due(n_new, age) {
        return Ok(None);
    }
    let signature = signer.sign(&text(newest.seq, now, &newest.hash));
    let checkpoint = Checkpoint { seq: newest.seq, at: now, hash: newest.hash, key, signature };
    tx.insert_checkpoint(&checkpoint).await?;
    tx.commit().await?;
    Ok(Some(checkpoint))
}

/// What is signed: the text `muster checkpoint 1` and a line feed; place and time, 8 bytes each, big-endian; the hash.
fn text(seq: i64, at: Timestamp, hash: &[u8; 32]) -> Vec<u8> {
    let mut text = b"muster checkpoint 1\n".to_vec();
    text.extend(seq.to_be_bytes());
    text.extend(at.as_microsecond().to_be_bytes());
    text.extend(hash);
    text
}

/// A checkpoint as a line of the export.
pub(crate) fn checkpoint_json(checkpoint: &Checkpoint) -> Json {
    let Checkpoint { seq, at, hash, key, signature } = checkpoint;
    json!({ "checkpoint": {
        "seq": seq, "at": at.to_string(), "hash": hex(hash), "key": key, "signature": hex(signature)
    } })
}

/// A key as a line of the export.
pub(crate) fn key_json(key: &JournalKey) -> Json {
    let JournalKey { number, public_key, made_at, endorsement } = key;
    json!({ "key": {
        "number": number, "public_key": hex(public_key), "made_at": made_at.to_string(),
        "endorsement": endorsement.as_ref().map(|bytes| hex(bytes)),
    } })
}

/// Checks the keys and checkpoints of an export, line by line, beside the chain.
#[derive(Debug, Default)]
pub(crate) struct Signatures {
    trusted: Option<Vec<u8>>,
    keys: Vec<Vec<u8>>,
    /// The place and hash of the last entry.
    last: (i64, [u8; 32]),
    pub(crate) n_checkpoints: u64,
    pub(crate) covered: i64,
}

impl Signatures {
    /// With the first key, when it is known from elsewhere.
    pub(crate) fn trusting(key: Option<&str>) -> Result<Self, Error> {
        let bytes = |key| {
            unhex(key).filter(|bytes| bytes.len() == 32).ok_or_else(|| {
                Error::invalid("a public key has 64 hexadecimal digits")
                    .hint("muster keys list shows it; the first one is what counts")
            })
        };
        Ok(Self { trusted: key.map(bytes).transpose()?, ..Self::default() })
    }

    pub(crate) fn entry(&mut self, seq: i64, hash: [u8; 32]) {
        self.last = (seq, hash);
    }

    /// Takes a line that is no entry; `None` when it is none of ours.
    pub(crate) fn line(&mut self, json: &Json) -> Option<Result<(), Error>> {
        if let Some(key) = json.get("key") {
            return Some(self.key(key));
        }
        json.get("checkpoint").map(|checkpoint| self.checkpoint(checkpoint))
    }

    fn key(&mut self, json: &Json) -> Result<(), Error> {
        let number = i64::try_from(self.keys.len()).unwrap_or(i64::MAX).saturating_add(1);
        let bytes = |name| json.get(name).and_then(Json::as_str).and_then(unhex);
        let at = json.get("made_at").and_then(Json::as_str).and_then(|at| at.parse().ok());
        let (Some(public), Some(at)) = (bytes("public_key"), at) else {
            return Err(broken(format!("key {number} cannot be read")));
        };
        let is_good = match (self.keys.last(), bytes("endorsement")) {
            (Some(before), Some(endorsement)) => {
                is_signed(before, &endorsement_text(number, &public, at), &endorsement)
            }
            (None, None) => self.trusted.as_ref().is_none_or(|trusted| *trusted == public),
            (Some(_), None) | (None, Some(_)) => false,
        };
        if !is_good {
            return Err(broken(format!(
                "key {number} is not the one that was trusted or endorsed"
            )));
        }
        self.keys.push(public);
        Ok(())
    }

    fn checkpoint(&mut self, json: &Json) -> Result<(), Error> {
        let int = |name| json.get(name).and_then(Json::as_i64);
        let bytes = |name| json.get(name).and_then(Json::as_str).and_then(unhex);
        let at = json.get("at").and_then(Json::as_str).and_then(|at| at.parse().ok());
        let hash: Option<[u8; 32]> = bytes("hash").and_then(|hash| hash.try_into().ok());
        let (Some(seq), Some(key), Some(at), Some(hash), Some(signature)) =
            (int("seq"), int("key"), at, hash, bytes("signature"))
        else {
            return Err(broken("a checkpoint cannot be read".to_owned()));
        };
        let place = usize::try_from(key - 1).ok();
        let is_good = place
            .and_then(|place| self.keys.get(place))
            .is_some_and(|key| is_signed(key, &text(seq, at, &hash), &signature));
        if !is_good {
            return Err(broken(format!("the checkpoint at entry {seq} has a wrong signature")));
        }
        if self.last != (seq, hash) {
            return Err(broken(format!(
                "the checkpoint at entry {seq} was signed over another journal; the last entry here is {}",
                self.last.0
            )));
        }
        self.n_checkpoints += 1;
        self.covered = seq;
        Ok(())
    }

    /// Nothing can vouch for a journal when a key is expected and nothing is signed.
    pub(crate) fn end(&self) -> Result<(), Error> {
        if self.trusted.is_some() && self.n_checkpoints == 0 {
            return Err(broken("no checkpoint is signed with the trusted key".to_owned()));
        }
        Ok(())
    }
}

fn broken(message: String) -> Error {
    Error::new(Kind::BrokenChain, message)
}
