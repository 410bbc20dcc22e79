//! Signing in with the certificate that the connection began with.

use axum::{extract::Form, http::StatusCode, response::Response};
use muster_auth::{Acr, Purpose, Secret, Shown};
use muster_web::Problem;
use serde::Deserialize;

use crate::{
    browser::Browser,
    own::Own,
    page::page,
    return_to,
    sign_in::{Page, refused_with},
    steps,
};

#[derive(Deserialize)]
pub(crate) struct Given {
    #[serde(default)]
    return_to: String,
    #[serde(default)]
    acr: String,
}

/// Takes the certificate as the first step of a sign-in.
pub(crate) async fn sign_in(
    _: Own,
    browser: Browser,
    Form(given): Form<Given>,
) -> Result<Response, Problem> {
    let Given { return_to, acr } = given;
    let purpose = Purpose { acr: Acr::from_word(&acr), return_to: return_to::checked(&return_to) };
    let refused = Page::new(&browser, Some(browser.texts.no_certificate), purpose.return_to);
    let certificate = browser.certificate.as_ref().filter(|known| known.holds(browser.now));
    let place = browser.opened.model.sign_in.certificates.name;
    let Some(name) = certificate.and_then(|known| known.name(place)) else {
        return page(StatusCode::UNAUTHORIZED, &refused);
    };
    if let Some(former) = &browser.flow {
        browser.auth.end_flow(&browser.opened, former.reveal()).await?;
    }
    let nothing = Secret::new("");
    let attempt = browser.attempt(&name, &nothing);
    match browser.auth.certificate(&browser.opened, attempt, purpose).await {
        Ok(step) => steps::after(&browser, step).await,
        Err(error) if error.shown() == Shown::Wrong => page(StatusCode::UNAUTHORIZED, &refused),
        Err(error) => refused_with(&error, browser.texts, |message| {
            Page::new(&browser, Some(message), purpose.return_to)
        }),
    }
}
