//! Evaluations: one question, or several.

use axum::Json;
use bytes::Bytes;
use muster_app::{
    AccessQuestion, Detail, Scope, Until, decide,
    json::{Wanted, access_answer},
};
use muster_web::{Answer, Call, Problem, long_work};
use serde_json::{Map, Value, json};

use crate::{
    MOST_QUESTIONS,
    body::{self, Refused},
    requests::completed,
};

/// Questions that are answered where the request is; more of them get a thread of their own.
const FEW: usize = 20;

/// One question.
pub(crate) async fn one(call: Call, body: Bytes) -> Answer<Json<Value>> {
    call.need(Scope::Access)?;
    let object = body::object(&body)?;
    let question = body::question(&object, None, Wanted::ALL)?;
    let answer = single(&call, &question).await?;
    if !call.caller.scopes.cover(Scope::AccessRequest) {
        return Ok(Json(answer));
    }
    let approval = object.get("context").and_then(|context| context.get("approval")).cloned();
    let work = async move { completed(&call, &question, approval.as_ref(), answer).await };
    Ok(Json(long_work(work).await?))
}

async fn single(call: &Call, question: &AccessQuestion) -> Answer<Value> {
    let question = std::slice::from_ref(question);
    let answers =
        decide(&call.opened, call.ctx.now(), question, Until::Done, Detail::Names).await?;
    let none = || Problem::from(muster_app::Error::bug("a question got no answer"));
    answers.first().map(access_answer).ok_or_else(none)
}

/// Several questions; without any, the defaults are the question.
pub(crate) async fn many(call: Call, body: Bytes) -> Answer<Json<Value>> {
    call.need(Scope::Access)?;
    let object = body::object(&body)?;
    let until = until(&object)?;
    let items = match object.get("evaluations") {
        None | Some(Value::Null) => &[][..],
        Some(Value::Array(items)) => items,
        Some(_) => return Err(Problem::invalid("`evaluations` is not a list")),
    };
    if items.is_empty() {
        let question = body::question(&object, None, Wanted::ALL)?;
        return single(&call, &question).await.map(Json);
    }
    if items.len() > MOST_QUESTIONS {
        let detail = format!("at most {MOST_QUESTIONS} evaluations are answered in one request");
        return Err(Problem::invalid(detail));
    }
    let read: Vec<Result<AccessQuestion, String>> = items
        .iter()
        .map(|item| match item {
            Value::Object(item) => {
                body::question(item, Some(&object), Wanted::ALL).map_err(|refused| refused.detail)
            }
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => Err("an evaluation is not an object".to_owned()),
        })
        .collect();
    let answers = if read.len() <= FEW {
        answers(&call, read, until).await?
    } else {
        long_work(async move { answers(&call, read, until).await }).await?
    };
    Ok(Json(json!({ "evaluations": answers })))
}

fn until(object: &Map<String, Value>) -> Result<Until, Refused> {
    let options = object.get("options").and_then(Value::as_object);
    match options.and_then(|options| options.get("evaluations_semantic")) {
        None | Some(Value::Null) => Ok(Until::Done),
        Some(Value::String(word)) if word == "execute_all" => Ok(Until::Done),
        Some(Value::String(word)) if word == "deny_on_first_deny" => Ok(Until::Denied),
        Some(Value::String(word)) if word == "permit_on_first_permit" => Ok(Until::Allowed),
        Some(_) => Err(Refused::new("`options.evaluations_semantic` is not known")
            .hint("it is `execute_all`, `deny_on_first_deny` or `permit_on_first_permit`")),
    }
}

/// The answers in their order. A question that cannot be read is denied in its place.
async fn answers(
    call: &Call,
    read: Vec<Result<AccessQuestion, String>>,
    until: Until,
) -> Result<Vec<Value>, muster_app::Error> {
    let mut answers = Vec::with_capacity(read.len());
    let mut readable = Vec::new();
    let mut rest = read.into_iter();
    loop {
        let next = rest.next();
        if let Some(Ok(question)) = next {
            readable.push(question);
            continue;
        }
        let questions = std::mem::take(&mut readable);
        let found = decide(&call.opened, call.ctx.now(), &questions, until, Detail::Names).await?;
        let decides = found.last().is_some_and(|last| match until {
            Until::Done => false,
            Until::Denied => !last.allowed,
            Until::Allowed => last.allowed,
        });
        answers.extend(found.iter().map(access_answer));
        let Some(Err(message)) = next.filter(|_| !decides) else { return Ok(answers) };
        let error = json!({ "status": 400, "message": message });
        answers.push(json!({ "decision": false, "context": { "error": error } }));
        if until == Until::Denied {
            return Ok(answers);
        }
    }
}
