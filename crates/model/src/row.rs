//! An entity with its attribute values by slot.

use jiff::Timestamp;

use crate::{EntityId, Slot, TypeId, Value};

/// One entity as evaluation sees it: a value for each attribute of its type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Which entity.
    pub id: EntityId,
    /// Its type; `values` has one place for each attribute of it.
    pub type_id: TypeId,
    /// The values by slot. Computed attributes and the lifecycle are filled in by evaluation.
    pub values: Vec<Value>,
    /// When a computed value of this row flips by the mere passing of time; a reader of the row changes then too.
    pub next_change: Option<Timestamp>,
}

impl Row {
    /// A row of `n_attributes` empty values.
    pub fn empty(id: EntityId, type_id: TypeId, n_attributes: usize) -> Self {
        Self { id, type_id, values: vec![Value::Null; n_attributes], next_change: None }
    }

    /// The value in `slot`; `Null` for a slot the row does not have.
    pub fn get(&self, slot: Slot) -> &Value {
        self.values.get(slot.index()).unwrap_or(&Value::Null)
    }

    /// Puts a value into `slot`; a slot the row does not have is ignored.
    pub fn set(&mut self, slot: Slot, value: Value) {
        if let Some(place) = self.values.get_mut(slot.index()) {
            *place = value;
        }
    }
}
