//! Values that nobody else may have: who holds them, and whoever wants one that is taken is refused.

use muster_app::Error;
use muster_model::{EntityId, Slot, Text, Value};
use muster_store::{Tx, UniqueValue};
use rustc_hash::FxHashMap;

use super::{
    Arrival, Inbound,
    refused::{Outcome, Problem},
};

impl Inbound<'_> {
    /// Who holds which of these values, by the values' keys.
    pub(super) async fn holders(
        &self,
        tx: &mut Tx,
        slot: Slot,
        values: &[Text],
    ) -> Result<FxHashMap<Text, EntityId>, Error> {
        let Some(attribute_no) = self.type_names.attributes.get(slot.index()) else {
            return Ok(FxHashMap::default());
        };
        let keys: Vec<Text> = values.iter().map(|value| value_key(value)).collect();
        if slot == self.entity_type.key {
            let holders = tx.entity_ids_by_key(self.type_names.no, values).await?;
            let held = keys.into_iter().zip(holders);
            return Ok(held.filter_map(|(key, holder)| Some((key, holder?))).collect());
        }
        let holders = tx.unique_value_holders(self.type_names.no, *attribute_no, &keys).await?;
        Ok(keys.into_iter().zip(holders).filter_map(|(key, holder)| Some((key, holder?))).collect())
    }

    /// Turns those away that waited before and whose value is still taken: trying it would be a write for nothing.
    async fn still_taken<'s>(
        &self,
        tx: &mut Tx,
        arrivals: &mut Vec<Arrival<'s>>,
        outcome: &mut Outcome<'_, 's>,
    ) -> Result<(), Error> {
        let waited = |arrival: &Arrival<'_>| {
            arrival.staged.is_some_and(|staged| self.cases.contains_key(&staged.key))
        };
        if !arrivals.iter().any(waited) {
            return Ok(());
        }
        for attribute in self.entity_type.attributes.iter().filter(|a| a.unique && a.kind.is_kept())
        {
            let value = |arrival: &Arrival<'_>| arrival.row.get(attribute.slot).to_string();
            let values: Vec<Text> = arrivals
                .iter()
                .filter(|arrival| waited(arrival) && !arrival.row.get(attribute.slot).is_null())
                .map(|arrival| value(arrival).into())
                .collect();
            let holders = self.holders(tx, attribute.slot, &values).await?;
            arrivals.retain(|arrival| {
                let holder = holders.get(&value_key(&value(arrival)));
                let taken = waited(arrival) && holder.is_some_and(|id| *id != arrival.row.id);
                if taken {
                    let value = value_key(&value(arrival));
                    outcome.turn_away(arrival, taken_already(attribute.slot, &value));
                }
                !taken
            });
        }
        Ok(())
    }

    /// Takes unique values in the repository; a record whose value is taken is refused.
    pub(super) async fn take_unique<'s>(
        &self,
        tx: &mut Tx,
        arrivals: &mut Vec<Arrival<'s>>,
        outcome: &mut Outcome<'_, 's>,
    ) -> Result<(), Error> {
        self.still_taken(tx, arrivals, outcome).await?;
        let (mut wanted, mut given_back) = (Vec::new(), Vec::new());
        for arrival in arrivals.iter() {
            for attribute in self
                .entity_type
                .attributes
                .iter()
                .filter(|a| a.unique && a.kind.is_kept() && a.slot != self.entity_type.key)
            {
                let Some(attribute_no) = self.type_names.attributes.get(attribute.slot.index())
                else {
                    continue;
                };
                let before = arrival
                    .before
                    .as_ref()
                    .map_or(&Value::Null, |(_, row)| row.get(attribute.slot));
                let after = arrival.row.get(attribute.slot);
                if before == after {
                    continue;
                }
                let value = |value: &Value| UniqueValue {
                    type_no: self.type_names.no,
                    attribute_no: *attribute_no,
                    value_key: value_key(&value.to_string()),
                    entity: arrival.row.id,
                };
                given_back.extend(before.items().iter().map(value));
                wanted.extend(after.items().iter().map(value));
            }
        }
        if wanted.is_empty() && given_back.is_empty() {
            return Ok(());
        }
        tx.drop_unique_values(&given_back).await?;
        let taken = tx.take_unique_values(&wanted).await?;
        let refused: FxHashMap<EntityId, UniqueValue> =
            taken.into_iter().map(|taken| (taken.wanted.entity, taken.wanted)).collect();
        if refused.is_empty() {
            return Ok(());
        }
        wanted.retain(|value| refused.contains_key(&value.entity));
        tx.drop_unique_values(&wanted).await?;
        given_back.retain(|value| refused.contains_key(&value.entity));
        tx.take_unique_values(&given_back).await?;
        arrivals.retain_mut(|arrival| match refused.get(&arrival.row.id) {
            Some(value) => {
                let numbers = &self.type_names.attributes;
                let position = numbers.iter().position(|number| *number == value.attribute_no);
                let attribute = position.and_then(|at| self.entity_type.attributes.get(at));
                let slot = attribute.map_or(self.entity_type.key, |attribute| attribute.slot);
                outcome.turn_away(arrival, taken_already(slot, &value.value_key));
                arrival.stay();
                arrival.staged.is_none()
            }
            None => true,
        });
        Ok(())
    }
}

fn taken_already(slot: Slot, value: &str) -> Problem {
    let text = format!("`{value}` belongs to another entity and must be unique");
    Problem::conflict(Some(slot), text)
}

/// The form in which unique values are compared: case does not make two values.
pub(crate) fn value_key(value: &str) -> Text {
    value.to_lowercase().into()
}
