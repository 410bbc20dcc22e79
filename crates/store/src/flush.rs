//! Puts SQLite's write-ahead log on the disk, by one call for all who committed meanwhile.
//!
//! Left to itself, SQLite does it within each commit, while nobody else can write: a disk that needs two milliseconds for it takes
//! five hundred commits a second, however many ask. Here a commit writes its pages into the log and lets the next one begin;
//! then it waits for the disk. What was committed before is in the log before, so whoever has seen something and committed
//! after it has it on the disk too.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::sync::Mutex;

/// The log of one database.
pub(crate) struct Flush {
    path: PathBuf,
    log: OnceLock<Arc<File>>,
    /// How many have asked.
    asked: AtomicU64,
    /// How many of them have what they committed on the disk; `None` once the disk has failed: what it lost then, it does not give
    /// back by succeeding later.
    done: Mutex<Option<u64>>,
}

impl Flush {
    /// For the database in a file that is there.
    pub(crate) fn new(database: &Path) -> io::Result<Self> {
        let mut path: OsString = fs::canonicalize(database)?.into();
        path.push("-wal");
        Ok(Self {
            path: path.into(),
            log: OnceLock::new(),
            asked: AtomicU64::new(0),
            done: Mutex::new(Some(0)),
        })
    }

    /// Returns when everything that was committed before the call is on the disk.
    pub(crate) async fn flush(&self) -> io::Result<()> {
        let own = self.asked.fetch_add(1, Ordering::AcqRel) + 1;
        let mut done = self.done.lock().await;
        let before =
            done.ok_or_else(|| io::Error::other("it failed before; mend the disk and begin anew"))?;
        if before >= own {
            return Ok(());
        }
        let all = self.asked.load(Ordering::Acquire);
        let log = self.log()?;
        let synced = tokio::task::spawn_blocking(move || log.sync_data()).await;
        let synced = synced.map_err(io::Error::other)?;
        *done = synced.is_ok().then_some(all);
        synced
    }

    /// The file, which stays as long as a connection is open.
    fn log(&self) -> io::Result<Arc<File>> {
        if let Some(log) = self.log.get() {
            return Ok(Arc::clone(log));
        }
        let log = Arc::new(File::options().write(true).open(&self.path)?);
        Ok(Arc::clone(self.log.get_or_init(|| log)))
    }
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    #[tokio::test]
    async fn those_who_come_while_the_disk_works_share_its_next_turn() {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("store.db");
        File::create(&database).unwrap();
        let flush = Flush::new(&database).unwrap();
        assert!(flush.flush().await.is_err(), "there is no log yet");
        File::create(folder.path().join("store.db-wal")).unwrap();
        let turn = flush.done.lock().await;
        let mut many = std::pin::pin!(join_all((0..10).map(|_| flush.flush())));
        tokio::select! {
            biased;
            _ = &mut many => panic!("the disk is busy"),
            () = std::future::ready(()) => {}
        }
        drop(turn);
        assert!(many.await.iter().all(Result::is_ok));
        // The first of them did it for all: nobody asked after it.
        assert_eq!((*flush.done.lock().await, flush.asked.load(Ordering::Acquire)), (Some(11), 11));
    }
}
