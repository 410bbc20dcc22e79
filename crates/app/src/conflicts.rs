//! Conflicts that more roles would complete, with what is granted and with what systems hold all the same.

use std::collections::BTreeSet;

use jiff::Timestamp;
use muster_lang::World;
use muster_model::{EntityId, Text};
use muster_plan::{Drift, Kind as What, Observed, Operation, compare, sort_out_drift};
use muster_policy::{Conflict, Evaluation, Mode, Reaction};
use muster_store::ReadTx;

use crate::{
    Error, IdentityFacts, Kind, Opened, drift_of,
    duties::{Access, Duties},
    observed_accounts,
};

/// A conflict that more roles would complete.
#[derive(Debug, Clone)]
pub struct Completed<'o> {
    /// Which one.
    pub conflict: &'o Conflict,
    /// What happens, with who asks taken into account.
    pub on: Reaction,
    /// The accesses, as `system:entitlement`, without which it would not be complete and that nothing grants.
    pub outside: Vec<String>,
}

/// What systems hold of somebody, as far as conflicts are concerned.
#[derive(Debug, Default)]
pub struct Holdings {
    duties: Duties,
    observed: Vec<Observed>,
    drift: Vec<Drift>,
}

impl Holdings {
    /// Loads what systems hold of somebody.
    ///
    /// # Errors
    ///
    /// Those of the repository.
    pub async fn load(opened: &Opened, tx: &mut ReadTx, id: EntityId) -> Result<Self, Error> {
        if opened.model.conflicts.is_empty() {
            return Ok(Self::default());
        }
        let duties = Duties::load(tx, opened).await?;
        let observed = observed_accounts(opened, tx, None, &[id]).await?.remove(&id);
        let drift = drift_of(opened, tx, &[id]).await?.remove(&id);
        let (observed, drift) = (observed.unwrap_or_default(), drift.unwrap_or_default());
        Ok(Self { duties, observed, drift })
    }

    /// The conflicts that somebody would have if they also had these roles, by position, and do not have without them. Those
    /// that an exception allows them are left out. `asking` are the roles of whoever asks or assigns.
    pub fn completed<'o>(
        &self,
        opened: &'o Opened,
        (facts, world): (&IdentityFacts, &dyn World),
        roles: &[usize],
        asking: &[usize],
        now: Timestamp,
    ) -> Vec<Completed<'o>> {
        let before = opened.evaluator.evaluate(&facts.identity(), world, now);
        let more = facts.with_roles(roles);
        let after = opened.evaluator.evaluate(&more.identity(), world, now);
        let stays = self.stays(opened, &after, world, now);
        let granted = |of: &Evaluation| self.duties.conflicts(opened, of, None);
        let all = |of: &Evaluation| self.duties.conflicts(opened, of, Some(&stays));
        let (was_granted, was) = (granted(&before), all(&before));
        let is_granted = granted(&after);
        let mut completed = Vec::new();
        for at in all(&after) {
            let newly_granted = is_granted.contains(&at) && !was_granted.contains(&at);
            if after.is_excepted(at) || (was.contains(&at) && !newly_granted) {
                continue;
            }
            let Some(conflict) = opened.model.conflicts.get(at) else { continue };
            let duties = self.duties.of_conflict(opened, at, &after, Some(&stays));
            let held = duties.into_iter().flatten().flat_map(|(_, held)| held);
            let outside = held.filter(|held| held.is_outside && !newly_granted);
            let outside = outside.map(|held| held.access).collect();
            completed.push(Completed { conflict, on: conflict.reaction_to(asking), outside });
        }
        completed
    }

    /// What makes up duties and stays on systems when the plan is done, though nothing wants it.
    fn stays(
        &self,
        opened: &Opened,
        evaluation: &Evaluation,
        world: &dyn World,
        now: Timestamp,
    ) -> BTreeSet<Access> {
        let (evaluator, model) = (&opened.evaluator, &opened.model);
        let mut compared = compare(evaluator, evaluation, &self.observed, &"".into(), world, now);
        sort_out_drift(evaluator, evaluation, &self.drift, now, &mut compared);
        let mut stays = BTreeSet::new();
        for account in self.observed.iter().filter(|of| of.enabled != Some(false)) {
            let Some(system) = model.systems.get(account.account.system.index()) else { continue };
            let takes = |operation: &&Operation, kind: usize, name: &Text| {
                system.mode != Mode::Observe
                    && operation.target.account == Some(account.id)
                    && match &operation.kind {
                        What::Revoke { entitlement, name: of } => {
                            let kind = system.entitlements.get(kind);
                            of == name && kind.is_some_and(|kind| kind.name == *entitlement)
                        }
                        What::Disable | What::Delete => true,
                        What::Create { .. }
                        | What::Update { .. }
                        | What::Rename { .. }
                        | What::Enable
                        | What::Grant { .. } => false,
                    }
            };
            for (kind, name) in &account.entitlements {
                let mut operations = compared.operations.iter();
                if !operations.any(|operation| takes(&operation, *kind, name)) {
                    stays.insert((system.id, *kind, name.clone()));
                }
            }
        }
        stays
    }
}

/// The refusal of a role that would complete a conflict.
pub fn would_conflict(role: &Text, found: &Completed<'_>) -> Error {
    let Completed { conflict, on, outside } = found;
    let why = conflict.description.as_ref().map_or_else(String::new, |why| format!(": {why}"));
    let message = format!("role `{role}` would complete the conflict `{}`{why}", conflict.name);
    let error = Error::new(Kind::Denied, message);
    if *on != Reaction::Block {
        return error.hint("it needs approval: muster requests create asks for it");
    }
    if outside.is_empty() {
        return error.hint("take back what it conflicts with first, or have an exception made: muster conflicts except");
    }
    error.hint(format!(
        "nothing grants `{}`, and a system holds it: have it taken there first (muster drift list), or have an exception made: \
         muster conflicts except",
        outside.join("`, `")
    ))
}
