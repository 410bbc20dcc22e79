//! Reads what a target really holds: entitlements first, then accounts with what they hold.
//!
//! What did not change costs nothing further. What changed on its own is drift; the identity is looked at again.

use async_trait::async_trait;
use jiff::Timestamp;
use muster_app::{AccountNames, Ctx, EntitlementIndex, Error, Opened};
use muster_connector::{
    BadObject, Connector, ConnectorError, Field, ReadObject, ReadRequest, Sink,
};
use muster_model::{
    AccountId, EntityId, Fingerprint, Hasher, NameRule, Row, Text, TypeId, Value, ValueType,
    encode_row, name_key,
};
use muster_policy::{AccountType, EntitlementKind, Held, System};
use muster_store::{
    Account, AccountMark, AccountOrigin, AccountStatus, Entitlement, EntitlementId, Entry,
    Operation, Sequence, Tx,
};
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::json;

use crate::{
    correlate::{Correlator, Found},
    progress::{Progress, Task},
    report::ReadReport,
    source::finish_read,
};

mod verify;

use verify::doubt;

const BATCH: usize = 4096;
const CHUNK: usize = 2000;

/// The system that is read.
pub(crate) struct Target<'a> {
    pub(crate) ctx: &'a Ctx,
    pub(crate) opened: &'a Opened,
    pub(crate) system: &'a System,
    pub(crate) connector: &'a dyn Connector,
    pub(crate) progress: &'a dyn Progress,
}

/// One read of one account type.
struct Reading {
    /// What the system had said it did before the read began.
    executed: Vec<Operation>,
    /// When what was read is written down.
    now: Timestamp,
}

/// Who holds what, by the key of the account's name.
type Members = FxHashMap<String, Vec<EntitlementId>>;

impl Target<'_> {
    /// Reads every entitlement kind and account type of the system.
    pub(crate) async fn read(&self) -> Result<Vec<ReadReport>, Error> {
        let mut reports = Vec::new();
        let mut index =
            EntitlementIndex::load(&mut self.opened.store.read().await?, self.opened).await?;
        let mut members: Vec<Members> =
            self.system.accounts.iter().map(|_| Members::default()).collect();
        let mut groups_complete = true;
        for (position, kind) in self.system.entitlements.iter().enumerate() {
            let Held::OnGroup(attribute) = &kind.held else { continue };
            let mut report =
                ReadReport::new(&self.system.name, format!("entitlement {}", kind.name));
            let objects =
                self.collect(&kind.object, &[member_field(attribute)], &mut report).await?;
            groups_complete &= report.complete;
            if report.complete {
                let holder = members.get_mut(kind.account);
                self.save_groups(position, kind, &objects, &mut index, holder, &mut report).await?;
            }
            reports.push(report);
        }
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

    async fn collect(
        &self,
        class: &Text,
        fields: &[Field],
        report: &mut ReadReport,
    ) -> Result<Vec<ReadObject>, Error> {
        let task = self.progress.begin(&format!("read {} {}", self.system.name, report.what), None);
        let mut collector = Collector {
            objects: Vec::new(),
            report,
            task: task.as_ref(),
            seen: FxHashSet::default(),
            names: self.system.names,
        };
        let request = ReadRequest {
            class: class.clone(),
            fields: fields.to_vec(),
            since: None,
            batch: BATCH,
        };
        let end = self.connector.read(&request, &mut collector).await;
        let objects = collector.objects;
        finish_read(report, end);
        Ok(objects)
    }

    /// Keeps the entitlements that are there and notes their members.
    async fn save_groups(
        &self,
        position: usize,
        kind: &EntitlementKind,
        objects: &[ReadObject],
        index: &mut EntitlementIndex,
        mut members: Option<&mut Members>,
        report: &mut ReadReport,
    ) -> Result<(), Error> {
        let (system_no, kind_no) = self.numbers(position)?;
        let known = known_names(self, position, kind, index);
        let system = self.system.id.index();
        let mut changed = Vec::new();
        let mut seen: FxHashSet<Text> = FxHashSet::default();
        let mut tx = None;
        for ReadObject { object, .. } in objects {
            let name = entitlement_name(self.system, kind, &object.name, &known);
            seen.insert(name.clone());
            let id = match index.get(system, position, &name) {
                Some(entitlement)
                    if entitlement.present
                        && entitlement.native_id == object.id
                        && entitlement.native_name == object.name =>
                {
                    entitlement.id
                }
                before => {
                    let id = before.map(|entitlement| entitlement.id);
                    let id = match id {
                        Some(id) => id,
                        None => {
                            let tx = self.begin(&mut tx).await?;
                            report.created += 1;
                            EntitlementId(tx.take_ids(Sequence::Entitlement, 1).await?)
                        }
                    };
                    let entitlement = Entitlement {
                        id,
                        system_no,
                        kind_no,
                        name: name.clone(),
                        native_id: object.id.clone(),
                        native_name: object.name.clone(),
                        present: true,
                    };
                    index.insert(system, position, entitlement.clone());
                    changed.push(entitlement);
                    id
                }
            };
            if let Some(members) = members.as_deref_mut() {
                for member in object
                    .values
                    .first()
                    .map_or(&[][..], Value::items)
                    .iter()
                    .filter_map(Value::as_text)
                {
                    members.entry(name_key(self.system.names, member)).or_default().push(id);
                }
            }
        }
        for entitlement in index
            .of_kind(system, position)
            .into_iter()
            .filter(|e| e.present && !seen.contains(&e.name))
        {
            report.absent += 1;
            changed.push(Entitlement {
                present: false,
                native_id: "".into(),
                ..entitlement.clone()
            });
        }
        if !changed.is_empty() {
            self.begin(&mut tx).await?.save_entitlements(&changed).await?;
            changed.into_iter().for_each(|entitlement| index.insert(system, position, entitlement));
        }
        if let Some(tx) = tx {
            tx.commit().await?;
        }
        Ok(())
    }

    async fn begin<'t>(&self, tx: &'t mut Option<Tx>) -> Result<&'t mut Tx, Error> {
        if tx.is_none() {
            *tx = Some(self.opened.store.begin().await?);
        }
        tx.as_mut().ok_or_else(|| Error::bug("a transaction did not begin"))
    }

    fn numbers(&self, kind: usize) -> Result<(i64, i64), Error> {
        let names = self.opened.names.systems.get(self.system.id.index());
        names
            .and_then(|names| Some((names.no, *names.kinds.get(kind)?)))
            .ok_or_else(|| Error::bug("an entitlement kind has no number"))
    }

    async fn accounts(
        &self,
        position: usize,
        account_type: &AccountType,
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
        let objects = self.collect(&account_type.object, &names.layout.fields, report).await?;
        if !report.complete && objects.is_empty() {
            return Ok(());
        }
        let observed = self.observe(names, objects, index, members).await?;
        let mut changes = Changes::new(&marks, observed);
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
        let reading = Reading { executed, now: self.ctx.now() };
        self.save(account_type, names, changes, &reading, report).await?;
        self.adopt_orphans(account_type, names, report, reading.now).await?;
        if report.complete {
            self.confirm(&reading.executed, &touched, report).await?;
        }
        Ok(())
    }

    async fn marks(&self, names: &AccountNames) -> Result<Vec<AccountMark>, Error> {
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

    /// Objects in the form that is kept: values encoded, entitlements by id, a fingerprint over all of it.
    async fn observe(
        &self,
        names: &AccountNames,
        objects: Vec<ReadObject>,
        index: &mut EntitlementIndex,
        members: Option<&Members>,
    ) -> Result<Vec<Seen>, Error> {
        self.learn_entitlements(names, &objects, index).await?;
        let mut hasher = Hasher::new();
        let mut observed = Vec::with_capacity(objects.len());
        for ReadObject { object, .. } in objects {
            let key = name_key(self.system.names, &object.name);
            let mut grants: Vec<EntitlementId> =
                members.and_then(|members| members.get(&key)).cloned().unwrap_or_default();
            let mut values: Vec<Value> = object.values;
            for value in &mut values {
                if self.system.text_only {
                    *value = value.to_wire_text();
                }
            }
            for (kind, field) in &names.layout.on_account {
                for name in values
                    .get(*field)
                    .map_or(&[][..], Value::items)
                    .iter()
                    .filter_map(Value::as_text)
                {
                    grants.extend(
                        index
                            .get(self.system.id.index(), *kind, name)
                            .map(|entitlement| entitlement.id),
                    );
                }
                if *field >= names.layout.n_set
                    && let Some(place) = values.get_mut(*field)
                {
                    *place = Value::Null;
                }
            }
            grants.sort_unstable();
            grants.dedup();
            let row = Row { id: EntityId(0), type_id: TypeId(0), values, next_change: None };
            let content = encode_row(&row, &names.layout.numbers, |_| true);
            let fingerprint =
                account_fingerprint(&mut hasher, &object.name, object.enabled, &content, &grants);
            observed.push(Seen {
                native_id: object.id,
                name: object.name,
                name_key: key.into(),
                enabled: object.enabled,
                values: row.values,
                content,
                grants,
                fingerprint,
            });
        }
        Ok(observed)
    }

    /// Entitlements that are named on accounts become known with the first account that holds them.
    async fn learn_entitlements(
        &self,
        names: &AccountNames,
        objects: &[ReadObject],
        index: &mut EntitlementIndex,
    ) -> Result<(), Error> {
        let system = self.system.id.index();
        for (kind, field) in &names.layout.on_account {
            let mut unknown: Vec<Text> = objects
                .iter()
                .flat_map(|object| object.object.values.get(*field).map_or(&[][..], Value::items))
                .filter_map(Value::as_text)
                .filter(|name| index.get(system, *kind, name).is_none())
                .cloned()
                .collect();
            unknown.sort_unstable();
            unknown.dedup();
            if unknown.is_empty() {
                continue;
            }
            let (system_no, kind_no) = self.numbers(*kind)?;
            let mut tx = self.opened.store.begin().await?;
            let new = new_entitlements(&mut tx, system_no, kind_no, &unknown).await?;
            tx.commit().await?;
            new.into_iter().for_each(|entitlement| index.insert(system, *kind, entitlement));
        }
        Ok(())
    }

    /// Writes what differs from what was known, correlating accounts that are new.
    async fn save(
        &self,
        account_type: &AccountType,
        names: &AccountNames,
        changes: Changes<'_>,
        reading: &Reading,
        report: &mut ReadReport,
    ) -> Result<(), Error> {
        let now = reading.now;
        let Changes { new, changed, gone } = changes;
        let correlator = if new.is_empty() {
            None
        } else {
            let mut tx = self.opened.store.read().await?;
            Some(
                Correlator::build(
                    &mut tx,
                    self.opened,
                    account_type.identity,
                    &account_type.matches,
                    now,
                )
                .await?,
            )
        };
        let mut owned =
            if correlator.is_some() { self.owners(names).await? } else { FxHashSet::default() };
        for chunk in new.chunks(CHUNK) {
            let mut tx = self.opened.store.begin().await?;
            let first = tx.take_ids(Sequence::Account, chunk.len()).await?;
            let mut accounts = Vec::with_capacity(chunk.len());
            for (id, seen) in (first..).zip(chunk) {
                let owner = self.owner(correlator.as_ref(), names, seen, &mut owned, now);
                match owner.1 {
                    AccountStatus::Linked => report.linked += 1,
                    AccountStatus::Orphan => report.orphans += 1,
                    AccountStatus::Undecided => report.undecided += 1,
                    AccountStatus::Ignored => {}
                }
                accounts.push(self.account(AccountId(id), names, seen, owner, now)?);
            }
            tx.insert_accounts(&accounts).await?;
            let linked: Vec<EntityId> =
                accounts.iter().filter_map(|account| account.entity).collect();
            tx.unsettle(&linked).await?;
            self.journal(&mut tx, "account.found", accounts.iter().map(|a| &a.name), now).await?;
            tx.commit().await?;
        }
        for chunk in changed.chunks(CHUNK) {
            self.save_changed(chunk, reading, report).await?;
        }
        for chunk in gone.chunks(CHUNK) {
            let mut tx = self.opened.store.begin().await?;
            let ids: Vec<AccountId> = chunk.iter().map(|mark| mark.id).collect();
            tx.delete_accounts(&ids).await?;
            let owners: Vec<EntityId> = chunk.iter().filter_map(|mark| mark.entity).collect();
            doubt(&mut tx, &reading.executed, &owners, report).await?;
            tx.unsettle(&owners).await?;
            self.journal(&mut tx, "account.gone", chunk.iter().map(|mark| &mark.name_key), now)
                .await?;
            tx.commit().await?;
        }
        Ok(())
    }

    async fn save_changed(
        &self,
        chunk: &[(&AccountMark, Seen)],
        reading: &Reading,
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
            if account.enabled != seen.enabled || account.enabled != Some(false) {
                account.changed_at = now;
            }
            account.native_id = seen.native_id.clone();
            account.name = seen.name.clone();
            account.name_key = seen.name_key.clone();
            account.enabled = seen.enabled;
            account.content = seen.content.clone();
            account.grants = seen.grants.clone();
            account.fingerprint = seen.fingerprint;
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

    /// The identities that have an account of this type already.
    async fn owners(&self, names: &AccountNames) -> Result<FxHashSet<EntityId>, Error> {
        Ok(self.marks(names).await?.into_iter().filter_map(|mark| mark.entity).collect())
    }

    fn owner(
        &self,
        correlator: Option<&Correlator<'_>>,
        names: &AccountNames,
        seen: &Seen,
        owned: &mut FxHashSet<EntityId>,
        now: Timestamp,
    ) -> (Option<EntityId>, AccountStatus, u8) {
        let columns: Vec<Value> = names
            .layout
            .match_columns
            .iter()
            .map(|field| seen.values.get(*field).cloned().unwrap_or(Value::Null))
            .collect();
        match correlator
            .map_or(Found::Nobody, |correlator| correlator.find(self.opened, &columns, now))
        {
            // Somebody who has an account of this type already does not get a second one by correlation.
            Found::One(id, _) if owned.contains(&id) => (None, AccountStatus::Orphan, 0),
            Found::One(id, confidence) if confidence >= 100 => {
                owned.insert(id);
                (Some(id), AccountStatus::Linked, confidence)
            }
            Found::One(id, confidence) => (Some(id), AccountStatus::Undecided, confidence),
            Found::Several(_) => (None, AccountStatus::Undecided, 0),
            Found::Nobody => (None, AccountStatus::Orphan, 0),
        }
    }

    fn account(
        &self,
        id: AccountId,
        names: &AccountNames,
        seen: &Seen,
        (entity, status, confidence): (Option<EntityId>, AccountStatus, u8),
        now: Timestamp,
    ) -> Result<Account, Error> {
        let system = self
            .opened
            .names
            .systems
            .get(self.system.id.index())
            .ok_or_else(|| Error::bug("a system has no number"))?;
        Ok(Account {
            id,
            system_no: system.no,
            type_no: names.no,
            native_id: seen.native_id.clone(),
            name: seen.name.clone(),
            name_key: seen.name_key.clone(),
            entity,
            status,
            confidence,
            enabled: seen.enabled,
            content: seen.content.clone(),
            grants: seen.grants.clone(),
            fingerprint: seen.fingerprint,
            created_at: now,
            changed_at: now,
            origin: AccountOrigin::Found,
        })
    }

    /// Accounts that belonged to nobody may belong to somebody who has arrived since.
    async fn adopt_orphans(
        &self,
        account_type: &AccountType,
        names: &AccountNames,
        report: &mut ReadReport,
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut tx = self.opened.store.read().await?;
        let mut orphans = Vec::new();
        let mut after = None;
        loop {
            let page = tx.unlinked_accounts(names.no, AccountStatus::Orphan, after, BATCH).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            orphans.extend(page);
        }
        // Those that this very read found were tried a moment ago.
        orphans.retain(|orphan| orphan.created_at != now);
        if orphans.is_empty() {
            return Ok(());
        }
        let correlator = Correlator::build(
            &mut tx,
            self.opened,
            account_type.identity,
            &account_type.matches,
            now,
        )
        .await?;
        drop(tx);
        let mut owned = self.owners(names).await?;
        let mut links = Vec::new();
        for orphan in &orphans {
            let mut row = Row::empty(EntityId(0), TypeId(0), names.layout.fields.len());
            muster_model::decode_row(&orphan.content, &names.layout.numbers, &mut row).map_err(
                |error| {
                    Error::bug(format!("account {} cannot be read", orphan.id)).caused_by(error)
                },
            )?;
            let seen = Seen { values: row.values, ..Seen::default() };
            let (entity, status, confidence) =
                self.owner(Some(&correlator), names, &seen, &mut owned, now);
            if status != AccountStatus::Orphan {
                links.push((orphan.id, entity, status, confidence));
            }
        }
        if links.is_empty() {
            return Ok(());
        }
        report.linked +=
            links.iter().filter(|(_, _, status, _)| *status == AccountStatus::Linked).count()
                as u64;
        let mut tx = self.opened.store.begin().await?;
        tx.link_accounts(&links).await?;
        tx.unsettle(&links.iter().filter_map(|(_, entity, ..)| *entity).collect::<Vec<_>>())
            .await?;
        let linked: Vec<Text> = orphans
            .iter()
            .filter(|o| links.iter().any(|(id, ..)| *id == o.id))
            .map(|o| o.name.clone())
            .collect();
        self.journal(&mut tx, "account.link", linked.iter(), now).await?;
        tx.commit().await?;
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

fn member_field(attribute: &Text) -> Field {
    Field { name: attribute.clone(), value_type: ValueType::Text, many: true }
}

/// Makes entitlements known that nobody has seen as objects of their own.
pub(crate) async fn new_entitlements(
    tx: &mut Tx,
    system_no: i64,
    kind_no: i64,
    names: &[Text],
) -> Result<Vec<Entitlement>, Error> {
    let first = tx.take_ids(Sequence::Entitlement, names.len()).await?;
    let new: Vec<Entitlement> = (first..)
        .zip(names)
        .map(|(id, name)| Entitlement {
            id: EntitlementId(id),
            system_no,
            kind_no,
            name: name.clone(),
            native_id: "".into(),
            native_name: "".into(),
            present: true,
        })
        .collect();
    tx.save_entitlements(&new).await?;
    Ok(new)
}

/// The names that the model grants and that are known, by the key of the object they stand for.
fn known_names(
    target: &Target<'_>,
    position: usize,
    kind: &EntitlementKind,
    index: &EntitlementIndex,
) -> FxHashMap<String, Text> {
    let mut names: Vec<Text> = index
        .of_kind(target.system.id.index(), position)
        .into_iter()
        .map(|e| e.name.clone())
        .collect();
    for grant in target.opened.model.roles.iter().flat_map(|role| &role.grants) {
        if let muster_policy::Grant::Entitlement {
            system,
            kind: k,
            name: muster_policy::GrantName::Literal(name),
            at: _,
        } = grant
            && *system == target.system.id
            && *k == position
        {
            names.push(name.clone());
        }
    }
    names
        .into_iter()
        .map(|name| {
            (
                name_key(
                    target.system.names,
                    &crate::account_change::entitlement_object(target.system, kind, &name),
                ),
                name,
            )
        })
        .collect()
}

/// The entitlement's name for an object: the name that stands for it, or the value of its first name part.
fn entitlement_name(
    system: &System,
    kind: &EntitlementKind,
    object: &Text,
    known: &FxHashMap<String, Text>,
) -> Text {
    let key = name_key(system.names, object);
    if let Some(name) = known.get(&key) {
        return name.clone();
    }
    if system.names == NameRule::DistinguishedName
        && let Some(value) = object
            .split(',')
            .next()
            .and_then(|rdn| rdn.split_once('='))
            .map(|(_, value)| value.trim())
    {
        let name: Text = value.into();
        if name_key(system.names, &crate::account_change::entitlement_object(system, kind, &name))
            == key
        {
            return name;
        }
    }
    object.clone()
}

/// The fingerprint of an account as observed; the executor computes the same for what it left behind.
pub(crate) fn account_fingerprint(
    hasher: &mut Hasher,
    name: &str,
    enabled: Option<bool>,
    content: &[u8],
    grants: &[EntitlementId],
) -> Fingerprint {
    hasher.reset();
    hasher.text(name);
    hasher.int(enabled.map_or(-1, i64::from));
    hasher.bytes(content);
    grants.iter().for_each(|id| hasher.int(id.0));
    hasher.finish()
}

/// An account as a read found it.
#[derive(Debug, Default)]
struct Seen {
    native_id: Text,
    name: Text,
    name_key: Text,
    enabled: Option<bool>,
    values: Vec<Value>,
    content: Vec<u8>,
    grants: Vec<EntitlementId>,
    fingerprint: Fingerprint,
}

/// What a read changed.
struct Changes<'m> {
    new: Vec<Seen>,
    changed: Vec<(&'m AccountMark, Seen)>,
    gone: Vec<&'m AccountMark>,
}

impl<'m> Changes<'m> {
    fn new(marks: &'m [AccountMark], observed: Vec<Seen>) -> Self {
        let by_id: FxHashMap<&Text, &AccountMark> =
            marks.iter().filter(|m| !m.native_id.is_empty()).map(|m| (&m.native_id, m)).collect();
        let by_name: FxHashMap<&Text, &AccountMark> =
            marks.iter().map(|mark| (&mark.name_key, mark)).collect();
        let mut seen_marks: FxHashSet<AccountId> = FxHashSet::default();
        let mut changes = Self { new: Vec::new(), changed: Vec::new(), gone: Vec::new() };
        for seen in observed {
            match by_id.get(&seen.native_id).or_else(|| by_name.get(&seen.name_key)) {
                Some(mark) if seen_marks.insert(mark.id) => {
                    if mark.fingerprint != seen.fingerprint || mark.native_id != seen.native_id {
                        changes.changed.push((mark, seen));
                    }
                }
                Some(_) | None => changes.new.push(seen),
            }
        }
        changes.gone = marks.iter().filter(|mark| !seen_marks.contains(&mark.id)).collect();
        changes
    }
}

struct Collector<'a> {
    objects: Vec<ReadObject>,
    report: &'a mut ReadReport,
    task: &'a dyn Task,
    seen: FxHashSet<String>,
    names: NameRule,
}

#[async_trait]
impl Sink for Collector<'_> {
    async fn objects(&mut self, objects: Vec<ReadObject>) -> Result<(), ConnectorError> {
        self.task.advance(objects.len() as u64);
        for object in objects {
            self.report.objects += 1;
            let place = || {
                if object.line == 0 {
                    object.object.name.to_string()
                } else {
                    format!("line {}", object.line)
                }
            };
            if object.object.name.trim().is_empty() {
                self.report.reject(place(), "it has no name");
            } else if !self.seen.insert(name_key(self.names, &object.object.name)) {
                self.report.reject(
                    place(),
                    format!("`{}` was there before; the first one counts", object.object.name),
                );
            } else {
                self.objects.push(object);
            }
        }
        Ok(())
    }

    async fn bad(&mut self, bad: BadObject) -> Result<(), ConnectorError> {
        self.report.objects += 1;
        self.report.reject(bad.place, bad.problem);
        Ok(())
    }
}
