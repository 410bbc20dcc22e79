//! Every page of the console, as the operator sees it and as the lead of a team does: how long the server takes, how many
//! bytes come.
//!
//! The pages are found as people find them, by following links, and asked for over the router with a session. Nothing else runs.

mod browser;
mod company;

use std::{sync::Arc, time::Instant};

use anyhow::Result;
use muster_app::{AssignRequest, assign, resolve_person};
use muster_auth::Secret;
use muster_web::{Limits, Service};
use serde_json::{Map, Value as Json, json};

use crate::{
    output::{figures, peak_mib, resident_mib, rounded, say, share},
    rig::{BenchClock, Rig, seconds},
    shape::Shape,
};
use browser::Browser;

/// The bar for a page, in milliseconds, and for its first load, in bytes.
const BAR: (f64, usize) = (200.0, 100_000);
const PASSWORD: &str = "a long enough sentence for a bench";
/// After so many seconds a page is not asked for again.
const PATIENCE: f64 = 5.0;

/// Where people begin.
const BEGIN: &[&str] = &[
    "/",
    "/search?q=given12",
    "/search?q=nobody",
    "/search?q=a",
    "/people",
    "/people/E0000002",
    "/roles",
    "/people?condition=title+%3D%3D+%27title-7%27",
    "/conflicts",
    "/catalogue",
    "/guests",
    "/conflicts/map",
    "/leavers",
    "/roles/employee",
    "/roles/extra",
    "/plans",
    "/drift",
    "/orphans",
    "/queue",
    "/systems",
    "/held",
    "/model",
    "/journal",
    "/keys",
    "/reviews",
    "/campaigns",
    "/reports",
    "/reports/leavers",
    "/reports/orphans",
    "/reports/conflicts",
    "/reports/privileged",
    "/reports/access",
];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// People
    #[arg(long, default_value_t = 100_000)]
    people: u64,
    /// How often each page is asked for
    #[arg(long, default_value_t = 40)]
    rounds: usize,
    /// Changes of one person after each of which the first page is asked for
    #[arg(long, default_value_t = 50)]
    changes: u64,
    /// The repository; a new SQLite file when nothing is said
    #[arg(long)]
    store: Option<String>,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let shape = Shape { people: args.people, targets: 5, attributes: 15, roles: 2000 };
    say(&format!("console: {}; teams of 20, one in a hundred with a conflict", shape.text()))?;
    let rig = Rig::new(&company::model(&shape), args.store.as_deref())?;
    let opened = rig.open().await?;
    let start = Instant::now();
    company::fill(&shape, &rig, &opened).await?;
    say(&format!("  made in {:.1} s, {} MiB", seconds(start), resident_mib()))?;
    let (items, took) = company::review(&rig, &opened).await?;
    say(&format!("  a review of {items} items opened in {took:.1} s"))?;
    let service = Service::new(opened, Arc::new(BenchClock), Limits::default());
    let faces = muster_signin::router().merge(muster_console::router());
    let router = muster_web::finish(faces, service.clone());
    let mut all = Map::new();
    let viewers = [("operator", company::OPERATOR), ("lead", company::LEAD)];
    for ((who, name), others) in viewers.into_iter().zip(2..) {
        let opened = service.opened();
        let found =
            resolve_person(&rig.ctx, &opened, &mut opened.store.read().await?, name).await?;
        let auth = service.authenticator();
        auth.set_password(&rig.ctx, &opened, found.row.id, &Secret::new(PASSWORD)).await?;
        let browser = Browser::sign_in(router.clone(), name, PASSWORD).await?;
        let first = browser.get("/").await?.took;
        say(&format!("  {who}: the first page after the start took {first:.0} ms"))?;
        let pages = pages(&browser, who, args.rounds).await?;
        let changed = after_changes(&rig, &service, &browser, (&args, others)).await?;
        all.insert(
            who.to_owned(),
            json!({ "first_ms": rounded(first), "pages": pages, "home_after_change": changed }),
        );
    }
    let silence = company::silence(&rig, &service.opened()).await?;
    say(&format!("  silence over it revoked in {silence:.1} s"))?;
    let review = json!({
        "items": items, "open_seconds": rounded(took), "silence_seconds": rounded(silence),
    });
    figures(&json!({
        "people": args.people, "review": review,
        "peak_mib": peak_mib(), "resident_mib": resident_mib(), "by": all,
    }))
}

/// Asks for every page that can be found.
async fn pages(browser: &Browser, who: &str, rounds: usize) -> Result<Json> {
    let beside = browser.get("/console/style.css").await?.body.len()
        + browser.get("/console/keys.js").await?.body.len();
    let found = browser.found(BEGIN.iter().copied().map(str::to_owned).collect()).await?;
    let (mut missed, mut figures) = (0, Map::new());
    for (page, paths) in found {
        let (mut took, mut bytes) = (Vec::new(), 0);
        let start = Instant::now();
        for path in paths.iter().cycle().take(rounds.max(paths.len())) {
            let answer = browser.get(path).await?;
            took.push(answer.took);
            bytes = bytes.max(answer.body.len());
            if seconds(start) > PATIENCE {
                break;
            }
        }
        let (p50, p99, load) = (share(&took, 50), share(&took, 99), bytes + beside);
        let is_missed = p99.is_some_and(|p99| p99 > BAR.0) || load > BAR.1;
        missed += usize::from(is_missed);
        let mark = if is_missed { "  <- missed" } else { "" };
        say(&format!(
            "  {who:<9} {page:<28} p50 {:>8.1} ms  p99 {:>8.1} ms  {bytes:>7} bytes, {load} at first{mark}",
            p50.unwrap_or_default(),
            p99.unwrap_or_default(),
        ))?;
        figures
            .insert(page.to_owned(), json!({ "p50_ms": p50, "p99_ms": p99, "first_load": load }));
    }
    figures.insert("missed".to_owned(), missed.into());
    Ok(Json::Object(figures))
}

/// Gives people a role one after the other, from a place on, and asks for the first page after each.
async fn after_changes(
    rig: &Rig,
    service: &Service,
    browser: &Browser,
    (args, others): (&Args, u64),
) -> Result<Json> {
    let mut took = Vec::new();
    for n in 0..args.changes {
        let request = AssignRequest {
            person: format!("E{:07}", (n * 7_920 + others) % args.people),
            role: "spare".to_owned(),
            from: None,
            until: None,
            reason: "benchmark".to_owned(),
        };
        assign(&rig.ctx, &service.opened(), &request).await?;
        took.push(browser.get("/").await?.took);
    }
    Ok(json!({ "p50_ms": share(&took, 50), "p99_ms": share(&took, 99) }))
}
