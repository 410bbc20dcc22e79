//! The protocol of drivers of browsers: JSON over HTTP to a driver on this machine. It blocks, as the tests that use it do one thing after
//! the other.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use serde_json::{Value, json};

/// How long it is waited for an answer; pages are opened meanwhile, on machines that are busy.
const PATIENCE: Duration = Duration::from_mins(2);

/// A driver, and after [`Driver::begin`] a session of it.
#[derive(Debug)]
pub(crate) struct Driver {
    pub(crate) port: u16,
    session: String,
}

impl Driver {
    pub(crate) fn at(port: u16) -> Self {
        Self { port, session: String::new() }
    }

    /// Whether it takes sessions.
    pub(crate) fn is_ready(&self) -> bool {
        let status = self.exchange("GET", "/status", &Value::Null);
        status.is_ok_and(|status| status.get("ready") == Some(&Value::Bool(true)))
    }

    /// Begins a session with these capabilities.
    pub(crate) fn begin(self, capabilities: &Value) -> Result<Self> {
        let asked = json!({ "capabilities": { "alwaysMatch": capabilities } });
        let begun = self.exchange("POST", "/session", &asked)?;
        let id = begun
            .get("sessionId")
            .and_then(Value::as_str)
            .context("the driver began no session")?;
        Ok(Self { port: self.port, session: format!("/session/{id}") })
    }

    pub(crate) fn get(&self, command: &str) -> Result<Value> {
        self.exchange("GET", &format!("{}{command}", self.session), &Value::Null)
    }

    pub(crate) fn post(&self, command: &str, parameters: &Value) -> Result<Value> {
        self.exchange("POST", &format!("{}{command}", self.session), parameters)
    }

    pub(crate) fn delete(&self, command: &str) -> Result<Value> {
        self.exchange("DELETE", &format!("{}{command}", self.session), &Value::Null)
    }

    fn exchange(&self, method: &str, path: &str, body: &Value) -> Result<Value> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.port,
            body.len()
        )?;
        // The driver keeps the connection, so the answer ends where it says that it does.
        let mut answer = BufReader::new(stream);
        let (mut status, mut length) = (String::new(), 0);
        answer.read_line(&mut status)?;
        loop {
            let mut line = String::new();
            answer.read_line(&mut line)?;
            let Some((name, value)) = line.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse()?;
            }
        }
        let mut body = vec![0; length];
        answer.read_exact(&mut body)?;
        let mut body: Value = serde_json::from_slice(&body)?;
        let value = body.get_mut("value").context("the driver answered something else")?.take();
        if status.split(' ').nth(1) != Some("200") {
            bail!("{method} {path}: {value}");
        }
        Ok(value)
    }
}
