//! Deliveries to real servers: an SMTP server, an HTTP server, programs.

#![expect(clippy::unwrap_used, reason = "test code: a panic is a failed test")]

mod command;
mod mail;
mod webhook;

use std::{io, path::Path, sync::Arc};

use muster_connector::Secrets;
use muster_model::{Setting, Settings, Span};
use muster_notify::Delivery;

/// Knows one secret; files are read as they are.
struct TestSecrets;

impl Secrets for TestSecrets {
    fn env(&self, name: &str) -> Option<String> {
        (name == "HOOK_SECRET").then(|| "canary-secret".to_owned())
    }

    fn file(&self, path: &str) -> io::Result<String> {
        std::fs::read_to_string(path)
    }
}

fn delivery(folder: &Path) -> Delivery {
    Delivery::new(Arc::new(TestSecrets), folder.to_owned())
}

const PLACE: Span = Span { file: 0, start: 0, end: 0 };

fn settings(entries: &[(&str, &str)]) -> Settings {
    let entry = |(key, value): &(&str, &str)| {
        let value = match value.strip_prefix("env:") {
            Some(name) => Setting::Secret { from: "env".into(), name: name.into(), span: PLACE },
            None => Setting::Scalar((*value).into(), PLACE),
        };
        ((*key).into(), (PLACE, value))
    };
    Settings { entries: entries.iter().map(entry).collect(), span: PLACE }
}
