//! Whose an account is: found by correlation, at the first sight of an account and again while it belongs to nobody.

use jiff::Timestamp;
use muster_app::{AccountNames, Error, Opened};
use muster_model::{AccountId, EntityId, Row, Text, TypeId, Value, decode_row};
use muster_store::{Account, AccountMark, AccountStatus};
use rustc_hash::FxHashSet;

use super::{BATCH, Reading, Target};
use crate::{correlate::Correlator, report::ReadReport};

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
        drop(tx);
        let marks = target.marks(names).await?;
        let owned = marks.into_iter().filter_map(|mark| mark.entity).collect();
        Ok(Self { opened, names, correlator, owned, now: *now })
    }

    /// Whose the account with these values is. Who gets one here does not get a second one.
    pub(super) fn find(&mut self, values: &[Value]) -> Whose {
        let fields = self.names.layout.match_columns.iter();
        let columns: Vec<Value> =
            fields.map(|field| values.get(*field).cloned().unwrap_or(Value::Null)).collect();
        let whose = |entity, status, confidence| Whose { entity, status, confidence };
        let found = self.correlator.find(self.opened, &columns, self.now);
        let first: Vec<_> = found.into_iter().filter(|candidate| candidate.first).collect();
        match first.as_slice() {
            // Somebody who has an account of this type already does not get a second one by correlation.
            [one] if self.owned.contains(&one.entity) => whose(None, AccountStatus::Orphan, 0),
            [one] if one.confidence >= 100 => {
                self.owned.insert(one.entity);
                whose(Some(one.entity), AccountStatus::Linked, one.confidence)
            }
            [one] => whose(Some(one.entity), AccountStatus::Undecided, one.confidence),
            [] => whose(None, AccountStatus::Orphan, 0),
            _ => whose(None, AccountStatus::Undecided, 0),
        }
    }
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
        let mut orphans = self.orphans(reading.names).await?;
        // Those that this very read found were tried a moment ago.
        orphans.retain(|orphan| orphan.created_at != reading.now);
        if orphans.is_empty() {
            return Ok(());
        }
        let mut owners = Owners::load(self, reading).await?;
        let mut links = Vec::new();
        let mut adopted: Vec<&Text> = Vec::new();
        for orphan in &orphans {
            let Whose { entity, status, confidence } = owners.find(&values(reading.names, orphan)?);
            if status != AccountStatus::Orphan {
                links.push((orphan.id, entity, status, confidence));
                adopted.push(&orphan.name);
                report.linked += u64::from(status == AccountStatus::Linked);
            }
        }
        if links.is_empty() {
            return Ok(());
        }
        let found: Vec<EntityId> = links.iter().filter_map(|(_, entity, ..)| *entity).collect();
        let mut tx = self.opened.store.begin().await?;
        tx.link_accounts(&links, reading.now).await?;
        tx.unsettle(&found).await?;
        self.journal(&mut tx, "account.link", adopted.into_iter(), reading.now).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn orphans(&self, names: &AccountNames) -> Result<Vec<Account>, Error> {
        let mut tx = self.opened.store.read().await?;
        let mut orphans = Vec::new();
        let mut after: Option<AccountId> = None;
        loop {
            let page = tx.unlinked_accounts(names.no, AccountStatus::Orphan, after, BATCH).await?;
            let Some(last) = page.last() else { return Ok(orphans) };
            after = Some(last.id);
            orphans.extend(page);
        }
    }
}

/// What was observed of an account, by field.
fn values(names: &AccountNames, account: &Account) -> Result<Vec<Value>, Error> {
    let mut row = Row::empty(EntityId(0), TypeId(0), names.layout.fields.len());
    decode_row(&account.content, &names.layout.numbers, &mut row).map_err(|error| {
        Error::bug(format!("account {} cannot be read", account.id)).caused_by(error)
    })?;
    Ok(row.values)
}
