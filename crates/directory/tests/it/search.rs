//! Signing in as a client, searching and comparing, as a stock client does it.

use muster_app::{Scope, revoke_token};

use crate::support::{BASE, Served, token, values};

#[tokio::test(flavor = "multi_thread")]
async fn a_client_finds_people_by_whatever_they_have() {
    let served = Served::start().await;
    for (filter, wanted) in [
        ("(uid=ADA)", &["uid=ada"][..]),
        ("(&(objectClass=posixAccount)(uidNumber=10002))", &["uid=bob"]),
        ("(|(mail=ada@tern.example)(sn=noether))", &["uid=ada", "uid=eve"]),
        ("(cn=b*h*a*)", &["uid=bob"]),
        ("(sn=O'Hara\\2c Jr)", &["uid=bob"]),
        ("(&(uid=*)(!(uid=ada)))", &["uid=bob", "uid=eve"]),
        ("(uidNumber>=10003)", &["uid=eve"]),
        ("(payGrade<=5)", &["uid=bob"]),
        ("(manager=UID=ada,ou=people,dc=tern,dc=example)", &["uid=bob", "uid=eve"]),
        ("(nobodyKnows=1)", &[]),
        ("(!(nobodyKnows=1))", &[]),
        ("(userPassword=*)", &[]),
        ("(objectClass=organizationalUnit)", &["ou=groups", "ou=people", "ou=teams"]),
    ] {
        assert_eq!(served.names(filter).await, wanted, "{filter}");
    }
    let found = served.find("(uid=bob)", &[]).await;
    assert_eq!(found[0].dn, "uid=bob,ou=people,dc=tern,dc=example");
    assert_eq!(values(&found, "cn"), ["Bob O'Hara, Jr"]);
    assert_eq!(values(&found, "uidNumber"), ["10002"]);
    assert_eq!(values(&found, "manager"), ["uid=ada,ou=people,dc=tern,dc=example"]);
    assert_eq!(
        values(&found, "objectClass"),
        ["inetOrgPerson", "organizationalPerson", "person", "posixAccount", "top"]
    );
    // Operational attributes come when they are asked for.
    assert_eq!(values(&found, "entryUUID"), [""; 0]);
    let found = served.find("(uid=bob)", &["+"]).await;
    assert_eq!(values(&found, "entryUUID").len(), 1);
    assert_eq!(values(&found, "cn"), [""; 0]);
    let found = served.find("(uid=bob)", &["MAIL", "userid"]).await;
    assert_eq!(found[0].attributes.keys().collect::<Vec<_>>(), ["mail", "uid"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn base_and_scope_say_where_it_is_looked() {
    let served = Served::start().await;
    let everybody = served.ask(&["-s", "one", "-b", "ou=people,dc=tern,dc=example", "1.1"]).await;
    // Who has left is not there.
    assert_eq!(everybody.entries().unwrap().len(), 3);
    let top = served.ask(&["-s", "one", "1.1"]).await.entries().unwrap();
    assert_eq!(top.len(), 3);
    let base =
        served.ask(&["-s", "base", "-b", "UID=Ada, OU=people,dc=tern,dc=example", "cn"]).await;
    assert_eq!(values(&base.entries().unwrap(), "cn"), ["Ada Lovelace"]);
    let gone = served.ask(&["-b", "uid=zoe,ou=people,dc=tern,dc=example"]).await;
    assert_eq!(gone.code, 32);
    assert!(gone.errors.contains("Matched DN: ou=people,dc=tern,dc=example"), "{gone:?}");
    assert_eq!(served.ask(&["-b", "ou=people,dc=nowhere"]).await.code, 32);
    assert_eq!(served.ask(&["-b", "people"]).await.code, 34);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_server_says_what_it_can_do_to_everybody() {
    let served = Served::start().await;
    let root = served.tool("ldapsearch", &["-LLL", "-s", "base", "-b", "", "+"]).await;
    let root = root.entries().unwrap();
    assert_eq!(values(&root, "namingContexts"), [BASE]);
    assert!(values(&root, "supportedControl").contains(&"1.2.840.113556.1.4.319".to_owned()));
    assert!(values(&root, "supportedExtension").contains(&"1.3.6.1.4.1.1466.20037".to_owned()));
    let asked = [
        "-LLL",
        "-o",
        "ldif-wrap=no",
        "-s",
        "base",
        "-b",
        "cn=subschema",
        "(objectClass=subschema)",
        "+",
    ];
    let schema = served.tool("ldapsearch", &asked).await.entries().unwrap();
    let types = values(&schema, "attributeTypes").join("\n");
    assert!(types.contains("NAME 'memberOf'") && types.contains("NAME 'payGrade'"), "{types}");
    assert!(
        values(&schema, "objectClasses")
            .join("\n")
            .contains("NAME 'inetOrgPerson' SUP organizationalPerson")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_not_signed_in_learns_nothing() {
    let served = Served::start().await;
    let anonymous = served.tool("ldapsearch", &["-LLL", "-b", BASE]).await;
    assert_eq!((anonymous.code, &*anonymous.output), (50, ""));
    let who = served.tool("ldapwhoami", &[]).await;
    assert_eq!(who.output.trim(), "anonymous");
    let client = "cn=sssd,ou=clients,dc=tern,dc=example";
    let scim = token(&served.ctx, &served.opened, "scim", Scope::Scim).await;
    for (name, password, code) in [
        (client, "mst_wrong", 49),
        ("cn=other,ou=clients,dc=tern,dc=example", &*served.token, 49),
        ("cn=scim,ou=clients,dc=tern,dc=example", &*scim, 49),
        ("dc=tern,dc=example", &*served.token, 49),
        ("uid=nobody,ou=people,dc=tern,dc=example", "x", 49),
        ("nonsense", "x", 49),
    ] {
        let told = served.tool("ldapwhoami", &["-D", name, "-w", password]).await;
        assert_eq!(told.code, code, "{name}: {told:?}");
    }
    let told = served.tool("ldapwhoami", &["-D", client, "-w", &served.token]).await;
    assert_eq!(told.output.trim(), format!("dn:{client}"));
    // A name without a password is no sign-in.
    assert_eq!(served.tool("ldapwhoami", &["-D", client, "-w", ""]).await.code, 53);
    let token = served.opened.store.read().await.unwrap().client_tokens(1).await.unwrap()[0].id;
    revoke_token(&served.ctx, &served.opened, "sssd", token).await.unwrap();
    let told = served.tool("ldapwhoami", &["-D", client, "-w", &served.token]).await;
    assert_eq!(told.code, 49);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_shown_to_all_is_all_that_is_shown_and_no_filter_tells_more() {
    let served = Served::changed("everyone: [cn, memberOf]", "anonymous: [cn]").await;
    let search = async |filter: &str| {
        let told = served
            .tool("ldapsearch", &["-LLL", "-b", "ou=people,dc=tern,dc=example", filter])
            .await;
        assert_eq!(told.code, 0, "{told:?}");
        told.entries().unwrap()
    };
    let found = search("(cn=ada*)").await;
    assert_eq!(found[0].attributes.keys().collect::<Vec<_>>(), ["cn", "objectClass", "uid"]);
    for filter in
        ["(mail=ada*)", "(!(mail=ada*))", "(payGrade>=6)", "(!(payGrade>=6))", "(memberOf=*)"]
    {
        assert_eq!(search(filter).await, [], "{filter}");
    }
    let told =
        served.tool("ldapcompare", &["uid=ada,ou=people,dc=tern,dc=example", "payGrade:7"]).await;
    assert_eq!(told.code, 16, "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_compared() {
    let served = Served::start().await;
    let client = ["-D", "cn=sssd,ou=clients,dc=tern,dc=example", "-w", &served.token];
    let ada = "uid=ada,ou=people,dc=tern,dc=example";
    for (dn, assertion, code) in [
        (ada, "cn:ADA  Lovelace", 6),
        (ada, "cn:Bob", 5),
        (ada, "title:x", 5),
        (ada, "noSuch:x", 17),
        ("uid=zoe,ou=people,dc=tern,dc=example", "cn:x", 32),
    ] {
        let told = served.tool("ldapcompare", &[&client[..], &[dn, assertion]].concat()).await;
        assert_eq!(told.code, code, "{dn} {assertion}: {told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_written_and_it_is_said_why() {
    let served = Served::start().await;
    let client = ["-D", "cn=sssd,ou=clients,dc=tern,dc=example", "-w", &served.token];
    let ada = "uid=ada,ou=people,dc=tern,dc=example";
    for (tool, arguments) in [("ldapdelete", vec![ada]), ("ldapmodrdn", vec![ada, "uid=countess"])]
    {
        let told = served.tool(tool, &[&client[..], &arguments].concat()).await;
        assert_eq!(told.code, 53, "{told:?}");
        let said = format!("{}{}", told.output, told.errors);
        assert!(said.contains("changed where they come from"), "{told:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_or_comes_is_gone_or_there_with_the_next_search() {
    let served = Served::start().await;
    assert_eq!(served.names("(uid=eve)").await, ["uid=eve"]);
    served.at("2026-12-01T00:00:00Z");
    assert_eq!(served.names("(uid=eve)").await, [""; 0]);
    let people = served
        .people_now()
        .replace("\n1,ada,", "\n5,new,New,Person,new@tern.example,1,X,,\n1,countess,");
    served.people(&people).await;
    assert_eq!(served.names("(mail=ada@tern.example)").await, ["uid=countess"]);
    assert_eq!(served.names("(uid=ada)").await, [""; 0]);
    assert_eq!(served.names("(uid=new)").await, ["uid=new"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_encrypted_from_the_first_byte_or_from_start_tls_on() {
    let served = Served::start().await;
    let client = ["-D", "cn=sssd,ou=clients,dc=tern,dc=example", "-w", &served.token];
    let port = served.tls_address.port();
    let told = served.tool_at(format!("ldaps://127.0.0.1:{port}"), "ldapwhoami", &client).await;
    assert_eq!(told.code, 0, "{told:?}");
    let url = format!("ldap://127.0.0.1:{}", served.address.port());
    let told = served.tool_at(url, "ldapwhoami", &[&["-ZZ"], &client[..]].concat()).await;
    assert_eq!(told.code, 0, "{told:?}");
}
