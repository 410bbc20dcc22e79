//! Calls that may come again: under a key that the client chose, a call is carried out once, and its answer is given again.

use axum::http::{HeaderMap, StatusCode};
use jiff::{SignedDuration, Timestamp};
use muster_app::{Ctx, Opened};
use muster_web::{Code, Problem};
use sha2::{Digest as _, Sha256};

use crate::answer::{Told, problem_body};

/// The header that carries the key.
pub(crate) const HEADER: &str = "idempotency-key";
/// How long answers are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(24);
/// After this time a call without an answer is taken for lost; no answer takes longer.
const LOST: SignedDuration = SignedDuration::from_mins(2);
/// Characters of a key.
const LONGEST: usize = 128;
/// What a key is, as a regular expression.
pub(crate) const PATTERN: &str = "^[!-~]{1,128}$";

/// A call under a key.
#[derive(Debug)]
pub(crate) struct Keyed {
    client: i64,
    key: String,
}

/// What is to be done with a call.
#[derive(Debug)]
pub(crate) enum Begun {
    /// It is new.
    New(Keyed),
    /// It was answered before.
    Before(Told),
}

/// The key of a request.
pub(crate) fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(HEADER) else { return Ok(None) };
    let fits = |key: &str| {
        !key.is_empty() && key.len() <= LONGEST && key.chars().all(|c| c.is_ascii_graphic())
    };
    match value.to_str() {
        Ok(key) if fits(key) => Ok(Some(key.to_owned())),
        _ => {
            Err(Problem::invalid(format!("`Idempotency-Key` is 1 to {LONGEST} visible characters")))
        }
    }
}

/// Tells one call from another: the operation and everything that was sent.
pub(crate) fn fingerprint(operation: &str, values: &str) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(operation);
    hash.update([0]);
    hash.update(values);
    hash.finalize().to_vec()
}

/// Begins a call, or finds what it was answered before.
pub(crate) async fn begin(
    ctx: &Ctx,
    opened: &Opened,
    client: i64,
    key: String,
    fingerprint: &[u8],
) -> Result<Begun, Problem> {
    let now = ctx.now();
    let old = now.saturating_sub(KEPT).unwrap_or(Timestamp::MIN);
    let mut tx = opened.store.begin().await.map_err(muster_app::Error::from)?;
    tx.forget_api_calls(old).await.map_err(muster_app::Error::from)?;
    let new = tx.begin_api_call(client, &key, fingerprint, now, old).await;
    if new.map_err(muster_app::Error::from)? {
        tx.commit().await.map_err(muster_app::Error::from)?;
        return Ok(Begun::New(Keyed { client, key }));
    }
    let Some(call) = tx.api_call(client, &key).await.map_err(muster_app::Error::from)? else {
        return Err(in_progress());
    };
    if call.fingerprint != fingerprint {
        let detail = "a call with this key asked for something else";
        return Err(
            Problem::new(Code::KEY_REUSED, detail).hint("choose a new key for every new call")
        );
    }
    if let (Some(status), Some(body)) = (call.status, call.answer) {
        let status = u16::try_from(status).ok().and_then(|n| StatusCode::from_u16(n).ok());
        let status = status.unwrap_or(StatusCode::OK);
        let is_problem = status.is_client_error() || status.is_server_error();
        let media = if is_problem { "application/problem+json" } else { "application/json" };
        return Ok(Begun::Before(Told { status, body, media, location: None, name: None }));
    }
    let lost = now.saturating_sub(LOST);
    let lost = lost.unwrap_or(Timestamp::MIN);
    let again = tx.begin_api_call(client, &key, fingerprint, now, lost).await;
    if !again.map_err(muster_app::Error::from)? {
        return Err(in_progress());
    }
    tx.commit().await.map_err(muster_app::Error::from)?;
    Ok(Begun::New(Keyed { client, key }))
}

fn in_progress() -> Problem {
    Problem::new(Code::IN_PROGRESS, "a call with this key has no answer yet").retry_after(1)
}

impl Keyed {
    /// Keeps the answer. What may succeed when it is asked again is not kept.
    pub(crate) async fn end(self, opened: &Opened, told: &Result<Told, Problem>) {
        let kept = match told {
            Ok(told) => Some((told.status, told.body.clone())),
            Err(problem) if problem.status.is_server_error() || problem.retry_after.is_some() => {
                None
            }
            Err(problem) => Some((problem.status, problem_body(problem))),
        };
        let done = async {
            let mut tx = opened.store.begin().await?;
            match &kept {
                Some((status, body)) => {
                    let status = i64::from(status.as_u16());
                    tx.answer_api_call(self.client, &self.key, status, body).await?;
                }
                None => tx.forget_api_call(self.client, &self.key).await?,
            }
            tx.commit().await
        };
        if let Err(error) = done.await {
            tracing::warn!(%error, "an answer could not be kept for a call that comes again");
        }
    }
}
