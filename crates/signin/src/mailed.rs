//! Codes by mail as a second factor: sent by a button, on the way in or on `/account`, and taken once.

use askama::Template;
use axum::{
    extract::Form,
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use muster_auth::{Holder, Letter, Need, Refused, Secret, Session};
use muster_web::Problem;
use serde::Deserialize;

use crate::{
    account::SIGN_IN,
    browser::Browser,
    factors::fresh,
    own::Own,
    page::page,
    sign_in::refused_with,
    steps::{after, at, over},
    texts::Texts,
};

/// The form for the first code, by which mailed codes become a second factor.
#[derive(Template)]
#[template(path = "mailed.html")]
struct Page {
    texts: &'static Texts,
    message: Option<&'static str>,
    place: Place,
}

/// Where somebody gets this second factor.
#[derive(Clone, Copy)]
struct Place {
    /// The page. A form to it sends a code.
    path: &'static str,
    /// Where the code goes.
    confirm: &'static str,
}

const ON_THE_WAY: Place =
    Place { path: "/signin/enrol/mail", confirm: "/signin/enrol/mail/confirm" };
const IN: Place = Place { path: "/account/mail", confirm: "/account/mail/confirm" };

#[derive(Deserialize)]
pub(crate) struct Given {
    code: String,
}

/// Mails a code; returns where one goes on.
async fn send(browser: &Browser, holder: Holder<'_>, path: &str) -> Result<Response, Problem> {
    let said = &browser.texts.mailed;
    let letter = Letter { subject: said.subject, text: said.letter };
    let nothing = Secret::new("");
    let attempt = browser.attempt("", &nothing);
    match browser.auth.mail_code(&browser.opened, attempt, (holder, letter)).await {
        Ok(()) => Ok(Redirect::to(path).into_response()),
        Err(Refused::Trouble(error)) => Err(error.into()),
        Err(_) => Ok(over(browser)),
    }
}

/// Mails a code that is the next proof of a sign-in.
pub(crate) async fn send_proof(_: Own, browser: Browser) -> Result<Response, Problem> {
    match at(&browser, Need::Factor).await? {
        Ok((flow, _)) => send(&browser, Holder::Flow(&flow), "/signin/code").await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

/// Mails the first code to somebody on their way in.
pub(crate) async fn send_first(_: Own, browser: Browser) -> Result<Response, Problem> {
    match at(&browser, Need::Enrol).await? {
        Ok((flow, _)) => send(&browser, Holder::Flow(&flow), ON_THE_WAY.path).await,
        Err(elsewhere) => Ok(elsewhere),
    }
}

/// The form for it.
pub(crate) async fn show_first(browser: Browser) -> Result<Response, Problem> {
    match at(&browser, Need::Enrol).await? {
        Ok(_) => shown(&browser, ON_THE_WAY, (StatusCode::OK, None)),
        Err(elsewhere) => Ok(elsewhere),
    }
}

/// Takes it, which is a proof too.
pub(crate) async fn confirm_first(
    _: Own,
    browser: Browser,
    Form(given): Form<Given>,
) -> Result<Response, Problem> {
    let (flow, secret) = match at(&browser, Need::Enrol).await? {
        Ok(flow) => flow,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let (ctx, code) = (browser.ctx_of(flow.identity).await?, Secret::new(given.code));
    let (attempt, texts) = (browser.attempt("", &code), browser.texts);
    match browser.auth.enrol_mail(&ctx, &browser.opened, attempt, secret.reveal()).await {
        Ok(step) => after(&browser, step).await,
        Err(Refused::Over) => Ok(over(&browser)),
        Err(Refused::Wrong) => shown(&browser, ON_THE_WAY, wrong(texts)),
        Err(refused) => refused_with(&refused, texts, |message| {
            let (message, place) = (Some(message), ON_THE_WAY);
            Page { texts, message, place }
        }),
    }
}

/// Mails the first code to somebody who is in.
pub(crate) async fn send_in(_: Own, browser: Browser) -> Result<Response, Problem> {
    match fresh(&browser) {
        Ok(session) => send(&browser, Holder::Session(session), IN.path).await,
        Err(elsewhere) => Ok(elsewhere.into_response()),
    }
}

/// The form for it.
pub(crate) async fn show_in(browser: Browser) -> Result<Response, Problem> {
    match fresh(&browser) {
        Ok(_) => shown(&browser, IN, (StatusCode::OK, None)),
        Err(elsewhere) => Ok(elsewhere.into_response()),
    }
}

/// Takes it.
pub(crate) async fn confirm_in(
    _: Own,
    browser: Browser,
    Form(given): Form<Given>,
) -> Result<Response, Problem> {
    let session = match fresh(&browser) {
        Ok(session) => session,
        Err(elsewhere) => return Ok(elsewhere.into_response()),
    };
    let (ctx, code) = (browser.ctx_of(session.identity).await?, Secret::new(given.code));
    let attempt = browser.attempt("", &code);
    if browser.auth.confirm_mail(&ctx, &browser.opened, attempt, session).await? {
        return Ok(Redirect::to("/account").into_response());
    }
    shown(&browser, IN, wrong(browser.texts))
}

/// Stops mailed codes. All sessions end, this one too.
pub(crate) async fn remove(_: Own, browser: Browser) -> Result<Response, Problem> {
    let session = match fresh(&browser) {
        Ok(session) => session,
        Err(elsewhere) => return Ok(elsewhere.into_response()),
    };
    let ctx = browser.ctx_of(session.identity).await?;
    let which = (session.identity, "mail");
    browser.auth.remove_own_factor(&ctx, &browser.opened, which).await?;
    Ok(Redirect::to(SIGN_IN).into_response())
}

/// Whether `/account` offers them.
pub(crate) async fn is_offered(browser: &Browser, session: &Session) -> Result<bool, Problem> {
    let (auth, opened) = (&browser.auth, &browser.opened);
    Ok(auth.can_mail_codes(opened, session.identity, browser.now).await?)
}

fn wrong(texts: &Texts) -> (StatusCode, Option<&'static str>) {
    (StatusCode::UNPROCESSABLE_ENTITY, Some(texts.mailed.wrong))
}

fn shown(
    browser: &Browser,
    place: Place,
    (status, message): (StatusCode, Option<&'static str>),
) -> Result<Response, Problem> {
    page(status, &Page { texts: browser.texts, message, place })
}
