//! `/guest`: somebody of a connected organisation asks to come. The address says which organisation it is, and that what may be asked for.
//!
//! What is answered depends on the domain and the form alone, never on whether somebody with the address is here. Who asks is
//! mailed a link ([`super::guest`]); until it is opened, nobody is entered and nobody is asked.

use askama::Template;
use axum::{
    extract::Form,
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use muster_app::Kind;
use muster_auth::Secret;
use muster_engine::{
    GuestApplicant, GuestOffer, OfferedRole, apply_as_guest, guest_offer, takes_guest_applications,
};
use muster_web::Problem;

use crate::{browser::Browser, own::Own, page::page, sign_in::refused_with, texts::Texts};

#[derive(Template)]
#[template(path = "apply.html")]
struct Page<'a> {
    texts: &'static Texts,
    message: Option<&'static str>,
    asks: Asks<'a>,
}

impl Page<'_> {
    /// Where there is one role only, it is asked for.
    #[expect(clippy::unused_self, reason = "templates call methods")]
    fn is_chosen(&self, role: &OfferedRole, offer: &GuestOffer, given: &GuestApplicant) -> bool {
        offer.roles.len() == 1 || given.roles.iter().any(|name| **name == *role.name)
    }
}

/// What a page asks for.
enum Asks<'a> {
    /// The address.
    Address(&'a str),
    /// The rest, by whoever has an address of a connected organisation.
    Rest { offer: GuestOffer, given: &'a GuestApplicant },
    /// Nothing: a mail may be on its way.
    Nothing,
}

/// The form for an address.
pub(crate) async fn show(browser: Browser) -> Result<Response, Problem> {
    if !takes_guest_applications(&browser.opened) {
        return Ok(Redirect::to("/signin").into_response());
    }
    let (texts, asks) = (browser.texts, Asks::Address(""));
    page(StatusCode::OK, &Page { texts, message: None, asks })
}

/// Takes an address, and shows what its organisation offers.
pub(crate) async fn address(
    _: Own,
    browser: Browser,
    Form(given): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    if !takes_guest_applications(&browser.opened) {
        return Ok(Redirect::to("/signin").into_response());
    }
    let (texts, given, nothing) = (browser.texts, read(given), Secret::new(""));
    let attempt = browser.attempt("", &nothing);
    if let Err(refused) = browser.auth.count_applicant(&browser.opened, &attempt).await {
        let asks = Asks::Address(&given.mail);
        return refused_with(&refused, texts, |said| Page { texts, message: Some(said), asks });
    }
    match guest_offer(&browser.opened, &given.mail) {
        Ok(offer) => {
            let asks = Asks::Rest { offer, given: &given };
            page(StatusCode::OK, &Page { texts, message: None, asks })
        }
        Err(error) => refused(texts, error.kind(), &given),
    }
}

/// Takes the rest. The answer is the same whoever has the address.
pub(crate) async fn ask(
    _: Own,
    browser: Browser,
    Form(given): Form<Vec<(String, String)>>,
) -> Result<Response, Problem> {
    let (opened, texts) = (&browser.opened, browser.texts);
    if !takes_guest_applications(opened) {
        return Ok(Redirect::to("/signin").into_response());
    }
    let (given, nothing) = (read(given), Secret::new(""));
    let offer = match guest_offer(opened, &given.mail) {
        Ok(offer) => offer,
        Err(error) => return refused(texts, error.kind(), &given),
    };
    let attempt = browser.attempt(&offer.mail, &nothing);
    let done = match browser.auth.may_apply(opened, &attempt).await {
        Ok(true) => apply_as_guest(&browser.ctx, opened, &given).await,
        Ok(false) => Ok(()),
        Err(refused) => {
            let asks = Asks::Rest { offer: offer.clone(), given: &given };
            return refused_with(&refused, texts, |said| Page { texts, message: Some(said), asks });
        }
    };
    match done {
        Ok(()) => Ok(Redirect::to("/guest/sent").into_response()),
        Err(error) if matches!(error.kind(), Kind::Invalid | Kind::Denied | Kind::NotFound) => {
            let (message, asks) = (Some(texts.guest.lacks), Asks::Rest { offer, given: &given });
            page(StatusCode::UNPROCESSABLE_ENTITY, &Page { texts, message, asks })
        }
        Err(error) => Err(error.into()),
    }
}

/// What whoever asked is told, by a page that can be loaded again.
pub(crate) async fn sent(browser: Browser) -> Result<Response, Problem> {
    let (texts, asks) = (browser.texts, Asks::Nothing);
    page(StatusCode::OK, &Page { texts, message: None, asks })
}

fn refused(texts: &'static Texts, kind: Kind, given: &GuestApplicant) -> Result<Response, Problem> {
    let said = if kind == Kind::Denied { texts.guest.no_domain } else { texts.guest.no_address };
    let (message, asks) = (Some(said), Asks::Address(&given.mail));
    page(StatusCode::UNPROCESSABLE_ENTITY, &Page { texts, message, asks })
}

fn read(given: Vec<(String, String)>) -> GuestApplicant {
    let mut applicant = GuestApplicant::default();
    for (name, value) in given {
        match &*name {
            "mail" => applicant.mail = value,
            "name" => applicant.name = value,
            "sponsor" => applicant.sponsor = value,
            "reason" => applicant.reason = value,
            "role" => applicant.roles.push(value),
            _ => {}
        }
    }
    applicant
}
