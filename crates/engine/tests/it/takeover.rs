//! An estate that grew without Muster: observed, explained, taken over, and changed in nothing that was not shown.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use muster_app::{AcceptDeduced, Takeover, accept_deduced, take_over};
use muster_engine::MadePlan;
use muster_plan::{Kind, Operation, describe};
use muster_testkit::SUFFIX;

use crate::{
    server::{Contents, Server, assert_same},
    staff::sample,
    support::Rig,
};

const MODEL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: number
    attributes:
      number: { type: string, unique: true }
      given: { type: string }
      family: { type: string }
systems:
  hr:
    connector: csv
    settings: { path: data/hr.csv, key: number }
    reads: { person: { owns: { number: record.number, given: record.given, family: record.family } } }
  directory:
    connector: ldap
    mode: MODE
    settings: SETTINGS
    accounts:
      user:
        object: inetOrgPerson
        match: [{ on: "uid == person.number" }]
        name: dn("uid", person.number, "ou=people")
        set:
          uid: person.number
          givenName: person.given
          sn: person.family
          cn: { value: "person.given + ' ' + person.family", on: create }
    entitlements:
      group: { object: groupOfNames, members: member, name: 'dn("cn", name, "ou=groups")' }
roles:
  staff: { when: "person.number != null", grants: [directory.user, { directory.group: staff }] }
  auditor: { grants: [{ directory.group: audit }] }
  payer: { grants: [{ directory.group: pay }, { directory.group: invoices }] }
  left-hand: { grants: [{ directory.group: shared }] }
  right-hand: { grants: [{ directory.group: shared }] }
"#;

/// People of the directory, as they are in it.
struct Person {
    number: String,
    given: String,
    family: String,
}

/// The people of the sample where it is at hand, else as many that look like them.
fn people(n: usize, file: Option<String>) -> Vec<Person> {
    let Some(file) = file else {
        let person = |i: usize| Person {
            number: format!("u{i:08}"),
            given: format!("Given{}", i % 97),
            family: format!("Family{i}"),
        };
        return (0..n).map(person).collect();
    };
    let mut people = Vec::new();
    for entry in file.split("\n\n") {
        let value = |name: &str| {
            let line = entry.lines().find_map(|line| line.strip_prefix(name));
            line.map(|value| value.trim().to_owned())
        };
        let number = value("uid:").filter(|uid| uid.starts_with("u0"));
        if let (Some(number), Some(given), Some(family)) =
            (number, value("givenName:"), value("sn:"))
        {
            people.push(Person { number, given, family });
        }
    }
    people
}

fn load(server: &Server, people: &[Person]) {
    let mut ldif = String::new();
    for Person { number, given, family } in people {
        write!(
            ldif,
            "dn: uid={number},ou=people,{SUFFIX}\nobjectClass: inetOrgPerson\nuid: {number}\ncn: {given} {family}\ngivenName: {given}\nsn: {family}\nuserPassword: p-{number}\n\n"
        )
        .unwrap();
    }
    let of = |n: usize| people.iter().enumerate().filter(move |(i, _)| i % n == 0);
    let groups: [(&str, Vec<&Person>); 6] = [
        ("staff", people.iter().collect()),
        ("audit", of(40).map(|(_, p)| p).collect()),
        ("pay", of(25).map(|(_, p)| p).collect()),
        // One of those who pay has no part in invoices.
        ("invoices", of(25).skip(1).map(|(_, p)| p).collect()),
        ("shared", of(60).map(|(_, p)| p).collect()),
        ("legacy", of(70).map(|(_, p)| p).collect()),
    ];
    for (name, members) in groups {
        writeln!(ldif, "dn: cn={name},ou=groups,{SUFFIX}\nobjectClass: groupOfNames\ncn: {name}")
            .unwrap();
        for person in members {
            writeln!(ldif, "member: uid={},ou=people,{SUFFIX}", person.number).unwrap();
        }
        ldif.push('\n');
    }
    // A group in a group: whoever audits may read everything.
    write!(
        ldif,
        "dn: cn=readers,ou=groups,{SUFFIX}\nobjectClass: groupOfNames\ncn: readers\nmember: cn=audit,ou=groups,{SUFFIX}\n\n"
    )
    .unwrap();
    server.add(&ldif);
}

/// Most of the people: every fiftieth is not in it, every thirtieth has married, two are new.
fn hr(people: &[Person]) -> String {
    let mut file = "number,given,family\n".to_owned();
    for (i, Person { number, given, family }) in people.iter().enumerate() {
        if i % 50 == 7 {
            continue;
        }
        let married = if i % 30 == 11 { "-Jones" } else { "" };
        writeln!(file, "{number},{given},{family}{married}").unwrap();
    }
    file.push_str("n1,Ada,Lovelace\nn2,Grace,Hopper\n");
    file
}

fn lines(operations: &[Operation]) -> BTreeSet<String> {
    let line = |o: &Operation| format!("{} {}", o.target.name, describe(&o.kind));
    operations.iter().map(line).collect()
}

/// What the directory is after exactly these operations.
fn after(mut contents: Contents, operations: &[Operation]) -> Contents {
    for operation in operations {
        let uid = operation.target.name.strip_prefix("uid=").unwrap();
        let uid = uid.split(',').next().unwrap().to_owned();
        match &operation.kind {
            Kind::Create { values, .. } => {
                let values = values.iter().map(|(a, v)| (a.to_lowercase(), v.to_string()));
                contents.people.insert(uid, values.collect());
            }
            Kind::Update { changes } => {
                let person = contents.people.get_mut(&uid).unwrap();
                for change in changes {
                    person.insert(change.attribute.to_lowercase(), change.new.to_string());
                }
            }
            Kind::Grant { name, .. } => {
                contents.groups.get_mut(&**name).unwrap().insert(uid);
            }
            Kind::Revoke { name, .. } => {
                contents.groups.get_mut(&**name).unwrap().remove(&uid);
            }
            Kind::Rename { .. } | Kind::Enable | Kind::Disable | Kind::Delete => {
                panic!("{operation:?}")
            }
        }
    }
    contents
}

async fn taken(rig: &Rig) -> Takeover {
    take_over(&rig.ctx(), &rig.open().await, None).await.unwrap()
}

fn roles(taken: &Takeover, missing: bool) -> BTreeMap<String, usize> {
    let mut roles = BTreeMap::new();
    for one in taken.deduced.iter().filter(|one| one.missing.is_empty() != missing) {
        *roles.entry(one.role.to_string()).or_default() += 1;
    }
    roles
}

/// One explanation is one, two are none, what is missing is said.
fn assert_deduced(found: &Takeover, of: impl Fn(usize) -> usize) {
    let whole = [("auditor".to_owned(), of(40)), ("payer".to_owned(), of(25) - 1)];
    assert_eq!(roles(found, false), BTreeMap::from(whole));
    assert_eq!(roles(found, true), BTreeMap::from([("payer".to_owned(), 1)]));
    assert_eq!(found.open.len(), of(60));
    assert!(found.open.iter().all(|open| open.roles.len() == 2 && open.access.ends_with("shared")));
    assert_eq!(found.unexplained.len(), of(70));
    assert!(found.unexplained.iter().all(|one| one.access == "directory.group: legacy"));
    assert_eq!(found.indirect.len(), of(40));
    assert!(found.indirect.iter().all(|one| one.access == "directory.group: readers"));
}

async fn estate(people: Vec<Person>) {
    let server = Server::openldap();
    load(&server, &people);
    let text = |mode: &str| MODEL.replace("SETTINGS", &server.settings()).replace("MODE", mode);
    let rig = Rig::new(&[("muster.yaml", &text("observe")), ("data/hr.csv", &hr(&people))]);
    let before = server.contents();

    // Correlated: everybody whom HR knows, and nobody else.
    let read = rig.sync_all().await;
    let accounts = read.reads.iter().find(|read| &*read.what == "account user").unwrap();
    let n = people.len();
    let is_known = |i: &usize| i % 50 != 7;
    let strangers = n - (0..n).filter(is_known).count();
    assert_eq!(
        (accounts.linked, accounts.orphans, accounts.undecided, accounts.drift),
        ((n - strangers) as u64, strangers as u64, 0, 0)
    );

    let of = |every: usize| (0..n).filter(|i| i % every == 0).filter(is_known).count();
    assert_deduced(&taken(&rig).await, of);

    // Accepted with the number, and only with it.
    let n_whole = (of(40) + of(25) - 1) as u64;
    let opened = rig.open().await;
    let wrong = AcceptDeduced { confirm: Some(n_whole + 1), ..AcceptDeduced::default() };
    let refused = accept_deduced(&rig.ctx(), &opened, wrong).await.unwrap_err();
    assert_eq!(refused.kind(), muster_app::Kind::Held);
    let right = AcceptDeduced { confirm: Some(n_whole), ..AcceptDeduced::default() };
    assert_eq!(accept_deduced(&rig.ctx(), &opened, right).await.unwrap(), n_whole);
    assert!(roles(&taken(&rig).await, false).is_empty());

    // Shown: nothing is to be done, and what would be.
    let made = rig.plan().await;
    assert_eq!(made.plan.operations, []);
    let shown = made.plan.observed_only.clone();
    let n_married = (0..n).filter(|i| i % 30 == 11).filter(is_known).count();
    let count = |word: &str| shown.iter().filter(|o| o.kind.name() == word).count();
    assert_eq!(
        (count("create"), count("update"), count("grant"), count("revoke")),
        (2, n_married, 2, of(70) + of(60) + 1)
    );
    assert_eq!(shown.len(), 4 + n_married + of(70) + of(60) + 1);
    assert_same(&server.contents(), &before);

    // Enforced: exactly what was shown, and the directory is what follows from it.
    rig.write("muster.yaml", &text("enforce"));
    let read = rig.sync_all().await;
    assert!(read.reads.iter().all(|read| read.changed + read.absent + read.drift == 0));
    let made: MadePlan = rig.plan().await;
    assert_eq!(lines(&made.plan.operations), lines(&shown));
    rig.apply_whole(&made).await;
    assert_same(&server.contents(), &after(before, &shown));
    rig.sync_all().await;
    assert_eq!(rig.plan().await.plan.operations, []);
}

#[tokio::test]
async fn an_estate_is_taken_over_and_nothing_is_changed_that_was_not_shown() {
    estate(people(421, None)).await;
}

#[tokio::test]
async fn the_same_holds_for_four_thousand_people_where_they_are_at_hand() {
    let Some(file) = sample("ldif/example-4000.ldif.gz") else { return };
    let people = people(0, Some(file));
    assert_eq!(people.len(), 4000);
    estate(people).await;
}
