//! Conflicts that more roles would complete.

use jiff::Timestamp;
use muster_lang::World;
use muster_model::Text;
use muster_policy::{Conflict, Reaction};

use crate::{Error, IdentityFacts, Kind, Opened};

/// A conflict that more roles would complete.
#[derive(Debug, Clone, Copy)]
pub struct Completed<'o> {
    /// Which one.
    pub conflict: &'o Conflict,
    /// What happens, with who asks taken into account.
    pub on: Reaction,
}

/// The conflicts that somebody would have if they also had these roles, by position, and do not have without them. Those
/// that an exception allows them are left out. `asking` are the roles of whoever asks or assigns.
pub fn conflicts_completed<'o>(
    opened: &'o Opened,
    facts: &IdentityFacts,
    world: &dyn World,
    roles: &[usize],
    asking: &[usize],
    now: Timestamp,
) -> Vec<Completed<'o>> {
    let before = opened.evaluator.evaluate(&facts.identity(), world, now);
    let more = facts.with_roles(roles);
    let after = opened.evaluator.evaluate(&more.identity(), world, now);
    let is_new = |conflict: &usize| {
        !after.is_excepted(*conflict)
            && before.conflicts.iter().all(|known| known.conflict != *conflict)
    };
    let found = after.conflicts.iter().map(|found| found.conflict).filter(is_new);
    let conflicts = found.filter_map(|at| opened.model.conflicts.get(at));
    conflicts.map(|conflict| Completed { conflict, on: conflict.reaction_to(asking) }).collect()
}

/// The refusal of a role that would complete a conflict.
pub fn would_conflict(role: &Text, found: Completed<'_>) -> Error {
    let Completed { conflict, on } = found;
    let why = conflict.description.as_ref().map_or_else(String::new, |why| format!(": {why}"));
    let message = format!("role `{role}` would complete the conflict `{}`{why}", conflict.name);
    let error = Error::new(Kind::Denied, message);
    if on == Reaction::Block {
        error.hint("take back what it conflicts with first, or have an exception made: muster conflicts except")
    } else {
        error.hint("it needs approval: muster requests create asks for it")
    }
}
