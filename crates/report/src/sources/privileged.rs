//! Who holds roles of high risk, how they came by them and whether they use them.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use muster_app::{Ctx, Error, Opened, person_of, survey};
use muster_governance::{People, Somebody};
use muster_model::{AccountId, EntityId, SystemId, Text};
use muster_policy::{Grant, GrantName};
use muster_store::{Account, AccountStatus, Drift, Number, ReadTx};

use super::people_after;
use crate::{
    Bar, Cell, Chart, Part, Question, Row, Total,
    held::{Holding, Recorded},
    reader::{Look, Opening},
};

/// The risk from which a role counts where nothing is said.
const HIGH: u8 = 50;
/// Drift that is read together.
const BATCH: usize = 1000;
/// Where assignments of requests come from: this and a number.
const REQUEST: &str = "request ";

#[derive(Debug)]
pub(crate) struct Privileged {
    ids: Vec<EntityId>,
    /// The roles of high risk, by position, with the numbers of the systems that each reaches.
    roles: BTreeMap<usize, BTreeSet<Number>>,
    /// By person what they were given outside of what such roles grant, each with its name and risk.
    outside: BTreeMap<EntityId, Vec<(Drift, Text, u8)>>,
}

pub(crate) async fn open(
    ctx: Ctx,
    opened: Opened,
    question: &Question,
) -> Result<Opening<Privileged>, Error> {
    let least = question.risk.unwrap_or(HIGH).max(1);
    let risky = opened.model.roles.iter().enumerate();
    let risky = risky.filter(|(_, role)| role.risk.is_some_and(|risk| risk >= least));
    let roles: BTreeMap<usize, BTreeSet<Number>> =
        risky.map(|(at, _)| (at, reached(&opened, at))).collect();
    let outside = outside(&opened, least).await?;
    let (tx, found) = survey(&ctx, &opened, |found| {
        let held: Vec<usize> = found.roles().filter(|role| roles.contains_key(role)).collect();
        (!held.is_empty() || outside.contains_key(&found.id())).then_some(held)
    })
    .await?;
    let mut holders: BTreeMap<usize, u64> = BTreeMap::new();
    for role in found.iter().flat_map(|(_, held)| held) {
        *holders.entry(*role).or_default() += 1;
    }
    let held: u64 = holders.values().sum();
    let ids: Vec<EntityId> = found.iter().map(|(id, _)| *id).collect();
    let n_outside: usize = ids.iter().filter_map(|id| outside.get(id)).map(Vec::len).sum();
    let bars = holders.into_iter().filter_map(|(role, value)| {
        let name = opened.model.roles.get(role)?.name.clone();
        Some(Bar { name, value, part: 0 })
    });
    let chart = Chart::new("people", None, bars.collect());
    let totals = vec![
        Total { name: "from_risk", value: least.into() },
        Total { name: "roles", value: i64::try_from(roles.len()).unwrap_or(i64::MAX) },
        Total { name: "people", value: i64::try_from(found.len()).unwrap_or(i64::MAX) },
        Total { name: "held", value: i64::try_from(held).unwrap_or(i64::MAX) },
        Total { name: "outside", value: i64::try_from(n_outside).unwrap_or(i64::MAX) },
    ];
    let source = Privileged { ids, roles, outside };
    Ok(Opening { look: Look { ctx, opened, tx }, source, totals, chart })
}

/// What was given outside of what roles of at least this risk grant, by whom it was given to.
async fn outside(
    opened: &Opened,
    least: u8,
) -> Result<BTreeMap<EntityId, Vec<(Drift, Text, u8)>>, Error> {
    let risks = risks(opened, least);
    let mut outside: BTreeMap<EntityId, Vec<(Drift, Text, u8)>> = BTreeMap::new();
    let (mut tx, mut after) = (opened.store.read().await?, None);
    while !risks.is_empty() {
        let page = tx.open_drift(after, BATCH).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        for drift in page {
            let right = drift.kind_no.map(|kind| (drift.system_no, kind, drift.item.clone()));
            let found = right.and_then(|right| risks.get(&right)).cloned();
            let (Some((thing, risk)), Some(entity)) = (found, drift.entity) else { continue };
            if drift.is_given() {
                outside.entry(entity).or_default().push((drift, thing, risk));
            }
        }
    }
    Ok(outside)
}

/// The name and the greatest risk of what roles of at least this risk grant: by number of the system and of the kind, and
/// by name.
fn risks(opened: &Opened, least: u8) -> BTreeMap<(Number, Number, Text), (Text, u8)> {
    let mut risks: BTreeMap<(Number, Number, Text), (Text, u8)> = BTreeMap::new();
    let model = &opened.model;
    for role in &model.roles {
        let Some(risk) = role.risk.filter(|risk| *risk >= least) else { continue };
        for grant in &role.grants {
            let Grant::Entitlement { system, kind, name: GrantName::Literal(name), .. } = grant
            else {
                continue;
            };
            let of =
                model.systems.get(system.index()).zip(opened.names.systems.get(system.index()));
            let Some((of, names)) = of else { continue };
            let kinds = of.entitlements.get(*kind).zip(names.kinds.get(*kind));
            let Some((kind, kind_no)) = kinds else { continue };
            let thing = format!("{}.{}:{name}", of.name, kind.name).into();
            let known = risks.entry((names.no, *kind_no, name.clone())).or_insert((thing, 0));
            known.1 = known.1.max(risk);
        }
    }
    risks
}

/// The numbers of the systems that a role reaches with all that it includes.
fn reached(opened: &Opened, role: usize) -> BTreeSet<Number> {
    let roles = opened.model.brought_by(role).into_iter();
    let grants = roles.filter_map(|at| opened.model.roles.get(at)).flat_map(|of| &of.grants);
    let systems = grants.filter_map(|grant| {
        let (Grant::Account { system, .. } | Grant::Entitlement { system, .. }) = grant;
        number_of(opened, *system)
    });
    systems.collect()
}

fn number_of(opened: &Opened, system: SystemId) -> Option<Number> {
    opened.names.systems.get(system.index()).map(|names| names.no)
}

impl Privileged {
    /// In order of the people's ids, then of the roles.
    pub(crate) async fn rows(
        &mut self,
        look: &mut Look,
        after: i64,
        limit: usize,
    ) -> Result<Part, Error> {
        let (ids, next) = people_after(&self.ids, after, limit);
        let now = look.ctx.now();
        let of = ids.iter().copied().collect();
        let people = People::load(&look.opened, &mut look.tx, of, now).await?;
        let recorded = Recorded::load(&mut look.tx, ids, now).await?;
        let used = used(&mut look.tx, ids).await?;
        let mut rows = Vec::new();
        for somebody in people.iter() {
            for held in recorded.holdings(&look.opened, &somebody.facts, &somebody.evaluation) {
                let Some(systems) = self.roles.get(&held.role) else { continue };
                let id = somebody.facts.row.id;
                let last = systems.iter().filter_map(|system| used.get(&(id, *system))).max();
                let decided = decided_by(look, &held).await?;
                rows.extend(row(&look.opened, somebody, &held, (decided, last.copied())));
            }
            for (drift, thing, risk) in self.outside.get(&somebody.id()).into_iter().flatten() {
                let last = used.get(&(somebody.id(), drift.system_no)).copied();
                rows.push(outside_row(&look.opened, somebody, (drift, thing, *risk), last));
            }
        }
        Ok(Part { rows, next })
    }
}

/// When the accounts of these people were last used, by person and system.
async fn used(
    tx: &mut ReadTx,
    ids: &[EntityId],
) -> Result<BTreeMap<(EntityId, Number), Timestamp>, Error> {
    let mut accounts: Vec<Account> = tx.accounts_of_many(ids).await?;
    accounts.retain(|account| account.status == AccountStatus::Linked);
    let own: Vec<AccountId> = accounts.iter().map(|account| account.id).collect();
    let uses: BTreeMap<_, _> = tx.account_uses_of(&own).await?.into_iter().collect();
    let mut used: BTreeMap<(EntityId, Number), Timestamp> = BTreeMap::new();
    for account in accounts {
        let Some((entity, at)) = account.entity.zip(uses.get(&account.id)) else { continue };
        let last = used.entry((entity, account.system_no)).or_insert(*at);
        *last = (*last).max(*at);
    }
    Ok(used)
}

/// Who approved the request that it came from, else who assigned it.
async fn decided_by(look: &mut Look, held: &Holding) -> Result<Option<Text>, Error> {
    let Some((by, origin)) = &held.given else { return Ok(None) };
    let request = origin.strip_prefix(REQUEST).and_then(|number| number.parse::<i64>().ok());
    let Some(request) = request else { return Ok(Some(by.clone())) };
    let events = look.tx.request_events(request).await?;
    let approved: Vec<_> = events.iter().filter(|event| &*event.what == "approved").collect();
    let ids = approved.iter().filter_map(|event| event.entity).collect();
    let people = People::load(&look.opened, &mut look.tx, ids, look.ctx.now()).await?;
    let names = approved.iter().map(|event| match event.entity {
        Some(id) => people.name(id),
        None => event.actor.clone(),
    });
    let mut names: Vec<Text> = names.collect();
    names.dedup();
    Ok(Some(if names.is_empty() { by.clone() } else { names.join(", ").into() }))
}

fn row(
    opened: &Opened,
    somebody: &Somebody,
    held: &Holding,
    (decided, last): (Option<Text>, Option<Timestamp>),
) -> Option<Row> {
    let role = opened.model.roles.get(held.role)?;
    let person = person_of(opened, &somebody.evaluation.row, &somebody.facts.key);
    let reason = match held.how {
        "included" => held.why.clone(),
        _ => Cell::words(held.reason.clone()),
    };
    Some(vec![
        Cell::Text(person.key),
        Cell::Text(person.display),
        Cell::Text(role.name.clone()),
        role.risk.map_or(Cell::Nothing, |risk| Cell::Number(risk.into())),
        Cell::word(held.how),
        reason,
        Cell::at(held.since),
        Cell::at(held.until),
        Cell::maybe(decided),
        Cell::at(last),
    ])
}

/// What was given outside: since when it is seen, and what was decided about it.
fn outside_row(
    opened: &Opened,
    somebody: &Somebody,
    (drift, thing, risk): (&Drift, &Text, u8),
    last: Option<Timestamp>,
) -> Row {
    let person = person_of(opened, &somebody.evaluation.row, &somebody.facts.key);
    vec![
        Cell::Text(person.key),
        Cell::Text(person.display),
        Cell::Text(thing.clone()),
        Cell::Number(risk.into()),
        Cell::word("outside"),
        Cell::words(drift.remark.clone()),
        Cell::Instant(drift.first_seen),
        Cell::at(drift.until),
        Cell::maybe(drift.decided_by.clone()),
        Cell::at(last),
    ]
}
