//! The values that go into and come out of statements: whole numbers, booleans, text, bytes, nothing.
//!
//! Both drivers are taught here what a value is; nowhere else.

use bytes::BytesMut;
use jiff::Timestamp;
use muster_model::{AccountId, AssignmentId, EntityId, Fingerprint, PlanId, Text};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::{ChangeSetId, EntitlementId, ReadRunId, RecordId, StoreError};

// === What goes in ===

/// An argument of a statement.
#[derive(Debug, Clone)]
pub(crate) enum Arg<'a> {
    /// `NULL`.
    Null,
    /// A whole number, an id, a time.
    Int(i64),
    /// A boolean.
    Bool(bool),
    /// Text.
    Text(&'a str),
    /// Bytes.
    Bytes(&'a [u8]),
    /// Bytes made for this statement.
    Owned(Vec<u8>),
    /// A fingerprint's bytes.
    Fingerprint([u8; 16]),
}

macro_rules! arg_from {
    ($($from:ty => |$value:ident| $arg:expr;)+) => {
        $(impl<'a> From<$from> for Arg<'a> {
            fn from($value: $from) -> Self {
                $arg
            }
        })+
    };
}

arg_from! {
    i64 => |value| Arg::Int(value);
    u8 => |value| Arg::Int(value.into());
    u32 => |value| Arg::Int(value.into());
    u64 => |value| Arg::Int(value.try_into().unwrap_or(i64::MAX));
    usize => |value| Arg::Int(value.try_into().unwrap_or(i64::MAX));
    bool => |value| Arg::Bool(value);
    &'a str => |value| Arg::Text(value);
    &'a Text => |value| Arg::Text(value);
    &'a [u8] => |value| Arg::Bytes(value);
    &'a Vec<u8> => |value| Arg::Bytes(value);
    Vec<u8> => |value| Arg::Owned(value);
    Fingerprint => |value| Arg::Fingerprint(value.to_bytes());
    Timestamp => |value| Arg::Int(value.as_microsecond());
    EntityId => |value| Arg::Int(value.0);
    AccountId => |value| Arg::Int(value.0);
    AssignmentId => |value| Arg::Int(value.0);
    PlanId => |value| Arg::Int(value.0);
    RecordId => |value| Arg::Int(value.0);
    ReadRunId => |value| Arg::Int(value.0);
    ChangeSetId => |value| Arg::Int(value.0);
    EntitlementId => |value| Arg::Int(value.0);
}

impl<T: Into<Self>> From<Option<T>> for Arg<'_> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl<'a> From<&'a Option<Text>> for Arg<'a> {
    fn from(value: &'a Option<Text>) -> Self {
        value.as_deref().map_or(Self::Null, Self::Text)
    }
}

impl<'a> From<&'a Option<Vec<u8>>> for Arg<'a> {
    fn from(value: &'a Option<Vec<u8>>) -> Self {
        value.as_deref().map_or(Arg::Null, Arg::Bytes)
    }
}

impl rusqlite::ToSql for Arg<'_> {
    fn to_sql(&self) -> rusqlite::Result<rusqlite::types::ToSqlOutput<'_>> {
        use rusqlite::types::{ToSqlOutput, ValueRef};
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Null => ValueRef::Null,
            Self::Int(int) => ValueRef::Integer(*int),
            Self::Bool(bool) => ValueRef::Integer((*bool).into()),
            // PostgreSQL cannot keep it, so neither may SQLite.
            Self::Text(text) if text.as_bytes().contains(&0) => {
                return Err(rusqlite::Error::ToSqlConversionFailure(Box::new(NulInText)));
            }
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
            Self::Owned(bytes) => ValueRef::Blob(bytes),
            Self::Fingerprint(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl ToSql for Arg<'_> {
    fn to_sql(
        &self,
        ty: &Type,
        out: &mut BytesMut,
    ) -> Result<IsNull, Box<dyn std::error::Error + Sync + Send>> {
        match self {
            Self::Null => Ok(IsNull::Yes),
            // PostgreSQL takes `$1 + 1` for a 32-bit number.
            Self::Int(int) if *ty == Type::INT4 => i32::try_from(*int)?.to_sql(ty, out),
            Self::Int(int) => int.to_sql(ty, out),
            Self::Bool(bool) => bool.to_sql(ty, out),
            Self::Text(text) => text.to_sql(ty, out),
            Self::Bytes(bytes) => bytes.to_sql(ty, out),
            Self::Owned(bytes) => bytes.to_sql(ty, out),
            Self::Fingerprint(bytes) => bytes.as_slice().to_sql(ty, out),
        }
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// Text with a NUL character.
#[derive(Debug, thiserror::Error)]
#[error("text contains a NUL character")]
pub(crate) struct NulInText;

// === What comes out ===

/// A row of a result, read column by column from the left.
#[derive(Debug)]
pub(crate) struct Columns<'a> {
    row: RowRef<'a>,
    next: usize,
}

/// A row of either driver.
pub(crate) enum RowRef<'a> {
    Sqlite(&'a rusqlite::Row<'a>),
    Postgres(&'a tokio_postgres::Row),
}

impl std::fmt::Debug for RowRef<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("row")
    }
}

/// A value in a result that is not what the schema says.
#[derive(Debug)]
pub(crate) struct BadColumn {
    column: usize,
    what: String,
}

impl BadColumn {
    /// The error for the user, with the table and the row's first column.
    pub(crate) fn of(self, table: &'static str, row: String) -> StoreError {
        let what = format!("{} in column {}", self.what, self.column + 1);
        StoreError::Inconsistent { table, what, row }
    }
}

impl<'a> Columns<'a> {
    pub(crate) fn sqlite(row: &'a rusqlite::Row<'a>) -> Self {
        Self { row: RowRef::Sqlite(row), next: 0 }
    }

    pub(crate) fn postgres(row: &'a tokio_postgres::Row) -> Self {
        Self { row: RowRef::Postgres(row), next: 0 }
    }

    /// The next column.
    pub(crate) fn take<T: Column>(&mut self) -> Result<T, BadColumn> {
        let column = self.next;
        self.next += 1;
        match T::read(&self.row, column) {
            Ok(value) => Ok(value),
            Err(what) => Err(BadColumn { column, what }),
        }
    }
}

/// A type that a column can be read as.
pub(crate) trait Column: Sized {
    #[doc(hidden)]
    fn read(row: &RowRef<'_>, column: usize) -> Result<Self, String>;
}

/// A type that a whole row can be read as.
pub(crate) trait FromRow: Sized {
    fn from_row(row: &mut Columns<'_>) -> Result<Self, BadColumn>;
}

/// Declares a scalar column type by what each driver gives.
macro_rules! scalar {
    ($type:ty, $sqlite:pat => $from_sqlite:expr, $postgres:ty, $from_postgres:expr) => {
        impl Column for $type {
            fn read(row: &RowRef<'_>, column: usize) -> Result<Self, String> {
                match row {
                    RowRef::Sqlite(row) => match row.get_ref(column) {
                        Ok($sqlite) => $from_sqlite,
                        Ok(other) => Err(format!("a value of type {}", other.data_type())),
                        Err(err) => Err(err.to_string()),
                    },
                    RowRef::Postgres(row) => {
                        let value: $postgres =
                            row.try_get(column).map_err(|err| err.to_string())?;
                        $from_postgres(value)
                    }
                }
            }
        }

        impl Column for Option<$type> {
            fn read(row: &RowRef<'_>, column: usize) -> Result<Self, String> {
                match row {
                    RowRef::Sqlite(row) => match row.get_ref(column) {
                        Ok(rusqlite::types::ValueRef::Null) => Ok(None),
                        Ok($sqlite) => $from_sqlite.map(Some),
                        Ok(other) => Err(format!("a value of type {}", other.data_type())),
                        Err(err) => Err(err.to_string()),
                    },
                    RowRef::Postgres(row) => {
                        let value: Option<$postgres> =
                            row.try_get(column).map_err(|err| err.to_string())?;
                        value.map($from_postgres).transpose()
                    }
                }
            }
        }
    };
}

use rusqlite::types::ValueRef;

scalar!(i64, ValueRef::Integer(int) => Ok(int), i64, Ok);
scalar!(bool, ValueRef::Integer(int) => Ok(int != 0), bool, Ok);
scalar!(Text, ValueRef::Text(bytes) => utf8(bytes), &str, |text: &str| Ok(Text::from(text)));
scalar!(Vec<u8>, ValueRef::Blob(bytes) => Ok(bytes.to_vec()), &[u8], |bytes: &[u8]| Ok(bytes.to_vec()));
scalar!(Fingerprint, ValueRef::Blob(bytes) => fingerprint(bytes), &[u8], fingerprint);
scalar!(Hash, ValueRef::Blob(bytes) => hash(bytes), &[u8], hash);
scalar!(Timestamp, ValueRef::Integer(int) => timestamp(int), i64, timestamp);

/// A SHA-256 hash in a column.
pub(crate) struct Hash(pub(crate) [u8; 32]);

fn utf8(bytes: &[u8]) -> Result<Text, String> {
    std::str::from_utf8(bytes).map(Text::from).map_err(|_| "text that is not UTF-8".to_owned())
}

fn fingerprint(bytes: &[u8]) -> Result<Fingerprint, String> {
    Fingerprint::from_bytes(bytes).ok_or_else(|| format!("a fingerprint of {} bytes", bytes.len()))
}

fn hash(bytes: &[u8]) -> Result<Hash, String> {
    bytes.try_into().map(Hash).map_err(|_| format!("a hash of {} bytes", bytes.len()))
}

fn timestamp(microseconds: i64) -> Result<Timestamp, String> {
    Timestamp::from_microsecond(microseconds).map_err(|_| format!("the time {microseconds}"))
}

/// Declares column types that are read as a whole number or a word and converted.
macro_rules! converted {
    ($($type:ty: |$value:ident: $inner:ty| $convert:expr;)+) => {
        $(impl Column for $type {
            fn read(row: &RowRef<'_>, column: usize) -> Result<Self, String> {
                let $value = <$inner>::read(row, column)?;
                $convert
            }
        }

        impl Column for Option<$type> {
            fn read(row: &RowRef<'_>, column: usize) -> Result<Self, String> {
                match Option::<$inner>::read(row, column)? {
                    Some($value) => $convert.map(Some),
                    None => Ok(None),
                }
            }
        })+
    };
}

/// The number in a narrower type.
fn narrow<T: TryFrom<i64>>(int: i64) -> Result<T, String> {
    T::try_from(int).map_err(|_| format!("the number {int}"))
}

converted! {
    u8: |int: i64| narrow(int);
    u32: |int: i64| narrow(int);
    u64: |int: i64| narrow(int);
    EntityId: |int: i64| Ok(EntityId(int));
    AccountId: |int: i64| Ok(AccountId(int));
    AssignmentId: |int: i64| Ok(AssignmentId(int));
    PlanId: |int: i64| Ok(PlanId(int));
    RecordId: |int: i64| Ok(RecordId(int));
    ReadRunId: |int: i64| Ok(ReadRunId(int));
    ChangeSetId: |int: i64| Ok(ChangeSetId(int));
    EntitlementId: |int: i64| Ok(EntitlementId(int));
}

macro_rules! word_columns {
    ($($type:ty),+ $(,)?) => {
        $(impl Column for $type {
            fn read(row: &RowRef<'_>, column: usize) -> Result<Self, String> {
                let unknown = |word: &str| format!("the word `{word}`");
                match row {
                    RowRef::Sqlite(row) => match row.get_ref(column) {
                        Ok(ValueRef::Text(bytes)) => {
                            let word = std::str::from_utf8(bytes).unwrap_or_default();
                            Self::from_word(word).ok_or_else(|| unknown(word))
                        }
                        Ok(other) => Err(format!("a value of type {}", other.data_type())),
                        Err(err) => Err(err.to_string()),
                    },
                    RowRef::Postgres(row) => {
                        let word: &str = row.try_get(column).map_err(|err| err.to_string())?;
                        Self::from_word(word).ok_or_else(|| unknown(word))
                    }
                }
            }
        }

        impl<'a> From<$type> for Arg<'a> {
            fn from(value: $type) -> Self {
                Arg::Text(value.word())
            }
        })+
    };
}

word_columns!(
    crate::AccountStatus,
    crate::AccountOrigin,
    crate::ChangeSetStatus,
    crate::NameKind,
    crate::OperationState,
    crate::PlanStatus,
    crate::Sequence,
);

// === Rows of one column ===

/// Declares how a row type is read: its fields are the columns, in this order. A new field does not compile until it is here.
macro_rules! row {
    ($type:ident { $($field:ident),+ $(,)? }) => {
        impl crate::value::FromRow for $type {
            fn from_row(
                row: &mut crate::value::Columns<'_>,
            ) -> Result<Self, crate::value::BadColumn> {
                $(let $field = row.take()?;)+
                Ok(Self { $($field),+ })
            }
        }
    };
}

pub(crate) use row;

macro_rules! one_column {
    ($($type:ty),+ $(,)?) => {
        $(impl FromRow for $type {
            fn from_row(row: &mut Columns<'_>) -> Result<Self, BadColumn> {
                row.take()
            }
        })+
    };
}

one_column!(i64, u64, Text, Vec<u8>, EntityId, Option<Timestamp>);

impl<A: Column, B: Column> FromRow for (A, B) {
    fn from_row(row: &mut Columns<'_>) -> Result<Self, BadColumn> {
        Ok((row.take()?, row.take()?))
    }
}

// === Sorted whole numbers in a column ===

/// Packs rising numbers: the difference to the one before, seven bits a byte. Nothing for an empty list.
pub(crate) fn pack_numbers(numbers: impl IntoIterator<Item = i64>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut previous = 0i64;
    for number in numbers {
        let mut step = number.wrapping_sub(previous).cast_unsigned();
        previous = number;
        while step >= 0x80 {
            bytes.push((step & 0x7f) as u8 | 0x80);
            step >>= 7;
        }
        bytes.push((step & 0x7f) as u8);
    }
    bytes
}

/// Reads what [`pack_numbers`] wrote; `None` when the bytes end in the middle of a number.
pub(crate) fn unpack_numbers(bytes: &[u8]) -> Option<Vec<i64>> {
    let mut numbers = Vec::new();
    let mut previous = 0i64;
    let mut step = 0u64;
    let mut shift = 0u32;
    for byte in bytes {
        step |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            previous = previous.wrapping_add(step.cast_signed());
            numbers.push(previous);
            (step, shift) = (0, 0);
        } else {
            shift += 7;
        }
    }
    (shift == 0).then_some(numbers)
}

/// Sorted numbers in a column.
pub(crate) struct Numbers(pub(crate) Vec<i64>);

impl Column for Numbers {
    fn read(row: &RowRef<'_>, column: usize) -> Result<Self, String> {
        let unpack = |bytes: &[u8]| {
            unpack_numbers(bytes)
                .map(Numbers)
                .ok_or_else(|| "a list that ends too early".to_owned())
        };
        match row {
            RowRef::Sqlite(row) => match row.get_ref(column) {
                Ok(ValueRef::Blob(bytes)) => unpack(bytes),
                Ok(other) => Err(format!("a value of type {}", other.data_type())),
                Err(err) => Err(err.to_string()),
            },
            RowRef::Postgres(row) => unpack(row.try_get(column).map_err(|err| err.to_string())?),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::{prelude::*, proptest};

    use super::*;

    proptest! {
        #[test]
        fn packed_numbers_read_back(numbers: Vec<i64>) {
            prop_assert_eq!(unpack_numbers(&pack_numbers(numbers.clone())), Some(numbers));
        }

        #[test]
        fn any_bytes_unpack_or_are_refused(bytes: Vec<u8>) {
            unpack_numbers(&bytes);
        }
    }

    #[test]
    fn neighbouring_numbers_take_a_byte_each() {
        assert_eq!(pack_numbers([1_000_000, 1_000_001, 1_000_003]).len(), 5);
    }
}
