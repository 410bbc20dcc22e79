//! Creates accounts in a real LDAP directory through sync, plan and apply.

use std::{fmt::Write as _, time::Instant};

use anyhow::{Result, ensure};
use muster_engine::{
    ApplyOptions, CancelFlag, NoProgress, PlanOptions, SyncOptions, apply_made, make_plan, sync,
};
use muster_testkit::{Slapd, SlapdOptions};
use serde_json::json;

use crate::{
    output::{figures, say},
    rig::{Rig, seconds},
};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Accounts to create
    #[arg(long, default_value_t = 20_000)]
    people: u64,
    /// The directory, empty but for `ou=people`; without it a real slapd without sync is started
    #[arg(long)]
    url: Option<String>,
    /// Its base
    #[arg(long, default_value = "dc=tern,dc=example")]
    base: String,
    /// Who signs in
    #[arg(long, default_value = "cn=admin,dc=tern,dc=example")]
    bind_dn: String,
    /// The file that holds the password
    #[arg(long)]
    password_file: Option<std::path::PathBuf>,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let own = match &args.url {
        Some(_) => None,
        None => Some(Slapd::start(SlapdOptions { nosync: true, ..SlapdOptions::default() })?),
    };
    let url = args.url.clone().or_else(|| own.as_ref().map(Slapd::url)).unwrap_or_default();
    say(&format!("ldap: {} accounts with 6 attributes into {url}", args.people))?;
    let folder = tempfile::tempdir()?;
    let password_file =
        args.password_file.clone().unwrap_or_else(|| folder.path().join("password"));
    if args.password_file.is_none() {
        std::fs::write(&password_file, muster_testkit::PASSWORD)?;
    }
    let rig = Rig::new(&model(&args, &url, &password_file.display().to_string()), None)?;
    let mut file = String::from("id,first,last,title,phone\n");
    for person in 0..args.people {
        // Writing into a String cannot fail.
        _ = writeln!(
            file,
            "P{person:07},Given{},Family{},Title {},+49 30 {person:07}",
            person % 977,
            person % 7919,
            person % 300
        );
    }
    std::fs::write(rig.dir.join("data/hr.csv"), file)?;
    let opened = rig.open().await?;
    sync(&rig.ctx, &opened, &SyncOptions::default(), &NoProgress).await?;
    let start = Instant::now();
    let made = make_plan(
        &rig.ctx,
        &opened,
        &PlanOptions { save: true, ..PlanOptions::default() },
        &NoProgress,
    )
    .await?;
    let planned = seconds(start);
    ensure!(
        made.plan.operations.len() as u64 == args.people,
        "{} operations were planned",
        made.plan.operations.len()
    );
    let start = Instant::now();
    let options =
        ApplyOptions { confirm: Some(args.people), auto_approve: false, ..ApplyOptions::default() };
    let report =
        apply_made(&rig.ctx, &opened, made, &options, &NoProgress, &CancelFlag::default()).await?;
    let taken = seconds(start);
    ensure!(
        report.executed == args.people,
        "{} of {} were executed: {:?}",
        report.executed,
        args.people,
        report.failed.first()
    );
    #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
    let rate = (args.people as f64 / taken).round();
    figures(
        &json!({ "people": args.people, "plan_seconds": planned, "apply_seconds": taken, "accounts_per_second": rate }),
    )
}

fn model(args: &Args, url: &str, password_file: &str) -> String {
    format!(
        r#"
muster: 1
types:
  person:
    identity: true
    key: id
    attributes:
      id: {{ type: string, unique: true, required: true }}
      first: {{ type: string }}
      last: {{ type: string }}
      title: {{ type: string }}
      phone: {{ type: string }}
systems:
  hr:
    connector: csv
    settings: {{ path: data/hr.csv, key: id }}
    reads: {{ person: {{ owns: {{ id: record.id, first: record.first, last: record.last, title: record.title, phone: record.phone }} }} }}
  directory:
    connector: ldap
    settings: {{ url: "{}", base: "{}", bind_dn: "{}", password: {{ file: {password_file} }} }}
    accounts:
      user:
        object: inetOrgPerson
        match: [{{ on: "uid == person.id" }}]
        name: dn("uid", person.id, "ou=people")
        set: {{ uid: person.id, cn: "person.first + ' ' + person.last", sn: person.last, givenName: person.first, title: person.title, telephoneNumber: person.phone }}
        unassigned: {{ delete_after: 0d }}
roles:
  everybody: {{ when: "person.lifecycle == 'active'", grants: [directory.user] }}
"#,
        url, args.base, args.bind_dn
    )
}
