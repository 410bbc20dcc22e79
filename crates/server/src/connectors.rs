//! The connectors there are, and where their secrets come from.

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use muster_agent::Agents;
use muster_app::{Connectors, Deliver, Opened, SpeakScim};
use muster_connector::{
    Chaos, ChaosSettings, Connector, ConnectorError, PUSHED, PushedSource, Secrets, settings_error,
};
use muster_model::{Capabilities, SettingProblem, Settings, Text};
use muster_notify::Delivery;
use muster_project::Catalogue;

use crate::process;

/// The connectors that are part of the binary.
#[derive(Debug, Default)]
pub(crate) struct BuiltIn {
    /// Those who reach what this machine does not.
    pub(crate) agents: Agents,
}

impl Catalogue for BuiltIn {
    fn connectors(&self) -> Vec<&'static str> {
        let mut kinds = muster_connector_file::KINDS.to_vec();
        kinds.extend([
            muster_connector_command::KIND,
            muster_connector_http::KIND,
            muster_connector_ldap::KIND,
            muster_connector_scim::KIND,
            muster_connector_manual::KIND,
            muster_connector_sql::KIND,
            PUSHED,
        ]);
        kinds
    }

    fn capabilities(
        &self,
        connector: &str,
        settings: &Settings,
    ) -> Result<Capabilities, Vec<SettingProblem>> {
        match connector {
            muster_connector_command::KIND => muster_connector_command::capabilities(settings),
            muster_connector_http::KIND => muster_connector_http::capabilities(settings),
            muster_connector_ldap::KIND => muster_connector_ldap::capabilities(settings),
            muster_connector_scim::KIND => muster_connector_scim::capabilities(settings),
            muster_connector_manual::KIND => muster_connector_manual::capabilities(settings),
            muster_connector_sql::KIND => muster_connector_sql::capabilities(settings),
            PUSHED => PushedSource::capabilities(settings),
            kind if muster_connector_file::KINDS.contains(&kind) => {
                muster_connector_file::capabilities(kind, settings)
            }
            other => Err(vec![SettingProblem {
                message: format!("there is no connector `{other}`"),
                span: settings.span,
                help: None,
            }]),
        }
    }

    fn can_be_remote(&self, connector: &str) -> bool {
        ![muster_connector_manual::KIND, PUSHED].contains(&connector)
    }
}

impl Connectors for BuiltIn {
    fn open(
        &self,
        connector: &str,
        settings: &Settings,
        chaos: Option<&Settings>,
        base: &Path,
    ) -> Result<Arc<dyn Connector>, ConnectorError> {
        let secrets = ProcessSecrets { base: base.to_owned() };
        let inner = match connector {
            muster_connector_command::KIND => {
                muster_connector_command::open(settings, base, &secrets)?
            }
            muster_connector_http::KIND => muster_connector_http::open(settings, &secrets)?,
            muster_connector_ldap::KIND => muster_connector_ldap::open(settings, &secrets)?,
            muster_connector_scim::KIND => muster_connector_scim::open(settings, &secrets)?,
            muster_connector_manual::KIND => muster_connector_manual::open(settings, base)?,
            muster_connector_sql::KIND => muster_connector_sql::open(settings, &secrets, base)?,
            PUSHED => Arc::new(PushedSource),
            kind if muster_connector_file::KINDS.contains(&kind) => {
                muster_connector_file::open(kind, settings, base)?
            }
            other => {
                return Err(ConnectorError::Settings(format!("there is no connector `{other}`")));
            }
        };
        disturbed(inner, chaos)
    }

    fn open_remote(
        &self,
        agent: &Text,
        connector: &str,
        settings: &Settings,
        chaos: Option<&Settings>,
    ) -> Result<Arc<dyn Connector>, ConnectorError> {
        let able =
            self.capabilities(connector, settings).map_err(|problems| settings_error(&problems))?;
        disturbed(self.agents.connector(agent, connector, settings, able), chaos)
    }

    fn deliver(&self, base: &Path) -> Option<Arc<dyn Deliver>> {
        let secrets = Arc::new(ProcessSecrets { base: base.to_owned() });
        Some(Arc::new(Delivery::new(secrets, base.to_owned())))
    }

    fn speaks_scim(&self, opened: &Opened) -> Option<Arc<dyn SpeakScim>> {
        Some(Arc::new(muster_scim_server::Speaker::new(&opened.model)))
    }
}

/// With the faults that the model asks for.
fn disturbed(
    inner: Arc<dyn Connector>,
    chaos: Option<&Settings>,
) -> Result<Arc<dyn Connector>, ConnectorError> {
    let Some(chaos) = chaos else { return Ok(inner) };
    let chaos = ChaosSettings::read(chaos).map_err(|problems| settings_error(&problems))?;
    Ok(Arc::new(Chaos::new(inner, chaos)))
}

/// Secrets from the environment of the process and from files.
struct ProcessSecrets {
    base: PathBuf,
}

impl Secrets for ProcessSecrets {
    fn env(&self, name: &str) -> Option<String> {
        process::variable(name)
    }

    fn file(&self, path: &str) -> io::Result<String> {
        std::fs::read_to_string(self.base.join(path))
    }
}
