//! A system as the rest of Muster sees it: every call is made by an agent.

use async_trait::async_trait;
use muster_connector::{Connector, ConnectorError, Discovered, Field, ReadEnd, ReadRequest, Sink};
use muster_model::{Applied, Capabilities, Change, Object, ObjectRef, Settings, Text};

use crate::{
    Agents,
    hub::Answer,
    wire::{Op, Part},
};

#[derive(Debug)]
pub(crate) struct Remote {
    pub(crate) agents: Agents,
    pub(crate) agent: Text,
    pub(crate) connector: Text,
    pub(crate) settings: Settings,
    pub(crate) capabilities: Capabilities,
}

impl Remote {
    fn call(&self, op: Op) -> Result<Answer, ConnectorError> {
        self.agents.call(&self.agent, &self.connector, &self.settings, op)
    }

    async fn ask(&self, op: Op) -> Result<Part, ConnectorError> {
        self.call(op)?.next().await
    }
}

#[async_trait]
impl Connector for Remote {
    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    async fn test(&self) -> Result<String, ConnectorError> {
        let Part::Tested(line) = self.ask(Op::Test).await? else { return Err(unfit()) };
        Ok(format!("{line} (through the agent `{}`)", self.agent))
    }

    async fn discover(&self) -> Result<Discovered, ConnectorError> {
        let Part::Discovered(discovered) = self.ask(Op::Discover).await? else {
            return Err(unfit());
        };
        Ok(discovered)
    }

    async fn read(
        &self,
        request: &ReadRequest,
        sink: &mut dyn Sink,
    ) -> Result<ReadEnd, ConnectorError> {
        let mut answer = self.call(Op::Read(request.clone()))?;
        let mut has_begun = false;
        loop {
            match answer.next().await {
                Ok(Part::Objects(objects)) => sink.objects(objects).await?,
                Ok(Part::Bad(bad)) => sink.bad(bad).await?,
                Ok(Part::Read(end)) => return Ok(end),
                Ok(_) => return Err(unfit()),
                Err(error) if has_begun => return Ok(broken_off(request, &error)),
                Err(error) => return Err(error),
            }
            has_begun = true;
        }
    }

    async fn get(
        &self,
        object: &ObjectRef,
        fields: &[Field],
    ) -> Result<Option<Object>, ConnectorError> {
        let op = Op::Get { object: object.clone(), fields: fields.to_vec() };
        let Part::Got(object) = self.ask(op).await? else { return Err(unfit()) };
        Ok(object)
    }

    async fn apply(&self, changes: &[Change]) -> Vec<Result<Applied, ConnectorError>> {
        let all = |error: ConnectorError| vec![Err(error); changes.len()];
        match self.ask(Op::Apply(changes.to_vec())).await {
            Ok(Part::Applied(answers)) if answers.len() == changes.len() => answers,
            Ok(_) => all(unfit()),
            Err(error) => all(error),
        }
    }
}

/// How a read ends whose agent was lost in the middle.
fn broken_off(request: &ReadRequest, error: &ConnectorError) -> ReadEnd {
    ReadEnd {
        complete: false,
        incremental: request.since.is_some(),
        cursor: None,
        deleted: Vec::new(),
        problem: Some(error.to_string()),
    }
}

/// The agent may have done what it was asked; nothing is known.
fn unfit() -> ConnectorError {
    ConnectorError::Unreachable("the agent gave the answer to another question".to_owned())
}
