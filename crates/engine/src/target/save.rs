//! Writes what a read found to differ from what was known: new accounts, changed ones, and those that are gone.

use muster_app::{EntitlementIndex, Error};
use muster_model::{AccountId, EntityId, Text, Value};
use muster_store::{Account, AccountMark, AccountOrigin, AccountStatus, Matched, Sequence};
use rustc_hash::FxHashMap;

use super::{
    Reading, Target,
    drift::unexplained,
    judge::Judgement,
    owners::{Owners, Whose, account_key, case_of, save_cases},
    seen::{Changes, Seen},
    verify::Judged,
};
use crate::report::ReadReport;

/// Accounts in one transaction.
const CHUNK: usize = 2000;

impl<'a> Target<'a> {
    /// Writes what differs from what was known, correlating accounts that are new.
    pub(super) async fn save(
        &self,
        changes: Changes<'_>,
        reading: &Reading<'a>,
        index: &EntitlementIndex,
        judgement: &mut Judgement,
        report: &mut ReadReport,
    ) -> Result<Judged, Error> {
        let Changes { new, changed, gone } = changes;
        let mut judged = Judged::new();
        // What is gone first: an account that has moved to another name or type is then missed nowhere.
        for chunk in gone.chunks(CHUNK) {
            judged.extend(self.remove(chunk, reading, index, judgement, report).await?);
        }
        if !new.is_empty() {
            let mut owners = Owners::load(self, reading).await?;
            let subjects: Vec<(Text, &[Value])> = new
                .iter()
                .map(|seen| (account_key(&seen.native_id, &seen.name_key), seen.values.as_slice()))
                .collect();
            // All at once: two that fit one identity equally well are told by nothing else.
            let found = owners.find(&subjects);
            drop(subjects);
            for (chunk, found) in new.chunks(CHUNK).zip(found.chunks(CHUNK)) {
                let saved = self.save_new(chunk, found, reading, judgement, report);
                judged.extend(saved.await?);
            }
        }
        for chunk in changed.chunks(CHUNK) {
            judged.extend(self.save_changed(chunk, reading, index, judgement, report).await?);
        }
        Ok(judged)
    }

    async fn save_new(
        &self,
        chunk: &[Seen],
        found: &[(Whose, Text)],
        reading: &Reading<'_>,
        judgement: &mut Judgement,
        report: &mut ReadReport,
    ) -> Result<Judged, Error> {
        let mut tx = self.opened.store.begin().await?;
        let first = tx.take_ids(Sequence::Account, chunk.len()).await?;
        let mut accounts = Vec::with_capacity(chunk.len());
        let mut cases = Vec::new();
        for ((id, seen), (whose, candidates)) in (first..).zip(chunk).zip(found) {
            let whose = *whose;
            match whose.status {
                AccountStatus::Linked => report.linked += 1,
                AccountStatus::Orphan => report.orphans += 1,
                AccountStatus::Undecided => report.undecided += 1,
                AccountStatus::Ignored => {}
            }
            let account = self.account(AccountId(id), seen, whose, reading)?;
            if whose.status == AccountStatus::Undecided {
                cases.push(case_of(&account, candidates.clone()));
            }
            accounts.push(account);
        }
        tx.insert_accounts(&accounts).await?;
        save_cases(&mut tx, cases).await?;
        let linked: Vec<EntityId> = accounts.iter().filter_map(|account| account.entity).collect();
        tx.unsettle(&linked).await?;
        let names = accounts.iter().map(|account| &account.name);
        for account in &accounts {
            judgement.judge_new(self, account);
        }
        self.save_appeared(&mut tx, reading, &accounts, judgement, report).await?;
        let judged = self.settle(&mut tx, reading, judgement, report).await?;
        self.journal(&mut tx, "account.found", names, reading.now).await?;
        tx.commit().await?;
        Ok(judged)
    }

    async fn save_changed(
        &self,
        chunk: &[(&AccountMark, Seen)],
        reading: &Reading<'_>,
        index: &EntitlementIndex,
        judgement: &mut Judgement,
        report: &mut ReadReport,
    ) -> Result<Judged, Error> {
        let now = reading.now;
        let mut tx = self.opened.store.begin().await?;
        let ids: Vec<AccountId> = chunk.iter().map(|(mark, _)| mark.id).collect();
        let mut accounts = tx.accounts(&ids).await?;
        let seen: FxHashMap<AccountId, &(&AccountMark, Seen)> =
            chunk.iter().map(|of| (of.0.id, of)).collect();
        let mut found = Vec::new();
        for account in &mut accounts {
            let Some((mark, seen)) = seen.get(&account.id).copied() else { continue };
            // What we changed ourselves while the read went on is for the next one to judge.
            if mark.fingerprint == account.fingerprint {
                judgement.judge(self, reading.names, index, account, Some(seen));
                if account.status == AccountStatus::Linked {
                    let differences = self.differences(reading, index, account, seen)?;
                    let drift = unexplained(account, differences, judgement);
                    found.extend((!drift.is_empty()).then(|| (account.clone(), drift)));
                }
            }
            account.native_id = seen.native_id.clone();
            account.name = seen.name.clone();
            account.name_key = seen.name_key.clone();
            account.switch(seen.enabled, now);
            account.content = seen.content.clone();
            account.grants = seen.grants.clone();
            account.fingerprint = seen.fingerprint;
            account.changed_at = now;
        }
        tx.update_accounts(&accounts).await?;
        let owners: Vec<EntityId> = accounts.iter().filter_map(|account| account.entity).collect();
        tx.unsettle(&owners).await?;
        let found = found.iter().map(|(account, drift)| (account, drift.as_slice())).collect();
        self.save_drift(&mut tx, reading, found, report).await?;
        let judged = self.settle(&mut tx, reading, judgement, report).await?;
        let names = accounts.iter().map(|account| &account.name);
        self.journal(&mut tx, "account.changed", names, now).await?;
        tx.commit().await?;
        Ok(judged)
    }

    async fn remove(
        &self,
        chunk: &[&AccountMark],
        reading: &Reading<'_>,
        index: &EntitlementIndex,
        judgement: &mut Judgement,
        report: &mut ReadReport,
    ) -> Result<Judged, Error> {
        let mut tx = self.opened.store.begin().await?;
        let ids: Vec<AccountId> = chunk.iter().map(|mark| mark.id).collect();
        let accounts = tx.accounts(&ids).await?;
        for account in &accounts {
            judgement.judge(self, reading.names, index, account, None);
        }
        tx.delete_accounts(&ids, reading.now).await?;
        tx.forget_orphan_decisions(&ids).await?;
        let keys: Vec<Text> =
            chunk.iter().map(|mark| account_key(&mark.native_id, &mark.name_key)).collect();
        tx.delete_match_cases(Matched::Account, reading.names.no, &keys).await?;
        let owners: Vec<EntityId> = chunk.iter().filter_map(|mark| mark.entity).collect();
        tx.unsettle(&owners).await?;
        self.save_gone(&mut tx, reading, &accounts, judgement, report).await?;
        let judged = self.settle(&mut tx, reading, judgement, report).await?;
        let names = chunk.iter().map(|mark| &mark.name_key);
        self.journal(&mut tx, "account.gone", names, reading.now).await?;
        tx.commit().await?;
        Ok(judged)
    }

    fn account(
        &self,
        id: AccountId,
        seen: &Seen,
        whose: Whose,
        reading: &Reading<'_>,
    ) -> Result<Account, Error> {
        let system = self.opened.names.systems.get(self.system.id.index());
        let system = system.ok_or_else(|| Error::bug("a system has no number"))?;
        let mut account = Account {
            id,
            system_no: system.no,
            type_no: reading.names.no,
            native_id: seen.native_id.clone(),
            name: seen.name.clone(),
            name_key: seen.name_key.clone(),
            entity: whose.entity,
            status: whose.status,
            confidence: whose.confidence,
            enabled: None,
            disabled_since: None,
            content: seen.content.clone(),
            grants: seen.grants.clone(),
            fingerprint: seen.fingerprint,
            created_at: reading.now,
            changed_at: reading.now,
            origin: AccountOrigin::Found,
        };
        account.switch(seen.enabled, reading.now);
        Ok(account)
    }
}
