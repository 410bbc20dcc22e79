//! Browsers that are known again: noted when somebody is in, shown and forgotten on `/account`.

use axum::{
    extract::Path,
    response::{IntoResponse as _, Redirect, Response},
};
use jiff::Timestamp;
use muster_auth::{KnownBrowser, Letter, Secret, Session, browser_name};
use muster_model::EntityId;
use muster_web::Problem;

use crate::{
    account::SIGN_IN,
    browser::{Browser, Cookie},
    own::Own,
};

/// A browser as it is shown.
pub(crate) struct Line {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) is_this: bool,
    pub(crate) first: String,
    pub(crate) last: String,
}

/// Notes that somebody signed in here, and tells them by mail when this browser is new; what it keeps from now on, if that is something
/// else.
pub(crate) async fn note(browser: &Browser, identity: EntityId) -> Result<Option<Cookie>, Problem> {
    let (texts, zone) = (browser.texts, &browser.opened.model.timezone);
    let when = browser.now.to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M %Z").to_string();
    let name = named(texts.unknown_device, &browser_name(&browser.device));
    let said = texts.browsers.letter;
    let text = said
        .replace("{when}", &when)
        .replace("{from}", &browser.network.to_canonical().to_string())
        .replace("{on}", &name);
    let letter = Letter { subject: texts.browsers.subject, text: &text };
    let nothing = Secret::new("");
    let attempt = browser.attempt("", &nothing);
    let kept = browser.auth.recognise(&browser.opened, attempt, (identity, letter)).await?;
    Ok(kept.map(|kept| browser.keep_known_by(&kept)))
}

/// The part of `/account`.
pub(crate) async fn lines(browser: &Browser, session: &Session) -> Result<Vec<Line>, Problem> {
    let nothing = Secret::new("");
    let attempt = browser.attempt("", &nothing);
    let known = browser.auth.browsers(&browser.opened, attempt, session.identity).await?;
    let unknown = browser.texts.unknown_device;
    let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
    let line = |known: KnownBrowser| Line {
        name: named(unknown, &known.name),
        first: day(known.first_at),
        last: day(known.seen_at),
        is_this: known.is_this,
        id: known.id,
    };
    Ok(known.into_iter().map(line).collect())
}

/// Forgets a browser of one's own. One of somebody else is as one that is not there.
pub(crate) async fn forget(
    _: Own,
    browser: Browser,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let Some(session) = &browser.session else { return Ok(Redirect::to(SIGN_IN).into_response()) };
    browser.auth.forget_browser(&browser.opened, (session.identity, &id)).await?;
    Ok(Redirect::to("/account").into_response())
}

fn named(unknown: &str, name: &str) -> String {
    if name.is_empty() { unknown.to_owned() } else { name.to_owned() }
}
