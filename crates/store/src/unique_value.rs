//! Unique attribute values: who holds which. The database decides when two want the same.

use muster_model::{EntityId, Text};

use crate::{Number, ReadTx, StoreError, Tx};

/// A unique value and its holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UniqueValue {
    /// The entity type's number.
    pub type_no: Number,
    /// The attribute's number.
    pub attribute_no: Number,
    /// The value in the form that is compared.
    pub value_key: Text,
    /// Who holds it.
    pub entity: EntityId,
}

/// A value that could not be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenValue {
    /// What was wanted, by whom.
    pub wanted: UniqueValue,
    /// Who holds it.
    pub holder: EntityId,
}

impl ReadTx {
    /// For each value key its holder, in the same order.
    pub async fn unique_value_holders(
        &mut self,
        type_no: Number,
        attribute_no: Number,
        value_keys: &[Text],
    ) -> Result<Vec<Option<EntityId>>, StoreError> {
        todo!()
    }

    /// The values that an entity holds.
    pub async fn unique_values_of(
        &mut self,
        entity: EntityId,
    ) -> Result<Vec<UniqueValue>, StoreError> {
        todo!()
    }
}

impl Tx {
    /// Takes values for entities. Those that somebody else holds are returned and not taken; taking one's own again is no change.
    pub async fn take_unique_values(
        &mut self,
        values: &[UniqueValue],
    ) -> Result<Vec<TakenValue>, StoreError> {
        todo!()
    }

    /// Gives values back; one that its entity does not hold is passed over.
    pub async fn drop_unique_values(&mut self, values: &[UniqueValue]) -> Result<(), StoreError> {
        todo!()
    }
}
