//! What the token endpoint answers for a person: access token, ID token, and a refresh token if there is one.

use muster_policy::Application;
use muster_store::ApplicationSession;
use serde_json::{Value, json};

use crate::{
    access_token::{self, For},
    asked::Asked,
    handles, id_token,
    person::Person,
    refused::Refused,
    scopes::Scopes,
    sessions::Body,
};

/// The key that the request proves to hold, by its thumbprint.
#[derive(Debug, Clone, Default)]
pub(crate) struct Bound(pub(crate) Option<String>);

impl Bound {
    /// Whether it is the key that was asked for, where one was.
    pub(crate) fn fits(&self, wanted: Option<&str>) -> bool {
        wanted.is_none_or(|wanted| self.0.as_deref() == Some(wanted))
    }

    /// The type of the token, as the answer names it.
    pub(crate) fn token_type(&self) -> &'static str {
        if self.0.is_some() { "DPoP" } else { "Bearer" }
    }
}

/// What is answered of.
pub(crate) struct Issued<'a> {
    pub(crate) session: &'a ApplicationSession,
    pub(crate) person: &'a Person,
    /// Fewer scopes than the session has.
    pub(crate) scopes: Option<Scopes>,
    pub(crate) refresh: Option<String>,
}

/// The answer. What the person cannot give any more, because they lost the entitlement, is not in it.
pub(crate) async fn answer(
    asked: &Asked,
    application: &Application,
    issued: Issued<'_>,
    bound: &Bound,
) -> Result<Value, Refused> {
    let Issued { session, person, scopes, refresh } = issued;
    let scopes = scopes.unwrap_or_else(|| Scopes::of(&session.scopes));
    let scopes = person.granted(application, &scopes);
    let whom = For::Person(person, session);
    let token = access_token::issue(asked, application, whom, &scopes, bound.0.as_deref()).await?;
    let mut answer = json!({
        "access_token": token, "token_type": bound.token_type(), "scope": scopes.to_string(),
        "expires_in": application.access_lifetime.as_secs(),
    });
    let id_token = if scopes.has("openid") {
        let body: Body = handles::read(&session.body)?;
        Some(id_token::issue(asked, application, (person, session), &body, &scopes, &token).await?)
    } else {
        None
    };
    if let Some(fields) = answer.as_object_mut() {
        let more = [("refresh_token", refresh), ("id_token", id_token)];
        fields.extend(
            more.into_iter().filter_map(|(name, text)| Some((name.to_owned(), text?.into()))),
        );
    }
    Ok(answer)
}
