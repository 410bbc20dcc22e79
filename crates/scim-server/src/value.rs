//! Values of the model as JSON, and back.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use muster_model::{Value, ValueType, parse_value};
use serde_json::{Value as Json, json};

/// A single value that is no link, as JSON.
pub(crate) fn to_json(value: &Value) -> Json {
    match value {
        Value::Null | Value::Link(_) => Json::Null,
        Value::Bool(flag) => json!(flag),
        Value::Int(number) => json!(number),
        Value::Float(number) => json!(number),
        Value::Text(text) => json!(&**text),
        Value::Binary(bytes) => json!(STANDARD.encode(bytes)),
        Value::Reference(reference) => json!(&*reference.key),
        Value::Date(_) | Value::DateTime(_) | Value::Uuid(_) => json!(value.to_string()),
        Value::List(items) => items.iter().map(to_json).collect(),
    }
}

/// A single value of a type from JSON; what is wrong with it otherwise. Links are read as the key of the other end.
pub(crate) fn from_json(json: &Json, wanted: ValueType) -> Result<Value, String> {
    let text = match (json, wanted) {
        (Json::Null, _) => return Ok(Value::Null),
        (Json::Bool(flag), ValueType::Bool) => return Ok(Value::Bool(*flag)),
        (Json::String(text), ValueType::Binary) => {
            let bytes = STANDARD.decode(text).map_err(|_| "base 64 is needed here".to_owned())?;
            return Ok(Value::Binary(bytes.into()));
        }
        (Json::String(text), _) => text.clone(),
        (Json::Bool(_) | Json::Number(_), _) => json.to_string(),
        (Json::Array(_) | Json::Object(_), _) => {
            return Err(format!("a single {} is needed here", wanted.name()));
        }
    };
    parse_value(&text, wanted).map_err(|error| error.to_string())
}
