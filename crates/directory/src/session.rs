//! A session: who a connection has signed in as, and its operations one after the other.

use std::{net::IpAddr, sync::Arc};

use jiff::Timestamp;
use ldap3_proto::{
    control::LdapControl,
    proto::{
        LdapCompareRequest, LdapExtendedRequest, LdapExtendedResponse, LdapFilter, LdapMsg, LdapOp,
        LdapResult, LdapResultCode,
    },
};
use muster_app::{Authority, Ctx, KnownClient, Reach, is_still_known};
use muster_model::EntityId;
use muster_policy::Right;

use crate::{
    answer::{Refusal, answer, outcome, result},
    filter::{Prepared, is_known},
    layout::Target,
    name::Name,
    root::{PASSWORD_MODIFY, START_TLS, WHO_AM_I},
    search::Paged,
    serve::{Server, State},
    sight::Sight,
    view::View,
    wire::{End, Wire},
};

/// How long a check of somebody's rights counts.
const CHECKED: jiff::SignedDuration = jiff::SignedDuration::from_secs(1);

/// A connection's session.
pub(crate) struct Session {
    pub(crate) server: Arc<Server>,
    pub(crate) peer: IpAddr,
    pub(crate) encrypted: bool,
    pub(crate) who: Who,
    /// A search that goes on with the next page.
    pub(crate) paged: Option<Paged>,
}

/// Who a connection has signed in as.
pub(crate) enum Who {
    /// Nobody.
    Nobody,
    /// A program by its token.
    Client { client: KnownClient, dn: String, checked: Timestamp },
    /// A person.
    Person {
        id: EntityId,
        place: usize,
        dn: String,
        /// Of whom they see everything, as of a version of the facts and an instant.
        reach: Option<(Option<Reach>, i64, Timestamp)>,
    },
}

impl Session {
    pub(crate) fn new(server: Arc<Server>, peer: IpAddr, encrypted: bool) -> Self {
        Self { server, peer, encrypted, who: Who::Nobody, paged: None }
    }

    /// Answers until the client is gone.
    pub(crate) async fn run(mut self, mut wire: Wire) {
        loop {
            let message = match wire.next().await {
                Ok(message) => message,
                Err(End::Gone) => return,
                Err(End::Malformed(malformed)) => {
                    return disconnect(wire, &malformed.to_string()).await;
                }
            };
            let LdapMsg { msgid, op, ctrl } = message;
            if msgid <= 0 {
                return disconnect(wire, "a message needs a number above zero").await;
            }
            if let LdapOp::ExtendedRequest(LdapExtendedRequest { name, .. }) = &op
                && name == START_TLS
            {
                match self.start_tls(msgid, wire).await {
                    Some(encrypted) => wire = encrypted,
                    None => return,
                }
                continue;
            }
            if !self.operation(&mut wire, msgid, op, ctrl).await {
                return wire.finish().await;
            }
        }
    }

    /// Does one operation; false ends the connection.
    async fn operation(
        &mut self,
        wire: &mut Wire,
        msgid: i32,
        op: LdapOp,
        controls: Vec<LdapControl>,
    ) -> bool {
        if let Some(refused) =
            unknown_control(&controls).and_then(|refusal| refused(&op, refusal.into()))
        {
            wire.send(answer(msgid, refused));
            return true;
        }
        let op = match op {
            LdapOp::UnbindRequest => return false,
            // Operations are done one after the other: what could be abandoned has been answered.
            LdapOp::AbandonRequest(_) => return true,
            LdapOp::SearchRequest(request) => {
                self.search(wire, msgid, &request, &controls).await;
                return true;
            }
            LdapOp::BindRequest(request) => LdapOp::BindResponse(self.bind(&request).await),
            LdapOp::CompareRequest(request) => {
                LdapOp::CompareResult(outcome(self.compare(&request).await))
            }
            LdapOp::ExtendedRequest(request) => {
                LdapOp::ExtendedResponse(self.extended(&request).await)
            }
            LdapOp::ModifyRequest(_)
            | LdapOp::AddRequest(_)
            | LdapOp::DelRequest(_)
            | LdapOp::ModifyDNRequest(_) => {
                let text = "the directory is for reading; people and groups are changed where they come from";
                let refusal = Refusal::new(LdapResultCode::UnwillingToPerform, text);
                match refused(&op, refusal.into()) {
                    Some(op) => op,
                    None => return true,
                }
            }
            LdapOp::BindResponse(_)
            | LdapOp::SearchResultEntry(_)
            | LdapOp::SearchResultDone(_)
            | LdapOp::SearchResultReference(_)
            | LdapOp::ModifyResponse(_)
            | LdapOp::AddResponse(_)
            | LdapOp::DelResponse(_)
            | LdapOp::ModifyDNResponse(_)
            | LdapOp::CompareResult(_)
            | LdapOp::ExtendedResponse(_)
            | LdapOp::IntermediateResponse(_) => {
                notice(wire, "this is an answer, and nothing was asked");
                return false;
            }
        };
        wire.send(answer(msgid, op));
        true
    }

    /// Encrypts the connection; `None` when it cannot go on.
    async fn start_tls(&mut self, msgid: i32, mut wire: Wire) -> Option<Wire> {
        let refusal = match &self.server.certificate {
            _ if self.encrypted => {
                Some(Refusal::new(LdapResultCode::OperationsError, "the connection is encrypted"))
            }
            None => {
                Some(Refusal::new(LdapResultCode::Unavailable, "the server has no certificate"))
            }
            Some(_) => None,
        };
        let res = refusal.clone().map_or_else(|| result(LdapResultCode::Success), LdapResult::from);
        let name = Some(START_TLS.to_owned());
        let response = LdapExtendedResponse { res, name, value: None };
        wire.send(answer(msgid, LdapOp::ExtendedResponse(response)));
        if refusal.is_some() {
            return Some(wire);
        }
        wire.flush().await.ok()?;
        if !wire.is_empty() {
            return None;
        }
        let certificate = Arc::clone(self.server.certificate.as_ref()?);
        let wire = wire.encrypt(&certificate).await?;
        (self.encrypted, self.who, self.paged) = (true, Who::Nobody, None);
        Some(wire)
    }

    async fn extended(&mut self, request: &LdapExtendedRequest) -> LdapExtendedResponse {
        let refusal = if request.name == WHO_AM_I {
            match self.who_am_i().await {
                Ok(who) => {
                    let value = Some(who.into_bytes());
                    let res = result(LdapResultCode::Success);
                    return LdapExtendedResponse { res, name: None, value };
                }
                Err(refusal) => refusal,
            }
        } else if request.name == PASSWORD_MODIFY {
            let res = outcome(self.change_password(request).await);
            return LdapExtendedResponse { res, name: None, value: None };
        } else {
            Refusal::new(LdapResultCode::ProtocolError, "this extended operation is unknown")
        };
        LdapExtendedResponse { res: refusal.into(), name: None, value: None }
    }

    async fn who_am_i(&mut self) -> Result<String, Refusal> {
        let state = self.state().await?;
        let mut view = self.view(&state).await?;
        // Whoever has lost their rights is nobody.
        drop(self.sight(&mut view).await);
        Ok(match &self.who {
            Who::Nobody => String::new(),
            Who::Client { dn, .. } | Who::Person { dn, .. } => format!("dn:{dn}"),
        })
    }

    async fn compare(&mut self, request: &LdapCompareRequest) -> Result<LdapResultCode, Refusal> {
        let name = Name::read(&request.dn).ok_or_else(Refusal::no_name)?;
        let state = self.state().await?;
        let mut view = self.view(&state).await?;
        let sight = self.sight(&mut view).await?;
        let target = view.layout().find(&name);
        let entry = view.entry(&target).await?;
        let found = entry.and_then(|entry| Some((sight.of(&view, &entry)?, entry)));
        let Some((seen, entry)) = found else {
            return Err(Refusal::no_such_object(nearest(&view, &name, &target)));
        };
        let Ok(value) = String::from_utf8(request.val.clone()) else {
            return Ok(LdapResultCode::CompareFalse);
        };
        let filter = LdapFilter::Equality(request.atype.clone(), value);
        let holds = Prepared::new(&mut view, &filter).await?.matches(&view, &entry, seen);
        match holds {
            Some(true) => Ok(LdapResultCode::CompareTrue),
            Some(false) => Ok(LdapResultCode::CompareFalse),
            None if is_known(view.layout(), &request.atype) => {
                Err(Refusal::new(LdapResultCode::NoSuchAttribute, ""))
            }
            None => Err(Refusal::new(
                LdapResultCode::UndefinedAttributeType,
                "this attribute is unknown",
            )),
        }
    }

    /// The directory as it is served now.
    pub(crate) async fn state(&self) -> Result<Arc<State>, Refusal> {
        let state = self.server.state().await;
        state.ok_or_else(|| {
            Refusal::new(LdapResultCode::Unavailable, "the directory is not ready yet")
        })
    }

    /// The entries as they are now.
    pub(crate) async fn view<'s>(&self, state: &'s State) -> Result<View<'s>, Refusal> {
        let now = self.server.service.clock().now();
        Ok(View::begin(&state.served, Arc::clone(&state.index), now).await?)
    }

    /// What the caller sees now. Whoever may no longer sign in is nobody from then on.
    pub(crate) async fn sight(&mut self, view: &mut View<'_>) -> Result<Sight, Refusal> {
        let directory =
            view.opened().model.directory.as_ref().ok_or_else(Refusal::not_signed_in)?;
        if !self.is_still_somebody(view).await? {
            self.who = Who::Nobody;
            return Err(Refusal::not_signed_in());
        }
        match &self.who {
            Who::Nobody if directory.anonymous.is_empty() => Err(Refusal::not_signed_in()),
            Who::Nobody => Ok(Sight::Some(directory.anonymous.clone())),
            Who::Client { .. } => Ok(Sight::All),
            Who::Person { id, reach, .. } => Ok(Sight::Person {
                id: *id,
                everyone: directory.everyone.clone(),
                reach: reach.as_ref().and_then(|(reach, ..)| reach.clone()),
            }),
        }
    }

    /// Looks again at who has signed in, where the last look is too old.
    async fn is_still_somebody(&mut self, view: &mut View<'_>) -> Result<bool, Refusal> {
        let now = view.now;
        match &mut self.who {
            Who::Nobody => Ok(true),
            Who::Client { client, checked, .. } => {
                if now.duration_since(*checked) >= CHECKED {
                    if !is_still_known(view.tx(), client, now).await? {
                        return Ok(false);
                    }
                    *checked = now;
                }
                Ok(true)
            }
            Who::Person { id, place, reach, dn } => {
                // Who is not shown may not use what they hold, or is gone.
                let Some(entry) = view.entities(*place, &[*id]).await?.into_iter().next() else {
                    return Ok(false);
                };
                entry.dn.clone_into(dn);
                let is_fresh = reach.as_ref().is_some_and(|(_, version, at)| {
                    *version == view.version() && now.duration_since(*at) < CHECKED
                });
                if !is_fresh {
                    let service = &self.server.service;
                    let opened = view.opened();
                    if !service.authenticator().is_alive(opened, *id, now).await? {
                        return Ok(false);
                    }
                    let clock = Arc::clone(service.clock());
                    let ctx = Ctx::new("directory".into(), "".into(), clock);
                    let authority = Authority::of(&ctx, opened, *id).await?;
                    let found =
                        authority.and_then(|found| Arc::new(found).reach(Right::PeopleRead));
                    *reach = Some((found, view.version(), now));
                }
                Ok(true)
            }
        }
    }
}

/// The name of the nearest entry above a name that is not there.
pub(crate) fn nearest<'s>(view: &View<'s>, name: &Name, target: &Target) -> &'s str {
    let node = match target {
        Target::Nothing(node) => *node,
        Target::Root | Target::Schema | Target::Node(_) | Target::Entry(..) | Target::Client(_) => {
            view.layout().nearest(name)
        }
    };
    node.and_then(|node| view.layout().nodes.get(node)).map_or("", |node| &node.dn)
}

/// Why controls cannot be obeyed, if one of them has to be and is unknown.
fn unknown_control(controls: &[LdapControl]) -> Option<Refusal> {
    let is_unknown = |control: &LdapControl| match control {
        LdapControl::SimplePagedResults { .. }
        | LdapControl::ServerSort { .. }
        | LdapControl::ManageDsaIT { .. }
        | LdapControl::SyncState { .. }
        | LdapControl::SyncDone { .. }
        | LdapControl::ServerSortResult { .. } => false,
        LdapControl::Unknown { criticality, .. }
        | LdapControl::SyncRequest { criticality, .. }
        | LdapControl::PasswordPolicyRequest { criticality }
        | LdapControl::SearchOptions { criticality, .. }
        | LdapControl::ShowDeleted { criticality }
        | LdapControl::SdFlags { criticality, .. }
        | LdapControl::ExtendedDn { criticality, .. } => *criticality,
        LdapControl::AdDirsync { .. } => true,
    };
    controls.iter().any(is_unknown).then(|| {
        Refusal::new(
            LdapResultCode::UnavailableCriticalExtension,
            "a control that is critical is unknown here",
        )
    })
}

/// The answer to an operation that is not done; `None` where none is expected.
fn refused(op: &LdapOp, res: LdapResult) -> Option<LdapOp> {
    Some(match op {
        LdapOp::BindRequest(_) => {
            LdapOp::BindResponse(ldap3_proto::proto::LdapBindResponse { res, saslcreds: None })
        }
        LdapOp::SearchRequest(_) => LdapOp::SearchResultDone(res),
        LdapOp::ModifyRequest(_) => LdapOp::ModifyResponse(res),
        LdapOp::AddRequest(_) => LdapOp::AddResponse(res),
        LdapOp::DelRequest(_) => LdapOp::DelResponse(res),
        LdapOp::ModifyDNRequest(_) => LdapOp::ModifyDNResponse(res),
        LdapOp::CompareRequest(_) => LdapOp::CompareResult(res),
        LdapOp::ExtendedRequest(_) => {
            LdapOp::ExtendedResponse(LdapExtendedResponse { res, name: None, value: None })
        }
        LdapOp::UnbindRequest
        | LdapOp::AbandonRequest(_)
        | LdapOp::BindResponse(_)
        | LdapOp::SearchResultEntry(_)
        | LdapOp::SearchResultDone(_)
        | LdapOp::SearchResultReference(_)
        | LdapOp::ModifyResponse(_)
        | LdapOp::AddResponse(_)
        | LdapOp::DelResponse(_)
        | LdapOp::ModifyDNResponse(_)
        | LdapOp::CompareResult(_)
        | LdapOp::ExtendedResponse(_)
        | LdapOp::IntermediateResponse(_) => return None,
    })
}

/// Says why the connection ends, and ends it.
async fn disconnect(mut wire: Wire, why: &str) {
    notice(&mut wire, why);
    wire.finish().await;
}

/// Says why the connection ends (RFC 4511, 4.4.1).
fn notice(wire: &mut Wire, why: &str) {
    let res = Refusal::new(LdapResultCode::ProtocolError, why).into();
    let name = Some("1.3.6.1.4.1.1466.20036".to_owned());
    wire.send(answer(0, LdapOp::ExtendedResponse(LdapExtendedResponse { res, name, value: None })));
}
