//! The lines of the log, written by a thread of their own: whoever reads them slowly, or not at all, stops nobody.
//! Lines for which there is no room are counted and left out.

use std::{
    io::{self, Write},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    time::Duration,
};

use tracing_subscriber::fmt::MakeWriter;

/// Lines that may wait.
const ROOM: usize = 8_192;
/// How long the end waits for a reader.
const PATIENCE: Duration = Duration::from_secs(2);

/// Takes lines; clones share them.
#[derive(Debug, Clone)]
pub(crate) struct Lines {
    send: SyncSender<Message>,
    lost: Arc<AtomicU64>,
}

#[derive(Debug)]
enum Message {
    Line(Vec<u8>),
    /// Everything before it is written.
    End(SyncSender<()>),
}

impl Lines {
    /// Begins the thread that writes to `out`.
    pub(crate) fn begin(out: Box<dyn Write + Send>) -> Self {
        let (send, received) = sync_channel(ROOM);
        let lost = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&lost);
        std::thread::spawn(move || write(&received, &counted, out));
        Self { send, lost }
    }

    /// Waits until everything is written, but not for a reader who does not read.
    pub(crate) fn end(self) {
        let (written, wait) = sync_channel(1);
        if self.send.try_send(Message::End(written)).is_ok() {
            _ = wait.recv_timeout(PATIENCE);
        }
    }
}

fn write(lines: &Receiver<Message>, lost: &AtomicU64, mut out: Box<dyn Write + Send>) {
    for message in lines {
        // Who cannot be written to cannot be told either.
        drop(match message {
            Message::Line(line) => out.write_all(&line),
            Message::End(written) => {
                let flushed = out.flush();
                _ = written.send(());
                flushed
            }
        });
        let n = lost.swap(0, Ordering::Relaxed);
        if n > 0 {
            // There is room now: one was just taken out.
            tracing::warn!(
                lines = n,
                "lines of the log were left out, whoever reads it is too slow"
            );
        }
    }
}

/// One line, sent when it is whole.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    lines: &'a Lines,
    text: Vec<u8>,
}

impl Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        let line = Message::Line(std::mem::take(&mut self.text));
        if self.lines.send.try_send(line).is_err() {
            self.lines.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line { lines: self, text: Vec::new() }
    }
}
