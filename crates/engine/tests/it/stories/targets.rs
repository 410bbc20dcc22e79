//! The five real systems of the stories, and what their own tools say of an account.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use muster_testkit::{
    Database, MariaDb, MariaDbServer, SUFFIX, Samba, SambaOptions, ScimOptions, ScimServer, Slapd,
    SlapdOptions,
};

/// A directory, a domain, a SCIM service, and databases of two makes.
pub(super) struct Targets {
    pub(super) directory: Slapd,
    pub(super) domain: Samba,
    pub(super) collab: ScimServer,
    pub(super) wiki: Database,
    pub(super) cms_server: MariaDbServer,
    pub(super) cms: MariaDb,
}

/// What a system says of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Seen {
    Nothing,
    On,
    Off,
}

const TABLES: &str = "CREATE TABLE users (login VARCHAR(80) PRIMARY KEY, name VARCHAR(80), title VARCHAR(80), active BOOLEAN NOT NULL);
CREATE TABLE groups_ (name VARCHAR(80) PRIMARY KEY);
CREATE TABLE members (group_name VARCHAR(80) NOT NULL, login VARCHAR(80) NOT NULL, PRIMARY KEY (group_name, login));";

impl Targets {
    pub(super) fn start() -> Self {
        let options =
            SlapdOptions { nosync: true, password_policy: true, ..SlapdOptions::default() };
        let cms_server = MariaDbServer::start().unwrap();
        let cms = cms_server.database().unwrap();
        let wiki = muster_testkit::postgres().unwrap();
        wiki.execute(TABLES).unwrap();
        cms.execute(TABLES).unwrap();
        cms.execute("INSERT INTO groups_ VALUES ('editors')").unwrap();
        wiki.execute("INSERT INTO groups_ VALUES ('readers')").unwrap();
        let directory = Slapd::start(options).unwrap();
        Self {
            directory,
            domain: Samba::start(&SambaOptions::default()).unwrap(),
            collab: ScimServer::start(&ScimOptions::default()).unwrap(),
            wiki,
            cms_server,
            cms,
        }
    }

    /// The names of the systems, as the model has them.
    pub(super) const ALL: [&str; 5] = ["directory", "domain", "collab", "wiki", "cms"];

    /// The account of `login` on a system.
    pub(super) fn account(&self, system: &str, login: &str) -> Seen {
        match system {
            "directory" => {
                let found = self
                    .directory
                    .search(SUFFIX, &format!("(uid={login})"), &["employeeType"])
                    .unwrap();
                found
                    .first()
                    .map_or(Seen::Nothing, |entry| on(entry.values("employeeType") == ["active"]))
            }
            "domain" => {
                let filter = format!("(sAMAccountName={login})");
                let found = self.domain.search(SUFFIX, &filter, &["userAccountControl"]).unwrap();
                let control = |value: &String| value.parse::<u32>().unwrap() & 2 == 0;
                found.first().map_or(Seen::Nothing, |entry| {
                    on(control(&entry.values("userAccountControl")[0]))
                })
            }
            "collab" => {
                let users = self.scim();
                let found = users["Resources"]
                    .as_array()
                    .and_then(|users| users.iter().find(|user| user["userName"] == login));
                found.map_or(Seen::Nothing, |user| on(user["active"] == true))
            }
            "wiki" => state(
                &self
                    .wiki
                    .query(&format!("SELECT active FROM users WHERE login = '{login}'"))
                    .unwrap(),
            ),
            "cms" => state(
                &self
                    .cms
                    .execute(&format!("SELECT active FROM users WHERE login = '{login}'"))
                    .unwrap(),
            ),
            other => panic!("{other}"),
        }
    }

    /// The groups of `login`, as `system:group`.
    pub(super) fn groups(&self, login: &str) -> Vec<String> {
        let mut groups = Vec::new();
        let dn = format!("uid={login},ou=people,{SUFFIX}");
        for entry in self
            .directory
            .search(&format!("ou=groups,{SUFFIX}"), &format!("(member={dn})"), &["cn"])
            .unwrap()
        {
            groups.push(format!("directory:{}", entry.values("cn")[0]));
        }
        let members = |text: String| text.lines().map(str::to_owned).collect::<Vec<_>>();
        let sql = format!("SELECT group_name FROM members WHERE login = '{login}' ORDER BY 1");
        groups.extend(
            members(self.wiki.query(&sql).unwrap())
                .into_iter()
                .map(|group| format!("wiki:{group}")),
        );
        groups.extend(
            members(self.cms.execute(&sql).unwrap())
                .into_iter()
                .map(|group| format!("cms:{group}")),
        );
        let filter = format!("(sAMAccountName={login})");
        for entry in self.domain.search(SUFFIX, &filter, &["memberOf"]).unwrap() {
            groups.extend(entry.values("memberOf").iter().map(|dn| {
                let name = dn
                    .split(',')
                    .next()
                    .unwrap()
                    .trim_start_matches("CN=")
                    .trim_start_matches("cn=");
                format!("domain:{name}")
            }));
        }
        groups.sort();
        groups
    }

    /// The users of the SCIM service, asked without our client.
    fn scim(&self) -> serde_json::Value {
        let url = self.collab.url("tern");
        let (host, path) = url.trim_start_matches("http://").split_once('/').unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        let token = ScimServer::TOKEN;
        write!(stream, "GET /{path}/Users?count=500 HTTP/1.0\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }

    /// The systems of the model.
    pub(super) fn model(&self) -> String {
        let slapd = format!(
            r#"url: "{}", base: "{SUFFIX}", bind_dn: "{}", password: {{ env: LDAP_PASSWORD }}, disable: {{ attribute: employeeType, on: active, off: inactive }}"#,
            self.directory.url(),
            self.directory.admin()
        );
        let samba = format!(
            r#"url: "{}", base: "{SUFFIX}", bind_dn: "{}", password: {{ env: AD_PASSWORD }}, flavour: active-directory, ca: "{}""#,
            self.domain.tls_url(),
            self.domain.admin(),
            self.domain.ca_file().display()
        );
        include_str!("systems.yaml")
            .replace("SLAPD", &slapd)
            .replace("SAMBA", &samba)
            .replace(
                "SCIM",
                &format!(
                    "url: \"{}\", auth: {{ bearer: {{ env: SCIM_TOKEN }} }}",
                    self.collab.url("tern")
                ),
            )
            .replace("WIKI", &format!("url: \"{}\"", self.wiki.url()))
            .replace(
                "CMS",
                &format!(
                    "url: \"{}\", password: {{ env: DB_PASSWORD }}, connect_timeout: 2s",
                    self.cms.url()
                ),
            )
    }
}

fn on(is_on: bool) -> Seen {
    if is_on { Seen::On } else { Seen::Off }
}

fn state(text: &str) -> Seen {
    match text.trim() {
        "" => Seen::Nothing,
        "t" | "1" => Seen::On,
        _ => Seen::Off,
    }
}
