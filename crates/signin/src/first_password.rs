//! The step of whoever came with a temporary pass: they give themselves a password.

use askama::Template;
use axum::{extract::Form, http::StatusCode, response::Response};
use muster_auth::{Need, Refused, Secret};
use muster_web::Problem;
use serde::Deserialize;

use crate::{
    browser::Browser,
    own::Own,
    page::page,
    sign_in::refused_with,
    steps::{after, at, over},
    texts::Texts,
};

#[derive(Template)]
#[template(path = "first_password.html")]
pub(crate) struct Page {
    texts: &'static Texts,
    message: Option<String>,
    /// Why they give themselves a password.
    why: &'static str,
    /// Where the form goes.
    action: &'static str,
}

impl Page {
    /// For whoever came with a pass.
    fn first(texts: &'static Texts, message: Option<String>) -> Self {
        Self { texts, message, why: texts.came_by_pass, action: "/signin/password" }
    }

    /// For whoever forgot theirs.
    pub(crate) fn to_recover(texts: &'static Texts, message: Option<String>) -> Self {
        let why = texts.recovery.password_help;
        Self { texts, message, why, action: "/signin/recover/password" }
    }
}

#[derive(Deserialize)]
pub(crate) struct Given {
    new: String,
}

/// The form.
pub(crate) async fn show(browser: Browser) -> Result<Response, Problem> {
    match at(&browser, Need::Password).await? {
        Ok(_) => page(StatusCode::OK, &Page::first(browser.texts, None)),
        Err(elsewhere) => Ok(elsewhere),
    }
}

/// Takes the password.
pub(crate) async fn set(
    _: Own,
    browser: Browser,
    Form(given): Form<Given>,
) -> Result<Response, Problem> {
    let (flow, secret) = match at(&browser, Need::Password).await? {
        Ok(flow) => flow,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let (ctx, new, texts) =
        (browser.ctx_of(flow.identity).await?, Secret::new(given.new), browser.texts);
    let attempt = browser.attempt("", &new);
    let auth = &browser.auth;
    match auth.first_password(&ctx, &browser.opened, attempt, secret.reveal()).await {
        Ok(Ok(step)) => after(&browser, step).await,
        Ok(Err(weak)) => {
            let message = Some(texts.weak(weak));
            page(StatusCode::UNPROCESSABLE_ENTITY, &Page::first(texts, message))
        }
        Err(Refused::Over) => Ok(over(&browser)),
        Err(refused) => {
            refused_with(&refused, texts, |message| Page::first(texts, Some(message.to_owned())))
        }
    }
}
