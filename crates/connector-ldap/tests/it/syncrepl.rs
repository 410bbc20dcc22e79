//! Changes of OpenLDAP, told by content synchronisation.

use muster_connector::{ReadEnd, ReadRequest};
use muster_model::{Change, Value};
use muster_testkit::{SUFFIX, Slapd, SlapdOptions};

use crate::support::{
    admin, create, create_person, field, group, many, map, one, person, read, request, slapd, text,
};

fn with_log(changes: u32) -> Slapd {
    let options = SlapdOptions { nosync: true, sync_log: Some(changes), ..SlapdOptions::default() };
    Slapd::start(options).unwrap()
}

fn since(request: &ReadRequest, end: &ReadEnd) -> ReadRequest {
    ReadRequest { since: end.cursor.clone(), ..request.clone() }
}

#[tokio::test]
async fn what_changed_and_what_went_away_is_told() {
    let slapd = with_log(1_000);
    let of_people = map(&[("base", text("ou=people")), ("filter", text("(!(employeeType=x))"))]);
    let classes = map(&[("inetOrgPerson", of_people)]);
    let directory = admin(&slapd, &[("changes", text("syncrepl")), ("classes", classes)]);
    assert!(directory.test().await.unwrap().ends_with("changes by content synchronisation"));
    for uid in ["ada", "bob", "cy", "dan", "eve"] {
        one(&*directory, create_person(uid)).await.unwrap();
    }
    one(&*directory, create(group("sales"), &[])).await.unwrap();
    let people = request("inetOrgPerson", vec![field("title")]);
    let groups = request("groupOfNames", vec![many("member")]);
    let (all, first) = read(&*directory, &people).await.unwrap();
    let (_, first_groups) = read(&*directory, &groups).await.unwrap();
    assert!(first.complete && !first.incremental);
    let (nothing, end) = read(&*directory, &since(&people, &first)).await.unwrap();
    assert!(end.complete && end.incremental && end.deleted.is_empty(), "{end:?}");
    assert!(nothing.objects.is_empty(), "{nothing:?}");

    let name = |uid: &str| format!("uid={uid},ou=people,{SUFFIX}");
    slapd
        .modify(&format!(
            "dn: {}\nchangetype: modify\nreplace: title\ntitle: Countess\n\n\
             dn: {}\nchangetype: delete\n\n\
             dn: {}\nchangetype: modify\nreplace: employeeType\nemployeeType: x\n\n\
             dn: cn=sales,ou=groups,{SUFFIX}\nchangetype: modify\nadd: member\nmember: {}\n",
            name("ada"),
            name("bob"),
            name("dan"),
            name("eve"),
        ))
        .unwrap();
    let (changed, end) = read(&*directory, &since(&people, &first)).await.unwrap();
    assert!(end.complete && end.incremental, "{end:?}");
    assert_eq!(changed.objects.len(), 1, "{changed:?}");
    assert_eq!(changed.objects[0].values, [Value::text("Countess")]);
    let id = |uid: &str| all.objects.iter().find(|o| *o.name == name(uid)).unwrap().id.clone();
    assert!(end.deleted.contains(&id("bob")), "{end:?}");
    assert!(end.deleted.contains(&id("dan")), "{end:?}");
    let kept = [id("ada"), id("cy"), id("eve")];
    assert!(kept.iter().all(|id| !end.deleted.contains(id)), "{end:?}");
    let (changed, _) = read(&*directory, &since(&groups, &first_groups)).await.unwrap();
    assert_eq!(changed.objects[0].values, [Value::set(vec![Value::text(name("eve"))])]);
}

#[tokio::test]
async fn where_the_log_does_not_reach_back_everything_is_read() {
    let slapd = with_log(2);
    let directory = admin(&slapd, &[("changes", text("syncrepl"))]);
    for i in 0..10 {
        one(&*directory, create_person(&format!("p{i}"))).await.unwrap();
    }
    let people = request("inetOrgPerson", vec![]);
    let (_, first) = read(&*directory, &people).await.unwrap();
    for i in 0..6 {
        one(&*directory, Change::Delete { object: person(&format!("p{i}")) }).await.unwrap();
    }
    let (left, end) = read(&*directory, &since(&people, &first)).await.unwrap();
    assert!(end.complete && !end.incremental && end.cursor.is_some(), "{end:?}");
    assert_eq!(left.objects.len(), 4);
}

#[tokio::test]
async fn a_directory_without_the_overlay_is_always_read_completely() {
    let slapd = slapd();
    let directory = admin(&slapd, &[("changes", text("syncrepl"))]);
    one(&*directory, create_person("ada")).await.unwrap();
    let people = request("inetOrgPerson", vec![]);
    let (kept, end) = read(&*directory, &people).await.unwrap();
    assert!(end.complete && end.cursor.is_none() && kept.objects.len() == 1, "{end:?}");
    assert!(directory.test().await.unwrap().contains("it tells no changes"));
    let asked = ReadRequest { since: Some("syncrepl:0:00".into()), ..people };
    let (kept, end) = read(&*directory, &asked).await.unwrap();
    assert!(end.complete && !end.incremental && kept.objects.len() == 1, "{end:?}");
}
