//! The value a path has, for explanations. Programs do not read this way.

use muster_model::{AttributeKind, EntityId, Row, Schema, Slot, TypeId, Value};

use crate::{
    frame::{Binding, Frame},
    program::Path,
};

/// How many items an explanation shows at most.
const MAX_SHOWN: usize = 100;

/// The value of a path; several where it leads through a list.
pub(crate) fn path(path: &Path, schema: &Schema, frame: &Frame<'_>) -> Value {
    match (frame.bindings.get(path.variable), path.column) {
        (Some(Binding::Record(values)), Some(column)) => {
            values.get(column).cloned().unwrap_or_default()
        }
        (Some(Binding::Value(Value::Link(id))), None) => {
            from_entity(path, *id, None, schema, frame)
        }
        (Some(Binding::Value(value)), None) => (*value).clone(),
        (Some(Binding::Row(row)), None) => from_entity(path, row.id, Some(row), schema, frame),
        _ => Value::Null,
    }
}

fn from_entity(
    path: &Path,
    id: EntityId,
    own: Option<&Row>,
    schema: &Schema,
    frame: &Frame<'_>,
) -> Value {
    let mut values = vec![Value::Link(id)];
    let mut many = false;
    for (n, step) in path.steps.iter().enumerate() {
        let mut next = Vec::new();
        for value in &values {
            let Value::Link(id) = value else { continue };
            let row = own.filter(|_| n == 0).or_else(|| frame.world.row(*id));
            let found = row.map_or(Value::Null, |row| attribute(row, *step, schema, frame));
            many |= matches!(found, Value::List(_));
            next.extend(found.items().iter().cloned());
            next.truncate(MAX_SHOWN);
        }
        values = next;
    }
    match values.as_slice() {
        [] => Value::Null,
        [single] if !many => single.clone(),
        _ => Value::List(values.into()),
    }
}

fn attribute(
    row: &Row,
    (type_id, slot): (TypeId, Slot),
    schema: &Schema,
    frame: &Frame<'_>,
) -> Value {
    match schema.attribute(type_id, slot).map(|attribute| attribute.kind) {
        Some(AttributeKind::Inverse { of, slot }) => {
            let ids = frame.world.inverse(row.id, of, slot);
            Value::List(ids.iter().take(MAX_SHOWN).copied().map(Value::Link).collect())
        }
        _ => row.get(slot).clone(),
    }
}
