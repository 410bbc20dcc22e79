//! What every endpoint is given: the project, the time, the issuer, the keys, from where it is asked.

use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

use axum::{
    Extension, RequestPartsExt as _,
    extract::FromRequestParts,
    http::{HeaderMap, request::Parts},
};
use jiff::Timestamp;
use muster_app::{Ctx, Opened};
use muster_model::Text;
use muster_policy::{Application, SigningAlgorithm};
use muster_web::{Origin, Problem, RequestId, Service};

use crate::{
    keys::{KeyRing, Keys, Signer},
    refused::Refused,
};

/// A request to the provider.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) ctx: Ctx,
    pub(crate) now: Timestamp,
    pub(crate) opened: Arc<Opened>,
    /// Who we are to applications: the project's `url`, never what a request says.
    pub(crate) issuer: Text,
    pub(crate) headers: HeaderMap,
    pub(crate) network: IpAddr,
    pub(crate) keys: Keys,
}

impl Asked {
    /// The address of a path here.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.issuer)
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

impl FromRequestParts<Service> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, service: &Service) -> Result<Self, Problem> {
        let opened = service.opened();
        let Some(issuer) =
            opened.model.url.clone().filter(|_| !opened.model.applications.is_empty())
        else {
            return Err(Problem::not_found("there are no applications that could sign in here")
                .hint("set `url:` and `applications:` in the project"));
        };
        let keys = parts.extract::<Extension<Keys>>().await;
        let Extension(keys) = keys.map_err(|_| Problem::not_found("there is nothing here"))?;
        let correlation = parts.extensions.get::<RequestId>().map(|id| id.0.clone());
        let correlation = correlation.unwrap_or_else(|| "".into());
        let origin = parts.extensions.get::<Origin>().map(|origin| origin.address);
        let network = origin.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let ctx = Ctx::new("sign-in".into(), correlation, Arc::clone(service.clock()));
        let (now, headers) = (ctx.now(), parts.headers.clone());
        Ok(Self { ctx, now, opened, issuer, headers, network, keys })
    }
}
