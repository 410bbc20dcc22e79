//! Where entries go: a file that grows, or a server that takes syslog.

use std::{
    fmt::Write as _,
    io::{self, Write as _},
    path::Path,
    sync::Arc,
    time::Duration,
};

use muster_app::{Error, Kind};
use muster_model::Settings;
use muster_store::JournalEntry;
use muster_tls::{Identity, TlsConfig, Verify};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};

/// How long a server may take for a batch.
const PATIENCE: Duration = Duration::from_secs(10);
/// Facility 13 (audit), severity 6 (informational).
const PRIORITY: u8 = 13 * 8 + 6;

/// An open sink.
pub(super) enum Sink {
    File(std::fs::File),
    Syslog(Box<dyn AsyncWrite + Send + Unpin>),
}

impl Sink {
    /// Opens what the settings of an export name.
    pub(super) async fn open(export: &Settings, dir: &Path) -> Result<Self, Error> {
        let unavailable = |what: &str, error| {
            Error::new(Kind::Unavailable, format!("cannot open `{what}`")).caused_by(error)
        };
        if let Some(address) = export.scalar("syslog") {
            let tls = if export.entries.contains_key("tls") {
                // A key without a value must not mean the clear.
                let empty = || Error::invalid("`tls` of an export says nothing; write `tls: {}`");
                Some(client_config(export.map("tls").ok_or_else(empty)?, dir)?)
            } else {
                None
            };
            let connected = in_time(connect(address, tls)).await;
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
                in_time(async {
                    stream.write_all(text.as_bytes()).await?;
                    stream.flush().await
                })
                .await
            }
        };
        written.map_err(not_handed_over)
    }

    /// Says goodbye, so that the server knows that nothing is missing.
    pub(super) async fn close(self) -> Result<(), Error> {
        match self {
            Self::File(_) => Ok(()),
            Self::Syslog(mut stream) => in_time(stream.shutdown()).await.map_err(not_handed_over),
        }
    }
}

async fn in_time<T>(work: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(PATIENCE, work).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}

fn not_handed_over(error: io::Error) -> Error {
    Error::new(Kind::Unavailable, "entries could not be handed over").caused_by(error)
}

/// Connects to `HOST:PORT`.
async fn connect(
    address: &str,
    tls: Option<Arc<TlsConfig>>,
) -> io::Result<Box<dyn AsyncWrite + Send + Unpin>> {
    let stream = TcpStream::connect(address).await?;
    let Some(tls) = tls else { return Ok(Box::new(stream)) };
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    let host = host.trim_start_matches('[').trim_end_matches(']');
    Ok(Box::new(muster_tls::connect(tls, host, stream).await?))
}

/// Whom an export believes and what it shows: `tls: { ca, certificate, key }`.
fn client_config(tls: &Settings, dir: &Path) -> Result<Arc<TlsConfig>, Error> {
    let bad = |key: &str, why: &dyn std::fmt::Display| {
        Error::invalid(format!("`tls.{key}` of an export of the journal cannot be used: {why}"))
    };
    let read = |key: &str| match tls.scalar(key) {
        Some(path) => std::fs::read(dir.join(&**path)).map(Some).map_err(|error| bad(key, &error)),
        None => Ok(None),
    };
    let roots = match read("ca")? {
        Some(text) => muster_tls::certificates(&text).map_err(|error| bad("ca", &error))?,
        None => muster_tls::system_roots(),
    };
    let identity = match (read("certificate")?, read("key")?) {
        (Some(chain), Some(key)) => {
            Some(Identity::read(&chain, &key).map_err(|error| bad("certificate", &error))?)
        }
        (None, None) => None,
        (Some(_), None) | (None, Some(_)) => return Err(bad("key", &"one of the two is missing")),
    };
    muster_tls::client_config(Verify::Full, &roots, identity)
        .map_err(|error| bad("certificate", &error))
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
