//! Signing in: by nobody's name, by a client with its token, by a person with their password; and giving oneself another one.

use ldap3_proto::proto::{
    LdapBindCred, LdapBindRequest, LdapBindResponse, LdapExtendedRequest,
    LdapPasswordModifyRequest, LdapResult, LdapResultCode,
};
use muster_app::{Ctx, Error, Scope, known_client};
use muster_auth::{Attempt, Door, NotSet, Refused, Secret, Shown};
use muster_model::EntityId;

use crate::{
    answer::{Refusal, outcome},
    layout::Target,
    name::{Name, fold},
    serve::State,
    session::{Session, Who},
};

impl Session {
    /// Signs in. Whatever comes of it, who was signed in before is no longer.
    pub(crate) async fn bind(&mut self, request: &LdapBindRequest) -> LdapBindResponse {
        (self.who, self.paged) = (Who::Nobody, None);
        let done = self.sign_in(request).await;
        let res: LdapResult = outcome(done.map(|who| {
            self.who = who;
            LdapResultCode::Success
        }));
        LdapBindResponse { res, saslcreds: None }
    }

    async fn sign_in(&self, request: &LdapBindRequest) -> Result<Who, Refusal> {
        if request.version != 3 {
            return Err(Refusal::new(
                LdapResultCode::ProtocolError,
                "only version 3 is spoken here",
            ));
        }
        let LdapBindCred::Simple(password) = &request.cred else {
            let text = "only the simple method is known here";
            return Err(Refusal::new(LdapResultCode::AuthMethodNotSupported, text));
        };
        if password.is_empty() {
            if request.dn.is_empty() {
                return Ok(Who::Nobody);
            }
            // It would look like a sign-in to who did not notice that the password is empty (RFC 4513, 5.1.2).
            let text = "a name without a password signs nobody in";
            return Err(Refusal::new(LdapResultCode::UnwillingToPerform, text));
        }
        if !self.encrypted && !self.peer.is_loopback() {
            let text = "a password must not go in the clear: use StartTLS or LDAPS";
            return Err(Refusal::new(LdapResultCode::ConfidentialityRequired, text));
        }
        let name = Name::read(&request.dn).ok_or_else(wrong)?;
        let state = self.state().await?;
        match state.served.layout.find(&name) {
            Target::Client(client) => {
                let (opened, now) = (&state.served.opened, self.server.service.clock().now());
                let known = known_client(&opened.store, password, now).await?;
                let known = known.filter(|known| {
                    fold(&known.name) == client && known.scopes.cover(Scope::Directory)
                });
                let Some(client) = known else {
                    let is_often = self.server.service.stranger(self.peer).is_err();
                    return Err(if is_often { later() } else { wrong() });
                };
                let dn = state.served.layout.client_dn(&client.name);
                Ok(Who::Client { client, dn, checked: now })
            }
            Target::Entry(place, naming) => self.person(&state, place, &naming, password).await,
            Target::Root | Target::Schema | Target::Node(_) | Target::Nothing(_) => Err(wrong()),
        }
    }

    /// Signs in a person by their entry. Whether there is one that is shown is not told, and takes as long.
    async fn person(
        &self,
        state: &State,
        place: usize,
        naming: &str,
        password: &str,
    ) -> Result<Who, Refusal> {
        let (id, name) = {
            let mut view = self.view(state).await?;
            let id = view.named(place, naming).await?;
            // Where there is none, the same is asked of the repository.
            (id, view.sign_in_name(id.unwrap_or(EntityId(0))).await?)
        };
        let name = name.as_deref().unwrap_or(naming);
        let verified = self.check(state, name, &Secret::new(password)).await?;
        // The name of an entry may be how somebody else signs in.
        let Some(id) = id.filter(|id| *id == verified) else { return Err(wrong()) };
        let mut view = self.view(state).await?;
        let shown = view.entities(place, &[id]).await?.into_iter().next();
        let dn = shown.ok_or_else(wrong)?.dn.clone();
        Ok(Who::Person { id, place, dn, reach: None })
    }

    /// Whose name and password these are.
    async fn check(
        &self,
        state: &State,
        name: &str,
        password: &Secret,
    ) -> Result<EntityId, Refusal> {
        let service = &self.server.service;
        let attempt = Attempt {
            door: Door::Ldap,
            name,
            password,
            network: self.peer,
            device: "",
            browser: None,
            correlation: None,
            now: service.clock().now(),
        };
        let checked = service.authenticator().password(&state.served.opened, attempt).await;
        checked.map(|verified| verified.identity).map_err(|refused| match refused.shown() {
            Shown::Wrong | Shown::Over => wrong(),
            Shown::Later(_) => later(),
            Shown::Trouble => {
                if let Refused::Trouble(error) = refused {
                    error.into()
                } else {
                    wrong()
                }
            }
        })
    }

    /// Gives whoever has signed in another password (RFC 3062). The present one has to be shown again: a connection may be
    /// somebody else's by now.
    pub(crate) async fn change_password(
        &mut self,
        request: &LdapExtendedRequest,
    ) -> Result<LdapResultCode, Refusal> {
        let unwilling = |text| Refusal::new(LdapResultCode::UnwillingToPerform, text);
        let request = LdapPasswordModifyRequest::try_from(request).map_err(|_| {
            Refusal::new(LdapResultCode::ProtocolError, "this request cannot be read")
        })?;
        let state = self.state().await?;
        let (id, name, key) = {
            let mut view = self.view(&state).await?;
            self.sight(&mut view).await?;
            let Who::Person { id, dn, .. } = &self.who else {
                return Err(unwilling("sign in as the person whose password it is"));
            };
            let own = Name::read(dn);
            if request.user_identity.as_deref().is_some_and(|asked| Name::read(asked) != own) {
                return Err(unwilling("people change their own password only"));
            }
            let id = *id;
            (id, view.sign_in_name(id).await?, view.key(id).await?)
        };
        let (Some(old), Some(new)) = (request.old_password, request.new_password) else {
            return Err(unwilling("give the present password and the new one"));
        };
        let (Some(name), Some(key)) = (name, key) else { return Err(wrong()) };
        if self.check(&state, &name, &Secret::new(old)).await? != id {
            return Err(wrong());
        }
        let service = &self.server.service;
        let ctx = Ctx::new(key, "".into(), std::sync::Arc::clone(service.clock()));
        let (opened, new) = (&state.served.opened, Secret::new(new));
        match service.authenticator().set_password(&ctx, opened, id, &new).await {
            Ok(()) => Ok(LdapResultCode::Success),
            Err(error @ NotSet::Weak(_)) => {
                Err(Refusal::new(LdapResultCode::ConstraintViolation, error.to_string()))
            }
            Err(error) => Err(Error::from(error).into()),
        }
    }
}

/// One answer to everybody who tried too often, or comes when too many do.
fn later() -> Refusal {
    Refusal::new(LdapResultCode::Busy, "try again later")
}

/// One answer to everybody who may not sign in.
fn wrong() -> Refusal {
    Refusal::new(LdapResultCode::InvalidCredentials, "")
}
