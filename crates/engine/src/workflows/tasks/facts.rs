//! `terminate`, `suspend`, `delete`, `reinstate`, `resume`, `restore`: what `muster people` does by hand.

use muster_app::{Error, Kind};
use muster_policy::FactKind;
use muster_store::Tx;

use super::{At, Outcome};
use crate::lifecycle::{FactRequest, lift_in, restore_in, set_in};

pub(super) async fn say(at: &At<'_>, tx: &mut Tx) -> Result<Outcome, Error> {
    let request = FactRequest {
        person: at.facts.key.to_string(),
        kind: match &*at.task.kind {
            "terminate" => FactKind::Terminated,
            "suspend" => FactKind::Suspended,
            _ => FactKind::Deleted,
        },
        from: Some(at.now),
        until: at.task.length("for").and_then(|length| at.now.checked_add(length).ok()),
        reason: at.reason(),
    };
    match set_in(at.ctx, at.opened, tx, at.facts, &request, &at.origin()).await {
        Ok(_) => Ok(Outcome::Done(String::new())),
        Err(error) if error.kind() == Kind::Conflict => {
            Ok(Outcome::Skipped("it is so already".to_owned()))
        }
        Err(error) if error.kind() == Kind::Invalid => {
            Ok(Outcome::Failed { problem: error.to_string(), later: false })
        }
        Err(error) => Err(error),
    }
}

pub(super) async fn lift(at: &At<'_>, tx: &mut Tx) -> Result<Outcome, Error> {
    let kind = if &*at.task.kind == "resume" { FactKind::Suspended } else { FactKind::Terminated };
    let lifted = lift_in(at.ctx, at.opened, tx, at.facts, kind, &at.reason()).await?;
    Ok(match lifted {
        Some(_) => Outcome::Done(String::new()),
        None => Outcome::Skipped("there is nothing to lift".to_owned()),
    })
}

pub(super) async fn restore(at: &At<'_>, tx: &mut Tx) -> Result<Outcome, Error> {
    match restore_in(at.ctx, at.opened, tx, at.facts, &at.reason()).await {
        Ok(restored) => Ok(Outcome::Done(format!("with {} roles", restored.roles.len()))),
        Err(error) if error.kind() == Kind::Conflict => {
            Ok(Outcome::Skipped("there is nothing to restore".to_owned()))
        }
        Err(error) => Err(error),
    }
}
