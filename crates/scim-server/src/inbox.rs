//! Bulk requests that are answered later (`Prefer: respond-async`, RFC 7240): 202 at once, and a resource that says what came
//! of each operation.
//!
//! They are done one after another, in the order in which they came. How much may wait is limited for each client by
//! records, so that a burst is taken and a flood is told when to come again.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use muster_app::{Error, begin_job};
use muster_model::Text;
use muster_store::Job;
use serde_json::{Value as Json, json};

use crate::{
    answer::Answer,
    bulk::{Bulk, response},
    error::Failure,
    list::{LARGEST_PAGE, USUAL_PAGE},
    view::View,
    writer::Writer,
};

/// Records of one client that may wait: a minute's worth at 400 a second.
const MOST_WAITING: usize = 24_000;
/// Records a second that a client can count on.
const PACE: usize = 400;
/// What such a job is called.
const KIND: &str = "scim.bulk";
/// The part of the address after the base.
pub(crate) const ENDPOINT: &str = "BulkResults";
/// What a result is.
const RESULT: &str = "urn:muster:params:scim:api:messages:2.0:BulkResult";

/// The requests that wait or are being done by this process.
#[derive(Default)]
pub(crate) struct Inbox {
    turn: Arc<tokio::sync::Mutex<()>>,
    open: Arc<Mutex<Open>>,
}

#[derive(Default)]
struct Open {
    /// Records that wait, by client.
    records: BTreeMap<Text, usize>,
    jobs: BTreeSet<i64>,
}

impl Inbox {
    /// Takes a request, if the client has not too much waiting, and answers where its result will be.
    pub(crate) async fn take(
        &self,
        view: View,
        bulk: Bulk,
        writer: Arc<Writer>,
    ) -> Result<Answer, Failure> {
        let n = bulk.operations.len();
        let place = Place::take(&self.open, &view.client, n)?;
        let job = begin(&view).await?;
        locked(&self.open).jobs.insert(job);
        let location = location(&view, job);
        let (turn, open) = (Arc::clone(&self.turn), Arc::clone(&self.open));
        // It outlives the request, and its end is written down by itself.
        tokio::spawn(async move {
            let turn = turn.lock_owned().await;
            let done = bulk.carry_out(&view, &writer).await;
            drop((turn, place));
            if let Err(error) = end(&view, job, &response(&done)).await {
                tracing::error!(%error, job, "what came of a bulk request could not be written");
            }
            locked(&open).jobs.remove(&job);
        });
        let body = json!({ "schemas": [RESULT], "id": job.to_string(), "state": "running" });
        Ok(Answer { location: Some(location), ..Answer::json(202, body) })
    }

    /// What came of a request, one page of its operations.
    pub(crate) async fn result(
        &self,
        view: &View,
        id: &str,
        (start, count): (Option<i64>, Option<i64>),
    ) -> Result<Answer, Failure> {
        let missing = || Failure::not_found(id);
        let number: i64 = id.parse().map_err(|_| missing())?;
        let found = view.opened.store.read().await?.job(number).await?;
        let is_own = |job: &Job| &*job.kind == KIND && job.client.to_string() == *view.client;
        let job = found.filter(is_own).ok_or_else(missing)?;
        let is_lost = view.ctx.clock.is_gone(&job.process)
            || (*job.process == *view.ctx.clock.process()
                && !locked(&self.open).jobs.contains(&number));
        let state = match job.ended_at {
            Some(_) => "done",
            None if is_lost => "interrupted",
            None => "running",
        };
        let answer =
            job.answer.as_deref().and_then(|body| serde_json::from_slice::<Json>(body).ok());
        let all = answer.as_ref().and_then(|answer| answer.get("Operations")?.as_array());
        let all = all.map_or(&[][..], Vec::as_slice);
        let start = usize::try_from(start.unwrap_or(1)).unwrap_or(1).max(1);
        let count = count.map_or(USUAL_PAGE, |count| usize::try_from(count).unwrap_or(0));
        let page: Vec<&Json> = all.iter().skip(start - 1).take(count.min(LARGEST_PAGE)).collect();
        let body = json!({
            "schemas": [RESULT], "id": id, "state": state, "begun": job.begun_at.to_string(),
            "ended": job.ended_at.map(|at| at.to_string()), "totalResults": all.len(), "startIndex": start,
            "itemsPerPage": page.len(), "Operations": page, "meta": { "location": location(view, number) },
        });
        Ok(Answer::json(200, body))
    }
}

/// The records of a request among those that wait; given back when it is dropped.
struct Place {
    open: Arc<Mutex<Open>>,
    client: Text,
    n: usize,
}

impl Place {
    fn take(open: &Arc<Mutex<Open>>, client: &Text, n: usize) -> Result<Self, Failure> {
        let mut held = locked(open);
        let waiting = held.records.entry(client.clone()).or_default();
        if *waiting > 0 && *waiting + n > MOST_WAITING {
            let seconds = (*waiting + n - MOST_WAITING).div_ceil(PACE);
            let problem = format!("{waiting} records of this client wait; come again");
            let retry_after = Some(seconds as u64);
            return Err(Failure { retry_after, ..Failure::new(429, "", problem) });
        }
        *waiting += n;
        drop(held);
        Ok(Self { open: Arc::clone(open), client: client.clone(), n })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = locked(&self.open);
        let left =
            open.records.get(&self.client).map_or(0, |waiting| waiting.saturating_sub(self.n));
        if left == 0 {
            open.records.remove(&self.client);
        } else {
            open.records.insert(self.client.clone(), left);
        }
    }
}

fn locked(open: &Mutex<Open>) -> MutexGuard<'_, Open> {
    open.lock().unwrap_or_else(PoisonError::into_inner)
}

fn location(view: &View, job: i64) -> String {
    format!("{}/{ENDPOINT}/{job}", view.base)
}

async fn begin(view: &View) -> Result<i64, Failure> {
    let client = view.client.parse().map_err(|_| Error::bug("a client without a number"))?;
    Ok(begin_job(&view.ctx, &view.opened, client, KIND).await?.id)
}

async fn end(view: &View, job: i64, answer: &Json) -> Result<(), Error> {
    let mut tx = view.opened.store.begin().await?;
    tx.end_job(job, view.ctx.now(), 200, answer.to_string().as_bytes()).await?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minutes_worth_of_records_may_wait_and_then_the_client_is_told_when_to_come_again() {
        let open = Arc::new(Mutex::new(Open::default()));
        let (hr, other) = (Text::from("1"), Text::from("2"));
        let first = Place::take(&open, &hr, MOST_WAITING - 10);
        assert!(first.is_ok());
        assert!(Place::take(&open, &hr, 10).is_ok(), "given back at once");
        let full = Place::take(&open, &hr, 811).err();
        let full = full.map(|failure| (failure.error.status, failure.retry_after));
        assert_eq!(full, Some((429, Some(3))));
        assert!(Place::take(&open, &other, 5000).is_ok(), "another client has its own limit");
        drop(first);
        assert!(Place::take(&open, &hr, MOST_WAITING + 1).is_ok(), "alone, any request is taken");
        assert!(locked(&open).records.is_empty());
    }
}
