//! Runs a command in this process and keeps what it writes.

use std::{
    io::{self, Write},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::Value as Json;

use crate::host::{Host, Streams};

/// What a command answered.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) code: u8,
    pub(super) out: String,
    pub(super) err: String,
}

impl Seen {
    /// The answer as a document; `null` when it is none.
    pub(super) fn json(&self) -> Json {
        serde_json::from_str(&self.out).unwrap_or(Json::Null)
    }
}

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    fn text(&self) -> String {
        let bytes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Runs `muster` with these arguments in `dir`, as a script would: no terminal, no colour.
pub(super) async fn muster(host: &Host, dir: &Path, args: &[&str]) -> Seen {
    let (out, err) = (Buffer::default(), Buffer::default());
    let streams = Streams {
        out: Box::new(out.clone()),
        err: Box::new(err.clone()),
        input: Box::new(io::empty()),
        out_is_terminal: false,
        err_is_terminal: false,
        input_is_terminal: false,
    };
    let host = Host {
        current_dir: dir.to_owned(),
        variables: std::collections::BTreeMap::new(),
        ..host.clone()
    };
    let args = std::iter::once("muster").chain(args.iter().copied()).map(Into::into).collect();
    let code = Box::pin(crate::run(args, host, streams)).await;
    Seen { code, out: out.text(), err: err.text() }
}
