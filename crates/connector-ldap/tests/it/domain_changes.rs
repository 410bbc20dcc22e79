//! Changes of a domain, told by `DirSync`, whoever made them.

use std::time::Instant;

use muster_connector::{ReadEnd, ReadRequest};
use muster_model::{Text, Value};
use muster_testkit::{AD_PASSWORD, SUFFIX};

use crate::{
    domain_support::{create_user, domain, samba},
    support::{Kept, field, many, map, one, read, request, text},
};

fn since(request: &ReadRequest, end: &ReadEnd) -> ReadRequest {
    ReadRequest { since: end.cursor.clone(), ..request.clone() }
}

fn names(kept: &Kept) -> Vec<&str> {
    let name = |name: &'_ str| name.split(',').next().map_or(0, str::len);
    let mut names: Vec<&str> =
        kept.objects.iter().map(|object| &object.name["CN=".len()..name(&object.name)]).collect();
    names.sort_unstable();
    names
}

#[tokio::test]
async fn what_is_done_by_hand_is_seen_within_seconds() {
    let samba = samba();
    for name in ["ada", "bob", "cy", "dan"] {
        let place = "--userou=OU=people";
        samba.tool(&["user", "create", name, AD_PASSWORD, place]).unwrap();
    }
    samba.tool(&["group", "add", "sales", "--groupou=OU=groups"]).unwrap();
    let directory =
        domain(&samba, &[("classes", map(&[("user", map(&[("base", text("OU=people"))]))]))]);
    let users = request("user", vec![field("title")]);
    let groups = request("group", vec![many("member")]);
    let (all, users_end) = read(&*directory, &users).await.unwrap();
    assert_eq!(names(&all), ["ada", "bob", "cy", "dan"]);
    assert!(users_end.complete && !users_end.incremental && users_end.cursor.is_some());
    let (_, groups_end) = read(&*directory, &groups).await.unwrap();
    let id = |word: &str| -> Text {
        let is_meant = |o: &&muster_model::Object| o.name.starts_with(&format!("CN={word},"));
        all.objects.iter().find(is_meant).unwrap().id.clone()
    };
    let (nothing, end) = read(&*directory, &since(&users, &users_end)).await.unwrap();
    assert!(end.complete && end.incremental && end.deleted.is_empty(), "{end:?}");
    assert!(nothing.objects.is_empty());

    samba.tool(&["user", "disable", "ada"]).unwrap();
    samba.tool(&["group", "addmembers", "sales", "bob"]).unwrap();
    samba.tool(&["user", "delete", "cy"]).unwrap();
    // Out of the container that is read: gone for us.
    samba.tool(&["user", "move", "dan", &format!("OU=groups,{SUFFIX}")]).unwrap();
    let made = Instant::now();
    let (changed, end) = read(&*directory, &since(&users, &users_end)).await.unwrap();
    let (changed_groups, _) = read(&*directory, &since(&groups, &groups_end)).await.unwrap();
    assert!(made.elapsed().as_secs() < 5, "{:?}", made.elapsed());
    assert_eq!(names(&changed), ["ada"]);
    assert_eq!(changed.objects[0].enabled, Some(false));
    let mut gone = vec![id("cy"), id("dan")];
    gone.sort_unstable();
    assert_eq!(end.deleted, gone);
    assert_eq!(names(&changed_groups), ["sales"]);
    let member = format!("CN=bob,OU=people,{}", SUFFIX.replace("dc=", "DC="));
    assert_eq!(changed_groups.objects[0].values, [Value::set(vec![Value::text(member)])]);

    // The next one goes on from there.
    one(&*directory, create_user("eve", true)).await.unwrap();
    let (changed, end) = read(&*directory, &since(&users, &end)).await.unwrap();
    assert_eq!((names(&changed), end.deleted.len()), (vec!["eve"], 0));
}

#[tokio::test]
async fn a_lost_or_foreign_cursor_leads_to_a_complete_read() {
    let samba = samba();
    let directory = domain(&samba, &[]);
    one(&*directory, create_user("ada", true)).await.unwrap();
    let users = request("user", vec![field("title")]);
    let (_, end) = read(&*directory, &users).await.unwrap();
    let cursor = end.cursor.clone().unwrap();
    let damaged: Text = format!("{}ffff", &cursor[..cursor.len() - 60]).into();
    let other = ReadRequest { since: Some(cursor), ..request("user", vec![field("mail")]) };
    let broken = ReadRequest { since: Some(damaged), ..users.clone() };
    let nonsense = ReadRequest { since: Some("since yesterday".into()), ..users };
    for asked in [other, broken, nonsense] {
        let (kept, end) = read(&*directory, &asked).await.unwrap();
        assert!(end.complete && !end.incremental, "{end:?}");
        assert!(kept.objects.len() > 1 && end.cursor.is_some());
    }
}
