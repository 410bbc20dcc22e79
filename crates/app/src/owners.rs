//! Identities that somebody answers for, and of those the ones that nobody does any more.

use std::collections::{BTreeMap, BTreeSet};

use muster_model::{EntityId, Row, Slot, Text, TypeId, Value};
use muster_policy::{MemoryWorld, Want};
use muster_store::{AccountStatus, Entity, ReadTx};

use crate::{
    Ctx, Error, Opened, Page, decode_facts,
    facts::{load_identities, type_of_number},
    load_world, subject_of,
};

const BATCH: usize = 1000;

/// An identity that nobody answers for any more.
#[derive(Debug, Clone)]
pub struct Ownerless {
    /// Its id.
    pub id: EntityId,
    /// Its type.
    pub type_name: Text,
    /// Its name.
    pub subject: Text,
    /// Who answered for it.
    pub owner: Option<Text>,
    /// Why nobody does any more.
    pub why: String,
    /// Its accounts: `directory svc-backup`.
    pub accounts: Vec<String>,
}

/// Identities whose owner is not there or has left, in order of id.
///
/// An owner has left who may hold accounts and can use none of them. What they own stays as it is.
pub async fn list_ownerless(
    ctx: &Ctx,
    opened: &Opened,
    after: Option<i64>,
    limit: usize,
) -> Result<Page<Ownerless>, Error> {
    let mut tx = opened.store.read().await?;
    let world = load_world(&mut tx, opened, ctx.now(), None).await?;
    let mut page = Page { items: Vec::new(), next: None };
    for (entity_type, behaviour) in opened.model.schema.types.iter().zip(&opened.model.types) {
        // Who is kept by hand has a sponsor; who comes from a source may have none.
        let sponsor = behaviour.local.map(|local| local.sponsor);
        let Some(owner_slot) = behaviour.owner.or(sponsor) else { continue };
        let is_sponsor = behaviour.owner.is_none();
        let Some(names) = opened.names.type_names(entity_type.id) else { continue };
        let mut after = after.map(EntityId);
        loop {
            let entities = tx.scan_entities(names.no, after, BATCH).await?;
            let Some(last) = entities.last() else { break };
            after = Some(last.id);
            let owned = owned(opened, entity_type.id, owner_slot, &entities)?;
            let found = ownerless(ctx, opened, &mut tx, &world, owned).await?;
            for (row, key, owner, why) in found {
                if is_sponsor && row.get(owner_slot).is_null() {
                    continue;
                }
                if page.items.len() == limit {
                    page.next = page.items.last().map(|last: &Ownerless| last.id.0);
                    return Ok(page);
                }
                page.items.push(Ownerless {
                    id: row.id,
                    type_name: entity_type.name.clone(),
                    subject: subject_of(&opened.model, &row, &key),
                    owner,
                    why,
                    accounts: accounts(opened, &mut tx, row.id).await?,
                });
            }
        }
    }
    Ok(page)
}

type Owned = (Row, Text, Option<EntityId>);

fn owned(
    opened: &Opened,
    type_id: TypeId,
    owner: Slot,
    entities: &[Entity],
) -> Result<Vec<Owned>, Error> {
    let one = |entity: &Entity| {
        let (model, names) = (&opened.model, &opened.names);
        let row = decode_facts(model, names, entity.id, type_id, &entity.facts)?;
        let owner = row.get(owner).items().iter().find_map(Value::as_link);
        Ok((row, entity.key.clone(), owner))
    };
    entities.iter().map(one).collect()
}

async fn ownerless(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    world: &MemoryWorld,
    owned: Vec<Owned>,
) -> Result<Vec<(Row, Text, Option<Text>, String)>, Error> {
    let owners: BTreeSet<EntityId> = owned.iter().filter_map(|(.., owner)| *owner).collect();
    let owners: Vec<EntityId> = owners.into_iter().collect();
    let state = standing(ctx, opened, tx, world, &owners).await?;
    let found = owned.into_iter().filter_map(|(row, key, owner)| match owner {
        None => Some((row, key, None, "it has no owner".to_owned())),
        Some(owner) => match state.get(&owner) {
            None => Some((row, key, None, "the owner is not there any more".to_owned())),
            Some((_, None)) => None,
            Some((owner, Some(why))) => Some((row, key, Some(owner.clone()), why.clone())),
        },
    });
    Ok(found.collect())
}

/// Of each of them that is there, its name and why it cannot answer for anything, if so.
async fn standing(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    world: &MemoryWorld,
    owners: &[EntityId],
) -> Result<BTreeMap<EntityId, (Text, Option<String>)>, Error> {
    let mut by_type: BTreeMap<TypeId, Vec<EntityId>> = BTreeMap::new();
    for entity in tx.entities(owners).await? {
        if let Some(type_id) = type_of_number(&opened.names, entity.type_no) {
            by_type.entry(type_id).or_default().push(entity.id);
        }
    }
    let mut state: BTreeMap<EntityId, (Text, Option<String>)> = BTreeMap::new();
    for (type_id, ids) in by_type {
        for facts in load_identities(tx, opened, type_id, &ids, ctx.now()).await? {
            let evaluation = opened.evaluator.evaluate(&facts.identity(), world, ctx.now());
            let can_use = evaluation
                .accounts
                .iter()
                .any(|account| account.want == Want::Present && account.enabled);
            let left = !can_use && !evaluation.accounts.is_empty();
            let lifecycle = evaluation
                .state
                .and_then(|state| opened.evaluator.state_name(type_id, state))
                .unwrap_or_else(|| "without accounts".into());
            let why = left.then(|| format!("the owner is `{lifecycle}`"));
            let subject = subject_of(&opened.model, &facts.row, &facts.key);
            state.insert(facts.row.id, (subject, why));
        }
    }
    Ok(state)
}

/// Why an identity cannot answer for anything: it may hold accounts and can use none of them.
pub async fn why_left(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    id: EntityId,
) -> Result<Option<String>, Error> {
    let world = load_world(tx, opened, ctx.now(), None).await?;
    let mut state = standing(ctx, opened, tx, &world, &[id]).await?;
    Ok(state.remove(&id).and_then(|(_, why)| why))
}

async fn accounts(opened: &Opened, tx: &mut ReadTx, id: EntityId) -> Result<Vec<String>, Error> {
    let own = tx.accounts_of(id).await?;
    let linked = own.iter().filter(|account| account.status == AccountStatus::Linked);
    let name = |account: &muster_store::Account| {
        let system = opened.names.systems.iter().position(|names| names.no == account.system_no);
        let system = system.and_then(|system| opened.model.systems.get(system));
        format!("{} {}", system.map_or("?", |system| &*system.name), account.name)
    };
    Ok(linked.map(name).collect())
}
