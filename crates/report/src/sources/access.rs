//! Who has access to what, why, since when and until when: as it is, or as it was recorded at a past instant.

mod rows;

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_app::{
    Ctx, Error, Opened, entity_type, facts_as_of, load_identities, load_world, resolve_person,
    survey,
};
use muster_governance::People;
use muster_model::{EntityId, TypeId};
use muster_policy::MemoryWorld;
use muster_store::Account;

use super::people_after;
use crate::{
    Bar, Chart, Part, Question, Total,
    held::Recorded,
    reader::{Look, Opening},
};
use rows::{Page, Somebody};

/// Identities looked at together.
const STEP: usize = 200;

#[derive(Debug)]
pub(crate) enum Access {
    /// As it is, of these people.
    Now(Vec<EntityId>),
    /// As it was.
    Then(Then),
}

/// A past instant.
#[derive(Debug)]
pub(crate) struct Then {
    at: Timestamp,
    world: MemoryWorld,
    only: Option<EntityId>,
}

pub(crate) async fn open(
    ctx: Ctx,
    opened: Opened,
    question: &Question,
) -> Result<Opening<Access>, Error> {
    let mut tx = opened.store.read().await?;
    let only = match &question.person {
        Some(person) => Some(resolve_person(&ctx, &opened, &mut tx, person).await?.row.id),
        None => None,
    };
    if let Some(at) = question.as_of {
        let world = load_world(&mut tx, &opened, at, Some(at)).await?;
        let source = Access::Then(Then { at, world, only });
        let look = Look { ctx, opened, tx };
        return Ok(Opening { look, source, totals: Vec::new(), chart: None });
    }
    if let Some(only) = only {
        let (look, source) = (Look { ctx, opened, tx }, Access::Now(vec![only]));
        return Ok(Opening { look, source, totals: Vec::new(), chart: None });
    }
    drop(tx);
    let roles = |found: muster_app::Surveyed<'_>| Some(found.roles().collect::<Vec<usize>>());
    let (tx, found) = survey(&ctx, &opened, roles).await?;
    let mut holders = BTreeMap::<usize, u64>::new();
    for role in found.iter().flat_map(|(_, roles)| roles) {
        *holders.entry(*role).or_default() += 1;
    }
    let held: u64 = holders.values().sum();
    let bars = holders.into_iter().filter_map(|(role, value)| {
        let name = opened.model.roles.get(role)?.name.clone();
        Some(Bar { name, value, part: 0 })
    });
    let chart = Chart::new("people", None, bars.collect());
    let totals = vec![
        Total { name: "people", value: i64::try_from(found.len()).unwrap_or(i64::MAX) },
        Total { name: "held", value: i64::try_from(held).unwrap_or(i64::MAX) },
    ];
    let source = Access::Now(found.into_iter().map(|(id, _)| id).collect());
    Ok(Opening { look: Look { ctx, opened, tx }, source, totals, chart })
}

impl Access {
    /// In order of the people's ids; of each first roles, then accounts with what they hold.
    pub(crate) async fn rows(
        &mut self,
        look: &mut Look,
        after: i64,
        limit: usize,
    ) -> Result<Part, Error> {
        // Whoever has anything has a few rows.
        let step = (limit / 4).clamp(1, STEP);
        let (mut rows, mut after) = (Vec::new(), after);
        loop {
            let (mut page, next) = match self {
                Self::Now(ids) => {
                    let (some, next) = people_after(ids, after, step);
                    (now(look, some).await?, next)
                }
                Self::Then(then) => then.page(look, after, step).await?,
            };
            rows.append(&mut page.rows);
            match next {
                Some(place) if rows.len() < limit => after = place,
                next => return Ok(Part { rows, next }),
            }
        }
    }
}

async fn now(look: &mut Look, ids: &[EntityId]) -> Result<Page, Error> {
    let at = look.ctx.now();
    let people =
        People::load(&look.opened, &mut look.tx, ids.iter().copied().collect(), at).await?;
    let recorded = Recorded::load(&mut look.tx, ids, at).await?;
    let mut accounts: BTreeMap<EntityId, Vec<Account>> = BTreeMap::new();
    for account in look.tx.accounts_of_many(ids).await? {
        if let Some(entity) = account.entity {
            accounts.entry(entity).or_default().push(account);
        }
    }
    let mut page = Page::load(look, accounts.values().flatten(), at).await?;
    for one in people.iter() {
        page.add(
            &look.opened,
            &Somebody {
                facts: &one.facts,
                evaluation: &one.evaluation,
                recorded: &recorded,
                accounts: accounts.get(&one.facts.row.id).map_or(&[], Vec::as_slice),
                world: &people.world,
                at,
            },
        )?;
    }
    Ok(page)
}

impl Then {
    /// The rows of some people after a place, with the place to go on after.
    async fn page(
        &self,
        look: &mut Look,
        after: i64,
        step: usize,
    ) -> Result<(Page, Option<i64>), Error> {
        let (ids, next) = match self.only {
            Some(only) => (self.one(look, only).await?, None),
            None => self.known(look, after, step).await?,
        };
        let mut page = Page::default();
        for (type_id, id) in ids {
            let found =
                load_identities(&mut look.tx, &look.opened, type_id, &[id], self.at).await?;
            let Some(present) = found.into_iter().next() else { continue };
            let then = facts_as_of(&mut look.tx, &look.opened, present, self.at).await?;
            let Some((facts, assignments)) = then else { continue };
            let evaluation =
                look.opened.evaluator.evaluate(&facts.identity(), &self.world, self.at);
            if !look.ctx.reach.covers(&look.opened, &evaluation.row, &self.world, self.at) {
                continue;
            }
            let accounts = look.tx.accounts_of_as_of(id, self.at).await?;
            let mut own = Page::load(look, accounts.iter(), self.at).await?;
            let recorded = Recorded::of(assignments);
            own.add(
                &look.opened,
                &Somebody {
                    facts: &facts,
                    evaluation: &evaluation,
                    recorded: &recorded,
                    accounts: &accounts,
                    world: &self.world,
                    at: self.at,
                },
            )?;
            page.rows.append(&mut own.rows);
        }
        Ok((page, next))
    }

    async fn one(&self, look: &mut Look, id: EntityId) -> Result<Vec<(TypeId, EntityId)>, Error> {
        let entity = look.tx.entity(id).await?;
        let of = entity.and_then(|entity| entity_type(&look.opened, entity.type_no));
        Ok(of.map(|type_id| (type_id, id)).into_iter().collect())
    }

    /// Those who were known after a place, in order of id, whatever their type.
    async fn known(
        &self,
        look: &mut Look,
        after: i64,
        step: usize,
    ) -> Result<(Vec<(TypeId, EntityId)>, Option<i64>), Error> {
        let (mut found, mut next): (Vec<(TypeId, EntityId)>, Option<i64>) = (Vec::new(), None);
        let types = look.opened.model.schema.types.iter().filter(|of| of.identity);
        for type_id in types.map(|of| of.id) {
            let Some(names) = look.opened.names.type_names(type_id) else { continue };
            let after = Some(EntityId(after));
            let some = look.tx.scan_entities_as_of(names.no, self.at, after, step).await?;
            if let Some(last) = some.last().filter(|_| some.len() >= step) {
                // Beyond this one there may be more of the type, so nobody is looked at beyond it.
                next = Some(next.map_or(last.id.0, |next| next.min(last.id.0)));
            }
            found.extend(some.into_iter().map(|entity| (type_id, entity.id)));
        }
        found.retain(|(_, id)| next.is_none_or(|next| id.0 <= next));
        found.sort_by_key(|(_, id)| *id);
        Ok((found, next))
    }
}
