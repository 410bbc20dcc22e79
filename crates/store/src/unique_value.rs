//! Unique attribute values: who holds which. The database decides when two want the same.

use muster_model::{EntityId, Text};

use crate::{
    Number, ReadTx, StoreError, Tx,
    column::row,
    statement::{args, bind},
};

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

row!(UniqueValue { type_no, attribute_no, value_key, entity });

impl ReadTx {
    /// For each value key its holder, in the same order.
    pub async fn unique_value_holders(
        &mut self,
        type_no: Number,
        attribute_no: Number,
        value_keys: &[Text],
    ) -> Result<Vec<Option<EntityId>>, StoreError> {
        let sql = "SELECT entity FROM unique_value
                   WHERE type_no = $1 AND attribute_no = $2 AND value_key = $3";
        self.fetch_first_of_each(sql, value_keys, |key, args| {
            bind!(args, type_no, attribute_no, key);
        })
        .await
    }

    /// The values that an entity holds.
    pub async fn unique_values_of(
        &mut self,
        entity: EntityId,
    ) -> Result<Vec<UniqueValue>, StoreError> {
        let sql = "SELECT type_no, attribute_no, value_key, entity FROM unique_value
                   WHERE entity = $1 ORDER BY attribute_no, value_key";
        self.fetch_all(sql, args![entity]).await
    }
}

impl Tx {
    /// Takes values for entities. Those that somebody else holds are returned and not taken; taking one's own again is no change.
    pub async fn take_unique_values(
        &mut self,
        values: &[UniqueValue],
    ) -> Result<Vec<TakenValue>, StoreError> {
        let insert = "INSERT INTO unique_value (type_no, attribute_no, value_key, entity)
                      VALUES ($1, $2, $3, $4)
                      ON CONFLICT (type_no, attribute_no, value_key) DO NOTHING";
        let taken = self
            .execute_each(insert, values, |value, args| {
                let UniqueValue { type_no, attribute_no, value_key, entity } = value;
                bind!(args, *type_no, *attribute_no, value_key, *entity);
            })
            .await?;
        let refused: Vec<&UniqueValue> =
            values.iter().zip(taken).filter(|(_, n)| *n == 0).map(|(value, _)| value).collect();
        let find = "SELECT entity FROM unique_value
                    WHERE type_no = $1 AND attribute_no = $2 AND value_key = $3";
        let holders: Vec<Option<EntityId>> = self
            .fetch_first_of_each(find, &refused, |value, args| {
                bind!(args, value.type_no, value.attribute_no, &value.value_key);
            })
            .await?;
        let held = refused.into_iter().zip(holders);
        Ok(held
            .filter_map(|(wanted, holder)| Some((wanted, holder?)))
            .filter(|(wanted, holder)| wanted.entity != *holder)
            .map(|(wanted, holder)| TakenValue { wanted: wanted.clone(), holder })
            .collect())
    }

    /// Gives values back; one that its entity does not hold is passed over.
    pub async fn drop_unique_values(&mut self, values: &[UniqueValue]) -> Result<(), StoreError> {
        let sql = "DELETE FROM unique_value
                   WHERE type_no = $1 AND attribute_no = $2 AND value_key = $3 AND entity = $4";
        self.execute_each(sql, values, |value, args| {
            let UniqueValue { type_no, attribute_no, value_key, entity } = value;
            bind!(args, *type_no, *attribute_no, value_key, *entity);
        })
        .await
        .map(drop)
    }
}
