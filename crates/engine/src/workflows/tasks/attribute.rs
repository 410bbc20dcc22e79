//! `set` and `clear`: an attribute that no source owns.

use muster_app::{Error, Kind, decode_facts};
use muster_model::{Row, Value, encode_row};
use muster_policy::TaskArg;
use muster_store::{Entity, Tx};
use serde_json::json;

use super::{At, Outcome};
use crate::dependents::dependents;

pub(super) async fn write(at: &At<'_>, tx: &mut Tx) -> Result<Outcome, Error> {
    let Some(TaskArg::Attribute(slot)) = at.task.args.get("attribute") else {
        return Err(Error::bug("a task has no attribute"));
    };
    let type_id = at.facts.row.type_id;
    let (Some(entity_type), Some(names)) =
        (at.opened.model.schema.get(type_id), at.opened.names.type_names(type_id))
    else {
        return Err(Error::bug("a type has no number"));
    };
    let value = if &*at.task.kind == "set" { at.value("value") } else { Value::Null };
    let Some(entity) = tx.entity(at.facts.row.id).await? else {
        return Ok(Outcome::Skipped("the identity is gone".to_owned()));
    };
    let before =
        decode_facts(&at.opened.model, &at.opened.names, entity.id, type_id, &entity.facts)?;
    if *before.get(*slot) == value {
        return Ok(Outcome::Skipped("it has the value already".to_owned()));
    }
    let mut row: Row = before.clone();
    row.set(*slot, value);
    let kept = |slot| entity_type.attribute(slot).is_some_and(|a| a.kind.is_kept());
    let changed = Entity {
        facts: encode_row(&row, &names.numbers, kept),
        effective_at: at.now,
        recorded_at: at.now,
        ..entity
    };
    if !tx.update_entities(std::slice::from_ref(&changed)).await?.is_empty() {
        let problem = "the identity was changed by somebody else at the same time";
        return Err(Error::new(Kind::Conflict, problem).hint("run it again"));
    }
    let mut again = dependents(tx, at.opened, type_id, &[(Some(&before), &row)]).await?;
    again.insert(row.id);
    tx.unsettle(&again.into_iter().collect::<Vec<_>>()).await?;
    let name = entity_type.attribute(*slot).map_or("?", |attribute| &*attribute.name);
    let detail = json!({ "id": row.id.0, "attribute": name, "why": at.reason() });
    at.journal(tx, "entity.update", detail).await?;
    Ok(Outcome::Done(name.to_owned()))
}
