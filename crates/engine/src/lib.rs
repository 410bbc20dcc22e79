//! Runs: synchronise with systems, evaluate everybody, make plans, apply them.
//!
//! The engine follows: it reads what is there, calls the pure crates to decide, writes what was decided, and does what a
//! plan says. Every step is written so that it can be interrupted anywhere and begun again.

mod account_change;
mod apply;
mod backoff;
mod change_set;
mod correlate;
mod decisions;
mod dependents;
mod effects;
mod evaluate;
mod grace;
mod guards;
mod inbound;
mod lease;
mod lifecycle;
mod mapping;
mod matches;
mod plans;
mod progress;
mod report;
mod revert;
mod settle;
mod source;
mod sync;
mod target;

pub use apply::{ApplyOptions, ApplyReport, CancelFlag, apply, apply_made};
pub use change_set::{list_change_sets, reject_change_set, release_change_set};
pub use effects::GRACE;
pub use grace::{Grace, list_grace};
pub use lifecycle::{
    FactRequest, FactView, Restored, lift_lifecycle_fact, list_lifecycle_facts, restore_identity,
    set_lifecycle_fact,
};
pub use plans::{MadePlan, PlanOptions, Scope, cancel_plan, list_plans, load_plan, make_plan};
pub use progress::{NoProgress, Progress, Task};
pub use report::{HeldChangeSet, ReadReport, SyncReport};
pub use revert::{MadeRevert, make_revert};
pub use sync::{SyncOptions, sync};
