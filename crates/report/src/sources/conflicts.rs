//! Who holds duties that nobody may hold together, since when, and which of them an exception allows.

use std::collections::BTreeMap;

use jiff::Timestamp;
use muster_app::{ConflictView, Ctx, Error, HeldAccess, Opened, list_conflicts, survey};
use muster_governance::{ExceptionView, People, list_exceptions};
use muster_model::{EntityId, Text};
use muster_policy::Subject;

use crate::{
    Bar, Cell, Chart, Part, Row, Total,
    held::Recorded,
    reader::{Look, Opening},
};

#[derive(Debug)]
pub(crate) struct Conflicts {
    /// The exceptions that hold or will, by person and conflict.
    exceptions: BTreeMap<(EntityId, Text), ExceptionView>,
}

pub(crate) async fn open(ctx: Ctx, opened: Opened) -> Result<Opening<Conflicts>, Error> {
    let (tx, found) = survey(&ctx, &opened, |found| {
        let conflicts: Vec<(usize, bool)> = found.conflicts().collect();
        (!conflicts.is_empty()).then_some(conflicts)
    })
    .await?;
    let mut bars: BTreeMap<usize, (u64, u64)> = BTreeMap::new();
    let (mut open, mut excepted) = (0, 0);
    for (conflict, is_excepted) in found.iter().flat_map(|(_, of)| of) {
        let bar = bars.entry(*conflict).or_default();
        bar.0 += 1;
        bar.1 += u64::from(*is_excepted);
        excepted += i64::from(*is_excepted);
        open += i64::from(!*is_excepted);
    }
    let bars = bars.into_iter().filter_map(|(at, (value, part))| {
        let name = opened.model.conflicts.get(at)?.name.clone();
        Some(Bar { name, value, part })
    });
    let chart = Chart::new("people", Some("excepted"), bars.collect());
    let totals = vec![
        Total { name: "people", value: i64::try_from(found.len()).unwrap_or(i64::MAX) },
        Total { name: "open", value: open },
        Total { name: "excepted", value: excepted },
    ];
    let exceptions = if excepted > 0 {
        let all = list_exceptions(&ctx, &opened, None, None, usize::MAX - 1).await?.items;
        all.into_iter().map(|of| ((of.entity, of.conflict.clone()), of)).collect()
    } else {
        BTreeMap::new()
    };
    let source = Conflicts { exceptions };
    Ok(Opening { look: Look { ctx, opened, tx }, source, totals, chart })
}

impl Conflicts {
    /// By conflict, then in order of the people's ids.
    pub(crate) async fn rows(
        &mut self,
        look: &mut Look,
        after: i64,
        limit: usize,
    ) -> Result<Part, Error> {
        let after = usize::try_from(after).unwrap_or(0);
        let page = list_conflicts(&look.ctx, &look.opened, None, after, limit).await?;
        let ids: Vec<EntityId> = page.items.iter().map(|view| view.person.id).collect();
        let now = look.ctx.now();
        let of = ids.iter().copied().collect();
        let people = People::load(&look.opened, &mut look.tx, of, now).await?;
        let recorded = Recorded::load(&mut look.tx, &ids, now).await?;
        let rows = page.items.iter().map(|view| {
            let since = since(&look.opened, view, (&people, &recorded), now);
            self.row(view, since)
        });
        Ok(Part { rows: rows.collect(), next: page.next })
    }

    fn row(&self, view: &ConflictView, since: Option<Timestamp>) -> Row {
        let key = (view.person.id, view.conflict.clone());
        let exception = self.exceptions.get(&key).filter(|_| view.excepted);
        let is_outside = |(_, held): &(Text, Vec<HeldAccess>)| held.iter().all(|of| of.is_outside);
        let state = if view.excepted {
            Cell::word("excepted")
        } else if view.duties.iter().any(is_outside) {
            Cell::word("outside")
        } else if view.blocks {
            Cell::word("held back")
        } else {
            Cell::word("open")
        };
        let duty = |(name, held): &(Text, Vec<HeldAccess>)| {
            let held: Vec<&str> = held.iter().map(|of| &*of.access).collect();
            format!("{name} ({})", held.join(", "))
        };
        let duties: Vec<String> = view.duties.iter().map(duty).collect();
        vec![
            Cell::Text(view.person.key.clone()),
            Cell::Text(view.person.display.clone()),
            Cell::Text(view.conflict.clone()),
            Cell::words(duties.join("; ")),
            state,
            Cell::at(since),
            Cell::maybe(exception.map(|of| of.created_by.clone())),
            Cell::maybe(exception.map(|of| of.mitigation.clone())),
            Cell::maybe(exception.map(|of| of.owner.clone())),
            Cell::at(exception.and_then(|of| of.until)),
        ]
    }
}

/// Since when the last of the duties is held, where that was recorded of the roles that grant them.
fn since(
    opened: &Opened,
    view: &ConflictView,
    (people, recorded): (&People, &Recorded),
    now: Timestamp,
) -> Option<Timestamp> {
    let somebody = people.get(view.person.id)?;
    let evaluation = &somebody.evaluation;
    let holdings = recorded.holdings(opened, &somebody.facts, evaluation);
    let held_since = |role: usize| holdings.iter().find(|of| of.role == role)?.since;
    let mut last: Option<Timestamp> = None;
    for (_, held) in &view.duties {
        let mut first: Option<Timestamp> = None;
        for access in held {
            let (system, name) = access.access.split_once(':')?;
            let system = opened.model.systems.iter().find(|of| &*of.name == system)?.id;
            let wanted = evaluation.accounts.iter().filter(|of| of.account.system == system);
            let (account, kind) = wanted
                .flat_map(|of| of.entitlements.iter().map(|one| (of.account, one)))
                .find(|(_, (_, of))| **of == *name)
                .map(|(account, (kind, _))| (account, *kind))?;
            let subject = Subject::Entitlement(account, kind, name);
            let (_, roles) = opened.evaluator.granting(evaluation, subject, &people.world, now);
            for role in roles {
                // One without a known beginning may be the oldest.
                let since = held_since(role.role)?;
                first = Some(first.map_or(since, |first| first.min(since)));
            }
        }
        last = last.max(Some(first?));
    }
    last
}
