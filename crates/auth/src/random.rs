//! Random bytes that nobody can guess.

use muster_app::{Error, Kind};

/// So many random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|_| Error::new(Kind::Unavailable, "the system gives no random bytes"))?;
    Ok(bytes)
}
