//! What saying something about a lifecycle would come to: it is said, looked at and taken back, so that it is exactly what
//! would be.

use jiff::Timestamp;
use muster_app::{
    Ctx, Error, Opened, SupposedChange, load_identities, load_world_near, planned, resolve_person,
};
use muster_model::Text;
use muster_policy::FactKind;
use muster_store::Tx;

use super::{FactRequest, lift_in, set_in};

/// Something that is said about a lifecycle by hand.
#[derive(Debug, Clone)]
pub enum Saying {
    /// It holds from now on, or from a moment.
    Set(FactRequest),
    /// It does not hold any more.
    Lift {
        /// The identity, by key or unique attribute.
        person: String,
        /// What.
        kind: FactKind,
        /// Why; never empty.
        reason: String,
    },
}

/// What it would come to.
#[derive(Debug, Clone)]
pub struct LifecycleAhead {
    /// When it begins to count.
    pub at: Timestamp,
    /// The state of the lifecycle then.
    pub state: Option<Text>,
    /// What would be done on the systems then.
    pub plan: Vec<SupposedChange>,
}

/// What it would come to. Nothing is written.
///
/// # Errors
///
/// As [`set_lifecycle_fact`](crate::set_lifecycle_fact) and [`lift_lifecycle_fact`](crate::lift_lifecycle_fact).
pub async fn preview_lifecycle(
    ctx: &Ctx,
    opened: &Opened,
    saying: &Saying,
) -> Result<LifecycleAhead, Error> {
    let mut tx = opened.store.begin().await?;
    let seen = preview_in(ctx, opened, &mut tx, saying).await;
    tx.rollback().await?;
    seen
}

async fn preview_in(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    saying: &Saying,
) -> Result<LifecycleAhead, Error> {
    let (name, from) = match saying {
        Saying::Set(request) => (&request.person, request.from),
        Saying::Lift { person, .. } => (person, None),
    };
    let at = from.filter(|from| *from > ctx.now()).unwrap_or_else(|| ctx.now());
    let person = resolve_person(ctx, opened, tx, name).await?;
    let (type_id, ids) = (person.row.type_id, [person.row.id]);
    let gone = || Error::bug("somebody who was found is not there");
    let before = load_identities(tx, opened, type_id, &ids, at).await?.into_iter().next();
    let world = load_world_near(tx, opened, &ids, at).await?;
    let without = planned(opened, tx, (&before.ok_or_else(gone)?, &world), at).await?;
    match saying {
        Saying::Set(request) => {
            set_in(ctx, opened, tx, &person, request, "operator").await?;
        }
        Saying::Lift { kind, reason, .. } => {
            lift_in(ctx, opened, tx, &person, *kind, reason).await?;
        }
    }
    let after = load_identities(tx, opened, type_id, &ids, at).await?.into_iter().next();
    let after = after.ok_or_else(gone)?;
    let evaluation = opened.evaluator.evaluate(&after.identity(), &world, at);
    let states = opened.model.types.get(type_id.index()).map_or(&[][..], |of| &of.lifecycle);
    let state = evaluation.state.and_then(|state| states.get(state));
    let with = planned(opened, tx, (&after, &world), at).await?;
    Ok(LifecycleAhead {
        at,
        state: state.map(|state| state.name.clone()),
        plan: with.beside(&without),
    })
}
