//! Values of systems that speak JSON: scalars come in as text, typed values go out with their type.
//!
//! Such a system claims `text_only`, so that `42`, `"42"` and the number 42 compare as the same value. It knows nothing of
//! documents; connectors walk those themselves.

mod tree;

use muster_model::{Setting, Settings, Span, Value};
use serde_json::{Map, Number, Value as Json};

pub use tree::{Members, Tree};

/// A JSON value, whether it owns its texts ([`serde_json::Value`]) or not ([`Tree`]).
pub trait Node: Sized {
    /// What it is.
    fn shape(&self) -> Shape<'_, Self>;
    /// The value of a key, when it is a map that has it.
    fn member(&self, name: &str) -> Option<&Self>;
}

/// See [`Node`].
#[derive(Debug)]
pub enum Shape<'n, N> {
    /// `null`.
    Null,
    /// True or false.
    Bool(bool),
    /// A number.
    Number(&'n Number),
    /// A text.
    Text(&'n str),
    /// A list.
    List(&'n [N]),
    /// A map.
    Map,
}

impl Node for Json {
    fn shape(&self) -> Shape<'_, Self> {
        match self {
            Self::Null => Shape::Null,
            Self::Bool(value) => Shape::Bool(*value),
            Self::Number(number) => Shape::Number(number),
            Self::String(text) => Shape::Text(text),
            Self::Array(items) => Shape::List(items),
            Self::Object(_) => Shape::Map,
        }
    }

    fn member(&self, name: &str) -> Option<&Self> {
        self.get(name)
    }
}

/// What stands at a pointer (RFC 6901); the empty one is the value itself.
pub fn pointed<'n, N: Node>(node: &'n N, pointer: &str) -> Option<&'n N> {
    tree::steps(pointer)?.iter().try_fold(node, |node, step| match node.shape() {
        Shape::List(items) => items.get(tree::index(step)?),
        Shape::Map => node.member(step),
        Shape::Null | Shape::Bool(_) | Shape::Number(_) | Shape::Text(_) => None,
    })
}

/// The value that `json` stands for: every scalar as text, empty text as no value.
///
/// With `many` a list keeps all of its items and a scalar is a list of one; otherwise the first item of a list counts. A
/// map, and a list in a list, are errors, which say what was found.
pub fn value_of<N: Node>(json: &N, many: bool) -> Result<Value, &'static str> {
    let value = match json.shape() {
        Shape::List(items) if many => {
            let items: Result<Vec<Value>, _> = items.iter().map(scalar).collect();
            return items.map(Value::set);
        }
        Shape::List(items) => match items.first() {
            Some(first) => scalar(first)?,
            None => Value::Null,
        },
        Shape::Null | Shape::Bool(_) | Shape::Number(_) | Shape::Text(_) | Shape::Map => {
            scalar(json)?
        }
    };
    Ok(if many { Value::set(vec![value]) } else { value })
}

fn scalar<N: Node>(json: &N) -> Result<Value, &'static str> {
    match json.shape() {
        Shape::Null | Shape::Text("") => Ok(Value::Null),
        Shape::Bool(value) => Ok(Value::text(if value { "true" } else { "false" })),
        Shape::Number(number) => Ok(Value::text(number.to_string())),
        Shape::Text(text) => Ok(Value::text(text)),
        Shape::Map => Err("a map where a value is wanted"),
        Shape::List(_) => Err("a list in a list"),
    }
}

/// The JSON for a value: numbers and booleans keep their type, lists are lists, everything else is text.
pub fn json_of(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Bool(value) => Json::Bool(*value),
        Value::Int(number) => Json::from(*number),
        Value::Float(number) => {
            Number::from_f64(*number).map_or_else(|| Json::from(value.to_string()), Json::Number)
        }
        Value::List(items) => Json::Array(items.iter().map(json_of).collect()),
        Value::Text(_)
        | Value::Date(_)
        | Value::DateTime(_)
        | Value::Binary(_)
        | Value::Uuid(_)
        | Value::Link(_)
        | Value::Reference(_) => Json::from(value.to_string()),
    }
}

/// Settings as a JSON document would write them, without places: for tests and benchmarks.
pub fn settings_of(map: &Map<String, Json>) -> Settings {
    let here = Span { file: 0, start: 0, end: 0 };
    let entries = map.iter().map(|(key, json)| (key.as_str().into(), (here, setting(json, here))));
    Settings { entries: entries.collect(), span: here }
}

fn setting(json: &Json, here: Span) -> Setting {
    match json {
        Json::Null => Setting::Null,
        Json::Bool(_) | Json::Number(_) => Setting::Scalar(json.to_string().into(), here),
        Json::String(text) => Setting::Scalar(text.as_str().into(), here),
        Json::Array(items) => {
            Setting::List(items.iter().map(|item| setting(item, here)).collect(), here)
        }
        Json::Object(map) => Setting::Map(settings_of(map)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn list(items: &[&str]) -> Value {
        Value::set(items.iter().map(|item| Value::text(*item)).collect())
    }

    #[test]
    fn scalars_come_in_as_text_and_go_out_with_their_type() {
        assert_eq!(value_of(&json!(42), false), Ok(Value::text("42")));
        assert_eq!(value_of(&json!(true), false), Ok(Value::text("true")));
        assert_eq!(value_of(&json!(""), false), Ok(Value::Null));
        assert_eq!(value_of(&json!(["b", "a"]), true), Ok(list(&["a", "b"])));
        assert_eq!(value_of(&json!("a"), true), Ok(list(&["a"])));
        assert_eq!(value_of(&json!(["a", "b"]), false), Ok(Value::text("a")));
        assert_eq!(json_of(&Value::Int(42)), json!(42));
        assert_eq!(json_of(&Value::Bool(false)), json!(false));
        assert_eq!(json_of(&list(&["a", "b"])), json!(["a", "b"]));
        assert_eq!(json_of(&Value::Float(f64::NAN)), json!("NaN"));
    }

    #[test]
    fn what_is_no_value_is_refused() {
        assert!(value_of(&json!({"a": 1}), false).is_err());
        assert!(value_of(&json!([["a"]]), true).is_err());
        assert!(value_of(&json!([{"a": 1}]), false).is_err());
    }
}
