//! A role over several systems that was asked for: how far it has come on each, when it is given and when it is taken away.

use muster_app::{DeliveryItem, DeliveryView, unassign};
use muster_governance::{
    Answer, NewRequest, Verdict, create_request, decide_request, person_named, see_request,
};
use muster_testkit::SUFFIX;

use crate::{
    queue::{Log, once, put_between, unreachable},
    server::Server,
    support::Rig,
};

/// Mia leads Ada.
const MODEL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: number
    attributes:
      number: { type: string, unique: true }
      name: { type: string }
      manager: { type: link, to: person }
systems:
  hr:
    connector: csv
    settings: { path: hr.csv, key: number }
    every: 5m
    reads:
      person:
        owns: { number: record.number, name: record.name, manager: record.manager }
  directory:
    connector: ldap
    mode: enforce
    every: 5m
    settings: SETTINGS
    guards: { disable: none, delete: none, revoke: none }
    accounts:
      user:
        object: inetOrgPerson
        match: [{ on: "uid == person.number" }]
        name: dn("uid", person.number, "ou=people")
        set: { uid: person.number, sn: person.name, cn: person.name }
    entitlements:
      group: { object: groupOfNames, members: member, name: 'dn("cn", name, "ou=groups")' }
  ledger:
    connector: memory
    mode: enforce
    every: 5m
    settings: { name: ledger }
    guards: { disable: none, delete: none, revoke: none }
    accounts:
      user:
        name: person.number
        set: { cn: person.name }
        match: [{ on: "cn == person.name" }]
roles:
  staff: { when: "person.number != null", grants: [directory.user] }
  reader: { grants: [{ directory.group: reports }] }
  bookkeeper:
    includes: [reader]
    grants: [directory.user, { directory.group: books }, ledger.user]
    request: { approval: [manager] }
"#;

const HR: &str = "number,name,manager\n1,Mia,\n2,Ada,1\n";

async fn company(server: &Server) -> Rig {
    let model = MODEL.replace("SETTINGS", &server.settings());
    let rig = Rig::new(&[("muster.yaml", &model), ("hr.csv", HR)]);
    for name in ["books", "reports"] {
        server.add(&format!(
            "dn: cn={name},ou=groups,{SUFFIX}\nobjectClass: groupOfNames\ncn: {name}\nmember: cn=nobody,{SUFFIX}\n\n"
        ));
    }
    rig.sync_all().await;
    let made = rig.plan().await;
    rig.apply_whole(&made).await;
    rig
}

/// Ada asks and Mia approves.
async fn asked(rig: &Rig) -> i64 {
    let (ctx, opened) = (rig.ctx(), rig.open().await);
    let ada = person_named(&ctx, &opened, "2").await.unwrap();
    let mia = person_named(&ctx, &opened, "1").await.unwrap();
    let new = NewRequest {
        roles: vec!["bookkeeper".into()],
        reason: "month end".into(),
        ..NewRequest::default()
    };
    let made = create_request(&ctx, &opened, ada, &new).await.unwrap().remove(0);
    let yes = Answer { verdict: Verdict::Approve, note: String::new(), until: None };
    decide_request(&ctx, &opened, mia, made.id, &yes).await.unwrap();
    made.id
}

async fn delivery(rig: &Rig, request: i64) -> DeliveryView {
    let (ctx, opened) = (rig.ctx(), rig.open().await);
    see_request(&ctx, &opened, None, request).await.unwrap().delivery.unwrap()
}

fn states(view: &DeliveryView) -> Vec<String> {
    let line = |item: &DeliveryItem| format!("{} {}: {}", item.system, item.what, item.state);
    view.items.iter().map(line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_package_is_partial_while_one_system_fails_and_whole_when_it_is_well_again() {
    let server = Server::openldap();
    let rig = company(&server).await;
    let ledger = put_between(&rig, "ledger", &Log::default());
    let request = asked(&rig).await;
    let before = delivery(&rig, request).await;
    assert_eq!(
        states(&before),
        [
            "directory user: executed",
            "directory group books: planned",
            "directory group reports: planned",
            "ledger user: planned"
        ]
    );
    ledger.fail(|_| Some(unreachable()));
    once(&rig).await;
    let partial = delivery(&rig, request).await;
    assert!(!partial.is_whole());
    let waits = partial.items.last().unwrap();
    assert!(waits.retry && waits.order.is_some() && waits.next_try.is_some(), "{waits:?}");
    let words = &partial.status;
    assert!(words.starts_with("partial: 3 of 4; ledger: planned ("), "{words}");
    assert!(
        words.contains("503 Service Unavailable") && words.contains(", next try in "),
        "{words}"
    );

    ledger.heal();
    rig.at("2026-03-02T13:00:00Z");
    once(&rig).await;
    assert_eq!(delivery(&rig, request).await.status, "whole: 4 of 4");
    rig.sync_all().await;
    let verified = delivery(&rig, request).await;
    assert!(states(&verified).iter().all(|line| line.ends_with(": verified")), "{verified:?}");
    // What somebody takes out of it by hand is missing.
    server.modify(&format!(
        "dn: cn=books,ou=groups,{SUFFIX}\nchangetype: modify\ndelete: member\nmember: uid=2,ou=people,{SUFFIX}\n"
    ));
    rig.sync_all().await;
    assert_eq!(delivery(&rig, request).await.status, "partial: 3 of 4; directory: planned");
    once(&rig).await;
    assert!(delivery(&rig, request).await.is_whole());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_away_is_partly_there_until_the_last_system_let_go_of_it() {
    let server = Server::openldap();
    let rig = company(&server).await;
    let ledger = put_between(&rig, "ledger", &Log::default());
    let request = asked(&rig).await;
    once(&rig).await;
    assert!(delivery(&rig, request).await.is_whole());
    let (ctx, opened) = (rig.ctx(), rig.open().await);
    ledger.fail(|_| Some(unreachable()));
    unassign(&ctx, &opened, "2", "bookkeeper", "moved on").await.unwrap();
    once(&rig).await;
    // The account of the directory stays: a rule gives it, too.
    let partial = delivery(&rig, request).await;
    let words = &partial.status;
    assert!(words.starts_with("partly taken away: 2 of 3; ledger: planned ("), "{words}");
    ledger.heal();
    rig.at("2026-03-02T13:00:00Z");
    once(&rig).await;
    assert_eq!(delivery(&rig, request).await.status, "taken away: 3 of 3");
}
