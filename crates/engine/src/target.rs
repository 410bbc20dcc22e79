//! Reads what a target really holds: entitlements first, then accounts with what they hold.
//!
//! What did not change costs nothing further. What changed on its own is drift; the identity is looked at again.
//! This file goes through the system; what it finds is kept by its parts: `groups`, `seen`, `save`, `owners`, `verify`.

use jiff::Timestamp;
use muster_app::{AccountNames, Ctx, EntitlementIndex, Error, Opened};
use muster_connector::Connector;
use muster_model::Text;
use muster_policy::{AccountType, Held, System};
use muster_store::{Entry, Number, Operation, ReadRun, Tx};
use serde_json::json;

use crate::{progress::Progress, report::ReadReport, source::Extent};

mod ask;
mod classify;
mod collect;
mod concerned;
mod drift;
mod groups;
mod incremental;
mod judge;
mod owners;
mod save;
mod seen;
mod uses;
mod verify;

use classify::Sieve;
use groups::{Groups, Kind, Members, member_field};
use incremental::{Cursors, Followed, Merging};
use judge::Judgement;
use seen::Changes;
use uses::uses;

pub(crate) use ask::Answered;
pub(crate) use groups::new_entitlements;
pub(crate) use owners::{account_key, match_columns, observed_values};
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

/// Who holds what, as far as this read told.
#[derive(Clone, Copy)]
struct HeldBy<'a> {
    members: Option<&'a Members>,
    /// What is followed; `None` in a complete read, whose members are all there are.
    followed: Option<&'a Followed<'a>>,
    /// What the system had said it did before the read began.
    waiting: &'a [Operation],
}

/// One read of one account type.
struct Reading<'a> {
    account_type: &'a AccountType,
    names: &'a AccountNames,
    /// What the system had said it did before the read began.
    executed: Vec<&'a Operation>,
    /// True when accounts of the type were read completely before: what is new since then appeared.
    was_read_before: bool,
    /// True for the first read since the model changed: what was not known then was perhaps only not read.
    is_first_of_model: bool,
    /// When what was read is written down.
    now: Timestamp,
}

impl<'a> Target<'a> {
    /// Reads every entitlement kind and account type of the system: what changed, where the system can tell, else
    /// everything.
    pub(crate) async fn read(&self, extent: Extent) -> Result<Vec<ReadReport>, Error> {
        // Before the read: what is executed while it goes on is not for it to confirm.
        let waiting = self.waiting().await?;
        if extent == Extent::Changes
            && let Some(cursors) = self.cursors().await?
            && let Some(reports) = self.read_since(Some(&cursors), &waiting).await?
        {
            return Ok(reports);
        }
        self.read_since(None, &waiting)
            .await?
            .ok_or_else(|| Error::bug("a complete read asks for another one"))
    }

    /// Reads what changed since the cursors, or everything; `None` when the changes alone do not tell enough.
    async fn read_since(
        &self,
        cursors: Option<&Cursors>,
        waiting: &[Operation],
    ) -> Result<Option<Vec<ReadReport>>, Error> {
        let mut index =
            EntitlementIndex::load(&mut self.opened.store.read().await?, self.opened).await?;
        let mut members: Vec<Members> =
            self.system.accounts.iter().map(|_| Members::default()).collect();
        let mut followed = cursors.map(|cursors| Followed::new(cursors, waiting));
        let Some(mut reports) = self.groups(&mut index, &mut members, &mut followed).await? else {
            return Ok(None);
        };
        let groups_complete = reports.iter().all(|report| report.complete);
        for (position, account_type) in self.system.accounts.iter().enumerate() {
            let mut report =
                ReadReport::new(&self.system.name, format!("account {}", account_type.name));
            report.verified = self.confirmed_since(position, &report.what).await?;
            if groups_complete {
                let held =
                    HeldBy { members: members.get(position), followed: followed.as_ref(), waiting };
                let what = (position, account_type);
                if !self.accounts(what, &mut index, held, &mut report).await? {
                    return Ok(None);
                }
            } else {
                report.problem = Some("who holds what could not be read completely".to_owned());
            }
            reports.push(report);
        }
        Ok(Some(reports))
    }

    /// Reads the entitlements that are objects of their own, and notes who is a member.
    async fn groups(
        &self,
        index: &mut EntitlementIndex,
        members: &mut [Members],
        followed: &mut Option<Followed<'_>>,
    ) -> Result<Option<Vec<ReadReport>>, Error> {
        let mut reports = Vec::new();
        for (position, kind) in self.system.entitlements.iter().enumerate() {
            let Held::OnGroup(attribute) = &kind.held else { continue };
            let mut report =
                ReadReport::new(&self.system.name, format!("entitlement {}", kind.name));
            let since = followed.as_ref().and_then(|followed| followed.since(&report.what));
            let mut read =
                self.collect(&kind.object, &[member_field(attribute)], since, &mut report).await?;
            let kind = Kind { position, kind };
            if let Some(Followed { waiting, .. }) = followed
                && !(report.has_followed()
                    && self.add_groups(&kind, waiting, index, &mut read, &mut report).await?)
            {
                return Ok(None);
            }
            // Whoever is a member of a group that cannot be read must not look as if they had left it.
            if read.broken.len() > 0 {
                report.complete = false;
                report.cursor = None;
                report.problem = Some(format!("{} of them cannot be read", read.broken.len()));
            }
            if report.complete {
                let holders = members.get_mut(kind.kind.account);
                let deleted = followed.is_some().then_some(&read.deleted);
                let groups = Groups { objects: &read.objects, deleted };
                let reread = self.save_groups(&kind, &groups, index, holders, &mut report).await?;
                if let Some(followed) = followed {
                    followed.reread.extend(reread);
                }
            }
            reports.push(report);
        }
        Ok(Some(reports))
    }

    /// Reads the accounts of one type; false when the changes alone do not tell enough.
    async fn accounts(
        &self,
        (position, account_type): (usize, &'a AccountType),
        index: &mut EntitlementIndex,
        held: HeldBy<'_>,
        report: &mut ReadReport,
    ) -> Result<bool, Error> {
        let system = self.opened.names.systems.get(self.system.id.index());
        let names = system.and_then(|names| names.accounts.get(position));
        let names = names.ok_or_else(|| Error::bug("an account type has no number"))?;
        let marks = self.marks(names).await?;
        let of_type = |o: &&Operation| o.account_type_no == Some(names.no);
        let executed: Vec<&Operation> = held.waiting.iter().filter(of_type).collect();
        let since = held.followed.and_then(|followed| followed.since(&report.what));
        let sieve = Sieve::new(self.opened, self.system, position, &names.layout.fields);
        let mut read = self.collect(&account_type.object, &sieve.fields, since, report).await?;
        if held.followed.is_some() && !report.has_followed() {
            return Ok(false);
        }
        read.last_used = sieve.keep(&mut read.objects, report);
        if !report.complete && read.objects.is_empty() {
            return Ok(true);
        }
        let of_whom = (account_type, names, marks.len());
        if held.followed.is_some()
            && !self.add_accounts(of_whom, &executed, &sieve, &mut read, report).await?
        {
            return Ok(false);
        }
        let mut observed = self.observe(names, read.objects, index, held.members).await?;
        let uses = uses(&observed, &read.last_used);
        if held.followed.is_some() {
            let merging =
                Merging { position, names, marks: &marks, index, held, deleted: &read.deleted };
            if !self.merge(&merging, &mut observed).await? {
                return Ok(false);
            }
        }
        let mut changes = Changes::new(&marks, observed);
        if held.followed.is_some() {
            changes.gone.retain(|mark| read.deleted.contains(&mark.native_id));
        }
        changes.tell(&read.broken, report);
        self.conclude(changes, (account_type, names), executed, index, report).await?;
        self.note_uses(names, uses).await?;
        Ok(true)
    }

    /// Keeps what a read of accounts of one type showed, and judges by it what was done there.
    async fn conclude(
        &self,
        changes: Changes<'_>,
        (account_type, names): (&'a AccountType, &'a AccountNames),
        executed: Vec<&Operation>,
        index: &EntitlementIndex,
        report: &mut ReadReport,
    ) -> Result<(), Error> {
        let mut tx = self.opened.store.read().await?;
        let former = tx.latest_complete_read(self.system_no(), &report.what).await?;
        let revision = tx.latest_revision().await?;
        let mut judgement = Judgement::load(self, &mut tx, names, &executed).await?;
        drop(tx);
        let is_older = |read: &ReadRun| {
            revision.as_ref().is_some_and(|revision| read.started_at < revision.made_at)
        };
        let reading = Reading {
            account_type,
            names,
            executed,
            was_read_before: former.is_some(),
            is_first_of_model: former.as_ref().is_none_or(is_older),
            now: self.ctx.now(),
        };
        let judged = self.save(changes, &reading, index, &mut judgement, report).await?;
        self.adopt_orphans(&reading, report).await?;
        if report.complete {
            self.confirm(&reading.executed, &judged, report).await?;
        }
        Ok(())
    }

    fn system_no(&self) -> Number {
        self.opened.names.systems.get(self.system.id.index()).map_or(0, |names| names.no)
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
            on_behalf_of: self.ctx.on_behalf_of.clone(),
            action: action.into(),
            subject: self.system.name.clone(),
            detail: json!({ "accounts": names }).to_string().into(),
            correlation: Some(self.ctx.correlation.clone()),
        })
        .await?;
        Ok(())
    }
}
