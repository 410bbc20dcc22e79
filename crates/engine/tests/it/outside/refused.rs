//! What would complete a conflict with what only a directory holds is refused by every road.

use muster_app::{AssignRequest, Error, Kind, assign, unassign};
use muster_governance::{
    Answer, NewException, NewRequest, Verdict, check_request, create_request, decide_request,
    except_conflict, solve_conflict,
};
use muster_model::EntityId;
use muster_testkit::SUFFIX;

use super::conflicts;
use crate::{server::Server, support::Rig};

/// Mia (1) leads the others. Whoever enters may not release.
const MODEL: &str = r#"
muster: 1
types:
  person:
    identity: true
    key: number
    attributes:
      number: { type: string, unique: true }
      shift: { type: string }
      manager: { type: link, to: person }
systems:
  hr:
    connector: csv
    settings: { path: data/hr.csv, key: number }
    reads: { person: { owns: { number: record.number, shift: record.shift, manager: record.manager } } }
  directory:
    connector: ldap
    mode: propose
    settings: SETTINGS
    guards: { disable: none, revoke: none }
    accounts:
      user:
        object: inetOrgPerson
        match: [{ on: "uid == person.number" }]
        name: dn("uid", person.number, "ou=people")
        set: { uid: person.number, sn: person.number, cn: person.number }
    entitlements:
      group: { object: groupOfNames, members: member, name: 'dn("cn", name, "ou=groups")' }
duties:
  enter: [{ directory.group: entry }]
  release: [{ directory.group: release }]
conflicts: { four-eyes: { between: [enter, release] } }
roles:
  staff: { when: "true", grants: [directory.user] }
  enters: { grants: [{ directory.group: entry }], request: { approval: [manager] } }
  releases: { grants: [{ directory.group: release }] }
  night: { when: "person.shift == 'night'", grants: [{ directory.group: entry }] }
"#;

const HR: &str = "number,shift,manager\n1,day,\n2,day,1\n3,day,1\n4,day,1\n";

async fn company(server: &Server) -> Rig {
    let model = MODEL.replace("SETTINGS", &server.settings());
    let rig = Rig::new(&[("muster.yaml", &model), ("data/hr.csv", HR)]);
    for group in ["entry", "release"] {
        server.add(&format!(
            "dn: cn={group},ou=groups,{SUFFIX}\nobjectClass: groupOfNames\ncn: {group}\nmember: cn=nobody,{SUFFIX}\n\n"
        ));
    }
    rig.sync_all().await;
    settle(&rig).await;
    rig
}

async fn settle(rig: &Rig) {
    let made = rig.plan().await;
    rig.apply_whole(&made).await;
    rig.sync_all().await;
}

async fn person(rig: &Rig, number: &str) -> EntityId {
    muster_governance::person_named(&rig.ctx(), &rig.open().await, number).await.unwrap()
}

fn enters(who: &str) -> NewRequest {
    NewRequest {
        roles: vec!["enters".into()],
        people: vec![who.into()],
        reason: "month end".into(),
        ..NewRequest::default()
    }
}

async fn ask(rig: &Rig, who: &str) -> Result<i64, Error> {
    let me = person(rig, who).await;
    let made = create_request(&rig.ctx(), &rig.open().await, me, &enters(who)).await?;
    Ok(made[0].id)
}

async fn approve(rig: &Rig, id: i64) -> Result<(), Error> {
    let yes = Answer { verdict: Verdict::Approve, note: "yes".into(), until: None };
    let mia = person(rig, "1").await;
    decide_request(&rig.ctx(), &rig.open().await, mia, id, &yes).await.map(drop)
}

async fn give(rig: &Rig, who: &str, role: &str) -> Result<(), Error> {
    let request = AssignRequest {
        person: who.into(),
        role: role.into(),
        from: None,
        until: None,
        reason: "month end".into(),
    };
    assign(&rig.ctx(), &rig.open().await, &request).await.map(drop)
}

fn assert_refused(done: Result<(), Error>) {
    let refused = done.unwrap_err();
    assert_eq!(refused.kind(), Kind::Denied);
    assert_eq!(refused.to_string(), "role `enters` would complete the conflict `four-eyes`");
    let hints = refused.hints().join("\n");
    assert!(hints.starts_with("nothing grants `directory:release`"), "{hints}");
}

#[tokio::test]
async fn a_role_is_refused_beside_what_only_a_directory_holds_until_an_exception_allows_it() {
    let server = Server::openldap();
    let rig = company(&server).await;
    let asked = ask(&rig, "2").await.unwrap();
    for who in ["2", "3"] {
        server.modify(&format!(
            "dn: cn=release,ou=groups,{SUFFIX}\nchangetype: modify\nadd: member\nmember: uid={who},ou=people,{SUFFIX}\n"
        ));
    }
    rig.sync_all().await;
    let opened = rig.open().await;
    assert_eq!(conflicts(&rig, &opened).await, [""; 0], "one duty alone is none");

    assert_refused(approve(&rig, asked).await);
    assert_refused(give(&rig, "2", "enters").await);
    assert_refused(ask(&rig, "3").await.map(drop));
    let three = person(&rig, "3").await;
    let shown = check_request(&rig.ctx(), &opened, three, &enters("3")).await.unwrap();
    let found: Vec<_> = shown[0].conflicts.iter().map(|of| (&*of.name, of.on)).collect();
    assert_eq!(found, [("four-eyes", "block")]);
    give(&rig, "4", "enters").await.unwrap();

    // What a rule gives is held back in the plan, and listed with its end.
    rig.write("data/hr.csv", &HR.replace("2,day", "2,night"));
    rig.sync_all().await;
    let blocked = async || {
        let made = rig.plan().await;
        let grants = made.plan.operations.iter().filter(|of| of.target.name.contains("uid=2"));
        grants.map(|of| of.blocked.as_deref().map(str::to_owned)).collect::<Vec<_>>()
    };
    assert_eq!(blocked().await, [Some("four-eyes".to_owned())]);
    let opened = rig.open().await;
    let found = "2 four-eyes: directory:entry, directory:release outside";
    assert_eq!(conflicts(&rig, &opened).await, [found]);
    let solved = solve_conflict(&rig.ctx(), &opened, "2", "four-eyes").await.unwrap();
    assert_eq!(solved.outside, ["directory:release"]);

    for who in ["2", "3"] {
        let exception = NewException {
            person: who.into(),
            conflict: "four-eyes".into(),
            from: None,
            until: "2026-06-01T00:00:00Z".parse().unwrap(),
            reason: "nobody else is there".into(),
            mitigation: "Mia looks at each entry".into(),
            owner: "1".into(),
        };
        except_conflict(&rig.ctx(), &opened, &exception).await.unwrap();
    }
    assert_eq!(blocked().await, [None]);
    approve(&rig, asked).await.unwrap();
    give(&rig, "3", "enters").await.unwrap();
}

#[tokio::test]
async fn what_the_next_plan_takes_completes_no_conflict() {
    let server = Server::openldap();
    let rig = company(&server).await;
    give(&rig, "2", "releases").await.unwrap();
    settle(&rig).await;
    let refused = give(&rig, "2", "enters").await.unwrap_err();
    assert!(refused.hints().join("").starts_with("take back what it conflicts with"));
    // Nobody has to wait until it is gone: the plan gives the one after it took the other.
    unassign(&rig.ctx(), &rig.open().await, "2", "releases", "moved").await.unwrap();
    give(&rig, "2", "enters").await.unwrap();
    settle(&rig).await;
    let groups = server.contents().groups;
    assert!(groups["entry"].contains("2") && !groups["release"].contains("2"));
}
