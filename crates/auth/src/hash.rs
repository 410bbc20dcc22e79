//! Hashes of passwords: made with argon2id, checked in every form that is accepted.
//!
//! Pure: salts and memory are arguments. What hashing costs is bounded by `pool`.

mod old;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use muster_policy::Hashing;

use self::old::OldHash;

/// Bytes of a hash.
const LENGTH: usize = 32;
/// The most memory, in KiB, that a stored hash may ask for.
const MOST_MEMORY: u32 = 1 << 21;
/// The most passes that a stored hash may ask for.
const MOST_PASSES: u32 = 100;

/// Why a hash is not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HashError {
    /// It is in no form that is known.
    #[error("the hash is in no form that is known")]
    Unknown,
    /// It is one of Windows, which stands for the password itself: whoever reads it can use it.
    #[error("hashes of Windows are not accepted")]
    Ntlm,
    /// It asks for more work than is ever done, or its parts are broken.
    #[error("the hash cannot be right")]
    Broken,
}

/// A stored hash, taken apart.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredHash(Form);

#[derive(Clone, PartialEq, Eq)]
enum Form {
    Argon2(Argon2Hash),
    Old(OldHash),
}

#[derive(Clone, PartialEq, Eq)]
struct Argon2Hash {
    memory: u32,
    passes: u32,
    lanes: u32,
    salt: Vec<u8>,
    hash: Vec<u8>,
}

impl StoredHash {
    /// Takes a stored hash apart.
    pub fn parse(text: &str) -> Result<Self, HashError> {
        match text.strip_prefix("$argon2id$v=19$") {
            Some(rest) => Argon2Hash::parse(rest).map(|hash| Self(Form::Argon2(hash))),
            None => OldHash::parse(text).map(|hash| Self(Form::Old(hash))),
        }
    }

    /// A hash that no password has: what is checked where there is nothing to check, so that it takes as long.
    pub(crate) fn decoy(hashing: &Hashing) -> Self {
        let Hashing { memory, passes, parallel: _, wait: _ } = *hashing;
        let (salt, hash) = (vec![0; 16], vec![0; LENGTH]);
        Self(Form::Argon2(Argon2Hash { memory, passes, lanes: 1, salt, hash }))
    }

    /// True when a hash made today would cost more, or be of a better sort.
    pub fn is_weaker_than(&self, hashing: &Hashing) -> bool {
        match &self.0 {
            Form::Argon2(hash) => hash.memory < hashing.memory || hash.passes < hashing.passes,
            Form::Old(_) => true,
        }
    }

    /// True when the password is the one that was hashed. Takes the time and the memory of the hash.
    pub(crate) fn fits(&self, password: &[u8], memory: &mut Vec<Block>) -> bool {
        match &self.0 {
            Form::Argon2(hash) => hash.fits(password, memory),
            Form::Old(hash) => hash.fits(password),
        }
    }
}

impl std::fmt::Debug for StoredHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StoredHash")
    }
}

impl Argon2Hash {
    fn parse(rest: &str) -> Result<Self, HashError> {
        let parts: Vec<&str> = rest.split('$').collect();
        let [costs, salt, hash] = parts.as_slice() else { return Err(HashError::Broken) };
        let cost = |name: &str| {
            let value = costs.split(',').find_map(|cost| cost.strip_prefix(name));
            value.and_then(|value| value.parse::<u32>().ok()).ok_or(HashError::Broken)
        };
        let bytes = |text| STANDARD_NO_PAD.decode(text).map_err(|_| HashError::Broken);
        let (memory, passes, lanes) = (cost("m=")?, cost("t=")?, cost("p=")?);
        let found = Self { memory, passes, lanes, salt: bytes(salt)?, hash: bytes(hash)? };
        let fits = memory <= MOST_MEMORY && passes <= MOST_PASSES && lanes <= 16;
        let is_whole = found.salt.len() >= argon2::MIN_SALT_LEN && found.hash.len() >= 16;
        let can_be = Params::new(memory, passes, lanes, Some(found.hash.len())).is_ok();
        if fits && is_whole && can_be { Ok(found) } else { Err(HashError::Broken) }
    }

    fn fits(&self, password: &[u8], memory: &mut Vec<Block>) -> bool {
        let mut made = vec![0; self.hash.len()];
        let (costs, salt) = ((self.memory, self.passes, self.lanes), &self.salt);
        fill(password, salt, costs, &mut made, memory).is_some()
            && verify_slices_are_equal(&made, &self.hash).is_ok()
    }
}

/// The hash of a password as it is stored; `None` when the costs are none that argon2 knows.
pub(crate) fn make(
    password: &[u8],
    salt: &[u8; 16],
    hashing: &Hashing,
    memory: &mut Vec<Block>,
) -> Option<String> {
    let mut made = [0; LENGTH];
    let Hashing { memory: kib, passes, parallel: _, wait: _ } = *hashing;
    fill(password, salt, (kib, passes, 1), &mut made, memory)?;
    let (salt, made) = (STANDARD_NO_PAD.encode(salt), STANDARD_NO_PAD.encode(made));
    Some(format!("$argon2id$v=19$m={kib},t={passes},p=1${salt}${made}"))
}

fn fill(
    password: &[u8],
    salt: &[u8],
    (kib, passes, lanes): (u32, u32, u32),
    out: &mut [u8],
    memory: &mut Vec<Block>,
) -> Option<()> {
    let params = Params::new(kib, passes, lanes, Some(out.len())).ok()?;
    memory.resize(params.block_count().max(memory.len()), Block::default());
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    argon2.hash_password_into_with_memory(password, salt, out, memory).ok()
}

#[cfg(test)]
mod tests;
