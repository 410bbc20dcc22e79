//! Stable fingerprints: equal content, equal fingerprint, on every machine, in every version.

use std::fmt;

use xxhash_rust::xxh3::Xxh3;

/// A 128-bit fingerprint of some content (XXH3). Not for secrets or for the journal, which use SHA-256.
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint(pub u128);

impl Fingerprint {
    /// The fingerprint as bytes, for a column.
    pub fn to_bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }

    /// The fingerprint from a column's bytes; `None` unless there are 16.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(|bytes| Self(u128::from_be_bytes(bytes)))
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// Collects content into a [`Fingerprint`]. Every part carries its length, so parts cannot run into each other.
pub struct Hasher(Xxh3);

impl Hasher {
    /// An empty hasher.
    pub fn new() -> Self {
        Self(Xxh3::new())
    }

    /// Forgets what was added, to be used again without a new allocation.
    pub fn reset(&mut self) {
        self.0.reset();
    }

    /// Adds one byte.
    pub fn byte(&mut self, byte: u8) {
        self.0.update(&[byte]);
    }

    /// Adds a whole number.
    pub fn int(&mut self, int: i64) {
        self.0.update(&int.to_le_bytes());
    }

    /// Adds bytes with their length.
    pub fn bytes(&mut self, bytes: &[u8]) {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
    }

    /// Adds text with its length.
    pub fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    /// The fingerprint of all that was added.
    pub fn finish(&self) -> Fingerprint {
        Fingerprint(self.0.digest128())
    }
}

impl Default for Hasher {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hasher")
    }
}
