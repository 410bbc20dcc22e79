//! Where a store is: `sqlite:PATH`, `sqlite::memory:`, `postgres://USER:PASSWORD@HOST/DATABASE`.

/// A store's address.
#[derive(Debug)]
pub(crate) enum Address<'a> {
    /// SQLite, gone when closed.
    Memory,
    /// SQLite in a file.
    File(&'a str),
    /// PostgreSQL.
    Postgres(Box<tokio_postgres::Config>),
}

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
    let mut config: tokio_postgres::Config = url.parse().ok()?;
    if config.get_application_name().is_none() {
        config.application_name("muster");
    }
    Some(Address::Postgres(Box::new(config)))
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
        assert!(matches!(parse("postgres://a@b/c"), Some(Address::Postgres(_))));
        for unknown in ["", "sqlite:", "muster.db", "mysql://a", "postgres://a@b:x/c"] {
            assert!(parse(unknown).is_none(), "{unknown}");
        }
    }
}
