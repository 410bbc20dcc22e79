//! What a person does about one entity that is entered by hand: add, edit, end, confirm.

use jiff::{ToSpan as _, civil::Date};
use muster_app::{Ctx, Error, Kind, Opened, resolve_person};
use muster_model::{EntityId, EntityType, Text, Value, ValueType};
use muster_policy::Local;
use muster_store::ReadTx;

use super::{LocalChange, LocalDone, LocalVerb, change_local, type_named};

/// Attribute names with the values that they get; `None` clears.
pub type Values = Vec<(Text, Option<Value>)>;

/// Makes one change in a transaction of its own.
pub async fn change_one(
    ctx: &Ctx,
    opened: &Opened,
    change: LocalChange,
) -> Result<LocalDone, Error> {
    let done = change_local(ctx, opened, std::slice::from_ref(&change)).await?;
    done.into_iter().next().unwrap_or_else(|| Err(Error::bug("a change has no answer")))
}

/// Changes values of an entity, which is named by its key or, for an identity, by another unique attribute.
///
/// `type_name` may be left out for identities.
pub async fn edit_local(
    ctx: &Ctx,
    opened: &Opened,
    type_name: Option<&str>,
    name: &str,
    set: Values,
) -> Result<LocalDone, Error> {
    let (of, entity) = find(ctx, opened, type_name, name).await?;
    let done = change_one(ctx, opened, change(ctx, LocalVerb::Change, of, entity, set)).await;
    let until = local(opened, of).map(|local| attribute(of, local.until));
    done.map_err(|error| match until {
        Some(until) if error.kind() == Kind::Denied && error.attribute() == Some(&*until) => {
            error.hint(format!("muster people confirm {name} --until …"))
        }
        _ => error,
    })
}

/// The sponsor says that an entity is still wanted, until a later end.
pub async fn confirm_local(
    ctx: &Ctx,
    opened: &Opened,
    name: &str,
    until: &str,
) -> Result<LocalDone, Error> {
    let (of, entity) = find(ctx, opened, None, name).await?;
    let local = local(opened, of).ok_or_else(|| {
        Error::invalid(format!("nobody confirms a `{}`: the model does not say how", of.name))
            .hint("add `local: { sponsor: …, until: … }` to the type")
    })?;
    let set = vec![(attribute(of, local.until), Some(Value::text(until)))];
    change_one(ctx, opened, change(ctx, LocalVerb::Confirm, of, entity, set)).await
}

/// Ends an entity that is kept by hand: at the end of a day or at an instant, as its `until` attribute is; at once
/// without one. Where the type has no `until`, what was entered is taken back.
pub async fn end_local(
    ctx: &Ctx,
    opened: &Opened,
    name: &str,
    at: Option<&str>,
) -> Result<LocalDone, Error> {
    let (of, entity) = find(ctx, opened, None, name).await?;
    let until = local(opened, of).and_then(|local| of.attribute(local.until));
    let Some(until) = until else {
        let has_absent =
            opened.model.types.get(of.id.index()).is_some_and(|of| of.absent.is_some());
        if at.is_some() || !has_absent {
            let problem = format!("a `{}` has no end that could be entered", of.name);
            let hint = format!("say it about the lifecycle: muster people terminate {name}");
            return Err(Error::invalid(problem).hint(hint));
        }
        let gone = change(ctx, LocalVerb::Remove, of, entity, Vec::new());
        return change_one(ctx, opened, gone).await;
    };
    let value = match at {
        Some(at) => Value::text(at),
        None if until.value_type == ValueType::Date => Value::Date(yesterday(ctx, opened)?),
        None => Value::DateTime(ctx.now()),
    };
    let set = vec![(until.name.clone(), Some(value))];
    change_one(ctx, opened, change(ctx, LocalVerb::Change, of, entity, set)).await
}

/// The last day that is over, in the project's zone.
fn yesterday(ctx: &Ctx, opened: &Opened) -> Result<Date, Error> {
    let today = ctx.now().to_zoned(opened.model.timezone.clone()).date();
    today
        .checked_sub(1.day())
        .map_err(|error| Error::bug("there is no day before").caused_by(error))
}

pub(super) fn change(
    ctx: &Ctx,
    verb: LocalVerb,
    of: &EntityType,
    entity: EntityId,
    set: Values,
) -> LocalChange {
    LocalChange {
        verb,
        type_name: of.name.clone(),
        entity: Some(entity),
        set,
        if_version: None,
        by: ctx.clone(),
    }
}

fn local(opened: &Opened, of: &EntityType) -> Option<Local> {
    opened.model.types.get(of.id.index())?.local
}

pub(super) fn attribute(of: &EntityType, slot: muster_model::Slot) -> Text {
    of.attribute(slot).map_or_else(|| "?".into(), |attribute| attribute.name.clone())
}

pub(super) async fn find<'o>(
    ctx: &Ctx,
    opened: &'o Opened,
    type_name: Option<&str>,
    name: &str,
) -> Result<(&'o EntityType, EntityId), Error> {
    let mut tx = opened.store.read().await?;
    let Some(type_name) = type_name else {
        let found = resolve_person(ctx, opened, &mut tx, name).await?;
        let of = opened.model.schema.get(found.row.type_id);
        return of
            .map(|of| (of, found.row.id))
            .ok_or_else(|| Error::bug("an identity has no type"));
    };
    let of = type_named(opened, type_name)?;
    let id = keyed(&mut tx, opened, of, name).await?.ok_or_else(|| {
        Error::new(Kind::NotFound, format!("there is no `{type_name}` with the key `{name}`"))
            .hint(format!("muster users --type {type_name} lists them"))
    })?;
    Ok((of, id))
}

async fn keyed(
    tx: &mut ReadTx,
    opened: &Opened,
    of: &EntityType,
    key: &str,
) -> Result<Option<EntityId>, Error> {
    let Some(names) = opened.names.type_names(of.id) else { return Ok(None) };
    let found = tx.entity_ids_by_key(names.no, &[key.into()]).await?;
    Ok(found.into_iter().flatten().next())
}
