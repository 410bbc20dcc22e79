//! Where a store is: `sqlite:PATH`, `sqlite::memory:`, `postgres://USER:PASSWORD@HOST/DATABASE`.

use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode_str, utf8_percent_encode};
use tokio_postgres::config::SslMode;

/// A store's address.
#[derive(Debug)]
pub(crate) enum Address<'a> {
    /// SQLite, gone when closed.
    Memory,
    /// SQLite in a file.
    File(&'a str),
    /// PostgreSQL, in the clear or with TLS.
    Postgres(Box<tokio_postgres::Config>, Option<TlsFiles>),
}

/// How TLS to a PostgreSQL server is to be: `sslmode`, `sslrootcert`, `sslcert` and `sslkey` of the address.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct TlsFiles {
    /// The chain alone is looked at for `require` and `verify-ca`, the name too for `verify-full`.
    pub(crate) only_chain: bool,
    /// The authorities; those of the operating system when nothing is said, or `system`.
    pub(crate) roots: Option<PathBuf>,
    /// What we show of ourselves.
    pub(crate) certificate: Option<PathBuf>,
    /// The key of that.
    pub(crate) key: Option<PathBuf>,
}

/// What cannot stand for itself in the query of an address.
const SPECIAL: &AsciiSet = &CONTROLS.add(b' ').add(b'#').add(b'%').add(b'&').add(b'+').add(b'?');
/// The parts of an address that are paths.
const FILES: [&str; 3] = ["sslrootcert", "sslcert", "sslkey"];

/// Reads an address; `None` when it is of no known form.
pub(crate) fn parse(url: &str) -> Option<Address<'_>> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        return match path {
            ":memory:" => Some(Address::Memory),
            "" => None,
            _ => Some(Address::File(path)),
        };
    }
    if !url.starts_with("postgres://") && !url.starts_with("postgresql://") {
        return None;
    }
    let (url, tls) = take_tls(url)?;
    let mut config: tokio_postgres::Config = url.parse().ok()?;
    if config.get_application_name().is_none() {
        config.application_name("muster");
    }
    let mode = if tls.is_some() { SslMode::Require } else { SslMode::Disable };
    config.ssl_mode(mode);
    Some(Address::Postgres(Box::new(config), tls))
}

/// Takes out of an address what the driver does not know. Modes that promise nothing are the clear.
fn take_tls(url: &str) -> Option<(String, Option<TlsFiles>)> {
    let Some((rest, query)) = url.split_once('?') else { return Some((url.to_owned(), None)) };
    let (mut files, mut tls, mut others) = (TlsFiles::default(), false, Vec::new());
    for part in query.split('&') {
        let Some((key, value)) = part.split_once('=') else {
            others.push(part);
            continue;
        };
        let value = percent_decode_str(value).decode_utf8().ok()?;
        let file = || Some(PathBuf::from(&*value)).filter(|path| path.as_os_str() != "system");
        match (key, &*value) {
            ("sslmode", "disable" | "allow" | "prefer") => tls = false,
            ("sslmode", "require" | "verify-ca") => (tls, files.only_chain) = (true, true),
            ("sslmode", "verify-full") => (tls, files.only_chain) = (true, false),
            ("sslmode", _) => return None,
            ("sslrootcert", _) => files.roots = file(),
            ("sslcert", _) => files.certificate = file(),
            ("sslkey", _) => files.key = file(),
            _ => others.push(part),
        }
    }
    let url =
        if others.is_empty() { rest.to_owned() } else { format!("{rest}?{}", others.join("&")) };
    Some((url, tls.then_some(files)))
}

/// The address of a store as it is meant in a folder: relative paths in it begin there.
pub fn absolute_url(folder: &Path, url: &str) -> String {
    if let Some(path) = url.strip_prefix("sqlite:") {
        if path.starts_with('/') || path.starts_with(":memory:") {
            return url.to_owned();
        }
        return format!("sqlite:{}", folder.join(path).display());
    }
    let Some((rest, query)) = url.split_once('?') else { return url.to_owned() };
    let parts = query.split('&').map(|part| match part.split_once('=') {
        Some((key, path)) if FILES.contains(&key) && path != "system" => {
            let path = folder.join(&*percent_decode_str(path).decode_utf8_lossy());
            format!("{key}={}", utf8_percent_encode(&path.to_string_lossy(), SPECIAL))
        }
        Some(_) | None => part.to_owned(),
    });
    format!("{rest}?{}", parts.collect::<Vec<_>>().join("&"))
}

/// The address with `…` for every password: before `@` and in `?password=`.
pub(crate) fn without_password(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        // Not an address, perhaps because a slash is missing; a password is one nevertheless.
        return match (url.split_once(':'), url.rsplit_once('@')) {
            (Some(("sqlite", _)), _) | (_, None) => url.to_owned(),
            (Some((scheme, _)), Some((_, host))) => format!("{scheme}:…@{host}"),
            (None, Some((_, host))) => format!("…@{host}"),
        };
    };
    let (rest, query) = match rest.split_once('?') {
        Some((rest, query)) => (rest, Some(query)),
        None => (rest, None),
    };
    let mut safe = format!("{scheme}://");
    match rest.rsplit_once('@') {
        Some((user, host)) => {
            safe.push_str(user.split(':').next().unwrap_or_default());
            if user.contains(':') {
                safe.push_str(":…");
            }
            safe.push('@');
            safe.push_str(host);
        }
        None => safe.push_str(rest),
    }
    for (index, part) in query.iter().flat_map(|query| query.split('&')).enumerate() {
        safe.push(if index == 0 { '?' } else { '&' });
        match part.split_once('=') {
            Some((key, _)) if key.to_lowercase().contains("password") => {
                safe.push_str(key);
                safe.push_str("=…");
            }
            Some(_) | None => safe.push_str(part),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_password_is_never_shown() {
        let safe = without_password;
        assert_eq!(safe("postgres://ada:s3c:r@t@host/db"), "postgres://ada:…@host/db");
        assert_eq!(safe("postgres://ada@host/db"), "postgres://ada@host/db");
        assert_eq!(
            safe("postgres:///db?host=/tmp&password=secret&user=a"),
            "postgres:///db?host=/tmp&password=…&user=a"
        );
        assert_eq!(safe("postgres://u:p?w@host/db"), "postgres://u:p?w@host/db");
        assert_eq!(safe("sqlite:muster.db"), "sqlite:muster.db");
        assert_eq!(safe("sqlite:a@b.db"), "sqlite:a@b.db");
        assert_eq!(safe("postgres:/ada:secret@host/db"), "postgres:…@host/db");
        assert_eq!(safe("ada:secret@host/db"), "ada:…@host/db");
        assert_eq!(safe("secret@host/db"), "…@host/db");
    }

    #[test]
    fn three_forms_are_known() {
        assert!(matches!(parse("sqlite::memory:"), Some(Address::Memory)));
        assert!(matches!(parse("sqlite:a b.db"), Some(Address::File("a b.db"))));
        assert!(matches!(parse("postgres://a@b/c"), Some(Address::Postgres(_, None))));
        for unknown in [
            "",
            "sqlite:",
            "muster.db",
            "mysql://a",
            "postgres://a@b:x/c",
            "postgres://a/b?sslmode=on",
        ] {
            assert!(parse(unknown).is_none(), "{unknown}");
        }
    }

    #[test]
    fn what_tls_needs_is_taken_out_of_an_address() {
        let read = |query: &str| match parse(&format!("postgres://a@b/c{query}")) {
            Some(Address::Postgres(config, tls)) => (config, tls),
            other => panic!("{other:?}"),
        };
        assert_eq!(read("?sslmode=prefer").1, None);
        let (config, tls) = read(
            "?sslmode=verify-full&connect_timeout=3&sslrootcert=%2Fetc%2Fca.pem&sslcert=c.pem&sslkey=k.pem",
        );
        assert_eq!(config.get_connect_timeout().map(Duration::as_secs), Some(3));
        assert_eq!(config.get_ssl_mode(), SslMode::Require);
        let path = |path: &str| Some(PathBuf::from(path));
        let wanted = TlsFiles {
            only_chain: false,
            roots: path("/etc/ca.pem"),
            certificate: path("c.pem"),
            key: path("k.pem"),
        };
        assert_eq!(tls, Some(wanted));
        let system = TlsFiles { only_chain: true, ..TlsFiles::default() };
        assert_eq!(read("?sslmode=require&sslrootcert=system").1, Some(system));
    }

    #[test]
    fn relative_paths_begin_in_the_folder() {
        let there = |url| absolute_url(Path::new("/p q"), url);
        assert_eq!(there("sqlite:a.db"), "sqlite:/p q/a.db");
        assert_eq!(there("sqlite:/a.db"), "sqlite:/a.db");
        assert_eq!(there("sqlite::memory:"), "sqlite::memory:");
        assert_eq!(
            there("postgres://a@b/c?sslmode=verify-full&sslrootcert=ca.pem&sslkey=/k.pem"),
            "postgres://a@b/c?sslmode=verify-full&sslrootcert=/p%20q/ca.pem&sslkey=/k.pem"
        );
    }
}
