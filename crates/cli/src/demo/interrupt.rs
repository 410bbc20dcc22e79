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
use muster_connector::{Connector, ConnectorError, Discovered, Field, ReadEnd, ReadRequest, Sink};
use muster_model::{Applied, Capabilities, Change, Object, ObjectRef, SettingProblem, Settings};
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
        Ok(Arc::new(Interrupter { inner, flag: Arc::clone(&self.flag) }))
    }
}

#[derive(Debug)]
struct Interrupter {
    inner: Arc<dyn Connector>,
    flag: Arc<AtomicBool>,
}

#[async_trait]
impl Connector for Interrupter {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn test(&self) -> Result<String, ConnectorError> {
        self.inner.test().await
    }

    async fn discover(&self) -> Result<Discovered, ConnectorError> {
        self.inner.discover().await
    }

    async fn read(
        &self,
        request: &ReadRequest,
        sink: &mut dyn Sink,
    ) -> Result<ReadEnd, ConnectorError> {
        self.inner.read(request, sink).await
    }

    async fn get(
        &self,
        object: &ObjectRef,
        fields: &[Field],
    ) -> Result<Option<Object>, ConnectorError> {
        self.inner.get(object, fields).await
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Applied, ConnectorError>> {
        let answers = self.inner.apply(changes).await;
        self.flag.store(true, Ordering::Relaxed);
        answers
    }
}
