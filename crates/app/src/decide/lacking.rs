//! What somebody would have to be given so that a question is allowed.

use jiff::Timestamp;
use muster_model::EntityId;
use muster_plan::value_json;
use serde_json::{Map, Value as Json, json};
use sha2::{Digest as _, Sha256};

use super::{AccessQuestion, Asking, Properties};
use crate::{Error, Opened};

/// Whom a question is about, and the roles any one of which is all that they lack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lacking {
    /// The subject.
    pub subject: EntityId,
    /// The roles, by position, in order.
    pub roles: Vec<usize>,
}

/// The roles any one of which is all that is lacking for a question to be allowed; `None` when it is allowed, or when it takes
/// anything else.
pub async fn lacking_roles(
    opened: &Opened,
    now: Timestamp,
    question: &AccessQuestion,
) -> Result<Option<Lacking>, Error> {
    let mut asking = Asking::begin(opened, now).await?;
    let subject = asking.subject(&question.subject_type, &question.subject).await?;
    let Some(subject) = subject else { return Ok(None) };
    let resource = asking.resource(question).await?;
    let roles = asking.with(question, Some(&subject), resource.as_deref(), |rules, question| {
        rules.lacking_roles(question)
    });
    Ok((!roles.is_empty()).then(|| Lacking { subject: subject.row().id, roles }))
}

/// SHA-256 of a question: of who, what and to what as they were put, and of the circumstances that the application of the resource
/// declares.
pub fn question_digest(opened: &Opened, question: &AccessQuestion) -> [u8; 32] {
    let AccessQuestion {
        subject_type,
        subject,
        subject_properties,
        action,
        resource_type,
        resource,
        resource_properties,
        environment,
    } = question;
    let rules = opened.decider().rules();
    let app = rules.place(resource_type).and_then(|place| rules.access().apps.get(place.app));
    // The first column is the time, which is ours.
    let declared = app.map_or(&[][..], |app| app.environment.get(1..).unwrap_or_default());
    let circumstances: Map<String, Json> = declared
        .iter()
        .filter_map(|(name, _, _)| Some((name.to_string(), value_json(environment.get(name)?))))
        .collect();
    let bound = json!([
        &**subject_type,
        &**subject,
        properties(subject_properties),
        &**action,
        &**resource_type,
        &**resource,
        properties(resource_properties),
        circumstances,
    ]);
    Sha256::digest(bound.to_string()).into()
}

/// Who acts for the subject is no part of the question: a caller may say it elsewhere.
fn properties(of: &Properties) -> Map<String, Json> {
    let named = of.iter().filter(|(name, _)| &***name != "act");
    named.map(|(name, value)| (name.to_string(), value_json(value))).collect()
}
