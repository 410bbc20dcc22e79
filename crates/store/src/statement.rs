//! Statements: how values go in, how rows come out, and what each text becomes on SQLite.
//!
//! Statements are `&'static str`; there is no road for text that was made at run time.

use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

/// The arguments of a statement.
macro_rules! args {
    ($($value:expr),* $(,)?) => { &[$(crate::arg::Arg::from($value)),*] };
}

/// Adds the arguments of a statement for one item.
macro_rules! bind {
    ($args:ident, $($value:expr),* $(,)?) => {
        $args.extend([$(crate::arg::Arg::from($value)),*])
    };
}

pub(crate) use {args, bind};

/// Declares how rows of a table are inserted in bulk: the `INSERT` for SQLite and the `COPY` for PostgreSQL.
macro_rules! insert_into {
    ($table:literal, $first:literal $(, $column:literal)* $(,)?) => {
        crate::statement::Insert {
            table: $table,
            by_row: concat!(
                "INSERT INTO ", $table, " (", $first $(, ", ", $column)*, ") VALUES (?",
                $(", ?", crate::statement::nothing!($column),)* ")"
            ),
            copy: concat!(
                "COPY ", $table, " (", $first $(, ", ", $column)*, ") FROM STDIN (FORMAT binary)"
            ),
            types: concat!(
                "SELECT ", $first $(, ", ", $column)*, " FROM ", $table, " WHERE FALSE"
            ),
        }
    };
}

/// Nothing, once for each column.
macro_rules! nothing {
    ($column:literal) => {
        ""
    };
}

pub(crate) use {insert_into, nothing};

/// How rows of a table are inserted in bulk, as it stands in the program.
pub(crate) type Insert = InsertText<'static>;

/// How rows of a table are inserted in bulk.
#[derive(Debug)]
pub(crate) struct InsertText<'s> {
    /// The table.
    pub(crate) table: &'s str,
    /// For SQLite, row by row.
    pub(crate) by_row: &'s str,
    /// For PostgreSQL.
    pub(crate) copy: &'s str,
    /// A statement whose result has the types of the columns.
    pub(crate) types: &'s str,
}

/// What is known about a statement's text.
#[derive(Debug)]
pub(crate) struct Statement {
    /// The text for SQLite, with `?n` for `$n`.
    pub(crate) sqlite: String,
    /// The table it is about.
    pub(crate) table: &'static str,
}

/// Every statement that was used, by the address of its text.
#[derive(Debug, Default)]
pub(crate) struct Statements {
    known: RwLock<HashMap<Place, (&'static str, Arc<Statement>)>>,
    n_runs: AtomicU64,
}

/// Where a text lies and how long it is.
type Place = (usize, usize);

impl Statements {
    /// What is known about `sql`; worked out once.
    pub(crate) fn get(&self, sql: &'static str) -> Arc<Statement> {
        let place = (sql.as_ptr().addr(), sql.len());
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, statement)) = known.get(&place) {
            return Arc::clone(statement);
        }
        drop(known);
        let statement = Arc::new(Statement { sqlite: for_sqlite(sql), table: table_of(sql) });
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(place, (sql, Arc::clone(&statement)));
        statement
    }

    /// Notes that a statement runs so many times.
    pub(crate) fn runs(&self, times: usize) {
        self.n_runs.fetch_add(times as u64, Ordering::Relaxed);
    }

    /// How many times statements ran.
    pub(crate) fn n_runs(&self) -> u64 {
        self.n_runs.load(Ordering::Relaxed)
    }

    /// The texts of all statements that were used, sorted.
    pub(crate) fn texts(&self) -> Vec<&'static str> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let mut texts: Vec<&'static str> = known.values().map(|(text, _)| *text).collect();
        texts.sort_unstable();
        texts.dedup();
        texts
    }
}

/// Writes `?n` for `$n` outside of quotes. SQLite numbers `$1` by first appearance, which binds the wrong values.
pub(crate) fn for_sqlite(sql: &str) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut quoted = false;
    let mut chars = sql.chars().peekable();
    while let Some(c) = chars.next() {
        quoted ^= c == '\'';
        let is_parameter = c == '$' && !quoted && chars.peek().is_some_and(char::is_ascii_digit);
        text.push(if is_parameter { '?' } else { c });
    }
    text
}

/// The table a statement changes, or the first one it reads.
fn table_of(sql: &'static str) -> &'static str {
    let mut words = sql.split(|c: char| c.is_whitespace() || c == '(').filter(|w| !w.is_empty());
    while let Some(word) = words.next() {
        if matches!(word, "INTO" | "UPDATE" | "FROM" | "COPY") {
            return words.next().unwrap_or(word);
        }
    }
    sql
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_keep_their_numbers_and_quoted_text_stays() {
        insta::assert_snapshot!(
            for_sqlite("SELECT '$1' FROM t WHERE b = $2 AND a = $1"),
            @"SELECT '$1' FROM t WHERE b = ?2 AND a = ?1"
        );
    }

    #[test]
    fn the_table_of_a_statement_is_the_one_it_changes() {
        assert_eq!(table_of("INSERT INTO link (source) VALUES ($1)"), "link");
        assert_eq!(table_of("UPDATE entity SET version = 1"), "entity");
        assert_eq!(table_of("DELETE FROM lease WHERE name = $1"), "lease");
        assert_eq!(table_of("SELECT version FROM fact_version"), "fact_version");
    }

    #[test]
    fn a_bulk_insert_has_as_many_places_as_columns() {
        let spec = insert_into!("link", "source", "attribute_no", "target");
        insta::assert_snapshot!(
            spec.by_row,
            @"INSERT INTO link (source, attribute_no, target) VALUES (?, ?, ?)"
        );
        insta::assert_snapshot!(
            spec.copy,
            @"COPY link (source, attribute_no, target) FROM STDIN (FORMAT binary)"
        );
    }
}
