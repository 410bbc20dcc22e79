//! The directory beside slapd: the same entries, the same questions, in one run.
//!
//! Both are processes of their own and are asked by the same client over connections that are kept and signed in. What a change
//! costs is measured on the directory alone.

mod asked;
mod measure;

use std::{
    fmt::Write as _,
    io::Write as _,
    path::Path,
    process::Stdio,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, Result, ensure};
use muster_testkit::{PASSWORD, SUFFIX, Slapd, SlapdOptions};
use reqwest::Client;
use serde_json::json;

use crate::{
    output::{figures, processor_seconds, rounded, say, share},
    rig::seconds,
    served::{Served, done, muster},
};
use asked::{Asked, Question};

/// Entries that are loaded into slapd at once.
const BATCH: usize = 10_000;
/// People of a team.
const TEAM: usize = 100;
/// How long a change may take until its group shows it.
const PATIENCE: Duration = Duration::from_mins(1);
const SECRET: &str = "a long enough sentence for a bench";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// People in both directories; half of them are in one group
    #[arg(long, default_value_t = 100_000)]
    people: usize,
    /// Connections that ask at the same time, beside one alone
    #[arg(long, default_value_t = 16)]
    clients: usize,
    /// Seconds for each kind of question
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Changes whose way into the directory is measured
    #[arg(long, default_value_t = 50)]
    changes: usize,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let Args { people, clients, .. } = args;
    say(&format!(
        "directory: {people} people with 10 attributes in teams of {TEAM}, half of them in one group; 1 and {clients} connections, {} s a kind",
        args.seconds
    ))?;
    let folder = tempfile::tempdir()?;
    let dir = folder.path();
    let half = (asked::FIRST_NUMBER + people / 2).to_string();
    std::fs::write(dir.join("muster.yaml"), MODEL.replace("HALF", &half))?;
    write_files(dir, people)?;
    done(dir, &["sync"])?;
    give_password(dir)?;
    let scopes = ["--scope", "directory", "--scope", "api:read", "--scope", "api:write"];
    let token = done(dir, &[&["token", "create", "bench"], &scopes[..]].concat())?;
    let served = Served::start(dir, &["--no-run", "--ldap-listen", "127.0.0.1:0"]).await?;
    let url = served.ldap.clone().context("no directory is served")?;
    let ours =
        Arc::new(Asked { url, dn: format!("cn=bench,ou=clients,{SUFFIX}"), password: token });
    let begun = Instant::now();
    ours.ask(Question::Name, 0, &mut ours.connect().await?).await?;
    let ready = seconds(begun);
    let muster = measure::questions("muster", &ours, &args).await?;
    let person = Asked { dn: asked::dn(0), password: SECRET.to_owned(), ..(*ours).clone() };
    let passwords = measure::binds("muster, a person", &Arc::new(person), &args).await?;
    let change = changes(&served, &ours, &args).await?;
    let resident = served.mib("VmRSS:");
    drop(served);
    let slapd = Slapd::start(SlapdOptions {
        nosync: true,
        index: Some("uidNumber,member eq\nindex sn,cn eq,sub".to_owned()),
        limits: Some("size=unlimited".to_owned()),
        ..SlapdOptions::default()
    })?;
    load(&slapd, people)?;
    let peer =
        Arc::new(Asked { url: slapd.url(), dn: slapd.admin(), password: PASSWORD.to_owned() });
    let peer = measure::questions("slapd", &peer, &args).await?;
    figures(&json!({
        "people": people, "clients": clients, "muster": muster, "slapd": peer,
        "rate_of_slapd": measure::ratios(&muster, &peer), "bind_with_password": passwords,
        "change": change, "first_answer_seconds": ready, "resident_mib": resident,
    }))
}

const MODEL: &str = r#"muster: 1
store: sqlite:muster.db
server: { limits: { rate: 1000000, burst: 1000000 } }
types:
  person:
    identity: true
    key: id
    display: given + " " + family
    attributes:
      id: { type: string, unique: true }
      user: { type: string, unique: true }
      mail: { type: string, unique: true }
      given: { type: string }
      family: { type: string }
      number: { type: int }
      team: { type: link, to: team, inverse: people }
    sign_in: { name: user }
  team:
    key: code
    attributes: { code: { type: string, unique: true } }
systems:
  teams:
    connector: csv
    settings: { path: teams.csv, key: code }
    reads: { team: { owns: { code: record.code } } }
  hr:
    connector: csv
    settings: { path: people.csv, key: id }
    reads:
      person:
        owns: { id: record.id, user: record.user, mail: record.mail, given: record.given, family: record.family,
                number: int(record.number), team: record.team }
roles:
  half: { when: "person.number < HALF" }
  extra: { description: Whoever it was given to }
directory:
  base: dc=tern,dc=example
  entries:
    people:
      type: person
      name: uid
      classes: [inetOrgPerson, posixAccount]
      attributes:
        uid: user
        cn: display
        sn: family
        givenName: given
        mail: mail
        employeeNumber: id
        uidNumber: number
        gidNumber: "100"
        homeDirectory: "'/home/' + user"
    groups:
      type: team
      classes: [groupOfNames]
      attributes: { cn: code }
      members: people
    large: { roles: [half, extra], classes: [groupOfNames] }
"#;

fn given(n: usize) -> String {
    format!("Given{}", n % 977)
}

fn family(n: usize) -> String {
    format!("Family{}", n % 7919)
}

fn write_files(dir: &Path, people: usize) -> Result<()> {
    let mut file = String::from("id,user,mail,given,family,number,team\n");
    for n in 0..people {
        let (given, family, number) = (given(n), family(n), asked::FIRST_NUMBER + n);
        // Writing into a String cannot fail, here and below.
        _ = writeln!(
            file,
            "P{n:07},u{n:07},u{n}@tern.example,{given},{family},{number},T{:05}",
            n / TEAM
        );
    }
    std::fs::write(dir.join("people.csv"), file)?;
    let mut file = String::from("code\n");
    for team in 0..people.div_ceil(TEAM) {
        _ = writeln!(file, "T{team:05}");
    }
    Ok(std::fs::write(dir.join("teams.csv"), file)?)
}

/// Gives the first person a password.
fn give_password(dir: &Path) -> Result<()> {
    let mut child = muster(dir)?
        .args(["password", "set", "P0000000"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()?;
    writeln!(child.stdin.take().context("no input")?, "{SECRET}")?;
    ensure!(child.wait()?.success(), "no password could be set");
    Ok(())
}

/// Loads into slapd what our directory shows.
fn load(slapd: &Slapd, people: usize) -> Result<()> {
    for begin in (0..people).step_by(BATCH) {
        let mut ldif = String::new();
        for n in begin..people.min(begin + BATCH) {
            let (dn, given, family) = (asked::dn(n), given(n), family(n));
            _ = writeln!(
                ldif,
                "dn: {dn}\nobjectClass: inetOrgPerson\nobjectClass: posixAccount\nuid: u{n:07}\ncn: {given} {family}\n\
                 sn: {family}\ngivenName: {given}\nmail: u{n}@tern.example\nemployeeNumber: P{n:07}\nuidNumber: {}\n\
                 gidNumber: 100\nhomeDirectory: /home/u{n:07}\n",
                asked::FIRST_NUMBER + n
            );
        }
        slapd.add_ldif(&ldif)?;
    }
    let mut ldif = format!(
        "dn: ou=large,{SUFFIX}\nobjectClass: organizationalUnit\nou: large\n\n{}",
        group("cn=half,ou=large", 0..people / 2)
    );
    for team in 0..people.div_ceil(TEAM) {
        let members = team * TEAM..people.min((team + 1) * TEAM);
        ldif.push_str(&group(&format!("cn=T{team:05},ou=groups"), members));
    }
    slapd.add_ldif(&ldif)
}

fn group(name: &str, members: std::ops::Range<usize>) -> String {
    let cn = name.split([',', '=']).nth(1).unwrap_or_default();
    let mut ldif = format!("dn: {name},{SUFFIX}\nobjectClass: groupOfNames\ncn: {cn}\n");
    for member in members {
        _ = writeln!(ldif, "member: {}", asked::dn(member));
    }
    ldif.push('\n');
    ldif
}

/// Gives people a role one after the other: how long until its group shows them, and what that costs the process.
async fn changes(served: &Served, asked: &Asked, args: &Args) -> Result<serde_json::Value> {
    let client = Client::builder().no_proxy().build()?;
    let mut ldap = asked.connect().await?;
    let mut taken = Vec::new();
    let before = processor_seconds(served.process())?;
    for n in 0..args.changes {
        let person = n * 7_919 % args.people;
        let url = format!("{}/api/v1/people/P{person:07}/assignments", served.url);
        let request = client.post(url).bearer_auth(&asked.password);
        let body = json!({ "role": "extra", "reason": "benchmark" }).to_string();
        let sent = request.header("content-type", "application/json").body(body).send().await?;
        ensure!(sent.status().is_success(), "the role was not given: {}", sent.text().await?);
        let start = Instant::now();
        let dn = asked::dn(person);
        while !asked::lists(&mut ldap, &format!("cn=extra,ou=large,{SUFFIX}"), &dn).await? {
            ensure!(start.elapsed() < PATIENCE, "the group does not show a member");
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        taken.push(seconds(start) * 1_000.0);
    }
    #[expect(clippy::cast_precision_loss, reason = "a mean for people")]
    let cpu =
        (processor_seconds(served.process())? - before) * 1_000.0 / args.changes.max(1) as f64;
    Ok(json!({
        "until_shown_p50_ms": share(&taken, 50),
        "until_shown_p99_ms": share(&taken, 99), "cpu_ms": rounded(cpu),
    }))
}
