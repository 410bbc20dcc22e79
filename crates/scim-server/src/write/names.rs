//! Names for whoever comes: a former one for whoever comes back, a key where nobody gives one, parts of a name from others.

use muster_engine::LocalChange;
use muster_model::{EntityId, Text, Value, ValueType};
use muster_scim::{get, set};
use muster_store::ReadTx;
use serde_json::{Map, Value as Json, json};

use super::Job;
use crate::{
    error::Failure,
    mapping::{FieldSource, FoundBy, Resource},
    quirks::{self, Quirk},
};

/// Keys tried for somebody who comes without one.
const MOST_KEYS: usize = 100;

impl Job {
    /// Whoever was deleted and has a name that must be unique comes back under it.
    pub(super) async fn comes_back(
        &self,
        tx: &mut ReadTx,
        resource: &Resource,
        local: &mut LocalChange,
    ) -> Result<Option<EntityId>, Failure> {
        let Some(names) = self.view.opened.names.type_names(resource.type_id) else {
            return Ok(None);
        };
        for field in &resource.fields {
            let said = local.set.iter().find(|(name, _)| *name == field.name);
            let Some((_, Some(Value::Text(text)))) = said else { continue };
            let found = match field.found_by {
                None => continue,
                Some(FoundBy::Key) => {
                    tx.entity_ids_by_key(names.no, std::slice::from_ref(text)).await?
                }
                Some(FoundBy::Unique) => {
                    let no = self.view.opened.names.attribute_no(resource.type_id, field.slot);
                    let Some(no) = no else { continue };
                    tx.unique_value_holders(names.no, no, &[text.to_lowercase().into()]).await?
                }
            };
            let Some(Some(id)) = found.first() else { continue };
            let Some(entity) = tx.entity(*id).await?.filter(|e| e.absent_since.is_some()) else {
                continue;
            };
            let key = self.view.opened.model.schema.get(resource.type_id).map(|of| of.key);
            let key = key
                .and_then(|slot| self.view.opened.model.schema.attribute(resource.type_id, slot));
            if let Some(key) = key {
                local.set.retain(|(name, _)| *name != key.name);
                local.set.push((key.name.clone(), Some(Value::Text(entity.key))));
                quirks::note(Quirk::CameBack);
                return Ok(Some(entity.id));
            }
        }
        Ok(None)
    }

    /// Gives a key to whoever has none and for whose type none is generated: the name, with a number where that is taken.
    pub(super) async fn give_key(
        &self,
        tx: &mut ReadTx,
        resource: &Resource,
        local: &mut LocalChange,
    ) -> Result<(), Failure> {
        let model = &self.view.opened.model;
        let Some(key) = model.schema.get(resource.type_id).and_then(|of| of.attribute(of.key))
        else {
            return Ok(());
        };
        let behaviour = model.types.get(resource.type_id.index());
        let is_generated =
            behaviour.is_some_and(|of| of.generated.iter().any(|(slot, _)| *slot == key.slot));
        let is_said = local.set.iter().any(|(name, _)| *name == key.name);
        if is_said || is_generated || key.value_type != ValueType::Text {
            return Ok(());
        }
        let named = resource.fields.iter().find(|field| field.found_by == Some(FoundBy::Unique));
        let name = named.and_then(|named| {
            let (_, value) = local.set.iter().find(|(name, _)| *name == named.name)?;
            value.as_ref()?.as_text().cloned()
        });
        let (Some(name), Some(names)) = (name, self.view.opened.names.type_names(resource.type_id))
        else {
            return Ok(());
        };
        for n in 1..=MOST_KEYS {
            let candidate: Text = if n == 1 { name.clone() } else { format!("{name}-{n}").into() };
            let found = tx.entity_ids_by_key(names.no, std::slice::from_ref(&candidate)).await?;
            if found.into_iter().flatten().next().is_none() {
                local.set.push((key.name.clone(), Some(Value::Text(candidate))));
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Takes parts of a name that the model requires and nobody gave from other names.
pub(super) fn give_names(resource: &Resource, after: &mut Map<String, Json>) {
    let mut wanted = Json::Object(std::mem::take(after));
    for field in &resource.fields {
        let is_name = field.path.attribute.name == "name" && field.path.attribute.schema.is_none();
        let is_missing = matches!(field.source, FieldSource::Kept { required: true })
            && get(&wanted, &field.path).is_none();
        if !is_name || !is_missing {
            continue;
        }
        let part = field.path.attribute.sub.as_deref().unwrap_or_default();
        if let Some(name) = name_from(&wanted, part) {
            quirks::note(Quirk::NameFromOther);
            set(&mut wanted, &field.path, json!(name));
        }
    }
    if let Json::Object(map) = wanted {
        *after = map;
    }
}

/// A part of a name from the whole name, the name to show, or the name to sign in with.
fn name_from(json: &Json, part: &str) -> Option<String> {
    let text = |pointer: &str| json.pointer(pointer).and_then(Json::as_str);
    let whole = text("/name/formatted").or_else(|| text("/displayName"));
    let whole = whole.or_else(|| text("/userName")?.split('@').next())?;
    let words: Vec<&str> = whole.split([' ', '.', '_']).filter(|word| !word.is_empty()).collect();
    let word = if part == "givenName" { words.first() } else { words.last() };
    word.map(|word| (*word).to_owned())
}
