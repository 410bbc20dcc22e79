//! The end of a form: what was entered becomes a record that is kept by hand; and what that would come to.

use muster_app::{
    Ctx, Error, Kind, Opened, Reach, SupposedChange, load_identities, load_world_near, subject_of,
    suppose, suppose_new,
};
use muster_model::{EntityId, Text};
use muster_store::Tx;

use super::{draft::Known, entered::value};
use crate::local::{LocalChange, LocalDone, LocalVerb, change_local_in, look_alikes};

/// What a draft would come to.
#[derive(Debug, Clone)]
pub struct DraftPreview {
    /// The key.
    pub key: Text,
    /// How it would be named.
    pub subject: Text,
    /// The state of the lifecycle; for identities.
    pub lifecycle: Option<Text>,
    /// The roles that it would have.
    pub roles: Vec<Text>,
    /// What would be done on the systems.
    pub plan: Vec<SupposedChange>,
}

/// What is entered of a draft.
pub(super) fn change(ctx: &Ctx, known: &Known<'_>) -> Result<LocalChange, Error> {
    let of = known.of()?;
    let is_new = known.is_new();
    let mut set = Vec::new();
    for (_, _, attribute) in of.fields() {
        let Some(text) = known.entered.get(&attribute.name) else { continue };
        let value = value(attribute, text);
        // Nothing is cleared of what is not there yet.
        if value.is_some() || !is_new {
            set.push((attribute.name.clone(), value));
        }
    }
    Ok(LocalChange {
        verb: if is_new { LocalVerb::Create } else { LocalVerb::Change },
        type_name: of.of.name.clone(),
        entity: known.draft.entity,
        set,
        if_version: None,
        // The step is what allows it, whomever somebody may change otherwise.
        by: Ctx { reach: Reach::default(), ..ctx.clone() },
    })
}

/// Enters it, as part of a transaction.
pub(super) async fn enter(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    known: &Known<'_>,
) -> Result<LocalDone, Error> {
    let change = change(ctx, known)?;
    let done = change_local_in(&change.by, opened, tx, std::slice::from_ref(&change)).await?;
    done.into_iter().next().unwrap_or_else(|| Err(Error::bug("a change has no answer")))
}

/// Refuses somebody new who may be here already. Whom it is like is not said: whoever enters may not see them.
pub(super) async fn no_look_alikes(
    ctx: &Ctx,
    opened: &Opened,
    known: &Known<'_>,
) -> Result<(), Error> {
    if !known.is_new() {
        return Ok(());
    }
    let alike = look_alikes(ctx, opened, &change(ctx, known)?).await?;
    if alike.is_empty() {
        return Ok(());
    }
    let message = "somebody with nearly the same name is here already";
    Err(Error::new(Kind::Conflict, message).hint("--despite-look-alikes when it is somebody else"))
}

/// What it would come to: it is entered, looked at and taken back, so that it is exactly what would be.
pub(super) async fn preview(
    ctx: &Ctx,
    opened: &Opened,
    known: &Known<'_>,
) -> Result<DraftPreview, Error> {
    let mut tx = opened.store.begin().await?;
    let seen = preview_in(ctx, opened, &mut tx, known).await;
    tx.rollback().await?;
    seen
}

async fn preview_in(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut Tx,
    known: &Known<'_>,
) -> Result<DraftPreview, Error> {
    let (type_id, now) = (known.of()?.form.type_id, ctx.now());
    let before = match known.draft.entity {
        Some(id) => load_identities(tx, opened, type_id, &[id], now).await?.into_iter().next(),
        None => None,
    };
    let done = enter(ctx, opened, tx, known).await?;
    let ids: [EntityId; 1] = [done.entity];
    let facts = load_identities(tx, opened, type_id, &ids, now).await?.into_iter().next();
    let facts = facts.ok_or_else(|| Error::bug("what was entered is not there"))?;
    let subject = subject_of(&opened.model, &facts.row, &facts.key);
    let mut preview = DraftPreview {
        key: done.key,
        subject,
        lifecycle: None,
        roles: Vec::new(),
        plan: Vec::new(),
    };
    if !known.of()?.of.identity {
        return Ok(preview);
    }
    let world = load_world_near(tx, opened, &ids, now).await?;
    let evaluation = opened.evaluator.evaluate(&facts.identity(), &world, now);
    let states = opened.model.types.get(type_id.index()).map_or(&[][..], |of| &of.lifecycle);
    let state = evaluation.state.and_then(|at| states.get(at));
    preview.lifecycle = state.map(|state| state.name.clone());
    let held = evaluation.roles.iter().filter_map(|held| opened.model.roles.get(held.role));
    preview.roles = held.map(|role| role.name.clone()).collect();
    preview.plan = match before {
        Some(before) => suppose(opened, tx, &world, (&before, &facts), now).await?,
        None => suppose_new(opened, &world, &facts, now),
    };
    Ok(preview)
}
