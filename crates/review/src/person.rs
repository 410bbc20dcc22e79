//! Somebody as they are now: what they hold, and what taking something of it would do.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_app::{Error, IdentityFacts, subject_of};
use muster_governance::{People, Somebody};
use muster_model::{AccountId, AssignmentId, EntityId};
use muster_plan::{Kind, Observed, Operation, compare};
use muster_policy::{Evaluation, MemoryWorld, Withheld, Withhold};
use muster_store::{ItemKind, ReadTx};

use crate::{
    expected::Expected,
    held::{Accounts, Ground, Held, Right},
};

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
    /// What accounts have to lose.
    pub(crate) expects: Vec<Expected>,
}

/// Those of these people who are there, each with what they hold.
pub(crate) async fn load(
    ground: &Ground<'_>,
    tx: &mut ReadTx,
    ids: &[EntityId],
    now: Timestamp,
) -> Result<(Vec<Person>, MemoryWorld), Error> {
    let people = People::load(ground.opened, tx, ids.iter().copied().collect(), now).await?;
    let there: Vec<EntityId> = people.iter().map(Somebody::id).collect();
    let mut accounts = accounts_of(ground, tx, &there).await?;
    let mut all = Vec::new();
    for somebody in people.iter() {
        let (facts, evaluation) = (somebody.facts.clone(), somebody.evaluation.clone());
        let accounts = accounts.remove(&somebody.id()).unwrap_or_default();
        let held = ground.held(&facts, &evaluation, &accounts, now);
        all.push(Person { facts, evaluation, accounts, held });
    }
    Ok((all, people.world))
}

/// The accounts of identities, with when they were last used.
pub(crate) async fn accounts_of(
    ground: &Ground<'_>,
    tx: &mut ReadTx,
    ids: &[EntityId],
) -> Result<BTreeMap<EntityId, Accounts>, Error> {
    let mut all: BTreeMap<EntityId, Accounts> = BTreeMap::new();
    let mut owners: BTreeMap<AccountId, EntityId> = BTreeMap::new();
    for account in tx.accounts_of_many(ids).await? {
        let Some(entity) = account.entity else { continue };
        owners.insert(account.id, entity);
        ground.add(all.entry(entity).or_default(), account)?;
    }
    let ids: Vec<AccountId> = owners.keys().copied().collect();
    for (account, at) in tx.account_uses_of(&ids).await? {
        if let Some(own) = owners.get(&account).and_then(|entity| all.get_mut(entity)) {
            own.uses.insert(account, at);
        }
    }
    Ok(all)
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
                revocation.expects.extend(Expected::of(ground.opened, &operation));
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

/// Whether an operation takes something that an item is about, for whatever reason.
fn takes(ground: &Ground<'_>, operation: &Operation, held: &Held) -> bool {
    let model = &ground.opened.model;
    let system = model.systems.iter().find(|of| of.name == operation.target.system);
    let Some(system) = system else { return false };
    let role = model.roles.iter().position(|of| of.name == held.thing);
    let role = role.filter(|_| matches!(held.kind, ItemKind::Assigned | ItemKind::Rule));
    match &operation.kind {
        Kind::Revoke { entitlement, name } => {
            let kind = system.entitlements.iter().position(|kind| kind.name == *entitlement);
            let Some(right) = kind.map(|kind| (system.id, kind, name.clone())) else {
                return false;
            };
            match role.and_then(|role| ground.grants(role)) {
                Some(grants) => grants.contains(&right),
                None => operation.target.account == held.account && held.rights.contains(&right),
            }
        }
        Kind::Disable | Kind::Delete => role.is_some() && held.systems.contains(&system.id),
        Kind::Create { .. }
        | Kind::Update { .. }
        | Kind::Rename { .. }
        | Kind::Enable
        | Kind::Grant { .. } => false,
    }
}
