//! What comes after the first step of a sign-in: where each step leads, and the step with a code.
//!
//! Which step is next is known to the sign-in that is held by the server. A page that is asked for out of turn leads to the one whose
//! turn it is.

use askama::Template;
use axum::{
    extract::Form,
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use muster_auth::{Flow, Holder, Need, Refused, Secret, Step, Verified};
use muster_web::Problem;
use serde::Deserialize;

use crate::{
    browser::Browser, known, own::Own, page::page, return_to, sign_in::refused_with, texts::Texts,
};

#[derive(Template)]
#[template(path = "code.html")]
struct CodePage {
    texts: &'static Texts,
    message: Option<&'static str>,
    /// Which code is enough.
    taken: Taken,
    /// The host that passkeys are for, where they have one.
    passkey_site: Option<String>,
    return_to: String,
}

/// Which code a page takes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Taken {
    /// None: a passkey has to be shown.
    Nothing,
    /// One of the app, or a recovery code.
    App,
    /// One that has to be sent first.
    NotMailed,
    /// The one that was mailed.
    Mailed,
}

impl CodePage {
    /// For the sign-in that the browser shows.
    async fn new(browser: &Browser, flow: &Flow) -> Result<Self, Problem> {
        let (auth, opened) = (&browser.auth, &browser.opened);
        let site = auth.passkey_site(opened);
        let taken = if flow.need != Some(Need::Factor) {
            Taken::Nothing
        } else if !flow.factors.takes_mail() {
            Taken::App
        } else if auth.is_code_mailed(opened, Holder::Flow(flow), browser.now).await? {
            Taken::Mailed
        } else {
            Taken::NotMailed
        };
        Ok(Self {
            texts: browser.texts,
            message: None,
            taken,
            passkey_site: site.filter(|_| flow.factors.passkeys > 0),
            return_to: flow.return_to.to_string(),
        })
    }
}

#[derive(Deserialize)]
pub(crate) struct Given {
    code: String,
}

/// The page of a step.
fn path(need: Need) -> &'static str {
    match need {
        Need::Factor | Need::Passkey => "/signin/code",
        Need::Password => "/signin/password",
        Need::Enrol => "/signin/enrol",
    }
}

/// Goes on after a right proof: to the next step, or in.
pub(crate) async fn after(browser: &Browser, step: Step) -> Result<Response, Problem> {
    match step {
        Step::Next { need, secret } => {
            Ok((browser.keep_flow(Some(&secret)), Redirect::to(path(need))).into_response())
        }
        Step::In { verified, return_to } => {
            let target = return_to::target(browser, verified.identity, &return_to).await?;
            Ok((enter(browser, &verified).await?, Redirect::to(target)).into_response())
        }
    }
}

/// Opens a session for somebody who showed every proof. The one that the browser had ends, whoever's it was: nothing of it goes over
/// into the new one.
pub(crate) async fn enter(
    browser: &Browser,
    verified: &Verified,
) -> Result<impl axum::response::IntoResponseParts, Problem> {
    if let Some(former) = &browser.session {
        browser.auth.end(&browser.opened, former.id, browser.now).await?;
    }
    let (_, secret) = browser.auth.open(&browser.opened, verified, browser.opening()).await?;
    let known_by = known::note(browser, verified.identity).await?;
    Ok((browser.keep(Some(&secret)), browser.keep_flow(None), known_by))
}

/// The sign-in that the browser shows, with what it keeps of it, if this step is the next one; otherwise where to go instead.
pub(crate) async fn at(
    browser: &Browser,
    wanted: Need,
) -> Result<Result<(Flow, &Secret), Response>, Problem> {
    let begin = || Ok(Err(Redirect::to("/signin").into_response()));
    let Some(secret) = &browser.flow else { return begin() };
    let flow = browser.auth.flow(&browser.opened, secret.reveal(), browser.now).await?;
    let Some(flow) = flow else { return begin() };
    match flow.need {
        Some(need) if path(need) == path(wanted) => Ok(Ok((flow, secret))),
        Some(need) => Ok(Err(Redirect::to(path(need)).into_response())),
        None => begin(),
    }
}

/// The form for a code.
pub(crate) async fn show_code(browser: Browser) -> Result<Response, Problem> {
    match at(&browser, Need::Factor).await? {
        Ok((flow, _)) => page(StatusCode::OK, &CodePage::new(&browser, &flow).await?),
        Err(elsewhere) => Ok(elsewhere),
    }
}

/// Takes a code.
pub(crate) async fn code(
    _: Own,
    browser: Browser,
    Form(given): Form<Given>,
) -> Result<Response, Problem> {
    let (auth, opened, texts) = (&browser.auth, &browser.opened, browser.texts);
    let code = Secret::new(given.code);
    let secret = browser.flow.as_ref().map_or("", Secret::reveal);
    let flow = auth.flow(opened, secret, browser.now).await?;
    let taken = auth.code(opened, secret, browser.attempt("", &code)).await;
    let (flow, refused) = match (flow, taken) {
        (_, Ok(step)) => return after(&browser, step).await,
        (None, Err(_)) | (_, Err(Refused::Over)) => return Ok(over(&browser)),
        (Some(flow), Err(refused)) => (flow, refused),
    };
    let shown = CodePage::new(&browser, &flow).await?;
    if let Refused::Wrong = refused {
        let is_mailed = flow.factors.takes_mail();
        let message = Some(if is_mailed { texts.mailed.wrong } else { texts.wrong_code });
        return page(StatusCode::UNAUTHORIZED, &CodePage { message, ..shown });
    }
    refused_with(&refused, texts, |message| CodePage { message: Some(message), ..shown })
}

/// Back to the beginning, where it is said that this sign-in is over.
pub(crate) fn over(browser: &Browser) -> Response {
    (browser.keep_flow(None), Redirect::to("/signin?over=1")).into_response()
}
