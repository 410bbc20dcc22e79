//! A connection: bytes in and out, with limits on time and size, in the clear and from some point on encrypted.

use std::{io, time::Duration};

use bytes::{Bytes, BytesMut};
use ldap3_proto::proto::LdapMsg;
use muster_web::Tls;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    time::timeout,
};

use crate::message::{Malformed, next_message, push, push_entry};

/// Bytes that are read at once.
const READ: usize = 4096;
/// How long it is waited for the client to see why the connection ends.
const GOODBYE: Duration = Duration::from_secs(1);

/// What bytes go over.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// Why there is no next message.
#[derive(Debug)]
pub(crate) enum End {
    /// The client went away, or was silent for too long.
    Gone,
    /// It sent what cannot be read.
    Malformed(Malformed),
}

/// A connection.
pub(crate) struct Wire {
    stream: Box<dyn Stream>,
    input: BytesMut,
    output: BytesMut,
    most: usize,
    patience: Duration,
}

impl Wire {
    pub(crate) fn new(stream: Box<dyn Stream>, most: usize, patience: Duration) -> Self {
        Self { stream, input: BytesMut::new(), output: BytesMut::new(), most, patience }
    }

    /// The next message. What is to be sent goes out before it is waited for.
    pub(crate) async fn next(&mut self) -> Result<LdapMsg, End> {
        loop {
            if let Some(message) =
                next_message(&mut self.input, self.most).map_err(End::Malformed)?
            {
                return Ok(message);
            }
            self.flush().await.map_err(|_| End::Gone)?;
            self.input.reserve(READ);
            let read = timeout(self.patience, self.stream.read_buf(&mut self.input)).await;
            match read {
                Ok(Ok(n)) if n > 0 => {}
                Ok(Ok(_) | Err(_)) | Err(_) => return Err(End::Gone),
            }
        }
    }

    /// Sends a message, at the latest with the next flush.
    pub(crate) fn send(&mut self, message: LdapMsg) {
        push(&mut self.output, message);
    }

    /// Sends an entry, at the latest with the next flush: whoever reads slowly must not keep a place in the repository.
    pub(crate) fn send_entry(&mut self, id: i32, dn: &str, attributes: &[(String, Vec<Bytes>)]) {
        let attributes = attributes.iter().map(|(name, values)| (name.as_str(), values.as_slice()));
        push_entry(&mut self.output, id, dn, attributes);
    }

    /// How many bytes wait to be sent.
    pub(crate) fn waiting(&self) -> usize {
        self.output.len()
    }

    /// Sends everything. A client that does not take it in time is gone.
    pub(crate) async fn flush(&mut self) -> io::Result<()> {
        if self.output.is_empty() {
            return Ok(());
        }
        let sent = async {
            self.stream.write_all(&self.output).await?;
            self.stream.flush().await
        };
        timeout(self.patience, sent).await.map_err(|_| io::ErrorKind::TimedOut)??;
        self.output.clear();
        Ok(())
    }

    /// Sends everything and ends the connection. What the client still sends is read for a moment: an end with bytes unread
    /// would take back what was sent.
    pub(crate) async fn finish(mut self) {
        let goodbye = async {
            self.flush().await?;
            self.stream.shutdown().await?;
            loop {
                self.input.clear();
                if self.stream.read_buf(&mut self.input).await? == 0 {
                    return io::Result::Ok(());
                }
            }
        };
        // Whoever is gone already does not see it.
        drop(timeout(GOODBYE, goodbye).await);
    }

    /// True when nothing has come that was not asked for yet. Whatever a client sends before it is encrypted, somebody on the
    /// way may have put there.
    pub(crate) fn is_empty(&self) -> bool {
        self.input.is_empty()
    }

    /// Goes on encrypted.
    pub(crate) async fn encrypt(self, tls: &Tls) -> Option<Self> {
        let Self { stream, input, output, most, patience } = self;
        let shaken = timeout(patience, tls.acceptor().accept(stream)).await;
        let stream: Box<dyn Stream> = Box::new(shaken.ok()?.ok()?);
        Some(Self { stream, input, output, most, patience })
    }
}
