//! The settings that every HTTP system has: `url`, `auth`, `tls`, `timeout` and a few limits.
//!
//! Nothing is looked up here: secrets stay references and files paths.

use std::time::Duration;

use muster_connector::{SecretRef, SettingReader};
use muster_model::{Setting, Text};
use reqwest::Url;

use crate::url;

/// Headers that the client sets itself.
const OWN_HEADERS: &[&str] =
    &["authorization", "connection", "content-length", "host", "transfer-encoding"];

/// The checked settings of one HTTP system.
#[derive(Debug, Clone)]
pub struct HttpSettings {
    /// The base URL; `None` when it was missing or wrong, which the reader has noted.
    pub(crate) url: Option<Url>,
    /// How requests are signed in.
    pub auth: AuthSettings,
    /// Whom we trust and which certificate we show.
    pub tls: TlsSettings,
    /// How long one request may take from beginning to end.
    pub timeout: Duration,
    /// How long a connection may take to stand.
    pub connect_timeout: Duration,
    /// How many requests may be under way at once.
    pub connections: u16,
    /// The largest body of an answer, in bytes.
    pub max_response: u64,
    /// Headers that go with every request.
    pub headers: Vec<(String, String)>,
    /// Whether addresses of private networks and of this machine are refused; whoever opens the client decides.
    pub public_only: bool,
    /// The proxy for every request.
    pub(crate) proxy: Option<Url>,
}

/// How requests are signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuthSettings {
    /// Not at all.
    None,
    /// With a name and a password (RFC 7617).
    Basic {
        /// The name.
        user: Text,
        /// The password.
        password: SecretRef,
    },
    /// With a token that does not change (RFC 6750).
    Bearer(SecretRef),
    /// With a key in a header.
    Header {
        /// The header's name.
        name: Text,
        /// The key.
        value: SecretRef,
    },
    /// With tokens that a token endpoint gives for a client id and its secret (RFC 6749, 4.4).
    OAuth(OAuthSettings),
}

/// See [`AuthSettings::OAuth`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthSettings {
    /// The token endpoint.
    pub token_url: Text,
    /// The client's id.
    pub client_id: Text,
    /// Its secret.
    pub client_secret: SecretRef,
    /// The scopes asked for, joined by spaces.
    pub scope: Option<String>,
    /// The audience, for endpoints that ask for one.
    pub audience: Option<Text>,
    /// Where the client's id and secret are sent.
    pub client_auth: ClientAuth,
}

/// Where an OAuth client's id and secret are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientAuth {
    /// In the `Authorization` header.
    Header,
    /// In the form.
    Body,
}

/// Whom we trust and which certificate we show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsSettings {
    /// A PEM file with more authorities.
    pub ca: Option<Text>,
    /// Whether the operating system's authorities are trusted.
    pub system_roots: bool,
    /// A PEM file with our certificate and those between it and its authority.
    pub certificate: Option<Text>,
    /// The key of that certificate, in PEM form.
    pub key: Option<SecretRef>,
}

impl HttpSettings {
    /// Takes the common settings out of `reader`, which keeps what is wrong with them; a wrong one has its default.
    pub fn read(reader: &mut SettingReader<'_>) -> Self {
        let allow_plain = reader.boolean("allow_plain").unwrap_or(false);
        let url = reader.required("url").and_then(|text| checked_url(reader, "url", &text));
        let auth = match reader.map("auth", |auth| Some(read_auth(auth, allow_plain))) {
            Some(auth) => auth,
            None => AuthSettings::None,
        };
        if let Some(url) = &url {
            refuse_plain(reader, "url", url, allow_plain);
        }
        let proxy = reader.text("proxy").and_then(|text| checked_url(reader, "proxy", &text));
        let connections = reader.number("connections", 1..=64).unwrap_or(8);
        Self {
            url,
            auth,
            tls: reader.map("tls", |tls| Some(read_tls(tls))).unwrap_or_default(),
            timeout: duration(reader, "timeout", 30),
            connect_timeout: duration(reader, "connect_timeout", 10),
            connections: u16::try_from(connections).unwrap_or(8),
            max_response: reader.size("max_response").unwrap_or(64 << 20),
            headers: read_headers(reader),
            public_only: false,
            proxy,
        }
    }

    /// Host and port of the base URL, for messages; empty when it is wrong.
    pub fn host(&self) -> String {
        self.url.as_ref().map(|url| url.origin().ascii_serialization()).unwrap_or_default()
    }
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self { ca: None, system_roots: true, certificate: None, key: None }
    }
}

fn duration(reader: &mut SettingReader<'_>, key: &str, default: u64) -> Duration {
    let read = reader.duration(key).unwrap_or(Duration::from_secs(default));
    if read.is_zero() {
        let help = Some("write something like 30s".to_owned());
        reader.problem(key, format!("`{key}` must be longer than nothing"), help);
    }
    read
}

fn checked_url(reader: &mut SettingReader<'_>, key: &str, text: &str) -> Option<Url> {
    match url::parse(text) {
        Ok(url) => Some(url),
        Err(problem) => {
            let help = Some("write something like https://crm.example/scim/v2".to_owned());
            reader.problem(key, problem, help);
            None
        }
    }
}

fn refuse_plain(reader: &mut SettingReader<'_>, key: &str, url: &Url, allow_plain: bool) {
    if !allow_plain && !url::is_private(url) {
        let host = url.host_str().unwrap_or_default();
        let help = "use https://; `allow_plain: true` sends credentials for all to read";
        let message = format!("the connection to `{host}` is not encrypted");
        reader.problem(key, message, Some(help.to_owned()));
    }
}

fn read_auth(reader: &mut SettingReader<'_>, allow_plain: bool) -> AuthSettings {
    let basic = reader.map("basic", |basic| {
        let user = basic.required("user");
        let password = needed_secret(basic, "password");
        Some(AuthSettings::Basic { user: user?, password: password? })
    });
    let bearer = reader.raw("bearer").is_some().then(|| reader.secret("bearer")).flatten();
    let header = reader.map("header", |header| {
        let name = header.required("name");
        if let Some(name) = name.as_ref().filter(|name| !is_header_name(name)) {
            header.problem("name", format!("`{name}` is not the name of a header"), None);
        }
        let value = needed_secret(header, "value");
        Some(AuthSettings::Header { name: name?, value: value? })
    });
    let oauth =
        reader.map("oauth", |oauth| read_oauth(oauth, allow_plain).map(AuthSettings::OAuth));
    let kinds = ["basic", "bearer", "header", "oauth"];
    let given: Vec<&str> = kinds.into_iter().filter(|kind| reader.raw(kind).is_some()).collect();
    if let [_, second, ..] = given.as_slice() {
        let help = Some("keep one of `basic`, `bearer`, `header` and `oauth`".to_owned());
        reader.problem(second, "there is more than one way to sign in", help);
    }
    basic.or(bearer.map(AuthSettings::Bearer)).or(header).or(oauth).unwrap_or(AuthSettings::None)
}

fn read_oauth(reader: &mut SettingReader<'_>, allow_plain: bool) -> Option<OAuthSettings> {
    let token_url = reader.required("token_url");
    if let Some(url) = token_url.as_ref().and_then(|text| checked_url(reader, "token_url", text)) {
        refuse_plain(reader, "token_url", &url, allow_plain);
    }
    let client_id = reader.required("client_id");
    let client_secret = needed_secret(reader, "client_secret");
    let scope = reader.list("scope");
    let audience = reader.text("audience");
    let client_auth = match reader.choice("client_auth", &["header", "body"]) {
        Some(1) => ClientAuth::Body,
        Some(_) | None => ClientAuth::Header,
    };
    Some(OAuthSettings {
        token_url: token_url?,
        client_id: client_id?,
        client_secret: client_secret?,
        scope: (!scope.is_empty()).then(|| scope.join(" ")),
        audience,
        client_auth,
    })
}

fn read_tls(reader: &mut SettingReader<'_>) -> TlsSettings {
    let ca = reader.text("ca");
    let system_roots = reader.boolean("system_roots").unwrap_or(true);
    let certificate = reader.text("certificate");
    let key = reader.raw("key").is_some().then(|| reader.secret("key")).flatten();
    if !system_roots && ca.is_none() {
        let help = Some("name the file of an authority in `ca`".to_owned());
        reader.problem("system_roots", "nobody would be trusted", help);
    }
    if certificate.is_some() != reader.raw("key").is_some() {
        let (there, missing) =
            if certificate.is_some() { ("certificate", "key") } else { ("key", "certificate") };
        reader.problem(there, format!("`{there}` needs `{missing}`"), None);
    }
    TlsSettings { ca, system_roots, certificate, key }
}

fn needed_secret(reader: &mut SettingReader<'_>, key: &str) -> Option<SecretRef> {
    if reader.raw(key).is_none() {
        let help = Some("write { env: NAME } or { file: PATH }".to_owned());
        reader.problem(key, format!("`{key}` is missing"), help);
        return None;
    }
    reader.secret(key)
}

fn read_headers(reader: &mut SettingReader<'_>) -> Vec<(String, String)> {
    let names: Vec<Text> = match reader.raw("headers") {
        Some(Setting::Map(map)) => map.entries.keys().cloned().collect(),
        Some(Setting::Null | Setting::Scalar(..) | Setting::List(..) | Setting::Secret { .. })
        | None => Vec::new(),
    };
    let read = reader.map("headers", |headers| {
        let mut found = Vec::new();
        for name in &names {
            let Some(value) = headers.text(name) else { continue };
            let is_own = OWN_HEADERS.iter().any(|own| own.eq_ignore_ascii_case(name));
            let is_clean = value.chars().all(|c| c == '\t' || (' '..='~').contains(&c));
            if is_own || !is_header_name(name) || !is_clean {
                let help = Some("credentials go under `auth:`".to_owned());
                headers.problem(name, format!("the header `{name}` cannot be set here"), help);
            }
            found.push((name.to_string(), value.to_string()));
        }
        Some(found)
    });
    read.unwrap_or_default()
}

fn is_header_name(name: &str) -> bool {
    !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c))
}

#[cfg(test)]
mod tests;
