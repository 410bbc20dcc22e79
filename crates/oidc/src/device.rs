//! Devices without a browser (RFC 8628): the device shows a code, the person types it somewhere else and says which device it is.

use askama::Template;
use aws_lc_rs::rand;
use axum::{Json, extract::RawQuery, http::StatusCode, response::Response};
use bytes::Bytes;
use jiff::SignedDuration;
use muster_app::{Error, Kind};
use muster_policy::{Application, GrantType};
use muster_store::{ApplicationSession, Handle, HandleKind, Sequence};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    asked::Asked,
    client::client,
    handles,
    hashed::{hash, hash_text},
    page,
    params::Params,
    person::Person,
    refresh,
    refused::Refused,
    scopes::Scopes,
    sessions::{self, Body, Why},
    signed_in::SignedIn,
    texts::Texts,
    tokens::{self, Bound},
    wanted::Wanted,
};

/// Where a device begins.
pub(crate) const BEGIN: &str = "/oauth2/device_authorization";
/// Where a person types the code.
pub(crate) const PATH: &str = "/oauth2/device";
/// The grant.
pub(crate) const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// How long the code lives.
const LIFETIME: SignedDuration = SignedDuration::from_mins(10);
/// Seconds between two questions of a device.
const PAUSE: i64 = 5;
/// Letters of a code for people: none that could be taken for another one, none that make words.
const LETTERS: &[u8; 20] = b"BCDFGHJKLMNPQRSTVWXZ";
/// Letters in a code for people. With 20 letters that is one of 25,600,000,000.
const LENGTH: usize = 8;

/// What is kept of a device's request.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    scope: String,
    /// When it asked last, in seconds since 1970.
    asked_at: i64,
    decision: Option<bool>,
}

/// Where the request of a device is found by the code for people.
#[derive(Debug, Serialize, Deserialize)]
struct Pointer {
    device: Vec<u8>,
    application: String,
}

/// A device begins.
pub(crate) async fn begin(asked: Asked, body: Bytes) -> Result<Json<Value>, Refused> {
    let params = Params::of_body(&body)?;
    let application = client(&asked, &params).await?;
    if !application.has(GrantType::Device) {
        let detail = "the model does not give the application this grant";
        return Err(Refused::new("unauthorized_client", detail));
    }
    let scope = params.get("scope").unwrap_or("openid").to_owned();
    let kept = Kept { scope, asked_at: 0, decision: None };
    let (name, end) = (&application.name, asked.after(LIFETIME));
    let (handle, text) = handles::new(&asked, HandleKind::Device, name, &kept, end)?;
    let code = user_code()?;
    let pointer = Pointer { device: handle.hash.clone(), application: name.to_string() };
    let (mut by_code, _) = handles::new(&asked, HandleKind::UserCode, name, &pointer, end)?;
    by_code.hash = hash(&folded(&code));
    let mut tx = asked.opened.store.begin().await?;
    tx.insert_handle(&handle).await?;
    if !tx.insert_handle(&by_code).await? {
        return Err(Error::new(Kind::Busy, "a code for a device is taken").into());
    }
    tx.commit().await?;
    let here = asked.url(PATH);
    Ok(Json(json!({
        "device_code": text, "user_code": code, "verification_uri": here, "interval": PAUSE,
        "verification_uri_complete": page::with_query(&here, &[("user_code", &code)]), "expires_in": LIFETIME.as_secs(),
    })))
}

/// A code for people, in two parts.
fn user_code() -> Result<String, Refused> {
    let mut code = String::with_capacity(LENGTH + 1);
    let mut letters = 0;
    while letters < LENGTH {
        let mut byte = [0; 1];
        rand::fill(&mut byte)
            .map_err(|_| Error::new(Kind::Unavailable, "the system gives no random bytes"))?;
        let at = usize::from(byte[0]);
        // Bytes beyond the last multiple would make some letters more likely.
        let Some(letter) = LETTERS.get(at % LETTERS.len()).filter(|_| at < 240) else { continue };
        if letters == LENGTH / 2 {
            code.push('-');
        }
        code.push(char::from(*letter));
        letters += 1;
    }
    Ok(code)
}

/// A code as somebody may type it.
fn folded(code: &str) -> String {
    let letters = code.chars().filter(char::is_ascii_alphabetic);
    let typed: String = letters.map(|c| c.to_ascii_uppercase()).collect();
    format!("user code {typed}")
}

/// A device asks whether the person has decided.
pub(crate) async fn exchange(
    asked: &Asked,
    application: &Application,
    params: &Params,
    bound: &Bound,
) -> Result<Value, Refused> {
    let hashed = hash(params.need("device_code", "send the `device_code`")?);
    let mut tx = asked.opened.store.read().await?;
    let kept = tx.handle(HandleKind::Device, &hashed).await?;
    let Some(handle) = kept.filter(|kept| kept.application == application.name) else {
        return Err(Refused::grant());
    };
    if asked.now >= handle.expires_at {
        return Err(Refused::new("expired_token", "the person did not decide in time"));
    }
    let mut body: Kept = handles::read(&handle.body)?;
    let session = sessions::of_handle(&mut tx, &handle).await?;
    match (body.decision, session) {
        (Some(false), _) => Err(Refused::new("access_denied", "the person did not allow it")),
        (Some(true), Some(session)) => {
            let person = sessions::person(asked, tx, application, &session).await?;
            let mut tx = asked.opened.store.begin().await?;
            let is_first = tx.use_handle(&hashed, asked.now).await?;
            let Some(person) = person.filter(|_| is_first) else {
                let why = if is_first { Why::Over } else { Why::Replayed };
                sessions::end(asked, &mut tx, &session, why).await?;
                tx.commit().await?;
                return Err(Refused::grant());
            };
            let token = refresh::make(asked, &mut tx, application, &session, bound).await?;
            tx.commit().await?;
            let session = &session;
            let issued = tokens::Issued { session, person: &person, scopes: None, refresh: token };
            tokens::answer(asked, application, issued, bound).await
        }
        (Some(true) | None, _) => {
            drop(tx);
            let now = asked.now.as_second();
            let is_early = now - body.asked_at < PAUSE;
            body.asked_at = now;
            let (from, to) = (&handle.body, handles::written(&body)?);
            let mut tx = asked.opened.store.begin().await?;
            // If the person decides at this very moment, that stays.
            tx.change_handle(&hashed, None, (from, &to)).await?;
            tx.commit().await?;
            Err(if is_early {
                Refused::new("slow_down", "ask less often")
            } else {
                Refused::new("authorization_pending", "the person has not decided yet")
            })
        }
    }
}

/// A person comes with a code, or without one.
pub(crate) async fn open(asked: Asked, RawQuery(query): RawQuery) -> Result<Response, Refused> {
    let params = Params::read(&query.unwrap_or_default())?;
    let code = params.get("user_code").unwrap_or_default();
    if asked.signed_in().await?.is_none() {
        return Ok(page::sign_in(&asked, &page::with_query(PATH, &[("user_code", code)]), &[]));
    }
    Ok(entry(&asked, code, None))
}

#[derive(Template)]
#[template(path = "device_code.html")]
struct Entry<'a> {
    texts: &'static Texts,
    message: Option<&'static str>,
    code: &'a str,
}

/// The page on which the code is typed. A code from a link is filled in, and still has to be sent.
fn entry(asked: &Asked, code: &str, message: Option<&'static str>) -> Response {
    page::shown(StatusCode::OK, &Entry { texts: asked.texts(), message, code })
}

/// The page that says which application it is: somebody else may have sent the code.
#[derive(Template)]
#[template(path = "device_question.html")]
struct Question<'a> {
    texts: &'static Texts,
    title: &'a str,
    code: &'a str,
    proof: &'a str,
}

/// A person sends the code, and then the decision.
pub(crate) async fn answer(asked: Asked, body: Bytes) -> Result<Response, Refused> {
    let params = Params::of_body(&body)?;
    let code = params.get("user_code").unwrap_or_default();
    let Some(session) = asked.signed_in().await? else {
        return Ok(page::sign_in(&asked, &page::with_query(PATH, &[("user_code", code)]), &[]));
    };
    if !asked.tries.may(session.id, asked.now) {
        return Ok(entry(&asked, "", Some(asked.texts().device_too_many)));
    }
    let Some((pointer, device)) = find(&asked, code).await? else {
        asked.tries.wrong(session.id, asked.now);
        return Ok(entry(&asked, "", Some(asked.texts().device_unknown)));
    };
    let gone = || Refused::request("the application is not there any more");
    let application = asked.application(&pointer.application).ok_or_else(gone)?;
    let least = application.acr.into();
    if session.level < least {
        let back = page::with_query(PATH, &[("user_code", code)]);
        return Ok(page::sign_in(&asked, &back, &[("acr", least.word()), ("again", "1")]));
    }
    let proof = hash_text(&format!("device {} {}", folded(code), session.id));
    if params.get("proof") == Some(&proof)
        && let Some(word @ ("allow" | "deny")) = params.get("decision")
    {
        return decide(&asked, application, &session, device, word == "allow").await;
    }
    let (texts, title) = (asked.texts(), &application.title);
    Ok(page::shown(StatusCode::OK, &Question { texts, title, code, proof: &proof }))
}

/// The request of the device that shows this code, while nobody has decided.
async fn find(asked: &Asked, code: &str) -> Result<Option<(Pointer, Handle)>, Refused> {
    let by_code: Option<Pointer> =
        handles::find(asked, HandleKind::UserCode, &folded(code)).await?;
    let Some(pointer) = by_code else { return Ok(None) };
    let kept = asked.opened.store.read().await?.handle(HandleKind::Device, &pointer.device).await?;
    let kept = kept.filter(|kept| asked.now < kept.expires_at && kept.used_at.is_none());
    let Some(kept) = kept else { return Ok(None) };
    let body: Kept = handles::read(&kept.body)?;
    Ok(body.decision.is_none().then_some((pointer, kept)))
}

/// Writes the decision down, with the session that the device gets its tokens from.
async fn decide(
    asked: &Asked,
    application: &Application,
    session: &SignedIn,
    device: Handle,
    is_allowed: bool,
) -> Result<Response, Refused> {
    let person = Person::allowed(asked, application, session.identity).await?;
    let is_allowed = is_allowed && person.is_some();
    let kept: Kept = handles::read(&device.body)?;
    let decided = Kept { decision: Some(is_allowed), ..kept.clone() };
    let mut tx = asked.opened.store.begin().await?;
    let id = match person.filter(|_| is_allowed) {
        Some(person) => {
            let scopes = person.granted(application, &Scopes::of(&kept.scope));
            let id = tx.take_ids(Sequence::ApplicationSession, 1).await?;
            let body = Body::of(session, None, Wanted::default());
            let made = sessions::new(asked, application, session, &scopes, &body)?;
            tx.insert_application_session(&ApplicationSession { id, ..made }).await?;
            Some(id)
        }
        None => None,
    };
    let change = (&*device.body, &*handles::written(&decided)?);
    if !tx.change_handle(&device.hash, id, change).await? {
        // The device asked at this very moment. The person sends the decision again.
        return Ok(entry(asked, "", Some(asked.texts().device_again)));
    }
    tx.commit().await?;
    let texts = asked.texts();
    let said = if is_allowed { texts.device_connected } else { texts.device_not_connected };
    Ok(page::done(texts, said, Some(texts.close)))
}
