//! Accounts as a read found them, in the form that is kept, and what of it is new, changed or gone.

use muster_app::{AccountNames, EntitlementIndex, Error};
use muster_connector::ReadObject;
use muster_model::{
    AccountId, EntityId, Fingerprint, Hasher, Row, Text, TypeId, Value, encode_row, name_key,
};
use muster_store::{AccountMark, EntitlementId};
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    Target,
    collect::Broken,
    groups::{Members, texts},
};
use crate::report::ReadReport;

/// An account as a read found it.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) native_id: Text,
    pub(super) name: Text,
    pub(super) name_key: Text,
    pub(super) enabled: Option<bool>,
    pub(super) values: Vec<Value>,
    pub(super) content: Vec<u8>,
    pub(super) grants: Vec<EntitlementId>,
    pub(super) fingerprint: Fingerprint,
}

/// What a read changed.
pub(super) struct Changes<'m> {
    pub(super) new: Vec<Seen>,
    pub(super) changed: Vec<(&'m AccountMark, Seen)>,
    pub(super) gone: Vec<&'m AccountMark>,
}

impl<'m> Changes<'m> {
    /// Compares what was read with what is known.
    pub(super) fn new(marks: &'m [AccountMark], observed: Vec<Seen>) -> Self {
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

    /// Tells how much it is. After an incomplete read nothing is gone.
    pub(super) fn tell(&mut self, broken: &Broken, report: &mut ReadReport) {
        let may_be_any = self.keep_broken(broken);
        report.lacks_some(may_be_any, self.gone.len());
        if !report.complete {
            self.gone.clear();
        }
        (report.created, report.changed, report.absent) =
            (self.new.len() as u64, self.changed.len() as u64, self.gone.len() as u64);
    }

    /// Takes accounts whose objects are there and cannot be read for not gone; answers how many of those objects may be
    /// any account.
    fn keep_broken(&mut self, broken: &Broken) -> u64 {
        let n_gone = self.gone.len();
        self.gone.retain(|mark| !broken.named.contains(&*mark.name_key));
        broken.len().saturating_sub((n_gone - self.gone.len()) as u64)
    }
}

impl Target<'_> {
    /// Objects in the form that is kept: values encoded, entitlements by id, a fingerprint over all of it.
    pub(super) async fn observe(
        &self,
        names: &AccountNames,
        objects: Vec<ReadObject>,
        index: &mut EntitlementIndex,
        members: Option<&Members>,
    ) -> Result<Vec<Seen>, Error> {
        self.learn_entitlements(names, &objects, index).await?;
        let system = self.system.id.index();
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
                let held = texts(values.get(*field));
                grants.extend(held.filter_map(|name| Some(index.get(system, *kind, name)?.id)));
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
    for id in grants {
        hasher.int(id.0);
    }
    hasher.finish()
}
