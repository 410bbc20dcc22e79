//! Creating, changing, moving, disabling and deleting entries.

use muster_connector::{ConnectorError, Field};
use muster_model::{Change, ObjectRef, Value, ValueType};
use muster_testkit::{SUFFIX, Slapd, SlapdOptions};

use crate::support::{
    admin, create, create_person, field, many, map, named, one, open, person, read, request,
    settings_for, slapd, text,
};

#[tokio::test]
async fn an_account_is_created_with_its_class_its_naming_attribute_and_an_id() {
    let slapd = slapd();
    let directory = admin(&slapd, &[]);
    let made = one(&*directory, create_person("ada")).await.unwrap();
    assert_eq!(made.name.as_deref(), Some("uid=ada,ou=people,dc=tern,dc=example"));
    let found = slapd.search(SUFFIX, "(uid=ada)", &["*", "entryUUID"]).unwrap().remove(0);
    assert_eq!(found.value("entryUUID").as_deref(), made.id.as_deref());
    assert_eq!(found.values("objectClass"), ["inetOrgPerson"]);
    assert_eq!(found.values("uid"), ["ada"]);
    let again = one(&*directory, create_person("ada")).await.unwrap_err();
    let name = "uid=ada,ou=people,dc=tern,dc=example";
    assert_eq!(again, ConnectorError::AlreadyExists { name: name.into() });
}

#[tokio::test]
async fn a_missing_container_and_a_missing_attribute_are_said_in_words() {
    let slapd = slapd();
    let directory = admin(&slapd, &[]);
    let stray = create(
        named("inetOrgPerson", "uid=a,ou=nowhere"),
        &[("cn", Value::text("a")), ("sn", Value::text("a"))],
    );
    let error = one(&*directory, stray).await.unwrap_err().to_string();
    assert!(error.contains("the container `ou=nowhere,dc=tern,dc=example`"), "{error}");
    let error =
        one(&*directory, create(person("a"), &[("cn", Value::text("a"))])).await.unwrap_err();
    assert!(matches!(&error, ConnectorError::Invalid(why) if why.contains("sn")), "{error}");
}

#[tokio::test]
async fn an_update_sets_several_values_and_removes_others() {
    let slapd = slapd();
    let directory = admin(&slapd, &[]);
    one(&*directory, create_person("ada")).await.unwrap();
    let set = |values: &[(&str, Value)]| Change::Update {
        object: person("ada"),
        values: values
            .iter()
            .map(|(name, value)| ((*name).into(), Value::Null, value.clone()))
            .collect(),
    };
    let mails =
        Value::set(vec![Value::text("ada@tern.example"), Value::text("lovelace@tern.example")]);
    let change = set(&[
        ("mail", mails),
        ("title", Value::text("Analyst")),
        ("jpegPhoto", Value::Binary([0u8, 255, 1].as_slice().into())),
    ]);
    // Twice is once.
    for _ in 0..2 {
        one(&*directory, change.clone()).await.unwrap();
    }
    let found = slapd.search(SUFFIX, "(uid=ada)", &[]).unwrap().remove(0);
    assert_eq!(found.values("mail"), ["ada@tern.example", "lovelace@tern.example"]);
    assert_eq!(found.attributes["jpegPhoto"], [vec![0, 255, 1]]);
    for _ in 0..2 {
        one(&*directory, set(&[("title", Value::Null), ("mail", Value::text(""))])).await.unwrap();
    }
    let found = slapd.search(SUFFIX, "(uid=ada)", &[]).unwrap().remove(0);
    assert!(found.values("title").is_empty() && found.values("mail").is_empty());
}

#[tokio::test]
async fn a_rename_moves_into_another_container_and_later_changes_follow() {
    let slapd = slapd();
    slapd.add_ldif(&format!("dn: ou=staff,{SUFFIX}\nobjectClass: organizationalUnit\n")).unwrap();
    let directory = admin(&slapd, &[]);
    let id = one(&*directory, create_person("ada")).await.unwrap().id.unwrap();
    let object = ObjectRef { id: id.clone(), ..person("ada") };
    let rename = Change::Rename { object: object.clone(), to: "uid=lovelace,ou=staff".into() };
    let title = Change::Update {
        object,
        values: vec![("title".into(), Value::Null, Value::text("Countess"))],
    };
    let answers = directory.apply(&[rename.clone(), title]).await;
    let full = "uid=lovelace,ou=staff,dc=tern,dc=example";
    assert_eq!(answers[0].as_ref().unwrap().name.as_deref(), Some(full));
    assert!(answers[1].is_ok(), "{answers:?}");
    let found = slapd.search(SUFFIX, "(title=Countess)", &["uid", "entryUUID"]).unwrap().remove(0);
    assert_eq!(found.dn, full);
    assert_eq!(found.values("uid"), ["lovelace"]);
    assert_eq!(found.value("entryUUID").as_deref(), Some(&*id));
    // Twice is once, though the old name is gone.
    assert_eq!(one(&*directory, rename).await.unwrap().name.as_deref(), Some(full));
}

#[tokio::test]
async fn a_change_finds_an_entry_that_was_moved_by_hand() {
    let slapd = slapd();
    let directory = admin(&slapd, &[]);
    let id = one(&*directory, create_person("ada")).await.unwrap().id.unwrap();
    slapd
        .modify(&format!("dn: uid=ada,ou=people,{SUFFIX}\nchangetype: modrdn\nnewrdn: uid=moved\ndeleteoldrdn: 1\n"))
        .unwrap();
    // Somebody else has the old name now.
    one(&*directory, create_person("ada")).await.unwrap();
    let object = ObjectRef { id, ..person("ada") };
    let title = Change::Update {
        object: object.clone(),
        values: vec![("title".into(), Value::Null, Value::text("Right"))],
    };
    one(&*directory, title).await.unwrap();
    assert_eq!(
        slapd.search(SUFFIX, "(title=Right)", &["uid"]).unwrap()[0].values("uid"),
        ["moved"]
    );
    let seen = directory.get(&object, &[field("title")]).await.unwrap().unwrap();
    assert_eq!(&*seen.name, "uid=moved,ou=people,dc=tern,dc=example");
    one(&*directory, Change::Delete { object: object.clone() }).await.unwrap();
    assert_eq!(
        slapd.search(SUFFIX, "(objectClass=inetOrgPerson)", &["uid"]).unwrap()[0].values("uid"),
        ["ada"]
    );
    one(&*directory, Change::Delete { object }).await.unwrap();
    assert_eq!(slapd.search(SUFFIX, "(uid=ada)", &["uid"]).unwrap().len(), 1);
}

#[tokio::test]
async fn renames_that_cannot_be_are_told_apart() {
    let slapd = slapd();
    let directory = admin(&slapd, &[]);
    for uid in ["ada", "bob"] {
        one(&*directory, create_person(uid)).await.unwrap();
    }
    let rename = |uid: &str, to: &str| Change::Rename { object: person(uid), to: to.into() };
    let taken = one(&*directory, rename("ada", "uid=bob,ou=people")).await.unwrap_err();
    assert!(matches!(taken, ConnectorError::AlreadyExists { .. }), "{taken}");
    let nowhere = one(&*directory, rename("ada", "uid=ada,ou=nowhere")).await.unwrap_err();
    assert!(nowhere.to_string().contains("the container `ou=nowhere"), "{nowhere}");
    let nobody = one(&*directory, rename("eve", "uid=eve2,ou=people")).await.unwrap_err();
    assert!(matches!(nobody, ConnectorError::NotFound { .. }), "{nobody}");
}

#[tokio::test]
async fn an_account_is_disabled_and_enabled_by_the_attribute_of_the_settings() {
    let options = SlapdOptions { nosync: true, password_policy: true, ..SlapdOptions::default() };
    let slapd = Slapd::start(options).unwrap();
    let lock = map(&[("attribute", text("pwdAccountLockedTime")), ("off", text("000001010000Z"))]);
    let directory = admin(&slapd, &[("disable", lock)]);
    assert!(directory.capabilities().enable);
    let Change::Create { object, values, .. } = create_person("ada") else { unreachable!() };
    one(&*directory, Change::Create { object, values, enabled: Some(false) }).await.unwrap();
    let enabled = async || directory.get(&person("ada"), &[]).await.unwrap().unwrap().enabled;
    assert_eq!(enabled().await, Some(false));
    for wanted in [true, true, false, false] {
        one(&*directory, Change::SetEnabled { object: person("ada"), enabled: wanted })
            .await
            .unwrap();
        assert_eq!(enabled().await, Some(wanted));
    }
    let found = slapd.search(SUFFIX, "(uid=ada)", &["pwdAccountLockedTime"]).unwrap().remove(0);
    assert_eq!(found.values("pwdAccountLockedTime"), ["000001010000Z"]);
}

#[tokio::test]
async fn a_directory_without_a_way_to_disable_says_so_and_sends_nothing() {
    let slapd = slapd();
    let directory = admin(&slapd, &[]);
    assert!(!directory.capabilities().enable);
    one(&*directory, create_person("ada")).await.unwrap();
    let error = one(&*directory, Change::SetEnabled { object: person("ada"), enabled: false })
        .await
        .unwrap_err();
    assert!(matches!(error, ConnectorError::Invalid(_)), "{error}");
}

#[tokio::test]
async fn a_container_and_its_contents_may_come_in_one_call() {
    let slapd = slapd();
    let directory = admin(&slapd, &[]);
    let unit = create(named("organizationalUnit", "ou=new"), &[]);
    let inside = |i: usize| {
        let name = format!("uid=p{i},ou=new");
        create(named("inetOrgPerson", &name), &[("cn", Value::text("x")), ("sn", Value::text("x"))])
    };
    let changes: Vec<Change> = [unit].into_iter().chain((0..50).map(inside)).collect();
    let answers = directory.apply(&changes).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let gone: Vec<Change> = changes
        .iter()
        .rev()
        .map(|change| Change::Delete { object: change.object().clone() })
        .collect();
    let answers = directory.apply(&gone).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
}

#[tokio::test]
async fn one_refused_change_does_not_stop_the_others() {
    let slapd = slapd();
    let directory = admin(&slapd, &[]);
    let changes = [
        create_person("ada"),
        create(person("bob"), &[]),
        create_person("eve"),
        create_person("ada"),
    ];
    let answers = directory.apply(&changes).await;
    let ok: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(ok, [true, false, true, false]);
    let (kept, _) =
        read(&*directory, &request("inetOrgPerson", vec![field("uid"), many("objectClass")]))
            .await
            .unwrap();
    assert_eq!(kept.objects.len(), 2);
}

#[tokio::test]
async fn an_account_that_may_only_read_is_refused_in_words() {
    let slapd = slapd();
    let reader = open(&settings_for(&slapd.url(), &format!("cn=reader,{SUFFIX}"), &[])).unwrap();
    let error = one(&*reader, create_person("ada")).await.unwrap_err();
    assert!(matches!(&error, ConnectorError::Refused(why) if why.contains("no right")), "{error}");
}

#[tokio::test]
async fn a_name_that_was_given_up_may_be_taken_in_the_same_call() {
    let slapd = slapd();
    let directory = admin(&slapd, &[]);
    let id = one(&*directory, create_person("ada")).await.unwrap().id.unwrap();
    let old = ObjectRef { id, ..person("ada") };
    let title = |object: &ObjectRef, title: &str| Change::Update {
        object: object.clone(),
        values: vec![("title".into(), Value::Null, Value::text(title))],
    };
    let changes = [
        Change::Rename { object: old.clone(), to: "uid=first,ou=people".into() },
        create_person("ada"),
        title(&old, "First"),
        title(&person("ada"), "Second"),
    ];
    let answers = directory.apply(&changes).await;
    assert!(answers.iter().all(Result::is_ok), "{answers:?}");
    let titled = |uid: &str| {
        slapd.search(SUFFIX, &format!("(uid={uid})"), &["title"]).unwrap()[0].value("title")
    };
    assert_eq!(titled("first").as_deref(), Some("First"));
    assert_eq!(titled("ada").as_deref(), Some("Second"));
}

#[tokio::test]
async fn values_handed_over_as_text_are_written_in_the_forms_of_the_schema() {
    let options = SlapdOptions { nosync: true, password_policy: true, ..SlapdOptions::default() };
    let slapd = Slapd::start(options).unwrap();
    let directory = admin(&slapd, &[]);
    one(&*directory, create_person("ada")).await.unwrap();
    let values = [
        ("jpegPhoto", "00ff01", ValueType::Binary),
        ("pwdReset", "true", ValueType::Bool),
        ("pwdAccountLockedTime", "2026-01-31T08:00:00Z", ValueType::DateTime),
        ("description", "true", ValueType::Bool),
    ];
    let set =
        values.iter().map(|(name, text, _)| ((*name).into(), Value::Null, Value::text(*text)));
    let change = Change::Update { object: person("ada"), values: set.collect() };
    one(&*directory, change).await.unwrap();
    let found = slapd.search(SUFFIX, "(uid=ada)", &["*", "+"]).unwrap().remove(0);
    assert_eq!(found.attributes["jpegPhoto"], [vec![0, 255, 1]]);
    assert_eq!(found.values("pwdReset"), ["TRUE"]);
    assert_eq!(found.values("pwdAccountLockedTime"), ["20260131080000Z"]);
    assert_eq!(found.values("description"), ["true"]);
    let fields: Vec<Field> =
        values.iter().map(|(name, _, kind)| Field { value_type: *kind, ..field(name) }).collect();
    let seen = directory.get(&person("ada"), &fields).await.unwrap().unwrap();
    assert_eq!(seen.values, values.map(|(_, text, _)| Value::text(text)));
}
