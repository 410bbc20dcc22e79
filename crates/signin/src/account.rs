//! `/account`: who one is here, the password, and where one is signed in.

use askama::Template;
use axum::{
    extract::{Form, Path},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use jiff::Timestamp;
use muster_auth::{Factors, NotSet, Secret, Session};
use muster_web::Problem;
use serde::Deserialize;

use crate::{
    browser::Browser,
    known, mailed,
    own::Own,
    page::page,
    passkeys::{self, Section},
    sign_in::told,
    texts::Texts,
};

/// Where whoever is not signed in goes first.
pub(crate) const SIGN_IN: &str = "/signin?return_to=/account";
/// Where whoever is signed in proves again that they are there.
pub(crate) const AGAIN: &str = "/signin?again=1&return_to=/account";

#[derive(Template)]
#[template(path = "account.html")]
struct Page<'a> {
    texts: &'static Texts,
    display: &'a str,
    message: Option<String>,
    /// Whether the message tells of something that was done.
    is_good: bool,
    factors: Factors,
    /// Whether codes by mail are offered.
    offers_mail: bool,
    passkeys: Section,
    browsers: Vec<known::Line>,
    sessions: Vec<Line>,
}

/// A session as it is shown.
struct Line {
    id: i64,
    is_this: bool,
    since: String,
    last_used: String,
    network: String,
    device: String,
}

#[derive(Deserialize)]
pub(crate) struct Change {
    present: String,
    new: String,
}

/// The page; whoever is not signed in does that first.
pub(crate) async fn show(browser: Browser) -> Result<Response, Problem> {
    match &browser.session {
        Some(session) => shown(&browser, session, StatusCode::OK, None).await,
        None => Ok(to_sign_in()),
    }
}

/// Takes a new password from somebody who knows the present one. Their sessions end, and this browser gets a new one.
pub(crate) async fn change_password(
    _: Own,
    browser: Browser,
    Form(change): Form<Change>,
) -> Result<Response, Problem> {
    let Some(session) = &browser.session else { return Ok(to_sign_in()) };
    let (present, new) = (Secret::new(change.present), Secret::new(change.new));
    let (auth, opened) = (&browser.auth, &browser.opened);
    let attempt = browser.attempt("", &present);
    let verified = match auth.password_of(opened, session.identity, attempt).await {
        Ok(verified) => verified,
        Err(refused) => {
            let (status, message, _) = told(refused.shown(), browser.texts);
            return shown(&browser, session, status, Some(message.to_owned())).await;
        }
    };
    let ctx = browser.ctx_of(session.identity).await?;
    match auth.set_password(&ctx, opened, session.identity, &new).await {
        Ok(()) => {}
        Err(NotSet::Weak(weak)) => {
            let message = Some(browser.texts.weak(weak));
            return shown(&browser, session, StatusCode::UNPROCESSABLE_ENTITY, message).await;
        }
        Err(other) => return Err(muster_app::Error::from(other).into()),
    }
    let (session, secret) = auth.open(opened, &verified, browser.opening()).await?;
    let message = Some(browser.texts.password_changed.to_owned());
    let page = shown(&browser, &session, StatusCode::OK, message).await?;
    Ok((browser.keep(Some(&secret)), page).into_response())
}

/// Ends one session of one's own.
pub(crate) async fn end_session(
    _: Own,
    browser: Browser,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let Some(session) = &browser.session else { return Ok(to_sign_in()) };
    let (auth, opened) = (&browser.auth, &browser.opened);
    let own = auth.sessions(opened, session.identity, browser.now).await?;
    // One of somebody else is as one that is not there.
    if own.iter().any(|own| own.id == id) {
        auth.end(opened, id, browser.now).await?;
    }
    Ok(Redirect::to("/account").into_response())
}

/// Ends all sessions of one's own but this one.
pub(crate) async fn end_others(_: Own, browser: Browser) -> Result<Response, Problem> {
    let Some(session) = &browser.session else { return Ok(to_sign_in()) };
    let (identity, kept) = (session.identity, Some(session.id));
    browser.auth.end_all(&browser.opened, identity, kept, browser.now).await?;
    Ok(Redirect::to("/account").into_response())
}

fn to_sign_in() -> Response {
    Redirect::to(SIGN_IN).into_response()
}

/// The page, with a message.
pub(crate) async fn shown(
    browser: &Browser,
    session: &Session,
    status: StatusCode,
    message: Option<String>,
) -> Result<Response, Problem> {
    let (auth, opened, texts) = (&browser.auth, &browser.opened, browser.texts);
    let name = auth.name_of(opened, session.identity, browser.now).await?;
    let factors = auth.factors(opened, session.identity).await?;
    let sessions = auth.sessions(opened, session.identity, browser.now).await?;
    let sessions = sessions.iter().map(|one| line(one, session.id, texts)).collect();
    let passkeys = passkeys::section(browser, session).await?;
    let offers_mail = mailed::is_offered(browser, session).await?;
    let (display, is_good) = (&name.display, status.is_success());
    let browsers = known::lines(browser, session).await?;
    let shown = Page {
        texts,
        display,
        message,
        is_good,
        factors,
        offers_mail,
        passkeys,
        browsers,
        sessions,
    };
    page(status, &shown)
}

fn line(session: &Session, this: i64, texts: &Texts) -> Line {
    let at = |at: Timestamp| at.strftime("%Y-%m-%d %H:%M UTC").to_string();
    let device = session.device.to_string();
    Line {
        id: session.id,
        is_this: session.id == this,
        since: at(session.opened_at),
        last_used: at(session.seen_at),
        network: session.network.to_string(),
        device: if device.is_empty() { texts.unknown_device.to_owned() } else { device },
    }
}
