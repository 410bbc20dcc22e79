//! Conversions to and from numbers, truth values and identifiers. What cannot be converted is `null`.

use muster_model::{Value, ValueType, parse_value};

use super::{Args, Function, Kind, Returns, made};

const INT: Returns = Returns::Value(ValueType::Int);

pub(super) const TABLE: &[Function] = &[
    Function::new("string", &[Kind::Scalar], Returns::Value(ValueType::Text), |a| {
        let value = a.get(0).filter(|value| !value.is_null())?;
        if matches!(value, Value::Text(_)) { Some(value.clone()) } else { made(value.to_string()) }
    }),
    Function::new("int", &[Kind::Scalar], INT, |a| {
        let read = || parsed(a, ValueType::Int);
        a.int(0).map(Value::Int).or_else(|| whole(a.float(0)?)).or_else(read)
    })
    .reads(),
    Function::new("float", &[Kind::Scalar], Returns::Value(ValueType::Float), |a| {
        let read = || parsed(a, ValueType::Float).filter(finite);
        number(a).map(Value::Float).or_else(read)
    })
    .reads(),
    Function::new("bool", &[Kind::Scalar], Returns::Value(ValueType::Bool), bool),
    Function::new("abs", &[Kind::Number], Returns::First, |a| match a.int(0) {
        Some(i) => i.checked_abs().map(Value::Int),
        None => a.float(0).map(|x| Value::Float(x.abs())),
    }),
    Function::new("round", &[Kind::Number], INT, |a| match a.int(0) {
        Some(i) => Some(Value::Int(i)),
        None => whole(a.float(0)?.round()),
    }),
    Function::new("uuid", &[Kind::Text], Returns::Value(ValueType::Uuid), |a| {
        parsed(a, ValueType::Uuid)
    }),
];

fn number(args: &Args<'_>) -> Option<f64> {
    args.int(0).map(floating).or_else(|| args.float(0))
}

fn bool(args: &Args<'_>) -> Option<Value> {
    if let Value::Bool(_) = args.get(0)? {
        return args.get(0).cloned();
    }
    if let Some(int) = args.int(0) {
        return Some(Value::Bool(int != 0));
    }
    match args.text(0)? {
        "1" | "t" => Some(Value::Bool(true)),
        "0" | "f" => Some(Value::Bool(false)),
        _ => parsed(args, ValueType::Bool),
    }
}

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
    (x > -limit && x < limit).then_some(Value::Int(x as i64))
}
