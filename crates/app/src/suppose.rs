//! What the plan of one identity would say if some of its facts were others.

use jiff::Timestamp;
use muster_lang::World;
use muster_model::Text;
use muster_plan::{Observed, Operation, compare, describe, sort_out_drift};
use muster_policy::Mode;
use muster_store::ReadTx;

use crate::{Error, IdentityFacts, Opened, drift_of, observed_accounts, subject_of};

/// An operation that other facts would bring into the plan of an identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SupposedChange {
    /// The system.
    pub system: Text,
    /// The account's name on it.
    pub account: Text,
    /// What would be done, in words.
    pub what: String,
    /// The conflict that would hold it back.
    pub blocked: Option<Text>,
}

/// The operations that stand in the plan of an identity with the facts `supposed` and not with its present ones, in the
/// order of the plan. Systems that are only observed are left out: nothing is done there.
pub async fn suppose(
    opened: &Opened,
    tx: &mut ReadTx,
    world: &dyn World,
    (present, supposed): (&IdentityFacts, &IdentityFacts),
    now: Timestamp,
) -> Result<Vec<SupposedChange>, Error> {
    let id = present.row.id;
    let observed = observed_accounts(opened, tx, None, &[id]).await?.remove(&id);
    let observed = observed.unwrap_or_default();
    let before = operations(opened, world, present, &observed, now);
    let after = operations(opened, world, supposed, &observed, now);
    let new = after.into_iter().filter(|operation| !before.contains(operation));
    Ok(new.filter(|operation| is_planned(opened, operation)).map(change).collect())
}

/// As [`suppose`], for an identity that would be new: nothing of it is on any system.
pub fn suppose_new(
    opened: &Opened,
    world: &dyn World,
    supposed: &IdentityFacts,
    now: Timestamp,
) -> Vec<SupposedChange> {
    let operations = operations(opened, world, supposed, &[], now).into_iter();
    operations.filter(|operation| is_planned(opened, operation)).map(change).collect()
}

/// What stands in the plan of one identity, in the order of the plan.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Planned(Vec<Operation>);

impl Planned {
    /// What stands here and not in another plan.
    pub fn beside(self, other: &Self) -> Vec<SupposedChange> {
        let new = self.0.into_iter().filter(|operation| !other.0.contains(operation));
        new.map(change).collect()
    }
}

/// What stands in the plan of one identity as its accounts, drift and decisions are within `tx`.
pub async fn planned(
    opened: &Opened,
    tx: &mut ReadTx,
    (facts, world): (&IdentityFacts, &dyn World),
    now: Timestamp,
) -> Result<Planned, Error> {
    let id = facts.row.id;
    let observed = observed_accounts(opened, tx, None, &[id]).await?.remove(&id);
    let drift = drift_of(opened, tx, &[id]).await?.remove(&id).unwrap_or_default();
    let evaluation = opened.evaluator.evaluate(&facts.identity(), world, now);
    let subject = subject_of(&opened.model, &facts.row, &facts.key);
    let observed = observed.unwrap_or_default();
    let mut compared = compare(&opened.evaluator, &evaluation, &observed, &subject, world, now);
    sort_out_drift(&opened.evaluator, &evaluation, &drift, now, &mut compared);
    let mut operations = compared.operations;
    operations.retain(|operation| is_planned(opened, operation));
    operations.sort_by_key(|operation| operation.kind.phase());
    Ok(Planned(operations))
}

/// Whether something is done on the system, and not only observed.
fn is_planned(opened: &Opened, operation: &Operation) -> bool {
    let mut systems = opened.model.systems.iter();
    let system = systems.find(|system| system.name == operation.target.system);
    system.is_some_and(|system| system.mode != Mode::Observe)
}

fn operations(
    opened: &Opened,
    world: &dyn World,
    facts: &IdentityFacts,
    observed: &[Observed],
    now: Timestamp,
) -> Vec<Operation> {
    let evaluation = opened.evaluator.evaluate(&facts.identity(), world, now);
    let subject = subject_of(&opened.model, &facts.row, &facts.key);
    let mut operations =
        compare(&opened.evaluator, &evaluation, observed, &subject, world, now).operations;
    operations.sort_by_key(|operation| operation.kind.phase());
    operations
}

fn change(operation: Operation) -> SupposedChange {
    SupposedChange {
        what: describe(&operation.kind),
        system: operation.target.system,
        account: operation.target.name,
        blocked: operation.blocked,
    }
}
