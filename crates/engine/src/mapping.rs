//! From a record to attribute values: pure, and strict about what does not fit.

use jiff::tz::TimeZone;
use muster_app::{Error, ReadNames};
use muster_lang::{Binding, Clock, EmptyWorld, Frame};
use muster_model::{
    Attribute, EntityId, Row, Schema, Slot, TypeId, Value, ValueType, decode_row, parse_value,
};
use muster_policy::Read;

/// The values of a stored record by column.
pub(crate) fn record_values(
    read: &Read,
    names: &ReadNames,
    content: &[u8],
) -> Result<Vec<Value>, Error> {
    let mut row = Row::empty(EntityId(0), TypeId(0), read.columns.len());
    decode_row(content, &names.numbers, &mut row)
        .map_err(|error| Error::bug("a record cannot be read").caused_by(error))?;
    Ok(row.values)
}

/// Computes the attributes that `read` owns from the record's values. Links are still references by key.
///
/// Errors name each attribute that does not fit; nothing of such a record is used.
pub(crate) fn map_record(
    schema: &Schema,
    read: &Read,
    record: &[Value],
    clock: &Clock,
    timezone: &TimeZone,
) -> Result<Vec<(Slot, Value)>, String> {
    if read.by_hand {
        return Ok(by_hand(schema, read, record));
    }
    let bindings = [Binding::Record(record)];
    let frame = Frame { bindings: &bindings, world: &EmptyWorld, clock, timezone };
    let mut values = Vec::with_capacity(read.owns.len());
    let mut problems = Vec::new();
    for (slot, rule) in &read.owns {
        let Some(attribute) = schema.attribute(read.type_id, *slot) else { continue };
        clock.take_unread();
        let value = rule.program.eval(&frame);
        // A wrong text must not clear a value. Where the expression says what counts instead, it counts.
        let unread = clock.take_unread().filter(|_| value.is_null());
        match unread.map_or_else(|| convert(attribute, &value), |text| Err(unreadable(&text))) {
            Ok(value) => values.push((*slot, value)),
            Err(problem) => problems.push(format!("{}: {problem}", attribute.name)),
        }
    }
    if problems.is_empty() { Ok(values) } else { Err(problems.join("; ")) }
}

/// What was entered by hand says only what has a value, and only what still fits the model.
pub(crate) fn by_hand(schema: &Schema, read: &Read, record: &[Value]) -> Vec<(Slot, Value)> {
    let attributes = schema.get(read.type_id).map_or(&[][..], |of| of.attributes.as_slice());
    let said =
        attributes.iter().zip(record).filter(|(a, value)| a.kind.is_kept() && !value.is_null());
    said.filter_map(|(attribute, value)| Some((attribute.slot, convert(attribute, value).ok()?)))
        .collect()
}

fn unreadable(text: &str) -> String {
    let shown: String = text.chars().take(60).collect();
    format!("`{shown}` cannot be read in the form that the mapping names")
}

/// Brings a value into the attribute's type: text is read, one value becomes a list of one, choices are checked.
pub(crate) fn convert(attribute: &Attribute, value: &Value) -> Result<Value, String> {
    if attribute.many {
        let items: Result<Vec<Value>, String> =
            value.items().iter().map(|item| single(attribute, item)).collect();
        return Ok(Value::set(items?));
    }
    match value.items() {
        [] => Ok(Value::Null),
        [item] => single(attribute, item),
        items => Err(format!("{} values where one is allowed", items.len())),
    }
}

fn single(attribute: &Attribute, value: &Value) -> Result<Value, String> {
    let converted = match (value, attribute.value_type) {
        (Value::Text(text), wanted) => {
            parse_value(text, wanted).map_err(|error| error.to_string())?
        }
        (Value::Int(int), ValueType::Text) => Value::text(int.to_string()),
        #[expect(
            clippy::cast_precision_loss,
            reason = "a whole number given for a float is meant as one"
        )]
        (Value::Int(int), ValueType::Float) => Value::Float(*int as f64),
        (other, _) => other.clone(),
    };
    match converted.as_text() {
        Some(text) if !attribute.choices.is_empty() && !attribute.choices.contains(text) => {
            Err(format!("`{text}` is none of {}", attribute.choices.join(", ")))
        }
        Some(_) | None => Ok(converted),
    }
}
