//! Filters and paths: what is understood, what is refused and where, and what matches.

use muster_scim::{AttributePath, SyntaxError, get, parse_filter, parse_path, set};
use serde_json::{Value, json};

fn matches(filter: &str, resource: &Value) -> bool {
    let exact = |path: &AttributePath| path.name == "externalId";
    parse_filter(filter).unwrap().matches(resource, &exact)
}

#[test]
fn the_examples_of_the_rfc_select_the_right_users() {
    let user = json!({
        "userName": "bjensen", "title": "Tour Guide", "userType": "Employee", "active": true, "level": 7,
        "externalId": "Ab1", "name": {"familyName": "O'Malley"},
        "emails": [{"type": "work", "value": "bj@example.com"}, {"type": "home", "value": "b@example.org"}],
        "meta": {"lastModified": "2011-05-13T04:42:34Z"},
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Tours", "manager": {"value": "m1"}},
    });
    for filter in [
        r#"userName Eq "BJensen""#,
        r#"name.familyName co "O'Malley""#,
        r#"urn:ietf:params:scim:schemas:core:2.0:User:userName sw "J" or userName sw "b""#,
        "title pr",
        r#"meta.lastModified gt "2011-05-13T05:42:33+01:00""#,
        r#"meta.lastModified le "2011-05-13T04:42:34.000Z""#,
        r#"title pr and userType eq "Employee""#,
        r#"userType eq "Employee" and (emails co "example.com" or emails.value co "example.org")"#,
        r#"userType ne "Intern" and not (emails co "example.net")"#,
        r#"emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp"]"#,
        "active eq true",
        r#"active eq "True""#,
        "level ge 7 and level lt 7.5",
        "nickName eq null",
        r#"urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department eq "tours""#,
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:manager.value pr",
        "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User pr",
        r#"externalId eq "Ab1""#,
    ] {
        assert!(matches(filter, &user), "{filter}");
    }
    for filter in [
        r#"externalId eq "ab1""#,
        "nickName pr",
        "active eq false",
        "level gt 7",
        r#"emails[type eq "work" and value co "example.org"]"#,
        r#"userName ne "bjensen""#,
        r#"nickName eq "x""#,
        r#"title gt "Z""#,
        "active eq null",
    ] {
        assert!(!matches(filter, &user), "{filter}");
    }
}

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let problem = |text: &str| parse_filter(text).unwrap_err();
    assert_eq!(problem(r#"userName xx "a""#).at, 9);
    assert_eq!(problem("userName eq").at, 11);
    assert_eq!(problem(r#"userName eq "a"#).at, 12);
    assert_eq!(problem(r#"(userName eq "a""#), SyntaxError { at: 16, problem: "expected `)`" });
    assert_eq!(problem("a eq 1 b").at, 7);
    for wrong in [
        "",
        "()",
        "not",
        "a",
        "a.b.c pr",
        "x:y pr",
        "a[b pr",
        "a[b[c pr]]",
        "1a pr",
        "a eq 'x'",
        "a pr or",
    ] {
        assert!(parse_filter(wrong).is_err(), "{wrong}");
    }
    assert!(parse_filter(&"(".repeat(100_000)).is_err());
    assert!(parse_filter(&format!("{}a pr{}", "(".repeat(40), ")".repeat(40))).is_err());
    assert!(parse_filter(&format!("{}a pr", "not (".repeat(40))).is_err());
    assert!(parse_filter(&vec!["a pr"; 1_000].join(" and ")).is_err());
    assert!(parse_filter(&vec!["a pr"; 100].join(" and ")).is_ok());
}

#[test]
fn brackets_stand_where_the_meaning_needs_them() {
    for (text, printed) in [
        ("a pr and (b pr or c pr)", "a pr and (b pr or c pr)"),
        ("(a pr and b pr) or c pr", "a pr and b pr or c pr"),
        ("a pr AND b pr and c pr", "a pr and b pr and c pr"),
        ("not(a pr)", "not (a pr)"),
        (r#"a  EQ  "x\"y\u0041""#, r#"a eq "x\"yA""#),
    ] {
        assert_eq!(parse_filter(text).unwrap().to_string(), printed);
    }
}

#[test]
fn values_are_read_and_set_by_path() {
    let mut user =
        json!({"schemas": [], "EMAILS": [{"type": "work", "value": "w"}, {"value": "h"}]});
    let path = |text: &str| parse_path(text).unwrap();
    assert_eq!(get(&user, &path(r#"emails[type eq "work"].value"#)), Some(json!("w")));
    assert_eq!(get(&user, &path("emails.value")), Some(json!(["w", "h"])));
    assert_eq!(get(&user, &path(r#"emails[type eq "home"].value"#)), None);
    set(&mut user, &path(r#"emails[type eq "home"].value"#), json!("new"));
    set(&mut user, &path("name.givenName"), json!("Ada"));
    let enterprise = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
    set(&mut user, &path(&format!("{enterprise}:department")), json!("D1"));
    set(&mut user, &path(&format!("{enterprise}:manager.value")), json!("m1"));
    set(&mut user, &path("emails.value"), json!(["h", "new"]));
    assert_eq!(
        user,
        json!({
            "schemas": [], "name": {"givenName": "Ada"},
            "EMAILS": [{"value": "h"}, {"type": "home", "value": "new"}],
            enterprise: {"department": "D1", "manager": {"value": "m1"}},
        })
    );
    for gone in [r#"emails[type eq "home"].value"#, "name.givenName"] {
        set(&mut user, &path(gone), Value::Null);
    }
    set(&mut user, &path(&format!("{enterprise}:department")), Value::Null);
    set(&mut user, &path(&format!("{enterprise}:manager.value")), Value::Null);
    assert_eq!(user, json!({"EMAILS": [{"value": "h"}]}));
}
