//! Operators: equality, order, arithmetic, joining texts and lists.

use std::cmp;

use muster_model::{Slot, Text, Value, ValueType, parse_value};

use super::{Cx, is_nothing, loops, strict, value};
use crate::{
    code::{Arithmetic, Code, Equality},
    functions::{MAX_LIST, MAX_TEXT, floating},
};

/// Whether two values are equal; `null` equals `null` only.
pub(super) fn equal(how: Equality, a: &Value, b: &Value, cx: Cx<'_>) -> bool {
    match how {
        Equality::Same => match (a, b) {
            (Value::Text(a), Value::Text(b)) => a == b,
            _ => a == b,
        },
        Equality::Number => match (a, b) {
            (Value::Null, other) | (other, Value::Null) => other.is_null(),
            _ => compare(a, b).is_some_and(cmp::Ordering::is_eq),
        },
        Equality::Entity(key) => match (a, b) {
            (Value::Link(_), Value::Reference(_)) => leads_to(a, b, key, cx),
            (Value::Reference(_), Value::Link(_)) => leads_to(b, a, key, cx),
            _ => a == b,
        },
        Equality::List => a.items() == b.items(),
    }
}

/// Whether a link leads to the entity that a reference names.
fn leads_to(link: &Value, reference: &Value, key: Slot, cx: Cx<'_>) -> bool {
    let (Value::Link(id), Value::Reference(reference)) = (link, reference) else { return false };
    cx.follow(*id).is_some_and(|row| {
        row.type_id == reference.to
            && key_text(row.get(key)).is_some_and(|text| text == reference.key)
    })
}

/// A key as text.
pub(super) fn key_text(key: &Value) -> Option<Text> {
    if let Value::Text(text) = key {
        return Some(text.clone());
    }
    (!key.is_null()).then(|| key.to_string().into())
}

/// How two values of one type, or two numbers, compare; nothing compares with `null`.
pub(super) fn compare(a: &Value, b: &Value) -> Option<cmp::Ordering> {
    match (a, b) {
        (Value::Null, _) | (_, Value::Null) => None,
        (Value::Float(_), _) | (_, Value::Float(_)) => number(a)?.partial_cmp(&number(b)?),
        _ => Some(a.cmp(b)),
    }
}

fn number(value: &Value) -> Option<f64> {
    if let Value::Int(i) = value {
        return Some(floating(*i));
    }
    if let Value::Float(x) = value { Some(*x) } else { None }
}

/// Whether there is no value.
pub(super) fn nothing(code: &Code, cx: Cx<'_>) -> bool {
    if let Code::Inverse(..) = code {
        return !loops::any(code, cx, |_| true);
    }
    is_nothing(&value(code, cx))
}

pub(super) fn arithmetic(
    operator: Arithmetic,
    float: bool,
    sides: &[Code; 2],
    cx: Cx<'_>,
) -> Option<Value> {
    let [a, b] = sides;
    let (a, b) = (value(a, cx), value(b, cx));
    if float {
        let (a, b) = (number(&a)?, number(&b)?);
        let result = match operator {
            Arithmetic::Add => a + b,
            Arithmetic::Subtract => a - b,
            Arithmetic::Multiply => a * b,
            Arithmetic::Divide => a / b,
            Arithmetic::Remainder => a % b,
        };
        return result.is_finite().then_some(Value::Float(result));
    }
    let (Value::Int(a), Value::Int(b)) = (&*a, &*b) else { return None };
    let result = match operator {
        Arithmetic::Add => a.checked_add(*b),
        Arithmetic::Subtract => a.checked_sub(*b),
        Arithmetic::Multiply => a.checked_mul(*b),
        Arithmetic::Divide => a.checked_div(*b),
        Arithmetic::Remainder => a.checked_rem(*b),
    };
    result.map(Value::Int)
}

pub(super) fn negate(value: &Value) -> Option<Value> {
    if let Value::Int(i) = value {
        return i.checked_neg().map(Value::Int);
    }
    if let Value::Float(x) = value { Some(Value::Float(-x)) } else { None }
}

/// Texts one after the other; `null` if one of them is.
pub(super) fn concat(parts: &[Code], cx: Cx<'_>) -> Value {
    let mut text = String::new();
    for part in parts {
        let part = value(part, cx);
        let Value::Text(part) = &*part else { return Value::Null };
        text.push_str(part);
    }
    cx.step(text.len() / 256);
    if text.len() > MAX_TEXT { Value::Null } else { Value::text(text) }
}

/// Lists one after the other.
pub(super) fn append(sides: &[Code; 2], cx: Cx<'_>) -> Option<Value> {
    let [a, b] = sides;
    if cx.strict && !(strict::is_list(a, cx) && strict::is_list(b, cx)) {
        return None;
    }
    let (a, b) = (value(a, cx), value(b, cx));
    cx.step(a.items().len() + b.items().len());
    list(a.items().iter().chain(b.items()).cloned().collect())
}

pub(super) fn list(items: Vec<Value>) -> Option<Value> {
    (items.len() <= MAX_LIST).then(|| Value::List(items.into()))
}

/// One item of a list, from 0; `null` beyond the end.
pub(super) fn item(list: &Code, index: &Code, cx: Cx<'_>) -> Option<Value> {
    let (list, index) = (value(list, cx), value(index, cx));
    let Value::Int(index) = *index else { return None };
    list.items().get(usize::try_from(index).ok()?).cloned()
}

/// A value in another type, as far as it can be; a list item by item.
pub(super) fn convert(found: &Value, wanted: ValueType) -> Option<Value> {
    match (found, wanted) {
        (Value::Int(i), ValueType::Float) => Some(Value::Float(floating(*i))),
        (Value::Text(text), _) => parse_value(text, wanted).ok(),
        (Value::List(items), _) => {
            list(items.iter().filter_map(|item| convert(item, wanted)).collect())
        }
        _ => Some(found.clone()),
    }
}
