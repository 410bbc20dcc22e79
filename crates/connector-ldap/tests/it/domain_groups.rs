//! Groups of a domain: long lists of members, in and out.

use std::collections::BTreeSet;

use muster_connector::ConnectorError;
use muster_model::{Change, ObjectRef, Text, Value};
use muster_testkit::{SUFFIX, Samba, SambaOptions};

use crate::{
    domain_support::{create_user, domain, samba, shown, user},
    support::{create, many, named, one, read, request},
};

fn group(cn: &str) -> ObjectRef {
    named("group", &format!("CN={cn},OU=groups"))
}

fn create_group(cn: &str) -> Change {
    create(group(cn), &[("sAMAccountName", Value::text(cn))])
}

fn members(cn: &str, add: &[Text], remove: &[Text]) -> Change {
    Change::Members {
        object: group(cn),
        attribute: "member".into(),
        add: add.to_vec(),
        remove: remove.to_vec(),
    }
}

#[tokio::test]
async fn members_come_and_go_whatever_is_done_already() {
    let samba = samba();
    let directory = domain(&samba, &[]);
    for change in [create_group("sales"), create_user("ada", false), create_user("bob", false)] {
        one(&*directory, change).await.unwrap();
    }
    let (ada, bob) = (user("ada").name, user("bob").name);
    for _ in 0..2 {
        one(&*directory, members("sales", std::slice::from_ref(&ada), &[])).await.unwrap();
    }
    assert_eq!(shown(&samba, "sales", &["member"]).values("member").len(), 1);
    for _ in 0..2 {
        let change = members("sales", &[ada.clone(), bob.clone()], &[]);
        one(&*directory, change).await.unwrap();
    }
    assert_eq!(samba.tool(&["group", "listmembers", "sales"]).unwrap().lines().count(), 2);
    for _ in 0..2 {
        one(&*directory, members("sales", &[], std::slice::from_ref(&ada))).await.unwrap();
    }
    assert_eq!(samba.tool(&["group", "listmembers", "sales"]).unwrap().trim(), "bob");
    // One that is not there does not keep the others out, and is named.
    let nobody: Text = "CN=nobody,OU=people".into();
    let some = members("sales", &[ada.clone(), nobody.clone(), bob], &[]);
    let error = one(&*directory, some).await.unwrap_err();
    assert!(matches!(&error, ConnectorError::Invalid(why) if why.contains("CN=nobody")), "{error}");
    assert_eq!(shown(&samba, "sales", &["member"]).values("member").len(), 2);
    one(&*directory, members("sales", &[], &[nobody])).await.unwrap();
    let seen = directory.get(&user("ada"), &[many("memberOf")]).await.unwrap().unwrap();
    let of = format!("CN=sales,OU=groups,{}", SUFFIX.replace("dc=", "DC="));
    assert_eq!(seen.values, [Value::set(vec![Value::text(of)])]);
    // The primary group does not let go of its account.
    let number =
        shown(&samba, "sales", &["primaryGroupToken"]).values("primaryGroupToken")[0].clone();
    let primary = format!(
        "dn: CN=ada,OU=people,{SUFFIX}\nchangetype: modify\nreplace: primaryGroupID\nprimaryGroupID: {number}\n"
    );
    samba.modify(&primary).unwrap();
    assert_eq!(samba.tool(&["group", "listmembers", "sales"]).unwrap().lines().count(), 2);
    let missing =
        one(&*directory, members("none", std::slice::from_ref(&ada), &[])).await.unwrap_err();
    assert!(matches!(missing, ConnectorError::NotFound { .. }), "{missing}");
}

#[tokio::test]
async fn five_thousand_members_go_into_a_group_in_few_modifications_and_come_out_in_ranges() {
    let samba = Samba::start(&SambaOptions { crowd: true }).unwrap();
    let directory = domain(&samba, &[]);
    one(&*directory, create_group("all")).await.unwrap();
    let number = |attribute: &str| -> u64 {
        shown(&samba, "all", &[attribute]).values(attribute)[0].parse().unwrap()
    };
    let before = number("uSNChanged");
    let add: Vec<Text> = (0..5_000).map(|i| format!("CN=c{i:04},OU=crowd").into()).collect();
    one(&*directory, members("all", &add, &[])).await.unwrap();
    // Each modification of the group counts the directory's number up by one.
    let n_modifications = number("uSNChanged") - before;
    assert!((1..=50).contains(&n_modifications), "{n_modifications} modifications");
    let wanted: BTreeSet<String> =
        (0..5_000).map(|i| format!("cn=c{i:04},ou=crowd,{SUFFIX}")).collect();
    let asked = shown(&samba, "all", &["member"]);
    let listed: BTreeSet<String> =
        asked.values("member").into_iter().map(|name| name.to_lowercase()).collect();
    assert_eq!(listed, wanted);
    let (kept, _) = read(&*directory, &request("group", vec![many("member")])).await.unwrap();
    let all = kept.objects.iter().find(|object| object.name.starts_with("CN=all,")).unwrap();
    let seen: BTreeSet<String> =
        all.values[0].items().iter().map(|name| name.to_string().to_lowercase()).collect();
    assert_eq!(seen, wanted);
    let found = directory.get(&group("all"), &[many("member")]).await.unwrap().unwrap();
    assert_eq!(found.values[0].items().len(), 5_000);
}
