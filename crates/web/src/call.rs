//! Who calls: a program by its token. Handlers that take a [`Call`] are never reached without one.

use std::{sync::Arc, time::Duration};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use muster_app::{Authority, Ctx, Opened, Scope, Scopes, known_client};
use muster_model::Text;
use muster_policy::Right;

use crate::{Code, Origin, Problem, RequestId, Service, access_log::Known};

/// Who calls, and what they may ask for.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The name of the client.
    pub name: Text,
    /// The client.
    pub client: i64,
    /// What its token may be used for.
    pub scopes: Scopes,
    /// The person it acts for, whose rights narrow it.
    pub authority: Option<Arc<Authority>>,
}

/// An authenticated request.
#[derive(Debug, Clone)]
pub struct Call {
    /// Who does it, when, under which correlation (the request id).
    pub ctx: Ctx,
    /// The project, the same for the whole request.
    pub opened: Arc<Opened>,
    /// Who calls.
    pub caller: Caller,
}

impl Call {
    /// A request of whoever comes: nothing is allowed to them, and nobody is asked who they are.
    pub fn of_stranger(parts: &Parts, service: &Service) -> Self {
        let correlation = parts.extensions.get::<RequestId>().map(|id| id.0.clone());
        let correlation = correlation.unwrap_or_else(|| "".into());
        let ctx = Ctx::new("stranger".into(), correlation, Arc::clone(service.clock()));
        let (name, scopes) = ("stranger".into(), Scopes::default());
        let caller = Caller { name, client: 0, scopes, authority: None };
        Self { ctx, opened: service.opened(), caller }
    }

    /// Goes on only if the caller has the right, and from then on only with those for whom they have it.
    pub fn allow(&mut self, right: Right) -> Result<(), Problem> {
        match &self.caller.authority {
            Some(authority) => {
                self.need(if right.is_read() { Scope::ApiRead } else { Scope::ApiWrite })?;
                let denied =
                    || Problem::denied(format!("no role of yours allows `{}`", right.word()));
                self.ctx.reach = authority.reach(right).ok_or_else(denied)?;
                Ok(())
            }
            None => self.need(scope_of(right)),
        }
    }

    /// Goes on only if the token may be used for this.
    pub fn need(&self, scope: Scope) -> Result<(), Problem> {
        if self.caller.scopes.cover(scope) {
            return Ok(());
        }
        Err(Problem::denied(format!("the token lacks the scope `{scope}`")))
    }
}

/// The scope that a program needs on its own account.
pub fn scope_of(right: Right) -> Scope {
    let is_for_administrators = matches!(
        right,
        Right::ClientsRead
            | Right::ClientsWrite
            | Right::RevisionsWrite
            | Right::JournalExport
            | Right::SignInsWrite
    );
    match (is_for_administrators, right.is_read()) {
        (true, _) => Scope::Admin,
        (false, true) => Scope::ApiRead,
        (false, false) => Scope::ApiWrite,
    }
}

impl FromRequestParts<Service> for Call {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let opened = service.opened();
        let now = service.clock().now();
        let known = match bearer(&parts.headers) {
            Some(token) => known_client(&opened.store, token, now).await?,
            None => None,
        };
        let Some(known) = known else {
            if let Some(origin) = parts.extensions.get::<Origin>() {
                service.stranger(origin.address).map_err(too_often)?;
            }
            return Err(Problem::unauthenticated());
        };
        service.buckets().take(known.id, now).map_err(too_often)?;
        let correlation = parts.extensions.get::<RequestId>().map(|id| id.0.clone());
        let actor: Text = format!("client {}", known.name).into();
        if let Some(line) = parts.extensions.get::<Known>() {
            line.is(&actor);
        }
        let correlation = correlation.unwrap_or_else(|| "".into());
        let mut ctx = Ctx::new(actor, correlation, Arc::clone(service.clock()));
        let authority = match known.acts_for {
            Some(person) => {
                let found = Authority::of(&ctx, &opened, person).await?;
                let found = found.ok_or_else(Problem::unauthenticated)?;
                ctx.on_behalf_of = Some(found.subject().clone());
                Some(Arc::new(found))
            }
            None => None,
        };
        let (name, client, scopes) = (known.name, known.id, known.scopes);
        let caller = Caller { name, client, scopes, authority };
        Ok(Self { ctx, opened, caller })
    }
}

fn too_often(wait: Duration) -> Problem {
    Problem::new(Code::RATE, "the limit of requests a second is reached")
        .retry_after(u32::try_from(wait.as_secs() + 1).unwrap_or(u32::MAX))
}

/// The token of the one `Authorization` header there is.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    let (one, None) = (given.next()?, given.next()) else { return None };
    let (scheme, token) = one.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim_start_matches(' '))
}
