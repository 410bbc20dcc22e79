//! Shapes of JSON: what requests are checked against, and what the document says.
//!
//! A shape is written in a short notation, so that the table of operations can be read at a glance. Fields have a blank
//! between them: `person:text reason:filled until:instant?* accounts:int[+]`. `?` may be null, `*` may be left out, `[]` is a
//! list, `[+]` one that is not empty, `@Name` is a form of its own.

use muster_app::CLIENT_NAME;
use serde_json::{Map, Value as Json, json};

use crate::{forms, instant};

/// Characters of a text at most, unless its shape says otherwise.
const LONGEST_TEXT: usize = 2000;
/// Items of a list in a request at most.
const LONGEST_LIST: usize = 1000;
/// Text without U+0000, which no database keeps.
const TEXT: &str = r"^[^\u0000]*$";
/// Such text with something to be seen in it.
const FILLED: &str = r"^[^\u0000]*[^\s\u0000][^\u0000]*$";
/// A place in a list.
const CURSOR: &str = "^c[0-9]{1,18}$";
/// The greatest whole number that every reader of JSON holds exactly.
const GREATEST: i64 = (1 << 53) - 1;

/// What a value may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shape {
    /// Text that is not too long.
    Text,
    /// Such text with something to be seen in it.
    Filled,
    /// Text of any length.
    String,
    /// The name of a client.
    Client,
    /// A place in a list.
    Cursor,
    /// A whole number.
    Int,
    /// A number.
    Number,
    /// True or false.
    Flag,
    /// An instant, as RFC 3339 writes it.
    Instant,
    /// How many items of a list are wanted.
    Limit,
    /// One of these words.
    Words(&'static str),
    /// Anything.
    Any,
    /// A map from names to anything.
    Map,
    /// A map from names to text.
    Texts,
    /// A map from attributes to values: scalars, or lists of them.
    Values,
    /// A list.
    List(Box<Self>),
    /// A list that is not empty.
    Some(Box<Self>),
    /// This, or null.
    Nullable(Box<Self>),
    /// A form with a name.
    Named(&'static str),
}

/// One field of a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What its value may be.
    pub shape: Shape,
    /// True when it may be left out.
    pub optional: bool,
}

/// An object with these fields and no others.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Form(pub Vec<Field>);

impl Form {
    /// Reads the notation.
    pub fn read(notation: &'static str) -> Self {
        Self(notation.split_whitespace().map(field).collect())
    }

    /// The field with this name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.0.iter().find(|field| field.name == name)
    }

    /// The JSON Schema of what is answered.
    pub fn schema(&self) -> Json {
        self.schema_of(Field::schema)
    }

    /// The JSON Schema of what is sent: with the limits that [`Form::check_request`] knows.
    pub fn request_schema(&self) -> Json {
        self.schema_of(|field| {
            let mut schema = field.schema();
            if let (Shape::List(_) | Shape::Some(_), Json::Object(map)) =
                (&field.shape, &mut schema)
            {
                map.insert("maxItems".to_owned(), LONGEST_LIST.into());
            }
            schema
        })
    }

    fn schema_of(&self, schema: impl Fn(&Field) -> Json) -> Json {
        let properties: Map<String, Json> =
            self.0.iter().map(|field| (field.name.to_owned(), schema(field))).collect();
        let required: Vec<&str> =
            self.0.iter().filter(|field| !field.optional).map(|field| field.name).collect();
        json!({
            "type": "object", "properties": properties, "required": required, "additionalProperties": false,
        })
    }

    /// What is wrong with what a request holds; nothing when it fits.
    pub fn check_request(&self, value: &Json) -> Result<(), String> {
        self.check(value)?;
        for (name, value) in value.as_object().into_iter().flatten() {
            let Some(field) = self.field(name) else { continue };
            field.shape.check_request(value).map_err(|wrong| format!("`{name}`: {wrong}"))?;
        }
        Ok(())
    }

    /// What is wrong with a value; nothing when it fits.
    pub fn check(&self, value: &Json) -> Result<(), String> {
        let Json::Object(map) = value else { return Err("an object is needed".to_owned()) };
        for (name, value) in map {
            let Some(field) = self.field(name) else {
                let known: Vec<&str> = self.0.iter().map(|field| field.name).collect();
                return Err(format!("there is no field `{}`; {}", shortened(name), listed(&known)));
            };
            field.shape.check(value).map_err(|wrong| format!("`{name}`: {wrong}"))?;
        }
        match self.0.iter().find(|field| !field.optional && !map.contains_key(field.name)) {
            Some(missing) => Err(format!("`{}` is missing", missing.name)),
            None => Ok(()),
        }
    }
}

impl Field {
    /// The JSON Schema of its value, with what it means.
    pub fn schema(&self) -> Json {
        let mut schema = self.shape.schema();
        if let (Json::Object(map), Some(meaning)) = (&mut schema, forms::meaning(self.name))
            && !map.contains_key("$ref")
        {
            map.insert("description".to_owned(), meaning.into());
        }
        schema
    }
}

impl Shape {
    /// Reads the notation of one shape.
    pub fn read(notation: &'static str) -> Self {
        if let Some(inner) = notation.strip_suffix('?') {
            return Self::Nullable(Box::new(Self::read(inner)));
        }
        if let Some(inner) = notation.strip_suffix("[]") {
            return Self::List(Box::new(Self::read(inner)));
        }
        if let Some(inner) = notation.strip_suffix("[+]") {
            return Self::Some(Box::new(Self::read(inner)));
        }
        if let Some(name) = notation.strip_prefix('@') {
            return Self::Named(name);
        }
        match notation {
            "text" => Self::Text,
            "filled" => Self::Filled,
            "string" => Self::String,
            "client" => Self::Client,
            "cursor" => Self::Cursor,
            "int" => Self::Int,
            "number" => Self::Number,
            "flag" => Self::Flag,
            "instant" => Self::Instant,
            "limit" => Self::Limit,
            "map" => Self::Map,
            "texts" => Self::Texts,
            "values" => Self::Values,
            "any" => Self::Any,
            words => Self::Words(words),
        }
    }

    /// The JSON Schema.
    pub fn schema(&self) -> Json {
        match self {
            Self::Text => json!({ "type": "string", "maxLength": LONGEST_TEXT, "pattern": TEXT }),
            Self::Filled => {
                json!({ "type": "string", "minLength": 1, "maxLength": LONGEST_TEXT, "pattern": FILLED })
            }
            Self::String => json!({ "type": "string" }),
            Self::Client => json!({ "type": "string", "pattern": CLIENT_NAME }),
            Self::Cursor => json!({ "type": "string", "pattern": CURSOR }),
            Self::Int => json!({ "type": "integer", "minimum": -GREATEST, "maximum": GREATEST }),
            Self::Number => json!({ "type": "number" }),
            Self::Flag => json!({ "type": "boolean" }),
            Self::Instant => json!({ "type": "string", "format": "date-time" }),
            Self::Limit => {
                json!({ "type": "integer", "minimum": 1, "maximum": 1000, "default": 100 })
            }
            Self::Words(words) => {
                json!({ "type": "string", "enum": words.split('|').collect::<Vec<_>>() })
            }
            Self::Any => json!({}),
            Self::Map => json!({ "type": "object" }),
            Self::Texts => {
                json!({ "type": "object", "additionalProperties": { "type": "string" } })
            }
            Self::Values => {
                let scalar = json!({ "type": ["string", "number", "boolean", "null"] });
                let list = json!({ "type": "array", "items": scalar });
                json!({ "type": "object", "additionalProperties": { "anyOf": [scalar, list] } })
            }
            Self::List(of) => json!({ "type": "array", "items": of.schema() }),
            Self::Some(of) => json!({ "type": "array", "items": of.schema(), "minItems": 1 }),
            Self::Nullable(of) => match of.schema() {
                Json::Object(mut map) if map.get("type").is_some_and(Json::is_string) => {
                    let of = map.remove("type").unwrap_or_default();
                    map.insert("type".to_owned(), json!([of, "null"]));
                    Json::Object(map)
                }
                other @ (Json::Null
                | Json::Bool(_)
                | Json::Number(_)
                | Json::String(_)
                | Json::Array(_)
                | Json::Object(_)) => json!({ "anyOf": [other, { "type": "null" }] }),
            },
            Self::Named(name) => json!({ "$ref": format!("#/components/schemas/{name}") }),
        }
    }

    /// What is wrong with a value; nothing when it fits.
    pub fn check(&self, value: &Json) -> Result<(), String> {
        let fits = match self {
            Self::Text => return text(value).map(drop),
            Self::Filled => {
                let is_blank = text(value)?.chars().all(char::is_whitespace);
                return if is_blank { Err("it is empty".to_owned()) } else { Ok(()) };
            }
            Self::Client => value.as_str().is_some_and(muster_app::is_client_name),
            Self::Cursor => value.as_str().is_some_and(|text| place(text).is_some()),
            Self::String => value.is_string(),
            Self::Int => whole(value).is_some(),
            Self::Number => value.is_number(),
            Self::Flag => value.is_boolean(),
            Self::Instant => value.as_str().is_some_and(|text| instant::read(text).is_some()),
            Self::Limit => whole(value).is_some_and(|n| (1..=1000).contains(&n)),
            Self::Words(words) => {
                value.as_str().is_some_and(|word| words.split('|').any(|w| w == word))
            }
            Self::Any => true,
            Self::Map => value.is_object(),
            Self::Texts => value.as_object().is_some_and(|map| map.values().all(Json::is_string)),
            Self::Values => value.as_object().is_some_and(|map| map.values().all(is_value)),
            Self::Some(_) if value.as_array().is_some_and(Vec::is_empty) => {
                return Err("an empty list means nothing".to_owned());
            }
            Self::List(of) | Self::Some(of) => {
                let Json::Array(items) = value else { return Err(self.wanted()) };
                return items.iter().try_for_each(|item| of.check(item));
            }
            Self::Nullable(of) => return if value.is_null() { Ok(()) } else { of.check(value) },
            Self::Named(name) => match forms::form(name) {
                Some(form) => return form.check(value),
                None => true,
            },
        };
        if fits { Ok(()) } else { Err(self.wanted()) }
    }

    /// As [`Shape::check`], for what a request holds: also its size.
    pub fn check_request(&self, value: &Json) -> Result<(), String> {
        match (self, value) {
            (Self::List(_) | Self::Some(_), Json::Array(items)) if items.len() > LONGEST_LIST => {
                Err(format!("more than {LONGEST_LIST} items"))
            }
            _ => self.check(value),
        }
    }

    /// Reads a value of a path or a query.
    pub fn of_text(&self, given: &str) -> Result<Json, String> {
        let value = match self {
            Self::Int | Self::Limit => {
                // `+1` and `01` are other texts for what is written `1`.
                let number: Option<i64> = given.parse().ok();
                number.filter(|n| n.to_string() == given).map(Json::from)
            }
            Self::Flag => match given {
                "true" => Some(Json::Bool(true)),
                "false" => Some(Json::Bool(false)),
                _ => None,
            },
            Self::Text
            | Self::Filled
            | Self::String
            | Self::Client
            | Self::Cursor
            | Self::Number
            | Self::Instant
            | Self::Words(_)
            | Self::Any
            | Self::Map
            | Self::Texts
            | Self::Values
            | Self::List(_)
            | Self::Some(_)
            | Self::Nullable(_)
            | Self::Named(_) => Some(Json::from(given)),
        };
        let value = value.ok_or_else(|| self.wanted())?;
        self.check(&value)?;
        Ok(value)
    }

    fn wanted(&self) -> String {
        match self {
            Self::Text | Self::Filled | Self::String => "text is needed".to_owned(),
            Self::Client => {
                "a name of 1 to 64 letters, digits, `.`, `_` and `-` is needed".to_owned()
            }
            Self::Cursor => "`next` of the page before is needed".to_owned(),
            Self::Int => "a whole number is needed".to_owned(),
            Self::Number => "a number is needed".to_owned(),
            Self::Flag => "`true` or `false` is needed".to_owned(),
            Self::Instant => "an instant like 2027-02-01T08:00:00Z is needed".to_owned(),
            Self::Limit => "a whole number from 1 to 1000 is needed".to_owned(),
            Self::Words(words) => listed(&words.split('|').collect::<Vec<_>>()),
            Self::Any | Self::Nullable(_) => "another value is needed".to_owned(),
            Self::Map | Self::Named(_) => "an object is needed".to_owned(),
            Self::Texts => "an object whose values are texts is needed".to_owned(),
            Self::Values => "an object whose values are scalars or lists is needed".to_owned(),
            Self::List(_) | Self::Some(_) => "a list is needed".to_owned(),
        }
    }
}

fn field(notation: &'static str) -> Field {
    let (name, shape) = notation.split_once(':').unwrap_or((notation, "any"));
    let (shape, optional) = match shape.strip_suffix('*') {
        Some(shape) => (shape, true),
        None => (shape, false),
    };
    Field { name, shape: Shape::read(shape), optional }
}

fn text(value: &Json) -> Result<&str, String> {
    let text = value.as_str().ok_or("text is needed")?;
    if text.chars().count() > LONGEST_TEXT {
        return Err(format!("longer than {LONGEST_TEXT} characters"));
    }
    if text.contains('\0') {
        return Err("the character U+0000 is not text".to_owned());
    }
    Ok(text)
}

/// A whole number that every reader of JSON holds exactly; `1.0` is one.
pub(crate) fn whole(value: &Json) -> Option<i64> {
    let written = value.as_i64().or_else(|| {
        let float = value.as_f64().filter(|float| float.fract() == 0.0)?;
        format!("{float:.0}").parse().ok()
    });
    written.filter(|n| (-GREATEST..=GREATEST).contains(n))
}

/// The place that a cursor names.
pub(crate) fn place(cursor: &str) -> Option<i64> {
    let digits = cursor.strip_prefix('c').filter(|digits| digits.len() <= 18)?;
    digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())?
}

fn is_value(value: &Json) -> bool {
    match value {
        Json::Array(items) => items.iter().all(|item| !item.is_array() && !item.is_object()),
        Json::Object(_) => false,
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => true,
    }
}

fn listed(known: &[&str]) -> String {
    match known {
        [] => "nothing may be given".to_owned(),
        known => format!("possible: {}", known.join(", ")),
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests;
