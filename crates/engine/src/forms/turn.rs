//! Whose turn it is with a draft: by the model, by the facts of now, and in whose place.

use std::collections::BTreeSet;

use muster_app::{Ctx, Error, Kind, Opened};
use muster_governance::{People, Somebody, anybody_named, canonical, is_asked};
use muster_model::{EntityId, ValueType};
use muster_policy::FormBy;
use muster_store::{DraftState, FormDraft, ReadTx, RequestApprover};

use super::{draft::Known, start::could_begin};

/// That it is somebody's turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Turn {
    /// Whose delegate they are.
    pub(super) in_place_of: Option<EntityId>,
}

/// Whether it is somebody's turn with an open draft.
pub(super) async fn turn(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    known: &Known<'_>,
    me: EntityId,
) -> Result<Option<Turn>, Error> {
    if known.draft.state != DraftState::Open || known.of.is_none() {
        return Ok(None);
    }
    let place = known.place();
    let asked = those(ctx, opened, tx, known, place).await?;
    let barred = barred(tx, known, place).await?;
    let delegations = tx.delegations_to(me, ctx.now()).await?;
    let givers: Vec<EntityId> = delegations.iter().map(|of| of.giver).collect();
    let all = givers.iter().copied().chain([me]).collect();
    let people = People::load(opened, tx, all, ctx.now()).await?;
    let works = |who: &&Somebody| who.works(opened);
    let Some(who) = people.get(me).filter(works) else { return Ok(None) };
    if barred.contains(&canonical(tx, me).await?) {
        return Ok(None);
    }
    if is_asked(opened, tx, who, &asked).await? {
        return Ok(Some(Turn { in_place_of: None }));
    }
    for giver in givers {
        let Some(found) = people.get(giver).filter(works) else { continue };
        let is_barred = barred.contains(&canonical(tx, giver).await?);
        if !is_barred && is_asked(opened, tx, found, &asked).await? {
            return Ok(Some(Turn { in_place_of: Some(giver) }));
        }
    }
    Ok(None)
}

/// Whether somebody did something about a draft, or it was done in their place.
pub(super) async fn takes_part(
    tx: &mut ReadTx,
    draft: &FormDraft,
    me: EntityId,
) -> Result<bool, Error> {
    let me = canonical(tx, me).await?;
    for id in takers(tx, draft).await? {
        if canonical(tx, id).await? == me {
            return Ok(true);
        }
    }
    Ok(false)
}

async fn takers(tx: &mut ReadTx, draft: &FormDraft) -> Result<BTreeSet<EntityId>, Error> {
    let events = tx.form_events(draft.id).await?;
    let did = events.iter().flat_map(|event| [event.entity, event.in_place_of]);
    Ok(did.flatten().chain([draft.starter]).collect())
}

/// Who does a step: people, and roles whose holders do.
pub(super) async fn those(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    known: &Known<'_>,
    place: usize,
) -> Result<Vec<RequestApprover>, Error> {
    let of = known.of()?;
    let (draft, step) = (&known.draft, of.step(place)?);
    let person = |entity| RequestApprover { request: draft.id, entity, role: "".into() };
    // A draft that comes back to its first step is whoever's began it, as long as they could begin it.
    let found = match &step.by {
        _ if place == 0 => could_begin(ctx, opened, tx, known).await?.then_some(draft.starter),
        FormBy::Who(_) | FormBy::Starter => Some(draft.starter),
        FormBy::Role(at) => {
            let role = opened.model.roles.get(*at).map(|role| role.name.clone());
            let role = role.ok_or_else(|| Error::bug("a step is for a role that is not there"))?;
            return Ok(vec![RequestApprover { request: draft.id, entity: EntityId(0), role }]);
        }
        FormBy::Person(name) => match anybody_named(ctx, opened, tx, name).await {
            Ok(id) => Some(id),
            Err(error) if error.kind() == Kind::NotFound => None,
            Err(error) => return Err(error),
        },
        FormBy::Field(field) => {
            let attribute = of.form.fields.get(*field).and_then(|field| of.attribute(field));
            let named = attribute.and_then(|attribute| match attribute.value_type {
                ValueType::Link(to) => Some((to, known.text(&attribute.name))),
                ValueType::Bool
                | ValueType::Int
                | ValueType::Float
                | ValueType::Text
                | ValueType::Date
                | ValueType::DateTime
                | ValueType::Binary
                | ValueType::Uuid => None,
            });
            let names = named.and_then(|(to, key)| Some((opened.names.type_names(to)?.no, key)));
            match names {
                Some((no, key)) => {
                    tx.entity_ids_by_key(no, &[key.into()]).await?.into_iter().flatten().next()
                }
                None => None,
            }
        }
        FormBy::LinkOfStarter(slot) => {
            let people = People::load(opened, tx, [draft.starter].into(), ctx.now()).await?;
            people.get(draft.starter).and_then(|starter| starter.row().get(*slot).as_link())
        }
    };
    Ok(found.map(person).into_iter().collect())
}

/// As [`those`], for a step to which a draft comes.
///
/// # Errors
///
/// `Conflict` when there is nobody but those who may not do it.
pub(super) async fn next(
    ctx: &Ctx,
    opened: &Opened,
    tx: &mut ReadTx,
    known: &Known<'_>,
    place: usize,
) -> Result<Vec<RequestApprover>, Error> {
    let barred = barred(tx, known, place).await?;
    let mut may = Vec::new();
    for asked in those(ctx, opened, tx, known, place).await? {
        let is_person = asked.role.is_empty();
        let people = People::load(opened, tx, [asked.entity].into(), ctx.now()).await?;
        let works = people.get(asked.entity).is_some_and(|who| who.works(opened));
        let can = works && !barred.contains(&canonical(tx, asked.entity).await?);
        if !is_person || can {
            may.push(asked);
        }
    }
    if may.is_empty() {
        let step = &known.of()?.step(place)?.title;
        let message = format!("nobody could do the step `{step}` now");
        return Err(Error::new(Kind::Conflict, message)
            .hint("enter somebody else, or ask those who keep the model"));
    }
    Ok(may)
}

/// Who may not do a step, as merged identities count: where the model asks for somebody else, whoever did a step before it, and
/// whom it is about.
async fn barred(
    tx: &mut ReadTx,
    known: &Known<'_>,
    place: usize,
) -> Result<BTreeSet<EntityId>, Error> {
    let of = known.of()?;
    if !of.step(place)?.other {
        return Ok(BTreeSet::new());
    }
    let events = tx.form_events(known.draft.id).await?;
    let before = events.iter().filter(|event| of.form.place(&event.step) < place);
    let did = before.flat_map(|event| [event.entity, event.in_place_of]).flatten();
    let all: BTreeSet<EntityId> =
        did.chain([known.draft.starter]).chain(known.draft.entity).collect();
    let mut barred = BTreeSet::new();
    for id in all {
        barred.insert(canonical(tx, id).await?);
    }
    Ok(barred)
}
