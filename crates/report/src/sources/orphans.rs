//! Accounts that belong to nobody, or of which nobody knows whose they are.

use std::collections::BTreeMap;

use muster_app::{Ctx, Error, Opened};
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

#[derive(Debug)]
pub(crate) struct Orphans {
    /// The account types that are asked for: number, system, account type.
    types: Vec<(Number, Text, Text)>,
    decisions: BTreeMap<AccountId, OrphanDecision>,
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
    let totals = vec![
        total("orphans", AccountStatus::Orphan),
        total("undecided", AccountStatus::Undecided),
        total("authorised", AccountStatus::Ignored),
    ];
    let chart = Chart::new("accounts", Some("usable"), by_system.into_values().collect());
    let source = Orphans { types, decisions };
    Ok(Opening { look: Look { ctx, opened, tx }, source, totals, chart })
}

impl Orphans {
    /// In order of the accounts' ids.
    pub(crate) async fn rows(
        &mut self,
        look: &mut Look,
        after: i64,
        limit: usize,
    ) -> Result<Part, Error> {
        let (after, wanted) = (Some(AccountId(after)), limit + 1);
        let mut found: Vec<Account> = Vec::new();
        for (type_no, ..) in &self.types {
            for status in STATUS {
                found.extend(look.tx.unlinked_accounts(*type_no, status, after, wanted).await?);
            }
        }
        found.sort_by_key(|account| account.id);
        let is_more = found.len() > limit;
        found.truncate(limit);
        let next = found.last().filter(|_| is_more).map(|last| last.id.0);
        let ids: Vec<AccountId> = found.iter().map(|account| account.id).collect();
        let uses: BTreeMap<_, _> = look.tx.account_uses_of(&ids).await?.into_iter().collect();
        let now = look.ctx.now();
        let row = |account: &Account| -> Row {
            let place = self.types.iter().find(|(no, ..)| *no == account.type_no);
            let decided = self.decisions.get(&account.id);
            let age = now.duration_since(account.created_at).as_hours() / 24;
            let status = match account.status {
                AccountStatus::Ignored => "authorised",
                AccountStatus::Linked | AccountStatus::Orphan | AccountStatus::Undecided => {
                    account.status.word()
                }
            };
            vec![
                Cell::maybe(place.map(|(_, system, _)| system.clone())),
                Cell::maybe(place.map(|(.., of)| of.clone())),
                Cell::words(account.name.clone()),
                Cell::words(status),
                account.enabled.map_or(Cell::Nothing, Cell::Flag),
                Cell::Instant(account.created_at),
                Cell::Number(age.max(0)),
                Cell::at(uses.get(&account.id).copied()),
                Cell::maybe(decided.map(|of| of.verb.word())),
                Cell::maybe(decided.map(|of| of.decided_by.clone())),
                Cell::at(decided.and_then(|of| of.until)),
                Cell::maybe(decided.map(|of| of.remark.clone())),
            ]
        };
        Ok(Part { rows: found.iter().map(row).collect(), next })
    }
}
