//! Presses Ctrl-C in the middle of an apply: connectors that set the flag once the first changes went out.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use async_trait::async_trait;
use muster_app::Connectors;
use muster_connector::{Connector, ConnectorError, Intercept, Intercepted};
use muster_model::{Applied, Capabilities, Change, SettingProblem, Settings};
use muster_project::Catalogue;

/// Connectors whose first change sets `flag`.
pub(super) struct Interrupting {
    pub(super) inner: Arc<dyn Connectors>,
    pub(super) flag: Arc<AtomicBool>,
}

impl Catalogue for Interrupting {
    fn connectors(&self) -> Vec<&'static str> {
        self.inner.connectors()
    }

    fn capabilities(
        &self,
        connector: &str,
        settings: &Settings,
    ) -> Result<Capabilities, Vec<SettingProblem>> {
        self.inner.capabilities(connector, settings)
    }
}

impl Connectors for Interrupting {
    fn open(
        &self,
        connector: &str,
        settings: &Settings,
        chaos: Option<&Settings>,
        base: &Path,
    ) -> Result<Arc<dyn Connector>, ConnectorError> {
        let inner = self.inner.open(connector, settings, chaos, base)?;
        Ok(Arc::new(Intercepted::new(inner, Interrupter { flag: Arc::clone(&self.flag) })))
    }
}

#[derive(Debug)]
struct Interrupter {
    flag: Arc<AtomicBool>,
}

#[async_trait]
impl Intercept for Interrupter {
    async fn apply(
        &self,
        inner: &dyn Connector,
        changes: &[Change],
    ) -> Vec<Result<Applied, ConnectorError>> {
        let answers = inner.apply(changes).await;
        self.flag.store(true, Ordering::Relaxed);
        answers
    }
}
