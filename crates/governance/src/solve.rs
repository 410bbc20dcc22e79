//! What is the least that ends a conflict of somebody.

use muster_app::{Ctx, Error, Kind, Opened, duties_in_conflict, resolve_person};
use muster_model::{AssignmentId, Location, Text};
use muster_policy::{AccountRef, Assignment};

use crate::{
    exceptions::conflict_named,
    people::{People, Somebody},
};

/// What would end a conflict of a person.
#[derive(Debug, Clone)]
pub struct Solution {
    /// Who has it.
    pub person: Text,
    /// Which one.
    pub conflict: Text,
    /// True when an exception allows it now.
    pub excepted: bool,
    /// The smallest sets of assignments whose end would do, that with the least loss first.
    pub removals: Vec<Removal>,
    /// Roles that a rule gives and that take part: name and where it is written.
    pub by_rule: Vec<(Text, Location)>,
    /// Accesses that take part, as `system:entitlement`, and that only a system holds: nothing wants them.
    pub outside: Vec<String>,
}

/// Assignments that would end a conflict together.
#[derive(Debug, Clone)]
pub struct Removal {
    /// The assignments: number and role.
    pub assignments: Vec<(AssignmentId, Text)>,
    /// All that would be lost, as `system.kind:name`.
    pub lost: Vec<String>,
}

/// Finds the least that ends a conflict of somebody. Nothing is written.
///
/// # Errors
///
/// `NotFound` for an unknown person or conflict, `Conflict` when the person does not have it.
pub async fn solve_conflict(
    ctx: &Ctx,
    opened: &Opened,
    person: &str,
    conflict: &str,
) -> Result<Solution, Error> {
    let wanted = conflict_named(opened, conflict)?;
    let at = opened.model.conflicts.iter().position(|of| of.name == wanted.name);
    let at = at.ok_or_else(|| Error::bug("a conflict is not among the conflicts"))?;
    let mut tx = opened.store.read().await?;
    let id = resolve_person(ctx, opened, &mut tx, person).await?.row.id;
    let people = People::load(opened, &mut tx, [id].into(), ctx.now()).await?;
    let found = people.need(id)?;
    let held = duties_in_conflict(opened, &mut tx, &found.evaluation, at).await?;
    let Some(held) = held else {
        let message = format!("`{}` does not have the conflict `{conflict}`", found.subject);
        return Err(Error::new(Kind::Conflict, message).hint("muster conflicts lists who has one"));
    };
    let outside = held.into_iter().flat_map(|(_, accesses)| accesses);
    let identity = found.facts.identity();
    let evaluator = &opened.evaluator;
    let removals = evaluator.smallest_removals(&identity, &people.world, ctx.now(), at);
    let roles = removals.by_rule.iter().filter_map(|role| opened.model.roles.get(*role));
    let sets = removals.sets.iter().map(|set| Removal {
        assignments: set.assignments.iter().filter_map(|at| named(opened, found, *at)).collect(),
        lost: set.lost.iter().filter_map(|lost| lost_named(opened, lost)).collect(),
    });
    Ok(Solution {
        person: found.subject.clone(),
        conflict: wanted.name.clone(),
        excepted: found.evaluation.is_excepted(at),
        removals: sets.collect(),
        by_rule: roles.map(|role| (role.name.clone(), role.at.clone())).collect(),
        outside: outside.filter(|held| held.is_outside).map(|held| held.access).collect(),
    })
}

fn named(opened: &Opened, of: &Somebody, position: usize) -> Option<(AssignmentId, Text)> {
    let Assignment { id, role, .. } = of.facts.assignments.get(position)?;
    Some((*id, opened.model.roles.get(*role)?.name.clone()))
}

fn lost_named(
    opened: &Opened,
    (account, kind, name): &(AccountRef, usize, Text),
) -> Option<String> {
    let system = opened.model.systems.get(account.system.index())?;
    Some(format!("{}.{}:{name}", system.name, system.entitlements.get(*kind)?.name))
}
