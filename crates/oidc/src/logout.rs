//! Signing out, begun by an application (OpenID Connect RP-Initiated Logout).

use askama::Template;
use axum::{extract::RawQuery, http::StatusCode, response::Response};
use bytes::Bytes;
use muster_policy::Application;

use crate::{
    asked::Asked,
    hashed::hash_text,
    id_token::{self, Hint},
    page,
    params::Params,
    refused::Refused,
    sessions::{self, Why},
    signed_in::SignedIn,
    texts::Texts,
};

/// Where it is.
pub(crate) const PATH: &str = "/oauth2/logout";

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
        let hint = match params.get("id_token_hint") {
            Some(token) => id_token::read(asked, token).await?,
            None => None,
        };
        let application = application(asked, &params, hint.as_ref())?;
        let target = target(application, &params)?;
        let session = asked.signed_in().await?;
        if let Some(session) = &session {
            let is_sure = is_of(asked, hint.as_ref(), session).await?
                || params.get("proof") == Some(&proof(session));
            if !is_sure {
                return Ok(question(asked, &params, session));
            }
            end(asked, session).await?;
        } else if let Some(hint) = &hint {
            end_own(asked, hint).await?;
        }
        Ok::<_, Refused>(match target {
            Some(target) => page::see_other(asked, &target),
            None => page::done(asked.texts(), asked.texts().signed_out, None),
        })
    };
    went.await.unwrap_or_else(|refused| page::refused(asked, &refused))
}

/// The application that asks: by the ID token, or by its name; both have to be the same.
fn application<'a>(
    asked: &'a Asked,
    params: &Params,
    hint: Option<&Hint>,
) -> Result<Option<&'a Application>, Refused> {
    let wrong = || Refused::request("the `id_token_hint` or the `client_id` is not right");
    if params.get("id_token_hint").is_some() && hint.is_none() {
        return Err(wrong());
    }
    let named = match params.get("client_id") {
        Some(name) => Some(asked.application(name).ok_or_else(wrong)?),
        None => None,
    };
    let mut hinted = asked.opened.model.applications.iter();
    let hinted = hinted.find(|of| hint.is_some_and(|hint| hint.aud.has(&of.name)));
    match (named, hinted) {
        (Some(named), Some(hinted)) if named.name != hinted.name => Err(wrong()),
        (named, hinted) => Ok(named.or(hinted)),
    }
}

/// Where the person goes afterwards: only where the model lets this application send people, letter by letter.
fn target(application: Option<&Application>, params: &Params) -> Result<Option<String>, Refused> {
    let Some(uri) = params.get("post_logout_redirect_uri") else { return Ok(None) };
    let known = application.is_some_and(|application| {
        application.logout_redirect_uris.iter().any(|known| &**known == uri)
    });
    if !known {
        return Err(Refused::request(
            "the address to go to afterwards is none of the application's",
        ));
    }
    let state = params.get("state").map(|state| ("state", state));
    Ok(Some(page::with_query(uri, state.as_slice())))
}

/// Whether the application shows an ID token of the very sign-in that is to end: then nobody else can have sent the person.
async fn is_of(asked: &Asked, hint: Option<&Hint>, session: &SignedIn) -> Result<bool, Refused> {
    let Some(id) = hint.and_then(|hint| hint.sid.parse().ok()) else { return Ok(false) };
    let kept = asked.opened.store.read().await?.application_session(id).await?;
    Ok(kept.is_some_and(|kept| kept.session == Some(session.id)))
}

/// What joins the question to the sign-in that it was shown to.
fn proof(session: &SignedIn) -> String {
    hash_text(&format!("logout {} {}", session.id, session.auth_time))
}

#[derive(Template)]
#[template(path = "sign_out.html")]
struct Question<'a> {
    texts: &'static Texts,
    fields: Vec<(&'a str, &'a str)>,
    proof: String,
}

/// Asks whether the person wants to sign out, with everything that was sent.
fn question(asked: &Asked, params: &Params, session: &SignedIn) -> Response {
    let fields = params.pairs().filter(|(name, _)| *name != "proof").collect();
    let question = Question { texts: asked.texts(), fields, proof: proof(session) };
    page::shown(StatusCode::OK, &question)
}

/// Ends the session of the application that asks, where nobody is signed in here any more.
async fn end_own(asked: &Asked, hint: &Hint) -> Result<(), Refused> {
    let Ok(id) = hint.sid.parse() else { return Ok(()) };
    let mut tx = asked.opened.store.begin().await?;
    if let Some(session) = tx.application_session(id).await? {
        sessions::end(asked, &mut tx, &session, Why::Over).await?;
        tx.commit().await?;
    }
    Ok(())
}

/// Ends a sign-in and the sessions at all applications that came from it; they are told if they want to be.
async fn end(asked: &Asked, session: &SignedIn) -> Result<(), Refused> {
    asked.authenticator.end(&asked.opened, session.id, asked.now).await?;
    let mut tx = asked.opened.store.begin().await?;
    for open in tx.application_sessions_of(session.id).await? {
        sessions::end(asked, &mut tx, &open, Why::Over).await?;
    }
    tx.commit().await?;
    Ok(())
}
