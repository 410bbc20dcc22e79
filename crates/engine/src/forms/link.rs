//! To whom a link in a form may lead: whom the form lets one choose, or whom one may see.

use std::{collections::BTreeSet, sync::Arc};

use muster_app::{Authority, Ctx, Error, Opened, Reach, entity_type, find_entity, find_people};
use muster_governance::{People, Somebody};
use muster_lang::{Binding, Clock, Frame};
use muster_model::{EntityId, Text, TypeId, ValueType};
use muster_policy::{FormField, Right};
use muster_store::ReadTx;

use super::{draft::Known, turn::Turn};

/// How many are shown of those who were found.
const SHOWN: usize = 10;
/// Among how many it is searched.
const LOOKED_AT: usize = 2000;
/// Entities that are looked at together.
const BATCH: usize = 500;

/// Somebody or something to whom a link can lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkFound {
    /// The key.
    pub key: Text,
    /// How it is shown.
    pub display: Text,
}

/// Who chooses, with what they may see.
pub(super) struct Chooser<'c> {
    ctx: &'c Ctx,
    me: EntityId,
    /// `None` without the right to see anybody.
    seen: Option<Reach>,
}

impl<'c> Chooser<'c> {
    /// Somebody as they are now.
    pub(super) async fn of(ctx: &'c Ctx, opened: &Opened, me: EntityId) -> Result<Self, Error> {
        let authority = Authority::of(ctx, opened, me).await?.map(Arc::new);
        let seen = authority.and_then(|authority| authority.reach(Right::PeopleRead));
        Ok(Self { ctx, me, seen })
    }

    /// The key of what a text names, when it is there and may be chosen.
    pub(super) async fn key(
        &self,
        opened: &Opened,
        tx: &mut ReadTx,
        (field, to): (&FormField, TypeId),
        text: &str,
    ) -> Result<Option<Text>, Error> {
        let Some(of) = opened.model.schema.get(to) else { return Ok(None) };
        let Some(id) = find_entity(opened, tx, of, text).await? else { return Ok(None) };
        let may = self.those(opened, tx, (field, to), &[id]).await?;
        Ok(may.into_iter().next().map(|found| found.key))
    }

    /// Those of some entities that may be chosen in a field.
    async fn those(
        &self,
        opened: &Opened,
        tx: &mut ReadTx,
        (field, to): (&FormField, TypeId),
        ids: &[EntityId],
    ) -> Result<Vec<LinkFound>, Error> {
        let all: BTreeSet<EntityId> = ids.iter().copied().chain([self.me]).collect();
        let people = People::load(opened, tx, all, self.ctx.now()).await?;
        let clock = Clock::new(self.ctx.now());
        let mut found = Vec::new();
        for id in ids {
            let Some(end) = people.get(*id).filter(|end| end.row().type_id == to) else { continue };
            let may = match (&field.among, people.get(self.me)) {
                (Some(among), Some(me)) => {
                    let bindings = [Binding::Row(end.row()), Binding::Row(me.row())];
                    let (world, timezone) = (&people.world, &opened.model.timezone);
                    let frame = Frame { bindings: &bindings, world, clock: &clock, timezone };
                    among.program.holds(&frame)
                }
                (Some(_), None) => false,
                (None, _) => *id == self.me || self.sees(opened, tx, *id).await?,
            };
            if may {
                let (key, display) = (end.facts.key.clone(), end.display(opened));
                found.push(LinkFound { key, display });
            }
        }
        Ok(found)
    }

    /// Whether they may see an entity without any form.
    async fn sees(&self, opened: &Opened, tx: &mut ReadTx, id: EntityId) -> Result<bool, Error> {
        match &self.seen {
            Some(reach) => reach.sees(self.ctx, opened, tx, Some(id)).await,
            None => Ok(false),
        }
    }

    /// How the ends of a link are shown, as far as they may be seen; otherwise their keys.
    pub(super) async fn shown(
        &self,
        opened: &Opened,
        tx: &mut ReadTx,
        (field, to): (&FormField, TypeId),
        keys: &[&str],
    ) -> Result<Vec<LinkFound>, Error> {
        let Some(names) = opened.names.type_names(to) else { return Ok(Vec::new()) };
        let keys: Vec<Text> = keys.iter().map(|key| (*key).into()).collect();
        let ids: Vec<EntityId> =
            tx.entity_ids_by_key(names.no, &keys).await?.into_iter().flatten().collect();
        let seen = self.those(opened, tx, (field, to), &ids).await?;
        let display = |key: &Text| seen.iter().find(|found| found.key == *key);
        let shown = keys.iter().map(|key| {
            display(key)
                .cloned()
                .unwrap_or_else(|| LinkFound { key: key.clone(), display: key.clone() })
        });
        Ok(shown.collect())
    }

    /// Those whose name or key holds a text.
    async fn search(
        &self,
        opened: &Opened,
        (field, to): (&FormField, TypeId),
        text: &str,
    ) -> Result<Vec<LinkFound>, Error> {
        let ids = self.named(opened, (field, to), text).await?;
        let mut tx = opened.store.read().await?;
        let mut found = Vec::new();
        for ids in ids.chunks(BATCH) {
            found.extend(self.those(opened, &mut tx, (field, to), ids).await?);
            if found.len() >= SHOWN {
                break;
            }
        }
        found.truncate(SHOWN);
        Ok(found)
    }

    /// The entities of a type that a text could mean.
    async fn named(
        &self,
        opened: &Opened,
        (field, to): (&FormField, TypeId),
        text: &str,
    ) -> Result<Vec<EntityId>, Error> {
        let is_identity = opened.model.schema.get(to).is_some_and(|of| of.identity);
        if !is_identity {
            return self.things(opened, to, text).await;
        }
        // Who is found is narrowed to whom they may choose before anything is shown.
        let reach = if field.among.is_some() { Some(Reach::default()) } else { self.seen.clone() };
        let Some(reach) = reach else { return Ok(vec![self.me]) };
        let ctx = Ctx { reach, ..self.ctx.clone() };
        let found = find_people(&ctx, opened, text, LOOKED_AT).await?;
        Ok(found.iter().map(|person| person.id).collect())
    }

    async fn things(
        &self,
        opened: &Opened,
        to: TypeId,
        text: &str,
    ) -> Result<Vec<EntityId>, Error> {
        let Some(names) = opened.names.type_names(to) else { return Ok(Vec::new()) };
        let wanted = text.to_lowercase();
        let (mut found, mut after, mut looked) = (Vec::new(), None, 0);
        let mut tx = opened.store.read().await?;
        while looked < LOOKED_AT {
            let entities = tx.scan_entities(names.no, after, BATCH).await?;
            let Some(last) = entities.last() else { break };
            (after, looked) = (Some(last.id), looked + entities.len());
            let ids: BTreeSet<EntityId> = entities.iter().map(|entity| entity.id).collect();
            let all = People::load(opened, &mut tx, ids, self.ctx.now()).await?;
            let fits = all.iter().filter(|one| {
                let names = [one.facts.key.to_lowercase(), one.display(opened).to_lowercase()];
                names.iter().any(|name| name.contains(&wanted))
            });
            found.extend(fits.map(Somebody::id));
        }
        Ok(found)
    }
}

/// Those to whom a link in a field may lead whose name or key holds a text, at most ten.
///
/// # Errors
///
/// `NotFound` for a draft that is none of theirs, `Denied` when it is not their turn or the field is not entered now.
pub async fn find_for_draft(
    ctx: &Ctx,
    opened: &Opened,
    me: EntityId,
    id: i64,
    (field, text): (&str, &str),
) -> Result<Vec<LinkFound>, Error> {
    let mut tx = opened.store.read().await?;
    let (known, turn): (Known<'_>, Option<Turn>) =
        Known::for_somebody(ctx, opened, &mut tx, me, id).await?;
    let of = known.of()?;
    let step = of.step(known.place())?;
    let is_it = |(at, _, attribute): &(usize, &FormField, &muster_model::Attribute)| {
        *attribute.name == *field && step.fields.contains(at)
    };
    let found = of.fields().find(is_it).filter(|_| turn.is_some());
    let to = found.and_then(|(_, field, attribute)| match attribute.value_type {
        ValueType::Link(to) => Some((field, to)),
        ValueType::Bool
        | ValueType::Int
        | ValueType::Float
        | ValueType::Text
        | ValueType::Date
        | ValueType::DateTime
        | ValueType::Binary
        | ValueType::Uuid => None,
    });
    let Some(to) = to else {
        let shown: String = field.chars().take(100).collect();
        let message = format!("`{shown}` is no link that you enter now");
        return Err(Error::new(muster_app::Kind::Denied, message));
    };
    drop(tx);
    if text.trim().is_empty() {
        return Ok(Vec::new());
    }
    Chooser::of(ctx, opened, me).await?.search(opened, to, text.trim()).await
}

/// Whether an entity is of a type.
pub(super) async fn is_of(
    opened: &Opened,
    tx: &mut ReadTx,
    id: EntityId,
    of: TypeId,
) -> Result<bool, Error> {
    let entity = tx.entity(id).await?;
    Ok(entity.is_some_and(|entity| entity_type(opened, entity.type_no) == Some(of)))
}
