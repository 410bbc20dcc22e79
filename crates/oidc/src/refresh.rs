//! Refresh tokens: each counts once, and one that comes a second time ends the session.
//!
//! A token has two parts. The first stays the same and finds the session; the second changes with each use, and only the hash of the
//! present one is kept. So it is known that an old token was one, however long ago, and nothing piles up.

use muster_policy::{Application, GrantType};
use muster_store::{ApplicationSession, Handle, HandleKind, ReadTx, Tx};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{
    asked::Asked,
    handles,
    hashed::{hash, hash_text, is_same, random},
    params::Params,
    refused::Refused,
    scopes::Scopes,
    sessions::{self, Why},
    tokens::{self, Bound},
};

/// Between the two parts.
const POINT: char = '.';

/// What is kept of a refresh token.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    /// The hash of the part that changes.
    present: String,
    /// The key that the token is bound to.
    key: Option<String>,
}

/// A refresh token that somebody shows.
#[derive(Debug)]
pub(crate) struct Shown {
    pub(crate) handle: Handle,
    /// Whether it is the present one of its session.
    pub(crate) is_present: bool,
    first: String,
    kept: Kept,
}

/// A refresh token of a session, where the application may have one. It is written with the transaction.
pub(crate) async fn make(
    asked: &Asked,
    tx: &mut Tx,
    application: &Application,
    session: &ApplicationSession,
    bound: &Bound,
) -> Result<Option<String>, Refused> {
    if !application.has(GrantType::Refresh) {
        return Ok(None);
    }
    let second = random()?;
    let kept = Kept { present: hash_text(&second), key: bound.0.clone() };
    let (name, end) = (&application.name, session.expires_at);
    let (mut handle, first) = handles::new(asked, HandleKind::Refresh, name, &kept, end)?;
    handle.application_session = Some(session.id);
    tx.insert_handle(&handle).await?;
    Ok(Some(format!("{first}{POINT}{second}")))
}

/// The refresh token that a text is, present or not; `None` when it never was one.
pub(crate) async fn find(tx: &mut ReadTx, token: &str) -> Result<Option<Shown>, Refused> {
    let Some((first, second)) = token.split_once(POINT) else { return Ok(None) };
    let Some(handle) = tx.handle(HandleKind::Refresh, &hash(first)).await? else { return Ok(None) };
    let kept: Kept = handles::read(&handle.body)?;
    let is_present = is_same(hash_text(second).as_bytes(), kept.present.as_bytes());
    Ok(Some(Shown { handle, is_present, first: first.to_owned(), kept }))
}

/// Exchanges a refresh token for new tokens. One that comes a second time was stolen, from the application or by it, and ends the
/// session for both. Of many that come at the same time, one wins at most.
pub(crate) async fn exchange(
    asked: &Asked,
    application: &Application,
    params: &Params,
    bound: &Bound,
) -> Result<Value, Refused> {
    let token = params.need("refresh_token", "send the `refresh_token`")?;
    let mut tx = asked.opened.store.read().await?;
    // To another application it is as if it were not there.
    let shown = find(&mut tx, token).await?;
    let shown = shown.filter(|shown| shown.handle.application == application.name);
    let shown = shown.ok_or_else(Refused::grant)?;
    let session = sessions::of_handle(&mut tx, &shown.handle).await?;
    let session = session.ok_or_else(Refused::grant)?;
    let wanted = params.get("scope").map(Scopes::of);
    if wanted.as_ref().is_some_and(|wanted| !wanted.are_within(&Scopes::of(&session.scopes))) {
        return Err(Refused::new("invalid_scope", "there were fewer scopes at the sign-in"));
    }
    if !bound.fits(shown.kept.key.as_deref()) {
        return Err(Refused::grant());
    }
    let person = sessions::person(asked, tx, application, &session).await?;
    let second = random()?;
    let next = Kept { present: hash_text(&second), key: shown.kept.key.clone() };
    let change = (&*shown.handle.body, &*handles::written(&next)?);
    let mut tx = asked.opened.store.begin().await?;
    let is_first =
        shown.is_present && tx.change_handle(&shown.handle.hash, Some(session.id), change).await?;
    let Some(person) = person.filter(|_| is_first) else {
        let why = if is_first { Why::Over } else { Why::Replayed };
        sessions::end(asked, &mut tx, &session, why).await?;
        tx.commit().await?;
        return Err(Refused::grant());
    };
    tx.commit().await?;
    let refresh = Some(format!("{}{POINT}{second}", shown.first));
    let issued = tokens::Issued { session: &session, person: &person, scopes: wanted, refresh };
    tokens::answer(asked, application, issued, bound).await
}
