//! Somebody of a connected organisation asks to be a guest.

use muster_app::{Ctx, Error, Kind, Opened, Reach};
use muster_model::{EntityId, Text};
use muster_policy::Organisation;
use muster_store::{GuestApplication, ReadTx, Sequence};

use super::{
    guests,
    invite::roles_of,
    rules,
    sponsor::{fallback, sponsor_named},
};

/// Characters of a name or a reason at most.
const LONGEST: usize = 2000;

/// Who asks.
#[derive(Debug, Clone, Default)]
pub struct GuestApplicant {
    /// The address.
    pub mail: String,
    /// The name.
    pub name: String,
    /// Whom they know here; may be empty.
    pub sponsor: String,
    /// For which roles.
    pub roles: Vec<String>,
    /// Why.
    pub reason: String,
}

/// What somebody with an address may ask for.
#[derive(Debug, Clone)]
pub struct GuestOffer {
    /// The address, in the form in which it is kept.
    pub mail: Text,
    /// How the connected organisation is shown to people.
    pub title: Text,
    /// The roles.
    pub roles: Vec<OfferedRole>,
}

/// A role that guests may ask for.
#[derive(Debug, Clone)]
pub struct OfferedRole {
    /// Its name.
    pub name: Text,
    /// What it is for.
    pub description: Option<Text>,
}

/// What the organisation of an address offers. It is the same for everybody who has an address there.
///
/// # Errors
///
/// `Denied` for domains that are blocked or of no connected organisation, in the same words; `Invalid` for what is no address.
pub fn guest_offer(opened: &Opened, mail: &str) -> Result<GuestOffer, Error> {
    let found = guests(opened)?.organisation_of(mail);
    let (mail, of) = found.map_err(|problem| match rules::refused(&problem) {
        error if error.kind() == Kind::Denied => {
            Error::new(Kind::Denied, "nobody comes as a guest from this domain")
        }
        error => error,
    })?;
    let roles = of.roles.iter().filter_map(|at| opened.model.roles.get(*at));
    let roles = roles
        .map(|role| OfferedRole { name: role.name.clone(), description: role.description.clone() });
    Ok(GuestOffer { mail, title: of.title.clone(), roles: roles.collect() })
}

/// Whether strangers can ask: there is an organisation whose guests may have a role, and a link can be mailed.
pub fn takes_guest_applications(opened: &Opened) -> bool {
    let model = &opened.model;
    let guests = model.guests.iter().flat_map(|guests| &guests.organisations);
    model.mail.is_some() && model.url.is_some() && guests.into_iter().any(|of| !of.roles.is_empty())
}

/// Takes down what somebody asks who has no account, and mails them a link. Nothing more is written before they open it, and the
/// answer does not tell who is here already.
///
/// # Errors
///
/// `Denied` for domains that are blocked or of no connected organisation, and for roles that are not for guests; `Invalid` for what is
/// no address or too long.
pub async fn apply_as_guest(
    ctx: &Ctx,
    opened: &Opened,
    applicant: &GuestApplicant,
) -> Result<(), Error> {
    let guests = guests(opened)?;
    let found = guests.organisation_of(&applicant.mail);
    let (mail, of) = found.map_err(|problem| rules::refused(&problem))?;
    let roles = roles_of(opened, of, &applicant.roles)?;
    let texts = [&applicant.name, &applicant.sponsor, &applicant.reason];
    if texts.iter().any(|text| text.chars().count() > LONGEST) {
        return Err(Error::invalid(format!("a text is longer than {LONGEST} characters")));
    }
    if applicant.name.trim().is_empty() {
        return Err(Error::invalid("say who you are"));
    }
    if applicant.reason.trim().is_empty() {
        return Err(Error::invalid("say why, for whoever decides"));
    }
    let roles: Vec<&str> =
        roles.iter().filter_map(|at| opened.model.roles.get(*at)).map(|role| &*role.name).collect();
    let now = ctx.now();
    let mut tx = opened.store.begin().await?;
    let id = tx.take_ids(Sequence::GuestApplication, 1).await?;
    let application = GuestApplication {
        id,
        mail,
        name: applicant.name.trim().into(),
        sponsor: applicant.sponsor.trim().into(),
        roles: serde_json::json!(roles).to_string().into(),
        reason: applicant.reason.trim().into(),
        link: None,
        ends_at: rules::after(now, guests.link),
        tries: 0,
        next_try: Some(now),
    };
    tx.insert_guest_application(&application, rules::after(now, guests.link - rules::PAUSE))
        .await?;
    tx.commit().await?;
    Ok(())
}

/// Who answers for somebody who asks: whom they name, where that is a sponsor, and otherwise the fallback.
pub(super) async fn sponsor_of(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    (of, name): (&Organisation, &str),
) -> Result<EntityId, Error> {
    let ctx = Ctx { reach: Reach::default(), ..ctx.clone() };
    if !name.is_empty() {
        match sponsor_named(&ctx, opened, tx, of, name).await {
            Ok(found) => return Ok(found),
            Err(error) if matches!(error.kind(), Kind::NotFound | Kind::Denied) => {}
            Err(error) => return Err(error),
        }
    }
    fallback(&ctx, opened, tx, of).await
}
