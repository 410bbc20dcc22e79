//! What is known of whoever asks: the time, the project, where they are, which session they show.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, HeaderName, HeaderValue, header, request::Parts},
};
use jiff::Timestamp;
use muster_app::{Ctx, Opened};
use muster_auth::{Authenticator, Opening, SESSION_COOKIE, Secret, Session};
use muster_model::Text;
use muster_web::{Origin, Problem, RequestId, Service};

use crate::texts::{Language, Texts};

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
        })
    }
}

impl Browser {
    /// Where a session would be opened.
    pub(crate) fn opening(&self) -> Opening<'_> {
        Opening { network: self.network, device: &self.device, now: self.now }
    }

    /// The correlation of the request.
    pub(crate) fn correlation(&self) -> Option<&Text> {
        Some(&self.ctx.correlation).filter(|text| !text.is_empty())
    }

    /// Lets the browser keep a session, until it is closed; `None` lets it forget the one it has.
    pub(crate) fn keep(&self, secret: Option<&Secret>) -> [(HeaderName, String); 1] {
        let secure = if self.is_tls { "; Secure" } else { "" };
        let (value, gone) = match secret {
            Some(secret) => (secret.reveal(), ""),
            None => ("", "; Max-Age=0"),
        };
        let cookie =
            format!("{SESSION_COOKIE}={value}; Path=/; HttpOnly; SameSite=Lax{secure}{gone}");
        [(header::SET_COOKIE, cookie)]
    }
}

/// What the browser keeps of a session; nothing when it shows two.
pub fn session_cookie(headers: &HeaderMap) -> Option<&str> {
    let lines = headers.get_all(header::COOKIE).iter();
    let pairs = lines.filter_map(|line| line.to_str().ok()).flat_map(|line| line.split(';'));
    let mut found = pairs.filter_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        (name == SESSION_COOKIE).then_some(value)
    });
    let one = found.next()?;
    found.next().is_none().then_some(one)
}
