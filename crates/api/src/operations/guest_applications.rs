//! Somebody of a connected organisation asks to come as a guest: the same that the pages at `/guest` do, for forms elsewhere.
//!
//! Nobody is asked who they are. What is answered depends on the domain and the call alone, never on whether somebody with the
//! address is here; each call costs the network a try, and an address gets no more mail than by the pages.

use muster_auth::{Attempt, Door, Refused, Secret, Shown};
use muster_engine::{
    GuestApplicant, OfferedRole, apply_as_guest, guest_offer, takes_guest_applications,
};
use muster_web::{Code, Problem};
use serde_json::{Value as Json, json};

use crate::{Operation, answer::Told, asked::Asked};

pub(super) fn operations() -> [Operation; 2] {
    [
        Operation::post(
            (
                "guest-applications.offer",
                "/guest-offers",
                "See what guests with an address of a connected organisation may ask for",
            ),
            None,
            "@GuestOffer",
            offer,
        )
        .body("mail:filled"),
        Operation::post(
            (
                "guest-applications.create",
                "/guest-applications",
                "Ask to be a guest; a link comes by mail",
            ),
            None,
            "@Done",
            create,
        )
        .body("mail:filled name:filled roles:filled[+] sponsor:text?* reason:filled"),
    ]
    .map(Operation::open)
}

async fn offer(asked: Asked) -> Result<Told, Problem> {
    taken(&asked)?;
    let (auth, nothing) = (asked.service.authenticator(), Secret::new(""));
    let counted = auth.count_applicant(&asked.opened, &attempt(&asked, "", &nothing)).await;
    counted.map_err(|refused| problem(&refused))?;
    let offer = guest_offer(&asked.opened, asked.text("mail"))?;
    let role = |role: &OfferedRole| json!({ "role": &*role.name, "description": role.description.as_deref() });
    let roles: Vec<Json> = offer.roles.iter().map(role).collect();
    Ok(json!({ "organisation": &*offer.title, "roles": roles }).into())
}

async fn create(asked: Asked) -> Result<Told, Problem> {
    taken(&asked)?;
    let applicant = GuestApplicant {
        mail: asked.text("mail").to_owned(),
        name: asked.text("name").to_owned(),
        sponsor: asked.text("sponsor").to_owned(),
        roles: asked.texts("roles"),
        reason: asked.text("reason").to_owned(),
    };
    let (auth, nothing) = (asked.service.authenticator(), Secret::new(""));
    let offer = guest_offer(&asked.opened, &applicant.mail);
    // Trying domains costs as much as asking does.
    let name = offer.as_ref().map_or("", |offer| &*offer.mail);
    let tried = attempt(&asked, name, &nothing);
    let may = match &offer {
        Ok(_) => auth.may_apply(&asked.opened, &tried).await,
        Err(_) => auth.count_applicant(&asked.opened, &tried).await.map(|()| false),
    };
    let may = may.map_err(|refused| problem(&refused))?;
    offer?;
    if may {
        apply_as_guest(&asked.ctx, &asked.opened, &applicant).await?;
    }
    Ok(json!({ "done": "a link may be on its way by mail" }).into())
}

/// Whether anybody can ask here at all.
fn taken(asked: &Asked) -> Result<(), Problem> {
    if takes_guest_applications(&asked.opened) {
        return Ok(());
    }
    Err(Problem::not_found("nobody asks to be a guest here"))
}

fn attempt<'a>(asked: &'a Asked, name: &'a str, nothing: &'a Secret) -> Attempt<'a> {
    Attempt {
        door: Door::Api,
        name,
        password: nothing,
        network: asked.from.network,
        device: &asked.from.device,
        browser: None,
        correlation: Some(&asked.ctx.correlation).filter(|text| !text.is_empty()),
        now: asked.ctx.now(),
    }
}

fn problem(refused: &Refused) -> Problem {
    match refused.shown() {
        Shown::Later(wait) => {
            let seconds = u32::try_from(wait.as_secs() + 1).unwrap_or(u32::MAX);
            Problem::new(Code::RATE, "there were too many tries from this network")
                .retry_after(seconds)
        }
        Shown::Wrong | Shown::Over | Shown::Trouble => {
            tracing::error!(error = %refused, "somebody could not ask to be a guest");
            Problem::new(Code::UNAVAILABLE, "it cannot be taken down now").retry_after(1)
        }
    }
}
