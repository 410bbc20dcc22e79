//! Reads what a target really holds: entitlements first, then accounts with what they hold.
//!
//! What did not change costs nothing further. What changed on its own is drift; the identity is looked at again.
//! This file goes through the system; what it finds is kept by its parts: `groups`, `seen`, `save`, `owners`, `verify`.

use jiff::Timestamp;
use muster_app::{AccountNames, Ctx, EntitlementIndex, Error, Opened};
use muster_connector::Connector;
use muster_model::{EntityId, Text};
use muster_policy::{AccountType, Held, System};
use muster_store::{Entry, Operation, Tx};
use rustc_hash::FxHashSet;
use serde_json::json;

use crate::{progress::Progress, report::ReadReport};

mod collect;
mod groups;
mod owners;
mod save;
mod seen;
mod verify;

use groups::{Kind, Members, member_field};
use seen::Changes;

pub(crate) use groups::new_entitlements;
pub(crate) use seen::account_fingerprint;

/// Objects and rows that are read at once.
const BATCH: usize = 4096;

/// The system that is read.
pub(crate) struct Target<'a> {
    pub(crate) ctx: &'a Ctx,
    pub(crate) opened: &'a Opened,
    pub(crate) system: &'a System,
    pub(crate) connector: &'a dyn Connector,
    pub(crate) progress: &'a dyn Progress,
}

/// One read of one account type.
struct Reading<'a> {
    account_type: &'a AccountType,
    names: &'a AccountNames,
    /// What the system had said it did before the read began.
    executed: Vec<Operation>,
    /// When what was read is written down.
    now: Timestamp,
}

impl<'a> Target<'a> {
    /// Reads every entitlement kind and account type of the system.
    pub(crate) async fn read(&self) -> Result<Vec<ReadReport>, Error> {
        let mut index =
            EntitlementIndex::load(&mut self.opened.store.read().await?, self.opened).await?;
        let mut members: Vec<Members> =
            self.system.accounts.iter().map(|_| Members::default()).collect();
        let mut reports = self.groups(&mut index, &mut members).await?;
        let groups_complete = reports.iter().all(|report| report.complete);
        for (position, account_type) in self.system.accounts.iter().enumerate() {
            let mut report =
                ReadReport::new(&self.system.name, format!("account {}", account_type.name));
            if groups_complete {
                let members = members.get(position);
                self.accounts(position, account_type, &mut index, members, &mut report).await?;
            } else {
                report.problem = Some("who holds what could not be read completely".to_owned());
            }
            reports.push(report);
        }
        Ok(reports)
    }

    /// Reads the entitlements that are objects of their own, and notes who is a member.
    async fn groups(
        &self,
        index: &mut EntitlementIndex,
        members: &mut [Members],
    ) -> Result<Vec<ReadReport>, Error> {
        let mut reports = Vec::new();
        for (position, kind) in self.system.entitlements.iter().enumerate() {
            let Held::OnGroup(attribute) = &kind.held else { continue };
            let mut report =
                ReadReport::new(&self.system.name, format!("entitlement {}", kind.name));
            let (objects, broken) =
                self.collect(&kind.object, &[member_field(attribute)], &mut report).await?;
            // Whoever is a member of a group that cannot be read must not look as if they had left it.
            if broken.len() > 0 {
                report.complete = false;
                report.problem = Some(format!("{} of them cannot be read", broken.len()));
            }
            if report.complete {
                let holders = members.get_mut(kind.account);
                let kind = Kind { position, kind };
                self.save_groups(&kind, &objects, index, holders, &mut report).await?;
            }
            reports.push(report);
        }
        Ok(reports)
    }

    async fn accounts(
        &self,
        position: usize,
        account_type: &'a AccountType,
        index: &mut EntitlementIndex,
        members: Option<&Members>,
        report: &mut ReadReport,
    ) -> Result<(), Error> {
        let names = self
            .opened
            .names
            .systems
            .get(self.system.id.index())
            .and_then(|names| names.accounts.get(position));
        let names = names.ok_or_else(|| Error::bug("an account type has no number"))?;
        let marks = self.marks(names).await?;
        // Before the read: what is executed while it goes on is not for it to confirm.
        let executed = self.executed(names).await?;
        let (objects, broken) =
            self.collect(&account_type.object, &names.layout.fields, report).await?;
        if !report.complete && objects.is_empty() {
            return Ok(());
        }
        let observed = self.observe(names, objects, index, members).await?;
        let mut changes = Changes::new(&marks, observed);
        let may_be_any = changes.keep_broken(&broken);
        report.lacks_some(may_be_any, changes.gone.len());
        if !report.complete {
            changes.gone.clear();
        }
        (report.created, report.changed, report.absent) =
            (changes.new.len() as u64, changes.changed.len() as u64, changes.gone.len() as u64);
        let touched: FxHashSet<EntityId> = changes
            .changed
            .iter()
            .map(|(mark, _)| mark)
            .chain(&changes.gone)
            .filter_map(|mark| mark.entity)
            .collect();
        let reading = Reading { account_type, names, executed, now: self.ctx.now() };
        self.save(changes, &reading, report).await?;
        self.adopt_orphans(&reading, report).await?;
        if report.complete {
            self.confirm(&reading.executed, &touched, report).await?;
        }
        Ok(())
    }

    async fn journal<'n>(
        &self,
        tx: &mut Tx,
        action: &str,
        names: impl Iterator<Item = &'n Text>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let names: Vec<&str> = names.map(|name| &**name).collect();
        tx.append_journal(&Entry {
            at: now,
            actor: self.ctx.actor.clone(),
            on_behalf_of: None,
            action: action.into(),
            subject: self.system.name.clone(),
            detail: json!({ "accounts": names }).to_string().into(),
            correlation: Some(self.ctx.correlation.clone()),
        })
        .await?;
        Ok(())
    }
}
