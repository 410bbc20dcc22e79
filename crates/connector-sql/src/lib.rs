//! Tables of PostgreSQL, MariaDB, MySQL and SQLite as sources and targets, and the roles of a PostgreSQL server.
//!
//! Reads page by page inside one snapshot, changes many rows in one transaction, and answers every change by itself.
//! Names out of settings stand in statements only as quoted identifiers, values only as parameters.
//! It makes no tables and changes none; it takes no passwords of database roles.

mod apply;
mod cell;
mod change;
mod create;
mod dialect;
mod discover;
mod error;
mod link;
mod lists;
mod read;
mod roles;
mod rows;
mod settings;
mod shape;
mod sql;

use std::{path::Path, sync::Arc};

use async_trait::async_trait;
use muster_connector::{
    Connector, ConnectorError, Discovered, Field, ReadEnd, ReadRequest, Secrets, Sink,
    settings_error,
};
use muster_model::{Applied, Capabilities, Change, Object, ObjectRef, SettingProblem, Settings};
use muster_tls::Verify;
use rustls::pki_types::CertificateDer;

use crate::{
    link::{Access, Pool},
    settings::{Place, SqlSettings, Tls},
    shape::Shapes,
};

/// The name of this connector in model files.
pub const KIND: &str = "sql";

/// What a database with these settings can do, or every problem in them. Connects to nothing.
pub fn capabilities(settings: &Settings) -> Result<Capabilities, Vec<SettingProblem>> {
    SqlSettings::read(settings).map(|settings| settings.capabilities())
}

/// Opens a database; a relative path of a SQLite file is relative to `base`, the project folder.
///
/// Nothing is sent before the first call. Wrong settings are [`ConnectorError::Settings`].
pub fn open(
    settings: &Settings,
    secrets: &dyn Secrets,
    base: &Path,
) -> Result<Arc<dyn Connector>, ConnectorError> {
    let settings = SqlSettings::read(settings).map_err(|problems| settings_error(&problems))?;
    let password = settings.password.as_ref().map(|place| place.resolve(secrets)).transpose()?;
    let (mut tls, mut roots) = (None, Vec::new());
    if settings.tls != Tls::Off {
        roots = trusted(settings.ca.as_deref(), secrets)?;
        let verify = if settings.tls == Tls::VerifyCa { Verify::Chain } else { Verify::Full };
        let config = muster_tls::client_config(verify, &roots, None);
        tls = Some(config.map_err(|error| ConnectorError::Settings(error.to_string()))?);
    }
    let file = match &settings.url.place {
        Place::File(path) => base.join(path),
        Place::Network(..) | Place::Socket(_) => base.to_owned(),
    };
    let settings = Arc::new(settings);
    let access = Access { settings: Arc::clone(&settings), password, tls, roots, file };
    Ok(Arc::new(Database { settings, pool: Pool::new(access), shapes: Shapes::default() }))
}

/// The authorities in the PEM file `ca`, or those of the operating system.
fn trusted(
    ca: Option<&str>,
    secrets: &dyn Secrets,
) -> Result<Vec<CertificateDer<'static>>, ConnectorError> {
    let Some(path) = ca else { return Ok(muster_tls::system_roots()) };
    let problem = |why: String| {
        ConnectorError::Settings(format!("cannot use the file `{path}` given as `ca`: {why}"))
    };
    let pem = secrets.file(path).map_err(|error| problem(error.to_string()))?;
    muster_tls::certificates(pem.as_bytes()).map_err(|error| problem(error.to_string()))
}

/// One database, opened with its settings.
#[derive(Debug)]
pub(crate) struct Database {
    settings: Arc<SqlSettings>,
    pool: Pool,
    /// What was learned about the tables of each class.
    shapes: Shapes,
}

#[async_trait]
impl Connector for Database {
    fn capabilities(&self) -> Capabilities {
        self.settings.capabilities()
    }

    async fn test(&self) -> Result<String, ConnectorError> {
        discover::test(self).await
    }

    async fn discover(&self) -> Result<Discovered, ConnectorError> {
        discover::discover(self).await
    }

    async fn read(
        &self,
        request: &ReadRequest,
        sink: &mut dyn Sink,
    ) -> Result<ReadEnd, ConnectorError> {
        match self.settings.roles_of(&request.class) {
            Some(roles) => roles::read(self, roles, request, sink).await,
            None => read::read(self, request, sink).await,
        }
    }

    async fn get(
        &self,
        object: &ObjectRef,
        fields: &[Field],
    ) -> Result<Option<Object>, ConnectorError> {
        match self.settings.roles_of(&object.class) {
            Some(roles) => roles::get(self, roles, object, fields).await,
            None => read::get(self, object, fields).await,
        }
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Applied, ConnectorError>> {
        apply::apply(self, changes).await
    }
}
