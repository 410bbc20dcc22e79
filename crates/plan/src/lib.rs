//! The difference between what should be and what is, as an exact list of operations.
//!
//! Pure. [`compare`] works on one identity; [`Plan`] holds the operations of all of them in one fixed order, with the
//! base they were made from, guards, and a hash: what was shown is what is applied. The executor takes no decisions.

mod codec;
mod compare;
mod conflict;
mod constraints;
mod drift;
mod guard;
mod json;
mod operation;
mod plan;
mod revert;
mod review;
mod text;

pub use codec::{DecodeError, decode_operation, encode_operation};
pub use compare::{Compared, Observed, compare, object_name, on_wire};
pub use conflict::hold_back_beside;
pub use constraints::constraints;
pub use drift::{Drift, DriftSorted, Drifted, Verdict, sort_out_drift};
pub use guard::{GuardCheck, count_guarded};
pub use json::{json_value, operation_json, plan_json, value_json};
pub use operation::{AttributeChange, Kind, Operation, OperationReason, Target};
pub use plan::{Base, Plan, SystemRead, hash_again};
pub use revert::{Known, Reverted, revert};
pub use review::{NotDecider, may_decide, review_key, review_of};
pub use text::{Grouping, TextOptions, describe, describe_guard, plan_markdown, plan_text};
