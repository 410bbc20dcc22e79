//! `aiosmtpd`, an SMTP server that keeps what it is sent in a folder.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::Result;
use tempfile::TempDir;

use crate::{
    process::{Launch, Server, on_free_port},
    python,
    tls::make_certificates,
};

/// A running SMTP server that takes mail for everybody.
#[derive(Debug)]
pub struct SmtpServer {
    // Dropped before the folder.
    server: Server,
    port: u16,
    ca: Option<PathBuf>,
    folder: TempDir,
}

impl SmtpServer {
    /// Starts a server without encryption. The first call of all may take a while, as it installs the server.
    pub fn start() -> Result<Self> {
        Self::launch(false)
    }

    /// Starts a server that takes mail after STARTTLS only.
    pub fn start_tls() -> Result<Self> {
        Self::launch(true)
    }

    fn launch(encrypted: bool) -> Result<Self> {
        let program = python::program("aiosmtpd")?;
        let folder = tempfile::Builder::new().prefix("muster-smtp-").tempdir()?;
        let certificates = encrypted.then(|| make_certificates(folder.path())).transpose()?;
        let mailbox = folder.path().join("mail");
        let (server, port) = on_free_port(|port| {
            let mut command = vec![program.clone().into(), "--nosetuid".into(), "--listen".into()];
            command.push(format!("127.0.0.1:{port}").into());
            if let Some(made) = &certificates {
                command.extend(["--tlscert".into(), made.certificate.clone().into()]);
                command.extend(["--tlskey".into(), made.key.clone().into()]);
            }
            command.extend(["--class".into(), "aiosmtpd.handlers.Mailbox".into()]);
            command.push(mailbox.clone().into());
            let launch = Launch { folder: folder.path(), end: "KILL", command };
            let server = Server::start(&launch)?.ready_when(|| greets(port))?;
            Ok((server, port))
        })?;
        Ok(Self { server, port, ca: certificates.map(|made| made.ca), folder })
    }

    /// Its port on `127.0.0.1`.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The authority of its certificate.
    pub fn ca_file(&self) -> Option<&Path> {
        self.ca.as_deref()
    }

    /// Every mail as it was received, headers included, in order of their text.
    pub fn received(&self) -> Result<Vec<String>> {
        let new = self.folder.path().join("mail/new");
        let mut mails = Vec::new();
        if new.is_dir() {
            for entry in fs::read_dir(new)? {
                mails.push(fs::read_to_string(entry?.path())?.replace("\r\n", "\n"));
            }
        }
        mails.sort();
        Ok(mails)
    }

    /// Ends the server as a power cut would.
    pub fn kill(&mut self) -> Result<()> {
        self.server.tell("kill")
    }
}

/// True when something on the port greets as SMTP servers do.
fn greets(port: u16) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        let mut start = [0; 4];
        stream.read_exact(&mut start)?;
        stream.write_all(b"QUIT\r\n")?;
        Ok(&start == b"220 ")
    };
    ask().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_starts_greets_and_dies_when_told() {
        let mut server = SmtpServer::start_tls().unwrap();
        assert!(greets(server.port()) && server.ca_file().is_some());
        assert_eq!(server.received().unwrap(), [""; 0]);
        server.kill().unwrap();
        assert!(!greets(server.port()));
    }
}
