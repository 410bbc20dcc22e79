//! Members of groups.

use muster_model::{Change, ObjectRef, Text, Value};
use muster_testkit::{SUFFIX, Slapd, SlapdOptions};

use crate::support::{admin, create, create_person, group, many, named, one, read, request, slapd};

fn members(object: ObjectRef, add: &[&str], remove: &[&str]) -> Change {
    let names = |uids: &[&str]| {
        uids.iter().map(|uid| format!("uid={uid},ou=people,{SUFFIX}").into()).collect()
    };
    Change::Members { object, attribute: "member".into(), add: names(add), remove: names(remove) }
}

fn shown(slapd: &Slapd, cn: &str) -> Vec<String> {
    let group = slapd.search(SUFFIX, &format!("(cn={cn})"), &["member"]).unwrap().remove(0);
    let people = group.values("member").into_iter().filter(|name| name.starts_with("uid="));
    people.map(|name| name["uid=".len()..].split(',').next().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn members_are_added_and_removed_whatever_is_done_already() {
    let slapd = slapd();
    let directory = admin(&slapd, &[]);
    one(&*directory, create(group("sales"), &[])).await.unwrap();
    for _ in 0..2 {
        one(&*directory, members(group("sales"), &["ada", "bob"], &["nobody"])).await.unwrap();
        assert_eq!(shown(&slapd, "sales"), ["ada", "bob"]);
    }
    one(&*directory, members(group("sales"), &["bob", "eve"], &["ada", "nobody"])).await.unwrap();
    assert_eq!(shown(&slapd, "sales"), ["bob", "eve"]);
    let missing = one(&*directory, members(group("none"), &["ada"], &[])).await.unwrap_err();
    assert!(matches!(missing, muster_connector::ConnectorError::NotFound { .. }), "{missing}");
}

#[tokio::test]
async fn an_empty_group_holds_a_member_that_is_never_reported() {
    let slapd = slapd();
    let directory = admin(&slapd, &[]);
    one(&*directory, create(group("empty"), &[])).await.unwrap();
    let reported = async || {
        let (kept, _) =
            read(&*directory, &request("groupOfNames", vec![many("member")])).await.unwrap();
        kept.objects[0].values[0].clone()
    };
    assert_eq!(reported().await, Value::Null);
    // A group that somebody made without the stand-in cannot lose its last member, so it gets one.
    let name = format!("cn=full,ou=groups,{SUFFIX}");
    slapd
        .add_ldif(&format!(
            "dn: {name}\nobjectClass: groupOfNames\nmember: uid=ada,ou=people,{SUFFIX}\n"
        ))
        .unwrap();
    one(&*directory, members(group("full"), &[], &["ada"])).await.unwrap();
    assert!(shown(&slapd, "full").is_empty());
    assert_eq!(
        directory.get(&group("full"), &[many("member")]).await.unwrap().unwrap().values,
        [Value::Null]
    );
}

#[tokio::test]
async fn five_thousand_members_go_into_a_group_in_few_modifications() {
    let options = SlapdOptions { nosync: true, log_operations: true, ..SlapdOptions::default() };
    let slapd = Slapd::start(options).unwrap();
    let directory = admin(&slapd, &[]);
    one(&*directory, create(group("all"), &[])).await.unwrap();
    let add: Vec<Text> =
        (0..5_000).map(|i| format!("uid=p{i},ou=people,{SUFFIX}").into()).collect();
    let change = Change::Members {
        object: group("all"),
        attribute: "member".into(),
        add,
        remove: Vec::new(),
    };
    one(&*directory, change.clone()).await.unwrap();
    let n_modifications = || slapd.log().matches(" MOD dn=").count();
    assert_eq!(n_modifications(), 3);
    assert_eq!(shown(&slapd, "all").len(), 5_000);
    // The second time each part is refused, the group is read, and nothing is left to do.
    one(&*directory, change).await.unwrap();
    assert_eq!(n_modifications(), 6);
}

#[tokio::test]
async fn members_by_uid_are_named_by_their_account() {
    let slapd = slapd();
    let directory = admin(&slapd, &[]);
    let unix = named("posixGroup", "cn=unix,ou=groups");
    one(&*directory, create(unix.clone(), &[("gidNumber", Value::Int(500))])).await.unwrap();
    one(&*directory, create_person("ada")).await.unwrap();
    let account: Text = "uid=ada,ou=people".into();
    let change = |add: &[Text], remove: &[Text]| Change::Members {
        object: unix.clone(),
        attribute: "memberUid".into(),
        add: add.to_vec(),
        remove: remove.to_vec(),
    };
    for _ in 0..2 {
        one(&*directory, change(std::slice::from_ref(&account), &[])).await.unwrap();
    }
    assert_eq!(
        slapd.search(SUFFIX, "(cn=unix)", &["memberUid"]).unwrap()[0].values("memberUid"),
        ["ada"]
    );
    let seen = directory.get(&unix, &[many("memberUid")]).await.unwrap().unwrap();
    assert_eq!(
        seen.values,
        [Value::set(vec![Value::text("uid=ada,ou=people,dc=tern,dc=example")])]
    );
    for _ in 0..2 {
        one(&*directory, change(&[], std::slice::from_ref(&account))).await.unwrap();
    }
    assert!(
        slapd.search(SUFFIX, "(cn=unix)", &["memberUid"]).unwrap()[0]
            .values("memberUid")
            .is_empty()
    );
}
