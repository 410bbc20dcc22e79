//! Where entries go: a file that grows, or a server that takes syslog.

use std::{fmt::Write as _, io::Write as _, path::Path, time::Duration};

use muster_app::{Error, Kind};
use muster_model::Settings;
use muster_store::JournalEntry;
use tokio::{io::AsyncWriteExt as _, net::TcpStream, time::timeout};

/// How long a server may take for a batch.
const PATIENCE: Duration = Duration::from_secs(10);
/// Facility 13 (audit), severity 6 (informational).
const PRIORITY: u8 = 13 * 8 + 6;

/// An open sink.
#[derive(Debug)]
pub(super) enum Sink {
    File(std::fs::File),
    Syslog(TcpStream),
}

impl Sink {
    /// Opens what the settings of an export name.
    pub(super) async fn open(export: &Settings, dir: &Path) -> Result<Self, Error> {
        let unavailable = |what: &str, error| {
            Error::new(Kind::Unavailable, format!("cannot open `{what}`")).caused_by(error)
        };
        if let Some(address) = export.scalar("syslog") {
            let connected = timeout(PATIENCE, TcpStream::connect(&**address)).await;
            let connected = connected.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()));
            return connected.map(Self::Syslog).map_err(|error| unavailable(address, error));
        }
        let Some(path) = export.scalar("path") else {
            return Err(Error::invalid(
                "an export of the journal names neither `syslog` nor `path`",
            ));
        };
        let mut options = std::fs::OpenOptions::new();
        options.append(true).create(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        options.open(dir.join(&**path)).map(Self::File).map_err(|error| unavailable(path, error))
    }

    /// Hands entries over, in order. When it fails, some may have arrived: they will be delivered again.
    pub(super) async fn deliver<'e>(
        &mut self,
        entries: impl Iterator<Item = (&'e JournalEntry, String)>,
    ) -> Result<(), Error> {
        let mut text = String::new();
        for (entry, document) in entries {
            match self {
                Self::File(_) => text.extend([document.as_str(), "\n"]),
                Self::Syslog(_) => {
                    let message = syslog(entry, &document);
                    // Each message with its length before it (RFC 6587), so that nothing in it can begin another.
                    // Writing into a String cannot fail.
                    _ = write!(text, "{} {message}", message.len());
                }
            }
        }
        let written = match self {
            Self::File(file) => file.write_all(text.as_bytes()).and_then(|()| file.sync_all()),
            Self::Syslog(stream) => {
                let sent = timeout(PATIENCE, async {
                    stream.write_all(text.as_bytes()).await?;
                    stream.flush().await
                });
                sent.await.unwrap_or_else(|_| Err(std::io::ErrorKind::TimedOut.into()))
            }
        };
        written.map_err(|error| {
            Error::new(Kind::Unavailable, "entries could not be handed over").caused_by(error)
        })
    }
}

/// The entry as a message of RFC 5424: time, program, action, the place as structured data, and the document.
fn syslog(entry: &JournalEntry, document: &str) -> String {
    let at = entry.entry.at;
    let word: String = entry.entry.action.chars().filter(char::is_ascii_graphic).take(32).collect();
    let id = if word.is_empty() { "-" } else { &word };
    format!("<{PRIORITY}>1 {at:.6} - muster - {id} [meta sequenceId=\"{}\"] {document}", entry.seq)
}

#[cfg(test)]
mod tests {
    use muster_store::{Entry, Seal};

    use super::*;

    #[test]
    fn a_message_of_syslog_has_its_fields_in_order_and_no_injected_ones() {
        let entry = Entry {
            at: "2026-01-01T00:00:00Z".parse().unwrap(),
            actor: "ada".into(),
            on_behalf_of: None,
            action: "plan.apply\n<14>1 forged".into(),
            subject: "plan 7".into(),
            detail: "{}".into(),
            correlation: None,
        };
        let entry =
            JournalEntry { seq: 7, entry, seal: Seal::Plain, prev_hash: [0; 32], hash: [0; 32] };
        assert_eq!(
            syslog(&entry, "{}"),
            "<110>1 2026-01-01T00:00:00.000000Z - muster - plan.apply<14>1forged [meta sequenceId=\"7\"] {}"
        );
    }
}
