//! Reading only what changed of a target: accounts and groups that changed, joined with what is known of the others.
//!
//! What comes out looks as if everything had been read, so that nothing behind it has to know. Nothing is concluded
//! from absence: an account is gone only when the system says so. What operations that wait to be confirmed are about is
//! read one by one, see `concerned`. Where the changes do not tell enough, everything is read: a cursor that is lost, an
//! account that nobody knew and whose groups did not change, a new model, and once a day.

use jiff::{SignedDuration, Timestamp};
use muster_app::{AccountNames, EntitlementIndex, Error};
use muster_model::{AccountId, EntityId, Hasher, Row, Text, TypeId, decode_row};
use muster_policy::Held;
use muster_store::{Account, AccountMark, EntitlementId, Operation};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    BATCH, HeldBy, Target,
    groups::Members,
    seen::{Seen, account_fingerprint},
};

/// How long changes are followed before everything is read again, in case something was not told; `complete_every`
/// of the system says otherwise.
const COMPLETE_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// Where the reads of a system go on, by what is read.
pub(super) type Cursors = FxHashMap<Text, Text>;

/// A read that follows changes.
pub(super) struct Followed<'a> {
    cursors: &'a Cursors,
    /// Operations that the system said it did and no read has shown yet.
    pub(super) waiting: &'a [Operation],
    /// The entitlements whose members were read again, or that went away.
    pub(super) reread: FxHashSet<EntitlementId>,
}

/// What is joined for one account type.
pub(super) struct Merging<'a> {
    pub(super) position: usize,
    pub(super) names: &'a AccountNames,
    pub(super) marks: &'a [AccountMark],
    pub(super) index: &'a EntitlementIndex,
    pub(super) held: HeldBy<'a>,
    pub(super) deleted: &'a FxHashSet<Text>,
}

impl<'a> Followed<'a> {
    pub(super) fn new(cursors: &'a Cursors, waiting: &'a [Operation]) -> Self {
        Self { cursors, waiting, reread: FxHashSet::default() }
    }

    /// Where the read of `what` goes on.
    pub(super) fn since(&self, what: &Text) -> Option<&'a Text> {
        self.cursors.get(what)
    }
}

impl Target<'_> {
    /// Where the reads of this system go on; `None` when everything is to be read.
    pub(super) async fn cursors(&self) -> Result<Option<Cursors>, Error> {
        if !self.connector.capabilities().incremental {
            return Ok(None);
        }
        let system_no = self.system_no();
        let mut tx = self.opened.store.read().await?;
        let model = tx.latest_revision().await?.map(|revision| revision.made_at);
        let latest = tx.latest_read_runs(system_no).await?;
        let mut cursors = Cursors::default();
        for what in self.what_is_read() {
            let complete = tx.latest_complete_read(system_no, &what).await?;
            let Some(complete) = complete.map(|run| run.started_at) else { return Ok(None) };
            let every = self.system.work.complete_every;
            if is_due(complete, every, model, self.ctx.now()) {
                return Ok(None);
            }
            let run = latest.iter().find(|run| run.what == what && run.ended_at.is_some());
            let cursor = run.and_then(|run| String::from_utf8(run.cursor.clone()?).ok());
            let Some(cursor) = cursor else { return Ok(None) };
            cursors.insert(what, cursor.into());
        }
        Ok(Some(cursors))
    }

    fn what_is_read(&self) -> Vec<Text> {
        let groups = self.system.entitlements.iter();
        let groups = groups.filter(|kind| matches!(kind.held, Held::OnGroup(_)));
        let groups = groups.map(|kind| format!("entitlement {}", kind.name).into());
        let accounts = self.system.accounts.iter();
        groups.chain(accounts.map(|account| format!("account {}", account.name).into())).collect()
    }

    /// Gives the accounts that were read what they hold by groups that did not change, and adds those that were not
    /// read and whose groups changed. False when the groups of an account cannot be told.
    pub(super) async fn merge(
        &self,
        merging: &Merging<'_>,
        observed: &mut Vec<Seen>,
    ) -> Result<bool, Error> {
        let by_id: FxHashMap<&Text, &AccountMark> =
            merging.marks.iter().map(|mark| (&mark.native_id, mark)).collect();
        let by_name: FxHashMap<&Text, &AccountMark> =
            merging.marks.iter().map(|mark| (&mark.name_key, mark)).collect();
        let mark = |seen: &Seen| {
            by_id.get(&seen.native_id).or_else(|| by_name.get(&seen.name_key)).map(|mark| mark.id)
        };
        let ids: Vec<Option<AccountId>> = observed.iter().map(mark).collect();
        if ids.contains(&None) && self.has_groups(merging.position) {
            return Ok(false);
        }
        let read: Vec<AccountId> = ids.iter().flatten().copied().collect();
        let mut known: FxHashMap<AccountId, Account> = FxHashMap::default();
        let mut tx = self.opened.store.read().await?;
        for chunk in read.chunks(BATCH) {
            known
                .extend(tx.accounts(chunk).await?.into_iter().map(|account| (account.id, account)));
        }
        drop(tx);
        let mut hasher = Hasher::new();
        for (seen, id) in observed.iter_mut().zip(&ids) {
            let Some(account) = id.and_then(|id| known.get(&id)) else { continue };
            seen.grants.extend(self.unchanged(merging, account));
            seen.grants.sort_unstable();
            seen.grants.dedup();
            seen.fingerprint = account_fingerprint(
                &mut hasher,
                &seen.name,
                seen.enabled,
                &seen.content,
                &seen.grants,
            );
        }
        self.regroup(merging, &read.into_iter().collect(), observed).await?;
        Ok(true)
    }

    /// Adds the accounts that were not read and that groups which changed have taken in or let go.
    async fn regroup(
        &self,
        merging: &Merging<'_>,
        read: &FxHashSet<AccountId>,
        observed: &mut Vec<Seen>,
    ) -> Result<(), Error> {
        let nobody = Members::default();
        let members = merging.held.members.unwrap_or(&nobody);
        if merging.held.followed.is_none_or(|followed| followed.reread.is_empty()) {
            return Ok(());
        }
        let mut hasher = Hasher::new();
        let mut tx = self.opened.store.read().await?;
        let mut after = None;
        loop {
            let page = tx.scan_accounts(merging.names.no, after, BATCH).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some(last.id);
            for account in page {
                if read.contains(&account.id) || merging.deleted.contains(&account.native_id) {
                    continue;
                }
                let mut grants: Vec<EntitlementId> = self.unchanged(merging, &account).collect();
                grants.extend(self.on_account(merging, &account));
                grants.extend(members.get(&*account.name_key).into_iter().flatten());
                grants.sort_unstable();
                grants.dedup();
                if grants != account.grants {
                    observed.push(known_account(merging.names, account, grants, &mut hasher)?);
                }
            }
        }
    }

    /// What an account holds by groups that did not change.
    fn unchanged<'m>(
        &self,
        merging: &'m Merging<'_>,
        account: &'m Account,
    ) -> impl Iterator<Item = EntitlementId> {
        let reread = merging.held.followed.map(|followed| &followed.reread);
        account.grants.iter().copied().filter(move |id| {
            self.is_by_group(merging, *id) && reread.is_none_or(|reread| !reread.contains(id))
        })
    }

    /// What an account holds by its own attributes.
    fn on_account<'m>(
        &self,
        merging: &'m Merging<'_>,
        account: &'m Account,
    ) -> impl Iterator<Item = EntitlementId> {
        account.grants.iter().copied().filter(move |id| !self.is_by_group(merging, *id))
    }

    fn is_by_group(&self, merging: &Merging<'_>, id: EntitlementId) -> bool {
        let kind = merging.index.name(id).and_then(|(kind, _)| self.system.entitlements.get(*kind));
        kind.is_some_and(|kind| matches!(kind.held, Held::OnGroup(_)))
    }

    fn has_groups(&self, position: usize) -> bool {
        let mut kinds = self.system.entitlements.iter();
        kinds.any(|kind| kind.account == position && matches!(kind.held, Held::OnGroup(_)))
    }
}

/// True when everything is to be read again: after a while, and when the model is newer than the last complete read.
fn is_due(
    complete: Timestamp,
    every: Option<SignedDuration>,
    model: Option<Timestamp>,
    now: Timestamp,
) -> bool {
    let next = complete.checked_add(every.unwrap_or(COMPLETE_EVERY)).unwrap_or(Timestamp::MAX);
    next <= now || model.is_some_and(|model| complete < model)
}

/// An account as it is known, with other entitlements.
fn known_account(
    names: &AccountNames,
    account: Account,
    grants: Vec<EntitlementId>,
    hasher: &mut Hasher,
) -> Result<Seen, Error> {
    let mut row = Row::empty(EntityId(0), TypeId(0), names.layout.fields.len());
    decode_row(&account.content, &names.layout.numbers, &mut row).map_err(|error| {
        Error::bug(format!("account {} cannot be read", account.id)).caused_by(error)
    })?;
    let fingerprint =
        account_fingerprint(hasher, &account.name, account.enabled, &account.content, &grants);
    Ok(Seen {
        native_id: account.native_id,
        name: account.name,
        name_key: account.name_key,
        enabled: account.enabled,
        values: row.values,
        content: account.content,
        grants,
        fingerprint,
    })
}
