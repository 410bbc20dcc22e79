//! One person, or another identity: as it is, and as it was.

use std::collections::BTreeSet;

use jiff::Timestamp;
use muster_model::{EntityId, Text, Value};

use crate::{
    Ctx, Error, Opened, Person, decode_facts, load_world_near,
    people::{person, resolve_person},
    simulate::evaluate_these,
    subject_of,
};

/// What was known of an entity for a time.
#[derive(Debug, Clone)]
pub struct VersionView {
    /// Its number.
    pub version: i64,
    /// When it became true.
    pub effective_at: Timestamp,
    /// When it was written down.
    pub recorded_at: Timestamp,
    /// When the next version was written down; `None` for the present one.
    pub replaced_at: Option<Timestamp>,
    /// The key.
    pub key: Text,
    /// Stored attributes that had a value.
    pub values: Vec<(Text, Value)>,
}

/// A person with all attributes, computed ones too, and the version that changes name.
pub async fn see_person(ctx: &Ctx, opened: &Opened, text: &str) -> Result<(Person, i64), Error> {
    let mut tx = opened.store.read().await?;
    let facts = resolve_person(ctx, opened, &mut tx, text).await?;
    let world = load_world_near(&mut tx, opened, &[facts.row.id], ctx.now()).await?;
    let evaluation = opened.evaluator.evaluate(&facts.identity(), &world, ctx.now());
    Ok((person(opened, &evaluation.row, &facts.key), facts.version))
}

/// A person by name: the entity, and how the journal names them.
pub async fn name_person(
    ctx: &Ctx,
    opened: &Opened,
    text: &str,
) -> Result<(EntityId, Text), Error> {
    let mut tx = opened.store.read().await?;
    let facts = resolve_person(ctx, opened, &mut tx, text).await?;
    Ok((facts.row.id, subject_of(&opened.model, &facts.row, &facts.key)))
}

/// Every version of a person, the newest first.
pub async fn entity_history(
    ctx: &Ctx,
    opened: &Opened,
    text: &str,
) -> Result<Vec<VersionView>, Error> {
    let mut tx = opened.store.read().await?;
    let facts = resolve_person(ctx, opened, &mut tx, text).await?;
    let type_id = facts.row.type_id;
    let mut views = Vec::new();
    for version in tx.entity_versions(facts.row.id).await? {
        let entity = version.entity;
        let row = decode_facts(&opened.model, &opened.names, entity.id, type_id, &entity.facts)?;
        let Person { key, values, .. } = person(opened, &row, &entity.key);
        views.push(VersionView {
            version: entity.version,
            effective_at: entity.effective_at,
            recorded_at: entity.recorded_at,
            replaced_at: version.replaced_at,
            key,
            values,
        });
    }
    Ok(views)
}

/// Whom and what the links of these values lead to, as far as the caller reaches them.
pub async fn see_linked(
    ctx: &Ctx,
    opened: &Opened,
    values: &[(Text, Value)],
) -> Result<Vec<Person>, Error> {
    let items = values.iter().flat_map(|(_, value)| value.items());
    let ids = items.filter_map(Value::as_link);
    let ids: Vec<EntityId> = ids.collect::<BTreeSet<_>>().into_iter().collect();
    let mut tx = opened.store.read().await?;
    let seen = evaluate_these(&mut tx, opened, &ids, ctx.now()).await?;
    let ids = seen.iter().map(|(facts, _)| facts.row.id).collect();
    let covered = ctx.reach.those_covered(ctx, opened, &mut tx, ids).await?;
    let seen = seen.iter().filter(|(facts, _)| covered.contains(&facts.row.id));
    Ok(seen.map(|(facts, of)| person(opened, &of.row, &facts.key)).collect())
}
