//! A value of any column, the same from both databases: what is copied from one store to another.

use muster_model::Text;
use rusqlite::types::ValueRef;
use sha2::{Digest as _, Sha256};
use tokio_postgres::types::Type;

use crate::{
    arg::Arg,
    column::{BadColumn, Column, Columns, FromRow, RowRef},
};

/// A value. Booleans are numbers, as SQLite keeps them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Cell {
    Null,
    Int(i64),
    Text(Text),
    Bytes(Vec<u8>),
}

/// A row of any table.
#[derive(Debug)]
pub(crate) struct Cells(pub(crate) Vec<Cell>);

impl Cell {
    /// Puts the value into a hash: 0 for nothing; 1 and a number in 8 bytes, big-endian; 2 or 3, a length in 8 bytes, and
    /// the bytes of a text or of bytes.
    pub(crate) fn hash(&self, hasher: &mut Sha256) {
        let (kind, bytes): (u8, &[u8]) = match self {
            Self::Null => return hasher.update([0]),
            Self::Int(int) => {
                hasher.update([1]);
                return hasher.update(int.to_be_bytes());
            }
            Self::Text(text) => (2, text.as_bytes()),
            Self::Bytes(bytes) => (3, bytes),
        };
        hasher.update([kind]);
        hasher.update((bytes.len() as u64).to_be_bytes());
        hasher.update(bytes);
    }
}

impl Column for Cell {
    fn read(row: &RowRef<'_>, column: usize) -> Result<Self, String> {
        match row {
            RowRef::Sqlite(row) => match row.get_ref(column).map_err(|err| err.to_string())? {
                ValueRef::Null => Ok(Self::Null),
                ValueRef::Integer(int) => Ok(Self::Int(int)),
                ValueRef::Text(_) => Text::read(&RowRef::Sqlite(row), column).map(Self::Text),
                ValueRef::Blob(bytes) => Ok(Self::Bytes(bytes.to_vec())),
                ValueRef::Real(_) => Err("a fraction".to_owned()),
            },
            RowRef::Postgres(postgres) => {
                let kind = postgres.columns().get(column).map(tokio_postgres::Column::type_);
                match kind {
                    Some(&Type::BOOL) => Option::<bool>::read(row, column)
                        .map(|it| it.map(|it| Self::Int(it.into()))),
                    Some(&Type::INT8) => {
                        Option::<i64>::read(row, column).map(|it| it.map(Self::Int))
                    }
                    Some(&Type::TEXT) => {
                        Option::<Text>::read(row, column).map(|it| it.map(Self::Text))
                    }
                    Some(&Type::BYTEA) => {
                        Option::<Vec<u8>>::read(row, column).map(|it| it.map(Self::Bytes))
                    }
                    Some(_) | None => Err("a column of an unknown type".to_owned()),
                }
                .map(|value| value.unwrap_or(Self::Null))
            }
        }
    }
}

impl FromRow for Cells {
    fn from_row(row: &mut Columns<'_>) -> Result<Self, BadColumn> {
        (0..row.len()).map(|_| row.take()).collect::<Result<_, _>>().map(Self)
    }
}

impl<'a> From<&'a Cell> for Arg<'a> {
    fn from(cell: &'a Cell) -> Self {
        match cell {
            Cell::Null => Arg::Null,
            Cell::Int(int) => Arg::Int(*int),
            Cell::Text(text) => Arg::Text(text),
            Cell::Bytes(bytes) => Arg::Bytes(bytes),
        }
    }
}
