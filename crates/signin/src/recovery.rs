//! A new password for whoever forgot theirs: a name, the code that was mailed, one more proof, the password.
//!
//! Which step is next is known to the recovery that is held by the server, and each answer is the same whether somebody has the name.

use askama::Template;
use axum::{
    extract::Form,
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use muster_auth::{Letter, RecoveryNeed, Refused, Secret};
use muster_web::Problem;
use serde::Deserialize;

use crate::{
    browser::Browser, first_password, own::Own, page::page, sign_in::refused_with, texts::Texts,
};

/// Where a recovery goes on.
const PATH: &str = "/signin/recover";

#[derive(Template)]
#[template(path = "forgotten.html")]
struct NamePage {
    texts: &'static Texts,
    message: Option<&'static str>,
}

#[derive(Template)]
#[template(path = "recover.html")]
struct ProofPage {
    texts: &'static Texts,
    message: Option<&'static str>,
    /// True for the code that was mailed, false for what comes after it.
    is_mailed: bool,
    passkey_site: Option<String>,
}

#[derive(Deserialize)]
pub(crate) struct Named {
    name: String,
}

#[derive(Deserialize)]
pub(crate) struct Proved {
    code: String,
}

#[derive(Deserialize)]
pub(crate) struct Answered {
    answer: String,
}

#[derive(Deserialize)]
pub(crate) struct Given {
    new: String,
}

/// The form for a name.
pub(crate) async fn show(browser: Browser) -> Result<Response, Problem> {
    if !browser.auth.can_recover(&browser.opened) {
        return Ok(Redirect::to("/signin").into_response());
    }
    page(StatusCode::OK, &NamePage { texts: browser.texts, message: None })
}

/// Takes a name. Whoever has it gets a code by mail.
pub(crate) async fn begin(
    _: Own,
    browser: Browser,
    Form(given): Form<Named>,
) -> Result<Response, Problem> {
    let (auth, opened, texts) = (&browser.auth, &browser.opened, browser.texts);
    if !auth.can_recover(opened) {
        return Ok(Redirect::to("/signin").into_response());
    }
    let nothing = Secret::new("");
    let said = &texts.recovery;
    let letter = Letter { subject: said.code_subject, text: said.code_letter };
    match auth.begin_recovery(opened, browser.attempt(&given.name, &nothing), letter).await {
        Ok(secret) => Ok(next(&browser, &secret)),
        Err(refused) => refused_with(&refused, texts, |message| {
            let message = Some(message);
            NamePage { texts, message }
        }),
    }
}

/// The page of the next step.
pub(crate) async fn step(browser: Browser) -> Result<Response, Problem> {
    shown(&browser, StatusCode::OK, None).await
}

/// Takes the code that was mailed.
pub(crate) async fn code(
    _: Own,
    browser: Browser,
    Form(given): Form<Proved>,
) -> Result<Response, Problem> {
    let (code, secret) = (Secret::new(given.code), browser.recovery());
    let attempt = browser.attempt("", &code);
    let taken = browser.auth.recovery_code(&browser.opened, attempt, secret).await;
    after(&browser, taken).await
}

/// Takes the second proof.
pub(crate) async fn proof(
    _: Own,
    browser: Browser,
    Form(given): Form<Proved>,
) -> Result<Response, Problem> {
    let (code, secret) = (Secret::new(given.code), browser.recovery());
    let attempt = browser.attempt("", &code);
    let taken = browser.auth.recovery_proof(&browser.opened, attempt, secret).await;
    after(&browser, taken).await
}

/// Takes the answer of an authenticator as the second proof.
pub(crate) async fn passkey(
    _: Own,
    browser: Browser,
    Form(given): Form<Answered>,
) -> Result<Response, Problem> {
    let (nothing, secret) = (Secret::new(""), browser.recovery());
    let attempt = browser.attempt("", &nothing);
    let answer = (browser.asked_passkey(), given.answer.as_str());
    let taken = browser.auth.recovery_passkey(&browser.opened, attempt, secret, answer).await;
    after(&browser, taken).await
}

/// Takes the new password. Whoever has one signs in with it.
pub(crate) async fn set(
    _: Own,
    browser: Browser,
    Form(given): Form<Given>,
) -> Result<Response, Problem> {
    let (new, texts) = (Secret::new(given.new), browser.texts);
    let said = &texts.recovery;
    let letter = Letter { subject: said.done_subject, text: said.done_letter };
    let attempt = browser.attempt("", &new);
    let with = (browser.recovery(), letter);
    match browser.auth.recover(&browser.opened, &browser.ctx, attempt, with).await {
        Ok(Ok(())) => {
            let gone = (browser.keep_recovery(None), browser.keep(None));
            Ok((gone, Redirect::to("/signin?recovered=1")).into_response())
        }
        Ok(Err(weak)) => {
            password_page(texts, StatusCode::UNPROCESSABLE_ENTITY, Some(texts.weak(weak)))
        }
        Err(Refused::Over) => Ok(over(&browser)),
        Err(refused) => refused_with(&refused, texts, |message| {
            first_password::Page::to_recover(texts, Some(message.to_owned()))
        }),
    }
}

/// Goes on after a proof, or says what is wrong with it.
async fn after(browser: &Browser, taken: Result<Secret, Refused>) -> Result<Response, Problem> {
    match taken {
        Ok(secret) => Ok(next(browser, &secret)),
        Err(Refused::Over) => Ok(over(browser)),
        Err(Refused::Wrong) => {
            let message = browser.texts.recovery.wrong;
            shown(browser, StatusCode::UNAUTHORIZED, Some(message)).await
        }
        Err(refused) => {
            let texts = browser.texts;
            refused_with(&refused, texts, |message| NamePage { texts, message: Some(message) })
        }
    }
}

/// The page of the step whose turn it is.
async fn shown(
    browser: &Browser,
    status: StatusCode,
    message: Option<&'static str>,
) -> Result<Response, Problem> {
    let (auth, opened, texts) = (&browser.auth, &browser.opened, browser.texts);
    let found = auth.recovery(opened, browser.recovery(), browser.now).await?;
    let need = match found {
        Some(found) => found.need,
        None => return Ok(over(browser)),
    };
    let is_mailed = match need {
        RecoveryNeed::Code => true,
        RecoveryNeed::Proof => false,
        RecoveryNeed::Password => return password_page(texts, status, None),
    };
    let passkey_site = auth.passkey_site(opened).filter(|_| !is_mailed);
    page(status, &ProofPage { texts, message, is_mailed, passkey_site })
}

fn password_page(
    texts: &'static Texts,
    status: StatusCode,
    message: Option<String>,
) -> Result<Response, Problem> {
    page(status, &first_password::Page::to_recover(texts, message))
}

fn next(browser: &Browser, secret: &Secret) -> Response {
    (browser.keep_recovery(Some(secret)), Redirect::to(PATH)).into_response()
}

/// Back to the beginning, where it is said that this recovery is over.
fn over(browser: &Browser) -> Response {
    (browser.keep_recovery(None), Redirect::to("/signin?over=1")).into_response()
}
