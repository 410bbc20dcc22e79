//! What a line looks like, and that nobody waits for whoever reads it.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, mpsc},
};

use tracing::Level;

use super::*;

#[derive(Clone, Default)]
struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What is logged of `say`, without the time at the beginning.
fn logged_of(format: Format, level: Level, say: impl FnOnce()) -> String {
    let buffer = Buffer::default();
    let lines = Lines::begin(Box::new(buffer.clone()));
    let settings = Settings { format, level, traces: None };
    tracing::subscriber::with_default(subscriber(&settings, &lines, None), say);
    lines.end();
    let text = String::from_utf8(buffer.0.lock().unwrap().clone()).unwrap();
    let without_time = text.lines().map(|line| match format {
        Format::Text => line.split_once(' ').unwrap().1.trim_start(),
        Format::Json => line.split_once(',').unwrap().1,
    });
    without_time.collect::<Vec<_>>().join("\n")
}

fn say() {
    let span = tracing::info_span!(target: "muster_web", "request", request = "7");
    let inner = tracing::info_span!(target: "muster_web", "use_case", secret = "x");
    span.in_scope(|| {
        inner.in_scope(|| tracing::warn!(target: "muster_engine", system = "hr", "it is slow"));
    });
    tracing::debug!(target: "muster_store", "detail");
    tracing::info!(target: "hyper", "chatter of others");
}

#[test]
fn a_line_says_what_happened_in_which_request_and_nothing_of_other_spans() {
    assert_eq!(
        logged_of(Format::Text, Level::INFO, say),
        "WARN request{request=\"7\"}: muster_engine: it is slow system=\"hr\""
    );
    assert_eq!(
        logged_of(Format::Json, Level::INFO, say),
        "\"level\":\"WARN\",\"message\":\"it is slow\",\"system\":\"hr\",\"target\":\"muster_engine\",\
         \"span\":{\"request\":\"7\",\"name\":\"request\"}}"
    );
}

#[test]
fn the_level_says_what_is_left_out() {
    assert_eq!(logged_of(Format::Text, Level::ERROR, say), "");
    assert!(logged_of(Format::Text, Level::DEBUG, say).ends_with("muster_store: detail"));
}

#[test]
fn a_value_cannot_begin_a_line_of_its_own() {
    let line = logged_of(Format::Text, Level::INFO, || {
        tracing::info!(target: "muster_web", path = "/a\n2026 ERROR forged\u{1b}[2J", "request");
    });
    assert_eq!(line, "INFO muster_web: request path=\"/a\\n2026 ERROR forged\\u{1b}[2J\"");
}

/// Stands still until it is let go.
struct Stuck(mpsc::Receiver<()>);

impl Write for Stuck {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        _ = self.0.recv();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn nobody_waits_for_a_reader_who_does_not_read() {
    let (_keep, stuck) = mpsc::channel();
    let lines = Lines::begin(Box::new(Stuck(stuck)));
    let settings = Settings { format: Format::Text, level: Level::INFO, traces: None };
    tracing::subscriber::with_default(subscriber(&settings, &lines, None), || {
        for number in 0..20_000 {
            tracing::info!(target: "muster_web", number, "request");
        }
    });
    lines.end();
}
