//! From the body of a request to a question. What the standard does not know is passed over; what it wants and is not
//! there is refused.

use bytes::Bytes;
use muster_app::{AccessQuestion, Properties};
use muster_model::{Text, Value};
use muster_web::Problem;
use serde_json::{Map, Value as Json};

/// Why a request makes no sense.
#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) detail: String,
    hint: Option<&'static str>,
}

impl Refused {
    pub(crate) fn new(detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), hint: None }
    }

    pub(crate) fn hint(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        let problem = Self::invalid(refused.detail);
        match refused.hint {
            Some(hint) => problem.hint(hint),
            None => problem,
        }
    }
}

/// The object that a body is.
pub(crate) fn object(body: &Bytes) -> Result<Map<String, Json>, Refused> {
    match serde_json::from_slice(body) {
        Ok(Json::Object(object)) => Ok(object),
        Ok(_) => Err(Refused::new("the body is not a JSON object")),
        Err(error) => Err(Refused::new(format!("the body is not JSON: {error}"))),
    }
}

/// What of a question has to be there.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) subject_id: bool,
    pub(crate) action: bool,
    pub(crate) resource_id: bool,
}

/// All of it.
pub(crate) const ALL: Wanted = Wanted { subject_id: true, action: true, resource_id: true };

/// The question that an object asks. What it does not say is looked up in `defaults`.
pub(crate) fn question(
    object: &Map<String, Json>,
    defaults: Option<&Map<String, Json>>,
    wanted: Wanted,
) -> Result<AccessQuestion, Refused> {
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

fn part_object<'j>(name: &str, part: Option<&'j Json>) -> Result<&'j Map<String, Json>, Refused> {
    match part {
        Some(Json::Object(object)) => Ok(object),
        Some(_) => Err(Refused::new(format!("`{name}` is not an object"))),
        None => Err(Refused::new(format!("`{name}` is missing"))),
    }
}

fn text(part: &str, object: &Map<String, Json>, name: &str, wanted: bool) -> Result<Text, Refused> {
    match object.get(name) {
        Some(Json::String(text)) if !text.is_empty() || !wanted => Ok(text.as_str().into()),
        None if !wanted => Ok("".into()),
        Some(_) => Err(Refused::new(format!("`{part}.{name}` is not a text, or an empty one"))),
        None => Err(Refused::new(format!("`{part}.{name}` is missing"))),
    }
}

fn of(name: &str, object: &Map<String, Json>) -> Result<Properties, Refused> {
    match object.get("properties") {
        None | Some(Json::Null) => Ok(Properties::new()),
        Some(Json::Object(given)) => Ok(properties(given)),
        Some(_) => Err(Refused::new(format!("`{name}.properties` is not an object"))),
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
