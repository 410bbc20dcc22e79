//! What could not be used: records and rows of the last reads, and accounts that have no name.
//!
//! Records that wait with a case are tried again by every read; rows without a key and doubles are known by their place
//! only, from the last read. Accounts without a name get no operation at all, so they would be missing in silence.

use std::collections::BTreeSet;

use jiff::Timestamp;
use muster_app::{Ctx, Error, Opened, load_identities, load_world};
use muster_model::{EntityId, EntityType, Text};
use muster_policy::{MemoryWorld, Want};
use muster_store::{CaseStatus, MatchCaseId, ReadTx};

use crate::matches::names_of;

const BATCH: usize = 1000;

/// Something that could not be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProblemView {
    /// `record`, `row` or `account`.
    pub kind: &'static str,
    /// The system.
    pub system: Text,
    /// What it would be: an entity type or an account type.
    pub what: Text,
    /// The key of the record, the place of the row, the key of the identity.
    pub subject: Text,
    /// The line of the record, where the source has lines.
    pub line: Option<i64>,
    /// Why.
    pub problem: Text,
    /// Since when; `None` when nobody knows.
    pub since: Option<Timestamp>,
}

/// A part of the list, and where the next part begins.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems {
    /// The problems.
    pub items: Vec<ProblemView>,
    /// Pass it as `after` to get the next part; `None` at the end.
    pub next: Option<Text>,
}

/// Where a part of the list begins.
#[derive(Debug, Clone, Copy)]
enum Place {
    Record(Option<i64>),
    Row(usize),
    Account(usize, Option<EntityId>),
}

/// Lists what could not be used, records first.
pub async fn list_problems(
    ctx: &Ctx,
    opened: &Opened,
    after: Option<&str>,
    limit: usize,
) -> Result<Problems, Error> {
    let mut list = List { opened, limit, items: Vec::new(), next: None };
    let mut tx = opened.store.read().await?;
    let place = after.map_or(Ok(Place::Record(None)), read_place)?;
    if let Place::Record(after) = place {
        list.records(&mut tx, after).await?;
    }
    if list.next.is_none() && !matches!(place, Place::Account(..)) {
        let from = if let Place::Row(from) = place { from } else { 0 };
        list.rows(&mut tx, from).await?;
    }
    if list.next.is_none() {
        let from = if let Place::Account(of, after) = place { (of, after) } else { (0, None) };
        list.accounts(ctx, &mut tx, from).await?;
    }
    Ok(Problems { items: list.items, next: list.next })
}

fn read_place(text: &str) -> Result<Place, Error> {
    let parts: Vec<&str> = text.split(':').collect();
    let number = |text: &str| text.parse::<i64>().ok();
    let place = match parts.as_slice() {
        ["record", id] => number(id).map(|id| Place::Record(Some(id))),
        ["row", n] => n.parse().ok().map(Place::Row),
        ["account", of, id] => {
            of.parse().ok().zip(number(id)).map(|(of, id)| Place::Account(of, Some(EntityId(id))))
        }
        _ => None,
    };
    place.ok_or_else(|| {
        Error::invalid(format!("`{text}` is no place in this list"))
            .hint("pass on what the page before named")
    })
}

struct List<'a> {
    opened: &'a Opened,
    limit: usize,
    items: Vec<ProblemView>,
    next: Option<Text>,
}

impl List<'_> {
    /// True when the page is full; then it goes on after `place`.
    fn is_full(&mut self, place: impl FnOnce() -> String) -> bool {
        if self.items.len() >= self.limit && self.next.is_none() {
            self.next = Some(place().into());
        }
        self.next.is_some()
    }

    async fn records(&mut self, tx: &mut ReadTx, after: Option<i64>) -> Result<(), Error> {
        let mut last = after;
        loop {
            let after = last.map(MatchCaseId);
            let cases = tx.match_cases(CaseStatus::Refused, after, BATCH).await?;
            if cases.is_empty() {
                return Ok(());
            }
            for case in cases {
                if self.is_full(|| format!("record:{}", last.unwrap_or_default())) {
                    return Ok(());
                }
                last = Some(case.id.0);
                let (system, what) = names_of(self.opened, case.subject, case.scope_no);
                self.items.push(ProblemView {
                    kind: "record",
                    system,
                    what,
                    subject: case.key,
                    line: Some(case.line).filter(|line| *line > 0),
                    problem: case.problem,
                    since: Some(case.made_at),
                });
            }
        }
    }

    /// Problems of the last reads that have no case: rows without a key, doubles, what cannot be read at all.
    async fn rows(&mut self, tx: &mut ReadTx, from: usize) -> Result<(), Error> {
        let cases = problems_of_cases(tx).await?;
        let mut position = 0;
        for (system, names) in self.opened.model.systems.iter().zip(&self.opened.names.systems) {
            for run in tx.latest_read_runs(names.no).await? {
                for problem in tx.read_problems(run.id).await? {
                    if cases.contains(&problem.problem) {
                        continue;
                    }
                    position += 1;
                    if position <= from {
                        continue;
                    }
                    if self.is_full(|| format!("row:{}", position - 1)) {
                        return Ok(());
                    }
                    self.items.push(ProblemView {
                        kind: "row",
                        system: system.name.clone(),
                        what: run.what.clone(),
                        subject: problem.place,
                        line: None,
                        problem: problem.problem,
                        since: run.ended_at,
                    });
                }
            }
        }
        Ok(())
    }

    async fn accounts(
        &mut self,
        ctx: &Ctx,
        tx: &mut ReadTx,
        (first, after): (usize, Option<EntityId>),
    ) -> Result<(), Error> {
        let world = load_world(tx, self.opened, ctx.now(), None).await?;
        let types = self.opened.model.schema.types.iter().enumerate();
        for (position, of) in types.skip(first).filter(|(_, of)| of.identity) {
            let after = after.filter(|_| position == first);
            if !self.accounts_of(ctx, tx, &world, (position, of), after).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Answers whether there is room for more.
    async fn accounts_of(
        &mut self,
        ctx: &Ctx,
        tx: &mut ReadTx,
        world: &MemoryWorld,
        (position, of): (usize, &EntityType),
        mut after: Option<EntityId>,
    ) -> Result<bool, Error> {
        let Some(names) = self.opened.names.type_names(of.id) else { return Ok(true) };
        loop {
            let page = tx.scan_entities(names.no, after, BATCH).await?;
            let ids: Vec<EntityId> = page.iter().map(|entity| entity.id).collect();
            if ids.is_empty() {
                return Ok(true);
            }
            for facts in load_identities(tx, self.opened, of.id, &ids, ctx.now()).await? {
                let last = after.map_or(0, |id| id.0);
                if self.is_full(|| format!("account:{position}:{last}")) {
                    return Ok(false);
                }
                after = Some(facts.row.id);
                let evaluation =
                    self.opened.evaluator.evaluate(&facts.identity(), world, ctx.now());
                let nameless = evaluation
                    .accounts
                    .iter()
                    .filter(|account| account.want == Want::Present && account.name.is_none());
                for desired in nameless {
                    let system = self.opened.model.systems.get(desired.account.system.index());
                    let account = system.and_then(|s| s.accounts.get(desired.account.account));
                    let (Some(system), Some(account)) = (system, account) else { continue };
                    let rule = &account.account_name;
                    let source = rule.program.source();
                    self.items.push(ProblemView {
                        kind: "account",
                        system: system.name.clone(),
                        what: account.name.clone(),
                        subject: facts.key.clone(),
                        line: None,
                        problem: format!("its name `{source}` gives no value ({})", rule.at).into(),
                        since: None,
                    });
                }
            }
        }
    }
}

/// What is wrong with records that have a case, in words.
async fn problems_of_cases(tx: &mut ReadTx) -> Result<BTreeSet<Text>, Error> {
    let mut problems = BTreeSet::new();
    for status in [CaseStatus::Refused, CaseStatus::Undecided] {
        let mut after = None;
        loop {
            let cases = tx.match_cases(status, after, BATCH).await?;
            let Some(last) = cases.last() else { break };
            after = Some(last.id);
            problems.extend(cases.into_iter().map(|case| case.problem));
        }
    }
    Ok(problems)
}
