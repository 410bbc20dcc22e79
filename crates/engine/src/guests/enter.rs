//! Enters a guest: a new entity, or one that was here before.

use jiff::Timestamp;
use muster_app::{Ctx, Error, IdentityFacts, Kind, Opened, Reach, fact_name, resolve_person};
use muster_governance::{Crowd, GuestRequest, NewRequest, request_for_guest};
use muster_model::{EntityId, EntityType, Slot, Text, Value, ValueType};
use muster_policy::{FactKind, Guests, Local, Organisation};
use muster_store::{Guest, GuestState, ReadTx, Tx};

use super::{ORIGIN, rules::after};
use crate::{
    lifecycle::{lift_in, suspend_in},
    local::{LocalChange, LocalVerb, change_local_in},
};

/// Somebody who is about to be a guest.
pub(super) struct Entering<'a> {
    pub(super) guests: &'a Guests,
    pub(super) of: &'a Organisation,
    /// As [`Guests::organisation_of`] gives it.
    pub(super) mail: Text,
    pub(super) name: &'a str,
    pub(super) sponsor: EntityId,
    pub(super) until: Timestamp,
    /// Who decides by a role that a rule gives.
    pub(super) crowd: &'a Crowd,
}

impl Entering<'_> {
    /// Enters them, suspended as long as they have not shown that the address is theirs and have no role. Whoever was here before
    /// comes back as the same identity.
    ///
    /// `accepted` says that they just showed it.
    pub(super) async fn enter(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        tx: &mut Tx,
        accepted: bool,
    ) -> Result<Guest, Error> {
        let known = known(ctx, opened, tx, &self.mail).await?;
        let before = match &known {
            Some(found) => Some(self.comes_back(ctx, opened, tx, found).await?),
            None => None,
        };
        let change = self.change(ctx, opened, before.as_ref().map(|guest| guest.entity))?;
        let done = change_local_in(ctx, opened, tx, &[change]).await?.into_iter().next();
        let done = done.unwrap_or_else(|| Err(Error::bug("a change has no answer")))?;
        let why = format!("a guest of {} is let in with a role", self.of.title);
        let whom = (self.guests.type_id, done.entity);
        suspend_in(ctx, opened, tx, whom, (ORIGIN, &why)).await?;
        let now = ctx.now();
        // Who was only blocked has shown the address already.
        let was_blocked = |guest: &Guest| guest.state == GuestState::Blocked;
        let earlier = before.filter(was_blocked).and_then(|guest| guest.accepted_at);
        let accepted_at = if accepted { Some(now) } else { earlier };
        let (state, length) = match accepted_at {
            Some(_) => (GuestState::Blocked, self.of.blocked),
            None => (GuestState::Invited, self.guests.link),
        };
        let guest = Guest {
            entity: done.entity,
            organisation: self.of.name.clone(),
            state,
            since: now,
            next_at: Some(after(now, length)),
            accepted_at,
            link: None,
            moved_from: None,
            moved_at: None,
            made_at: now,
            made_by: ctx.actor.clone(),
        };
        tx.save_guest(&guest).await?;
        Ok(guest)
    }

    /// Asks for roles for them.
    pub(super) async fn ask(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        tx: &mut Tx,
        (guest, requester): (EntityId, EntityId),
        (roles, new): (&[usize], NewRequest),
    ) -> Result<(), Error> {
        let (_, local) = self.type_of(opened)?;
        let new = NewRequest { until: Some(self.until), ..new };
        let (sponsor, fallback) = (local.sponsor, self.of.sponsors);
        let asked = GuestRequest { requester, guest, roles, sponsor, fallback, new: &new };
        request_for_guest(ctx, (opened, self.crowd), tx, &asked).await
    }

    /// Lets somebody come back whom nobody but the time sent away.
    async fn comes_back(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        tx: &mut Tx,
        found: &IdentityFacts,
    ) -> Result<Guest, Error> {
        let guest = tx.guest(found.row.id).await?;
        let Some(guest) = guest.filter(|_| found.row.type_id == self.guests.type_id) else {
            let message = format!("`{}` is the address of somebody who is here already", self.mail);
            return Err(Error::new(Kind::Conflict, message));
        };
        if guest.state == GuestState::Active {
            let message = format!("`{}` is a guest already", self.mail);
            return Err(Error::new(Kind::Conflict, message)
                .hint(format!("muster requests create ROLE --for {} asks for more", self.mail)));
        }
        let ended = fact_name(FactKind::Terminated);
        let others = tx.assignments_of(found.row.id).await?;
        let by_others = |said: &muster_store::Assignment| {
            said.ended_at.is_none() && said.role == ended && &*said.origin != ORIGIN
        };
        if others.iter().any(by_others) {
            let message = format!("`{}` was sent away by somebody", self.mail);
            return Err(Error::new(Kind::Conflict, message)
                .hint(format!("muster people restore {} brings them back", self.mail)));
        }
        lift_in(ctx, opened, tx, found, FactKind::Terminated, "is a guest again").await?;
        Ok(guest)
    }

    fn type_of<'o>(&self, opened: &'o Opened) -> Result<(&'o EntityType, Local), Error> {
        let of = opened.model.schema.get(self.guests.type_id);
        let local = opened.model.types.get(self.guests.type_id.index()).and_then(|of| of.local);
        of.zip(local).ok_or_else(|| Error::bug("guests have no type with a sponsor"))
    }

    /// What is entered: a new entity, or other values of one that is there.
    pub(super) fn change(
        &self,
        ctx: &Ctx,
        opened: &Opened,
        entity: Option<EntityId>,
    ) -> Result<LocalChange, Error> {
        let (of, local) = self.type_of(opened)?;
        let day = self.until.to_zoned(opened.model.timezone.clone()).date();
        let until = match of.attribute(local.until).map(|until| until.value_type) {
            Some(ValueType::Date) => Value::Date(day),
            _ => Value::DateTime(self.until),
        };
        let name = (!self.name.trim().is_empty()).then(|| Value::text(self.name.trim()));
        let values = [
            (Some(self.guests.mail), Some(Value::Text(self.mail.clone()))),
            (self.guests.name.filter(|_| name.is_some()), name),
            (self.guests.organisation, Some(Value::Text(self.of.title.clone()))),
            (Some(local.sponsor), Some(Value::Link(self.sponsor))),
            (Some(local.until), Some(until)),
        ];
        let named = |slot: Slot| of.attribute(slot).map(|attribute| attribute.name.clone());
        Ok(LocalChange {
            verb: if entity.is_some() { LocalVerb::Confirm } else { LocalVerb::Create },
            type_name: of.name.clone(),
            entity,
            set: values
                .into_iter()
                .filter_map(|(slot, value)| Some((named(slot?)?, value)))
                .collect(),
            if_version: None,
            by: ctx.clone(),
        })
    }
}

/// Whose address it is, whoever may see them.
pub(super) async fn known(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    mail: &str,
) -> Result<Option<IdentityFacts>, Error> {
    let ctx = Ctx { reach: Reach::default(), ..ctx.clone() };
    match resolve_person(&ctx, opened, tx, mail).await {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == Kind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
