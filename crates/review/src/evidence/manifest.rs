//! What a pack holds, line by line, and the signature over it.
//!
//! `manifest.json` follows from the files before it and from nothing else: whoever has these can make it again and sees
//! which line of which file is not the one that was signed.

use std::collections::BTreeMap;

use muster_app::unhex;
use muster_store::hex;
use serde_json::Value as Json;
use sha2::{Digest as _, Sha256};

use super::zip::File;

/// The name of the form; it changes when what is in a pack does.
pub(crate) const FORMAT: &str = "muster review evidence 1";
/// What the signature is, for whoever checks it with other tools.
const ALGORITHM: &str =
    "Ed25519 over the text `muster review evidence 1`, a line feed and manifest.json";
/// Bytes that are kept of the hash of a line.
const KEPT: usize = 8;

/// The manifest of files.
pub(crate) fn manifest(files: &[File]) -> Vec<u8> {
    // Written by hand: it has to come out the same for as long as packs are checked.
    let files = files.iter().map(|(name, content)| {
        let lines = content.split_inclusive(|byte| *byte == b'\n');
        let lines: Vec<String> = lines.map(|line| format!("\"{}\"", mark(line))).collect();
        let (n, hash, lines) = (content.len(), hex(&Sha256::digest(content)), lines.join(","));
        format!("{{\"name\":\"{name}\",\"bytes\":{n},\"sha256\":\"{hash}\",\"lines\":[{lines}]}}")
    });
    let files: Vec<String> = files.collect();
    format!("{{\"format\":\"{FORMAT}\",\"files\":[\n{}\n]}}\n", files.join(",\n")).into_bytes()
}

fn mark(line: &[u8]) -> String {
    hex(Sha256::digest(line).get(..KEPT).unwrap_or_default())
}

/// The first thing about files that a manifest says otherwise, in words.
pub(crate) fn difference(manifest: &[u8], files: &[File]) -> Option<String> {
    let json: Json = serde_json::from_slice(manifest).unwrap_or_default();
    let listed = json.get("files").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
    for (file, (name, content)) in listed.iter().zip(files) {
        let lines = file.get("lines").and_then(Json::as_array).map_or(&[][..], Vec::as_slice);
        let signed: Vec<&str> = lines.iter().filter_map(Json::as_str).collect();
        let lines: Vec<&[u8]> = content.split_inclusive(|byte| *byte == b'\n').collect();
        let found: Vec<String> = lines.iter().map(|line| mark(line)).collect();
        let at = signed.iter().zip(&found).position(|(signed, found)| *signed != *found);
        let Some(at) = at.or((signed.len() != found.len()).then(|| signed.len().min(found.len())))
        else {
            let whole = hex(&Sha256::digest(content));
            if file.get("sha256").and_then(Json::as_str) != Some(&*whole) {
                return Some(format!("`{name}` is not the file that was signed"));
            }
            continue;
        };
        return Some(in_words(name, at, (&signed, &found), lines.get(at).copied()));
    }
    None
}

fn in_words(
    name: &str,
    at: usize,
    (signed, found): (&[&str], &[String]),
    line: Option<&[u8]>,
) -> String {
    let line: Json = line.and_then(|line| serde_json::from_slice(line).ok()).unwrap_or_default();
    let item = line.get("id").and_then(Json::as_i64).map(|id| format!(" (item {id})"));
    let place = format!("line {} of `{name}`{}", at + 1, item.unwrap_or_default());
    let count = |of: &mut dyn Iterator<Item = &str>| {
        let mut counts = BTreeMap::<String, usize>::new();
        of.for_each(|mark| *counts.entry(mark.to_owned()).or_default() += 1);
        counts
    };
    let same = count(&mut signed.iter().copied()) == count(&mut found.iter().map(String::as_str));
    match signed.len().cmp(&found.len()) {
        std::cmp::Ordering::Greater => {
            let n = signed.len() - found.len();
            format!("{n} lines are missing from `{name}`, the first one at line {}", at + 1)
        }
        std::cmp::Ordering::Less => {
            let n = found.len() - signed.len();
            format!("`{name}` has {n} lines too many, the first one at line {}", at + 1)
        }
        std::cmp::Ordering::Equal if same => format!("{place} stands at another place than signed"),
        std::cmp::Ordering::Equal => format!("{place} is not as it was signed"),
    }
}

/// What is signed for a manifest.
pub(crate) fn signed_text(manifest: &[u8]) -> Vec<u8> {
    [FORMAT.as_bytes(), b"\n", manifest].concat()
}

/// Who signed a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Signature {
    /// The number of the key in the store.
    pub(crate) key: i64,
    pub(crate) public_key: Vec<u8>,
    pub(crate) bytes: Vec<u8>,
}

impl Signature {
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let Self { key, public_key, bytes } = self;
        let (public_key, signature) = (hex(public_key), hex(bytes));
        format!(
            "{{\"algorithm\":\"{ALGORITHM}\",\"key\":{key},\"public_key\":\"{public_key}\",\"signature\":\"{signature}\"}}\n"
        )
        .into_bytes()
    }

    /// Reads one that is written exactly so.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let json: Json = serde_json::from_slice(bytes).ok()?;
        let bytes_of = |name: &str| json.get(name).and_then(Json::as_str).and_then(unhex);
        let read = Self {
            key: json.get("key")?.as_i64()?,
            public_key: bytes_of("public_key")?,
            bytes: bytes_of("signature")?,
        };
        (read.to_bytes() == bytes).then_some(read)
    }
}
