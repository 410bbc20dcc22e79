//! What has its time: guests without a role are blocked, those with one let in, those whose time is over removed; mail.

use muster_app::{Ctx, Error, Kind, Opened};
use muster_governance::{send_notices, standing};
use muster_policy::FactKind;
use muster_store::{Guest, GuestState, Tx};
use serde_json::json;

use super::{
    ORIGIN, guests, journal, notify,
    open::settle,
    rules,
    sponsor::move_guests,
    tell::{GuestTeller, send_applications},
};
use crate::lifecycle::{FactRequest, identity, set_in};

/// Guests that are looked at together.
const BATCH: usize = 200;

/// Does what is due about guests, each in a transaction of its own, and sends mail. Returns for how many something changed.
///
/// Several nodes may do it: what one of them did, the others find changed and leave.
pub async fn work_guests(ctx: &Ctx, opened: &Opened) -> Result<usize, Error> {
    let n = advance_guests(ctx, opened).await?;
    send_notices(ctx, opened, &[&GuestTeller]).await?;
    send_applications(ctx, opened).await?;
    Ok(n)
}

/// As [`work_guests`], without the mail: a mail server may keep whoever sends waiting.
pub(crate) async fn advance_guests(ctx: &Ctx, opened: &Opened) -> Result<usize, Error> {
    if opened.model.guests.is_none() {
        return Ok(0);
    }
    let mut n = move_guests(ctx, opened).await?;
    for guest in opened.store.read().await?.guests_to_settle(ctx.now(), BATCH).await? {
        n += usize::from(one(ctx, opened, &guest, Due::Settle).await?);
    }
    for guest in opened.store.read().await?.due_guests(ctx.now(), BATCH).await? {
        n += usize::from(one(ctx, opened, &guest, Due::Remove).await?);
    }
    let mut tx = opened.store.begin().await?;
    tx.forget_guest_applications(ctx.now()).await?;
    tx.commit().await?;
    Ok(n)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Due {
    Settle,
    Remove,
}

async fn one(ctx: &Ctx, opened: &Opened, found: &Guest, due: Due) -> Result<bool, Error> {
    let mut tx = opened.store.begin().await?;
    let guest = tx.guest(found.entity).await?;
    // Somebody did something at the same moment.
    let Some(guest) = guest.filter(|guest| guest == found) else { return Ok(false) };
    let Some(standing) = standing(ctx, opened, &mut tx, guest.entity).await? else {
        return Ok(false);
    };
    let before = guest.state;
    let given = tx.assignments_of(guest.entity).await?;
    let is_in_time = guest.accepted_at.is_some() && rules::has_role(&given, ctx.now());
    let guest = if standing.has_left || (due == Due::Remove && !is_in_time) {
        remove(ctx, opened, &mut tx, (guest, standing.has_left)).await?
    } else {
        match settle(ctx, opened, &mut tx, guest).await {
            Ok(guest) => guest,
            // The organisation is not in the model any more: an operator decides.
            Err(error) if error.kind() == Kind::Conflict => return Ok(false),
            Err(error) => return Err(error),
        }
    };
    let (id, after) = (guest.entity, guest.state);
    if after == GuestState::Active && before != after {
        notify(ctx, opened, &mut tx, (id, id), "let-in").await?;
    }
    let action = match after {
        GuestState::Active => "guest.let-in",
        GuestState::Blocked | GuestState::Invited => "guest.block",
        GuestState::Removed => "guest.remove",
    };
    let detail = json!({ "organisation": &*guest.organisation, "was": before.word() });
    journal(ctx, &mut tx, (action, standing.subject), detail).await?;
    tx.commit().await?;
    Ok(true)
}

/// Ends the lifecycle of a guest, unless it has ended by itself. What follows is for the retention to say.
async fn remove(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    (guest, has_left): (Guest, bool),
) -> Result<Guest, Error> {
    let type_id = guests(opened)?.type_id;
    if !has_left && let Some(person) = identity(ctx, opened, tx, (type_id, guest.entity)).await? {
        let request = FactRequest {
            person: person.key.to_string(),
            kind: FactKind::Terminated,
            from: None,
            until: None,
            reason: match guest.accepted_at {
                Some(_) => "had no role for too long".to_owned(),
                None => "the invitation was not accepted".to_owned(),
            },
        };
        set_in(ctx, opened, tx, &person, &request, ORIGIN).await?;
    }
    let (state, since) = (GuestState::Removed, ctx.now());
    let guest = Guest { state, since, next_at: None, link: None, ..guest };
    tx.save_guest(&guest).await?;
    Ok(guest)
}
