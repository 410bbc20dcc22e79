//! Signing in: by nobody's name, by a client with its token, by a person.

use ldap3_proto::proto::{
    LdapBindCred, LdapBindRequest, LdapBindResponse, LdapResult, LdapResultCode,
};
use muster_app::{Scope, known_client};

use crate::{
    answer::{Refusal, outcome},
    layout::Target,
    name::{Name, fold},
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
                let client = known.ok_or_else(wrong)?;
                let dn = state.served.layout.client_dn(&client.name);
                Ok(Who::Client { client, dn, checked: now })
            }
            Target::Entry(..)
            | Target::Root
            | Target::Schema
            | Target::Node(_)
            | Target::Nothing(_) => Err(wrong()),
        }
    }
}

/// One answer to everybody who may not sign in.
fn wrong() -> Refusal {
    Refusal::new(LdapResultCode::InvalidCredentials, "")
}
