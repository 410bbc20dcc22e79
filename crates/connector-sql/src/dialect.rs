//! How the databases differ in writing: quotes, placeholders, names.

use std::fmt;

use muster_model::Text;

/// The databases that this connector speaks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// PostgreSQL.
    Postgres,
    /// MariaDB and MySQL.
    MySql,
    /// SQLite.
    Sqlite,
}

impl Dialect {
    /// Writes `name` as an identifier, whatever it holds; a quote in it is doubled.
    pub(crate) fn quote(self, name: &str) -> String {
        match self {
            Self::Postgres | Self::Sqlite => format!("\"{}\"", name.replace('"', "\"\"")),
            Self::MySql => format!("`{}`", name.replace('`', "``")),
        }
    }

    /// Why `name` cannot be an identifier; a server may cut a long one without a word.
    pub(crate) fn refuses(self, name: &str) -> Option<String> {
        if name.is_empty() {
            return Some("a name must not be empty".to_owned());
        }
        if name.contains('\0') {
            return Some("a name must not hold a NUL character".to_owned());
        }
        let (length, limit, unit) = match self {
            Self::Postgres => (name.len(), 63, "bytes"),
            Self::MySql => (name.chars().count(), 64, "characters"),
            Self::Sqlite => return None,
        };
        (length > limit).then(|| format!("a name may have {limit} {unit}, and this has {length}"))
    }

    /// The name for people.
    pub(crate) fn product(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::MySql => "MariaDB",
            Self::Sqlite => "SQLite",
        }
    }
}

/// Writes `text` as a literal of PostgreSQL, for the statements that take no parameters.
///
/// It holds whatever `standard_conforming_strings` says: a backslash makes it an escape string. `None` for a text with a
/// NUL character, which PostgreSQL cannot hold.
pub(crate) fn postgres_literal(text: &str) -> Option<String> {
    if text.contains('\0') {
        return None;
    }
    let quoted = text.replace('\'', "''");
    Some(if quoted.contains('\\') {
        format!("E'{}'", quoted.replace('\\', "\\\\"))
    } else {
        format!("'{quoted}'")
    })
}

/// A table or view, with its schema where one is given.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TableName {
    /// The schema, or the database in MariaDB.
    pub(crate) schema: Option<Text>,
    /// The table.
    pub(crate) table: Text,
}

impl TableName {
    /// `schema.table` or `table`.
    pub(crate) fn parse(text: &str) -> Self {
        match text.split_once('.') {
            Some((schema, table)) => Self { schema: Some(schema.into()), table: table.into() },
            None => Self { schema: None, table: text.into() },
        }
    }

    /// As it stands in a statement.
    pub(crate) fn quoted(&self, dialect: Dialect) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{}", dialect.quote(schema), dialect.quote(&self.table)),
            None => dialect.quote(&self.table),
        }
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.table),
            None => f.write_str(&self.table),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTILE: [&str; 8] = [
        "plain",
        "a\"; DROP TABLE person; --",
        "a`; DROP TABLE person; --",
        "a'; DROP TABLE person; --",
        "\\'; DROP ROLE admin; --",
        "\"\"",
        "$1 ? %s",
        "Zoë 😀\n",
    ];

    #[test]
    fn an_identifier_never_ends_its_own_quotes() {
        for name in HOSTILE {
            for (dialect, quote) in
                [(Dialect::Postgres, '"'), (Dialect::Sqlite, '"'), (Dialect::MySql, '`')]
            {
                let quoted = dialect.quote(name);
                let inner = quoted.strip_prefix(quote).unwrap().strip_suffix(quote).unwrap();
                assert!(!inner.replace(&format!("{quote}{quote}"), "").contains(quote), "{quoted}");
            }
        }
    }

    #[test]
    fn a_literal_never_ends_its_own_quotes() {
        for text in HOSTILE {
            let literal = postgres_literal(text).unwrap();
            let inner = literal.strip_prefix('E').unwrap_or(&literal);
            let inner = inner.strip_prefix('\'').unwrap().strip_suffix('\'').unwrap();
            assert!(!inner.replace("''", "").contains('\''), "{literal}");
            assert_eq!(literal.starts_with('E'), text.contains('\\'), "{literal}");
        }
        assert_eq!(postgres_literal("a\0b"), None);
    }

    #[test]
    fn a_name_that_the_server_would_cut_is_refused() {
        assert!(Dialect::Postgres.refuses(&"x".repeat(64)).is_some());
        assert!(Dialect::Postgres.refuses(&"ö".repeat(32)).is_some());
        assert!(Dialect::Postgres.refuses(&"x".repeat(63)).is_none());
        assert!(Dialect::MySql.refuses(&"ö".repeat(64)).is_none());
        assert!(Dialect::Sqlite.refuses("a\0b").is_some());
    }
}
