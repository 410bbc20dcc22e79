//! Values that go back to a source: once, and without a loop.

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
      userName: { type: string, unique: true, generate: "lower(name)" }
      login: { type: string }
    lifecycle: { leaver: { when: "false" }, active: { when: "true" } }
systems:
  hr:
    connector: csv
    mode: enforce
    settings: { path: data/hr.csv, key: id, writable: true }
    reads: { person: { owns: { id: record.id, name: record.name, login: record.login }, absent: { state: leaver } } }
    accounts:
      record:
        manage: attributes
        match: [{ on: id == person.id }]
        name: person.id
        columns: { id: {} }
        set: { login: person.userName }
roles:
  employee: { when: "person.lifecycle == 'active'", grants: [hr.record] }
"#;

#[tokio::test]
async fn a_generated_login_goes_back_to_the_file_once_and_nothing_else_of_it_changes() {
    let rig = Rig::new(&[
        ("muster.yaml", MODEL),
        ("data/hr.csv", "id,name,login,note\n1,Ada,,first\n2,Eve,eve,\n"),
    ]);
    rig.sync_all().await;
    let made = rig.plan().await;
    assert_eq!(made.plan.to_do().count(), 1, "{:?}", made.plan);
    rig.apply_whole(&made).await;
    let file = std::fs::read_to_string(rig.dir.path().join("data/hr.csv")).unwrap();
    assert_eq!(file, "id,name,login,note\n1,Ada,ada,first\n2,Eve,eve,\n");
    // What was written comes back with the next read and leads to nothing more.
    rig.sync_all().await;
    assert_eq!(rig.plan().await.plan.to_do().count(), 0);
    // Who leaves keeps the record as it is: it is not ours to delete.
    rig.write("data/hr.csv", "id,name,login,note\n1,Ada,ada,first\n");
    rig.sync_all().await;
    assert_eq!(rig.plan().await.plan.to_do().count(), 0);
}
