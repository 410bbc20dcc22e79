//! Accounts that belong to nobody, or of which nobody knows whose they are; then those for which nobody answers any more.

use std::collections::BTreeMap;

use muster_app::{Ctx, Error, Opened, list_ownerless};
use muster_model::{AccountId, Text};
use muster_store::{Account, AccountStatus, Number, OrphanDecision};

use crate::{
    Bar, Cell, Chart, Part, Question, Row, Total,
    reader::{Look, Opening},
};

const BATCH: usize = 1000;
/// Those that belong to nobody, by what was decided about them.
const STATUS: [AccountStatus; 3] =
    [AccountStatus::Orphan, AccountStatus::Undecided, AccountStatus::Ignored];

/// Where the accounts begin for which nobody answers: after the number of any account.
const OWNERLESS: i64 = 1 << 62;

#[derive(Debug)]
pub(crate) struct Orphans {
    /// The account types that are asked for: number, system, account type.
    types: Vec<(Number, Text, Text)>,
    decisions: BTreeMap<AccountId, OrphanDecision>,
    /// Accounts for which nobody answers, each with the reason.
    ownerless: Vec<(Account, String)>,
}

pub(crate) async fn open(
    ctx: Ctx,
    opened: Opened,
    question: &Question,
) -> Result<Opening<Orphans>, Error> {
    if let Some(system) = &question.system {
        opened.system_named(system)?;
    }
    let mut types = Vec::new();
    for (system, names) in opened.model.systems.iter().zip(&opened.names.systems) {
        if question.system.as_ref().is_some_and(|wanted| **wanted != *system.name) {
            continue;
        }
        let of = system.accounts.iter().zip(&names.accounts);
        types.extend(of.map(|(of, names)| (names.no, system.name.clone(), of.name.clone())));
    }
    let mut tx = opened.store.read().await?;
    let mut decisions = BTreeMap::new();
    let mut after = None;
    loop {
        let page = tx.orphan_decisions(after, BATCH).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.account);
        decisions.extend(page.into_iter().map(|decision| (decision.account, decision)));
    }
    let (mut of, mut by_system) = (BTreeMap::new(), BTreeMap::new());
    for count in tx.count_unlinked_accounts().await? {
        let Some((_, system, _)) = types.iter().find(|(no, ..)| *no == count.type_no) else {
            continue;
        };
        *of.entry(count.status.word()).or_insert(0) += count.n;
        let bar: &mut Bar = by_system.entry(system.clone()).or_insert_with(|| Bar {
            name: system.clone(),
            value: 0,
            part: 0,
        });
        let n = count.n;
        bar.value += n;
        bar.part += if count.enabled == Some(false) { 0 } else { n };
    }
    let total = |name: &'static str, status: AccountStatus| {
        let value = of.get(status.word()).copied().unwrap_or(0);
        Total { name, value: i64::try_from(value).unwrap_or(i64::MAX) }
    };
    let ownerless = ownerless(&ctx, &opened, &types).await?;
    let n_ownerless = i64::try_from(ownerless.len()).unwrap_or(i64::MAX);
    let totals = vec![
        total("orphans", AccountStatus::Orphan),
        total("undecided", AccountStatus::Undecided),
        total("authorised", AccountStatus::Ignored),
        Total { name: "ownerless", value: n_ownerless },
    ];
    let chart = Chart::new("accounts", Some("usable"), by_system.into_values().collect());
    let source = Orphans { types, decisions, ownerless };
    Ok(Opening { look: Look { ctx, opened, tx }, source, totals, chart })
}

/// The accounts of these types whose identity has no owner who answers for it.
async fn ownerless(
    ctx: &Ctx,
    opened: &Opened,
    types: &[(Number, Text, Text)],
) -> Result<Vec<(Account, String)>, Error> {
    let found = list_ownerless(ctx, opened, None, usize::MAX).await?.items;
    let why: BTreeMap<_, _> =
        found.iter().map(|one| (one.id, format!("{}: {}", one.subject, one.why))).collect();
    let ids: Vec<_> = why.keys().copied().collect();
    let mut tx = opened.store.read().await?;
    let mut all = Vec::new();
    for ids in ids.chunks(BATCH) {
        let accounts = tx.accounts_of_many(ids).await?.into_iter();
        all.extend(accounts.filter_map(|account| {
            let is_meant = account.status == AccountStatus::Linked
                && types.iter().any(|(no, ..)| *no == account.type_no);
            let why = why.get(&account.entity?)?.clone();
            is_meant.then_some((account, why))
        }));
    }
    Ok(all)
}

impl Orphans {
    /// In order of the accounts' ids, those without an identity first.
    pub(crate) async fn rows(
        &mut self,
        look: &mut Look,
        after: i64,
        limit: usize,
    ) -> Result<Part, Error> {
        if after >= OWNERLESS {
            return self.ownerless(look, after, limit).await;
        }
        let (from, wanted) = (Some(AccountId(after)), limit + 1);
        let mut found: Vec<Account> = Vec::new();
        for (type_no, ..) in &self.types {
            for status in STATUS {
                found.extend(look.tx.unlinked_accounts(*type_no, status, from, wanted).await?);
            }
        }
        found.sort_by_key(|account| account.id);
        let is_more = found.len() > limit;
        found.truncate(limit);
        if found.is_empty() {
            return self.ownerless(look, OWNERLESS, limit).await;
        }
        let last = found.last().filter(|_| is_more).map(|last| last.id.0);
        let next = last.or((!self.ownerless.is_empty()).then_some(OWNERLESS));
        let said: Vec<_> = found.iter().map(|account| (account, None)).collect();
        Ok(Part { rows: self.shown(look, &said).await?, next })
    }

    async fn ownerless(&self, look: &mut Look, after: i64, limit: usize) -> Result<Part, Error> {
        let begin = usize::try_from(after - OWNERLESS).unwrap_or(0);
        let end = begin.saturating_add(limit);
        let some = self.ownerless.iter().skip(begin).take(limit);
        let said: Vec<_> = some.map(|(account, why)| (account, Some(why.as_str()))).collect();
        let is_more = self.ownerless.len() > end;
        let next = is_more.then(|| OWNERLESS + i64::try_from(end).unwrap_or(0));
        Ok(Part { rows: self.shown(look, &said).await?, next })
    }

    /// The rows of accounts, those for which nobody answers with the reason.
    async fn shown(
        &self,
        look: &mut Look,
        accounts: &[(&Account, Option<&str>)],
    ) -> Result<Vec<Row>, Error> {
        let ids: Vec<AccountId> = accounts.iter().map(|(account, _)| account.id).collect();
        let uses: BTreeMap<_, _> = look.tx.account_uses_of(&ids).await?.into_iter().collect();
        let now = look.ctx.now();
        let row = |(account, why): &(&Account, Option<&str>)| -> Row {
            let place = self.types.iter().find(|(no, ..)| *no == account.type_no);
            let decided = self.decisions.get(&account.id);
            let age = now.duration_since(account.created_at).as_hours() / 24;
            let status = match account.status {
                AccountStatus::Ignored => "authorised",
                AccountStatus::Linked => "ownerless",
                AccountStatus::Orphan | AccountStatus::Undecided => account.status.word(),
            };
            let remark = decided.map(|of| of.remark.clone());
            vec![
                Cell::maybe(place.map(|(_, system, _)| system.clone())),
                Cell::maybe(place.map(|(.., of)| of.clone())),
                Cell::words(account.name.clone()),
                Cell::word(status),
                account.enabled.map_or(Cell::Nothing, Cell::Flag),
                Cell::Instant(account.created_at),
                Cell::Number(age.max(0)),
                Cell::at(uses.get(&account.id).copied()),
                decided.map_or(Cell::Nothing, |of| Cell::word(of.verb.word())),
                Cell::maybe(decided.map(|of| of.decided_by.clone())),
                Cell::at(decided.and_then(|of| of.until)),
                Cell::maybe(why.map(Text::from).or(remark)),
            ]
        };
        Ok(accounts.iter().map(row).collect())
    }
}
