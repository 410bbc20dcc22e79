//! A source that is pushed to: its records come by themselves, so there is nothing to read and nothing to call.

use async_trait::async_trait;
use muster_model::{
    Applied, Capabilities, Change, NameRule, Object, ObjectRef, SettingProblem, Settings,
};

use crate::{
    Connector, ConnectorError, Discovered, Field, ReadEnd, ReadRequest, SettingReader, Sink,
};

/// The kind, as in `connector: scim-inbound`.
pub const PUSHED: &str = "scim-inbound";

const CAPABILITIES: Capabilities = Capabilities {
    read: true,
    create: false,
    update: false,
    rename: false,
    enable: false,
    delete: false,
    members: false,
    incremental: true,
    text_only: false,
    names: NameRule::Exact,
    parallel: 1,
};

/// A source that is pushed to.
#[derive(Debug, Clone, Copy)]
pub struct PushedSource;

impl PushedSource {
    /// What it can do, or what is wrong with its settings: it has to name the client whose records it holds.
    pub fn capabilities(settings: &Settings) -> Result<Capabilities, Vec<SettingProblem>> {
        let mut reader = SettingReader::new(settings);
        reader.required("client");
        let problems = reader.finish();
        if problems.is_empty() { Ok(CAPABILITIES) } else { Err(problems) }
    }
}

#[async_trait]
impl Connector for PushedSource {
    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    async fn test(&self) -> Result<String, ConnectorError> {
        Ok("a client pushes its records".to_owned())
    }

    async fn discover(&self) -> Result<Discovered, ConnectorError> {
        Ok(Discovered::default())
    }

    /// Nothing changed that was not pushed.
    async fn read(
        &self,
        _request: &ReadRequest,
        _sink: &mut dyn Sink,
    ) -> Result<ReadEnd, ConnectorError> {
        Ok(ReadEnd {
            complete: true,
            incremental: true,
            cursor: None,
            deleted: Vec::new(),
            problem: None,
        })
    }

    async fn get(
        &self,
        _object: &ObjectRef,
        _fields: &[Field],
    ) -> Result<Option<Object>, ConnectorError> {
        Ok(None)
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Applied, ConnectorError>> {
        let refused =
            || Err(ConnectorError::Invalid("nothing can be changed at its source".to_owned()));
        changes.iter().map(|_| refused()).collect()
    }
}
