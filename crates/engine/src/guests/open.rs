//! Opens a link that was mailed: accepts an invitation, or shows that an address is somebody's own.

use muster_app::{Ctx, Error, Kind, Opened};
use muster_governance::{Crowd, NewRequest};
use muster_model::{EntityId, Text};
use muster_store::{Guest, GuestApplication, GuestState, Tx, hex};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{
    apply::sponsor_of, enter::Entering, guests, invite::roles_of, journal, list::view, rules,
};
use crate::lifecycle::resume_in;

/// What a link led to.
#[derive(Debug, Clone)]
pub struct GuestLink {
    /// The guest.
    pub entity: EntityId,
    /// How they are shown to people.
    pub display: Text,
    /// How far they have come: `Active` when they may sign in, `Blocked` when somebody has to agree first.
    pub state: GuestState,
}

/// Opens a link. It opens once, and in its time.
///
/// # Errors
///
/// `NotFound` for every link that opens nothing, in the same words; for applications also as `invite_guest`.
pub async fn open_guest_link(ctx: &Ctx, opened: &Opened, secret: &str) -> Result<GuestLink, Error> {
    let link = hash(secret);
    // Nobody looks at everybody within a transaction that writes, nor for a link that opens nothing.
    let crowd = match opened.store.read().await?.guest_application(&link).await? {
        Some(_) => Crowd::look(opened, ctx.now()).await?,
        None => Crowd::default(),
    };
    let mut tx = opened.store.begin().await?;
    let guest = if let Some(guest) = tx.guest_of_link(&link).await? {
        accept(ctx, opened, &mut tx, guest, &link).await?
    } else {
        let application = tx.guest_application(&link).await?.ok_or_else(no_such_link)?;
        confirm(ctx, (opened, &crowd), &mut tx, &application, &link).await?
    };
    let (entity, state) = (guest.entity, guest.state);
    let shown = view(ctx, opened, &mut tx, guest).await?;
    let detail = json!({ "organisation": &*shown.organisation, "state": state.word() });
    journal(ctx, &mut tx, ("guest.accept", shown.key), detail).await?;
    tx.commit().await?;
    Ok(GuestLink { entity, display: shown.display, state })
}

/// The invitation is accepted: whoever has a role already is let in.
async fn accept(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    guest: Guest,
    link: &[u8],
) -> Result<Guest, Error> {
    let now = ctx.now();
    let is_late = guest.next_at.is_none_or(|at| at <= now);
    if guest.state != GuestState::Invited || is_late || !tx.use_guest_link(link).await? {
        return Err(no_such_link());
    }
    let guest = Guest { accepted_at: Some(now), link: None, ..guest };
    settle(ctx, opened, tx, guest).await
}

/// The address is theirs: they are entered, and their sponsor is asked.
async fn confirm(
    ctx: &Ctx,
    (opened, crowd): (&Opened, &Crowd),
    tx: &mut Tx,
    application: &GuestApplication,
    link: &[u8],
) -> Result<Guest, Error> {
    if application.ends_at <= ctx.now() || !tx.use_guest_application(link).await? {
        return Err(no_such_link());
    }
    let guests = guests(opened)?;
    let found = guests.organisation_of(&application.mail);
    let (mail, of) = found.map_err(|problem| rules::refused(&problem))?;
    let sponsor = sponsor_of(ctx, opened, tx, (of, &application.sponsor)).await?;
    let until = rules::stay(of, ctx.now(), None)?;
    let name = &*application.name;
    let entering = Entering { guests, of, mail, name, sponsor, until, crowd };
    let guest = entering.enter(ctx, opened, tx, true).await?;
    let names: Vec<String> = serde_json::from_str(&application.roles).unwrap_or_default();
    let roles = roles_of(opened, of, &names)?;
    let new = NewRequest { reason: application.reason.to_string(), ..NewRequest::default() };
    entering.ask(ctx, opened, tx, (guest.entity, guest.entity), (&roles, new)).await?;
    settle(ctx, opened, tx, guest).await
}

/// Lets a guest in who has a role, and blocks one who has none.
pub(super) async fn settle(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    guest: Guest,
) -> Result<Guest, Error> {
    let guests = guests(opened)?;
    let Some(of) = guests.named(&guest.organisation) else {
        let message = format!("`{}` is no connected organisation any more", guest.organisation);
        return Err(Error::new(Kind::Conflict, message).hint("add it to the model"));
    };
    let given = tx.assignments_of(guest.entity).await?;
    let has_role = rules::has_role(&given, ctx.now());
    let guest = rules::settled(&guest, of, has_role, ctx.now());
    let whom = (guests.type_id, guest.entity);
    if has_role {
        let why = (super::ORIGIN, "has a role and showed that the address is theirs");
        resume_in(ctx, opened, tx, whom, why).await?;
    } else {
        let why = (super::ORIGIN, "has no role");
        crate::lifecycle::suspend_in(ctx, opened, tx, whom, why).await?;
    }
    tx.save_guest(&guest).await?;
    Ok(guest)
}

/// The hash under which a link is kept.
pub(super) fn hash(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

/// A new link with its hash.
pub(super) fn new_link() -> Result<(String, Vec<u8>), Error> {
    let secret = hex(&muster_app::random::<32>()?);
    let hash = hash(&secret);
    Ok((secret, hash))
}

fn no_such_link() -> Error {
    Error::not_found("this link opens nothing, or nothing any more")
        .hint("ask whoever invited you for another one")
}
