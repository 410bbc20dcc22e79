//! What is known of whoever asks: the time, the project, where they are, which session they show.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts},
    response::AppendHeaders,
};
use jiff::Timestamp;
use muster_app::{Ctx, Opened};
use muster_auth::{
    Attempt, Authenticator, BROWSER_COOKIE, BROWSER_KEPT, Door, FLOW_COOKIE, Opening,
    RECOVERY_COOKIE, SESSION_COOKIE, Secret, Session,
};
use muster_model::{EntityId, Language};
use muster_web::{ClientCertificate, Origin, Problem, RequestId, Service};

use crate::{passkeys, texts::Texts};

/// Who asks.
pub(crate) struct Browser {
    pub(crate) ctx: Ctx,
    pub(crate) opened: Arc<Opened>,
    pub(crate) auth: Authenticator,
    pub(crate) texts: &'static Texts,
    pub(crate) network: IpAddr,
    pub(crate) device: String,
    pub(crate) now: Timestamp,
    /// The session that holds, if one is shown.
    pub(crate) session: Option<Session>,
    /// What is kept of a sign-in on its way, if one is shown; whether it holds is not known.
    pub(crate) flow: Option<Secret>,
    /// The certificate that the connection began with.
    pub(crate) certificate: Option<ClientCertificate>,
    asked_passkey: Option<Secret>,
    recovery: Option<Secret>,
    /// What is kept to be known again.
    known_by: Option<Secret>,
    is_tls: bool,
}

impl FromRequestParts<Service> for Browser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let opened = service.opened();
        let auth = service.authenticator().clone();
        let correlation = parts.extensions.get::<RequestId>().map(|id| id.0.clone());
        let correlation = correlation.unwrap_or_else(|| "".into());
        let ctx = Ctx::new("sign-in".into(), correlation, Arc::clone(service.clock()));
        let (now, origin) = (ctx.now(), parts.extensions.get::<Origin>());
        let said =
            |name| parts.headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
        let session = match session_cookie(&parts.headers) {
            Some(cookie) => auth.find(&opened, cookie, now).await?,
            None => None,
        };
        Ok(Self {
            texts: Texts::of(Language::of_reader(said(header::ACCEPT_LANGUAGE))),
            network: origin.map_or(Ipv4Addr::UNSPECIFIED.into(), |origin| origin.address),
            device: said(header::USER_AGENT).unwrap_or_default().to_owned(),
            is_tls: origin.is_some_and(|origin| origin.is_tls),
            ctx,
            opened,
            auth,
            now,
            session,
            flow: cookie(&parts.headers, FLOW_COOKIE).map(Secret::new),
            certificate: parts.extensions.get().cloned(),
            asked_passkey: cookie(&parts.headers, passkeys::COOKIE).map(Secret::new),
            recovery: cookie(&parts.headers, RECOVERY_COOKIE).map(Secret::new),
            known_by: cookie(&parts.headers, BROWSER_COOKIE).map(Secret::new),
        })
    }
}

impl Browser {
    /// Where a session would be opened.
    pub(crate) fn opening(&self) -> Opening<'_> {
        Opening { network: self.network, device: &self.device, now: self.now }
    }

    /// What is done by a person themselves.
    pub(crate) async fn ctx_of(&self, identity: EntityId) -> Result<Ctx, Problem> {
        let mut ctx = self.ctx.clone();
        ctx.actor = self.auth.name_of(&self.opened, identity, self.now).await?.subject;
        Ok(ctx)
    }

    /// A try with a name and a password or a code.
    pub(crate) fn attempt<'a>(&'a self, name: &'a str, password: &'a Secret) -> Attempt<'a> {
        Attempt {
            door: Door::Web,
            name,
            password,
            network: self.network,
            device: &self.device,
            browser: self.known_by.as_ref(),
            correlation: Some(&self.ctx.correlation).filter(|text| !text.is_empty()),
            now: self.now,
        }
    }

    /// Lets the browser keep a session, until it is closed; `None` lets it forget the one it has.
    pub(crate) fn keep(&self, secret: Option<&Secret>) -> Cookie {
        self.cookie(SESSION_COOKIE, "/", secret)
    }

    /// Lets the browser keep a sign-in on its way; `None` lets it forget the one it has.
    pub(crate) fn keep_flow(&self, secret: Option<&Secret>) -> Cookie {
        self.cookie(FLOW_COOKIE, "/signin", secret)
    }

    /// Lets the browser keep that its authenticator was asked something.
    pub(crate) fn keep_asked_passkey(&self, secret: &Secret) -> Cookie {
        self.cookie(passkeys::COOKIE, "/", Some(secret))
    }

    /// What the browser keeps of what its authenticator was asked.
    pub(crate) fn asked_passkey(&self) -> &str {
        self.asked_passkey.as_ref().map_or("", Secret::reveal)
    }

    /// Lets the browser keep a recovery on its way; `None` lets it forget the one it has.
    pub(crate) fn keep_recovery(&self, secret: Option<&Secret>) -> Cookie {
        self.cookie(RECOVERY_COOKIE, "/signin", secret)
    }

    /// What the browser keeps of a recovery; whether it holds is not known.
    pub(crate) fn recovery(&self) -> &str {
        self.recovery.as_ref().map_or("", Secret::reveal)
    }

    /// Lets the browser keep for long by what it is known again.
    pub(crate) fn keep_known_by(&self, secret: &Secret) -> Cookie {
        let length = format!("; Max-Age={}", BROWSER_KEPT.as_secs());
        self.cookie_for(BROWSER_COOKIE, "/", (secret.reveal(), &length))
    }

    fn cookie(&self, name: &str, path: &str, secret: Option<&Secret>) -> Cookie {
        let kept = secret.map_or(("", "; Max-Age=0"), |secret| (secret.reveal(), ""));
        self.cookie_for(name, path, kept)
    }

    fn cookie_for(&self, name: &str, path: &str, (value, length): (&str, &str)) -> Cookie {
        let secure = if self.is_tls { "; Secure" } else { "" };
        let cookie = format!("{name}={value}; Path={path}; HttpOnly; SameSite=Lax{secure}{length}");
        AppendHeaders([(header::SET_COOKIE, cookie)])
    }
}

/// A header that a browser keeps something for.
pub(crate) type Cookie = AppendHeaders<[(HeaderName, String); 1]>;

/// What the browser keeps of a session; nothing when it shows two.
pub fn session_cookie(headers: &HeaderMap) -> Option<&str> {
    cookie(headers, SESSION_COOKIE)
}

/// What the browser keeps under a name; nothing when it shows two.
fn cookie<'h>(headers: &'h HeaderMap, wanted: &str) -> Option<&'h str> {
    let lines = headers.get_all(header::COOKIE).iter();
    let pairs = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
    let mut found = pairs.filter_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == wanted).then_some(value)
    });
    let one = found.next()?;
    found.next().is_none().then_some(one)
}
