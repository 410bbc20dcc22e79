//! What a change says, attribute by attribute: names are known, values have the right type, links lead to the right one.

use std::collections::{BTreeMap, BTreeSet};

use muster_app::{Error, similar};
use muster_model::{Attribute, AttributeKind, EntityId, Slot, Text, TypeId, Value, ValueType};
use muster_store::ReadTx;

use super::{Group, LocalChange, Meant, Outcomes};
use crate::{inbound::Problem, mapping::convert};

impl<'a> Group<'a> {
    /// The values of a change by attribute; links by key are references.
    pub(super) fn values(&self, change: &LocalChange) -> Result<Vec<(Slot, Value)>, Problem> {
        let mut said: Vec<(Slot, Value)> = Vec::with_capacity(change.set.len());
        for (name, value) in &change.set {
            let attribute = self.attribute(name)?;
            let of = Some(attribute.slot);
            let value = value.as_ref().unwrap_or(&Value::Null);
            let value = convert(attribute, value)
                .map_err(|problem| Problem::invalid(of, format!("{name}: {problem}")))?;
            if !value.items().iter().all(|item| fits(item, attribute.value_type)) {
                let wanted = attribute.value_type.name();
                let problem = format!("{name}: {wanted} is needed here");
                return Err(Problem::invalid(of, problem));
            }
            if said.iter().any(|(slot, _)| *slot == attribute.slot) {
                return Err(Problem::invalid(of, format!("`{name}` is there twice")));
            }
            said.push((attribute.slot, value));
        }
        Ok(said)
    }

    fn attribute(&self, name: &Text) -> Result<&'a Attribute, Problem> {
        let Some(attribute) = self.of.attribute_named(name) else {
            let names = self.of.attributes.iter().map(|attribute| &attribute.name);
            let near = similar(name, names).map(|near| format!("; did you mean `{near}`?"));
            let problem = format!("`{}` has no attribute `{name}`", self.of.name);
            return Err(Problem::invalid(None, problem + &near.unwrap_or_default()));
        };
        let how = match attribute.kind {
            AttributeKind::Stored | AttributeKind::Generated => return Ok(attribute),
            AttributeKind::Computed => "it is computed",
            AttributeKind::Lifecycle => "it follows from the lifecycle rules",
            AttributeKind::Inverse { .. } => "it is the other end of a link",
        };
        let problem = format!("`{name}` cannot be entered: {how}");
        Err(Problem::invalid(Some(attribute.slot), problem))
    }

    /// Puts entities in place of keys, where they are there; refuses links to what is not there or is something else.
    pub(super) async fn follow_links(
        &self,
        tx: &mut ReadTx,
        meant: Vec<Meant<'a>>,
        outcomes: &mut Outcomes,
    ) -> Result<Vec<Meant<'a>>, Error> {
        let ends = Ends::load(tx, self, &meant).await?;
        let mut good = Vec::with_capacity(meant.len());
        for mut one in meant {
            match one.said.iter_mut().try_for_each(|(slot, value)| self.follow(*slot, value, &ends))
            {
                Ok(()) => good.push(one),
                Err(problem) => outcomes.push((one.place, Err(self.error(problem)))),
            }
        }
        Ok(good)
    }

    fn follow(&self, slot: Slot, value: &mut Value, ends: &Ends) -> Result<(), Problem> {
        let Some(ValueType::Link(to)) = self.of.attribute(slot).map(|of| of.value_type) else {
            return Ok(());
        };
        let end = |item: &Value| {
            if let Value::Reference(reference) = item
                && let Some(id) = ends.by_key.get(&(to, reference.key.clone()))
            {
                return Ok(Value::Link(*id));
            }
            if let Value::Link(id) = item
                && ends.types.get(id) != Some(&to)
            {
                let name = self.name(slot);
                let problem = format!("{name}: the link leads to nothing of the right type");
                return Err(Problem::invalid(Some(slot), problem));
            }
            Ok(item.clone())
        };
        let is_list = matches!(value, Value::List(_));
        let items = value.items().iter().map(end).collect::<Result<Vec<Value>, Problem>>()?;
        *value =
            if is_list { Value::set(items) } else { items.into_iter().next().unwrap_or_default() };
        Ok(())
    }
}

/// The other ends of links, as far as they are there.
#[derive(Default)]
struct Ends {
    by_key: BTreeMap<(TypeId, Text), EntityId>,
    types: BTreeMap<EntityId, TypeId>,
}

impl Ends {
    async fn load(tx: &mut ReadTx, group: &Group<'_>, meant: &[Meant<'_>]) -> Result<Self, Error> {
        let mut keys: BTreeMap<TypeId, BTreeSet<Text>> = BTreeMap::new();
        let mut ids = BTreeSet::new();
        let values = meant.iter().flat_map(|one| &one.said);
        for item in values.flat_map(|(_, value)| value.items()) {
            match item {
                Value::Reference(reference) => {
                    keys.entry(reference.to).or_default().insert(reference.key.clone());
                }
                Value::Link(id) => drop(ids.insert(*id)),
                Value::Null
                | Value::Bool(_)
                | Value::Int(_)
                | Value::Float(_)
                | Value::Text(_)
                | Value::Date(_)
                | Value::DateTime(_)
                | Value::Binary(_)
                | Value::Uuid(_)
                | Value::List(_) => {}
            }
        }
        let mut ends = Self::default();
        for (type_id, keys) in keys {
            let Some(names) = group.opened.names.type_names(type_id) else { continue };
            let keys: Vec<Text> = keys.into_iter().collect();
            let found = tx.entity_ids_by_key(names.no, &keys).await?;
            let found = keys.into_iter().zip(found);
            ends.by_key.extend(found.filter_map(|(key, id)| Some(((type_id, key), id?))));
        }
        let ids: Vec<EntityId> = ids.into_iter().collect();
        for entity in tx.entities(&ids).await? {
            if let Some(type_id) = muster_app::entity_type(group.opened, entity.type_no) {
                ends.types.insert(entity.id, type_id);
            }
        }
        Ok(ends)
    }
}

/// Whether a single value is of a type.
fn fits(value: &Value, wanted: ValueType) -> bool {
    match (value, wanted) {
        (Value::Reference(reference), ValueType::Link(to)) => reference.to == to,
        (Value::Bool(_), ValueType::Bool)
        | (Value::Int(_), ValueType::Int)
        | (Value::Float(_), ValueType::Float)
        | (Value::Text(_), ValueType::Text)
        | (Value::Date(_), ValueType::Date)
        | (Value::DateTime(_), ValueType::DateTime)
        | (Value::Binary(_), ValueType::Binary)
        | (Value::Uuid(_), ValueType::Uuid)
        | (Value::Link(_), ValueType::Link(_)) => true,
        (
            Value::Null
            | Value::Bool(_)
            | Value::Int(_)
            | Value::Float(_)
            | Value::Text(_)
            | Value::Date(_)
            | Value::DateTime(_)
            | Value::Binary(_)
            | Value::Uuid(_)
            | Value::Link(_)
            | Value::Reference(_)
            | Value::List(_),
            _,
        ) => false,
    }
}
