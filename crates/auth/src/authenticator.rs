//! What lives as long as the process: the pool, and whom it was asked about lately.

use std::{
    fmt,
    num::NonZero,
    sync::{Arc, Mutex},
    thread::available_parallelism,
};

use muster_policy::SignIn;

use crate::{StoredHash, pool::Pool, standing::Standings};

/// Proves who somebody is, and keeps their sessions. Cheap to clone; clones share everything.
///
/// One is made when the process starts and serves every door, so that the bounds of the pool hold for all of them together.
/// The project is an argument of each call, because it can be published anew while the process runs.
#[derive(Clone)]
pub struct Authenticator(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) pool: Pool,
    /// Checked where there is no password, so that it takes as long.
    pub(crate) decoy: StoredHash,
    pub(crate) standings: Mutex<Standings>,
}

impl Authenticator {
    /// One with these settings of the model. How passwords are hashed stays as it is until the process ends; the rest is
    /// read anew with each call.
    pub fn new(settings: &SignIn) -> Self {
        let cores = available_parallelism().map_or(1, NonZero::get);
        let decoy = StoredHash::decoy(&settings.hashing);
        let pool = Pool::new(settings.hashing, cores);
        Self(Arc::new(Inner { pool, decoy, standings: Mutex::default() }))
    }

    /// Hashes of passwords that were made since it is there, to check or to keep one.
    pub fn n_hashes(&self) -> u64 {
        self.0.pool.n_made()
    }
}

impl fmt::Debug for Authenticator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authenticator").finish_non_exhaustive()
    }
}
