//! The address of a database: `postgres://user@host:port/name`, `mariadb://…`, `mysql://…`, `sqlite:path`.

use std::net::IpAddr;

use muster_connector::{SettingReader, closest};

use crate::dialect::Dialect;

/// Where a database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Url {
    pub(crate) dialect: Dialect,
    pub(crate) place: Place,
    /// Who signs in.
    pub(crate) user: Option<String>,
    /// The database's name; empty for a file.
    pub(crate) database: String,
}

/// How a database is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Place {
    /// Host and port.
    Network(String, u16),
    /// A socket on this machine: its folder for PostgreSQL, itself for MariaDB.
    Socket(String),
    /// A file; relative to the project folder.
    File(String),
}

impl Url {
    /// Stands for an address that could not be read; the problem is noted.
    pub(crate) fn none() -> Self {
        let place = Place::File(String::new());
        Self { dialect: Dialect::Sqlite, place, user: None, database: String::new() }
    }

    /// True for [`Url::none`].
    pub(crate) fn is_none(&self) -> bool {
        self.place == Place::File(String::new())
    }

    /// For messages; without the user.
    pub(crate) fn shown(&self) -> String {
        match &self.place {
            Place::Network(host, port) => format!("{host}:{port}/{}", self.database),
            Place::Socket(path) => format!("{path}, database {}", self.database),
            Place::File(path) => path.clone(),
        }
    }
}

const SCHEMES: [(&str, Dialect, u16); 5] = [
    ("postgres", Dialect::Postgres, 5432),
    ("postgresql", Dialect::Postgres, 5432),
    ("mariadb", Dialect::MySql, 3306),
    ("mysql", Dialect::MySql, 3306),
    ("sqlite", Dialect::Sqlite, 0),
];

const EXAMPLES: &str =
    "write postgres://user@host/database, mariadb://user@host/database or sqlite:path/to/file.db";

pub(super) fn read(reader: &mut SettingReader<'_>) -> Option<Url> {
    let url = reader.required("url")?;
    let mut problem = |message: String, help: Option<String>| {
        reader.problem("url", message, Some(help.unwrap_or_else(|| EXAMPLES.to_owned())));
        None
    };
    let Some((scheme, rest)) = url.split_once(':') else {
        return problem(format!("`{url}` is not the address of a database"), None);
    };
    let Some((_, dialect, port)) = SCHEMES.iter().find(|(name, ..)| *name == scheme) else {
        let help = closest(scheme, SCHEMES.map(|(name, ..)| name))
            .map(|near| format!("did you mean `{near}`?"));
        return problem(format!("`{scheme}` is not a database that muster speaks to"), help);
    };
    if *dialect == Dialect::Sqlite {
        let path = rest.strip_prefix("//").unwrap_or(rest);
        if path.is_empty() || path.starts_with(':') {
            return problem("the address of a SQLite file needs a path".to_owned(), None);
        }
        let place = Place::File(path.to_owned());
        return Some(Url { dialect: *dialect, place, user: None, database: String::new() });
    }
    match parts(rest, *port) {
        Ok((place, user, database)) => Some(Url { dialect: *dialect, place, user, database }),
        Err(Wrong::Password) => {
            let help = "take the password out of `url`; write `password: { env: NAME }`";
            problem("a password must not stand in the project".to_owned(), Some(help.to_owned()))
        }
        Err(Wrong::Query) => {
            let help = "say it with the settings `tls`, `ca`, `timeout` and so on";
            problem("`url` takes no `?` part".to_owned(), Some(help.to_owned()))
        }
        Err(Wrong::Shape) => problem(format!("`{url}` has no usable host and database"), None),
    }
}

enum Wrong {
    Password,
    Query,
    Shape,
}

type Parts = (Place, Option<String>, String);

fn parts(rest: &str, default_port: u16) -> Result<Parts, Wrong> {
    let rest = rest.strip_prefix("//").ok_or(Wrong::Shape)?;
    if rest.contains('?') {
        return Err(Wrong::Query);
    }
    let (user, rest) = match rest.rsplit_once('@') {
        Some((user, _)) if user.contains(':') => return Err(Wrong::Password),
        Some((user, rest)) => (Some(decoded(user).ok_or(Wrong::Shape)?), rest),
        None => (None, rest),
    };
    let (host, database) = rest.split_once('/').ok_or(Wrong::Shape)?;
    let database = decoded(database).filter(|name| !name.is_empty()).ok_or(Wrong::Shape)?;
    let whole = decoded(host).ok_or(Wrong::Shape)?;
    if whole.starts_with('/') {
        return Ok((Place::Socket(whole), user, database));
    }
    let (host, port) = host_and_port(host, default_port).ok_or(Wrong::Shape)?;
    Ok((Place::Network(host, port), user, database))
}

fn host_and_port(text: &str, default_port: u16) -> Option<(String, u16)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            (host, port.strip_prefix(':'))
        }
        None => match text.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (text, None),
        },
    };
    let port = port.map_or(Some(default_port), |port| port.parse().ok())?;
    let plain =
        host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':'));
    (plain && !host.is_empty()).then(|| (host.to_owned(), port))
}

/// Undoes `%2F` and the like.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
            let value = digit(rest.next())? << 4 | digit(rest.next())?;
            bytes.push(u8::try_from(value).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'))
}

pub(super) fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}
