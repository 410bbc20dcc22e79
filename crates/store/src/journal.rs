//! The journal: append-only, hash-chained, and yet able to forget.
//!
//! The chain covers subject, on-behalf-of and detail of an entry by a salted hash of them, the *seal*. When a person's
//! data has to go, the three texts and the salt are taken out and the seal stays: the chain is whole, and nobody can
//! try out what stood there.

use jiff::Timestamp;
use muster_model::Text;
use sha2::{Digest as _, Sha256};

use crate::{
    ReadTx, StoreError, Tx,
    column::{BadColumn, Columns, FromRow, Hash, row},
    statement::{args, bind},
};

/// Something to be written into the journal. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// When it happened; kept to the microsecond.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Text,
    /// For whom, when not for themselves.
    pub on_behalf_of: Option<Text>,
    /// What: `plan.apply`.
    pub action: Text,
    /// On what: `person E1001`.
    pub subject: Text,
    /// Before, after and why, as JSON.
    pub detail: Text,
    /// What belongs together.
    pub correlation: Option<Text>,
}

/// An entry in its place in the chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// Its place, beginning at 1, without gaps.
    pub seq: i64,
    /// What happened.
    pub entry: Entry,
    /// How subject, on-behalf-of and detail are covered.
    pub seal: Seal,
    /// The hash of the entry before; zeros for the first.
    pub prev_hash: [u8; 32],
    /// SHA-256 over the previous hash, the place and the entry.
    pub hash: [u8; 32],
}

/// How the chain covers subject, on-behalf-of and detail of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seal {
    /// As they are: entries of before there were seals. They cannot be erased.
    Plain,
    /// By a hash of this salt and them.
    Salted([u8; 32]),
    /// By this hash; what it was made from is erased.
    Erased([u8; 32]),
}

/// Entries have the time at which their use case began; in the chain they stand in the order in which these ended. No use
/// case takes so long.
const DISORDER: jiff::SignedDuration = jiff::SignedDuration::from_hours(6);

/// What stands in place of a subject that was erased.
pub const ERASED: &str = "erased";

/// Which entries are asked for; every field that is set must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JournalFilter {
    /// On exactly this.
    pub subject: Option<Text>,
    /// By exactly this actor.
    pub actor: Option<Text>,
    /// Exactly this action.
    pub action: Option<Text>,
    /// Belonging to exactly this.
    pub correlation: Option<Text>,
    /// At or after.
    pub from: Option<Timestamp>,
    /// Before.
    pub until: Option<Timestamp>,
}

/// What a whole and unbroken chain holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// How many entries.
    pub n_entries: u64,
    /// The place of the first; `None` when there are none.
    pub first_seq: Option<i64>,
    /// The place of the last.
    pub last_seq: Option<i64>,
    /// The hash of the last entry; zeros when there are none.
    pub last_hash: [u8; 32],
}

/// Where a chain is broken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokenAt {
    /// An entry is missing or out of order.
    #[error("entry {expected} is missing: entry {found} follows instead")]
    Gap {
        /// The place that should follow.
        expected: i64,
        /// The place that follows.
        found: i64,
    },
    /// An entry does not continue the one before.
    #[error("entry {0} does not continue the entry before it")]
    Chain(i64),
    /// An entry is not what its hash says.
    #[error("entry {0} was changed after it was written")]
    Content(i64),
}

/// The hash that covers subject, on-behalf-of and detail: SHA-256 over the text `muster seal 1` and a line feed, the salt,
/// and the three texts, each as in [`entry_hash`].
pub fn seal_hash(salt: &[u8; 32], entry: &Entry) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(b"muster seal 1\n");
    hasher.update(salt);
    for text in [Some(&entry.subject), entry.on_behalf_of.as_ref(), Some(&entry.detail)] {
        put(&mut hasher, text);
    }
    hasher.finalize().into()
}

/// The hash of a sealed entry: SHA-256 over the text `muster journal 2` and a line feed; the previous hash; the place and
/// the time, 8 bytes each, big-endian; actor, action and correlation, each as in [`entry_hash`]; and the seal.
pub fn sealed_hash(seq: i64, entry: &Entry, seal: &[u8; 32], prev_hash: &[u8; 32]) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(b"muster journal 2\n");
    hasher.update(prev_hash);
    hasher.update(seq.to_be_bytes());
    hasher.update(entry.at.as_microsecond().to_be_bytes());
    for text in [Some(&entry.actor), Some(&entry.action), entry.correlation.as_ref()] {
        put(&mut hasher, text);
    }
    hasher.update(seal);
    hasher.finalize().into()
}

fn put(hasher: &mut Sha256, text: Option<&Text>) {
    match text {
        Some(text) => {
            hasher.update([1]);
            hasher.update((text.len() as u64).to_be_bytes());
            hasher.update(text.as_bytes());
        }
        None => hasher.update([0]),
    }
}

impl JournalEntry {
    /// The hash that the entry should have.
    pub fn expected_hash(&self) -> [u8; 32] {
        let Self { seq, entry, seal, prev_hash, hash: _ } = self;
        match seal {
            Seal::Plain => entry_hash(*seq, entry, prev_hash),
            Seal::Salted(salt) => sealed_hash(*seq, entry, &seal_hash(salt, entry), prev_hash),
            Seal::Erased(hash) => sealed_hash(*seq, entry, hash, prev_hash),
        }
    }

    /// True when the texts that an erased entry still shows are only those that say so.
    fn says_nothing(&self) -> bool {
        !matches!(self.seal, Seal::Erased(_))
            || (&*self.entry.subject == ERASED
                && self.entry.on_behalf_of.is_none()
                && &*self.entry.detail == "{}")
    }
}

/// The hash of an unsealed entry at a place after the entry with `prev_hash`.
///
/// SHA-256 over: the text `muster journal 1` and a line feed; the previous hash; the place and the time (microseconds
/// since 1970), 8 bytes each, big-endian; then actor, on-behalf-of, action, subject, detail and correlation, each as
/// 1, its length in 8 bytes and its UTF-8 bytes, or as 0 when there is none.
pub fn entry_hash(seq: i64, entry: &Entry, prev_hash: &[u8; 32]) -> [u8; 32] {
    let Entry { at, actor, on_behalf_of, action, subject, detail, correlation } = entry;
    let mut hasher = Sha256::new();
    hasher.update(b"muster journal 1\n");
    hasher.update(prev_hash);
    hasher.update(seq.to_be_bytes());
    hasher.update(at.as_microsecond().to_be_bytes());
    for text in [
        Some(actor),
        on_behalf_of.as_ref(),
        Some(action),
        Some(subject),
        Some(detail),
        correlation.as_ref(),
    ] {
        put(&mut hasher, text);
    }
    hasher.finalize().into()
}

/// Follows a chain, or a part of one, in order, and finds the first place where it is broken. Needs no store.
///
/// A part that does not begin at entry 1 is checked from its first entry's own `prev_hash` on.
pub fn verify<'a>(
    entries: impl IntoIterator<Item = &'a JournalEntry>,
) -> Result<Summary, BrokenAt> {
    let mut verifier = Verifier::default();
    entries.into_iter().try_for_each(|entry| verifier.take(entry))?;
    Ok(verifier.summary())
}

/// As [`verify`], entry by entry, for a chain that is longer than memory.
#[derive(Debug, Default)]
pub struct Verifier {
    n_entries: u64,
    first_seq: Option<i64>,
    last_seq: Option<i64>,
    last_hash: [u8; 32],
}

impl Verifier {
    /// Takes the next entry.
    pub fn take(&mut self, whole: &JournalEntry) -> Result<(), BrokenAt> {
        let JournalEntry { seq, entry: _, seal: _, prev_hash, hash } = whole;
        if let Some(last) = self.last_seq
            && last.checked_add(1) != Some(*seq)
        {
            return Err(BrokenAt::Gap { expected: last.saturating_add(1), found: *seq });
        }
        let continues = match self.last_seq {
            Some(_) => *prev_hash == self.last_hash,
            None => *seq != 1 || *prev_hash == [0; 32],
        };
        if !continues {
            return Err(BrokenAt::Chain(*seq));
        }
        if whole.expected_hash() != *hash || !whole.says_nothing() {
            return Err(BrokenAt::Content(*seq));
        }
        self.n_entries += 1;
        self.first_seq = self.first_seq.or(Some(*seq));
        self.last_seq = Some(*seq);
        self.last_hash = *hash;
        Ok(())
    }

    /// What was taken so far, whole and unbroken.
    pub fn summary(&self) -> Summary {
        let Self { n_entries, first_seq, last_seq, last_hash } = *self;
        Summary { n_entries, first_seq, last_seq, last_hash }
    }
}

/// The end of the chain.
struct Head {
    seq: i64,
    hash: Option<Hash>,
}

row!(Head { seq, hash });

impl FromRow for JournalEntry {
    fn from_row(row: &mut Columns<'_>) -> Result<Self, BadColumn> {
        Ok(Self {
            seq: row.take()?,
            entry: Entry {
                at: row.take()?,
                actor: row.take()?,
                on_behalf_of: row.take()?,
                action: row.take()?,
                subject: row.take()?,
                detail: row.take()?,
                correlation: row.take()?,
            },
            prev_hash: row.take::<Hash>()?.0,
            hash: row.take::<Hash>()?.0,
            seal: {
                let salt: Option<Hash> = row.take()?;
                let seal: Option<Hash> = row.take()?;
                match (salt, seal) {
                    (Some(salt), _) => Seal::Salted(salt.0),
                    (None, Some(seal)) => Seal::Erased(seal.0),
                    (None, None) => Seal::Plain,
                }
            },
        })
    }
}

/// The columns of [`JournalEntry`], in its order.
macro_rules! select_journal {
    ($($rest:literal),+) => {
        concat!(
            "SELECT seq, at, actor, on_behalf_of, action, subject, detail, correlation, prev_hash, \
             hash, salt, seal FROM journal ",
            $($rest),+
        )
    };
}

/// A search that goes in by `$lead`; the rest only narrows.
macro_rules! search_journal {
    ($lead:literal) => {
        select_journal!(
            "WHERE ",
            $lead,
            " AND (CAST($1 AS TEXT) IS NULL OR subject = $1) \
             AND (CAST($2 AS TEXT) IS NULL OR actor = $2) \
             AND (CAST($3 AS TEXT) IS NULL OR action = $3) \
             AND (CAST($4 AS TEXT) IS NULL OR correlation = $4) \
             AND (CAST($5 AS BIGINT) IS NULL OR at >= $5) \
             AND (CAST($6 AS BIGINT) IS NULL OR at < $6) \
             AND seq < $7 AND seq >= $9 ORDER BY seq DESC LIMIT $8"
        )
    };
}

impl ReadTx {
    /// Entries that fit, the newest first, at most `limit`, before a place.
    pub async fn search_journal(
        &mut self,
        filter: &JournalFilter,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        let JournalFilter { subject, actor, action, correlation, from, until } = filter;
        let sql = if correlation.is_some() {
            search_journal!("correlation = $4")
        } else if subject.is_some() {
            search_journal!("subject = $1")
        } else if actor.is_some() {
            search_journal!("actor = $2")
        } else if action.is_some() {
            search_journal!("action = $3")
        } else {
            search_journal!("seq > 0")
        };
        let (mut first, mut before) = (0, before.unwrap_or(i64::MAX));
        if let Some(from) = from.and_then(|from| from.checked_sub(DISORDER).ok()) {
            first = self.entry_since(from).await?.unwrap_or(i64::MAX);
        }
        if let Some(until) = until.and_then(|until| until.checked_add(DISORDER).ok())
            && let Some(after) = self.entry_since(until).await?
        {
            before = before.min(after);
        }
        let args = args![subject, actor, action, correlation, *from, *until, before, limit, first];
        self.fetch_all(sql, args).await
    }

    /// The place of the first entry that is as late as this; `None` when there is none.
    async fn entry_since(&mut self, at: Timestamp) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT seq FROM journal WHERE at >= $1 ORDER BY at, seq LIMIT 1";
        self.fetch_one(sql, args![at]).await
    }

    /// Entries in order, at most `limit`, after a place; for export and verification.
    pub async fn scan_journal(
        &mut self,
        after: Option<i64>,
        limit: usize,
    ) -> Result<Vec<JournalEntry>, StoreError> {
        let sql = select_journal!("WHERE seq > $1 ORDER BY seq LIMIT $2");
        self.fetch_all(sql, args![after.unwrap_or(0), limit]).await
    }
}

impl Tx {
    /// Appends an entry and returns its place.
    pub async fn append_journal(&mut self, entry: &Entry) -> Result<i64, StoreError> {
        // The one row of `journal_head` puts concurrent writers in a line: on PostgreSQL the second waits here
        // until the first has committed, and then sees its end of the chain.
        let sql = "UPDATE journal_head SET seq = seq + 1 WHERE id = 1 RETURNING seq, hash";
        let head: Vec<Head> = self.fetch_changed(sql, args![]).await?;
        let Some(Head { seq, hash: prev_hash }) = head.into_iter().next() else {
            return Err(StoreError::Missing { table: "journal_head", row: "1".to_owned() });
        };
        let prev_hash = prev_hash.map_or([0; 32], |hash| hash.0);
        let Entry { at, actor, on_behalf_of, action, subject, detail, correlation } = entry;
        let salt = new_salt()?;
        let seal = seal_hash(&salt, entry);
        let hash = sealed_hash(seq, entry, &seal, &prev_hash);
        let sql = "INSERT INTO journal (seq, at, actor, on_behalf_of, action, subject, detail,
                                        correlation, prev_hash, hash, salt, seal)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)";
        let args = args![
            seq,
            *at,
            actor,
            on_behalf_of,
            action,
            subject,
            detail,
            correlation,
            prev_hash.as_slice(),
            hash.as_slice(),
            salt.as_slice(),
            seal.as_slice()
        ];
        self.execute(sql, args).await?;
        self.execute("UPDATE journal_head SET hash = $1 WHERE id = 1", args![hash.as_slice()])
            .await?;
        Ok(seq)
    }

    /// Takes subject, on-behalf-of and detail out of entries, and their salts. The chain stays whole. Returns how many
    /// were erased; those of before there were seals cannot be.
    pub async fn erase_journal(&mut self, places: &[i64]) -> Result<u64, StoreError> {
        let sql =
            "UPDATE journal SET subject = 'erased', on_behalf_of = NULL, detail = '{}', salt = NULL
                   WHERE seq = $1 AND salt IS NOT NULL";
        let changed = self.execute_each(sql, places, |seq, args| bind!(args, *seq)).await?;
        Ok(changed.into_iter().sum())
    }
}

/// Random bytes that nobody can guess.
fn new_salt() -> Result<[u8; 32], StoreError> {
    let mut salt = [0; 32];
    getrandom::fill(&mut salt).map_err(|_| StoreError::NoRandom)?;
    Ok(salt)
}
