//! A question of access as programs write it: the objects of the `AuthZEN` Authorization API 1.0. What the standard does not
//! know is passed over; what it wants and is not there is refused.

use muster_model::{Text, Value};
use serde_json::{Map, Value as Json};

use crate::{AccessQuestion, Properties};

/// What of a question has to be there.
#[derive(Debug, Clone, Copy)]
pub struct Wanted {
    /// `subject.id`.
    pub subject_id: bool,
    /// `action`.
    pub action: bool,
    /// `resource.id`.
    pub resource_id: bool,
}

impl Wanted {
    /// All of it.
    pub const ALL: Self = Self { subject_id: true, action: true, resource_id: true };
}

/// The question that an object asks. What it does not say is looked up in `defaults`.
///
/// # Errors
///
/// A sentence that names what is missing or is not what it should be.
pub fn access_question(
    object: &Map<String, Json>,
    defaults: Option<&Map<String, Json>>,
    wanted: Wanted,
) -> Result<AccessQuestion, String> {
    let part = |name: &str| object.get(name).or_else(|| defaults?.get(name));
    let subject = part_object("subject", part("subject"))?;
    let resource = part_object("resource", part("resource"))?;
    let action = match part("action") {
        None if !wanted.action => "".into(),
        action => text("action", part_object("action", action)?, "name", true)?,
    };
    let environment = match part("context") {
        None | Some(Json::Null) => Properties::new(),
        context => properties(part_object("context", context)?),
    };
    Ok(AccessQuestion {
        subject_type: text("subject", subject, "type", true)?,
        subject: text("subject", subject, "id", wanted.subject_id)?,
        subject_properties: of("subject", subject)?,
        action,
        resource_type: text("resource", resource, "type", true)?,
        resource: text("resource", resource, "id", wanted.resource_id)?,
        resource_properties: of("resource", resource)?,
        environment,
    })
}

fn part_object<'j>(name: &str, part: Option<&'j Json>) -> Result<&'j Map<String, Json>, String> {
    match part {
        Some(Json::Object(object)) => Ok(object),
        Some(_) => Err(format!("`{name}` is not an object")),
        None => Err(format!("`{name}` is missing")),
    }
}

fn text(part: &str, object: &Map<String, Json>, name: &str, wanted: bool) -> Result<Text, String> {
    match object.get(name) {
        Some(Json::String(text)) if !text.is_empty() || !wanted => Ok(text.as_str().into()),
        None if !wanted => Ok("".into()),
        Some(_) => Err(format!("`{part}.{name}` is not a text, or an empty one")),
        None => Err(format!("`{part}.{name}` is missing")),
    }
}

fn of(name: &str, object: &Map<String, Json>) -> Result<Properties, String> {
    match object.get("properties") {
        None | Some(Json::Null) => Ok(Properties::new()),
        Some(Json::Object(given)) => Ok(properties(given)),
        Some(_) => Err(format!("`{name}.properties` is not an object")),
    }
}

fn properties(given: &Map<String, Json>) -> Properties {
    given.iter().map(|(name, value)| (name.as_str().into(), value_of(value))).collect()
}

/// A value as rules read it. An object is none: it becomes a list in a list, which fits no declared type.
fn value_of(json: &Json) -> Value {
    match json {
        Json::Null => Value::Null,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => Value::Int(whole),
            (None, Some(float)) => Value::Float(float),
            (None, None) => Value::Null,
        },
        Json::String(text) => Value::text(text.as_str()),
        Json::Array(items) => Value::List(items.iter().map(value_of).collect()),
        Json::Object(_) => Value::List([Value::List([].into())].into()),
    }
}
