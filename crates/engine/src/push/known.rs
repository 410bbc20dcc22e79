//! What is known of pushed records: those that are there, and what the other ends of links are called.

use std::collections::BTreeSet;

use muster_app::Error;
use muster_model::{EntityId, Text, Value, ValueType, parse_value};
use muster_store::{ReadTx, Record};
use rustc_hash::FxHashMap;

use super::Push;
use crate::{local::LocalVerb, source::Source};

/// The records of the source that pushes may be about.
pub(super) struct Known {
    by_entity: FxHashMap<EntityId, Record>,
    by_key: FxHashMap<Text, Record>,
}

impl Known {
    pub(super) async fn load(
        tx: &mut ReadTx,
        source: Source<'_>,
        pushes: &[&Push],
    ) -> Result<Self, Error> {
        let entities: BTreeSet<EntityId> =
            pushes.iter().filter_map(|push| push.change.entity).collect();
        let entities: Vec<EntityId> = entities.into_iter().collect();
        let mut by_entity: FxHashMap<EntityId, Record> = FxHashMap::default();
        for record in tx.records_of_many(&entities).await? {
            let Some(entity) = record.entity.filter(|_| record.read_no == source.names.no) else {
                continue;
            };
            // One that is there counts before one that is gone.
            let better = by_entity.get(&entity).is_none_or(|known| known.absent_since.is_some());
            if better {
                by_entity.insert(entity, record);
            }
        }
        let is_new = |push: &&&Push| push.change.verb == LocalVerb::Create;
        let keys: Vec<Text> =
            pushes.iter().filter(is_new).filter_map(|push| push.key.clone()).collect();
        let found = tx.records_by_key(source.names.no, &keys).await?;
        let by_key = keys.into_iter().zip(found).filter_map(|(key, record)| Some((key, record?)));
        Ok(Self { by_entity, by_key: by_key.collect() })
    }

    pub(super) fn of(&self, push: &Push) -> Option<&Record> {
        match push.change.verb {
            LocalVerb::Create => self.by_key.get(push.key.as_ref()?),
            LocalVerb::Change | LocalVerb::Confirm | LocalVerb::Remove => {
                self.by_entity.get(&push.change.entity?)
            }
        }
    }
}

/// What the other ends of links are called: records hold keys.
pub(super) struct Ends(FxHashMap<EntityId, Text>);

impl Ends {
    pub(super) async fn load(tx: &mut ReadTx, pushes: &[&Push]) -> Result<Self, Error> {
        let values =
            pushes.iter().flat_map(|push| &push.change.set).filter_map(|(_, v)| v.as_ref());
        let link = |item: &Value| if let Value::Link(id) = item { Some(*id) } else { None };
        let ids: BTreeSet<EntityId> = values.flat_map(Value::items).filter_map(link).collect();
        let ids: Vec<EntityId> = ids.into_iter().collect();
        let entities = tx.entities(&ids).await?;
        Ok(Self(entities.into_iter().map(|entity| (entity.id, entity.key)).collect()))
    }

    /// A value as its column holds it.
    pub(super) fn in_column(
        &self,
        value: &Value,
        wanted: ValueType,
        many: bool,
    ) -> Result<Value, String> {
        let single = |item: &Value| {
            let text = if let Value::Link(id) = item {
                self.0.get(id).map_or(Value::Null, |key| Value::Text(key.clone()))
            } else if let Value::Reference(reference) = item {
                Value::Text(reference.key.clone())
            } else {
                item.to_wire_text()
            };
            match text.as_text() {
                Some(text) if wanted != ValueType::Text => {
                    parse_value(text, wanted).map_err(|error| error.to_string())
                }
                Some(_) | None => Ok(text),
            }
        };
        let items: Vec<Value> = value.items().iter().map(single).collect::<Result<_, _>>()?;
        Ok(if many { Value::set(items) } else { items.into_iter().next().unwrap_or_default() })
    }
}
