//! Several nodes on one PostgreSQL under a stream of new people, one of them killed at random again and again.
//!
//! The targets write down every call. Nothing may be asked for twice, nothing may be missing, and after each kill the others have
//! to do what was under way.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::Path,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Result, ensure};
use serde_json::json;

use crate::{
    output::{figures, say},
    served::{done, muster},
};

const TARGETS: [&str; 2] = ["east", "west"];
/// New people before each kill.
const JOINERS: usize = 20;
/// How long the others may take.
const PATIENCE: Duration = Duration::from_mins(2);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// For how many minutes
    #[arg(long, default_value_t = 10)]
    minutes: u64,
    /// Nodes
    #[arg(long, default_value_t = 3)]
    nodes: usize,
}

pub(crate) async fn run(args: Args) -> Result<()> {
    say(&format!(
        "nodes: {} nodes on one PostgreSQL for {} minutes, {JOINERS} new people and a kill in turn, {} targets",
        args.nodes,
        args.minutes,
        TARGETS.len()
    ))?;
    let database = muster_testkit::postgres()?;
    let folder = tempfile::tempdir()?;
    let dir = folder.path();
    fs::create_dir(dir.join("data"))?;
    fs::write(dir.join("muster.yaml"), model(database.url()))?;
    fs::write(dir.join("target.py"), include_str!("../../server/tests/it/nodes/target.py"))?;
    read(dir, 1)?;
    let mut nodes: Vec<Node> = (0..args.nodes).map(|_| Node::start(dir)).collect::<Result<_>>()?;
    until(|| calls(dir).len() == TARGETS.len()).await?;
    let (begin, mut people, mut recovered) = (Instant::now(), 1, Vec::new());
    while begin.elapsed() < Duration::from_mins(args.minutes) {
        people += JOINERS;
        read(dir, people)?;
        // Somewhere in the work; which node and when differs from one time to the next.
        let moment = (people * 7919) % 400;
        tokio::time::sleep(Duration::from_millis(moment as u64)).await;
        drop(nodes.remove(people * 31 % args.nodes));
        recovered.push(until(|| calls(dir).len() >= TARGETS.len() * people).await?);
        nodes.push(Node::start(dir)?);
    }
    let calls = calls(dir);
    let doubled = calls.values().filter(|n| **n > 1).count();
    let verified = done(dir, &["audit", "verify"])?;
    recovered.sort_by(f64::total_cmp);
    let missing = TARGETS.len() * people - calls.len();
    figures(&json!({
        "nodes": args.nodes, "minutes": args.minutes, "kills": recovered.len(), "people": people, "calls": calls.len(),
        "doubled": doubled, "missing": missing, "journal": verified.lines().next(),
        "recovered_p50_s": recovered.get(recovered.len() / 2), "recovered_max_s": recovered.last(),
    }))?;
    ensure!(doubled == 0 && missing == 0, "something was done twice or not at all");
    Ok(())
}

fn model(store: &str) -> String {
    let mut out = format!(
        "muster: 1\nstore: \"{store}\"\ntypes:\n  person:\n    identity: true\n    key: id\n    attributes: {{ id: {{ type: string, unique: true, \
         required: true }}, name: {{ type: string }} }}\nsystems:\n  hr:\n    connector: csv\n    settings: {{ path: data/hr.csv, key: id }}\n    \
         reads:\n      person:\n        match: [{{ on: \"id == record.id\" }}]\n        owns: {{ id: record.id, name: record.name }}\n        \
         guards: {{ create: none, update: none }}\n"
    );
    for target in TARGETS {
        // Writing into a String cannot fail.
        _ = write!(
            out,
            "  {target}:\n    connector: command\n    mode: enforce\n    every: 1h\n    settings: {{ run: [python3, target.py], can: [read, get, \
             create, update, delete] }}\n    guards: {{ create: none, update: none }}\n    accounts:\n      user:\n        object: user\n        \
             match: [{{ on: \"uid == person.id\" }}]\n        name: \"'{target}-' + person.id\"\n        set: {{ uid: person.id, cn: person.name }}\n"
        );
    }
    out.push_str("roles: { all: { when: \"true\", grants: [east.user, west.user] } }\n");
    out
}

/// Lets so many people be in the file, and reads it.
fn read(dir: &Path, people: usize) -> Result<()> {
    let mut lines = "id,name\n".to_owned();
    for n in 0..people {
        writeln!(lines, "{n},Person {n}")?;
    }
    fs::write(dir.join("data/hr.csv"), lines)?;
    let begin = Instant::now();
    while let Err(error) = done(dir, &["sync", "hr"]) {
        // Another node may be reading, or hold a lease until it has run out.
        ensure!(begin.elapsed() < PATIENCE, "{error}");
    }
    Ok(())
}

/// How often each call came.
fn calls(dir: &Path) -> BTreeMap<String, usize> {
    let log = fs::read_to_string(dir.join("data/calls.log")).unwrap_or_default();
    let mut calls = BTreeMap::new();
    for line in log.lines() {
        *calls.entry(line.to_owned()).or_default() += 1;
    }
    calls
}

/// Seconds until it holds.
async fn until(holds: impl Fn() -> bool) -> Result<f64> {
    let begin = Instant::now();
    while !holds() {
        ensure!(begin.elapsed() < PATIENCE, "the others did not go on within {PATIENCE:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(begin.elapsed().as_secs_f64())
}

/// A process that is killed when it is dropped.
struct Node(Child);

impl Node {
    fn start(dir: &Path) -> Result<Self> {
        let mut command = muster(dir)?;
        Ok(Self(command.arg("run").stdout(Stdio::null()).stderr(Stdio::null()).spawn()?))
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        // It may be gone already.
        self.0.kill().unwrap_or_default();
        drop(self.0.wait());
    }
}
