//! Operations on accounts that belong to nobody: they are deleted where somebody decided so, through a plan like all others.
//!
//! An operation is for an identity. One on an orphan is for a stand-in whose number is the account's, below zero.

use muster_app::{EntitlementIndex, Error, Opened, observed_account};
use muster_model::{AccountId, EntityId};
use muster_plan::{Kind, Operation, OperationReason, Target};
use muster_policy::Mode;
use muster_store::{AccountStatus, OrphanVerb, ReadTx};

const BATCH: usize = 2000;

/// The identity that stands for the owner of an orphan.
pub(crate) fn stand_in(account: AccountId) -> EntityId {
    EntityId(-account.0)
}

/// The orphan for which an identity stands in.
pub(crate) fn account_of(identity: EntityId) -> Option<AccountId> {
    (identity.0 < 0).then_some(AccountId(-identity.0))
}

/// Adds the deletion of every orphan that somebody decided to delete, and before it the end of what it holds.
///
/// Where a plan is only about some identities, of those orphans whose stand-ins are among them.
pub(crate) async fn add_deletions(
    tx: &mut ReadTx,
    opened: &Opened,
    people: &[EntityId],
    (operations, observed_only): (&mut Vec<Operation>, &mut Vec<Operation>),
) -> Result<(), Error> {
    let mut after = None;
    let mut index = None;
    loop {
        let page = tx.orphan_decisions(after, BATCH).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.account);
        for decision in page.into_iter().filter(|d| d.verb == OrphanVerb::Delete) {
            if !people.is_empty() && !people.contains(&stand_in(decision.account)) {
                continue;
            }
            let Some(account) = tx.account(decision.account).await? else { continue };
            if account.status != AccountStatus::Orphan {
                continue;
            }
            if index.is_none() {
                index = Some(EntitlementIndex::load(tx, opened).await?);
            }
            let Some(index) = &index else { continue };
            let Ok(observed) = observed_account(opened, index, &account) else { continue };
            let Some(system) = opened.model.systems.get(observed.account.system.index()) else {
                continue;
            };
            let Some(account_type) = system.accounts.get(observed.account.account) else {
                continue;
            };
            let mut add = |kind| {
                let operation = Operation {
                    identity: stand_in(account.id),
                    subject: account.name.clone(),
                    target: Target {
                        system: system.name.clone(),
                        account_type: account_type.name.clone(),
                        account: Some(account.id),
                        native_id: account.native_id.clone(),
                        name: account.name.clone(),
                    },
                    kind,
                    reason: OperationReason { text: "it belongs to nobody".into(), at: None },
                    blocked: None,
                };
                match system.mode {
                    Mode::Observe => observed_only.push(operation),
                    Mode::Propose | Mode::Enforce => operations.push(operation),
                }
            };
            for (kind, name) in observed.entitlements {
                if let Some(kind) = system.entitlements.get(kind) {
                    add(Kind::Revoke { entitlement: kind.name.clone(), name });
                }
            }
            add(Kind::Delete);
        }
    }
}
