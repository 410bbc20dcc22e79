//! Where passwords are hashed: on a few threads, in memory that is bounded and used again, each in its turn or not at all.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use argon2::Block;
use jiff::SignedDuration;
use muster_app::{Error, random};
use muster_policy::Hashing;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zeroize::Zeroize as _;

use crate::{Refused, Secret, StoredHash, hash};

/// Those who may wait for each hash that is made at the same time. More would not come to their turn.
const QUEUE: usize = 64;

/// Too many sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many sign in at the moment")]
pub struct Busy {
    /// When to come again.
    pub retry_after: SignedDuration,
}

impl From<Busy> for Refused {
    fn from(busy: Busy) -> Self {
        Self::Busy { retry_after: busy.retry_after }
    }
}

/// Hashes passwords. Clones share it.
#[derive(Clone)]
pub(crate) struct Pool(Arc<Inner>);

struct Inner {
    hashing: Hashing,
    parallel: usize,
    places: Arc<Semaphore>,
    n_waiting: AtomicUsize,
    n_made: AtomicU64,
    memories: Mutex<Vec<Vec<Block>>>,
}

/// A turn: memory and a thread are there.
pub(crate) struct Turn {
    pool: Pool,
    _place: OwnedSemaphorePermit,
}

impl Pool {
    pub(crate) fn new(hashing: Hashing, cores: usize) -> Self {
        let parallel = hashing.parallel.unwrap_or(cores).max(1);
        Self(Arc::new(Inner {
            hashing,
            parallel,
            places: Arc::new(Semaphore::new(parallel)),
            n_waiting: AtomicUsize::new(0),
            n_made: AtomicU64::new(0),
            memories: Mutex::default(),
        }))
    }

    pub(crate) fn hashing(&self) -> &Hashing {
        &self.0.hashing
    }

    /// Hashes that were made.
    pub(crate) fn n_made(&self) -> u64 {
        self.0.n_made.load(Ordering::Relaxed)
    }

    /// Waits for a turn; not longer than the settings say, and not behind more than can come to theirs.
    pub(crate) async fn turn(&self) -> Result<Turn, Busy> {
        let busy = Busy { retry_after: self.0.hashing.wait };
        let waiting = Waiting::new(&self.0.n_waiting);
        if waiting.ahead >= QUEUE * self.0.parallel {
            return Err(busy);
        }
        let wait = Duration::try_from(self.0.hashing.wait).unwrap_or_default();
        let place = tokio::time::timeout(wait, Arc::clone(&self.0.places).acquire_owned());
        let place = place.await.map_err(|_| busy)?.map_err(|_| busy)?;
        Ok(Turn { pool: self.clone(), _place: place })
    }
}

/// One who waits, counted as long as they do.
struct Waiting<'p> {
    n: &'p AtomicUsize,
    ahead: usize,
}

impl<'p> Waiting<'p> {
    fn new(n: &'p AtomicUsize) -> Self {
        Self { n, ahead: n.fetch_add(1, Ordering::Relaxed) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.n.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Turn {
    /// True when the password is the one that was hashed.
    pub(crate) async fn fits(&self, password: &Secret, stored: &StoredHash) -> Result<bool, Error> {
        let stored = stored.clone();
        self.run(password, move |password, memory| stored.fits(password, memory)).await
    }

    /// The hash of a new password.
    pub(crate) async fn make(&self, password: &Secret) -> Result<String, Error> {
        let (salt, hashing) = (random()?, *self.pool.hashing());
        let made = self
            .run(password, move |password, memory| hash::make(password, &salt, &hashing, memory));
        made.await?.ok_or_else(|| Error::bug("the costs of a hash are none that argon2 knows"))
    }

    async fn run<T: Send + 'static>(
        &self,
        password: &Secret,
        work: impl FnOnce(&[u8], &mut Vec<Block>) -> T + Send + 'static,
    ) -> Result<T, Error> {
        let (pool, mut password) = (self.pool.clone(), password.reveal().as_bytes().to_vec());
        pool.0.n_made.fetch_add(1, Ordering::Relaxed);
        let done = tokio::task::spawn_blocking(move || {
            let memories = || pool.0.memories.lock().unwrap_or_else(PoisonError::into_inner);
            let mut memory = memories().pop().unwrap_or_default();
            let done = work(&password, &mut memory);
            password.zeroize();
            memories().push(memory);
            done
        });
        done.await.map_err(|_| Error::bug("hashing a password ended with a panic"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn more_than_can_come_to_their_turn_are_told_so_at_once() {
        let wait = SignedDuration::from_mins(10);
        let hashing = Hashing { parallel: Some(1), wait, ..Hashing::default() };
        let pool = Pool::new(hashing, 8);
        let turn = pool.turn().await.unwrap();
        let wait_for_one = |pool: Pool| tokio::spawn(async move { pool.turn().await.is_ok() });
        let waiting: Vec<_> = (0..QUEUE).map(|_| wait_for_one(pool.clone())).collect();
        while pool.0.n_waiting.load(Ordering::Relaxed) < QUEUE {
            tokio::task::yield_now().await;
        }
        assert!(pool.turn().await.is_err());
        drop(turn);
        for one in waiting {
            assert!(one.await.unwrap());
        }
        assert!(pool.turn().await.is_ok());
    }
}
