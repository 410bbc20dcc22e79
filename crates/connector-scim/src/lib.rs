//! SCIM 2.0 services (RFC 7643, RFC 7644, RFC 9865).
//!
//! Reads page by page and says when pages shifted under it, changes many resources at once, and adapts to what a
//! server can do: PATCH in two dialects or PUT, with filters or without, pages by index or by cursor. What the server
//! says about itself decides, and settings override it. Knows nothing of accounts, roles or plans. It keeps no state
//! that must survive; names and ids of members are remembered to save requests.

mod apply;
mod change;
mod class;
mod discover;
mod edit;
mod error;
mod find;
mod members;
mod names;
mod pages;
mod profile;
mod read;
mod service;
mod settings;
mod since;
mod value;

use std::sync::Arc;

use async_trait::async_trait;
use muster_connector::{
    Connector, ConnectorError, Discovered, Field, ReadEnd, ReadRequest, Secrets, Sink,
    settings_error,
};
use muster_http::HttpClient;
use muster_model::{
    Applied, Capabilities, Change, NameRule, Object, ObjectRef, SettingProblem, Settings,
};

use crate::{service::Service, settings::ScimSettings};

/// The name of this connector in model files.
pub const KIND: &str = "scim";

/// What a service with these settings can do, or what is wrong with the settings.
pub fn capabilities(settings: &Settings) -> Result<Capabilities, Vec<SettingProblem>> {
    ScimSettings::read(settings).map(|settings| capabilities_of(&settings))
}

/// Opens a service. Nothing is sent before the first call.
pub fn open(
    settings: &Settings,
    secrets: &dyn Secrets,
) -> Result<Arc<dyn Connector>, ConnectorError> {
    let settings = ScimSettings::read(settings).map_err(|problems| settings_error(&problems))?;
    let client = HttpClient::open(&settings.http, secrets)?;
    Ok(Arc::new(Scim(Arc::new(Service::new(settings, client)))))
}

fn capabilities_of(settings: &ScimSettings) -> Capabilities {
    Capabilities {
        read: true,
        create: true,
        update: true,
        rename: true,
        enable: true,
        delete: settings.delete,
        members: true,
        incremental: settings.incremental,
        text_only: true,
        names: NameRule::CaseInsensitive,
        parallel: settings.http.connections,
    }
}

/// One service.
#[derive(Debug)]
struct Scim(Arc<Service>);

#[async_trait]
impl Connector for Scim {
    fn capabilities(&self) -> Capabilities {
        capabilities_of(&self.0.settings)
    }

    async fn test(&self) -> Result<String, ConnectorError> {
        discover::test(&self.0).await
    }

    async fn discover(&self) -> Result<Discovered, ConnectorError> {
        discover::discover(&self.0).await
    }

    async fn read(
        &self,
        request: &ReadRequest,
        sink: &mut dyn Sink,
    ) -> Result<ReadEnd, ConnectorError> {
        read::read(&self.0, request, sink).await
    }

    async fn get(
        &self,
        object: &ObjectRef,
        fields: &[Field],
    ) -> Result<Option<Object>, ConnectorError> {
        read::get(&self.0, object, fields).await
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Applied, ConnectorError>> {
        apply::apply(&self.0, changes).await
    }
}
