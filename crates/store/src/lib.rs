#![doc = include_str!("../README.md")]

mod account;
mod account_history;
mod address;
mod alarm;
mod arg;
mod assignment;
mod change_set;
mod client;
mod column;
mod dialect;
mod drift;
mod entitlement;
mod entity;
mod erase;
mod error;
mod evaluation;
mod fact_version;
mod held_role;
mod journal;
mod lease;
mod link;
mod match_case;
mod match_decision;
mod merged_entity;
mod migrate;
mod name;
mod nesting;
mod operation;
mod operation_event;
mod orphan;
mod packed;
mod plan;
mod postgres;
mod present;
mod queue;
mod read_mapping;
mod read_run;
mod record;
mod review;
mod revision;
mod scim_resource;
mod sequence;
mod sqlite;
mod statement;
mod statistics;
mod store;
mod system_health;
mod temporary_pass;
mod ticket;
mod tx;
mod unique_value;
mod wake;
mod webhook;
mod words;
mod workflow;

pub use account::{Account, AccountCount, AccountMark, AccountOrigin, AccountStatus};
pub use alarm::{Alarm, AlarmId, AlarmKind, AlarmStatus};
pub use assignment::{Assignment, AssignmentEdge};
pub use change_set::{ChangeCounts, ChangeSet, ChangeSetId, ChangeSetStatus};
pub use client::{Client, ClientToken};
pub use drift::{Decided, Drift, DriftDecision, DriftGroup, DriftWhat};
pub use entitlement::{Entitlement, EntitlementId};
pub use entity::{Entity, EntityVersion, IdRange};
pub use erase::{Expired, Remains};
pub use error::{DriverError, StoreError};
pub use evaluation::{Evaluation, IdentityRow, StateCount, Touched};
pub use held_role::HeldRole;
pub use journal::{
    BrokenAt, ERASED, Entry, JournalEntry, JournalFilter, Seal, Summary, entry_hash, seal_hash,
    sealed_hash, verify,
};
pub use lease::{Lease, LeaseAnswer};
pub use link::{Link, LinkSet, PendingLink};
pub use match_case::{CaseStatus, MatchCase, MatchCaseId, Matched};
pub use match_decision::{MatchDecision, Verdict};
pub use merged_entity::MergedEntity;
pub use name::{Name, NameKind};
pub use nesting::Nesting;
pub use operation::{
    Operation, OperationCount, OperationDone, OperationFilter, OperationProgress, OperationState,
};
pub use operation_event::OperationEvent;
pub use orphan::{OrphanDecision, OrphanVerb};
pub use plan::{Plan, PlanStatus};
pub use present::FirstRecorded;
pub use queue::{QueueCount, Work};
pub use read_mapping::{AppliedChange, ReadMapping};
pub use read_run::{READ_PROBLEMS_KEPT, ReadCounts, ReadProblem, ReadRun, ReadRunId};
pub use record::{Record, RecordId, RecordMark};
pub use review::{OperationReview, ReviewDecision, ReviewVerdict};
pub use revision::{Revision, RevisionHead};
pub use scim_resource::{ExternalId, ScimResource};
pub use sequence::Sequence;
pub use statistics::Statistics;
pub use store::{Durability, FailPoint, Options, Store};
pub use system_health::SystemHealth;
pub use temporary_pass::TemporaryPass;
pub use ticket::{Ticket, TicketStatus};
pub use tx::{ReadTx, Tx};
pub use unique_value::{TakenValue, UniqueValue};
pub use wake::Wake;
pub use webhook::WebhookState;
pub use workflow::{EventKind, RunState, WorkflowEvent, WorkflowRun, WorkflowTask, WorkflowWatch};

/// A number that the dictionary handed out for a name; unique within its [`NameKind`].
pub type Number = i64;
