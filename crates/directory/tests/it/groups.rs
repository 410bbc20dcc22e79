//! Groups: of those who hold a role, of entities, in each other.

use std::fmt::Write as _;

use crate::support::{Served, values};

#[tokio::test(flavor = "multi_thread")]
async fn members_know_their_groups_and_groups_their_members() {
    let served = Served::start().await;
    let group = |name: &str| format!("{name},dc=tern,dc=example");
    let ada = served.find("(uid=ada)", &["memberOf"]).await;
    let wanted = [
        "cn=S,ou=teams",
        "cn=S1,ou=teams",
        "cn=X,ou=teams",
        "cn=everybody,ou=groups",
        "cn=sales,ou=groups",
    ];
    assert_eq!(values(&ada, "memberOf"), wanted.map(group));
    let sales = served.find("(cn=sales)", &[]).await;
    let people = ["uid=ada,ou=people", "uid=bob,ou=people"].map(group);
    assert_eq!(values(&sales, "member"), people);
    assert_eq!(values(&sales, "memberUid"), ["ada", "bob"]);
    assert_eq!(values(&sales, "gidNumber"), ["5001"]);
    let team = served.find("(cn=X)", &["member"]).await;
    assert_eq!(values(&team, "member"), ["cn=S,ou=teams", "uid=eve,ou=people"].map(group));
    let everybody = served.find("(cn=everybody)", &[]).await;
    assert_eq!(values(&everybody, "description"), ["Everybody who works here"]);
    // A role that is not among those of the directory is not told.
    assert_eq!(served.names("(cn=secret)").await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn groups_are_found_by_members_and_members_by_groups() {
    let served = Served::start().await;
    for (filter, wanted) in [
        ("(memberOf=cn=sales,ou=groups,dc=tern,dc=example)", &["uid=ada", "uid=bob"][..]),
        (
            "(memberOf=cn=X,ou=teams,dc=tern,dc=example)",
            &["uid=ada", "uid=bob", "uid=eve", "cn=S", "cn=S1"],
        ),
        (
            "(&(objectClass=groupOfNames)(member=uid=ada,ou=people,dc=tern,dc=example))",
            &["cn=everybody", "cn=sales", "cn=S1"],
        ),
        ("(&(objectClass=posixGroup)(memberUid=bob))", &["cn=sales"]),
        ("(member=cn=S1,ou=teams,dc=tern,dc=example)", &["cn=S"]),
        (
            "(member:1.2.840.113556.1.4.1941:=uid=bob,ou=people,dc=tern,dc=example)",
            &["cn=everybody", "cn=sales", "cn=X", "cn=S", "cn=S1"],
        ),
    ] {
        let mut found = served.names(filter).await;
        let mut wanted: Vec<String> = wanted.iter().map(|&name| name.to_owned()).collect();
        found.sort();
        wanted.sort();
        assert_eq!(found, wanted, "{filter}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_group_is_read_in_parts() {
    let mut people = String::new();
    for n in 10..2_010 {
        _ = writeln!(people, "{n},u{n:05},U,N,u{n}@x,1,X,,");
    }
    let served = Served::with(&people).await;
    let found = served.find("(cn=X)", &["member;range=0-999"]).await;
    let part = values(&found, "member;range=0-999");
    assert_eq!(part.len(), 1_000);
    let found = served.find("(cn=X)", &["member;range=1000-*"]).await;
    let rest = values(&found, "member;range=1000-*");
    assert_eq!(rest.len(), 1_002);
    assert!(rest.iter().all(|member| !part.contains(member)));
    assert_eq!(values(&served.find("(cn=X)", &["member"]).await, "member").len(), 2_002);
}
