//! Codes: made when a person comes through, exchanged once.

use jiff::SignedDuration;
use muster_policy::Application;
use muster_store::{ApplicationSession, Handle, HandleKind, Sequence};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    asked::Asked,
    handles,
    hashed::{hash, hash_text, is_same},
    params::Params,
    refresh,
    refused::Refused,
    request::Request,
    scopes::Scopes,
    sessions::{self, Body, Why},
    signed_in::SignedIn,
    tokens::{self, Bound},
};

/// How long a code lives.
const LIFETIME: SignedDuration = SignedDuration::from_secs(60);
/// Letters of a verifier (RFC 7636, 4.1).
const VERIFIER: std::ops::RangeInclusive<usize> = 43..=128;

/// What a code is bound to besides its application.
#[derive(Debug, Serialize, Deserialize)]
struct Binding {
    redirect_uri: String,
    challenge: Option<String>,
    key: Option<String>,
}

/// Makes a code for a person who came through, and the session at the application that its tokens will belong to.
pub(crate) async fn make(
    asked: &Asked,
    application: &Application,
    request: &Request,
    session: &SignedIn,
    scopes: &Scopes,
) -> Result<String, Refused> {
    let binding = Binding {
        redirect_uri: request.redirect_uri.clone(),
        challenge: request.challenge.clone(),
        key: request.key.clone(),
    };
    let name = &application.name;
    let end = asked.after(LIFETIME);
    let (mut handle, text) = handles::new(asked, HandleKind::Code, name, &binding, end)?;
    let body = Body::of(session, request.nonce.clone(), request.wanted.clone());
    let mut tx = asked.opened.store.begin().await?;
    let id = tx.take_ids(Sequence::ApplicationSession, 1).await?;
    let made = sessions::new(asked, application, session, scopes, &body)?;
    tx.insert_application_session(&ApplicationSession { id, ..made }).await?;
    handle.application_session = Some(id);
    tx.insert_handle(&handle).await?;
    tx.commit().await?;
    Ok(text)
}

/// Exchanges a code for tokens. A code that was used before, or that somebody shows who cannot be the one it was made for, ends the
/// session with everything that was derived from it.
pub(crate) async fn exchange(
    asked: &Asked,
    application: &Application,
    params: &Params,
    bound: &Bound,
) -> Result<Value, Refused> {
    let hashed = hash(params.need("code", "send the `code`")?);
    let mut tx = asked.opened.store.read().await?;
    let Some(kept) = tx.handle(HandleKind::Code, &hashed).await? else {
        return Err(Refused::grant());
    };
    let session = sessions::of_handle(&mut tx, &kept).await?.ok_or_else(Refused::grant)?;
    let binding: Binding = handles::read(&kept.body)?;
    let fits =
        fits(asked, application, params, &kept, &binding) && bound.fits(binding.key.as_deref());
    let person = sessions::person(asked, tx, application, &session).await?;
    let mut tx = asked.opened.store.begin().await?;
    let is_first = tx.use_handle(&hashed, asked.now).await?;
    let Some(person) = person.filter(|_| is_first && fits) else {
        let why = if is_first { Why::Misused } else { Why::Replayed };
        sessions::end(asked, &mut tx, &session, why).await?;
        tx.commit().await?;
        return Err(Refused::grant());
    };
    let token = refresh::make(asked, &mut tx, application, &session, bound).await?;
    tx.commit().await?;
    let issued =
        tokens::Issued { session: &session, person: &person, scopes: None, refresh: token };
    tokens::answer(asked, application, issued, bound).await
}

fn fits(
    asked: &Asked,
    application: &Application,
    params: &Params,
    kept: &Handle,
    binding: &Binding,
) -> bool {
    let verifier = params.get("code_verifier");
    let is_proved = match (&binding.challenge, verifier) {
        (Some(challenge), Some(verifier)) => {
            VERIFIER.contains(&verifier.len())
                && is_same(hash_text(verifier).as_bytes(), challenge.as_bytes())
        }
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    };
    // OAuth 2.1 leaves the address out where PKCE binds the code.
    let uri = params.get("redirect_uri");
    let is_same_uri = uri.map_or(binding.challenge.is_some(), |uri| uri == binding.redirect_uri);
    kept.application == application.name && asked.now < kept.expires_at && is_proved && is_same_uri
}
