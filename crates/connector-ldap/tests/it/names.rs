//! Names and values that were made to break things.

use muster_model::{Change, ObjectRef, Value};
use muster_testkit::SUFFIX;

use crate::support::{admin, create, field, named, one, read, request, slapd};

#[tokio::test]
async fn a_hostile_name_is_one_entry_and_can_be_read_changed_moved_and_deleted() {
    let slapd = slapd();
    let directory = admin(&slapd, &[]);
    let names = [
        (r"cn=Lovelace\, Ada\+ou\=admins", "Lovelace, Ada+ou=admins"),
        (r"cn=\ *)(uid\=*\20", " *)(uid=* "),
        (r"cn=\#1 \<\>\;\22", "#1 <>;\""),
        (r"cn=M\C3\BCller\5c", "Müller\\"),
    ];
    for (component, plain) in names {
        let object = named("inetOrgPerson", &format!("{component},ou=people"));
        let made =
            one(&*directory, create(object.clone(), &[("sn", Value::text("x"))])).await.unwrap();
        let by_name = directory.get(&object, &[field("cn")]).await.unwrap().unwrap();
        assert_eq!(by_name.values, [Value::text(plain)]);
        let object = ObjectRef { id: made.id.unwrap(), name: by_name.name, ..object };
        let rename = Change::Rename {
            object: object.clone(),
            to: format!("{component}+sn=x,ou=people").into(),
        };
        one(&*directory, rename).await.unwrap();
        assert!(directory.get(&object, &[]).await.unwrap().is_some());
        one(&*directory, Change::Delete { object: object.clone() }).await.unwrap();
        assert!(directory.get(&object, &[]).await.unwrap().is_none());
    }
    assert!(slapd.search(SUFFIX, "(objectClass=inetOrgPerson)", &[]).unwrap().is_empty());
}

#[tokio::test]
async fn a_class_or_an_id_with_filter_characters_selects_nothing_else() {
    let slapd = slapd();
    let directory = admin(&slapd, &[]);
    one(&*directory, crate::support::create_person("ada")).await.unwrap();
    let (kept, end) = read(&*directory, &request("x)(objectClass=*", vec![])).await.unwrap();
    assert!(kept.objects.is_empty() && end.complete);
    let object = ObjectRef { class: "inetOrgPerson".into(), id: "*".into(), name: "".into() };
    assert_eq!(directory.get(&object, &[]).await.unwrap_or(None), None);
}
