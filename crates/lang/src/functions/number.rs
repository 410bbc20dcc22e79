//! Conversions to and from numbers, truth values and identifiers. What cannot be converted is `null`.

use muster_model::{Value, ValueType, parse_value};

use super::{Args, Function, Kind, Returns, made};

pub(super) const TABLE: &[Function] = &[
    Function::new("string", &[Kind::Scalar], Returns::Value(ValueType::Text), |a| {
        let value = a.get(0).filter(|value| !value.is_null())?;
        if matches!(value, Value::Text(_)) { Some(value.clone()) } else { made(value.to_string()) }
    }),
    Function::new("int", &[Kind::Scalar], Returns::Value(ValueType::Int), |a| match a.get(0)? {
        Value::Float(x) => whole(*x),
        Value::Int(_) => a.get(0).cloned(),
        _ => parsed(a, ValueType::Int),
    }),
    Function::new("float", &[Kind::Scalar], Returns::Value(ValueType::Float), |a| {
        match a.get(0)? {
            Value::Int(i) => Some(Value::Float(floating(*i))),
            Value::Float(_) => a.get(0).cloned(),
            _ => parsed(a, ValueType::Float).filter(finite),
        }
    }),
    Function::new("bool", &[Kind::Scalar], Returns::Value(ValueType::Bool), |a| {
        match a.get(0)? {
            Value::Bool(_) => a.get(0).cloned(),
            Value::Int(i) => Some(Value::Bool(*i != 0)),
            _ => match a.text(0)? {
                "1" | "t" => Some(Value::Bool(true)),
                "0" | "f" => Some(Value::Bool(false)),
                _ => parsed(a, ValueType::Bool),
            },
        }
    }),
    Function::new("abs", &[Kind::Number], Returns::First, |a| match a.get(0)? {
        Value::Int(i) => i.checked_abs().map(Value::Int),
        Value::Float(x) => Some(Value::Float(x.abs())),
        _ => None,
    }),
    Function::new("round", &[Kind::Number], Returns::Value(ValueType::Int), |a| {
        match a.get(0)? {
            Value::Int(i) => Some(Value::Int(*i)),
            Value::Float(x) => whole(x.round()),
            _ => None,
        }
    }),
    Function::new("uuid", &[Kind::Text], Returns::Value(ValueType::Uuid), |a| {
        parsed(a, ValueType::Uuid)
    }),
];

fn parsed(args: &Args<'_>, wanted: ValueType) -> Option<Value> {
    parse_value(args.text(0)?.trim(), wanted).ok()
}

fn finite(value: &Value) -> bool {
    !matches!(value, Value::Float(x) if !x.is_finite())
}

/// A whole number as the nearest floating-point one.
#[expect(clippy::cast_precision_loss, reason = "documented: the nearest floating-point number")]
pub(crate) fn floating(int: i64) -> f64 {
    int as f64
}

/// The whole part, if it is a 64-bit number.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked first")]
fn whole(x: f64) -> Option<Value> {
    let limit = floating(i64::MAX);
    (x > -limit && x < limit).then(|| Value::Int(x as i64))
}
