//! `muster serve` at rest: how long until it is ready, and how much memory it holds.

use std::{fmt::Write as _, time::Duration};

use anyhow::Result;
use serde_json::json;

use crate::{
    output::{figures, say},
    served::{Served, done},
};

const DEPARTMENTS: u64 = 100;
/// How long the server is left alone before its memory is read.
const REST: Duration = Duration::from_secs(20);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// People
    #[arg(long, default_value_t = 100_000)]
    people: u64,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    say(&format!(
        "serve: {} people of one file with 6 attributes, {DEPARTMENTS} roles, an account for each on another file",
        args.people
    ))?;
    let folder = tempfile::tempdir()?;
    let dir = folder.path();
    std::fs::write(dir.join("muster.yaml"), model())?;
    let mut people = String::from("id,givenName,familyName,mail,department,title\n");
    for n in 0..args.people {
        let department = n % DEPARTMENTS;
        writeln!(
            people,
            "P{n},Given{},Family{},p{n}@example.com,D{department},T{}",
            n % 977,
            n % 7919,
            n % 40
        )?;
    }
    std::fs::write(dir.join("hr.csv"), people)?;
    done(dir, &["sync"])?;
    done(dir, &["plan"])?;
    done(dir, &["apply", "--auto-approve"])?;
    let mut ready = Vec::new();
    for _ in 0..5 {
        ready.push(Served::start(dir, &[]).await?.ready);
    }
    ready.sort_by(f64::total_cmp);
    let bare = Served::start(dir, &["--no-run"]).await?;
    tokio::time::sleep(REST).await;
    let without_loop = bare.mib("VmRSS:");
    drop(bare);
    let served = Served::start(dir, &[]).await?;
    tokio::time::sleep(REST).await;
    figures(&json!({
        "people": args.people, "ready_best_s": ready.first(), "ready_median_s": ready.get(2),
        "resident_mib": served.mib("VmRSS:"), "peak_mib": served.mib("VmHWM:"),
        "resident_without_loop_mib": without_loop,
    }))
}

fn model() -> String {
    let mut out = String::from(
        "muster: 1\nstore: sqlite:muster.db\ntypes:\n  person:\n    identity: true\n    key: id\n    display: givenName + ' ' + familyName\n    \
         attributes:\n      id: { type: string, unique: true }\n      givenName: { type: string }\n      familyName: { type: string }\n      \
         mail: { type: string }\n      department: { type: string }\n      title: { type: string }\n    lifecycle:\n      active: { when: \"true\" }\n\
         systems:\n  hr:\n    connector: csv\n    settings: { path: hr.csv, key: id }\n    reads:\n      person:\n        owns: { id: record.id, \
         givenName: record.givenName, familyName: record.familyName, mail: record.mail, department: record.department, title: record.title }\n  \
         directory:\n    connector: csv\n    settings: { path: directory.csv, key: uid, writable: true }\n    mode: enforce\n    guards: {}\n    \
         accounts:\n      user:\n        object: user\n        match: [{ on: \"uid == person.id\" }]\n        name: person.id\n        set: { uid: \
         person.id, cn: person.display, mail: person.mail }\n        states: { active: {} }\nroles:\n  employee:\n    when: person.lifecycle == \
         'active'\n    grants: [directory.user]\n",
    );
    for department in 0..DEPARTMENTS {
        // Writing into a String cannot fail.
        _ = writeln!(out, "  d{department}:\n    when: person.department == 'D{department}'");
    }
    out
}
