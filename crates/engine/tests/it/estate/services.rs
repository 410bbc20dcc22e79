//! A SCIM service and a database in the place of two systems in memory, changed and looked at past Muster.

use std::collections::{BTreeMap, BTreeSet};

use muster_testkit::{ScimOptions, ScimServer};
use rusqlite::Connection;
use serde_json::Value as Json;
use tempfile::TempDir;

use super::{check::Accounts, model};

const TENANT: &str = "estate";

pub(super) struct Services {
    scim: ScimServer,
    folder: TempDir,
}

impl Services {
    pub(super) fn start() -> Self {
        let scim = ScimServer::start(&ScimOptions::default()).unwrap();
        let services = Self { scim, folder: tempfile::tempdir().unwrap() };
        let table = "CREATE TABLE seat (name TEXT PRIMARY KEY, who TEXT, badge TEXT, \
                     active BOOLEAN NOT NULL DEFAULT 1)";
        services.database().execute(table, []).unwrap();
        services
    }

    fn database(&self) -> Connection {
        let connection = Connection::open(self.folder.path().join("desk.db")).unwrap();
        connection.busy_timeout(std::time::Duration::from_secs(30)).unwrap();
        connection
    }

    /// The model, in which `mail` and `desk` are these.
    pub(super) fn model(&self) -> String {
        let path = self.folder.path().join("desk.db").display().to_string();
        let systems = model::SERVICES
            .replace("URL", &self.scim.url(TENANT))
            .replace("DATABASE", &format!("sqlite:{path}"));
        let (before, rest) = model::MODEL.split_once("  mail:\n").unwrap();
        let (_, rest) = rest.split_once("  files:\n").unwrap();
        let (files, rest) = rest.split_once("  desk:\n").unwrap();
        let (_, roles) = rest.split_once("roles:\n").unwrap();
        format!("{before}{systems}  files:\n{files}roles:\n{roles}")
    }

    /// The system that a connector with this address stands for.
    pub(super) fn system_at(address: &str) -> &str {
        match address.split(':').next() {
            Some("sqlite") => "desk",
            Some("http") => "mail",
            _ => address,
        }
    }

    pub(super) fn take_seat(&self, name: &str) {
        let sql = "INSERT INTO seat (name, who) VALUES (?1, ?1)";
        self.database().execute(sql, [name]).unwrap();
    }

    /// Removes a mailbox, if it is there.
    pub(super) fn remove_box(&self, name: &str) -> bool {
        let users = self.resources("Users");
        let Some(user) = users.iter().find(|user| user["userName"] == name) else { return false };
        let path = format!("/Users/{}", user["id"].as_str().unwrap());
        self.scim.call(TENANT, "DELETE", &path, "").unwrap();
        true
    }

    fn resources(&self, of: &str) -> Vec<Json> {
        let answer = self.scim.call(TENANT, "GET", &format!("/{of}?count=1000"), "").unwrap();
        let mut answer: Json = serde_json::from_str(&answer).unwrap();
        serde_json::from_value(answer["Resources"].take()).unwrap()
    }

    pub(super) fn boxes(&self) -> Accounts {
        let mut lists: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for group in self.resources("Groups") {
            for member in group["members"].as_array().into_iter().flatten() {
                let member = member["value"].as_str().unwrap().to_owned();
                let name = group["displayName"].as_str().unwrap().to_owned();
                lists.entry(member).or_default().insert(name);
            }
        }
        let held = |user: &Json| {
            let held = lists.get(user["id"].as_str().unwrap()).cloned().unwrap_or_default();
            let name = user["userName"].as_str().unwrap().to_owned();
            (name, (user["active"].as_bool(), held))
        };
        self.resources("Users").iter().map(held).collect()
    }

    pub(super) fn seats(&self) -> Accounts {
        let database = self.database();
        let mut seats = database.prepare("SELECT name, active FROM seat").unwrap();
        let seat = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, (row.get(1)?, BTreeSet::new())));
        seats.query_map([], seat).unwrap().map(Result::unwrap).collect()
    }
}
