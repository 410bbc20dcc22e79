//! Asks for roles for a guest, who may not be let in yet: in the name of the sponsor who invites them, or in their own.

use muster_app::{Ctx, Error, Holdings, Opened};
use muster_model::{EntityId, Slot, Text};
use muster_policy::{ApprovalStage, Approver, RequestTerms};
use muster_store::Tx;

use crate::{
    NewRequest,
    create::{Draft, is_new, make},
    people::{People, not_left},
    rules,
    stage::Crowd,
    terms::{not_for, terms_for},
};

/// What is asked for a guest.
#[derive(Debug, Clone, Copy)]
pub struct GuestRequest<'a> {
    /// Who asks: the sponsor, or the guest.
    pub requester: EntityId,
    /// Who would get it.
    pub guest: EntityId,
    /// The roles, by position.
    pub roles: &'a [usize],
    /// The link of the guest to their sponsor.
    pub sponsor: Slot,
    /// The role, by position, whose holders decide where the sponsor cannot.
    pub fallback: usize,
    /// The end, the reason and the answers. Where the terms of a role allow less time, it is given for less.
    pub new: &'a NewRequest,
}

/// Makes the requests as part of a transaction. A sponsor who asks has agreed by that; whoever asks for themselves needs
/// their sponsor first, whatever the policies of the role say.
///
/// # Errors
///
/// As [`create_request`](crate::create_request).
pub async fn request_for_guest(
    ctx: &Ctx,
    (opened, crowd): (&Opened, &Crowd),
    tx: &mut Tx,
    asked: &GuestRequest<'_>,
) -> Result<(), Error> {
    let now = ctx.now();
    let GuestRequest { requester, guest, roles, new, .. } = *asked;
    let people = People::load(opened, tx, [requester, guest].into(), now).await?;
    let (asks, subject) = (people.need(requester)?, people.need(guest)?);
    not_left(opened, subject)?;
    let asking = asks.roles();
    let holdings = Holdings::load(opened, tx, guest).await?;
    let conflicts =
        holdings.completed(opened, (&subject.facts, &people.world), roles, &asking, now);
    let mut drafts = Vec::with_capacity(roles.len());
    for at in roles {
        let role = opened.model.roles.get(*at).ok_or_else(|| Error::bug("a role is not there"))?;
        let terms = terms_for(opened, &people, role, (asks, subject), now);
        let mut terms = terms.ok_or_else(|| not_for(role, subject))?;
        sponsor_agrees(opened, asked, &mut terms);
        is_new(tx, subject, (*at, role), now).await?;
        let usual = rules::end(&terms, now, None, None);
        let usual = usual.map_err(|problem| Error::invalid(problem.to_string()))?;
        let until = usual.into_iter().chain(new.until).min();
        let conflicts = conflicts.clone();
        drafts.push(Draft {
            subject: guest,
            role,
            at: *at,
            terms,
            from: None,
            until,
            extends: None,
            conflicts,
        });
    }
    make(ctx, (opened, crowd), tx, (requester, &people), &drafts, new).await.map(drop)
}

/// Takes the sponsor out of the stages, or puts them first.
fn sponsor_agrees(opened: &Opened, asked: &GuestRequest<'_>, terms: &mut RequestTerms) {
    let by = Approver::Link(asked.sponsor);
    terms.stages.retain(|stage| stage.by != by);
    if asked.requester == asked.guest {
        let name = link_name(opened, asked);
        terms.stages.insert(0, ApprovalStage { name, by, fallback: Some(asked.fallback) });
    }
}

/// A stage that follows a link is called as the link is.
fn link_name(opened: &Opened, asked: &GuestRequest<'_>) -> Text {
    let of = opened.model.guests.as_ref().and_then(|of| opened.model.schema.get(of.type_id));
    let link = of.and_then(|of| of.attribute(asked.sponsor));
    link.map_or_else(|| "sponsor".into(), |link| link.name.clone())
}
