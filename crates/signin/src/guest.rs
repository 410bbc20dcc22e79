//! Guests: the link of an invitation, and signing in with a mailed code.
//!
//! A link does nothing by being looked at, as programs do that read mail: it opens by the form on its page.

use askama::Template;
use axum::{
    extract::{Form, Path},
    http::StatusCode,
    response::{IntoResponse as _, Redirect, Response},
};
use muster_app::{Kind, Opened};
use muster_auth::{Attempt, Letter, Refused, Secret};
use muster_engine::open_guest_link;
use muster_web::Problem;
use serde::Deserialize;

use crate::{browser::Browser, own::Own, page::page, sign_in::refused_with, steps, texts::Texts};

/// Where a sign-in of a guest goes on.
const CODE: &str = "/signin/guest/code";

#[derive(Template)]
#[template(path = "guest.html")]
struct Page {
    texts: &'static Texts,
    message: Option<&'static str>,
    asks: Asks,
}

impl Page {
    /// Whether it leads to asking.
    fn is_for_names(&self) -> bool {
        matches!(self.asks, Asks::Name)
    }
}

/// What a page asks for.
enum Asks {
    Nothing,
    Accept,
    Name,
    Code,
}

#[derive(Deserialize)]
pub(crate) struct Named {
    name: String,
}

#[derive(Deserialize)]
pub(crate) struct Proved {
    code: String,
}

/// The page of a link. It is the same for every link.
pub(crate) async fn show(browser: Browser) -> Result<Response, Problem> {
    let texts = browser.texts;
    page(StatusCode::OK, &Page { texts, message: None, asks: Asks::Accept })
}

/// Opens a link. Whoever is let in by it has shown the address, and is signed in.
pub(crate) async fn open(
    _: Own,
    browser: Browser,
    Path(secret): Path<String>,
) -> Result<Response, Problem> {
    let (texts, opened) = (browser.texts, &browser.opened);
    let opens = match open_guest_link(&browser.ctx, opened, &secret).await {
        Ok(opens) => opens,
        Err(error) if error.kind() == Kind::NotFound => {
            let message = Some(texts.guest.dead);
            return page(StatusCode::NOT_FOUND, &Page { texts, message, asks: Asks::Nothing });
        }
        // Who opens it has shown that the address is theirs, and may know.
        Err(error) if matches!(error.kind(), Kind::Conflict | Kind::Denied) => {
            tracing::warn!(%error, "a guest who asked to come could not be entered");
            let message = Some(texts.guest.known);
            return page(StatusCode::CONFLICT, &Page { texts, message, asks: Asks::Nothing });
        }
        Err(error) => return Err(error.into()),
    };
    let nothing = Secret::new("");
    // As it is after the link was opened: whoever has no role is suspended from that moment on.
    let attempt = Attempt { now: browser.ctx.now(), ..browser.attempt("", &nothing) };
    match browser.auth.by_mail(opened, &attempt, opens.entity).await {
        Ok(step) => steps::after(&browser, step).await,
        // Somebody has to agree first.
        Err(Refused::Over) => {
            let message = Some(texts.guest.waits);
            page(StatusCode::OK, &Page { texts, message, asks: Asks::Nothing })
        }
        Err(refused) => refused_with(&refused, texts, with(texts, Asks::Nothing)),
    }
}

/// The form for an address.
pub(crate) async fn show_name(browser: Browser) -> Result<Response, Problem> {
    let texts = browser.texts;
    if !lets_in(&browser, &browser.opened) {
        return Ok(Redirect::to("/signin").into_response());
    }
    page(StatusCode::OK, &Page { texts, message: None, asks: Asks::Name })
}

/// Takes an address. The guest who has it gets a code.
pub(crate) async fn begin(
    _: Own,
    browser: Browser,
    Form(given): Form<Named>,
) -> Result<Response, Problem> {
    let (auth, opened, texts) = (&browser.auth, &browser.opened, browser.texts);
    if !lets_in(&browser, opened) {
        return Ok(Redirect::to("/signin").into_response());
    }
    let (nothing, said) = (Secret::new(""), &texts.guest);
    let letter = Letter { subject: said.code_subject, text: said.code_letter };
    match auth.begin_recovery(opened, browser.attempt(&given.name, &nothing), letter).await {
        Ok(secret) => {
            Ok((browser.keep_recovery(Some(&secret)), Redirect::to(CODE)).into_response())
        }
        Err(refused) => refused_with(&refused, texts, with(texts, Asks::Name)),
    }
}

/// The form for the code.
pub(crate) async fn show_code(browser: Browser) -> Result<Response, Problem> {
    let texts = browser.texts;
    page(StatusCode::OK, &Page { texts, message: None, asks: Asks::Code })
}

/// Takes the code, and lets the guest in.
pub(crate) async fn code(
    _: Own,
    browser: Browser,
    Form(given): Form<Proved>,
) -> Result<Response, Problem> {
    let (code, texts) = (Secret::new(given.code), browser.texts);
    let attempt = browser.attempt("", &code);
    match browser.auth.guest_code(&browser.opened, attempt, browser.recovery()).await {
        Ok(step) => {
            Ok((browser.keep_recovery(None), steps::after(&browser, step).await?).into_response())
        }
        Err(Refused::Over) => {
            Ok((browser.keep_recovery(None), Redirect::to("/signin?over=1")).into_response())
        }
        Err(Refused::Wrong) => {
            let message = Some(texts.recovery.wrong);
            page(StatusCode::UNAUTHORIZED, &Page { texts, message, asks: Asks::Code })
        }
        Err(refused) => refused_with(&refused, texts, with(texts, Asks::Code)),
    }
}

fn lets_in(browser: &Browser, opened: &Opened) -> bool {
    browser.auth.lets_guests_in(opened)
}

fn with(texts: &'static Texts, asks: Asks) -> impl FnOnce(&'static str) -> Page {
    move |message| Page { texts, message: Some(message), asks }
}
