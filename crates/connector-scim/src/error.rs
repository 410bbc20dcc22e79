//! What a SCIM error answer means.

use muster_connector::ConnectorError;
use muster_http::Response;
use muster_scim::{ScimError, error_types};

/// The kind of error that an answer names.
pub(crate) fn scim_type(answer: &Response) -> Option<String> {
    let body: serde_json::Value = answer.json().ok()?;
    ScimError::from_json(&body).scim_type
}

/// The error for an answer that is not success, about the object `name`.
pub(crate) fn from_answer(answer: &Response, name: &str) -> ConnectorError {
    let said = || {
        let said = answer.problem();
        if said.is_empty() { format!("HTTP {}", answer.status()) } else { said }
    };
    let is_taken =
        || scim_type(answer).is_some_and(|kind| kind.eq_ignore_ascii_case(error_types::UNIQUENESS));
    match answer.status() {
        400 if is_taken() => ConnectorError::AlreadyExists { name: name.into() },
        412 => ConnectorError::Invalid(format!(
            "`{name}` was changed by somebody else at the same time: {}",
            said()
        )),
        _ => answer.error(name),
    }
}
