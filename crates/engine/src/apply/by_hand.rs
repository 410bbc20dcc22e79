//! Writes down that an operation was done by hand, as if the system had said so.

use std::sync::Arc;

use muster_app::{Ctx, Error, Opened};
use muster_model::Applied;
use muster_plan::Operation;
use muster_policy::System;

use super::{
    CancelFlag,
    batch::Call,
    gates::Gates,
    outcome::Outcomes,
    system::{SystemRun, Todo},
};
use crate::{
    lease::Lease,
    progress::{NoProgress, Progress as _},
};

/// Carries `operation`, which a person or a slow system did, over to what is believed of the account.
pub(crate) async fn do_by_hand(
    ctx: &Ctx,
    opened: &Opened,
    lease: &Arc<Lease>,
    system: &System,
    stored: &muster_store::Operation,
    operation: Operation,
) -> Result<(), Error> {
    let connector = opened.connect(system).map_err(|error| {
        Error::new(muster_app::Kind::Unavailable, format!("cannot open `{}`", system.name))
            .caused_by(error)
    })?;
    let run = SystemRun {
        ctx: ctx.clone(),
        opened: opened.clone(),
        lease: Arc::clone(lease),
        plan: stored.plan,
        name: "by hand".into(),
        position: system.id.index(),
        system: system.clone(),
        task: NoProgress.begin(&system.name, None),
        gates: Arc::new(Gates::default()),
        at_once: true,
        cancel: CancelFlag::default(),
        abandoned: CancelFlag::default(),
    };
    let health = run.health().await?;
    let mut state = run.begin(connector, health).await?;
    let todo = [Todo {
        seq: stored.seq,
        operation,
        uncertain: true,
        attempts: stored.attempts,
        after: Vec::new(),
    }];
    run.write_one(&mut state, &todo).await
}

impl SystemRun {
    async fn write_one(
        &self,
        state: &mut super::system::State,
        todo: &[Todo],
    ) -> Result<(), Error> {
        let accounts = self.accounts(todo).await?;
        self.ensure_known(state, todo).await?;
        let call = Call::by_hand();
        let result = Ok(Applied::default());
        let called = vec![(&call, &result)];
        let nothing = Outcomes { called, skipped: Vec::new(), held: Vec::new(), left: Vec::new() };
        self.write(state, todo, &accounts, nothing).await
    }
}
