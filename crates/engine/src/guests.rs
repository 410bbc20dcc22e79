//! Guests: people of connected organisations, from the invitation to their removal.
//!
//! A guest is an entity of a type with sponsor and end, entered as any other (`local`). Whether they are let in is a lifecycle
//! fact: from the first moment they are suspended, and whoever has shown that the address is theirs and has a role is not.
//! `work_guests`, which the loop calls, blocks those who lost the last role, lets those in who got one, removes those whose time
//! is over, and gives the guests of a sponsor who left to somebody else.
//!
//! **Invariant:** nothing is written about an address whose domain no connected organisation has. Of a link only the hash is kept; it
//! is made when its mail goes out.

mod apply;
mod due;
mod enter;
mod invite;
mod list;
mod open;
mod rules;
mod sponsor;
mod tell;

pub use apply::{
    GuestApplicant, GuestOffer, OfferedRole, apply_as_guest, guest_offer, takes_guest_applications,
};
pub(crate) use due::advance_guests;
pub use due::work_guests;
pub use invite::{NewGuest, invite_guest};
pub use list::{GuestQuery, GuestView, list_guests, see_guest};
pub use open::{GuestLink, open_guest_link};
pub(crate) use tell::{GuestTeller, send_applications};

use muster_app::{Ctx, Error, Opened};
use muster_model::{EntityId, Text};
use muster_policy::Guests;
use muster_store::{Entry, NoticeKind, Tx};
use serde_json::Value as Json;

/// Who suspends, resumes and removes: what others said of a guest's lifecycle stays.
const ORIGIN: &str = "guests";

/// What the model says of guests.
fn guests(opened: &Opened) -> Result<&Guests, Error> {
    opened.model.guests.as_ref().ok_or_else(|| {
        Error::invalid("the project has no guests").hint("add `guests:` to the model")
    })
}

async fn journal(
    ctx: &Ctx,
    tx: &mut Tx,
    (action, subject): (&str, Text),
    detail: Json,
) -> Result<(), Error> {
    tx.append_journal(&Entry {
        at: ctx.now(),
        actor: ctx.actor.clone(),
        on_behalf_of: ctx.on_behalf_of.clone(),
        action: action.into(),
        subject,
        detail: detail.to_string().into(),
        correlation: Some(ctx.correlation.clone()),
    })
    .await?;
    Ok(())
}

/// Puts into the queue what somebody is told about a guest.
async fn notify(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    (guest, addressee): (EntityId, EntityId),
    what: &str,
) -> Result<(), Error> {
    let about = (NoticeKind::Guest, guest.0, what);
    muster_governance::notify(opened, tx, about, &[addressee].into(), ctx.now()).await
}
