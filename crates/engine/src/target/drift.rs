//! What a read found to differ from what was known, item by item, and what of it nobody of ours did.

use muster_app::{AccountNames, EntitlementIndex, Error};
use muster_model::{
    AccountId, DriftId, EntityId, Hasher, Row, Text, TypeId, Value, decode_row, encode_values,
    name_key,
};
use muster_store::{
    Account, AccountStatus, Drift, DriftDecision, DriftWhat, Number, ReadRunId, Sequence, Tx,
};
use rustc_hash::FxHashMap;

use super::{
    Reading, Target,
    judge::{Item, Judgement},
    seen::Seen,
};
use crate::report::ReadReport;

/// One item of an account that differs.
pub(super) struct Difference {
    what: DriftWhat,
    /// The position of the entitlement kind, for an entitlement.
    kind: Option<usize>,
    item: Text,
    before: Value,
    after: Value,
}

impl Difference {
    /// The item in the form in which operations are judged.
    fn judged(&self) -> Item {
        match self.what {
            DriftWhat::Attribute => Item::Attribute(self.item.clone()),
            DriftWhat::Entitlement => {
                Item::Entitlement(self.kind.unwrap_or(usize::MAX), self.item.clone())
            }
            DriftWhat::Enabled => Item::Enabled,
            DriftWhat::Name => Item::Name,
            DriftWhat::Gone | DriftWhat::Appeared => Item::There,
        }
    }

    fn there(what: DriftWhat, name: &Text) -> Self {
        let name = Value::Text(name.clone());
        let (before, after) = match what {
            DriftWhat::Gone => (name, Value::Null),
            DriftWhat::Appeared
            | DriftWhat::Attribute
            | DriftWhat::Entitlement
            | DriftWhat::Enabled
            | DriftWhat::Name => (Value::Null, name),
        };
        Self { what, kind: None, item: "".into(), before, after }
    }
}

impl Target<'_> {
    /// What differs between what was known of an account and what was seen, in order.
    pub(super) fn differences(
        &self,
        reading: &Reading<'_>,
        index: &EntitlementIndex,
        known: &Account,
        seen: &Seen,
    ) -> Result<Vec<Difference>, Error> {
        let mut found = Vec::new();
        let mut differs = |what, kind, item: Text, before, after| {
            found.push(Difference { what, kind, item, before, after });
        };
        let rule = self.system.names;
        if name_key(rule, &known.name) != name_key(rule, &seen.name) {
            let (before, after) = (Value::Text(known.name.clone()), Value::Text(seen.name.clone()));
            differs(DriftWhat::Name, None, "".into(), before, after);
        }
        if let (Some(before), Some(after)) = (known.enabled, seen.enabled)
            && before != after
        {
            let (before, after) = (Value::Bool(before), Value::Bool(after));
            differs(DriftWhat::Enabled, None, "".into(), before, after);
        }
        let before = observed_values(reading.names, known)?;
        let set = reading.account_type.set.iter();
        for ((mapping, before), after) in set.zip(before).zip(&seen.values) {
            let is_new = reading.is_first_of_model && before.is_null();
            if before != *after && !mapping.on_create && !is_new {
                let name = mapping.attribute.clone();
                differs(DriftWhat::Attribute, None, name, before, after.clone());
            }
        }
        let gone = known.grants.iter().filter(|id| seen.grants.binary_search(id).is_err());
        let new = seen.grants.iter().filter(|id| known.grants.binary_search(id).is_err());
        let new = new.filter(|_| !reading.is_first_of_model);
        for (id, held) in gone.map(|id| (id, true)).chain(new.map(|id| (id, false))) {
            let Some((kind, name)) = index.name(*id) else { continue };
            let (before, after) = (Value::Bool(held), Value::Bool(!held));
            differs(DriftWhat::Entitlement, Some(*kind), name.clone(), before, after);
        }
        Ok(found)
    }

    /// Keeps drift of accounts that were known; what was open about the same items ends.
    pub(super) async fn save_drift(
        &self,
        tx: &mut Tx,
        reading: &Reading<'_>,
        found: Vec<(&Account, &[Difference])>,
        report: &mut ReadReport,
    ) -> Result<(), Error> {
        if found.is_empty() {
            return Ok(());
        }
        let ids: Vec<AccountId> = found.iter().map(|(account, _)| account.id).collect();
        let mut open: FxHashMap<AccountId, Vec<Drift>> = FxHashMap::default();
        for drift in tx.drift_of_accounts(&ids).await? {
            open.entry(drift.account).or_default().push(drift);
        }
        let (mut rows, mut restored, mut replaced) = (Vec::new(), Vec::new(), Vec::new());
        for (account, differences) in found {
            let known = open.remove(&account.id).unwrap_or_default();
            for difference in differences {
                let mut row = self.row(reading, account, difference)?;
                let is_same = |drift: &&Drift| {
                    (drift.what, drift.kind_no, &drift.item) == (row.what, row.kind_no, &row.item)
                };
                if let Some(before) = known.iter().find(is_same) {
                    if before.before == row.after {
                        restored.push(before.id);
                        continue;
                    }
                    replaced.push(before.id);
                    row.before.clone_from(&before.before);
                    row.first_seen = before.first_seen;
                }
                // Nothing more can be said about items of an account that is gone.
                if row.what == DriftWhat::Gone {
                    replaced.extend(known.iter().map(|drift| drift.id));
                }
                rows.push(row);
            }
        }
        report.drift += rows.len() as u64;
        tx.close_drift(&restored, reading.now, "restored outside").await?;
        tx.close_drift(&replaced, reading.now, "changed again").await?;
        self.insert_drift(tx, reading, rows, report).await
    }

    async fn insert_drift(
        &self,
        tx: &mut Tx,
        reading: &Reading<'_>,
        mut rows: Vec<Drift>,
        report: &mut ReadReport,
    ) -> Result<(), Error> {
        if rows.is_empty() {
            return Ok(());
        }
        let run = match report.run {
            Some(run) => run,
            None => ReadRunId(tx.take_ids(Sequence::ReadRun, 1).await?),
        };
        report.run = Some(run);
        let first = tx.take_ids(Sequence::Drift, rows.len()).await?;
        for (id, row) in (first..).zip(&mut rows) {
            (row.id, row.run) = (DriftId(id), run);
        }
        tx.insert_drift(&rows).await?;
        muster_review::note_outside(tx, self.opened, &rows, reading.now).await?;
        let mut owners: Vec<EntityId> = rows.iter().filter_map(|row| row.entity).collect();
        owners.dedup();
        let names = rows.iter().map(|row| &row.name);
        tx.unsettle(&owners).await?;
        self.journal(tx, "drift.found", names, reading.now).await
    }

    /// Drift of accounts that are gone.
    pub(super) async fn save_gone(
        &self,
        tx: &mut Tx,
        reading: &Reading<'_>,
        accounts: &[Account],
        judgement: &Judgement,
        report: &mut ReadReport,
    ) -> Result<(), Error> {
        let ours = |account: &&Account| {
            account.status == AccountStatus::Linked && !judgement.explains(account, &Item::There)
        };
        let gone = accounts.iter().filter(ours);
        let gone: Vec<(&Account, Difference)> = gone
            .map(|account| (account, Difference::there(DriftWhat::Gone, &account.name)))
            .collect();
        let found =
            gone.iter().map(|(account, gone)| (*account, std::slice::from_ref(gone))).collect();
        self.save_drift(tx, reading, found, report).await
    }

    /// Drift of accounts that were not there in an earlier read, belong to somebody, and were not made by us.
    pub(super) async fn save_appeared(
        &self,
        tx: &mut Tx,
        reading: &Reading<'_>,
        accounts: &[Account],
        judgement: &Judgement,
        report: &mut ReadReport,
    ) -> Result<(), Error> {
        if !reading.was_read_before || reading.is_first_of_model {
            return Ok(());
        }
        let linked = |account: &&Account| {
            account.status == AccountStatus::Linked && !judgement.explains(account, &Item::There)
        };
        let accounts: Vec<&Account> = accounts.iter().filter(linked).collect();
        let owners: Vec<EntityId> = accounts.iter().filter_map(|account| account.entity).collect();
        let mut back: FxHashMap<EntityId, DriftId> = FxHashMap::default();
        for drift in tx.drift_of_many(&owners).await? {
            if let (DriftWhat::Gone, Some(entity)) = (drift.what, drift.entity)
                && drift.type_no == reading.names.no
            {
                back.insert(entity, drift.id);
            }
        }
        let mut over = Vec::new();
        let mut rows = Vec::new();
        for account in accounts {
            if let Some(drift) = account.entity.and_then(|entity| back.get(&entity)) {
                over.push(*drift);
            } else {
                let difference = Difference::there(DriftWhat::Appeared, &account.name);
                rows.push(self.row(reading, account, &difference)?);
            }
        }
        tx.close_drift(&over, reading.now, "it is back").await?;
        report.drift += rows.len() as u64;
        self.insert_drift(tx, reading, rows, report).await
    }

    /// A row without id and read.
    fn row(
        &self,
        reading: &Reading<'_>,
        account: &Account,
        difference: &Difference,
    ) -> Result<Drift, Error> {
        let Difference { what, kind, item, before, after } = difference;
        let names = self.opened.names.systems.get(self.system.id.index());
        let kind_no = kind.and_then(|kind| names?.kinds.get(kind).copied());
        let no_names = || Error::bug("a system has no number");
        let system_no = names.ok_or_else(no_names)?.no;
        Ok(Drift {
            id: DriftId(0),
            system_no,
            type_no: reading.names.no,
            account: account.id,
            entity: account.entity,
            name: account.name.clone(),
            what: *what,
            kind_no,
            item: item.clone(),
            before: encode_values(std::slice::from_ref(before)),
            after: encode_values(std::slice::from_ref(after)),
            cause: cause(reading.names.no, kind_no, difference),
            run: ReadRunId(0),
            first_seen: reading.now,
            seen_at: reading.now,
            decision: DriftDecision::Undecided,
            until: None,
            decided_by: None,
            decided_at: None,
            remark: "".into(),
            closed_at: None,
        })
    }
}

/// Leaves out what our own operations explain.
pub(super) fn unexplained(
    account: &Account,
    mut differences: Vec<Difference>,
    judgement: &Judgement,
) -> Vec<Difference> {
    differences.retain(|difference| !judgement.explains(account, &difference.judged()));
    differences
}

/// Equal for the same change of the same item of accounts of one type: names of accounts do not count.
fn cause(type_no: Number, kind_no: Option<Number>, difference: &Difference) -> Text {
    let Difference { what, kind: _, item, before, after } = difference;
    let mut hasher = Hasher::new();
    hasher.int(type_no);
    hasher.int(kind_no.unwrap_or(0));
    hasher.text(what.word());
    hasher.text(item);
    if matches!(what, DriftWhat::Attribute | DriftWhat::Entitlement | DriftWhat::Enabled) {
        before.fingerprint(&mut hasher);
        after.fingerprint(&mut hasher);
    }
    let bytes = hasher.finish().to_bytes();
    let digits = bytes.iter().take(5).map(|byte| format!("{byte:02x}"));
    digits.collect::<String>().into()
}

/// What was observed of an account, by field.
pub(super) fn observed_values(
    names: &AccountNames,
    account: &Account,
) -> Result<Vec<Value>, Error> {
    let mut row = Row::empty(EntityId(0), TypeId(0), names.layout.fields.len());
    decode_row(&account.content, &names.layout.numbers, &mut row).map_err(|error| {
        Error::bug(format!("account {} cannot be read", account.id)).caused_by(error)
    })?;
    Ok(row.values)
}
