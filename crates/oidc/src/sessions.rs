//! Sessions of people at applications: what all tokens and codes of one sign-in have in common, and fall with.

use muster_app::Error;
use muster_auth::Acr;
use muster_policy::{Application, Assurance};
use muster_store::{ApplicationSession, Entry, Handle, LogoutNotice, ReadTx, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    asked::Asked, handles, person::Person, refused::Refused, scopes::Scopes, signed_in::SignedIn,
    wanted::Wanted,
};

/// What is known of the sign-in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Body {
    /// When the person proved who they are.
    pub(crate) auth_time: i64,
    /// How sure that was.
    pub(crate) acr: String,
    /// By what.
    pub(crate) amr: Vec<String>,
    /// What the application wants to find in the ID token.
    pub(crate) nonce: Option<String>,
    /// The claims that it named one by one.
    #[serde(default)]
    pub(crate) wanted: Wanted,
}

impl Body {
    /// Of a sign-in.
    pub(crate) fn of(session: &SignedIn, nonce: Option<String>, wanted: Wanted) -> Self {
        let SignedIn { auth_time, acr, amr, .. } = session.clone();
        Self { auth_time, acr, amr, nonce, wanted }
    }
}

/// Why a session ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// The person signed out, or the application gave its token back.
    Over,
    /// A code or a refresh token came a second time: somebody has stolen it.
    Replayed,
    /// A code came from somebody who cannot be the one it was made for.
    Misused,
}

/// A new session, without its number.
pub(crate) fn new(
    asked: &Asked,
    application: &Application,
    session: &SignedIn,
    scopes: &Scopes,
    body: &Body,
) -> Result<ApplicationSession, Refused> {
    Ok(ApplicationSession {
        id: 0,
        application: application.name.clone(),
        entity: session.identity,
        session: Some(session.id),
        scopes: scopes.to_string().into(),
        body: handles::written(body)?.into(),
        created_at: asked.now,
        expires_at: asked.after(application.refresh_lifetime),
        ended_at: None,
    })
}

/// The session that a handle belongs to. Sessions are forgotten long after they expired; their handles may be there a little longer.
pub(crate) async fn of_handle(
    tx: &mut ReadTx,
    handle: &Handle,
) -> Result<Option<ApplicationSession>, Refused> {
    Ok(match handle.application_session {
        Some(id) => tx.application_session(id).await?,
        None => None,
    })
}

/// The person of a session that goes on, if they may still be here. `tx` is the one that the session was read with.
pub(crate) async fn person(
    asked: &Asked,
    mut tx: ReadTx,
    application: &Application,
    session: &ApplicationSession,
) -> Result<Option<Person>, Refused> {
    let is_open = session.ended_at.is_none()
        && asked.now < session.expires_at
        && session.application == application.name;
    if !is_open || !is_sure(application, session)? || !is_signed_in(&mut tx, session).await? {
        return Ok(None);
    }
    // Nobody holds one reader while they wait for another.
    drop(tx);
    Ok(Person::allowed(asked, application, session.entity).await?)
}

/// Whether the sign-in behind a session is as sure as the model says by now.
fn is_sure(application: &Application, session: &ApplicationSession) -> Result<bool, Refused> {
    if application.acr == Assurance::One {
        return Ok(true);
    }
    let body: Body = handles::read(&session.body)?;
    Ok(Acr::from_word(&body.acr) >= Some(application.acr.into()))
}

/// Whether a session goes on when the sign-in that it came from is ended.
pub(crate) fn outlives_sign_in(session: &ApplicationSession) -> bool {
    session.session.is_none() || Scopes::of(&session.scopes).has("offline_access")
}

/// Whether the sign-in behind a session was not ended, where that counts.
async fn is_signed_in(tx: &mut ReadTx, session: &ApplicationSession) -> Result<bool, Refused> {
    let Some(id) = session.session.filter(|_| !outlives_sign_in(session)) else { return Ok(true) };
    let kept = tx.session_numbered(id).await?;
    Ok(kept.is_some_and(|kept| kept.ended_at.is_none()))
}

/// Whether the person of a session may still be here.
pub(crate) async fn is_of_somebody(
    asked: &Asked,
    application: &Application,
    session: &ApplicationSession,
) -> Result<bool, Error> {
    Ok(Person::allowed(asked, application, session.entity).await?.is_some())
}

/// Ends a session: its tokens are refused from now on, and the application is told if it wants to be.
pub(crate) async fn end(
    asked: &Asked,
    tx: &mut Tx,
    session: &ApplicationSession,
    why: Why,
) -> Result<(), Error> {
    if !tx.end_application_session(session.id, asked.now).await? {
        return Ok(());
    }
    let application = asked.application(&session.application);
    if application.is_some_and(|application| application.logout_uri.is_some()) {
        let (made_at, next_try) = (asked.now, asked.now);
        let application_session = session.id;
        let notice =
            LogoutNotice { application_session, made_at, tries: 0, next_try, reason: None };
        tx.save_logout_notice(&notice).await?;
    }
    let word = match why {
        Why::Over => return Ok(()),
        Why::Replayed => "replayed",
        Why::Misused => "misused",
    };
    let entry = Entry {
        at: asked.now,
        actor: asked.ctx.actor.clone(),
        on_behalf_of: None,
        action: "application-session.stolen".into(),
        subject: format!("application {}", session.application).into(),
        detail: json!({ "session": session.id, "why": word }).to_string().into(),
        correlation: Some(asked.ctx.correlation.clone()),
    };
    tx.append_journal(&entry).await?;
    Ok(())
}
