//! The authorization endpoint: an application sends a person here, and gets them back with a code.

use axum::{extract::RawQuery, response::Response};
use bytes::Bytes;
use jiff::SignedDuration;
use muster_auth::Acr;
use muster_policy::Application;
use muster_store::HandleKind;

use crate::{
    asked::Asked,
    code, consent, form_post,
    handles::{self, urn},
    page,
    params::Params,
    person::Person,
    refused::Refused,
    request::{Back, Mode, Prompt, Request, Wrong},
    signed_in::SignedIn,
};

/// Where it is.
pub(crate) const PATH: &str = "/oauth2/authorize";
/// How long a person may take to sign in.
const PATIENCE: SignedDuration = SignedDuration::from_mins(30);

/// A browser comes by a link.
pub(crate) async fn by_link(asked: Asked, RawQuery(query): RawQuery) -> Response {
    answer(&asked, &query.unwrap_or_default()).await
}

/// A browser comes by a form.
pub(crate) async fn by_form(asked: Asked, body: Bytes) -> Response {
    match std::str::from_utf8(&body) {
        Ok(text) => answer(&asked, text).await,
        Err(_) => page::refused(&asked, &Refused::request("this is no form")),
    }
}

async fn answer(asked: &Asked, text: &str) -> Response {
    let went = async {
        let params = Params::read(text)?;
        let (request, continued) = request(asked, &params).await?;
        go_on(asked, request, continued.as_deref()).await
    };
    went.await.unwrap_or_else(|wrong| told(asked, wrong))
}

/// Tells the application what went wrong where that is safe, otherwise the person.
pub(crate) fn told(asked: &Asked, wrong: Wrong) -> Response {
    let Wrong { refused, back } = wrong;
    let Some(back) = back else { return page::refused(asked, &refused) };
    let said = vec![("error", refused.code), ("error_description", refused.detail)];
    answered(asked, &back, said)
}

/// Sends the browser back to the application with what came of its request.
fn answered<'a>(asked: &'a Asked, back: &'a Back, mut said: Vec<(&'a str, &'a str)>) -> Response {
    said.extend(back.state.as_deref().map(|state| ("state", state)));
    said.push(("iss", &asked.issuer));
    match back.mode {
        Mode::Query => page::see_other(asked, &page::with_query(&back.uri, &said)),
        Mode::FormPost => form_post::page(asked, &back.uri, &said),
    }
}

/// The request: as it stands, as it was pushed, or as it was kept while the person signed in; then with its handle.
async fn request(asked: &Asked, params: &Params) -> Result<(Request, Option<String>), Wrong> {
    let name = params.need("client_id", "`client_id` is missing")?;
    let unknown = || Refused::request("the application is not known");
    let application = asked.application(name).ok_or_else(unknown)?;
    let Some(uri) = params.get("request_uri") else {
        if application.pushed {
            return Err(Refused::request("the application has to push its requests").into());
        }
        let mut request = Request::read(asked, application, params)?;
        request.name_subject(crate::id_token::hinted(asked, params).await?)?;
        return Ok((request, None));
    };
    let expired = || Refused::new("invalid_request_uri", "the request is not there any more");
    if let Some(handle) = uri.strip_prefix(urn::KEPT) {
        let kept: Option<Request> = handles::find(asked, HandleKind::Question, handle).await?;
        let kept = kept.filter(|request| request.application == name).ok_or_else(expired)?;
        return Ok((kept, Some(handle.to_owned())));
    }
    let handle = uri.strip_prefix(urn::PUSHED).ok_or_else(expired)?;
    let pushed: Option<Request> = handles::find(asked, HandleKind::Pushed, handle).await?;
    let pushed = pushed.filter(|request| request.application == name).ok_or_else(expired)?;
    if !handles::use_up(asked, handle).await? {
        return Err(expired().into());
    }
    Ok((pushed, None))
}

/// Goes on with a request: signs the person in, asks them, or sends them back with a code.
pub(crate) async fn go_on(
    asked: &Asked,
    request: Request,
    continued: Option<&str>,
) -> Result<Response, Wrong> {
    let back = request.back();
    let wrong = |refused: Refused| Wrong::at(&back, refused);
    let gone =
        || wrong(Refused::new("unauthorized_client", "the application is not there any more"));
    let application = asked.application(&request.application).ok_or_else(gone)?;
    let session = asked.signed_in().await.map_err(wrong)?;
    let Some(session) = session.filter(|session| suffices(session, &request, application, asked))
    else {
        if request.wants(Prompt::None) {
            let detail = "the person has to sign in first";
            return Err(wrong(Refused::new("login_required", detail)));
        }
        let least = least(&request, application);
        return sign_in(asked, &request, continued, least).await.map_err(wrong);
    };
    let person = Person::allowed(asked, application, session.identity).await;
    let person = person.map_err(|error| wrong(error.into()))?;
    let Some(person) = person else {
        let detail = "the application is not for this person";
        return Err(wrong(Refused::new("access_denied", detail)));
    };
    if request.subject.as_ref().is_some_and(|subject| *subject != person.subject()) {
        let detail = "somebody else is signed in";
        return Err(wrong(Refused::new("login_required", detail)));
    }
    let scopes = person.granted(application, &request.scopes());
    if consent::is_needed(asked, application, &request, &person, &scopes).await.map_err(wrong)? {
        if request.wants(Prompt::None) {
            let detail = "the person has to be asked first";
            return Err(wrong(Refused::new("consent_required", detail)));
        }
        let handle = keep(asked, &request, continued).await.map_err(wrong)?;
        return Ok(consent::page(
            asked,
            application,
            (&request, &person),
            &scopes,
            &handle,
            &session,
        ));
    }
    if let Some(handle) = continued
        && !handles::use_up(asked, handle).await.map_err(wrong)?
    {
        return Err(wrong(Refused::new("invalid_request_uri", "the request was answered already")));
    }
    let code = code::make(asked, application, &request, &session, &scopes).await.map_err(wrong)?;
    Ok(answered(asked, &back, vec![("code", &code)]))
}

/// Whether a sign-in is as fresh and as sure as it has to be.
fn suffices(
    session: &SignedIn,
    request: &Request,
    application: &Application,
    asked: &Asked,
) -> bool {
    let again = request.wants(Prompt::Login) || request.wants(Prompt::SelectAccount);
    let since = asked.now.as_second() - session.auth_time;
    let is_fresh = request.max_age.is_none_or(|most| since <= most)
        && !(again && session.auth_time < request.asked_at);
    is_fresh && session.level >= least(request, application)
}

/// How sure a sign-in has to be: as the model says, and as one of the values that the request names. Values that we do not know
/// cannot be required: they are wishes (OpenID Connect Core, 3.1.2.1).
fn least(request: &Request, application: &Application) -> Acr {
    let asked = request.acr.iter().filter_map(|word| SignedIn::level(word)).min();
    asked.unwrap_or(Acr::One).max(application.acr.into())
}

/// Sends the person to the sign-in page, and from there back to this request.
async fn sign_in(
    asked: &Asked,
    request: &Request,
    continued: Option<&str>,
    least: Acr,
) -> Result<Response, Refused> {
    let handle = keep(asked, request, continued).await?;
    let here = format!("{}{handle}", urn::KEPT);
    let name = request.application.as_str();
    let back = page::with_query(PATH, &[("client_id", name), ("request_uri", &here)]);
    let mut said = Vec::new();
    said.extend(request.name.as_deref().map(|name| ("login_hint", name)));
    if least > Acr::One {
        said.push(("acr", least.word()));
    }
    if asked.signed_in().await?.is_some() {
        // Whoever is signed in proves it again, or proves more.
        said.push(("again", "1"));
    }
    Ok(page::sign_in(asked, &back, &said))
}

/// Keeps a request for when the person comes back.
async fn keep(
    asked: &Asked,
    request: &Request,
    continued: Option<&str>,
) -> Result<String, Refused> {
    if let Some(handle) = continued {
        return Ok(handle.to_owned());
    }
    handles::keep(asked, HandleKind::Question, &request.application, request, PATIENCE).await
}
