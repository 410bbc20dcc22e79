//! From the body of a request to a question.

use bytes::Bytes;
use muster_app::{
    AccessQuestion,
    json::{Wanted, access_question},
};
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

/// The question that an object asks. What it does not say is looked up in `defaults`.
pub(crate) fn question(
    object: &Map<String, Json>,
    defaults: Option<&Map<String, Json>>,
    wanted: Wanted,
) -> Result<AccessQuestion, Refused> {
    access_question(object, defaults, wanted).map_err(Refused::new)
}
