//! Lists guests: who answers for each, how far they have come, until when.

use jiff::Timestamp;
use muster_app::{Ctx, Error, Opened, Page, gives_role, resolve_person};
use muster_governance::standing;
use muster_model::{EntityId, Text};
use muster_store::{Guest, GuestState, ReadTx};

use super::guests;

/// Which guests.
#[derive(Debug, Clone, Copy, Default)]
pub struct GuestQuery {
    /// Only those for whom this person answers; then reach does not matter.
    pub sponsor: Option<EntityId>,
    /// Also those who are removed.
    pub removed: bool,
    /// After this place, which the page before named.
    pub after: Option<i64>,
    /// How many at most.
    pub limit: usize,
}

/// A guest.
#[derive(Debug, Clone)]
pub struct GuestView {
    /// The identity.
    pub entity: EntityId,
    /// How they are named.
    pub key: Text,
    /// How they are shown to people.
    pub display: Text,
    /// The address.
    pub mail: Option<Text>,
    /// The connected organisation, by name.
    pub organisation: Text,
    /// The same, as shown to people.
    pub title: Text,
    /// How far they have come.
    pub state: GuestState,
    /// Since when.
    pub since: Timestamp,
    /// When they are removed if nothing happens.
    pub next_at: Option<Timestamp>,
    /// Who answers for them.
    pub sponsor: Option<Text>,
    /// The same, as shown to people.
    pub sponsor_display: Option<Text>,
    /// Whether that one has left and nobody else could be found.
    pub without_sponsor: bool,
    /// The end of their stay, as it is written.
    pub until: Text,
    /// The roles that they were given.
    pub roles: Vec<Text>,
    /// When they showed that the address is theirs.
    pub accepted_at: Option<Timestamp>,
    /// Who answered for them before and left.
    pub moved_from: Option<Text>,
    /// When they were given to somebody else.
    pub moved_at: Option<Timestamp>,
    /// When they were invited or asked, the last time.
    pub made_at: Timestamp,
    /// By whom.
    pub made_by: Text,
}

/// Guests in the order in which they came.
pub async fn list_guests(
    ctx: &Ctx,
    opened: &Opened,
    query: &GuestQuery,
) -> Result<Page<GuestView>, Error> {
    let mut tx = opened.store.read().await?;
    let mut items: Vec<GuestView> = Vec::new();
    let mut after = query.after.map(EntityId);
    loop {
        let mut found = tx.guests(query.removed, after, query.limit.max(1)).await?;
        let Some(last) = found.last() else { return Ok(Page { items, next: None }) };
        after = Some(last.entity);
        if query.sponsor.is_none() {
            ctx.reach.narrow(ctx, opened, &mut tx, &mut found, |of| Some(of.entity)).await?;
        }
        for guest in found {
            if query.sponsor.is_some()
                && sponsor_id(ctx, opened, &mut tx, guest.entity).await? != query.sponsor
            {
                continue;
            }
            let next = Some(guest.entity.0);
            items.push(view(ctx, opened, &mut tx, guest).await?);
            if items.len() >= query.limit {
                return Ok(Page { items, next });
            }
        }
    }
}

/// One guest: for whoever reaches them, or with `sponsor` for whoever answers for them.
pub async fn see_guest(
    ctx: &Ctx,
    opened: &Opened,
    sponsor: Option<EntityId>,
    name: &str,
) -> Result<GuestView, Error> {
    let mut tx = opened.store.read().await?;
    let unknown = || {
        Error::not_found(format!("there is no guest `{name}`"))
            .hint("muster guests list shows them")
    };
    let ctx_of = match sponsor {
        Some(_) => &Ctx { reach: muster_app::Reach::default(), ..ctx.clone() },
        None => ctx,
    };
    let found = resolve_person(ctx_of, opened, &mut tx, name).await.map_err(|_| unknown())?;
    let id = found.row.id;
    let guest = tx.guest(id).await?.ok_or_else(unknown)?;
    if sponsor.is_some() && sponsor_id(ctx, opened, &mut tx, id).await? != sponsor {
        return Err(unknown());
    }
    view(ctx, opened, &mut tx, guest).await
}

async fn sponsor_id(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    guest: EntityId,
) -> Result<Option<EntityId>, Error> {
    let of = guests(opened)?.type_id;
    let local = opened.model.types.get(of.index()).and_then(|of| of.local);
    let found = standing(ctx, opened, tx, guest).await?;
    Ok(local.zip(found).and_then(|(local, found)| found.row.get(local.sponsor).as_link()))
}

/// A guest as people see them.
pub(super) async fn view(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    guest: Guest,
) -> Result<GuestView, Error> {
    let guests = guests(opened)?;
    let local = opened.model.types.get(guests.type_id.index()).and_then(|of| of.local);
    let found = standing(ctx, opened, tx, guest.entity).await?;
    let found = found.ok_or_else(|| Error::not_found("the guest is not there any more"))?;
    let sponsor = match local.and_then(|local| found.row.get(local.sponsor).as_link()) {
        Some(sponsor) => standing(ctx, opened, tx, sponsor).await?,
        None => None,
    };
    let moved_from = match guest.moved_from {
        Some(before) => standing(ctx, opened, tx, before).await?.map(|before| before.subject),
        None => None,
    };
    let now = ctx.now();
    let given = tx.assignments_of(guest.entity).await?.into_iter().filter(|given| {
        let is_over = given.valid_until.is_some_and(|until| until <= now);
        given.ended_at.is_none() && !is_over && gives_role(given)
    });
    let roles = given.map(|given| given.role).collect();
    let title = guests.named(&guest.organisation).map(|of| of.title.clone());
    let until = local.map(|local| found.row.get(local.until).to_string().into());
    Ok(GuestView {
        entity: guest.entity,
        key: found.subject,
        display: found.display,
        mail: found.row.get(guests.mail).as_text().cloned(),
        title: title.unwrap_or_else(|| guest.organisation.clone()),
        organisation: guest.organisation,
        state: guest.state,
        since: guest.since,
        next_at: guest.next_at,
        without_sponsor: sponsor.as_ref().is_none_or(|sponsor| sponsor.has_left),
        sponsor_display: sponsor.as_ref().map(|sponsor| sponsor.display.clone()),
        sponsor: sponsor.map(|sponsor| sponsor.subject),
        until: until.unwrap_or_else(|| "".into()),
        roles,
        accepted_at: guest.accepted_at,
        moved_from,
        moved_at: guest.moved_at,
        made_at: guest.made_at,
        made_by: guest.made_by,
    })
}
