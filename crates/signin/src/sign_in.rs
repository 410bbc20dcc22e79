//! `/signin` and `/signout`.

use askama::Template;
use axum::{
    extract::{Form, Query},
    http::{StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};
use muster_auth::{Acr, Purpose, Refused, Secret, Shown};
use muster_web::Problem;
use serde::Deserialize;

use crate::{browser::Browser, own::Own, page::page, return_to, steps, texts::Texts};

#[derive(Template)]
#[template(path = "sign_in.html")]
pub(crate) struct Page<'a> {
    texts: &'static Texts,
    message: Option<&'static str>,
    name: &'a str,
    return_to: &'a str,
    acr: &'a str,
    /// Whether there is a certificate to sign in with.
    has_certificate: bool,
    /// The host that passkeys are for; `None` where there can be none.
    passkey_site: Option<String>,
    /// Whether whoever forgot their password gets another one by themselves.
    can_recover: bool,
    /// Whether guests can sign in with a mailed code.
    lets_guests_in: bool,
}

impl<'a> Page<'a> {
    /// An empty form.
    pub(crate) fn new(
        browser: &Browser,
        message: Option<&'static str>,
        return_to: &'a str,
    ) -> Self {
        let passkey_site = browser.auth.passkey_site(&browser.opened);
        let can_recover = browser.auth.can_recover(&browser.opened);
        let lets_guests_in = browser.auth.lets_guests_in(&browser.opened);
        let (texts, has_certificate) = (browser.texts, browser.certificate.is_some());
        let (name, acr) = ("", "");
        Self {
            texts,
            message,
            name,
            return_to,
            acr,
            has_certificate,
            passkey_site,
            can_recover,
            lets_guests_in,
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    return_to: String,
    /// How sure it has to be, if more than usual.
    acr: String,
    /// Said when somebody who is signed in has to prove it again.
    again: Option<String>,
    /// Said when a sign-in ended before it was done.
    over: Option<String>,
    /// Said when somebody gave themselves another password.
    recovered: Option<String>,
    /// The name that an application thinks somebody will sign in with.
    login_hint: String,
}

#[derive(Deserialize)]
pub(crate) struct Given {
    name: String,
    password: String,
    #[serde(default)]
    return_to: String,
    #[serde(default)]
    acr: String,
}

/// The form. Whoever is signed in goes on, unless they have to prove it again.
pub(crate) async fn show(
    browser: Browser,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let return_to = return_to::checked(&asked.return_to);
    if let Some(session) = browser.session.as_ref().filter(|_| asked.again.is_none()) {
        let target = return_to::target(&browser, session.identity, return_to).await?;
        return Ok(Redirect::to(target).into_response());
    }
    let again = browser.session.as_ref().map(|_| browser.texts.again);
    let Asked { login_hint: name, acr, .. } = &asked;
    let by_passkey = Acr::from_word(acr) == Some(Acr::Resistant);
    let again = if by_passkey { Some(browser.texts.passkeys.wanted) } else { again };
    let over = asked.over.as_ref().map(|_| browser.texts.over);
    let recovered = asked.recovered.as_ref().map(|_| browser.texts.recovery.done);
    let message = over.or(recovered).or(again);
    page(StatusCode::OK, &Page { name, acr, ..Page::new(&browser, message, return_to) })
}

/// Takes the form: the first step of a sign-in.
pub(crate) async fn sign_in(
    _: Own,
    browser: Browser,
    Form(given): Form<Given>,
) -> Result<Response, Problem> {
    let Given { name, password, return_to, acr } = given;
    let password = Secret::new(password);
    let purpose = Purpose { acr: Acr::from_word(&acr), return_to: return_to::checked(&return_to) };
    if let Some(former) = &browser.flow {
        browser.auth.end_flow(&browser.opened, former.reveal()).await?;
    }
    let attempt = browser.attempt(&name, &password);
    match browser.auth.sign_in(&browser.opened, attempt, purpose).await {
        Ok(step) => steps::after(&browser, step).await,
        Err(refused) => {
            let texts = browser.texts;
            refused_with(&refused, texts, |message| {
                let empty = Page::new(&browser, Some(message), purpose.return_to);
                Page { name: &name, acr: &acr, ..empty }
            })
        }
    }
}

/// The page again, with what whoever was refused may know.
pub(crate) fn refused_with<T: Template>(
    refused: &Refused,
    texts: &'static Texts,
    template: impl FnOnce(&'static str) -> T,
) -> Result<Response, Problem> {
    if let Shown::Trouble = refused.shown() {
        tracing::error!(error = %refused, "somebody could not sign in");
    }
    let (status, message, wait) = told(refused.shown(), texts);
    let mut answer = page(status, &template(message))?;
    if let Some(wait) = wait {
        answer.headers_mut().insert(header::RETRY_AFTER, wait.into());
    }
    Ok(answer)
}

/// What whoever is refused is told, and when they may come again, in seconds.
pub(crate) fn told(shown: Shown, texts: &'static Texts) -> (StatusCode, &'static str, Option<u32>) {
    match shown {
        Shown::Wrong => (StatusCode::UNAUTHORIZED, texts.wrong, None),
        Shown::Over => (StatusCode::UNAUTHORIZED, texts.over, None),
        Shown::Later(wait) => {
            let seconds = u32::try_from(wait.as_secs() + 1).unwrap_or(u32::MAX);
            (StatusCode::TOO_MANY_REQUESTS, texts.later, Some(seconds))
        }
        Shown::Trouble => (StatusCode::SERVICE_UNAVAILABLE, texts.trouble, None),
    }
}

/// Ends the session, here and in the browser.
pub(crate) async fn sign_out(_: Own, browser: Browser) -> Result<Response, Problem> {
    if let Some(session) = &browser.session {
        browser.auth.end(&browser.opened, session.id, browser.now).await?;
    }
    Ok((browser.keep(None), Redirect::to("/signin")).into_response())
}
