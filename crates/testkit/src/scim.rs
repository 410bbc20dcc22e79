//! `scim2-server`, an independent SCIM 2.0 server that keeps its resources in memory.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use tempfile::TempDir;

use crate::{
    process::{Launch, Server, on_free_port},
    python,
};

/// How a test server differs from the usual one.
#[derive(Debug, Clone, Default)]
pub struct ScimOptions {
    /// Announces and serves pages by cursor (RFC 9865) besides pages by index.
    pub cursors: bool,
    /// The most results of one page; 1000 without it.
    pub most_results: Option<u32>,
}

/// A running server with the schemas of RFC 7643. Every tenant is an empty service of its own.
#[derive(Debug)]
pub struct ScimServer {
    // Dropped before the folder.
    server: Server,
    port: u16,
    _folder: TempDir,
}

impl ScimServer {
    /// The bearer token that it accepts.
    pub const TOKEN: &'static str = "correct-horse-token";

    /// Starts a server and waits until it answers. The first call of all may take a while, as it installs the server.
    pub fn start(options: &ScimOptions) -> Result<Self> {
        let program = python::program("scim2-server")?;
        let folder = tempfile::Builder::new().prefix("muster-scim-").tempdir()?;
        let config = folder.path().join("config.json");
        fs::write(&config, configuration(options))?;
        let (server, port) = on_free_port(|port| {
            let mut command =
                vec![program.clone().into(), "--port".into(), port.to_string().into()];
            command.extend([
                "--dynamic-tenants".into(),
                "--bearer-token".into(),
                Self::TOKEN.into(),
            ]);
            command.extend(["--service-provider-config".into(), config.clone().into()]);
            let launch = Launch { folder: folder.path(), end: "KILL", command };
            let server = Server::start(&launch)?.ready_when(|| answers(port))?;
            Ok((server, port))
        })?;
        Ok(Self { server, port, _folder: folder })
    }

    /// The base URL of the service `tenant`, which exists once it is asked.
    pub fn url(&self, tenant: &str) -> String {
        format!("http://127.0.0.1:{}/{tenant}/v2", self.port)
    }

    /// Sends a request as somebody else would, without our code: `path` begins with `/`, `body` is JSON or empty. Answers
    /// the body; a status other than success is an error.
    pub fn call(&self, tenant: &str, method: &str, path: &str, body: &str) -> Result<String> {
        let request = format!(
            "{method} /{tenant}/v2{path} HTTP/1.0\r\nAuthorization: Bearer {}\r\nContent-Type: application/scim+json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            Self::TOKEN,
            body.len()
        );
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        let (head, body) = answer.split_once("\r\n\r\n").context("no answer")?;
        let status = head.split(' ').nth(1).unwrap_or_default();
        if !status.starts_with('2') {
            bail!("{method} {path} answers {status}: {body}");
        }
        Ok(body.to_owned())
    }

    /// Ends the server as a power cut would; what it held is gone.
    pub fn kill(&mut self) -> Result<()> {
        self.server.tell("kill")
    }

    /// Freezes the server: connections stay open and nothing answers.
    pub fn pause(&mut self) -> Result<()> {
        self.server.tell("pause")
    }

    /// Lets a frozen server go on.
    pub fn resume(&mut self) -> Result<()> {
        self.server.tell("resume")
    }

    /// One line for each request since the start, and what else the server wrote.
    pub fn log(&self) -> String {
        self.server.log()
    }
}

/// What the server announces, as JSON.
fn configuration(options: &ScimOptions) -> String {
    let most = options.most_results.unwrap_or(1_000);
    let pagination = if options.cursors {
        format!(
            r#","pagination":{{"cursor":true,"index":true,"defaultPaginationMethod":"index","defaultPageSize":{most},"maxPageSize":{most},"cursorTimeout":3600}}"#
        )
    } else {
        String::new()
    };
    format!(
        r#"{{"schemas":["urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"],"patch":{{"supported":true}},"bulk":{{"supported":false,"maxOperations":0,"maxPayloadSize":0}},"filter":{{"supported":true,"maxResults":{most}}},"changePassword":{{"supported":true}},"sort":{{"supported":true}},"etag":{{"supported":true}},"authenticationSchemes":[]{pagination}}}"#
    )
}

/// True when something on the port speaks HTTP.
fn answers(port: u16) -> bool {
    let ask = || -> std::io::Result<bool> {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(5)))?;
        stream.write_all(b"GET /ready/v2/ServiceProviderConfig HTTP/1.0\r\n\r\n")?;
        let mut start = [0; 5];
        stream.read_exact(&mut start)?;
        Ok(&start == b"HTTP/")
    };
    ask().unwrap_or(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_starts_asks_for_its_token_and_dies_when_told() {
        let mut server =
            ScimServer::start(&ScimOptions { cursors: true, ..ScimOptions::default() }).unwrap();
        assert!(answers(server.port));
        server.kill().unwrap();
        assert!(!answers(server.port));
    }
}
