//! Second factors on `/account`: an authenticator app and recovery codes. Whoever changes them proved lately who they are.

use axum::{
    extract::Form,
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use muster_auth::{Confirmation, Holder, Secret, Session};
use muster_web::Problem;

use crate::{
    account::{AGAIN, SIGN_IN},
    browser::Browser,
    enrol::{CodesPage, Confirmed, Page},
    own::Own,
    page::page,
};

const ACTION: &str = "/account/app/confirm";

/// The session of somebody who proved lately who they are; otherwise where to prove it.
pub(crate) fn fresh(browser: &Browser) -> Result<&Session, Redirect> {
    let session = browser.session.as_ref().ok_or_else(|| Redirect::to(SIGN_IN))?;
    if session.is_fresh(browser.now) {
        return Ok(session);
    }
    Err(Redirect::to(AGAIN))
}

/// A new seed.
pub(crate) async fn begin(_: Own, browser: Browser) -> Result<Response, Problem> {
    let session = match fresh(&browser) {
        Ok(session) => session,
        Err(elsewhere) => return Ok(elsewhere.into_response()),
    };
    let (auth, opened) = (&browser.auth, &browser.opened);
    let enrolment = auth.begin_totp(opened, Holder::Session(session), browser.now).await?;
    page(StatusCode::OK, &Page::new(browser.texts, &enrolment, ACTION))
}

/// Takes the first code of the app.
pub(crate) async fn confirm(
    _: Own,
    browser: Browser,
    Form(given): Form<Confirmed>,
) -> Result<Response, Problem> {
    let session = match fresh(&browser) {
        Ok(session) => session,
        Err(elsewhere) => return Ok(elsewhere.into_response()),
    };
    let (auth, opened, texts) = (&browser.auth, &browser.opened, browser.texts);
    let (ctx, code) = (browser.ctx_of(session.identity).await?, Secret::new(given.code));
    let (holder, sealed) = (Holder::Session(session), &*given.sealed);
    let confirmation = Confirmation { holder, sealed, code: &code };
    if let Some(codes) = auth.confirm_totp(&ctx, opened, confirmation).await? {
        if codes.is_empty() {
            return Ok(Redirect::to("/account").into_response());
        }
        return page(StatusCode::OK, &CodesPage { texts, codes: &codes, next: "/account" });
    }
    let again = auth.again_totp(opened, holder, sealed, browser.now).await?;
    let Some(enrolment) = again else { return Ok(Redirect::to("/account").into_response()) };
    page(StatusCode::UNPROCESSABLE_ENTITY, &Page::new(texts, &enrolment, ACTION).wrong())
}

/// Takes the app away. All sessions end, this one too.
pub(crate) async fn remove(_: Own, browser: Browser) -> Result<Response, Problem> {
    let session = match fresh(&browser) {
        Ok(session) => session,
        Err(elsewhere) => return Ok(elsewhere.into_response()),
    };
    let ctx = browser.ctx_of(session.identity).await?;
    browser.auth.remove_own_factor(&ctx, &browser.opened, (session.identity, "app")).await?;
    Ok(Redirect::to(SIGN_IN).into_response())
}

/// New recovery codes in the place of all there were.
pub(crate) async fn new_codes(_: Own, browser: Browser) -> Result<Response, Problem> {
    let session = match fresh(&browser) {
        Ok(session) => session,
        Err(elsewhere) => return Ok(elsewhere.into_response()),
    };
    let (auth, opened) = (&browser.auth, &browser.opened);
    if !auth.factors(opened, session.identity).await?.any() {
        return Ok(Redirect::to("/account").into_response());
    }
    let ctx = browser.ctx_of(session.identity).await?;
    let codes = auth.new_recovery_codes(&ctx, opened, session.identity).await?;
    page(StatusCode::OK, &CodesPage { texts: browser.texts, codes: &codes, next: "/account" })
}
