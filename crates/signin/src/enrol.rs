//! Getting an authenticator app: on the way in, where the model asks for one, or on `/account`.

use askama::Template;
use axum::{
    extract::Form,
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use muster_auth::{Enrolment, Holder, Need, RecoveryCodes, Refused, Secret, Step};
use muster_web::Problem;
use serde::Deserialize;

use crate::{
    browser::Browser,
    own::Own,
    page::page,
    picture::code_picture,
    return_to,
    sign_in::refused_with,
    steps::{self, after, at, over},
    texts::Texts,
};

/// The seed, as a picture and as text, and the form for the first code.
#[derive(Template)]
#[template(path = "enrol.html")]
pub(crate) struct Page<'a> {
    texts: &'static Texts,
    message: Option<&'static str>,
    picture: String,
    enrolment: &'a Enrolment,
    /// Where the form goes.
    action: &'static str,
    /// Whether codes by mail are offered instead.
    or_mail: bool,
}

impl<'a> Page<'a> {
    /// For the first try.
    pub(crate) fn new(
        texts: &'static Texts,
        enrolment: &'a Enrolment,
        action: &'static str,
    ) -> Self {
        let picture = code_picture(enrolment.uri.reveal());
        Self { texts, message: None, picture, enrolment, action, or_mail: false }
    }

    /// The same after a wrong code.
    pub(crate) fn wrong(self) -> Self {
        Self { message: Some(self.texts.wrong_code), ..self }
    }
}

/// New recovery codes, shown once.
#[derive(Template)]
#[template(path = "codes.html")]
pub(crate) struct CodesPage<'a> {
    pub(crate) texts: &'static Texts,
    pub(crate) codes: &'a RecoveryCodes,
    /// Where one goes on.
    pub(crate) next: &'a str,
}

#[derive(Deserialize)]
pub(crate) struct Confirmed {
    pub(crate) sealed: String,
    pub(crate) code: String,
}

const ACTION: &str = "/signin/enrol";

/// A new seed for somebody on their way in.
pub(crate) async fn show(browser: Browser) -> Result<Response, Problem> {
    let (flow, _) = match at(&browser, Need::Enrol).await? {
        Ok(flow) => flow,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let (auth, opened) = (&browser.auth, &browser.opened);
    let enrolment = auth.begin_totp(opened, Holder::Flow(&flow), browser.now).await?;
    let or_mail = auth.can_mail_codes(opened, flow.identity, browser.now).await?;
    page(StatusCode::OK, &Page { or_mail, ..Page::new(browser.texts, &enrolment, ACTION) })
}

/// Takes the first code of the app, which is a proof too.
pub(crate) async fn confirm(
    _: Own,
    browser: Browser,
    Form(given): Form<Confirmed>,
) -> Result<Response, Problem> {
    let (flow, secret) = match at(&browser, Need::Enrol).await? {
        Ok(flow) => flow,
        Err(elsewhere) => return Ok(elsewhere),
    };
    let (auth, opened, texts) = (&browser.auth, &browser.opened, browser.texts);
    let (ctx, code) = (browser.ctx_of(flow.identity).await?, Secret::new(given.code));
    let shown = (secret.reveal(), &*given.sealed);
    match auth.enrol(&ctx, opened, browser.attempt("", &code), shown).await {
        Ok((Step::In { verified, return_to }, codes)) if !codes.is_empty() => {
            let next = return_to::target(&browser, verified.identity, &return_to).await?;
            let page = page(StatusCode::OK, &CodesPage { texts, codes: &codes, next })?;
            Ok((steps::enter(&browser, &verified).await?, page).into_response())
        }
        Ok((step, _)) => after(&browser, step).await,
        Err(Refused::Wrong) => {
            let holder = Holder::Flow(&flow);
            let again = auth.again_totp(opened, holder, &given.sealed, browser.now).await?;
            let Some(enrolment) = again else { return Ok(over(&browser)) };
            let shown = Page::new(texts, &enrolment, ACTION).wrong();
            page(StatusCode::UNPROCESSABLE_ENTITY, &shown)
        }
        Err(Refused::Over) => Ok(over(&browser)),
        Err(refused) => {
            let again = auth.begin_totp(opened, Holder::Flow(&flow), browser.now).await?;
            refused_with(&refused, texts, |message| {
                let message = Some(message);
                Page { message, ..Page::new(texts, &again, ACTION) }
            })
        }
    }
}
