//! The JSON form of what use cases answer: the same on the command line and over HTTP.
//!
//! One function for each view, made by hand: a new field of a view is a decision here, never an accident. The engine has
//! a module of the same name for what its runs answer.

mod accounts;
mod admin;
mod decide;
mod drift;
mod explain;
mod model;
mod people;
mod question;
mod simulate;
mod takeover;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

pub use self::{
    accounts::{account, orphan, orphan_decision, ownerless},
    admin::{
        alarm, backup, finding, journal_key, revision, revision_with_files, role, table_sums,
        verified, verified_export,
    },
    decide::{access_answer, search_page},
    drift::{adopted, drift, drift_group},
    explain::{access_explained, attribute_explained, person_explained},
    model::{checked, diagnostic, diagnostics},
    people::{assignment, person, version},
    question::{Wanted, access_question},
    simulate::{event, impacts, person_impact},
    takeover::{deduced, indirect, open_access, redundant, takeover_sums},
};
pub use crate::audit::journal_json as journal_entry;

/// A list: `{"items": […], "next": …}`.
pub fn list(items: &[Json], next: Option<&str>) -> Json {
    json!({ "items": items, "next": next })
}

/// An instant, or null.
fn at(at: Option<Timestamp>) -> Option<String> {
    at.map(|at| at.to_string())
}
