//! Reads one by one the objects that operations waiting to be confirmed are about, where a read follows changes.
//!
//! A system that only said it did something has no change to tell, and one that tells late has none yet. What is among the
//! changes is not read again, so that this costs next to nothing where a system keeps its word.

use std::collections::BTreeSet;

use muster_app::{AccountNames, EntitlementIndex, Error};
use muster_connector::{Field, ReadObject};
use muster_model::{AccountId, ObjectRef, Text, name_key};
use muster_plan::Kind as Change;
use muster_policy::{AccountType, Held};
use muster_store::{Account, Operation};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    BATCH, Target,
    classify::Sieve,
    collect::Collected,
    groups::{Kind, member_field},
    judge::planned,
};
use crate::{account_change::Place, report::ReadReport};

/// An object read by itself costs about as much as so many that are read with all others.
const DEARER: usize = 16;
/// So few are read one by one, however small the system is.
const FEW: usize = 64;

/// Objects that operations are about.
struct Concerned<'a> {
    /// Each with whether it is believed to be there.
    objects: Vec<(ObjectRef, bool)>,
    fields: &'a [Field],
    /// How many objects a complete read would come to.
    n_all: usize,
}

impl Target<'_> {
    /// Adds the groups whose members operations changed; false when everything had better be read.
    pub(super) async fn add_groups(
        &self,
        of: &Kind<'_>,
        waiting: &[Operation],
        index: &EntitlementIndex,
        read: &mut Collected,
        report: &mut ReadReport,
    ) -> Result<bool, Error> {
        let Kind { position, kind } = of;
        let Held::OnGroup(attribute) = &kind.held else { return Ok(true) };
        let mut names: BTreeSet<Text> = BTreeSet::new();
        for operation in waiting.iter().filter(|o| matches!(&*o.kind, "grant" | "revoke")) {
            if let Change::Grant { entitlement, name } | Change::Revoke { entitlement, name } =
                planned(operation)?.kind
                && entitlement == kind.name
            {
                names.insert(name);
            }
        }
        let objects = names.iter().map(|name| (self.group_object(of, name, index), true));
        let concerned = Concerned {
            objects: objects.collect(),
            fields: &[member_field(attribute)],
            n_all: index.of_kind(self.system.id.index(), *position).len(),
        };
        let Some(found) = self.read_each(concerned, read).await? else { return Ok(false) };
        report.objects += found.len() as u64;
        read.objects.extend(found);
        Ok(true)
    }

    /// Adds the accounts that operations changed; false when everything had better be read.
    pub(super) async fn add_accounts(
        &self,
        (account_type, names, n_all): (&AccountType, &AccountNames, usize),
        executed: &[&Operation],
        sieve: &Sieve<'_>,
        read: &mut Collected,
        report: &mut ReadReport,
    ) -> Result<bool, Error> {
        let known = self.accounts_of(executed).await?;
        let place = Place { system: self.system, account_type, names };
        let mut objects = Vec::new();
        for operation in executed {
            let planned = planned(operation)?;
            let held = place.membership(&planned).map(|(_, kind, _)| &kind.held);
            if matches!(held, Some(Held::OnGroup(_))) {
                continue;
            }
            let account = operation.account.and_then(|id| known.get(&id));
            objects.push((place.object(&planned, account), account.is_some()));
        }
        let concerned = Concerned { objects, fields: &sieve.fields, n_all };
        let Some(mut found) = self.read_each(concerned, read).await? else { return Ok(false) };
        let n_found = found.len();
        report.objects += n_found as u64;
        read.last_used.extend(sieve.keep(&mut found, report));
        let are_of_type = found.len() == n_found;
        read.objects.extend(found);
        Ok(are_of_type)
    }

    async fn accounts_of(
        &self,
        executed: &[&Operation],
    ) -> Result<FxHashMap<AccountId, Account>, Error> {
        let ids: BTreeSet<AccountId> = executed.iter().filter_map(|o| o.account).collect();
        let ids: Vec<AccountId> = ids.into_iter().collect();
        let mut known = FxHashMap::default();
        let mut tx = self.opened.store.read().await?;
        for chunk in ids.chunks(BATCH) {
            let accounts = tx.accounts(chunk).await?.into_iter();
            known.extend(accounts.map(|account| (account.id, account)));
        }
        Ok(known)
    }

    /// Reads what is not among the changes. What the system says is not there counts as deleted. `None` when it cannot be
    /// told, or when it is so much that reading everything costs less.
    async fn read_each(
        &self,
        concerned: Concerned<'_>,
        read: &mut Collected,
    ) -> Result<Option<Vec<ReadObject>>, Error> {
        let key = |name: &Text| -> Text { name_key(self.system.names, name).into() };
        let objects = read.objects.iter().map(|read| &read.object);
        let mut seen: FxHashSet<Text> =
            objects.flat_map(|object| [object.id.clone(), key(&object.name)]).collect();
        seen.extend(read.deleted.iter().cloned());
        let mut missing = concerned.objects;
        missing.retain(|(object, _)| {
            let known = if object.id.is_empty() { key(&object.name) } else { object.id.clone() };
            seen.insert(known)
        });
        if missing.len() > FEW.max(concerned.n_all / DEARER) {
            return Ok(None);
        }
        let mut found = Vec::with_capacity(missing.len());
        for (object, is_believed) in missing {
            match self.connector.get(&object, concerned.fields).await {
                Ok(Some(object)) => found.push(ReadObject { object, line: 0 }),
                Ok(None) if !is_believed => {}
                Ok(None) if !object.id.is_empty() => drop(read.deleted.insert(object.id)),
                // A complete read finds out what is the matter.
                Ok(None) | Err(_) => return Ok(None),
            }
        }
        Ok(Some(found))
    }
}
