//! Writes what a read found to differ from what was known: new accounts, changed ones, and those that are gone.

use muster_app::Error;
use muster_model::{AccountId, EntityId};
use muster_store::{Account, AccountMark, AccountOrigin, AccountStatus, Sequence};
use rustc_hash::FxHashMap;

use super::{
    Reading, Target,
    owners::{Owners, Whose},
    seen::{Changes, Seen},
    verify::doubt,
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
        report: &mut ReadReport,
    ) -> Result<(), Error> {
        let Changes { new, changed, gone } = changes;
        if !new.is_empty() {
            let mut owners = Owners::load(self, reading).await?;
            for chunk in new.chunks(CHUNK) {
                self.save_new(chunk, reading, &mut owners, report).await?;
            }
        }
        for chunk in changed.chunks(CHUNK) {
            self.save_changed(chunk, reading, report).await?;
        }
        for chunk in gone.chunks(CHUNK) {
            self.remove(chunk, reading, report).await?;
        }
        Ok(())
    }

    async fn save_new(
        &self,
        chunk: &[Seen],
        reading: &Reading<'_>,
        owners: &mut Owners<'_>,
        report: &mut ReadReport,
    ) -> Result<(), Error> {
        let mut tx = self.opened.store.begin().await?;
        let first = tx.take_ids(Sequence::Account, chunk.len()).await?;
        let mut accounts = Vec::with_capacity(chunk.len());
        for (id, seen) in (first..).zip(chunk) {
            let whose = owners.find(&seen.values);
            match whose.status {
                AccountStatus::Linked => report.linked += 1,
                AccountStatus::Orphan => report.orphans += 1,
                AccountStatus::Undecided => report.undecided += 1,
                AccountStatus::Ignored => {}
            }
            accounts.push(self.account(AccountId(id), seen, whose, reading)?);
        }
        tx.insert_accounts(&accounts).await?;
        let linked: Vec<EntityId> = accounts.iter().filter_map(|account| account.entity).collect();
        tx.unsettle(&linked).await?;
        let names = accounts.iter().map(|account| &account.name);
        self.journal(&mut tx, "account.found", names, reading.now).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn save_changed(
        &self,
        chunk: &[(&AccountMark, Seen)],
        reading: &Reading<'_>,
        report: &mut ReadReport,
    ) -> Result<(), Error> {
        let now = reading.now;
        let mut tx = self.opened.store.begin().await?;
        let ids: Vec<AccountId> = chunk.iter().map(|(mark, _)| mark.id).collect();
        let mut accounts = tx.accounts(&ids).await?;
        let seen: FxHashMap<AccountId, &Seen> =
            chunk.iter().map(|(mark, seen)| (mark.id, seen)).collect();
        for account in &mut accounts {
            let Some(seen) = seen.get(&account.id) else { continue };
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
        doubt(&mut tx, &reading.executed, &owners, report).await?;
        tx.unsettle(&owners).await?;
        self.journal(&mut tx, "account.drift", accounts.iter().map(|account| &account.name), now)
            .await?;
        tx.commit().await?;
        Ok(())
    }

    async fn remove(
        &self,
        chunk: &[&AccountMark],
        reading: &Reading<'_>,
        report: &mut ReadReport,
    ) -> Result<(), Error> {
        let mut tx = self.opened.store.begin().await?;
        let ids: Vec<AccountId> = chunk.iter().map(|mark| mark.id).collect();
        tx.delete_accounts(&ids, reading.now).await?;
        let owners: Vec<EntityId> = chunk.iter().filter_map(|mark| mark.entity).collect();
        doubt(&mut tx, &reading.executed, &owners, report).await?;
        tx.unsettle(&owners).await?;
        let names = chunk.iter().map(|mark| &mark.name_key);
        self.journal(&mut tx, "account.gone", names, reading.now).await?;
        tx.commit().await?;
        Ok(())
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
