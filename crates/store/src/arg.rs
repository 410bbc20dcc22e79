//! The values that go into statements, for both drivers.

use bytes::BytesMut;
use jiff::Timestamp;
use muster_model::{AccountId, AssignmentId, DriftId, EntityId, Fingerprint, PlanId, Text};
use tokio_postgres::types::{IsNull, ToSql, Type, to_sql_checked};

use crate::{
    AccountOrigin, AccountStatus, AlarmId, AlarmKind, AlarmStatus, CampaignState, CampaignStep,
    CaseStatus, ChangeSetId, ChangeSetStatus, DraftState, DriftDecision, DriftWhat, EntitlementId,
    EventKind, GuestState, ItemKind, ItemOutcome, ItemState, ItemVerdict, MatchCaseId, Matched,
    NameKind, NoticeKind, OperationState, OrphanVerb, PlanStatus, ReadRunId, RecordId,
    RequestState, RequestStep, ReviewVerdict, RunState, Sequence, TicketStatus, Verdict,
};

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
    DriftId => |value| Arg::Int(value.0);
    AlarmId => |value| Arg::Int(value.0);
    PlanId => |value| Arg::Int(value.0);
    RecordId => |value| Arg::Int(value.0);
    ReadRunId => |value| Arg::Int(value.0);
    ChangeSetId => |value| Arg::Int(value.0);
    MatchCaseId => |value| Arg::Int(value.0);
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
            // A copied row comes from SQLite, which keeps booleans as numbers.
            Self::Int(int) if *ty == Type::BOOL => (*int != 0).to_sql(ty, out),
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

macro_rules! arg_from_word {
    ($($from:ty),+ $(,)?) => {
        $(impl From<$from> for Arg<'_> {
            fn from(value: $from) -> Self {
                Self::Text(value.word())
            }
        })+
    };
}

arg_from_word!(
    AccountOrigin,
    AccountStatus,
    AlarmKind,
    AlarmStatus,
    ChangeSetStatus,
    DriftDecision,
    DriftWhat,
    EventKind,
    CaseStatus,
    Matched,
    NameKind,
    OperationState,
    OrphanVerb,
    PlanStatus,
    RunState,
    Sequence,
    GuestState,
    NoticeKind,
    DraftState,
    RequestState,
    RequestStep,
    ReviewVerdict,
    CampaignState,
    CampaignStep,
    ItemKind,
    ItemState,
    ItemVerdict,
    ItemOutcome,
    TicketStatus,
    Verdict,
);
