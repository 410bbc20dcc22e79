//! Checks a pack. Needs nothing but the file; the first thing that is wrong is named with its place.

use std::collections::BTreeSet;

use muster_app::{Error, Kind, Verified, is_signed, unhex, verify_signed_export};
use serde_json::Value as Json;

use super::{
    CAMPAIGN, FILES, ITEMS, JOURNAL, MANIFEST, SIGNATURE,
    manifest::{Signature, difference, manifest, signed_text},
    zip::{self, File},
};

/// A pack that is whole and was signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// What the campaign is called.
    pub title: String,
    /// Its number.
    pub campaign: i64,
    /// When the pack was made.
    pub made_at: String,
    /// Items in it.
    pub items: usize,
    /// Entries of the journal in it.
    pub entries: u64,
    /// The number of the key that signed it.
    pub key: i64,
    /// That key, in hexadecimal digits.
    pub public_key: String,
    /// The first key, from which that one is endorsed, in hexadecimal digits.
    pub first_key: String,
    /// Whether the first key was compared with one that is known from elsewhere.
    pub is_trusted: bool,
}

/// Checks a pack. `trusted` is the first public key, as it was noted elsewhere.
///
/// # Errors
///
/// `BrokenChain` with the place of what is not as it was signed, or with another key than the one that is trusted.
pub fn check_evidence(bytes: &[u8], trusted: Option<&str>) -> Result<Checked, Error> {
    let mut files = files(bytes)?;
    let (signature, listed) = (take(&mut files)?, take(&mut files)?);
    let keys = keys(&files);
    let signature = signed(&files, &listed, &signature, &keys)?;
    if let Some(what) = difference(&listed, &files) {
        return Err(broken(what));
    }
    if manifest(&files) != listed {
        return Err(broken(format!("`{MANIFEST}` is not in the form that Muster writes")));
    }
    in_fixed_form(bytes, &files, &listed, &signature)?;
    let verified = verify_signed_export(&mut content(&files, JOURNAL), trusted)?;
    let (title, campaign, made_at) = named(&files)?;
    let items = says_the_same(&files, campaign, &verified)?;
    Ok(Checked {
        title,
        campaign,
        made_at,
        items,
        entries: verified.summary.n_entries,
        key: signature.key,
        public_key: muster_store::hex(&signature.public_key),
        first_key: keys.first().map(|key| muster_store::hex(key)).unwrap_or_default(),
        is_trusted: trusted.is_some(),
    })
}

fn broken(message: impl Into<String>) -> Error {
    Error::new(Kind::BrokenChain, message.into())
}

/// The files, read in the one of two ways by which they are those that were signed.
fn files(bytes: &[u8]) -> Result<Vec<File>, Error> {
    let ways = [zip::read_along(bytes), zip::read_by_directory(bytes)];
    let mut read: Vec<Vec<File>> = ways.into_iter().flatten().filter(|of| are_named(of)).collect();
    let is_whole = |files: &Vec<File>| {
        let [.., (_, listed), _] = files.as_slice() else { return false };
        difference(listed, files).is_none()
    };
    let at = read.iter().position(is_whole).unwrap_or(0);
    if at < read.len() {
        return Ok(read.swap_remove(at));
    }
    let names: Option<Vec<String>> =
        zip::read_along(bytes).map(|files| files.into_iter().map(|(name, _)| name).collect());
    Err(match names {
        Some(names) if !names.is_empty() => {
            let strange = names.iter().find(|name| !FILES.contains(&name.as_str()));
            let missing = FILES.iter().find(|name| !names.iter().any(|of| of == *name));
            match (strange, missing) {
                (Some(name), _) => broken(format!("`{name}` does not belong into evidence")),
                (None, Some(name)) => broken(format!("`{name}` is missing")),
                (None, None) => broken("the files are not in their order, or not there once"),
            }
        }
        _ => broken("it is no evidence of an access review, or its zip archive is damaged")
            .hint("evidence is made by `muster reviews evidence`"),
    })
}

fn are_named(files: &[File]) -> bool {
    files.iter().map(|(name, _)| name.as_str()).eq(FILES)
}

fn take(files: &mut Vec<File>) -> Result<Vec<u8>, Error> {
    files.pop().map(|(_, content)| content).ok_or_else(|| broken("a file is missing"))
}

/// Whether the manifest, or what it would be for these files, was signed; by whom.
fn signed(
    files: &[File],
    listed: &[u8],
    signature: &[u8],
    keys: &[Vec<u8>],
) -> Result<Signature, Error> {
    let again = manifest(files);
    let read = Signature::read(signature)
        .ok_or_else(|| broken(format!("`{SIGNATURE}` is not in the form that Muster writes")))?;
    let place = usize::try_from(read.key - 1).ok();
    let known = place.and_then(|place| keys.get(place));
    let is_by = |key: &[u8], listed: &[u8]| is_signed(key, &signed_text(listed), &read.bytes);
    match known {
        Some(key) if *key == read.public_key => {
            if is_by(key, listed) {
                return Ok(read);
            }
            if is_by(key, &again) {
                let at = listed.iter().zip(&again).position(|(is, was)| is != was);
                let at = at.unwrap_or(listed.len().min(again.len()));
                return Err(broken(format!("byte {at} of `{MANIFEST}` is not as it was signed")));
            }
            Err(match difference(listed, files) {
                Some(what) => broken(format!("{what}, and the signature fits neither")),
                None => broken(format!("the signature in `{SIGNATURE}` is wrong")),
            })
        }
        // The journal in it names the keys: whoever signs anew with another key is none of them.
        _ if keys.iter().any(|key| is_by(key, listed)) => {
            Err(broken(format!("`{SIGNATURE}` names another key than the one that signed")))
        }
        _ => Err(broken(match difference(listed, files) {
            Some(what) => what,
            None if is_by(&read.public_key, listed) => format!(
                "it was signed anew with key {}, which is none of the keys of the journal",
                muster_store::hex(&read.public_key)
            ),
            None => format!("`{SIGNATURE}` names a key that the journal does not know"),
        })),
    }
}

/// The keys that the journal in the pack names.
fn keys(files: &[File]) -> Vec<Vec<u8>> {
    let lines = content(files, JOURNAL).split(|byte| *byte == b'\n');
    let keys = lines.filter(|line| line.starts_with(b"{\"key\":")).filter_map(|line| {
        let json: Json = serde_json::from_slice(line).ok()?;
        unhex(json.get("key")?.get("public_key")?.as_str()?)
    });
    keys.collect()
}

/// Every byte of the archive is the one that Muster writes.
fn in_fixed_form(
    bytes: &[u8],
    files: &[File],
    listed: &[u8],
    signature: &Signature,
) -> Result<(), Error> {
    let mut all = files.to_vec();
    all.push((MANIFEST.to_owned(), listed.to_vec()));
    all.push((SIGNATURE.to_owned(), signature.to_bytes()));
    let again = zip::write(&all)?;
    let at = bytes.iter().zip(&again).position(|(is, was)| is != was);
    let at = at.or((bytes.len() != again.len()).then_some(bytes.len().min(again.len())));
    match at {
        Some(at) => Err(broken(format!(
            "byte {at} of the archive, between its files, is not as Muster writes it"
        ))),
        None => Ok(()),
    }
}

fn content<'f>(files: &'f [File], name: &str) -> &'f [u8] {
    let file = files.iter().find(|(of, _)| of == name);
    file.map_or(&[], |(_, content)| content.as_slice())
}

fn named(files: &[File]) -> Result<(String, i64, String), Error> {
    let json: Json = serde_json::from_slice(content(files, CAMPAIGN)).unwrap_or_default();
    let text = |key: &str| json.get(key).and_then(Json::as_str).map(str::to_owned);
    let id = json.get("id").and_then(Json::as_i64);
    match (text("title"), id, text("made_at")) {
        (Some(title), Some(id), Some(made_at)) => Ok((title, id, made_at)),
        _ => Err(broken(format!("`{CAMPAIGN}` does not name its campaign"))),
    }
}

/// The journal tells of as many items as there are, and of no answer that the items do not know; it ends at a checkpoint.
fn says_the_same(files: &[File], campaign: i64, verified: &Verified) -> Result<usize, Error> {
    if Some(verified.covered) != verified.summary.last_seq {
        return Err(broken(format!("`{JOURNAL}` does not end at a signed checkpoint")));
    }
    let lines = |name| {
        let lines = content(files, name).split(|byte| *byte == b'\n');
        let lines = lines.filter(|line| !line.is_empty());
        lines.map(|line| serde_json::from_slice::<Json>(line).unwrap_or_default())
    };
    let (mut n, mut said) = (0, BTreeSet::new());
    for item in lines(ITEMS) {
        n += 1;
        let id = item.get("id").and_then(Json::as_i64);
        let answers = item.get("answers").and_then(Json::as_array).cloned().unwrap_or_default();
        for answer in answers {
            said.insert((id, answer.get("what").and_then(Json::as_str).map(str::to_owned)));
        }
    }
    for entry in lines(JOURNAL) {
        let detail = entry.get("detail").and_then(Json::as_str).unwrap_or_default();
        let detail: Json = serde_json::from_str(detail).unwrap_or_default();
        let is_opening = entry.get("action").and_then(Json::as_str) == Some("campaign.open")
            && entry.get("subject").and_then(Json::as_str) == Some(&format!("campaign {campaign}"));
        if is_opening && detail.get("items").and_then(Json::as_u64) != Some(n as u64) {
            return Err(broken(format!("the journal tells of another number of items than {n}")));
        }
        let answers = detail.get("items").and_then(Json::as_array).cloned().unwrap_or_default();
        for answer in answers {
            let id = answer.get("item").and_then(Json::as_i64);
            let what = answer.get("what").and_then(Json::as_str).map(str::to_owned);
            if !said.contains(&(id, what)) {
                let id = id.unwrap_or(0);
                return Err(broken(format!(
                    "the journal tells of an answer to item {id} that is not there"
                )));
            }
        }
    }
    Ok(n)
}
