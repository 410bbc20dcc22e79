//! The values that come out of statements: rows read column by column, for both drivers.

use jiff::Timestamp;
use muster_model::{AccountId, AssignmentId, DriftId, EntityId, Fingerprint, PlanId, Text};
use rusqlite::types::ValueRef;

use crate::{
    AlarmId, ChangeSetId, EntitlementId, MatchCaseId, ReadRunId, RecordId, StoreError,
    packed::unpack_numbers,
};

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
    pub(crate) fn of(self, table: &str, row: String) -> StoreError {
        let what = format!("{} in column {}", self.what, self.column + 1);
        StoreError::Inconsistent { table: table.to_owned(), what, row }
    }
}

impl<'a> Columns<'a> {
    pub(crate) fn sqlite(row: &'a rusqlite::Row<'a>) -> Self {
        Self { row: RowRef::Sqlite(row), next: 0 }
    }

    pub(crate) fn postgres(row: &'a tokio_postgres::Row) -> Self {
        Self { row: RowRef::Postgres(row), next: 0 }
    }

    /// How many columns there are.
    pub(crate) fn len(&self) -> usize {
        match &self.row {
            RowRef::Sqlite(row) => row.as_ref().column_count(),
            RowRef::Postgres(row) => row.len(),
        }
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
    DriftId: |int: i64| Ok(DriftId(int));
    AlarmId: |int: i64| Ok(AlarmId(int));
    PlanId: |int: i64| Ok(PlanId(int));
    RecordId: |int: i64| Ok(RecordId(int));
    ReadRunId: |int: i64| Ok(ReadRunId(int));
    ChangeSetId: |int: i64| Ok(ChangeSetId(int));
    MatchCaseId: |int: i64| Ok(MatchCaseId(int));
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
)+
    };
}

word_columns!(
    crate::AccountStatus,
    crate::AccountOrigin,
    crate::AlarmKind,
    crate::AlarmStatus,
    crate::ChangeSetStatus,
    crate::DriftDecision,
    crate::DriftWhat,
    crate::EventKind,
    crate::CaseStatus,
    crate::Matched,
    crate::Verdict,
    crate::NameKind,
    crate::OperationState,
    crate::OrphanVerb,
    crate::PlanStatus,
    crate::RunState,
    crate::Sequence,
    crate::GuestState,
    crate::NoticeKind,
    crate::DraftState,
    crate::RequestState,
    crate::RequestStep,
    crate::ReviewVerdict,
    crate::CampaignState,
    crate::CampaignStep,
    crate::ItemKind,
    crate::ItemState,
    crate::ItemVerdict,
    crate::ItemOutcome,
    crate::TicketStatus,
);

// === Rows of one column ===

/// Declares how a row type is read: its fields are the columns, in this order. A new field does not compile until it is here.
macro_rules! row {
    ($type:ident { $($field:ident),+ $(,)? }) => {
        impl crate::column::FromRow for $type {
            fn from_row(
                row: &mut crate::column::Columns<'_>,
            ) -> Result<Self, crate::column::BadColumn> {
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

one_column!(i64, u64, Text, Vec<u8>, EntityId, Timestamp, Option<Timestamp>);

impl<A: Column, B: Column> FromRow for (A, B) {
    fn from_row(row: &mut Columns<'_>) -> Result<Self, BadColumn> {
        Ok((row.take()?, row.take()?))
    }
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
