//! The pages, one file each: what is asked of the use cases, and what the template is given.

pub(crate) mod access;
pub(crate) mod ahead;
pub(crate) mod alarms;
pub(crate) mod approvals;
pub(crate) mod asking;
pub(crate) mod assignments;
pub(crate) mod blocks;
pub(crate) mod campaigns;
pub(crate) mod catalogue;
pub(crate) mod changes;
pub(crate) mod compare;
pub(crate) mod conflict;
pub(crate) mod conflict_map;
pub(crate) mod conflicts;
pub(crate) mod delegations;
pub(crate) mod draft;
pub(crate) mod drift;
pub(crate) mod edit;
pub(crate) mod forms;
pub(crate) mod guests;
pub(crate) mod held;
pub(crate) mod home;
pub(crate) mod journal;
pub(crate) mod keys;
pub(crate) mod leavers;
pub(crate) mod lifecycle;
pub(crate) mod matches;
pub(crate) mod model;
pub(crate) mod notices;
pub(crate) mod orphans;
pub(crate) mod people;
pub(crate) mod person;
pub(crate) mod plans;
pub(crate) mod queue;
pub(crate) mod reports;
pub(crate) mod requests;
pub(crate) mod reviews;
pub(crate) mod risk;
pub(crate) mod roles;
pub(crate) mod search;
pub(crate) mod systems;
pub(crate) mod tickets;
pub(crate) mod timeline;
pub(crate) mod value;
pub(crate) mod why;
pub(crate) mod workflows;

use muster_app::{Page as Part, SupposedChange};

use crate::{
    address,
    given::{Given, ROWS},
};

/// The ways on from a part of a list.
pub(crate) struct Pager {
    /// The beginning, when this is not it.
    pub(crate) first: Option<String>,
    /// The next part.
    pub(crate) next: Option<String>,
}

impl Pager {
    /// For a list at `path` whose filters are the values of these names.
    pub(crate) fn new(path: &str, given: &Given, filters: &[&str], next: Option<String>) -> Self {
        let kept: Vec<(&str, &str)> =
            filters.iter().map(|name| (*name, given.text(name))).collect();
        let first = address::with(path, &kept);
        let next = next.map(|after| address::with(&first, &[("after", &after)]));
        Self { first: given.filled("after").map(|_| first), next }
    }
}

/// A part of what is known as a whole: the rows after a place, counted from the beginning.
pub(crate) fn part_of<T>(all: Vec<T>, given: &Given) -> Part<T> {
    let after = given.after();
    let is_more = all.len() > after.saturating_add(ROWS);
    let items = all.into_iter().skip(after).take(ROWS).collect();
    let next = is_more.then(|| i64::try_from(after + ROWS).unwrap_or(i64::MAX));
    Part { items, next }
}

/// What would be done on a system.
pub(crate) struct Coming {
    pub(crate) system: String,
    pub(crate) account: String,
    pub(crate) what: String,
    /// The conflict that would hold it back.
    pub(crate) blocked: Option<String>,
}

/// What would be done on the systems.
pub(crate) fn coming(plan: &[SupposedChange]) -> Vec<Coming> {
    let row = |change: &SupposedChange| Coming {
        system: change.system.to_string(),
        account: change.account.to_string(),
        what: change.what.clone(),
        blocked: change.blocked.as_ref().map(ToString::to_string),
    };
    plan.iter().map(row).collect()
}
