//! One fact ends everything: how long after the answer to it each door is shut, and the accounts are disabled.
//!
//! People leave at a fixed rate, by a fact over the API of a served project whose loop runs. Each of them has a session in a
//! browser, tokens of an application, and a connection to the directory on which they are signed in. Each door is tried again and
//! again from the answer on; a time is that from the answer to the end of the first try that was refused.

mod doors;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    net::{IpAddr, Ipv4Addr},
    time::Duration,
};

use anyhow::{Context as _, Result, ensure};
use futures_util::future::try_join_all;
use muster_app::{Clock as _, Opened, Scope, create_application_secret, create_token};
use muster_auth::{Amr, Authenticator, Opening, Secret, Verified};
use muster_engine::{
    ApplyOptions, CancelFlag, NoProgress, PlanOptions, SyncOptions, apply_made, make_plan, sync,
};
use reqwest::{Client, redirect};
use serde_json::{Map, Value as Json, json};

use crate::{
    output::{figures, say, share},
    rig::{BenchClock, Rig},
    served::Served,
};
use doors::Doors;

const PASSWORD: &str = "a long enough sentence for a bench";
/// The systems in which everybody has an account.
const TARGETS: [&str; 2] = ["mail", "wiki"];

#[derive(clap::Args)]
pub(crate) struct Args {
    /// People
    #[arg(long, default_value_t = 10_000)]
    people: usize,
    /// Leavers a second
    #[arg(long, default_value_t = 5)]
    rate: u32,
    /// For how many seconds
    #[arg(long, default_value_t = 20)]
    seconds: u32,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    let Args { people, rate, seconds } = args;
    say(&format!(
        "leaver: {people} people with accounts in {} files, {rate} leave each second for {seconds} s",
        TARGETS.len()
    ))?;
    let rig = Rig::new(&model(), None)?;
    let opened = begin(&rig, people).await?;
    let secret = create_application_secret(&rig.ctx, &opened, "bench", None).await?.secret;
    let scopes = [Scope::ApiRead, Scope::ApiWrite].into_iter().collect();
    let token = create_token(&rig.ctx, &opened, "bench", &scopes, None).await?.token;
    let leavers = usize::try_from(rate * seconds)?.min(people);
    let cookies = let_in(&rig, &opened, leavers).await?;
    let served = Served::start(&rig.dir, &["--ldap-listen", "127.0.0.1:0"]).await?;
    let doors = Doors {
        client: Client::builder().no_proxy().redirect(redirect::Policy::none()).build()?,
        url: served.url.clone(),
        ldap: served.ldap.clone().context("no directory is served")?,
        secret,
        token,
    };
    let mut all = Vec::new();
    for (n, cookie) in cookies.into_iter().enumerate() {
        all.push(doors.enter(n, cookie).await?);
    }
    let (begin, pause) = (tokio::time::Instant::now(), Duration::from_secs(1) / rate.max(1));
    let leaving = (0..).zip(all).map(|(n, person)| {
        let doors = &doors;
        async move {
            tokio::time::sleep_until(begin + pause * n).await;
            doors.leave(person).await
        }
    });
    let mut times: BTreeMap<&str, Vec<f64>> = BTreeMap::new();
    for (door, took) in try_join_all(leaving).await?.into_iter().flatten() {
        times.entry(door).or_default().push(took);
    }
    let times = times.into_iter().map(|(door, took)| {
        let [p50, p99, most] = [50, 99, 100].map(|percent| share(&took, percent));
        (door.to_owned(), json!({ "p50_ms": p50, "p99_ms": p99, "most_ms": most }))
    });
    let mut all: Map<String, Json> = times.collect();
    all.insert("leavers".to_owned(), leavers.into());
    figures(&Json::Object(all))
}

fn model() -> String {
    let mut model = String::from(
        r#"muster: 1
url: http://127.0.0.1
server: { limits: { rate: 1000000, burst: 1000000 } }
types:
  person:
    identity: true
    key: id
    attributes: { id: { type: string, unique: true }, user: { type: string, unique: true } }
    lifecycle: { leaver: { when: "false" }, active: { when: "true" } }
    sign_in: { name: user, states: active }
roles:
  employee: { when: "person.lifecycle == 'active'", grants: [mail.user, wiki.user] }
applications:
  bench:
    redirect_uris: "https://bench.example/cb"
    grants: [authorization_code, refresh_token]
    scopes: [openid, offline_access]
directory:
  base: dc=tern,dc=example
  everyone: [uid]
  entries:
    people: { type: person, name: uid, classes: [account], attributes: { uid: user } }
systems:
  hr:
    connector: csv
    settings: { path: data/hr.csv, key: id }
    reads: { person: { owns: { id: record.id, user: record.user } } }
"#,
    );
    for target in TARGETS {
        // Writing into a String cannot fail, here and below.
        _ = write!(
            model,
            r#"  {target}:
    connector: csv
    settings: {{ path: data/{target}.csv, key: user, writable: true, enabled: {{ column: active, on: "yes", off: "no" }} }}
    mode: enforce
    guards: {{ disable: none }}
    accounts:
      user:
        object: user
        match: [{{ on: "user == person.user" }}]
        name: person.user
        set: {{ user: person.user }}
        states: {{ active: {{}}, leaver: {{ enabled: false }} }}
"#
        );
    }
    model
}

/// Reads the people, and gives them their accounts.
async fn begin(rig: &Rig, people: usize) -> Result<Opened> {
    let mut file = String::from("id,user\n");
    for n in 0..people {
        _ = writeln!(file, "{},{}", doors::key(n), doors::user(n));
    }
    std::fs::write(rig.dir.join("data/hr.csv"), file)?;
    for target in TARGETS {
        std::fs::write(rig.dir.join(format!("data/{target}.csv")), "user,active\n")?;
    }
    let opened = rig.open().await?;
    sync(&rig.ctx, &opened, &SyncOptions::default(), &NoProgress).await?;
    let options = PlanOptions { save: true, ..PlanOptions::default() };
    let made = make_plan(&rig.ctx, &opened, &options, &NoProgress).await?;
    let n_operations = made.plan.operations.len();
    ensure!(n_operations == people * TARGETS.len(), "{n_operations} operations were planned");
    let options = ApplyOptions { confirm: Some(n_operations as u64), ..ApplyOptions::default() };
    let report =
        apply_made(&rig.ctx, &opened, made, &options, &NoProgress, &CancelFlag::default()).await?;
    ensure!(report.failed.is_empty(), "an account was not made: {:?}", report.failed.first());
    Ok(opened)
}

/// Gives the first people a password and a session; answers what their browsers keep.
async fn let_in(rig: &Rig, opened: &Opened, leavers: usize) -> Result<Vec<String>> {
    let authenticator = Authenticator::new(&opened.model.sign_in);
    let now = BenchClock.now();
    let type_no = opened.names.types.first().context("no types")?.no;
    let keys: Vec<_> = (0..leavers).map(|n| doors::key(n).into()).collect();
    let ids = opened.store.read().await?.entity_ids_by_key(type_no, &keys).await?;
    let mut cookies = Vec::with_capacity(leavers);
    for identity in ids {
        let identity = identity.context("somebody is missing")?;
        let password = Secret::new(PASSWORD);
        authenticator.set_password(&rig.ctx, opened, identity, &password).await?;
        let verified = Verified { identity, auth_time: now, amr: vec![Amr::Password] };
        let network = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let opening = Opening { network, device: "bench", now };
        let (_, cookie) = authenticator.open(opened, &verified, opening).await?;
        cookies.push(cookie.reveal().to_owned());
    }
    Ok(cookies)
}
