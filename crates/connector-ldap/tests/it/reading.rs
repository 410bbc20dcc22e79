//! Reading: pages, limits, types, discovery.

use muster_connector::{ConnectorError, Field};
use muster_model::{Value, ValueType};
use muster_testkit::{SUFFIX, Slapd, SlapdOptions};

use crate::support::{admin, create_person, field, many, map, read, request, service, slapd, text};

async fn fill(slapd: &Slapd, n: usize) {
    let changes: Vec<_> = (0..n).map(|i| create_person(&format!("p{i:04}"))).collect();
    let answers = admin(slapd, &[]).apply(&changes).await;
    assert!(answers.iter().all(Result::is_ok));
}

fn limited(limits: &str) -> Slapd {
    let limits = Some(limits.to_owned());
    Slapd::start(SlapdOptions { nosync: true, limits, ..SlapdOptions::default() }).unwrap()
}

#[tokio::test]
async fn pages_carry_a_read_over_the_servers_size_limit() {
    let slapd = limited("size.soft=50 size.hard=50 size.prtotal=unlimited");
    fill(&slapd, 220).await;
    let directory = service(&slapd, &[("page_size", text("50"))]);
    let (kept, end) =
        read(&*directory, &request("inetOrgPerson", vec![field("uid")])).await.unwrap();
    assert!(end.complete, "{end:?}");
    assert_eq!(kept.objects.len(), 220);
    assert_eq!(kept.batches, [50, 50, 50, 50, 20]);
}

#[tokio::test]
async fn a_read_that_the_server_cuts_off_is_incomplete_and_says_why() {
    let slapd = limited("size.soft=50 size.hard=50");
    fill(&slapd, 120).await;
    let directory = service(&slapd, &[("page_size", text("40"))]);
    let (kept, end) = read(&*directory, &request("inetOrgPerson", vec![])).await.unwrap();
    assert!(!end.complete);
    assert!(end.problem.as_deref().unwrap().contains("size limit"), "{end:?}");
    assert_eq!(kept.objects.len(), 50);
}

#[tokio::test]
async fn a_part_of_the_tree_on_another_server_makes_the_read_incomplete() {
    let slapd = slapd();
    fill(&slapd, 3).await;
    slapd
        .add_ldif(&format!(
            "dn: ou=abroad,{SUFFIX}\nobjectClass: referral\nobjectClass: extensibleObject\nou: abroad\n\
             ref: ldap://elsewhere.example/ou=abroad,{SUFFIX}\n"
        ))
        .unwrap();
    let (kept, end) = read(&*admin(&slapd, &[]), &request("inetOrgPerson", vec![])).await.unwrap();
    assert_eq!(kept.objects.len(), 3);
    assert!(end.problem.as_deref().unwrap().contains("ldap://elsewhere.example"), "{end:?}");
}

#[tokio::test]
async fn values_come_in_the_order_asked_with_ids_and_full_names() {
    let slapd = slapd();
    slapd
        .add_ldif(&format!(
            "dn: uid=ada,ou=people,{SUFFIX}\nobjectClass: inetOrgPerson\ncn: Ada\nsn: Lovelace\n\
             mail: b@x\nmail: a@x\njpegPhoto:: AP8B\n"
        ))
        .unwrap();
    let photo = Field { value_type: ValueType::Binary, ..field("jpegPhoto") };
    let fields = vec![many("mail"), field("SN"), photo, field("title"), many("title")];
    let directory = admin(&slapd, &[]);
    let (kept, _) = read(&*directory, &request("inetOrgPerson", fields)).await.unwrap();
    let object = &kept.objects[0];
    assert_eq!(&*object.name, "uid=ada,ou=people,dc=tern,dc=example");
    assert_eq!(object.id.len(), 36);
    assert_eq!(object.enabled, None);
    let mails = Value::set(vec![Value::text("a@x"), Value::text("b@x")]);
    let seen = [mails, Value::text("Lovelace"), Value::text("00ff01"), Value::Null, Value::Null];
    assert_eq!(object.values, seen);
    // Bytes where text was wanted make one bad object, not a failed read.
    let (kept, end) =
        read(&*directory, &request("inetOrgPerson", vec![field("jpegPhoto")])).await.unwrap();
    assert!(end.complete && kept.objects.is_empty());
    assert!(
        kept.bad[0].place.starts_with("uid=ada") && kept.bad[0].problem.contains("`jpegPhoto`")
    );
}

#[tokio::test]
async fn a_class_reads_its_own_container_with_its_own_filter() {
    let slapd = slapd();
    fill(&slapd, 5).await;
    let class = map(&[("base", text("ou=people")), ("filter", text("(|(uid=p0001)(uid=p0002))"))]);
    let directory = admin(&slapd, &[("classes", map(&[("inetOrgPerson", class)]))]);
    let (kept, _) = read(&*directory, &request("inetOrgPerson", vec![])).await.unwrap();
    assert_eq!(kept.objects.len(), 2);
    let nowhere = map(&[("base", text("ou=nowhere"))]);
    let directory = admin(&slapd, &[("classes", map(&[("inetOrgPerson", nowhere)]))]);
    let error = read(&*directory, &request("inetOrgPerson", vec![])).await.unwrap_err();
    assert!(
        matches!(&error, ConnectorError::Settings(why) if why.contains("ou=nowhere")),
        "{error}"
    );
}

#[tokio::test]
async fn the_directory_tells_who_it_is_and_what_it_knows() {
    let slapd = slapd();
    let directory = admin(&slapd, &[]);
    let line = directory.test().await.unwrap();
    assert_eq!(
        line,
        "OpenLDAP, signed in as cn=admin,dc=tern,dc=example, base dc=tern,dc=example found"
    );
    let found = directory.discover().await.unwrap();
    let class = found.classes.iter().find(|class| &*class.name == "inetOrgPerson").unwrap();
    let attribute =
        |name: &str| class.attributes.iter().find(|(n, ..)| &**n == name).cloned().unwrap();
    assert_eq!(attribute("sn"), ("sn".into(), ValueType::Text, true, true));
    assert_eq!(attribute("jpegPhoto"), ("jpegPhoto".into(), ValueType::Binary, true, false));
    assert_eq!(attribute("displayName"), ("displayName".into(), ValueType::Text, false, false));
    let unix = found.classes.iter().find(|class| &*class.name == "posixAccount").unwrap();
    assert!(unix.attributes.contains(&("uidNumber".into(), ValueType::Int, false, true)));
}
