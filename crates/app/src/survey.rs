//! Looks at everybody whom the caller reaches: whose duties conflict, who left and can still do something, who has a role.
//!
//! What is found follows from the facts of now, as a plan would; nothing is kept.

use std::collections::BTreeMap;

use muster_model::{EntityId, Location, Text};
use muster_policy::{AccountRef, Evaluation, Via};
use muster_store::{AccountStatus, Number};

use crate::{
    Ctx, Error, IdentityFacts, Opened, Person, people::person, role_named, simulate::everybody_in,
};

/// People whose accounts are read at once.
const BATCH: usize = 1000;

/// A person with duties that nobody may hold together.
#[derive(Debug, Clone)]
pub struct ConflictView {
    /// Who.
    pub person: Person,
    /// The conflict.
    pub conflict: Text,
    /// The duties that are held, each with what makes it up as `system:entitlement`.
    pub duties: Vec<(Text, Vec<String>)>,
    /// True when grants that would complete it are held back.
    pub blocks: bool,
    /// True when an exception allows it.
    pub excepted: bool,
    /// Where it is written.
    pub at: Location,
}

/// A leaver with an account that can be used and should not be.
#[derive(Debug, Clone)]
pub struct ActiveLeaver {
    /// Who.
    pub person: Person,
    /// Since when they are gone.
    pub since: jiff::Timestamp,
    /// The systems on which an account can still be used.
    pub systems: Vec<Text>,
}

/// Somebody who has a role.
#[derive(Debug, Clone)]
pub struct RoleHolder {
    /// Who.
    pub person: Person,
    /// True when it was given directly, false when a rule or another role gives it.
    pub assigned: bool,
}

/// Everybody with duties that conflict, in order of type and id.
pub async fn list_conflicts(ctx: &Ctx, opened: &Opened) -> Result<Vec<ConflictView>, Error> {
    if opened.model.conflicts.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    let mut tx = opened.store.read().await?;
    everybody_in(ctx, &mut tx, opened, |_, facts, evaluation| {
        for one in &evaluation.conflicts {
            let Some(conflict) = opened.model.conflicts.get(one.conflict) else { continue };
            found.push(ConflictView {
                person: person(opened, &evaluation.row, &facts.key),
                conflict: conflict.name.clone(),
                duties: one
                    .duties
                    .iter()
                    .filter_map(|duty| held_of(opened, &evaluation, *duty))
                    .collect(),
                blocks: conflict.blocks(),
                excepted: evaluation.is_excepted(one.conflict),
                at: conflict.at.clone(),
            });
        }
    })
    .await?;
    Ok(found)
}

/// A duty with those of its entitlements that are wanted.
fn held_of(opened: &Opened, evaluation: &Evaluation, duty: usize) -> Option<(Text, Vec<String>)> {
    let duty = opened.model.duties.get(duty)?;
    let wanted = |(system, kind, name): &(muster_model::SystemId, usize, Text)| {
        let of_system =
            evaluation.accounts.iter().filter(|desired| desired.account.system == *system);
        of_system
            .flat_map(|desired| &desired.entitlements)
            .any(|(of, held)| of == kind && held == name)
    };
    let held =
        duty.entitlements.iter().filter(|one| wanted(one)).filter_map(|(system, _, name)| {
            Some(format!("{}:{name}", opened.model.systems.get(system.index())?.name))
        });
    Some((duty.name.clone(), held.collect()))
}

/// Everybody who is gone and has an account that can be used though nothing wants it so, in order of type and id.
pub async fn list_active_leavers(ctx: &Ctx, opened: &Opened) -> Result<Vec<ActiveLeaver>, Error> {
    let mut gone: Vec<(IdentityFacts, Evaluation)> = Vec::new();
    let mut tx = opened.store.read().await?;
    everybody_in(ctx, &mut tx, opened, |type_id, facts, evaluation| {
        let behaviour = opened.model.types.get(type_id.index());
        let terminated = behaviour.and_then(|of| of.terminated);
        if terminated.is_some() && evaluation.state == terminated {
            gone.push((facts, evaluation));
        }
    })
    .await?;
    let places = account_places(opened);
    let mut found = Vec::new();
    for batch in gone.chunks(BATCH) {
        let ids: Vec<EntityId> = batch.iter().map(|(facts, _)| facts.row.id).collect();
        let evaluations: BTreeMap<EntityId, &Evaluation> =
            batch.iter().map(|(facts, evaluation)| (facts.row.id, evaluation)).collect();
        let mut systems: BTreeMap<EntityId, Vec<Text>> = BTreeMap::new();
        for account in tx.accounts_of_many(&ids).await? {
            let Some(entity) = account.entity.filter(|_| account.status == AccountStatus::Linked)
            else {
                continue;
            };
            let (evaluation, place) = (evaluations.get(&entity), places.get(&account.type_no));
            let (Some(evaluation), Some((place, system))) = (evaluation, place) else { continue };
            let wanted = evaluation
                .accounts
                .iter()
                .any(|desired| desired.account == *place && desired.enabled);
            if account.enabled != Some(false) && !wanted {
                systems.entry(entity).or_default().push(system.clone());
            }
        }
        for (facts, evaluation) in batch {
            let Some(mut systems) = systems.remove(&facts.row.id) else { continue };
            systems.sort_unstable();
            systems.dedup();
            let (person, since) =
                (person(opened, &evaluation.row, &facts.key), evaluation.state_since);
            found.push(ActiveLeaver { person, since, systems });
        }
    }
    Ok(found)
}

/// Which account type a stored number stands for.
fn account_places(opened: &Opened) -> BTreeMap<Number, (AccountRef, Text)> {
    let mut places = BTreeMap::new();
    for (system, names) in opened.model.systems.iter().zip(&opened.names.systems) {
        for (account, names) in names.accounts.iter().enumerate() {
            places
                .insert(names.no, (AccountRef { system: system.id, account }, system.name.clone()));
        }
    }
    places
}

/// Everybody who has a role, in order of type and id.
pub async fn list_role_holders(
    ctx: &Ctx,
    opened: &Opened,
    role: &str,
) -> Result<Vec<RoleHolder>, Error> {
    role_named(opened, role)?;
    let position = opened.model.roles.iter().position(|of| &*of.name == role);
    let mut found = Vec::new();
    let mut tx = opened.store.read().await?;
    everybody_in(ctx, &mut tx, opened, |_, facts, evaluation| {
        let held = evaluation.roles.iter().find(|held| Some(held.role) == position);
        found.extend(held.map(|held| RoleHolder {
            person: person(opened, &evaluation.row, &facts.key),
            assigned: matches!(held.via, Via::Assigned(_)),
        }));
    })
    .await?;
    Ok(found)
}
