//! The JSON form of what runs answer: the same on the command line and over HTTP. The views of use cases have theirs in
//! `muster_app::json`.

mod forms;
mod guests;
mod lifecycle;
mod local;
mod matches;
mod plans;
mod problems;
mod sync;
mod systems;
mod workflows;

use jiff::Timestamp;

pub use self::{
    forms::{draft, form, link_found},
    guests::{guest, guest_link},
    lifecycle::{anonymised, fact, grace, restored},
    local::{doubt, entered, loaded, look_alike, row_problem, template_column},
    matches::{match_case, orphan},
    plans::{
        applied, kept_plan, made_plan, order, order_with_history, plan_name, reverted, review,
    },
    problems::problem,
    sync::{change_set, read},
    systems::{provision_step, system, ticket, webhook},
    workflows::{begins, candidate, workflow, workflow_report, workflow_run},
};

/// An instant, or null.
fn at(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}
