//! The company behind the pages: the general shape with teams, an operator and the lead of a team, duties that conflict, and
//! work that waits.

use std::{fmt::Write as _, io::Write as _, sync::Arc, time::Instant};

use anyhow::{Result, anyhow, ensure};
use jiff::{SignedDuration, Timestamp};
use muster_app::{Clock, Ctx, Opened};
use muster_engine::{NoProgress, PlanOptions, SyncOptions, make_plan, sync};
use muster_model::{AccountId, AssignmentId, EntityId};
use muster_policy::Right;
use muster_review::{NewCampaign, advance_due, open_campaign};
use muster_store::{Account, AccountStatus, Assignment, IdRange, Sequence};

use crate::{
    plan::observe_everything,
    rig::{Rig, seconds},
    shape::Shape,
};

/// People of a team.
const TEAM: u64 = 20;
/// Of so many people, one leaves and one gets another title after everything was settled.
const LEAVES: u64 = 331;
const MOVES: u64 = 499;
/// Assignments written at once.
const GIVEN: usize = 5000;
/// Accounts of nobody.
const ORPHANS: usize = 300;

/// Who may do everything, and who may see the own team.
pub(super) const OPERATOR: &str = "E0000000";
pub(super) const LEAD: &str = "E0000001";

/// The model.
pub(super) fn model(shape: &Shape) -> String {
    let rights: Vec<&str> = Right::TABLE.iter().map(|(_, word, _)| *word).collect();
    let mut model = shape
        .model()
        .replacen(
            "      endDate: { type: date }\n",
            "      endDate: { type: date }\n      team: { type: link, to: team, inverse: people }\n",
            1,
        )
        .replacen("    lifecycle:\n", "    sign_in: { name: employeeId }\n    lifecycle:\n", 1)
        .replacen(
            "systems:\n",
            "  team:\n    key: code\n    attributes: { code: { type: string, unique: true } }\nsystems:\n  teams:\n    connector: csv\n    \
             settings: { path: data/teams.csv, key: code }\n    reads: { team: { owns: { code: record.code } } }\n",
            1,
        )
        .replacen(
            "          endDate: record.endDate\n",
            "          endDate: record.endDate\n          team: record.team\n",
            1,
        );
    // Writing into a String cannot fail.
    _ = writeln!(
        model,
        "  operator: {{ when: \"person.employeeId == '{OPERATOR}'\", muster: {{ may: [{}] }} }}\n  lead: {{ when: \"person.employeeId == \
         '{LEAD}'\", muster: {{ may: [people.read, assignments.read, accounts.read, orders.read, drift.read, \
         journal.read], over: \"person.team == me.team\" }} }}\n  lead-reads: {{ when: \"person.employeeId == '{LEAD}'\", muster: {{ \
         may: [roles.read, systems.read] }} }}\n  extra: {{}}\n  spare: {{}}\nduties:\n  pay: [{}]\n  approve: [{}]\nconflicts:\n  \
         four-eyes: {{ between: [pay, approve], on: warn }}\nreviews:\n  extra: {{ scope: {{ roles: [extra] }}, stages: \
         [{{ person: {LEAD} }}], fallback: {OPERATOR}, set_aside: [], silence: revoke, guard: \
         {{ max: 100000000, percent: 100 }} }}",
        rights.join(", "),
        groups(shape, "city", 10),
        groups(shape, "department", 20),
    );
    model
}

/// The first group of some roles of an attribute.
fn groups(shape: &Shape, attribute: &str, n: u64) -> String {
    let group =
        |value| format!("{{ target{}.group: {attribute}-{value}-0 }}", value % shape.targets);
    (0..n).map(group).collect::<Vec<_>>().join(", ")
}

/// Imports everybody, puts their accounts in, lets some leave and some move, and plans that.
pub(super) async fn fill(shape: &Shape, rig: &Rig, opened: &Opened) -> Result<()> {
    let mut teams = String::from("code\n");
    (0..shape.people.div_ceil(TEAM)).for_each(|team| _ = writeln!(teams, "T{team:05}"));
    std::fs::write(rig.dir.join("data/teams.csv"), teams)?;
    write_people(shape, rig, false)?;
    read(rig, opened, &["teams", "hr"]).await?;
    observe_everything(rig, opened).await?;
    let settled = make_plan(&rig.ctx, opened, &PlanOptions::default(), &NoProgress).await?;
    let n = settled.plan.operations.len();
    ensure!(n == 0, "{n} operations where none were expected");
    write_people(shape, rig, true)?;
    read(rig, opened, &["hr"]).await?;
    let options = PlanOptions { save: true, ..PlanOptions::default() };
    make_plan(&rig.ctx, opened, &options, &NoProgress).await?;
    orphans(opened).await
}

async fn read(rig: &Rig, opened: &Opened, systems: &[&str]) -> Result<()> {
    let systems = systems.iter().map(|system| (*system).to_owned()).collect();
    sync(&rig.ctx, opened, &SyncOptions { systems, complete: false }, &NoProgress).await?;
    Ok(())
}

fn write_people(shape: &Shape, rig: &Rig, later: bool) -> Result<()> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(rig.dir.join("data/hr.csv"))?);
    writeln!(file, "{},team", shape.header())?;
    let mut line = String::new();
    for person in 0..shape.people {
        line.clear();
        shape.line(person, 0, &mut line);
        let mut cells: Vec<&str> = line.trim_end().split(',').collect();
        if let Some(end) = cells.get_mut(3).filter(|_| later && person % LEAVES == 5) {
            *end = "2026-01-31";
        }
        if let Some(title) = cells.get_mut(5).filter(|_| later && person % MOVES == 5) {
            *title = "title-1";
        }
        writeln!(file, "{},T{:05}", cells.join(","), person / TEAM)?;
    }
    Ok(file.flush()?)
}

/// Gives everybody a role by hand, and opens a review of that. Returns how many items it has, and the seconds that it took.
pub(super) async fn review(rig: &Rig, opened: &Opened) -> Result<(i64, f64)> {
    let names = opened.names.types.first().ok_or_else(|| anyhow!("no types"))?;
    let mut range = IdRange { after: EntityId(0), to: EntityId(i64::MAX) };
    loop {
        let mut tx = opened.store.begin().await?;
        let people = tx.scan_identities(names.no, range, GIVEN).await?;
        let Some(last) = people.last() else { break };
        range.after = last.id;
        let first = tx.take_ids(Sequence::Assignment, people.len()).await?;
        let given = (first..).zip(&people).map(|(id, row)| Assignment {
            id: AssignmentId(id),
            entity: row.id,
            role: "extra".into(),
            origin: "operator".into(),
            reason: "benchmark".into(),
            valid_from: None,
            valid_until: None,
            created_at: rig.ctx.now(),
            created_by: "bench".into(),
            ended_at: None,
            ended_by: None,
            end_reason: None,
        });
        tx.insert_assignments(&given.collect::<Vec<_>>()).await?;
        tx.commit().await?;
    }
    let start = Instant::now();
    let new = NewCampaign { review: "extra", title: None, cause: "hand", only: None };
    let campaign = open_campaign(&rig.ctx, opened, &new).await?;
    Ok((campaign.asked, seconds(start)))
}

/// A clock on which nobody answered in time.
struct Later(Timestamp);

impl Clock for Later {
    fn now(&self) -> Timestamp {
        self.0
    }
}

/// Lets the time of the review run out. Returns the seconds until all of it is revoked.
pub(super) async fn silence(rig: &Rig, opened: &Opened) -> Result<f64> {
    let later = rig.ctx.now().checked_add(SignedDuration::from_hours(15 * 24))?;
    let ctx = Ctx::new("bench".into(), "bench".into(), Arc::new(Later(later)));
    let start = Instant::now();
    Box::pin(advance_due(&ctx, opened)).await?;
    Ok(seconds(start))
}

/// Accounts of nobody, made after those of people.
async fn orphans(opened: &Opened) -> Result<()> {
    let names = opened.names.types.first().ok_or_else(|| anyhow!("no types"))?;
    let range = IdRange { after: EntityId(0), to: EntityId(i64::MAX) };
    let mut tx = opened.store.begin().await?;
    let people = tx.scan_identities(names.no, range, ORPHANS).await?;
    let ids: Vec<EntityId> = people.iter().map(|row| row.id).collect();
    let accounts = tx.accounts_of_many(&ids).await?;
    let first = tx.take_ids(Sequence::Account, ORPHANS).await?;
    let orphan = |(id, account): (i64, Account)| {
        let name = format!("left-{id}");
        Account {
            id: AccountId(id),
            native_id: name.as_str().into(),
            name_key: name.as_str().into(),
            name: name.as_str().into(),
            entity: None,
            status: AccountStatus::Orphan,
            ..account
        }
    };
    let orphans: Vec<Account> = (first..).zip(accounts).take(ORPHANS).map(orphan).collect();
    tx.insert_accounts(&orphans).await?;
    Ok(tx.commit().await?)
}
