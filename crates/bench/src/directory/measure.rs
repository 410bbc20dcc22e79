//! How long questions take, one after the other and many at once.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use serde_json::{Map, Value as Json, json};
use tokio::task::JoinSet;

use super::{
    Args,
    asked::{Asked, Question},
};
use crate::{
    output::{rounded, say, share},
    rig::seconds,
};

/// How often everything is read.
const READS: usize = 3;
/// From one person to the next, so that neighbours in time are none in the repository.
const STRIDE: usize = 104_729;

/// What a connection does again and again.
#[derive(Debug, Clone, Copy)]
enum Step {
    Ask(Question),
    Bind,
}

/// Asks everything, alone and from many connections.
pub(super) async fn questions(name: &str, asked: &Arc<Asked>, args: &Args) -> Result<Json> {
    let mut kinds = Map::new();
    for clients in [1, args.clients] {
        for question in Question::ALL {
            let figures = together(asked, Step::Ask(question), clients, args).await?;
            keep(&mut kinds, name, &format!("{}_{clients}", question.word()), figures)?;
        }
    }
    let beside = beside_large(asked, args).await?;
    keep(&mut kinds, name, "name_beside", beside)?;
    keep(&mut kinds, name, "bind", together(asked, Step::Bind, args.clients, args).await?)?;
    let mut ldap = asked.connect().await?;
    let mut best = [f64::INFINITY; 2];
    for _ in 0..READS {
        let start = Instant::now();
        let n = asked.read_all(&mut ldap).await?;
        ensure!(n == args.people, "{n} people were read");
        let paged = Instant::now();
        let n = asked.read_large(&mut ldap).await?;
        ensure!(n == args.people / 2, "the group has {n} members");
        let took = [paged.duration_since(start).as_secs_f64(), seconds(paged)];
        best = [best[0].min(took[0]), best[1].min(took[1])];
    }
    let reads = [("pages", args.people, best[0]), ("large_group", args.people / 2, best[1])];
    for (kind, n, took) in reads {
        keep(&mut kinds, name, kind, json!({ "per_second": rate(n, took), "seconds": took }))?;
    }
    Ok(Json::Object(kinds))
}

/// Asks for names while somebody else reads the large group over and over.
async fn beside_large(asked: &Arc<Asked>, args: &Args) -> Result<Json> {
    let mut ldap = asked.connect().await?;
    let large = async {
        loop {
            asked.read_large(&mut ldap).await?;
        }
    };
    tokio::select! {
        figures = together(asked, Step::Ask(Question::Name), 1, args) => figures,
        ended = large => ended,
    }
}

/// Signs in again and again, from one connection and from many.
pub(super) async fn binds(name: &str, asked: &Arc<Asked>, args: &Args) -> Result<Json> {
    let mut kinds = Map::new();
    for clients in [1, args.clients] {
        let figures = together(asked, Step::Bind, clients, args).await?;
        keep(&mut kinds, name, &format!("bind_{clients}"), figures)?;
    }
    Ok(Json::Object(kinds))
}

/// Our rate by the peer's, for each kind.
pub(super) fn ratios(ours: &Json, peer: &Json) -> Json {
    let rate = |of: &Json, kind: &str| of.get(kind)?.get("per_second")?.as_f64();
    let kinds = ours.as_object().into_iter().flatten().map(|(kind, _)| kind);
    let ratios = kinds.filter_map(|kind| {
        let ratio = rate(ours, kind)? / rate(peer, kind)?;
        Some((kind.clone(), json!(rounded(ratio))))
    });
    Json::Object(ratios.collect())
}

fn keep(kinds: &mut Map<String, Json>, name: &str, kind: &str, figures: Json) -> Result<()> {
    say(&format!("  {name:<18} {kind:<12} {figures}"))?;
    kinds.insert(kind.to_owned(), figures);
    Ok(())
}

/// Does one step over and over on so many connections.
async fn together(asked: &Arc<Asked>, step: Step, clients: usize, args: &Args) -> Result<Json> {
    let mut connections = Vec::with_capacity(clients);
    for _ in 0..clients {
        connections.push(asked.connect().await?);
    }
    let mut asking = JoinSet::new();
    let begun = Instant::now();
    let end = begun + Duration::from_secs(args.seconds);
    for (client, mut ldap) in connections.into_iter().enumerate() {
        let (asked, people) = (Arc::clone(asked), args.people);
        asking.spawn(async move {
            let mut taken: Vec<f64> = Vec::new();
            let mut n = client * 7_919;
            while Instant::now() < end {
                n = (n + STRIDE) % people;
                let start = Instant::now();
                match step {
                    Step::Ask(question) => asked.ask(question, n, &mut ldap).await?,
                    Step::Bind => asked.bind(&mut ldap).await?,
                }
                taken.push(seconds(start) * 1_000.0);
            }
            anyhow::Ok(taken)
        });
    }
    let mut taken: Vec<f64> = Vec::new();
    while let Some(one) = asking.join_next().await {
        taken.extend(one??);
    }
    let rate = rate(taken.len(), seconds(begun));
    Ok(json!({
        "per_second": rate, "p50_ms": share(&taken, 50), "p99_ms": share(&taken, 99),
    }))
}

#[expect(clippy::cast_precision_loss, reason = "a rate for people")]
fn rate(n: usize, seconds: f64) -> f64 {
    (n as f64 / seconds).round()
}
