//! Several sources: whose word counts, reads of what changed, and records that wait.

use muster_engine::{NoProgress, ReadReport, SyncOptions, sync};
use muster_model::Value;

use crate::support::Rig;

const MODEL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: id
    attributes:
      id: { type: string, unique: true, required: true }
      name: { type: string, required: true }
      mail: { type: string, unique: true, authority: [mail, hr] }
      phone: { type: string, authority: [hr] }
      room: { type: string }
    lifecycle: { leaver: { when: "false" }, active: { when: "true" } }
systems:
  hr:
    connector: memory
    settings: { name: hr }
    reads:
      person:
        owns: { id: record.id, name: record.name, mail: record.mail, phone: record.phone }
        absent: { state: leaver }
        guards: { update: none, absent: none, attribute: none }
  mail:
    connector: memory
    settings: { name: mail }
    reads:
      person:
        match: [{ on: id == record.owner }]
        owns: { mail: record.address, phone: record.phone, room: record.room }
        guards: { update: none, absent: none, attribute: none }
  directory:
    connector: memory
    settings: { name: directory }
    accounts: { user: { object: user, name: person.id, set: { mail: person.mail } } }
roles:
  employee: { when: "person.lifecycle == 'active'", grants: [directory.user] }
"#;

fn rig() -> Rig {
    Rig::new(&[("muster.yaml", MODEL)])
}

fn hr(rig: &Rig, id: &str, mail: Option<&str>, phone: &str) {
    let values = [
        ("id", Value::text(id)),
        ("name", Value::text(format!("Name {id}"))),
        ("mail", mail.map_or(Value::Null, Value::text)),
        ("phone", Value::text(phone)),
    ];
    rig.connectors.memory("hr").put("", id, &values, None);
}

fn mailbox(rig: &Rig, name: &str, owner: &str, address: Option<&str>, phone: &str) {
    let values = [
        ("owner", Value::text(owner)),
        ("address", address.map_or(Value::Null, Value::text)),
        ("phone", Value::text(phone)),
        ("room", Value::text("7")),
    ];
    rig.connectors.memory("mail").put("", name, &values, None);
}

/// The people with these attributes, and whether they are leavers.
async fn people(rig: &Rig) -> Vec<String> {
    let opened = rig.open().await;
    let query = muster_app::PeopleQuery { limit: 100, ..Default::default() };
    let page = muster_app::list_people(&rig.ctx(), &opened, &query).await.unwrap();
    let line = |person: &muster_app::Person| {
        let value = |name: &str| {
            let found = person.values.iter().find(|(known, _)| &**known == name);
            found.map_or_else(|| "-".to_owned(), |(_, value)| value.to_string())
        };
        let state = person.lifecycle.as_deref().unwrap_or("?");
        format!("{} {} {} {} {state}", person.key, value("mail"), value("phone"), value("room"))
    };
    page.items.iter().map(line).collect()
}

fn read<'r>(reads: &'r [ReadReport], system: &str) -> &'r ReadReport {
    reads.iter().find(|read| &*read.system == system).unwrap()
}

#[tokio::test]
async fn the_first_authority_with_a_value_counts_and_others_step_in() {
    let rig = rig();
    hr(&rig, "1", Some("ada@hr"), "11");
    mailbox(&rig, "m1", "1", Some("ada@mail"), "99");
    let synced = rig.sync_all().await;
    assert_eq!(people(&rig).await, ["1 ada@mail 11 7 active"]);
    // The mail system is no authority for phones: what it says is ignored and counted.
    assert_eq!(read(&synced.reads, "mail").ignored, 1);
    // Its value is cleared: the next authority has one.
    mailbox(&rig, "m1", "1", None, "99");
    rig.sync_all().await;
    assert_eq!(people(&rig).await, ["1 ada@hr 11 7 active"]);
    // A change in the second authority does not count while the first one has a value.
    mailbox(&rig, "m1", "1", Some("ada@mail"), "99");
    hr(&rig, "1", Some("ada@hr2"), "11");
    rig.sync_all().await;
    assert_eq!(people(&rig).await, ["1 ada@mail 11 7 active"]);
    // Only an explicit null of all who may speak clears.
    mailbox(&rig, "m1", "1", None, "99");
    hr(&rig, "1", None, "11");
    rig.sync_all().await;
    assert_eq!(people(&rig).await, ["1 - 11 7 active"]);
}

#[tokio::test]
async fn a_record_that_vanishes_hands_over_to_the_next_and_the_last_word_stays() {
    let rig = rig();
    hr(&rig, "1", Some("ada@hr"), "11");
    mailbox(&rig, "m1", "1", Some("ada@mail"), "99");
    rig.sync_all().await;
    rig.connectors.memory("mail").remove("", "m1");
    rig.sync_all().await;
    // A mailbox that is gone says nothing about whether its owner is there; the room was said by nobody else.
    assert_eq!(people(&rig).await, ["1 ada@hr 11 7 active"]);
    rig.connectors.memory("hr").remove("", "1");
    rig.sync_all().await;
    assert_eq!(people(&rig).await, ["1 ada@hr 11 7 leaver"]);
    // A mailbox that comes back does not bring its owner back.
    mailbox(&rig, "m1", "1", Some("ada@mail"), "99");
    rig.sync_all().await;
    assert_eq!(people(&rig).await, ["1 ada@mail 11 7 leaver"]);
    hr(&rig, "1", Some("ada@hr"), "12");
    rig.sync_all().await;
    assert_eq!(people(&rig).await, ["1 ada@mail 12 7 active"]);
}

#[tokio::test]
async fn a_model_that_says_something_else_is_followed_without_another_change_at_the_source() {
    let rig = rig();
    hr(&rig, "1", Some("ada@hr"), "11");
    mailbox(&rig, "m1", "1", Some("ada@mail"), "99");
    rig.sync_all().await;
    rig.write("muster.yaml", &MODEL.replace("authority: [mail, hr]", "authority: [hr, mail]"));
    rig.sync_all().await;
    assert_eq!(people(&rig).await, ["1 ada@hr 11 7 active"]);
    rig.write("muster.yaml", &MODEL.replace("name: record.name,", "name: \"upper(record.name)\","));
    rig.sync_all().await;
    assert_eq!(people(&rig).await, ["1 ada@mail 11 7 active"]);
    // Nothing is left to do, and nothing is written.
    let opened = rig.open().await;
    let before = opened.store.read().await.unwrap().facts_version().await.unwrap();
    rig.sync_in(&opened).await;
    assert_eq!(opened.store.read().await.unwrap().facts_version().await.unwrap(), before);
}

async fn complete(rig: &Rig) -> Vec<ReadReport> {
    let options = SyncOptions { complete: true, ..SyncOptions::default() };
    sync(&rig.ctx(), &rig.open().await, &options, &NoProgress).await.unwrap().reads
}

#[tokio::test]
async fn a_complete_read_after_any_sequence_of_incremental_ones_changes_nothing() {
    let rig = rig();
    let mut dice = crate::staff::Dice(0x1234_5678);
    for id in 0..20 {
        hr(&rig, &id.to_string(), Some(&format!("p{id}@hr")), "1");
    }
    rig.sync().await;
    for round in 0..25 {
        for _ in 0..dice.below(6) {
            let id = dice.below(30).to_string();
            match dice.below(5) {
                0 => rig.connectors.memory("hr").remove("", &id),
                1 => rig.connectors.memory("mail").remove("", &format!("m{id}")),
                // Sometimes an address that another one has: refused, and taken when it is free.
                2 => mailbox(
                    &rig,
                    &format!("m{id}"),
                    &id,
                    Some(&format!("x{}@mail", dice.below(4))),
                    "9",
                ),
                _ => hr(&rig, &id, Some(&format!("p{}@hr", dice.below(30))), &round.to_string()),
            }
        }
        let synced = rig.sync().await;
        assert!(synced.reads.iter().take(2).all(|read| read.complete), "{:?}", synced.reads);
        assert!(read(&synced.reads, "hr").incremental);
        if dice.below(3) == 0 {
            // What waited for a value to become free may take it now, with whatever read comes next.
            rig.sync().await;
            let before = people(&rig).await;
            let opened = rig.open().await;
            let version = opened.store.read().await.unwrap().facts_version().await.unwrap();
            let reads = complete(&rig).await;
            assert_eq!(people(&rig).await, before, "{reads:?}");
            let after = opened.store.read().await.unwrap().facts_version().await.unwrap();
            assert_eq!(after, version, "round {round}: {reads:?}");
        }
    }
}

#[tokio::test]
async fn only_what_changed_is_read_until_a_complete_read_is_due_or_asked_for() {
    let rig = rig();
    for id in 0..10 {
        hr(&rig, &id.to_string(), None, "1");
    }
    rig.sync_all().await;
    rig.connectors.memory("hr").remove("", "3");
    hr(&rig, "4", None, "2");
    let synced = rig.sync_all().await;
    let hr_read = read(&synced.reads, "hr");
    assert!(hr_read.incremental);
    assert_eq!((hr_read.objects, hr_read.changed, hr_read.absent), (1, 1, 1));
    assert!(people(&rig).await.contains(&"3 - 1 - leaver".to_owned()));
    assert!(!read(&complete(&rig).await, "hr").incremental);
    rig.at("2026-03-08T12:00:00Z");
    assert!(read(&rig.sync_all().await.reads, "hr").incremental);
    rig.at("2026-03-10T12:00:00Z");
    assert!(!read(&rig.sync_all().await.reads, "hr").incremental);
    // Another column is asked for: what is there already has to be read for it.
    rig.write(
        "muster.yaml",
        &MODEL
            .replace(
                "phone: record.phone }\n        absent",
                "phone: record.phone, room: record.room }\n        absent",
            )
            .replace("room: { type: string }", "room: { type: string, authority: [mail, hr] }"),
    );
    assert!(!read(&rig.sync_all().await.reads, "hr").incremental);
}
