//! The sample company: written into a folder, synchronised and planned, with changes made outside, requests that wait, guests and an
//! open review; and the walk through the first ten minutes.

mod capture;
mod check;
mod differences;
mod form;
mod found;
mod guests;
mod interrupt;
mod outside;
mod requests;
mod steps;

use std::{collections::BTreeSet, path::Path, sync::Arc};

use jiff::{civil::Date, tz::TimeZone};
use muster_app::{Connectors, Ctx, Error, Opened, PeopleQuery, everybody, list_people};
use muster_engine::{PlanOptions, SyncOptions, list_systems, make_plan, sync};
use muster_model::EntityId;
use muster_plan::Kind;
use muster_review::{NewCampaign, open_campaign};
use muster_store::AccountStatus;

pub(crate) use self::check::check;
use self::guests::{Mailbox, Mails};
use crate::{
    Result,
    host::Host,
    progress::progress,
    shell::{Shell, read_file, write_file},
};

/// The zone of the sample company.
const ZONE: &str = "Europe/Berlin";

/// What the sample company looks like after the first synchronisation.
#[derive(Debug)]
pub(crate) struct Company {
    pub(crate) people: usize,
    pub(crate) systems: usize,
    pub(crate) accounts: usize,
    /// People who left and whose accounts are to be disabled.
    pub(crate) leavers: usize,
    pub(crate) orphans: usize,
    /// People with duties that do not go together.
    pub(crate) conflicts: usize,
    /// Changes that somebody made outside.
    pub(crate) outside: usize,
    /// Systems that are not well.
    pub(crate) unwell: usize,
    /// Things about which somebody is asked in the open review.
    pub(crate) asked: usize,
    /// Operations that are planned.
    pub(crate) changes: usize,
}

/// Where people find the company, as its model says.
const URL: &str = "http://localhost:7070";

/// Writes the project as of today and answers the day. It is found at this port where it is served.
pub(crate) fn write_project(host: &Host, dir: &Path, port: Option<u16>) -> Result<Date> {
    let zone = TimeZone::get(ZONE).unwrap_or(TimeZone::UTC);
    let today = host.clock.now().to_zoned(zone).date();
    for file in muster_demo::files(today) {
        write_file(&dir.join(file.path), &file.content)?;
    }
    if let Some(port) = port {
        let path = dir.join("muster.yaml");
        let model = String::from_utf8_lossy(&read_file(&path)?).into_owned();
        let url = format!("http://localhost:{port}");
        write_file(&path, model.replacen(URL, &url, 1).as_bytes())?;
    }
    Ok(today)
}

/// Synchronises and plans, so that there is something to look at.
pub(crate) async fn set_up(shell: &mut Shell, dir: &Path, today: Date) -> Result<Company> {
    let mails = Mails::default();
    let inner = Arc::clone(&shell.host.connectors);
    let mailbox = Mailbox { inner, mails: mails.clone() };
    let (ctx, opened) = open_with(shell, dir, Arc::new(mailbox)).await?;
    let progress = progress(&shell.ui);
    let report = Box::pin(sync(&ctx, &opened, &SyncOptions::default(), progress.as_ref())).await?;
    let outside = Box::pin(outside::happen(shell, dir, today)).await?;
    // One of their sponsors has left, which nothing notices before the first plan.
    Box::pin(guests::invite(&ctx, &opened, &mails)).await?;
    let options = PlanOptions { save: true, ..PlanOptions::default() };
    let made = Box::pin(make_plan(&ctx, &opened, &options, progress.as_ref())).await?;
    Box::pin(requests::ask(&ctx, &opened)).await?;
    let (review, title) = (muster_demo::REVIEW, Some(muster_demo::CAMPAIGN));
    let new = NewCampaign { review, title, cause: "hand", only: None };
    let campaign = Box::pin(open_campaign(&ctx, &opened, &new)).await?;
    let mut tx = opened.store.read().await.map_err(Error::from)?;
    let counts = tx.count_accounts().await.map_err(Error::from)?;
    let people = report
        .reads
        .iter()
        .filter(|read| &*read.what == "person")
        .map(|read| read.objects)
        .sum::<u64>();
    let mut conflicts = 0;
    everybody(&mut tx, &opened, ctx.now(), |_, _, evaluation| {
        conflicts += usize::from(!evaluation.conflicts.is_empty());
    })
    .await?;
    let systems = list_systems(&opened).await?;
    let disabled = made.plan.operations.iter().filter(|operation| {
        operation.kind == Kind::Disable && operation.reason.text.starts_with("lifecycle")
    });
    let is_orphan = |status| status == AccountStatus::Orphan;
    let number = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    Ok(Company {
        people: number(people),
        systems: opened.model.systems.iter().filter(|system| !system.accounts.is_empty()).count(),
        accounts: number(counts.iter().map(|count| count.n).sum()),
        leavers: disabled.map(|operation| operation.identity).collect::<BTreeSet<_>>().len(),
        orphans: number(
            counts.iter().filter(|count| is_orphan(count.status)).map(|count| count.n).sum(),
        ),
        conflicts,
        outside: number(outside),
        unwell: systems.iter().filter(|system| system.state != "well").count(),
        asked: usize::try_from(campaign.asked).unwrap_or(usize::MAX),
        changes: made.plan.to_do().count(),
    })
}

/// Opens the project with these connectors.
async fn open_with(
    shell: &mut Shell,
    dir: &Path,
    connectors: Arc<dyn Connectors>,
) -> Result<(Ctx, Opened)> {
    let before = std::mem::replace(&mut shell.host.connectors, connectors);
    let opened = shell.open_at(dir).await;
    shell.host.connectors = before;
    opened
}

/// The first person of whom a condition holds.
async fn first_of(
    ctx: &Ctx,
    opened: &Opened,
    condition: &str,
) -> std::result::Result<EntityId, Error> {
    let condition = Some(condition.to_owned());
    let query = PeopleQuery { condition, limit: 1, ..PeopleQuery::default() };
    let found = list_people(ctx, opened, &query).await?.items.into_iter().next();
    let found =
        found.ok_or_else(|| Error::bug("the sample company lacks somebody of the story"))?;
    Ok(found.id)
}
