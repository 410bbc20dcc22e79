//! Who answers for guests, and what becomes of the guests of somebody who left.

use muster_app::{Ctx, Error, Kind, Opened, Reach, resolve_person};
use muster_governance::standing;
use muster_model::{EntityId, Value};
use muster_policy::{Guests, Organisation};
use muster_store::{GuestSponsor, ReadTx, Tx};
use serde_json::json;

use super::{guests, journal, notify};
use crate::local::{LocalChange, LocalVerb, change_local_in};

/// The person with this key or unique value, who may answer for guests of an organisation.
pub(super) async fn sponsor_named(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    of: &Organisation,
    name: &str,
) -> Result<EntityId, Error> {
    let found = resolve_person(ctx, opened, tx, name).await?.row.id;
    may_sponsor(ctx, opened, tx, of, found).await?;
    Ok(found)
}

/// Refuses those who may not answer for guests of an organisation now.
pub(super) async fn may_sponsor(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    of: &Organisation,
    who: EntityId,
) -> Result<(), Error> {
    let found = standing(ctx, opened, tx, who).await?;
    if found.as_ref().is_some_and(|found| found.works && found.roles.contains(&of.sponsors)) {
        return Ok(());
    }
    let role = opened.model.roles.get(of.sponsors).map_or("?", |role| &*role.name);
    let name = found.map_or_else(|| "?".into(), |found| found.subject);
    let message = format!("`{name}` does not answer for guests of {}", of.title);
    Err(Error::new(Kind::Denied, message).hint(format!("whoever has role `{role}` does")))
}

/// Who answers for guests that have nobody else.
pub(super) async fn fallback(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    of: &Organisation,
) -> Result<EntityId, Error> {
    let ctx = Ctx { reach: Reach::default(), ..ctx.clone() };
    let found = resolve_person(&ctx, opened, tx, &of.fallback).await?.row.id;
    if standing(&ctx, opened, tx, found).await?.is_some_and(|found| found.works) {
        return Ok(found);
    }
    let message = format!("the fallback sponsor `{}` has left or is away", of.fallback);
    Err(Error::new(Kind::Conflict, message)
        .hint(format!("name somebody else at `guests.organisations.{}.fallback`", of.name)))
}

/// Gives the guests of sponsors who left to the fallback sponsors. Those for whom there is nobody stay where they are.
pub(super) async fn move_guests(ctx: &Ctx, opened: &Opened) -> Result<usize, Error> {
    let guests = guests(opened)?;
    let mut n = 0;
    for left in without_sponsor(opened, guests).await? {
        n += usize::from(move_one(ctx, opened, guests, left).await?);
    }
    Ok(n)
}

async fn without_sponsor(opened: &Opened, guests: &Guests) -> Result<Vec<GuestSponsor>, Error> {
    let local = opened.model.types.get(guests.type_id.index()).and_then(|of| of.local);
    let Some(slot) = local.map(|local| local.sponsor) else { return Ok(Vec::new()) };
    let link = opened.names.attribute_no(guests.type_id, slot);
    let ended = opened.model.types.iter().zip(&opened.names.types);
    let ended = ended.filter_map(|(of, names)| names.states.get(of.terminated?).copied());
    let mut tx = opened.store.read().await?;
    let mut found = Vec::new();
    for state in ended {
        if let Some(link) = link {
            found.extend(tx.guests_with_sponsor_in(link, state).await?);
        }
    }
    Ok(found)
}

async fn move_one(
    ctx: &Ctx,
    opened: &Opened,
    guests: &Guests,
    GuestSponsor { guest: id, sponsor: before }: GuestSponsor,
) -> Result<bool, Error> {
    let mut tx = opened.store.begin().await?;
    let Some(mut guest) = tx.guest(id).await? else { return Ok(false) };
    // The last evaluation may be old: what counts is how it is now.
    let left = standing(ctx, opened, &mut tx, before).await?;
    if left.as_ref().is_some_and(|left| !left.has_left) {
        return Ok(false);
    }
    let Some(of) = guests.named(&guest.organisation) else { return Ok(false) };
    let to = match fallback(ctx, opened, &mut tx, of).await {
        Ok(to) => to,
        Err(error) => {
            tracing::warn!(%error, organisation = &*of.name, "guests have no sponsor");
            return Ok(false);
        }
    };
    let Some(shown) = standing(ctx, opened, &mut tx, id).await? else { return Ok(false) };
    if let Err(error) = set_sponsor(ctx, opened, &mut tx, (guests, id), to).await? {
        tracing::warn!(%error, "a guest stays with a sponsor who left");
        return Ok(false);
    }
    guest.moved_from = Some(before);
    guest.moved_at = Some(ctx.now());
    tx.save_guest(&guest).await?;
    notify(ctx, opened, &mut tx, (id, to), "moved").await?;
    let name = |of: Option<muster_governance::Standing>| of.map(|of| of.subject.to_string());
    let after = name(standing(ctx, opened, &mut tx, to).await?);
    let detail = json!({ "organisation": &*of.name, "from": name(left), "to": after });
    journal(ctx, &mut tx, ("guest.move", shown.subject), detail).await?;
    tx.commit().await?;
    Ok(true)
}

async fn set_sponsor(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    (guests, id): (&Guests, EntityId),
    to: EntityId,
) -> Result<Result<(), Error>, Error> {
    let of = opened.model.schema.get(guests.type_id);
    let local = opened.model.types.get(guests.type_id.index()).and_then(|of| of.local);
    let (Some(of), Some(local)) = (of, local) else {
        return Err(Error::bug("guests have no type"));
    };
    let name = of.attribute(local.sponsor).map_or_else(|| "?".into(), |found| found.name.clone());
    let change = LocalChange {
        verb: LocalVerb::Change,
        type_name: of.name.clone(),
        entity: Some(id),
        set: vec![(name, Some(Value::Link(to)))],
        if_version: None,
        by: ctx.clone(),
    };
    let done = change_local_in(ctx, opened, tx, &[change]).await?;
    Ok(done.into_iter().try_for_each(|done| done.map(drop)))
}
