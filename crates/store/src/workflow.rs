//! Workflows: what happened that may begin one, runs, and what became of each task.

use jiff::Timestamp;
use muster_model::{EntityId, Text};

use crate::{
    ReadTx, StoreError, Tx,
    column::row,
    statement::{Insert, args, bind, insert_into},
    words::words,
};

words! {
    /// What happened to an identity.
    EventKind {
        /// A watched role came.
        Gained = "role gained",
        /// A watched role went.
        Lost = "role lost",
        /// A lifecycle state began.
        Entered = "state entered",
        /// An attribute got another value.
        Changed = "attribute changed",
        /// An account will be disabled because nobody uses it.
        Idle = "idle",
    }
}

words! {
    /// What became of a run or of a task.
    RunState {
        /// Under way, or waiting for its time.
        Open = "open",
        /// All was done.
        Done = "done",
        /// Not done: the scope or a condition did not hold any more.
        Skipped = "skipped",
        /// It could not be done.
        Failed = "failed",
    }
}

/// Something that happened to an identity and may begin workflows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowEvent {
    /// Which; from [`Tx::take_ids`].
    pub id: i64,
    /// To whom.
    pub entity: EntityId,
    /// What sort of thing.
    pub kind: EventKind,
    /// Which role, state, attribute or account.
    pub name: Text,
    /// When.
    pub at: Timestamp,
}

/// One run of a workflow for one identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowRun {
    /// Which; from [`Tx::take_ids`].
    pub id: i64,
    /// The workflow's name.
    pub workflow: Text,
    /// The revision of the model that it runs with.
    pub revision: i64,
    /// For whom.
    pub entity: EntityId,
    /// What it is for; one run for each identity, workflow and occasion.
    pub occasion: Text,
    /// When it was to begin.
    pub due_at: Timestamp,
    /// What became of it.
    pub state: RunState,
    /// How many tasks are settled.
    pub step: i64,
    /// Not to be looked at before.
    pub wake_at: Option<Timestamp>,
    /// When it was begun.
    pub began_at: Timestamp,
    /// By whom.
    pub began_by: Text,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What is to say about it; no personal value.
    pub detail: Text,
}

/// What became of one task of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowTask {
    /// The run.
    pub run: i64,
    /// Its place in the workflow, from 1.
    pub seq: i64,
    /// The kind of task.
    pub kind: Text,
    /// Its name; empty without one.
    pub name: Text,
    /// What became of it. `Open` was begun, and nobody knows how it ended.
    pub state: RunState,
    /// How often it was tried.
    pub attempts: i64,
    /// When it was begun, the last time.
    pub began_at: Timestamp,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// What is to say about it; no personal value.
    pub detail: Text,
}

/// When a workflow that begins on a date has to be looked at again: when facts or the model changed, or time came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowWatch {
    /// The workflow's name.
    pub workflow: Text,
    /// The fact version it was looked at with.
    pub facts_version: i64,
    /// The revision it was looked at with.
    pub revision: i64,
    /// The next date of anybody.
    pub next_due: Option<Timestamp>,
}

row!(WorkflowEvent { id, entity, kind, name, at });
row!(WorkflowRun {
    id,
    workflow,
    revision,
    entity,
    occasion,
    due_at,
    state,
    step,
    wake_at,
    began_at,
    began_by,
    ended_at,
    detail
});
row!(WorkflowTask { run, seq, kind, name, state, attempts, began_at, ended_at, detail });
row!(WorkflowWatch { workflow, facts_version, revision, next_due });

/// The columns of [`WorkflowRun`], in its order.
macro_rules! select_run {
    ($rest:literal) => {
        concat!(
            "SELECT id, workflow, revision, entity, occasion, due_at, state, step, wake_at, \
             began_at, began_by, ended_at, detail FROM workflow_run ",
            $rest
        )
    };
}

const INSERT_EVENT: Insert = insert_into!("workflow_event", "id", "entity", "kind", "name", "at",);

impl ReadTx {
    /// What happened and was not looked at yet, the oldest first.
    pub async fn workflow_events(
        &mut self,
        limit: usize,
    ) -> Result<Vec<WorkflowEvent>, StoreError> {
        let sql = "SELECT id, entity, kind, name, at FROM workflow_event ORDER BY id LIMIT $1";
        self.fetch_all(sql, args![limit]).await
    }

    /// The run with this id.
    pub async fn workflow_run(&mut self, id: i64) -> Result<Option<WorkflowRun>, StoreError> {
        self.fetch_one(select_run!("WHERE id = $1"), args![id]).await
    }

    /// Open runs whose time has come, the earliest first.
    pub async fn due_workflow_runs(
        &mut self,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<WorkflowRun>, StoreError> {
        let sql =
            select_run!("WHERE ended_at IS NULL AND wake_at <= $1 ORDER BY wake_at, id LIMIT $2");
        self.fetch_all(sql, args![now, limit]).await
    }

    /// The earliest instant at which an open run is to be looked at.
    pub async fn next_workflow_wake(&mut self) -> Result<Option<Timestamp>, StoreError> {
        let sql = "SELECT MIN(wake_at) FROM workflow_run WHERE ended_at IS NULL";
        self.fetch_value(sql, args![]).await
    }

    /// Runs of a workflow, the newest first, at most `limit`, before an id.
    pub async fn workflow_runs(
        &mut self,
        workflow: &str,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<WorkflowRun>, StoreError> {
        let sql = select_run!("WHERE workflow = $1 AND id < $2 ORDER BY id DESC LIMIT $3");
        self.fetch_all(sql, args![workflow, before.unwrap_or(i64::MAX), limit]).await
    }

    /// Runs of all workflows, the newest first, at most `limit`, before an id.
    pub async fn all_workflow_runs(
        &mut self,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Vec<WorkflowRun>, StoreError> {
        let sql = select_run!("WHERE id < $1 ORDER BY id DESC LIMIT $2");
        self.fetch_all(sql, args![before.unwrap_or(i64::MAX), limit]).await
    }

    /// The runs for an identity, in the order in which they were begun.
    pub async fn workflow_runs_of(
        &mut self,
        entity: EntityId,
    ) -> Result<Vec<WorkflowRun>, StoreError> {
        let mut runs: Vec<WorkflowRun> =
            self.fetch_all(select_run!("WHERE entity = $1"), args![entity]).await?;
        runs.sort_by_key(|run| run.id);
        Ok(runs)
    }

    /// The tasks of a run, in order; those that were never begun are not there.
    pub async fn workflow_tasks(&mut self, run: i64) -> Result<Vec<WorkflowTask>, StoreError> {
        let sql = "SELECT run, seq, kind, name, state, attempts, began_at, ended_at, detail
                   FROM workflow_task WHERE run = $1 ORDER BY seq";
        self.fetch_all(sql, args![run]).await
    }

    /// When a workflow has to be looked at again.
    pub async fn workflow_watch(
        &mut self,
        workflow: &str,
    ) -> Result<Option<WorkflowWatch>, StoreError> {
        let sql = "SELECT workflow, facts_version, revision, next_due
                   FROM workflow_watch WHERE workflow = $1";
        self.fetch_one(sql, args![workflow]).await
    }
}

impl Tx {
    /// Notes what happened.
    pub async fn insert_workflow_events(
        &mut self,
        events: &[WorkflowEvent],
    ) -> Result<(), StoreError> {
        self.insert_many(&INSERT_EVENT, events, |event, args| {
            let WorkflowEvent { id, entity, kind, name, at } = event;
            bind!(args, *id, *entity, *kind, name, *at);
        })
        .await
    }

    /// Forgets what was looked at.
    pub async fn delete_workflow_events(&mut self, ids: &[i64]) -> Result<(), StoreError> {
        let sql = "DELETE FROM workflow_event WHERE id = $1";
        self.execute_each(sql, ids, |id, args| bind!(args, *id)).await.map(drop)
    }

    /// Begins runs. Returns for each whether it is new: false when its occasion had a run before.
    pub async fn begin_workflow_runs(
        &mut self,
        runs: &[WorkflowRun],
    ) -> Result<Vec<bool>, StoreError> {
        let sql =
            "INSERT INTO workflow_run (id, workflow, revision, entity, occasion, due_at, state,
                       step, wake_at, began_at, began_by, ended_at, detail)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
                   ON CONFLICT (entity, workflow, occasion) DO NOTHING";
        let changed = self
            .execute_each(sql, runs, |run, args| {
                let WorkflowRun {
                    id,
                    workflow,
                    revision,
                    entity,
                    occasion,
                    due_at,
                    state,
                    step,
                    wake_at,
                    began_at,
                    began_by,
                    ended_at,
                    detail,
                } = run;
                bind!(args, *id, workflow, *revision, *entity, occasion, *due_at, *state, *step);
                bind!(args, *wake_at, *began_at, began_by, *ended_at, detail);
            })
            .await?;
        Ok(changed.into_iter().map(|n| n > 0).collect())
    }

    /// Writes how far an open run has come. Returns false when it has ended already.
    pub async fn advance_workflow_run(&mut self, run: &WorkflowRun) -> Result<bool, StoreError> {
        let sql = "UPDATE workflow_run
                   SET state = $2, step = $3, wake_at = $4, ended_at = $5, detail = $6
                   WHERE id = $1 AND ended_at IS NULL";
        let args = args![run.id, run.state, run.step, run.wake_at, run.ended_at, &run.detail];
        Ok(self.execute(sql, args).await? > 0)
    }

    /// Writes a task, a new one or one that is tried again or has ended.
    pub async fn save_workflow_task(&mut self, task: &WorkflowTask) -> Result<(), StoreError> {
        let sql = "INSERT INTO workflow_task
                       (run, seq, kind, name, state, attempts, began_at, ended_at, detail)
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
                   ON CONFLICT (run, seq) DO UPDATE SET
                       state = excluded.state, attempts = excluded.attempts,
                       began_at = excluded.began_at, ended_at = excluded.ended_at,
                       detail = excluded.detail";
        let WorkflowTask { run, seq, kind, name, state, attempts, began_at, ended_at, detail } =
            task;
        let args = args![*run, *seq, kind, name, *state, *attempts, *began_at, *ended_at, detail];
        self.execute(sql, args).await.map(drop)
    }

    /// Writes when a workflow has to be looked at again.
    pub async fn save_workflow_watch(&mut self, watch: &WorkflowWatch) -> Result<(), StoreError> {
        let sql = "INSERT INTO workflow_watch (workflow, facts_version, revision, next_due)
                   VALUES ($1, $2, $3, $4)
                   ON CONFLICT (workflow) DO UPDATE SET
                       facts_version = excluded.facts_version, revision = excluded.revision,
                       next_due = excluded.next_due";
        let WorkflowWatch { workflow, facts_version, revision, next_due } = watch;
        let args = args![workflow, *facts_version, *revision, *next_due];
        self.execute(sql, args).await.map(drop)
    }
}
