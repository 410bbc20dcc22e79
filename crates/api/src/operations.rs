//! The table of operations, grouped as the command line is.

mod access;
mod access_requests;
mod admin;
mod applications;
mod campaigns;
mod conflicts;
mod drift;
mod explain;
mod forms;
mod guest_applications;
mod guests;
mod jobs;
mod journal;
mod lifecycle;
mod matches;
mod orders;
mod orphans;
mod people;
mod plans;
mod reports;
mod requests;
mod reviews;
mod revisions;
mod sign_in;
mod sync;
mod systems;
mod takeover;
mod upkeep;
mod webhooks;
mod workflows;

use crate::Operation;

/// Every operation, in the order of the manual.
pub fn operations() -> Vec<Operation> {
    let groups = [
        people::operations(),
        lifecycle::operations(),
        explain::operations(),
        access::operations(),
        access_requests::operations().into(),
        orphans::operations(),
        matches::operations(),
        systems::operations(),
        sync::operations(),
        plans::operations(),
        orders::operations(),
        reviews::operations(),
        requests::operations(),
        guests::operations().into(),
        guest_applications::operations().into(),
        forms::operations(),
        campaigns::operations(),
        conflicts::operations(),
        drift::operations(),
        takeover::operations(),
        workflows::operations(),
        webhooks::operations(),
        journal::operations(),
        reports::operations(),
        upkeep::operations(),
        revisions::operations(),
        sign_in::operations(),
        admin::operations(),
        applications::operations(),
        jobs::operations(),
    ];
    groups.into_iter().flatten().collect()
}
