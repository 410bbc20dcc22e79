//! What the systems really hold of identities, as the comparison sees it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_model::{AccountId, EntityId};
use muster_plan::{Drift, Observed};
use muster_store::{Account, AccountStatus, ReadTx};

use crate::{EntitlementIndex, Error, Opened, compared_drift, observed_account};

/// The linked accounts of identities. Without an `index` of all entitlements those that are held are loaded.
pub async fn observed_accounts(
    opened: &Opened,
    tx: &mut ReadTx,
    index: Option<&EntitlementIndex>,
    ids: &[EntityId],
) -> Result<BTreeMap<EntityId, Vec<Observed>>, Error> {
    let mut observed: BTreeMap<EntityId, Vec<Observed>> = BTreeMap::new();
    let accounts = tx.accounts_of_many(ids).await?;
    let held;
    let index = if let Some(all) = index {
        all
    } else {
        held = EntitlementIndex::load_held(tx, opened, accounts.iter()).await?;
        &held
    };
    let uses = uses_of(opened, tx, &accounts).await?;
    for account in accounts {
        if account.status != AccountStatus::Linked {
            continue;
        }
        if let (Some(entity), Ok(mut seen)) =
            (account.entity, observed_account(opened, index, &account))
        {
            seen.last_used = uses.get(&account.id).copied().or(Some(account.created_at));
            observed.entry(entity).or_default().push(seen);
        }
    }
    Ok(observed)
}

/// When accounts were last used, where the model asks.
async fn uses_of(
    opened: &Opened,
    tx: &mut ReadTx,
    accounts: &[Account],
) -> Result<BTreeMap<AccountId, Timestamp>, Error> {
    let systems = opened.model.systems.iter().zip(&opened.names.systems);
    let types = systems.flat_map(|(system, names)| system.accounts.iter().zip(&names.accounts));
    let asked: Vec<i64> =
        types.filter(|(of, _)| of.idle.is_some()).map(|(_, names)| names.no).collect();
    let asked = accounts.iter().filter(|account| asked.contains(&account.type_no));
    let ids: Vec<AccountId> = asked.map(|account| account.id).collect();
    Ok(tx.account_uses_of(&ids).await?.into_iter().collect())
}

/// Open drift of identities.
pub async fn drift_of(
    opened: &Opened,
    tx: &mut ReadTx,
    ids: &[EntityId],
) -> Result<BTreeMap<EntityId, Vec<Drift>>, Error> {
    let mut map: BTreeMap<EntityId, Vec<Drift>> = BTreeMap::new();
    for stored in tx.drift_of_many(ids).await? {
        if let (Some(entity), Some(drift)) = (stored.entity, compared_drift(opened, &stored)) {
            map.entry(entity).or_default().push(drift);
        }
    }
    Ok(map)
}
