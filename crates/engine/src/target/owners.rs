//! Whose an account is: found by correlation, at the first sight of an account and again while it belongs to nobody.

use jiff::Timestamp;
use muster_app::{AccountNames, Error, Opened};
use muster_model::{AccountId, EntityId, Row, Text, TypeId, Value, decode_row};
use muster_policy::{Pair, Standing, Suggest, settle};
use muster_store::{
    Account, AccountMark, AccountStatus, CaseStatus, MatchCase, MatchCaseId, Matched, Sequence, Tx,
};
use rustc_hash::FxHashSet;

use super::{BATCH, Reading, Target};
use crate::{
    correlate::{Candidate, Correlator},
    decisions::{Decided, Decisions},
    matches::{Shown, candidates_json},
    report::ReadReport,
};

/// Whose an account is, and how sure that is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Whose {
    pub(super) entity: Option<EntityId>,
    pub(super) status: AccountStatus,
    pub(super) confidence: u8,
}

/// Finds the owners of accounts of one type.
pub(super) struct Owners<'a> {
    opened: &'a Opened,
    names: &'a AccountNames,
    correlator: Correlator<'a>,
    /// The identities that have an account of this type already.
    owned: FxHashSet<EntityId>,
    decisions: Decisions,
    several: bool,
    suggest: Suggest,
    now: Timestamp,
}

impl<'a> Owners<'a> {
    /// Indexes the identities, and notes which of them have an account already.
    pub(super) async fn load(target: &Target<'a>, reading: &Reading<'a>) -> Result<Self, Error> {
        let Reading { account_type, names, now, .. } = reading;
        let opened = target.opened;
        let mut tx = opened.store.read().await?;
        let (of, rules) = (account_type.identity, &account_type.matches);
        let correlator = Correlator::build(&mut tx, opened, of, rules, *now).await?;
        let decisions = Decisions::load(&mut tx, Matched::Account, names.no).await?;
        drop(tx);
        // Who probably has an account does not have one yet.
        let undecided = target.unlinked(names, AccountStatus::Undecided).await?;
        let undecided: FxHashSet<AccountId> = undecided.iter().map(|one| one.id).collect();
        let marks = target.marks(names).await?.into_iter();
        let owned = marks
            .filter(|mark| !undecided.contains(&mark.id))
            .filter_map(|mark| mark.entity)
            .collect();
        let (several, suggest) = (account_type.several, account_type.suggest);
        Ok(Self { opened, names, correlator, owned, decisions, several, suggest, now: *now })
    }

    /// Whose these accounts are, in their order. Decisions of people come first, then the table of correlation.
    pub(super) fn find(&mut self, accounts: &[(Text, &[Value])]) -> Vec<(Whose, Text)> {
        let mut found: Vec<(Whose, Vec<Candidate>)> = Vec::with_capacity(accounts.len());
        let mut pairs = Vec::new();
        for (subject, (key, values)) in accounts.iter().enumerate() {
            let whose = self.decided(key);
            let mut candidates = if whose.status == AccountStatus::Orphan {
                self.correlator.find(self.opened, &match_columns(self.names, values), self.now)
            } else {
                Vec::new()
            };
            candidates.retain(|candidate| !self.decisions.rules_out(key, candidate.entity));
            pairs.extend(candidates.iter().map(|candidate| Pair {
                subject,
                entity: candidate.entity,
                confidence: candidate.confidence,
                first: candidate.first,
            }));
            found.push((whose, candidates));
        }
        let owned = &self.owned;
        let standings = settle(self.several, self.suggest, &pairs, |id| owned.contains(&id));
        let mut suggested: Vec<Vec<Candidate>> = vec![Vec::new(); found.len()];
        for (pair, standing) in pairs.iter().zip(standings) {
            let Some((whose, candidates)) = found.get_mut(pair.subject) else { continue };
            match standing {
                Standing::Correlated => {
                    *whose = Whose {
                        entity: Some(pair.entity),
                        status: AccountStatus::Linked,
                        confidence: pair.confidence,
                    };
                }
                Standing::Suggested => {
                    let of = candidates.iter().filter(|candidate| candidate.entity == pair.entity);
                    if let Some(all) = suggested.get_mut(pair.subject) {
                        all.extend(of.copied());
                    }
                }
                Standing::Ignored => {}
            }
        }
        for ((whose, candidates), suggested) in found.iter_mut().zip(suggested) {
            candidates.clear();
            if whose.status == AccountStatus::Orphan && !suggested.is_empty() {
                whose.status = AccountStatus::Undecided;
                if let [one] = suggested.as_slice() {
                    (whose.entity, whose.confidence) = (Some(one.entity), one.confidence);
                }
                *candidates = suggested;
            }
            if let (Some(entity), AccountStatus::Linked) = (whose.entity, whose.status) {
                self.owned.insert(entity);
            }
        }
        let with_values = found.into_iter().zip(accounts);
        with_values
            .map(|((whose, candidates), (_, values))| (whose, self.shown(&candidates, values)))
            .collect()
    }

    /// Whose an account is by a decision of a person.
    fn decided(&mut self, key: &Text) -> Whose {
        match self.decisions.about(key) {
            Some(Decided::Link(id)) => {
                self.owned.insert(id);
                Whose { entity: Some(id), status: AccountStatus::Linked, confidence: 100 }
            }
            Some(Decided::Nobody) => {
                Whose { entity: None, status: AccountStatus::Ignored, confidence: 0 }
            }
            Some(Decided::New) | None => NOBODY,
        }
    }

    /// The first candidates and why, as JSON.
    fn shown(&self, candidates: &[Candidate], values: &[Value]) -> Text {
        let columns = match_columns(self.names, values);
        candidates_json(candidates.iter().map(|candidate| Shown {
            entity: candidate.entity,
            confidence: candidate.confidence,
            why: self.correlator.why(self.opened, candidate.rule, &columns, self.now),
        }))
    }
}

const NOBODY: Whose = Whose { entity: None, status: AccountStatus::Orphan, confidence: 0 };

/// What decisions and cases about an account go by: its id on the system, or its name where it has none.
pub(crate) fn account_key(native_id: &Text, name_key: &Text) -> Text {
    if native_id.is_empty() { name_key.clone() } else { native_id.clone() }
}

/// The case of an account that waits for a person.
pub(super) fn case_of(account: &Account, candidates: Text) -> MatchCase {
    MatchCase {
        id: MatchCaseId(0),
        subject: Matched::Account,
        scope_no: account.type_no,
        key: account_key(&account.native_id, &account.name_key),
        native_id: account.name.clone(),
        status: CaseStatus::Undecided,
        problem: format!("account `{}` fits somebody; a person decides", account.name).into(),
        candidates,
        line: 0,
        fingerprint: account.fingerprint,
        content: Vec::new(),
        made_at: account.created_at,
    }
}

/// Writes the cases of accounts.
pub(super) async fn save_cases(tx: &mut Tx, mut cases: Vec<MatchCase>) -> Result<(), Error> {
    if cases.is_empty() {
        return Ok(());
    }
    let first = tx.take_ids(Sequence::MatchCase, cases.len()).await?;
    for (id, case) in (first..).zip(&mut cases) {
        case.id = MatchCaseId(id);
    }
    tx.save_match_cases(&cases).await?;
    Ok(())
}

impl<'a> Target<'a> {
    /// The marks of all accounts of a type.
    pub(super) async fn marks(&self, names: &AccountNames) -> Result<Vec<AccountMark>, Error> {
        let mut tx = self.opened.store.read().await?;
        let mut marks = Vec::new();
        let mut after = None;
        loop {
            let page = tx.scan_account_marks(names.no, after, BATCH).await?;
            let Some(last) = page.last() else { return Ok(marks) };
            after = Some(last.id);
            marks.extend(page);
        }
    }

    /// Accounts that belonged to nobody may belong to somebody who has arrived since.
    pub(super) async fn adopt_orphans(
        &self,
        reading: &Reading<'a>,
        report: &mut ReadReport,
    ) -> Result<(), Error> {
        let mut waiting = self.unlinked(reading.names, AccountStatus::Orphan).await?;
        waiting.extend(self.unlinked(reading.names, AccountStatus::Undecided).await?);
        // Those that this very read found were tried a moment ago.
        waiting.retain(|account| account.created_at != reading.now);
        if waiting.is_empty() {
            return Ok(());
        }
        let mut owners = Owners::load(self, reading).await?;
        let observed = waiting
            .iter()
            .map(|one| observed_values(reading.names, one))
            .collect::<Result<Vec<_>, _>>()?;
        let subjects: Vec<(Text, &[Value])> = waiting
            .iter()
            .zip(&observed)
            .map(|(one, values)| (account_key(&one.native_id, &one.name_key), values.as_slice()))
            .collect();
        let (mut links, mut cases, mut settled) = (Vec::new(), Vec::new(), Vec::new());
        let mut adopted: Vec<&Text> = Vec::new();
        let found = owners.find(&subjects);
        for ((account, (key, _)), (whose, candidates)) in waiting.iter().zip(&subjects).zip(found) {
            let Whose { entity, status, confidence } = whose;
            if (account.entity, account.status, account.confidence) == (entity, status, confidence)
            {
                continue;
            }
            links.push((account.id, entity, status, confidence));
            adopted.push(&account.name);
            report.linked += u64::from(status == AccountStatus::Linked);
            if status == AccountStatus::Undecided {
                cases.push(case_of(account, candidates));
            } else {
                settled.push(key.clone());
            }
        }
        if links.is_empty() {
            return Ok(());
        }
        let found: Vec<EntityId> = links.iter().filter_map(|(_, entity, ..)| *entity).collect();
        let mut tx = self.opened.store.begin().await?;
        tx.link_accounts(&links, reading.now).await?;
        tx.delete_match_cases(Matched::Account, reading.names.no, &settled).await?;
        save_cases(&mut tx, cases).await?;
        tx.unsettle(&found).await?;
        self.journal(&mut tx, "account.link", adopted.into_iter(), reading.now).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn unlinked(
        &self,
        names: &AccountNames,
        status: AccountStatus,
    ) -> Result<Vec<Account>, Error> {
        let mut tx = self.opened.store.read().await?;
        let mut found = Vec::new();
        let mut after: Option<AccountId> = None;
        loop {
            let page = tx.unlinked_accounts(names.no, status, after, BATCH).await?;
            let Some(last) = page.last() else { return Ok(found) };
            after = Some(last.id);
            found.extend(page);
        }
    }
}

/// What the rules of correlation read of what was observed, by field.
pub(crate) fn match_columns(names: &AccountNames, values: &[Value]) -> Vec<Value> {
    let fields = names.layout.match_columns.iter();
    fields.map(|field| values.get(*field).cloned().unwrap_or(Value::Null)).collect()
}

/// What was observed of an account, by field.
pub(crate) fn observed_values(
    names: &AccountNames,
    account: &Account,
) -> Result<Vec<Value>, Error> {
    let mut row = Row::empty(EntityId(0), TypeId(0), names.layout.fields.len());
    decode_row(&account.content, &names.layout.numbers, &mut row).map_err(|error| {
        Error::bug(format!("account {} cannot be read", account.id)).caused_by(error)
    })?;
    Ok(row.values)
}
