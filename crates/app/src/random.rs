//! Random bytes that nobody can guess.

use crate::{Error, Kind};

/// So many random bytes.
pub fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|_| Error::new(Kind::Unavailable, "the system gives no random bytes"))?;
    Ok(bytes)
}
