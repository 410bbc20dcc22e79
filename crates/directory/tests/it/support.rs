//! A small company behind the directory: people, departments in departments, roles.

use std::{
    net::SocketAddr,
    path::Path,
    sync::{Arc, Mutex},
};

use jiff::Timestamp;
use muster_app::{Clock, Connectors, Ctx, Opened, Scope, create_token, resolve_person};
use muster_auth::Secret;
use muster_connector::{Connector, ConnectorError};
use muster_directory::{Doors, serve};
use muster_engine::{NoProgress, SyncOptions};
use muster_model::{Capabilities, SettingProblem, Settings};
use muster_project::Catalogue;
use muster_testkit::{Certificates, Entry, Told, ldap_tool, make_certificates};
use muster_web::{Limits, Service, Tls};
use tempfile::TempDir;
use tokio::{net::TcpListener, task::JoinHandle};

pub(crate) const BASE: &str = "dc=tern,dc=example";

const MODEL: &str = r#"muster: 1
store: "sqlite::memory:"
types:
  person:
    identity: true
    key: id
    display: given + " " + family
    attributes:
      id: { type: string, unique: true }
      user: { type: string, unique: true }
      given: { type: string }
      family: { type: string }
      mail: { type: string, unique: true }
      pay: { type: int }
      team: { type: link, to: team, inverse: people }
      boss: { type: link, to: person }
      end: { type: date }
    lifecycle:
      leaver: { when: "end != null && now >= start_of(end)" }
      active: { when: "true" }
  team:
    key: code
    attributes:
      code: { type: string, unique: true }
      above: { type: link, to: team, inverse: teams }
systems:
  hr:
    connector: csv
    settings: { path: people.csv, key: id }
    reads:
      person:
        absent: { keep: 30d }
        owns: { id: record.id, user: record.user, given: record.given, family: record.family, mail: record.mail,
                pay: int(record.pay), team: record.team, boss: record.boss, end: record.end }
  teams:
    connector: csv
    settings: { path: teams.csv, key: code }
    reads: { team: { owns: { code: record.code, above: record.above } } }
roles:
  everybody: { description: Everybody who works here, when: "true" }
  sales: { when: "person.team.code == 'S1'" }
  secret: { when: "person.team.code == 'S1'" }
directory:
  base: dc=tern,dc=example
  everyone: [cn, memberOf]
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
        uidNumber: 10000 + int(id)
        gidNumber: "100"
        homeDirectory: "'/home/' + user"
        manager: boss
        payGrade: pay
    teams:
      type: team
      classes: [groupOfNames]
      attributes: { cn: code }
      members: [people, teams]
    groups:
      roles: [everybody, sales]
      classes: [groupOfNames]
      numbers: { sales: 5001 }
  limits: { message: 4096, results: 1000 }
"#;

/// Reads CSV files.
struct Files;

impl Catalogue for Files {
    fn connectors(&self) -> Vec<&'static str> {
        vec!["csv"]
    }

    fn capabilities(
        &self,
        _: &str,
        settings: &Settings,
    ) -> Result<Capabilities, Vec<SettingProblem>> {
        muster_connector_file::capabilities("csv", settings)
    }
}

impl Connectors for Files {
    fn open(
        &self,
        _: &str,
        settings: &Settings,
        _: Option<&Settings>,
        base: &Path,
    ) -> Result<Arc<dyn Connector>, ConnectorError> {
        muster_connector_file::open("csv", settings, base)
    }
}

struct Standing(Mutex<Timestamp>);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

/// The company, served.
pub(crate) struct Served {
    pub(crate) ctx: Ctx,
    pub(crate) opened: Opened,
    pub(crate) service: Service,
    pub(crate) address: SocketAddr,
    pub(crate) tls_address: SocketAddr,
    pub(crate) token: String,
    pub(crate) certificates: Certificates,
    clock: Arc<Standing>,
    folder: TempDir,
    serving: JoinHandle<()>,
}

impl Drop for Served {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

const PEOPLE: &str = "id,user,given,family,mail,pay,team,boss,end\n\
    1,ada,Ada,Lovelace,ada@tern.example,7,S1,,\n\
    2,bob,Bob,\"O'Hara, Jr\",bob@tern.example,5,S1,1,\n\
    3,eve,Eve,Noether,eve@tern.example,6,X,1,2026-12-01\n\
    4,zoe,Zoë,Ångström,zoe@tern.example,6,X,2,2026-01-01\n";

impl Served {
    pub(crate) async fn start() -> Self {
        Self::start_with(MODEL, PEOPLE).await
    }

    /// The company with these people more.
    pub(crate) async fn with(people: &str) -> Self {
        Self::start_with(MODEL, &format!("{PEOPLE}{people}")).await
    }

    /// The company with something changed in the model.
    pub(crate) async fn changed(from: &str, to: &str) -> Self {
        assert!(MODEL.contains(from), "{from}");
        Self::start_with(&MODEL.replace(from, to), PEOPLE).await
    }

    async fn start_with(model: &str, people: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write =
            |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("muster.yaml", model);
        write("teams.csv", "code,above\nX,\nS,X\nS1,S\n");
        write("people.csv", people);
        let clock = Arc::new(Standing(Mutex::new("2026-11-20T12:00:00Z".parse().unwrap())));
        let shared: Arc<dyn Clock> = Arc::<Standing>::clone(&clock);
        let ctx = Ctx::new("test".into(), "c".into(), Arc::clone(&shared));
        let opened = Opened::open(folder.path(), None, Arc::new(Files), &ctx).await.unwrap();
        let token = token(&ctx, &opened, "sssd", Scope::Directory).await;
        let certificates = make_certificates(folder.path()).unwrap();
        let tls = Tls::open(&certificates.certificate, &certificates.key).unwrap();
        let (plain, tls_listener) = (listener().await, listener().await);
        let (address, tls_address) =
            (plain.local_addr().unwrap(), tls_listener.local_addr().unwrap());
        let doors =
            Doors { plain: Some(plain), tls: Some(tls_listener), certificate: Some(Arc::new(tls)) };
        let limits = opened.model.directory.as_ref().unwrap().limits.into();
        let service = Service::new(opened.clone(), shared, Limits::default());
        sync(&ctx, &opened).await;
        let shared = service.clone();
        let serving = tokio::spawn(async move {
            serve(doors, shared, limits, std::future::pending()).await.unwrap();
        });
        Self {
            ctx,
            opened,
            service,
            address,
            tls_address,
            token,
            certificates,
            clock,
            folder,
            serving,
        }
    }

    pub(crate) fn at(&self, time: &str) {
        *self.clock.0.lock().unwrap() = time.parse().unwrap();
    }

    /// Gives somebody a password.
    pub(crate) async fn password(&self, person: &str, password: &str) {
        let mut tx = self.opened.store.read().await.unwrap();
        let facts = resolve_person(&self.ctx, &self.opened, &mut tx, person).await.unwrap();
        drop(tx);
        let (authenticator, password) = (self.service.authenticator(), Secret::new(password));
        let identity = facts.row.id;
        authenticator.set_password(&self.ctx, &self.opened, identity, &password).await.unwrap();
    }

    /// Puts other people into the file of the source, and reads it.
    pub(crate) async fn people(&self, text: &str) {
        std::fs::write(self.folder.path().join("people.csv"), text).unwrap();
        sync(&self.ctx, &self.opened).await;
    }

    pub(crate) fn people_now(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("people.csv")).unwrap()
    }

    /// Calls a tool of OpenLDAP.
    pub(crate) async fn tool(&self, program: &'static str, arguments: &[&str]) -> Told {
        self.tool_at(format!("ldap://{}", self.address), program, arguments).await
    }

    pub(crate) async fn tool_at(
        &self,
        url: String,
        program: &'static str,
        arguments: &[&str],
    ) -> Told {
        let ca = self.certificates.ca.clone();
        let arguments: Vec<String> =
            arguments.iter().map(|&argument| argument.to_owned()).collect();
        let call = move || {
            let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
            ldap_tool(program, &url, Some(&ca), &arguments).unwrap()
        };
        tokio::task::spawn_blocking(call).await.unwrap()
    }

    /// Calls `ldapsearch` as the client.
    pub(crate) async fn ask(&self, arguments: &[&str]) -> Told {
        let token = self.token.clone();
        let mut all =
            vec!["-LLL", "-o", "ldif-wrap=no", "-D", "cn=sssd,ou=clients,dc=tern,dc=example", "-w"];
        all.push(&token);
        if !arguments.contains(&"-b") {
            all.extend(["-b", BASE]);
        }
        all.extend(arguments);
        self.tool("ldapsearch", &all).await
    }

    /// The entries that a filter finds, as the client sees them.
    pub(crate) async fn find(&self, filter: &str, attributes: &[&str]) -> Vec<Entry> {
        let told = self.ask(&[&[filter], attributes].concat()).await;
        assert_eq!(told.code, 0, "{filter}: {told:?}");
        told.entries().unwrap()
    }

    /// The first parts of the names of the entries that a filter finds.
    pub(crate) async fn names(&self, filter: &str) -> Vec<String> {
        let found = self.find(filter, &["1.1"]).await;
        let first = |entry: &Entry| entry.dn.split(',').next().unwrap().to_owned();
        found.iter().map(first).collect()
    }
}

async fn sync(ctx: &Ctx, opened: &Opened) {
    let options =
        SyncOptions { systems: vec!["teams".into(), "hr".into()], ..SyncOptions::default() };
    muster_engine::sync(ctx, opened, &options, &NoProgress).await.unwrap();
}

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.unwrap()
}

pub(crate) async fn token(ctx: &Ctx, opened: &Opened, client: &str, scope: Scope) -> String {
    let scopes = [scope].into_iter().collect();
    create_token(ctx, opened, client, &scopes, None).await.unwrap().token
}

/// The values of an attribute of the only entry.
pub(crate) fn values(found: &[Entry], attribute: &str) -> Vec<String> {
    assert_eq!(found.len(), 1, "{found:?}");
    found[0].values(attribute)
}
