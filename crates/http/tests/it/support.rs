//! Settings and secrets for the tests.

use std::io;

use muster_connector::{ConnectorError, Secrets, SettingReader};
use muster_http::{HttpClient, HttpSettings, Method, Request, Response};
use muster_model::{Setting, Settings, Span};

const SPAN: Span = Span { file: 0, start: 0, end: 0 };

/// Every variable holds `secret of NAME`, and every file what is on the disk.
pub(crate) struct TestSecrets;

impl Secrets for TestSecrets {
    fn env(&self, name: &str) -> Option<String> {
        Some(format!("secret of {name}"))
    }

    fn file(&self, path: &str) -> io::Result<String> {
        std::fs::read_to_string(path)
    }
}

pub(crate) fn text(text: &str) -> Setting {
    Setting::Scalar(text.into(), SPAN)
}

pub(crate) fn secret(from: &str, name: &str) -> Setting {
    Setting::Secret { from: from.into(), name: name.into(), span: SPAN }
}

pub(crate) fn map(entries: &[(&str, Setting)]) -> Setting {
    Setting::Map(settings(entries))
}

fn settings(entries: &[(&str, Setting)]) -> Settings {
    let entries = entries.iter().map(|(key, value)| ((*key).into(), (SPAN, value.clone())));
    Settings { entries: entries.collect(), span: SPAN }
}

pub(crate) fn open(url: &str, more: &[(&str, Setting)]) -> Result<HttpClient, ConnectorError> {
    let mut all = settings(&[("url", text(url))]);
    all.entries.extend(settings(more).entries);
    let mut reader = SettingReader::new(&all);
    let read = HttpSettings::read(&mut reader);
    assert_eq!(reader.finish(), []);
    HttpClient::open(&read, &TestSecrets)
}

pub(crate) async fn get(client: &HttpClient) -> Result<Response, ConnectorError> {
    client.send(&Request::new(Method::Get, "things")).await
}
