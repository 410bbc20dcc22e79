use muster_model::{Change, Value};

use crate::{
    LDIF,
    tests::{Folder, apply, create, object, read, update},
};

const FILE: &str = "\
version: 1
# a comment
 that goes on

dn: uid=ada,ou=people,dc=tern,dc=example
objectClass: top
objectClass: inetOrgPerson
cn: Ada
 Lovelace
description:: w4RkYQ==
jpegPhoto:: /9j/
mail: ada@tern.example
MAIL: countess@tern.example

dn:: dWlkPVpvw6ssb3U9cGVvcGxlLGRjPXRlcm4sZGM9ZXhhbXBsZQ==
changetype: add
objectClass: inetOrgPerson
cn: Zo
";

fn file(text: &str) -> Folder {
    Folder::new(LDIF, "people.ldif").with(text)
}

#[tokio::test]
async fn entries_are_unfolded_and_decoded() {
    insta::assert_snapshot!(
        read(&file(FILE), "inetorgperson", &["cn", "description", "mail[]", "jpegphoto", "none"]).await,
        @r#"
    5 uid=ada,ou=people,dc=tern,dc=example: AdaLovelace, Äda, [Text("ada@tern.example"), Text("countess@tern.example")], ffd8ff, null
    15 uid=Zoë,ou=people,dc=tern,dc=example: Zo, null, null, null, null
    "#);
    assert_eq!(read(&file(FILE), "groupOfNames", &[]).await, "");
    let dos = FILE.replace('\n', "\r\n");
    assert_eq!(read(&file(&dos), "", &["cn"]).await, read(&file(FILE), "", &["cn"]).await);
}

#[tokio::test]
async fn what_leads_elsewhere_or_is_no_entry_is_refused_by_name() {
    let text = "\
dn: uid=url,dc=x
jpegPhoto:< file:///etc/passwd

dn: uid=gone,dc=x
changetype: delete

dn: uid=changed,dc=x
changetype: modify
replace: cn
cn: x
-

dn: uid=b64,dc=x
cn:: ###

cn: nobody

dn: uid=two,dc=x
dn: uid=names,dc=x

dn: uid=good,dc=x
cn: Good
";
    insta::assert_snapshot!(read(&file(text), "", &["cn"]).await, @r#"
    BAD line 1: `jpegPhoto` takes its value from a URL, which is refused (Some("uid=url,dc=x"))
    BAD line 4: it is a change (`changetype: delete`), not an entry; apply it to a directory and export that (Some("uid=gone,dc=x"))
    BAD line 7: it is a change (`changetype: modify`), not an entry; apply it to a directory and export that (Some("uid=changed,dc=x"))
    BAD line 13: the value of `cn` is not valid base64 (Some("uid=b64,dc=x"))
    BAD line 16: the record does not begin with `dn:` (None)
    BAD line 18: it has two names; an empty line is missing (Some("uid=two,dc=x"))
    21 uid=good,dc=x: Good
    "#);
}

#[tokio::test]
async fn an_empty_or_cut_file_is_no_company_without_people() {
    assert!(read(&file("\n"), "", &[]).await.contains("ERROR `people.ldif`: the file is empty"));
    let text = read(&file("dn: uid=a,dc=x\ncn: Ad"), "", &["cn"]).await;
    assert!(
        text.ends_with("INCOMPLETE `people.ldif`: the file is cut off: its last line has no end")
    );
}

#[tokio::test]
async fn what_is_written_is_plain_folded_or_coded() {
    let folder = Folder::new(LDIF, "out.ldif").target();
    let values = [
        ("cn", Value::text("Zoë")),
        ("sn", Value::text(" leading")),
        ("description", Value::text("x".repeat(100))),
        ("seeAlso", Value::text("<file:///etc/passwd")),
        ("info", Value::text("a\ncn: injected")),
        ("telephoneNumber", Value::set(vec![Value::text("+49 1"), Value::text("+49 2")])),
    ];
    apply(&folder, create("uid=zoe,dc=x", &values)).await.unwrap();
    insta::assert_snapshot!(folder.text(), @r"
    version: 1

    dn: uid=zoe,dc=x
    cn:: Wm/Dqw==
    sn:: IGxlYWRpbmc=
    description: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
     xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx
    seeAlso:: PGZpbGU6Ly8vZXRjL3Bhc3N3ZA==
    info:: YQpjbjogaW5qZWN0ZWQ=
    telephoneNumber: +49 1
    telephoneNumber: +49 2
    ");
    let text = read(&folder, "", &["info", "sn"]).await;
    assert_eq!(text, "3 uid=zoe,dc=x: a\ncn: injected,  leading");
}

#[tokio::test]
async fn other_attributes_keep_their_place_and_their_bytes() {
    let folder = Folder::new(LDIF, "people.ldif").target().with(FILE);
    let ada = "UID=Ada, ou=people, dc=tern, dc=example";
    apply(&folder, update(ada, "Mail", Value::text("a@x"))).await.unwrap();
    let text = folder.text();
    assert!(text.contains("jpegPhoto:: /9j/\nMail: a@x\n"), "{text}");
    assert!(
        apply(&folder, Change::Rename { object: object(ada), to: "nobody".into() }).await.is_err()
    );
    assert!(apply(&folder, update(ada, "bad name", Value::text("x"))).await.is_err());
}
