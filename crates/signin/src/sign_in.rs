//! `/signin` and `/signout`.

use askama::Template;
use axum::{
    extract::{Form, Query},
    http::{StatusCode, header},
    response::{IntoResponse as _, Redirect, Response},
};
use muster_auth::{Attempt, Door, Secret, Shown};
use muster_web::Problem;
use serde::Deserialize;

use crate::{browser::Browser, own::Own, page::page, return_to, texts::Texts};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct Page<'a> {
    texts: &'static Texts,
    message: Option<&'static str>,
    name: &'a str,
    return_to: &'a str,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    return_to: String,
    /// Said when somebody who is signed in has to prove it again.
    again: Option<String>,
    /// The name that an application thinks somebody will sign in with.
    login_hint: String,
}

#[derive(Deserialize)]
pub(crate) struct Given {
    name: String,
    password: String,
    #[serde(default)]
    return_to: String,
}

/// The form. Whoever is signed in goes on, unless they have to prove it again.
pub(crate) async fn show(
    browser: Browser,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let return_to = return_to::checked(&asked.return_to);
    if browser.session.is_some() && asked.again.is_none() {
        return Ok(Redirect::to(return_to).into_response());
    }
    let message = browser.session.as_ref().map(|_| browser.texts.again);
    page(
        StatusCode::OK,
        &Page { texts: browser.texts, message, name: &asked.login_hint, return_to },
    )
}

/// Takes the form. The session that the browser had ends, whoever's it was: nothing of it goes over into the new one.
pub(crate) async fn sign_in(
    _: Own,
    browser: Browser,
    Form(given): Form<Given>,
) -> Result<Response, Problem> {
    let Given { name, password, return_to } = given;
    let password = Secret::new(password);
    let attempt = Attempt {
        door: Door::Web,
        name: &name,
        password: &password,
        network: browser.network,
        device: &browser.device,
        correlation: browser.correlation(),
        now: browser.now,
    };
    let return_to = return_to::checked(&return_to);
    match browser.auth.password(&browser.opened, attempt).await {
        Ok(verified) => {
            if let Some(former) = &browser.session {
                browser.auth.end(&browser.opened, former.id, browser.now).await?;
            }
            let opening = browser.opening();
            let (_, secret) = browser.auth.open(&browser.opened, &verified, opening).await?;
            Ok((browser.keep(Some(&secret)), Redirect::to(return_to)).into_response())
        }
        Err(refused) => {
            let (status, message, wait) = told(refused.shown(), browser.texts);
            if let Shown::Trouble = refused.shown() {
                tracing::error!(error = %refused, "somebody could not sign in");
            }
            let (texts, message) = (browser.texts, Some(message));
            let mut answer = page(status, &Page { texts, message, name: &name, return_to })?;
            if let Some(wait) = wait {
                answer.headers_mut().insert(header::RETRY_AFTER, wait.into());
            }
            Ok(answer)
        }
    }
}

/// What whoever is refused is told, and when they may come again, in seconds.
pub(crate) fn told(shown: Shown, texts: &'static Texts) -> (StatusCode, &'static str, Option<u32>) {
    match shown {
        Shown::Wrong => (StatusCode::UNAUTHORIZED, texts.wrong, None),
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
