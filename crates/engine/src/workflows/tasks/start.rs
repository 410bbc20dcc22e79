//! `start`: another workflow for the same identity. Starting each other for ever is not possible.

use muster_app::Error;
use muster_model::Text;
use muster_store::Tx;

use super::{At, Outcome};
use crate::workflows::{Candidate, due::begin_in};

/// Workflows that may be started one by the other.
const DEEPEST: usize = 8;

pub(super) async fn start(at: &At<'_>, tx: &mut Tx) -> Result<Outcome, Error> {
    let Some(name) = at.task.text("workflow") else {
        return Err(Error::bug("a task names no workflow"));
    };
    let wanted = at.opened.model.workflows.iter().find(|workflow| workflow.name == *name);
    let Some(wanted) = wanted.filter(|wanted| wanted.type_id == at.workflow.type_id) else {
        let problem = "the workflow is for another entity type".to_owned();
        return Ok(Outcome::Failed { problem, later: false });
    };
    // `by 12 by 7 date …`: who started whom is in the occasion.
    if at.run.occasion.matches("by ").count() >= DEEPEST {
        let problem = "too many workflows start each other".to_owned();
        return Ok(Outcome::Failed { problem, later: false });
    }
    let candidate = Candidate {
        id: at.facts.row.id,
        person: Text::default(),
        occasion: format!("by {} {}", at.run.id, at.run.occasion).into(),
        due: at.now,
    };
    let begun = begin_in(at.ctx, at.opened, tx, &wanted.name, &[candidate], at.now).await?;
    Ok(match begun.first() {
        Some(run) => Outcome::Done(format!("run {}", run.id)),
        None => Outcome::Skipped("it was started already".to_owned()),
    })
}
