//! Changing the members of a group: one change for each member who joins or leaves, whatever the group holds.

use std::collections::BTreeSet;

use muster_app::decode_facts;
use muster_engine::{LocalChange, LocalVerb};
use muster_model::{EntityId, Value};
use muster_store::ReadTx;

use crate::{
    error::Failure,
    load::{Known, ends_of},
    mapping::{Held, Members, Resource},
    members::{Shown, links, members},
    patch::MembersChange,
    quirks::{self, Quirk},
    view::View,
};

/// Who joins and who leaves.
#[derive(Debug, Default)]
pub(crate) struct Turnover {
    pub(crate) join: BTreeSet<EntityId>,
    pub(crate) leave: BTreeSet<EntityId>,
}

/// Who joins and who leaves a group; `None` for a group that is not there yet.
pub(crate) async fn turnover(
    view: &View,
    tx: &mut ReadTx,
    resource: &Resource,
    group: Option<&Known>,
    change: &MembersChange,
) -> Result<Turnover, Failure> {
    let mut turnover = Turnover::default();
    let id = |text: &String| {
        let number = text.parse().ok().filter(|number: &i64| number.to_string() == *text);
        number.map(EntityId)
    };
    turnover.join.extend(change.add.iter().filter_map(id));
    // Whoever is not there cannot be a member either.
    turnover.leave.extend(change.remove.iter().filter_map(id));
    if let Some(group) = group
        && (change.clear || !change.matching.is_empty())
    {
        let everybody = (usize::MAX, Shown::Names);
        let all = members(view, tx, resource, group, everybody).await?.unwrap_or_default();
        for member in &all {
            let Some(Some(id)) =
                member.get("value").and_then(|v| v.as_str()).map(|v| id(&v.to_owned()))
            else {
                continue;
            };
            let matches = |filter: &muster_scim::Filter| filter.matches(member, &|_| false);
            if (change.clear || change.matching.iter().any(matches)) && !turnover.join.contains(&id)
            {
                turnover.leave.insert(id);
            }
            if change.clear && turnover.join.contains(&id) {
                turnover.join.remove(&id);
            }
        }
    }
    pass_over_unknown(view, tx, resource, (&mut turnover, change)).await?;
    Ok(turnover)
}

/// Passes over members who are nobody: ids are ours to give, so nobody will ever be. Refuses what cannot be a member.
async fn pass_over_unknown(
    view: &View,
    tx: &mut ReadTx,
    resource: &Resource,
    (turnover, change): (&mut Turnover, &MembersChange),
) -> Result<(), Failure> {
    if change.add.is_empty() {
        return Ok(());
    }
    let join: Vec<EntityId> = turnover.join.iter().copied().collect();
    let ends = ends_of(view, tx, &join).await?;
    turnover.join.retain(|id| ends.contains_key(id));
    if change.add.len() > ends.len() {
        quirks::note(Quirk::UnknownMember);
    }
    for (id, end) in ends {
        if !resource.members.iter().any(|members| members.of == end.type_id) {
            return Err(Failure::invalid_value(format!("`{id}` cannot be a member")));
        }
    }
    Ok(())
}

/// The changes of the members that link to their groups.
pub(crate) async fn by_member(
    view: &View,
    tx: &mut ReadTx,
    resource: &Resource,
    group: EntityId,
    turnover: &Turnover,
) -> Result<Vec<LocalChange>, Failure> {
    let mut changes = Vec::new();
    for held in resource.members.iter().filter(|members| members.held == Held::ByMember) {
        let Some(names) = view.opened.names.type_names(held.of) else { continue };
        let Some(of) = view.opened.model.schema.get(held.of) else { continue };
        let both: Vec<EntityId> = turnover.join.union(&turnover.leave).copied().collect();
        for entity in tx.entities(&both).await? {
            if entity.type_no != names.no {
                continue;
            }
            let (model, numbers) = (&view.opened.model, &view.opened.names);
            let row = decode_facts(model, numbers, entity.id, held.of, &entity.facts)?;
            let now = row.get(held.slot);
            let joins = turnover.join.contains(&entity.id);
            let is_in = now.items().contains(&Value::Link(group));
            if joins == is_in {
                continue;
            }
            changes.push(LocalChange {
                verb: LocalVerb::Change,
                type_name: of.name.clone(),
                entity: Some(entity.id),
                set: vec![(held.name.clone(), groups_of(held, now, group, joins))],
                if_version: Some(entity.version),
                by: view.ctx.clone(),
            });
        }
    }
    Ok(changes)
}

fn groups_of(held: &Members, now: &Value, group: EntityId, joins: bool) -> Option<Value> {
    if !held.many {
        return joins.then_some(Value::Link(group));
    }
    let mut groups: Vec<Value> =
        now.items().iter().filter(|item| **item != Value::Link(group)).cloned().collect();
    if joins {
        groups.push(Value::Link(group));
    }
    let groups = Value::set(groups);
    (!groups.is_null()).then_some(groups)
}

/// What a group that links to its members has to be set to.
pub(crate) fn by_group(
    resource: &Resource,
    group: Option<&Known>,
    turnover: &Turnover,
) -> Vec<(muster_model::Text, Option<Value>)> {
    let held = resource.members.iter().filter(|members| members.held == Held::ByGroup);
    held.map(|held| {
        let mut ids: BTreeSet<EntityId> =
            group.map(|group| links(group, held.slot)).unwrap_or_default().into_iter().collect();
        ids.extend(&turnover.join);
        ids.retain(|id| !turnover.leave.contains(id));
        let value = Value::set(ids.into_iter().map(Value::Link).collect());
        (held.name.clone(), (!value.is_null()).then_some(value))
    })
    .collect()
}
