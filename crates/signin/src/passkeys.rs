//! Passkeys: signing in with one, and the part of `/account` where people add, name and remove theirs.
//!
//! The browser reaches an authenticator only by a script. Ours ([`script`]) asks for the options, hands them on, puts the answer
//! into a form of the page and sends it; what is said of the answer is a page like others.

use axum::{
    extract::{Form, Path},
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use jiff::Timestamp;
use muster_app::Error;
use muster_auth::{NotAdded, Passkey, Question, Secret, Session, Shown, Step};
use muster_web::{Code, Problem};
use serde::Deserialize;

use crate::{
    account::{self, AGAIN},
    browser::Browser,
    own::Own,
    return_to, sign_in, steps,
};

/// The cookie by which a browser answers what it was asked.
pub(crate) const COOKIE: &str = "muster_passkey";
/// Where somebody proves again that they are there, as surely as they can, and comes back.
const AGAIN_BY_PASSKEY: &str = "/signin?again=1&acr=urn:muster:acr:3&return_to=/account";

/// What `/account` shows of passkeys.
pub(crate) struct Section {
    /// The host they are for; `None` where there can be none.
    pub(crate) site: Option<String>,
    /// Where they have to go first who may not change them now.
    pub(crate) again: Option<&'static str>,
    pub(crate) lines: Vec<Line>,
}

/// A passkey as it is shown.
pub(crate) struct Line {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) added: String,
    pub(crate) last_used: String,
}

#[derive(Deserialize)]
pub(crate) struct Answer {
    answer: String,
    #[serde(default)]
    return_to: String,
}

#[derive(Deserialize)]
pub(crate) struct Added {
    answer: String,
    #[serde(default)]
    name: String,
}

#[derive(Deserialize)]
pub(crate) struct Named {
    name: String,
}

/// What an authenticator is asked when somebody signs in. It is the same for everybody.
pub(crate) async fn ask(_: Own, browser: Browser) -> Result<Response, Problem> {
    let question = browser.auth.ask_passkey(&browser.opened, browser.now).await?;
    Ok(asked(&browser, question))
}

/// Takes the answer and signs somebody in.
pub(crate) async fn sign_in(
    _: Own,
    browser: Browser,
    Form(given): Form<Answer>,
) -> Result<Response, Problem> {
    if let Some(former) = &browser.flow {
        browser.auth.end_flow(&browser.opened, former.reveal()).await?;
    }
    let nothing = Secret::new("");
    let return_to = return_to::checked(&given.return_to);
    let answer = (browser.asked_passkey(), given.answer.as_str());
    match browser.auth.passkey(&browser.opened, browser.attempt("", &nothing), answer).await {
        Ok(verified) => {
            let step = Step::In { verified, return_to: return_to.into() };
            steps::after(&browser, step).await
        }
        Err(refused) => {
            let is_wrong = refused.shown() == Shown::Wrong;
            let own = browser.texts.passkeys.refused;
            sign_in::refused_with(&refused, browser.texts, |message| {
                let message = if is_wrong { own } else { message };
                sign_in::Page::new(&browser, Some(message), return_to)
            })
        }
    }
}

/// What an authenticator is asked when somebody adds a passkey.
pub(crate) async fn ask_to_add(_: Own, browser: Browser) -> Result<Response, Problem> {
    let Ok(session) = allowed(&browser).await? else {
        return Err(Problem::new(Code::DENIED, "sign in again to add a passkey"));
    };
    let ctx = browser.ctx_of(session.identity).await?;
    match browser.auth.begin_passkey(&ctx, &browser.opened, session.identity).await {
        Ok(question) => Ok(asked(&browser, question)),
        Err(NotAdded::Trouble(error)) => Err(error.into()),
        Err(other) => Err(Error::invalid(other.to_string()).into()),
    }
}

/// Takes the answer and adds the passkey.
pub(crate) async fn add(
    _: Own,
    browser: Browser,
    Form(given): Form<Added>,
) -> Result<Response, Problem> {
    let session = match allowed(&browser).await? {
        Ok(session) => session,
        Err(first) => return Ok(first),
    };
    let ctx = browser.ctx_of(session.identity).await?;
    let texts = &browser.texts.passkeys;
    let name = if given.name.trim().is_empty() { texts.one } else { &given.name };
    let (auth, cookie) = (&browser.auth, browser.asked_passkey());
    let given = (name, given.answer.as_str());
    let added = auth.add_passkey(&ctx, &browser.opened, session.identity, cookie, given).await;
    let (status, message) = match added {
        Ok(()) => (StatusCode::OK, texts.added),
        Err(NotAdded::Trouble(error)) => return Err(error.into()),
        Err(NotAdded::Unattested) => (StatusCode::UNPROCESSABLE_ENTITY, texts.unattested),
        Err(_) => (StatusCode::UNPROCESSABLE_ENTITY, texts.not_added),
    };
    account::shown(&browser, session, status, Some(message.to_owned())).await
}

/// Calls a passkey of one's own something else.
pub(crate) async fn rename(
    _: Own,
    browser: Browser,
    Path(id): Path<i64>,
    Form(given): Form<Named>,
) -> Result<Response, Problem> {
    let session = match allowed(&browser).await? {
        Ok(session) => session,
        Err(first) => return Ok(first),
    };
    let ctx = browser.ctx_of(session.identity).await?;
    let name = given.name.trim();
    if !name.is_empty() {
        let which = (session.identity, id);
        browser.auth.rename_passkey(&ctx, &browser.opened, which, name).await?;
    }
    Ok(Redirect::to("/account").into_response())
}

/// Removes a passkey of one's own, unless it is the last way in.
pub(crate) async fn remove(
    _: Own,
    browser: Browser,
    Path(id): Path<i64>,
) -> Result<Response, Problem> {
    let session = match allowed(&browser).await? {
        Ok(session) => session,
        Err(first) => return Ok(first),
    };
    let ctx = browser.ctx_of(session.identity).await?;
    if browser.auth.remove_passkey(&ctx, &browser.opened, session, id).await? {
        return Ok(Redirect::to("/account").into_response());
    }
    let message = browser.texts.passkeys.last_way.to_owned();
    account::shown(&browser, session, StatusCode::CONFLICT, Some(message)).await
}

/// The script.
pub(crate) async fn script() -> impl IntoResponse {
    let headers =
        [(header::CONTENT_TYPE, "text/javascript"), (header::CACHE_CONTROL, "max-age=3600")];
    (headers, include_str!("../templates/passkey.js"))
}

/// The part of `/account`.
pub(crate) async fn section(browser: &Browser, session: &Session) -> Result<Section, Error> {
    let passkeys = browser.auth.passkeys(&browser.opened, session.identity).await?;
    let never = browser.texts.passkeys.never_used;
    Ok(Section {
        site: browser.auth.passkey_site(&browser.opened),
        again: again(browser, session).await?,
        lines: passkeys.into_iter().map(|passkey| line(&passkey, never)).collect(),
    })
}

fn line(passkey: &Passkey, never: &str) -> Line {
    let Passkey { id, name, created_at, used_at } = passkey;
    let day = |at: Timestamp| at.strftime("%Y-%m-%d").to_string();
    let last_used = used_at.map_or_else(|| never.to_owned(), day);
    Line { id: *id, name: name.to_string(), added: day(*created_at), last_used }
}

/// The session of somebody who may change their passkeys, or where they go first.
async fn allowed(browser: &Browser) -> Result<Result<&Session, Response>, Error> {
    let Some(session) = &browser.session else {
        return Ok(Err(Redirect::to(AGAIN).into_response()));
    };
    Ok(match again(browser, session).await? {
        Some(first) => Err(Redirect::to(first).into_response()),
        None => Ok(session),
    })
}

/// Where somebody goes first who may not change their passkeys now.
async fn again(browser: &Browser, session: &Session) -> Result<Option<&'static str>, Error> {
    let (auth, opened) = (&browser.auth, &browser.opened);
    if auth.may_change_passkeys(opened, session, browser.now).await? {
        return Ok(None);
    }
    let has_none = auth.passkeys(opened, session.identity).await?.is_empty();
    Ok(Some(if has_none { AGAIN } else { AGAIN_BY_PASSKEY }))
}

fn asked(browser: &Browser, question: Question) -> Response {
    let Question { options, cookie } = question;
    let is_json: (HeaderName, &str) = (header::CONTENT_TYPE, "application/json");
    (browser.keep_asked_passkey(&cookie), [is_json], options).into_response()
}
