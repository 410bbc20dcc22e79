//! Runs: synchronise with systems, evaluate everybody, make plans, apply them.
//!
//! The engine follows: it reads what is there, calls the pure crates to decide, writes what was decided, and does what a
//! plan says. Every step is written so that it can be interrupted anywhere and begun again.

mod account_change;
mod anonymise;
mod apply;
mod audit;
mod backoff;
mod backup;
mod change_set;
mod correlate;
mod decisions;
mod dependents;
mod effects;
mod evaluate;
mod forms;
mod grace;
mod guards;
mod guests;
mod inbound;
pub mod json;
mod lease;
mod leavers;
mod lifecycle;
mod local;
mod mapping;
mod matches;
mod orders;
mod orphan;
mod plans;
mod problems;
mod progress;
mod provision;
mod push;
mod report;
mod revert;
mod review;
mod run;
mod settle;
mod source;
mod sync;
mod systems;
mod target;
mod tickets;
mod webhooks;
mod workflows;

pub use anonymise::{AnonymiseReport, anonymise_due, anonymise_person};
pub use apply::{ApplyOptions, ApplyReport, CancelFlag, apply, apply_made};
pub use audit::{Shipped, keep_audit, ship_journal};
pub use backup::{back_up, migrate, restore};
pub use change_set::{list_change_sets, reject_change_set, release_change_set};
pub use effects::GRACE;
pub use forms::{
    DraftDeed, DraftEventView, DraftPreview, DraftQuery, DraftView, DraftWork, FieldProblem,
    FieldView, FormView, LinkFound, NewDraft, find_for_draft, list_drafts, list_forms,
    look_at_draft, see_draft, start_draft, work_draft, work_forms,
};
pub use grace::{Grace, list_grace};
pub use guests::{
    GuestApplicant, GuestLink, GuestOffer, GuestQuery, GuestView, NewGuest, OfferedRole,
    apply_as_guest, guest_offer, invite_guest, list_guests, open_guest_link, see_guest,
    takes_guest_applications, work_guests,
};
pub use lease::Lease;
pub use leavers::{LeaverReport, LeaverRow, report_leavers, watch_leavers};
pub use lifecycle::{
    FactRequest, FactView, LifecycleAhead, Restored, Saying, lift_lifecycle_fact,
    list_lifecycle_facts, preview_lifecycle, restore_identity, resume_in, set_lifecycle_fact,
    suspend_in,
};
pub use local::{
    LoadMode, LoadReport, LocalChange, LocalDone, LocalVerb, LookAlike, RowProblem, TemplateColumn,
    Values, change_local, change_local_in, change_one, change_owner, confirm_local, edit_local,
    end_local, load_local, look_alikes, template,
};
pub use matches::{
    CandidateView, Decision, MatchView, OrphanView, apply_rule, cases_like, decide_match,
    list_matches, list_orphans, merge_people, split_people, undo_match,
};
pub use orders::{
    OrderQuery, OrderStep, OrderView, cancel_order, list_orders, order_history, reroute_order,
    retry_order,
};
pub use plans::{
    Known, MadePlan, PlanOptions, Scope, cancel_plan, list_plans, load_plan, make_plan, narrow_plan,
};
pub use problems::{ProblemView, Problems, list_problems};
pub use progress::{NoProgress, Progress, Task};
pub use provision::{ProvisionStep, provision};
pub use push::{Push, Pushed, push_in, source_of_client};
pub use report::{HeldChangeSet, ReadReport, SyncReport};
pub use revert::{MadeRevert, make_revert};
pub use review::{ReviewAnswer, ReviewView, decide_review, list_reviews};
pub use run::{Listener, RunEnd, RunEvent, RunOptions, run};
pub use sync::{SyncOptions, sync};
pub use systems::{SystemView, list_systems, pause_system, resume_system, see_system};
pub use tickets::{attest_ticket, close_ticket, list_tickets, refuse_ticket, see_ticket};
pub use webhooks::{WebhookView, list_webhooks, test_webhook};
pub use workflows::{
    Candidate, RunAnswer, RunQuery, RunView, WorkflowReport, WorkflowSelection, answer_run,
    dry_run_workflow, run_due_workflows, run_workflow, workflow_history, workflow_named,
};
