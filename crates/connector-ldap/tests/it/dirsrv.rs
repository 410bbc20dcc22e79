//! What is particular to 389 Directory Server.

use muster_connector::ConnectorError;
use muster_model::{Change, ObjectRef, Text, Value, ValueType};
use muster_testkit::{Dirsrv, SUFFIX};

use crate::support::{
    create, create_person, field, group, many, map, one, open, person, read, request, settings_for,
    text,
};

#[tokio::test]
async fn a_389_server_is_read_changed_and_discovered_like_any_other() {
    let server = Dirsrv::start().unwrap();
    let lock = map(&[("attribute", text("nsAccountLock")), ("off", text("true"))]);
    let settings = settings_for(
        &server.url(),
        &server.admin(),
        &[("disable", lock), ("page_size", text("7"))],
    );
    let directory = open(&settings).unwrap();
    let line = directory.test().await.unwrap();
    assert!(line.starts_with("389 Project 389-Directory/"), "{line}");

    let people: Vec<_> = (0..30).map(|i| create_person(&format!("p{i}"))).collect();
    let answers = directory.apply(&people).await;
    let id = answers[0].as_ref().unwrap().id.clone().unwrap();
    assert_eq!(id.matches('-').count(), 3, "the id is its nsUniqueId: {id}");
    let (kept, end) =
        read(&*directory, &request("inetOrgPerson", vec![field("uid")])).await.unwrap();
    assert!(end.complete && kept.objects.len() == 30);

    // Moved by hand, it is found by its id.
    let moved = format!(
        "dn: uid=p0,ou=people,{SUFFIX}\nchangetype: modrdn\nnewrdn: uid=moved\ndeleteoldrdn: 1\n"
    );
    server.modify(&moved).unwrap();
    let object = ObjectRef { id, ..person("p0") };
    one(&*directory, Change::SetEnabled { object: object.clone(), enabled: false }).await.unwrap();
    let seen = directory.get(&object, &[]).await.unwrap().unwrap();
    assert_eq!(
        (seen.enabled, &*seen.name),
        (Some(false), "uid=moved,ou=people,dc=tern,dc=example")
    );

    // Somebody else has the old name by now, and is left alone.
    one(&*directory, create_person("p0")).await.unwrap();
    one(&*directory, Change::Delete { object }).await.unwrap();
    assert!(directory.get(&person("p0"), &[]).await.unwrap().is_some());
    assert!(server.search(SUFFIX, "(uid=moved)", &["uid"]).unwrap().is_empty());

    let found = directory.discover().await.unwrap();
    let class = found.classes.iter().find(|class| &*class.name == "inetOrgPerson").unwrap();
    assert!(class.attributes.contains(&("sn".into(), ValueType::Text, true, true)), "{class:?}");
}

#[tokio::test]
async fn five_thousand_members_go_into_a_389_group_and_an_empty_one_stays_empty() {
    let server = Dirsrv::start().unwrap();
    let directory =
        open(&settings_for(&server.url(), &format!("cn=service,{SUFFIX}"), &[])).unwrap();
    one(&*directory, create(group("all"), &[])).await.unwrap();
    let members: Vec<Text> =
        (0..5_000).map(|i| format!("uid=p{i},ou=people,{SUFFIX}").into()).collect();
    let change = |add: &[Text], remove: &[Text]| Change::Members {
        object: group("all"),
        attribute: "member".into(),
        add: add.to_vec(),
        remove: remove.to_vec(),
    };
    for _ in 0..2 {
        one(&*directory, change(&members, &[])).await.unwrap();
    }
    let seen = directory.get(&group("all"), &[many("member")]).await.unwrap().unwrap();
    assert_eq!(seen.values[0].items().len(), 5_000);
    for _ in 0..2 {
        one(&*directory, change(&[], &members)).await.unwrap();
    }
    let seen = directory.get(&group("all"), &[many("member")]).await.unwrap().unwrap();
    assert_eq!(seen.values, [Value::Null]);
}

#[tokio::test]
async fn a_389_server_that_is_killed_and_comes_back_is_used_again() {
    let mut server = Dirsrv::start().unwrap();
    let directory = open(&settings_for(&server.url(), &server.admin(), &[])).unwrap();
    one(&*directory, create_person("ada")).await.unwrap();
    server.kill().unwrap();
    let error = one(&*directory, create_person("bob")).await.unwrap_err();
    assert!(matches!(error, ConnectorError::Unreachable(_)), "{error}");
    server.restart().unwrap();
    one(&*directory, create_person("bob")).await.unwrap();
    let again = one(&*directory, create_person("ada")).await.unwrap_err();
    assert!(matches!(again, ConnectorError::AlreadyExists { .. }), "{again}");
}
