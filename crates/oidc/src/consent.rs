//! Consent: a person decides what an application of others learns of them.

use askama::Template;
use axum::{http::StatusCode, response::Response};
use bytes::Bytes;
use muster_policy::Application;
use muster_store::{Entry, HandleKind};
use serde_json::{Value, json};

use crate::{
    asked::Asked,
    authorize::{go_on, told},
    handles,
    hashed::hash_text,
    page::shown,
    params::Params,
    person::Person,
    refused::Refused,
    request::{Prompt, Request, Wrong},
    scopes::Scopes,
    signed_in::SignedIn,
    texts::Texts,
};

/// Where the answer goes.
pub(crate) const PATH: &str = "/oauth2/consent";

/// Whether the person has to be asked.
pub(crate) async fn is_needed(
    asked: &Asked,
    application: &Application,
    request: &Request,
    person: &Person,
    scopes: &Scopes,
) -> Result<bool, Refused> {
    if request.consented {
        return Ok(false);
    }
    if request.wants(Prompt::Consent) {
        return Ok(true);
    }
    if !application.consent {
        return Ok(false);
    }
    let given = asked.opened.store.read().await?.consent(&application.name, person.id()).await?;
    let words = words(request, scopes);
    Ok(!given.is_some_and(|given| words.are_within(&Scopes::of(&given))))
}

/// What the consent is about: the scopes, and each claim that the request names besides.
fn words(request: &Request, scopes: &Scopes) -> Scopes {
    let mut text = scopes.to_string();
    for name in request.wanted.all() {
        text.extend([" claim:", &name]);
    }
    Scopes::of(&text)
}

#[derive(Template)]
#[template(path = "consent.html")]
struct Page<'a> {
    texts: &'static Texts,
    title: &'a str,
    /// What would be told: names and values.
    claims: Vec<(String, String)>,
    person: &'a str,
    handle: &'a str,
    proof: String,
}

/// The question. The answer has to come from the same sign-in: what proves it is in the form, and nobody else can know it.
pub(crate) fn page(
    asked: &Asked,
    application: &Application,
    (request, person): (&Request, &Person),
    scopes: &Scopes,
    handle: &str,
    session: &SignedIn,
) -> Response {
    let claims = person.claims(asked, application, scopes, &request.wanted.all());
    let shown_as =
        |value: Value| value.as_str().map_or_else(|| value.to_string(), ToOwned::to_owned);
    let page = Page {
        texts: asked.texts(),
        title: &application.title,
        claims: claims.into_iter().map(|(name, value)| (name, shown_as(value))).collect(),
        person: person.key(),
        handle,
        proof: proof(handle, session),
    };
    shown(StatusCode::OK, &page)
}

/// What joins a question to the sign-in that it was shown to.
fn proof(handle: &str, session: &SignedIn) -> String {
    hash_text(&format!("consent {handle} {}", session.id))
}

/// Takes the answer.
pub(crate) async fn answer(asked: Asked, body: Bytes) -> Response {
    decide(&asked, &body).await.unwrap_or_else(|wrong| told(&asked, wrong))
}

async fn decide(asked: &Asked, body: &Bytes) -> Result<Response, Wrong> {
    let params = Params::of_body(body)?;
    let handle = params.need("request", "the question is missing")?;
    let gone = || Refused::request("the question was answered, or is too old");
    let request: Option<Request> = handles::find(asked, HandleKind::Question, handle).await?;
    let mut request = request.ok_or_else(gone)?;
    let session = asked.signed_in().await?.ok_or_else(gone)?;
    if params.get("proof") != Some(&proof(handle, &session)) {
        return Err(gone().into());
    }
    let back = request.back();
    let wrong = |refused: Refused| Wrong::at(&back, refused);
    if params.get("decision") != Some("allow") {
        handles::use_up(asked, handle).await.map_err(wrong)?;
        return Err(wrong(Refused::new("access_denied", "the person did not allow it")));
    }
    let application = asked.application(&request.application).ok_or_else(gone)?;
    let person = Person::allowed(asked, application, session.identity).await;
    let person = person.map_err(|error| wrong(error.into()))?;
    if let Some(person) = person {
        let scopes = person.granted(application, &request.scopes());
        let words = words(&request, &scopes);
        save(asked, application, &person, &words).await.map_err(wrong)?;
    }
    request.consented = true;
    go_on(asked, request, Some(handle)).await
}

/// Keeps the consent, together with what was allowed before.
async fn save(
    asked: &Asked,
    application: &Application,
    person: &Person,
    words: &Scopes,
) -> Result<(), Refused> {
    let mut tx = asked.opened.store.begin().await?;
    let before = tx.consent(&application.name, person.id()).await?.unwrap_or_else(|| "".into());
    let all = Scopes::of(&format!("{before} {words}")).to_string();
    tx.save_consent(&application.name, person.id(), &all, asked.now).await?;
    let entry = Entry {
        at: asked.now,
        actor: person.key().into(),
        on_behalf_of: None,
        action: "consent.give".into(),
        subject: person.key().into(),
        detail: json!({ "application": &*application.name, "scopes": all }).to_string().into(),
        correlation: Some(asked.ctx.correlation.clone()),
    };
    tx.append_journal(&entry).await?;
    tx.commit().await?;
    Ok(())
}
