//! A server that reads what one client says under TLS, for protocols in which it answers nothing.

use std::{
    io::Read as _,
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    thread::JoinHandle,
};

use anyhow::{Context as _, Result, anyhow};
use rustls::{ServerConnection, StreamOwned};
use tempfile::TempDir;

use crate::{http_stub::server_config, tls::make_certificates};

/// A server for one connection, with a certificate for `localhost` from an authority of its own.
#[derive(Debug)]
pub struct TlsReader {
    address: SocketAddr,
    ca: PathBuf,
    reading: JoinHandle<Result<String>>,
    _folder: TempDir,
}

impl TlsReader {
    /// Starts it on a free loopback port.
    pub fn start() -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("muster-tls-").tempdir()?;
        let made = make_certificates(folder.path())?;
        let config = server_config(&made.certificate, &made.key)?;
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let reading = std::thread::spawn(move || {
            let (stream, _) = listener.accept()?;
            let mut stream = StreamOwned::new(ServerConnection::new(config)?, stream);
            let mut text = String::new();
            stream.read_to_string(&mut text).context("the client did not say goodbye")?;
            Ok(text)
        });
        Ok(Self { address, ca: made.ca, reading, _folder: folder })
    }

    /// `localhost:PORT`.
    pub fn address(&self) -> String {
        format!("localhost:{}", self.address.port())
    }

    /// The file with the authority that signed the certificate.
    pub fn ca_file(&self) -> String {
        self.ca.display().to_string()
    }

    /// Waits until the client has said goodbye; answers what it said.
    pub fn said(self) -> Result<String> {
        self.reading.join().map_err(|_| anyhow!("the server ended with a panic"))?
    }
}
