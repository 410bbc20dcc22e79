//! The words everything else is said in: ids, typed values, entity types, what connectors read and write, diagnostics.
//!
//! Pure: no IO, no clock, no randomness, no logging. Nothing here decides anything; decisions are in `policy` and `plan`.

mod codec;
mod connect;
mod diagnostic;
mod hash;
mod ids;
mod language;
mod network;
mod row;
mod schema;
mod value;

pub use codec::{
    AttributeNumbers, CodecError, decode_row, decode_values, encode_row, encode_values,
};
pub use connect::{
    Applied, Capabilities, Change, NameRule, Object, ObjectRef, Setting, SettingProblem, Settings,
    name_key,
};
pub use diagnostic::{Diagnostic, Location, Severity, SourceFile, SourceMap, Span};
pub use hash::{Fingerprint, Hasher};
pub use ids::{AccountId, AssignmentId, DriftId, EntityId, PlanId, Slot, SystemId, TypeId};
pub use language::Language;
pub use network::{Network, NotANetwork};
pub use row::Row;
pub use schema::{Attribute, AttributeKind, EntityType, Schema};
pub use value::{ParseValueError, Reference, Text, Value, ValueType, parse_value};
