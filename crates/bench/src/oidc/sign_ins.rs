//! People who sign in to an application by their password: the page, the code, the tokens. What a core takes, how long it lasts at 70 %
//! of that, and what becomes of more than that.

use std::{sync::Arc, time::Duration};

use anyhow::{Context as _, Result, ensure};
use muster_app::{Ctx, Opened};
use muster_auth::{Authenticator, Secret};
use reqwest::{Client, StatusCode, header, redirect};
use serde_json::{Value as Json, json};
use tokio::{task::JoinSet, time::Instant};

use super::{Target, exchange};
use crate::output::{processor_seconds, rounded, share, status_mib};

/// Who signs in, by turns.
const PEOPLE: usize = 16;
const PASSWORD: &str = "a lamp, a boat, and rain";
/// Of what the server takes, the share at which latencies are measured.
const LOAD: f64 = 0.7;
/// Times of what the server takes that are offered when it has to shed.
const OVERLOAD: f64 = 4.0;

/// What became of a sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// The application has its tokens.
    In,
    /// Sent away, with the time to come again.
    Shed,
    /// Sent away without it.
    ShedWithoutTime,
}

/// The file of people.
pub(super) fn people() -> String {
    let keys = (0..PEOPLE).map(|number| format!("P{number}\n"));
    std::iter::once("id\n".to_owned()).chain(keys).collect()
}

/// Gives everybody a password.
pub(super) async fn prepare(ctx: &Ctx, opened: &Opened) -> Result<()> {
    let authenticator = Authenticator::new(&opened.model.sign_in);
    let mut tx = opened.store.read().await?;
    let type_no = opened.names.types.first().context("no types")?.no;
    let people = tx.scan_entities(type_no, None, PEOPLE).await?;
    drop(tx);
    ensure!(people.len() == PEOPLE, "{} people are there", people.len());
    let password = Secret::new(PASSWORD.to_owned());
    for person in people {
        let set = authenticator.set_password(ctx, opened, person.id, &password).await;
        set.map_err(muster_app::Error::from)?;
    }
    Ok(())
}

/// Measures all of it.
pub(super) async fn measure(target: &Arc<Target>, seconds: u64) -> Result<Json> {
    let window = Duration::from_secs(seconds);
    let (client, mut alone) = (browser()?, Vec::new());
    for number in 0..PEOPLE {
        let start = Instant::now();
        ensure!(sign_in(&client, target, number).await? == Outcome::In, "nobody else was there");
        alone.push(start.elapsed().as_secs_f64() * 1e3);
    }
    let (per_second, per_core) = closed(target, window).await?;
    let calm = open(target, per_second * LOAD, window).await?;
    let flood = open(target, per_second * OVERLOAD, window / 2).await?;
    let count =
        |of: &[(Outcome, f64)], outcome| of.iter().filter(|(got, _)| *got == outcome).count();
    let times = |of: &[(Outcome, f64)]| of.iter().map(|(_, time)| *time).collect::<Vec<_>>();
    Ok(json!({
        "alone_p50_ms": share(&alone, 50), "per_second": rounded(per_second), "per_core": rounded(per_core),
        "at_70_percent": {
            "p50_ms": share(&times(&calm), 50), "p99_ms": share(&times(&calm), 99),
            "in": count(&calm, Outcome::In), "of": calm.len(),
        },
        "overload": {
            "offered": flood.len(), "in": count(&flood, Outcome::In), "shed": count(&flood, Outcome::Shed),
            "shed_without_retry_after": count(&flood, Outcome::ShedWithoutTime),
            "p99_ms": share(&times(&flood), 99), "peak_mib": status_mib(&target.process.to_string(), "VmHWM:"),
        },
    }))
}

/// As many as there are people sign in over and over: sign-ins a second on the wall, and for each second of processor time.
async fn closed(target: &Arc<Target>, window: Duration) -> Result<(f64, f64)> {
    let (start, before) = (Instant::now(), processor_seconds(target.process)?);
    let mut running = JoinSet::new();
    for number in 0..PEOPLE {
        let target = Arc::clone(target);
        running.spawn(async move {
            let (client, mut done) = (browser()?, 0_u32);
            while start.elapsed() < window {
                let outcome = sign_in(&client, &target, number).await?;
                ensure!(outcome == Outcome::In, "{outcome:?} with {PEOPLE} people");
                done += 1;
            }
            anyhow::Ok(done)
        });
    }
    let mut done = 0.0;
    while let Some(ended) = running.join_next().await {
        done += f64::from(ended??);
    }
    let cpu = processor_seconds(target.process)? - before;
    Ok((done / start.elapsed().as_secs_f64(), done / cpu.max(0.01)))
}

/// So many come each second, whether or not those before are through: what became of each, and after how many milliseconds from when
/// they were to come.
async fn open(target: &Arc<Target>, rate: f64, window: Duration) -> Result<Vec<(Outcome, f64)>> {
    let (start, client, mut running) = (Instant::now(), browser()?, JoinSet::new());
    let pause = Duration::from_secs_f64(1.0 / rate.max(1.0));
    let (mut due, mut number) = (start, 0);
    while due < start + window {
        tokio::time::sleep_until(due).await;
        let (target, client, begin) = (Arc::clone(target), client.clone(), due);
        running.spawn(async move {
            let outcome = sign_in(&client, &target, number % PEOPLE).await?;
            anyhow::Ok((outcome, begin.elapsed().as_secs_f64() * 1e3))
        });
        (due, number) = (due + pause, number + 1);
    }
    let mut all = Vec::new();
    while let Some(ended) = running.join_next().await {
        all.push(ended??);
    }
    Ok(all)
}

/// A client that goes nowhere by itself.
pub(super) fn browser() -> Result<Client> {
    Ok(Client::builder().no_proxy().redirect(redirect::Policy::none()).build()?)
}

/// Signs somebody in with their password, and at the application.
async fn sign_in(client: &Client, target: &Target, number: usize) -> Result<Outcome> {
    let page =
        client.post(format!("{}/signin", target.url)).header("sec-fetch-site", "same-origin");
    let form = format!("name=P{number}&password={}&return_to=", PASSWORD.replace(' ', "+"));
    let form = page.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(form);
    let answer = form.send().await?;
    if answer.status() == StatusCode::TOO_MANY_REQUESTS {
        let says_when = answer.headers().contains_key(header::RETRY_AFTER);
        return Ok(if says_when { Outcome::Shed } else { Outcome::ShedWithoutTime });
    }
    ensure!(answer.status() == StatusCode::SEE_OTHER, "signing in answers {}", answer.status());
    let cookie = answer.headers().get(header::SET_COOKIE).context("no session")?.to_str()?;
    let cookie = cookie.split([';', '=']).nth(1).unwrap_or_default();
    exchange(client, &target.url, &target.secret, cookie).await?;
    Ok(Outcome::In)
}
