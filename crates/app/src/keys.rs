//! The key that signs the journal: a file beside the store, never in it; the store keeps the public half of every key.
//!
//! A new key is endorsed by the one before, so whoever trusts the first public key can follow to the last.

use std::{fs, io, path::Path};

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use jiff::Timestamp;
use muster_store::{Entry, JournalKey, ReadTx, Tx, hex};
use serde_json::json;

use crate::{Ctx, Error, Kind, Opened};

/// How the file of a key begins.
const HEAD: &str = "muster-journal-key-1 ";

/// A key that can sign.
pub struct SigningKey {
    pair: Ed25519KeyPair,
}

impl SigningKey {
    fn from_seed(seed: &[u8]) -> Option<Self> {
        Ed25519KeyPair::from_seed_unchecked(seed).ok().map(|pair| Self { pair })
    }

    /// Reads the file of a key.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let seed = read_key_file(path, HEAD)?;
        seed.and_then(|seed| Self::from_seed(&seed)).ok_or_else(|| {
            Error::invalid(format!("`{}` holds no key of the journal", path.display()))
        })
    }

    /// The public half.
    pub fn public_key(&self) -> &[u8] {
        self.pair.public_key().as_ref()
    }

    /// Signs.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey").field("public", &hex(self.public_key())).finish()
    }
}

/// True when `signature` is that of the private half of `public_key` over `message`.
pub fn is_signed(public_key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    UnparsedPublicKey::new(&ED25519, public_key).verify(message, signature).is_ok()
}

/// What the key before signs of a new key.
pub(crate) fn endorsement_text(number: i64, public_key: &[u8], made_at: Timestamp) -> Vec<u8> {
    let mut text = b"muster journal key 1\n".to_vec();
    text.extend(number.to_be_bytes());
    text.extend(made_at.as_microsecond().to_be_bytes());
    text.extend(public_key);
    text
}

/// The key of the project and the number under which the store knows it; `None` when the model names no file.
pub async fn signing_key(
    opened: &Opened,
    tx: &mut ReadTx,
) -> Result<Option<(i64, SigningKey)>, Error> {
    let Some(path) = key_file(opened) else { return Ok(None) };
    let key = SigningKey::read(&path)?;
    let known = tx.journal_keys().await?;
    match known.last() {
        Some(last) if last.public_key == key.public_key() => Ok(Some((last.number, key))),
        Some(_) => Err(Error::new(
            Kind::Conflict,
            format!("the key in `{}` is not the latest of this store", path.display()),
        )
        .hint("put the right file back; `muster keys rotate` is the way to another key")),
        None => Err(Error::new(Kind::Conflict, "the store knows no key of the journal yet")
            .hint("muster keys init")),
    }
}

/// The file of the key that the model names.
pub fn key_file(opened: &Opened) -> Option<std::path::PathBuf> {
    let settings = opened.model.audit.as_ref()?;
    settings.scalar("key").map(|path| opened.dir.join(&**path))
}

/// Makes the first key. Refused when there is one.
pub async fn init_keys(ctx: &Ctx, opened: &Opened) -> Result<JournalKey, Error> {
    let path = named(opened)?;
    let mut tx = opened.store.begin().await?;
    if !tx.journal_keys().await?.is_empty() {
        return Err(Error::new(Kind::Conflict, "this store has a key already")
            .hint("muster keys rotate replaces it; muster keys list shows it"));
    }
    let (seed, key) = new_key()?;
    write_key_file(&path, HEAD, &seed)?;
    let made = add(ctx, &mut tx, 1, &key, None).await?;
    tx.commit().await?;
    Ok(made)
}

/// Replaces the key. What the old one signed stays valid; the new one takes its place in the file at once.
pub async fn rotate_keys(ctx: &Ctx, opened: &Opened) -> Result<JournalKey, Error> {
    let path = named(opened)?;
    let mut tx = opened.store.begin().await?;
    let Some((number, old)) = signing_key(opened, &mut tx).await? else {
        return Err(Error::bug("a key that has a file is not there"));
    };
    let (seed, key) = new_key()?;
    let made = add(ctx, &mut tx, number + 1, &key, Some(&old)).await?;
    // The file first, beside its place: without it, what is committed next could never sign.
    let beside = path.with_extension("next");
    drop(fs::remove_file(&beside));
    write_key_file(&beside, HEAD, &seed)?;
    tx.commit().await?;
    fs::rename(&beside, &path).map_err(|error| {
        Error::new(Kind::Unavailable, format!("cannot replace `{}`", path.display()))
            .caused_by(error)
            .hint(format!("move `{}` there by hand", beside.display()))
    })?;
    Ok(made)
}

/// All keys, the latest last.
pub async fn list_keys(opened: &Opened) -> Result<Vec<JournalKey>, Error> {
    Ok(opened.store.read().await?.journal_keys().await?)
}

fn named(opened: &Opened) -> Result<std::path::PathBuf, Error> {
    key_file(opened).ok_or_else(|| {
        Error::invalid("the model names no file for the key of the journal")
            .hint("write `audit: { key: /etc/muster/journal.key }`; keep the file outside of what is backed up")
    })
}

fn new_key() -> Result<([u8; 32], SigningKey), Error> {
    let mut seed = [0; 32];
    let made = aws_lc_rs::rand::fill(&mut seed).ok().and_then(|()| SigningKey::from_seed(&seed));
    made.map(|key| (seed, key))
        .ok_or_else(|| Error::new(Kind::Unavailable, "the operating system gives no random bytes"))
}

/// What stands in the file of a key after `head`; `None` when it is something else.
pub(crate) fn read_key_file(path: &Path, head: &str) -> Result<Option<Vec<u8>>, Error> {
    let text = fs::read_to_string(path).map_err(|error| {
        Error::new(Kind::Unavailable, format!("cannot read the key `{}`", path.display()))
            .caused_by(error)
            .hint("`muster keys init` makes a key of the journal; another one is put back from where it is kept")
    })?;
    Ok(text.trim_end().strip_prefix(head).and_then(unhex))
}

/// Writes a new file that only its owner can read.
pub(crate) fn write_key_file(path: &Path, head: &str, key: &[u8]) -> Result<(), Error> {
    use io::Write as _;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(path).and_then(|mut file| {
        file.write_all(format!("{head}{}\n", hex(key)).as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| {
        Error::new(Kind::Unavailable, format!("cannot write the key `{}`", path.display()))
            .caused_by(error)
            .hint("the folder must be there, and no file of that name")
    })
}

async fn add(
    ctx: &Ctx,
    tx: &mut Tx,
    number: i64,
    key: &SigningKey,
    old: Option<&SigningKey>,
) -> Result<JournalKey, Error> {
    let public_key = key.public_key().to_vec();
    let made_at = ctx.now();
    let text = endorsement_text(number, &public_key, made_at);
    let made =
        JournalKey { number, public_key, made_at, endorsement: old.map(|old| old.sign(&text)) };
    tx.insert_journal_key(&made).await?;
    tx.append_journal(&Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: ctx.on_behalf_of.clone(),
        action: if old.is_some() { "key.rotate" } else { "key.init" }.into(),
        subject: format!("journal key {number}").into(),
        detail: json!({ "public_key": hex(&made.public_key) }).to_string().into(),
        correlation: Some(ctx.correlation.clone()),
    })
    .await?;
    Ok(made)
}

/// The bytes of hexadecimal digits.
pub fn unhex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    let digits = digits.filter(|digits| digits.len() % 2 == 0)?;
    Some(
        digits.chunks(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect(),
    )
}
