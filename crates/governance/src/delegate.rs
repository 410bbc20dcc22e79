//! Lets somebody else decide in one's place for a time.

use std::collections::BTreeSet;

use jiff::Timestamp;
use muster_app::{Ctx, Error, Kind, Opened, resolve_person};
use muster_model::{EntityId, Text};
use muster_store::{Delegation, Sequence};
use serde_json::json;

use crate::{
    history::{By, journal},
    people::{People, canonical, need_to_work},
};

/// Who decides in one's place, and when.
#[derive(Debug, Clone)]
pub struct NewDelegation {
    /// Who, by key or another unique value.
    pub to: String,
    /// From when; `None` for at once.
    pub from: Option<Timestamp>,
    /// Until when.
    pub until: Timestamp,
    /// Why; may be empty.
    pub reason: String,
}

/// A delegation.
#[derive(Debug, Clone)]
pub struct DelegationView {
    /// Its number.
    pub id: i64,
    /// Whose decisions.
    pub giver: Text,
    /// Who takes them.
    pub delegate: Text,
    /// From when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
    /// Why.
    pub reason: Text,
}

/// Lets somebody decide in one's place. What they decide names both. A delegation is not passed on.
///
/// # Errors
///
/// `Invalid` for oneself and for times that cannot be, `Denied` for those who have left.
pub async fn create_delegation(
    ctx: &Ctx,
    opened: &Opened,
    me: EntityId,
    new: &NewDelegation,
) -> Result<DelegationView, Error> {
    let now = ctx.now();
    let from = new.from.filter(|from| *from > now).unwrap_or(now);
    if new.until <= from {
        let message = format!("the end {} is not after the start {from}", new.until);
        return Err(Error::invalid(message));
    }
    let mut tx = opened.store.begin().await?;
    let delegate = resolve_person(ctx, opened, &mut tx, &new.to).await?.row.id;
    if canonical(&mut tx, delegate).await? == canonical(&mut tx, me).await? {
        return Err(Error::invalid("nobody is their own delegate"));
    }
    let people = People::load(opened, &mut tx, [me, delegate].into(), now).await?;
    need_to_work(opened, people.need(me)?)?;
    need_to_work(opened, people.need(delegate)?)?;
    let delegation = Delegation {
        id: tx.take_ids(Sequence::Delegation, 1).await?,
        giver: me,
        delegate,
        valid_from: from,
        valid_until: new.until,
        reason: new.reason.trim().into(),
        made_at: now,
        made_by: ctx.actor.clone(),
        ended_at: None,
    };
    tx.insert_delegation(&delegation).await?;
    let by = By::oneself(people.need(me)?);
    let detail = json!({
        "delegate": &*people.name(delegate), "from": from.to_string(),
        "until": new.until.to_string(), "reason": &*delegation.reason,
    });
    let subject = format!("delegation {}", delegation.id).into();
    journal(ctx, &mut tx, by, ("delegation.create", subject), detail).await?;
    tx.commit().await?;
    Ok(view(&people, delegation))
}

/// Takes a delegation back that one gave.
///
/// # Errors
///
/// `NotFound` when one gave none of this number, or it is over.
pub async fn end_delegation(
    ctx: &Ctx,
    opened: &Opened,
    me: EntityId,
    id: i64,
) -> Result<(), Error> {
    let mut tx = opened.store.begin().await?;
    if !tx.end_delegation(id, me, ctx.now()).await? {
        let message = format!("there is no delegation {id} of yours that could be ended");
        return Err(
            Error::new(Kind::NotFound, message).hint("muster approvals delegations lists them")
        );
    }
    let people = People::load(opened, &mut tx, [me].into(), ctx.now()).await?;
    let by = By { person: people.get(me), in_place_of: None };
    let subject = format!("delegation {id}").into();
    journal(ctx, &mut tx, by, ("delegation.end", subject), json!({})).await?;
    tx.commit().await?;
    Ok(())
}

/// The delegations that somebody gave, and those by which they decide now.
pub async fn list_delegations(
    ctx: &Ctx,
    opened: &Opened,
    me: EntityId,
) -> Result<Vec<DelegationView>, Error> {
    let mut tx = opened.store.read().await?;
    let mut all = tx.delegations_from(me, ctx.now()).await?;
    all.extend(tx.delegations_to(me, ctx.now()).await?);
    let ids: BTreeSet<EntityId> = all.iter().flat_map(|of| [of.giver, of.delegate]).collect();
    let people = People::load(opened, &mut tx, ids, ctx.now()).await?;
    Ok(all.into_iter().map(|delegation| view(&people, delegation)).collect())
}

fn view(people: &People, delegation: Delegation) -> DelegationView {
    DelegationView {
        id: delegation.id,
        giver: people.name(delegation.giver),
        delegate: people.name(delegation.delegate),
        from: delegation.valid_from,
        until: delegation.valid_until,
        reason: delegation.reason,
    }
}
