//! Something between a caller and a connector, for tests and for the demo: it sees calls, delays them or falsifies answers.

use std::sync::Arc;

use async_trait::async_trait;
use muster_model::{Applied, Capabilities, Change, Object, ObjectRef};

use crate::{Connector, ConnectorError, Discovered, Field, ReadEnd, ReadRequest, Sink};

/// What stands between. What it does not name goes through as it is.
#[async_trait]
pub trait Intercept: Send + Sync {
    /// Instead of [`Connector::test`].
    async fn test(&self, inner: &dyn Connector) -> Result<String, ConnectorError> {
        inner.test().await
    }

    /// Instead of [`Connector::read`].
    async fn read(
        &self,
        inner: &dyn Connector,
        request: &ReadRequest,
        sink: &mut dyn Sink,
    ) -> Result<ReadEnd, ConnectorError> {
        inner.read(request, sink).await
    }

    /// Instead of [`Connector::get`].
    async fn get(
        &self,
        inner: &dyn Connector,
        object: &ObjectRef,
        fields: &[Field],
    ) -> Result<Option<Object>, ConnectorError> {
        inner.get(object, fields).await
    }

    /// Instead of [`Connector::apply`].
    async fn apply(
        &self,
        inner: &dyn Connector,
        changes: &[Change],
    ) -> Vec<Result<Applied, ConnectorError>> {
        inner.apply(changes).await
    }
}

/// A connector with something in front of it.
pub struct Intercepted<I> {
    inner: Arc<dyn Connector>,
    between: I,
}

impl<I: Intercept> Intercepted<I> {
    /// Puts `between` in front of `inner`.
    pub fn new(inner: Arc<dyn Connector>, between: I) -> Self {
        Self { inner, between }
    }
}

impl<I> std::fmt::Debug for Intercepted<I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.inner.fmt(f)
    }
}

#[async_trait]
impl<I: Intercept> Connector for Intercepted<I> {
    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn test(&self) -> Result<String, ConnectorError> {
        self.between.test(&*self.inner).await
    }

    async fn discover(&self) -> Result<Discovered, ConnectorError> {
        self.inner.discover().await
    }

    async fn read(
        &self,
        request: &ReadRequest,
        sink: &mut dyn Sink,
    ) -> Result<ReadEnd, ConnectorError> {
        self.between.read(&*self.inner, request, sink).await
    }

    async fn get(
        &self,
        object: &ObjectRef,
        fields: &[Field],
    ) -> Result<Option<Object>, ConnectorError> {
        self.between.get(&*self.inner, object, fields).await
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Applied, ConnectorError>> {
        self.between.apply(&*self.inner, changes).await
    }
}
