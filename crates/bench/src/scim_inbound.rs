//! Records that an HR service pushes over SCIM Bulk and does not wait for: at a steady pace, and then as many as it can until
//! it is told to come again. Whether each one taken ends in a result that can be asked for.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use reqwest::{Client, Response, StatusCode};
use serde_json::{Value as Json, json};
use tokio::task::JoinSet;

use crate::{
    output::{figures, say},
    scim_server::{MODEL, user},
    served::{Served, done},
};

/// How long whatever was taken may go on after the last request.
const PATIENCE: Duration = Duration::from_mins(10);
/// Results on a page.
const PAGE: usize = 1000;
/// Records of a request of the flood, and how many requests come at once.
const FLOOD: usize = 5000;
const AT_ONCE: usize = 12;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Records a second
    #[arg(long, default_value_t = 400)]
    rate: usize,
    /// For how long
    #[arg(long, default_value_t = 60)]
    seconds: usize,
    /// Records in one request
    #[arg(long, default_value_t = 100)]
    batch: usize,
}

const SOURCE: &str = "\
systems:
  hr:
    connector: scim-inbound
    settings: { client: bench }
    reads:
      person:
        match: [{ on: 'userName == record.userName' }]
        owns:
          userName: record.userName
          givenName: record.givenName
          familyName: record.familyName
          mail: record.mail
          title: record.title
        guards: { create: none, update: none }
";

pub(crate) async fn run(args: Args) -> Result<()> {
    say(&format!(
        "scim-inbound: {} records a second for {} s, {} in a request",
        args.rate, args.seconds, args.batch
    ))?;
    let folder = tempfile::tempdir()?;
    let dir = folder.path();
    std::fs::write(dir.join("muster.yaml"), format!("{MODEL}{SOURCE}"))?;
    let token = done(dir, &["token", "create", "bench", "--scope", "scim"])?;
    let served = Served::start(dir, &["--no-run"]).await?;
    let client = Client::builder().no_proxy().build()?;
    let hr = Arc::new(Hr { client, url: format!("{}/scim/v2", served.url), token });
    let steady = steady(&hr, &args).await?;
    say(&format!("  steady: {steady}"))?;
    let flood = flood(&hr, args.rate * args.seconds).await?;
    let resident = served.mib("VmRSS:");
    figures(&json!({ "steady": steady, "flood": flood, "resident_mib": resident }))
}

/// Pushes at the wanted pace, whatever the answers, and then asks what came of each record.
async fn steady(hr: &Arc<Hr>, args: &Args) -> Result<Json> {
    let (n, begin) = (args.rate * args.seconds, Instant::now());
    let mut under_way = JoinSet::new();
    for first in (0..n).step_by(args.batch.max(1)) {
        #[expect(clippy::cast_precision_loss, reason = "a time for people")]
        let due = Duration::from_secs_f64(first as f64 / args.rate as f64);
        tokio::time::sleep_until((begin + due).into()).await;
        let (hr, end) = (Arc::clone(hr), (first + args.batch).min(n));
        under_way.spawn(async move {
            let begin = Instant::now();
            let taken = hr.push(first..end).await?;
            anyhow::Ok((taken, begin.elapsed()))
        });
    }
    let (mut places, mut refused, mut times) = (Vec::new(), 0, Vec::new());
    while let Some(one) = under_way.join_next().await {
        match one?? {
            (Pushed::Taken(place), took) => {
                places.push(place);
                times.push(took.as_secs_f64() * 1000.0);
            }
            (Pushed::Refused { .. }, _) => refused += 1,
        }
    }
    let pushed = begin.elapsed();
    let (results, lag) = hr.results(&places).await?;
    times.sort_by(f64::total_cmp);
    let p99 = times.get(times.len().saturating_sub(1) * 99 / 100).copied().unwrap_or_default();
    Ok(json!({
        "records": n, "requests_taken": places.len(), "requests_refused": refused, "results": results,
        "each_has_a_result": results.values().sum::<usize>() == n && refused == 0,
        "pushed_in_s": seconds(pushed), "all_done_after_s": seconds(lag), "taken_p99_ms": p99.round(),
    }))
}

/// Pushes far more than may wait, all at once: what is beyond the limit is refused with the time to come again, and everything
/// that was taken is done.
async fn flood(hr: &Arc<Hr>, first: usize) -> Result<Json> {
    let mut under_way = JoinSet::new();
    for request in 0..AT_ONCE {
        let (hr, first) = (Arc::clone(hr), first + request * FLOOD);
        under_way.spawn(async move { hr.push(first..first + FLOOD).await });
    }
    let (mut places, mut waits) = (Vec::new(), Vec::new());
    while let Some(one) = under_way.join_next().await {
        match one?? {
            Pushed::Taken(place) => places.push(place),
            Pushed::Refused { retry_after } => waits.push(retry_after),
        }
    }
    let (results, lag) = hr.results(&places).await?;
    Ok(json!({
        "requests": AT_ONCE, "records_each": FLOOD, "requests_taken": places.len(), "requests_429": waits.len(),
        "all_with_retry_after": waits.iter().all(Option::is_some), "retry_after_s": waits.iter().flatten().max(),
        "results": results, "each_has_a_result": results.values().sum::<usize>() == places.len() * FLOOD,
        "all_done_after_s": seconds(lag),
    }))
}

fn seconds(time: Duration) -> f64 {
    (time.as_secs_f64() * 10.0).round() / 10.0
}

/// What was said to a request.
enum Pushed {
    /// It was taken; where its result is.
    Taken(String),
    /// It is one too many.
    Refused { retry_after: Option<u64> },
}

/// The HR service.
struct Hr {
    client: Client,
    url: String,
    token: String,
}

impl Hr {
    /// Sends records in one request.
    async fn push(&self, records: std::ops::Range<usize>) -> Result<Pushed> {
        let operations: Vec<Json> = records.map(operation).collect();
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], "Operations": operations,
        });
        let request = self.client.post(format!("{}/Bulk", self.url)).bearer_auth(&self.token);
        let request = request.header("prefer", "respond-async");
        let request = request.header("content-type", "application/scim+json");
        let answer = request.body(body.to_string()).send().await?;
        let header = |answer: &Response, name: &str| {
            Some(answer.headers().get(name)?.to_str().ok()?.to_owned())
        };
        match answer.status() {
            StatusCode::ACCEPTED => {
                let place = header(&answer, "location").context("no `Location`")?;
                Ok(Pushed::Taken(place))
            }
            StatusCode::TOO_MANY_REQUESTS => {
                let retry_after = header(&answer, "retry-after").and_then(|s| s.parse().ok());
                Ok(Pushed::Refused { retry_after })
            }
            status => {
                anyhow::bail!("the bulk request is answered {status}: {}", answer.text().await?)
            }
        }
    }

    /// Waits until all of these are done; how many records came to which status, and how long that took.
    async fn results(&self, places: &[String]) -> Result<(BTreeMap<String, usize>, Duration)> {
        let begin = Instant::now();
        for place in places {
            while self.page(place, 1, 0).await?.get("state") != Some(&json!("done")) {
                ensure!(begin.elapsed() < PATIENCE, "`{place}` is not done after {PATIENCE:?}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        let (lag, mut results) = (begin.elapsed(), BTreeMap::new());
        for place in places {
            let mut start = 1;
            loop {
                let page = self.page(place, start, PAGE).await?;
                let all = page.get("Operations").and_then(Json::as_array).context("no results")?;
                for one in all {
                    let status = one.get("status").and_then(Json::as_str).unwrap_or("none");
                    *results.entry(status.to_owned()).or_default() += 1;
                }
                start += all.len();
                if all.len() < PAGE {
                    break;
                }
            }
        }
        Ok((results, lag))
    }

    async fn page(&self, place: &str, start: usize, count: usize) -> Result<Json> {
        let url = format!("{place}?startIndex={start}&count={count}");
        let answer = self.client.get(&url).bearer_auth(&self.token).send().await?;
        ensure!(answer.status().is_success(), "`{url}` answers {}", answer.status());
        Ok(serde_json::from_slice(&answer.bytes().await?)?)
    }
}

/// One record.
fn operation(number: usize) -> Json {
    let mut data = user(number);
    if let Json::Object(map) = &mut data {
        map.insert("externalId".to_owned(), json!(format!("e{number}")));
    }
    json!({ "method": "POST", "path": "/Users", "bulkId": format!("b{number}"), "data": data })
}
