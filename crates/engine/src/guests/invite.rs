//! Invites a guest.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_app::{Ctx, Error, Kind, Opened, find_role};
use muster_governance::{Crowd, NewRequest};
use muster_model::EntityId;
use muster_policy::Organisation;
use muster_store::GuestState;
use serde_json::json;

use super::{
    GuestView,
    enter::{Entering, known},
    guests, journal,
    list::view,
    notify, rules,
    sponsor::{may_sponsor, sponsor_named},
};
use crate::local::look_alikes;

/// Who is invited.
#[derive(Debug, Clone, Default)]
pub struct NewGuest {
    /// The address.
    pub mail: String,
    /// The name.
    pub name: String,
    /// Who answers for them, by key or another unique value; whoever invites when `None`.
    pub sponsor: Option<String>,
    /// Until when they stay; `None` for what is usual.
    pub until: Option<Timestamp>,
    /// To which roles.
    pub roles: Vec<String>,
    /// Why.
    pub reason: String,
    /// Answers to the questions of the roles.
    pub answers: BTreeMap<String, String>,
    /// Also when somebody is there with nearly the same name.
    pub despite_look_alikes: bool,
}

/// Invites somebody: `me` is the sponsor who does it, or `None` for an operator, who names one. The roles are asked for; a sponsor has
/// agreed by inviting. The mail with the link goes out a moment later.
///
/// Inviting again whoever is blocked or removed brings the same identity back.
///
/// # Errors
///
/// `Denied` for domains that are blocked or of no connected organisation and for those who are no sponsors, `Conflict` for an address
/// that is somebody's already and for look-alikes. Then nothing is written.
pub async fn invite_guest(
    ctx: &Ctx,
    opened: &Opened,
    me: Option<EntityId>,
    new: &NewGuest,
) -> Result<GuestView, Error> {
    let guests = guests(opened)?;
    let (mail, of) =
        guests.organisation_of(&new.mail).map_err(|problem| rules::refused(&problem))?;
    let roles = roles_of(opened, of, &new.roles)?;
    let until = rules::stay(of, ctx.now(), new.until)?;
    let mut tx = opened.store.read().await?;
    let sponsor = match (me, &new.sponsor) {
        (Some(me), None) => {
            may_sponsor(ctx, opened, &mut tx, of, me).await?;
            me
        }
        (_, Some(name)) => sponsor_named(ctx, opened, &mut tx, of, name).await?,
        (None, None) => {
            return Err(Error::invalid("somebody has to answer for the guest").hint("--sponsor …"));
        }
    };
    let known = known(ctx, opened, &mut tx, &mail).await?.map(|found| found.row.id);
    drop(tx);
    let crowd = &Crowd::look(opened, ctx.now()).await?;
    let entering = Entering { guests, of, mail, name: &new.name, sponsor, until, crowd };
    if !new.despite_look_alikes {
        no_look_alikes(ctx, opened, &entering, known).await?;
    }
    let mut tx = opened.store.begin().await?;
    let guest = entering.enter(ctx, opened, &mut tx, false).await?;
    let asks = if me == Some(sponsor) { sponsor } else { guest.entity };
    let request = NewRequest {
        reason: new.reason.clone(),
        answers: new.answers.clone(),
        ..NewRequest::default()
    };
    entering.ask(ctx, opened, &mut tx, (guest.entity, asks), (&roles, request)).await?;
    if guest.state == GuestState::Invited {
        notify(ctx, opened, &mut tx, (guest.entity, guest.entity), "invited").await?;
    }
    let shown = view(ctx, opened, &mut tx, guest).await?;
    let detail = json!({
        "organisation": &*of.name, "sponsor": shown.sponsor.as_deref(), "until": until.to_string(),
        "roles": new.roles, "reason": new.reason.trim(),
    });
    journal(ctx, &mut tx, ("guest.invite", shown.key.clone()), detail).await?;
    tx.commit().await?;
    Ok(shown)
}

/// The roles of these names, which guests of the organisation may have.
pub(super) fn roles_of(
    opened: &Opened,
    of: &Organisation,
    names: &[String],
) -> Result<Vec<usize>, Error> {
    let known = || {
        let roles = of.roles.iter().filter_map(|at| opened.model.roles.get(*at));
        roles.map(|role| format!("`{}`", role.name)).collect::<Vec<_>>().join(", ")
    };
    let mut found = Vec::new();
    for name in names {
        let (at, role) = find_role(opened, name, "muster roles lists them")?;
        if !of.roles.contains(&at) {
            let message = format!("role `{}` is not for guests of {}", role.name, of.title);
            return Err(Error::new(Kind::Denied, message).hint(format!("those are: {}", known())));
        }
        if !found.contains(&at) {
            found.push(at);
        }
    }
    if found.is_empty() {
        let error = Error::invalid("a guest without a role could do nothing");
        return Err(error.hint(format!("guests of {} may have: {}", of.title, known())));
    }
    Ok(found)
}

/// Refuses somebody who may be here under another address.
async fn no_look_alikes(
    ctx: &Ctx,
    opened: &Opened,
    entering: &Entering<'_>,
    known: Option<EntityId>,
) -> Result<(), Error> {
    let new = entering.change(ctx, opened, None)?;
    let mut alike = look_alikes(ctx, opened, &new).await?;
    alike.retain(|alike| Some(alike.entity) != known);
    let Some(first) = alike.first() else { return Ok(()) };
    let message = format!("`{}` looks like `{}`, who is here already", entering.name, first.key);
    Err(Error::new(Kind::Conflict, message).hint("--despite-look-alikes when it is somebody else"))
}
