//! Puts accounts into the repository as a read of the targets would find them.

use std::collections::{BTreeMap, btree_map::Entry};

use anyhow::{Result, anyhow};
use muster_app::{IdentityFacts, Opened, decode_facts, load_world};
use muster_engine::{NoProgress, SyncOptions, sync};
use muster_model::{AccountId, EntityId, Fingerprint, Row, Text, TypeId, encode_row, name_key};
use muster_plan::{object_name, on_wire};
use muster_policy::{DesiredAccount, Want};
use muster_store::{Account, AccountOrigin, AccountStatus, Entitlement, EntitlementId, Sequence};

use crate::rig::Rig;

const BATCH: usize = 5000;

/// Writes every wanted account with its entitlements; returns how many grants there are.
pub(crate) async fn observe_everything(rig: &Rig, opened: &Opened) -> Result<u64> {
    let entity_type = opened.model.schema.types.iter().find(|entity_type| entity_type.identity);
    let entity_type = entity_type.ok_or_else(|| anyhow!("no identity type"))?;
    let names = opened.names.type_names(entity_type.id).ok_or_else(|| anyhow!("no number"))?;
    // Empty reads, so that the systems count as read; what is there is put in below.
    let targets = opened.model.systems.iter().filter(|system| !system.accounts.is_empty());
    let systems = targets.map(|system| system.name.to_string()).collect();
    sync(&rig.ctx, opened, &SyncOptions { systems, complete: false }, &NoProgress).await?;
    let mut entitlements: BTreeMap<(usize, usize, Text), EntitlementId> = BTreeMap::new();
    let mut grants = 0;
    let mut after = None;
    loop {
        let mut reader = opened.store.read().await?;
        let world = load_world(&mut reader, opened, rig.ctx.now(), None).await?;
        let entities = reader.scan_entities(names.no, after, BATCH).await?;
        drop(reader);
        let Some(last) = entities.last() else { return Ok(grants) };
        after = Some(last.id);
        let mut tx = opened.store.begin().await?;
        let mut accounts = Vec::new();
        for entity in &entities {
            let facts = IdentityFacts {
                row: decode_facts(
                    &opened.model,
                    &opened.names,
                    entity.id,
                    entity_type.id,
                    &entity.facts,
                )?,
                key: entity.key.clone(),
                version: entity.version,
                assignments: Vec::new(),
                withheld: Vec::new(),
                facts: Vec::new(),
                exceptions: Vec::new(),
                absent_since: entity.absent_since,
                known_state: None,
            };
            let evaluation = opened.evaluator.evaluate(&facts.identity(), &world, rig.ctx.now());
            for desired in
                evaluation.accounts.iter().filter(|desired| desired.want == Want::Present)
            {
                for (kind, name) in &desired.entitlements {
                    let key = (desired.account.system.index(), *kind, name.clone());
                    let Entry::Vacant(place) = entitlements.entry(key) else { continue };
                    let id = EntitlementId(tx.take_ids(Sequence::Entitlement, 1).await?);
                    tx.save_entitlements(&[entitlement(opened, id, place.key())?]).await?;
                    place.insert(id);
                }
                grants += desired.entitlements.len() as u64;
                accounts.push(account(rig, opened, entity.id, desired, &entitlements)?);
            }
        }
        let first = tx.take_ids(Sequence::Account, accounts.len()).await?;
        (first..).zip(&mut accounts).for_each(|(id, account)| account.id = AccountId(id));
        tx.insert_accounts(&accounts).await?;
        tx.commit().await?;
    }
}

fn entitlement(
    opened: &Opened,
    id: EntitlementId,
    (system, kind, name): &(usize, usize, Text),
) -> Result<Entitlement> {
    let names = opened.names.systems.get(*system).ok_or_else(|| anyhow!("no system"))?;
    let kind_no = *names.kinds.get(*kind).ok_or_else(|| anyhow!("no kind"))?;
    Ok(Entitlement {
        id,
        system_no: names.no,
        kind_no,
        name: name.clone(),
        native_id: name.clone(),
        native_name: name.clone(),
        present: true,
    })
}

fn account(
    rig: &Rig,
    opened: &Opened,
    entity: EntityId,
    desired: &DesiredAccount,
    entitlements: &BTreeMap<(usize, usize, Text), EntitlementId>,
) -> Result<Account> {
    let position = desired.account.system.index();
    let system = opened.model.systems.get(position).ok_or_else(|| anyhow!("no system"))?;
    let names = opened.names.systems.get(position).ok_or_else(|| anyhow!("no system"))?;
    let account_names =
        names.accounts.get(desired.account.account).ok_or_else(|| anyhow!("no account type"))?;
    let name = object_name(system, &desired.name.clone().unwrap_or_else(|| "".into()));
    let mut row = Row::empty(EntityId(0), TypeId(0), account_names.layout.fields.len());
    for (place, value) in row.values.iter_mut().zip(&desired.values) {
        *place = on_wire(system, value);
    }
    let mut held: Vec<EntitlementId> = desired
        .entitlements
        .iter()
        .filter_map(|(kind, name)| entitlements.get(&(position, *kind, name.clone())).copied())
        .collect();
    held.sort_unstable();
    Ok(Account {
        id: AccountId(0),
        system_no: names.no,
        type_no: account_names.no,
        native_id: name.clone(),
        name_key: name_key(system.names, &name).into(),
        name,
        entity: Some(entity),
        status: AccountStatus::Linked,
        confidence: 100,
        enabled: Some(desired.enabled),
        disabled_since: (!desired.enabled).then(|| rig.ctx.now()),
        content: encode_row(&row, &account_names.layout.numbers, |_| true),
        grants: held,
        fingerprint: Fingerprint(u128::from(entity.0.unsigned_abs())),
        created_at: rig.ctx.now(),
        changed_at: rig.ctx.now(),
        origin: AccountOrigin::Found,
    })
}
