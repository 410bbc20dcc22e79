//! What every endpoint is given: the project, the time, the issuer, the keys, from where it is asked.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Extension, RequestPartsExt as _,
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
};
use jiff::{SignedDuration, Timestamp};
use muster_app::{Ctx, Opened};
use muster_auth::Authenticator;
use muster_model::{Language, Text};
use muster_policy::{Application, SigningAlgorithm};
use muster_web::{Origin, Problem, RequestId, Service};

use crate::{
    keys::{KeyRing, Keys, Signer},
    refused::Refused,
    texts::Texts,
    tries::Tries,
};

/// What the routes keep in memory.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kept {
    keys: Keys,
    tries: Tries,
}

/// A request to the provider.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) ctx: Ctx,
    pub(crate) now: Timestamp,
    pub(crate) opened: Arc<Opened>,
    /// Who we are to applications: the project's `url`, never what a request says.
    pub(crate) issuer: Text,
    pub(crate) headers: HeaderMap,
    pub(crate) keys: Keys,
    pub(crate) tries: Tries,
    pub(crate) authenticator: Authenticator,
    service: Service,
    /// Where it comes from, if it came over a connection.
    network: Option<IpAddr>,
}

impl Asked {
    /// The address of a path here.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
    }

    /// What pages say, in the language of whoever asks.
    pub(crate) fn texts(&self) -> &'static Texts {
        let liked = self.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Texts::of(Language::of_reader(liked))
    }

    /// The instant so long after now.
    pub(crate) fn after(&self, length: SignedDuration) -> Timestamp {
        self.now.checked_add(length).unwrap_or(Timestamp::MAX)
    }

    /// The answer to a program that did not prove who it is; it may not try as often as it likes.
    pub(crate) fn stranger(&self) -> Refused {
        self.unproved().err().unwrap_or_else(Refused::client)
    }

    /// Goes on with a program that shows nothing but the name of an application, unless such programs come too often from its network.
    pub(crate) fn unproved(&self) -> Result<(), Refused> {
        let Some(network) = self.network else { return Ok(()) };
        self.service.stranger(network).map_err(Refused::too_often)
    }

    /// The application of this name.
    pub(crate) fn application(&self, name: &str) -> Option<&Application> {
        let known = &self.opened.model.applications;
        let at = known.binary_search_by(|application| (*application.name).cmp(name)).ok()?;
        known.get(at)
    }

    /// The keys.
    pub(crate) async fn ring(&self) -> Result<Arc<KeyRing>, Refused> {
        Ok(self.keys.ring(&self.opened, self.now).await?)
    }

    /// The key that signs.
    pub(crate) async fn signer(&self, algorithm: SigningAlgorithm) -> Result<Signer, Refused> {
        Ok(self.keys.signer(&self.opened, algorithm, self.now).await?)
    }
}

impl Asked {
    /// What work is given that nobody asked for; `None` where the project has no applications.
    pub(crate) fn by_itself(service: &Service, kept: &Kept) -> Option<Self> {
        let opened = service.opened();
        let has_applications = !opened.model.applications.is_empty();
        let issuer = opened.model.url.clone().filter(|_| has_applications)?;
        let ctx = Ctx::new("sign-in".into(), "".into(), Arc::clone(service.clock()));
        let (now, Kept { keys, tries }) = (ctx.now(), kept.clone());
        let authenticator = service.authenticator().clone();
        let headers = HeaderMap::new();
        let (service, network) = (service.clone(), None);
        Some(Self {
            ctx,
            now,
            opened,
            issuer,
            headers,
            keys,
            tries,
            authenticator,
            service,
            network,
        })
    }
}

impl FromRequestParts<Service> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let kept = parts.extract::<Extension<Kept>>().await.map(|Extension(kept)| kept);
        let asked = Self::by_itself(service, &kept.unwrap_or_default());
        let mut asked = asked.ok_or_else(|| {
            Problem::not_found("there are no applications that could sign in here")
                .hint("set `url:` and `applications:` in the project")
        })?;
        if let Some(RequestId(id)) = parts.extensions.get::<RequestId>() {
            asked.ctx.correlation = id.clone();
        }
        asked.network = parts.extensions.get::<Origin>().map(|origin| origin.address);
        asked.headers = parts.headers.clone();
        Ok(asked)
    }
}
