//! Writing SQLite's write-ahead log back into the database beside the writers.
//!
//! Left to itself, SQLite does it within the commit that makes the log long: one caller in many waits until thousands of
//! pages, scattered over a large database, are on the disk. Here a thread does it on a connection of its own while others
//! write on; only for what came in meanwhile it takes the turn to write, so that the log begins anew and stays short.

use std::{
    path::PathBuf,
    sync::{
        Arc, Weak,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
};

use rusqlite::{Connection, OpenFlags};

/// Pages in the log after which it is written back.
const LONG: i32 = 4_000;
/// Pages in the log after which a commit does it after all.
const TOO_LONG: i32 = 64_000;

type Writer = tokio::sync::Mutex<Connection>;

/// Where the log of which database is written back, and how carefully.
pub(crate) struct WriteBack {
    pub(crate) path: PathBuf,
    /// As `PRAGMA synchronous` has it.
    pub(crate) synchronous: &'static str,
    long: Receiver<()>,
}

/// Tells the thread, after each commit of `writer`, when the log is long. SQLite's own way is off from then on.
pub(crate) fn watch(
    writer: &mut Connection,
    path: PathBuf,
    synchronous: &'static str,
) -> rusqlite::Result<WriteBack> {
    let (say, long) = sync_channel(1);
    let say: SyncSender<()> = say;
    writer.wal_hook(Some(move |log: &mut rusqlite::hooks::Wal, n_pages: i32| {
        if n_pages >= TOO_LONG {
            return log.checkpoint();
        }
        if n_pages >= LONG {
            // One that is not yet heard says the same.
            say.try_send(()).ok();
        }
        Ok(())
    }))?;
    Ok(WriteBack { path, synchronous, long })
}

impl WriteBack {
    /// Works on a thread of its own until the writer's connection is closed. Without a thread, commits do it when the log
    /// is too long.
    pub(crate) fn begin(self, writer: &Arc<Writer>) {
        let writer = Arc::downgrade(writer);
        let thread = std::thread::Builder::new().name("muster-wal".to_owned());
        drop(thread.spawn(move || self.work(&writer)));
    }

    fn work(self, writer: &Weak<Writer>) {
        while self.long.recv().is_ok() {
            // What fails now is tried again when the log has grown on.
            self.once(writer).ok();
        }
    }

    fn once(&self, writer: &Weak<Writer>) -> rusqlite::Result<()> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.pragma_update(None, "synchronous", self.synchronous)?;
        write_back(&connection)?;
        if let Some(writer) = writer.upgrade() {
            let turn = writer.blocking_lock();
            write_back(&connection)?;
            drop(turn);
        }
        Ok(())
    }
}

/// Writes back what no reader needs in the log, and waits for nobody.
fn write_back(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(()))
}
