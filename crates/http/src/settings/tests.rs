//! What may be written, and what is said about the rest.

use muster_connector::SettingReader;
use muster_model::{Setting, Settings, Span};

use super::*;

const SPAN: Span = Span { file: 0, start: 0, end: 0 };

fn text(text: &str) -> Setting {
    Setting::Scalar(text.into(), SPAN)
}

fn secret(name: &str) -> Setting {
    Setting::Secret { from: "env".into(), name: name.into(), span: SPAN }
}

fn map(entries: &[(&str, Setting)]) -> Setting {
    Setting::Map(settings(entries))
}

fn settings(entries: &[(&str, Setting)]) -> Settings {
    let entries = entries.iter().map(|(key, value)| ((*key).into(), (SPAN, value.clone())));
    Settings { entries: entries.collect(), span: SPAN }
}

fn read(entries: &[(&str, Setting)]) -> (HttpSettings, Vec<String>) {
    let settings = settings(entries);
    let mut reader = SettingReader::new(&settings);
    let read = HttpSettings::read(&mut reader);
    (read, reader.finish().into_iter().map(|problem| problem.message).collect())
}

#[test]
fn every_way_to_sign_in_is_understood() {
    let ways = [
        ("basic", map(&[("user", text("u")), ("password", secret("P"))])),
        ("bearer", secret("T")),
        ("header", map(&[("name", text("X-Api-Key")), ("value", secret("K"))])),
        (
            "oauth",
            map(&[
                ("token_url", text("https://login.example/token")),
                ("client_id", text("muster")),
                ("client_secret", secret("S")),
                ("scope", Setting::List(vec![text("a"), text("b")], SPAN)),
                ("client_auth", text("body")),
            ]),
        ),
    ];
    for (kind, way) in ways {
        let (read, problems) =
            read(&[("url", text("https://crm.example")), ("auth", map(&[(kind, way)]))]);
        assert_eq!(problems, Vec::<String>::new(), "{kind}");
        let found = match &read.auth {
            AuthSettings::None => "none",
            AuthSettings::Basic { .. } => "basic",
            AuthSettings::Bearer(_) => "bearer",
            AuthSettings::Header { .. } => "header",
            AuthSettings::OAuth(oauth) => {
                assert_eq!(oauth.scope.as_deref(), Some("a b"));
                assert_eq!(oauth.client_auth, ClientAuth::Body);
                "oauth"
            }
        };
        assert_eq!(found, kind);
    }
}

#[test]
fn what_is_wrong_is_named_all_at_once() {
    let (_, problems) = read(&[
        ("url", text("http://crm.example")),
        (
            "auth",
            map(&[
                ("bearer", text("literal")),
                ("basic", map(&[("user", text("u"))])),
                (
                    "oauth",
                    map(&[("token_url", text("http://login.example")), ("client_id", text("x"))]),
                ),
            ]),
        ),
        ("tls", map(&[("system_roots", text("false")), ("certificate", text("c.pem"))])),
        ("headers", map(&[("Authorization", text("x")), ("X-Ok", text("y"))])),
        ("timeout", text("0s")),
        ("proxy", text("socks5://x")),
        ("verify", text("false")),
    ]);
    let wanted = [
        "the connection to `crm.example` is not encrypted",
        "setting `auth.bearer` is a secret and must not stand in the project",
        "`password` is missing",
        "the connection to `login.example` is not encrypted",
        "`client_secret` is missing",
        "there is more than one way to sign in",
        "nobody would be trusted",
        "`certificate` needs `key`",
        "the header `Authorization` cannot be set here",
        "`timeout` must be longer than nothing",
        "`socks5://x` is not an http or https address",
        "unknown setting `verify`",
    ];
    for message in wanted {
        assert!(problems.iter().any(|p| p == message), "{message} is not in {problems:#?}");
    }
    assert_eq!(problems.len(), wanted.len(), "{problems:#?}");
}

#[test]
fn plain_http_is_for_this_machine_or_on_request() {
    assert_eq!(read(&[("url", text("http://127.0.0.1:8080/scim"))]).1, Vec::<String>::new());
    let allowed = [("url", text("http://crm.example")), ("allow_plain", text("true"))];
    assert_eq!(read(&allowed).1, Vec::<String>::new());
}
