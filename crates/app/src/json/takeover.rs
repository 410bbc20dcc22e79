//! Taking an existing estate over.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use crate::{DeducedRole, IndirectAccess, OpenAccess, RedundantAssignment, Takeover};

/// The sums.
pub fn takeover_sums(taken: &Takeover) -> Json {
    let systems: Vec<Json> = taken
        .systems
        .iter()
        .map(|system| {
            json!({ "system": &*system.system, "linked": system.linked, "undecided": system.undecided,
                    "orphans": system.orphans, "authorised": system.authorised })
        })
        .collect();
    let by_access: Vec<Json> = taken
        .most_unexplained()
        .into_iter()
        .map(|(access, n)| json!({ "access": access, "people": n }))
        .collect();
    json!({
        "systems": systems, "people": taken.people, "deduced": taken.n_whole(),
        "deduced_with_missing": taken.deduced.len() - taken.n_whole(), "open": taken.open.len(),
        "unexplained": taken.unexplained.len(), "by_access": by_access, "redundant": taken.redundant.len(),
        "indirect": taken.indirect.len(),
    })
}

impl Takeover {
    /// How many deduced assignments give nobody more than they have.
    pub fn n_whole(&self) -> usize {
        self.deduced.iter().filter(|one| one.missing.is_empty()).count()
    }

    /// What no role grants, with how many have it, the most frequent first.
    pub fn most_unexplained(&self) -> Vec<(&str, u64)> {
        let mut by_access: BTreeMap<&str, u64> = BTreeMap::new();
        for one in &self.unexplained {
            *by_access.entry(&one.access).or_default() += 1;
        }
        let mut most: Vec<(&str, u64)> = by_access.into_iter().collect();
        most.sort_by_key(|(name, n)| (std::cmp::Reverse(*n), *name));
        most
    }
}

/// An assignment that explains what somebody holds.
pub fn deduced(one: &DeducedRole) -> Json {
    json!({ "person": &*one.person, "role": &*one.role, "explains": one.explains, "missing": one.missing })
}

/// Something held that no one role explains.
pub fn open_access(one: &OpenAccess) -> Json {
    let roles: Vec<&str> = one.roles.iter().map(|role| &**role).collect();
    json!({ "person": &*one.person, "access": one.access, "why": one.why, "roles": roles })
}

/// An assignment that nothing depends on.
pub fn redundant(one: &RedundantAssignment) -> Json {
    json!({ "assignment": one.id.0, "person": &*one.person, "role": &*one.role })
}

/// Something held through something else.
pub fn indirect(one: &IndirectAccess) -> Json {
    json!({ "person": &*one.person, "access": one.access, "through": one.through })
}
