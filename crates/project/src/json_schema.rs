//! The JSON Schema of model files (draft-07), for editors: completion, hover texts, underlines.
//!
//! Made from the table of keys. It says less than `muster check`: names and expressions are text to it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::spec::{Group, PROJECT, Shape};

/// The schema of one model file.
pub fn json_schema() -> Value {
    let mut definitions = BTreeMap::new();
    let root = group(&PROJECT, &mut definitions);
    let Value::Object(mut schema) = root else { return root };
    // No file has to hold every key; the project as a whole has.
    schema.remove("required");
    schema.insert("$schema".into(), json!("http://json-schema.org/draft-07/schema#"));
    schema.insert("title".into(), json!("Muster model file"));
    schema.insert("definitions".into(), object(definitions));
    object(schema.into_iter().collect())
}

/// An object with its keys in order of name, however maps are built.
fn object(entries: BTreeMap<String, Value>) -> Value {
    Value::Object(Map::from_iter(entries))
}

fn group(group: &Group, definitions: &mut BTreeMap<String, Value>) -> Value {
    let mut properties = BTreeMap::new();
    for key in group.keys {
        let mut described = BTreeMap::from([(
            "description".to_owned(),
            json!(description(key.doc, key.default, key.example)),
        )]);
        // Draft-07 ignores what stands beside a reference.
        let inner = shape(&key.shape, definitions);
        if inner.get("$ref").is_some() {
            described.insert("allOf".to_owned(), Value::Array(vec![inner]));
        } else if let Value::Object(inner) = inner {
            described.extend(inner);
        }
        properties.insert(key.name.to_owned(), object(described));
    }
    let required: Vec<&str> =
        group.keys.iter().filter(|key| key.required()).map(|key| key.name).collect();
    let mut schema = BTreeMap::from([
        ("type".to_owned(), json!("object")),
        ("description".to_owned(), json!(group.doc)),
        ("additionalProperties".to_owned(), json!(false)),
        ("properties".to_owned(), object(properties)),
    ]);
    if !required.is_empty() {
        schema.insert("required".to_owned(), json!(required));
    }
    object(schema)
}

fn description(doc: &str, default: &str, example: &str) -> String {
    match default {
        "" => format!("{doc}\n\nExample: {example}"),
        "required" => format!("{doc}\n\nRequired. Example: {example}"),
        _ => format!("{doc}\n\nDefault: {default}. Example: {example}"),
    }
}

fn shape(shape: &Shape, definitions: &mut BTreeMap<String, Value>) -> Value {
    match shape {
        // `007` and `true` are text where text is wanted.
        Shape::Text | Shape::Expression => json!({ "type": ["string", "number", "boolean"] }),
        Shape::Bool => json!({ "type": "boolean" }),
        Shape::Number(least, u64::MAX) => json!({ "minimum": least, "type": "integer" }),
        Shape::Number(least, most) => {
            json!({ "maximum": most, "minimum": least, "type": "integer" })
        }
        Shape::Duration => json!({ "pattern": "^[0-9]+[dhms]$", "type": "string" }),
        Shape::Choice(words) => json!({ "enum": words }),
        Shape::Group(inner) => reference(inner, definitions),
        Shape::Named(inner) => json!({
            "additionalProperties": self::shape(inner, definitions),
            "type": ["object", "null"]
        }),
        Shape::List(inner) => json!({
            "items": self::shape(inner, definitions),
            "type": ["array", "null"]
        }),
        Shape::Many(inner) => {
            let one = self::shape(inner, definitions);
            json!({ "anyOf": [one, { "items": one, "type": "array" }] })
        }
        Shape::Either(shapes) => {
            let all: Vec<Value> =
                shapes.iter().map(|inner| self::shape(inner, definitions)).collect();
            json!({ "anyOf": all })
        }
        Shape::Settings => json!({ "type": "object" }),
        Shape::Any => json!({}),
    }
}

/// A reference to the definition of a group, which is made when it is met first.
fn reference(inner: &Group, definitions: &mut BTreeMap<String, Value>) -> Value {
    let words = inner.what.split(' ').filter(|word| !matches!(*word, "a" | "an" | "the" | "of"));
    let name = words.collect::<Vec<_>>().join("-");
    if !definitions.contains_key(&name) {
        definitions.insert(name.clone(), Value::Null);
        let made = group(inner, definitions);
        definitions.insert(name.clone(), made);
    }
    json!({ "$ref": format!("#/definitions/{name}") })
}
