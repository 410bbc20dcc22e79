//! Entitlements: which there are, what they are called, and who is a member.

use std::collections::BTreeSet;

use muster_app::{AccountNames, EntitlementIndex, Error};
use muster_connector::{Field, ReadObject};
use muster_model::{NameRule, ObjectRef, Text, Value, ValueType, name_key};
use muster_policy::{EntitlementKind, Grant, GrantName, System};
use muster_store::{Entitlement, EntitlementId, Nesting, Sequence, Tx};
use rustc_hash::{FxHashMap, FxHashSet};

use super::Target;
use crate::{account_change::entitlement_object, report::ReadReport};

/// Who holds what, by the key of the account's name.
pub(super) type Members = FxHashMap<String, Vec<EntitlementId>>;

/// An entitlement kind and its place in the system.
pub(super) struct Kind<'a> {
    pub(super) position: usize,
    pub(super) kind: &'a EntitlementKind,
}

/// The objects of one kind that were read.
pub(super) struct Groups<'a> {
    pub(super) objects: &'a [ReadObject],
    /// The ids of those that went away; `None` when those went away that were not read.
    pub(super) deleted: Option<&'a FxHashSet<Text>>,
}

impl Target<'_> {
    /// Keeps the entitlements that are there and notes their members; answers which were read or went away.
    pub(super) async fn save_groups(
        &self,
        kind: &Kind<'_>,
        groups: &Groups<'_>,
        index: &mut EntitlementIndex,
        mut members: Option<&mut Members>,
        report: &mut ReadReport,
    ) -> Result<FxHashSet<EntitlementId>, Error> {
        let objects = groups.objects;
        let mut reread = FxHashSet::default();
        let (system_no, kind_no) = self.numbers(kind.position)?;
        let (system, position) = (self.system.id.index(), kind.position);
        let known = known_names(self, kind, index);
        let name_of = |object: &ReadObject| {
            entitlement_name(self.system, kind.kind, &object.object.name, &known)
        };
        let names: Vec<Text> = objects.iter().map(name_of).collect();
        let seen: FxHashSet<&Text> = names.iter().collect();
        let n_new = seen.iter().filter(|name| index.get(system, position, name).is_none()).count();
        report.created += n_new as u64;
        let mut tx = None;
        let mut next = 0;
        if n_new > 0 {
            next = self.begin(&mut tx).await?.take_ids(Sequence::Entitlement, n_new).await?;
        }
        let mut changed = Vec::new();
        for (ReadObject { object, .. }, name) in objects.iter().zip(&names) {
            let before = index.get(system, position, name);
            let id = before.map_or(EntitlementId(next), |before| before.id);
            next += i64::from(before.is_none());
            reread.insert(id);
            let now = Entitlement {
                id,
                system_no,
                kind_no,
                name: name.clone(),
                native_id: object.id.clone(),
                native_name: object.name.clone(),
                present: true,
            };
            if before != Some(&now) {
                index.insert(system, position, now.clone());
                changed.push(now);
            }
            if let Some(members) = members.as_deref_mut() {
                for member in texts(object.values.first()) {
                    members.entry(name_key(self.system.names, member)).or_default().push(id);
                }
            }
        }
        self.save_nestings(&mut tx, (kind, kind_no), groups, &names, index).await?;
        let gone = gone(&index.of_kind(system, position), &seen, groups.deleted);
        report.absent += gone.len() as u64;
        reread.extend(gone.iter().map(|gone| gone.id));
        changed.extend(gone);
        if !changed.is_empty() {
            self.begin(&mut tx).await?.save_entitlements(&changed).await?;
            for entitlement in changed {
                index.insert(system, position, entitlement);
            }
        }
        if let Some(tx) = tx {
            tx.commit().await?;
        }
        Ok(reread)
    }

    /// Keeps which entitlements are members of others: whoever holds the inner one holds the outer one too.
    async fn save_nestings(
        &self,
        tx: &mut Option<Tx>,
        (kind, kind_no): (&Kind<'_>, i64),
        groups: &Groups<'_>,
        names: &[Text],
        index: &EntitlementIndex,
    ) -> Result<(), Error> {
        let (rule, system) = (self.system.names, self.system.id.index());
        let all = index.of_kind(system, kind.position).into_iter();
        // Some services name the groups that are members, others tell their ids.
        let ids: FxHashMap<String, EntitlementId> = all
            .clone()
            .map(|known| (&known.native_id, known.id))
            .chain(all.map(|known| (&known.native_name, known.id)))
            .filter(|(name, _)| !name.is_empty())
            .map(|(name, id)| (name_key(rule, name), id))
            .collect();
        let (mut now, mut read) = (BTreeSet::new(), BTreeSet::new());
        for (object, name) in groups.objects.iter().zip(names) {
            let Some(outer) = index.get(system, kind.position, name).map(|known| known.id) else {
                continue;
            };
            read.insert(outer);
            let members = texts(object.object.values.first());
            let inner = members.filter_map(|member| ids.get(&name_key(rule, member)));
            now.extend(inner.map(|inner| Nesting { outer, inner: *inner }));
        }
        let known = self.opened.store.read().await?.nestings(kind_no).await?.into_iter();
        // Where only changes were read, the others are as they were.
        let known: BTreeSet<Nesting> = known
            .filter(|nesting| groups.deleted.is_none() || read.contains(&nesting.outer))
            .collect();
        let new: Vec<Nesting> = now.difference(&known).copied().collect();
        let over: Vec<Nesting> = known.difference(&now).copied().collect();
        if new.is_empty() && over.is_empty() {
            return Ok(());
        }
        let tx = self.begin(tx).await?;
        tx.insert_nestings(&new).await?;
        tx.delete_nestings(&over).await?;
        Ok(())
    }

    /// The object that stands for an entitlement.
    pub(super) fn group_object(
        &self,
        Kind { position, kind }: &Kind<'_>,
        name: &Text,
        index: &EntitlementIndex,
    ) -> ObjectRef {
        let known = index.get(self.system.id.index(), *position, name);
        let (id, name) = match known.filter(|known| !known.native_name.is_empty()) {
            Some(known) => (known.native_id.clone(), known.native_name.clone()),
            None => ("".into(), entitlement_object(self.system, kind, name)),
        };
        ObjectRef { class: kind.object.clone(), id, name }
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

    /// Entitlements that are named on accounts become known with the first account that holds them.
    pub(super) async fn learn_entitlements(
        &self,
        names: &AccountNames,
        objects: &[ReadObject],
        index: &mut EntitlementIndex,
    ) -> Result<(), Error> {
        let system = self.system.id.index();
        for (kind, field) in &names.layout.on_account {
            let mut unknown: Vec<Text> = objects
                .iter()
                .flat_map(|object| texts(object.object.values.get(*field)))
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
            for entitlement in new {
                index.insert(system, *kind, entitlement);
            }
        }
        Ok(())
    }
}

/// The texts of a value, one or many.
pub(super) fn texts(value: Option<&Value>) -> impl Iterator<Item = &Text> {
    value.map_or(&[][..], Value::items).iter().filter_map(Value::as_text)
}

/// The entitlements that were there and were not seen, as they are now.
fn gone(
    known: &[&Entitlement],
    seen: &FxHashSet<&Text>,
    deleted: Option<&FxHashSet<Text>>,
) -> Vec<Entitlement> {
    let is_gone = |known: &Entitlement| match deleted {
        Some(deleted) => deleted.contains(&known.native_id),
        None => true,
    };
    let gone =
        known.iter().filter(|known| known.present && !seen.contains(&known.name) && is_gone(known));
    gone.map(|known| Entitlement { present: false, native_id: "".into(), ..(*known).clone() })
        .collect()
}

pub(super) fn member_field(attribute: &Text) -> Field {
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
    kind: &Kind<'_>,
    index: &EntitlementIndex,
) -> FxHashMap<String, Text> {
    let system = target.system;
    let known = index.of_kind(system.id.index(), kind.position);
    let mut names: Vec<Text> = known.into_iter().map(|known| known.name.clone()).collect();
    for grant in target.opened.model.roles.iter().flat_map(|role| &role.grants) {
        if let Grant::Entitlement {
            system: of,
            kind: granted,
            name: GrantName::Literal(name),
            at: _,
        } = grant
            && *of == system.id
            && *granted == kind.position
        {
            names.push(name.clone());
        }
    }
    let with_key =
        |name: Text| (name_key(system.names, &entitlement_object(system, kind.kind, &name)), name);
    names.into_iter().map(with_key).collect()
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
        if name_key(system.names, &entitlement_object(system, kind, &name)) == key {
            return name;
        }
    }
    object.clone()
}
