//! The library of tasks: a kind of task is one file, and a line here.
//!
//! Kinds that only write to the repository are *local*: their effect and the note that it is done are one transaction.
//! The others send something to the outside; what they do twice carries the same id.

mod attribute;
mod command;
mod facts;
mod mail;
mod message;
mod pass;
mod roles;
mod start;
mod wait;
mod webhook;

use jiff::Timestamp;
use muster_app::{Ctx, Error, IdentityFacts, Opened, subject_of};
use muster_model::{AttributeKind, Row, Text, Value};
use muster_plan::value_json;
use muster_policy::{MemoryWorld, TaskArg, Workflow, WorkflowTask};
use muster_store::{Entry, Tx, WorkflowRun};
use serde_json::{Map, Value as Json, json};

/// What is noted of a task that waits for an answer.
pub(super) const CALLED: &str = "waits for an answer";

/// Where a task is done: the run, the identity as it is now.
pub(super) struct At<'a> {
    pub(super) ctx: &'a Ctx,
    pub(super) opened: &'a Opened,
    pub(super) run: &'a WorkflowRun,
    pub(super) workflow: &'a Workflow,
    pub(super) task: &'a WorkflowTask,
    pub(super) facts: &'a IdentityFacts,
    /// The identity, evaluated.
    pub(super) row: &'a Row,
    pub(super) world: &'a MemoryWorld,
    pub(super) now: Timestamp,
    /// When the task was first begun, if it was.
    pub(super) began: Option<Timestamp>,
    /// True when it waited for an answer.
    pub(super) called: bool,
}

/// What came of a task. Texts hold no value of the identity.
#[derive(Debug)]
pub(super) enum Outcome {
    /// It is done.
    Done(String),
    /// There was nothing to do.
    Skipped(String),
    /// Not before this time.
    Wait(Timestamp),
    /// Somebody was called, who has to answer until then.
    Called(Timestamp),
    /// The run ends here.
    Stop,
    /// It cannot be done.
    Failed {
        /// Why.
        problem: String,
        /// Whether it may go well later.
        later: bool,
    },
}

/// True for kinds that only write to the repository.
pub(super) fn is_local(kind: &str) -> bool {
    !matches!(kind, "mail" | "webhook" | "command" | "pass")
}

/// Does a local task within `tx`.
pub(super) async fn act(at: &At<'_>, tx: &mut Tx) -> Result<Outcome, Error> {
    match &*at.task.kind {
        "assign" => roles::assign(at, tx).await,
        "unassign" => roles::unassign(at, tx).await,
        "unassign_all" => roles::unassign_all(at, tx).await,
        "terminate" | "suspend" | "delete" => facts::say(at, tx).await,
        "reinstate" | "resume" => facts::lift(at, tx).await,
        "restore" => facts::restore(at, tx).await,
        "set" | "clear" => attribute::write(at, tx).await,
        "revoke_pass" => pass::revoke(at, tx).await,
        "wait" => Ok(wait::wait(at)),
        "alarm" | "note" | "fail" => message::write(at, tx).await,
        "start" => start::start(at, tx).await,
        "stop" => Ok(Outcome::Stop),
        other => Err(Error::bug(format!("there is no kind of task `{other}`"))),
    }
}

/// What becomes of a task whose answer did not come.
pub(super) fn unanswered(at: &At<'_>) -> Outcome {
    webhook::unanswered(at)
}

/// Does a task that sends something to the outside.
pub(super) async fn send(at: &At<'_>) -> Result<Outcome, Error> {
    match &*at.task.kind {
        "mail" => mail::send(at).await,
        "webhook" => webhook::send(at).await,
        "command" => command::send(at).await,
        "pass" => pass::send(at).await,
        other => Err(Error::bug(format!("there is no kind of task `{other}`"))),
    }
}

impl At<'_> {
    /// What stays the same when the task is done again.
    fn id(&self) -> String {
        let began = self.run.began_at.as_microsecond();
        format!("{}.{}.{:x}", self.run.id, self.run.step + 1, began)
    }

    /// The reason to be written down.
    fn reason(&self) -> String {
        let said = self.task.text("reason").map(ToString::to_string);
        said.unwrap_or_else(|| format!("workflow {}", self.workflow.name))
    }

    /// Where a fact of this task comes from.
    fn origin(&self) -> Text {
        format!("workflow {}", self.run.id).into()
    }

    /// What an expression of the task gives.
    fn value(&self, key: &str) -> Value {
        self.task.rule(key).map_or(Value::Null, |rule| {
            self.opened.evaluator.ask(rule, self.row, self.world, self.now)
        })
    }

    /// The instant that an expression of the task gives.
    fn instant(&self, key: &str) -> Option<Timestamp> {
        let rule = self.task.rule(key)?;
        self.opened.evaluator.instant(rule, self.row, self.world, self.now).0
    }

    /// The texts under `key`.
    fn texts(&self, key: &str) -> Vec<Text> {
        match self.task.args.get(key) {
            Some(TaskArg::Texts(texts)) => texts.clone(),
            Some(TaskArg::Text(text)) => vec![text.clone()],
            _ => Vec::new(),
        }
    }

    /// The values a template may use.
    fn template_values(&self) -> Map<String, Json> {
        let entity_type = self.opened.model.schema.get(self.row.type_id);
        let attributes = entity_type.map_or(&[][..], |of| &of.attributes);
        let shown = attributes.iter().filter(|a| !matches!(a.kind, AttributeKind::Inverse { .. }));
        let values: Map<String, Json> = shown
            .map(|a| (a.name.to_string(), Json::from(self.row.get(a.slot).to_string())))
            .collect();
        let name = entity_type.map_or("entity", |of| &*of.name);
        let mut all = Map::new();
        all.insert(name.to_owned(), Json::Object(values));
        all.insert("workflow".to_owned(), Json::from(&*self.workflow.name));
        all.insert("now".to_owned(), Json::from(self.now.to_string()));
        all
    }

    /// The document that goes out: what happens, for whom, and the attributes that `send` names.
    fn document(&self) -> Json {
        let entity_type = self.opened.model.schema.get(self.row.type_id);
        let send = self.texts("send");
        let sent = |name: &Text| {
            let attribute = entity_type?.attribute_named(name)?;
            Some((name.to_string(), value_json(self.row.get(attribute.slot))))
        };
        let values: Map<String, Json> = send.iter().filter_map(sent).collect();
        json!({
            "workflow": &*self.workflow.name, "task": &*self.task.name, "run": self.run.id, "id": self.id(),
            "revision": self.run.revision, "occasion": &*self.run.occasion, "at": self.now.to_string(),
            "type": entity_type.map_or("entity", |of| &*of.name), "key": &*self.facts.key, "values": values,
        })
    }

    /// Writes down what a task did.
    async fn journal(&self, tx: &mut Tx, action: &str, detail: Json) -> Result<(), Error> {
        tx.append_journal(&Entry {
            at: self.now,
            actor: self.ctx.actor.clone(),
            on_behalf_of: self.ctx.on_behalf_of.clone(),
            action: action.into(),
            subject: subject_of(&self.opened.model, &self.facts.row, &self.facts.key),
            detail: detail.to_string().into(),
            correlation: Some(format!("workflow run {}", self.run.id).into()),
        })
        .await?;
        Ok(())
    }
}

/// A task that cannot be done, now or ever.
fn failed(error: muster_app::DeliverError) -> Outcome {
    Outcome::Failed { problem: error.problem, later: error.later }
}

/// A task that needs what the composition root does not give.
fn nobody_sends() -> Outcome {
    Outcome::Failed { problem: "nothing sends mail and the like here".to_owned(), later: false }
}
