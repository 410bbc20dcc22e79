//! Searches: who may, to what, and what may be done.

use axum::Json;
use bytes::Bytes;
use muster_app::{
    AccessQuestion, Error, Kind, Scope,
    json::{Wanted, search_page},
    search_actions, search_resources, search_subjects,
};
use muster_web::{Answer, Call, Problem, long_work};
use serde_json::{Map, Value, json};

use crate::{
    MOST_RESULTS,
    body::{self, Refused},
};

/// Which page is asked for.
struct Page {
    after: Option<String>,
    limit: usize,
}

/// Who may do it.
pub(crate) async fn subjects(call: Call, body: Bytes) -> Answer<Json<Value>> {
    call.need(Scope::Access)?;
    let wanted = Wanted { subject_id: false, ..Wanted::ALL };
    let (question, page) = asked(&body, wanted)?;
    let now = call.ctx.now();
    let found = long_work(async move {
        search_subjects(&call.opened, now, &question, page.after.as_deref(), page.limit).await
    });
    Ok(Json(search_page(&found.await.map_err(problem)?)))
}

/// To what it may be done.
pub(crate) async fn resources(call: Call, body: Bytes) -> Answer<Json<Value>> {
    call.need(Scope::Access)?;
    let wanted = Wanted { resource_id: false, ..Wanted::ALL };
    let (question, page) = asked(&body, wanted)?;
    let now = call.ctx.now();
    let found = long_work(async move {
        search_resources(&call.opened, now, &question, page.after.as_deref(), page.limit).await
    });
    Ok(Json(search_page(&found.await.map_err(problem)?)))
}

/// What may be done.
pub(crate) async fn actions(call: Call, body: Bytes) -> Answer<Json<Value>> {
    call.need(Scope::Access)?;
    let wanted = Wanted { action: false, ..Wanted::ALL };
    let (question, _) = asked(&body, wanted)?;
    let found = search_actions(&call.opened, call.ctx.now(), &question).await?;
    let results: Vec<Value> = found.iter().map(|name| json!({ "name": &**name })).collect();
    Ok(Json(json!({ "page": { "next_token": "", "count": results.len() }, "results": results })))
}

/// A page token that is none is a request that cannot be read: the standard wants 400.
fn problem(error: Error) -> Problem {
    if error.kind() == Kind::Invalid {
        return Problem::invalid(error.to_string());
    }
    error.into()
}

fn asked(body: &Bytes, wanted: Wanted) -> Result<(AccessQuestion, Page), Refused> {
    let object = body::object(body)?;
    Ok((body::question(&object, None, wanted)?, page(&object)?))
}

fn page(object: &Map<String, Value>) -> Result<Page, Refused> {
    let page = match object.get("page") {
        None | Some(Value::Null) => return Ok(Page { after: None, limit: MOST_RESULTS }),
        Some(Value::Object(page)) => page,
        Some(_) => return Err(Refused::new("`page` is not an object")),
    };
    let after = match page.get("token") {
        None | Some(Value::Null) => None,
        Some(Value::String(token)) => Some(token.clone()).filter(|token| !token.is_empty()),
        Some(_) => return Err(Refused::new("`page.token` is not a text")),
    };
    let limit = match page.get("limit").or_else(|| page.get("size")) {
        None | Some(Value::Null) => MOST_RESULTS,
        Some(limit) => {
            let limit = limit.as_u64().and_then(|limit| usize::try_from(limit).ok());
            let limit = limit.filter(|limit| *limit > 0);
            limit.ok_or_else(|| Refused::new("`page.limit` is not a number from 1"))?
        }
    };
    Ok(Page { after, limit: limit.min(MOST_RESULTS) })
}
