//! All entitlements in memory, and stored accounts as the comparison sees them.

use muster_model::{EntityId, Row, Text, TypeId, Value, decode_row};
use muster_plan::Observed;
use muster_policy::AccountRef;
use muster_store::{Account, Entitlement, EntitlementId, ReadTx};
use rustc_hash::FxHashMap;

use crate::{Error, Opened};

const BATCH: usize = 4096;

/// Every entitlement by id and by name.
#[derive(Debug, Default)]
pub struct EntitlementIndex {
    by_id: FxHashMap<EntitlementId, (usize, Text)>,
    by_name: FxHashMap<(usize, usize, Text), Entitlement>,
}

impl EntitlementIndex {
    /// Loads all entitlements of the model's systems.
    pub async fn load(tx: &mut ReadTx, opened: &Opened) -> Result<Self, Error> {
        Self::load_some(tx, opened, |_| true).await
    }

    /// Loads all entitlements of the system at this position.
    pub async fn load_of(tx: &mut ReadTx, opened: &Opened, system: usize) -> Result<Self, Error> {
        Self::load_some(tx, opened, |position| position == system).await
    }

    /// Loads those that some accounts hold, which is all that it takes to look at these accounts.
    pub async fn load_held<'a>(
        tx: &mut ReadTx,
        opened: &Opened,
        accounts: impl Iterator<Item = &'a Account>,
    ) -> Result<Self, Error> {
        let mut held: Vec<EntitlementId> =
            accounts.flat_map(|account| account.grants.iter().copied()).collect();
        held.sort_unstable();
        held.dedup();
        let mut index = Self::default();
        for entitlement in tx.entitlements(&held).await? {
            let place = opened.names.systems.iter().enumerate().find_map(|(system, names)| {
                let kind = names.kinds.iter().position(|kind| *kind == entitlement.kind_no)?;
                Some((system, kind))
            });
            if let Some((system, kind)) = place {
                index.insert(system, kind, entitlement);
            }
        }
        Ok(index)
    }

    async fn load_some(
        tx: &mut ReadTx,
        opened: &Opened,
        is_wanted: impl Fn(usize) -> bool,
    ) -> Result<Self, Error> {
        let mut index = Self::default();
        let systems = opened.names.systems.iter().enumerate();
        for (system, names) in systems.filter(|(system, _)| is_wanted(*system)) {
            for (kind, kind_no) in names.kinds.iter().enumerate() {
                let mut after = None;
                loop {
                    let entitlements = tx.scan_entitlements(*kind_no, after, BATCH).await?;
                    let Some(last) = entitlements.last() else { break };
                    after = Some(last.id);
                    for entitlement in entitlements {
                        index.insert(system, kind, entitlement);
                    }
                }
            }
        }
        Ok(index)
    }

    /// Adds or replaces one.
    pub fn insert(&mut self, system: usize, kind: usize, entitlement: Entitlement) {
        self.by_id.insert(entitlement.id, (kind, entitlement.name.clone()));
        self.by_name.insert((system, kind, entitlement.name.clone()), entitlement);
    }

    /// The kind's position and the name.
    pub fn name(&self, id: EntitlementId) -> Option<&(usize, Text)> {
        self.by_id.get(&id)
    }

    /// The entitlement with this name.
    pub fn get(&self, system: usize, kind: usize, name: &Text) -> Option<&Entitlement> {
        self.by_name.get(&(system, kind, name.clone()))
    }

    /// All of one kind.
    pub fn of_kind(&self, system: usize, kind: usize) -> Vec<&Entitlement> {
        let mut all: Vec<&Entitlement> = self
            .by_name
            .iter()
            .filter(|((s, k, _), _)| *s == system && *k == kind)
            .map(|(_, e)| e)
            .collect();
        all.sort_by_key(|entitlement| entitlement.id);
        all
    }
}

/// A stored account as the comparison sees it.
pub fn observed_account(
    opened: &Opened,
    index: &EntitlementIndex,
    account: &Account,
) -> Result<Observed, Error> {
    let place = opened.names.systems.iter().enumerate().find_map(|(system, names)| {
        let position = names.accounts.iter().position(|names| names.no == account.type_no)?;
        Some((system, position))
    });
    let Some((system, position)) = place else {
        return Err(Error::bug(format!(
            "account {} has a type that the model does not know",
            account.id
        )));
    };
    let layout = opened
        .names
        .systems
        .get(system)
        .and_then(|names| names.accounts.get(position))
        .map(|names| &names.layout);
    let layout = layout.ok_or_else(|| Error::bug("an account type has no layout"))?;
    let mut row = Row::empty(EntityId(0), TypeId(0), layout.fields.len());
    decode_row(&account.content, &layout.numbers, &mut row).map_err(|error| {
        Error::bug(format!("the values of account {} cannot be read", account.id)).caused_by(error)
    })?;
    let mut values: Vec<Value> = row.values;
    values.truncate(layout.n_set);
    let mut entitlements: Vec<(usize, Text)> =
        account.grants.iter().filter_map(|id| index.name(*id).cloned()).collect();
    entitlements.sort_unstable();
    Ok(Observed {
        id: account.id,
        account: AccountRef {
            system: muster_model::SystemId(u16::try_from(system).unwrap_or(u16::MAX)),
            account: position,
        },
        native_id: account.native_id.clone(),
        name: account.name.clone(),
        enabled: account.enabled,
        values,
        entitlements,
        disabled_since: account.disabled_since,
        last_used: None,
    })
}
