//! A system that only an agent reaches: the server has no way to it, and the agent opens no port.

use std::{
    fs,
    path::Path,
    process::{Child, Stdio},
};

use rusqlite::Connection;
use serde_json::Value as Json;

use crate::served::{Served, done, muster, wait};

const MODEL: &str = r#"
muster: 1
store: sqlite:muster.db
types:
  person:
    identity: true
    key: id
    display: name
    attributes: { id: { type: string, unique: true }, name: { type: string } }
    lifecycle: { active: { when: "true" } }
systems:
  hr:
    connector: csv
    settings: { path: hr.csv, key: id }
    every: 1s
    reads: { person: { owns: { id: record.id, name: record.name } } }
  badges:
    connector: sql
    agent: plant
    every: 1s
    settings: { url: "sqlite:badges.db", writable: true, classes: { holder: { table: holder, key: id } } }
    mode: enforce
    accounts:
      holder: { for: person, object: holder, name: person.id, set: { label: person.name }, states: { active: {} } }
roles:
  everybody: { when: "person.lifecycle == 'active'", grants: [badges.holder] }
"#;

/// What the server finds when it looks at every system.
fn doctor(server: &Served) -> String {
    let token = server.token("tester", "admin");
    server.get("/api/v1/doctor", &[&format!("Authorization: Bearer {token}")])
}

/// An agent that ends with the value.
struct Agent(Child);

impl Agent {
    fn start(inside: &Path, server: &Served) -> Self {
        let mut command = muster(inside);
        command.args(["agent", "--server", &server.url, "--token-file", "token"]);
        Self(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.0.kill().unwrap_or_default();
        drop(self.0.wait());
    }
}

#[test]
fn a_system_that_only_an_agent_reaches_is_kept_right() {
    let inside = tempfile::tempdir().unwrap();
    let badges = Connection::open(inside.path().join("badges.db")).unwrap();
    badges.execute_batch("CREATE TABLE holder (id TEXT PRIMARY KEY, label TEXT)").unwrap();
    let holders = || -> Vec<(String, String)> {
        let mut rows = badges.prepare("SELECT id, label FROM holder ORDER BY id").unwrap();
        let rows = rows.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let server = Served::start_of(MODEL, "id,name\n1,Ada\n");
    fs::write(inside.path().join("token"), server.token("plant", "agent")).unwrap();

    let said = doctor(&server);
    assert!(said.contains("the agent `plant` is not connected"), "{said}");
    assert_eq!(holders(), []);

    let agent = Agent::start(inside.path(), &server);
    wait("the badge is made", || (holders().len() == 1).then_some(()));
    drop(agent);
    fs::write(server.dir().join("hr.csv"), "id,name\n1,Ada\n2,Bea\n").unwrap();
    let known = || {
        let people = done(muster(&server.dir()).args(["users", "--output", "json"]));
        people.contains("Bea").then_some(())
    };
    wait("the second person is known", known);
    assert_eq!(holders().len(), 1);

    let _agent = Agent::start(inside.path(), &server);
    wait("the second badge is made", || (holders().len() == 2).then_some(()));
    let pair = |id: &str, label: &str| (id.to_owned(), label.to_owned());
    assert_eq!(holders(), [pair("1", "Ada"), pair("2", "Bea")]);
    let orders = || {
        let orders = done(muster(&server.dir()).args(["orders", "list", "--output", "json"]));
        let orders: Json = serde_json::from_str(&orders).unwrap();
        let listed = orders.get("items").and_then(Json::as_array)?.clone();
        let is_verified =
            |order: &Json| order.get("state").and_then(Json::as_str) == Some("verified");
        (listed.len() == 2 && listed.iter().all(is_verified)).then_some(())
    };
    wait("both orders are verified, and there is no third", orders);
}

#[test]
fn an_agent_runs_no_programs_unless_it_is_told_to() {
    let inside = tempfile::tempdir().unwrap();
    let program = r"
muster: 1
store: sqlite:muster.db
types: { person: { identity: true, key: id, attributes: { id: { type: string, unique: true } } } }
systems:
  script: { connector: command, agent: plant, settings: { run: [touch, here] }, mode: observe }
";
    let server = Served::start_of(program, "");
    fs::write(inside.path().join("token"), server.token("plant", "agent")).unwrap();
    let _agent = Agent::start(inside.path(), &server);
    let said = doctor(&server);
    assert!(said.contains("this agent runs no programs"), "{said}");
    assert!(!inside.path().join("here").exists());
}
