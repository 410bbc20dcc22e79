//! LDAP directories: OpenLDAP, 389 Directory Server, Active Directory and Samba as a domain controller.
//!
//! Reads page by page or only what changed, changes many entries at once over a few connections, and answers every
//! change with what the directory said. Knows nothing of accounts, roles or plans. What is different about Active
//! Directory is in `ad`.

mod ad;
mod apply;
mod ber;
mod change;
mod changes;
mod control;
mod discover;
mod dn;
mod entry;
mod error;
mod link;
mod members;
mod read;
mod schema;
mod settings;
mod tls;
mod value;

use std::sync::Arc;

use async_trait::async_trait;
use muster_connector::{
    Connector, ConnectorError, Discovered, Field, ReadEnd, ReadRequest, Secrets, Sink,
    settings_error,
};
use muster_model::{
    Applied, Capabilities, Change, NameRule, Object, ObjectRef, SettingProblem, Settings,
};
use tokio::sync::OnceCell;

use crate::{
    discover::Kinds,
    link::{Link, Pool},
    settings::{Changes, LdapSettings},
};

/// The name of this connector in model files.
pub const KIND: &str = "ldap";

/// What a directory with these settings can do, or what is wrong with the settings.
pub fn capabilities(settings: &Settings) -> Result<Capabilities, Vec<SettingProblem>> {
    LdapSettings::read(settings).map(|settings| capabilities_of(&settings))
}

/// Opens a directory. Nothing is sent before the first call.
pub fn open(
    settings: &Settings,
    secrets: &dyn Secrets,
) -> Result<Arc<dyn Connector>, ConnectorError> {
    let settings = LdapSettings::read(settings).map_err(|problems| settings_error(&problems))?;
    let password = settings.password.as_ref().map(|place| place.resolve(secrets)).transpose()?;
    let needs_tls = settings.starttls || settings.url.starts_with("ldaps:");
    let tls = needs_tls.then(|| tls::client_config(settings.ca.as_deref(), secrets)).transpose()?;
    let settings = Arc::new(settings);
    let pool = Pool::new(Arc::clone(&settings), password, tls);
    Ok(Arc::new(Directory { settings, pool, kinds: OnceCell::new() }))
}

/// The full name under which a directory with these settings keeps the object `name`: a relative name
/// (`uid=ada,ou=people`) gets the base appended.
///
/// What the directory answers are full names, so a name out of a model has to be completed before it is compared.
pub fn full_name(settings: &Settings, name: &str) -> String {
    dn::full_name(name, settings.scalar("base").map_or("", |base| base))
}

/// One directory, opened with its settings.
#[derive(Debug)]
pub(crate) struct Directory {
    settings: Arc<LdapSettings>,
    pool: Pool,
    /// Read with the first change.
    kinds: OnceCell<Kinds>,
}

impl Directory {
    fn full_name(&self, name: &str) -> String {
        dn::full_name(name, &self.settings.base)
    }

    /// The kinds of attributes, from the schema.
    async fn kinds(&self, link: &Link) -> Result<&Kinds, ConnectorError> {
        self.kinds.get_or_try_init(|| discover::kinds(link)).await
    }
}

fn capabilities_of(settings: &LdapSettings) -> Capabilities {
    Capabilities {
        read: true,
        create: true,
        update: true,
        rename: true,
        enable: settings.disable.is_some() || settings.is_domain(),
        delete: true,
        members: true,
        incremental: settings.changes != Changes::No,
        text_only: true,
        names: NameRule::DistinguishedName,
        parallel: settings.connections,
    }
}

#[async_trait]
impl Connector for Directory {
    fn capabilities(&self) -> Capabilities {
        capabilities_of(&self.settings)
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
        read::read(self, request, sink).await
    }

    async fn get(
        &self,
        object: &ObjectRef,
        fields: &[Field],
    ) -> Result<Option<Object>, ConnectorError> {
        read::get(self, object, fields).await
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Applied, ConnectorError>> {
        apply::apply(self, changes).await
    }
}
