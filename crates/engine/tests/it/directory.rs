//! A real directory that dies, lies, loses answers, or is changed by hand.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use async_trait::async_trait;
use muster_app::{AccountQuery, list_accounts};
use muster_connector::{Connector, ConnectorError, Field, Intercept, Intercepted};
use muster_engine::MadePlan;
use muster_model::{Applied, Change, Object, ObjectRef};
use muster_plan::Kind;
use muster_store::AccountStatus;
use muster_testkit::{SUFFIX, Slapd};

use crate::{
    server::{Contents, Server, assert_same},
    staff::{Expected, look_alike, model},
    support::Rig,
};

/// A server that can be killed from inside a connector.
type Shared = Arc<Mutex<Server>>;

fn slapd<R>(server: &Shared, act: impl FnOnce(&mut Slapd) -> R) -> R {
    match &mut *server.lock().unwrap() {
        Server::OpenLdap(slapd) => act(slapd),
        Server::Dirsrv(_) => panic!("an OpenLDAP server is wanted"),
    }
}

/// So many changes are on their way when the server dies.
const UNDER_WAY: usize = 10;

/// What is being done when the server dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum During {
    Accounts,
    Groups,
    Members,
}

impl During {
    fn of(change: &Change) -> Self {
        match change {
            Change::Create { object, .. } if &*object.class == "groupOfNames" => Self::Groups,
            Change::Members { .. } => Self::Members,
            Change::Create { .. }
            | Change::Update { .. }
            | Change::Rename { .. }
            | Change::SetEnabled { .. }
            | Change::Delete { .. } => Self::Accounts,
        }
    }
}

/// Passes so many changes of one kind on and kills the server while the next ones are on their way.
///
/// Those under way are done or not; nobody hears of it.
#[derive(Debug)]
struct KillAfter {
    death: Arc<Mutex<Option<(During, usize)>>>,
    server: Shared,
}

#[async_trait]
impl Intercept for KillAfter {
    async fn apply(
        &self,
        inner: &dyn Connector,
        changes: &[Change],
    ) -> Vec<Result<Applied, ConnectorError>> {
        let now = {
            let mut death = self.death.lock().unwrap();
            let of_kind = |during| changes.iter().filter(|c| During::of(c) == during).count();
            match *death {
                // The changes of one call are all of one kind.
                Some((during, n)) if n < of_kind(during) => {
                    *death = None;
                    Some(n)
                }
                Some((during, n)) => {
                    *death = Some((during, n - of_kind(during)));
                    None
                }
                None => None,
            }
        };
        let Some(n) = now else { return inner.apply(changes).await };
        let mut answers = inner.apply(&changes[..n]).await;
        let kill = async {
            tokio::task::yield_now().await;
            slapd(&self.server, Slapd::kill).unwrap();
        };
        let under_way = &changes[n..changes.len().min(n + UNDER_WAY)];
        let (rest, ()) = tokio::join!(inner.apply(under_way), kill);
        answers.extend(rest);
        let never_sent = || Err(ConnectorError::Unreachable("the server is gone".to_owned()));
        answers.resize_with(changes.len(), never_sent);
        answers
    }
}

/// Applies the latest plan again and again until nothing is left of it; answers how many calls were made again.
async fn apply_until_done(rig: &Rig, made: &MadePlan) -> u64 {
    let n = made.plan.to_do().count() as u64;
    let mut retried = 0;
    for _ in 0..20 {
        let applied = rig.apply(Some(n)).await.unwrap();
        assert!(applied.failed.is_empty() && applied.skipped == 0, "{applied:?}");
        retried += applied.retried;
        if applied.left == 0 {
            assert_eq!(applied.executed + applied.done_before, n);
            return retried;
        }
        assert!(!applied.quarantined.is_empty());
    }
    panic!("the plan is never done");
}

/// A read shows what the plan did, nothing is doubled, and there is nothing more to do.
async fn settled(rig: &Rig, expected: &Contents) {
    let read = rig.sync_all().await;
    let accounts = read.reads.iter().find(|read| &*read.what == "account user").unwrap();
    assert_eq!((accounts.created, accounts.changed, accounts.absent), (0, 0, 0), "{accounts:?}");
    assert_eq!((accounts.unconfirmed, accounts.orphans), (0, 0));
    assert_eq!(rig.plan().await.plan.operations, []);
    let query = AccountQuery { limit: 10_000, ..AccountQuery::default() };
    let known = list_accounts(&rig.ctx(), &rig.open().await, &query).await.unwrap().items;
    assert_eq!(known.len(), expected.people.len());
    assert!(known.iter().all(|account| account.status == AccountStatus::Linked));
}

#[tokio::test]
async fn a_directory_that_is_killed_half_way_ends_as_if_nothing_had_happened() {
    let (first, _) = look_alike(150);
    for deaths in [
        [(During::Accounts, 40), (During::Accounts, 60), (During::Groups, 8), (During::Members, 8)],
        [(During::Accounts, 0), (During::Groups, 0), (During::Members, 0), (During::Members, 6)],
    ] {
        let server = Arc::new(Mutex::new(Server::openldap()));
        let text = model(&server.lock().unwrap(), "");
        let rig = Rig::new(&[("muster.yaml", &text), ("data/staff.csv", &first)]);
        rig.sync_all().await;
        let made = rig.plan().await;
        let next_death = Arc::new(Mutex::new(None));
        let shared = (Arc::clone(&server), Arc::clone(&next_death));
        *rig.connectors.wrap.lock().unwrap() = Some(Box::new(move |inner| {
            let between = KillAfter { death: shared.1.clone(), server: shared.0.clone() };
            Arc::new(Intercepted::new(inner, between))
        }));
        let n = made.plan.to_do().count() as u64;
        for death in deaths {
            *next_death.lock().unwrap() = Some(death);
            let applied = rig.apply(Some(n)).await.unwrap();
            assert_eq!(*next_death.lock().unwrap(), None, "the server did not die: {applied:?}");
            assert!(applied.failed.is_empty() && applied.skipped == 0, "{applied:?}");
            assert!(applied.left > 0 && applied.quarantined.len() == 1, "{applied:?}");
            slapd(&server, Slapd::restart).unwrap();
        }
        apply_until_done(&rig, &made).await;
        let mut expected = Expected::default();
        expected.follow(&first);
        assert_same(&server.lock().unwrap().contents(), expected.contents());
        settled(&rig, expected.contents()).await;
    }
}

const CHAOS: &str =
    "chaos: { seed: SEED, drop: 4, fail_after: 4, duplicate: 4, throttle: 4, throttle_after: 1ms }";

#[tokio::test]
async fn lost_answers_doubled_calls_and_refusals_lead_to_the_same_directory() {
    let (first, second) = look_alike(150);
    let server = Server::openldap();
    let text = model(&server, &CHAOS.replace("SEED", "7"));
    let rig = Rig::new(&[("muster.yaml", &text), ("data/staff.csv", &first)]);
    let mut expected = Expected::default();
    rig.sync_all().await;
    let made = rig.plan().await;
    assert!(apply_until_done(&rig, &made).await > 0);
    expected.follow(&first);
    assert_same(&server.contents(), expected.contents());
    settled(&rig, expected.contents()).await;

    // Changes, moves between groups and leavers under the same conditions.
    rig.write("data/staff.csv", &second);
    rig.release().await;
    let made = rig.plan().await;
    assert!(apply_until_done(&rig, &made).await > 0);
    expected.follow(&second);
    assert_same(&server.contents(), expected.contents());
    settled(&rig, expected.contents()).await;
    rig.at("2026-08-01T12:00:00Z");
    let made = rig.plan().await;
    assert!(apply_until_done(&rig, &made).await > 0);
    expected.delete_locked();
    assert_same(&server.contents(), expected.contents());
    settled(&rig, expected.contents()).await;
}

#[tokio::test]
async fn a_directory_that_says_yes_and_does_nothing_is_found_out_and_put_right() {
    let (first, _) = look_alike(150);
    let server = Server::openldap();
    let lying = model(&server, "chaos: { seed: 3, lie: 10 }");
    let rig = Rig::new(&[("muster.yaml", &lying), ("data/staff.csv", &first)]);
    let mut expected = Expected::default();
    expected.follow(&first);
    rig.sync_all().await;
    let made = rig.plan().await;
    let n = made.plan.to_do().count() as u64;
    rig.apply(Some(n)).await.unwrap();
    assert_ne!(&server.contents(), expected.contents());

    // From now on it tells the truth.
    rig.write("muster.yaml", &model(&server, ""));
    let read = rig.sync_all().await;
    let accounts = read.reads.iter().find(|read| &*read.what == "account user").unwrap();
    assert!(accounts.unconfirmed > 0, "{accounts:?}");
    assert!(accounts.absent > 0 && accounts.verified > 0, "{accounts:?}");
    let made = rig.plan().await;
    rig.apply_whole(&made).await;
    assert_same(&server.contents(), expected.contents());
    settled(&rig, expected.contents()).await;
}

const SMALL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: number
    display: name
    attributes:
      number: { type: string, unique: true, required: true }
      login: { type: string, unique: true, required: true }
      name: { type: string }
      title: { type: string }
      team: { type: string }
      manager: { type: link, to: person, inverse: reports }
systems:
  hr:
    connector: csv
    settings: { path: data/hr.csv, key: number }
    reads:
      person:
        owns:
          number: record.number
          login: record.login
          name: record.name
          title: record.title
          team: record.team
          manager: link("person", record.manager)
  directory:
    connector: ldap
    mode: enforce
    settings: SETTINGS
    accounts:
      user:
        object: inetOrgPerson
        match: [{ on: "employeeNumber == person.number" }]
        name: dn("uid", person.login, "ou=people")
        set:
          uid: person.login
          cn: person.name
          sn: person.name
          title: person.title
          manager: dn("uid", person.manager.login, "ou=people", "SUFFIX")
          employeeNumber: person.number
    entitlements:
      group: { object: groupOfNames, members: member, name: 'dn("cn", name, "ou=groups")', create: true }
roles:
  staff:
    grants: [directory.user, { directory.group: staff }, { directory.group: { each: "person.team" } }]
    when: "true"
"#;

const PEOPLE: &str = "number,login,name,title,team,manager
1,ada,Ada Lovelace,Head,sales,
2,bob,Bob Stone,Clerk,sales,1
3,eve,Eve Moneypenny,Clerk,finance,2
4,max,Max Planck,Auditor,finance,2
";

/// The small company in a directory, everything in place.
async fn small(server: &Server) -> Rig {
    let text = SMALL.replace("SETTINGS", &server.settings()).replace("SUFFIX", SUFFIX);
    let rig = Rig::new(&[("muster.yaml", &text), ("data/hr.csv", PEOPLE)]);
    rig.sync_all().await;
    let made = rig.plan().await;
    rig.apply_whole(&made).await;
    rig.sync_all().await;
    rig
}

fn members(server: &Server, group: &str) -> Vec<String> {
    server.contents().groups[group].iter().cloned().collect()
}

fn value(server: &Server, uid: &str, attribute: &str) -> String {
    server.contents().people[uid].get(attribute).cloned().unwrap_or_default()
}

fn kinds(made: &MadePlan) -> Vec<String> {
    let shown = |operation: &muster_plan::Operation| {
        format!("{} {}", operation.subject, muster_plan::describe(&operation.kind))
    };
    made.plan.operations.iter().map(shown).collect()
}

async fn rename(server: &Server) {
    let rig = small(server).await;
    assert_eq!(value(server, "eve", "manager"), format!("uid=bob,ou=people,{SUFFIX}"));
    let married = PEOPLE.replace("2,bob,Bob Stone", "2,robert,Robert Stone-Hill");
    rig.write("data/hr.csv", &married);
    rig.sync_all().await;
    let made = rig.plan().await;
    let n_renames = made.plan.operations.iter().filter(|o| matches!(o.kind, Kind::Rename { .. }));
    assert_eq!(n_renames.count(), 1, "{:?}", kinds(&made));
    rig.apply_whole(&made).await;
    let found = server.contents();
    assert!(!found.people.contains_key("bob"));
    assert_eq!(found.people["robert"]["cn"], "Robert Stone-Hill");
    for report in ["eve", "max"] {
        assert_eq!(value(server, report, "manager"), format!("uid=robert,ou=people,{SUFFIX}"));
    }
    // He is where he was under his new name, and nowhere under the old one.
    assert_eq!(members(server, "staff"), ["ada", "eve", "max", "robert"]);
    assert_eq!(members(server, "sales"), ["ada", "robert"]);
    rig.sync_all().await;
    assert_eq!(kinds(&rig.plan().await), [""; 0]);
}

#[tokio::test]
async fn a_renamed_person_keeps_groups_and_reports_in_openldap() {
    rename(&Server::openldap()).await;
}

#[tokio::test]
async fn a_renamed_person_keeps_groups_and_reports_in_389() {
    rename(&Server::dirsrv()).await;
}

#[tokio::test]
async fn two_people_who_swap_their_names_end_up_as_the_file_says() {
    let server = Server::openldap();
    let rig = small(&server).await;
    rig.write("data/hr.csv", &PEOPLE.replace("3,eve,", "3,tmp,").replace("4,max,", "4,eve,"));
    rig.sync_all().await;
    for _ in 0..3 {
        let made = rig.plan().await;
        if made.plan.operations.is_empty() {
            break;
        }
        let n = made.plan.to_do().count() as u64;
        rig.apply(Some(n)).await.unwrap();
        rig.sync_all().await;
    }
    assert_eq!(rig.plan().await.plan.operations, []);
    assert_eq!(value(&server, "eve", "employeenumber"), "4");
    assert_eq!(value(&server, "tmp", "employeenumber"), "3");
    assert_eq!(members(&server, "finance"), ["eve", "tmp"]);
}

#[tokio::test]
async fn what_was_changed_by_hand_is_put_right_and_what_is_nobodys_is_left_alone() {
    let server = Server::openldap();
    let rig = small(&server).await;
    let before = server.contents();
    server.add(&format!(
        "dn: uid=guest,ou=people,{SUFFIX}\nobjectClass: inetOrgPerson\nuid: guest\ncn: Guest\nsn: Guest\n"
    ));
    server.modify(&format!(
        "dn: uid=eve,ou=people,{SUFFIX}\nchangetype: modify\nreplace: title\ntitle: Queen\n-\nadd: description\ndescription: by hand\n-\nadd: mobile\nmobile: 007\n\n\
         dn: cn=sales,ou=groups,{SUFFIX}\nchangetype: modify\nadd: member\nmember: uid=eve,ou=people,{SUFFIX}\nmember: uid=guest,ou=people,{SUFFIX}\n-\ndelete: member\nmember: uid=bob,ou=people,{SUFFIX}\n\n\
         dn: uid=max,ou=people,{SUFFIX}\nchangetype: delete\n"
    ));
    let read = rig.sync_all().await;
    let accounts = read.reads.iter().find(|read| &*read.what == "account user").unwrap();
    assert_eq!(
        (accounts.created, accounts.changed, accounts.absent, accounts.orphans),
        (1, 2, 1, 1),
        "{accounts:?}"
    );
    let query =
        AccountQuery { status: Some(AccountStatus::Orphan), limit: 10, ..AccountQuery::default() };
    let orphans = list_accounts(&rig.ctx(), &rig.open().await, &query).await.unwrap().items;
    assert_eq!(orphans.len(), 1);
    assert_eq!(&*orphans[0].name, format!("uid=guest,ou=people,{SUFFIX}"));
    let held: Vec<&str> = orphans[0].entitlements.iter().map(|(_, name)| &**name).collect();
    assert_eq!(held, ["sales"]);

    let made = rig.plan().await;
    let revoke = made.plan.operations.iter().find(|o| matches!(o.kind, Kind::Revoke { .. }));
    assert_eq!(&*revoke.unwrap().reason.text, "drift: group `sales` was given outside");
    assert_eq!(
        kinds(&made),
        [
            "eve revoke group sales",
            "max create account with 6 attributes",
            "eve title \"Queen\" -> \"Clerk\"",
            "bob grant group sales",
            "max grant group finance",
            "max grant group staff",
        ]
    );
    rig.apply_whole(&made).await;
    let mut expected = before;
    // What the model does not name stays as it is: values, accounts, and members of ours that are not accounts of ours.
    let eve = expected.people.get_mut("eve").unwrap();
    eve.insert("description".into(), "by hand".into());
    eve.insert("mobile".into(), "007".into());
    let guest = [("cn", "Guest"), ("sn", "Guest"), ("uid", "guest")];
    let guest = guest.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    expected.people.insert("guest".to_owned(), guest);
    expected.groups.get_mut("sales").unwrap().insert("guest".to_owned());
    assert_same(&server.contents(), &expected);
    rig.sync_all().await;
    assert_eq!(rig.plan().await.plan.operations, []);
    assert_same(&server.contents(), &expected);
}

#[tokio::test]
async fn an_account_that_was_there_before_is_taken_over_and_a_strangers_name_stops_one_person_only()
{
    let server = Server::openldap();
    server.add(&format!(
        "dn: uid=ada.old,ou=people,{SUFFIX}\nobjectClass: inetOrgPerson\nuid: ada.old\ncn: A\nsn: A\nemployeeNumber: 1\n\n\
         dn: uid=bob,ou=people,{SUFFIX}\nobjectClass: inetOrgPerson\nuid: bob\ncn: Bobby\nsn: Stranger\n"
    ));
    let text = SMALL.replace("SETTINGS", &server.settings()).replace("SUFFIX", SUFFIX);
    let rig = Rig::new(&[("muster.yaml", &text), ("data/hr.csv", PEOPLE)]);
    rig.sync_all().await;
    let made = rig.plan().await;
    let n = made.plan.to_do().count() as u64;
    let applied = rig.apply(Some(n)).await.unwrap();
    let failed: Vec<&str> = applied.failed.iter().map(|(o, _)| &*o.target.name).collect();
    assert_eq!(failed, [format!("uid=bob,ou=people,{SUFFIX}")], "{:?}", applied.failed);
    assert!(applied.failed[0].1.contains("uid=bob,ou=people"), "{}", applied.failed[0].1);
    assert_eq!((applied.skipped, applied.left), (2, 0));
    let found = server.contents();
    assert_eq!(found.people.keys().collect::<Vec<_>>(), ["ada", "bob", "eve", "max"]);
    assert_eq!(found.people["bob"]["sn"], "Stranger");
    assert_eq!(found.people["ada"]["title"], "Head");
    assert_eq!(members(&server, "staff"), ["ada", "eve", "max"]);
}

/// Loses all of the first changes, on the way there or on the way back, and the first look at what became of them.
#[derive(Debug)]
struct LoseFirst {
    arrives: bool,
    changes: AtomicBool,
    looks: AtomicBool,
}

fn lost<T>() -> Result<T, ConnectorError> {
    Err(ConnectorError::Unreachable("the line is dead".to_owned()))
}

#[async_trait]
impl Intercept for LoseFirst {
    async fn get(
        &self,
        inner: &dyn Connector,
        object: &ObjectRef,
        fields: &[Field],
    ) -> Result<Option<Object>, ConnectorError> {
        if self.looks.swap(false, Ordering::Relaxed) {
            return lost();
        }
        inner.get(object, fields).await
    }

    async fn apply(
        &self,
        inner: &dyn Connector,
        changes: &[Change],
    ) -> Vec<Result<Applied, ConnectorError>> {
        if !self.changes.swap(false, Ordering::Relaxed) {
            return inner.apply(changes).await;
        }
        if self.arrives {
            inner.apply(changes).await;
        }
        changes.iter().map(|_| lost()).collect()
    }
}

fn lose_first(rig: &Rig, arrives: bool) {
    *rig.connectors.wrap.lock().unwrap() = Some(Box::new(move |inner| {
        let (changes, looks) = (AtomicBool::new(true), AtomicBool::new(true));
        Arc::new(Intercepted::new(inner, LoseFirst { arrives, changes, looks }))
    }));
}

#[tokio::test]
async fn an_account_that_was_made_unheard_is_not_reported_as_failed() {
    let server = Server::openldap();
    let text = SMALL.replace("SETTINGS", &server.settings()).replace("SUFFIX", SUFFIX);
    let rig = Rig::new(&[("muster.yaml", &text), ("data/hr.csv", PEOPLE)]);
    rig.sync_all().await;
    let made = rig.plan().await;
    lose_first(&rig, true);
    let applied = rig.apply_whole(&made).await;
    assert!(applied.retried > 0);
    rig.sync_all().await;
    assert_eq!(kinds(&rig.plan().await), [""; 0]);
    assert_eq!(members(&server, "staff"), ["ada", "bob", "eve", "max"]);
}

#[tokio::test]
async fn a_strangers_account_is_not_taken_for_the_one_whose_creation_was_lost() {
    let server = Server::openldap();
    server.add(&format!(
        "dn: uid=bob,ou=people,{SUFFIX}\nobjectClass: inetOrgPerson\nuid: bob\ncn: Bobby\nsn: Stranger\n"
    ));
    let text = SMALL.replace("SETTINGS", &server.settings()).replace("SUFFIX", SUFFIX);
    let rig = Rig::new(&[("muster.yaml", &text), ("data/hr.csv", PEOPLE)]);
    rig.sync_all().await;
    let made = rig.plan().await;
    lose_first(&rig, false);
    let n = made.plan.to_do().count() as u64;
    let applied = rig.apply(Some(n)).await.unwrap();
    assert_eq!((applied.failed.len(), applied.skipped, applied.left), (1, 2, 0));
    assert!(applied.failed[0].1.contains("exists already"), "{}", applied.failed[0].1);
    assert_eq!(value(&server, "bob", "sn"), "Stranger");
    rig.sync_all().await;
    let query = AccountQuery { limit: 10, ..AccountQuery::default() };
    let accounts = list_accounts(&rig.ctx(), &rig.open().await, &query).await.unwrap().items;
    let bob = accounts.iter().find(|account| account.name.starts_with("uid=bob")).unwrap();
    assert_eq!(bob.status, AccountStatus::Orphan);
}
