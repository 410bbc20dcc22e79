//! Somebody as they are now: what they hold, and what taking something of it would do.

use jiff::Timestamp;
use muster_app::{Error, IdentityFacts, subject_of};
use muster_governance::People;
use muster_model::{AccountId, AssignmentId, EntityId};
use muster_plan::{Kind, Observed, Operation, compare};
use muster_policy::{Evaluation, MemoryWorld, Withheld, Withhold};
use muster_store::{ItemKind, ReadTx};

use crate::held::{Accounts, Ground, Held, Right};

/// Somebody with what they hold.
pub(crate) struct Person {
    pub(crate) facts: IdentityFacts,
    pub(crate) evaluation: Evaluation,
    pub(crate) accounts: Accounts,
    pub(crate) held: Vec<Held>,
}

/// What a revocation comes to.
#[derive(Debug, Default)]
pub(crate) struct Revocation {
    /// What has to be withheld, because a rule or another role gives it.
    pub(crate) withhold: Vec<Withhold>,
    /// What the next plan does because of it.
    pub(crate) operations: Vec<Operation>,
    /// Accounts that have to lose entitlements: account, kind and name.
    pub(crate) expects: Vec<(AccountId, usize, String)>,
}

/// Those of these people who are there, each with what they hold.
pub(crate) async fn load(
    ground: &Ground<'_>,
    tx: &mut ReadTx,
    ids: &[EntityId],
    now: Timestamp,
) -> Result<(Vec<Person>, MemoryWorld), Error> {
    let people = People::load(ground.opened, tx, ids.iter().copied().collect(), now).await?;
    let mut all = Vec::new();
    for somebody in people.iter() {
        let (facts, evaluation) = (somebody.facts.clone(), somebody.evaluation.clone());
        let mut accounts = Accounts::default();
        for account in tx.accounts_of(facts.row.id).await? {
            ground.add(&mut accounts, account)?;
        }
        let own: Vec<AccountId> = accounts.observed.iter().map(|(account, _)| account.id).collect();
        accounts.uses = tx.account_uses_of(&own).await?.into_iter().collect();
        let held = ground.held(&facts, &evaluation, &accounts, now);
        all.push(Person { facts, evaluation, accounts, held });
    }
    Ok((all, people.world))
}

impl Person {
    /// What an item is about, when it is still there.
    pub(crate) fn find(&self, thing: &str, account: Option<AccountId>) -> Option<&Held> {
        self.held.iter().find(|held| *held.thing == *thing && held.account == account)
    }

    /// What would follow from taking `held`.
    pub(crate) fn without(
        &self,
        ground: &Ground<'_>,
        world: &MemoryWorld,
        held: &Held,
        now: Timestamp,
    ) -> Revocation {
        let mut facts = self.facts.clone();
        facts.assignments.retain(|one| !held.assignments.contains(&one.id.0));
        let withhold = self.to_withhold(ground, world, (&facts, held), now);
        facts.withheld.extend(withhold.iter().map(|what| Withheld {
            id: AssignmentId(0),
            what: what.clone(),
            from: None,
            until: None,
            reason: "".into(),
            by: "".into(),
        }));
        let evaluator = &ground.opened.evaluator;
        let after = evaluator.evaluate(&facts.identity(), world, now);
        let observed: Vec<Observed> =
            self.accounts.observed.iter().map(|(_, observed)| observed.clone()).collect();
        let subject = subject_of(&ground.opened.model, &facts.row, &facts.key);
        let plan =
            |evaluation| compare(evaluator, evaluation, &observed, &subject, world, now).operations;
        let before = plan(&self.evaluation);
        let mut revocation = Revocation { withhold, ..Revocation::default() };
        for operation in plan(&after) {
            let is_new =
                !before.iter().any(|of| of.target == operation.target && of.kind == operation.kind);
            if is_new || takes(ground, &operation, held) {
                revocation.expects.extend(expected(ground, &operation));
                revocation.operations.push(operation);
            }
        }
        revocation
    }

    /// What a rule or another role would still give.
    fn to_withhold(
        &self,
        ground: &Ground<'_>,
        world: &MemoryWorld,
        (facts, held): (&IdentityFacts, &Held),
        now: Timestamp,
    ) -> Vec<Withhold> {
        let model = &ground.opened.model;
        match held.kind {
            ItemKind::Assigned | ItemKind::Rule => {
                let role = model.roles.iter().position(|of| of.name == held.thing);
                let evaluated = ground.opened.evaluator.evaluate(&facts.identity(), world, now);
                let still = role.filter(|role| evaluated.roles.iter().any(|of| of.role == *role));
                still.map(Withhold::Role).into_iter().collect()
            }
            ItemKind::Extra | ItemKind::Nested => {
                let is_wanted = |(system, kind, name): &&Right| {
                    let of =
                        self.evaluation.accounts.iter().filter(|of| of.account.system == *system);
                    of.flat_map(|of| &of.entitlements).any(|(k, n)| k == kind && n == name)
                };
                let wanted = held.rights.iter().filter(is_wanted);
                let what = wanted.map(|(system, kind, name)| Withhold::Entitlement {
                    system: *system,
                    kind: *kind,
                    name: name.clone(),
                });
                what.collect()
            }
            ItemKind::Orphan => Vec::new(),
        }
    }
}

/// Whether an operation takes one of the entitlements that an item is about.
fn takes(ground: &Ground<'_>, operation: &Operation, held: &Held) -> bool {
    let Kind::Revoke { entitlement, name } = &operation.kind else { return false };
    operation.target.account == held.account
        && held.rights.iter().any(|(system, kind, of)| {
            let system = ground.opened.model.systems.get(system.index());
            let kind = system.and_then(|system| system.entitlements.get(*kind));
            of == name && kind.is_some_and(|kind| kind.name == *entitlement)
        })
}

/// What has to be gone from an account once an operation was done.
fn expected(ground: &Ground<'_>, operation: &Operation) -> Option<(AccountId, usize, String)> {
    let Kind::Revoke { entitlement, name } = &operation.kind else { return None };
    let systems = &ground.opened.model.systems;
    let system = systems.iter().find(|system| system.name == operation.target.system)?;
    let kind = system.entitlements.iter().position(|kind| kind.name == *entitlement)?;
    Some((operation.target.account?, kind, name.to_string()))
}
