//! Decisions for applications: many rules, many grants; in process and over HTTP, one question after the other.

use std::{fmt::Write as _, sync::Arc, time::Instant};

use anyhow::{Result, anyhow, ensure};
use jiff::{SignedDuration, Timestamp};
use muster_app::{
    AccessQuestion, Ctx, Detail, Opened, Properties, Scope, Until, create_token, decide,
};
use muster_engine::{NoProgress, SyncOptions, sync};
use muster_model::Value;
use muster_store::{Assignment, IdRange, Sequence};
use muster_web::{Limits, Rate, Service};
use serde_json::json;

use crate::{
    output::{figures, peak_mib, say},
    rig::{BenchClock, Rig, seconds},
};

const APPS: u64 = 100;
const ROLES: u64 = 2000;
const DEPARTMENTS: u64 = 200;
/// Assignments written in one transaction.
const BATCH: usize = 50_000;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// People
    #[arg(long, default_value_t = 100_000)]
    people: u64,
    /// Roles given to each of them
    #[arg(long, default_value_t = 10)]
    grants: u64,
    /// Rules of access
    #[arg(long, default_value_t = 10_000)]
    rules: u64,
    /// Questions that are measured on each road
    #[arg(long, default_value_t = 20_000)]
    questions: u64,
    /// The repository; a new SQLite file when nothing is said
    #[arg(long)]
    store: Option<String>,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    say(&format!(
        "decisions: {} people with {} roles each of {ROLES}, {} rules of {APPS} applications (of 100: 70 by role, 20 by department \
         and level, 10 that deny by owner)",
        args.people, args.grants, args.rules
    ))?;
    let rig = Rig::new(&model(args.rules), args.store.as_deref())?;
    let mut people = String::from("id,department\n");
    for person in 0..args.people {
        writeln!(people, "P{person},D{}", person % DEPARTMENTS)?;
    }
    std::fs::write(rig.dir.join("data/hr.csv"), people)?;
    let start = Instant::now();
    let opened = rig.open().await?;
    let open = seconds(start);
    sync(&rig.ctx, &opened, &SyncOptions::default(), &NoProgress).await?;
    let grants = give(&rig.ctx, &opened, args.grants).await?;
    let start = Instant::now();
    opened.decider().rules();
    let index = seconds(start);

    let n = args.questions;
    let asked: Vec<AccessQuestion> = (0..n).map(|i| question(i, args.people)).collect();
    let (cold, _) = in_process(&rig.ctx, &opened, &asked).await?;
    let (warm, allowed) = in_process(&rig.ctx, &opened, &asked).await?;
    ensure!(allowed > 0 && allowed < asked.len(), "{allowed} of {n} are allowed");
    let http = over_http(&rig.ctx, &opened, &asked).await?;
    figures(&json!({
        "people": args.people, "grants": grants, "rules": args.rules, "questions": n, "allowed": allowed,
        "open_s": open, "index_s": index,
        "first_p50_us": share(&cold, 50)?, "first_p99_us": share(&cold, 99)?,
        "again_p50_us": share(&warm, 50)?, "again_p99_us": share(&warm, 99)?,
        "http_p50_us": share(&http, 50)?, "http_p99_us": share(&http, 99)?, "peak_mib": peak_mib(),
    }))
}

/// Microseconds below which `percent` of the sorted times are.
fn share(times: &[f64], percent: usize) -> Result<f64> {
    let found = times.get(times.len() * percent / 100).or(times.last()).copied();
    found.map(|time| (time * 10.0).round() / 10.0).ok_or_else(|| anyhow!("nothing was measured"))
}

fn model(rules: u64) -> String {
    let mut out = String::from(
        "muster: 1\ntypes:\n  person:\n    identity: true\n    key: id\n    attributes:\n      id: { type: string, unique: true }\n      \
         department: { type: string }\nsystems:\n  hr:\n    connector: csv\n    settings: { path: data/hr.csv, key: id }\n    reads:\n      \
         person: { owns: { id: record.id, department: record.department } }\nroles:\n",
    );
    // Writing into a String cannot fail, here and below.
    for role in 0..ROLES {
        _ = writeln!(out, "  r{role}: {{}}");
    }
    out.push_str("apps:\n");
    for app in 0..APPS {
        _ = writeln!(
            out,
            "  a{app}:\n    resources: {{ doc: {{ actions: [read, edit], properties: {{ level: {{ type: int }}, owner: {{ type: \
             string }} }} }} }}\n    environment: {{ ip: {{ type: string }} }}"
        );
    }
    out.push_str("access:\n");
    for rule in 0..rules {
        let app = rule % APPS;
        let number = rule / APPS;
        let action = if number.is_multiple_of(2) { "read" } else { "edit" };
        let head = format!("  x{rule:06}: {{ app: a{app}, resource: doc, actions: {action}, ");
        _ = match number % 10 {
            0..7 => writeln!(out, "{head}role: r{}, allow: resource.level < 5 }}", rule % ROLES),
            7..9 => writeln!(
                out,
                "{head}allow: person.department == 'D{}' && resource.level <= {} }}",
                rule % DEPARTMENTS,
                number % 7
            ),
            _ => writeln!(
                out,
                "{head}deny: \"resource.owner == 'o{number}' && !in_network(environment.ip, '10.0.0.0/8')\" }}"
            ),
        };
    }
    out
}

/// Gives everybody roles. Returns how many.
async fn give(ctx: &Ctx, opened: &Opened, each: u64) -> Result<u64> {
    let type_no = opened.names.types.first().ok_or_else(|| anyhow!("no types"))?.no;
    let all = IdRange { after: muster_model::EntityId(0), to: muster_model::EntityId(i64::MAX) };
    let people = opened.store.read().await?.scan_identities(type_no, all, usize::MAX >> 1).await?;
    let mut given = Vec::new();
    let mut total = 0;
    for (number, person) in (0_u64..).zip(&people) {
        for grant in 0..each {
            given.push((person.id, format!("r{}", (number * 7 + grant * 131) % ROLES)));
        }
        if given.len() >= BATCH || number + 1 == people.len() as u64 {
            total += given.len() as u64;
            write(ctx, opened, std::mem::take(&mut given)).await?;
        }
    }
    Ok(total)
}

async fn write(
    ctx: &Ctx,
    opened: &Opened,
    given: Vec<(muster_model::EntityId, String)>,
) -> Result<()> {
    let mut tx = opened.store.begin().await?;
    let first = tx.take_ids(Sequence::Assignment, given.len()).await?;
    let rows: Vec<Assignment> = (first..)
        .zip(given)
        .map(|(id, (entity, role))| Assignment {
            id: muster_model::AssignmentId(id),
            entity,
            role: role.into(),
            origin: "operator".into(),
            reason: "benchmark".into(),
            valid_from: None,
            valid_until: None,
            created_at: ctx.now(),
            created_by: "bench".into(),
            ended_at: None,
            ended_by: None,
            end_reason: None,
        })
        .collect();
    tx.insert_assignments(&rows).await?;
    tx.commit().await?;
    Ok(())
}

fn question(number: u64, people: u64) -> AccessQuestion {
    let given = |pairs: [(&str, Value); 2]| -> Properties {
        pairs.into_iter().map(|(name, value)| (name.into(), value)).collect()
    };
    let level = i64::try_from(number % 9).unwrap_or(0);
    AccessQuestion {
        subject_type: "person".into(),
        subject: format!("P{}", (number * 7919) % people).into(),
        subject_properties: Properties::new(),
        action: if number.is_multiple_of(2) { "read" } else { "edit" }.into(),
        resource_type: format!("a{}.doc", (number * 31) % APPS).into(),
        resource: number.to_string().into(),
        resource_properties: given([
            ("level", Value::Int(level)),
            ("owner", Value::text(format!("o{}", number % 500))),
        ]),
        environment: given([("ip", Value::text("192.0.2.7")), ("device", Value::text("laptop"))]),
    }
}

/// Microseconds of each question, sorted, and how many were allowed.
async fn in_process(
    ctx: &Ctx,
    opened: &Opened,
    questions: &[AccessQuestion],
) -> Result<(Vec<f64>, usize)> {
    let (mut times, mut allowed) = (Vec::with_capacity(questions.len()), 0);
    for question in questions {
        let start = Instant::now();
        let one = std::slice::from_ref(question);
        let answers = decide(opened, ctx.now(), one, Until::Done, Detail::Names).await?;
        times.push(seconds(start) * 1e6);
        allowed += usize::from(answers.first().is_some_and(|answer| answer.allowed));
    }
    times.sort_by(f64::total_cmp);
    Ok((times, allowed))
}

/// The same through a listener, over one connection that is kept.
async fn over_http(ctx: &Ctx, opened: &Opened, questions: &[AccessQuestion]) -> Result<Vec<f64>> {
    let end: Timestamp = ctx.now() + SignedDuration::from_hours(10);
    let scopes = [Scope::Access].into_iter().collect();
    let token = create_token(ctx, opened, "bench", &scopes, Some(end)).await?.token;
    let rate = Rate { per_second: 1e6, burst: 1e6 };
    let limits = Limits { rate, ..Limits::default() };
    let service = Service::new(opened.clone(), Arc::new(BenchClock), limits.clone());
    let router = muster_web::finish(muster_authzen::router(), service);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/access/v1/evaluation", listener.local_addr()?);
    let server = tokio::spawn(async move {
        muster_web::serve(listener, router, &limits, std::future::pending()).await
    });
    let client = reqwest::Client::builder().build()?;
    let mut times = Vec::with_capacity(questions.len());
    for question in questions {
        let body = document(question).to_string();
        let start = Instant::now();
        let request = client.post(&url).bearer_auth(&token).body(body);
        let answer = request.send().await?.error_for_status()?.bytes().await?;
        times.push(seconds(start) * 1e6);
        ensure!(answer.starts_with(b"{"), "an answer is not JSON");
    }
    server.abort();
    times.sort_by(f64::total_cmp);
    Ok(times)
}

/// The question as the standard writes it.
fn document(question: &AccessQuestion) -> serde_json::Value {
    let properties = |given: &Properties| -> serde_json::Map<String, serde_json::Value> {
        given
            .iter()
            .map(|(name, value)| (name.to_string(), muster_plan::value_json(value)))
            .collect()
    };
    json!({
        "subject": { "type": &*question.subject_type, "id": &*question.subject },
        "action": { "name": &*question.action },
        "resource": {
            "type": &*question.resource_type, "id": &*question.resource,
            "properties": properties(&question.resource_properties),
        },
        "context": properties(&question.environment),
    })
}
