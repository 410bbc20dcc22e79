//! Who is signed in with this browser.

use muster_auth::Acr;
use muster_model::EntityId;
use muster_signin::session_cookie;

use crate::{asked::Asked, refused::Refused};

/// A sign-in that holds.
#[derive(Debug, Clone)]
pub(crate) struct SignedIn {
    /// Which one. It opens nothing.
    pub(crate) id: i64,
    /// Who.
    pub(crate) identity: EntityId,
    /// When they last proved who they are, in seconds since 1970.
    pub(crate) auth_time: i64,
    /// How sure that was.
    pub(crate) level: Acr,
    /// The same, as tokens have it.
    pub(crate) acr: String,
    /// By what.
    pub(crate) amr: Vec<String>,
}

impl SignedIn {
    /// How sure a sign-in can be.
    pub(crate) const LEVELS: [Acr; 3] = [Acr::One, Acr::Two, Acr::Resistant];

    /// The level that a word of `acr_values` stands for.
    pub(crate) fn level(word: &str) -> Option<Acr> {
        Acr::from_word(word)
    }
}

impl Asked {
    /// The sign-in of the browser that asks.
    pub(crate) async fn signed_in(&self) -> Result<Option<SignedIn>, Refused> {
        let Some(cookie) = session_cookie(&self.headers) else { return Ok(None) };
        let found = self.authenticator.find(&self.opened, cookie, self.now).await?;
        Ok(found.map(|session| SignedIn {
            id: session.id,
            identity: session.identity,
            auth_time: session.auth_time.as_second(),
            level: session.acr,
            acr: session.acr.word().to_owned(),
            amr: session.amr.iter().map(|amr| amr.word().to_owned()).collect(),
        }))
    }
}
