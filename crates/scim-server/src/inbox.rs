//! Bulk requests that are answered later (`Prefer: respond-async`, RFC 7240): 202 at once, and a resource that says what came
//! of each operation.
//!
//! A request is in the repository before it is answered, and is worked off by whichever process can ([`keep_going`]), so it
//! outlives the one that took it. How much may wait is limited for each client by records, so that a burst is taken and a
//! flood is told when to come again.

use std::sync::Arc;

use muster_app::{Error, begin_job_in};
use muster_store::{Job, ScimBulk};
use serde_json::{Value as Json, json};
use tokio::sync::Notify;

use crate::{
    answer::Answer,
    bulk::Bulk,
    error::Failure,
    list::{LARGEST_PAGE, USUAL_PAGE},
    view::View,
};

mod worker;

pub(crate) use worker::keep_going;

/// Records of one client that may wait: a minute's worth at 400 a second.
const MOST_WAITING: u64 = 24_000;
/// Records a second that a client can count on.
const PACE: u64 = 400;
/// What such a job is called.
const KIND: &str = "scim.bulk";
/// The part of the address after the base.
const ENDPOINT: &str = "BulkResults";
/// What a result is.
const RESULT: &str = "urn:muster:params:scim:api:messages:2.0:BulkResult";

/// Takes requests and wakes whoever works them off.
#[derive(Default)]
pub(crate) struct Inbox {
    came: Arc<Notify>,
}

impl Inbox {
    /// Takes a request, if the client has not too much waiting, and answers where its result will be.
    pub(crate) async fn take(&self, view: &View, mut body: Json) -> Result<Answer, Failure> {
        let n = Bulk::read(&body)?.len() as u64;
        let client = view.client.parse().map_err(|_| Error::bug("a client without a number"))?;
        let mut tx = view.opened.store.begin().await?;
        let waiting = tx.waiting_in_scim_bulks(client).await?;
        if waiting > 0 && waiting + n > MOST_WAITING {
            let seconds = (waiting + n - MOST_WAITING).div_ceil(PACE);
            let problem = format!("{waiting} records of this client wait; come again");
            return Err(Failure { retry_after: Some(seconds), ..Failure::new(429, "", problem) });
        }
        let job = begin_job_in(&view.ctx, &mut tx, client, KIND).await?.id;
        forget_passwords(&mut body);
        let bulk = ScimBulk {
            job,
            client,
            base: view.base.clone(),
            on_behalf_of: view.ctx.on_behalf_of.clone(),
            n_operations: i64::try_from(n).unwrap_or(i64::MAX),
            request: body.to_string().into_bytes(),
        };
        tx.insert_scim_bulk(&bulk).await?;
        tx.commit().await?;
        self.came.notify_one();
        let body = json!({ "schemas": [RESULT], "id": job.to_string(), "state": "running" });
        Ok(Answer { location: Some(location(view, job)), ..Answer::json(202, body) })
    }
}

/// What came of a request so far, one page of its operations.
pub(crate) async fn result(
    view: &View,
    id: &str,
    (start, count): (Option<i64>, Option<i64>),
) -> Result<Answer, Failure> {
    let missing = || Failure::not_found(id);
    let number: i64 = id.parse().map_err(|_| missing())?;
    let mut tx = view.opened.store.read().await?;
    let is_own = |job: &Job| &*job.kind == KIND && job.client.to_string() == *view.client;
    let job = tx.job(number).await?.filter(is_own).ok_or_else(missing)?;
    let start = usize::try_from(start.unwrap_or(1)).unwrap_or(1).max(1);
    let count = count.map_or(USUAL_PAGE, |count| usize::try_from(count).unwrap_or(0));
    let total = tx.count_scim_bulk_results(number).await?;
    let page = tx.scim_bulk_results(number, start - 1, count.min(LARGEST_PAGE)).await?;
    let page: Vec<Json> =
        page.iter().filter_map(|result| serde_json::from_str(&result.body).ok()).collect();
    let body = json!({
        "schemas": [RESULT], "id": id, "state": if job.ended_at.is_some() { "done" } else { "running" },
        "begun": job.begun_at.to_string(), "ended": job.ended_at.map(|at| at.to_string()), "totalResults": total,
        "startIndex": start, "itemsPerPage": page.len(), "Operations": page,
        "meta": { "location": location(view, number) },
    });
    Ok(Answer::json(200, body))
}

fn location(view: &View, job: i64) -> String {
    format!("{}/{ENDPOINT}/{job}", view.base)
}

/// No password is kept, not even as long as a request waits: attributes of that name, and PATCH operations on it, lose
/// their values.
fn forget_passwords(json: &mut Json) {
    let is_password = |text: &str| {
        let name = text.rsplit(':').next().unwrap_or_default();
        name.eq_ignore_ascii_case("password")
    };
    match json {
        Json::Array(items) => items.iter_mut().for_each(forget_passwords),
        Json::Object(map) => {
            if map.get("path").and_then(Json::as_str).is_some_and(is_password) {
                map.remove("value");
            }
            for (key, value) in map {
                if is_password(key) { *value = Json::Null } else { forget_passwords(value) }
            }
        }
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_that_waits_holds_no_password() {
        let user = "urn:ietf:params:scim:schemas:core:2.0:User:password";
        let mut body = json!({ "Operations": [
            { "method": "POST", "path": "/Users", "data": { "userName": "ada", "Password": "s3cret" } },
            { "method": "PATCH", "path": "/Users/1", "data": { "Operations": [
                { "op": "replace", "path": "password", "value": "s3cret" },
                { "op": "replace", "path": user, "value": "s3cret" },
                { "op": "replace", "value": { "password": "s3cret", "title": "Countess" } },
            ] } },
        ] });
        forget_passwords(&mut body);
        let text = body.to_string();
        assert!(!text.contains("s3cret"), "{text}");
        assert!(text.contains("Countess"));
    }
}
